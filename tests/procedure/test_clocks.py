"""The clocks of blind advance: what winds them, what sets them back, what they tell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.frames import Side
from simulator.physics import insertion
from simulator.procedure import clocks
from simulator.world.arm import Pose, Shot, View
from simulator.world.case import Case
from simulator.world.events import BlindAdvance, Exposed
from simulator.world.tools import Cannula


@pytest.fixture
def tool(case: Case) -> Cannula:
    plan = case.plans[Side.LEFT]
    placed = insertion.place(case, Side.LEFT, plan.skin_mm, plan.direction)
    return replace(placed, depth_mm=70.0, bone_mm=10.0, past_wall_mm=-5.0, ahead_mm=40.0)


def gone(case: Case, tool: Cannula, by_mm: float, steps: int = 1, **changes: float):
    """Advance in steps; return the tool and what the clocks told."""
    told = []
    for _ in range(steps):
        after = replace(tool, depth_mm=tool.depth_mm + by_mm / steps)
        tool, events = clocks.run(case, tool, after, ())
        assert tool is not None
        told += events
    return replace(tool, **changes), told


def picture(view: View, error_deg: float = 0.0, *, in_field: bool = True) -> Exposed:
    return Exposed(Shot(0, view, Pose(), error_deg, (in_field, in_field)), 80.0, False)


def test_a_limit_is_told_once_per_plane_until_a_picture(case: Case, tool: Cannula) -> None:
    tool, told = gone(case, tool, 4.9, 7)
    assert told == []
    tool, told = gone(case, tool, 3.0, 30)
    assert [e.plane for e in told] == ["medial", "depth"]
    tool, _ = clocks.run(case, tool, tool, (picture(View.AP),))
    assert (tool.blind_medial_mm, tool.blind_depth_mm > 7.0) == (0.0, True)
    tool, told = gone(case, tool, 5.2, 10)
    assert [e.plane for e in told] == ["medial"]


def test_a_limit_that_tightens_under_way_is_not_slipped_under(case: Case, tool: Cannula) -> None:
    tool, told = gone(case, tool, 4.5, 3, past_wall_mm=10.0, ahead_mm=9.0)
    assert told == []
    _, told = gone(case, tool, 0.2)
    assert [e.limit_mm for e in told] == [3.0, 3.0]
    assert all(isinstance(e, BlindAdvance) for e in told)


@pytest.mark.parametrize(
    ("shot", "counts"),
    [
        (picture(View.AP), True),
        (picture(View.AP, 12.0), False),
        (picture(View.AP, in_field=False), False),
        (picture(View.LATERAL), False),
        (picture(View.OBLIQUE), False),
    ],
    ids=["true AP", "rotated", "tip outside", "other plane", "oblique"],
)
def test_only_a_useful_picture_counts(
    case: Case, tool: Cannula, shot: Exposed, counts: bool
) -> None:
    tool, _ = gone(case, tool, 2.0)
    tool, _ = clocks.run(case, tool, tool, (shot,))
    assert tool is not None
    assert (tool.blind_medial_mm == 0.0) is counts
