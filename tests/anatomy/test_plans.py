"""Paths into a body: inside bone, told truly, the same on both sides of a mirrored patient."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from functools import cache

import numpy as np
import pytest
from scipy.spatial import cKDTree

from simulator.anatomy.approach import plan_beside
from simulator.anatomy.build import build_patient
from simulator.anatomy.curved import plan_curved
from simulator.anatomy.landmarks import Landmarks, Pedicle
from simulator.anatomy.marks import landmarks
from simulator.anatomy.mechanics import field
from simulator.anatomy.patient import Patient, Vertebra
from simulator.anatomy.plan import Fit, Plan, Route, plan_midline, plan_path
from simulator.anatomy.probe import inside_mm
from simulator.anatomy.spec import PatientSpec
from simulator.anatomy.stack import spine
from simulator.anatomy.torso import trunk
from simulator.anatomy.volume import Tissue
from simulator.errors import UsageError
from simulator.frames import Side, minus, norm
from simulator.units import Vec3, frozen

RADIUS_MM = 1.6
SIDES = pytest.mark.parametrize("side", list(Side))


@cache
def vertebra(level: str, scale: float = 1.0) -> Vertebra:
    """A level of a turned, bent patient, with pedicles `scale` of their usual width."""
    spec = PatientSpec(level=level, seed=5, rotation_deg=9.0, scoliosis_deg=-20.0,
                       pedicle_scale_left=scale, pedicle_scale_right=scale)  # fmt: skip
    shapes, intact = spine(spec)
    shape = next(s for s in shapes if s.level == level)
    return Vertebra(level, None, field(shape, spec), landmarks(shape, intact, trunk(shapes, spec)))


def mirrored(one: Vertebra) -> Vertebra:
    """The vertebra on the other side of the sagittal plane."""

    def flip(value: tuple) -> tuple:
        if len(value) == 3 and isinstance(value[0], float):
            return (-value[0], value[1], value[2])
        return tuple(flip(item) for item in value)

    def other(found: Landmarks | Pedicle) -> Landmarks | Pedicle:
        changes = {}
        for f in fields(found):
            value = getattr(found, f.name)
            if f.name == "pedicles":
                changes[f.name] = tuple(other(p) for p in value[::-1])
            elif isinstance(value, tuple) and f.name != "intact_height_mm":
                swapped = value[::-1] if len(value) == 2 else value
                changes[f.name] = flip(swapped)
            elif f.name.endswith("_x_mm"):
                changes[f.name] = -value
        return replace(found, **changes)

    marks = other(one.landmarks)
    left, behind, up = marks.axes  # what pointed to the left points to the right now
    marks = replace(marks, axes=((-left[0], -left[1], -left[2]), behind, up))
    bone = one.bone
    x = -(bone.origin_mm[0] + bone.spacing_mm * (bone.shape[0] - 1))
    arrays = {f.name: frozen(getattr(bone, f.name)[::-1]) for f in fields(bone)
              if isinstance(getattr(bone, f.name), np.ndarray)}  # fmt: skip
    origin = (x, *bone.origin_mm[1:])
    return Vertebra(one.level, None, replace(bone, origin_mm=origin, **arrays), marks)


def flip(point: Vec3) -> Vec3:
    return (-point[0], point[1], point[2])


def tube(one: Vertebra, plan: Plan, radius: float) -> np.ndarray:
    """Depth in bone of the tool's surface, 5 mm behind the isthmus to 1 mm past the wall."""
    marks = one.landmarks
    way, entry = np.array(plan.direction), np.array(plan.entry_mm)
    run = np.arange(0.0, norm(minus(plan.target_mm, plan.entry_mm)), 0.25)
    y = marks.own(entry + run[:, None] * way)[:, 1]
    isthmus = marks.pedicles[plan.side].centre_mm
    wall, centre = marks.own(np.array([marks.posterior_wall_mm, isthmus]))[:, 1]
    inner = entry + run[(y < centre + 5.0) & (y > wall - 1.0), None] * way
    u = np.cross(way, (0.0, 0.0, 1.0))
    u /= np.linalg.norm(u)
    ring = [inner + radius * (math.cos(a) * u + math.sin(a) * np.cross(way, u))
            for a in np.linspace(0.0, 2.0 * np.pi, 12, endpoint=False)]  # fmt: skip
    return inside_mm(one.bone, np.array(ring))


