"""The mirror law: a mirrored patient under mirrored hands feels and suffers the mirrored same.

Only needle and judge: cement draws its pores per voxel, and those are not mirrored.
"""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from simulator.anatomy.landmarks import Landmarks, Pedicle
from simulator.anatomy.patient import Patient, Vertebra
from simulator.anatomy.plan import Plan
from simulator.anatomy.volume import BoneField, Volume
from simulator.engine.start import first_state
from simulator.engine.step import step
from simulator.frames import Side
from simulator.physics import exchange, insertion
from simulator.units import Vec3, frozen
from simulator.world.action import Action, Do
from simulator.world.arm import Plane, Pose, Stand
from simulator.world.case import Case
from simulator.world.instruments import Tip
from simulator.world.state import State
from simulator.world.steel_events import (
    BodyEntered,
    BoneContact,
    MedialRuleBroken,
    Tapped,
    WallBreached,
)
from simulator.world.tools import Cannula


def flip(p: Vec3) -> Vec3:
    return (-p[0], p[1], p[2])


def flipped_grid(grid: BoneField | Volume) -> BoneField | Volume:
    """Reverse every array along x and move the origin to the other end."""
    changes = {}
    nx = 0
    for field in fields(grid):
        value = getattr(grid, field.name)
        if isinstance(value, np.ndarray):
            nx = value.shape[0]
            changes[field.name] = frozen(value[::-1])
    x, y, z = grid.origin_mm
    changes["origin_mm"] = (-(x + grid.spacing_mm * (nx - 1)), y, z)
    return replace(grid, **changes)


def flipped_pedicle(p: Pedicle) -> Pedicle:
    return replace(
        p, centre_mm=flip(p.centre_mm), axis=flip(p.axis), entry_mm=flip(p.entry_mm),
        medial_border_x_mm=-p.medial_border_x_mm, lateral_border_x_mm=-p.lateral_border_x_mm,
        medial_mm=flip(p.medial_mm), lateral_mm=flip(p.lateral_mm),
        superior_mm=flip(p.superior_mm), inferior_mm=flip(p.inferior_mm),
    )  # fmt: skip


def flipped_marks(m: Landmarks) -> Landmarks:
    left, right = m.pedicles
    lateral, posterior, superior = m.axes
    # The mirrored vertebra's left is the mirror image of the way to the right.
    to_left = flip((-lateral[0], -lateral[1], -lateral[2]))
    return replace(
        m, axes=(to_left, flip(posterior), flip(superior)),
        anterior_wall_mm=flip(m.anterior_wall_mm),
        centre_mm=flip(m.centre_mm), spinous_tip_mm=flip(m.spinous_tip_mm),
        canal_centre_mm=flip(m.canal_centre_mm),
        pedicles=(flipped_pedicle(right), flipped_pedicle(left)),
    )  # fmt: skip


def flipped_plan(plan: Plan) -> Plan:
    return replace(
        plan, side=Side(1 - plan.side), skin_mm=flip(plan.skin_mm), entry_mm=flip(plan.entry_mm),
        target_mm=flip(plan.target_mm),
    )  # fmt: skip


def mirrored(case: Case) -> Case:
    vertebrae = tuple(
        Vertebra(
            v.level,
            flipped_grid(v.volume),
            None if v.bone is None else flipped_grid(v.bone),
            flipped_marks(v.landmarks),
        )
        for v in case.patient.vertebrae
    )
    patient: Patient = replace(
        case.patient, vertebrae=vertebrae, torso=flipped_grid(case.patient.torso)
    )
    left, right = case.plans
    return replace(case, patient=patient, plans=(flipped_plan(right), flipped_plan(left)))


def hands(side: Side) -> list[tuple[Action, int]]:
    """A way in that drifts medially and breaches; x of the room turns with the side."""
    x = float(side.sign)
    me = Action(side=side)
    return [
        (replace(me, do=Do.TIME_OUT), 1),
        (replace(me, do=Do.LOCAL), 1),
        (replace(me, do=Do.PLACE_NEEDLE), 1),
        (replace(me, skin_x_mm_s=-2.0 * x, skin_z_mm_s=3.0), 60),
        (replace(me, medial_deg_s=6.0, caudal_deg_s=3.0), 120),
        (replace(me, push_n=60.0), 240),
        (replace(me, push_n=115.0, brace=True), 900),
        (replace(me, tap=2), 1),
        (replace(me, medial_deg_s=8.0), 60),
        (replace(me, push_n=130.0, brace=True), 1500),
        (replace(me, beam=True), 8),
    ]


