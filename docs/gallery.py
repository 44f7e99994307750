"""Draw a gallery: radiographs side by side, each with what was measured in its scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from make_anatomy import Angles, label

from simulator.anatomy.patient import Patient
from simulator.imaging import beam, contrast, display, exposure
from simulator.imaging.display import PLAIN, DisplayState, Settings
from simulator.imaging.machine import setting
from simulator.imaging.projector import PatientProjector
from simulator.imaging.render import Radiograph, expose_scene, scene
from simulator.units import ByteArray, Float32Array
from simulator.world.case import Case
from simulator.world.cement import Cement
from simulator.world.state import State
from simulator.world.tools import Inside

_N = 768
_SIDE = 384
"""A cell: the whole picture binned by two, or its middle as it is."""
_ACROSS = 2
FIELD_MM = 200.0
CLOSE_MM = 150.0
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
    field_mm: float = FIELD_MM
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


def posed(cell: Cell, state: State) -> State:
    """Return a state with the arm at the cell's angles and the technique that belongs to them."""
    orbit, tilt = cell.angles
    pose = replace(state.c_arm.pose, orbit_deg=orbit, tilt_deg=tilt, field_mm=cell.field_mm)
    arm, spec = replace(state.c_arm, pose=pose), cell.case.c_arm
    kvp, mas = beam.settled(spec, setting(spec, arm), exposure.lengths_for(cell.case, pose))
    return replace(state, c_arm=replace(arm, kvp=kvp, mas_pulse=mas))


def pulses(cell: Cell, state: State, count: int) -> list[Radiograph]:
    """Return the frames of some pulses of one moment."""
    still = scene(cell.case, state, _N, projector(cell.case.patient))
    ticks = (state.tick + k * _PULSE_TICKS for k in range(count))
    return [expose_scene(cell.case, state.c_arm, still, tick) for tick in ticks]


def picture(cell: Cell, state: State) -> tuple[ByteArray, str]:
    """Return what the monitor shows, (384, 384), and what there is to say of its grain."""
    if cell.kind is Kind.STILL:
        whole = display.picture(
            cell.case, state, _N, projector=projector(cell.case.patient), settings=cell.settings
        )
        side = _N // _SIDE
        return whole.reshape(_SIDE, side, _SIDE, side).mean(axis=(1, 3)).astype(np.uint8), ""
    memory = DisplayState()
    if cell.mask is not None:
        for frame in pulses(cell, posed(cell, cell.mask), _FRAMES):
            memory, _ = display.develop(memory, frame)
        memory = display.take_mask(memory)
    for frame in pulses(cell, state, 1 if cell.kind is Kind.SINGLE else _FRAMES):
        memory, shown = display.develop(memory, frame, cell.settings)
    assert memory.mean is not None
    signal = memory.mean
    if cell.kind is Kind.HELD:
        held = display.held(memory, cell.settings)
        assert held is not None
        shown, signal = held, np.mean([f.signal for f in memory.recent], axis=0)
    middle = slice((_N - _SIDE) // 2, (_N + _SIDE) // 2)
    return shown[middle, middle], grain(cell, state, signal)


def grain(cell: Cell, state: State, signal: Float32Array) -> str:
    """Return the deviation of ln S from the noise-free picture, before the spatial filter."""
    seen = contrast.logs(scene(cell.case, state, _N, projector(cell.case.patient)))
    quiet = np.asarray(np.log(np.maximum(signal, 0.25)) + seen.detected)
    box = slice(_N // 3, _N - _N // 3)
    low, high = np.percentile(quiet[box, box], (16, 84))
    return f"grain of ln S: {0.5 * (high - low):.3f}"


def technique(cell: Cell, state: State) -> str:
    """Return what the tube gave."""
    arm = state.c_arm
    return f"{arm.kvp:.0f} kV  {arm.mas_pulse:.2f} mAs  {cell.field_mm:.0f} mm"


def measured(cell: Cell, state: State) -> str:
    """Return the contrasts of a picture, without / with scatter."""
    patient = cell.case.patient
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
    return "  ".join(parts).replace(" 0.", " .").replace("/0.", "/.")


def sheet(cells: Sequence[Cell]) -> ByteArray:
    """Return the contact sheet, two pictures side by side."""
    tiles = []
    for cell in cells:
        state = posed(cell, cell.state)
        image, noise = picture(cell, state)
        captions = [label(t, 11) for t in (technique(cell, state), noise or measured(cell, state))]
        tiles.append(np.concatenate([label(cell.name), np.pad(image, 2), *captions]))
    rows = [tiles[k : k + _ACROSS] for k in range(0, len(tiles), _ACROSS)]
    return np.concatenate([np.concatenate(row, axis=1) for row in rows])