@SIDES
@pytest.mark.parametrize("level", ["T8", "L3"])
def test_path_fits_or_says_what_is_missing(level, side):
    one = vertebra(level)
    plan = plan_path(one, side, RADIUS_MM)
    assert plan.route is Route.TRANSPEDICULAR
    assert abs(inside_mm(one.bone, np.array(plan.entry_mm))) < 0.3
    assert plan.fit.fits
    # the nearest wall in any direction is no further than the nearest of the four
    w = plan.walls
    four = (w.medial_mm, w.lateral_mm, w.superior_mm, w.inferior_mm)
    assert 0.0 < plan.fit.clear_mm < min(four) + 0.3
    # a tenth less where the fan ends, half way up an oval of exponent 2.3, and some more as each
    # wall counts at the nearest of five places; never more than the width and what a slant adds
    across = w.medial_mm + w.lateral_mm + 2.0 * RADIUS_MM
    assert 0.85 < across / plan.fit.pedicle_mm < 1.05
    # a ring of the tool's surface is inside bone too: found point by point
    assert tube(one, plan, RADIUS_MM).min() > -0.2
    marks = one.landmarks
    x, y, _ = marks.own(np.array(plan.target_mm))
    front, wall = (marks.own(np.array(p))[1]
                   for p in (marks.anterior_wall_mm, marks.posterior_wall_mm))  # fmt: skip
    assert front + 5.0 < y < front + 0.45 * (wall - front)
    assert 0.0 <= side.sign * x < 0.75 * marks.half_width_mm


@SIDES
def test_too_thick_a_tool_is_refused_with_the_missing_millimetres(side):
    one = vertebra("T8")
    width = one.landmarks.pedicles[side].width_mm
    thick = 0.5 * (width + 1.5)
    plan = plan_path(one, side, thick)
    assert not plan.fit.fits
    # no less than the isthmus asks for; elsewhere along the path it may be tighter
    assert 1.3 < plan.fit.missing_mm < 2.5
    # and it is the truth: a tool thinner by a little more passes, by a little less does not
    just = thick - 0.5 * plan.fit.missing_mm
    assert plan_path(one, side, just - 0.15).fit.fits
    assert not plan_path(one, side, just + 0.25).fit.fits
    assert "too narrow for this gauge" in plan.fit.words
    assert f"{width:.1f} mm" in plan.fit.words
    assert tube(one, plan, thick).min() < 0.0
    assert plan_path(one, side, 1.0).fit.words == "fits"


def test_verdict_in_words():
    fit = Fit(pedicle_mm=4.4, tool_mm=4.2, clear_mm=-0.25)
    assert (fit.fits, fit.missing_mm) == (False, 0.5)
    assert fit.words == "too narrow for this gauge: pedicle 4.4 mm, tool 4.2 mm, 0.5 mm missing"


@SIDES
def test_midline_path_ends_in_the_midline(side):
    one = vertebra("L3")
    plan = plan_midline(one, side, RADIUS_MM)
    x, _, _ = one.landmarks.own(np.array(plan.target_mm))
    assert abs(x) <= 0.10 * one.landmarks.half_width_mm + 1e-9
    if plan.fit.fits:
        assert tube(one, plan, RADIUS_MM).min() > -0.2


@pytest.mark.parametrize("level", ["T8", "L3"])
def test_mirrored_vertebra_has_mirrored_plans(level):
    one = vertebra(level)
    other = mirrored(one)
    for side in Side:
        opposite = Side(1 - side)
        for planner in (plan_path, plan_midline, plan_beside):
            here, there = planner(one, side), planner(other, opposite)
            assert flip(here.target_mm) == pytest.approx(there.target_mm, abs=1e-6)
            assert flip(here.skin_mm) == pytest.approx(there.skin_mm, abs=1e-6)
        here, there = plan_curved(one, side), plan_curved(other, opposite)
        assert flip(here.tip_mm) == pytest.approx(there.tip_mm, abs=1e-6)
        assert here.roll_deg == pytest.approx(there.roll_deg, abs=1e-6)


@SIDES
@pytest.mark.parametrize("level", ["T8", "L3"])
def test_curved_path_reaches_the_midline(level, side):
    one = vertebra(level)
    found = plan_curved(one, side, RADIUS_MM)
    assert 15.0 <= found.radius_mm <= 25.0
    assert found.bend_deg <= 90.0
    assert found.miss_mm < 1.0
    assert found.clear_mm > 1.0
    x, _, _ = one.landmarks.own(np.array(found.tip_mm))
    assert abs(x) < 1.0
    # walk the arc in small straight steps, each turned a little: no circle formula
    way = np.array(found.cannula.direction)
    down = np.array([0.0, 0.0, -1.0]) - way * -way[2]
    down /= np.linalg.norm(down)
    medial = -side.sign * np.cross(way, down)
    roll = math.radians(found.roll_deg)
    bend = math.cos(roll) * medial + math.sin(roll) * down
    at, n = np.array(found.exit_mm), 4000
    turn = found.arc_mm / found.radius_mm / n
    heading = way
    normal = bend
    for _ in range(n):
        at = at + found.arc_mm / n * heading
        heading, normal = heading + turn * normal, normal - turn * heading
        heading, normal = heading / np.linalg.norm(heading), normal / np.linalg.norm(normal)
    assert at == pytest.approx(found.tip_mm, abs=0.05)
    # the exit is on the cannula's line, in the body
    on = np.array(found.exit_mm) - found.cannula.entry_mm
    assert np.linalg.norm(np.cross(on, way)) < 1e-6
    assert inside_mm(one.bone, np.array(found.exit_mm)) > 2.0


