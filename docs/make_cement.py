"""Make the cement sheet: five looks of cement in one drawn patient, AP and lateral.

python docs/make_cement.py

The patient and the way in are those of calibration_patients; cement is pressed in by force alone.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from calibration_patients import ARMS, case_of, drawn, prepared
from make_anatomy import AP, LATERAL, Row, sheet
from make_calibration import given

from simulator.imaging.png import png
from simulator.scenario.assets import chosen

_PATIENT = 0
_FIELD_MM = 130.0


@dataclass(frozen=True, slots=True)
class Look:
    """One column of the sheet."""

    name: str
    arm: str
    start_s: float
    ml: float
    back_mm: float = 0.0
    """How far the needle is drawn back first."""
    rate_ul_s: float = 60.0


_LOOKS = (
    Look("2 min: runny, mottled", "vp_low", 120.0, 3.5, back_mm=10.0, rate_ul_s=100.0),
    Look("6 min: toothpaste", "vp_low", 360.0, 3.5),
    Look("9 min: dough", "vp_low", 540.0, 3.5),
    Look("high viscosity, screw", "vp_high", 150.0, 3.5),
    Look("pocket, filled", "kp", 420.0, 3.5),
)


def main() -> None:
    """Fill and write the sheet."""
    rows = []
    for look in _LOOKS:
        arm = ARMS[look.arm]
        case = replace(case_of(_PATIENT, arm), filler=chosen("filler", arm.filler))
        done = given(
            case, prepared(_PATIENT, arm), look.start_s, look.ml, back_mm=look.back_mm,
            rate_ul_s=look.rate_ul_s, heeded=False,
        )  # fmt: skip
        cement = done.state.cement
        leak = sum(cement.cloud.leak_ul)
        print(f"{look.name}: {cement.injected_ml:.2f} mL, leak {leak:.0f} uL")
        state = replace(done.state, cannulas=(None, None))
        rows.append(Row(look.name, drawn(_PATIENT), (AP, LATERAL), _FIELD_MM, case, state))
    (HERE / "pictures" / "cement-looks.png").write_bytes(png(sheet(rows)))


if __name__ == "__main__":
    main()
