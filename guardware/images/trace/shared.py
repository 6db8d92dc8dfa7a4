"""Brings a leak into the canonical frame of its original, and reads T1 there."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from guardware.images.trace.frame import Frame, canonical
from guardware.images.trace.plane import Mask, Plane, brought, compose, mean_plane, onto
from guardware.images.trace.register import Placement
from guardware.images.trace.residual import soft_informed

_RIDGE = 1e-3


def soft_shared(
    leak: Image.Image, original: Image.Image, placement: Placement, key: bytes, delta: float
) -> Iterator[NDArray[np.float64]]:
    """The 288 soft bits if the mark was laid on the picture itself, and if it was laid on a veil that inverts.

    ``leak`` and ``original`` are RGB; the leak may be a negative.
    """
    frame = canonical(original)
    height, width = frame.plane.shape
    matrix = compose(placement.affine, onto(frame.box, (width, height), False, 0.0))
    plane, known = brought(mean_plane(leak), matrix, (width, height))
    host = _host(plane, original, frame, known)
    if float(np.dot(host[known] - host[known].mean(), frame.plane[known])) < 0:
        plane, host = 255 - plane, 255 - host
    yield soft_informed(plane, frame.plane, key, delta, known, host)
    yield soft_informed(255 - plane, 255 - frame.plane, key, delta, known, 255 - host)


def _host(plane: Plane, original: Image.Image, frame: Frame, known: Mask) -> Plane:
    """The mixture of the original's channels that ``plane`` shows: their mean, or another if it is grey."""
    height, width = plane.shape
    channels = np.asarray(original.resize((width, height), Image.Resampling.LANCZOS, frame.box), np.float32)
    columns = np.dstack([channels, np.ones_like(plane)])
    basis = columns[known].astype(np.float64)
    normal = basis.T @ basis + np.eye(4) * (_RIDGE * max(1, len(basis)))
    return np.asarray(columns @ np.linalg.solve(normal, basis.T @ plane[known]), np.float32)
