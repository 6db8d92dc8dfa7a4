"""What the rules of every front are made from: one configuration, looked at once."""

from collections.abc import Iterator
from importlib.metadata import version
from typing import NamedTuple

from guardware.answers.words import DENY, LIMIT
from guardware.config.schema import Config
from guardware.crawlers.catalogue import Catalogue, catalogue_data, crawlers_of
from guardware.export.crawlers import Row, action_of, rows
from guardware.export.limits import FrontLimit, front_limits
from guardware.kinds import Kind, extensions_of, feed_paths
from guardware.notices import Notices, refused_tokens, rsl
from guardware.notices.owner import email_of, origin, page_of
from guardware.secrets import state_folder
from guardware.verdict import Action


class Header(NamedTuple):
    """A line that pages and pictures get, or with ``pictures_only`` those alone."""

    name: str
    value: str
    pictures_only: bool


class Static(NamedTuple):
    """A notice file; ``label``: a word for names of variables; ``form``: text, json or xml."""

    path: str
    label: str
    form: str
    content_type: str
    body: str


class Material(NamedTuple):
    """``enforced``: whether anybody is refused or limited at all (not in monitor mode). ``doubts``: sentences for
    the owner on what these rules leave out of his configuration."""

    version: str
    enforced: bool
    rows: tuple[Row, ...]
    crawlers: int
    headers: tuple[Header, ...]
    notices: tuple[Static, ...]
    refusal: str
    too_fast: str
    limits: tuple[FrontLimit, ...]
    endings: dict[str, tuple[str, ...]]
    feeds: tuple[str, ...]
    doubts: tuple[str, ...]


def gather(config: Config) -> Material:
    """The material of ``config``. The same configuration and catalogue give the same material."""
    folder = state_folder(config)
    pairs = list(crawlers_of(catalogue_data(folder)))
    refused = refused_tokens(Catalogue(pairs), config.crawlers)
    notices = Notices(config.notices, config.site, refused)
    base = origin(config.site)
    enforced = config.mode == "enforce"
    return Material(
        version=version("guardware"),
        enforced=enforced,
        rows=rows(pairs, config.crawlers) if enforced else (),
        crawlers=sum(action_of(crawler, config.crawlers) is Action.DENY for crawler, _ in pairs)
        if enforced
        else 0,
        headers=(*_headers(notices, base), *_relative_link(config, base)),
        notices=tuple(_files(notices, base)),
        refusal=_refusal(config, base),
        too_fast=f"{LIMIT.title}.\n",
        limits=front_limits(config.limits) if enforced else (),
        endings={kind.value: extensions_of(kind) for kind in (Kind.IMAGE, Kind.ASSET, Kind.FEED, Kind.API)},
        feeds=feed_paths(),
        doubts=tuple(_doubts(config, base)),
    )


def _headers(notices: Notices, base: str) -> Iterator[Header]:
    pages = list(notices.headers(b"text/html", base))
    for name, value in notices.headers(b"image/png", base):
        only = (name, value) not in pages
        yield Header(_title(name.decode()), value.decode("ascii", "ignore"), only)


def _title(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))


def _files(notices: Notices, base: str) -> Iterator[Static]:
    for path in sorted(notices.paths):
        answer = notices.file(path, base)
        content_type = dict(answer.headers)[b"content-type"].decode()
        form = "json" if "json" in content_type else "xml" if "xml" in content_type else "text"
        label = path.rpartition("/")[2].replace(".", "_")
        yield Static(path, label, form, content_type, answer.body.decode("utf-8", "replace"))


def _relative_link(config: Config, base: str) -> Iterator[Header]:
    """Guardware knows from each request what the site's address is; static rules only from ``site.url``."""
    if config.notices.rsl and not base:
        yield Header("Link", rsl.link("").decode(), False)


def _refusal(config: Config, base: str) -> str:
    """What whoever is refused reads. Only what is an address goes in: other words may be anything."""
    reach = email_of(config.site.contact) or page_of(config.site.contact)
    lines = [f"{DENY.title}."]
    lines += [f"Licence: {base}{rsl.PATH}"] if config.notices.rsl else []
    lines += [f"Contact: {reach}"] if reach else []
    return "".join(f"{line}\n" for line in lines)


def _doubts(config: Config, base: str) -> Iterator[str]:
    if config.mode == "monitor":
        yield "mode is monitor, so nobody is refused or limited here either; the notices are stated all the same"
    if not base:
        yield "site.url is not set, so links to the licence name no host; set it, and export again"
    if config.rules:
        yield (
            f"your rules ({len(config.rules)}) are not in here: whom they allow is refused by name all the same, "
            "and whom they deny reaches the site"
        )
    if config.hosts:
        yield f"your other hosts ({len(config.hosts)}) are not in here; export each with --host NAME"
    if not config.site.contact:
        yield "site.contact is empty, so the refusal names nobody to ask for a licence"
