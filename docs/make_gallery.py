"""Make the X-ray gallery: what the monitor shows, with what was measured in each picture.

python docs/make_gallery.py [sheet ...]

Under every picture stand its technique and contrasts: differences of -ln S in the noise-free
scene, without and with scatter (`simulator.imaging.contrast`).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import numpy as np
from make_anatomy import Angles, label, packed, theatre

from simulator.anatomy import store
from simulator.anatomy.patient import Patient
from simulator.anatomy.spec import PatientSpec
from simulator.engine.runner import run_case
from simulator.engine.session import Session
from simulator.engine.start import first_state
from simulator.frames import Side
from simulator.imaging import beam, contrast, display, exposure
from simulator.imaging.display import PLAIN, DisplayState, Mode, Settings
from simulator.imaging.projector import PatientProjector
from simulator.imaging.render import Radiograph, expose_scene, scene
from simulator.scenario.load import load_case
from simulator.units import ByteArray
from simulator.world.arm import Curve
from simulator.world.case import Case
from simulator.world.cement import Cement
from simulator.world.collimator import Collimator
from simulator.world.events import Event
from simulator.world.state import State
from simulator.world.tools import Inside

_N = 768
_SIDE = 384
"""A cell: the whole picture binned by two, or its middle as it is."""
_ACROSS = 2
_MOST_BYTES = 345_000
_FIELD_MM = 200.0
_CLOSE_MM = 150.0
_FRAMES = 12
"""Pulses of a live picture: the filter and the window have settled."""
_PULSE_TICKS = 16
AP: Angles = (0.0, 0.0)
LATERAL: Angles = (90.0, 0.0)
_SHORT = {
    "upper endplate": "upper",
    "lower endplate": "lower",
    "posterior wall": "posterior",
    "anterior wall": "anterior",
    "medial pedicle rim": "medial",
    "lateral pedicle rim": "lateral",
}
"""Names under a picture: endplates, walls and rims."""


class Kind(StrEnum):
    """Which stage of the display chain a cell shows."""

    STILL = "mean of 8 pulses, binned by 2"
    SINGLE = "one pulse, not binned"
    LIVE = "live filter, not binned"
    HELD = "last-image hold, not binned"


@dataclass(frozen=True, slots=True)
class Cell:
    """One picture of a sheet."""

    name: str
    case: Case
    state: State
    angles: Angles = AP
    field_mm: float = _FIELD_MM
    kind: Kind = Kind.STILL
    settings: Settings = PLAIN
    mask: State | None = None
    """The state in which a mask for subtraction was taken."""
    tools: bool = False
    """Contrast of devices instead of bone."""


_projectors: dict[int, PatientProjector] = {}


def projector(patient: Patient) -> PatientProjector:
    """Return one projector per patient."""
    return _projectors.setdefault(id(patient), PatientProjector(patient))


def patient_case(spec: PatientSpec) -> Case:
    """Return the theatre around a patient nobody has touched."""
    return replace(theatre(), patient=store.patient(spec))


def posed(cell: Cell, state: State) -> State:
    """Return a state with the arm at the cell's angles and the technique that belongs to them."""
    orbit, tilt = cell.angles
    pose = replace(state.c_arm.pose, orbit_deg=orbit, tilt_deg=tilt, field_mm=cell.field_mm)
    kvp, mas = beam.settled(cell.case.c_arm, exposure.lengths_for(cell.case, pose), cell.field_mm)
    return replace(state, c_arm=replace(state.c_arm, pose=pose, kvp=kvp, mas_pulse=mas))


def pulses(cell: Cell, state: State, count: int) -> list[Radiograph]:
    """Return the frames of some pulses of one moment."""
    still = scene(cell.case, state, _N, projector(cell.case.patient))
    ticks = (state.tick + k * _PULSE_TICKS for k in range(count))
    return [expose_scene(cell.case, state.c_arm, still, tick) for tick in ticks]


