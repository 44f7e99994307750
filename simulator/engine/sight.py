"""What a person sees: in pictures, on the gauges, at the table. Operators get this, not `State`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.anatomy.plan import Plan
from simulator.anatomy.views import true_ap, true_lateral
from simulator.frames import Side
from simulator.units import PSI_PER_MPA, Vec3, seconds
from simulator.world.arm import CArm
from simulator.world.bearings import arm_angles
from simulator.world.case import Case, Procedure
from simulator.world.clinic import Clinical
from simulator.world.events import Event, Said
from simulator.world.instruments import CementSpec, TampSpec
from simulator.world.seen import Seen
from simulator.world.state import State
from simulator.world.tamp import Tamp
from simulator.world.tools import Cannula, Inside
from simulator.world.vitals import Vitals


@dataclass(frozen=True, slots=True)
class ToolSeen:
    """A cannula as seen and felt from outside."""

    skin_mm: Vec3
    direction: Vec3
    depth_mm: float
    force_n: float
    speed_mm_s: float
    grips: bool
    """The tip holds in bone."""
    inside: Inside
    working: bool


@dataclass(frozen=True, slots=True)
class TampSeen:
    """Manometer and syringe scale of one tamp."""

    volume_ml: float
    pressure_psi: float
    peak_psi: float


@dataclass(frozen=True, slots=True)
class Observation:
    """All that an operator may know at one tick."""

    tick: int
    phase: str
    procedure: Procedure
    sides: tuple[Side, ...]
    plans: tuple[Plan, Plan]
    c_arm: CArm
    tools: tuple[ToolSeen | None, ToolSeen | None]
    tamps: tuple[TampSeen | None, TampSeen | None]
    tamp_spec: TampSpec
    cement_spec: CementSpec
    cement_age_s: float | None
    filler_ml: float
    """In the filler of the side in work."""
    filler_ready: bool
    """The nurse has filled it and handed it over."""
    batch_ml: float
    given_ml: float
    pocket_ml: float
    """Largest filling of the tamps, as the nurse wrote it down."""
    thumb_n: float
    vitals: Vitals
    ap: Seen | None
    lateral: Seen | None
    true_ap_deg: tuple[float, float]
    true_lateral_deg: tuple[float, float]
    """(orbit, tilt) at which the outlines of this vertebra fall on each other: found by turning
    the arm until pedicles and spinous process, or both endplates and pedicles, lie as they must."""
    pedicle_mm: tuple[float, float]
    """Widths of both pedicles, as the AP shows them."""
    heard: tuple[Said, ...]
    events: tuple[Event, ...]
    over: bool
    clinical: Clinical
    """History, laboratory and imaging, as in the briefing."""
    textbook: Mapping[str, float]
    """Limits of whom to treat."""
    levels: tuple[str, ...]
    """The vertebrae to treat, in the author's order."""
    level: int
    """Which of them is worked on."""

    @property
    def t_s(self) -> float:
        """Seconds since the start."""
        return seconds(self.tick)


def _tool(tool: Cannula | None) -> ToolSeen | None:
    if tool is None:
        return None
    return ToolSeen(
        tool.skin_mm, tool.direction, tool.depth_mm, tool.force_n, tool.speed_mm_s,
        tool.dock_mm is not None, tool.inside, tool.working,
    )  # fmt: skip


def _tamp(tamp: Tamp | None) -> TampSeen | None:
    if tamp is None:
        return None
    psi, peak_psi = (mpa * PSI_PER_MPA for mpa in (tamp.pressure_mpa, tamp.peak_mpa))
    return TampSeen(tamp.volume_ml, psi, peak_psi)


def observe(
    case: Case, state: State, ap: Seen | None, lateral: Seen | None, events: tuple[Event, ...]
) -> Observation:
    """Return what can be known in `state`, with the last pictures as read."""
    case = case.facing(state.level)
    cement, marks = state.cement, case.patient.target.landmarks
    mixed, filling = cement.mixed_tick, cement.fillings[state.side]
    return Observation(
        tick=state.tick,
        phase=state.phase,
        procedure=case.procedure,
        sides=tuple(Side(s) for s in case.sides),
        plans=case.plans,
        c_arm=state.c_arm,
        tools=(_tool(state.cannulas[0]), _tool(state.cannulas[1])),
        tamps=(_tamp(state.tamps[0]), _tamp(state.tamps[1])),
        tamp_spec=case.tamp,
        cement_spec=case.cement,
        cement_age_s=None if mixed is None else seconds(state.tick - mixed),
        filler_ml=filling.ml,
        filler_ready=state.tick >= filling.ready_tick,
        batch_ml=cement.batch_left_ml,
        given_ml=state.cement.injected_ml,
        pocket_ml=state.tally.values.get("tamp_volume_ml", 0.0),
        thumb_n=filling.thumb_n,
        vitals=state.vitals,
        ap=ap,
        lateral=lateral,
        true_ap_deg=arm_angles(true_ap(marks)),
        true_lateral_deg=arm_angles(true_lateral(marks)),
        pedicle_mm=(marks.pedicles[0].width_mm, marks.pedicles[1].width_mm),
        heard=tuple(e for e in events if isinstance(e, Said)),
        events=events,
        over=state.over,
        clinical=case.clinical,
        textbook=case.physics["selection"],
        levels=case.level_names,
        level=state.level,
    )
