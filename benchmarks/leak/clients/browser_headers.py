"""A browser's name, and the headers with which it asks for a picture on a page."""

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
"""Debian's Chromium 156 with a window; without one it says so."""

PICTURE = (
    ("Host", "{host}"),
    ("Connection", "keep-alive"),
    ("sec-ch-ua-platform", '"Linux"'),
    ("User-Agent", CHROME),
    ("sec-ch-ua", '"Not:A-Brand";v="8", "Chromium";v="156"'),
    ("sec-ch-ua-mobile", "?0"),
    ("Accept", "image/jxl,image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"),
    ("Sec-Fetch-Site", "same-origin"),
    ("Sec-Fetch-Mode", "no-cors"),
    ("Sec-Fetch-Dest", "image"),
    ("Referer", "{referer}"),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
    ("Accept-Language", "en-US,en;q=0.9"),
)
"""As captured from it on http://localhost, spelling and order included."""
