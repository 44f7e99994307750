"""Channels stay: for the tool that made them, for its next path and for the next tool."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulator.engine.start import first_state
from simulator.frames import Side, minus, norm
from simulator.kernels import needle as kernel
from simulator.physics import exchange, insertion, tract
from simulator.physics.contact import contact
from simulator.physics.steering import swung
from simulator.world.action import Action, Do
from simulator.world.case import Case
from simulator.world.steel_events import Redirected
from simulator.world.tools import Cannula
from tests.physics.way_in import PUSH, on_plan, past_wall, worked


@pytest.fixture(scope="module")
def needle(case: Case) -> Cannula:
    """An open needle, 8 mm past the posterior wall."""
    return past_wall(case, 8.0)


def pulled_out_of_bone(case: Case, tool: Cannula) -> tuple[Cannula, list[object]]:
    body, told = first_state(case).body, []
    while tool.dock_mm is not None:
        tool, events = insertion.advance(case, body, tool, Action(push_n=-60.0))
        told += events
    return tool, told


def test_redirection_leaves_the_old_channel(case: Case, needle: Cannula) -> None:
    tool, told = pulled_out_of_bone(case, needle)
    assert [type(e) for e in told] == [Redirected]
    assert len(tool.tracts) == 1
    start, end = tool.tracts[0]
    assert start == pytest.approx(needle.dock_mm)
    assert end == pytest.approx(needle.tip_mm)


def test_an_old_channel_is_easy_and_another_way_is_not(case: Case, needle: Cannula) -> None:
    body = first_state(case).body
    out, _ = pulled_out_of_bone(case, needle)
    turned = replace(
        out, direction=swung(out.direction, out.side, 6.0, 4.0), deepest_mm=out.depth_mm, bored=None
    )
    again = replace(turned, direction=out.direction, depth_mm=needle.depth_mm - 4.0)
    again = replace(again, deepest_mm=again.depth_mm)
    beside = replace(turned, depth_mm=again.depth_mm, deepest_mm=again.depth_mm)
    fresh = replace(again, tracts=())
    old, new, whole = (contact(case, body, t).cut_n for t in (again, beside, fresh))
    assert old < 0.1 * whole
    assert new == pytest.approx(contact(case, body, replace(beside, tracts=())).cut_n)


def test_a_channel_outlives_its_tool(case: Case, needle: Cannula) -> None:
    state = exchange.with_cannula(first_state(case), needle, Side.LEFT)
    outcome = exchange.ACTS[Do.CANNULA_OUT](case, state, Side.LEFT)
    assert not isinstance(outcome, str)
    body = outcome[0].body
    assert len(body.tracts) == 1
    again = replace(needle, depth_mm=needle.depth_mm - 4.0, tracts=())
    again = replace(again, deepest_mm=again.depth_mm)
    there = contact(case, body, again).cut_n
    assert there < 0.1 * contact(case, state.body, again).cut_n


def test_one_swing_leaves_one_channel(case: Case, needle: Cannula) -> None:
    """Hundreds of small turns about the dock are one slot, not hundreds of channels."""
    swing = Action(medial_deg_s=60.0)
    tool = worked(case, needle, swing, lambda t: len(t.tracts) > 8, 60)
    assert 1 <= len(tool.tracts) <= 8
    ends = [path[-1] for path in tool.tracts]
    gaps = [norm(minus(a, b)) for i, a in enumerate(ends) for b in ends[:i]]
    assert min(gaps, default=9.0) >= 2.0


def test_a_dent_is_no_channel(case: Case) -> None:
    tool = worked(
        case, on_plan(case), PUSH, lambda t: t.dock_mm is not None and t.bone_mm >= 1.5, 600
    )
    assert tract.channel(tool) == ()
    assert tract.kept((), ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0))) == ()


def test_a_hole_takes_its_share_of_the_cone() -> None:
    """In even bone a coaxial hole of half the radius leaves three quarters of the cut area."""
    ground = kernel.Ground(
        np.full((30, 30, 30), -9.0, np.float32), np.zeros((30, 30, 30), np.float32),
        np.full((30, 30, 30), 0.1, np.float32), np.ones((30, 30, 30), np.uint8), np.zeros(3), 1.0,
    )  # fmt: skip
    law = kernel.Law(4.0, 20.0, 2.0, 1.6, 0.3, 1.0, 1.0)
    path = np.array([[15.0, 10.0, 15.0], [15.0, 80.0, 15.0]])
    tool = kernel.Tool(path, 1.6, 15.0, 0.0, 0.0, 0.0, 1.0)
    hole = np.array([[15.0, 0.0, 15.0, 15.0, 40.0, 15.0, 0.8]])
    whole = kernel.probe(ground, tool, law, np.zeros((0, 7)))[kernel.CUT]
    part = kernel.probe(ground, tool, law, hole)[kernel.CUT]
    assert whole == pytest.approx(np.pi * 1.6**2 * 2.0, rel=1e-6)  # a float32 field
    assert part == pytest.approx(0.75 * whole, rel=1e-9)
    aside = hole + np.array([[2.0, 0, 0, 2.0, 0, 0, 0]])
    assert kernel.probe(ground, tool, law, aside)[kernel.CUT] == whole
