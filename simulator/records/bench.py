"""How fast the program is: CPU time of one thread, medians, from an expert's own states.

Wall time differs with what else a machine does; process time hardly does, so it is what is told.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from simulator.anatomy.build import build_patient
from simulator.engine.runner import run_case
from simulator.engine.session import Session
from simulator.engine.start import first_state
from simulator.engine.step import step
from simulator.frames import Side
from simulator.imaging import display, machine, render
from simulator.imaging.positioner import Geometry, geometry
from simulator.imaging.projector import PatientProjector
from simulator.kernels.threads import use_threads
from simulator.physics import cementing, inflation, injection, tamping
from simulator.records import peers
from simulator.scenario.load import find_case, load_case, load_scenario
from simulator.scenario.person import patient_spec
from simulator.units import TICKS_PER_S, ticks
from simulator.world.action import IDLE, Action
from simulator.world.arm import Pose
from simulator.world.case import Case
from simulator.world.cement import Cement
from simulator.world.events import Event
from simulator.world.state import State

Figures = dict[str, dict[str, float | str]]
Progress = Callable[[str, float], None]

_CASE = "l1-wedge"
_BYTES_PER_PIXEL = 41
"""At least moved per pixel: primary copied (8) and read (4), frame written (4), both frames, old
and new mean (16), logarithm written and read (8), grey (1)."""
_PERIOD_S = cementing.PERIOD_TICKS / TICKS_PER_S
_START_WARM = (
    "from simulator.cli import _prepare; _prepare();"
    "from simulator.scenario.load import load_case;"
    "import simulator.ui.app; load_case('l1-wedge', 1)"
)


def measure(tell: Progress) -> Figures:
    """Return name -> {value, unit}; takes about a minute.

    Frames are the full chain from state to the 8-bit picture. `moving` turns the arm by a degree
    before every frame, so that the whole patient is projected anew. The bound by memory is the time
    that copying takes for the bytes which the chain must at least read and write per pixel.
    """
    use_threads(1)
    case = load_case(_CASE, 1, progress=tell)
    figures: Figures = {}
    tell("expert run", 0.1)
    state = _expert(case, figures)
    _put(figures, "copy_bandwidth_gb_s", _bandwidth(), "GB/s")
    for n in (512, 1024):
        tell(f"frames of {n} pixels", 0.3 if n == 512 else 0.45)
        _frames(case, state, n, figures)
    tell("ticks, tamps and cement", 0.6)
    # At rest: while cement moves, every fourth tick is a flow step, told below.
    rest = first_state(case)
    _put(figures, "tick_idle_cpu_ms", _median(lambda: step(case, rest, IDLE), 400), "ms")
    _put(figures, "inflate_cpu_ms_per_s", _inflate(case), "ms per simulated s, two tamps")
    _put(figures, "inject_8ml_cpu_ms_per_s", _inject(case), "ms per simulated s")
    tell("building the patient", 0.8)
    spec = patient_spec(load_scenario(find_case(_CASE)))
    _put(figures, "case_build_cold_cpu_s", _once(lambda: build_patient(spec)), "s")
    _put(figures, "case_build_cached_cpu_s", _once(lambda: load_case(_CASE, 1)), "s")
    tell("fresh start", 0.95)
    _put(figures, "start_warm_cpu_s", _child(), "s")
    _put(figures, "memory_peak_mb", _memory_mb(), "MB")
    tell("peers, where installed", 0.98)
    figures.update(peers.diffdrr(case, tell, _once))
    tell("done", 1.0)
    return figures


def _put(figures: Figures, name: str, value: float, unit: str) -> None:
    figures[name] = {"value": value, "unit": unit}


def _once(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def _median(work: Callable[[], object], times: int) -> float:
    """Return the median CPU time of `work` in milliseconds."""
    return 1000.0 * statistics.median(_once(work) for _ in range(times))


def _expert(case: Case, figures: Figures) -> State:
    """Play the case, note the speed-up, and return the state with most cement still flowing."""
    kept: list[State] = []

    def look(session: Session, events: tuple[Event, ...]) -> None:
        if session.state.cement.flow_ul_s > 0.0:
            kept[:] = [session.state]

    begin = time.process_time()
    outcome = run_case(case, "expert", hook=look)
    spent = time.process_time() - begin
    duration = outcome.report.duration_s
    _put(figures, "headless_speedup", duration / spent, "simulated s per CPU s, to the dressing")
    state = kept[0] if kept else outcome.session.state
    _put(figures, "frame_cement_ml", state.cement.injected_ml, "mL of cement in the frames")
    return state


def _frames(case: Case, state: State, n: int, figures: Figures) -> None:
    projector = PatientProjector(case.patient)
    monitor = [display.DisplayState()]
    tick = [state.tick]
    walls: list[float] = []

    def frame(orbit_deg: float, *, moving: bool = False) -> None:
        tick[0] += 1
        pose = replace(state.c_arm.pose, orbit_deg=orbit_deg)
        arm = replace(state.c_arm, pose=pose, moving=moving)
        begin = time.perf_counter()
        shot = render.render(case, replace(state, tick=tick[0], c_arm=arm), n, projector)
        monitor[0], _ = display.develop(monitor[0], shot)
        walls.append(time.perf_counter() - begin)

    for _ in range(_settles()):
        frame(90.0)
    static = _median(lambda: frame(90.0), 40)
    if n == 1024:
        for _ in range(160):
            frame(90.0)
        _put(figures, "frame_1024_wall_p99_ms", 1000.0 * float(np.quantile(walls[-200:], 0.99)),
             "ms, static arm")  # fmt: skip
    angle = iter(range(1, 1000))
    moving = _median(lambda: frame(90.0 - next(angle), moving=True), 20)
    _told(figures, n, "static", static)
    _told(figures, n, "moving", moving)
    if n == 512:
        turned = iter(range(1, 1000))
        bare = PatientProjector(case.patient)
        _put(
            figures,
            "projector_512_cpu_ms",
            _median(lambda: bare.with_body(_geometry(case, next(turned)), state.body), 12),
            "ms, all vertebrae and soft tissue",
        )


def _settles() -> int:
    """Return after how many frames of one view the automatic window stays."""
    return machine.display().window_settle_frames + 1


def _told(figures: Figures, n: int, kind: str, ms: float) -> None:
    """Note a frame's time, how many fit into a second of one core, and how near memory is."""
    _put(figures, f"frame_{n}_{kind}_cpu_ms", ms, "ms")
    _put(figures, f"frame_{n}_{kind}_per_core_s", 1000.0 / ms, "frames per CPU second")
    bandwidth = float(figures["copy_bandwidth_gb_s"]["value"])
    least_ms = 1e3 * _BYTES_PER_PIXEL * n * n / (bandwidth * 1e9)
    _put(figures, f"frame_{n}_{kind}_memory_share", least_ms / ms, "of the bound by memory")


