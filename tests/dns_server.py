"""A small name server for tests, on 127.0.0.1, over UDP only."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
from dns.message import Message
from dns.reversename import from_address

LONGEST_CHAIN = 40
"""Aliases followed; more than any resolver accepts."""


class DnsServer(asyncio.DatagramProtocol):
    """Answers from ``records``; what is not there does not exist (NXDOMAIN).

    ``asked``: the questions so far, as (name, type), names without the final dot.
    """

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], list[str]] = {}
        self.rcodes: dict[str, dns.rcode.Rcode] = {}
        self.silent: set[str] = set()
        self.raw: dict[str, list[bytes]] = {}
        self.asked: list[tuple[str, str]] = []
        self.port = 0
        self._transport: asyncio.DatagramTransport | None = None

    def point(self, address: str, names: Iterable[str]) -> None:
        """PTR records: ``address`` has ``names``."""
        self.records[reverse(address), "PTR"] = [f"{name}." for name in names]

    def lead(self, name: str, addresses: Iterable[str]) -> None:
        """A and AAAA records: ``name`` leads to ``addresses``."""
        for address in addresses:
            self.records.setdefault((name, "AAAA" if ":" in address else "A"), []).append(address)

    def host(self, address: str, name: str) -> None:
        """Both ways."""
        self.point(address, [name])
        self.lead(name, [address])

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self._transport is not None
        query = dns.message.from_wire(data)
        name = query.question[0].name.to_text(omit_final_dot=True).lower()
        self.asked.append((name, dns.rdatatype.to_text(query.question[0].rdtype)))
        for datagram in self.raw.get(name, []):
            self._transport.sendto(datagram, addr)
        if name not in self.silent:
            self._transport.sendto(self._answer(query, name).to_wire(max_size=512, prefer_truncation=True), addr)

    def _answer(self, query: Message, name: str) -> Message:
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        kind = self.asked[-1][1]
        for _ in range(LONGEST_CHAIN):
            alias = self.records.get((name, "CNAME"))
            if alias is None:
                break
            answer.answer.append(dns.rrset.from_text_list(f"{name}.", 60, "IN", "CNAME", alias))
            name = alias[0].removesuffix(".")
        found = self.records.get((name, kind))
        if found:
            answer.answer.append(dns.rrset.from_text_list(f"{name}.", 60, "IN", kind, found))
        elif not any(known == name for known, _ in self.records):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        answer.set_rcode(self.rcodes.get(name, answer.rcode()))
        return answer


def reverse(address: str) -> str:
    """The name under which the names of ``address`` are filed."""
    return from_address(address).to_text(omit_final_dot=True)


@asynccontextmanager
async def dns_server() -> AsyncIterator[DnsServer]:
    """A running server."""
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
        DnsServer, local_addr=("127.0.0.1", 0)
    )
    try:
        yield server
    finally:
        transport.close()
