"""VariantMaker: always an answer, in time, in bounds, and each picture made once."""

import asyncio
import logging
import os
import signal
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from io import BytesIO
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_samples import OUTPUT, file_of, noise, opened, sample, scene
from PIL import Image, ImageFile

from guardware.config import from_mapping
from guardware.images import atelier
from guardware.images.cache import OVERHEAD
from guardware.images.crew import Crew
from guardware.images.variant import Variant
from guardware.images.variants import Asked, VariantMaker
from guardware.images.workshop import Workshop
from guardware.keys import Keyring

KEYS = Keyring([b"a master key of the tests"])
SMALL = Asked("small")


def a_maker(folder: Path | str = "none", **images: Any) -> VariantMaker:
    """With a variant ``small`` that all may share, of 320 pixels; nothing is written unless there is a folder."""
    variants = {"small": [{"resize": 320}, "watermark", "metadata"], "own": [{"resize": 320}, "veil", "trace"]}
    return VariantMaker(
        from_mapping(
            {
                "site": {"name": "Mira Solberg"},
                "store": {"folder": str(folder)},
                "images": {"variants": variants, **images},
            }
        ),
        KEYS,
    )


@pytest.fixture
async def maker() -> AsyncIterator[VariantMaker]:
    made = a_maker()
    yield made
    await made.close()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The originals that were really worked on."""
    originals: list[bytes] = []
    run = Crew.run

    def counting(crew: Crew, **job: Any) -> tuple[dict[str, Any], bytes]:
        originals.append(job["original"])
        return run(crew, **job)

    monkeypatch.setattr(Crew, "run", counting)
    return originals


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """No variant is made before it is set."""
    event = Event()
    run = Crew.run

    def gated(crew: Crew, **job: Any) -> tuple[dict[str, Any], bytes]:
        assert event.wait(10)
        return run(crew, **job)

    monkeypatch.setattr(Crew, "run", gated)
    yield event
    event.set()


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(width: int, height: int, *between: bytes) -> bytes:
    """A PNG that promises a size, with ``between`` before its pixels."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"".join(
        [b"\x89PNG\r\n\x1a\n", head, *between, chunk(b"IDAT", zlib.compress(bytes(1000))), chunk(b"IEND", b"")]
    )


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    pytest.fail("waited ten seconds in vain")


def many_frames() -> bytes:
    frames = [Image.new("L", (64, 64), shade) for shade in range(256)] * 4
    return file_of(frames[0], "GIF", save_all=True, append_images=frames[1:])


@pytest.mark.parametrize("format", OUTPUT)
async def test_each_format_gives_a_variant(maker: VariantMaker, format: str) -> None:
    variant = await maker.make(sample(format), f"image/{format.lower()}", SMALL)
    assert not variant.placeholder
    assert opened(variant.body).size == (320, 240)


DAMAGED = {
    "empty": b"",
    "zeros": bytes(5000),
    "html": b"<!doctype html><p>404",
    "truncated JPEG": sample("JPEG")[:3000],
    "truncated PNG": sample("PNG")[:-500],
    "truncated GIF": sample("GIF")[:900],
    "truncated WebP": sample("WEBP")[:-100],
    "truncated AVIF": sample("AVIF")[:-100],
    "JPEG head alone": b"\xff\xd8\xff\xe0",
    "RIFF head alone": b"RIFF\x10\0\0\0WEBPVP8X",
    "huge PNG": png(30_000, 30_000),
    "PNG that Pillow warns of": png(10_000, 10_000),
    "huge WebP": b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xfe\x3f\0\xfe\x3f\0VP8 \0\0\0\0",
    "huge GIF": b"GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x02\x01\0\0;",
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
}


@pytest.mark.parametrize("name", DAMAGED)
async def test_what_is_no_usable_picture_gives_the_placeholder(maker: VariantMaker, name: str) -> None:
    original = DAMAGED[name]
    variant = await maker.make(original, "image/jpeg", SMALL)
    assert variant.placeholder
    assert variant == maker.placeholder("again")
    assert variant.retry_after == 0
    assert variant.body != original


async def test_a_wrong_label_does_not_matter(maker: VariantMaker) -> None:
    variant = await maker.make(sample("PNG"), "image/jpeg", SMALL)
    assert (variant.content_type, opened(variant.body).format) == ("image/png", "PNG")


async def test_a_gif_of_a_thousand_frames_is_cut_off(maker: VariantMaker) -> None:
    variant = await maker.make(many_frames(), "image/gif", SMALL)
    assert not variant.placeholder
    # Frames that look alike become one.
    assert 1 < getattr(opened(variant.body), "n_frames", 1) <= 200


