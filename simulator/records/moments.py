"""Pictures of the worst moments: the plane that shows the fault, close, with a ring around it."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import lru_cache

import numpy as np

from simulator.anatomy.views import true_ap, true_lateral
from simulator.engine.session import Session
from simulator.errors import AssetError
from simulator.frames import minus, norm
from simulator.imaging.display import picture
from simulator.imaging.positioner import geometry, project
from simulator.imaging.projector import PatientProjector
from simulator.paths import asset
from simulator.units import ByteArray, Vec3, frozen
from simulator.world.arm import Pose
from simulator.world.bearings import arm_angles
from simulator.world.case import Case
from simulator.world.cement import ROUTES
from simulator.world.collimator import OPEN
from simulator.world.state import State
from simulator.world.tally import Finding

N = 384
"""Pixels per side of a picture of a moment."""
_KVP, _MAS, _FRAMES = 80.0, 4.0, 6
"""A strong exposure, so that what is told is not lost in noise."""
FILM_N, FILM_FIELD_MM = 704, 200.0
_FIELD_MM = 135.0
"""Of the detector: one vertebra and what lies next to it."""
_BACK_MM = 9.0
"""In the lateral the middle lies so far behind the centre of the body: pedicles are seen too."""
_AWAY_MM = 32.0
"""A fault further from there stands in the middle of its own picture."""
_SAME_TICKS = 120
"""Two moments nearer together than this look the same in the same plane."""
_CLEARLY_MM = 1.5
_RING = 0.085
_OTHER = {"AP": "Lateral", "Lateral": "AP"}


@dataclass(frozen=True, slots=True)
class Rule:
    """The rule that a kind of fault breaks, and how a picture shows it."""

    of: tuple[str, ...]
    """Ids of findings; a star stands for any end of the name."""
    text: str
    view: str = ""
    """"AP" or "Lateral"; empty where no picture shows it."""
    ring: str = ""
    """What a ring is drawn around: "tip", "leak" or nothing."""


@dataclass(frozen=True, slots=True)
class Still:
    """The picture of one moment."""

    view: str
    """"AP" or "Lateral": the true view of the level at that time."""
    ring: str
    """What the ring is around, or empty where there is none."""
    image: ByteArray
    """(N, N) grey values."""

    @property
    def words(self) -> str:
        """What is written below it."""
        return f"True {self.view if self.view == 'AP' else 'lateral'}" + (
            f", ring: {self.ring}" if self.ring else ""
        )


@dataclass(frozen=True, slots=True)
class Pictures:
    """The pictures of a debrief."""

    moments: Mapping[str, Still]
    """By finding id."""
    films: Mapping[str, ByteArray]
    """"AP" and "Lateral" at the end of the run; empty where nothing was done."""


@lru_cache(maxsize=1)
def _rules() -> tuple[Rule, ...]:
    with asset("teaching.toml").open("rb") as file:
        raw = tomllib.load(file)
    try:
        return tuple(Rule(**{**r, "of": tuple(r["of"])}) for r in raw["rule"])
    except (KeyError, TypeError) as error:
        raise AssetError(f"assets/teaching.toml: {error}") from error


def rule(finding: Finding) -> Rule | None:
    """Return the rule that a finding is about, or None."""
    named = (r for r in _rules() if any(fnmatchcase(finding.id, name) for name in r.of))
    return next(named, None)


def rule_words(finding: Finding) -> str:
    """Return the rule in words, or nothing."""
    found = rule(finding)
    return found.text if found else ""


def planes(findings: Sequence[Finding], wished: Sequence[str]) -> tuple[str, ...]:
    """Return the plane in which each moment is shown; empty where no picture shows it.

    A moment that would repeat the picture of one before it is shown in the other plane.
    """
    out: list[str] = []
    used: list[tuple[str, int]] = []
    for finding, wish in zip(findings, wished, strict=True):
        view = wish
        if view and any(v == view and abs(t - finding.tick) < _SAME_TICKS for v, t in used):
            view = _OTHER[view]
        if view:
            used.append((view, finding.tick))
        out.append(view)
    return tuple(out)


def radiograph(
    case: Case, state: State, pose: Pose, n: int, projector: PatientProjector
) -> ByteArray:
    """Return a plain (n, n) radiograph: one strong exposure with open blades."""
    arm = replace(state.c_arm, pose=pose, kvp=_KVP, mas_pulse=_MAS, collimator=OPEN)
    return picture(case, replace(state, c_arm=arm), n, _FRAMES, projector)


def end_films(case: Case, state: State, n: int = FILM_N) -> Mapping[str, ByteArray]:
    """Return an AP and a lateral of the treated level, true to it."""
    projector = PatientProjector(case.patient)
    return {
        view: radiograph(
            case, state, replace(_pose(case, view, None), field_mm=FILM_FIELD_MM), n, projector
        )
        for view in ("AP", "Lateral")
    }


def touched(session: Session) -> bool:
    """Tell whether a tool was in the patient or cement given: then there is something to see."""
    return bool(session.state.cement.cloud.voxel.size) or any(
        row.tip_mm is not None and row.depth_mm > 0.0 for row in session.trace
    )


def states(session: Session, findings: Sequence[Finding]) -> tuple[State, ...]:
    """Return the kept state at or just after each finding: what happened is in it."""
    return tuple(
        next((s for s in session.snapshots if s.tick >= f.tick), session.state) for f in findings
    )


def of_moments(session: Session, findings: Sequence[Finding]) -> Pictures:
    """Return the moments of a run that is at hand with its kept states."""
    return Pictures(stills(session.case, findings, states(session, findings)), {})


def of_session(session: Session, findings: Sequence[Finding]) -> Pictures:
    """Return its moments and the films of its end."""
    films = end_films(session.case, session.state) if touched(session) else {}
    return replace(of_moments(session, findings), films=films)


def stills(case: Case, findings: Sequence[Finding], at: Sequence[State]) -> Mapping[str, Still]:
    """Return the pictures by finding id; a finding that no picture shows has none."""
    projector = PatientProjector(case.patient)
    views = planes(findings, [_wished(f, s) for f, s in zip(findings, at, strict=True)])
    return {
        finding.id: _still(case, finding, state, view, projector)
        for finding, state, view in zip(findings, at, views, strict=True)
        if view
    }


def _wished(finding: Finding, state: State) -> str:
    """Return the plane of the rule, or for a leak the other where it stands out clearly more."""
    found = rule(finding)
    if found is None or found.ring != "leak" or not found.view:
        return found.view if found else ""
    off = {view: _leak(finding, state, view)[1] for view in _OTHER}
    better = off[_OTHER[found.view]] > off[found.view] + _CLEARLY_MM
    return _OTHER[found.view] if better else found.view


def _still(
    case: Case, finding: Finding, state: State, view: str, projector: PatientProjector
) -> Still:
    case = case.facing(state.level)
    found = rule(finding)
    ring = found.ring if found else ""
    spot = _spot(finding, state, ring, view)
    pose = _pose(case, view, spot)
    image = radiograph(case, state, pose, N, projector)
    if spot is None:
        return Still(view, "", image)
    column, row, _ = project(geometry(case.c_arm, pose, N), spot)
    return Still(view, ring, ringed(image, column, row))


def _spot(finding: Finding, state: State, ring: str, view: str) -> Vec3 | None:
    """Return the place that a finding is about, as far as the state knows it."""
    if ring == "tip":
        tool = state.cannulas[state.side] or state.cannulas[1 - state.side]
        return tool.front_mm if tool else None
    return _leak(finding, state, view)[0] if ring == "leak" else None


def _leak(finding: Finding, state: State, view: str) -> tuple[Vec3 | None, float]:
    """Return where a leak stands out most from the outline of the bone in a plane, and by how far.

    A finding that names no route is about all of them.
    """
    cloud, bone = state.cement.cloud, state.body.bone
    mine = cloud.route >= 0
    routes, route = [str(r) for r in ROUTES], finding.id.removeprefix("leak_")
    if route in routes:
        mine = cloud.route == routes.index(route)
    if not mine.any():
        return None, -math.inf
    at = np.stack(np.unravel_index(cloud.voxel[mine], bone.shape))
    along = 1 if view == "AP" else 0
    outline = bone.distance_mm.min(along, keepdims=True)
    off = outline[tuple(0 if axis == along else rows for axis, rows in enumerate(at))]
    best = int(np.argmax(off))
    x, y, z = at[:, best] * bone.spacing_mm + np.array(bone.origin_mm)
    return (float(x), float(y), float(z)), float(off[best])


def _pose(case: Case, view: str, spot: Vec3 | None) -> Pose:
    """Return the true view of the level, centred on it, or on a fault that lies elsewhere."""
    marks = case.patient.target.landmarks
    orbit, tilt = arm_angles(true_ap(marks) if view == "AP" else true_lateral(marks))
    middle = (0.0, 0.0 if view == "AP" else _BACK_MM, 0.0)
    if spot is not None and norm(minus(spot, middle)) > _AWAY_MM:
        middle = spot
    return Pose(orbit, tilt, middle, _FIELD_MM)


def ringed(image: ByteArray, column: float, row: float) -> ByteArray:
    """Return a picture with a white ring, dark on both sides, around a place (in pixels)."""
    n = image.shape[0]
    rows, columns = np.ogrid[:n, : image.shape[1]]
    off = np.abs(np.hypot(columns - column, rows - row) - _RING * n)
    out = image.copy()
    out[off < 0.013 * n] = 0
    out[off < 0.006 * n] = 255
    return frozen(out)
