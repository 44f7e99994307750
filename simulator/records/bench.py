"""How fast the program is: CPU time of one thread, medians, from an expert's own states.

Wall time differs with what else a machine does; process time hardly does, so it is what is told.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from simulator.anatomy.build import build_patient
from simulator.engine.start import first_state
from simulator.engine.step import step
from simulator.frames import Side
from simulator.kernels.threads import use_threads
from simulator.physics import cementing, inflation, injection, tamping
from simulator.physics.outlet import Outlet, Pressed
from simulator.records import bench_frames, peers
from simulator.records.stopwatch import Figures, Progress, median_ms, once, put
from simulator.scenario.load import find_case, load_case, load_scenario
from simulator.scenario.person import patient_spec
from simulator.units import TICKS_PER_S, ticks
from simulator.world.action import IDLE, Action
from simulator.world.case import Case
from simulator.world.cement import Cement, Filling

_CASE = "l1-wedge"
_PERIOD_S = cementing.PERIOD_TICKS / TICKS_PER_S
_INJECTIONS = (
    ("", 480.0, (Side.LEFT,)),
    ("_runny", 180.0, (Side.LEFT,)),
    ("_both_sides", 480.0, (Side.LEFT, Side.RIGHT)),
)
"""Name, age of the cement at the start, cannulas."""
_START_WARM = (
    "from simulator.cli import _prepare; _prepare();"
    "from simulator.scenario.load import load_case;"
    "import simulator.ui.app; load_case('l1-wedge', 1)"
)


def measure(tell: Progress, sustained_s: float = 6.0) -> Figures:
    """Return name -> {value, unit}; takes about a minute and `sustained_s`.

    Frames are the full chain from state to the 8-bit picture; `bench_frames.measure` tells which.
    The bound by memory is the time that copying takes for the bytes which the chain must at least
    read and write per pixel.
    """
    use_threads(1)
    case = load_case(_CASE, 1, progress=tell)
    figures: Figures = {}
    tell("expert run", 0.1)
    moments = bench_frames.play(case, figures)
    put(figures, "copy_bandwidth_gb_s", _bandwidth(), "GB/s")
    for n in (512, 1024):
        tell(f"frames of {n} pixels", 0.3 if n == 512 else 0.4)
        bench_frames.measure(case, moments, n, figures)
    ms = bench_frames.projector_ms(case, moments.injecting[-1])
    put(figures, "projector_512_cpu_ms", ms, "ms, all vertebrae and soft tissue")
    tell(f"{sustained_s:g} s at 15 pulses/s", 0.5)
    bench_frames.sustain(case, moments, sustained_s, figures)
    tell("ticks, tamps and cement", 0.6)
    # At rest: while cement moves, every fourth tick is a flow step, told below.
    rest = first_state(case)
    put(figures, "tick_idle_cpu_ms", median_ms(lambda: step(case, rest, IDLE), 400), "ms")
    put(figures, "inflate_cpu_ms_per_s", _inflate(case), "ms per simulated s, two tamps")
    for name, start_s, sides in _INJECTIONS:
        per_s, step_ms = _inject(case, start_s, sides)
        put(figures, f"inject_8ml{name}_cpu_ms_per_s", per_s, "ms per simulated s")
        put(figures, f"inject_8ml{name}_step_cpu_ms", step_ms, "ms per step, one solve as a rule")
    tell("building the patient", 0.8)
    spec = patient_spec(load_scenario(find_case(_CASE)))
    put(figures, "case_build_cold_cpu_s", once(lambda: build_patient(spec)), "s")
    put(figures, "case_build_cached_cpu_s", once(lambda: load_case(_CASE, 1)), "s")
    tell("fresh start", 0.95)
    put(figures, "start_warm_cpu_s", _child(), "s")
    put(figures, "memory_peak_mb", _memory_mb(), "MB")
    tell("peers, where installed", 0.98)
    figures.update(peers.diffdrr(case, tell, once))
    tell("done", 1.0)
    return figures


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


def _inject(case: Case, start_s: float, sides: Sequence[Side]) -> tuple[float, float]:
    """Give 8 mL of cement that was mixed `start_s` ago, over the last millilitre of which count.

    Returns:
        CPU ms per simulated second; median CPU ms of a step, which is one solve as a rule.
    """
    field = cementing.flow_field(case, first_state(case).body.bone)
    tube, constants = case.needle, case.physics["cement"]
    outlets = [
        Outlet(s, case.plans[s].target_mm, case.plans[s].target_mm, tube.inner_mm, tube.length_mm)
        for s in sides
    ]
    tick, force = ticks(start_s), 10.0
    cement = Cement(mixed_tick=0, fillings=(Filling(20.0), Filling(20.0)))
    steps: list[float] = []
    for _ in range(20_000):
        if cement.injected_ml >= 8.0:
            break
        begin = time.process_time()
        pressed = [Pressed(outlet, case.filler, force) for outlet in outlets]
        cement = injection.press(
            case.cement, constants, field, cement, pressed, (), tick, _PERIOD_S
        )  # fmt: skip
        if cement.injected_ml > 7.0:
            steps.append(1000.0 * (time.process_time() - begin))
        force = min(force * 1.1, 400.0) if cement.flow_ul_s < 180.0 else force * 0.9
        tick += cementing.PERIOD_TICKS
    if not steps:
        return float("nan"), float("nan")
    return sum(steps) / (len(steps) * _PERIOD_S), float(np.median(steps))


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
    best = min(once(lambda: np.copyto(b, a)) for _ in range(10))
    return 2.0 * a.nbytes / max(best, 1e-9) / 1e9
