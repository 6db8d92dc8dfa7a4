"""What a body is by its first bytes: loaders decode a picture whatever it is called."""

import zlib

ENOUGH = 32
"""Bytes that decide; every signature below ends before."""

_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    # offset, bytes, media type. Sources: WHATWG MIME Sniffing section 6.1, and the formats' own specifications.
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
    (0, b"II+\0", "image/tiff"),
    (0, b"MM\0+", "image/tiff"),
    (0, b"\xff\x0a", "image/jxl"),
    (0, b"\0\0\0\x0cJXL ", "image/jxl"),
    (0, b"\0\0\0\x0cjP  ", "image/jp2"),
    (0, b"\xff\x4f\xff\x51", "image/j2c"),
    (0, b"8BPS", "image/vnd.adobe.photoshop"),
    (0, b"qoif", "image/qoi"),
    (0, b"\x76\x2f\x31\x01", "image/x-exr"),
    (0, b"DDS ", "image/vnd.ms-dds"),
)

_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"miaf")
"""Brands of ISO base media files that hold pictures (ISO/IEC 23008-12, AVIF section 8)."""

_BITMAP_HEADERS = (12, 16, 40, 52, 56, 64, 108, 124)
"""Sizes of the header that follows a BMP's file header."""


def sniff(start: bytes) -> str | None:
    """The media type of a picture that begins with ``start`` (``ENOUGH`` bytes, or all there are), or None."""
    for offset, signature, kind in _SIGNATURES:
        if start.startswith(signature, offset):
            return kind
    if start[4:8] == b"ftyp" and start[8:12] in _BRANDS:
        return "image/avif"
    if start[:2] == b"BM" and int.from_bytes(start[14:18], "little") in _BITMAP_HEADERS:
        return "image/bmp"
    return None


def decoded_start(start: bytes, encoding: bytes) -> bytes | None:
    """What ``start`` begins with once a Content-Encoding is undone; None if that cannot be told here."""
    if encoding in (b"", b"identity"):
        return start
    if encoding not in (b"gzip", b"x-gzip", b"deflate"):
        return None
    try:
        return zlib.decompressobj(wbits=47).decompress(start, ENOUGH)  # 47: zlib or gzip, told by the header
    except zlib.error:
        return None
