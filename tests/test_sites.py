"""Many sites in one process: each Host by its own policy, with what a process has only once shared by all."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from asgi import BROWSER, CURL, Call, page_headers
from image_samples import sample

from guardware import Action, ConfigError, GuardMiddleware
from guardware.aggregates import Aggregates
from guardware.config import from_mapping
from guardware.crawlers.verify import Verifier
from guardware.guard import Guard
from guardware.http import ASGIApp, Message, RawHeaders, Receive, Scope, Send
from guardware.overview import Overview
from guardware.parts import Parts
from guardware.sites import Sites, build_sites, retire
from guardware.store import ResilientStore
from guardware.visit import Visit

TINY = {
    "variants": {"tiny": [{"resize": 64}, "watermark", "metadata"]},
    "verdicts": {"doubtful": "tiny", "suspect": "tiny", "unmanaged": "tiny", "over_budget": "tiny"},
}
HOUSE: dict[str, Any] = {
    "site": {"name": "The House", "contact": "house@house.example"},
    "images": TINY,
    "hosts": {
        "ada.example": {"site": {"name": "Ada", "contact": "ada@ada.example"}},
        "*.ada.example": {"site": {"name": "Ada's friends"}},
        "open.example": {"site": {"name": "Open"}, "mode": "monitor"},
        "twin.example": {},
    },
}


KEPT = "store aggregates sharing verifier hosting order atelier ledger originals recorder".split()


def serving(pictures: dict[bytes, bytes], seen: list[Scope] | None = None) -> ASGIApp:
    """An application that shows each host its picture, under one and the same entity tag; else a page."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if seen is not None:
            seen.append(scope)
        sent = dict(scope["headers"])
        body = pictures.get(sent.get(b"host", b""), b"<p>hi")
        kind = b"image/jpeg" if body != b"<p>hi" else b"text/html"
        headers = [(b"content-type", kind), (b"etag", b'"one"')]
        known = sent.get(b"if-none-match") == b'"one"'
        await send({"type": "http.response.start", "status": 304 if known else 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if known else body})

    return app


def at(host: bytes, headers: RawHeaders = BROWSER) -> RawHeaders:
    return [(k, host if k == b"host" else v) for k, v in headers]


def sites_of(**changes: Any) -> Sites:
    return build_sites(from_mapping({**HOUSE, **changes}))


@pytest.fixture(scope="module")
def sites() -> Sites:
    return sites_of()


class TestWhichSiteServes:
    @pytest.mark.parametrize(
        ("host", "name"),
        [
            (b"ada.example", "Ada"),
            (b"ADA.Example:8000", "Ada"),
            (b"ada.example.", "Ada"),
            (b"www.ada.example", "Ada's friends"),
            (b"a.b.ada.example:443", "Ada's friends"),
            (b"twin.example", "The House"),
            (b"notada.example", "The House"),
            (b"127.0.0.1:8000", "The House"),
            (b"[::1]:8000", "The House"),
            (b"", "The House"),
            (b"ada.example:port", "The House"),
            (b"ada.example/", "The House"),
            (b"x" * 5000, "The House"),
        ],
    )
    def test_by_the_host_line(self, sites: Sites, host: bytes, name: str) -> None:
        for _ in range(2):  # anew, and remembered
            assert sites.of([(b"accept", b"*/*"), (b"host", host)]).config.site.name == name

    def test_without_a_host_line(self, sites: Sites) -> None:
        assert sites.of([(b"accept", b"*/*")]) is sites.default

    def test_of_two_host_lines_the_first_as_the_visit_is_read(self, sites: Sites) -> None:
        headers = [(b"host", b"ada.example"), (b"host", b"open.example")]
        parts = sites.of(headers)
        visit = parts.guard.read({"path": "/", "headers": headers})
        assert visit is not None
        assert sites.of_host(visit.host) is parts is sites.hosts["ada.example"]

    def test_a_flood_of_names_does_not_grow_the_memory(self, sites: Sites) -> None:
        for n in range(5000):
            assert sites.of([(b"host", b"n%d.ada.example" % n)]).config.site.name == "Ada's friends"
        assert len(sites._known) <= 2048


