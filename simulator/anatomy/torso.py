"""Soft tissue of the trunk on a coarse grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from simulator import rng
from simulator.anatomy.shape import Shape
from simulator.anatomy.spec import PatientSpec, Sex
from simulator.anatomy.tables import LEVELS, sizes, table
from simulator.units import AnyArray, Float32Array, FloatArray


@dataclass(frozen=True, slots=True)
class Trunk:
    """Outline of the trunk; everything shifts in y with the spine."""

    half_width: float
    half_depth: float
    girth: float
    """What BMI has added to both half axes, mm; the ribcage does not follow it."""
    padding: float
    """What BMI has added behind, mm."""
    back: FloatArray
    """How far the skin lies behind the spine beside the median groove, along `curve_z`, mm."""
    back_exponent: float
    """How flat the back is: the exponent of its outline."""
    curve_z: FloatArray
    curve_x: FloatArray
    curve_y: FloatArray
    """Where the spine runs, (n,) mm."""
    body_width: FloatArray
    body_depth: FloatArray
    """Size of the vertebral bodies at those heights, (n,) mm."""
    l1_z: float
    """Height of L1's centre, from which organs are measured."""
    phases: FloatArray
    """(8,) rad: what makes this patient's edges wavy in their own way."""
    vessel_scale: float
    """Aorta and vena cava against the table."""

    def shift(self, z: AnyArray | float) -> AnyArray:
        """Return how far the spine lies behind its middle, at heights z."""
        return np.asarray(np.interp(z, self.curve_z, self.curve_y))

    def back_at(self, z: AnyArray | float) -> AnyArray:
        """Return how far the skin lies behind the spine at heights z, beside the groove."""
        return np.asarray(np.interp(z, self.curve_z, self.back))

    def narrowing(self, z: AnyArray | float) -> AnyArray:
        """Return the width of the chest at heights z above L1, against its widest."""
        data = table("surroundings.toml")["lung"]
        up = (np.asarray(z) - data["narrows"]) / (data["apex"] - data["narrows"])
        return np.asarray(np.sqrt(1.0 - up.clip(0.0, 0.96) ** 2))

    @property
    def rib_exponent(self) -> float:
        """Exponent of the ribcage's outline behind its middle: more than 2 makes gutters."""
        return float(table("surroundings.toml")["lung"]["rib_exponent"])

    def ribcage(self) -> tuple[float, float, float]:
        """Return half width and half depth of the ribs' outline and y of its middle, mm."""
        wide, deep = table("morphometry.toml")["ribs"]["inset"]
        behind = float(self.back_at(0.0)) - self.padding
        depth = self.half_depth - self.girth
        a = min(self.half_width - self.girth - wide, self.half_width - 14.0)
        return a, depth - deep, behind - depth

    def own(self, points: FloatArray) -> tuple[AnyArray, AnyArray, AnyArray]:
        """Return x and y from the spine, and z from L1, of (n, 3) points of the patient frame."""
        x, y, z = np.asarray(points, dtype=np.float64).T
        along = np.interp(z, self.curve_z, self.curve_x)
        return x - along, y - self.shift(z), z - self.l1_z

    def ripple(self, u: AnyArray | float, v: AnyArray | float, n: int = 0) -> AnyArray:
        """Return smooth waves of about -1.5 to 1.5 over two lengths in mm; `n` picks a pattern."""
        p = np.roll(self.phases, n)
        return np.asarray(
            np.sin(u / 19.0 + p[0]) * np.cos(v / 27.0 + p[1])
            + 0.5 * np.sin(u / 8.5 + v / 33.0 + p[2])
            + 0.35 * np.cos(v / 11.0 - u / 41.0 + p[3])
        )


