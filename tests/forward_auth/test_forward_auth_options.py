"""How a front says that it wants to be answered, and that the recipes say what is understood."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from guardware.forward_auth.options import Form, Options, read_options

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(
    ("query", "options"),
    [
        (b"", Options(Form.PAGE, files=False)),
        (b"answer=page", Options(Form.PAGE, files=False)),
        (b"answer=path&serves=files", Options(Form.PATH, files=True)),
        (b"serves=files&answer=redirect", Options(Form.REDIRECT, files=True)),
        (b"order=lost&answer=path", Options(Form.PATH, ordered=False)),
        (b"serves=files&order=lost", Options(files=True, ordered=False)),
        (b"order=kept", None),
        (b"order=lost&order=lost", None),
        (b"answer=", None),
        (b"answer=PATH", None),
        (b"answer=path&answer=path", None),
        (b"serves=app", None),
        (b"x", None),
        (b"\xff=\xff", None),
    ],
)
def test_reads(query: bytes, options: Options | None) -> None:
    assert read_options(query) == options


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("nginx-auth-app.conf", Options(Form.PATH)),
        ("nginx-auth-files.conf", Options(Form.PATH, files=True)),
        ("haproxy-auth.lua", Options(Form.PATH, ordered=False)),
        ("Caddyfile.forward-auth", Options(Form.PAGE, files=True)),
        ("traefik-forward-auth.yaml", Options(Form.REDIRECT)),
    ],
)
def test_the_recipes_ask_in_these_words(name: str, options: Options) -> None:
    asked = re.findall(r"/\.guardware/auth\?[a-z=&]+", (EXAMPLES / name).read_text())
    assert [read_options(urlsplit(address).query.encode()) for address in asked] == [options]
