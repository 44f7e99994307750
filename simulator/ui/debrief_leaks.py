"""Leaked cement in the reveal: by route, each with its own shape and colour."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pygame
from scipy.ndimage import gaussian_filter

from simulator.records.sides import leaks
from simulator.ui.kit import Kit
from simulator.ui.theme import Rgb, colours
from simulator.units import FloatArray
from simulator.world.cement import ROUTES
from simulator.world.state import State

INKS: tuple[Rgb, ...] = (
    (255, 120, 71), (77, 157, 224), (47, 208, 140), (217, 140, 255), (255, 77, 77),
    (157, 123, 255), (199, 167, 74),
)  # fmt: skip
"""By index into `ROUTES`; told apart by shape too, since some look alike to some eyes."""
_CORNERS = (0, 4, 3, 4, 0, 0, 3)
"""Corners of the plain shapes: circle, square, triangle, diamond; cross, plus, triangle down."""
_TURN_DEG = (0.0, 45.0, 0.0, 0.0, 45.0, 0.0, 180.0)
_CROSS, _PLUS = 4, 5
_THIN = 0.36
"""Half the thickness of the arms of a cross, in its radius."""


@dataclass(frozen=True, slots=True)
class Leak:
    """What left by one route."""

    route: int
    """Index into `ROUTES`."""
    ml: float
    points: FloatArray
    """(n, 3) voxels in the patient frame; none where all of it went on to the lungs."""
    normals: FloatArray

    @property
    def words(self) -> str:
        """What the legend says."""
        return f"{ROUTES[self.route].value} {self.ml:.2f} mL"

    @property
    def middle(self) -> FloatArray | None:
        """The voxel nearest to the middle of all, where the sign stands."""
        if not len(self.points):
            return None
        off = np.linalg.norm(self.points - self.points.mean(0), axis=1)
        return np.asarray(self.points[int(np.argmin(off))])


def leaks_of(state: State) -> tuple[Leak, ...]:
    """Return the routes by which a volume worth telling left, with its voxels."""
    cloud, bone = state.cement.cloud, state.body.bone
    out = []
    for route, ml in leaks(state):
        heap = np.zeros(bone.shape)
        heap.flat[cloud.voxel[cloud.route == route]] = 1.0
        slope = np.stack(np.gradient(gaussian_filter(heap, 1.2)), -1)
        full = heap > 0.0
        n = -slope[full]
        n = n / np.maximum(np.linalg.norm(n, axis=1, keepdims=True), 1e-9)
        points = np.argwhere(full) * bone.spacing_mm + np.asarray(bone.origin_mm)
        out.append(Leak(route, ml, points, n))
    return tuple(out)


def outline(route: int, centre: tuple[float, float], radius: float) -> list[tuple[float, float]]:
    """Return the corners of a route's sign."""
    turn = math.radians(_TURN_DEG[route] - 90.0)
    if route in (_CROSS, _PLUS):
        t = _THIN
        arm = [(t, t), (1.0, t), (1.0, -t), (t, -t)]
        plain = []
        for quarter in range(4):
            s, k = math.sin(-quarter * math.pi / 2), math.cos(-quarter * math.pi / 2)
            plain += [(x * k - y * s, x * s + y * k) for x, y in arm]
    else:
        count = _CORNERS[route] or 20
        steps = [2.0 * math.pi * i / count for i in range(count)]
        plain = [(math.cos(a), math.sin(a)) for a in steps]
    s, k = math.sin(turn), math.cos(turn)
    return [
        (centre[0] + radius * (x * k - y * s), centre[1] + radius * (x * s + y * k))
        for x, y in plain
    ]


def stamp(image: Any, route: int, centre: tuple[float, float], radius: float) -> None:
    """Draw a sign with a dark rim on a picture."""
    pygame.draw.polygon(image, colours().black, outline(route, centre, radius * 1.35))
    pygame.draw.polygon(image, INKS[route], outline(route, centre, radius))


def legend(kit: Kit, rect: Any, found: Sequence[Leak]) -> None:
    """List the routes in two columns, sign, route and millilitres."""
    c = kit.canvas
    for i, leak in enumerate(found):
        x = rect.x + (i % 2) * rect.w / 2
        y = rect.y + c.px(ROW) * (i // 2 + 0.5)
        c.poly(outline(leak.route, (x + c.px(0.8), y), c.px(0.75)), INKS[leak.route])
        words = c.fitted(leak.words, rect.w / 2 - c.px(3), "xs", "sc")
        c.text(words, (x + c.px(2.2), y), "xs", "sc", kit.colour.hi)


ROW = 2.3
"""Height of a row of the legend in u."""


def rows(found: Sequence[Leak]) -> int:
    """Return how many rows the legend takes."""
    return (len(found) + 1) // 2
