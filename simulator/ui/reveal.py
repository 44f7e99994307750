"""The treated vertebra as it truly is, with needle paths and cement: turned by dragging."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pygame
from scipy.ndimage import gaussian_filter

from simulator.frames import Side
from simulator.ui.debrief_leaks import INKS, leaks_of, stamp
from simulator.ui.theme import Rgb, colours
from simulator.units import FloatArray
from simulator.world.case import Case
from simulator.world.state import State
from simulator.world.tools import Cannula

_BONE = np.array((214.0, 205.0, 190.0))
_CEMENT = np.array((255.0, 210.0, 63.0))
_LIGHT = np.array((-0.35, -0.45, 0.82))
"""Where the light comes from: the viewer's upper left, in (right, down, towards)."""

_OVER = 2
"""Drawn larger and scaled down, so that edges are smooth."""

_SMOOTH = 0.8
"""Voxels; without it rims show the steps of the grid."""

_FULL = 0.3
"""Smoothed filling above which a voxel is drawn as cement."""

_SOLID = 0.42
"""How much of the bone's colour stays in front of cement."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """Surface points with their normals, patient frame."""

    points: FloatArray
    normals: FloatArray


def surface_of(field: FloatArray, origin: tuple[float, ...], side: float) -> Cloud:
    """Return the voxels just inside the zero level of a signed distance field."""
    normals = np.stack(list(np.gradient(field)), -1)
    shell = (field <= 0.0) & (field > -1.3 * side)
    at = np.argwhere(shell)
    n = normals[shell]
    n = n / np.maximum(np.linalg.norm(n, axis=1, keepdims=True), 1e-9)
    # Slide every point onto the surface, so that voxels leave no steps.
    points = at * side + np.asarray(origin) - n * field[shell][:, None]
    return Cloud(points, n)


def bone_of(case: Case) -> Cloud:
    """Return the surface of the target vertebra."""
    bone = case.patient.target.bone
    if bone is None:
        return Cloud(np.zeros((0, 3)), np.zeros((0, 3)))
    field = gaussian_filter(bone.distance_mm.astype(np.float64), _SMOOTH)
    return surface_of(field, bone.origin_mm, bone.spacing_mm)


def cement_of(state: State) -> Cloud:
    """Return the voxels of the body that hold cement, with the normals of their smoothed heap."""
    cloud, bone = state.cement.cloud, state.body.bone
    heap = np.zeros(bone.shape)
    inside = cloud.route < 0
    heap.flat[cloud.voxel[inside]] = np.minimum(cloud.fill[inside], 1.0)
    soft = gaussian_filter(heap, 1.2)
    normals = -np.stack(list(np.gradient(soft)), -1)
    full = soft > _FULL
    n = normals[full]
    n = n / np.maximum(np.linalg.norm(n, axis=1, keepdims=True), 1e-9)
    return Cloud(np.argwhere(full) * bone.spacing_mm + np.asarray(bone.origin_mm), n)


def axes(turn_deg: float, lift_deg: float) -> FloatArray:
    """Return (right, down, towards the viewer) as rows, in the patient frame.

    Turn 0 looks from behind with the head up; lift looks down from above.
    """
    t, e = math.radians(turn_deg), math.radians(lift_deg)
    toward = np.array((math.sin(t) * math.cos(e), math.cos(t) * math.cos(e), math.sin(e)))
    right = np.array((-math.cos(t), math.sin(t), 0.0))
    down = np.cross(toward, right)
    if down[2] > 0:
        down = -down
    return np.stack((right, down, toward))


class Reveal:
    """Keeps the surfaces and the last picture."""

    def __init__(self, case: Case, state: State, before: Sequence[State] = ()) -> None:
        """Collect what is true at the end of the run; tools taken out are found `before`."""
        self._bone = bone_of(case)
        self._cement = cement_of(state)
        self.leaks = leaks_of(state)
        tools = [_last_tool(side, (*before, state)) for side in Side]
        self._paths = [_path(tool) for tool in tools if tool is not None]
        self._plans = [
            (Side(i), np.asarray(case.plans[i].skin_mm), np.asarray(case.plans[i].target_mm))
            for i in case.sides
        ]
        self.turn, self.lift = 28.0, 32.0
        self._key: tuple[float, ...] = ()
        self._image: Any = None

    def drag(self, dx: float, dy: float) -> None:
        """Turn by a drag in pixels."""
        self.turn = (self.turn - dx * 0.5) % 360.0
        self.lift = min(max(self.lift + dy * 0.5, -80.0), 88.0)

    def picture(self, size: tuple[int, int]) -> Any:
        """Return the picture for a pane of `size` pixels."""
        key = (*size, self.turn, self.lift)
        if key != self._key:
            self._key = key
            self._image = self._render(*size)
        return self._image

    def _render(self, wide: int, high: int) -> Any:
        small = (wide, high)
        wide, high = wide * _OVER, high * _OVER
        frame = axes(self.turn, self.lift)
        scale = min(wide, high) / 88.0
        shade = np.zeros((high, wide, 3)) + np.array(colours().black, dtype=np.float64)
        depth = np.full(high * wide, -np.inf)
        middle = self._bone.points.mean(0) if len(self._bone.points) else np.zeros(3)
        flat = shade.reshape(-1, 3)
        bone = self._bone
        size = (wide, high)
        _splat(bone.points, bone.normals, _BONE, frame, middle, scale, size, flat, depth)
        glow = flat.copy()
        deep = np.full(high * wide, -np.inf)
        for points, normals, ink in self._given():
            _splat(points, normals, ink, frame, middle, scale, size, glow, deep)
        seen = deep > -np.inf
        share = np.where(deep >= depth, 0.0, _SOLID)[seen, None]
        flat[seen] = flat[seen] * share + glow[seen] * (1.0 - share)
        image = pygame.surfarray.make_surface(
            np.clip(shade, 0, 255).astype(np.uint8).swapaxes(0, 1)
        )
        for side, start, end in self._paths:
            _stick(image, start, end, frame, middle, scale, colours().side(side), dashed=False)
        for _, start, end in self._plans:
            _stick(image, start, end, frame, middle, scale, colours().hi, dashed=True)
        for leak in self.leaks:
            if leak.middle is not None:
                r, d, _ = frame @ (leak.middle - middle)
                spot = (r * scale + wide / 2, d * scale + high / 2)
                stamp(image, leak.route, spot, 0.018 * high)
        return pygame.transform.smoothscale(image, small)

    def _given(self) -> list[tuple[FloatArray, FloatArray, FloatArray]]:
        """Return points, normals and colour of the cement in the body and of each leak."""
        out = [(self._cement.points, self._cement.normals, _CEMENT)]
        out += [(k.points, k.normals, np.array(INKS[k.route], float)) for k in self.leaks]
        return [row for row in out if len(row[0])]

    @property
    def sides(self) -> tuple[Side, ...]:
        """The sides on which a tool was in the patient."""
        return tuple(side for side, _, _ in self._paths)

    @property
    def cement(self) -> bool:
        """Tell whether cement is in the body."""
        return bool(len(self._cement.points))


def _last_tool(side: Side, states: Sequence[State]) -> Cannula | None:
    for state in reversed(states):
        tool = state.cannulas[side]
        if tool is not None:
            return tool
    return None


def _path(tool: Cannula) -> tuple[Side, FloatArray, FloatArray]:
    return tool.side, np.asarray(tool.skin_mm), np.asarray(tool.channel_end_mm)


def _splat(
    points: FloatArray,
    normals: FloatArray,
    colour: FloatArray,
    frame: FloatArray,
    middle: FloatArray,
    scale: float,
    size: tuple[int, int],
    out: FloatArray,
    depth: FloatArray,
) -> None:
    """Draw points as small squares, the nearest last; shaded by their normals."""
    wide, high = size
    seen = (points - middle) @ frame.T
    lit = normals @ frame.T
    facing = lit[:, 2] > -0.15
    seen, lit = seen[facing], lit[facing]
    light = 0.22 + 0.78 * np.clip(lit @ (_LIGHT / np.linalg.norm(_LIGHT)), 0.0, 1.0)
    x = seen[:, 0] * scale + wide / 2
    y = seen[:, 1] * scale + high / 2
    order = np.argsort(seen[:, 2], kind="stable")
    reach = max(1, math.ceil(scale * 0.42))
    shaded = colour[None, :] * light[order, None]
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            column = (x[order] + dx).astype(int)
            row = (y[order] + dy).astype(int)
            inside = (column >= 0) & (column < wide) & (row >= 0) & (row < high)
            at = row[inside] * wide + column[inside]
            z = seen[order, 2][inside]
            front = z >= depth[at]
            at, z = at[front], z[front]
            out[at] = shaded[inside][front]
            depth[at] = z


def _stick(
    image: Any,
    start: FloatArray,
    end: FloatArray,
    frame: FloatArray,
    middle: FloatArray,
    scale: float,
    colour: Rgb,
    *,
    dashed: bool,
) -> None:
    """Draw a path over the bone: it is to be seen wherever it runs."""
    wide, high = image.get_size()
    start = end + (start - end) * min(1.0, 75.0 / max(float(np.linalg.norm(start - end)), 1e-6))
    spots = []
    for point in (start, end):
        r, d, _ = frame @ (point - middle)
        spots.append((r * scale + wide / 2, d * scale + high / 2))
    a, b = spots
    parts = 22 if dashed else 1
    for i in range(0, parts, 2):
        p = (a[0] + (b[0] - a[0]) * i / parts, a[1] + (b[1] - a[1]) * i / parts)
        q = (a[0] + (b[0] - a[0]) * (i + 1) / parts, a[1] + (b[1] - a[1]) * (i + 1) / parts)
        pygame.draw.line(image, colour, p, q, (2 if dashed else 3) * _OVER)
    if not dashed:
        pygame.draw.circle(image, colour, b, 4 * _OVER)
