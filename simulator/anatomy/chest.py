"""The lungs as closed formulas, so that the picture and the tools mean the same pleura."""

from __future__ import annotations

import numpy as np

from simulator.anatomy.tables import table
from simulator.anatomy.torso import Trunk
from simulator.anatomy.vessels import aorta_at
from simulator.units import AnyArray


def round_gap(u: AnyArray, v: AnyArray, a: AnyArray | float, b: AnyArray | float) -> AnyArray:
    """Return how far (u, v) lies outside an ellipse of semi-axes a, b, along the radius, mm."""
    q = np.sqrt((u / a) ** 2 + (v / b) ** 2)
    r = np.sqrt(u * u + v * v)
    # the least semi-axis bounds the depth in the middle, where the radius means nothing
    outside = r * (1.0 - 1.0 / np.maximum(q, 0.2))
    return np.asarray(np.where(q > 0.2, outside, -np.minimum(a, b)))


def lung_gap(body: Trunk, x: AnyArray, y: AnyArray, z: AnyArray) -> AnyArray:
    """Return how deep points lie in a lung, mm, negative outside.

    Args:
        body: The trunk.
        x: To the left of the spine, mm; all three broadcast.
        y: Behind the spine, mm.
        z: Above L1, mm.
    """
    floor = z - diaphragm(body, x, y)
    inside = np.minimum(_wall(body, x, y, z), floor)
    return np.asarray(np.minimum(inside, _solids(body, x, y, z)))


def _pleura(body: Trunk) -> tuple[float, float, float]:
    """Semi-axes of the pleura and the y of their centre."""
    a, b, centre = body.ribcage()
    wall = float(table("surroundings.toml")["lung"]["wall"])
    return a - wall, b - wall, centre


def _wall(body: Trunk, x: AnyArray, y: AnyArray, z: AnyArray) -> AnyArray:
    a, b, centre = _pleura(body)
    u, v = np.abs(x) / (a * body.narrowing(z)), (y - centre) / b
    n = body.rib_exponent
    behind = (u**n + v.clip(0.0, None) ** n) ** (1.0 / n)
    return np.asarray((1.0 - np.where(v > 0.0, behind, np.sqrt(u * u + v * v))) * 0.9 * b)


def diaphragm(body: Trunk, x: AnyArray, y: AnyArray) -> AnyArray:
    """Return the height of the diaphragm above L1, mm."""
    data = table("surroundings.toml")["lung"]
    a, b, centre = _pleura(body)
    at, behind = data["dome_at"]
    top = np.where(x > 0.0, data["dome_left"], data["dome_right"])
    out = np.abs(x) - at
    side = (out / (a - at)).clip(0.0, 1.2) ** 2 * data["fall_lateral"]
    middle = (-out / at).clip(0.0, 1.0) ** 2 * data["fall_medial"]
    v = y - behind
    back = (v / (centre + b - behind)).clip(0.0, 1.1) ** 2 * data["fall_back"]
    front = (v / (centre - b - behind)).clip(0.0, 1.1) ** 2 * data["fall_front"]
    return np.asarray(top - side - middle - back - front + 1.6 * body.ripple(x, y, 1))


def _solids(body: Trunk, x: AnyArray, y: AnyArray, z: AnyArray) -> AnyArray:
    """Return the distance to what stands between the lungs."""
    data = table("surroundings.toml")["lung"]["solids"]
    at = np.asarray(z + body.l1_z)
    wide = np.interp(at, body.curve_z, body.body_width)
    deep = np.interp(at, body.curve_z, body.body_depth)
    rib = 1.4 * body.ripple(z, y)
    px, py, dx, dy = data["gutter"]
    gap = ((np.abs(x) - px - rib) * dy - (y - py) * dx) / np.hypot(dx, dy)
    more = data["beside_body"] + rib
    gap = np.minimum(gap, round_gap(x, y, 0.5 * wide + more, 0.5 * deep + more))
    ax, ay, radius = aorta_at(body, z)
    gap = np.minimum(gap, np.sqrt((x - ax) ** 2 + (y - ay) ** 2) - radius - 1.0)
    hx, hy, hz, ha, hb, hc = data["heart"]
    # the apex lies lower and to the left: the long axis leans
    up = (z - hz + 0.35 * (x - hx)) / hc
    thin = np.sqrt((1.0 - up * up).clip(0.02, 1.0))
    heart = round_gap(x - hx, y - hy, ha * thin + 0.5 * rib, hb * thin)
    gap = np.minimum(gap, np.maximum(heart, (np.abs(up) - 1.0) * hc))
    ux, uy, ua, ub = data["upper"]
    # veins bulge to the right above the heart and below the apices
    wide = ua * (1.0 + 0.16 * np.cos((z - 235.0) / 21.0)) + 1.5 * rib
    upper = round_gap(x - ux, y - uy, wide, ub)
    gap = np.minimum(gap, np.maximum(upper, 168.0 - z))
    for kx, ky, kz, ka, kb, kc in data["lumps"]:
        lift = np.sqrt((1.0 - ((z - kz) / kc) ** 2).clip(0.02, 1.0))
        lump = round_gap(x - kx, y - ky, ka * lift + 0.4 * rib, kb * lift)
        gap = np.minimum(gap, np.maximum(lump, np.abs(z - kz) - kc))
    sx, sy, sa, sb = data["septum"]
    return np.asarray(np.minimum(gap, round_gap(x - sx, y - sy, sa + rib, sb)))
