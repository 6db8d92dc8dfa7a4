"""PNG chunks: order, checksums, what is kept and dropped, and files made to do harm."""

import time
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from image_samples import file_of, noise, scene
from metadata_samples import FIELDS, NOTHING, STATEMENT, exiftool, kinds, png_chunk, tiff_block
from PIL.PngImagePlugin import PngInfo

from guardware.images.metadata import credit, xmp_bytes

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PLAIN = file_of(scene(64, 48), "PNG")
HEAD, REST = PLAIN[:33], PLAIN[33:]
OWNERS = xmp_bytes(STATEMENT._replace(creator="Somebody")).replace(
    b"</rdf:RDF>", b"<rdf:Description xmlns:a='urn:a' a:b='c'/></rdf:RDF>"
)


def chunks(data: bytes) -> list[tuple[bytes, bytes, bool]]:
    """Name, content, and whether the checksum is right."""
    found, at = [], 8
    while at < len(data):
        size = int.from_bytes(data[at : at + 4])
        body, checksum = data[at + 4 : at + 8 + size], data[at + 8 + size : at + 12 + size]
        found.append((body[:4], body[4:], zlib.crc32(body).to_bytes(4) == checksum))
        at += 12 + size
    return found


def text(keyword: bytes, content: bytes, packed: bool = False) -> bytes:
    """An iTXt chunk."""
    return png_chunk(b"iTXt", keyword + b"\0" + bytes((packed, 0)) + b"en\0translated\0" + content)


@pytest.mark.parametrize("name", [name for name in kinds() if name.endswith("png")])
def test_image_data_is_byte_for_byte_behind_the_metadata(name: str) -> None:
    before, after = chunks(kinds()[name]), chunks(credit(kinds()[name], STATEMENT))
    assert [chunk[0] for chunk in after][:3] == [b"IHDR", b"eXIf", b"iTXt"]
    assert after[0] == before[0]
    assert after[3:] == [chunk for chunk in before[1:] if chunk[0] not in (b"eXIf", b"iTXt")]
    assert all(right for _, _, right in after)


@pytest.mark.parametrize("packed", [False, True])
def test_xmp_is_found_packed_or_not(packed: bool) -> None:
    data = HEAD + text(b"XML:com.adobe.xmp", zlib.compress(OWNERS) if packed else OWNERS, packed) + REST
    new = credit(data, STATEMENT)
    assert new.count(b"XML:com.adobe.xmp") == 1
    assert b"Somebody" not in new
    assert b'a:b="c"' in new


def test_metadata_behind_the_picture_is_found() -> None:
    exif = png_chunk(b"eXIf", tiff_block(">", (0x0112, 3, 1, b"\0\6")))
    data = PLAIN[:-12] + exif + text(b"XML:com.adobe.xmp", OWNERS) + PLAIN[-12:]
    assert credit(data, STATEMENT) == credit(HEAD + exif + text(b"XML:com.adobe.xmp", OWNERS) + REST, STATEMENT)


DROPPED = {
    "comment": png_chunk(b"tEXt", b"Comment\0made at home"),
    "prompt": text(b"parameters", b"a blue hill"),
    "ImageMagick's EXIF": png_chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"\nexif\n 8\n00")),
    "time": png_chunk(b"tIME", bytes(7)),
    "unknown": png_chunk(b"prVW", b"preview"),
    "replaced author": png_chunk(b"tEXt", b"Author\0Somebody"),
    "replaced copyright": text(b"Copyright", b"Somebody"),
    "keyword without end": png_chunk(b"tEXt", b"Title" * 30),
    "empty": png_chunk(b"tEXt", b""),
}


@pytest.mark.parametrize("name", DROPPED)
def test_dropped_by_strip_alone(name: str) -> None:
    assert credit(HEAD + DROPPED[name] + REST, STATEMENT) == credit(PLAIN, STATEMENT)
    assert credit(HEAD + DROPPED[name] + REST, NOTHING) == HEAD + DROPPED[name] + REST


def test_what_the_owner_says_stays() -> None:
    said = png_chunk(b"tEXt", b"Title\0Hills") + png_chunk(b"tEXt", b"Author\0Zoe") + text(b"Disclaimer", b"none")
    assert said in credit(HEAD + said + REST, STATEMENT._replace(creator=""))


