"""Marginal spurs of worn discs, as part of the implicit surface."""

from __future__ import annotations

import math
from dataclasses import replace

from simulator import rng
from simulator.anatomy.shape import Shape
from simulator.anatomy.spec import PatientSpec
from simulator.anatomy.tables import COLUMN, sizes, table


def _spur(above: str, spec: PatientSpec) -> tuple[float, float, float]:
    """Length, rise towards the middle of the disc and place of the spurs at the disc below.

    Both rims of a disc wear together: they draw the same numbers, so that spurs may meet.
    """
    data = table("vertebra_shape.toml")["osteophytes"]
    share, place = rng.stream(spec.seed, f"anatomy.osteophytes.{above}").uniform(0.0, 1.0, 2)
    least, most = data["length_share"]
    length = spec.osteophytes * data["length_mm"] * (least + (most - least) * float(share))
    half = 0.5 * sizes(above, spec).disc + data["overlap_mm"]
    return length, half * spec.osteophytes ** data["rise_exponent"], 2.0 * math.pi * float(place)


def with_osteophytes(shape: Shape, spec: PatientSpec) -> Shape:
    """Return the shape with the spurs that `spec.osteophytes` asks for; none leaves it as it is."""
    if spec.osteophytes <= 0.0:
        return shape
    above = COLUMN[max(COLUMN.index(shape.level) - 1, 0)]
    upper, lower = _spur(above, spec), _spur(shape.level, spec)
    form = shape.form._replace(
        spur_t=upper[0], rise_t=upper[1], turn_t=upper[2],
        spur_b=lower[0], rise_b=lower[1], turn_b=lower[2],
    )  # fmt: skip
    return replace(shape, form=form)
