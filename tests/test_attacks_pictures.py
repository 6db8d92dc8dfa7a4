"""Ways by which an original, a key or an unrecorded copy got out once, or an answer was wrong."""

import asyncio
import gzip
import resource
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from asgi import BROWSER, CURL, Call, page_headers
from image_samples import file_of, noise, opened, scene

from guardware import GuardMiddleware
from guardware.config import from_mapping
from guardware.http import ASGIApp, Message, RawHeaders, Receive, Scope, Send
from guardware.images.container import pack
from guardware.images.crew import Crew, JobError, WorkerDied
from guardware.images.pipeline import Secrets
from guardware.images.svg import sanitise
from guardware.images.trace.ledger import Ledger
from guardware.images.trace.record import Entry, Record
from guardware.images.variant import load
from guardware.images.variants import Asked
from guardware.keys import Keyring

ORIGINAL = file_of(noise(160, 120), "JPEG", quality=90)
GZIPPED = (b"content-encoding", b"gzip")
CARDS: dict[str, Any] = {
    "images": {
        "variants": {"card": ["placeholder"]},
        "verdicts": dict.fromkeys(["doubtful", "suspect", "unmanaged"], "card"),
    }
}
"""Everybody who is doubted gets the card, so that no worker need start."""


def typed(name: bytes) -> tuple[bytes, bytes]:
    return b"content-type", name


def app_with(body: bytes, headers: RawHeaders, status: int = 200, chunk: int = 0) -> ASGIApp:
    """An application that answers everything alike, in chunks if asked."""
    step = chunk or max(1, len(body))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for at in range(0, max(1, len(body)), step):
            more = at + step < len(body)
            await send({"type": "http.response.body", "body": body[at : at + step], "more_body": more})

    return app


def long_named(body: bytes) -> bytes:
    """``body`` in gzip, behind a file name of 2000 bytes."""
    out = BytesIO()
    with gzip.GzipFile(filename="x" * 2000, mode="wb", fileobj=out) as file:
        file.write(body)
    return out.getvalue()


class TestNoOriginalLeaves:
    @pytest.mark.parametrize("path", ["/media/17", "/a.jpg", "/favicon.jpg", "/x.css"])
    @pytest.mark.parametrize(
        ("body", "headers", "status", "chunk"),
        [
            pytest.param(
                gzip.compress(ORIGINAL), [typed(b"application/octet-stream"), GZIPPED], 200, 1, id="bytes"
            ),
            pytest.param(gzip.compress(ORIGINAL), [typed(b"text/plain"), GZIPPED], 200, 32, id="chunks"),
            pytest.param(long_named(ORIGINAL), [typed(b"text/plain"), GZIPPED], 200, 0, id="long name"),
            pytest.param(long_named(ORIGINAL), [GZIPPED], 200, 100, id="long name, no type"),
            pytest.param(
                gzip.compress(ORIGINAL),
                [typed(b"text/plain"), (b"content-encoding", b"identity"), GZIPPED],
                *(200, 0),
                id="two lines",
            ),
            pytest.param(
                gzip.compress(ORIGINAL),
                [typed(b"text/plain"), (b"content-encoding", b"identity, gzip")],
                *(200, 0),
                id="list",
            ),
            pytest.param(
                gzip.compress(gzip.compress(ORIGINAL)),
                [typed(b"text/plain"), (b"content-encoding", b"gzip, gzip")],
                *(200, 0),
                id="twice",
            ),
            pytest.param(
                b"\x0b\x02\x80" + ORIGINAL,
                [typed(b"binary/octet-stream"), (b"content-encoding", b"br")],
                *(200, 0),
                id="brotli from a bucket",
            ),
            pytest.param(ORIGINAL[500:], [typed(b"binary/octet-stream")], 206, 0, id="part from a bucket"),
            pytest.param(ORIGINAL, [typed(b"text/event-stream")], 200, 1, id="events"),
        ],
    )
    async def test_however_it_is_wrapped(
        self, call: Call, path: str, body: bytes, headers: RawHeaders, status: int, chunk: int
    ) -> None:
        reply = await call(GuardMiddleware(app_with(body, headers, status, chunk), CARDS), path, CURL)
        assert (reply.one("content-type"), opened(reply.body).size) == ("image/png", (600, 400))

    @pytest.mark.parametrize("status", [204, 205, 304])
    @pytest.mark.parametrize("path", ["/media/17", "/a.jpg"])
    async def test_behind_a_status_that_has_no_body(self, call: Call, status: int, path: str) -> None:
        headers = [typed(b"image/jpeg"), (b"x-accel-redirect", b"/originals/a.jpg"), (b"etag", b'"original"')]
        reply = await call(GuardMiddleware(app_with(ORIGINAL, headers, status), CARDS), path, CURL)
        assert (reply.status, reply.body) == (status, b"")
        assert reply.one("x-accel-redirect") is reply.one("etag") is None

    async def test_a_part_of_one_from_a_bucket_is_kept_from_everybody_too(self, call: Call) -> None:
        config = {"images": {**CARDS["images"], "verdicts": {**CARDS["images"]["verdicts"], "everyone": "card"}}}
        app = app_with(ORIGINAL[1:], [typed(b"binary/octet-stream")], 206)
        headers = [*page_headers(BROWSER), (b"range", b"bytes=1-")]
        reply = await call(GuardMiddleware(app, config), "/media/17", headers)
        assert (reply.status, opened(reply.body).size) == (200, (600, 400)), "the card whole: it is no part"


