"""The edges of the collimator: their outline, and where the pointer catches them."""

from __future__ import annotations

import math

import pytest

from simulator.imaging.blades import open_area_mm2
from simulator.ui.blades import edge_at, nearest, opening_at, outline
from simulator.world.collimator import OPEN, Collimator

SHAPES = [
    OPEN,
    Collimator(width_mm=150.0, height_mm=90.0),
    Collimator(iris_mm=200.0),
    Collimator(iris_mm=210.0, width_mm=160.0, height_mm=120.0, turn_deg=25.0),
    Collimator(width_mm=320.0, turn_deg=-40.0),
]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_outline_encloses_the_open_area(shape: Collimator) -> None:
    spots = outline(shape, 300.0)
    pairs = zip(spots, spots[1:] + spots[:1], strict=True)
    area = 0.5 * sum(x0 * y1 - x1 * y0 for (x0, y0, _), (x1, y1, _) in pairs)
    # A polygon in steps of 2 degrees lacks 0.02 % of a circle, and a little at crossings.
    assert area == pytest.approx(open_area_mm2(300.0, shape), rel=2e-3)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_blade_is_where_the_opening_ends_inside_the_field(shape: Collimator) -> None:
    for right, up, blade in outline(shape, 300.0):
        assert shape.passes(0.999 * right, 0.999 * up)
        out = (1.002 * right, 1.002 * up)
        if max(abs(v) for v in out) < 150.0:
            assert blade == (not shape.passes(*out))


def test_each_edge_is_caught_where_it_is() -> None:
    c = Collimator(iris_mm=180.0, width_mm=150.0, height_mm=100.0)
    assert edge_at(c, (74.0, 10.0), 3.0) == "width_mm"
    assert edge_at(c, (-76.0, 10.0), 3.0) == "width_mm"
    assert edge_at(c, (0.0, 51.0), 3.0) == "height_mm"
    assert edge_at(c, (0.0, 0.0), 3.0) is None
    assert edge_at(c, (75.0, 80.0), 3.0) is None  # that edge lies behind the upper blade
    assert edge_at(OPEN, (149.0, 0.0), 3.0) is None
    assert edge_at(Collimator(iris_mm=180.0), (64.0, 64.0), 3.0) == "iris_mm"


def test_a_dragged_edge_comes_to_the_pointer() -> None:
    c = Collimator(width_mm=150.0, height_mm=100.0, turn_deg=30.0)
    a = math.radians(30.0)
    at = (60.0 * math.cos(a), 60.0 * math.sin(a))
    assert nearest(c, at) == "width_mm"
    assert opening_at(c, "width_mm", at) == pytest.approx(120.0)
    assert opening_at(c, "iris_mm", at) == pytest.approx(120.0)
    assert nearest(c, (-at[1], at[0])) == "height_mm"
