"""A file, a text or a dict to a Config, or to every fault in it at once."""

import os
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from guardware.config.environment import without_variables
from guardware.config.faults import Fault, render
from guardware.config.nodes import compose
from guardware.config.reading import read_text
from guardware.config.schema import Config
from guardware.config.syntax import syntax_fault
from guardware.config.tree import Tree, grow
from guardware.config.validate import validate
from guardware.errors import ConfigError

DEFAULT_NAME = "guardware.yaml"

_NO_KEYS = "the file has no keys; write lines such as mode: enforce, or begin anew with: guardware init"
_PASSWORD = "has a password in it; put that into an environment variable: redis://:${REDIS_PASSWORD}@host:6379/0"  # noqa: S105


class Loaded(NamedTuple):
    """A configuration, and where its keys stand in the file ``name``; ``name`` is None for the mere defaults."""

    config: Config
    name: str | None
    tree: Tree


def load(path: str | os.PathLike[str] | None = None) -> Config:
    """The configuration in the file ``path``; with None that in ./guardware.yaml, or the defaults without one.

    Raises ConfigError with every fault, each as ``file:line:column: key: what is wrong; how to mend it``.
    """
    return load_placed(path).config


def load_placed(path: str | os.PathLike[str] | None = None) -> Loaded:
    """As ``load``, with the places of the keys."""
    if path is None:
        if not FilePath(DEFAULT_NAME).exists():
            return Loaded(Config(), None, Tree())
        path = DEFAULT_NAME
    name = os.fspath(path)
    return _load(read_text(name), name)


def load_text(text: str, name: str) -> Config:
    """The configuration in ``text``; ``name`` stands for the file in messages. Raises ConfigError as ``load``."""
    return _load(text, name).config


def from_mapping(data: Mapping[str, Any]) -> Config:
    """The configuration in a dict given in Python, which has the keys that a file has. Raises ConfigError.

    Values are taken as they are: a program reads its own environment, so ``${NAME}`` means nothing here. There is
    no line to tell, so a fault reads ``config: key: what is wrong; how to mend it``.
    """
    if not isinstance(data, Mapping):
        raise ConfigError(render([Fault((), "is no dict; give one, a Config, or the name of a file")], "config"))
    return _config(Tree(data), "config")


def _load(text: str, name: str) -> Loaded:
    node = compose(text)
    if isinstance(node, Fault):
        raise ConfigError(render([node], name))
    tree = grow(node, os.environ) if node else Tree()
    if tree.data is None:  # nothing but ~ or null
        tree.data = {}
    if not isinstance(tree.data, Mapping):
        tree.data = {}
        tree.faults.append(syntax_fault(_NO_KEYS))
    _forbid_passwords(tree)
    return Loaded(_config(tree, name), name, tree)


def _config(tree: Tree, name: str) -> Config:
    result = validate(tree)
    if isinstance(result, Config):
        return result
    raise ConfigError(render(result, name))


def _forbid_passwords(tree: Tree) -> None:
    """A password that stands in a file goes wherever the file goes: into backups, and often into git."""
    path = ("store", "url")
    section = tree.data.get("store")
    value = section.get("url") if isinstance(section, Mapping) else None
    url = without_variables(tree.written[path]) if path in tree.written else value
    if isinstance(url, str) and _has_password(url):
        tree.faults.append(Fault(path, _PASSWORD, tree.values[path]))


def _has_password(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False  # the schema refuses it, without showing it
    return bool(parts.password) or "password" in parse_qs(parts.query)