def _height_of(level: str, spec: PatientSpec) -> float:
    """Distance of a level's centre above L1, from the sizes alone."""
    at, l1 = LEVELS.index(level), LEVELS.index("L1")
    total = 0.0
    for i in range(min(at, l1), max(at, l1)):
        a, b = sizes(LEVELS[i], spec), sizes(LEVELS[i + 1], spec)
        total += 0.25 * (a.hp + a.ha + b.hp + b.ha) + a.disc
    return total if at < l1 else -total


def trunk(shapes: Sequence[Shape], spec: PatientSpec) -> Trunk:
    """Return the outline of this patient around these vertebrae."""
    data = table("morphometry.toml")["torso"]
    z = np.array([s.pose.shift[2] for s in shapes])[::-1]
    fine = np.linspace(-160.0, 160.0, 161)

    def along(values: list[float]) -> FloatArray:
        row = np.interp(fine, z, np.array(values)[::-1])
        return np.asarray(gaussian_filter1d(row, 8.0, mode="nearest"))

    above = _height_of(spec.level, spec)
    chest = min(max(above / 135.0, 0.0), 1.0)
    size = (1.0 - data["thoracic_shrink"] * chest) * data["sex"][spec.sex.value]
    girth, padding = data["bmi_girth"] * (spec.bmi - 25.0), data["bmi_depth"] * (spec.bmi - 25.0)
    female = float(table("surroundings.toml")["aorta"]["female"])
    return Trunk(
        half_width=data["half_width"] * size + girth,
        half_depth=data["half_depth"] * size + girth,
        girth=girth,
        padding=padding,
        back=padding + np.interp(fine + above, data["skin_z"], data["skin_behind"]),
        back_exponent=data["exponent_back"]
        + chest * (data["exponent_chest"] - data["exponent_back"]),
        curve_z=fine,
        curve_x=along([s.pose.shift[0] for s in shapes]),
        curve_y=along([s.pose.shift[1] for s in shapes]),
        body_width=along([s.form.W for s in shapes]),
        body_depth=along([s.form.D for s in shapes]),
        l1_z=-above,
        phases=rng.stream(spec.seed, "anatomy.trunk").uniform(0.0, 2.0 * math.pi, 8),
        vessel_scale=female if spec.sex == Sex.FEMALE else 1.0,
    )


def skin_y(body: Trunk, x: float, z: float) -> float:
    """Return y of the back's skin."""
    data = table("morphometry.toml")["torso"]
    n = body.back_exponent
    flat = (1.0 - min(abs(x) / body.half_width, 0.99) ** n) ** (1.0 / n)
    beside = x - float(np.interp(z, body.curve_z, body.curve_x))
    groove = data["groove"] * np.exp(-0.5 * (beside / data["groove_sigma"]) ** 2)
    centre = float(body.back_at(z)) - body.half_depth
    return float(centre + body.half_depth * flat - groove + body.shift(z))


Box = tuple[slice, slice, slice]


