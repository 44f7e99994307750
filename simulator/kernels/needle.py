"""What a needle meets: bone along its cone and shaft, walls beside it, cortex ahead of it."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from simulator.units import AnyArray, FloatArray

CUT, FRICTION, IN_BONE, TIP_DISTANCE, TIP_SHELL, TIP_BV, TIP_TISSUE, AHEAD, CANAL_BREACH = range(9)
PROBE_SIZE = 9

_CANAL, _EPIDURAL = 3, 4
_CONE_RINGS = 8
_SHAFT_STEP_MM = 0.75
_AHEAD_STEP_MM = 0.5
_AHEAD_MAX_MM = 40.0


@njit(cache=True, nogil=True)
def _sample(field: AnyArray, o: AnyArray, h: float, x: float, y: float, z: float) -> float:
    """Trilinear value, clamped to the border of the grid."""
    nx, ny, nz = field.shape
    u = min(max((x - o[0]) / h, 0.0), nx - 1.001)
    v = min(max((y - o[1]) / h, 0.0), ny - 1.001)
    w = min(max((z - o[2]) / h, 0.0), nz - 1.001)
    i, j, k = int(u), int(v), int(w)
    a, b, c = u - i, v - j, w - k
    f00 = field[i, j, k] * (1 - c) + field[i, j, k + 1] * c
    f01 = field[i, j + 1, k] * (1 - c) + field[i, j + 1, k + 1] * c
    f10 = field[i + 1, j, k] * (1 - c) + field[i + 1, j, k + 1] * c
    f11 = field[i + 1, j + 1, k] * (1 - c) + field[i + 1, j + 1, k + 1] * c
    return float((f00 * (1 - b) + f01 * b) * (1 - a) + (f10 * (1 - b) + f11 * b) * a)


@njit(cache=True, nogil=True)
def _label(tissue: AnyArray, o: AnyArray, h: float, x: float, y: float, z: float) -> int:
    nx, ny, nz = tissue.shape
    i, j, k = round((x - o[0]) / h), round((y - o[1]) / h), round((z - o[2]) / h)
    if i < 0 or j < 0 or k < 0 or i >= nx or j >= ny or k >= nz:
        return 0
    return int(tissue[i, j, k])


@njit(cache=True, nogil=True)
def _inside(o: AnyArray, h: float, shape: tuple[int, int, int], p: AnyArray) -> bool:
    for axis in range(3):
        u = (p[axis] - o[axis]) / h
        if u < 0.0 or u > shape[axis] - 1:
            return False
    return True


@njit(cache=True, nogil=True)
def _strength(
    distance: float, shell: float, bv: float, cortical: float, cancellous: float, exponent: float
) -> float:
    """Cutting strength in MPa at a point: cortex inside the shell, power law within, 0 outside."""
    if distance >= 0.0:
        return 0.0
    if -distance < shell:
        return cortical
    return cancellous * float((max(bv, 0.0) / 0.1) ** exponent)


@njit(cache=True, nogil=True)
def probe(
    distance: AnyArray,
    shell: AnyArray,
    bv: AnyArray,
    tissue: AnyArray,
    o: AnyArray,
    h: float,
    tip: AnyArray,
    direction: AnyArray,
    depth_mm: float,
    path_mm: float,
    open_mm: float,
    radius_mm: float,
    bore_mm: float,
    medial_sign: float,
    law: AnyArray,
) -> FloatArray:
    """Return what the tool meets in one bone field, as an array indexed by the names above.

    Args:
        distance, shell, bv, tissue: fields of a `BoneField`.
        o: (3,) origin of the grid, mm.
        h: spacing, mm.
        tip: (3,) mm.
        direction: (3,) unit, towards the patient.
        depth_mm: length of shaft behind the tip that is in the patient.
        path_mm: length of shaft behind the tip since it entered bone; only there a breach counts.
        open_mm: how far the channel made before leads on in front of the tip.
        radius_mm: outer radius of the shaft.
        bore_mm: radius of the channel that is already open (0 without one).
        medial_sign: -1 if medial is towards -x (left side), +1 on the right.
        law: cone_mm, cortical MPa, cancellous MPa, exponent, friction per mm cancellous,
            friction per mm cortical.

    Returns:
        CUT N, FRICTION N, IN_BONE mm of shaft, TIP_DISTANCE mm, TIP_SHELL mm, TIP_BV,
        TIP_TISSUE label, AHEAD mm of bone straight ahead, CANAL_BREACH mm by which the shaft's
        medial surface lies outside bone in canal or epidural space (0 if nowhere).
    """
    out = np.zeros(PROBE_SIZE)
    cone, cortical, cancellous, exponent = law[0], law[1], law[2], law[3]
    out[TIP_DISTANCE] = 99.0
    shape = distance.shape
    if _inside(o, h, shape, tip):
        x, y, z = tip[0], tip[1], tip[2]
        out[TIP_DISTANCE] = _sample(distance, o, h, x, y, z)
        out[TIP_SHELL] = _sample(shell, o, h, x, y, z)
        out[TIP_BV] = _sample(bv, o, h, x, y, z)
        out[TIP_TISSUE] = _label(tissue, o, h, x, y, z)

    # Cutting: every ring of the cone pushes with the strength of the bone it stands in.
    for ring in range(_CONE_RINGS):
        t = (ring + 0.5) / _CONE_RINGS
        r_out, r_in = radius_mm * (ring + 1.0) / _CONE_RINGS, radius_mm * ring / _CONE_RINGS
        back = t * cone
        # The last `cone` of an old channel is as narrow as the cone that made it.
        if bore_mm > 0.0 and open_mm + back > cone:
            r_in = max(r_in, bore_mm)
        if r_out <= r_in:
            continue
        area = math.pi * (r_out * r_out - r_in * r_in)
        x = tip[0] - direction[0] * back
        y = tip[1] - direction[1] * back
        z = tip[2] - direction[2] * back
        d = _sample(distance, o, h, x, y, z)
        if d < 0.0:
            out[CUT] += area * _strength(
                d,
                _sample(shell, o, h, x, y, z),
                _sample(bv, o, h, x, y, z),
                cortical,
                cancellous,
                exponent,
            )

    # Friction and walls along the shaft.
    steps = int(max(depth_mm, 0.0) / _SHAFT_STEP_MM)
    for s in range(steps):
        back = (s + 0.5) * _SHAFT_STEP_MM
        x = tip[0] - direction[0] * back
        y = tip[1] - direction[1] * back
        z = tip[2] - direction[2] * back
        d = _sample(distance, o, h, x, y, z)
        if d < 0.0:
            out[IN_BONE] += _SHAFT_STEP_MM
            if -d < _sample(shell, o, h, x, y, z):
                out[FRICTION] += law[5] * _SHAFT_STEP_MM
            else:
                b = _sample(bv, o, h, x, y, z) / 0.1
                out[FRICTION] += law[4] * b * (radius_mm / 1.5) * _SHAFT_STEP_MM
        if back > path_mm:
            continue
        xm = x + medial_sign * radius_mm
        dm = _sample(distance, o, h, xm, y, z)
        if dm > out[CANAL_BREACH]:
            label = _label(tissue, o, h, xm, y, z)
            if label in (_CANAL, _EPIDURAL):
                out[CANAL_BREACH] = dm

    # Bone straight ahead of the tip, to the first surface.
    if out[TIP_DISTANCE] < 0.0:
        ahead = 0.0
        while ahead < _AHEAD_MAX_MM:
            ahead += _AHEAD_STEP_MM
            x = tip[0] + direction[0] * ahead
            y = tip[1] + direction[1] * ahead
            z = tip[2] + direction[2] * ahead
            if _sample(distance, o, h, x, y, z) >= 0.0:
                break
        out[AHEAD] = ahead
    return out
