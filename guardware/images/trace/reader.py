"""Reads a leaked picture: which original it is, which marks are in it, whom the record names."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from guardware.images.decode import fit
from guardware.images.trace.blind import DELTA, MOST_ASPECT
from guardware.images.trace.cells import plan
from guardware.images.trace.code import MARK_BITS
from guardware.images.trace.evidence import CERTAIN, Sign, weigh
from guardware.images.trace.informed import residual, soft_splice
from guardware.images.trace.known import known, read_known
from guardware.images.trace.originals import Original, Originals, open_picture
from guardware.images.trace.plane import mean_plane
from guardware.images.trace.reading import Reading, read
from guardware.images.trace.record import Entry, Record
from guardware.images.trace.register import Placement, find
from guardware.images.trace.shared import soft_shared
from guardware.images.trace.splice import FIELD, UNITS
from guardware.keys import key_id

_SAME = 0.42
"""Correlation above which leak and original show the same picture. Of ten pictures and 37 attacks right ones had
0.82 at least, and 90 pairs of different pictures 0.33 at most (``register.find``); a visible mark across a smooth
picture leaves 0.48. To name anybody takes more."""
_WHOLE, _PART = 0.6, 0.42
"""Likeness in small that an original must have to be looked at closely. Of ten pictures and ten attacks right ones
had at least 0.67 as a whole, crops 0.54 as a part; the best wrong one had 0.73 and 0.48."""
_CANDIDATES = 3
"""Originals that are looked at closely (some seconds for each wrong one); so few are, whatever they look like."""
_LEAST_SIDE = 32
"""Shorter side of a leak, in pixels, below which nothing is left of a mark."""
_SIZES = (2048, 1024)
"""Longer sides of the shipped recipes: tried when the record does not say."""
_MOST_SIZES = 6
_MOST_KINDS = 4
"""Variants, keys and sizes of copies that are looked at as they were shown: some two seconds each."""

_STATED = re.compile(re.escape(FIELD[: -MARK_BITS // 4]) + rb"([0-9a-f]{%d})" % (MARK_BITS // 4))
_MOST_STATED = 4

Marks = NDArray[np.int64]
Dress = Callable[[bytes, Entry], Image.Image | None]
Looks = Callable[[Original], Iterator[Image.Image]]


class Finding(NamedTuple):
    """A mark in the leak. ``scheme``: T1 or T2; ``key``: id of the key it was read with; ``z``: how strongly the
    leak speaks for it, against 0 +- 1 for a mark that has nothing to do with it; ``tagged``: its keyed tag fits;
    ``entries``: the copies in the record that carried it."""

    scheme: str
    mark: int
    key: str
    z: float
    tagged: bool
    entries: tuple[Entry, ...]

    @property
    def accuses(self) -> bool:
        """Whether the evidence is enough to name the visits in ``entries``."""
        return bool(self.entries) and self.z > CERTAIN


class Report(NamedTuple):
    """What was found in one file. ``original``: path of the original it was made from, or ""; ``likeness``: their
    correlation; ``how`` the leak lies in it; ``tried``: what was done, in words; ``advice``: what may help.
    ``stated``: the visits of the number in the file's metadata, where anybody could have written it."""

    original: str
    likeness: float
    how: str
    findings: tuple[Finding, ...]
    tried: tuple[str, ...]
    advice: tuple[str, ...]
    stated: tuple[Entry, ...] = ()


class _Found(NamedTuple):
    """The original of a leak, and where the leak lies in it."""

    original: Original
    image: Image.Image
    placement: Placement


class _Read(NamedTuple):
    scheme: str
    key: str
    sign: Sign


