"""Scripts that run in .venv-clients, or in Node: each asks for the addresses in a file."""
