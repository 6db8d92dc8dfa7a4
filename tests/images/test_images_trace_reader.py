"""Reading leaks: which picture, which mark, which visits; and never somebody who has nothing to do with it."""

import json
import math
from io import BytesIO
from pathlib import Path

import attacks
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from real_pictures import small_picture
from trace_samples import KEY, NAMES, T1_MARK, copy, entry, gallery, png, write_record

from guardware.images.decode import UnreadablePicture
from guardware.images.trace.blind import embed
from guardware.images.trace.cells import plan
from guardware.images.trace.code import code_words
from guardware.images.trace.evidence import CERTAIN, weigh
from guardware.images.trace.informed import residual, soft_splice
from guardware.images.trace.originals import Originals, picture_files
from guardware.images.trace.plane import mean_plane
from guardware.images.trace.reader import Report, trace
from guardware.images.trace.record import Entry, Record, as_json, from_line, to_line
from guardware.images.trace.register import find
from guardware.images.trace.splice import jpeg_encoder, prepare
from guardware.images.veil import Order, orders, profile, scramble

ALL = attacks.ATTACKS | attacks.MORE
ORDERS = [orders()[2], *[order for order in orders() if order.inverted][3:4]]
OTHER = bytes(32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trace")


@pytest.fixture(scope="module")
def originals(folder: Path) -> Originals:
    return gallery(folder / "originals")


@pytest.fixture(scope="module")
def record(folder: Path, originals: Originals) -> Record:
    write_record(folder / "record", originals)
    return Record(folder / "record")


def named(report: Report) -> list[tuple[str, int]]:
    """Scheme and mark of all that is accused."""
    return [(finding.scheme, finding.mark) for finding in report.findings if finding.accuses]


def veiled(mark: int, order: Order) -> Image.Image:
    """A T2 copy under a veil, as a loader sees it that ignores the profile."""
    splice = prepare(scramble(small_picture("coffee"), order), KEY, amplitude=2, encode=jpeg_encoder(85))
    with Image.open(BytesIO(splice.copy(mark))) as image:
        return image.convert("RGB")


@pytest.mark.parametrize(
    "attack",
    [
        *("JPEG 50", "centre-crop 256 q95", "border 256 q95", "crop 25 % corner q75", "mirror"),
        *("rotate 2, expand", pytest.param("rotate 3, crop", marks=pytest.mark.slow)),
        *(pytest.param(attack, marks=pytest.mark.slow) for attack in ("squeeze 8 %", "gamma 1.2", "greyscale")),
    ],
)
def test_a_copy_names_its_visit(attack: str, originals: Originals, record: Record) -> None:
    report = trace(png(ALL[attack](copy("coffee", 123))), [KEY], originals, record)
    assert Path(report.original).stem == "coffee"
    assert named(report) == [("T2", 123)]
    assert [entry.event for entry in report.findings[0].entries] == ["event-123"]
    assert report.findings[0].z > CERTAIN


@pytest.mark.parametrize("order", ORDERS, ids=repr)
def test_a_veiled_copy_names_its_visit(order: Order, originals: Originals, record: Record) -> None:
    """Raw and grey, and with its profile applied."""
    leak, shown = veiled(111, order), BytesIO()
    leak.save(shown, "PNG", compress_level=1, icc_profile=profile(order))
    for data in (png(leak.convert("L")), shown.getvalue()):
        assert named(trace(data, [KEY], originals, record)) == [("T2", 111)]


@pytest.mark.parametrize("order", [None, *ORDERS], ids=repr)
def test_a_shared_copy_names_all_visits_that_got_it(
    order: Order | None, originals: Originals, record: Record
) -> None:
    image = small_picture("rocket")
    leak = embed(image if order is None else scramble(image, order), T1_MARK, KEY)
    report = trace(png(attacks.jpeg(quality=85)(leak)), [KEY], originals, record)
    assert named(report) == [("T1", T1_MARK)]
    assert [entry.event for entry in report.findings[0].entries] == ["shared-0", "shared-1", "shared-2"]


def test_a_shared_copy_is_read_without_the_original(record: Record) -> None:
    """The record has this mark with every picture, and nothing here says which it was."""
    report = trace(png(embed(small_picture("rocket"), T1_MARK, KEY)), [KEY], None, record)
    assert named(report) == [("T1", T1_MARK)]
    assert len(report.findings[0].entries) == 3 * len(NAMES)


def test_a_copy_averaged_of_three_names_all_three(originals: Originals, record: Record) -> None:
    three = [np.asarray(copy("astronaut", mark), float) for mark in (101, 130, 159)]
    leak = Image.fromarray(np.rint(np.mean(three, 0)).astype(np.uint8))
    report = trace(png(attacks.jpeg(quality=75)(leak)), [KEY], originals, record)
    assert sorted(named(report)) == [("T2", 101), ("T2", 130), ("T2", 159)]


def test_an_older_key_reads_what_it_marked(originals: Originals, record: Record) -> None:
    assert named(trace(png(copy("coffee", 123)), [OTHER, KEY], originals, record)) == [("T2", 123)]


@pytest.mark.parametrize("name", NAMES)
def test_the_original_itself_accuses_nobody(name: str, originals: Originals, record: Record) -> None:
    report = trace(png(small_picture(name)), [KEY], originals, record)
    assert Path(report.original).stem == name
    assert report.findings == ()
    assert report.tried


def test_another_key_accuses_nobody(originals: Originals, record: Record) -> None:
    assert trace(png(copy("coffee", 123)), [OTHER], originals, record).findings == ()


def test_a_mark_that_the_record_does_not_know(originals: Originals, record: Record) -> None:
    report = trace(png(copy("coffee", 999)), [KEY], originals, record)
    (finding,) = report.findings
    assert (finding.mark, finding.tagged, finding.entries, finding.accuses) == (999, True, (), False)


def test_a_mark_without_a_record(originals: Originals) -> None:
    """The size of the copy is guessed."""
    report = trace(png(copy("coffee", 123)), [KEY], originals)
    assert [(finding.mark, finding.accuses) for finding in report.findings] == [(123, False)]
    assert "--record" in report.advice[0]


def test_without_the_originals_it_says_what_would_help(record: Record) -> None:
    report = trace(png(copy("coffee", 123)), [KEY], None, record)
    assert report.findings == ()
    assert "--original" in report.advice[0]


def test_a_picture_of_somebody_else(originals: Originals, record: Record) -> None:
    report = trace(png(small_picture("hubble")), [KEY], originals, record)
    assert (report.original, report.findings) == ("", ())
    assert report.advice == ("none of the originals looks like this picture; is the right one among them?",)


@pytest.mark.parametrize("data", [b"", b"no picture", png(Image.new("RGB", (64, 64)))[:90]])
def test_what_is_no_picture(data: bytes) -> None:
    with pytest.raises(UnreadablePicture):
        trace(data, [KEY])


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (16, 16), (700, 3)])
def test_tiny_pictures_are_read_without_harm(size: tuple[int, int], originals: Originals) -> None:
    assert trace(png(Image.new("RGB", size, "red")), [KEY], originals).findings == ()


