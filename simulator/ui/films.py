"""Plain radiographs for cards and briefing: one strong exposure, no machine around it."""

from __future__ import annotations

from dataclasses import replace

from simulator.imaging.display import picture
from simulator.imaging.positioner import preset
from simulator.imaging.projector import PatientProjector
from simulator.units import ByteArray
from simulator.world.arm import Pose
from simulator.world.case import Case
from simulator.world.state import State

_FILM_KVP = 80.0
_FILM_MAS = 4.0
_FIELD_MM = 200.0
_FILM_PX = 704


def film(case: Case, state: State, pose: Pose, n: int, projector: PatientProjector) -> ByteArray:
    """Return a plain radiograph: one strong exposure instead of a weak pulse."""
    arm = replace(state.c_arm, pose=pose, kvp=_FILM_KVP, mas_pulse=_FILM_MAS)
    return picture(case, replace(state, c_arm=arm), n, 6, projector)


def view_films(case: Case, state: State) -> list[ByteArray]:
    """Return an AP and a lateral of the treated level."""
    projector = PatientProjector(case.patient)
    poses = [replace(preset(state.c_arm.pose, v), field_mm=_FIELD_MM) for v in ("ap", "lateral")]
    return [film(case, state, pose, _FILM_PX, projector) for pose in poses]
