"""VariantMaker: always an answer, in time, in bounds, and each picture made once."""

import asyncio
import struct
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from io import BytesIO
from threading import Event

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_samples import OUTPUT, file_of, noise, opened, sample, scene
from PIL import Image, ImageFile

from guardware.config.schema import Images
from guardware.images import Variant, VariantMaker, variants
from guardware.images.cache import OVERHEAD
from guardware.images.pipeline import Recipe, make_variant
from guardware.images.workshop import Workshop

Make = Callable[[bytes, Recipe, int], Variant]


@pytest.fixture
async def maker() -> AsyncIterator[VariantMaker]:
    made = VariantMaker(Images(max_side=320), "Mira Solberg")
    yield made
    await made.close()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The originals that were really worked on."""
    originals: list[bytes] = []

    def counting(original: bytes, recipe: Recipe, seed: int) -> Variant:
        originals.append(original)
        return make_variant(original, recipe, seed)

    monkeypatch.setattr(variants, "make_variant", counting)
    return originals


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """No variant is made before it is set."""
    event = Event()

    def gated(original: bytes, recipe: Recipe, seed: int) -> Variant:
        assert event.wait(10)
        return make_variant(original, recipe, seed)

    monkeypatch.setattr(variants, "make_variant", gated)
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
    variant = await maker.make(sample(format), f"image/{format.lower()}")
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
    "PNG with a text bomb": png(8, 8, *[chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(1 << 20)))] * 80),
    "huge WebP": b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xfe\x3f\0\xfe\x3f\0VP8 \0\0\0\0",
    "huge GIF": b"GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x02\x01\0\0;",
    "TIFF": file_of(scene(), "TIFF"),
    "BMP": file_of(scene(), "BMP"),
}


@pytest.mark.parametrize("name", DAMAGED)
async def test_what_is_no_usable_picture_gives_the_placeholder(maker: VariantMaker, name: str) -> None:
    original = DAMAGED[name]
    variant = await maker.make(original, "image/jpeg")
    assert variant.placeholder
    assert variant == maker.placeholder("again")
    assert variant.body != original


async def test_a_wrong_label_does_not_matter(maker: VariantMaker) -> None:
    variant = await maker.make(sample("PNG"), "image/jpeg")
    assert (variant.content_type, opened(variant.body).format) == ("image/png", "PNG")


async def test_a_gif_of_a_thousand_frames_gives_its_first(maker: VariantMaker) -> None:
    variant = await maker.make(many_frames(), "image/gif")
    assert not variant.placeholder
    assert getattr(opened(variant.body), "n_frames", 1) == 1


async def test_larger_files_than_allowed_are_not_even_read(made: list[bytes]) -> None:
    original = sample("PNG")
    exact = VariantMaker(Images(max_bytes=len(original)), "Mira")
    below = VariantMaker(Images(max_bytes=len(original) - 1), "Mira")
    assert not (await exact.make(original, "image/png")).placeholder
    assert (await below.make(original, "image/png")).placeholder
    assert len(made) == 1
    await exact.close()


async def test_fifty_at_once_are_made_once(maker: VariantMaker, made: list[bytes]) -> None:
    original = file_of(noise(), "PNG")  # large enough to be hashed in a thread
    answers = await asyncio.gather(*(maker.make(original, "image/png") for _ in range(50)))
    assert len(made) == 1
    assert len({answer.body for answer in answers}) == 1
    assert (await maker.make(original, "image/png")).body == answers[0].body
    assert (maker.stats.made, maker.stats.placeholders, maker.stats.waiting) == (1, 0, 0)
    assert maker.stats.hits >= 1


async def test_a_failure_is_remembered(maker: VariantMaker, made: list[bytes]) -> None:
    for _ in range(5):
        assert (await maker.make(sample("JPEG")[:3000], "image/jpeg")).placeholder
    assert len(made) == 1
    assert maker.stats.placeholders == 5
    assert maker.stats.cached_bytes == OVERHEAD


async def test_want_of_memory_is_not_the_pictures_fault(
    maker: VariantMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def starved(original: bytes, recipe: Recipe, seed: int) -> Variant:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(variants, "make_variant", starved)
        assert (await maker.make(sample("PNG"), "image/png")).placeholder
    assert not (await maker.make(sample("PNG"), "image/png")).placeholder


async def test_a_full_queue_gives_the_placeholder_at_once(gate: Event) -> None:
    maker = VariantMaker(Images(workers=1, queue=2), "Mira")
    originals = [sample(format) for format in OUTPUT]
    tasks = [asyncio.create_task(maker.make(original, "image/png")) for original in originals[:3]]
    await asyncio.sleep(0)  # let them ask
    started = time.monotonic()
    assert (await maker.make(originals[3], "image/png")).placeholder
    assert time.monotonic() - started < 1
    assert maker.stats.waiting == 2
    gate.set()
    assert [variant.placeholder for variant in await asyncio.gather(*tasks)] == [False] * 3
    assert not (await maker.make(originals[3], "image/png")).placeholder
    await maker.close()


async def test_after_the_deadline_the_placeholder_and_later_the_variant(gate: Event) -> None:
    maker = VariantMaker(Images(workers=1, queue=0, timeout=0.05), "Mira")
    assert (await maker.make(sample("JPEG"), "image/jpeg")).placeholder
    # The worker is still at it: nothing else gets in, and the same picture does not start again.
    assert (await maker.make(sample("PNG"), "image/png")).placeholder
    assert (await maker.make(sample("JPEG"), "image/jpeg")).placeholder
    gate.set()
    await until(lambda: maker.stats.made == 1)
    variant = await maker.make(sample("JPEG"), "image/jpeg")
    assert not variant.placeholder
    assert maker.stats == (1, 1, 3, OVERHEAD + len(variant.body), 0)
    await maker.close()


async def test_the_deadline_holds_for_hashing_too(made: list[bytes]) -> None:
    maker = VariantMaker(Images(timeout=1e-9), "Mira")
    assert (await maker.make(file_of(noise(), "PNG"), "image/png")).placeholder
    assert made == []
    await maker.close()


async def test_when_no_thread_can_be_started(maker: VariantMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Workshop, "do", refuse)
    assert (await maker.make(sample("JPEG"), "image/jpeg")).placeholder


async def test_who_goes_away_does_not_take_the_work_from_others(gate: Event) -> None:
    maker = VariantMaker(Images(workers=1), "Mira")
    leaving, staying = (asyncio.create_task(maker.make(sample("JPEG"), "image/jpeg")) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    gate.set()
    assert not (await staying).placeholder
    await maker.close()


async def test_closing_answers_what_waits_and_a_later_start_works(gate: Event) -> None:
    maker = VariantMaker(Images(workers=1), "Mira")
    running = asyncio.create_task(maker.make(sample("JPEG"), "image/jpeg"))
    await asyncio.sleep(0)
    waiting = asyncio.create_task(maker.make(sample("PNG"), "image/png"))
    await until(lambda: maker.stats.waiting == 1)
    await maker.close()
    assert (await waiting).placeholder
    gate.set()
    assert not (await running).placeholder
    assert not (await maker.make(sample("PNG"), "image/png")).placeholder
    await maker.close()


def test_each_event_loop_is_served() -> None:
    maker = VariantMaker(Images(), "Mira")

    async def once() -> Variant:
        return await maker.make(sample("JPEG"), "image/jpeg")

    assert asyncio.run(once()) == asyncio.run(once())
    assert (maker.stats.made, maker.stats.hits) == (1, 1)
    asyncio.run(maker.close())


async def test_the_cache_keeps_its_bound() -> None:
    one = len((await VariantMaker(Images(), "Mira").make(sample("JPEG"), "image/jpeg")).body)
    maker = VariantMaker(Images(cache_bytes=3 * one), "Mira")
    for number in range(12):
        original = file_of(scene(), "JPEG", comment=bytes([number]))
        assert not (await maker.make(original, "image/jpeg")).placeholder
        assert 0 < maker.stats.cached_bytes <= 3 * one
    await maker.close()


async def test_without_a_cache_it_works_all_the_same(made: list[bytes]) -> None:
    maker = VariantMaker(Images(cache_bytes=0), "Mira")
    for _ in range(2):
        assert not (await maker.make(sample("JPEG"), "image/jpeg")).placeholder
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
    await maker.make(original, "image/png")
    took = time.perf_counter() - started
    watcher.cancel()
    assert len(pauses) > 20
    assert max(pauses) < took / 2


async def test_pillows_settings_are_the_owners(maker: VariantMaker) -> None:
    before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)
    for data in DAMAGED.values():
        await maker.make(data, "image/png")
    assert before == (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)


FUZZED = VariantMaker(Images(max_side=320), "Mira")


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
    variant = asyncio.run(FUZZED.make(original, "image/png"))
    assert variant.body != original
    with Image.open(BytesIO(variant.body)) as image:
        image.load()
        assert Image.MIME[str(image.format)] == variant.content_type
