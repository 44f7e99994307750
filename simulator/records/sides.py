"""The treated vertebra from three sides: anatomy, plan, path of the tools, cement, leaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from simulator.anatomy.volume import BoneField, Tissue
from simulator.engine.session import Sample
from simulator.frames import Side
from simulator.records.svg import INK, LINE, figure_text
from simulator.units import FloatArray
from simulator.world.case import Case
from simulator.world.cement import ROUTES
from simulator.world.state import State

SIDES: tuple[tuple[str, int, int, str, str], ...] = (
    ("From behind", 0, 2, "left of the patient", "up"),
    ("From the left", 1, 2, "posterior", "up"),
    ("From above", 0, 1, "left of the patient", "posterior"),
)
"""Title, axis across, axis up, and their words."""

_BONE, _CANAL, _CEMENT = "#c9bfae", "#f3dcdc", "#7a7f87"
_SIDE_INK = {Side.LEFT: LINE, Side.RIGHT: "#a0522d"}
_ROUTE_INK = ("#d55e00", "#0072b2", "#009e73", "#cc79a7", "#b3261e", "#5b3a8c", "#8a6d00")
_ROUTE_MARK = ("o", "s", "^", "D", "X", "P", "v")
_ROUTE_SIGN = ("●", "■", "▲", "◆", "✖", "✚", "▼")
"""The marks as letters, for the key."""
_WAY_SIGN, _PLAN_SIGN, _AREA_SIGN = "━", "╌", "■"
_SIZE_IN = (3.1, 2.9)
_THICK_MM = (1.0, 4.0, 8.0, 40.0)
_LEAST_UL = 5.0
"""A leak that is told as 0.00 mL is not told."""
_FEWEST_MM = 0.4
"""Points of a path nearer together than this are one."""


@dataclass(frozen=True, slots=True)
class Key:
    """What a sign in the figures means."""

    sign: str
    ink: str
    words: str


@dataclass(frozen=True, slots=True)
class Views:
    """The vertebra from three sides."""

    figures: tuple[tuple[str, str], ...]
    """(title, SVG), in the order of `SIDES`."""
    keys: tuple[Key, ...]


_CANAL_KEY = Key(_AREA_SIGN, "#dfa9a9", "canal")


def paths(case: Case, state: State, trace: Sequence[Sample]) -> Views:
    """Return the planned path and the way the tips took, before the bone as it is now."""

    def draw(ax: Axes, across: int, up: int) -> None:
        _bone(ax, state.body.bone, across, up)
        for side in (Side(s) for s in case.sides):
            plan = case.plans[side]
            ends = np.array([plan.skin_mm, plan.target_mm])
            ax.plot(ends[:, across], ends[:, up], color=_SIDE_INK[side], lw=1.0, ls=(0, (4, 3)))
        for side in Side:
            way = tip_path(trace, side)
            if len(way):
                ax.plot(way[:, across], way[:, up], color=_SIDE_INK[side], lw=1.8)
                ax.plot(*way[-1, [across, up]], "o", color=_SIDE_INK[side], ms=4)

    took = [side for side in Side if len(tip_path(trace, side))]
    keys = [Key(_WAY_SIGN, _SIDE_INK[side], f"{side.name.lower()} tip") for side in took]
    keys += [Key(_PLAN_SIGN, _SIDE_INK[Side(side)], "planned") for side in case.sides[:1]]
    return _three(draw, state.body.bone, (*keys, _CANAL_KEY))


def leaks(state: State) -> tuple[tuple[int, float], ...]:
    """Return (index into `ROUTES`, mL) of every route by which a volume worth telling left."""
    amounts = enumerate(state.cement.cloud.leak_ul)
    return tuple((r, ul / 1000.0) for r, ul in amounts if ul >= _LEAST_UL)


def cement(state: State) -> Views:
    """Return the cement in the body and of every route by which it left."""
    cloud, bone = state.cement.cloud, state.body.bone
    inside = cloud.route < 0
    routes = leaks(state)

    def draw(ax: Axes, across: int, up: int) -> None:
        _bone(ax, bone, across, up)
        heap = np.zeros(bone.shape)
        heap.flat[cloud.voxel[inside]] = np.minimum(cloud.fill[inside], 1.0)
        thick = heap.sum(_away(across, up)) * bone.spacing_mm
        if thick.max() > _THICK_MM[0]:
            x, y = _axes(bone, across, up)
            greys = ("#b9bdc2", "#8d9299", "#62676d")
            ax.contourf(x, y, _turned(thick, across, up), levels=_THICK_MM, colors=greys, alpha=0.8)
        for r, _ in routes:
            _leak(ax, state, r, across, up)

    keys = [Key(_AREA_SIGN, _CEMENT, "cement in the body")]
    for r, ml in routes:
        keys.append(Key(_ROUTE_SIGN[r], _ROUTE_INK[r], f"{ROUTES[r].value} {ml:.2f} mL"))
    return _three(draw, bone, (*keys, _CANAL_KEY))


def _leak(ax: Axes, state: State, route: int, across: int, up: int) -> None:
    """Draw where the cement of one route lies, its outline, and one sign in its middle."""
    cloud, bone = state.cement.cloud, state.body.bone
    heap = np.zeros(bone.shape, bool)
    heap.flat[cloud.voxel[cloud.route == route]] = True
    seen = heap.any(_away(across, up))
    if not seen.any():  # all of it went on to the lungs
        return
    x, y = _axes(bone, across, up)
    plane, ink = _turned(seen.astype(float), across, up), _ROUTE_INK[route]
    ax.contourf(x, y, plane, levels=(0.5, 1.5), colors=(ink,), alpha=0.35)
    ax.contour(x, y, plane, levels=(0.5,), colors=(ink,), linewidths=1.0)
    rows, columns = np.nonzero(plane)
    # The sign stands on cement: on the spot nearest to the middle of all of it.
    off = (rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2
    at = int(np.argmin(off))
    ax.plot(x[columns[at]], y[rows[at]], _ROUTE_MARK[route], color=ink, ms=6, mec="white", mew=0.8)


def tip_path(trace: Sequence[Sample], side: Side) -> FloatArray:
    """Return the (n, 3) places of one side's tip while it was in the patient, in order."""
    out: list[tuple[float, float, float]] = []
    for row in trace:
        if row.side != side or row.tip_mm is None or row.depth_mm <= 0.0:
            continue
        if not out or sum((a - b) ** 2 for a, b in zip(out[-1], row.tip_mm, strict=True)) > (
            _FEWEST_MM**2
        ):
            out.append(row.tip_mm)
    return np.array(out).reshape(-1, 3)


