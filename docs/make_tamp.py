"""Make the pictures of docs/tamp.md: curves of pressure and lift, and the endplate on films.

python docs/make_tamp.py [name ...]

Curves are one 15 mm tamp in the broken L1 of the case `l1-wedge`, its bone scaled to the density
of five T-scores; films are the same patient before, at 3.5 mL, and after the tamp is out.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from make_anatomy import Row, asked, theatre, write
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from simulator.anatomy.spec import PatientSpec
from simulator.anatomy.tables import density_mg_cm3
from simulator.engine.start import first_state
from simulator.frames import Side, along
from simulator.physics import bursting, inflation, reduction, tamping
from simulator.scenario.load import load_case
from simulator.units import PSI_PER_MPA, TICKS_PER_S, frozen
from simulator.world.action import Action
from simulator.world.case import Case
from simulator.world.state import State

_T_SCORES = (-4.0, -3.0, -2.0, -1.0, 0.0)
_SPEEDS_ML_S = (0.03, 0.1, 0.3)
_STEP_ML, _STEP_ML_S, _PAUSE_S = 0.25, 0.1, 6.0
_FULL_ML = 4.0
_PERIOD_S = tamping.PERIOD_TICKS / TICKS_PER_S
_BACK_MM = 20.0
_INKS = ("#7fb3d5", "#2e86c1", "#1a5276", "#b9770e", "#922b21")
_PUBLISHED = "#c0392b"
_ML, _ML_SD, _PSI, _PSI_SD = 2.95, 0.18, 122.7, 27.9
"""Young, pre-crushed L1 to L5 (reference 4.3)."""
_LIFT_MM = (3.0, 6.0)
_TOP_PSI = 500.0
"""Of the plots: room for the legend above the stiffest bone."""
_FILM_ML = 3.5


@dataclass(frozen=True, slots=True)
class Trace:
    """An inflation, sample by sample."""

    name: str
    ml: Sequence[float]
    psi: Sequence[float]
    gain_mm: Sequence[float]


@cache
def placed(t_score: float | None = None) -> tuple[Case, State]:
    """Return the case with its tamp in place, its target's bone of another density if asked."""
    case = theatre()
    state = first_state(case)
    bone = state.body.bone
    if t_score is not None:
        now = case.patient.bone_density_mg_cm3
        bone = replace(bone, bv_tv=frozen(bone.bv_tv * (density_mg_cm3(t_score) / now)))
    plan = case.plans[Side.LEFT]
    back = along(plan.target_mm, plan.direction, -_BACK_MM)
    tamp = inflation.insert(
        case.tamp, case.physics["tamp"], bone, Side.LEFT, back, plan.direction, plan.target_mm
    )
    return case, replace(state, body=replace(state.body, bone=bone), tamps=(tamp, None))


def turned(
    case: Case, state: State, rate_ml_s: float, seconds: float, side: Side = Side.LEFT
) -> list[State]:
    """Turn an inflator for a while; return every state."""
    states = []
    for _ in range(max(1, round(seconds / _PERIOD_S))):
        state = replace(state, tick=state.tick + tamping.PERIOD_TICKS)
        state, _events = tamping.work(case, state, Action(side=side, inflate_ml_s=rate_ml_s))
        states.append(state)
    return states


def stepwise(t_score: float | None) -> list[State]:
    """Return an inflation in steps with pauses."""
    case, state = placed(t_score)
    states = [state]
    for _ in range(round(_FULL_ML / _STEP_ML)):
        states += turned(case, states[-1], _STEP_ML_S, _STEP_ML / _STEP_ML_S)
        states += turned(case, states[-1], 0.0, _PAUSE_S)
    return states


def trace(name: str, states: Sequence[State]) -> Trace:
    """Return what the gauges and the lateral showed."""
    case = theatre()
    tamps = [s.tamps[0] for s in states]
    return Trace(
        name,
        [t.volume_ml for t in tamps if t is not None],
        [t.pressure_mpa * PSI_PER_MPA for t in tamps if t is not None],
        [case.patient.anterior_gain_mm(s.body.lift) for s in states],
    )


@cache
def bones() -> tuple[Trace, ...]:
    """Return the five bones, in steps."""
    return tuple(trace(f"T-score {t:.0f}", stepwise(t)) for t in _T_SCORES)