def trace(
    data: bytes,
    keys: Sequence[bytes],
    originals: Originals | None = None,
    record: Record | None = None,
    *,
    delta: float = DELTA,
    dress: Dress | None = None,
) -> Report:
    """What ``data``, the file of a leaked picture, tells.

    ``keys``: for the purpose "trace", newest first. ``originals``: loaded. ``delta``: the step of T1 (config:
    images.trace.delta). ``dress``: given an original's bytes and an entry, what that copy showed if it was not the
    picture alone: with a visible mark across it, say. Takes one to some ten seconds. Raises UnreadablePicture.
    """
    leak = open_picture(data)
    stated = _stated(data, record)
    if min(leak.size) < _LEAST_SIDE or max(leak.size) > MOST_ASPECT * min(leak.size):
        return Report("", 0.0, "", (), (), ("too small or too narrow: no mark is left in it",), stated)
    looks = partial(_looks, record=record, dress=dress)
    found = None if originals is None else _find_original(leak, originals, looks)
    entries = record.of_picture(found.original.picture) if found and record is not None else []
    tried: list[str] = []
    if found is None:
        reads = list(_blindly(leak, keys, record, delta, tried))
    else:
        views = [found, *_dressed(leak, found, looks(found.original))]
        reads = []
        for view in views:
            reads += _spliced(leak, view, keys, entries, tried)
            reads += _shared(leak, view, keys, entries, delta, tried)
        found = max(views, key=lambda view: view.placement.ncc)
    findings = _findings(reads, entries, record)
    return Report(
        str(found.original.path) if found else "",
        round(found.placement.ncc, 3) if found else 0.0,
        found.placement.how if found else "",
        tuple(findings),
        tuple(tried),
        tuple(_advice(originals, found, record, entries, findings)),
        stated,
    )


def _stated(data: bytes, record: Record | None) -> tuple[Entry, ...]:
    """The entries of the numbers that the file itself names."""
    marks = {int(digits, 16) for digits in _STATED.findall(data)}
    if record is None:
        return ()
    return tuple(entry for mark in sorted(marks)[:_MOST_STATED] for entry in record.with_mark(mark))


def _find_original(leak: Image.Image, originals: Originals, looks: Looks) -> _Found | None:
    """The original that the leak shows: the likest as a whole, else the likest to have it as a part.

    Each is compared as it is, and then as its copies were shown: on a smooth picture a visible mark is most of
    what there is to compare.
    """
    plane, seen = mean_plane(leak), set()
    for search, least in ((originals.whole, _WHOLE), (originals.part, _PART)):
        for likeness, original in search(plane)[:_CANDIDATES]:
            if original.path in seen or (abs(likeness) < least and len(originals.known) > _CANDIDATES):
                continue
            seen.add(original.path)
            side = plane if likeness > 0 else 255 - plane
            for image in chain((original.image(),), looks(original)):
                placement = find(side, mean_plane(image))
                if placement.ncc > _SAME:
                    return _Found(original, image, placement)
    return None


def _looks(original: Original, record: Record | None, dress: Dress | None) -> Iterator[Image.Image]:
    """What the copies of an original showed, where it was not the picture alone."""
    if dress is None or record is None:
        return
    kinds = {(entry.variant, entry.key, entry.size): entry for entry in record.of_picture(original.picture)}
    data = original.path.read_bytes() if kinds else b""
    for entry in list(kinds.values())[:_MOST_KINDS]:
        image = dress(data, entry)
        if image is not None:
            yield image


def _dressed(leak: Image.Image, found: _Found, looks: Iterable[Image.Image]) -> Iterator[_Found]:
    """The leak laid over what the copies showed."""
    plane = mean_plane(leak)
    for image in looks:
        placements = [find(side, mean_plane(image)) for side in (plane, 255 - plane)]
        yield found._replace(image=image, placement=max(placements, key=lambda placement: placement.ncc))


def _spliced(
    leak: Image.Image, found: _Found, keys: Sequence[bytes], entries: Sequence[Entry], tried: list[str]
) -> Iterator[_Read]:
    """T2: for each key, size of the copy and coded unit."""
    left = residual(leak, found.image, found.placement)
    for key in keys:
        wanted = "T2", key_id(key)
        given = Counter(entry.size for entry in entries if (entry.scheme, entry.key) == wanted)
        usual = [size for size, _ in given.most_common(_MOST_SIZES)]
        for size in usual or _likely_sizes(found.image.size, leak.size):
            marks = _marks(entries, "T2", key, size)
            tried.append(f"T2, key {key_id(key)}, copies of {size[0]} x {size[1]}, {len(marks)} candidates")
            for unit in UNITS.values():
                grid = plan(size, unit)
                if grid is not None:
                    yield from (
                        _Read("T2", key_id(key), sign) for sign in weigh(soft_splice(left, grid, key), key, marks)
                    )


