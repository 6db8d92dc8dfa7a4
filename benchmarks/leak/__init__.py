"""The leak range: real clients against a guarded gallery, and what each of them carries away."""
