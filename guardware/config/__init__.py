"""Configuration: its shape, its loader, its presets. ``Config()`` is the portfolio preset."""

from guardware.config.loader import from_mapping, load, load_text
from guardware.config.presets import preset_names, preset_text
from guardware.config.schema import Config

__all__ = ["Config", "from_mapping", "load", "load_text", "preset_names", "preset_text"]
