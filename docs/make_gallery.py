"""Make the X-ray gallery: what the monitor shows, with what was measured in each picture.

python docs/make_gallery.py [sheet ...]

Under every picture stand its technique and contrasts: differences of -ln S in the noise-free
scene, without and with scatter (`simulator.imaging.contrast`).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from gallery import AP, CLOSE_MM, FIELD_MM, LATERAL, Cell, Kind, sheet
from make_anatomy import Angles, asked, packed, theatre

from simulator.anatomy import store
from simulator.anatomy.patient import Patient
from simulator.anatomy.spec import PatientSpec
from simulator.engine.runner import run_case
from simulator.engine.session import Session
from simulator.engine.start import first_state
from simulator.frames import Side
from simulator.imaging.display import Mode, Settings
from simulator.scenario.load import load_case
from simulator.world.arm import Curve
from simulator.world.case import Case
from simulator.world.collimator import Collimator
from simulator.world.events import Event
from simulator.world.state import State
from simulator.world.tools import Inside

_MOST_BYTES = 345_000


def patient_case(spec: PatientSpec) -> Case:
    """Return the theatre around a patient nobody has touched."""
    return replace(theatre(), patient=store.patient(spec))


# ------------------------------------------------------------------------------- patients


def en_face(patient: Patient, side: Side) -> Angles:
    """Return the angles at which the beam runs along a pedicle."""
    x, y, z = (-a for a in patient.target.landmarks.pedicles[side].axis)
    return math.degrees(math.atan2(x, y)), math.degrees(math.asin(z))


def level(name: str) -> list[Cell]:
    """Return the four views of one level."""
    case = patient_case(PatientSpec(level=name, seed=5))
    state = first_state(case)
    orbit, tilt = en_face(case.patient, Side.LEFT)
    return [
        Cell(f"{name} AP", case, state, AP),
        Cell(f"{name} lateral", case, state, LATERAL),
        Cell(f"{name} along the left pedicle: {orbit:.0f}, {tilt:.0f}", case, state, (orbit, tilt)),
        Cell(f"{name} oblique: 35, 0", case, state, (35.0, 0.0)),
    ]


def habitus() -> list[Cell]:
    """Return a thin and an obese patient."""
    out = []
    for bmi in (18.5, 36.0):
        case = patient_case(PatientSpec(level="L1", seed=5, bmi=bmi))
        state = first_state(case)
        out += [
            Cell(f"L1, BMI {bmi:g}, {view}", case, state, angles)
            for view, angles in (("AP", AP), ("lateral", LATERAL))
        ]
    return out


# ---------------------------------------------------------------------------------- tools


@cache
def moments(name: str) -> tuple[Case, dict[str, State]]:
    """Let the expert play a case and return its moments."""
    case = load_case(name, 1)
    kept: dict[str, State] = {}
    full: dict[str, float] = {}

    def look(session: Session, events: tuple[Event, ...]) -> None:
        state = session.state
        kept.setdefault("before", state)
        there = [c for c in state.cannulas if c is not None]
        tamps = [t for t in state.tamps if t is not None]
        if any(c.bone_mm > 0.0 and -6.0 < c.past_wall_mm < 0.0 for c in there):
            kept.setdefault("needle", state)
        if any(c.inside is Inside.EMPTY and c.past_wall_mm > 15.0 for c in there) and not tamps:
            kept.setdefault("hollow", state)
        full_ml = sum(t.volume_ml for t in tamps)
        if full_ml > full.get("ml", 1.0):
            kept["tamp"], full["ml"] = state, full_ml
        if state.cement.flow_ul_s > 0.0:
            kept["early" if state.cement.injected_ml < 1.2 else "cement"] = state

    run_case(case, "expert", hook=look)
    return case, kept


def needle() -> list[Cell]:
    """Return a needle with its stylet, and a working cannula without."""
    case, kept = moments("l1-wedge")
    return [
        Cell(f"L1 {what}, {view}", case, kept[key], angles, CLOSE_MM, tools=True)
        for key, what in (("needle", "11G needle with stylet"), ("hollow", "cannula without"))
        for view, angles in (("AP", AP), ("lateral", LATERAL))
    ]


def fill() -> list[Cell]:
    """Return two tamps, then cement beside a second cannula."""
    case, kept = moments("l3-wedge")
    return [
        Cell(f"L3 {what}, {view}", case, kept[key], angles, CLOSE_MM, tools=True)
        for key, what in (("tamp", "tamps inflated"), ("cement", "cement through a filler"))
        for view, angles in (("AP", AP), ("lateral", LATERAL))
    ]


# -------------------------------------------------------------------------------- machine


def machine() -> list[Cell]:
    """Return the same lateral through other settings of the machine."""
    case = patient_case(PatientSpec(level="L1", seed=5))
    state = first_state(case)

    def with_arm(name: str, field_mm: float = FIELD_MM, **set_: object) -> Cell:
        arm = replace(state.c_arm, **set_)  # type: ignore[arg-type]
        return Cell(f"L1 lateral, {name}", case, replace(state, c_arm=arm), LATERAL, field_mm)

    return [
        with_arm("whole field", 300.0),
        with_arm("blades on the level", collimator=Collimator(width_mm=110.0, height_mm=150.0)),
        with_arm("low-dose curve", curve=Curve.LOW_DOSE),
        with_arm("high-contrast curve", curve=Curve.HIGH_CONTRAST),
        with_arm("grid out", grid_in=False),
        with_arm("magnified to 150 mm", CLOSE_MM),
    ]


def monitor() -> list[Cell]:
    """Return the stages of the display chain in the middle of one lateral."""
    case, kept = moments("l1-wedge")
    before, tamp = kept["before"], kept["tamp"]
    late, early = kept["cement"], kept["early"]
    sub, road = Settings(mode=Mode.SUBTRACT), Settings(mode=Mode.ROADMAP)
    cells = [
        Cell("Single pulse", case, tamp, LATERAL, kind=Kind.SINGLE),
        Cell("Recursive filter", case, tamp, LATERAL, kind=Kind.LIVE),
        Cell("Last-image hold", case, tamp, LATERAL, kind=Kind.HELD),
        Cell("Hold, edges twice", case, tamp, LATERAL, kind=Kind.HELD, settings=Settings(edge=2.0)),
        Cell("Subtraction", case, late, LATERAL, kind=Kind.LIVE, settings=sub, mask=early),
        Cell("Roadmap", case, late, LATERAL, kind=Kind.LIVE, settings=road, mask=early),
        Cell("Turned by 15, bone bright", case, before, AP, kind=Kind.HELD,
             settings=Settings(rotate_deg=15.0, invert=True)),
        Cell("Mirrored", case, tamp, LATERAL, kind=Kind.HELD, settings=Settings(flip_x=True)),
    ]  # fmt: skip
    return [replace(c, name=f"{c.name} ({c.kind})") for c in cells]


SHEETS: dict[str, Callable[[], Sequence[Cell]]] = {
    "t8": lambda: level("T8"),
    "l1": lambda: level("L1"),
    "l4": lambda: level("L4"),
    "habitus": habitus,
    "needle": needle,
    "fill": fill,
    "machine": machine,
    "monitor": monitor,
}


def main() -> None:
    """Write the sheets that the command line names, or all."""
    for name in asked(__doc__, SHEETS):
        path = HERE / "pictures" / f"xray-{name}.png"
        path.write_bytes(packed(sheet(SHEETS[name]()), _MOST_BYTES))
        print(path.name, path.stat().st_size // 1000, "kB", flush=True)


if __name__ == "__main__":
    main()
