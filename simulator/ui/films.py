"""Plain radiographs for cards, briefing and debrief: one strong exposure, no machine around it."""

from __future__ import annotations

from dataclasses import replace

from simulator.engine.session import Session
from simulator.imaging.display import picture
from simulator.imaging.positioner import preset
from simulator.imaging.projector import PatientProjector
from simulator.units import ByteArray
from simulator.world.arm import Pose
from simulator.world.case import Case
from simulator.world.report import Report
from simulator.world.state import State

_FILM_KVP = 80.0
_FILM_MAS = 4.0
_FIELD_MM = 200.0
_CLOSE_MM = 150.0
_FILM_PX = 704
_STILL_PX = 256


def film(case: Case, state: State, pose: Pose, n: int, projector: PatientProjector) -> ByteArray:
    """Return a plain radiograph: one strong exposure instead of a weak pulse."""
    arm = replace(state.c_arm, pose=pose, kvp=_FILM_KVP, mas_pulse=_FILM_MAS)
    return picture(case, replace(state, c_arm=arm), n, 6, projector)


def view_films(case: Case, state: State) -> list[ByteArray]:
    """Return an AP and a lateral of the treated level."""
    projector = PatientProjector(case.patient)
    poses = [replace(preset(state.c_arm.pose, v), field_mm=_FIELD_MM) for v in ("ap", "lateral")]
    return [film(case, state, pose, _FILM_PX, projector) for pose in poses]


def moment_films(session: Session, report: Report) -> list[ByteArray]:
    """Return the worst moments in the view of that time, closer."""
    projector = PatientProjector(session.case.patient)
    out = []
    for moment in report.moments[:3]:
        state = session.state_at(moment.tick)
        pose = replace(state.c_arm.pose, field_mm=_CLOSE_MM)
        out.append(film(session.case, state, pose, _STILL_PX, projector))
    return out
