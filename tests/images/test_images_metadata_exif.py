"""EXIF rewritten: what stays, what goes, and blocks made to do harm."""

import struct
import time
from io import BytesIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from image_samples import file_of, opened, scene
from metadata_samples import NOTHING, STATEMENT, exiftool, jpeg_segment, tiff_block, written_by_exiftool
from PIL import ExifTags, Image

from guardware.images.metadata import credit, exif, exif_bytes, tiff

LIMIT = exif.JPEG_LIMIT
PUBLIC = {
    "IFD0:Make": "Maker",
    "IFD0:Model": "Model 7",
    "IFD0:Orientation": "Rotate 90 CW",
    "IFD0:DateTime": "2031:01:02 03:04:05",
    "ExifIFD:ExposureTime": "1/250",
    "ExifIFD:LensModel": "50 mm",
    "ExifIFD:FNumber": 5.6,
    "ExifIFD:ColorSpace": "sRGB",
    "InteropIFD:InteropIndex": "R98 - DCF basic file (sRGB)",
}
PRIVATE = {
    "GPS:GPSLatitude": "48 deg 12' 0.00\"",
    "GPS:GPSLongitude": "16 deg 22' 12.00\"",
    "IFD0:HostComputer": "Zoe's laptop",
    "ExifIFD:SerialNumber": 4711,
    "ExifIFD:LensSerialNumber": 4712,
    "ExifIFD:OwnerName": "Zoe",
    "ExifIFD:UserComment": "the flat on the third floor",
    "ExifIFD:ImageUniqueID": "0123456789abcdef0123456789abcdef",
}


@pytest.fixture(scope="module")
def from_a_camera() -> bytes:
    """A JPEG as exiftool fills it: all of the above, and a thumbnail."""
    assignments = [f"-{key}={value}" for key, value in (PUBLIC | PRIVATE).items()]
    thumbnail = file_of(scene(160, 120), "JPEG")
    return written_by_exiftool(
        file_of(scene(64, 48), "JPEG"),
        "-InteropIFD:InteropIndex=R98",
        "-IFD0:ModifyDate=2031:01:02 03:04:05",
        "-GPS:GPSLatitude=48.2",
        "-GPS:GPSLongitude=16.37",
        *(each for each in assignments if "Interop" not in each and "GPS" not in each and "DateTime" not in each),
        "-ThumbnailImage<=thumbnail",
        thumbnail=thumbnail,
    )


def read_back(data: bytes) -> dict[str, object]:
    found = exiftool({"a.jpg": data}, "-a")["a.jpg"]
    if "IFD0:ModifyDate" in found:
        found["IFD0:DateTime"] = found["IFD0:ModifyDate"]
    return found


def test_private_fields_go_and_the_others_stay(from_a_camera: bytes) -> None:
    before, after = read_back(from_a_camera), read_back(credit(from_a_camera, STATEMENT))
    assert {key: before.get(key) for key in PUBLIC | PRIVATE} == PUBLIC | PRIVATE
    assert "IFD1:ThumbnailImage" in before
    assert {key: after.get(key) for key in PUBLIC} == PUBLIC
    assert not (PRIVATE.keys() & after.keys())
    assert not [key for key in after if key.startswith(("GPS:", "IFD1:", "ExifTool:Warning"))]
    data = credit(from_a_camera, STATEMENT)
    for secret in (b"laptop", b"4711", b"4712", b"third floor", b"0123456789abcdef"):
        assert secret in from_a_camera
        assert secret not in data


def test_without_strip_everything_stays(from_a_camera: bytes) -> None:
    stated = STATEMENT._replace(strip=False)
    before, after = read_back(from_a_camera), read_back(credit(from_a_camera, stated))
    assert {key: after.get(key) for key in PUBLIC | PRIVATE} == PUBLIC | PRIVATE
    assert after["IFD1:ThumbnailImage"] == before["IFD1:ThumbnailImage"]
    assert after["IFD0:Artist"] == STATEMENT.creator
    assert not [key for key in after if "Warning" in key]


def directory(tag: int, kind: int, length: int, slot: int) -> bytes:
    """One with a single field: 18 bytes."""
    return struct.pack(">HHHLLL", 1, tag, kind, length, slot, 0)


PRIVATE_TAGS = [
    *(
        0x013C,
        0x8825,
        0x927C,
        0x9286,
        0xA420,
        0xA430,
        0xA431,
        0xA435,
        0x02BC,
        0x83BB,
        0x8649,
        0x0111,
        0x0117,
        0x0144,
    ),
    *(0x0145, 0x014A, 0x0201, 0x0202, 0x9C9C, 0xEA1C, 0xC62F, 0xC634, 0xC65D, 0xC68B, 0xC68C, 0xFDE8, 0xFDE9),
]


