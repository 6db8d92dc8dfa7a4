"""works.toml: many works, all different, in every format and every shape."""

from collections import Counter
from inspect import signature

import pytest

from guardware.demo.brushes import BRUSHES, LOOPS
from guardware.demo.catalogue import SIZES, SUFFIXES, Work, wall, works
from guardware.demo.gallery import SERIES


def test_there_are_at_least_forty_works() -> None:
    assert len(works()) >= 40


@pytest.mark.parametrize("attribute", ["slug", "title", "alt", "original", "thumb", "page"])
def test_no_two_works_share(attribute: str) -> None:
    counted = Counter(getattr(work, attribute) for work in works())
    assert [value for value, count in counted.items() if count > 1] == []


def test_every_format_and_shape_hangs() -> None:
    formats = Counter(work.format for work in works())
    assert set(formats) == set(SUFFIXES)
    assert formats["jpeg"] > len(works()) / 2
    assert {work.shape for work in works()} == set(SIZES)


def test_every_brush_and_series_is_used() -> None:
    assert {work.brush for work in works()} == BRUSHES.keys() | LOOPS.keys()
    assert {work.series for work in works()} == set(SERIES)


@pytest.mark.parametrize("work", works(), ids=lambda work: work.slug)
def test_its_options_are_arguments_of_its_brush(work: Work) -> None:
    brush = BRUSHES.get(work.brush) or LOOPS[work.brush]
    signature(brush).bind(None, work.size, **work.options)
    assert work.alt.endswith(".")
    assert 20 <= len(work.alt) <= 125, "short enough to be heard, long enough to see it"


def test_pictures_are_large_enough_for_the_difference_to_show() -> None:
    stills = [work for work in works() if work.format != "gif"]
    assert all(1400 <= max(work.size) <= 1600 for work in stills)


def test_a_thumb_has_the_shape_of_its_original() -> None:
    for work in works():
        width, height = work.thumb_size
        assert max(width, height) == 720
        assert width / height == pytest.approx(work.size[0] / work.size[1], rel=0.01)


def test_neighbours_on_the_wall_are_of_different_series() -> None:
    hung = wall(works())
    assert sorted(hung) == sorted(works())
    first_round = hung[: len(SERIES)]
    assert {work.series for work in first_round} == set(SERIES)