def played(case: Case, side: Side) -> tuple[State, list[object]]:
    state, told = first_state(case), []
    for action, times in hands(side):
        for _ in range(times):
            state, events = step(case, state, action)
            told += events
    return state, told


def test_mirrored_patient_and_hands_give_the_mirrored_outcome(case: Case) -> None:
    here, told = played(case, Side.LEFT)
    there, retold = played(mirrored(case), Side.RIGHT)
    mine, its = here.cannulas[Side.LEFT], there.cannulas[Side.RIGHT]
    assert mine is not None
    assert its is not None
    # Mirrored coordinates round differently in their last bits, and two thousand ticks add up.
    assert flip(mine.tip_mm) == pytest.approx(its.tip_mm, abs=1e-6)
    assert mine.force_n == pytest.approx(its.force_n, abs=1e-6)
    assert mine.bone_mm == pytest.approx(its.bone_mm, abs=1e-6)
    assert mine.canal_breach_mm == pytest.approx(its.canal_breach_mm, abs=1e-6)
    kinds = (BoneContact, BodyEntered, MedialRuleBroken, WallBreached, Tapped)
    assert [type(e) for e in told if isinstance(e, kinds)] == [
        type(e) for e in retold if isinstance(e, kinds)
    ]
    assert any(isinstance(e, MedialRuleBroken | WallBreached) for e in told)
    assert [f.id for f in here.tally.findings] == [f.id for f in there.tally.findings]


def test_the_wrong_hand_is_noticed(case: Case) -> None:
    """The law is sharp: the same side in the mirrored patient is another way in."""
    here, _ = played(case, Side.LEFT)
    there, _ = played(mirrored(case), Side.LEFT)
    mine, its = here.cannulas[Side.LEFT], there.cannulas[Side.LEFT]
    assert mine is not None
    assert its is not None
    assert mine.tip_mm != pytest.approx(its.tip_mm, abs=1e-3)


STEERED: list[tuple[Action, int]] = [
    (Action(push_n=20.0), 400),
    (Action(twist_deg_s=120.0), 40),
    (Action(push_n=110.0, brace=True), 700),
    (Action(twist_deg_s=-90.0), 30),
    (Action(push_n=110.0, brace=True), 1000),
    (Action(medial_deg_s=3.0, caudal_deg_s=-2.0), 30),
    (Action(do=Do.STYLET_OUT), 1),
    (Action(do=Do.WIRE_IN), 1),
    (Action(inner_n=25.0, brace=True), 200),
    (Action(do=Do.SEAT_CANNULA), 1),
    (Action(push_n=150.0, brace=True, hold=False), 600),
    (Action(do=Do.WIRE_OUT), 1),
    (Action(do=Do.DRILL_IN), 1),
    (Action(inner_n=25.0, brace=True), 200),
    (Action(do=Do.DRILL_OUT), 1),
    (Action(push_n=-60.0, brace=True), 300),
    (Action(do=Do.CURVED_IN), 1),
    (Action(bend_mm=17.0, twist_deg_s=60.0), 20),
    (Action(inner_n=60.0, brace=True), 500),
]
"""A bevel turned twice, a pried hub, a wire carried along, a drill and a rolled curve."""


def steered(case: Case, side: Side) -> list[Cannula]:
    """Play all of it on one side; return the tool after every part."""
    bevel = replace(case, needle=replace(case.needle, tip=Tip.BEVEL))
    plan = case.plans[side]
    tool = insertion.place(bevel, side, plan.skin_mm, plan.direction)
    state, after = exchange.with_cannula(first_state(bevel), tool, side), []
    for action, times in STEERED:
        mine = replace(action, side=side)
        for _ in range(times):
            if mine.do:
                outcome = exchange.ACTS[mine.do](bevel, state, side)
                assert not isinstance(outcome, str), outcome
                state = outcome[0]
                continue
            moved, _ = insertion.advance(bevel, state.body, tool, mine)
            state = exchange.with_cannula(state, moved, side)
            tool = moved
        now = state.cannulas[side]
        assert now is not None
        tool = now
        after.append(tool)
    return after


