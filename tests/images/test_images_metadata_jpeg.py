"""JPEG segments: order, what is kept and dropped, and files made to do harm."""

import time
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from image_samples import file_of, noise, opened, scene, swapped_profile
from metadata_samples import NOTHING, STATEMENT, frames, jpeg_segment, kinds
from PIL import Image

from guardware.images.metadata import credit

SOI, EOI = b"\xff\xd8", b"\xff\xd9"
PLAIN = file_of(scene(64, 48), "JPEG")
JFIF = PLAIN[2:20]
REST = PLAIN[20:]


def with_segments(*segments: bytes) -> bytes:
    return SOI + JFIF + b"".join(segments) + REST


def codes(data: bytes) -> list[int]:
    """The markers up to the first scan."""
    found: list[int] = []
    at = 2
    while not found or found[-1] != 0xDA:
        found.append(data[at + 1])
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return found


def test_jfif_comes_first_then_exif_xmp_and_iptc() -> None:
    new = credit(SOI + jpeg_segment(0xE1, b"Exif\0\0MM\0*\0\0\0\x08") + JFIF + REST, STATEMENT)
    assert codes(new)[:5] == [0xE0, 0xE1, 0xE1, 0xED, 0xDB]
    starts = [new.index(prefix) for prefix in (b"JFIF", b"Exif", b"http://ns.adobe.com/xap", b"Photoshop")]
    assert starts == sorted(starts)


@pytest.mark.parametrize("name", [name for name in kinds() if name.endswith("jpg")])
def test_tables_and_scans_are_byte_for_byte(name: str) -> None:
    data = kinds()[name]
    start = data.index(b"\xff\xdb")
    new = credit(data, STATEMENT)
    assert new[new.index(b"\xff\xdb") :] == data[start:]


DROPPED = {
    "comment": jpeg_segment(0xFE, b"a comment"),
    "thumbnail of JFXX": jpeg_segment(0xE0, b"JFXX\0\x10" + b"thumbnail"),
    "FlashPix": jpeg_segment(0xE2, b"FPXR\0preview"),
    "stereo": jpeg_segment(0xE3, b"_JPSJPS_"),
    "Ducky": jpeg_segment(0xEC, b"Ducky\0comment"),
    "no Adobe": jpeg_segment(0xEE, b"other"),
    "maker's": jpeg_segment(0xEF, b"TEXT\0"),
    "no Photoshop": jpeg_segment(0xED, b"Adobe_CM\0"),
    "unknown XMP part": jpeg_segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 40),
}


@pytest.mark.parametrize("name", DROPPED)
def test_dropped_by_strip_alone(name: str) -> None:
    data = with_segments(DROPPED[name])
    assert credit(data, STATEMENT) == credit(PLAIN, STATEMENT)
    assert DROPPED[name] in credit(data, NOTHING)


INVALID = {
    "index of further pictures": jpeg_segment(0xE2, b"MPF\0MM\0*\0\0\0\x08"),
    "gain map": jpeg_segment(0xE2, b"urn:iso:std:iso:ts:21496:-1\0\0\0\0\0"),
    "C2PA manifest": jpeg_segment(0xEB, b"JP\0\1\0\0\0\1\0\0\0\x20jumb"),
}


@pytest.mark.parametrize("name", INVALID)
def test_dropped_because_it_would_no_longer_be_true(name: str) -> None:
    assert credit(with_segments(INVALID[name]), NOTHING) == PLAIN
    assert credit(with_segments(INVALID[name]), STATEMENT) == credit(PLAIN, STATEMENT)


def test_nothing_stated_gives_the_same_file() -> None:
    assert credit(PLAIN, NOTHING) == PLAIN
    data = with_segments(*DROPPED.values())
    assert sorted(credit(data, NOTHING)) == sorted(data)


def test_jfif_loses_its_thumbnail() -> None:
    jfif = jpeg_segment(0xE0, b"JFIF\0\1\2\1\0\x48\0\x48\1\2" + b"six by")
    new = credit(SOI + jfif + REST, STATEMENT)
    assert new[2:20] == jpeg_segment(0xE0, b"JFIF\0\1\2\1\0\x48\0\x48\0\0")
    assert opened(new).info["dpi"] == (72, 72)
    assert jfif in credit(SOI + jfif + REST, NOTHING)


