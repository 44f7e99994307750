"""The first moment of a run."""

from __future__ import annotations

from simulator.frames import Side
from simulator.procedure import phases
from simulator.world.arm import CArm
from simulator.world.case import Case
from simulator.world.cement import Cement
from simulator.world.state import State
from simulator.world.tally import Tally
from simulator.world.tamp import Body
from simulator.world.vitals import Vitals


def first_state(case: Case) -> State:
    """Return the state at tick 0: patient prone on the table, arm in AP, nothing done."""
    bone = case.patient.target.bone
    if bone is None:
        raise ValueError("the target vertebra has no bone field")
    return State(
        tick=0,
        phase=phases.FIRST,
        c_arm=CArm(),
        body=Body(bone=bone),
        vitals=Vitals(pain_vas=case.notes.pain_vas),
        cement=Cement(),
        tally=Tally(),
        side=Side(case.sides[0]),
    )