class Paint:
    """The two coefficient grids while they are painted, organ over organ."""

    def __init__(self, body: Trunk, h: float) -> None:
        data = table("morphometry.toml")["torso"]
        top = float(data["half_height"])
        away = body.back + body.curve_y
        axes = [np.arange(-body.half_width - 4.0, body.half_width + 4.0, h),
                np.arange(away.min() - 2.0 * body.half_depth - 4.0, away.max() + 4.0, h),
                np.arange(-top, top + h, h)]  # fmt: skip
        self.h = h
        self.origin = (float(axes[0][0]), float(axes[1][0]), float(axes[2][0]))
        x, y, z = (a.astype(np.float32) for a in np.ix_(*axes))
        self.skin_x = x
        self.x = x - np.interp(axes[2], body.curve_z, body.curve_x).astype(np.float32)
        self.y = y - body.shift(axes[2]).astype(np.float32)
        self.z = z - np.float32(body.l1_z)
        self.l1_z = body.l1_z
        self.shape = tuple(len(a) for a in axes)
        self.soft = np.zeros(self.shape, dtype=np.float32)
        self.hard = np.zeros(self.shape, dtype=np.float32)
        self.tissue = table("surroundings.toml")["tissue"]

    def over(self, share: AnyArray, tissue: str) -> None:
        """Lay a tissue over what is there; share 0..1 is its coverage."""
        soft, hard = self.tissue[tissue]
        share = share.astype(np.float32)
        self.soft += share * (np.float32(soft) - self.soft)
        self.hard += share * (np.float32(hard) - self.hard)

    def near(self, x_mm: float, front_mm: float, back_mm: float) -> tuple[slice, slice]:
        """Return the columns and rows that come near the spine."""
        x, y = np.abs(self.x).min(axis=2).ravel(), self.y
        low, high = y.min(axis=2).ravel(), y.max(axis=2).ravel()
        return _slice(x < x_mm), _slice((high > front_mm) & (low < back_mm))

    def over_in(self, box: Box, share: AnyArray, tissue: str) -> None:
        """Lay a tissue over a part of the grid."""
        soft, hard = self.tissue[tissue]
        share = share.astype(np.float32)
        self.soft[box] += share * (np.float32(soft) - self.soft[box])
        self.hard[box] += share * (np.float32(hard) - self.hard[box])

    def blob(
        self, centre: Sequence[float], half: Sequence[float], tissue: str,
        noise: AnyArray | None = None, edge_mm: float = 3.0, lean: float = 0.0,
    ) -> None:  # fmt: skip
        """Lay an ellipsoid with a soft, perhaps uneven edge; it leans by dx = lean * dz."""
        z = self.z.ravel() - centre[2]
        more = 1.15 * np.array(half) + np.array([abs(lean) * half[2], 0.0, 0.0]) + edge_mm
        low_x, low_y = self.x.min(axis=2).ravel(), self.y.min(axis=2).ravel()
        high_x, high_y = self.x.max(axis=2).ravel(), self.y.max(axis=2).ravel()
        box = (
            _slice((high_x > centre[0] - more[0]) & (low_x < centre[0] + more[0])),
            _slice((high_y > centre[1] - more[1]) & (low_y < centre[1] + more[1])),
            _slice(np.abs(z) < more[2]),
        )
        z = (self.z[:, :, box[2]] - centre[2]) / half[2]
        x = (self.x[box[0], :, box[2]] - centre[0]) / half[0] - lean * half[2] / half[0] * z
        y = (self.y[:, box[1], box[2]] - centre[1]) / half[1]
        r = np.sqrt(x * x + y * y + z * z)
        rough = noise[box] if noise is not None else 0.0
        self.over_in(box, (0.5 + (1.0 + rough - r) * min(half) / edge_mm).clip(0.0, 1.0), tissue)


def _slice(hit: AnyArray) -> slice:
    found = np.flatnonzero(hit)
    return slice(int(found[0]), int(found[-1]) + 1) if len(found) else slice(0, 0)


def noise(paint: Paint, seed: int, name: str, length_mm: float) -> Float32Array:
    """Unit noise of one length, drawn on a coarse grid and interpolated."""
    coarse = max(0.6 * length_mm / paint.h, 1.0)
    count = tuple(int(n / coarse) + 3 for n in paint.shape)
    white = rng.stream(seed, f"anatomy.torso.{name}").standard_normal(count, dtype=np.float32)
    smooth = gaussian_filter(white, length_mm / paint.h / coarse, mode="nearest")
    smooth /= smooth.std()
    axes = [np.arange(n, dtype=np.float32) / coarse for n in paint.shape]
    for axis, at in enumerate(axes):  # separable, hence cheap, linear interpolation
        low = np.floor(at).astype(int)
        w = (at - low).reshape([-1 if a == axis else 1 for a in range(3)])
        smooth = smooth.take(low, axis) * (1.0 - w) + smooth.take(low + 1, axis) * w
    return np.asarray(smooth, dtype=np.float32)
