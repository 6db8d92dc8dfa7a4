"""Single values: how they may be written, and what comes of it."""

from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.config.forms import duration_text, rate_text, size_text, written
from guardware.config.schema import Config
from guardware.config.values import (
    check_prefix,
    check_store_url,
    parse_duration,
    parse_network,
    parse_proxy,
    parse_rate,
    parse_size,
)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("120/minute", 2.0),
        ("1/s", 1.0),
        (" 0.5 / second ", 0.5),
        ("3600/h", 1.0),
        ("1/day", 1 / 86400),
        ("1000000/s", 1e6),
    ],
)
def test_rates(text: str, rate: float) -> None:
    assert parse_rate(text) == pytest.approx(rate)


@pytest.mark.parametrize(
    "value",
    ["", "120", "120/", "/s", "0/s", "-1/s", "1/week", "1e3/s", "0.9/day", "1000001/s", "9" * 400 + "/s", 5, None],
)
def test_no_rates(value: Any) -> None:
    with pytest.raises(ValueError, match="; write a"):
        parse_rate(value)


@pytest.mark.parametrize(
    ("text", "size"),
    [(5, 5), ("5", 5), ("64 MB", 64_000_000), ("50MiB", 50 * 1024**2), ("1.5 kb", 1500), ("2gib", 2 * 1024**3)],
)
def test_sizes(text: Any, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("value", ["", "MB", "5 TB", "-5", "1e5", "9" * 400 + " MB", True, 1.5, None])
def test_no_sizes(value: Any) -> None:
    with pytest.raises(ValueError, match="; write a number and a unit"):
        parse_size(value)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("50ms", 0.05),
        ("2s", 2),
        ("5m", 300),
        ("6h", 21600),
        ("1d", 86400),
        ("2", 2),
        (0.5, 0.5),
        (timedelta(seconds=3), 3),
    ],
)
def test_durations(text: Any, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("value", ["", "s", "5 weeks", "-5s", True, None])
def test_no_durations(value: Any) -> None:
    with pytest.raises(ValueError, match="; write a number and a unit"):
        parse_duration(value)


@pytest.mark.parametrize("text", ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::1"])
def test_networks(text: str) -> None:
    assert parse_network(text) == parse_network(ip_network(text)) == ip_network(text)


@pytest.mark.parametrize(
    ("value", "mend"),
    [
        ("example.com", "write an address or a network, as in 10.0.0.0/8"),
        ("10.0.0.1/8", "write 10.0.0.0/8, or 10.0.0.1 for the one address"),
        (10, "write an address or a network"),  # and not 0.0.0.10
        (True, "write an address or a network"),
        (None, "write an address or a network"),
    ],
)
def test_no_networks(value: Any, mend: str) -> None:
    with pytest.raises(ValueError, match=f"; {mend}"):
        parse_network(value)


def test_a_unix_socket_is_a_proxy() -> None:
    assert parse_proxy("unix") == "unix"


@pytest.mark.parametrize("path", ["/.guardware", "/a/b-c_d~e.f"])
def test_prefixes(path: str) -> None:
    assert check_prefix(path) == path


@pytest.mark.parametrize(
    "path", ["", "/", "a", "/a/", "//a", "/a/../b", "/..", "/.", "/a?b", "/a b", "/é", "/a\n"]
)
def test_no_prefixes(path: str) -> None:
    with pytest.raises(ValueError, match=r"; write one like /\.guardware"):
        check_prefix(path)


@pytest.mark.parametrize("url", ["memory://", "redis://h:6379/0", "rediss://:p@h", "unix:///run/redis.sock?db=1"])
def test_store_urls(url: str) -> None:
    assert check_store_url(url) == url


@pytest.mark.parametrize(
    "url", ["", "redis", "redis:/h", "mongodb://:geheim@h", "redis://:geheim@h:x", "redis://:geheim@[h", "unix://"]
)
def test_no_store_urls(url: str) -> None:
    with pytest.raises(ValueError) as raised:
        check_store_url(url)
    assert "; " in str(raised.value)
    assert "geheim" not in str(raised.value)


# The way back


@pytest.mark.parametrize(
    ("rate", "text"), [(2.0, "120/minute"), (50.0, "3000/minute"), (1 / 3600, "1/hour"), (1 / 86400, "1/day")]
)
def test_rates_written(rate: float, text: str) -> None:
    assert rate_text(rate) == text


@given(st.integers(1, 10**6), st.sampled_from(["second", "minute", "hour", "day"]))
def test_a_rate_written_reads_the_same(count: int, unit: str) -> None:
    rate = parse_rate(f"{count}/{unit}")
    assert parse_rate(rate_text(rate)) == pytest.approx(rate, rel=1e-6)


@given(st.integers(0, 10**12))
def test_a_size_written_reads_the_same(size: int) -> None:
    assert parse_size(size_text(size)) == size


@given(st.floats(0.001, 1e6))
def test_a_duration_written_reads_the_same(seconds: float) -> None:
    assert parse_duration(duration_text(seconds)) == pytest.approx(seconds)


def test_a_whole_configuration_written_reads_the_same() -> None:
    config = Config.model_validate(
        {"rules": [{"match": {"address": "10.0.0.0/8"}, "action": "deny"}], "crawlers": {"ai-search": "allow"}}
    )
    assert Config.model_validate(written(config)) == config
    assert written(config)["crawlers"]["ai-search"] == "allow"
    assert written(config)["store"]["timeout"] == "50ms"
