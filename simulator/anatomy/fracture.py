"""The compression fracture that an author asked for, and how it may be lifted again."""

from __future__ import annotations

from dataclasses import replace

from simulator.anatomy.form import STATION_MM, heights, wall_y
from simulator.anatomy.patient import Hinge
from simulator.anatomy.shape import Crush, Shape
from simulator.anatomy.spec import FractureShape, FractureSpec, PatientSpec
from simulator.anatomy.tables import table
from simulator.errors import UsageError

_HEIGHT_ERROR_MM = 0.4


def _crush(kind: FractureShape, amount: float, more: float) -> Crush:
    data = table("vertebra_shape.toml")["fracture"]
    wedge = 0.5 if kind == FractureShape.BICONCAVE else amount
    return Crush(
        wedge=wedge,
        top=amount if kind == FractureShape.BICONCAVE else 0.0,
        bottom=more if kind == FractureShape.BICONCAVE else 0.0,
        rear=data["crush_posterior"] if kind == FractureShape.CRUSH else 0.0,
        depth=data["impaction_mm"],
        exponent=data["density_exponent"],
        bulge=data["bulge"],
        corner=data["corner_mm"] if kind == FractureShape.WEDGE and amount > 3.0 else 0.0,
        cleft=data["cleft_mm"],
    )


def fractured(shape: Shape, fracture: FractureSpec) -> Shape:
    """Return the shape broken so that it measures what the author asked for."""
    at = 1 if fracture.shape == FractureShape.BICONCAVE else 0
    top, low = heights(shape)
    intact = top[at] - low[at]
    lost = fracture.depth_mm
    if lost is None:
        lost = intact * (1.0 - fracture.anterior_height_fraction)
    if not 0.0 <= lost <= 0.7 * intact:
        raise UsageError(f"a fracture cannot take {lost:.1f} mm of {intact:.1f} mm")
    share = table("vertebra_shape.toml")["fracture"]["biconcave_inferior"]
    least, most = 0.0, 1.5 * lost + 0.01
    broken = shape
    for _ in range(14):  # bisection: the height falls monotonically with the amount
        amount = 0.5 * (least + most)
        broken = replace(shape, crush=_crush(fracture.shape, amount, share * amount))
        top, low = heights(broken)
        if top[at] - low[at] > intact - lost:
            least = amount
        else:
            most = amount
    if abs(top[at] - low[at] - (intact - lost)) > _HEIGHT_ERROR_MM:
        raise UsageError(f"no fracture of this shape takes {lost:.1f} mm of {intact:.1f} mm")
    return broken


def hinge(intact: Shape, broken: Shape, spec: PatientSpec) -> Hinge:
    """Return how far and about which line the superior endplate may be lifted again."""
    data = table("vertebra_shape.toml")["hinge"]
    half = 0.5 * intact.form.Hm
    (before, floor_before), (after, floor_after) = heights(intact), heights(broken)
    lost = max(before[0] - floor_before[0] - after[0] + floor_after[0], 0.0)
    y = wall_y(intact, 1) - data["behind_mm"]
    arm = y - wall_y(broken, -1) - STATION_MM
    floor = -half + data["floor_mm"]
    band_top = half - broken.crush.depth - 1.9 * lost if lost > 0.0 else 0.0
    bottom = max(floor, min(band_top, 3.0) - data["band_mm"])
    return Hinge(
        hinge_y_mm=y,
        bottom_z_mm=bottom,
        top_z_mm=bottom + data["band_mm"],
        max_rad=lost / arm,
        disc_stiffness_factor=spec.disc_stiffness_factor,
    )
