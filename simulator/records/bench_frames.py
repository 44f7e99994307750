"""What a picture costs: the full chain from an expert's own states to 8 bits of grey."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count, cycle

import numpy as np

from simulator.anatomy.hinge import Lift
from simulator.engine.runner import run_case
from simulator.engine.session import Session
from simulator.imaging import display, machine, render
from simulator.imaging.positioner import geometry
from simulator.imaging.projector import PatientProjector
from simulator.records.stopwatch import Figures, median_ms, once, put
from simulator.world.arm import Pose
from simulator.world.case import Case
from simulator.world.events import Event
from simulator.world.state import State

_BYTES_PER_PIXEL = 33
"""At least moved per pixel while arm and tools rest: primary read (4), frame written (4), both
frames, old and new mean (16), logarithm written and read (8), grey (1)."""
_KEPT = 24
"""Moments of inflation and of injection that are drawn."""
_PULSES_PER_S = 15.0
_TURN_DEG = 1.0


@dataclass(slots=True)
class Moments:
    """States of an expert's run in which something flows, newest last."""

    injecting: list[State] = field(default_factory=list)
    inflating: list[State] = field(default_factory=list)
    rising: dict[Lift, State] = field(default_factory=dict)
    """The first state at each new place of the endplates, as pictures show them."""

    def look(self, session: Session, events: tuple[Event, ...]) -> None:
        """Keep the session's state if cement or contrast medium has just moved."""
        state = session.state
        if state.cement.flow_ul_s > 0.0:
            _keep(self.injecting, state, state.cement.cloud.fill)
        for tamp in state.tamps:
            if tamp is not None and tamp.voxels.size:
                _keep(self.inflating, state, tamp.fill)
                self.rising.setdefault(state.body.shown, state)


def _keep(states: list[State], state: State, flowing: object) -> None:
    """Add a state whose fill is new; of a long series the end is kept."""
    last = states[-1] if states else None
    if last is None or not any(flowing is old for old in _fills(last)):
        states.append(state)
        del states[:-_KEPT]


def _fills(state: State) -> list[object]:
    return [state.cement.cloud.fill, *(t.fill for t in state.tamps if t is not None)]


def play(case: Case, figures: Figures) -> Moments:
    """Play the case as the expert, note the speed-up, and return what moved."""
    moments = Moments()
    begin = time.process_time()
    outcome = run_case(case, "expert", hook=moments.look)
    spent = time.process_time() - begin
    duration = outcome.report.duration_s
    put(figures, "headless_speedup", duration / spent, "simulated s per CPU s, to the dressing")
    last = outcome.session.state
    moments.injecting = moments.injecting or [last]
    moments.inflating = moments.inflating or [last]
    moments.rising = moments.rising or {last.body.shown: last}
    ml = moments.injecting[-1].cement.injected_ml
    put(figures, "frame_cement_ml", ml, "mL of cement in the frames")
    return moments


class Camera:
    """A monitor before one case: takes pictures of states."""

    def __init__(self, case: Case, n: int):
        """Begin with a dark monitor of n x n pixels."""
        self._case, self._n = case, n
        self._projector = PatientProjector(case.patient)
        self._monitor = display.DisplayState()
        self._ticks = count(1)

    def shoot(self, state: State, orbit_deg: float, *, moving: bool = False) -> None:
        """Take one frame and develop it; each has its own noise."""
        pose = replace(state.c_arm.pose, orbit_deg=orbit_deg)
        arm = replace(state.c_arm, pose=pose, moving=moving)
        state = replace(state, tick=next(self._ticks), c_arm=arm)
        shot = render.render(self._case, state, self._n, self._projector)
        self._monitor, _ = display.develop(self._monitor, shot)

    def settle(self, state: State, orbit_deg: float) -> None:
        """Wait until the automatic window stays."""
        for _ in range(machine.display().window_settle_frames + 1):
            self.shoot(state, orbit_deg)


