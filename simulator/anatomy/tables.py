"""The shipped numbers of bone and their spread between people."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from simulator import rng
from simulator.anatomy.spec import PatientSpec, Sex
from simulator.errors import AssetError
from simulator.paths import asset

LEVELS = ("T5", "T6", "T7", "T8", "T9", "T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5")
"""Levels that can be treated."""
COLUMN = ("T1", "T2", "T3", "T4", *LEVELS, "S1")
"""All levels with sizes, from above; S1 has no height: it is the sacrum's endplate."""
ASSETS = ("morphometry.toml", "vertebra_shape.toml", "bone.toml", "surroundings.toml", "plan.toml")


@cache
def table(name: str) -> dict[str, Any]:
    """Return one of `ASSETS` as a dictionary."""
    try:
        return tomllib.loads(asset(name).read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as fault:
        raise AssetError(f"assets/{name}: {fault}") from fault


@dataclass(frozen=True, slots=True)
class Sizes:
    """Outer sizes of one vertebra in millimetres, as the finished shape must measure."""

    level: str
    epw: float
    epd: float
    hp: float
    ha: float
    pdw_left: float
    pdw_right: float
    pdh: float
    tpa_deg: float
    scw: float
    scd: float
    disc: float


def design(level: str) -> dict[str, float]:
    """Return the shape values of a level from `vertebra_shape.toml`, interpolated."""
    data = table("vertebra_shape.toml")
    known = [COLUMN.index(name) for name in data["levels"]]
    at = COLUMN.index(level)
    return {key: float(np.interp(at, known, row)) for key, row in data["by_level"].items()}


def _sex(spec: PatientSpec, key: str) -> float:
    """Factor against the mixed mean: a female / male ratio split evenly between both.

    It acts whatever `variation` is: sex moves the mean, variation is the spread around it.
    """
    half = float(float(table("morphometry.toml")["sex"][key]) ** 0.5)
    return half if spec.sex == Sex.FEMALE else 1.0 / half


def _less_wedged(level: str, spec: PatientSpec) -> float:
    """Tangent of the angle by which this sex's body is less wedged than the mixed mean."""
    apart = float(table("morphometry.toml")["sex"]["wedge_deg"].get(level, 0.0))
    return math.tan(math.radians(0.5 * apart if spec.sex == Sex.FEMALE else -0.5 * apart))


def sizes(level: str, spec: PatientSpec) -> Sizes:
    """Return the sizes of a level of `COLUMN` in this patient: table means, sex and spread."""
    row, spread = table("morphometry.toml")["level"][level], table("morphometry.toml")["spread"]
    whole = rng.stream(spec.seed, "anatomy.stature").standard_normal(3).clip(-1.8, 1.8)
    own = rng.stream(spec.seed, f"anatomy.sizes.{level}").standard_normal(8).clip(-1.8, 1.8)

    def vary(share: float, number: float) -> float:
        return float(np.exp(spec.variation * share * number))

    size = vary(spread["size"], whole[0])
    width = size * _sex(spec, "width_ratio") * vary(spread["each"], own[0])
    depth = size * _sex(spec, "depth_ratio") * vary(spread["each"], own[1])
    tall = size * _sex(spec, "height_ratio") * vary(spread["each"], own[2]) * spec.height_scale
    pedicle = _sex(spec, "pedicle_ratio") * vary(spread["pedicle_width"], whole[1])
    canal = vary(spread["canal"], whole[2])
    disc = _sex(spec, "disc_ratio") * vary(spread["disc"], own[7])
    return Sizes(
        level=level,
        epw=row["epw"] * width,
        epd=row["epd"] * depth,
        hp=row["hp"] * tall,
        ha=row["ha"] * tall + row["epd"] * depth * _less_wedged(level, spec),
        pdw_left=row["pdw"] * pedicle * vary(spread["side"], own[3]) * spec.pedicle_scale_left,
        pdw_right=row["pdw"] * pedicle * vary(spread["side"], own[4]) * spec.pedicle_scale_right,
        pdh=row["pdh"] * size * vary(spread["pedicle_height"], own[5]),
        tpa_deg=row["tpa"] + spec.variation * spread["angle_deg"] * float(own[6]),
        scw=row["scw"] * canal,
        scd=row["scd"] * canal,
        disc=row["disc"] * disc * spec.disc_height_factor,
    )


def tilt_below_deg(level: str, spec: PatientSpec) -> float:
    """Return the sagittal tilt of the level below, positive = lordosis."""
    noise = rng.stream(spec.seed, f"anatomy.tilt.{level}").standard_normal(1).clip(-1.5, 1.5)[0]
    spread = float(table("morphometry.toml")["spread"]["tilt_deg"])
    mean = design(level)["tilt_below_deg"] * spec.curvature
    return mean + spec.variation * spread * float(noise)


def density_mg_cm3(t_score: float) -> float:
    """Return the trabecular mineral density of a spine with this T-score."""
    data = table("bone.toml")["density"]
    raw = data["at_t_minus_3"] + data["per_t"] * (t_score + 3.0)
    return float(min(max(raw, data["lowest"]), data["highest"]))