class TestWhatIsNoPicture:
    @pytest.mark.parametrize("encoding", [b"", b"gzip", b"deflate"])
    @pytest.mark.parametrize("chunk", [0, 1, 40])
    async def test_passes_in_whatever_chunks(self, call: Call, encoding: bytes, chunk: int) -> None:
        text = b"<!doctype html><title>Gallery</title>" + bytes(range(32, 127)) * 30
        body = {b"": text, b"gzip": gzip.compress(text), b"deflate": zlib.compress(text)}[encoding]
        headers = [typed(b"text/html"), (b"content-encoding", encoding or b"identity")]
        reply = await call(GuardMiddleware(app_with(body, headers, chunk=chunk), CARDS), "/", CURL)
        assert reply.body == body

    @pytest.mark.parametrize("event", [b"data: 1\n\n", b":\r\n\r\n"])
    async def test_events_are_not_held_back(self, call: Call, event: bytes) -> None:
        seen: list[int] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": [typed(b"text/event-stream")]})
            await send({"type": "http.response.body", "body": event, "more_body": True})
            seen.append(len(passed))
            await send({"type": "http.response.body", "body": b""})

        passed: list[Message] = []

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            async def note(message: Message) -> None:
                passed.append(message)
                await send(message)

            await GuardMiddleware(app, CARDS)(scope, receive, note)

        reply = await call(watched, "/events", CURL)
        assert (reply.body, seen) == (event, [2])


class TestTheRequestThatTheApplicationSees:
    @pytest.mark.parametrize(
        ("method", "kept"), [("GET", []), ("HEAD", []), ("PUT", ["if-match"]), ("DELETE", ["if-match"])]
    )
    async def test_keeps_what_guards_against_overwriting(self, call: Call, method: str, kept: list[str]) -> None:
        seen: list[Scope] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            seen.append(scope)
            await app_with(b"ok", [typed(b"text/plain")])(scope, receive, send)

        headers = [*CURL, (b"if-match", b'"mine"'), (b"range", b"bytes=0-9"), (b"if-range", b'"mine"')]
        await call(GuardMiddleware(app, CARDS), "/a.jpg", headers, method=method)
        assert [k.decode() for k, _ in seen[0]["headers"] if k.startswith((b"if-", b"range"))] == kept


