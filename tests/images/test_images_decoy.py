"""A picture that looks like one, and has nothing to do with any other."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_samples import difference
from PIL import Image, ImageStat
from skimage import data
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from guardware.images.decoy import decoy


def jpeg_size(image: Image.Image) -> int:
    out = BytesIO()
    image.save(out, "JPEG", quality=80)
    return len(out.getvalue())


def test_the_same_seed_gives_the_same_picture() -> None:
    assert decoy((300, 200), 7).tobytes() == decoy((300, 200), 7).tobytes()


def test_seeds_give_different_pictures() -> None:
    decoys = [decoy((96, 64), seed) for seed in range(40)]
    distances = [difference(one, other) for at, one in enumerate(decoys) for other in decoys[:at]]
    assert min(distances) > 10


@pytest.mark.parametrize("seed", [0, 1, 12345, 2**64 - 1, 2**130])
def test_it_has_colours_depth_and_texture(seed: int) -> None:
    image = decoy((640, 480), seed)
    assert (image.mode, image.size) == ("RGB", (640, 480))
    assert ImageStat.Stat(image.convert("L")).stddev[0] > 15  # not one flat tone
    assert ImageStat.Stat(image.convert("HSV").getchannel("S")).mean[0] > 30  # not grey
    assert 0.02 < jpeg_size(image) / (640 * 480) < 0.3  # bytes a pixel: neither a gradient nor noise


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea", "rocket"])
def test_it_is_as_unlike_a_photograph_as_another_photograph_is(name: str) -> None:
    original = np.asarray(Image.fromarray(getattr(data, name)()).convert("RGB").resize((256, 192)))
    for seed in range(10):
        other = np.asarray(decoy((256, 192), seed))
        # Two of these photographs: at most 0.44 and 10.7 dB.
        assert structural_similarity(original, other, channel_axis=2) < 0.5  # type: ignore[no-untyped-call]
        assert peak_signal_noise_ratio(original, other) < 14  # type: ignore[no-untyped-call]


@settings(max_examples=40, deadline=None)
@given(size=st.tuples(st.integers(1, 400), st.integers(1, 400)), seed=st.integers(0, 2**256))
def test_any_size_and_seed(size: tuple[int, int], seed: int) -> None:
    assert decoy(size, seed).size == size


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1)])
def test_the_narrowest(size: tuple[int, int]) -> None:
    assert decoy(size, 3).size == size
