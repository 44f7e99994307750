"""The picture as it lies on the screen: flipped, then turned about its centre."""

from __future__ import annotations

import math

import numpy as np

from simulator.imaging.settings import Settings
from simulator.kernels.monitor import turn
from simulator.units import ByteArray, frozen


def _turn(settings: Settings) -> tuple[float, float]:
    """Return cosine and sine of the turn; quarter turns are exact."""
    quarters = _quarters(settings)
    if quarters is not None:
        return ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[quarters]
    angle = math.radians(settings.rotate_deg)
    return math.cos(angle), math.sin(angle)


def _quarters(settings: Settings) -> int | None:
    """Return how many quarter turns these are, 0 .. 3; None if they are not whole."""
    whole, rest = divmod(settings.rotate_deg % 360.0, 90.0)
    return int(whole) % 4 if rest == 0.0 else None


def oriented(picture: ByteArray, settings: Settings) -> ByteArray:
    """Return a square picture flipped and turned as `settings` say, corners black.

    Quarter turns and flips only move pixels; other angles interpolate between four of them.

    Args:
        picture: (n, n) grey.
        settings: What the viewer turned.
    """
    if settings.rotate_deg == 0.0 and not (settings.flip_x or settings.flip_y):
        return picture
    out = picture[:: -1 if settings.flip_y else 1, :: -1 if settings.flip_x else 1]
    quarters = _quarters(settings)
    if quarters is not None:
        return frozen(np.ascontiguousarray(np.rot90(out, -quarters)))
    turned = np.empty_like(picture)
    turn(frozen(np.ascontiguousarray(out)), *_turn(settings), turned)
    return frozen(turned)


def oriented_point(col: float, row: float, n: int, settings: Settings) -> tuple[float, float]:
    """Return where a pixel of the plain (n, n) picture lies on the oriented one: (col, row)."""
    middle = 0.5 * (n - 1)
    x = (col - middle) * (-1.0 if settings.flip_x else 1.0)
    y = (row - middle) * (-1.0 if settings.flip_y else 1.0)
    c, s = _turn(settings)
    return middle + c * x - s * y, middle + s * x + c * y


def plain_point(col: float, row: float, n: int, settings: Settings) -> tuple[float, float]:
    """Return what `oriented_point` brought to (col, row)."""
    middle = 0.5 * (n - 1)
    c, s = _turn(settings)
    x, y = col - middle, row - middle
    x, y = c * x + s * y, c * y - s * x
    return (
        middle + (-x if settings.flip_x else x),
        middle + (-y if settings.flip_y else y),
    )
