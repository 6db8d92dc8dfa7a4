"""Replay: access logs through the guard that serves, and a report of what it would have done."""
