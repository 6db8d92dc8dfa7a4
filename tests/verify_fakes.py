"""Stand-ins for what the verifier asks, and visits that make claims."""

import asyncio

from guardware.crawlers import Crawler, Purpose, Verification
from guardware.crawlers.proof import Outcome
from guardware.crawlers.reverse_dns import Confirmation
from guardware.crawlers.web_bot_auth.result import Result, Validity
from guardware.http import RawHeaders
from guardware.visit import Visit, VisitReader

ADDRESS = "66.249.66.1"
LIST, OTHER_LIST = "https://example.com/crawlers.json", "https://example.com/more.json"
SUFFIX, AGENT = "crawl.example.com", "agent.example.com"
ORIGIN = f"https://{AGENT}"

_reader = VisitReader()


def visit(address: str = ADDRESS, *, agent: str | None = None, headers: RawHeaders | None = None) -> Visit:
    """A visit from ``address``; signed by ``agent`` if one is given."""
    sent: RawHeaders = [(b"host", b"example.org"), *(headers or [])]
    if agent is not None:
        sent += [
            (b"signature-agent", f'"{agent}"'.encode()),
            (b"signature-input", b"sig=()"),
            (b"signature", b"-"),
        ]
    scope = {"type": "http", "method": "GET", "path": "/1.jpg", "headers": sent, "client": (address, 1)}
    found = _reader.read(scope)
    assert found is not None
    return found


def crawler(
    token: str = "ExampleBot",
    *,
    ranges: tuple[str, ...] = (),
    rdns: tuple[str, ...] = (),
    web_bot_auth: str | None = None,
    purpose: Purpose = Purpose.SEARCH,
    operator: str = "Example",
    robots_only: bool = False,
) -> Crawler:
    """A crawler that can be verified in the given ways."""
    ways = Verification(ranges, rdns, web_bot_auth)
    return Crawler(token, operator, purpose, False, robots_only, False, "test", "2026-01-01", None, ways)


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class FakeRanges:
    """``answers``: what each list says of every address; ``fetched``: what it says once it was fetched anew."""

    def __init__(self, answers: dict[str, bool | None], fetched: dict[str, bool | None] | None = None) -> None:
        self.answers = answers
        self.fetched = fetched or {}
        self.refreshed: list[str] = []
        self.error: Exception | None = None

    def contains(self, url: str, address: str) -> bool | None:
        return self.answers[url]

    async def refresh(self, url: str) -> None:
        self.refreshed.append(url)
        if self.error is not None:
            raise self.error
        self.answers.update(self.fetched)


class FakeNames:
    """Says ``outcome`` of every address; ``gate``: waits for it first."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.asked: list[str] = []
        self.gate: asyncio.Event | None = None
        self.at_once = self.most_at_once = 0

    async def confirm(self, address: str, suffixes: tuple[str, ...]) -> Confirmation:
        self.asked.append(address)
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            if self.gate is not None:
                await self.gate.wait()
        finally:
            self.at_once -= 1
        name = f"crawl-{address.replace('.', '-')}.{suffixes[0]}" if self.outcome is Outcome.CONFIRMED else ""
        return Confirmation(self.outcome, name)

    def sweep(self, now: float) -> None:
        """Nothing is remembered here."""


class FakeChecker:
    """Says ``outcome`` of every signature, in the name of ``agent``."""

    def __init__(self, outcome: Validity, agent: str = ORIGIN) -> None:
        self.outcome: Validity = outcome
        self.agent = agent
        self.checked: list[tuple[RawHeaders, float]] = []
        self.closed = False

    async def check(
        self,
        headers: RawHeaders,
        *,
        method: str,
        scheme: str,
        authority: str,
        raw_path: bytes,
        query: bytes,
        now: float,
    ) -> Result:
        assert (method, scheme, authority, raw_path, query) == ("GET", "http", "example.org", b"/1.jpg", b"")
        self.checked.append((headers, now))
        return Result(self.outcome, self.agent, f"the signature is {self.outcome}")

    async def close(self) -> None:
        self.closed = True
