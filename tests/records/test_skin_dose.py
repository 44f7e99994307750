"""The map of the skin: its words name the place of the peak as the patient's own sides."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.imaging.skin import surface_of
from simulator.records.skin_dose import skin_dose
from simulator.world.case import Case


def spotted(case: Case, spot_mm: tuple[float, float, float], mgy: float) -> str:
    """What is said of dose about the skin nearest to a point at the point's own height."""
    points = surface_of(case.patient.torso).points_mm
    row = int(np.argmin(np.abs(points[0, :, 2] - spot_mm[2])))
    turn = int(np.argmin(np.linalg.norm(points[:, row] - np.array(spot_mm), axis=1)))
    off = np.linalg.norm(points - points[turn, row], axis=2)
    found = skin_dose(case.patient, mgy * np.exp(-0.5 * (off / 30.0) ** 2))
    assert found.svg.startswith("<svg")
    return found.words


@pytest.mark.parametrize(
    ("spot_mm", "said"),
    [
        ((0.0, 400.0, 0.0), "back, at the treated level"),
        ((400.0, 30.0, 60.0), "left side, 6 cm above"),
        ((-400.0, 30.0, -60.0), "right side, 6 cm below"),
        ((-250.0, 250.0, 0.0), "back, to the right"),
        ((0.0, -400.0, 0.0), "belly, at"),
    ],
)
def test_the_place_of_the_peak(case: Case, spot_mm: tuple[float, float, float], said: str) -> None:
    words = spotted(case, spot_mm, 120.0)
    assert "Peak 120 mGy" in words
    assert said in words
    assert "No spot reached 2 Gy" in words


def test_erythema_is_told_from_two_gray_on(case: Case) -> None:
    assert "erythema is possible" in spotted(case, (0.0, 400.0, 0.0), 2400.0)
