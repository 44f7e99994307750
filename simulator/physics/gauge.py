"""Contrast medium, air and membrane of a tamp: what the manometer reads, what reaches the bone."""

from __future__ import annotations

import math

import numpy as np

from simulator.anatomy.volume import BoneField
from simulator.physics.constants import Constants
from simulator.units import MM3_PER_ML, Float32Array, frozen
from simulator.world.instruments import TampSpec
from simulator.world.tamp import Tamp

_AIR_MPA = 0.1013
"""Of the room; gauges read what is above it."""
_FOLDED_ML = 0.5
"""Below this much filling the folds, not the flow, decide how fast a balloon empties."""


def outflow_ml_s(spec: TampSpec, constants: Constants, tamp: Tamp) -> float:
    """Return how fast the balloon can empty: by its pressure and the syringe's vacuum.

    A membrane that was stretched past its volume does not fold, and lets go slowly.
    """
    drive = tamp.pressure_mpa + constants["vacuum_mpa"]
    rate = constants["outflow_ml_s_mpa"] * drive
    over = max(tamp.peak_volume_ml - spec.max_volume_ml, 0.0)
    folds = 1.0 + constants["slack_per_ml"] * over * float(tamp.volume_ml < _FOLDED_ML)
    return rate / folds


def pressure_mpa(
    constants: Constants,
    crushed: Float32Array,
    h: float,
    volume_ml: float,
    room_mm3: float,
    air_ml: float = 0.0,
) -> float:
    """Return the manometer's reading: what does not fit into the cavity stretches the system.

    Air takes part by Boyle's law: excess = C P + air P / (P_room + P), solved for P.
    """
    taken = float(crushed.sum(dtype=np.float64)) * h**3
    excess = volume_ml * MM3_PER_ML - taken - room_mm3
    if excess <= 0.0:
        return 0.0
    stretch = constants["system_mm3_mpa"]
    air = min(air_ml, volume_ml) * MM3_PER_ML
    if air == 0.0:
        return excess / stretch
    half = 0.5 * (stretch * _AIR_MPA + air - excess)
    return (math.sqrt(half * half + stretch * excess * _AIR_MPA) - half) / stretch


def bubble_mm3(tamp: Tamp) -> float:
    """Return the volume that the air in the balloon has now."""
    air = min(tamp.air_ml, tamp.volume_ml) * MM3_PER_ML
    return air * _AIR_MPA / (_AIR_MPA + tamp.pressure_mpa)


def on_bone_mpa(spec: TampSpec, constants: Constants, tamp: Tamp) -> float:
    """Return what the balloon presses on the bone with: its own membrane holds the rest."""
    return max(0.0, tamp.pressure_mpa - membrane_mpa(spec, constants, tamp, tamp.volume_ml))


def membrane_mpa(spec: TampSpec, constants: Constants, tamp: Tamp, volume_ml: float) -> float:
    """Return what the balloon itself holds: unfolded, stretched, strangled by its cannula."""
    over = max(0.0, volume_ml - spec.max_volume_ml) * constants["over_volume_mpa_ml"]
    strangled = constants["cannula_mpa_ml"] * volume_ml * tamp.in_cannula_mm / spec.length_mm
    return constants["rest_mpa"] + over + strangled


def filled(tamp: Tamp, bone: BoneField) -> Float32Array:
    """Share the contrast out over the cavity, first voxels first, below any bubble of air.

    The patient lies prone, so that air rises to the back.
    """
    shares = tamp.crushed.astype(np.float64)
    h3 = bone.spacing_mm**3
    taken = np.minimum(np.maximum(tamp.volume_ml * MM3_PER_ML / h3 - np.cumsum(shares) + shares,
                                  0.0), shares)  # fmt: skip
    air = bubble_mm3(tamp) / h3
    if air > 0.0:
        y = (tamp.voxels // bone.shape[2]) % bone.shape[1]
        layers = np.bincount(y, weights=taken, minlength=bone.shape[1])
        above = np.cumsum(layers[::-1])[::-1] - layers
        wet = np.clip((above + layers - air) / np.maximum(layers, 1e-9), 0.0, 1.0)
        taken *= wet[y]
    return frozen(taken.astype(np.float32))
