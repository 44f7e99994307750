"""Two hundred strangers: whoever is asked for is built, and every point lies in its tissue."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from simulator import rng
from simulator.anatomy.image import posed_box, renormalised, sampled
from simulator.anatomy.landmarks import Landmarks
from simulator.anatomy.marks import landmarks
from simulator.anatomy.mechanics import field, true_distance
from simulator.anatomy.patient import Vertebra
from simulator.anatomy.plan import Plan, plan_path
from simulator.anatomy.probe import inside_mm
from simulator.anatomy.shape import Shape
from simulator.anatomy.spec import Cleft, DefectSite, FractureShape, FractureSpec, PatientSpec, Sex
from simulator.anatomy.stack import spine
from simulator.anatomy.tables import LEVELS
from simulator.anatomy.torso import trunk
from simulator.anatomy.volume import Tissue
from simulator.frames import Side
from simulator.units import FloatArray, Vec3

EACH = 16
"""Of every level: 208 patients."""
H_MM = 0.75
ON_SURFACE_MM = 0.5
RADIUS_MM = 1.6


def drawn(level: str, number: int) -> PatientSpec:
    """Return one stranger of a level; everything an author can ask for is drawn."""
    seed = 1000 * LEVELS.index(level) + number
    draw = rng.stream(seed, "test.population")
    pick, between = draw.choice, draw.uniform
    fracture = None
    if number % 7:
        fracture = FractureSpec(
            shape=FractureShape(pick(list(FractureShape))),
            anterior_height_fraction=float(between(0.5, 0.95)),
            endplate_defect_mm=float(pick([0.0, between(0.5, 3.0)])),
            cortical_defect_mm=float(pick([0.0, between(1.0, 4.0)])),
            cortical_defect_site=DefectSite(pick(list(DefectSite))),
            retropulsion_mm=float(pick([0.0, between(0.5, 5.0)])),
            cleft=Cleft(pick(list(Cleft))),
            mobility=float(between(0.0, 1.0)),
        )
    return PatientSpec(
        level=level,
        sex=Sex(pick(list(Sex))),
        bmi=float(between(17.0, 42.0)),
        t_score=float(between(-4.5, -1.0)),
        height_scale=float(between(1.0, 1.12)),
        pedicle_scale_left=float(pick([1.0, between(0.5, 1.2)])),
        seed=seed,
        fracture=fracture,
        curvature=float(between(0.5, 1.6)),
        scoliosis_deg=float(between(-30.0, 30.0)),
        rotation_deg=float(between(-10.0, 10.0)),
        osteophytes=float(between(0.0, 1.0)),
    )


@dataclass(frozen=True)
class Stranger:
    spec: PatientSpec
    shape: Shape
    vertebra: Vertebra


def distances(shape: Shape) -> SimpleNamespace:
    """Body and pedicles only, and their distance field only: a tenth of the cost of all."""
    f = shape.form
    wide = max(0.53 * f.W, 0.5 * f.scw + 1.4 * max(f.pdw_l, f.pdw_r)) + 4.0
    half = np.array([wide, 0.0, 0.5 * f.Hm + 4.0])
    front, rear = (
        np.array([0.0, 0.5 * f.D + 8.0, 2.0]),
        np.array([0.0, 0.5 * f.D + f.lp + 16.0, 2.0]),
    )
    low, high = posed_box(-half - front, half + rear, shape)
    d = true_distance(renormalised(sampled(shape, low, high, H_MM)[0], H_MM), H_MM)
    return SimpleNamespace(origin_mm=tuple(low.tolist()), spacing_mm=H_MM, distance_mm=d)


def built(spec: PatientSpec, *, whole: bool) -> Stranger:
    shapes, intact = spine(spec)
    shape = next(s for s in shapes if s.level == spec.level)
    marks = landmarks(shape, intact, trunk(shapes, spec))
    bone = field(shape, spec) if whole else distances(shape)
    return Stranger(spec, shape, Vertebra(spec.level, None, bone, marks))


def around(plan: Plan, marks: Landmarks) -> FloatArray:
    """Points of the tool's surface between 5 mm behind the isthmus and 1 mm into the body."""
    centre, wall = marks.own(
        np.array([marks.pedicles[plan.side].centre_mm, marks.posterior_wall_mm])
    )
    way = np.asarray(marks.axes) @ np.asarray(plan.direction)
    entry = marks.own(np.asarray(plan.entry_mm))
    y = np.arange(wall[1] - 1.0, centre[1] + 5.0, 0.5)
    axis = entry + np.outer((y - entry[1]) / way[1], way)
    u = np.cross(way, [0.0, 0.0, 1.0])
    u /= np.linalg.norm(u)
    v = np.cross(way, u)
    turn = np.linspace(0.0, 2.0 * np.pi, 8, endpoint=False)[:, None, None]
    return marks.out(axis + RADIUS_MM * (np.cos(turn) * u + np.sin(turn) * v)).reshape(-1, 3)


