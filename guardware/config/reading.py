"""A configuration file to text, or to the one reason why it cannot be read."""

from guardware.config.faults import Fault, Place, render
from guardware.config.syntax import syntax_fault
from guardware.errors import ConfigError

MAX_BYTES = 1_000_000
"""The largest file that is read; the longest preset has about 10 kB."""


def read_text(name: str) -> str:
    """The text of the file ``name``. Raises ConfigError, which says why it cannot be had."""
    try:
        with open(name, "rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise _unreadable(name, "is not there; check the name, or write one with: guardware init") from None
    except IsADirectoryError:
        raise _unreadable(name, "is a folder; name the file in it, for example guardware.yaml") from None
    except PermissionError:
        raise _unreadable(name, "may not be read; give yourself the right, for example with: chmod u+r") from None
    except (OSError, ValueError):  # ValueError: a NUL or a lone surrogate in the name
        raise _unreadable(name, "cannot be read; check the name and the disk") from None
    if len(content) > MAX_BYTES:
        raise _unreadable(name, f"has more than {MAX_BYTES} bytes, which no configuration needs; check the name")
    return _decode(content, name)


def _decode(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # Counted in what was decoded, which is less than ``content`` by a byte order mark.
        before = error.object[: error.start].decode("utf-8")
        utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
        wrong = "the file is in UTF-16" if utf16 else "a letter here is not in UTF-8"
        text = f"{wrong}; save the file as UTF-8 in your editor"
        fault = syntax_fault(text, before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)
        raise ConfigError(render([fault], name)) from None


def _unreadable(name: str, text: str) -> ConfigError:
    return ConfigError(render([Fault(("file",), text, Place(1, 1))], name))