async def test_larger_files_than_allowed_are_not_even_read(made: list[bytes]) -> None:
    original = sample("PNG")
    exact = a_maker(max_bytes=len(original))
    below = a_maker(max_bytes=len(original) - 1)
    assert not (await exact.make(original, "image/png", SMALL)).placeholder
    assert (await below.make(original, "image/png", SMALL)).placeholder
    assert len(made) == 1
    await exact.close()


async def test_fifty_at_once_are_made_once(maker: VariantMaker, made: list[bytes]) -> None:
    original = file_of(noise(), "PNG")  # large enough to be hashed in a thread
    answers = await asyncio.gather(*(maker.make(original, "image/png", SMALL) for _ in range(50)))
    assert len(made) == 1
    assert len({answer.body for answer in answers}) == 1
    assert (await maker.make(original, "image/png", SMALL)).body == answers[0].body
    assert (maker.stats.made, maker.stats.placeholders, maker.stats.waiting) == (1, 0, 0)
    assert maker.stats.hits >= 1


async def test_a_failure_is_remembered(maker: VariantMaker, made: list[bytes]) -> None:
    for _ in range(5):
        assert (await maker.make(sample("JPEG")[:3000], "image/jpeg", SMALL)).placeholder
    assert len(made) == 1
    assert maker.stats.placeholders == 5
    assert maker.stats.cached_bytes == OVERHEAD


async def test_want_of_memory_is_not_the_pictures_fault(
    maker: VariantMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def starved(crew: Crew, **job: Any) -> tuple[dict[str, Any], bytes]:
        raise MemoryError

    now = time.monotonic()
    with monkeypatch.context() as patch:
        patch.setattr(Crew, "run", starved)
        assert (await maker.make(sample("PNG"), "image/png", SMALL)).placeholder
    # Not at once: what broke one worker may break the next.
    assert (await maker.make(sample("PNG"), "image/png", SMALL)).placeholder
    monkeypatch.setattr(time, "monotonic", lambda: now + 3600)
    assert not (await maker.make(sample("PNG"), "image/png", SMALL)).placeholder


async def test_a_full_queue_gives_the_placeholder_at_once(gate: Event) -> None:
    maker = a_maker(workers=1, queue=2)
    originals = [sample(format) for format in OUTPUT]
    tasks = [asyncio.create_task(maker.make(original, "image/png", SMALL)) for original in originals[:3]]
    await asyncio.sleep(0)  # let them ask
    started = time.monotonic()
    refused = await maker.make(originals[3], "image/png", SMALL)
    assert refused.placeholder
    assert refused.retry_after >= 1
    assert time.monotonic() - started < 1
    assert maker.stats.waiting == 2
    gate.set()
    assert [variant.placeholder for variant in await asyncio.gather(*tasks)] == [False] * 3
    assert not (await maker.make(originals[3], "image/png", SMALL)).placeholder
    await maker.close()


async def test_after_the_deadline_the_placeholder_and_later_the_variant(gate: Event) -> None:
    maker = a_maker(workers=1, queue=0, timeout=0.05)
    assert (await maker.make(sample("JPEG"), "image/jpeg", SMALL)).placeholder
    # The worker is still at it: nothing else gets in, and the same picture does not start again.
    assert (await maker.make(sample("PNG"), "image/png", SMALL)).placeholder
    assert (await maker.make(sample("JPEG"), "image/jpeg", SMALL)).placeholder
    gate.set()
    await until(lambda: maker.stats.made == 1)
    variant = await maker.make(sample("JPEG"), "image/jpeg", SMALL)
    assert not variant.placeholder
    assert (maker.stats.made, maker.stats.hits, maker.stats.placeholders) == (1, 1, 3)
    await maker.close()


async def test_the_deadline_holds_for_hashing_too(made: list[bytes]) -> None:
    maker = a_maker(timeout=1e-9)
    assert (await maker.make(file_of(noise(), "PNG"), "image/png", SMALL)).placeholder
    assert made == []
    await maker.close()


async def test_when_no_thread_can_be_started(maker: VariantMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Workshop, "do", refuse)
    assert (await maker.make(sample("JPEG"), "image/jpeg", SMALL)).placeholder


async def test_who_goes_away_does_not_take_the_work_from_others(gate: Event) -> None:
    maker = a_maker(workers=1)
    leaving, staying = (asyncio.create_task(maker.make(sample("JPEG"), "image/jpeg", SMALL)) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    gate.set()
    assert not (await staying).placeholder
    await maker.close()


async def test_closing_answers_what_waits_and_a_later_start_works(gate: Event) -> None:
    maker = a_maker(workers=1)
    running = asyncio.create_task(maker.make(sample("JPEG"), "image/jpeg", SMALL))
    await asyncio.sleep(0)
    waiting = asyncio.create_task(maker.make(sample("PNG"), "image/png", SMALL))
    await until(lambda: maker.stats.waiting == 1)
    await maker.close()
    assert (await waiting).placeholder
    gate.set()
    assert not (await running).placeholder
    assert not (await maker.make(sample("PNG"), "image/png", SMALL)).placeholder
    await maker.close()


def test_each_event_loop_is_served() -> None:
    maker = a_maker()

    async def once() -> Variant:
        return await maker.make(sample("JPEG"), "image/jpeg", SMALL)

    assert asyncio.run(once()) == asyncio.run(once())
    assert (maker.stats.made, maker.stats.hits) == (1, 1)
    asyncio.run(maker.close())


async def test_the_cache_keeps_its_bound() -> None:
    one = len((await a_maker().make(sample("JPEG"), "image/jpeg", SMALL)).body)
    maker = a_maker(cache_bytes=3 * one)
    for number in range(12):
        original = file_of(scene(), "JPEG", comment=bytes([number]))
        assert not (await maker.make(original, "image/jpeg", SMALL)).placeholder
        assert 0 < maker.stats.cached_bytes <= 3 * one
    await maker.close()


async def test_without_a_cache_it_works_all_the_same(made: list[bytes]) -> None:
    maker = a_maker(cache_bytes=0)
    for _ in range(2):
        assert not (await maker.make(sample("JPEG"), "image/jpeg", SMALL)).placeholder
    assert (len(made), maker.stats.cached_bytes) == (2, 0)
    await maker.close()


async def test_the_event_loop_stays_free(maker: VariantMaker) -> None:
    """While a picture is made, the loop turns: no pause near the time that the making takes."""
    original = file_of(noise(3000, 2000), "PNG", compress_level=0)
    pauses: list[float] = []

    async def watch() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0)
            pauses.append(time.perf_counter() - before)

    watcher = asyncio.create_task(watch())
    started = time.perf_counter()
    await maker.make(original, "image/png", SMALL)
    took = time.perf_counter() - started
    watcher.cancel()
    assert len(pauses) > 20
    assert max(pauses) < took / 2


async def test_pillows_settings_are_the_owners(maker: VariantMaker) -> None:
    before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)
    for data in DAMAGED.values():
        await maker.make(data, "image/png", SMALL)
    assert before == (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)


