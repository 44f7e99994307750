"""Make the pictures of the window: one expert run, seen at its great moments and at its end.

python docs/make_window.py
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
os.environ["SDL_VIDEODRIVER"] = "dummy"
os.environ["SDL_AUDIODRIVER"] = "dummy"

import pygame

from simulator.engine.runner import run_case
from simulator.engine.session import Session
from simulator.scenario.load import load_case
from simulator.ui.canvas import Canvas
from simulator.ui.debrief import REPLAY, Debrief
from simulator.ui.debrief_ghost import PLANNED
from simulator.ui.sound import Sound
from simulator.ui.theatre import Theatre
from simulator.ui.theme import Theme
from simulator.world.events import Event, Exposed

_SIZE = (1600, 900)
_FRAMES = 8
"""Held of each view, as after a second of beam."""


def _wanted(session: Session, seen: set[str]) -> str | None:
    """Return the name of a moment that has just come and was not seen yet."""
    state = session.state
    tool, tamp = state.cannulas[0], state.tamps[0]
    came = {
        "needle": tool is not None and tool.bone_mm > 0.0 and -6.0 < tool.past_wall_mm < 0.0,
        "tamp": tamp is not None and tamp.volume_ml > 3.0,
        "cement": state.cement.flow_ul_s > 0.0 and state.cement.injected_ml > 2.5,
    }
    return next((name for name, there in came.items() if there and name not in seen), None)


def _draw(session: Session, name: str) -> None:
    theatre = Theatre(session, lambda ended: None, Sound())
    theatre.operator.tool = name
    canvas = Canvas(pygame.Surface(_SIZE), Theme(_SIZE))
    theatre.draw(canvas)  # lays out, and so decides how large pictures are rendered
    scene, state = theatre.scene, session.state
    shots = [s for s in (state.c_arm.last_ap, state.c_arm.last_lateral) if s is not None]
    for shot in sorted(shots, key=lambda s: s.tick):
        arm = replace(state.c_arm, pose=shot.pose, collimator=shot.collimator)
        for k in range(_FRAMES):
            then = replace(state, c_arm=arm, tick=state.tick + k)
            scene.pictures.see(then, (Exposed(shot, arm.kvp, arm.mas_pulse, hand_in_beam=False),))
    scene.follow()
    theatre.draw(canvas)
    pygame.image.save(canvas.surface, str(HERE / "pictures" / f"theatre_{name}.png"))


def _debrief(session: Session) -> None:
    debrief = Debrief(session, session.report(), lambda session, start: None, lambda: None)
    while not debrief.ready:
        pygame.time.wait(50)
    debrief.update()
    canvas = Canvas(pygame.Surface(_SIZE), Theme(_SIZE))
    debrief.draw(canvas)
    pygame.image.save(canvas.surface, str(HERE / "pictures" / "debrief.png"))


def _replay(session: Session) -> None:
    """Draw the walk through the run while cement flows, with the planned way."""
    debrief = Debrief(session, session.report(), lambda session, start: None, lambda: None)
    debrief.tab, debrief.replay.ghost.mode = REPLAY, PLANNED
    given = session.state.cement.injected_ml
    debrief.replay.go(next(row.tick for row in session.trace if row.cement_ml > 0.5 * given))
    canvas = Canvas(pygame.Surface(_SIZE), Theme(_SIZE))
    debrief.draw(canvas)
    while debrief.replay.reel.busy:
        pygame.time.wait(50)
    debrief.draw(canvas)
    pygame.image.save(canvas.surface, str(HERE / "pictures" / "debrief_replay.png"))
    debrief.leave()


def main() -> None:
    """Play the case and write the pictures."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    pygame.display.init()
    pygame.font.init()
    pygame.display.set_mode(_SIZE)
    seen: set[str] = set()

    def look(session: Session, events: tuple[Event, ...]) -> None:
        name = _wanted(session, seen)
        if name is not None:
            seen.add(name)
            _draw(session, name)

    outcome = run_case(load_case("l1-wedge", 1), "expert", hook=look)
    _debrief(outcome.session)
    _replay(outcome.session)
    pygame.quit()


if __name__ == "__main__":
    main()
