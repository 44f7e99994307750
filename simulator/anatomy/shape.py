"""A vertebra as an implicit shape in a pose, and rulers laid against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from simulator.anatomy.spec import FractureSpec
from simulator.anatomy.tables import Sizes
from simulator.kernels import shapes
from simulator.units import AnyArray, Float32Array, FloatArray, Vec3


class Form(NamedTuple):
    """Everything that shapes one vertebra, body frame, mm; the kernels' symbols."""

    W: float  # superior endplate: width, then depth, before the edges are rounded
    D: float
    Hm: float  # mean height, posterior minus anterior height
    dh: float
    Wi: float  # inferior width
    g: float  # 1 lumbar, 0 thoracic posterior elements
    cs: float  # dishes of the superior and inferior endplate
    ci: float
    wl: float  # lateral and anterior waist
    wa: float
    n: float  # exponent of the outline
    pdw_l: float  # pedicles: width left and right, height
    pdw_r: float
    pdh: float
    cost: float  # of their transverse angle
    sint: float
    rise: float  # height gained per mm towards the back
    zp: float  # height of their axis
    lp: float  # length
    pw: float  # mean wall
    scw: float  # canal width and depth
    scd: float
    sin_f: float  # own superior facets: angle and centre
    cos_f: float
    xj: float
    yj: float
    zj: float
    sin_b: float  # joint with the level below
    cos_b: float
    xb: float
    yb: float
    zb: float
    tph: float  # half span of the transverse processes
    tip: float  # spinous process: y and z of its tip, sideways deviation
    sz: float
    dev: float
    bow: float  # its sideways bend, and the phase of bend and thickness
    bend: float
    rim_lc: float  # thickness around the rims of the pedicles: shares of cos and sin of twice
    rim_ls: float  # the angle, left and right
    rim_rc: float
    rim_rs: float
    t_wall: float  # cortex: wall, more in front, more behind, endplate, its ring
    t_ant: float
    t_post: float
    t_plate: float
    t_ring: float
    t_bone: float  # posterior elements, spinous, transverse, fracture face
    t_spine: float
    t_trans: float
    t_face: float
    t_spread: float  # relative variation
    rho_plate: float  # density: rise under endplates, factor behind the body
    rho_post: float
    t_spur: float  # osteophytes, joint faces
    t_joint: float
    lean_t: float = 0.0  # frontal slope of the superior and the inferior endplate
    lean_b: float = 0.0
    spur_t: float = 0.0  # osteophytes at the superior and the inferior rim: length,
    rise_t: float = 0.0  # height towards the disc, place around the body in radians
    turn_t: float = 0.0
    spur_b: float = 0.0
    rise_b: float = 0.0
    turn_b: float = 0.0


class Crush(NamedTuple):
    """A compression fracture, mm."""

    wedge: float  # anterior depression
    top: float  # central depression, superior and inferior
    bottom: float
    rear: float  # share of `wedge` that the rear also loses
    depth: float  # of the crushed band
    exponent: float  # of its density
    bulge: float  # of the wall, per depression
    corner: float  # displacement of the anterosuperior corner
    cleft: float  # gap beside it
    buckle: float  # kink of the anterior wall
    retro: float  # how far the posterosuperior fragment stands behind the wall
    retro_z: float  # height of its lower edge


NO_CRUSH = Crush(0.0, 0.0, 0.0, 0.0, 8.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
STEP_MM = 0.2


@dataclass(frozen=True, slots=True)
class Pose:
    """Rigid transform from a body frame to the patient frame."""

    turn: FloatArray
    """(3, 3)"""
    shift: FloatArray
    """(3,) mm"""

    def out(self, points: FloatArray) -> FloatArray:
        """Take (..., 3) points from the body frame to the patient frame."""
        return points @ self.turn.T + self.shift

    def matrix_in(self) -> FloatArray:
        """Return the (3, 4) matrix that leads from the patient frame to the body frame."""
        return np.column_stack([self.turn.T, -self.turn.T @ self.shift])


IDENTITY = Pose(np.eye(3), np.zeros(3))


@dataclass(frozen=True, slots=True)
class Shape:
    """One vertebra: sizes, implicit surface, deformation lattice and pose."""

    sizes: Sizes
    form: Form
    crush: Crush
    lattice: Float32Array
    """(n, n, n, 4) displacement in mm and unit noise."""
    cell_mm: float
    pose: Pose = IDENTITY
    fracture: FractureSpec | None = None
    """What was asked for: gaps are cut by it."""

    @property
    def level(self) -> str:
        """Name of the level."""
        return self.sizes.level


def values(shape: Shape, points: FloatArray) -> FloatArray:
    """Return (n, 4) distance, cortex, density factor and body distance at body points."""
    flat = np.ascontiguousarray(points, dtype=np.float64)
    found = shapes.probe(flat, shape.form, shape.crush, shape.lattice, shape.cell_mm)
    return np.asarray(found)


def _scan(shape: Shape, starts: FloatArray, way: Vec3, length_mm: float) -> FloatArray:
    steps = np.arange(0.0, length_mm, STEP_MM)
    points = starts[:, None, :] + steps[None, :, None] * np.asarray(way)
    return values(shape, points.reshape(-1, 3))[:, 0].reshape(len(starts), -1)


def _crossing(d: FloatArray, at: AnyArray, found: AnyArray, otherwise: float) -> FloatArray:
    """Interpolate the zero between the samples `at` and at + 1 of each row."""
    rows = np.arange(len(d))
    before, after = d[rows, at], d[rows, at + 1]
    step = np.where(found, before / np.where(found, before - after, 1.0), 0.0)
    return np.where(found, (at + step) * STEP_MM, otherwise)


def reach(shape: Shape, starts: FloatArray, way: Vec3, length_mm: float) -> FloatArray:
    """Return how far (n,) bone reaches from each of the (n, 3) starts along `way`.

    The last surface within `length_mm` counts, so that a cleft does not; -1 where none is met.
    """
    d = _scan(shape, starts, way, length_mm)
    leaving = (d[:, :-1] <= 0.0) & (d[:, 1:] > 0.0)
    last = leaving.shape[1] - 1 - np.argmax(leaving[:, ::-1], axis=1)
    return _crossing(d, last, np.any(leaving, axis=1), -1.0)


def wall(shape: Shape, starts: FloatArray, way: Vec3, length_mm: float) -> FloatArray:
    """Return how far (n,) each start inside bone is from the first surface along `way`."""
    d = _scan(shape, starts, way, length_mm)
    leaving = (d[:, :-1] <= 0.0) & (d[:, 1:] > 0.0)
    return _crossing(d, np.argmax(leaving, axis=1), np.any(leaving, axis=1), length_mm)


def room(shape: Shape, starts: FloatArray, way: Vec3, length_mm: float) -> FloatArray:
    """Return how far (n,) each start is from the first bone along `way` (`length_mm` if none)."""
    d = _scan(shape, starts, way, length_mm)
    entering = (d[:, :-1] > 0.0) & (d[:, 1:] <= 0.0)
    return _crossing(d, np.argmax(entering, axis=1), np.any(entering, axis=1), length_mm)
