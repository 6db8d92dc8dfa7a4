"""Which engine a user-agent claims."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.engines import claimed_engine

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{} Safari/537.36"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS {} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) {} Safari/604.1"
)


@pytest.mark.parametrize(
    ("user_agent", "family", "major", "modern", "stale"),
    [
        (CHROME.format("156.0.0.0"), "chromium", 156, True, False),
        (CHROME.format("156.0.0.0") + " Edg/156.0.0.0", "chromium", 156, True, False),
        (CHROME.format("79.0.3945.88"), "chromium", 79, False, True),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:157.0) Gecko/20100101 Firefox/157.0", "gecko", 157, True, False),
        ("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:72.0) Gecko/20100101 Firefox/72.0", "gecko", 72, False, True),
        (IPHONE.format("17_2", "Version/17.2 Mobile/15E148"), "webkit", 17, True, False),
        (IPHONE.format("16_3", "Version/16.3 Mobile/15E148"), "webkit", 16, False, False),
        (IPHONE.format("18_1", "CriOS/156.0 Mobile/15E148"), "webkit", 18, True, False),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/26.0 Safari/605.1.15",
            "webkit", 26, True, False,
        ),
        # Made no more: somebody's old machine.
        ("Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0)", "trident", 8, False, True),
        ("Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko", "trident", 11, False, True),
        ("Opera/9.80 (Windows NT 6.1; WOW64) Presto/2.12.388 Version/12.17", "presto", 12, False, True),
        (
            "Mozilla/5.0 (Macintosh; U; Intel Mac OS X 10_6_3; en-us; Silk/1.0.13.81_10003810) AppleWebKit/533.16 "
            "(KHTML, like Gecko) Version/5.0 Safari/533.16 Silk-Accelerated=true",
            "webkit", 1, False, False,
        ),
    ],
)  # fmt: skip
def test_claims(user_agent: str, family: str, major: int, modern: bool, stale: bool) -> None:
    engine = claimed_engine(user_agent)
    assert engine is not None
    assert (engine.family, engine.major, engine.modern, engine.stale) == (family, major, modern, stale)


@pytest.mark.parametrize(
    "user_agent",
    [
        "",
        "curl/8.0",
        "Lynx/2.9.0",
        "w3m/0.5.3",
        "Mozilla/4.5 (compatible; HTTrack)",
        "Mozilla/4.0 (compatible;)",
        "Opera/9.80",
        "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (iPad; CPU OS like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Chrome/156.0.0.0",
    ],
)
def test_claims_nothing(user_agent: str) -> None:
    assert claimed_engine(user_agent) is None


@given(st.text())
def test_never_raises(text: str) -> None:
    claimed_engine(text)
    assert claimed_engine("Mozilla/5.0 (" + text) == claimed_engine("Mozilla/5.0 (" + text)
