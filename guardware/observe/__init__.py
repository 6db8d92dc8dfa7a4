"""What the guard remembers of its judgements: counts, recent events, health, metrics."""