@cache
def speeds() -> tuple[Trace, ...]:
    """Return three speeds without a pause, in the patient's own bone."""
    found = []
    for rate in _SPEEDS_ML_S:
        case, state = placed()
        states = [state, *turned(case, state, rate, _FULL_ML / rate)]
        found.append(trace(f"{rate:g} mL/s", states))
    return tuple(found)


def _pressure(ax: Axes, traces: Sequence[Trace]) -> None:
    for ink, line in zip(_INKS, traces, strict=False):
        ax.plot(line.ml, line.psi, color=ink, lw=1.0, label=line.name)
    ax.errorbar(_ML, _PSI, _PSI_SD, _ML_SD, color=_PUBLISHED, capsize=3, marker="o", ms=4,
                ls="none", label="published, young, crushed before")  # fmt: skip
    low, high = (mpa * PSI_PER_MPA for mpa in (0.6, 1.2))
    ax.axvspan(2.9, 3.1, low / _TOP_PSI, high / _TOP_PSI, color=_PUBLISHED, alpha=0.15, lw=0)
    ax.set(xlabel="mL", ylabel="psi", ylim=(0, _TOP_PSI), xlim=(0, _FULL_ML))


def _lift(ax: Axes, traces: Sequence[Trace]) -> None:
    for ink, line in zip(_INKS, traces, strict=False):
        ax.plot(line.ml, line.gain_mm, color=ink, lw=1.0, label=line.name)
    ax.axvspan(3.8, _FULL_ML, _LIFT_MM[0] / 8.0, _LIFT_MM[1] / 8.0, color=_PUBLISHED, alpha=0.15,
               lw=0, label="published at the end")  # fmt: skip
    ax.set(xlabel="mL", ylabel="mm gained in front", ylim=(0, 8), xlim=(0, _FULL_ML))


def curves(path: Path) -> None:
    """Draw pressure and lift over volume, for bones (left) and speeds (right)."""
    figure = Figure((9.0, 6.4), layout="constrained")
    axes = figure.subplots(2, 2)
    for column, traces in enumerate((bones(), speeds())):
        _pressure(axes[0][column], traces)
        _lift(axes[1][column], traces)
        axes[0][column].legend(fontsize=7, frameon=False)
        axes[1][column].legend(fontsize=7, frameon=False)
    axes[0][0].set_title("Steps of 0.25 mL, pauses of 6 s", fontsize=9)
    axes[0][1].set_title("One stroke", fontsize=9)
    FigureCanvasAgg(figure).print_png(str(path), metadata={"Software": None})


def films() -> list[Row]:
    """Return the endplate before, at its highest, and after the tamp is out."""
    case, state = placed()
    high = turned(case, state, _STEP_ML_S, _FILM_ML / _STEP_ML_S)[-1]
    low = turned(case, high, -1.0, 30.0)[-1]
    body = replace(low.body, lift=tamping.at_rest(case, low).lift)
    tamp = low.tamps[0]
    assert tamp is not None
    body = reduction.bake(case.physics["tamp"], case.patient.hinge, body, tamp, last=True)
    sunk = replace(low, body=body, tamps=(None, None))

    def row(name: str, shown: State) -> Row:
        gained = case.patient.anterior_gain_mm(shown.body.lift)
        words = f"{name}, {gained:.1f} mm gained"
        return Row(words, PatientSpec(level="L1"), case=case, state=shown, field_mm=150.0)

    return [row("before", replace(state, tamps=(None, None))), row("3.5 mL", high),
            row("out again", sunk)]  # fmt: skip


def faults() -> list[Row]:
    """Return a tamp with air in it, one that has burst, and one that was filled far too much."""
    case, state = placed()
    tamp = state.tamps[0]
    assert tamp is not None
    constants = case.physics["tamp"]
    airy = replace(state, tamps=(replace(tamp, air_ml=constants["air_ml"]), None))
    bubble = turned(case, airy, _STEP_ML_S, 2.0 / _STEP_ML_S)[-1]
    whole = turned(case, state, _STEP_ML_S, 2.5 / _STEP_ML_S)[-1].tamps[0]
    assert whole is not None
    burst = replace(whole, ruptured=True)
    body = bursting.spilled(constants, state.body, burst, 1.0)
    over = turned(case, state, 0.3, 5.5 / 0.3)[-1]

    def row(name: str, shown: State) -> Row:
        return Row(name, PatientSpec(level="L1"), case=case, state=shown, field_mm=150.0)

    return [row("not purged, 2 mL", bubble),
            row("burst at 2.5 mL, 1 mL more", replace(state, body=body, tamps=(burst, None))),
            row("5.5 mL in one stroke", over)]  # fmt: skip


