"""From sizes to an implicit surface that really has them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from simulator import rng
from simulator.anatomy.shape import NO_CRUSH, Form, Pose, Shape, reach, room, wall
from simulator.anatomy.spec import PatientSpec
from simulator.anatomy.tables import Sizes, design, table
from simulator.anatomy.texture import lattice

STATION_MM = 3.0
"""Heights are measured this far inside the walls, on the crest of the rim."""
_ROUNDS, _STILL_MM = 8, 0.02
"""Sizes are corrected until a round changes none by more."""
_ACROSS_MM, _UP_MM = 24.0, 18.0
"""No half pedicle is wider or taller."""
_CANAL_MM = 3.5
"""The canal's width is taken at least this far behind the body's corner."""


def _shell(spec_level: str, lumbar: float) -> dict[str, float]:
    shell = table("bone.toml")["shell"]
    warp = table("vertebra_shape.toml")["warp"]
    density = table("bone.toml")["density"]
    return {
        "t_wall": shell["wall"],
        "t_ant": shell["wall_anterior"],
        "t_post": shell["wall_posterior"],
        "t_plate": shell["endplate"],
        "t_ring": shell["endplate_ring"],
        "t_bone": shell["posterior_element"] + lumbar * shell["posterior_element_lumbar"],
        "t_spine": shell["spinous"],
        "t_trans": shell["transverse"],
        "t_face": shell["fracture_face"],
        "t_spur": shell["osteophyte"],
        "t_joint": shell["facet_face"],
        "t_spread": warp["thickness_spread"],
        "rho_plate": density["plate_factor"],
        "rho_post": density["posterior_factor"],
        "pw": design(spec_level)["pedicle_wall"],
    }


def _joint_below(own: Sizes, below: Sizes, to_below: Pose) -> dict[str, float]:
    """Facet joint with the level below, in this level's frame."""
    look = design(below.level)
    height = 0.5 * (below.hp + below.ha)
    at = np.array([look["joint_x"], 0.5 * below.epd + look["joint_y"],
                   0.5 * height + look["joint_z"]])  # fmt: skip
    x, y, z = to_below.out(at)
    angle = math.radians(look["facet_deg"])
    return {"xb": x, "yb": y, "zb": z, "sin_b": math.sin(angle), "cos_b": math.cos(angle)}


def _uneven(level: str, seed: int) -> dict[str, float]:
    """What no two bones share: the bend of the spinous process, the rims of the pedicles."""
    warp = table("vertebra_shape.toml")["warp"]
    draw = rng.stream(seed, f"anatomy.form.{level}")
    dev, bow = draw.standard_normal(2).clip(-2.0, 2.0)
    bend, left, right = 2.0 * math.pi * draw.uniform(0.0, 1.0, 3)
    rim = warp["rim_spread"]
    return {
        "dev": float(dev) * warp["spinous_deviation_mm"],
        "bow": (0.6 + 0.3 * abs(float(bow))) * math.copysign(warp["spinous_bow_mm"], float(bow)),
        "bend": float(bend),
        "rim_lc": rim * math.cos(left), "rim_ls": rim * math.sin(left),
        "rim_rc": rim * math.cos(right), "rim_rs": rim * math.sin(right),
    }  # fmt: skip


