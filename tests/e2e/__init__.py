"""Real clients against a real server: each test asserts which bytes the client got."""
