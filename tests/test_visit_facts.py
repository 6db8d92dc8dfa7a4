"""What a trusted proxy tells of a connection, who is signed in, and what else the headers of a visit say."""

import time
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.accounts import MAX_ACCOUNT
from guardware.config.clients import Account, Facts
from guardware.http import RawHeaders
from guardware.order import HeaderOrder
from guardware.visit import Visit, VisitReader

PROXY, STRANGER = "10.0.0.1", "203.0.113.9"
NAMES = Facts(protocol="X-Client-Protocol", alpn="X-Client-ALPN", ja4="X-Client-JA4")
JA4 = b"t13d1516h2_8daaf6152771"
TOLD: RawHeaders = [
    (b"x-forwarded-for", b"198.51.100.7"),
    (b"x-forwarded-proto", b"https"),
    (b"x-client-protocol", b"HTTP/2.0"),
    (b"x-client-alpn", b"h2"),
    (b"x-client-ja4", JA4 + b"_02713d6af862"),
]


def reader(account: Account | None = None, order: HeaderOrder | None = None) -> VisitReader:
    trusted = [ip_network("10.0.0.0/8")]
    return VisitReader(trusted, facts=NAMES, account=account or Account(), order=order)


def read(via: VisitReader, headers: RawHeaders, peer: str | None = PROXY) -> Visit:
    client = None if peer is None else (peer, 1)
    visit = via.read({"type": "http", "method": "GET", "path": "/", "headers": headers, "client": client})
    assert visit is not None
    return visit


def told(via: VisitReader, changed: dict[bytes, bytes | None], peer: str = PROXY) -> tuple[bytes | None, ...]:
    """Protocol, ALPN and JA4 of a visit whose proxy says ``changed`` instead of what ``TOLD`` says."""
    lines = [(name, value) for name, value in {**dict(TOLD), **changed}.items() if value is not None]
    facts = read(via, lines, peer).facts
    return facts.protocol, facts.alpn, facts.ja4


def test_a_trusted_proxy_is_believed_and_nobody_else() -> None:
    via = reader()
    assert told(via, {}) == (b"HTTP/2.0", b"h2", JA4)
    assert told(via, {}, STRANGER) == (None, None, None)
    assert told(via, {}) == (b"HTTP/2.0", b"h2", JA4), "after the stranger too"


def test_a_unix_socket_is_a_trusted_proxy_when_the_owner_says_so() -> None:
    assert read(VisitReader(["unix"], facts=NAMES), TOLD, peer=None).facts.ja4 == JA4
    assert read(VisitReader([], facts=NAMES), TOLD, peer=None).facts.ja4 is None


def test_headers_that_the_owner_did_not_name_mean_nothing() -> None:
    visit = read(VisitReader([ip_network("10.0.0.0/8")]), TOLD)
    assert (visit.facts.protocol, visit.facts.alpn, visit.facts.ja4) == (None, None, None)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({b"x-client-ja4": b"t13d1516h2_8daaf6152771"}, (b"HTTP/2.0", b"h2", JA4)),
        ({b"x-client-ja4": b"t13i181100_85036bcba153"}, (b"HTTP/2.0", b"h2", b"t13i181100_85036bcba153")),
        ({b"x-client-ja4": None}, (b"HTTP/2.0", b"h2", None)),
        ({b"x-client-ja4": b""}, (b"HTTP/2.0", b"h2", None)),
        ({b"x-client-ja4": b"t13d1516h2"}, (b"HTTP/2.0", b"h2", None)),
        ({b"x-client-ja4": b"t13d1516h2_8DAAF6152771"}, (b"HTTP/2.0", b"h2", None)),
        ({b"x-client-ja4": JA4 + b"_02713d6af862, " + JA4}, (b"HTTP/2.0", b"h2", None)),
        ({b"x-client-ja4": JA4 + b"_02713d6af862\n"}, (b"HTTP/2.0", b"h2", None)),
        ({b"x-client-alpn": b""}, (b"HTTP/2.0", None, JA4)),
        ({b"x-client-alpn": b"none"}, (b"HTTP/2.0", b"none", JA4)),
        ({b"x-client-alpn": b"h2, http/1.1"}, (b"HTTP/2.0", None, JA4)),
        ({b"x-client-alpn": b"x" * 100_000}, (b"HTTP/2.0", None, JA4)),
        ({b"x-client-protocol": b"HTTP/3"}, (b"HTTP/3", b"h2", JA4)),
        ({b"x-client-protocol": b"SPDY"}, (None, b"h2", JA4)),
        # Over plain http there is no TLS to tell of.
        ({b"x-forwarded-proto": b"http"}, (None, None, None)),
        ({b"x-forwarded-proto": None}, (None, None, None)),
    ],
)
def test_what_is_read(changed: dict[bytes, bytes | None], expected: tuple[bytes | None, ...]) -> None:
    via = reader()
    told(via, {})
    assert told(via, changed) == expected
    assert told(via, changed) == expected, "also when it comes again"


def test_a_proxy_that_never_speaks_http_2_says_nothing_of_its_visitors() -> None:
    via, old = reader(), {b"x-client-protocol": b"HTTP/1.1", b"x-client-alpn": b"http/1.1"}
    for _ in range(3):
        assert told(via, {**old}) == (None, None, JA4)
    assert told(via, {}, STRANGER) == (None, None, None)
    assert told(via, {**old}) == (None, None, JA4), "a stranger cannot make it believe"
    assert told(via, {}) == (b"HTTP/2.0", b"h2", JA4)
    assert told(via, {**old}) == (b"HTTP/1.1", b"http/1.1", JA4)


