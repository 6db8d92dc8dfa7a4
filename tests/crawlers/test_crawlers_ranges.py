"""RangeLists: what is known of an address, what is fetched when, and that a good copy outlives every bad one."""

import asyncio
import json
import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest

from guardware.crawlers import Catalogue
from guardware.crawlers.copies import Copy, keep_copy, path_of
from guardware.crawlers.published import ListError, published
from guardware.crawlers.ranges import COMPLETE_FOR, RETRY_AFTER, RangeLists

URL = "https://bot.example/ranges.json"
GPTBOT = "https://openai.com/gptbot.json"
DAY = 86400.0


class Net:
    """Answers with what is put into ``lists``, and counts."""

    def __init__(self) -> None:
        self.lists: dict[str, bytes | ListError] = {}
        self.asked: list[str] = []

    async def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        await asyncio.sleep(0)
        found = self.lists.get(url, ListError("the answer is 404 Not Found"))
        if isinstance(found, ListError):
            raise found
        return found

    def publish(self, *prefixes: str, url: str = URL) -> None:
        self.lists[url] = json.dumps({"prefixes": [{"ipv4Prefix": prefix} for prefix in prefixes]}).encode()


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, tzinfo=UTC).timestamp()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def net() -> Net:
    return Net()


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def test_unknown_becomes_known(net: Net, clock: Clock) -> None:
    lists = RangeLists(None, net, clock=clock)
    assert lists.contains(URL, "66.249.64.1") is None
    net.publish("66.249.64.0/27")
    await lists.refresh(URL)
    assert lists.contains(URL, "66.249.64.1") is True
    assert lists.contains(URL, "::ffff:66.249.64.1") is True
    assert lists.contains(URL, "66.249.64.32") is False
    assert lists.contains(URL, "2a00::1") is False
    assert lists.contains(URL, "nonsense") is None  # no address is in no list, and nobody's lie


async def test_the_silence_of_an_old_copy_says_nothing(net: Net, clock: Clock) -> None:
    lists = RangeLists(None, net, clock=clock)
    net.publish("66.249.64.0/27")
    await lists.refresh(URL)
    for later, answer in [(COMPLETE_FOR, False), (COMPLETE_FOR + 1, None), (-COMPLETE_FOR - 1, None)]:
        fetched = lists.copies[URL].fetched
        clock.now = fetched + later
        assert (lists.contains(URL, "66.249.65.1"), lists.contains(URL, "66.249.64.1")) == (answer, True)


async def test_the_shipped_copy_says_yes_and_never_no(net: Net, clock: Clock) -> None:
    lists = RangeLists(None, net, clock=clock)
    assert lists.contains(GPTBOT, "20.171.206.5") is True
    assert lists.contains(GPTBOT, "66.249.64.1") is None


async def test_a_copy_is_fetched_when_it_is_due(net: Net, clock: Clock) -> None:
    lists = RangeLists(None, net, refresh=DAY, clock=clock)
    net.publish("66.249.64.0/27")
    for step, asked in [(0, 1), (DAY - 1, 1), (1, 2), (0, 2), (-3 * DAY, 3)]:  # the last: the clock was set back
        clock.now += step
        await lists.refresh(URL)
        assert len(net.asked) == asked, step


async def test_many_at_once_ask_once(net: Net, clock: Clock) -> None:
    lists = RangeLists(None, net, clock=clock)
    net.publish("66.249.64.0/27")
    await asyncio.gather(*(lists.refresh(URL) for _ in range(100)))
    assert net.asked == [URL]
    del net.lists[URL]
    clock.now += 2 * DAY
    await asyncio.gather(*(lists.refresh(URL) for _ in range(100)))
    assert net.asked == [URL, URL]


@pytest.mark.parametrize(
    "bad",
    [
        ListError("no answer within 10 seconds"),
        b"",
        b'{"prefixes": [{"ipv4Prefix": "66.',
        b'{"prefixes": []}',
        b'{"prefixes": [{"ipv4Prefix": "0.0.0.0/0"}]}',
        b'{"Action needed": "update the location"}',
        b'{"prefixes": [{"ipv4Prefix": "1.1.1.1/32"}]}',  # one address of what were 3000
    ],
)
async def test_a_bad_answer_leaves_the_last_good_copy(
    net: Net, clock: Clock, bad: bytes | ListError, caplog: pytest.LogCaptureFixture
) -> None:
    lists = RangeLists(None, net, clock=clock)
    net.publish(*(f"66.249.{n}.0/24" for n in range(12)))
    await lists.refresh(URL)
    net.lists[URL] = bad
    clock.now += 2 * DAY
    with caplog.at_level(logging.WARNING, "guardware"):
        await lists.refresh(URL)
    assert lists.contains(URL, "66.249.3.1") is True
    assert len(caplog.messages) == 1
    assert f"crawler list {URL}: " in caplog.text
    assert "the last copy stays in use" in caplog.text


