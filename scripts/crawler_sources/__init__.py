"""What ``build_catalogue.py`` is made of: the readers of its inputs, and the tables of our own."""
