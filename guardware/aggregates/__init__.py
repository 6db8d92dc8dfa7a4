"""Aggregates: what crowds of clients do that no single one gives away; see docs/aggregates.md."""

from guardware.aggregates.core import Aggregates
from guardware.aggregates.words import Lift, Seen, Site, Standing

__all__ = ["Aggregates", "Lift", "Seen", "Site", "Standing"]
