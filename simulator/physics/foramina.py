"""Small holes of the shell: venous foramina in front and on the sides, pores of the endplates.

A shell that looks closed is not: veins of the body leave through its front and sides, worn
endplates are porous. They are too small for pictures and drawn by chance; what lies before them is
a plexus of thin veins, or the disc. Bone that a balloon has crushed closes them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import distance_transform_edt, label

from simulator.anatomy.volume import BoneField, Tissue
from simulator.physics.constants import Constants
from simulator.rng import stream
from simulator.units import AnyArray, FloatArray, IntArray, frozen

_BORE = 0.75
"""Radius in voxels of the way that is opened: its voxels touch by faces."""
_DEEPEST = 5.0
"""In voxels: a shell thicker than this has no hole right through."""
_OFF_WALL_MM = 2.0
"""Holes begin so far in front of the posterior wall: behind lie pedicles and canal."""


@dataclass(frozen=True, slots=True)
class Holes:
    """Voxels that small vessels pass, in the shell and in the bone behind it."""

    voxel: IntArray
    """(n,) flat index."""
    number: IntArray
    """(n,) which hole."""
    radius_mm: FloatArray
    """(n,) of the vessel."""
    per_section: FloatArray
    """(n,) section of the vessel over that of the way drawn for it; may exceed 1."""
    share: FloatArray
    """(n,) of the voxel that is vessel, at most 1."""
    to_disc: IntArray
    """(n,) 1 in an endplate."""


def holes(bone: BoneField, constants: Constants, seed: int, posterior_wall_y_mm: float) -> Holes:
    """Draw the holes of one body: so many per square centimetre of its walls and endplates."""
    h, shape = bone.spacing_mm, bone.shape
    shell = (bone.tissue == Tissue.CORTICAL) & (bone.distance_mm > -h)
    y = bone.origin_mm[1] + h * np.arange(shape[1])
    shell[:, y > posterior_wall_y_mm - _OFF_WALL_MM, :] = False
    for axis in range(3):  # keep off the border
        edge = [slice(None)] * 3
        for end in (slice(0, 3), slice(-3, None)):
            edge[axis] = end
            shell[tuple(edge)] = False
    at = np.argwhere(shell)
    slopes: tuple[FloatArray, ...] = tuple(np.gradient(bone.distance_mm, h))
    normal = np.stack([g[shell] for g in slopes], axis=1)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    before = np.rint(at + 2.0 * normal).astype(np.int64)
    disc = bone.tissue[tuple(before.T)] == Tissue.DISC
    closed = _crushed(bone, constants["crushed_mm"])
    draw = stream(seed, "foramina")
    chosen = []
    for kind, key in ((~disc, "foramina_per_cm2"), (disc, "endplate_pores_per_cm2")):
        sites = np.nonzero(kind)[0]
        count = min(int(draw.poisson(constants[key] * sites.size * h * h / 100.0)), sites.size)
        chosen.append(draw.choice(sites, count, replace=False) if count else sites[:0])
    low, high = constants["foramen_least_mm"], constants["foramen_most_mm"]
    found: list[tuple[IntArray, float, bool]] = []
    for site in np.concatenate(chosen):
        radius = float(draw.uniform(low, high))
        length = 0.0 if disc[site] else constants["tributary_mm"]
        way = _way(bone, closed, at[site], normal[site], length)
        if way.size:
            found.append((way, radius, bool(disc[site])))
    return _told(found, h)


def narrowed(
    bone: BoneField, constants: Constants, seed: int, posterior_wall_y_mm: float
) -> BoneField:
    """Give the ends of the veins of front and sides the calibre of the holes they leave by.

    So far from front and sides as the vein of a foramen reaches, and out through the shell; a low
    body has its endplates as near, but no vein of the walls ends there. A balloon presses small
    veins beside its pocket shut; the basivertebral trunk stays open.
    """
    reach = constants["tributary_mm"]
    y = bone.origin_mm[1] + bone.spacing_mm * np.arange(bone.shape[1])
    veins = (bone.tissue == Tissue.VEIN) & (bone.vein_radius_mm < constants["trunk_least_mm"])
    ends = veins & (bone.distance_mm <= bone.spacing_mm)
    ends &= (y < posterior_wall_y_mm - reach)[None, :, None]
    beside = (bone.distance_mm > 0.0) & (bone.tissue != Tissue.DISC)
    ends &= distance_transform_edt(~beside, sampling=bone.spacing_mm) < reach
    group, count = label(ends, np.ones((3, 3, 3)))
    low, high = constants["foramen_least_mm"], constants["foramen_most_mm"]
    calibre = np.append(0.0, stream(seed, "ostia").uniform(low, high, count))[group]
    own = np.maximum(bone.vein_radius_mm, 1e-6)
    shrunk = np.where(ends, np.minimum(calibre / own, 1.0), 1.0).astype(np.float32)
    shut = veins & _crushed(bone, constants["crushed_mm"])
    return replace(
        bone,
        tissue=frozen(np.where(shut, np.uint8(Tissue.CORTICAL), bone.tissue)),
        vein_share=frozen(bone.vein_share * shrunk**2),
        vein_radius_mm=frozen(bone.vein_radius_mm * shrunk),
    )


def _crushed(bone: BoneField, rim_mm: float) -> AnyArray:
    """Tell where a balloon has pressed the bone together."""
    pocket: AnyArray = np.asarray(bone.tissue == Tissue.CAVITY)
    if not pocket.any():
        return pocket
    far: FloatArray = distance_transform_edt(~pocket, sampling=bone.spacing_mm)
    near: AnyArray = far < rim_mm
    return near


def _way(
    bone: BoneField, closed: AnyArray, at: IntArray, normal: FloatArray, length_mm: float
) -> IntArray:
    """Return flat indices of voxels on the way in; none if it does not reach open marrow."""
    span = np.arange(2.0, -_DEEPEST - length_mm / bone.spacing_mm, -0.25)
    line = at + span[:, None] * normal
    cells = np.rint(line).astype(np.int64)
    fits = ((cells > 0) & (cells < np.array(bone.shape) - 1)).all(axis=1)
    line, cells = line[fits], cells[fits]
    open_marrow = bone.tissue[tuple(cells.T)] == Tissue.CANCELLOUS
    open_marrow &= ~closed[tuple(cells.T)]
    first = int(np.argmax(open_marrow))
    shell = (bone.tissue[tuple(cells[:first].T)] == Tissue.CORTICAL).sum()
    pressed = closed[tuple(cells[: first + 1].T)].any()
    if not open_marrow.any() or pressed or shell > 4.0 * _DEEPEST:
        return np.zeros(0, np.int32)
    ends = np.nonzero(~open_marrow[first:])[0]
    last = first + (int(ends[0]) if ends.size else len(line) - first)
    line = line[: min(last, first + 1 + round(4.0 * length_mm / bone.spacing_mm))]
    reach = np.arange(-1, 2)
    cells = (
        np.rint(line)[:, None, :] + np.stack(np.meshgrid(*[reach] * 3), -1).reshape(-1, 3)[None]
    ).reshape(-1, 3)
    away = np.sqrt(((cells[:, None, :] - line[None]) ** 2).sum(axis=2)).min(axis=1)
    cells = np.unique(cells[away <= _BORE].astype(np.int64), axis=0)
    kinds = bone.tissue[tuple(cells.T)]
    own = (kinds == Tissue.CORTICAL) | (kinds == Tissue.CANCELLOUS)
    flat: IntArray = np.ravel_multi_index(tuple(cells[own].T), bone.shape).astype(np.int32)
    return flat


def _told(found: list[tuple[IntArray, float, bool]], h: float) -> Holes:
    sizes = [way.size for way, _, _ in found]
    radius = np.repeat([r for _, r, _ in found], sizes).astype(np.float64)
    empty, section = np.zeros(0, np.int32), (radius / (_BORE * h)) ** 2
    return Holes(
        voxel=np.concatenate([w for w, _, _ in found]) if found else empty,
        number=np.repeat(np.arange(len(found)), sizes).astype(np.int32),
        radius_mm=radius,
        per_section=section,
        share=np.minimum(section, 1.0),
        to_disc=np.repeat([int(d) for _, _, d in found], sizes).astype(np.int32),
    )
