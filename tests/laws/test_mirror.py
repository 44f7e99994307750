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
from simulator.units import Vec3, frozen
from simulator.world.action import Action, Do
from simulator.world.case import Case
from simulator.world.events import BodyEntered, BoneContact, MedialRuleBroken, Tapped, WallBreached
from simulator.world.state import State


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
    )  # fmt: skip


def flipped_marks(m: Landmarks) -> Landmarks:
    left, right = m.pedicles
    return replace(
        m, centre_mm=flip(m.centre_mm), spinous_tip_mm=flip(m.spinous_tip_mm),
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