def test_a_profile_of_many_segments_stays_in_order() -> None:
    profile = bytes(swapped_profile()) + bytes(range(256)) * 900
    data = file_of(scene(64, 48), "JPEG", icc_profile=profile)
    new = credit(data, STATEMENT)
    assert new.count(b"ICC_PROFILE\0") == 4
    assert Image.open(BytesIO(new)).info["icc_profile"] == profile


def test_further_pictures_are_cut_off() -> None:
    data = file_of(scene(64, 48), "MPO", save_all=True, append_images=[noise(64, 48)])
    assert len(frames(data)) == 2
    new = credit(data, STATEMENT)
    assert opened(new).format == "JPEG"
    assert len(frames(new)) == 1
    assert new.count(SOI) == 1


def test_comments_between_scans_go_and_the_scans_stay() -> None:
    data = kinds()["progressive.jpg"]
    second = data.index(b"\xff\xda", data.index(b"\xff\xda") + 2)
    noisy = data[:second] + DROPPED["comment"] + jpeg_segment(0xE5, data) + data[second:]
    assert credit(noisy, STATEMENT) == credit(data, STATEMENT)
    assert np.array_equal(frames(credit(noisy, NOTHING))[0][0], frames(data)[0][0])


def test_fill_and_stray_bytes_between_segments_are_passed_over() -> None:
    data = SOI + JFIF + b"\xff\xff\xff" + b"stray" + REST
    assert credit(data, STATEMENT) == credit(PLAIN, STATEMENT)


BAD = {
    "tables alone": (SOI + jpeg_segment(0xDB, bytes(65)) + EOI, "there is no picture"),
    "ends after SOI": (SOI + b"\xff\xe0", "claims 0 bytes"),
    "no end": (PLAIN[:-2], "before the picture does"),
    "length zero": (with_segments(b"\xff\xe5\0\0"), "claims 0 bytes"),
    "length one": (with_segments(b"\xff\xe5\0\1"), "claims 1 bytes"),
    "length beyond the end": (SOI + jpeg_segment(0xDB, b"") + b"\xff\xda\xff\xffabc" + EOI, "claims 65535 bytes"),
    "a second beginning": (with_segments(SOI), "another picture begins at byte 20"),
    "endless segments": (with_segments(b"\xff\xe5\0\2" * 500_000), "more than 20000 segments"),
    "endless scans": (with_segments(b"\xff\xda\0\2" * 500_000), "more than 20000 segments"),
    "endless fill": (SOI + b"\xff" * 5_000_000, "before the picture does"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_refused_with_the_place(name: str) -> None:
    data, error = BAD[name]
    start = time.process_time()
    with pytest.raises(ValueError, match=f"metadata: JPEG: .*{error}"):
        credit(data, STATEMENT)
    assert time.process_time() - start < 10


def test_a_hundred_full_segments() -> None:
    full = jpeg_segment(0xE5, bytes(65533))
    assert credit(with_segments(*[full] * 100), STATEMENT) == credit(PLAIN, STATEMENT)
    assert len(credit(with_segments(*[full] * 100), NOTHING)) == len(PLAIN) + 100 * len(full)


SEGMENT = st.builds(
    jpeg_segment,
    st.sampled_from([0xE0, 0xE1, 0xE2, 0xEB, 0xED, 0xEE, 0xEF, 0xFE]),
    st.builds(
        bytes.__add__,
        st.sampled_from(
            [b"", b"JFIF\0", b"Exif\0\0MM\0*", b"http://ns.adobe.com/xap/1.0/\0", b"Photoshop 3.0\08BIM"]
        ),
        st.binary(max_size=40),
    ),
)


@given(st.lists(SEGMENT, max_size=8), st.booleans())
def test_whatever_segments_there_are_the_picture_is_the_same(segments: list[bytes], strip: bool) -> None:
    new = credit(SOI + b"".join(segments) + JFIF + REST, STATEMENT._replace(strip=strip))
    assert new.endswith(REST)
    assert credit(new, STATEMENT) == credit(credit(new, STATEMENT), STATEMENT)
