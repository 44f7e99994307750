"""Sacrum and iliac wings, where the lumbar levels show them."""

from __future__ import annotations

import math

import numpy as np

from simulator.anatomy.blades import covered, ruled, sheet, spongy
from simulator.anatomy.shape import Pose
from simulator.anatomy.spec import PatientSpec, Sex
from simulator.anatomy.tables import sizes, table
from simulator.anatomy.volume import Volume
from simulator.units import AnyArray


def pelvis(pose: Pose, spec: PatientSpec) -> tuple[Volume, ...]:
    """Return the sacrum and both iliac wings.

    Args:
        pose: Of the middle of S1's endplate; its z axis is the normal, upwards.
        spec: The patient.
    """
    return (_sacrum(pose, spec), _wing(pose, spec, 1.0), _wing(pose, spec, -1.0))


def _scale(spec: PatientSpec) -> float:
    male = float(table("surroundings.toml")["pelvis"]["male"])
    return male if spec.sex == Sex.MALE else 1.0 / male


def _wing(pose: Pose, spec: PatientSpec, side: float) -> Volume:
    """A curved blade from the crest to the hip and the sacral joint."""
    data, size = table("surroundings.toml")["pelvis"], _scale(spec)
    points, u, v = ruled(np.array(data["crest"]), np.array(data["foot"]), (150, 96))
    points[:, 0] += data["fossa"] * np.sin(math.pi * v) * np.sin(math.pi * u)
    points *= [side * size, size, size]
    c, s = (f(math.radians(data["slope_deg"])) for f in (math.cos, math.sin))
    upright = np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])
    crest = np.exp(-((v / 0.09) ** 2))
    foot = ((v - 0.55) / 0.45).clip(0.0, 1.0) ** 1.5
    joint = np.exp(-(((u - 0.12) / 0.16) ** 2)) * (0.4 + 0.6 * v)
    half = data["half_fossa"] + (data["half_crest"] - data["half_fossa"]) * crest
    half = np.maximum(half, data["half_foot"] * np.maximum(foot, joint))
    # the crest is thickest at its tubercle, a third of the way back from the front spine
    half *= 1.0 + 0.35 * crest * np.exp(-(((u - 0.68) / 0.10) ** 2))
    placed = pose.out(points @ upright)
    return sheet(placed, half, data["wall"], data["density"], data["grid_mm"])


def _sacrum(pose: Pose, spec: PatientSpec) -> Volume:
    """S1 to S3: bodies, wings, canal, foramina and the median crest."""
    data, size = table("surroundings.toml")["sacrum"], _scale(spec)
    h = float(data["grid_mm"])
    corners = np.array([[x, y, z] for x in (-60, 60) for y in (-22, 76) for z in (-112, 12)]) * size
    low = pose.out(corners).min(axis=0)
    count = np.ceil((pose.out(corners).max(axis=0) - low) / h).astype(int)
    at = low + h * np.moveaxis(np.indices(tuple(count)), 0, -1).reshape(-1, 3)
    own = (at - pose.shift) @ pose.turn / size
    some = (np.abs(own - [0.0, 27.0, -50.0]) < [57.0, 49.0, 62.0]).all(axis=1)
    x, y, z = own[some].T
    plate = sizes("S1", spec)
    d = _distance(np.abs(x), y, z, plate.epw / 50.0 / size, plate.epd / 33.5 / size) * size
    wall = np.where(z > -3.0, data["plate"], data["wall"])
    where = tuple(a[some] for a in np.unravel_index(np.arange(len(at)), tuple(count)))
    return covered(low, h, tuple(count), where, d, wall, spongy(data["density"]))


def _distance(x: AnyArray, y: AnyArray, z: AnyArray, wide: float, deep: float) -> AnyArray:
    """Distance to the sacrum's surface in its own frame; x is |x|, `wide`, `deep` scale S1."""
    data = table("surroundings.toml")["sacrum"]
    rows = data["z"][::-1]

    def row(name: str) -> AnyArray:
        return np.asarray(np.interp(z, rows, data[name][::-1]))

    a, b = row("half_width") * wide, row("half_depth") * deep
    v = y - row("axis")
    # a concave endplate with a rim; below it the column of the bodies
    dish = 1.4 * (1.0 - (np.hypot(x / (0.85 * a), v / (0.85 * b))).clip(0.0, 1.0) ** 4)
    body = _smax(_oval(x, v, a, b, 2.4), z + dish, 2.0)
    edge = row("edge")
    slope = -1.0 - 0.011 * (x - 18.0).clip(0.0, None) ** 2 + 0.10 * v
    thick = (13.0 + 0.07 * x) * (1.0 + z / 170.0)
    wing = np.abs(v - 5.0 - 0.22 * (x - 18.0)) - thick
    wing = _smax(_smax(wing, (x - edge) * 0.95, 6.0), z - slope, 7.0)
    bone = _smin(body, wing, 5.0)
    lamina = np.abs(v - b - 15.0 + 0.10 * x) - 2.6
    lamina = _smax(
        _smax(lamina, x - 0.5 * edge, 3.0), z + 9.0 + 0.35 * (14.0 - x).clip(0, None), 3.0
    )
    bone = _smin(bone, lamina, 4.0)
    for height, length in data["tubercles"]:
        bump = np.sqrt(
            (x / 0.45) ** 2 + (v - b - 18.0 - 0.4 * length) ** 2 + ((z - height) / 1.5) ** 2
        )
        bone = _smin(bone, 0.6 * (bump - 1.2 * length), 3.0)
    facet = np.sqrt((x - 21.5) ** 2 + (v - b - 7.0) ** 2 + (z - z.clip(-8.0, 3.0)) ** 2) - 4.6
    bone = _smin(bone, facet, 4.0)
    canal = _oval(x, v - b - 7.0, 15.0 + 0.10 * z, 6.2 + 0.03 * z, 2.0)
    bone = _smax(bone, -canal, 1.5)
    for across, height, radius in data["foramina"]:
        tunnel = np.hypot(x - across, z - height - 0.15 * v) - radius * (1.0 - 0.012 * v)
        bone = _smax(bone, -tunnel, 2.0)
    return _smax(bone, -108.0 - z, 4.0)


def _oval(u: AnyArray, v: AnyArray, a: AnyArray, b: AnyArray, n: float) -> AnyArray:
    """First-order distance to a superellipse."""
    p, q = np.abs(u / a), np.abs(v / b)
    r = (p**n + q**n) ** (1.0 / n) + 1e-6
    return np.asarray((r - 1.0) / np.hypot((p / r) ** (n - 1.0) / a, (q / r) ** (n - 1.0) / b))


def _smin(a: AnyArray, b: AnyArray, k: float) -> AnyArray:
    h = (k - np.abs(a - b)).clip(0.0, None) / k
    return np.asarray(np.minimum(a, b) - 0.25 * k * h * h)


def _smax(a: AnyArray, b: AnyArray, k: float) -> AnyArray:
    return -_smin(-a, -b, k)