def _raw(own: Sizes, below: Sizes, to_below: Pose, seed: int) -> Form:
    """First guess: sizes straight into the formula."""
    look = design(own.level)
    lumbar = 1.0 if own.level.startswith("L") else 0.0
    height = 0.5 * (own.hp + own.ha)
    facet, turn = math.radians(look["facet_deg"]), math.radians(own.tpa_deg)
    mean = table("morphometry.toml")["level"][own.level]
    wider = 0.25 * (own.pdw_left + own.pdw_right) - 0.5 * mean["pdw"]
    fields = {
        "W": own.epw * 1.045, "D": own.epd * 1.035, "Hm": height, "dh": own.hp - own.ha,
        "Wi": own.epw * 1.045 * 1.04, "g": lumbar,
        "cs": look["superior_dish"], "ci": look["inferior_dish"],
        "wl": look["waist_lateral"], "wa": look["waist_anterior"], "n": look["outline_exponent"],
        "pdw_l": own.pdw_left, "pdw_r": own.pdw_right, "pdh": own.pdh,
        "cost": math.cos(turn), "sint": math.sin(turn), "rise": look["pedicle_rise"],
        "zp": 0.5 * height - 0.8 - look["pedicle_drop"] * 0.5 * own.pdh,
        "lp": look["pedicle_length"], "scw": own.scw, "scd": own.scd,
        "sin_f": math.sin(facet), "cos_f": math.cos(facet),
        "xj": look["joint_x"], "yj": 0.5 * own.epd + look["joint_y"],
        "zj": 0.5 * height + look["joint_z"],
        "tph": look["transverse_half_span"] + wider, "tip": look["spinous_tip_y"],
        "sz": look["spinous_tip_z"],
    }  # fmt: skip
    joint, shell = _joint_below(own, below, to_below), _shell(own.level, lumbar)
    return Form(**fields, **joint, **shell, **_uneven(own.level, seed))


def width_mm(shape: Shape) -> float:
    """Width of the superior endplate's rim."""
    f = shape.form
    z = 0.5 * f.Hm - np.arange(1.5, 5.0, 0.5)
    y = f.D * np.array([-0.07, 0.0, 0.07])  # further back broad pedicles set in
    starts = np.array([[0.0, b, c] for b in y for c in z])
    both = reach(shape, starts, (1, 0, 0), f.W) + reach(shape, starts, (-1, 0, 0), f.W)
    return float(both.max())


def depth_mm(shape: Shape) -> float:
    """Depth of the superior endplate's rim in the midline."""
    f = shape.form
    z = 0.5 * f.Hm - np.arange(2.0, 5.0, 0.5)
    starts = np.array([[0.0, 0.0, c] for c in z])
    length = 0.5 * f.D + 6.0
    both = reach(shape, starts, (0, -1, 0), length) + reach(shape, starts, (0, 1, 0), length)
    return float(both.max())


