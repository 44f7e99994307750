"""Shoulder blades and breastbone, as far as the thoracic levels show them."""

from __future__ import annotations

import numpy as np

from simulator.anatomy.blades import ruled, sheet
from simulator.anatomy.tables import table
from simulator.anatomy.torso import Trunk
from simulator.anatomy.volume import Volume
from simulator.units import FloatArray

_SEEN_MM = 130.0
"""What lies further from the index level than this is out of every field."""


def girdle(body: Trunk) -> tuple[Volume, ...]:
    """Return scapulae and sternum if they come into the field."""
    low = min(float(np.min(table("surroundings.toml")["scapula"]["inner"], axis=0)[2]), 126.0)
    if low + body.l1_z > 100.0:
        return ()
    return (_scapula(body, 1.0), _scapula(body, -1.0), _sternum(body))


def _scapula(body: Trunk, side: float) -> Volume:
    data = table("surroundings.toml")["scapula"]
    points, _, v = ruled(np.array(data["inner"]), np.array(data["outer"]), (90, 44))
    half = data["half_middle"] + (data["half_inner"] - data["half_middle"]) * np.exp(
        -((v / 0.1) ** 2)
    )
    half += (data["half_outer"] - data["half_middle"]) * ((v - 0.7) / 0.3).clip(0.0, 1.0) ** 2
    points *= [side, 1.0, 1.0]
    return _placed(body, points, half, data["wall"], data["grid_mm"])


def _sternum(body: Trunk) -> Volume:
    data = table("surroundings.toml")["sternum"]
    v, u = (a.ravel() for a in np.meshgrid(np.linspace(0.0, 1.0, 90), np.linspace(-1.0, 1.0, 30)))
    rows = np.linspace(0.0, 1.0, len(data["half_width"]))
    wide = np.interp(v, rows, data["half_width"]) - data["half_depth"]
    front = float(body.back_at(0.0)) - body.padding - 2.0 * (body.half_depth - body.girth)
    z = data["top"] + v * (data["bottom"] - data["top"])
    points = np.column_stack([u * wide, np.full(len(z), front + data["inside_skin"]), z])
    half = np.full(len(points), float(data["half_depth"]))
    return _placed(
        body, points, half, data["wall"], table("surroundings.toml")["scapula"]["grid_mm"]
    )


def _placed(body: Trunk, points: FloatArray, half: FloatArray, wall: float, h: float) -> Volume:
    at = points + np.array([0.0, 0.0, body.l1_z])
    seen = np.abs(at[:, 2]) < _SEEN_MM
    at, half = at[seen], half[seen]
    at[:, 0] += np.interp(at[:, 2], body.curve_z, body.curve_x)
    at[:, 1] += body.shift(at[:, 2])
    return sheet(at, half, wall, 60.0, h)