def _geometry(case: Case, orbit_deg: float) -> Geometry:
    return geometry(case.c_arm, Pose(orbit_deg=orbit_deg), 512)


def _inflate(case: Case) -> float:
    """Fill a tamp on each side to 3 mL, in turn; return CPU ms per simulated second."""
    state, constants = first_state(case), case.physics["tamp"]
    left, right = (
        inflation.insert(
            case.tamp, constants, state.body.bone, side,
            _back(case, side), case.plans[side].direction, case.plans[side].target_mm,
        )
        for side in Side
    )  # fmt: skip
    state = replace(state, tamps=(left, right))
    periods = round(30.0 / _PERIOD_S)
    begin = time.process_time()
    for n in range(periods):
        state = replace(state, tick=state.tick + tamping.PERIOD_TICKS)
        asked = Action(side=Side(n % 2), inflate_ml_s=0.2)
        state, _ = tamping.work(case, state, asked)
    return 1000.0 * (time.process_time() - begin) / (periods * _PERIOD_S)


def _back(case: Case, side: Side) -> tuple[float, float, float]:
    plan = case.plans[side]
    x, y, z = plan.target_mm
    dx, dy, dz = plan.direction
    return (x - 25.0 * dx, y - 25.0 * dy, z - 25.0 * dz)


def _inject(case: Case) -> float:
    """Give 8 mL from 8 minutes on; return CPU ms per simulated second over the last millilitre."""
    bone = first_state(case).body.bone
    field = cementing.flow_field(case, bone)
    plan = case.plans[Side.LEFT]
    tube = case.needle
    outlet = injection.Outlet(
        Side.LEFT, plan.target_mm, plan.target_mm, tube.inner_mm, tube.length_mm
    )
    tick, force = ticks(480.0), 10.0
    cement = Cement(mixed_tick=0, filler_ml=20.0, batch_left_ml=0.0)
    spent = simulated = 0.0
    for _ in range(20_000):
        if cement.injected_ml >= 8.0:
            break
        begin = time.process_time()
        cement = injection.inject(
            case.cement, case.physics["cement"], field, cement, outlet, case.filler, force, tick,
            _PERIOD_S,
        )  # fmt: skip
        if cement.injected_ml > 7.0:
            spent += time.process_time() - begin
            simulated += _PERIOD_S
        force = min(force * 1.1, 400.0) if cement.flow_ul_s < 180.0 else force * 0.9
        tick += cementing.PERIOD_TICKS
    return 1000.0 * spent / simulated if simulated else float("nan")


def _child() -> float:
    """Return the CPU seconds of a fresh process that imports everything and opens a cached case."""
    code = "import time;" + _START_WARM + ";print(time.process_time())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return float(done.stdout.split()[-1]) if done.returncode == 0 else float("nan")


def _memory_mb() -> float:
    """Return the peak resident memory; not a number where the system does not tell."""
    try:
        import resource
    except ImportError:
        return float("nan")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024.0 if sys.platform != "darwin" else 1024.0**2)


def _bandwidth() -> float:
    a = np.ones(8_000_000)
    b = np.empty_like(a)
    np.copyto(b, a)
    best = min(_once(lambda: np.copyto(b, a)) for _ in range(10))
    return 2.0 * a.nbytes / max(best, 1e-9) / 1e9