def test_a_manifest_goes_always() -> None:
    assert credit(HEAD + png_chunk(b"caBX", b"jumb") + REST, NOTHING) == PLAIN


def test_what_pillow_wrote_is_read() -> None:
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", OWNERS.decode(), zip=True)
    data = file_of(scene(64, 48), "PNG", pnginfo=info, dpi=(300, 300))
    found = exiftool({"a.png": credit(data, STATEMENT)}, "-a")["a.png"]
    assert {key: found.get(key) for key in FIELDS} == FIELDS
    assert found["PNG-pHYs:PixelsPerUnitX"] == 11811


def test_a_packed_bomb_is_not_unpacked() -> None:
    bomb = text(b"XML:com.adobe.xmp", zlib.compress(b"<a>" * 5_000_000), packed=True)
    start = time.process_time()
    assert credit(HEAD + bomb + REST, STATEMENT) == credit(PLAIN, STATEMENT)
    assert time.process_time() - start < 10


@pytest.mark.parametrize("content", [b"\1\0\0\0nonsense", b"", b"\1", b"\0\0", b"\0\0en\0no end"])
def test_damaged_xmp_gives_way(content: bytes) -> None:
    damaged = png_chunk(b"iTXt", b"XML:com.adobe.xmp\0" + content)
    assert credit(HEAD + damaged + REST, STATEMENT) == credit(PLAIN, STATEMENT)


BAD = {
    "no header": (SIGNATURE + REST, "there is no picture"),
    "no data": (HEAD + png_chunk(b"IEND"), "there is no picture"),
    "no end": (PLAIN[:-12], "within the chunk at byte"),
    "length beyond the end": (HEAD + b"\x7f\xff\xff\xffIDAT" + REST, "within the chunk at byte 33"),
    "length beyond the bound": (HEAD + b"\xff\xff\xff\xffIDAT" + REST, "within the chunk at byte 33"),
    "signature alone": (SIGNATURE, "within the chunk at byte 8"),
    "endless chunks": (HEAD + png_chunk(b"teSt") * 100_001 + REST, "more than 100000 chunks"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_refused_with_the_place(name: str) -> None:
    data, error = BAD[name]
    start = time.process_time()
    with pytest.raises(ValueError, match=f"metadata: PNG: .*{error}"):
        credit(data, STATEMENT)
    assert time.process_time() - start < 10


def test_very_many_tiny_chunks() -> None:
    start = time.process_time()
    assert credit(HEAD + png_chunk(b"teSt") * 99_000 + REST, STATEMENT) == credit(PLAIN, STATEMENT)
    assert time.process_time() - start < 10


def test_a_picture_in_very_small_pieces() -> None:
    pixels = zlib.compress(noise(40, 40).tobytes())
    pieces = b"".join(png_chunk(b"IDAT", pixels[at : at + 1]) for at in range(len(pixels)))
    new = credit(HEAD + pieces + png_chunk(b"IEND"), STATEMENT)
    assert new.endswith(pieces + png_chunk(b"IEND"))


NAMES = st.sampled_from([b"tEXt", b"iTXt", b"zTXt", b"eXIf", b"gAMA", b"caBX", b"teSt", b"PLTE", b"\0\0\0\0"])
STARTS = st.sampled_from([b"", b"Title\0", b"XML:com.adobe.xmp\0", b"XML:com.adobe.xmp\0\1\0\0\0", b"MM\0*"])
CHUNK = st.builds(lambda name, start, rest: png_chunk(name, start + rest), NAMES, STARTS, st.binary(max_size=40))


@given(st.lists(CHUNK, max_size=8), st.booleans())
def test_whatever_chunks_there_are_the_picture_is_the_same(extra: list[bytes], strip: bool) -> None:
    new = credit(HEAD + b"".join(extra) + REST, STATEMENT._replace(strip=strip))
    assert new.startswith(HEAD)
    assert new.endswith(REST)
    assert credit(new, STATEMENT) == credit(credit(new, STATEMENT), STATEMENT)