def test_every_instrument_is_mirrored(case: Case) -> None:
    here, there = steered(case, Side.LEFT), steered(mirrored(case), Side.RIGHT)
    for mine, its in zip(here, there, strict=True):
        # Mirrored coordinates round differently in their last bits, and forces follow.
        assert flip(mine.front_mm) == pytest.approx(its.front_mm, abs=1e-6)
        assert flip(mine.heading) == pytest.approx(its.heading, abs=1e-6)
        assert flip(mine.hub_mm) == pytest.approx(its.hub_mm, abs=1e-6)
        assert mine.force_n == pytest.approx(its.force_n, abs=1e-6)
        assert mine.pry_n == pytest.approx(its.pry_n, abs=1e-6)
        if mine.passed is not None and its.passed is not None:
            assert mine.passed.force_n == pytest.approx(its.passed.force_n, abs=1e-6)
            assert mine.passed.breach_mm == pytest.approx(its.passed.breach_mm, abs=1e-6)
    # The run did what it is meant to mirror.
    assert here[4].bow is not None
    assert here[5].pry_n > 1.0
    assert max(t.passed.reach_mm for t in here if t.passed is not None) > 5.0
    last = here[-1].passed
    assert last is not None
    assert last.reach_mm > 4.0
    assert last.roll_deg == pytest.approx(20.0)


def looked(case: Case, sign: float) -> State:
    """Swivel, blades, steps and both planes; x of the room turns with the sign."""
    near, far = (Stand.LEFT, Stand.RIGHT) if sign > 0 else (Stand.RIGHT, Stand.LEFT)
    asked = [
        (Action(orbit_deg_s=9.0 * sign, swivel_deg_s=4.0 * sign, tilt_deg_s=3.0, stand=far), 90),
        (Action(width_mm_s=-60.0, height_mm_s=-50.0, blades_deg_s=20.0 * sign), 60),
        (Action(beam=True), 60),
        (Action(beam=True, table_x_mm_s=20.0 * sign, iris_mm_s=-70.0, stand=near), 60),
        (Action(plane=1, swivel_deg_s=5.0 * sign, height_mm_s=-40.0, blades_deg_s=-9.0 * sign), 60),
        (Action(beam_second=True, grid_in=False), 60),
        (Action(beam=True, beam_second=True, stand=Stand.BACK), 60),
    ]
    state = first_state(case)
    for action, times in asked:
        for _ in range(times):
            state, _ = step(case, state, action)
    return state


def test_a_mirrored_machine_gives_the_mirrored_dose(case: Case) -> None:
    there = mirrored(case)
    there = replace(
        there,
        patient=replace(there.patient, extras=tuple(map(flipped_grid, case.patient.extras))),
        c_arm=replace(case.c_arm, orbit_range_deg=(-95.0, 40.0)),
    )
    lateral = Plane(Pose(orbit_deg=90.0))
    second = replace(lateral, pose=Pose(orbit_deg=-90.0))
    here = replace(
        case,
        c_arm=replace(case.c_arm, lateral_orbit_range_deg=(45.0, 115.0)),
        arm=replace(case.arm, second=lateral),
    )
    there = replace(
        there,
        c_arm=replace(there.c_arm, lateral_orbit_range_deg=(-115.0, -45.0)),
        arm=replace(case.arm, second=second, stand=Stand.RIGHT, table_side=Stand.RIGHT),
    )
    mine, its = looked(here, 1.0).c_arm, looked(there, -1.0).c_arm
    assert mine.second is not None
    assert its.second is not None
    for a, b in ((mine.pose, its.pose), (mine.second.pose, its.second.pose)):
        assert (a.orbit_deg, a.tilt_deg, a.swivel_deg) == pytest.approx(
            (-b.orbit_deg, b.tilt_deg, -b.swivel_deg)
        )
        assert a.isocentre_mm == pytest.approx(flip(b.isocentre_mm))
    assert mine.second.pose.swivel_deg == pytest.approx(5.0)
    # Rays meet the mirrored voxels at other places of rounding only.
    for name in ("kvp", "mas_pulse", "kap_gycm2", "air_kerma_mgy", "operator_dose_usv"):
        assert getattr(mine, name) == pytest.approx(getattr(its, name), rel=1e-4), name
    assert mine.exposures == its.exposures == 8 + 7 + 8 + (8 + 7)
    assert mine.skin_mgy is not None
    assert its.skin_mgy is not None
    # The map runs around the trunk; its spots differ where a ray of the skin's search is rounded.
    flipped = its.skin_mgy[::-1]
    assert mine.skin_mgy.sum() == pytest.approx(flipped.sum(), rel=0.01)
    assert mine.skin_peak_mgy == pytest.approx(its.skin_peak_mgy, rel=0.01)
    assert np.abs(mine.skin_mgy - flipped).mean() < 0.02 * mine.skin_mgy.mean()
