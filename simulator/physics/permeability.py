"""What the bone is to cement: permeability, fluid space, entry pressure, ageing, ways out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import (
    binary_dilation,
    distance_transform_edt,
    find_objects,
    gaussian_filter,
    label,
)

from simulator.anatomy.volume import BoneField, Tissue
from simulator.physics.constants import Constants
from simulator.physics.foramina import Holes, holes, narrowed
from simulator.physics.marrow import WaysOut, ways_out
from simulator.rng import stream
from simulator.units import AnyArray, ByteArray, Float32Array, FloatArray, IntArray, Vec3, frozen
from simulator.world.cement import ROUTES, Route

_INSIDE, _VEIN, _DEFECT, _SOFT, _BACK_VEIN, _SIDE_VEIN, _DISC, _CANAL, _FORAMEN, _TRACT = range(10)
_END_MM = 1.5
"""Length of a vein's last piece, where cement is carried away."""
_FLAT_MM = 0.75
"""Voxel size for which thresholds are given; a threshold is a pressure jump per voxel."""


@dataclass(frozen=True, slots=True)
class FlowField:
    """One bone as cement meets it; arrays are (nx*ny*nz,), flat in C order."""

    origin_mm: Vec3
    spacing_mm: float
    shape: tuple[int, int, int]
    permeability: Float32Array
    """1e-9 m2."""
    volume_ul: Float32Array
    """Space for cement."""
    threshold_kpa: Float32Array
    drag_kpa_s_ul: Float32Array
    """Back pressure of the marrow per flow."""
    ageing: Float32Array
    """Seconds of effective age per second."""
    zone: ByteArray
    sink: ByteArray
    """1 where veins go on and at the border of the grid: what arrives is carried away."""
    routes: IntArray
    """(zones, zones) index into `ROUTES` for a step from the row's zone, -1 inside."""
    ways_out: WaysOut
    """For marrow, which cement displaces."""


def flow_field(
    bone: BoneField, constants: Constants, seed: int, posterior_wall_y_mm: float
) -> FlowField:
    """Build the field; once per bone revision.

    Args:
        bone: the treated vertebra.
        constants: section "cement".
        seed: of the run: pores differ from run to run, but not within one.
        posterior_wall_y_mm: veins that leave behind this are basivertebral.
    """
    small = holes(bone, constants, seed, posterior_wall_y_mm)
    bone = narrowed(bone, constants, seed, posterior_wall_y_mm)
    tissue = bone.tissue.ravel()
    bv = np.clip(bone.bv_tv.ravel().astype(np.float64), 0.0, 1.0)
    perm, phi, pe, drag, ageing = _porous(bone, bv, constants, seed)
    around = np.where(bv > 0.0, perm, constants["k_soft"])
    pores = np.where(bv > 0.0, phi, constants["phi_soft"])
    depth = -bone.distance_mm.ravel()
    walled = (depth >= 0.0) & (depth < bone.spacing_mm)  # beside a vein the shell stays closed
    around[walled], pores[walled] = constants["k_shell"], 0.0
    for name, (k, porosity, threshold, rate) in _plain(constants).items():
        there = tissue == name
        perm[there], phi[there], pe[there], ageing[there] = k, porosity, threshold, rate
        drag[there] = 0.0  # marrow holds against the flow; veins and gaps drain
    _funnel(bone, constants, posterior_wall_y_mm, (perm, pe, drag))
    _lumina(bone, perm, phi, around, pores)
    _pierced(small, constants, perm, phi, pe, drag, ageing)
    raw = _broken(bone, constants, (perm, phi, pe, drag))
    _plexus(bone, constants, seed, posterior_wall_y_mm, (perm, phi, pe, ageing))
    scale = bone.spacing_mm / _FLAT_MM
    share = constants["fluid_share"]
    volume = bone.spacing_mm**3 * np.where(phi >= 1.0, 1.0, share * phi)
    per_flow = constants["drag_per_100_ul_s"] / 100.0
    zone = _zones(bone, constants, posterior_wall_y_mm)
    zone[small.voxel[small.to_disc == 0]] = _VEIN
    zone[raw] = _DEFECT
    return FlowField(
        origin_mm=bone.origin_mm,
        spacing_mm=bone.spacing_mm,
        shape=bone.shape,
        permeability=_small(perm),
        volume_ul=_small(volume),
        threshold_kpa=_small(pe * scale),
        drag_kpa_s_ul=_small(drag * scale * per_flow),
        ageing=_small(ageing),
        zone=frozen(zone),
        sink=frozen(_border(bone.shape) | _vein_ends(bone, zone)),
        routes=frozen(_routes()),
        ways_out=ways_out(bone, constants, small),
    )