FUZZED = a_maker()


@settings(max_examples=100, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=300),
        st.builds(
            bytes.__add__, st.sampled_from([sample(format)[:40] for format in OUTPUT]), st.binary(max_size=300)
        ),
        st.builds(lambda format, cut: sample(format)[:cut], st.sampled_from(sorted(OUTPUT)), st.integers(0, 9000)),
    )
)
def test_any_bytes_give_a_picture_that_is_not_the_original(original: bytes) -> None:
    variant = asyncio.run(FUZZED.make(original, "image/png", SMALL))
    assert variant.body != original
    with Image.open(BytesIO(variant.body)) as image:
        image.load()
        assert Image.MIME[str(image.format)] == variant.content_type


async def test_every_request_has_a_copy_of_its_own(maker: VariantMaker) -> None:
    one, other = [await maker.make(sample("JPEG"), "image/jpeg", Asked("own", mark=mark)) for mark in (1, 2)]
    assert one.body != other.body
    assert (one.mark, one.scheme, one.etag, one.size) == (1, "T2", b"", (320, 240))
    assert maker.stats.made == 1


async def test_what_cannot_be_spliced_has_a_mark_that_all_share(maker: VariantMaker) -> None:
    one, other = [await maker.make(sample("PNG"), "image/png", Asked("own", mark=mark)) for mark in (1, 2)]
    assert one == other
    assert one.scheme == "T1"
    assert one.mark is not None


async def test_a_ready_variant_is_found_by_the_digest_of_its_original(maker: VariantMaker) -> None:
    made = await maker.make(sample("JPEG"), "image/jpeg", SMALL)
    found = await maker.find(bytes.fromhex(made.picture), SMALL)
    assert found is not None
    assert found.copy(7) == made
    assert await maker.find(bytes(32), SMALL) is None


