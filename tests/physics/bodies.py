"""A vertebra of boxes, so exact that every wall's place is known; turned as a test likes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from simulator.anatomy.landmarks import Landmarks, Pedicle
from simulator.anatomy.volume import BoneField, Tissue
from simulator.frames import Side
from simulator.units import frozen

H = 0.5
BODY = (25.0, 17.5, 14.0)
"""Half width, depth and height of the body; its centre is the origin."""
PEDICLE = (4.0, 11.0, 7.0)
CENTRE = (15.0, 27.5, 3.0)
"""Of the left pedicle; its axis runs straight forward."""
MEDIAL, LATERAL = CENTRE[0] - PEDICLE[0], CENTRE[0] + PEDICLE[0]
TOP, BOTTOM = CENTRE[2] + PEDICLE[2], CENTRE[2] - PEDICLE[2]
_REACH = (40.0, 36.0, 24.0)


def turn(about_z_deg, about_y_deg):
    """Return a rotation: own axes to the patient's, columns left, posterior, superior."""
    a, b = np.radians(about_z_deg), np.radians(about_y_deg)
    z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    return y @ z


def _box(p, half):
    q = np.abs(p) - np.array(half)
    return np.linalg.norm(np.maximum(q, 0.0), axis=-1) + np.minimum(q.max(axis=-1), 0.0)


def distance(p):
    """Return the signed distance of (..., 3) own points to the surface."""
    folded = np.stack([np.abs(p[..., 0]), p[..., 1], p[..., 2]], axis=-1)
    return np.minimum(_box(p, BODY), _box(folded - np.array(CENTRE), PEDICLE))


def _labels(p):
    x, y, z = p[..., 0], p[..., 1], p[..., 2]
    behind = y > BODY[1]
    tissue = np.full(x.shape, Tissue.SOFT)
    tissue[(np.abs(z) > BODY[2]) & (np.abs(x) < BODY[0]) & (np.abs(y) < BODY[1])] = Tissue.DISC
    tissue[behind & (np.abs(x) < MEDIAL)] = Tissue.CANAL
    tissue[behind & (np.abs(x) >= MEDIAL) & (np.abs(x) < LATERAL) & (z < BOTTOM)] = Tissue.FORAMEN
    tissue[(y < -BODY[1] - 3.0) & (np.abs(x) < 12.0)] = Tissue.VESSEL
    tissue[np.abs(x) > 34.0] = Tissue.LUNG
    tissue[distance(p) < 0.0] = Tissue.CANCELLOUS
    return tissue


@cache
def field(about_z_deg=0.0, about_y_deg=0.0):
    """Return the `BoneField` of the vertebra, turned."""
    axes = [np.arange(-r, r + H / 2, H) for r in _REACH]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    own = points @ turn(about_z_deg, about_y_deg)
    shape = own.shape[:3]
    return BoneField(
        origin_mm=tuple(-r for r in _REACH),
        spacing_mm=H,
        distance_mm=frozen(distance(own).astype(np.float32)),
        shell_mm=frozen(np.full(shape, 0.3, np.float32)),
        bv_tv=frozen(np.full(shape, 0.1, np.float32)),
        tissue=frozen(_labels(own).astype(np.uint8)),
        vein_share=frozen(np.zeros(shape, np.float32)),
        vein_radius_mm=frozen(np.zeros(shape, np.float32)),
    )


def marks(about_z_deg=0.0, about_y_deg=0.0, level="L1"):
    """Return the landmarks of the vertebra, turned."""
    r = turn(about_z_deg, about_y_deg)

    def out(*point):
        return tuple(float(v) for v in r @ np.array(point))

    pedicles = tuple(_pedicle(out, side) for side in Side)
    return Landmarks(
        level=level,
        centre_mm=(0.0, 0.0, 0.0),
        pedicles=pedicles,
        posterior_wall_y_mm=out(0.0, BODY[1], 0.0)[1],
        anterior_wall_y_mm=out(0.0, -BODY[1], 0.0)[1],
        half_width_mm=BODY[0],
        intact_height_mm=(28.0, 28.0, 28.0),
        spinous_tip_mm=out(0.0, 60.0, 0.0),
        canal_centre_mm=out(0.0, 25.0, 0.0),
        canal_half_width_mm=MEDIAL,
        canal_half_depth_mm=7.5,
        skin_y_mm=80.0,
        axes=(out(1, 0, 0), out(0, 1, 0), out(0, 0, 1)),
        anterior_wall_mm=out(0.0, -BODY[1], 0.0),
    )


def _pedicle(out, side):
    s, (x, y, z) = side.sign, CENTRE
    return Pedicle(
        centre_mm=out(s * x, y, z),
        axis=out(0, -1, 0),
        width_mm=2.0 * PEDICLE[0],
        height_mm=2.0 * PEDICLE[2],
        medial_border_x_mm=out(s * MEDIAL, y, z)[0],
        lateral_border_x_mm=out(s * LATERAL, y, z)[0],
        entry_mm=out(s * x, y + PEDICLE[1], z),
        medial_mm=out(s * MEDIAL, y, z),
        lateral_mm=out(s * LATERAL, y, z),
    )


def in_case(case, about_z_deg=0.0, about_y_deg=0.0):
    """Return `case` with this vertebra alone for a patient."""
    target = replace(
        case.patient.target,
        bone=field(about_z_deg, about_y_deg),
        landmarks=marks(about_z_deg, about_y_deg, case.patient.target.level),
    )
    return replace(case, patient=replace(case.patient, vertebrae=(target,), index=0))