def _away(across: int, up: int) -> int:
    return 3 - across - up


def _axes(bone: BoneField, across: int, up: int) -> tuple[FloatArray, FloatArray]:
    def axis(n: int) -> FloatArray:
        return np.arange(bone.shape[n], dtype=np.float64) * bone.spacing_mm + bone.origin_mm[n]

    return axis(across), axis(up)


def _turned(plane: FloatArray, across: int, up: int) -> FloatArray:
    return plane.T if across < up else plane


def _bone(ax: Axes, bone: BoneField, across: int, up: int) -> None:
    """Draw the outline of the bone and the canal."""
    x, y = _axes(bone, across, up)
    away = _away(across, up)
    canal = np.isin(bone.tissue, (int(Tissue.CANAL), int(Tissue.EPIDURAL)))
    if canal.any():
        seen = _turned(canal.any(away).astype(float), across, up)
        ax.contourf(x, y, seen, levels=(0.5, 1.5), colors=(_CANAL,))
    nearest = _turned(bone.distance_mm.min(away), across, up)
    ax.contourf(x, y, nearest, levels=(-99.0, 0.0), colors=(_BONE,), alpha=0.35)
    ax.contour(x, y, nearest, levels=(0.0,), colors=("#857b69",), linewidths=0.9)


def _three(draw: Callable[[Axes, int, int], None], bone: BoneField, keys: tuple[Key, ...]) -> Views:
    def view(across: int, up: int, x_word: str, y_word: str) -> str:
        def paint(axes: Sequence[Axes]) -> None:
            (ax,) = axes
            draw(ax, across, up)
            x, y = _axes(bone, across, up)
            # As in the pictures: the patient's left on the left, anterior on the left.
            ax.set_xlim((x[-1], x[0]) if across == 0 else (x[0], x[-1]))
            ax.set_ylim((y[-1], y[0]) if up == 1 else (y[0], y[-1]))
            ax.set_aspect("equal")
            ax.set_xlabel(f"mm, {x_word}", color=INK)
            ax.set_ylabel(f"mm, {y_word}", color=INK)

        return figure_text(_SIZE_IN, 1, paint)

    figures = tuple((title, view(across, up, x, y)) for title, across, up, x, y in SIDES)
    return Views(figures, keys)