@pytest.mark.parametrize("tag", PRIVATE_TAGS)
def test_every_private_field_goes_from_either_directory(tag: int) -> None:
    start = b"MM\0*\0\0\0\x08"
    first = start + directory(tag, 7, 6, 26) + b"secret"
    camera = start + directory(0x8769, 4, 1, 26) + directory(tag, 7, 6, 44) + b"secret"
    for block in (first, camera):
        assert b"secret" not in exif.rewritten(block, STATEMENT, LIMIT)
        assert b"secret" in exif.rewritten(block, STATEMENT._replace(strip=False), LIMIT)
    public = camera.replace(tag.to_bytes(2) + b"\0\7", b"\xa4\x34\0\7")  # LensModel in its place
    assert b"secret" in exif.rewritten(public, STATEMENT, LIMIT)


@pytest.mark.parametrize("order", ["<", ">"])
def test_without_strip_no_offset_moves(order: str) -> None:
    note = b"a note with offsets of its own"
    block = tiff_block(order, (0x927C, 7, len(note), note), (0x0112, 3, 1, struct.pack(order + "H", 6)))
    new = exif.rewritten(block, STATEMENT._replace(strip=False), LIMIT)
    assert new.startswith(block[8:], 8)
    assert new.index(note) == block.index(note)


@pytest.mark.parametrize("order", ["<", ">"])
def test_orientation_of_either_byte_order(order: str) -> None:
    block = tiff_block(order, (0x0112, 3, 1, struct.pack(order + "H", 6)))
    for strip in (True, False):
        new = Image.Exif()
        new.load(exif.rewritten(block, STATEMENT._replace(strip=strip), LIMIT))
        assert new[0x0112] == 6
        assert str(new[0x8298]).encode("latin-1").decode() == STATEMENT.rights


def test_an_empty_text_leaves_the_owners_alone() -> None:
    block = tiff_block(">", (0x013B, 2, 6, b"Owner\0"))
    new = Image.Exif()
    new.load(exif.rewritten(block, NOTHING._replace(rights="mine", strip=True), LIMIT))
    assert (new[0x013B], new[0x8298]) == ("Owner", "mine")


def test_text_of_exif_3_stays() -> None:
    title = "Zoë".encode() + b"\0\0"
    block = tiff_block(">", (0xA436, 129, len(title), title))
    (field,) = (field for field in fields_of(exif.rewritten(block, STATEMENT, LIMIT)) if field.tag == 0xA436)
    assert (field.type, field.data) == (129, title)


def fields_of(block: bytes) -> list[tiff.Field]:
    found = tiff.header(block)
    assert found
    return list(tiff.fields(block, *found))


def pointing(tag: int, place: int) -> tuple[int, int, int, bytes]:
    return (tag, 4, 1, struct.pack(">L", place))


TURNED = (0x0112, 3, 1, b"\0\6")
BOMBS = {
    "cut off": b"MM\0*\0\0\0\x08\xff\xff",
    "no directory": b"MM\0*\xff\xff\xff\xff",
    "directory in the header": b"MM\0*\0\0\0\0" + bytes(40),
    "itself as the camera's": tiff_block(">", TURNED, pointing(0x8769, 8)),
    "itself as every other": tiff_block(">", TURNED, *(pointing(tag, 8) for tag in (0x8769, 0xA005, 0x8825))),
    "itself as the next": tiff_block(">", TURNED, following=8),
    "offset beyond the end": tiff_block(">", TURNED, (0x010F, 2, 5000, b"\0\0\xff\xff")),
    "four billion values": tiff_block(">", TURNED, (0x010F, 12, 0xFFFFFFFF, b"\0\0\0\x08")),
    "no values": tiff_block(">", TURNED, (0x010F, 2, 0, b"\0\0\0\x08")),
    "unknown type": tiff_block(">", TURNED, (0x010F, 77, 1, b"\0\0\0\x08")),
    "the same field a thousand times": tiff_block(">", TURNED, *[pointing(0x8769, 8)] * 1000),
    "the same bytes a thousand times": tiff_block(
        ">", TURNED, *((0x1000 + n, 7, 11_000, b"\0\0\0\x08") for n in range(1000))
    ),
    "every tag there is": tiff_block(
        ">", TURNED, *((tag, 1, 1, b"\0") for tag in range(1 << 16) if tag not in (0x0112, 0x010E))
    ),
    "a second header": tiff_block(">", TURNED, (0x8769, 4, 2, b"\0\0\0\x08")),
}