class TestTheAnswer:
    async def test_is_framed_once(self, call: Call) -> None:
        headers = [typed(b"image/jpeg"), (b"transfer-encoding", b"chunked")]
        reply = await call(GuardMiddleware(app_with(ORIGINAL, headers), CARDS), "/a.jpg", CURL)
        assert (reply.all("transfer-encoding"), reply.one("content-length")) == ([], str(len(reply.body)))

    @pytest.mark.parametrize(
        ("error", "status", "wait"),
        [
            (WorkerDied("a worker was ended by SIGKILL"), 503, "60"),
            (TimeoutError("too long"), 503, "60"),
            (JobError("OSError", "no memory", permanent=False), 503, "60"),
            (JobError("ValueError", "no picture", permanent=True), 200, None),
        ],
    )
    async def test_says_when_to_come_back_unless_the_picture_is_at_fault(
        self, call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Exception, status: int,
        wait: str | None,
    ) -> None:  # fmt: skip
        def fail(crew: Crew, **job: Any) -> None:
            raise error

        monkeypatch.setattr(Crew, "run", fail)
        config = {"store": {"folder": str(tmp_path)}}
        guard = GuardMiddleware(app_with(ORIGINAL, [typed(b"image/jpeg")]), config)
        for _ in range(2):
            reply = await call(guard, "/a.jpg", CURL)
            assert (reply.status, reply.one("retry-after")) == (status, wait)
        await guard.parts.maker.close()

    async def test_is_in_the_record_before_it_goes_whatever_its_status(
        self, call: Call, picture: bytes, tmp_path: Path
    ) -> None:
        guard = GuardMiddleware(
            app_with(picture, [typed(b"image/jpeg")], 404), {"store": {"folder": str(tmp_path)}}
        )

        async def hung_up(message: Message) -> None:
            raise ConnectionResetError

        async def cut(scope: Scope, receive: Receive, send: Send) -> None:
            with pytest.raises(ConnectionResetError):
                await guard(scope, receive, hung_up)
            await guard(scope, receive, send)

        reply = await call(cut, "/a.jpg", CURL)
        await guard.parts.maker.close()
        assert guard.parts.ledger is not None
        guard.parts.ledger.close()
        schemes = [entry.scheme for entry in Record(tmp_path / "trace")]
        assert (reply.status, schemes) == (404, ["T2", "T2"])

    async def test_to_a_head_is_in_no_record(self, call: Call, picture: bytes, tmp_path: Path) -> None:
        guard = GuardMiddleware(app_with(picture, [typed(b"image/jpeg")]), {"store": {"folder": str(tmp_path)}})
        await call(guard, "/a.jpg", CURL, method="HEAD")
        await guard.parts.maker.close()
        assert guard.parts.ledger is not None
        guard.parts.ledger.close()
        assert list(Record(tmp_path / "trace")) == []


def replace_the_variant(folder: Path, container: bytes) -> None:
    (file,) = folder.glob("variants/*/*.gwc")
    file.write_bytes(container)


class TestWhatIsRemembered:
    @pytest.mark.parametrize(
        ("more", "asks"), [([], True), ([(b"cookie", b"a=b")], False), ([(b"authorization", b"x")], False)]
    )
    async def test_is_not_learned_from_who_has_credentials(
        self, call: Call, tmp_path: Path, more: RawHeaders, asks: bool
    ) -> None:
        """He may be shown another picture under the same tag."""
        seen: list[Scope] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            seen.append(scope)
            await app_with(file_of(scene(64, 64), "PNG"), [typed(b"image/png"), (b"etag", b'"1"')])(
                scope, receive, send
            )

        guard = GuardMiddleware(app, {"store": {"folder": str(tmp_path)}})
        await call(guard, "/a.png", [*CURL, *more])
        await call(guard, "/a.png", CURL)
        await guard.parts.maker.close()
        assert ((b"if-none-match", b'"1"') in seen[1]["headers"]) is asks

    @pytest.mark.parametrize(
        "header",
        [
            {"kind": "shared", "type": "image/png", "size": [], "mark": None},
            {"kind": "shared", "type": "text/html", "size": [1, 1], "mark": None},
            {"kind": "splice", "size": [1, 1], "splice": []},
        ],
    )
    async def test_is_made_anew_if_it_is_whole_and_not_from_us(
        self, call: Call, tmp_path: Path, header: dict[str, Any]
    ) -> None:
        app = app_with(file_of(scene(64, 64), "PNG"), [typed(b"image/png"), (b"etag", b'"1"')])
        guard = GuardMiddleware(app, {"store": {"folder": str(tmp_path)}, "images": {"cache_bytes": 0}})
        first = await call(guard, "/a.png", CURL)
        replace_the_variant(tmp_path, pack(header, b"<script>"))
        again = await call(guard, "/a.png", CURL)
        await guard.parts.maker.close()
        assert (again.body, again.one("content-type")) == (first.body, "image/png")


