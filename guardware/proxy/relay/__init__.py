"""The relay: bodies that go from an upstream's socket, or a file, to the visitor's socket within the kernel."""