@pytest.mark.parametrize("copies", [2, 3])
def test_a_header_that_was_added_and_not_replaced_is_not_believed(copies: int) -> None:
    via = reader(Account(header="X-Account"))
    visit = read(via, [*TOLD, *[(b"x-client-ja4", JA4), (b"x-account", b"ada")] * copies])
    assert (visit.facts.ja4, visit.account) == (None, b"")


def test_a_signature_is_noticed_and_forged_headers_of_ours_are() -> None:
    via = reader()
    plain, signed = read(via, TOLD), read(via, [*TOLD, (b"signature-input", b'sig=("@authority")')])
    assert (plain.signed, plain.forged) == (False, False)
    assert (signed.signed, signed.forged) == (True, False)
    for _ in range(2):
        assert read(via, [*TOLD, (b"x-guardware-verdict", b"allow")]).forged


def test_cookie_lines_that_http_2_split_are_one() -> None:
    visit = read(reader(Account(cookie="sid")), [(b"cookie", b"a=1"), (b"cookie", b"sid=7")])
    assert (visit.cookie, visit.account) == (b"a=1; sid=7", b"7")


@pytest.mark.parametrize(
    ("peer", "value", "account"),
    [
        (PROXY, b"ada", b"ada"),
        (PROXY, b"", b""),
        (PROXY, None, b""),
        (STRANGER, b"ada", b""),
    ],
)
def test_the_account_in_a_header(peer: str, value: bytes | None, account: bytes) -> None:
    line = [] if value is None else [(b"x-account", value)]
    assert read(reader(Account(header="X-Account")), [*TOLD, *line], peer).account == account


@pytest.mark.parametrize(
    ("cookie", "account"),
    [
        (b"sid=7", b"7"),
        (b"a=1; sid=7; b=2", b"7"),
        (b"a=1;sid=7", b"7"),
        (b'sid="7"', b"7"),
        (b"sid = 7 ; a=1", b"7"),
        (b"sid=1; sid=2", b"2"),
        (b"sid=a=b", b"a=b"),
        (b"sid=", b""),
        (b"sid", b""),
        (b"xsid=7", b""),
        (b"sid2=7", b""),
        (b"SID=7", b""),
        (b"a=sid=7", b""),
        (b"", b""),
        (None, b""),
    ],
)
def test_the_account_in_a_cookie(cookie: bytes | None, account: bytes) -> None:
    line = [] if cookie is None else [(b"cookie", cookie)]
    for peer in (PROXY, STRANGER):
        assert read(reader(Account(cookie="sid")), line, peer).account == account


def test_no_account_unless_the_owner_names_one() -> None:
    assert read(reader(), [(b"cookie", b"sid=7"), (b"x-account", b"ada")]).account == b""


def test_long_accounts_are_hashed_whole() -> None:
    via = reader(Account(cookie="sid"))
    first, second = (read(via, [(b"cookie", b"sid=" + b"x" * 5000 + end)]).account for end in (b"1", b"2"))
    assert first != second
    assert len(first) <= MAX_ACCOUNT
    assert read(via, [(b"cookie", b"sid=" + b"x" * MAX_ACCOUNT)]).account == b"x" * MAX_ACCOUNT


@pytest.mark.parametrize("part", [b";", b"; ", b" ", b"sid", b"sid ", b"sid=;", b';sid="', b"; sid =", b"\t"])
def test_no_cookie_keeps_the_reader_busy(part: bytes) -> None:
    cookie = part * (65_536 // len(part))
    via = reader(Account(cookie="sid"))
    start = time.process_time()
    read(via, [(b"cookie", cookie)])
    assert time.process_time() - start < 0.1


def test_order_is_told_when_it_is_the_visitors() -> None:
    lines = [(b"host", b"x"), (b"referer", b"/"), (b"accept-encoding", b"gzip"), (b"accept", b"*/*")]
    assert read(reader(order=HeaderOrder(kept=True)), lines, STRANGER).facts.order == b"eA"
    assert read(reader(order=HeaderOrder(kept=False)), lines, STRANGER).facts.order == b""
    assert read(reader(), lines, STRANGER).facts.order == b"", "undecided"


def test_behind_an_unknown_proxy_order_is_neither_learnt_nor_believed() -> None:
    lines = [
        (b"x-forwarded-for", b"1.2.3.4"),
        (b"b", b""),
        (b"a", b""),
        (b"accept-encoding", b""),
        (b"accept", b""),
    ]
    assert read(reader(order=HeaderOrder(kept=True)), lines, "192.168.0.1").facts.order == b""
    via = reader()
    for _ in range(300):
        read(via, lines, "192.168.0.1")
    assert via.order.state == "undecided"


TEXT = st.one_of(st.binary(max_size=80), st.sampled_from([JA4, b"h2", b"none", b"HTTP/2.0", b"https", b"sid=1"]))
LINES = st.lists(st.tuples(st.sampled_from([n for n, _ in TOLD] + [b"cookie", b"x-account"]), TEXT), max_size=12)


@given(LINES, st.sampled_from([PROXY, STRANGER, "nonsense"]))
def test_never_raises_and_tells_only_what_is_well_formed(headers: RawHeaders, peer: str) -> None:
    for account in (Account(header="X-Account"), Account(cookie="sid")):
        visit = read(reader(account), headers, peer)
        assert len(visit.account) <= MAX_ACCOUNT
        assert visit.facts.ja4 in (None, JA4)
        assert visit.facts.alpn is None or len(visit.facts.alpn) <= 16
        if peer != PROXY:
            assert visit.facts[-4:] == (None, None, None, b"")