def _shared(
    leak: Image.Image,
    found: _Found,
    keys: Sequence[bytes],
    entries: Sequence[Entry],
    delta: float,
    tried: list[str],
) -> Iterator[_Read]:
    """T1, with the original at hand."""
    whole = known(found.image)
    for key in keys:
        marks = _marks(entries, "T1", key)
        tried.append(f"T1 with the original, key {key_id(key)}, {len(marks)} candidates")
        for soft in soft_shared(leak, found.image, found.placement, key, delta):
            yield from (_Read("T1", key_id(key), sign) for sign in weigh(soft, key, marks))
        # Its own way to lay the two over each other, and the original blurred as the leak was: finds weaker marks.
        reading = read_known(leak, whole, key, delta=delta)
        yield from (_Read("T1", key_id(key), sign) for sign in _trusted(reading, key, marks))


def _blindly(
    leak: Image.Image, keys: Sequence[bytes], record: Record | None, delta: float, tried: list[str]
) -> Iterator[_Read]:
    """T1 without the original."""
    for key in keys:
        marks = _marks(record or (), "T1", key)
        tried.append(f"T1 without an original, key {key_id(key)}, {len(marks)} candidates")
        reading = read(leak, key, delta=delta)
        yield from (_Read("T1", key_id(key), sign) for sign in _trusted(reading, key, marks))


def _trusted(reading: Reading, key: bytes, marks: Marks) -> list[Sign]:
    """What a reading says. Whether a tag counts is its own to say: it has tried many frames, and demands more."""
    return [sign for sign in weigh(reading.soft, key, marks) if not sign.tagged or reading.valid]


def _likely_sizes(original: tuple[int, int], leak: tuple[int, int]) -> list[tuple[int, int]]:
    """The sizes that a copy may have had."""
    return list(dict.fromkeys([leak, *(fit(original, side) for side in _SIZES), original]))[:_MOST_SIZES]


def _marks(entries: Iterable[Entry], scheme: str, key: bytes, size: tuple[int, int] | None = None) -> Marks:
    """The marks that were given by ``scheme`` with ``key``, in copies of ``size`` if it matters."""
    wanted = scheme, key_id(key)
    marks = {e.mark for e in entries if (e.scheme, e.key) == wanted and size in (None, e.size)}
    return np.array(sorted(marks), np.int64)


def _findings(reads: Sequence[_Read], entries: Sequence[Entry], record: Record | None) -> list[Finding]:
    """One for each mark, the surest first."""
    best: dict[tuple[str, str, int], Sign] = {}
    for scheme, key, sign in reads:
        seen = best.get((scheme, key, sign.mark), sign)
        best[scheme, key, sign.mark] = Sign(sign.mark, max(seen.z, sign.z), seen.tagged or sign.tagged)
    findings = []
    for (scheme, key, mark), sign in best.items():
        given = [entry for entry in entries if entry.mark == mark]
        if not given and record is not None:
            given = record.with_mark(mark)
        given = [entry for entry in given if (entry.scheme, entry.key) == (scheme, key)]
        findings.append(Finding(scheme, mark, key, round(sign.z, 1), sign.tagged, tuple(given)))
    return sorted(findings, key=lambda finding: -finding.z)


def _advice(
    originals: Originals | None,
    found: _Found | None,
    record: Record | None,
    entries: Sequence[Entry],
    findings: Sequence[Finding],
) -> Iterator[str]:
    """What may lead further."""
    if any(finding.accuses for finding in findings):
        return
    if originals is None:
        yield "give the folder of your originals with --original: most marks can only be read against them"
    elif found is None:
        yield "none of the originals looks like this picture; is the right one among them?"
    if record is None:
        yield "give the record of marked copies with --record: it finds weaker marks, and says who got them"
    elif found is not None and not entries:
        yield "the record names no marked copy of this original; has the file been changed since it was served?"