def test_originals_that_cannot_be_read_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"nothing")
    (tmp_path / "b.PNG").write_bytes(png(small_picture("sky")))
    (tmp_path / "c.txt").write_bytes(b"text")
    originals = Originals([*picture_files(tmp_path), tmp_path / "gone.png"])
    assert len(list(originals.load())) == 3
    assert [path.name for path in originals.unreadable] == ["a.jpg", "gone.png"]
    assert [known.path.name for known in originals.known] == ["b.PNG"]


def test_innocents_stay_below_the_line() -> None:
    """Noise against 2000 candidates each, fifteen times; and a clear mark lends nothing to the others."""
    rng, candidates = np.random.default_rng(4), np.arange(2000, dtype=np.int64)
    for _ in range(15):
        assert weigh(rng.normal(size=288), KEY, candidates) == []
    signal = 1.0 - 2.0 * code_words(KEY, [77])[0]
    for loud in (0.0, 0.5, 1.0):
        assert [sign.mark for sign in weigh(signal + rng.normal(size=288) * loud, KEY, candidates)] == [77]


@pytest.mark.slow
def test_no_wrong_key_reads_a_mark() -> None:
    """500 keys on one marked copy, both polarities, 1000 candidates each."""
    image, candidates = small_picture("coffee"), np.arange(1000, dtype=np.int64)
    leak = copy("coffee", 123)
    left, grid = residual(leak, image, find(mean_plane(leak), mean_plane(image))), plan(image.size, 16)
    assert grid is not None
    keys = [number.to_bytes(32, "big") for number in range(500)]
    assert [weigh(soft_splice(left, grid, key), key, candidates) for key in keys] == [[]] * 500


texts = st.text(max_size=20)
entries = st.builds(
    Entry,
    mark=st.integers(0, 2**40 - 1),
    time=st.floats(0, 1e12),
    scheme=st.sampled_from(["T1", "T2"]),
    size=st.tuples(st.integers(1, 65535), st.integers(1, 65535)),
    **dict.fromkeys(("event", "path", "picture", "key", "client", "user_agent", "decided_by", "variant"), texts),
    address=texts,
)


@given(entries)
def test_a_line_gives_its_entry_back(one: Entry) -> None:
    line = to_line(one)
    assert line.isascii()
    assert line.index("\n") == len(line) - 1
    assert from_line(line) == one


@given(st.binary(max_size=60) | entries.map(lambda one: to_line(one).encode()[:-9]))
def test_no_line_of_ours(line: bytes) -> None:
    with pytest.raises(ValueError):
        from_line(line)


@pytest.mark.parametrize(
    "change",
    [
        *({"mark": "123"}, {"mark": 123}, {"mark": "00000000-1"}, {"time": "now"}, {"time": math.nan}),
        *({"size": [1]}, {"size": [0, 5]}, {"size": "12"}, {"scheme": "T3"}, {"path": None}, {"address": 4}),
    ],
)
def test_a_line_with_something_wrong(change: dict[str, object]) -> None:
    line = json.dumps(as_json(entry(1, "ab", (640, 480))) | change)
    with pytest.raises(ValueError):
        from_line(line)


def test_the_record_passes_over_damaged_lines_and_counts_them(tmp_path: Path) -> None:
    lines = [to_line(entry(mark, "0123456789abcdef", (640, 480))) for mark in (1, 2)]
    (tmp_path / "2026-01-01.jsonl").write_text(lines[0] + "{torn\n" + "x" * 20_000 + "\n" + lines[1])
    (tmp_path / "2026-01-02.jsonl").write_text(to_line(entry(3, "another", (640, 480))))
    (tmp_path / "notes.jsonl").write_text(lines[0])
    record = Record(tmp_path)
    assert [one.mark for one in record] == [1, 2, 3]
    assert record.damaged == 4  # the torn one, and the long one in three pieces
    assert [one.mark for one in record.of_picture("0123456789abcdef")] == [1, 2]
    assert [one.picture for one in record.with_mark(3)] == ["another"]


def test_no_record_is_an_empty_one(tmp_path: Path) -> None:
    assert list(Record(tmp_path / "nowhere")) == []