class TestKeys:
    def test_are_not_in_what_a_traceback_shows(self) -> None:
        secrets = Secrets.of(Keyring([b"m" * 32]))
        assert repr(secrets) == f"{secrets}" == "Secrets(3 keys)"

    def test_and_a_worker_that_was_taken_over_sends_no_page(self) -> None:
        header = {"kind": "shared", "type": "text/html", "size": [1, 1], "mark": None}
        with pytest.raises(ValueError, match="no picture"):
            load(header, b"<script>", "00", b"k" * 32)

    async def test_a_line_added_to_the_secrets_counts_from_the_next_reload(self, tmp_path: Path) -> None:
        secret = tmp_path / "secret"
        secret.write_text("a" * 32)
        config = from_mapping({"clients": {"secret_file": str(secret)}, "store": {"folder": "none"}})
        guard = GuardMiddleware(app_with(b"", []), config)
        first = guard.parts.maker
        await guard.reload(config)
        assert guard.parts.maker is first
        secret.write_text("a" * 32 + "\n" + "b" * 32)
        await guard.reload(config)
        assert guard.parts.maker.trace_key == Keyring([b"b" * 32]).newest("trace")


ENTRY = Entry(5, 1.8e9, "event", "/p", "0" * 16, (3, 3), "T2", "key", "client", "agent", "rule", "veiled")


class TestTheRecord:
    def test_loses_one_writing_when_the_disk_is_full_and_says_so(self, tmp_path: Path) -> None:
        ledgers = [Ledger(tmp_path, 1e9) for _ in range(2)]
        ledgers[0].note(ENTRY)
        ledgers[0].close()
        (file,) = tmp_path.iterdir()
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size + 60, limits[1]))
        try:
            ledgers[1].note(ENTRY)
            ledgers[1].close()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        ledgers[1].note(ENTRY)
        ledgers[1].close()
        record = Record(tmp_path)
        assert (list(record), record.damaged, ledgers[1].lost) == ([ENTRY, ENTRY], 1, 1)

    async def test_is_whole_when_the_server_stops_just_after_a_reload(self, tmp_path: Path) -> None:
        config = {"store": {"folder": str(tmp_path)}}
        guard = GuardMiddleware(app_with(b"", []), config)
        old = guard.parts.ledger
        assert old is not None
        await guard.reload(from_mapping({**config, "images": {"quality": 50}}))
        old.note(ENTRY)
        requests = iter([{"type": "lifespan.shutdown"}])

        async def receive() -> Message:
            return next(requests)

        async def send(message: Message) -> None:
            written.append(len(list(Record(tmp_path / "trace"))))

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await send({"type": "lifespan.shutdown.complete"})

        written: list[int] = []
        guard.app = app
        async with asyncio.timeout(10):
            await guard({"type": "lifespan"}, receive, send)
        assert written == [1]


async def test_a_drawing_with_nothing_to_take_out_is_served(tmp_path: Path) -> None:
    drawing = sanitise(b'<svg xmlns="http://www.w3.org/2000/svg" width="9"><rect width="5" height="5"/></svg>')
    config = from_mapping({"store": {"folder": str(tmp_path)}, "images": {"svg": "sanitise"}})
    maker = GuardMiddleware(app_with(b"", []), config).parts.maker
    variant = await maker.make(drawing, "image/svg+xml", Asked("veiled"))
    await maker.close()
    assert (variant.body, variant.content_type, variant.placeholder) == (
        drawing, "image/svg+xml", False,
    )  # fmt: skip
