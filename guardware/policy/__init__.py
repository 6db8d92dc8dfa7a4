"""The policy: from a visit, its evidence and its record to an action and what decided it."""

from guardware.policy.decide import Decision, Policy

__all__ = ["Decision", "Policy"]