async def test_after_a_failure_it_waits_before_it_asks_again(net: Net, clock: Clock) -> None:
    lists = RangeLists(None, net, clock=clock)
    for step, asked in [(0, 1), (RETRY_AFTER - 1, 1), (1, 2), (0, 2)]:
        clock.now += step
        await lists.refresh(URL)
        assert len(net.asked) == asked, step
    net.publish("66.249.64.0/27")
    clock.now += RETRY_AFTER
    await lists.refresh(URL)
    assert lists.contains(URL, "66.249.64.1") is True


async def test_a_shrunk_shipped_copy_is_not_believed_either(net: Net, clock: Clock) -> None:
    lists = RangeLists(None, net, clock=clock)
    net.publish("66.249.64.0/32", url=GPTBOT)
    await lists.refresh(GPTBOT)
    assert lists.contains(GPTBOT, "20.171.206.5") is True


async def test_copies_outlive_the_process(net: Net, clock: Clock, tmp_path: Path) -> None:
    net.publish("66.249.64.0/27")
    await RangeLists(tmp_path, net, clock=clock).refresh(URL)
    after = RangeLists(tmp_path, net, clock=clock)
    assert (after.contains(URL, "66.249.64.1"), after.contains(URL, "66.249.65.1")) == (True, False)
    await after.refresh(URL)
    assert net.asked == [URL]
    assert [path.name for path in (tmp_path / "ranges").iterdir()] == [path_of(tmp_path, URL).name]


async def test_what_another_process_fetched_is_taken(net: Net, clock: Clock, tmp_path: Path) -> None:
    net.publish("66.249.64.0/27")
    one, other = RangeLists(tmp_path, net, clock=clock), RangeLists(tmp_path, net, clock=clock)
    await one.refresh(URL)
    await other.refresh(URL)
    assert net.asked == [URL]
    assert other.contains(URL, "66.249.64.1") is True


_GOOD = {"url": URL, "fetched": 1795300000.0, "prefixes": "66.249.64.0/27"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\x00" * 100,
        json.dumps(_GOOD | {"url": "https://other.example/"}).encode(),
        json.dumps(_GOOD | {"url": 5}).encode(),
        json.dumps(_GOOD | {"fetched": "yesterday"}).encode(),
        json.dumps(_GOOD | {"fetched": [1]}).encode(),
        json.dumps(_GOOD | {"prefixes": ["66.249.64.0/27"]}).encode(),
        json.dumps(_GOOD | {"prefixes": ""}).encode(),
        json.dumps(_GOOD | {"prefixes": "10.0.0.0/8"}).encode(),
        json.dumps({"url": URL}).encode(),
    ],
)
async def test_a_damaged_copy_counts_as_absent(
    net: Net, clock: Clock, tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = path_of(tmp_path, URL)
    path.parent.mkdir()
    path.write_bytes(content)
    lists = RangeLists(tmp_path, net, clock=clock)
    assert lists.contains(URL, "66.249.64.1") is None
    assert "it will be fetched anew" in caplog.text
    net.publish("66.249.64.0/27")
    await lists.refresh(URL)
    assert RangeLists(tmp_path, net, clock=clock).contains(URL, "66.249.64.1") is True


@pytest.mark.parametrize("fetched", [float("nan"), float("inf"), -1e300, 9e15])
async def test_a_copy_of_an_impossible_time_is_fetched_anew(
    net: Net, clock: Clock, tmp_path: Path, fetched: float
) -> None:
    keep_copy(tmp_path, URL, Copy(published(["66.249.64.0/27"]), fetched))
    lists = RangeLists(tmp_path, net, clock=clock)
    assert lists.contains(URL, "66.249.65.1") is None
    net.publish("66.249.65.0/27")
    await lists.refresh(URL)
    assert lists.contains(URL, "66.249.65.1") is True


async def test_a_folder_that_cannot_be_written_costs_only_the_copy(
    net: Net, clock: Clock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "ranges").write_text("a file where the folder should be")
    lists = RangeLists(tmp_path, net, clock=clock)
    net.publish("66.249.64.0/27")
    await lists.refresh(URL)
    assert lists.contains(URL, "66.249.64.1") is True
    assert "cannot be kept" in caplog.text


async def test_a_cancelled_fetch_leaves_the_way_free(net: Net, clock: Clock) -> None:
    lists = RangeLists(None, net, clock=clock)
    net.publish("66.249.64.0/27")
    task = asyncio.create_task(lists.refresh(URL))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await lists.refresh(URL)
    assert lists.contains(URL, "66.249.64.1") is True


def test_shipped_copies_are_of_lists_that_the_catalogue_names(net: Net) -> None:
    wanted = {url for crawler in Catalogue.load() for url in crawler.verification.ranges}
    shipped = RangeLists(None, net).copies
    assert shipped.keys() <= wanted
    assert len(shipped) >= 15
    assert all(copy.bundled for copy in shipped.values())
