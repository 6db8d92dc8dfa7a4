"""Lines of Apache, nginx and their kin: what is read of each, and that nothing written in one hurts."""

import time
from math import isfinite

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from replay_lines import line

from guardware.replay.entry import Entry
from guardware.replay.text_formats import combined, common

HEAD = '203.0.113.9 - - [20/Nov/2026:10:00:00 +0000] "GET /a.jpg HTTP/1.1" 200 512'
PARSERS = (combined(), combined(vhost=True), common())


@pytest.mark.parametrize(
    ("text", "address", "status", "headers"),
    [
        (f'{HEAD} "-" "-"', "203.0.113.9", 200, {}),
        (f'{HEAD} "" ""', "203.0.113.9", 200, {}),
        (f'{HEAD} "https://a/" "x"', "203.0.113.9", 200, {b"referer": b"https://a/", b"user-agent": b"x"}),
        (rf'{HEAD} "-" "say \"hi\""', "203.0.113.9", 200, {b"user-agent": b'say "hi"'}),
        (rf'{HEAD} "-" "say \x22hi\x22"', "203.0.113.9", 200, {b"user-agent": b'say "hi"'}),
        # more fields: request time, Traefik's, X-Forwarded-For as in nginx's main format
        (f'{HEAD} "-" "x" 0.003 "0.002"', "203.0.113.9", 200, {b"user-agent": b"x"}),
        (f'{HEAD} "-" "x" 7 "web@docker" "http://10.0.0.1:80" 3ms', "203.0.113.9", 200, {b"user-agent": b"x"}),
        (f'{HEAD} "-" "-" "-"', "203.0.113.9", 200, {}),
        (
            f'{HEAD} "-" "-" "192.0.2.7, 10.0.0.1"',
            "203.0.113.9",
            200,
            {b"x-forwarded-for": b"192.0.2.7, 10.0.0.1"},
        ),
        (f'{HEAD} "-" "-" 0.1 "2001:db8::7"', "203.0.113.9", 200, {b"x-forwarded-for": b"2001:db8::7"}),
        # other first fields
        (HEAD.replace("203.0.113.9", "2001:db8::9") + ' "-" "-"', "2001:db8::9", 200, {}),
        (HEAD.replace("203.0.113.9", "host.example.net") + ' "-" "-"', "host.example.net", 200, {}),
        (HEAD.replace("203.0.113.9", "192.0.2.7, 10.0.0.1") + ' "-" "-"', "192.0.2.7", 200, {}),
        (HEAD.replace("- -", "- Ada L [dba]") + ' "-" "-"', "203.0.113.9", 200, {}),
        (HEAD.replace(" 200 ", " - ") + ' "-" "-"', "203.0.113.9", 0, {}),
    ],
)
def test_combined_lines(text: str, address: str, status: int, headers: dict[bytes, bytes]) -> None:
    entry = combined()(text.encode())
    assert entry is not None
    assert entry.request is not None
    assert (entry.address, entry.status, dict(entry.headers)) == (address, status, headers)
    assert (entry.time, entry.request.path) == (1795168800.0, "/a.jpg")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        HEAD,  # common
        f'{HEAD} "-" "cut off',
        HEAD.replace("Nov", "Nox") + ' "-" "-"',
        HEAD.replace("20/Nov", "42/Nov") + ' "-" "-"',
        HEAD.replace("200", "20") + ' "-" "-"',
        '{"request": "GET / HTTP/1.1"}',
    ],
)
def test_what_is_no_combined_line(text: str) -> None:
    assert combined()(text.encode()) is None


def test_a_broken_request_is_none_but_the_line_is_read() -> None:
    entry = combined()(rb'192.0.2.1 - - [20/Nov/2026:10:00:00 +0000] "\x16\x03\x01" 400 0 "-" "-"')
    assert entry is not None
    assert entry.request is None


@pytest.mark.parametrize(
    ("name", "host", "scheme"),
    [
        ("example.org:443", b"example.org", "https"),
        ("example.org:80", b"example.org", "http"),
        ("example.org:8080", b"example.org:8080", ""),
        ("example.org", b"example.org", ""),
    ],
)
def test_hosts_in_front(name: str, host: bytes, scheme: str) -> None:
    entry = combined(vhost=True)(f"{name} {line('/')}".encode())
    assert entry is not None
    assert (entry.host, entry.scheme, entry.address) == (host, scheme, "203.0.113.9")


def test_a_plain_line_has_no_host_in_front() -> None:
    assert combined(vhost=True)(line("/").encode()) is None


def test_common_lines_have_no_headers() -> None:
    entry = common()(HEAD.encode())
    assert entry is not None
    assert (entry.address, entry.status, entry.headers) == ("203.0.113.9", 200, [])


def test_bytes_of_any_encoding_pass_through() -> None:
    entry = combined()(line("/", "Müller").encode("latin-1"))
    assert entry is not None
    assert dict(entry.headers)[b"user-agent"] == b"M\xfcller"


@given(st.binary(max_size=400))
@example(b'a - - [20/Nov/2026:10:00:00 +0000] "" 200 - "" ""')
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for parse in PARSERS:
        entry = parse(data)
        assert entry is None or (isinstance(entry, Entry) and isfinite(entry.time))


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_what_visitors_write_stays_in_its_place(target: str, agent: str, referer: str) -> None:
    """Whatever it is: escaped as nginx does, it comes out as it went in, and moves nothing else."""
    logged, sent = [], [target, agent, referer]
    for value in sent:
        data = value.encode("utf-8", "surrogatepass")
        logged.append("".join(chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\x{b:02X}" for b in data))
    entry = combined()(line(*logged).encode())
    assert entry is not None
    assert (entry.address, entry.status) == ("203.0.113.9", 200)
    headers = dict(entry.headers)
    for name, value in ((b"user-agent", agent), (b"referer", referer)):
        wanted = value.encode("utf-8", "surrogatepass")
        assert headers.get(name, b"") == (wanted if wanted != b"-" else b"")


@pytest.mark.parametrize(
    "piece",
    [
        *(
            ' "',
            '\\"',
            " [",
            "] ",
            ' "-" "-"',
            "a ",
            "1, ",
            "\\",
            ' [20/Nov/2026:10:00:00 +0000] "',
            ":",
            "1.",
            '] "\\',
        ),
        *(' "1,', ' "::', '" 200 5 "'),
    ],
)
@pytest.mark.parametrize("start", ["", HEAD, f'{HEAD} "', f'{HEAD} "-" "-"', HEAD.split('"')[0] + '"'])
def test_the_longest_lines_cost_little(start: str, piece: str) -> None:
    text = (start + piece * (65_536 // len(piece))).encode()[:65_536]
    began = time.process_time()
    for parse in PARSERS:
        parse(text)
    assert time.process_time() - began < 0.5