class TestEachSite:
    async def test_is_judged_by_its_own_policy(self, call: Call, picture: bytes) -> None:
        pictures = {b"ada.example": picture, b"open.example": picture, b"twin.example": picture}
        app = GuardMiddleware(serving(pictures), HOUSE)
        replies = {host: await call(app, "/1.jpg", at(host, CURL)) for host in pictures}
        assert [reply.body == picture for reply in replies.values()] == [False, True, False]

    async def test_has_its_own_texts(self, call: Call) -> None:
        app = GuardMiddleware(serving({}), HOUSE)
        bot = [*page_headers(CURL)[:1], (b"user-agent", b"GPTBot/1.2"), (b"accept", b"text/html")]
        refusals = {host: await call(app, "/", at(host, bot)) for host in (b"ada.example", b"other.example")}
        assert b"ada@ada.example" in refusals[b"ada.example"].body
        assert b"house@house.example" in refusals[b"other.example"].body
        licence = await call(app, "/license.xml", at(b"ada.example"))
        assert b"ada@ada.example" in licence.body

    async def test_marks_the_same_picture_with_its_own_words(
        self, call: Call, picture: bytes, tmp_path: Path
    ) -> None:
        pictures = {b"ada.example": picture, b"other.example": picture, b"twin.example": picture}
        app = GuardMiddleware(serving(pictures), {**HOUSE, "store": {"folder": str(tmp_path)}})
        got = {host: (await call(app, "/1.jpg", at(host, CURL))).body for host in pictures}
        assert got[b"other.example"] == got[b"twin.example"] != got[b"ada.example"]
        assert b"Ada" in got[b"ada.example"]
        assert b"The House" in got[b"other.example"]
        stats = [app.sites.default.maker.stats, *(parts.maker.stats for parts in app.sites.hosts.values())]
        assert sum(one.made for one in stats) == 2  # the twin got the very variant that was there
        assert sum(one.hits for one in stats) == 1

    async def test_has_pictures_of_its_own_under_the_same_address_and_tag(
        self, call: Call, picture: bytes
    ) -> None:
        other = sample("JPEG")
        app = GuardMiddleware(serving({b"twin.example": picture, b"other.example": other}), HOUSE)
        first = [(await call(app, "/1.jpg", at(host, CURL))).body for host in (b"twin.example", b"other.example")]
        again = [(await call(app, "/1.jpg", at(host, CURL))).body for host in (b"twin.example", b"other.example")]
        assert first == again
        assert first[0] != first[1]

    async def test_may_have_addresses_of_its_own(self, call: Call) -> None:
        app = GuardMiddleware(serving({}), {"hosts": {"ada.example": {"site": {"prefix": "/guard"}}}})
        assert (await call(app, "/guard/health", at(b"ada.example"))).one("content-type") == "application/json"
        assert (await call(app, "/guard/health", at(b"other.example"))).body == b"<p>hi"


class TestAHostThatCannotBeRead:
    @pytest.mark.parametrize(
        ("top", "ada", "status"),
        [("enforce", "enforce", 400), ("monitor", "enforce", 400), ("enforce", "monitor", 400),
         ("monitor", "monitor", 200)],
    )  # fmt: skip
    async def test_is_refused_if_any_site_enforces(self, call: Call, top: str, ada: str, status: int) -> None:
        app = GuardMiddleware(serving({}), {"mode": top, "hosts": {"ada.example": {"mode": ada}}})
        assert (await call(app, "/", at(b"ada.example;x"))).status == status

    @pytest.mark.parametrize(("host", "status"), [(b"ada.example", 200), (b"other.example", 400)])
    async def test_a_path_that_cannot_goes_by_its_own_site(self, call: Call, host: bytes, status: int) -> None:
        app = GuardMiddleware(serving({}), {"hosts": {"ada.example": {"mode": "monitor"}}})
        assert (await call(app, "/a/%2e%2e/b", at(host))).status == status