def _small(values: FloatArray) -> Float32Array:
    return frozen(values.astype(np.float32))


def _porous(
    bone: BoneField, bv: FloatArray, c: Constants, seed: int
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return permeability, porosity, threshold, drag base and ageing as if all were cancellous."""
    noise = stream(seed, "pores").standard_normal(bone.shape)
    sigma = c["pore_correlation_mm"] / bone.spacing_mm
    noise = gaussian_filter(noise, sigma, mode="nearest")
    noise /= noise.std()
    solid = np.maximum(bv, 0.01)
    perm = c["k_trabecular"] * (solid / 0.10) ** -2.0 * ((1.0 - bv) / 0.90) ** 3
    perm = np.minimum(perm, c["k_trabecular_max"])
    base = c["threshold_trabecular_kpa"]
    density = (solid / 0.10) ** 0.7
    pe = base * np.exp(c["threshold_spread"] * noise.ravel()) * density
    phi = np.minimum(1.0 - bv, 0.999)
    return perm, phi, pe, base * density, np.full(bv.shape, c["ageing_bone"])


def _plain(c: Constants) -> dict[Tissue, tuple[float, float, float, float]]:
    """Return (k, phi, threshold, ageing) of each tissue that is all alike."""
    vein, warm = c["ageing_vein"], c["ageing_bone"]
    epidural = (c["k_epidural"], c["phi_epidural"], c["threshold_epidural_kpa"], vein)
    soft = (c["k_soft"], c["phi_soft"], c["threshold_soft_kpa"], vein)
    void = (c["k_cavity"], 1.0, 0.0, c["ageing_void"])
    return {
        Tissue.SOFT: soft,
        Tissue.FORAMEN: soft,
        Tissue.LUNG: soft,
        Tissue.VESSEL: soft,
        Tissue.CORTICAL: (c["k_shell"], 0.1, 0.0, warm),
        Tissue.CANAL: epidural,
        Tissue.EPIDURAL: epidural,
        Tissue.DISC: (c["k_disc"], c["phi_disc"], c["threshold_disc_kpa"], vein),
        Tissue.VEIN: (c["k_vein_per_mm2"], 0.9, c["threshold_vein_kpa"], vein),
        Tissue.CLEFT: void,
        Tissue.CAVITY: void,
        Tissue.DEFECT: (c["k_defect"], c["phi_defect"], c["threshold_defect_kpa"], warm),
    }


def _lumina(
    bone: BoneField, perm: FloatArray, phi: FloatArray, around: FloatArray, pores: FloatArray
) -> None:
    """Fill voxels of veins in place: lumen by its share, the rest as the tissue around it.

    A voxel conducts share * r^2 / 8. Over a cross-section the shares of a vein sum to pi r^2, so
    that it conducts pi r^4 / 8 as Poiseuille has it, whatever the voxels are.
    """
    lumen = bone.tissue.ravel() == Tissue.VEIN
    share = bone.vein_share.ravel()[lumen].astype(np.float64)
    radius = bone.vein_radius_mm.ravel()[lumen].astype(np.float64)
    perm[lumen] = share * perm[lumen] * radius**2 + (1.0 - share) * around[lumen]
    phi[lumen] = share * phi[lumen] + (1.0 - share) * pores[lumen]


def _funnel(
    bone: BoneField, c: Constants, posterior_wall_y_mm: float,
    fields: tuple[FloatArray, FloatArray, FloatArray],
) -> None:  # fmt: skip
    """Loosen the bone about the basivertebral trunk: its foramen is a funnel full of veins."""
    perm, pe, drag = fields
    trunk = (bone.tissue == Tissue.VEIN) & (bone.distance_mm < 0.0)
    trunk &= bone.vein_radius_mm >= c["trunk_least_mm"]
    deep = posterior_wall_y_mm - bone.origin_mm[1] - bone.spacing_mm * np.arange(bone.shape[1])
    wide = c["funnel_wide_mm"] * (1.0 - deep / c["funnel_deep_mm"])
    if c["funnel_wide_mm"] <= 0.0 or not trunk.any():
        return
    far = distance_transform_edt(~trunk, sampling=bone.spacing_mm)
    near = (far < wide[None, :, None]) & (bone.tissue == Tissue.CANCELLOUS)
    there = (near & (deep > 0.0)[None, :, None]).ravel()
    perm[there] = np.maximum(perm[there], c["k_funnel"])
    pe[there], drag[there] = c["threshold_funnel_kpa"], 0.0


def _broken(
    bone: BoneField, c: Constants, fields: tuple[FloatArray, FloatArray, FloatArray, FloatArray]
) -> AnyArray:
    """Open the shell in place where the bone broke, and return where that is, (n,).

    Grids close every surface with a skin. Beside the gap of a loose corner there is none: cement
    that comes there meets what the fracture has opened.
    """
    perm, phi, pe, drag = fields
    gap = (bone.tissue == Tissue.DEFECT) & (bone.distance_mm >= 0.0)
    skin = binary_dilation(gap) & (bone.tissue == Tissue.CORTICAL) & (bone.distance_mm < 0.0)
    raw: AnyArray = np.asarray(skin).ravel()
    perm[raw], phi[raw] = c["k_defect"], c["phi_defect"]
    pe[raw], drag[raw] = c["threshold_defect_kpa"], 0.0
    return raw


def _pierced(
    small: Holes, c: Constants, perm: FloatArray, phi: FloatArray, pe: FloatArray,
    drag: FloatArray, ageing: FloatArray,
) -> None:  # fmt: skip
    """Open the shell in place where small vessels pass it."""
    at, share = small.voxel, small.share
    marrow = perm[at] > c["wall_k"]
    # over its section the way conducts pi r^4 / 8, whatever its voxels are
    own = c["k_vein_per_mm2"] * small.per_section * small.radius_mm**2
    perm[at] = own + np.where(marrow, (1.0 - share) * perm[at], 0.0)
    phi[at] = np.where(marrow, phi[at], 0.9 * share)
    # of the opening, whatever the voxel: surface tension across a hole of this radius
    pe[at] = c["threshold_foramen_kpa_mm"] / small.radius_mm
    drag[at], ageing[at] = 0.0, c["ageing_vein"]


def _plexus(
    bone: BoneField, c: Constants, seed: int, posterior_wall_y_mm: float,
    fields: tuple[FloatArray, FloatArray, FloatArray, FloatArray],
) -> None:  # fmt: skip
    """Line the walls in front with loose tissue full of thin veins."""
    perm, phi, pe, ageing = fields
    y = bone.origin_mm[1] + bone.spacing_mm * np.arange(bone.shape[1])
    near = (bone.distance_mm > 0.0) & (bone.distance_mm < c["plexus_mm"])
    near &= (y < posterior_wall_y_mm)[None, :, None] & (bone.tissue == Tissue.SOFT)
    there = near.ravel()
    noise = stream(seed, "plexus").standard_normal(bone.shape)
    noise = gaussian_filter(noise, 1.0 / bone.spacing_mm, mode="nearest")
    spread = np.exp(c["plexus_spread"] * noise / noise.std()).ravel()[there]
    perm[there], phi[there] = c["k_plexus"], c["phi_plexus"]
    pe[there], ageing[there] = c["threshold_plexus_kpa"] * spread, c["ageing_vein"]


def _zones(bone: BoneField, c: Constants, posterior_wall_y_mm: float) -> ByteArray:
    """Sort voxels by which side of the bone's barriers they lie on.

    The wall is hollow where the basivertebral vein leaves it: between the canal's sides its veins
    are met in front of the wall.
    """
    named: dict[Tissue, int] = {
        Tissue.SOFT: _SOFT, Tissue.CANCELLOUS: _INSIDE, Tissue.CORTICAL: _INSIDE,
        Tissue.CANAL: _CANAL, Tissue.EPIDURAL: _CANAL, Tissue.DISC: _DISC, Tissue.VEIN: _VEIN,
        Tissue.FORAMEN: _FORAMEN, Tissue.CLEFT: _INSIDE, Tissue.DEFECT: _DEFECT,
        Tissue.CAVITY: _INSIDE, Tissue.LUNG: _SOFT, Tissue.VESSEL: _SOFT,
    }  # fmt: skip
    lut = np.array([named[t] for t in Tissue], np.uint8)
    zone = lut[bone.tissue]
    y = bone.origin_mm[1] + bone.spacing_mm * np.arange(bone.shape[1])
    between = (bone.tissue == Tissue.EPIDURAL).any(axis=(1, 2))[:, None, None]
    in_pit = between & (y > posterior_wall_y_mm - c["funnel_deep_mm"])[None, :, None]
    behind = in_pit | (y > posterior_wall_y_mm - 1.0)[None, :, None]
    out = (zone == _VEIN) & (bone.distance_mm > 0.0)
    zone[out & behind] = _BACK_VEIN
    zone[out & ~behind] = _SIDE_VEIN
    return zone.ravel()


def _border(shape: tuple[int, int, int]) -> ByteArray:
    sink = np.ones(shape, np.uint8)
    sink[1:-1, 1:-1, 1:-1] = 0
    return sink.ravel()


def _vein_ends(bone: BoneField, zone: ByteArray) -> ByteArray:
    """Mark where segmental veins go on to the large veins behind the body."""
    out = np.zeros(bone.shape, np.uint8)
    tubes, _ = label(zone.reshape(bone.shape) == _SIDE_VEIN, np.ones((3, 3, 3)))
    for number, box in enumerate(find_objects(tubes), 1):
        own = tubes[box] == number
        depth = np.nonzero(own.any(axis=(0, 2)))[0]
        last = depth[-1] - round(_END_MM / bone.spacing_mm)
        own[:, : max(last, 0), :] = False
        if (depth[-1] - depth[0]) * bone.spacing_mm > 2.0 * _END_MM:  # else no more than a stub
            out[box] |= own
    return out.ravel()


def _routes() -> IntArray:
    """Return which barrier a step from one zone (row) into another (column) crosses."""
    table: AnyArray = np.full((10, 10), -1, np.int32)
    number = {route: i for i, route in enumerate(ROUTES)}
    outside = {
        _SOFT: Route.CORTICAL, _BACK_VEIN: Route.BASIVERTEBRAL, _SIDE_VEIN: Route.SEGMENTAL,
        _DISC: Route.DISC, _CANAL: Route.CANAL, _FORAMEN: Route.FORAMEN,
    }  # fmt: skip
    for to, route in outside.items():
        table[:, to] = number[route]
    # a vein carries its name along, whatever it opens into
    table[_VEIN, [_SOFT, _SIDE_VEIN, _FORAMEN, _DISC]] = number[Route.SEGMENTAL]
    table[_VEIN, [_CANAL, _BACK_VEIN]] = number[Route.BASIVERTEBRAL]
    table[_TRACT, [_SOFT, _SIDE_VEIN, _BACK_VEIN]] = number[Route.TRACT]
    return table
