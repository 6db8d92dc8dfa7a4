"""The report as one page that holds everything: no scripts, nothing fetched from anywhere."""

from pathlib import PurePath

from jinja2 import Environment, PackageLoader, StrictUndefined

from guardware.replay.clients import Manner
from guardware.replay.notes import count
from guardware.replay.plots import joined, levels, moment, over_time
from guardware.replay.report import ACTIONS, FATES, Report
from guardware.replay.text import passed_over, shown_example, whom

_ROWS = 48
"""Rows of the tables under the plots over time."""


def page(report: Report) -> str:
    """The page, as HTML."""
    environment = Environment(
        loader=PackageLoader("guardware.replay"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=_number, moment=moment, hours=_hours, name=_name, count=count)
    environment.filters.update(whom=whom, example=shown_example)
    timeline = report["timeline"]
    manners, bins = [m.value for m in Manner], timeline["bins"]
    return environment.get_template("replay.html").render(
        report=report,
        besides=passed_over(report["lines"]),
        actions=[action.value for action in ACTIONS],
        manners=manners,
        fates=FATES,
        takers=over_time(bins, timeline["hours"], manners),
        given=over_time(bins, timeline["hours"], FATES),
        rows=joined(bins, timeline["hours"], _ROWS),
        levels=levels(report["scores"], report["thresholds"]),
    )


def _number(value: int) -> str:
    return f"{value:,}"


def _name(path: str) -> str:
    """Of a log, without its folders: pages are handed on, and say nothing of the machine."""
    return PurePath(path).name


def _hours(hours: int) -> str:
    return "one hour" if hours == 1 else f"{hours} hours"
