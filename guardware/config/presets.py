"""Presets: ready policies in YAML, written to be copied and read by artists."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path as FilePath

from guardware.config.faults import Fault, render
from guardware.config.fields import closest
from guardware.errors import ConfigError

DEFAULT = "portfolio"


def _folder() -> Traversable:
    """``guardware/presets`` in an installed wheel, ``config`` beside the package in a checkout."""
    shipped = files("guardware") / "presets"
    return shipped if shipped.is_dir() else FilePath(__file__).resolve().parents[2] / "config"


def preset_names() -> tuple[str, ...]:
    """The names of the presets, the default first."""
    names = sorted(
        entry.name.removesuffix(".yaml") for entry in _folder().iterdir() if entry.name.endswith(".yaml")
    )
    return (DEFAULT, *(name for name in names if name != DEFAULT))


def preset_text(name: str) -> str:
    """The preset ``name`` as YAML, comments and all. Raises ConfigError when there is none of that name."""
    names = preset_names()
    if name not in names:
        guess = closest(name, names)
        mend = f"did you mean {guess}?" if guess else f"take one of {', '.join(names)}"
        raise ConfigError(render([Fault(("preset",), f"there is none of that name; {mend}")], name))
    return (_folder() / f"{name}.yaml").read_text(encoding="utf-8")


def preset_summary(name: str) -> str:
    """What the preset ``name`` is for, in a line: its first comment. Raises ConfigError as ``preset_text``."""
    return preset_text(name).partition("\n")[0].removeprefix("#").strip()
