"""Make the anatomy sheets: what a viewer sees of patients nobody has touched yet.

python docs/make_anatomy.py [sheet ...]

A sheet is a table of rows; a row is a patient and the views of it. A row is added in one line.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import numpy as np

from simulator.anatomy import store
from simulator.anatomy.spec import Cleft, DefectSite, FractureShape, FractureSpec, PatientSpec, Sex
from simulator.engine.start import first_state
from simulator.imaging.png import png
from simulator.imaging.projector import PatientProjector
from simulator.records.frames import VIEWS, film
from simulator.scenario.load import load_case
from simulator.units import ByteArray
from simulator.world.case import Case
from simulator.world.state import State

_N = 768
_SHRINK = 2
"""Pictures are rendered finer than on the monitor and binned: a cell keeps the cortex sharp."""
_GREYS = (6, 8, 10, 12, 16)
"""Steps between the greys that are kept: the finest that keeps a sheet small enough."""
_MOST_BYTES = 400_000
_LABEL = 20
_SMALL_FIELD_MM = 200.0
"""The magnified field of the arm, for fractures and needles."""

Angles = tuple[float, float]
AP, LATERAL = VIEWS["ap"], VIEWS["lateral"]


@dataclass(frozen=True, slots=True)
class Row:
    """One patient on a sheet."""

    name: str
    spec: PatientSpec
    views: Sequence[Angles] = (AP, LATERAL)
    """Machine angles (orbit, tilt) of its pictures."""
    field_mm: float = 300.0
    case: Case | None = None
    """The case that `state` belongs to; the theatre around the patient if none."""
    state: State | None = None
    """With tools; the untouched patient if none."""


def _broken(name: str, shape: FractureShape, share: float, **more: Any) -> Row:
    """Return a row with a fracture of L1 that left `share` of its height."""
    spec = FractureSpec(shape, anterior_height_fraction=share, **more)
    return Row(name, replace(_L1, fracture=spec), field_mm=_SMALL_FIELD_MM)


def levels(names: Sequence[str], sex: Sex) -> list[Row]:
    """Return one row per level of an average patient."""
    return [
        Row(f"{n} {sex.value} BMI 25", PatientSpec(level=n, sex=sex, seed=at + 1))
        for at, n in enumerate(names)
    ]


_L1 = PatientSpec(level="L1", seed=5)
_T8 = PatientSpec(level="T8", seed=5)
_WEDGE = FractureShape.WEDGE
_CRUSHED = FractureSpec(anterior_height_fraction=0.6)
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
        _broken("L1 wedge, grade 1", _WEDGE, 0.77),
        _broken("L1 wedge, grade 2", _WEDGE, 0.65),
        _broken("L1 wedge, grade 3", _WEDGE, 0.5),
        _broken("L1 biconcave", FractureShape.BICONCAVE, 0.6),
    ],
    "clefts": [
        _broken("L1 crush", FractureShape.CRUSH, 0.55),
        _broken("L1 gas in a cleft", _WEDGE, 0.65, cleft=Cleft.GAS, mobility=0.5),
        _broken("L1 fluid in a cleft", _WEDGE, 0.65, cleft=Cleft.FLUID, mobility=0.5),
    ],
    "walls": [
        _broken("L1 fragment 5 mm in the canal", _WEDGE, 0.6, retropulsion_mm=5.0),
        _broken(
            "L1 hole of 6 mm to the canal",
            _WEDGE,
            0.65,
            cortical_defect_mm=6.0,
            cortical_defect_site=DefectSite.POSTERIOR,
        ),
        _broken("L1 crack of 3 mm to the disc", _WEDGE, 0.65, endplate_defect_mm=3.0),
    ],
    "worn": [
        Row("L2 osteophytes", replace(_L1, level="L2", osteophytes=1.0, age_years=84.0)),
        Row("L1 wedge, L2 treated", replace(_L1, fracture=_CRUSHED, treated=("L2",))),
        Row("T8 wedge, T9 treated", replace(_T8, fracture=_CRUSHED, treated=("T9",))),
    ],
}


@cache
def theatre() -> Case:
    """The theatre around each patient: arm, beam and display."""
    return load_case("l1-wedge", 1)


def picture(row: Row, view: Angles, projector: PatientProjector) -> ByteArray:
    """Return one view of a row, (n, n) grey."""
    case = row.case or replace(theatre(), patient=store.patient(row.spec))
    state = row.state or first_state(case)
    pose = replace(state.c_arm.pose, field_mm=row.field_mm)
    state = replace(state, c_arm=replace(state.c_arm, pose=pose))
    return film(case, state, *view, _N, projector)


def sheet(rows: Sequence[Row]) -> ByteArray:
    """Return the contact sheet: a row of the table is a column of pictures."""
    columns = []
    for row in rows:
        patient = row.case.patient if row.case else store.patient(row.spec)
        projector = PatientProjector(patient)
        parts = [label(row.name)]
        for view in row.views:
            image = picture(row, view, projector).astype(np.float32)
            side = _N // _SHRINK
            small = image.reshape(side, _SHRINK, side, _SHRINK).mean(axis=(1, 3))
            parts += [np.pad(small.astype(np.uint8), 2)]
        columns.append(np.concatenate(parts))
    tall = max(len(c) for c in columns)
    return np.concatenate([np.pad(c, ((0, tall - len(c)), (0, 0))) for c in columns], axis=1)


def packed(image: ByteArray, most_bytes: int = _MOST_BYTES) -> bytes:
    """Return a PNG with as many greys as its size allows."""
    for step in _GREYS:
        data = png(np.asarray(image // step * step))
        if len(data) <= most_bytes:
            break
    return data


def label(text: str, size: int = 13) -> ByteArray:
    """Return the text as a grey strip."""
    import pygame

    from simulator.paths import asset

    pygame.font.init()
    font = pygame.font.Font(str(next(asset("fonts").glob("*Regular*.ttf"))), size)
    drawn = pygame.surfarray.array3d(font.render(text, True, (230, 230, 230), (0, 0, 0)))
    out = np.zeros((_LABEL, _N // _SHRINK + 4), np.uint8)
    ink = drawn[:, :, 0].T[:_LABEL, : out.shape[1] - 6]
    out[: len(ink), 6 : 6 + ink.shape[1]] = ink
    return out


def asked(about: str, sheets: Iterable[str]) -> list[str]:
    """Return the sheets that the command line names, or all."""
    parser = argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sheet", nargs="*", choices=list(sheets))
    named: list[str] = parser.parse_args().sheet
    return named or list(sheets)


def write(prefix: str, sheets: Mapping[str, Callable[[], Sequence[Row]]]) -> None:
    """Write sheets as `prefix`-name.png."""
    for name, rows in sheets.items():
        path = HERE / "pictures" / f"{prefix}-{name}.png"
        path.write_bytes(packed(sheet(rows())))
        print(path.name, path.stat().st_size // 1000, "kB", flush=True)


def main() -> None:
    """Write the sheets of untouched patients."""
    write("anatomy", {name: partial(list, SHEETS[name]) for name in asked(__doc__, SHEETS)})


if __name__ == "__main__":
    main()