async def test_a_variant_outlives_its_process_on_disk(tmp_path: Path) -> None:
    before, after = a_maker(tmp_path), a_maker(tmp_path)
    variant = await before.make(sample("JPEG"), "image/jpeg", SMALL)
    own = await before.make(sample("JPEG"), "image/jpeg", Asked("own", mark=5))
    await before.close()
    assert await after.make(sample("JPEG"), "image/jpeg", SMALL) == variant
    assert await after.make(sample("JPEG"), "image/jpeg", Asked("own", mark=5)) == own
    assert (after.stats.made, after.stats.disk_hits) == (0, 2)
    await after.close()


async def test_other_keys_make_other_variants(tmp_path: Path) -> None:
    await a_maker(tmp_path).make(sample("JPEG"), "image/jpeg", SMALL)
    rotated = VariantMaker(
        from_mapping({"store": {"folder": str(tmp_path)}, "images": {"variants": {"small": [{"resize": 320}]}}}),
        Keyring([b"a master key of the tests", b"and another that is newer"]),
    )
    await rotated.make(sample("JPEG"), "image/jpeg", SMALL)
    assert (rotated.stats.made, rotated.stats.disk_hits) == (1, 0)
    await rotated.close()


async def test_torn_files_on_disk_are_made_anew(tmp_path: Path) -> None:
    first = a_maker(tmp_path)
    variant = await first.make(sample("JPEG"), "image/jpeg", SMALL)
    (file,) = await asyncio.to_thread(lambda: list(tmp_path.rglob("*.gwc")))
    file.write_bytes(file.read_bytes()[:-100])
    second = a_maker(tmp_path)
    assert await second.make(sample("JPEG"), "image/jpeg", SMALL) == variant
    assert second.stats.made == 1
    await first.close()
    await second.close()


async def test_a_worker_killed_in_mid_work_costs_one_placeholder(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(atelier, "Crew", Crew)  # not the workers that all tests share
    maker = a_maker()
    await maker.make(sample("JPEG"), "image/jpeg", SMALL)
    (child,) = maker.atelier.crew._children
    os.kill(child._process.pid, signal.SIGSTOP)
    with caplog.at_level(logging.WARNING):
        struck = asyncio.create_task(maker.make(sample("PNG"), "image/png", SMALL))
        await asyncio.sleep(0.05)
        os.kill(child._process.pid, signal.SIGKILL)
        assert (await struck).placeholder
    assert "SIGKILL" in caplog.text
    assert not (await maker.make(sample("WEBP"), "image/webp", SMALL)).placeholder
    await maker.close()


async def test_a_placeholder_by_configuration_needs_no_work(made: list[bytes]) -> None:
    maker = a_maker(variants={"card": ["placeholder"]})
    assert (await maker.make(sample("JPEG"), "image/jpeg", Asked("card"))).placeholder
    assert made == []


async def test_metadata_alone_leaves_every_pixel(maker: VariantMaker) -> None:
    variant = await maker.make(sample("JPEG"), "image/jpeg", Asked("credited"))
    assert opened(variant.body).tobytes() == opened(sample("JPEG")).tobytes()
    assert b"Mira Solberg" in variant.body
    assert maker.keeps_picture("credited")
    assert not maker.keeps_picture("veiled")


FORKED = """
import asyncio, os, sys
from pathlib import Path
from guardware.config import from_mapping
from guardware.images.trace.ledger import Ledger
from guardware.images.trace.record import Entry, Record
from guardware.images.variants import Asked, VariantMaker
from guardware.keys import Keyring

folder, one, other = map(Path, sys.argv[1:])
entry = Entry(1, 0.0, "e", "/", "0" * 16, (9, 9), "T2", "k", "c", "u", "d", "v")
if __name__ == "__main__":
    maker = VariantMaker(from_mapping({"store": {"folder": str(folder)}}), Keyring([b"k" * 16]))
    ledger = Ledger(folder / "trace", 9e9)
    ask = lambda file: asyncio.run(maker.make(file.read_bytes(), "", Asked("marked")))
    assert not ask(one).placeholder
    ledger.note(entry)
    if not (child := os.fork()):
        ok = not ask(other).placeholder and not ask(one).placeholder
        ledger.note(entry)
        ledger.close()
        os._exit(0 if ok else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert not ask(other).placeholder
    ledger.close()
    assert len(list(Record(folder / "trace"))) == 2
"""


def test_a_server_that_forks_after_it_has_worked(tmp_path: Path) -> None:
    for name, format in (("one", "JPEG"), ("other", "PNG")):
        (tmp_path / name).write_bytes(sample(format))
    arguments = [sys.executable, "-c", FORKED, str(tmp_path / "s"), str(tmp_path / "one"), str(tmp_path / "other")]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