def faults_of_points(who: Stranger) -> list[str]:
    marks, bone = who.vertebra.landmarks, who.vertebra.bone

    def depth(point: Vec3) -> float:
        return float(inside_mm(bone, np.array(point)))

    out = []

    def ask(good: bool, what: str, value: float) -> None:
        if not good:
            out.append(f"{what} {value:.2f}")

    for side in Side:
        p = marks.pedicles[side]
        # that of L5 may be broader than tall: what is nearest to its centre is its least border
        least = 0.3 * min(p.width_mm, p.height_mm)
        ask(depth(p.centre_mm) > least, f"{side.name} pedicle centre", depth(p.centre_mm))
        for name in ("entry_mm", "dock_mm", "beside_mm", "medial_mm", "lateral_mm"):
            found = depth(getattr(p, name))
            ask(abs(found) < ON_SURFACE_MM, f"{side.name} {name}", found)
        third = depth(marks.anterior_third_mm[side])
        ask(third > 1.0, f"{side.name} anterior third", third)
        ask(depth(marks.foramina_mm[side]) < -0.5, f"{side.name} foramen",
            depth(marks.foramina_mm[side]))  # fmt: skip
    ask(depth(marks.midline_mm) > 1.0, "midline target", depth(marks.midline_mm))
    ask(depth(marks.canal_centre_mm) < -2.0, "canal centre", depth(marks.canal_centre_mm))
    return out


def faults_of_plan(who: Stranger, side: Side) -> list[str]:
    marks, bone = who.vertebra.landmarks, who.vertebra.bone
    plan = plan_path(who.vertebra, side, RADIUS_MM)
    fit = plan.fit
    out = []
    if abs(inside_mm(bone, np.array(plan.entry_mm))) > ON_SURFACE_MM:
        out.append(f"{side.name} plan's entry off the surface")
    outside = float(-inside_mm(bone, around(plan, marks)).min())
    short = 2.0 * RADIUS_MM - fit.pedicle_mm
    if fit.fits and outside > 0.2:  # a voxel's corner is cut by up to a quarter of its side
        out.append(f"{side.name} said to fit, {outside:.2f} mm outside")
    if not fit.fits and not short - 0.3 < fit.missing_mm < max(short, 0.0) + 0.8:
        out.append(f"{side.name} missing {fit.missing_mm:.2f} mm, by width {short:.2f}")
    return out


def faults_of(level: str, number: int, *, whole: bool) -> list[str]:
    """Return what is wrong with one stranger."""
    spec = drawn(level, number)
    who = built(spec, whole=whole)
    found = faults_of_points(who)
    for side in Side:
        found += faults_of_plan(who, side)
    if whole:
        bone, marks = who.vertebra.bone, who.vertebra.landmarks
        at = (np.array(marks.canal_centre_mm) - bone.origin_mm) / bone.spacing_mm
        if bone.tissue[tuple(np.rint(at).astype(int))] != Tissue.CANAL:
            found.append("canal centre not labelled canal")
    return [f"{level} {number}: {'; '.join(found)}  [{spec.fracture}]"] if found else []


@pytest.mark.slow
def test_a_few_strangers_hold():
    """One of every third level, a different number each: those that once failed among them."""
    for level, number in (("L5", 4), ("L5", 6), ("T10", 7), ("T9", 15), ("L2", 2), ("T6", 9)):
        assert not faults_of(level, number, whole=False)


# Every third level in each run of CI, the others by hand.
_OFTEN = ("T6", "T9", "T12", "L3")


@pytest.mark.slow
@pytest.mark.parametrize(
    "level", [x if x in _OFTEN else pytest.param(x, marks=pytest.mark.long) for x in LEVELS]
)
def test_strangers_of_every_level_are_built_and_their_points_lie_in_their_tissue(level):
    faults = [line for n in range(EACH // 4) for line in faults_of(level, n, whole=n == 1)]
    assert not faults, "\n".join(faults)


@pytest.mark.long
@pytest.mark.parametrize("level", LEVELS)
def test_all_other_strangers_too(level):
    faults = [line for n in range(EACH // 4, EACH) for line in faults_of(level, n, whole=False)]
    assert not faults, "\n".join(faults)
