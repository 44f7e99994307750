"""The compression fracture that an author asked for, and how it may be lifted again."""

from __future__ import annotations

import math
from dataclasses import replace

from simulator.anatomy.form import STATION_MM, heights, wall_y
from simulator.anatomy.hinge import FIXED, Follow, Fragment, Hinge, Plate
from simulator.anatomy.shape import NO_CRUSH, Crush, Shape
from simulator.anatomy.spec import Cleft, FractureShape, FractureSpec, PatientSpec
from simulator.anatomy.tables import table
from simulator.errors import UsageError

_HEIGHT_ERROR_MM = 0.3
_FRAGMENT_LEAST_MM = 5.0
"""A fragment begins above the height at which the posterior wall is measured."""
_REAR_LEAST_MM, _DISH_LEAST_MM = 1.0, 0.6
"""Less than this is the wall's own roughness, or the error of a straight wedge."""
_BAND_LEAST_MM = 2.0
_CRUSHED_WALL = 0.5
"""How loose the posterior wall of a crush is against a fragment that was set back (design)."""


def _crush(fracture: FractureSpec, height_mm: float, amount: float) -> Crush:
    """Return the crush of one amount, the depression at the measured place in mm."""
    data = table("vertebra_shape.toml")["fracture"]
    dished = fracture.shape == FractureShape.BICONCAVE
    least, most = data["corner_from_mm"]
    loose = min(max((amount - least) / (most - least), 0.0), 1.0)
    loose *= float(fracture.shape == FractureShape.WEDGE)
    at = table("vertebra_shape.toml")["gap"]["fragment_from"]
    return Crush(
        wedge=amount * (data["biconcave_wedge"] if dished else 1.0),
        top=amount if dished else 0.0,
        bottom=data["biconcave_inferior"] * amount if dished else 0.0,
        rear=data["crush_posterior"] if fracture.shape == FractureShape.CRUSH else 0.0,
        depth=data["impaction_mm"],
        exponent=data["density_exponent"],
        bulge=data["bulge"],
        corner=data["corner_mm"] * loose,
        cleft=data["cleft_mm"] * loose,
        buckle=0.0 if dished else data["buckle_mm"],
        retro=fracture.retropulsion_mm,
        retro_z=max(at * height_mm, _FRAGMENT_LEAST_MM),
    )


def _place(fracture: FractureSpec) -> int:
    return 1 if fracture.shape == FractureShape.BICONCAVE else 0


def _lost_mm(intact: Shape, fracture: FractureSpec) -> float:
    """Return what the standing film has lost of the intact height where it is measured."""
    at = _place(fracture)
    top, low = heights(intact)
    height = top[at] - low[at]
    lost = fracture.depth_mm
    if lost is None:
        lost = height * (1.0 - fracture.anterior_height_fraction)
    if not 0.0 <= lost <= 0.7 * height:
        raise UsageError(f"a fracture cannot take {lost:.1f} mm of {height:.1f} mm")
    return lost


def posture_mm(fracture: FractureSpec, lost_mm: float) -> float:
    """Return the height that lying prone gives back of `lost_mm`."""
    data = table("vertebra_shape.toml")["fracture"]
    gain = fracture.mobility * float(data["posture_mm"])
    if fracture.cleft != Cleft.NONE:
        gain *= float(data["posture_cleft"])
    if fracture.shape == FractureShape.BICONCAVE:
        gain *= float(data["posture_biconcave"])
    return min(gain, lost_mm)


def _broken(intact: Shape, fracture: FractureSpec, lost_mm: float) -> Shape:
    """Return the shape that has lost `lost_mm` where this kind of fracture is measured."""
    if lost_mm <= 0.0 and fracture.retropulsion_mm <= 0.0:
        return replace(intact, crush=NO_CRUSH, fracture=fracture)
    at, height = _place(fracture), intact.form.Hm
    top, low = heights(intact)
    goal = top[at] - low[at] - lost_mm
    least, most = 0.0, 1.5 * lost_mm
    for _ in range(14):  # bisection: the height falls monotonically with the amount
        amount = 0.5 * (least + most)
        shape = replace(intact, crush=_crush(fracture, height, amount), fracture=fracture)
        top, low = heights(shape)
        if top[at] - low[at] > goal:
            least = amount
        else:
            most = amount
    if abs(top[at] - low[at] - goal) > _HEIGHT_ERROR_MM:
        raise UsageError(f"no fracture of this shape takes {lost_mm:.1f} mm")
    return shape


def fractured(intact: Shape, fracture: FractureSpec) -> Shape:
    """Return the shape broken as it lies on the table.

    Args:
        intact: the same bone before.
        fracture: heights are those of the standing film; posture gives some back.

    Raises:
        UsageError: for a loss that this shape cannot have.
    """
    lost = _lost_mm(intact, fracture)
    return _broken(intact, fracture, lost - posture_mm(fracture, lost))


