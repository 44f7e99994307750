"""Drawn patients at the moment before cement, for make_calibration and make_cement.

Every patient is brought there once by the careful operator, needle and tamp included, on one side.
Prepared states are kept in the cache folder; delete them when needle or tamp physics change.
"""

from __future__ import annotations

import gzip
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from simulator import rng
from simulator.anatomy import store
from simulator.anatomy.patient import Patient
from simulator.anatomy.plan import deepened, plan_path
from simulator.anatomy.spec import Cleft, DefectSite, FractureShape, FractureSpec, PatientSpec, Sex
from simulator.engine.operators import filling, hands
from simulator.engine.operators.expert import Manner, prepare, reach
from simulator.engine.operators.hands import Move, Routine
from simulator.engine.session import Session
from simulator.engine.sight import Observation
from simulator.engine.start import first_state
from simulator.frames import Side
from simulator.paths import cache_dir
from simulator.scenario import ways
from simulator.scenario.assets import chosen, physics
from simulator.scenario.load import load_case
from simulator.world.action import Do
from simulator.world.case import Case, Procedure
from simulator.world.state import State
from simulator.world.tools import Inside

_LEVELS, _SHARES = ("T11", "T12", "L1", "L2", "L3"), (0.12, 0.26, 0.34, 0.16, 0.12)
_TAMP_FRONT_MM = 3.5
_KEPT = ("tick", "phase", "c_arm", "body", "vitals", "cannulas", "tamps", "side")


@dataclass(frozen=True, slots=True)
class Arm:
    """How one group is treated."""

    words: str
    procedure: Procedure
    cement: str
    filler: str
    start_s: float
    """Age of the cement when it is first given."""
    as_pocket: bool = False
    """Gives what the pocket of the same patient would take."""


_VP, _KP = Procedure.VERTEBROPLASTY, Procedure.KYPHOPLASTY
ARMS: Mapping[str, Arm] = {
    "vp_low": Arm("no pocket, low viscosity", _VP, "low_viscosity", "syringe_1", 270.0),
    "vp_medium": Arm("no pocket, medium viscosity", _VP, "medium_viscosity", "syringe_1", 180.0),
    "vp_high": Arm("no pocket, very high viscosity", _VP, "very_high_viscosity", "screw_10", 150.0),
    "kp": Arm("pocket, dough", _KP, "hv_r", "bone_filler", 420.0),
    "kp_cement_no_pocket": Arm(
        "the same dough without the pocket", _VP, "hv_r", "syringe_1", 420.0, as_pocket=True
    ),
}
"""Toothpaste without a pocket, dough into one; the last arm is for pressures alone."""


def drawn(number: int) -> PatientSpec:
    """Return patient `number`: an osteoporotic fracture of the thoracolumbar junction."""
    draw = rng.stream(number, "calibration.patient")
    between, often = draw.uniform, draw.random
    fracture = FractureSpec(
        shape=FractureShape(draw.choice(list(FractureShape), p=(0.6, 0.3, 0.1))),
        anterior_height_fraction=float(between(0.55, 0.85)),
        age_weeks=float(between(1.0, 12.0)),
        endplate_defect_mm=float(between(0.3, 1.2)) if often() < 0.4 else 0.0,
        cortical_defect_mm=float(between(0.8, 2.5)) if often() < 0.5 else 0.0,
        cortical_defect_site=DefectSite(draw.choice(["anterior", "left", "right"])),
        cleft=Cleft.GAS if often() < 0.2 else Cleft.NONE,
        mobility=float(between(0.0, 1.0)),
    )
    return PatientSpec(
        level=str(draw.choice(_LEVELS, p=_SHARES)),
        sex=Sex.FEMALE if often() < 0.75 else Sex.MALE,
        age_years=float(between(65.0, 88.0)),
        bmi=float(between(20.0, 32.0)),
        t_score=float(between(-4.0, -2.2)),
        variation=0.6,
        seed=9000 + number,
        fracture=fracture,
        basivertebral_mm=float(between(2.0, 4.0)),
    )


@cache
def _theatre() -> Case:
    return load_case("l1-wedge", 1)


@lru_cache(maxsize=1)
def _patient(number: int) -> Patient:
    return store.patient(drawn(number))


def case_of(number: int, arm: Arm) -> Case:
    """Return the theatre with patient `number`, for one side."""
    base, patient = _theatre(), _patient(number)
    tool = chosen("needle", "11G")
    plans = [plan_path(patient.target, side, 0.5 * tool.outer_mm) for side in Side]
    bone = patient.target.bone
    if arm.procedure is Procedure.KYPHOPLASTY and bone is not None:
        plans = [deepened(bone, plan, _TAMP_FRONT_MM) for plan in plans]
    if ways.too_short(tool, plans):
        tool = chosen("needle", "11G-long")
    return replace(
        base, seed=number, procedure=arm.procedure, patient=patient, plans=(plans[0], plans[1]),
        sides=(number % 2,), needle=tool, cement=chosen("cement", arm.cement),
        filler=chosen("filler", arm.filler), physics=physics(),
    )  # fmt: skip


def _ready(obs: Observation, side: Side) -> Move:
    obs = yield from prepare(obs, side)
    obs = yield from reach(obs, Manner())
    if obs.procedure is not Procedure.KYPHOPLASTY:
        return (yield from hands.do(obs, Do.STYLET_OUT, side))
    obs = yield from filling.inflate(obs, (side,))
    return (yield from filling.empty_tamp(obs, side))


def _played(case: Case) -> State:
    """Return the patient as the careful operator has prepared it."""
    session = Session(case, "expert")
    driver = Routine(_ready(session.observe(), Side(case.sides[0])))
    while not session.state.over:
        action = driver.next_action(session.observe())
        if action is None:
            break
        session.advance(action)
    return session.state


def prepared(number: int, arm: Arm) -> State:
    """Return the patient before cement; computed once."""
    folder = cache_dir() / "calibration"
    file = folder / f"{arm.procedure.value}-{number}.pickle.gz"
    case = case_of(number, arm)
    if not file.exists():
        state = _played(case)
        if not any(tool and tool.inside is Inside.EMPTY for tool in state.cannulas):
            raise RuntimeError(f"patient {number} was not brought to the moment before cement")
        kept = {name: getattr(state, name) for name in _KEPT}
        folder.mkdir(parents=True, exist_ok=True)
        file.write_bytes(gzip.compress(pickle.dumps(kept), 1))
    # Cement is mixed anew, and what was judged so far left out: both belong to the arm.
    return replace(first_state(case), **pickle.loads(gzip.decompress(file.read_bytes())))
