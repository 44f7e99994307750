"""The way into the theatre."""

from __future__ import annotations

import subprocess
import sys

import pytest

_COUNT = """
from simulator.engine.session import Session
from simulator.kernels import coarse, detector, monitor, raycast, tube
from simulator.scenario.load import load_case
from simulator.ui import flow
from simulator.ui.pictures import Pictures, rotated
from simulator.world.action import Action

def made():
    every = [f for m in (coarse, detector, monitor, raycast, tube) for f in vars(m).values()]
    return sum(len(f.signatures) for f in every if hasattr(f, "signatures"))

case = load_case("l1-wedge", 1)
flow._warm_up(case)
before = made()
session, shown = Session(case, "human"), Pictures(case, 512)
some = [Action(beam=True), Action(beam=True, orbit_deg_s=15.0), Action(beam=True, width_mm_s=-80.0)]
for action in some:
    for _ in range(16):
        shown.see(session.state, session.advance(action))
shown.change(rotated(15.0))
print(before, made())
"""


@pytest.mark.slow
def test_no_kernel_of_the_monitor_is_compiled_under_the_pedal() -> None:
    """In a fresh process: what runs in the theatre was compiled, or read, while loading."""
    told = subprocess.run(
        [sys.executable, "-c", _COUNT], capture_output=True, text=True, check=True, timeout=300
    )
    before, after = told.stdout.split()[-2:]
    assert int(before) > 8
    assert before == after