def standing_heights(intact: Shape, spec: PatientSpec) -> tuple[float, float, float]:
    """Return anterior, middle and posterior height of the index level on the standing film, mm."""
    shape = intact
    if spec.fracture is not None:
        shape = _broken(intact, spec.fracture, _lost_mm(intact, spec.fracture))
    a, m, p = (top - low for top, low in zip(*heights(shape), strict=True))
    return a, m, p


def hinge(intact: Shape, broken: Shape, spec: PatientSpec) -> Hinge:
    """Return how far endplates and posterior wall of the fractured body can move.

    A plate gives back what it lost: as a wedge about a line near the posterior wall, and beyond
    that what its rear and its middle lost. The superior plate's rear rises as a whole, its middle
    as a dish.
    """
    data, stack = (table("vertebra_shape.toml")[name] for name in ("hinge", "stack"))
    half = 0.5 * intact.form.Hm
    (before, floor_before), (after, floor_after) = heights(intact), heights(broken)
    y = wall_y(intact, 1) - data["behind_mm"]
    lost = [max(a - b, 0.0) for a, b in zip(before, after, strict=True)]
    sunk = [max(b - a, 0.0) for a, b in zip(floor_before, floor_after, strict=True)]
    floor = -half + data["floor_mm"]
    front = lost[0] + sunk[0]
    band_top = half - broken.crush.depth - 1.9 * front if front > 0.0 else 0.0
    bottom = max(floor, min(band_top, 3.0) - data["band_mm"])
    low = max(floor_after) + data["cover_mm"]
    if max(sunk) > _DISH_LEAST_MM:  # both plates have sunk: share what is between them
        bottom = max(bottom, 0.5 * (low + min(after) - data["band_mm"]))
    upper = _plate(broken, lost, y, (bottom, bottom + data["band_mm"]))
    lower = _plate(broken, sunk, y, (low, min(low + data["band_mm"], bottom)))
    followed = broken.crush.wedge * (1.0 - broken.crush.rear) / stack["wedge_tilt_at_mm"]
    turned = -math.radians(stack["wedge_tilt_deg"]) * followed
    closed = -stack["wedge_disc_mm"] * followed
    most = upper.max_rad
    return Hinge(
        superior=upper,
        inferior=lower if lower.top_z_mm - lower.bottom_z_mm > _BAND_LEAST_MM else FIXED,
        wall=_fragment(broken, after[2]),
        disc_stiffness_factor=spec.disc_stiffness_factor,
        above=Follow(
            min(turned / most, 1.0) if most > 0.0 else 1.0,
            closed / most if most > 0.0 else 0.0,
            stack["dish_disc"],
        ),
        # no fracture of ours lowers the inferior rim, so that nothing below has turned
        below=Follow(0.0, 0.0, stack["dish_disc"]),
    )


def _plate(broken: Shape, lost: list[float], y: float, band: tuple[float, float]) -> Plate:
    """Return the plate that has lost this much in front, in the middle and behind."""
    f = broken.form
    front, back = (wall_y(broken, way) - way * STATION_MM for way in (-1, 1))
    middle = 0.5 * (front + back)
    rear = lost[2] if lost[2] > _REAR_LEAST_MM else 0.0
    most = max(lost[0] - rear, 0.0) / (y - front)
    dish = lost[1] - rear - most * (y - middle)
    dish = dish if dish > _DISH_LEAST_MM else 0.0
    return Plate(
        hinge_y_mm=y,
        bottom_z_mm=band[0],
        top_z_mm=band[1],
        max_rad=most,
        max_mm=rear + dish,
        even=rear / (rear + dish) if rear + dish > 0.0 else 1.0,
        dish_mm=(-0.02 * f.D, 0.40 * f.W, 0.38 * f.D),
        depth_mm=y - front + STATION_MM,
        width_mm=f.W,
    )


def _fragment(broken: Shape, rear_z: float) -> Fragment:
    """Return what of the posterior wall between the pedicles can be pushed into the canal."""
    f, crush = broken.form, broken.crush
    loose = 1.0 if crush.retro > 0.0 else _CRUSHED_WALL * float(crush.rear > 0.0)
    return Fragment(
        half_width_mm=0.5 * f.scw - 0.5,
        bottom_z_mm=crush.retro_z if crush.retro > 0.0 else 0.0,
        top_z_mm=rear_z,
        wall_y_mm=float(wall_y(broken, 1)) + crush.retro,
        canal_mm=f.scd - crush.retro,
        loose=loose,
    )