def step_to(line: Trace, ml: float) -> tuple[float, float]:
    """Return the peak of the step that ends near `ml`, and what is left of it before the next."""
    near = [n for n in range(1, len(line.ml)) if abs(line.ml[n] - ml) < 0.5 * _STEP_ML]
    rests = [n for n in near if line.ml[n] == line.ml[n - 1]] or near
    return max(line.psi[n] for n in near if n <= rests[-1]), line.psi[rests[-1]]


def table() -> None:
    """Print the figures that docs/tamp.md quotes."""
    for line in (*bones(), *speeds()):
        peak, held = step_to(line, 3.0)
        print(f"{line.name:12s} 3 mL: peak {peak:4.0f} psi, held {held:4.0f};"
              f" highest {max(line.psi):4.0f} psi, {max(line.gain_mm):.1f} mm")  # fmt: skip
    for t_score in (-4.0, -3.5, -3.0, -2.5):
        line = trace("", stepwise(t_score))
        shares = [held / peak for peak, held in (step_to(line, ml) for ml in (2.0, 3.0, 4.0))]
        print(f"T-score {t_score}: left at 2, 3, 4 mL", [f"{share:.0%}" for share in shares])
    for name, sides, ml, weeks in _LIFTS:
        peak_mm, kept_mm = lifted(name, sides, ml, weeks)
        print(f"{name} {len(sides)} to {ml:g} mL, {weeks or 'own'} weeks: {peak_mm:.1f} mm,"
              f" {kept_mm:.1f} kept, {1.0 - kept_mm / peak_mm:.0%} lost")  # fmt: skip


_LEFT, _RIGHT, _BOTH = (Side.LEFT,), (Side.RIGHT,), (Side.LEFT, Side.RIGHT)
_LIFTS = (
    ("l1-wedge", _LEFT, 4.0, None), ("l1-wedge", _BOTH, 4.0, None), ("l1-wedge", _LEFT, 2.5, None),
    ("l3-wedge", _LEFT, 4.0, None), ("l3-wedge", _BOTH, 4.0, None), ("l3-wedge", _BOTH, 2.5, None),
    ("t12-scoliosis", _RIGHT, 3.0, None), ("t12-fragment", _LEFT, 3.0, None),
    ("l2-biconcave", _RIGHT, 4.0, None), ("t8-narrow", _LEFT, 3.0, None),
    ("l1-wedge", _LEFT, 4.0, 60.0), ("l3-wedge", _BOTH, 4.0, 60.0),
)  # fmt: skip
"""Case, sides, volume in each tamp, age of the fracture if not its own."""


def lifted(name: str, sides: Sequence[Side], ml: float, weeks: float | None) -> tuple[float, float]:
    """Fill tamps in turn by half a millilitre, empty them; return highest and kept gain, mm."""
    case = load_case(name, 1)
    if weeks is not None:
        case = replace(case, patient=replace(case.patient, fracture_age_weeks=weeks))
    state = first_state(case)
    for side in sides:
        plan = case.plans[side]
        back = along(plan.target_mm, plan.direction, -_BACK_MM)
        tamp = inflation.insert(
            case.tamp, case.physics["tamp"], state.body.bone, side, back, plan.direction,
            plan.target_mm,
        )  # fmt: skip
        tamps = (tamp, state.tamps[1]) if side is Side.LEFT else (state.tamps[0], tamp)
        state = replace(state, tamps=tamps)
    high = 0.0
    for _ in range(round(ml / (2.0 * _STEP_ML))):
        for side in sides:
            state = turned(case, state, _STEP_ML_S, 2.0 * _STEP_ML / _STEP_ML_S, side)[-1]
            high = max(high, case.patient.gain_mm(state.body.lift))
            state = turned(case, state, 0.0, _PAUSE_S, side)[-1]
    for side in sides:
        state = turned(case, state, -1.0, 15.0, side)[-1]
    return high, case.patient.gain_mm(tamping.at_rest(case, state).lift)


SHEETS: Mapping[str, Callable[[], Sequence[Row]]] = {"films": films, "faults": faults}


def main() -> None:
    """Write what is named, or all."""
    names = asked(__doc__, ["curves", *SHEETS])
    if "curves" in names:
        curves(HERE / "pictures" / "tamp-curves.png")
        table()
    write("tamp", {name: SHEETS[name] for name in names if name in SHEETS})


if __name__ == "__main__":
    main()
