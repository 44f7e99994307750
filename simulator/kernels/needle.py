"""What a tool meets: bone along its cone and shaft, walls beside it, cortex ahead of it."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from simulator.kernels.grid import Point, covers, label, sample
from simulator.units import AnyArray, FloatArray

CUT, FRICTION, IN_BONE, TIP_DISTANCE, TIP_SHELL, TIP_TISSUE, AHEAD, CANAL_BREACH = range(8)
FAR_MM = 99.0
"""Distance of a tip that is outside the field."""

_CANAL, _EPIDURAL = 3, 4
_CONE_RINGS = 8
_SHAFT_STEP_MM = 0.75
_AHEAD_STEP_MM = 0.5
_AHEAD_MAX_MM = 40.0


class Ground(NamedTuple):
    """The fields of a `BoneField`."""

    distance: AnyArray
    shell: AnyArray
    bv: AnyArray
    tissue: AnyArray
    origin: FloatArray
    """(3,) mm."""
    spacing: float


class Tool(NamedTuple):
    """A rod of one width with a pointed end."""

    path: FloatArray
    """(n, 3) mm: its axis as a polyline, tip first; goes straight on behind the last point."""
    radius_mm: float
    depth_mm: float
    """Length behind the tip that is in the patient."""
    watched_mm: float
    """Length behind the tip along which a breach into the canal counts."""
    open_mm: float
    """How far the channel made before leads on in front of the tip."""
    bore_mm: float
    """Radius of that channel; 0 without one."""
    medial_sign: float
    """-1 if medial is towards -x (left side), +1 on the right."""


class Law(NamedTuple):
    """How bone resists."""

    cone_mm: float
    cortical_mpa: float
    cancellous_mpa: float
    """At a bone volume fraction of 0.1."""
    exponent: float
    cancellous_n_mm: float
    """Friction on a shaft of 3 mm at a bone volume fraction of 0.1."""
    cortical_n_mm: float
    cut_share: float
    """Of the strength that the point has to overcome: a drill takes bone away."""


@njit(cache=True, nogil=True)
def behind(path: FloatArray, back_mm: float) -> Point:
    """Return the point of a polyline `back_mm` behind its first point."""
    left = back_mm
    last = path.shape[0] - 2
    for i in range(last + 1):
        dx = path[i + 1, 0] - path[i, 0]
        dy = path[i + 1, 1] - path[i, 1]
        dz = path[i + 1, 2] - path[i, 2]
        length = math.sqrt(dx * dx + dy * dy + dz * dz)
        if left <= length or i == last:
            t = left / length
            return path[i, 0] + t * dx, path[i, 1] + t * dy, path[i, 2] + t * dz
        left -= length
    return path[0, 0], path[0, 1], path[0, 2]


@njit(cache=True, nogil=True)
def _hole_mm(holes: FloatArray, p: Point) -> float:
    """Radius of open channel about `p`; 0 if it lies in none."""
    widest = 0.0
    for i in range(holes.shape[0]):
        ax, ay, az = holes[i, 0], holes[i, 1], holes[i, 2]
        dx, dy, dz = holes[i, 3] - ax, holes[i, 4] - ay, holes[i, 5] - az
        x, y, z = p[0] - ax, p[1] - ay, p[2] - az
        t = (x * dx + y * dy + z * dz) / (dx * dx + dy * dy + dz * dz)
        t = min(max(t, 0.0), 1.0)
        x, y, z = x - t * dx, y - t * dy, z - t * dz
        widest = max(widest, holes[i, 6] - math.sqrt(x * x + y * y + z * z))
    return widest


@njit(cache=True, nogil=True)
def _strength_mpa(g: Ground, law: Law, p: Point) -> float:
    """Cutting strength: cortex inside the shell, power law within, 0 outside bone."""
    distance = sample(g.distance, g.origin, g.spacing, p)
    if distance >= 0.0:
        return 0.0
    if -distance < sample(g.shell, g.origin, g.spacing, p):
        return law.cortical_mpa
    bv = max(sample(g.bv, g.origin, g.spacing, p), 0.0)
    return law.cancellous_mpa * float((bv / 0.1) ** law.exponent)


@njit(cache=True, nogil=True)
def _cutting_n(g: Ground, tool: Tool, law: Law, holes: FloatArray) -> float:
    """Every ring of the cone pushes with the strength of the bone it stands in."""
    force = 0.0
    for ring in range(_CONE_RINGS):
        back = (ring + 0.5) / _CONE_RINGS * law.cone_mm
        if back > tool.depth_mm:
            break
        r_out = tool.radius_mm * (ring + 1.0) / _CONE_RINGS
        r_in = tool.radius_mm * ring / _CONE_RINGS
        p = behind(tool.path, back)
        # The last `cone` of an old channel is as narrow as the cone that made it.
        if tool.bore_mm > 0.0 and tool.open_mm + back > law.cone_mm:
            r_in = max(r_in, tool.bore_mm)
        if holes.shape[0] > 0:
            r_in = max(r_in, _hole_mm(holes, p))
        if r_out > r_in:
            area = math.pi * (r_out * r_out - r_in * r_in)
            force += area * law.cut_share * _strength_mpa(g, law, p)
    return force


@njit(cache=True, nogil=True)
def _follow_shaft(g: Ground, tool: Tool, law: Law, holes: FloatArray, out: FloatArray) -> None:
    """Add friction and length in bone, and find the deepest breach into the canal.

    In a channel wider than itself a rod does not rub.
    """
    for step in range(int(max(tool.depth_mm, 0.0) / _SHAFT_STEP_MM)):
        back = (step + 0.5) * _SHAFT_STEP_MM
        p = behind(tool.path, back)
        distance = sample(g.distance, g.origin, g.spacing, p)
        if distance < 0.0:
            out[IN_BONE] += _SHAFT_STEP_MM
        loose = holes.shape[0] > 0 and _hole_mm(holes, p) > tool.radius_mm
        if distance < 0.0 and not loose:
            if -distance < sample(g.shell, g.origin, g.spacing, p):
                out[FRICTION] += law.cortical_n_mm * _SHAFT_STEP_MM
            else:
                share = sample(g.bv, g.origin, g.spacing, p) / 0.1 * (tool.radius_mm / 1.5)
                out[FRICTION] += law.cancellous_n_mm * share * _SHAFT_STEP_MM
        if back > tool.watched_mm:
            continue
        beside = (p[0] + tool.medial_sign * tool.radius_mm, p[1], p[2])
        stands_out = sample(g.distance, g.origin, g.spacing, beside)
        if stands_out > out[CANAL_BREACH]:
            found = label(g.tissue, g.origin, g.spacing, beside)
            if found in (_CANAL, _EPIDURAL):
                out[CANAL_BREACH] = stands_out


@njit(cache=True, nogil=True)
def _ahead_mm(g: Ground, tool: Tool) -> float:
    """Bone straight ahead of the tip, to the first surface."""
    ahead = 0.0
    while ahead < _AHEAD_MAX_MM:
        ahead += _AHEAD_STEP_MM
        if sample(g.distance, g.origin, g.spacing, behind(tool.path, -ahead)) >= 0.0:
            break
    return ahead


@njit(cache=True, nogil=True)
def probe(g: Ground, tool: Tool, law: Law, holes: FloatArray) -> FloatArray:
    """Return what a tool meets in one bone field, as an array indexed by the names above.

    Args:
        g: the field.
        tool: the rod where it stands.
        law: constants of resistance.
        holes: (m, 7) other open channels: start and end of the axis, mm, and radius, mm.

    Returns:
        (8,) CUT N, FRICTION N, IN_BONE mm of shaft, TIP_DISTANCE mm, TIP_SHELL mm, TIP_TISSUE
        label, AHEAD mm of bone straight ahead, CANAL_BREACH mm by which the shaft's medial
        surface lies outside bone in canal or epidural space (0 if nowhere).
    """
    out = np.zeros(8)
    tip = behind(tool.path, 0.0)
    out[TIP_DISTANCE] = FAR_MM
    if covers(g.distance, g.origin, g.spacing, tip):
        out[TIP_DISTANCE] = sample(g.distance, g.origin, g.spacing, tip)
        out[TIP_SHELL] = sample(g.shell, g.origin, g.spacing, tip)
        out[TIP_TISSUE] = label(g.tissue, g.origin, g.spacing, tip)
    if out[TIP_DISTANCE] < 0.0:
        out[AHEAD] = _ahead_mm(g, tool)
    out[CUT] = _cutting_n(g, tool, law, holes)
    _follow_shaft(g, tool, law, holes, out)
    return out
