"""Make the X-ray pictures of the README: one expert run, four moments, two views.

python docs/make_pictures.py
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from simulator.engine.runner import run_case
from simulator.engine.session import Session
from simulator.imaging.png import png
from simulator.imaging.projector import PatientProjector
from simulator.records.frames import VIEWS, film
from simulator.scenario.load import load_case
from simulator.world.events import Event
from simulator.world.state import State

_SIZE = 512


def main() -> None:
    """Play the case and write the pictures."""
    case = load_case("l1-wedge", 1)
    kept: dict[str, State] = {}

    def look(session: Session, events: tuple[Event, ...]) -> None:
        state = session.state
        tool, tamp = state.cannulas[0], state.tamps[0]
        kept.setdefault("before", state)
        if tool is not None and tool.bone_mm > 0.0 and -6.0 < tool.past_wall_mm < 0.0:
            kept.setdefault("needle", state)
        if tamp is not None and tamp.volume_ml > 3.8:
            kept.setdefault("tamp", state)
        if state.cement.flow_ul_s > 0.0:
            kept["cement"] = state

    run_case(case, "expert", hook=look)
    projector = PatientProjector(case.patient)
    for name, state in kept.items():
        for view, angles in VIEWS.items():
            image = film(case, state, *angles, _SIZE, projector)
            (HERE / "pictures" / f"{view}_{name}.png").write_bytes(png(image))


if __name__ == "__main__":
    main()