def measure(case: Case, moments: Moments, n: int, figures: Figures) -> None:
    """Note what frames of n x n pixels cost.

    In `static` ones only the noise is new. In `injecting` ones cement is in every frame where it
    was not before, in `inflating` ones the balloons and the bone are. In `rising` ones the endplate
    is where it never was: with each, the body and all above it are projected anew. In `moving` ones
    the arm turns by a degree before every frame, so that the whole patient is.
    """
    state = moments.injecting[-1]
    camera = Camera(case, n)
    camera.settle(state, 90.0)
    _told(figures, n, "static", median_ms(lambda: camera.shoot(state, 90.0), 40))
    for kind, states in (("injecting", moments.injecting), ("inflating", moments.inflating)):
        _told(figures, n, kind, _changing_ms(case, n, states))
    _told_rising(figures, case, n, list(moments.rising.values()))
    angle = count(0)
    turn = Camera(case, n)
    turn.settle(state, 91.0)
    _told(figures, n, "moving", median_ms(
        lambda: turn.shoot(state, 90.0 - _TURN_DEG * next(angle), moving=True), 30
    ))  # fmt: skip
    bandwidth = float(figures["copy_bandwidth_gb_s"]["value"])
    least_ms = 1e3 * _BYTES_PER_PIXEL * n * n / (bandwidth * 1e9)
    share = least_ms / float(figures[f"frame_{n}_static_cpu_ms"]["value"])
    put(figures, f"frame_{n}_static_memory_share", share, "of the bound by memory")


def _changing_ms(case: Case, n: int, states: Sequence[State]) -> float:
    """Return the CPU time of frames of states in turn, the arm at rest."""
    camera, each = Camera(case, n), _forth_and_back(states)
    camera.settle(states[0], 90.0)
    return median_ms(lambda: camera.shoot(next(each), 90.0), 30)


def _told_rising(figures: Figures, case: Case, n: int, states: Sequence[State]) -> None:
    """Note the CPU time of one frame of each state in turn, and of the slowest of a hundred."""
    camera = Camera(case, n)
    camera.settle(states[0], 90.0)
    costs = [1000.0 * once(partial(camera.shoot, state, 90.0)) for state in states[1:]]
    costs = costs or [float("nan")]
    _told(figures, n, "rising", float(np.median(costs)))
    put(figures, f"frame_{n}_rising_p99_cpu_ms", float(np.quantile(costs, 0.99)), "ms")


def _forth_and_back(states: Sequence[State]) -> Iterator[State]:
    """Return states without end in which each differs from the one before."""
    return cycle([*states, *states[-2:0:-1]])


def _told(figures: Figures, n: int, kind: str, ms: float) -> None:
    put(figures, f"frame_{n}_{kind}_cpu_ms", ms, "ms")
    put(figures, f"frame_{n}_{kind}_per_core_s", 1000.0 / ms, "frames per CPU second")


def sustain(case: Case, moments: Moments, seconds: float, figures: Figures) -> None:
    """Note wall times of frames of 1024 pixels over `seconds` at 15 pulses a second.

    A quarter of them at rest, then while cement flows, while the endplate moves with every frame,
    and while the arm turns there and back.
    """
    n, state = 1024, moments.injecting[-1]
    camera, flow = Camera(case, n), _forth_and_back(moments.injecting)
    # On the way back pictures of the same places would be remembered.
    rise = cycle(moments.rising.values())
    camera.settle(state, 90.0)
    each = max(int(seconds * _PULSES_PER_S / 4.0), 1)
    swing = cycle([*range(30), *range(30, 0, -1)])
    walls = [
        *_paced(lambda: camera.shoot(state, 90.0), each),
        *_paced(lambda: camera.shoot(next(flow), 90.0), each),
        *_paced(lambda: camera.shoot(next(rise), 90.0), each),
        *_paced(lambda: camera.shoot(state, 90.0 - next(swing), moving=True), each),
    ]
    unit = f"ms, {len(walls)} frames at 15 pulses/s: at rest, injecting, rising, turning"
    for name, value in (
        ("median", np.median(walls)), ("p99", np.quantile(walls, 0.99)), ("max", np.max(walls)),
    ):  # fmt: skip
        put(figures, f"frame_1024_wall_{name}_ms", 1000.0 * float(value), unit)


def _paced(work: Callable[[], object], times: int) -> list[float]:
    """Return wall times in seconds of `work` begun at every pulse, or when the last is over."""
    walls = []
    due = time.perf_counter()
    for _ in range(times):
        time.sleep(max(due - time.perf_counter(), 0.0))
        begin = time.perf_counter()
        work()
        walls.append(time.perf_counter() - begin)
        due = max(due + 1.0 / _PULSES_PER_S, begin)
    return walls


def projector_ms(case: Case, state: State) -> float:
    """Return what all path lengths through a patient cost at 512 pixels, in CPU milliseconds."""
    projector, turned = PatientProjector(case.patient), count(1)

    def project() -> None:
        pose = Pose(orbit_deg=float(next(turned)))
        projector.with_body(geometry(case.c_arm, pose, 512), state.body)

    return median_ms(project, 12)
