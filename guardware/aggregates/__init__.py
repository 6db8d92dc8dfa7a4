"""Aggregates: what crowds of clients do that no single one gives away; see docs/aggregates.md."""

from guardware.aggregates.core import Aggregates
from guardware.aggregates.words import Crowd, Seen, Site

__all__ = ["Aggregates", "Crowd", "Seen", "Site"]
