"""Dose of the patient, of the operator and of a hand that is in the way; pure functions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from simulator.frames import dot, minus, norm
from simulator.imaging.blades import open_area_mm2
from simulator.imaging.machine import Setting, machine
from simulator.imaging.positioner import geometry, in_field
from simulator.imaging.spectra import kerma_over_signal, kerma_per_mas
from simulator.units import Vec3
from simulator.world.arm import Stand
from simulator.world.bearings import beam_of

if TYPE_CHECKING:
    from simulator.world.arm import CArm, Pose
    from simulator.world.instruments import CArmSpec, CurveSpec


def kerma_mgy(curve: CurveSpec, kvp: float, mas: float, distance_mm: float) -> float:
    """Return the air kerma of one pulse at a distance from the source, mGy."""
    return kerma_per_mas(kvp, curve.copper_mm) * mas * (1000.0 / distance_mm) ** 2 / 1000.0


def reference_kerma_mgy(spec: CArmSpec, curve: CurveSpec, kvp: float, mas: float) -> float:
    """Return the air kerma of one pulse at the patient entrance reference point."""
    return kerma_mgy(curve, kvp, mas, spec.sad_mm - machine().dose.reference_mm)


def kap_gycm2(spec: CArmSpec, setting: Setting, kvp: float, mas: float) -> float:
    """Return the kerma-area product of one pulse; the same at any distance."""
    area_cm2 = open_area_mm2(setting.field_mm, setting.collimator) / 100.0
    return kerma_mgy(setting.curve, kvp, mas, spec.sdd_mm) / 1000.0 * area_cm2


def rate_limit_mas(spec: CArmSpec, curve: CurveSpec, kvp: float, pulses_per_s: float) -> float:
    """Return the mAs per pulse at which the kerma rate reaches the legal limit.

    It is taken 30 cm in front of the receptor, wherever the skin may be. Without a rate (0) there
    is no limit.
    """
    if pulses_per_s <= 0.0:
        return math.inf
    d = machine().dose
    per_mas = kerma_mgy(curve, kvp, 1.0, spec.sdd_mm - d.limit_mm)
    return d.limit_mgy_min / (60.0 * pulses_per_s * per_mas)


def place_mm(arm: CArm) -> Vec3:
    """Return where the operator's body is, patient frame: level with the isocentre."""
    d = machine().dose
    side = arm.table_side if arm.stand is Stand.BACK else arm.stand
    reach_m = d.back_m if arm.stand is Stand.BACK else d.operator_m
    x, y, z = arm.pose.isocentre_mm
    return (x + 1000.0 * (reach_m if side is Stand.LEFT else -reach_m), y, z)


def operator_usv(pose: Pose, kvp: float, kap: float, place_mm: Vec3) -> float:
    """Return the scatter dose of one pulse outside the apron.

    Scatter goes back towards the tube: the entrance side gets several times the exit side.

    Args:
        pose: Of the C-arm.
        kvp: Tube voltage.
        kap: Kerma-area product of the pulse, Gy cm2.
        place_mm: Where the operator's body is, patient frame.
    """
    d = machine().dose
    way = minus(place_mm, pose.isocentre_mm)
    distance_mm = max(norm(way), 100.0)
    cosine = dot(way, beam_of(pose)) / distance_mm
    share = _at(d.scatter_by_cosine, cosine)
    tube = 0.5 * (1.0 - cosine)
    gain = tube * _at(d.tube_side_kvp, kvp) + (1.0 - tube) * _at(d.detector_side_kvp, kvp)
    return 1e6 * share * gain * kap / d.operator_reference_cm2 * (1000.0 / distance_mm) ** 2


def hand_mgy(
    spec: CArmSpec,
    setting: Setting,
    pose: Pose,
    kvp: float,
    mas: float,
    signal: float,
    hand_mm: Vec3,
) -> float:
    """Return the air kerma that one pulse gives to a hand; 0 outside the opening.

    Args:
        spec: The machine.
        setting: How it is set.
        pose: Where it stands.
        kvp: Tube voltage.
        mas: Of the pulse.
        signal: What the patient leaves of the beam, from `spectra.signals`; it counts where the
            hand lies beyond the patient, on the side of the detector.
        hand_mm: The hand, patient frame.
    """
    g = geometry(spec, pose, 2)
    if not in_field(g, hand_mm, setting.collimator):
        return 0.0
    open_mgy = kerma_mgy(setting.curve, kvp, mas, norm(minus(hand_mm, g.source_mm)))
    if dot(minus(hand_mm, pose.isocentre_mm), g.direction) < 0.0:
        return open_mgy
    signal = min(max(signal, 1e-9), 1.0)
    passed = signal * kerma_over_signal(kvp, setting.curve.copper_mm, -math.log(signal))
    return open_mgy * min(passed, 1.0)


def _at(table: tuple[tuple[float, float], ...], x: float) -> float:
    return float(np.interp(x, [k for k, _ in table], [v for _, v in table]))
