"""Section: the base of every part of a configuration."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Frozen, no key that is not named here, and no number without end."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
