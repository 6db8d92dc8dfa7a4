"""A small gallery, and the record of the marked copies that were given of it."""

from functools import cache
from io import BytesIO
from pathlib import Path

from PIL import Image
from real_pictures import small_picture

from guardware.images.trace.originals import Originals
from guardware.images.trace.record import Entry, to_line
from guardware.images.trace.splice import jpeg_encoder, prepare
from guardware.keys import derive, key_id

MASTER = b"a master key of the tests, 32 by"
KEY = derive(MASTER, "trace")
NAMES = ("astronaut", "chelsea", "coffee", "rocket")
T2_MARKS = range(100, 160)
T1_MARK = 7


@cache
def copy(name: str, mark: int, amplitude: float = 2.0) -> Image.Image:
    """A T2 copy of the picture, as a leak shows it."""
    splice = prepare(small_picture(name), KEY, amplitude=amplitude, encode=jpeg_encoder(85))
    with Image.open(BytesIO(splice.copy(mark))) as image:
        return image.convert("RGB")


def png(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "PNG", compress_level=1)
    return out.getvalue()


def gallery(folder: Path) -> Originals:
    """The originals, written into ``folder`` and looked through."""
    folder.mkdir()
    for name in NAMES:
        (folder / f"{name}.png").write_bytes(png(small_picture(name)))
    originals = Originals(sorted(folder.iterdir()))
    assert list(originals.load()) == list(originals.paths)
    return originals


def entry(mark: int, picture: str, size: tuple[int, int], scheme: str = "T2", event: str = "") -> Entry:
    """The line of the visit that got the copy with ``mark``."""
    return Entry(
        mark=mark, time=1_700_000_000.5, event=event or f"event-{mark}", path="/art/1.jpg", picture=picture,
        size=size, scheme=scheme, key=key_id(KEY), client=f"client-{mark}", user_agent="Mozilla/5.0 “x”",
        decided_by="default", variant="veiled",
    )  # fmt: skip


def write_record(folder: Path, originals: Originals) -> None:
    """Of each picture: 60 visits with a copy of their own, and 3 that got the same shared one."""
    folder.mkdir()
    with open(folder / "2026-01-02.jsonl", "w") as file:
        for original in originals.known:
            size = original.image().size
            file.writelines(to_line(entry(mark, original.picture, size)) for mark in T2_MARKS)
            file.writelines(to_line(entry(T1_MARK, original.picture, size, "T1", f"shared-{n}")) for n in range(3))