def pedicle_axis(shape: Shape, side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return isthmus centre, unit axis towards the body and unit lateral normal; side +1 left."""
    f = shape.form
    wide = f.pdw_l if side > 0 else f.pdw_r
    centre = np.array([side * (0.5 * (f.scw + wide) + 0.3), 0.5 * f.D + 0.5 * f.lp - 1.0, f.zp])
    # the axis drops or rises with the pedicle's own sagittal tilt
    axis = np.array([-side * f.sint, -f.cost, -f.rise])
    lateral = np.array([side * f.cost, -f.sint, 0.0])
    return centre, axis / np.linalg.norm(axis), lateral


def pedicle_mm(shape: Shape, side: int) -> tuple[float, float, float, float]:
    """Measure an isthmus: width, height, and its medial and lateral reach from the centre line."""
    centre, axis, lateral = pedicle_axis(shape, side)
    along = np.arange(-1.5, 2.1, 0.5)
    starts = centre + along[:, None] * axis
    out = wall(shape, starts, tuple(lateral), _ACROSS_MM)
    into = wall(shape, starts, tuple(-lateral), _ACROSS_MM)
    best = int(np.argmin(out + into))
    up = wall(shape, starts, (0, 0, 1), _UP_MM) + wall(shape, starts, (0, 0, -1), _UP_MM)
    return float((out + into)[best]), float(up.min()), float(into[best]), float(out[best])


def canal_depth_mm(shape: Shape) -> float:
    """Least depth of the canal in the midline, between posterior wall and lamina."""
    f = shape.form
    z = np.concatenate([np.arange(-0.42 * f.Hm, -4.0, 0.5), np.arange(3.5, 0.3 * f.Hm, 0.5)])
    starts = np.array([[0.0, 0.5 * f.D + 0.5 * f.scd, c] for c in z])
    front = room(shape, starts, (0, -1, 0), 20.0)
    return float((front + room(shape, starts, (0, 1, 0), 20.0)).min())


def canal_width_mm(shape: Shape) -> float:
    """Width of the canal between the pedicles."""
    f = shape.form
    start = np.array([[0.0, 0.5 * f.D + max(0.5 * f.lp - 1.0, _CANAL_MM), f.zp]])
    return float((room(shape, start, (1, 0, 0), 25.0) + room(shape, start, (-1, 0, 0), 25.0))[0])


def heights(shape: Shape) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Return z of the superior and of the inferior endplate: anterior, middle, posterior."""
    d = shape.form.D
    front = float(wall_y(shape, -1)) + STATION_MM
    back = float(wall_y(shape, 1)) - STATION_MM
    x = np.array([-4.0, -2.0, 0.0, 2.0, 4.0])
    top, low = [], []
    for y in (front, 0.5 * (front + back), back):
        starts = np.array([[a, y, -0.15 * shape.form.Hm] for a in x])
        rise = reach(shape, starts, (0, 0, 1), 0.85 * d)
        top.append(float(np.mean(rise) - 0.15 * shape.form.Hm))
        low.append(float(-np.mean(reach(shape, starts, (0, 0, -1), 0.85 * d))
                         - 0.15 * shape.form.Hm))  # fmt: skip
    return (top[0], top[1], top[2]), (low[0], low[1], low[2])


def lean(shape: Shape) -> tuple[float, float]:
    """Return the frontal slope dz/dx of the superior and of the inferior endplate."""
    f = shape.form
    x = 0.36 * f.W * np.array([-1.0, -0.75, -0.5, 0.5, 0.75, 1.0])
    starts = np.array([[a, b * f.D, 0.0] for b in (-0.2, 0.0, 0.2) for a in x])
    up, down = (reach(shape, starts, (0, 0, way), 0.8 * f.Hm) for way in (1, -1))
    share = starts[:, 0] / float((starts[:, 0] ** 2).sum())
    return float(share @ up), float(-share @ down)


def wall_y(shape: Shape, way: int) -> float:
    """Return y of the anterior (way -1) or posterior (+1) wall in the midline at mid height.

    The opening of the basivertebral vein is passed by, as the line on a lateral film passes it.
    """
    f = shape.form
    # in front the lower half is measured: a wedge may have taken the upper one
    levels = (-5.0, 4.0) if way > 0 else (-0.28 * f.Hm, -0.14 * f.Hm)
    starts = np.array([[x, 0.0, z] for x in (-2.0, 0.0, 2.0) for z in levels])
    return way * float(np.median(reach(shape, starts, (0, way, 0), 0.5 * f.D + 5.0)))


def _corrected(shape: Shape) -> Form:
    """One round of making the measured sizes those asked for."""
    f, own = shape.form, shape.sizes
    w = f.W * own.epw / width_mm(shape)
    left, right = pedicle_mm(shape, 1), pedicle_mm(shape, -1)
    pdh = f.pdh + own.pdh - 0.5 * (left[1] + right[1])
    top, low = heights(shape)
    ha, _, hp = (a - b for a, b in zip(top, low, strict=True))
    lean_top, lean_low = lean(shape)
    return f._replace(
        Hm=f.Hm + 0.5 * (own.hp + own.ha - hp - ha),
        dh=f.dh + (own.hp - own.ha) - (hp - ha),
        W=w,
        Wi=1.04 * w,
        D=f.D * own.epd / depth_mm(shape),
        pdw_l=max(f.pdw_l + own.pdw_left - left[0], 1.5),
        pdw_r=max(f.pdw_r + own.pdw_right - right[0], 1.5),
        pdh=pdh,
        scd=f.scd + own.scd - canal_depth_mm(shape),
        scw=f.scw + own.scw - canal_width_mm(shape),
        lean_t=f.lean_t - lean_top,
        lean_b=f.lean_b - lean_low,
    )


def intact_shape(own: Sizes, below: Sizes, to_below: Pose, spec: PatientSpec) -> Shape:
    """Return the unbroken vertebra, in its own frame, measuring what `own` says."""
    warp = table("vertebra_shape.toml")["warp"]
    form = _raw(own, below, to_below, spec.seed)
    shape = Shape(own, form, NO_CRUSH, lattice(spec.seed, own.level), warp["cell_mm"])
    for _ in range(_ROUNDS):
        before, shape = shape.form, replace(shape, form=_corrected(shape))
        if max(abs(a - b) for a, b in zip(before, shape.form, strict=True)) < _STILL_MM:
            break
    return shape