class TestShared:
    def test_a_process_has_one_of_each(self, sites: Sites) -> None:
        every = [sites.default, *sites.hosts.values()]
        for parts in every:
            guard, first = parts.guard, sites.default.guard
            assert (guard.store, guard.aggregates) == (first.store, first.aggregates)
            assert (guard.verifier, guard.order, guard.hosting) == (first.verifier, first.order, first.hosting)
            assert parts.maker.atelier is sites.common.atelier
            assert parts.maker.trace_key == sites.default.maker.trace_key
            assert (parts.originals, parts.recorder) == (sites.common.originals, sites.common.recorder)
        assert len({id(parts.guard) for parts in every}) == len(every)

    async def test_a_client_of_two_sites_has_one_budget(self, call: Call, picture: bytes) -> None:
        config = {**HOUSE, "budgets": {"per_hour": 2, "per_day": 2}}
        app = GuardMiddleware(serving({b"ada.example": picture, b"twin.example": picture}), config)
        got = [
            (await call(app, path, at(host))).body == picture
            for host, path in [
                (b"ada.example", "/1.jpg"),
                (b"ada.example", "/1.jpg"),  # the same picture
                (b"twin.example", "/1.jpg"),  # another one, though by the same path
                (b"twin.example", "/2.jpg"),
                (b"ada.example", "/2.jpg"),
            ]
        ]
        assert got == [True, True, True, False, False]

    def test_the_store_can_tell_apart_what_the_largest_budget_needs(self) -> None:
        hosts = {"big.example": {"budgets": {"per_hour": 5000, "per_day": 50_000}}}
        assert sites_of(hosts=hosts).common.pictures == 65_536

    async def test_each_event_has_its_host(self, call: Call) -> None:
        app = GuardMiddleware(serving({}), HOUSE)
        bot = [(b"user-agent", b"GPTBot/1.2")]
        await call(app, "/", [(b"host", b"ada.example:80"), *bot])
        await call(app, "/", [(b"host", b"twin.example"), *bot])
        assert [event.host for event in app.parts.recorder.events] == ["ada.example", "twin.example"]

    async def test_health_and_metrics_are_of_all(self, call: Call, picture: bytes, tmp_path: Path) -> None:
        app = GuardMiddleware(serving({b"ada.example": picture}), {**HOUSE, "store": {"folder": str(tmp_path)}})
        await call(app, "/1.jpg", at(b"ada.example", CURL))
        metrics = await call(app, "/.guardware/metrics", at(b"twin.example", CURL), ip="127.0.0.1")
        assert b"guardware_images_made 1.0" in metrics.body
        assert b"guardware_hosts 4.0" in metrics.body
        for gauge in (
            "aggregates_available 1.0",
            "aggregates_failures 0.0",
            "aggregates_lifted 0.0",
            "crawlers_failed 0.0",
        ):
            assert f"guardware_{gauge}".encode() in metrics.body
        health = await call(app, "/.guardware/health", at(b"twin.example", CURL), ip="127.0.0.1")
        assert (
            b'"hosts":{"ada.example":"enforce","*.ada.example":"enforce","open.example":"monitor"' in health.body
        )

    async def test_health_is_degraded_while_other_processes_are_not_heard_of(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sites = sites_of()
        away = sites.common.aggregates.status._replace(available=False, failures=3)
        overview = Overview(sites.common, {})
        overview.makers.append(sites.default.maker)
        assert overview.health("enforce")["status"] == "ok"
        monkeypatch.setattr(Aggregates, "status", away)
        health = overview.health("enforce")
        assert health["status"] == "degraded"
        assert health["aggregates"] == {"lifted": 0, "highest": 0.0, "available": False, "failures": 3}
        assert overview.numbers()[1]["aggregates_failures"] == 3

    async def test_who_else_is_here_is_not_told_to_everybody(self, call: Call) -> None:
        app = GuardMiddleware(serving({}), HOUSE)
        health = await call(app, "/.guardware/health", at(b"twin.example", CURL))
        assert b'"status":"ok"' in health.body
        assert b"ada.example" not in health.body

    async def test_all_agree_on_the_secret_again_when_redis_is_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        sites = sites_of(store={"url": "redis://127.0.0.1:1"})
        await sites.start()
        store = sites.common.store
        assert isinstance(store, ResilientStore)

        async def secret(proposal: bytes) -> bytes:
            return b"what Redis has, all 32 bytes of it"

        def keys() -> set[str]:
            visit = sites.default.guard.read({"path": "/", "headers": CURL, "client": ("192.0.2.1", 1)})
            assert visit is not None
            every = (sites.default, *sites.hosts.values())
            return {parts.guard._keys_of(visit, 0.0).client for parts in every}

        before = keys()
        monkeypatch.setattr(store, "secret", secret)
        assert store.on_return is not None
        await store.on_return()
        assert len(before) == len(keys()) == 1
        assert before != keys()
        await retire(sites)

    async def test_the_secret_is_asked_for_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A store that is away lets each question wait for two seconds."""
        asked = []

        async def secret(store: ResilientStore, proposal: bytes) -> bytes:
            asked.append(proposal)
            return proposal

        monkeypatch.setattr(ResilientStore, "secret", secret)
        sites = sites_of(store={"url": "redis://127.0.0.1:1"})
        await sites.start()
        assert len(asked) == 1
        await retire(sites)

    async def test_a_store_that_is_back_agrees_with_those_whom_it_serves(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        old = sites_of(store={"url": "redis://127.0.0.1:1"})
        await old.start()
        store = old.common.store
        assert isinstance(store, ResilientStore)
        before = store.on_return

        async def fail(verifier: Verifier) -> None:
            raise OSError("no")

        new = build_sites(old.common.config, old)
        with monkeypatch.context() as patch:
            patch.setattr(Verifier, "start", fail)
            with pytest.raises(OSError, match="no"):
                await new.start()
        assert store.on_return is before is not None  # the old ones go on serving

        (tmp_path / "secret").write_text("a" * 64)
        fixed = {
            **HOUSE,
            "store": {"url": "redis://127.0.0.1:1"},
            "clients": {"secret_file": str(tmp_path / "secret")},
        }
        new = build_sites(from_mapping(fixed), old)
        await new.start()
        assert new.common.store is store
        assert store.on_return is None
        await retire(new)


class TestReload:
    async def test_exchanges_all_sites_and_keeps_what_is_known(self, call: Call, picture: bytes) -> None:
        app = GuardMiddleware(serving({b"ada.example": picture, b"open.example": picture}), HOUSE)
        await call(app, "/1.jpg", at(b"ada.example", CURL))
        old = app.sites
        hosts = {"ada.example": {"mode": "monitor"}, "open.example": {"mode": "enforce"}}
        await app.reload(from_mapping({**HOUSE, "hosts": hosts}))
        assert (await call(app, "/1.jpg", at(b"ada.example", CURL))).body == picture
        assert (await call(app, "/1.jpg", at(b"open.example", CURL))).body != picture
        assert app.sites.common.store is old.common.store
        assert app.sites.common.atelier is old.common.atelier
        assert app.sites.hosts.keys() == {"ada.example", "open.example"}

    async def test_to_one_site_and_back(self, call: Call) -> None:
        app = GuardMiddleware(serving({}), HOUSE)
        bot = [(b"host", b"open.example"), (b"user-agent", b"GPTBot/1.2")]
        got = [(await call(app, "/", bot)).status]
        for config in ({}, HOUSE):
            await app.reload(from_mapping(config))
            got.append((await call(app, "/", bot)).status)
        assert got == [200, 403, 200]

    async def test_changes_nothing_if_one_host_is_wrong(self, call: Call) -> None:
        app = GuardMiddleware(serving({}), HOUSE)
        old = app.sites
        hosts = {
            "a.example": {"mode": "monitor"},
            "b.example": {"images": {"watermark": {"logo": "/no/such.png"}}},
        }
        with pytest.raises(ConfigError, match=r"^hosts\.b\.example\.images\..*logo"):
            await app.reload(from_mapping({**HOUSE, "hosts": hosts}))
        assert app.sites is old

    async def test_changes_nothing_if_one_site_cannot_start(self, monkeypatch: pytest.MonkeyPatch) -> None:
        app = GuardMiddleware(serving({}), HOUSE)
        old, closed = app.sites, []

        async def fail(guard: Guard, others: Sequence[Guard] = ()) -> None:
            raise OSError("no")

        async def note(sites: Sites, kept: Sites | None = None, *, given: Any = None) -> None:
            closed.append((sites, kept))

        monkeypatch.setattr(Guard, "start", fail)
        monkeypatch.setattr("guardware.sites.retire", note)
        with pytest.raises(OSError, match="no"):
            await app.reload(from_mapping({**HOUSE, "mode": "monitor"}))
        assert app.sites is old
        assert [(sites is not old, kept is old) for sites, kept in closed] == [(True, True)]

    async def test_two_at_once_come_one_after_the_other(self) -> None:
        """Or the second would take over from the first configuration what the first reload gave up."""
        app = GuardMiddleware(serving({}), HOUSE)
        first = app.sites
        other = from_mapping({**HOUSE, "images": {**TINY, "queue": 3}})
        await asyncio.gather(app.reload(other), app.reload(first.common.config))
        assert app.sites.common.config == first.common.config
        assert app.sites.common.atelier is not first.common.atelier
        await app._stop()

    async def test_starts_what_was_not_started_yet_and_only_once(
        self, call: Call, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        started: list[Sites] = []
        start = Sites.start

        async def note(sites: Sites) -> None:
            started.append(sites)
            await start(sites)

        monkeypatch.setattr(Sites, "start", note)
        app = GuardMiddleware(serving({}), HOUSE)
        await app.reload(from_mapping(HOUSE))
        await call(app, "/", at(b"ada.example"))
        assert started == [app.sites]
        await app._stop()

    async def test_closes_only_what_nobody_uses_any_more(self, tmp_path: Path) -> None:
        old = sites_of(store={"folder": str(tmp_path)})
        same = build_sites(old.common.config, old)
        other = build_sites(from_mapping({**HOUSE, "images": {**TINY, "queue": 3}}), old)
        assert [name for name in KEPT if getattr(old.common, name) is not getattr(same.common, name)] == []
        assert other.common.store is not old.common.store
        assert other.common.atelier is not old.common.atelier
        assert other.common.ledger is not old.common.ledger
        assert other.common.verifier is not old.common.verifier
        await retire(old, other)
        await retire(other)

    def test_a_maker_is_kept_while_its_recipes_are(self) -> None:
        old = sites_of()
        hosts = {**HOUSE["hosts"], "ada.example": {"site": {"name": "Ada L."}}}
        new = build_sites(from_mapping({**HOUSE, "hosts": hosts}), old)
        kept = {name: parts.maker is old.hosts[name].maker for name, parts in new.hosts.items()}
        assert kept == {"ada.example": False, "*.ada.example": True, "open.example": True, "twin.example": True}


class TestTheVisitInTheState:
    async def test_is_the_one_that_was_judged(self, call: Call, picture: bytes) -> None:
        seen: list[Scope] = []
        app = GuardMiddleware(serving({b"ada.example": picture}, seen), HOUSE)
        await call(app, "/1.jpg", at(b"ada.example"))
        await call(app, "/2.jpg", at(b"ada.example", CURL))
        visits = [scope["state"]["guardware.visit"] for scope in seen]
        assert all(type(visit) is Visit for visit in visits)
        assert [(visit.host, visit.path) for visit in visits] == [
            ("ada.example", "/1.jpg"),
            ("ada.example", "/2.jpg"),
        ]
        assert [scope["state"]["guardware"].action for scope in seen] == [Action.ALLOW, Action.PROTECT]

    async def test_is_there_for_websockets_too(self) -> None:
        seen: list[Scope] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            seen.append(scope)

        async def receive() -> Message:
            return {"type": "websocket.connect"}

        async def send(message: Message) -> None:
            raise AssertionError(message)

        for host in (b"ada.example", b"open.example"):
            scope = {"type": "websocket", "path": "/live", "headers": at(host), "client": ("192.0.2.1", 1)}
            await GuardMiddleware(app, HOUSE)(scope, receive, send)
        assert [scope["state"]["guardware.visit"].host for scope in seen] == ["ada.example", "open.example"]
        assert [scope["state"]["guardware"].enforced for scope in seen] == [True, False]

    async def test_what_cannot_be_judged_has_none(self, call: Call) -> None:
        seen: list[Scope] = []
        app = GuardMiddleware(serving({}, seen), {"mode": "monitor"})
        await call(app, "/a/%2e%2e/b")
        assert "guardware.visit" not in seen[0].get("state", {})


async def test_a_picture_that_did_not_look_like_one_counts_at_its_own_site(call: Call, picture: bytes) -> None:
    counted: list[Parts] = []
    app = GuardMiddleware(serving({b"ada.example": picture}), HOUSE)
    ada = app.sites.hosts["ada.example"]

    def count(*_: Any) -> None:
        counted.append(ada)

    ada.guard.count_original_now = count  # type: ignore[method-assign, assignment]
    assert (await call(app, "/show", page_headers(at(b"ada.example")))).body == picture
    await asyncio.sleep(0)
    assert counted == [ada]
