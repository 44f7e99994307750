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

from make_anatomy import Row, theatre, write
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from simulator.anatomy.spec import PatientSpec
from simulator.anatomy.tables import density_mg_cm3
from simulator.engine.start import first_state
from simulator.frames import Side, along
from simulator.physics import bursting, inflation, reduction, tamping
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


def turned(case: Case, state: State, rate_ml_s: float, seconds: float) -> list[State]:
    """Turn the inflator for a while; return every state."""
    states = []
    for _ in range(max(1, round(seconds / _PERIOD_S))):
        state = replace(state, tick=state.tick + tamping.PERIOD_TICKS)
        state, _events = tamping.work(case, state, Action(inflate_ml_s=rate_ml_s))
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


def table() -> None:
    """Print the figures that docs/tamp.md quotes."""
    for line in (*bones(), *speeds()):
        last = [psi for ml, psi in zip(line.ml, line.psi, strict=True) if 2.8 < ml < 3.06]
        print(f"{line.name:12s} 3 mL: peak {max(last):4.0f} psi, held {last[-1]:4.0f};"
              f" highest {max(line.psi):4.0f} psi, {max(line.gain_mm):.1f} mm")  # fmt: skip


SHEETS: Mapping[str, Callable[[], Sequence[Row]]] = {"films": films, "faults": faults}


def main() -> None:
    """Write what is named, or all."""
    names = sys.argv[1:] or ["curves", *SHEETS]
    if "curves" in names:
        curves(HERE / "pictures" / "tamp-curves.png")
        table()
    sys.argv[1:] = [name for name in names if name in SHEETS]
    if sys.argv[1:]:
        write("tamp", SHEETS)


if __name__ == "__main__":
    main()
