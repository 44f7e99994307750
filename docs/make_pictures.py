"""Make the X-ray pictures of the README: one expert run, four moments, two views.

python docs/make_pictures.py
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from simulator.engine.runner import run_case
from simulator.engine.session import Session
from simulator.imaging.png import png
from simulator.imaging.projector import PatientProjector
from simulator.records.frames import VIEWS, film
from simulator.scenario.load import load_case
from simulator.world.collimator import OPEN
from simulator.world.events import Event
from simulator.world.state import State

_SIZE = 512
_FIELD_MM = 150.0
"""All four moments through the same open field, so that they can be compared."""


def main() -> None:
    """Play the case and write the pictures."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    case = load_case("l1-wedge", 1)
    kept: dict[str, State] = {}
    most = [0.0]

    def look(session: Session, events: tuple[Event, ...]) -> None:
        state = session.state
        tool, tamp = state.cannulas[0], state.tamps[0]
        kept.setdefault("before", state)
        if tool is not None and tool.bone_mm > 0.0 and -6.0 < tool.past_wall_mm < 0.0:
            kept.setdefault("needle", state)
        if tamp is not None and tamp.volume_ml > most[-1]:
            most.append(tamp.volume_ml)
            kept["tamp"] = state
        if state.cement.flow_ul_s > 0.0:
            kept["cement"] = state

    run_case(case, "expert", hook=look)
    projector = PatientProjector(case.patient)
    for name, state in kept.items():
        arm = state.c_arm
        pose = replace(arm.pose, field_mm=_FIELD_MM)
        state = replace(state, c_arm=replace(arm, pose=pose, collimator=OPEN))
        for view, angles in VIEWS.items():
            image = film(case, state, *angles, _SIZE, projector)
            (HERE / "pictures" / f"{view}_{name}.png").write_bytes(png(image))


if __name__ == "__main__":
    main()