@pytest.mark.parametrize("strip", [True, False])
@pytest.mark.parametrize("name", BOMBS)
def test_harmful_blocks_come_to_nothing(name: str, strip: bool) -> None:
    start = time.process_time()
    new = exif.rewritten(BOMBS[name], STATEMENT._replace(strip=strip), LIMIT)
    assert time.process_time() - start < 10
    assert len(new) < 3 * len(BOMBS[name]) + 400
    stated = {field.tag: field.data for field in fields_of(new)}
    assert stated[0x8298] == STATEMENT.rights.encode() + b"\0"
    turned = TURNED[3] in BOMBS[name] and b"\x01\x12" in BOMBS[name]
    assert (0x0112 in stated) == turned


@pytest.mark.parametrize("name", BOMBS)
def test_fields_are_never_more_than_their_block(name: str) -> None:
    order, at = tiff.header(BOMBS[name]) or (">", 0)
    assert sum(len(field.data) for field in tiff.fields(BOMBS[name], order, at)) <= len(BOMBS[name])


def test_a_block_too_large_for_its_segment_gives_way_but_for_the_orientation() -> None:
    block = tiff_block(">", TURNED, (0x010F, 2, 65_500, b"a" * 65_500))
    assert {field.tag for field in fields_of(exif.rewritten(block, STATEMENT, LIMIT))} == {
        0x0112,
        0x010E,
        0x013B,
        0x8298,
    }
    huge = tiff_block(">", TURNED, (0x010F, 2, 2_000_000, b"a" * 2_000_000))
    assert len(exif.rewritten(huge, STATEMENT, 1 << 20)) < 400


def test_texts_too_long_for_a_jpeg_are_an_error() -> None:
    long = STATEMENT._replace(description="word " * 20_000)
    with pytest.raises(ValueError, match=r"the texts take \d+ bytes of EXIF, which holds 65527: shorten"):
        credit(file_of(scene(8, 8), "JPEG"), long)


def test_characters_that_end_a_text_are_left_out() -> None:
    stated = STATEMENT._replace(creator="Zoë\0\x1b\ud800 Å\n")
    image = opened(credit(file_of(scene(8, 8), "JPEG"), stated))
    assert str(image.getexif()[0x013B]).encode("latin-1").decode() == "Zoë Å"


def test_the_fresh_block_has_the_three_fields_alone() -> None:
    fresh = Image.Exif()
    fresh.load(exif_bytes(STATEMENT))
    assert set(fresh) == {ExifTags.Base.ImageDescription, ExifTags.Base.Artist, ExifTags.Base.Copyright}


def test_only_the_first_block_counts_and_both_are_replaced() -> None:
    data = file_of(scene(8, 8), "JPEG")
    first, second = (b"Exif\0\0" + tiff_block(">", (0x010F, 2, 6, name)) for name in (b"First\0", b"Other\0"))
    new = credit(data[:2] + jpeg_segment(0xE1, first) + jpeg_segment(0xE1, second) + data[2:], STATEMENT)
    assert new.count(b"Exif\0\0") == 1
    assert Image.open(BytesIO(new)).getexif()[0x010F] == "First"


@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]),
    st.booleans(),
)
@example(bytes(100), b"MM\0*\0\0\0\x08", True)
def test_any_bytes_are_rewritten_to_a_block_with_our_fields(rest: bytes, start: bytes, strip: bool) -> None:
    new = exif.rewritten(start + rest, STATEMENT._replace(strip=strip), LIMIT)
    assert {0x010E, 0x013B, 0x8298} <= {field.tag for field in fields_of(new)}
    stripped = exif.rewritten(new, STATEMENT, LIMIT)
    assert exif.rewritten(stripped, STATEMENT, LIMIT) == stripped


FIELD = st.builds(
    lambda tag, data: (tag, 7, len(data), data), st.integers(0x1000, 0x7FFF), st.binary(min_size=1, max_size=40)
)


@given(st.lists(FIELD, max_size=12, unique_by=lambda field: field[0]), st.sampled_from("<>"), st.booleans())
def test_unknown_fields_stay_as_they_are(
    fields: list[tuple[int, int, int, bytes]], order: str, strip: bool
) -> None:
    new = exif.rewritten(tiff_block(order, *fields), STATEMENT._replace(strip=strip), LIMIT)
    kept = {field.tag: field for field in fields_of(new)}
    for field in fields:
        assert kept[field[0]] == field
