"""What the catalogue is made from: readers of the public lists, and the tables of our own that go before them."""