@SIDES
@pytest.mark.parametrize("level", ["T6", "T8"])
def test_path_beside_the_pedicle_stays_out_of_canal_and_pedicle(level, side):
    one = vertebra(level)
    plan = plan_beside(one, side, RADIUS_MM)
    assert plan.route is Route.EXTRAPEDICULAR
    marks, bone = one.landmarks, one.bone
    length = norm(minus(plan.target_mm, plan.entry_mm))
    run = np.arange(-40.0, length, 0.25)
    line = np.array(plan.entry_mm) + run[:, None] * np.array(plan.direction)
    own, depth = marks.own(line), inside_mm(bone, line)
    wall = marks.own(np.array(marks.posterior_wall_mm))[1]
    # out of bone until past the posterior wall, then in bone up to the target
    assert abs(inside_mm(bone, np.array(plan.entry_mm))) < 0.3
    assert marks.own(np.array(plan.entry_mm))[1] < wall + 3.0
    assert depth[run > 3.0].min() > 0.0
    behind = own[:, 1] > wall
    lateral = side.sign * marks.own(np.array(marks.pedicles[side].lateral_mm))[0]
    assert (side.sign * own[behind, 0]).min() > lateral - 1.0
    # the canal by brute force over its voxels
    canal = np.argwhere(np.isin(bone.tissue, (Tissue.CANAL, Tissue.EPIDURAL)))
    where = np.array(bone.origin_mm) + bone.spacing_mm * canal
    gap = min(float(np.linalg.norm(where - p, axis=1).min()) for p in line[run < 20.0])
    assert plan.beside.canal_mm == pytest.approx(gap - RADIUS_MM, abs=0.8)
    assert plan.beside.canal_mm > 1.0


def test_a_level_without_mechanics_cannot_be_planned():
    seen = replace(vertebra("L3"), bone=None)
    for planner in (plan_path, plan_midline, plan_beside, plan_curved):
        with pytest.raises(UsageError, match="L3 is only seen"):
            planner(seen, Side.LEFT)


@cache
def thoracic(level: str) -> Patient:
    return build_patient(PatientSpec(level=level, seed=4))


@pytest.mark.slow
@SIDES
@pytest.mark.parametrize("radius", [1.2, 1.6], ids=["13 G", "11 G"])
@pytest.mark.parametrize("level", ["T5", "T6"])
def test_corridor_between_rib_and_pedicle(level, radius, side):
    """Pedicle and rib leave 13 mm at T5 (Korean CT): a needle passes and touches nothing."""
    patient = thoracic(level)
    plan = plan_beside(patient.target, side, radius, patient.extras)
    assert plan.beside.rib_mm is not None
    assert plan.beside.pleura_mm is not None
    assert min(plan.beside.rib_mm, plan.beside.pleura_mm, plan.beside.canal_mm) > 0.0
    # every voxel of the ribs and of the lung by brute force, along the way to the bone
    marks, bone = patient.target.landmarks, patient.target.bone
    line = np.array(plan.entry_mm) - np.arange(2.0, 46.0)[:, None] * np.array(plan.direction)
    clouds = [np.array(v.origin_mm) + v.spacing_mm * np.argwhere(v.cortical > 0.02)
              for v in patient.extras]  # fmt: skip
    rib = np.concatenate(clouds)
    rib = rib[np.linalg.norm(rib - marks.centre_mm, axis=1) < 70.0]
    lung = np.array(bone.origin_mm) + bone.spacing_mm * np.argwhere(bone.tissue == Tissue.LUNG)
    nearest = [float(cKDTree(cloud).query(line)[0].min()) - radius for cloud in (rib, lung)]
    # a voxel's centre lies within half a voxel of the surface it was drawn from
    assert plan.beside.rib_mm == pytest.approx(nearest[0], abs=0.75)
    assert 0.0 < plan.beside.pleura_mm < nearest[1] + 0.1
    # nor does it cut its own transverse process on the way
    assert inside_mm(bone, line).max() < -0.3
