"""Metrics as a person writes them: the unit that a name ends with, a value in words."""

from __future__ import annotations

from simulator.engine.recording import Practice
from simulator.engine.session import clock
from simulator.procedure.phases import LABELS
from simulator.world.report import Metric

_UNITS = (
    "ml_min", "mm3", "mmhg", "gycm2", "mgy", "usv", "psi", "mpa", "kpa", "deg", "pct", "vas",
    "mm", "ml", "mg", "n", "s", "c",
)  # fmt: skip
_SHOWN = {
    "ml_min": "mL/min", "mmhg": "mmHg", "gycm2": "Gy·cm²", "mgy": "mGy", "usv": "µSv",
    "mpa": "MPa", "kpa": "kPa", "deg": "°", "pct": "%", "vas": "VAS", "ml": "mL", "n": "N",
    "c": "°C",
}  # fmt: skip
_PROPER = {"ap": "AP", "kap": "KAP", "map": "MAP", "spo2": "SpO2"}


def unit(name: str) -> str:
    """Return the unit that a metric's name ends with, as a person writes it."""
    for suffix in _UNITS:
        if name.endswith("_" + suffix):
            return _SHOWN.get(suffix, suffix)
    return ""


def named(name: str) -> str:
    """Return a metric's name in words, without its unit: "Air kerma".

    >>> named("air_kerma_mgy"), named("blind_advance_max_mm"), named("troubles")
    ('Air kerma', 'Blind advance max', 'Troubles')
    >>> named("view_error_ap_deg"), named("spo2_min_pct")
    ('View error AP', 'SpO2 min')
    """
    for suffix in _UNITS:
        name = name.removesuffix("_" + suffix)
    words = " ".join(_PROPER.get(word, word) for word in name.split("_"))
    return words[:1].upper() + words[1:]


def told(name: str, value: Metric) -> str:
    """Return a metric's value in words: number and unit, yes or no, or a dash."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    number = f"{value:d}" if isinstance(value, int) else f"{value:z.2f}".rstrip("0").rstrip(".")
    return f"{number} {unit(name)}".strip()


def practice_words(practice: Practice) -> str:
    """Return what was practised, in words.

    >>> practice_words(Practice(24120)), practice_words(Practice(24120, phase="tamp"))
    ('Practice from 06:42', 'Practice of tamp from 06:42')
    """
    part = f" of {LABELS.get(practice.phase, practice.phase).lower()}" if practice.phase else ""
    return f"Practice{part} from {clock(practice.tick)}"