def picture(cell: Cell, state: State) -> ByteArray:
    """Return what the monitor shows, (384, 384)."""
    if cell.kind is Kind.STILL and cell.mask is None:
        whole = display.picture(
            cell.case, state, _N, projector=projector(cell.case.patient), settings=cell.settings
        )
        side = _N // _SIDE
        return whole.reshape(_SIDE, side, _SIDE, side).mean(axis=(1, 3)).astype(np.uint8)
    memory = DisplayState()
    if cell.mask is not None:
        for frame in pulses(cell, posed(cell, cell.mask), _FRAMES):
            memory, _ = display.develop(memory, frame)
        memory = display.take_mask(memory)
    for frame in pulses(cell, state, 1 if cell.kind is Kind.SINGLE else _FRAMES):
        memory, shown = display.develop(memory, frame, cell.settings)
    if cell.kind is Kind.HELD:
        held = display.held(memory, cell.settings)
        assert held is not None
        shown = held
    middle = slice((_N - _SIDE) // 2, (_N + _SIDE) // 2)
    return shown[middle, middle]


def measured(cell: Cell, state: State) -> tuple[str, str]:
    """Return the technique and the contrasts of a picture, without / with scatter."""
    arm, patient = state.c_arm, cell.case.patient
    technique = f"{arm.kvp:.0f} kV  {arm.mas_pulse:.2f} mAs  {cell.field_mm:.0f} mm"
    seen = contrast.logs(scene(cell.case, state, _N, projector(patient)))
    lines = {AP: contrast.ap_lines, LATERAL: contrast.lateral_lines}.get(cell.angles)
    found: dict[str, contrast.Contrast] = {}
    if cell.tools:
        bare = replace(state, cannulas=(None, None), tamps=(None, None), cement=Cement())
        found = contrast.of_devices(cell.case, state, bare, _N, projector(patient))
        hollow = [c for c in state.cannulas if c is not None and c.inside is Inside.EMPTY]
        if hollow:
            found["rails over bore"] = contrast.of_bore(seen, hollow[0])
    elif lines is not None:
        found = contrast.of_lines(seen, lines(patient.target.landmarks))
    parts = (f"{_SHORT.get(k, k)} {v.primary:.2f}/{v.detected:.2f}" for k, v in found.items())
    return technique, "  ".join(parts).replace(" 0.", " .").replace("/0.", "/.")


def sheet(cells: Sequence[Cell]) -> ByteArray:
    """Return the contact sheet, two pictures side by side."""
    tiles = []
    for cell in cells:
        state = posed(cell, cell.state)
        image = np.pad(picture(cell, state), 2)
        captions = [label(text, 11) for text in measured(cell, state)]
        tiles.append(np.concatenate([label(cell.name), image, *captions]))
    rows = [tiles[k : k + _ACROSS] for k in range(0, len(tiles), _ACROSS)]
    return np.concatenate([np.concatenate(row, axis=1) for row in rows])


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
        Cell(f"L1 {what}, {view}", case, kept[key], angles, _CLOSE_MM, tools=True)
        for key, what in (("needle", "11G needle with stylet"), ("hollow", "cannula without"))
        for view, angles in (("AP", AP), ("lateral", LATERAL))
    ]


def fill() -> list[Cell]:
    """Return two tamps, then cement beside a second cannula."""
    case, kept = moments("l3-wedge")
    return [
        Cell(f"L3 {what}, {view}", case, kept[key], angles, _CLOSE_MM, tools=True)
        for key, what in (("tamp", "tamps inflated"), ("cement", "cement through a filler"))
        for view, angles in (("AP", AP), ("lateral", LATERAL))
    ]


# -------------------------------------------------------------------------------- machine


def machine() -> list[Cell]:
    """Return the same lateral through other settings of the machine."""
    case = patient_case(PatientSpec(level="L1", seed=5))
    state = first_state(case)

    def with_arm(name: str, field_mm: float = _FIELD_MM, **set_: object) -> Cell:
        arm = replace(state.c_arm, **set_)  # type: ignore[arg-type]
        return Cell(f"L1 lateral, {name}", case, replace(state, c_arm=arm), LATERAL, field_mm)

    return [
        with_arm("whole field", 300.0),
        with_arm("blades on the level", collimator=Collimator(width_mm=110.0, height_mm=150.0)),
        with_arm("low-dose curve", curve=Curve.LOW_DOSE),
        with_arm("high-contrast curve", curve=Curve.HIGH_CONTRAST),
        with_arm("grid out", grid_in=False),
        with_arm("magnified to 150 mm", _CLOSE_MM),
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
    for name in sys.argv[1:] or SHEETS:
        path = HERE / "pictures" / f"xray-{name}.png"
        path.write_bytes(packed(sheet(SHEETS[name]()), _MOST_BYTES))
        print(path.name, path.stat().st_size // 1000, "kB", flush=True)


if __name__ == "__main__":
    main()
