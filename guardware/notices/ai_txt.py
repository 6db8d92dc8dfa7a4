"""Spawning's /ai.txt: no file of this site may go into a training set."""

import re

PATH = "/ai.txt"

MEDIA: dict[str, tuple[str, ...]] = {
    "pictures": ("avif", "bmp", "gif", "heic", "ico", "jpeg", "jpg", "jxl", "png", "svg", "tif", "tiff", "webp"),
    "text": ("doc", "docx", "epub", "html", "md", "odt", "pdf", "rtf", "tex", "txt"),
    "sound": ("aac", "aiff", "flac", "m4a", "mp3", "oga", "ogg", "opus", "wav", "wma"),
    "film": ("avi", "flv", "m4v", "mkv", "mov", "mp4", "ogv", "webm", "wmv"),
}
"""File name endings. Spawning's generator scopes by media type, in robots.txt grammar with ``*.ending``
(spawning.ai/ai-txt); the two lines after them cover addresses without an ending."""

_AGENT = re.compile(rb"^[ \t]*user-agent[ \t]*:", re.IGNORECASE | re.MULTILINE)


def ai_txt() -> bytes:
    """The file, the same for every site."""
    lines = ["# No file of this site may be used to train AI models.", "User-Agent: *"]
    lines += [f"Disallow: *.{ending}" for endings in MEDIA.values() for ending in endings]
    return "\n".join([*lines, "Disallow: /", "Disallow: *", ""]).encode()


def accepts_own(own: bytes) -> bool:
    """Whether the app's own file is in this grammar (other files of the same name say other things)."""
    return _AGENT.search(own) is not None
