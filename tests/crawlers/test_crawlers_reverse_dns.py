"""Reverse DNS, asked of a name server of our own that is honest, lies, or falls silent."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import dns.rcode
import pytest
import pytest_asyncio
from dns import name as dns_name
from dns_server import DnsServer, dns_server, reverse
from hypothesis import given
from hypothesis import strategies as st

from guardware.crawlers.proof import Outcome
from guardware.crawlers.reverse_dns import (
    CONFIRMED_FOR,
    GENERIC,
    MAX_NAMES,
    REFUTED_FOR,
    UNKNOWN_FOR,
    Confirmation,
    ReverseDns,
    _Datagrams,
    accepted,
    fits,
    resolver_at,
    system_resolver,
)

CRAWLER, NAME = "66.249.66.1", "crawl-66-249-66-1.googlebot.com"
V6 = "2001:4860:4801:10::1"
GOOGLE = ("googlebot.com",)

CONFIRMED = Outcome.CONFIRMED
REFUTED = Confirmation(Outcome.REFUTED)
UNKNOWN = Confirmation(Outcome.UNKNOWN)


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest_asyncio.fixture
async def server() -> AsyncIterator[DnsServer]:
    async with dns_server() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def names(server: DnsServer, clock: Clock) -> ReverseDns:
    return ReverseDns(resolver_at([("127.0.0.1", server.port)]), timeout=0.3, clock=clock)


@pytest.mark.parametrize("address", [CRAWLER, V6])
async def test_an_honest_crawler(server: DnsServer, names: ReverseDns, address: str) -> None:
    server.host(address, NAME)
    assert await names.confirm(address, GOOGLE) == (CONFIRMED, NAME)
    assert [kind for _, kind in server.asked] == ["PTR", "AAAA" if ":" in address else "A"]


async def test_an_address_written_another_way_is_the_same(server: DnsServer, names: ReverseDns) -> None:
    server.host(CRAWLER, NAME)
    server.host(V6, NAME)
    assert (await names.confirm(f"::ffff:{CRAWLER}", GOOGLE)).outcome is CONFIRMED
    assert (await names.confirm("2001:4860:4801:0010:0:0:0:0001", GOOGLE)).outcome is CONFIRMED


async def test_capital_letters_do_not_matter(server: DnsServer, names: ReverseDns) -> None:
    server.point(CRAWLER, ["Crawl-66-249-66-1.GoogleBot.COM"])
    server.lead(NAME, [CRAWLER])
    assert await names.confirm(CRAWLER, GOOGLE) == (CONFIRMED, NAME)


@pytest.mark.parametrize(
    ("name", "leads_to"),
    [
        pytest.param(NAME, [], id="a forged name leads nowhere"),
        pytest.param(NAME, ["66.249.66.2"], id="a forged name leads to the real crawler"),
        pytest.param(NAME, [V6], id="only to an address of the other kind"),
        pytest.param("evilgooglebot.com", [CRAWLER], id="the suffix without a dot before it"),
        pytest.param("googlebot.com.evil.net", [CRAWLER], id="the suffix in the middle"),
        pytest.param("googlebot.com.", [], id="nothing but the suffix, leading nowhere"),
        pytest.param(r"crawl\.googlebot.com", [CRAWLER], id="a label that holds the dot"),
        pytest.param("ec2-1-2-3-4.compute-1.amazonaws.com", [CRAWLER], id="a machine for rent"),
    ],
)
async def test_a_liar(server: DnsServer, names: ReverseDns, name: str, leads_to: list[str]) -> None:
    server.point(CRAWLER, [name.removesuffix(".")])
    server.lead(name.removesuffix("."), leads_to)
    assert await names.confirm(CRAWLER, GOOGLE) == REFUTED


async def test_the_suffix_itself_is_a_name_of_the_operator(server: DnsServer, names: ReverseDns) -> None:
    server.host(CRAWLER, "googlebot.com")
    assert await names.confirm(CRAWLER, GOOGLE) == (CONFIRMED, "googlebot.com")


async def test_an_address_without_a_name(server: DnsServer, names: ReverseDns) -> None:
    assert await names.confirm(CRAWLER, GOOGLE) == REFUTED
    server.records[reverse("66.249.66.2"), "TXT"] = ["other"]  # the name exists, but leads nowhere
    assert await names.confirm("66.249.66.2", GOOGLE) == REFUTED


async def test_the_third_of_several_names_fits(server: DnsServer, names: ReverseDns) -> None:
    server.point(CRAWLER, ["a.example.net", "b.example.net", NAME, "z.googlebot.com"])
    server.lead(NAME, [CRAWLER])
    assert await names.confirm(CRAWLER, GOOGLE) == (CONFIRMED, NAME)
    assert ("a.example.net", "A") not in server.asked


async def test_any_of_several_suffixes_will_do(server: DnsServer, names: ReverseDns) -> None:
    server.host("5.255.253.1", "5-255-253-1.spider.yandex.com")
    suffixes = ("yandex.ru", "yandex.net", "yandex.com")
    assert (await names.confirm("5.255.253.1", suffixes)).outcome is CONFIRMED


async def test_an_alias_is_followed(server: DnsServer, names: ReverseDns) -> None:
    """RFC 2317: the owner of less than a /24 is given its reverse names by aliases."""
    server.records[reverse(CRAWLER), "CNAME"] = ["1.0-63.66.249.66.in-addr.arpa."]
    server.records["1.0-63.66.249.66.in-addr.arpa", "PTR"] = [f"{NAME}."]
    server.lead(NAME, [CRAWLER])
    assert (await names.confirm(CRAWLER, GOOGLE)).outcome is CONFIRMED


async def test_an_alias_that_leads_nowhere_refutes_nothing(server: DnsServer, names: ReverseDns) -> None:
    server.records[reverse(CRAWLER), "CNAME"] = ["elsewhere.example.net."]
    server.records["elsewhere.example.net", "TXT"] = ["other"]
    assert await names.confirm(CRAWLER, GOOGLE) == UNKNOWN


@pytest.mark.parametrize("length", [2, 25])
async def test_aliases_without_end(server: DnsServer, names: ReverseDns, length: int) -> None:
    chain = [reverse(CRAWLER), *(f"n{i}.example.net" for i in range(length - 1))]
    for name, following in zip(chain, chain[1:] + chain[:1], strict=True):
        server.records[name, "CNAME"] = [f"{following}."]
    assert await names.confirm(CRAWLER, GOOGLE) == UNKNOWN


@pytest.mark.parametrize("when", ["PTR", "A"])
async def test_a_server_that_never_answers(server: DnsServer, names: ReverseDns, when: str) -> None:
    server.host(CRAWLER, NAME)
    server.silent.add(reverse(CRAWLER) if when == "PTR" else NAME)
    assert await names.confirm(CRAWLER, GOOGLE) == UNKNOWN


@pytest.mark.parametrize("rcode", [dns.rcode.SERVFAIL, dns.rcode.REFUSED, dns.rcode.FORMERR, dns.rcode.YXDOMAIN])
@pytest.mark.parametrize("when", ["PTR", "A"])
async def test_a_server_that_will_not_say(
    server: DnsServer, names: ReverseDns, rcode: dns.rcode.Rcode, when: str
) -> None:
    server.host(CRAWLER, NAME)
    server.rcodes[reverse(CRAWLER) if when == "PTR" else NAME] = rcode
    assert await names.confirm(CRAWLER, GOOGLE) == UNKNOWN


async def test_one_name_fails_and_another_leads_back(server: DnsServer, names: ReverseDns) -> None:
    server.point(CRAWLER, ["a.googlebot.com", NAME])
    server.rcodes["a.googlebot.com"] = dns.rcode.SERVFAIL
    assert await names.confirm(CRAWLER, GOOGLE) == UNKNOWN
    server.lead(NAME, [CRAWLER])
    assert (await names.confirm(CRAWLER, (*GOOGLE, "asked.anew"))).outcome is CONFIRMED


@pytest.mark.parametrize("garbage", [b"", b"\x00", b"\xff" * 600, bytes(12)])
async def test_garbage_is_not_an_answer(server: DnsServer, names: ReverseDns, garbage: bytes) -> None:
    server.raw[reverse(CRAWLER)] = [garbage]
    server.silent.add(reverse(CRAWLER))
    assert await names.confirm(CRAWLER, GOOGLE) == UNKNOWN


async def test_an_answer_after_garbage_counts(server: DnsServer, names: ReverseDns) -> None:
    server.host(CRAWLER, NAME)
    server.raw[reverse(CRAWLER)] = [b"\x00", b"\xff" * 600]
    assert (await names.confirm(CRAWLER, GOOGLE)).outcome is CONFIRMED


async def test_a_hundred_names_are_not_read(server: DnsServer, names: ReverseDns) -> None:
    """They do not fit a datagram, and are not fetched over TCP: reading them would hold up visits."""
    connections = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer.get_extra_info("peername"))
        writer.close()

    server.point(CRAWLER, [f"n{i}.googlebot.com" for i in range(100)])
    async with await asyncio.start_server(connected, "127.0.0.1", server.port):
        assert await names.confirm(CRAWLER, GOOGLE) == UNKNOWN
    assert len(server.asked) == 1
    assert connections == []


async def test_few_of_many_names_are_looked_up(server: DnsServer, names: ReverseDns) -> None:
    server.point(CRAWLER, [f"n{i}.googlebot.com" for i in range(12)])
    assert await names.confirm(CRAWLER, GOOGLE) == REFUTED
    assert len(server.asked) == 1 + MAX_NAMES


async def test_without_a_name_server_nothing_is_known() -> None:
    assert await ReverseDns(None).confirm(CRAWLER, GOOGLE) == UNKNOWN


async def test_a_name_server_that_is_not_there() -> None:
    async with dns_server() as gone:
        port = gone.port
    names = ReverseDns(resolver_at([("127.0.0.1", port)]), timeout=0.2)
    assert await names.confirm(CRAWLER, GOOGLE) == UNKNOWN


async def test_the_second_name_server_is_asked_when_the_first_is_silent(server: DnsServer) -> None:
    async with dns_server() as dead:
        dead.silent.update([reverse(CRAWLER), NAME])
        server.host(CRAWLER, NAME)
        resolver = resolver_at([("127.0.0.1", dead.port), ("127.0.0.1", server.port)])
        resolver.timeout = 0.05
        assert (await ReverseDns(resolver).confirm(CRAWLER, GOOGLE)).outcome is CONFIRMED


@pytest.mark.parametrize("address", ["", "unknown", "66.249.66", "66.249.66.1.1", "fe80::1%eth0", "💥"])
async def test_what_is_no_address_is_not_asked(server: DnsServer, names: ReverseDns, address: str) -> None:
    assert await names.confirm(address, GOOGLE) == UNKNOWN
    assert server.asked == []


@pytest.mark.parametrize(
    "suffix", [*GENERIC, "compute.amazonaws.com", "gae.googleusercontent.com", "com", "", "."]
)
async def test_suffixes_that_prove_nothing(server: DnsServer, names: ReverseDns, suffix: str) -> None:
    """Whoever rents a machine there gets such a name, and it leads back; even if the catalogue names one."""
    server.host(CRAWLER, f"host.{suffix}".rstrip("."))
    assert await names.confirm(CRAWLER, (suffix,)) == UNKNOWN
    assert server.asked == []


async def test_a_rented_machine_under_a_wide_suffix(server: DnsServer, names: ReverseDns) -> None:
    server.host(CRAWLER, "ec2-1.compute.amazonaws.com.cn")
    assert await names.confirm(CRAWLER, ("com.cn",)) == REFUTED


@pytest.mark.parametrize("suffix", ["a..b", "." * 300, "x" * 64 + ".com"])
async def test_a_malformed_suffix_proves_nothing(names: ReverseDns, suffix: str) -> None:
    assert await names.confirm(CRAWLER, (suffix,)) == UNKNOWN


@pytest.mark.parametrize(
    ("leads_to", "silent", "lifetime"),
    [
        pytest.param([CRAWLER], False, CONFIRMED_FOR, id="confirmed"),
        pytest.param([], False, REFUTED_FOR, id="refuted"),
        pytest.param([], True, UNKNOWN_FOR, id="unknown"),
    ],
)
async def test_answers_are_remembered_for_a_while(
    server: DnsServer, names: ReverseDns, clock: Clock, leads_to: list[str], silent: bool, lifetime: float
) -> None:
    server.point(CRAWLER, [NAME])
    server.lead(NAME, leads_to)
    if silent:
        server.rcodes[NAME] = dns.rcode.SERVFAIL
    first = await names.confirm(CRAWLER, GOOGLE)
    questions = len(server.asked)
    clock.now += lifetime - 1
    assert await names.confirm(CRAWLER, GOOGLE) == first
    assert len(server.asked) == questions
    clock.now += 1
    assert await names.confirm(CRAWLER, GOOGLE) == first
    assert len(server.asked) == 2 * questions


async def test_what_has_expired_is_swept_out(server: DnsServer, names: ReverseDns, clock: Clock) -> None:
    await names.confirm(CRAWLER, GOOGLE)
    assert sum(len(known) for known in names._known.values()) == 1
    names.sweep(clock.now + REFUTED_FOR)
    assert sum(len(known) for known in names._known.values()) == 0


def test_the_machine_s_name_servers_are_asked_and_never_over_tcp(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text("search example.com\nnameserver 192.0.2.53\nnameserver 2001:db8::53\n")
    resolver = system_resolver(str(file))
    assert resolver is not None
    assert [
        (str(server.address), server.port) for server in resolver.nameservers if isinstance(server, _Datagrams)
    ] == [
        ("192.0.2.53", 53),
        ("2001:db8::53", 53),
    ]
    assert resolver.search == []


@pytest.mark.parametrize("content", [None, "", "options ndots:2\n"])
def test_a_machine_without_name_servers(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: str | None
) -> None:
    file = tmp_path / "resolv.conf"
    if content is not None:
        file.write_text(content)
    assert system_resolver(str(file)) is None
    assert "no name server is configured" in caplog.text


_labels = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=12)


@given(st.lists(_labels, min_size=1, max_size=5))
def test_a_name_fits_only_label_by_label(labels: list[str]) -> None:
    wanted = accepted(["googlebot.com"])
    plain = ".".join(labels)
    assert fits(dns_name.from_text(f"{plain}.googlebot.com"), wanted)
    assert not fits(dns_name.from_text(f"{plain}.googlebot.com.{plain}.net"), wanted)
    assert not fits(dns_name.from_text(f"x{plain}googlebot.com"), wanted)
