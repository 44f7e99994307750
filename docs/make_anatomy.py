"""Make the anatomy sheets: what a viewer sees of patients nobody has touched yet.

python docs/make_anatomy.py [sheet ...]

A sheet is a table of rows; a row is a patient and the views of it. A row is added in one line.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import numpy as np

from simulator.anatomy import store
from simulator.anatomy.spec import Cleft, FractureShape, FractureSpec, PatientSpec, Sex
from simulator.engine.start import first_state
from simulator.imaging.png import png
from simulator.imaging.projector import PatientProjector
from simulator.records.frames import VIEWS, film
from simulator.scenario.load import load_case
from simulator.units import ByteArray
from simulator.world.case import Case
from simulator.world.state import State

_N = 512
_SHRINK = 2
"""Pictures are rendered as on the monitor and shown at half the size on the sheets."""
_GREYS = 6
"""Step of the greys that are kept, which keeps a sheet under 300 kB."""
_LABEL = 18


@dataclass(frozen=True, slots=True)
class Row:
    """One patient on a sheet."""

    name: str
    spec: PatientSpec
    views: Sequence[str] = ("ap", "lateral")
    state: State | None = field(default=None)
    """With tools; the untouched patient if none."""


def _wedge(fraction: float) -> FractureSpec:
    return FractureSpec(shape=FractureShape.WEDGE, anterior_height_fraction=fraction)


def levels(names: Sequence[str], sex: Sex) -> list[Row]:
    """Return one row per level of an average patient."""
    return [
        Row(f"{n} {sex.value} BMI 25", PatientSpec(level=n, sex=sex, seed=at + 1))
        for at, n in enumerate(names)
    ]


_L1 = PatientSpec(level="L1", seed=5)
_T8 = PatientSpec(level="T8", seed=5)
SHEETS: dict[str, list[Row]] = {
    "thoracic": levels(("T5", "T6", "T7", "T8"), Sex.FEMALE),
    "junction": levels(("T9", "T10", "T11", "T12"), Sex.FEMALE),
    "lumbar": levels(("L1", "L2", "L3"), Sex.FEMALE),
    "pelvis": levels(("L4", "L5"), Sex.FEMALE) + levels(("L5",), Sex.MALE),
    "habitus": [
        Row("L1 female BMI 19", replace(_L1, bmi=19.0)),
        Row("L1 female BMI 34", replace(_L1, bmi=34.0)),
        Row("L1 male BMI 27", replace(_L1, sex=Sex.MALE, bmi=27.0)),
        Row("T8 male BMI 27", replace(_T8, sex=Sex.MALE, bmi=27.0)),
    ],
    "curved": [
        Row("L1 scoliosis 18", replace(_L1, scoliosis_deg=18.0)),
        Row("T8 scoliosis -15", replace(_T8, scoliosis_deg=-15.0)),
        Row("L1 rotated 10", replace(_L1, rotation_deg=10.0)),
        Row("T8 kyphosis 1.5", replace(_T8, curvature=1.5)),
    ],
    "fractures": [
        Row("L1 wedge, grade 2", replace(_L1, fracture=_wedge(0.65))),
        Row("L1 wedge, grade 3", replace(_L1, fracture=_wedge(0.5))),
        Row(
            "L1 biconcave",
            replace(
                _L1, fracture=FractureSpec(FractureShape.BICONCAVE, anterior_height_fraction=0.6)
            ),
        ),
        Row(
            "L1 crush",
            replace(_L1, fracture=FractureSpec(FractureShape.CRUSH, anterior_height_fraction=0.55)),
        ),
        Row(
            "L1 gas in a cleft", replace(_L1, fracture=FractureSpec(cleft=Cleft.GAS, mobility=0.5))
        ),
        Row(
            "L1 fragment 5 mm",
            replace(_L1, fracture=FractureSpec(anterior_height_fraction=0.6, retropulsion_mm=5.0)),
        ),
    ],
    "worn": [
        Row("L2 osteophytes", replace(_L1, level="L2", osteophytes=1.0, age_years=84.0)),
        Row("L1 wedge, L2 treated", replace(_L1, fracture=_wedge(0.6), treated=("L2",))),
        Row("T8 wedge, T9 treated", replace(_T8, fracture=_wedge(0.6), treated=("T9",))),
    ],
}


@cache
def _case() -> Case:
    """The theatre around each patient: arm, beam and display."""
    return load_case("l1-wedge", 1)


def picture(row: Row, view: str, projector: PatientProjector) -> ByteArray:
    """Return one view of a row, (n, n) grey."""
    case = replace(_case(), patient=store.patient(row.spec))
    return film(case, row.state or first_state(case), *VIEWS[view], _N, projector)


def sheet(rows: Sequence[Row]) -> ByteArray:
    """Return the contact sheet: a row of the table is a column of pictures."""
    columns = []
    for row in rows:
        projector = PatientProjector(store.patient(row.spec))
        parts = [_label(row.name)]
        for view in row.views:
            image = picture(row, view, projector).astype(np.float32)
            side = _N // _SHRINK
            small = image.reshape(side, _SHRINK, side, _SHRINK).mean(axis=(1, 3))
            parts += [np.pad(small.astype(np.uint8), 2)]
        columns.append(np.concatenate(parts))
    tall = max(len(c) for c in columns)
    whole = np.concatenate([np.pad(c, ((0, tall - len(c)), (0, 0))) for c in columns], axis=1)
    return np.asarray(whole // _GREYS * _GREYS)


def _label(text: str) -> ByteArray:
    """Return the text as a grey strip."""
    import pygame

    from simulator.paths import asset

    pygame.font.init()
    font = pygame.font.Font(str(next(asset("fonts").glob("*Regular*.ttf"))), 13)
    drawn = pygame.surfarray.array3d(font.render(text, True, (230, 230, 230), (0, 0, 0)))
    out = np.zeros((_LABEL, _N // _SHRINK + 4), np.uint8)
    ink = drawn[:, :, 0].T[:_LABEL, : out.shape[1] - 6]
    out[: len(ink), 6 : 6 + ink.shape[1]] = ink
    return out


def main() -> None:
    """Write the sheets that are named, or all."""
    for name in sys.argv[1:] or SHEETS:
        path = HERE / "pictures" / f"anatomy-{name}.png"
        path.write_bytes(png(sheet(SHEETS[name])))
        print(path.name, path.stat().st_size // 1000, "kB")


if __name__ == "__main__":
    main()
