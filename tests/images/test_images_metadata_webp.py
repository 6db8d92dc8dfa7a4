"""WebP chunks: the extended header, order, what is kept and dropped, and files made to do harm."""

import time
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from image_samples import file_of, scene, swapped_profile
from metadata_samples import NOTHING, STATEMENT, kinds, riff_chunk, tiff_block
from PIL import Image

from guardware.images.metadata import credit, exif_bytes, xmp_bytes

ICC, ALPHA, EXIF, XMP, ANIMATION = 0x20, 0x10, 0x08, 0x04, 0x02


def riff(*chunks: bytes) -> bytes:
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    assert int.from_bytes(data[4:8], "little") == len(data) - 8
    found, at = [], 12
    while at < len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        found.append((data[at : at + 4], data[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2
    return found


LOSSY = file_of(scene(64, 48), "WEBP")
PICTURE = LOSSY[12:]
CANVAS = (63).to_bytes(3, "little") + (47).to_bytes(3, "little")


@pytest.mark.parametrize(
    ("name", "flags", "order"),
    [
        ("lossy.webp", EXIF | XMP, "VP8X VP8  EXIF XMP "),
        ("lossless.webp", EXIF | XMP, "VP8X VP8L EXIF XMP "),
        ("alpha-lossless.webp", ALPHA | EXIF | XMP, "VP8X VP8L EXIF XMP "),
        ("marked.webp", ICC | EXIF | XMP, "VP8X ICCP VP8  EXIF XMP "),
        ("alpha.webp", ICC | ALPHA | EXIF | XMP, "VP8X ICCP ALPH VP8  EXIF XMP "),
        ("moving.webp", ICC | ALPHA | ANIMATION | EXIF | XMP, "VP8X ICCP ANIM ANMF ANMF ANMF EXIF XMP "),
    ],
)
def test_header_and_order(name: str, flags: int, order: str) -> None:
    new = credit(kinds()[name], STATEMENT)
    found = chunks(new)
    assert " ".join(chunk.decode() for chunk, _ in found) == order
    width, height = Image.open(BytesIO(kinds()[name])).size
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    assert found[0] == (b"VP8X", bytes((flags, 0, 0, 0)) + canvas)


@pytest.mark.parametrize("name", [name for name in kinds() if name.endswith("webp")])
def test_image_data_is_byte_for_byte(name: str) -> None:
    kept = {b"ICCP", b"ANIM", b"ANMF", b"ALPH", b"VP8 ", b"VP8L"}
    before, after = chunks(kinds()[name]), chunks(credit(kinds()[name], STATEMENT))
    assert [chunk for chunk in before if chunk[0] in kept] == [chunk for chunk in after if chunk[0] in kept]


def test_a_simple_file_stays_simple_when_nothing_is_stated() -> None:
    assert credit(LOSSY, NOTHING) == LOSSY


def test_flags_tell_what_is_there() -> None:
    lying = riff(riff_chunk(b"VP8X", bytes((0xFF, 0, 0, 0)) + CANVAS), PICTURE)
    assert chunks(credit(lying, NOTHING))[0][1][0] == 0xFF & ~(ICC | EXIF | XMP)
    late = riff(PICTURE, riff_chunk(b"ICCP", swapped_profile()))
    assert chunks(credit(late, NOTHING))[:2] == [
        (b"VP8X", bytes((ICC, 0, 0, 0)) + CANVAS),
        (b"ICCP", swapped_profile()),
    ]


@pytest.mark.parametrize("prefix", [b"", b"Exif\0\0"])
def test_old_metadata_is_rewritten_wherever_it_stands(prefix: bytes) -> None:
    block = prefix + tiff_block("<", (0x0112, 3, 1, b"\3\0"), (0x8825, 4, 1, b"\x08\0\0\0"))
    old = riff(riff_chunk(b"EXIF", block), riff_chunk(b"XMP ", b"broken"), PICTURE, riff_chunk(b"EXIF", b"second"))
    found = dict(chunks(credit(old, STATEMENT)))
    exif = Image.Exif()
    exif.load(found[b"EXIF"])
    assert exif[0x0112] == 3
    assert 0x8825 not in exif
    assert found[b"XMP "] == xmp_bytes(STATEMENT)


def test_fresh_blocks_stand_without_the_prefix_of_jpeg() -> None:
    assert dict(chunks(credit(LOSSY, STATEMENT)))[b"EXIF"] == exif_bytes(STATEMENT).removeprefix(b"Exif\0\0")


def test_unknown_chunks_go_when_stripped() -> None:
    data = riff(PICTURE, riff_chunk(b"abcd", b"odd"))
    assert credit(data, STATEMENT) == credit(LOSSY, STATEMENT)
    assert credit(data, NOTHING) == data


def test_a_manifest_goes_always() -> None:
    assert credit(riff(PICTURE, riff_chunk(b"C2PA", b"jumb")), NOTHING) == LOSSY


def test_missing_padding_at_the_end_is_mended() -> None:
    whole = riff(PICTURE, riff_chunk(b"abcd", b"odd"))
    assert credit(whole[:-1], NOTHING) == whole


BAD = {
    "no picture": (riff(riff_chunk(b"EXIF", b"")), "there is no picture"),
    "nothing": (riff(), "there is no picture"),
    "claims more": (b"RIFF\xff\xff\xff\xffWEBP" + PICTURE, "claims 4294967303 bytes"),
    "chunk beyond the end": (riff(b"VP8 \xff\xff\xff\xff"), "the chunk at byte 12 ends at byte 4294967315"),
    "short header": (riff(riff_chunk(b"VP8X", bytes(4)), PICTURE), "extended header is cut short"),
    "no frame header": (riff(riff_chunk(b"VP8 ", bytes(20))), "picture's header is damaged"),
    "no lossless header": (riff(riff_chunk(b"VP8L", b"/")), "picture's header is damaged"),
    "frames without header": (riff(riff_chunk(b"ANMF", bytes(40))), "picture's header is damaged"),
    "no size": (riff(riff_chunk(b"VP8 ", b"\0\0\0\x9d\x01\x2a\0\0\0\0")), "no size"),
    "endless chunks": (riff(PICTURE, riff_chunk(b"abcd", b"") * 100_001), "more than 100000 chunks"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_refused_with_the_place(name: str) -> None:
    data, error = BAD[name]
    start = time.process_time()
    with pytest.raises(ValueError, match=f"metadata: WebP: .*{error}"):
        credit(data, STATEMENT)
    assert time.process_time() - start < 10


NAMES = st.sampled_from([b"EXIF", b"XMP ", b"ICCP", b"ANIM", b"abcd", b"C2PA", b"ALPH"])
CHUNK = st.one_of(
    st.builds(riff_chunk, NAMES, st.binary(max_size=40)),
    st.builds(riff_chunk, st.just(b"VP8X"), st.binary(min_size=10, max_size=40)),
)


@given(st.lists(CHUNK, max_size=6), st.lists(CHUNK, max_size=6), st.booleans())
def test_whatever_chunks_there_are_the_picture_is_the_same(
    before: list[bytes], after: list[bytes], strip: bool
) -> None:
    new = credit(riff(*before, PICTURE, *after), STATEMENT._replace(strip=strip))
    assert PICTURE in new
    assert credit(new, STATEMENT) == credit(credit(new, STATEMENT), STATEMENT)
