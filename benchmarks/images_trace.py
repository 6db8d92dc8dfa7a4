"""Marks under attack: ours with and without the original, and the public libraries', over pictures and attacks."""

import sys
from collections.abc import Sequence
from statistics import fmean

from attacks import ATTACKS, MORE

from benchmarks import images_marks
from benchmarks.images_marks import Trial
from benchmarks.images_tables import MissingError, Request, ask, markdown
from benchmarks.images_trace_child import EVERY, SCHEMES

_QUICK_PICTURES = 2
_QUICK_ATTACKS = ("JPEG 75", "border 256 q95", "crop 25 % corner q75", "rotate 2, crop", "mirror")

Columns = dict[str, list[Trial]]


def _ours(scheme: str, name: str, attacks: Sequence[str]) -> Trial:
    # A process for each: a table of all takes long, and memory stays what one picture needs.
    question = {"picture": name, "attacks": list(attacks)}
    return Trial._make(ask(sys.executable, "benchmarks.images_trace_child", question, scheme))


def table(request: Request) -> str:
    """Attacks by schemes: in how many of the pictures the whole payload came back."""
    names = request.pictures[:_QUICK_PICTURES] if request.quick else request.pictures
    attacks = list(_QUICK_ATTACKS if request.quick else EVERY)
    # The libraries are given the exact way back, which is known for the twenty only.
    usual = [attack for attack in attacks if attack in ATTACKS]
    columns: Columns = {}
    notes = []
    for scheme in SCHEMES:
        columns[scheme] = [_ours(scheme, name, attacks) for name in names]
    for library in images_marks.NAMES:
        try:
            columns[library] = [images_marks.trial(library, name, usual) for name in names]
        except MissingError as missing:
            notes.append(f"{library} is missing: {missing}")
    rows = [
        *_quality_rows(columns),
        *(_read_row(attack, columns, [attack]) for attack in attacks),
        _read_row("total of the twenty", columns, list(ATTACKS)),
        _read_row("total of the rest", columns, list(MORE)),
        *_cost_rows(columns),
    ]
    return "\n\n".join([markdown(["attack", *columns], rows), *notes])


def _read_row(name: str, columns: Columns, attacks: Sequence[str]) -> list[str]:
    """In how many cases the mark was read, of those that were tried."""
    cells = []
    for trials in columns.values():
        read = [trial.read[attack] for trial in trials for attack in attacks if attack in trial.read]
        cells.append(f"{sum(read)}/{len(read)}" if read else "")
    return [name, *cells]


def _quality_rows(columns: Columns) -> list[list[str]]:
    both = [f"{fmean(t.psnr for t in ts):.1f} / {fmean(t.ssim for t in ts):.3f}" for ts in columns.values()]
    least = [f"{min(t.psnr for t in ts):.1f}" for ts in columns.values()]
    return [["PSNR / SSIM, mean", *both], ["PSNR, least", *least]]


def _cost_rows(columns: Columns) -> list[list[str]]:
    embed = [f"{fmean(t.embed_ms for t in ts):.0f}" for ts in columns.values()]
    read = [f"{fmean(t.read_ms for t in ts):.0f}" for ts in columns.values()]
    return [["embed, ms/MP", *embed], ["read, ms/MP", *read]]
