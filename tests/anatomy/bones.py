"""Vertebrae without their neighbours, made once for all tests that look at them."""

from __future__ import annotations

from functools import cache

from simulator.anatomy.form import intact_shape
from simulator.anatomy.shape import Shape
from simulator.anatomy.spec import PatientSpec
from simulator.anatomy.stack import to_below
from simulator.anatomy.tables import COLUMN, sizes, tilt_below_deg

MEANS = PatientSpec(variation=0.0, seed=3, height_scale=1.0)


@cache
def alone(level: str, spec: PatientSpec) -> Shape:
    """One vertebra, without its neighbours."""
    own, below = sizes(level, spec), sizes(COLUMN[COLUMN.index(level) + 1], spec)
    return intact_shape(own, below, to_below(own, below, tilt_below_deg(level, spec)), spec)
