"""Benchmarks: each module prints one table against peers. Never run by the tests."""
