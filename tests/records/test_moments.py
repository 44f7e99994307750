"""Pictures of the worst moments: which plane, how close, and what the ring is around."""

from __future__ import annotations

import fnmatch
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from simulator.engine.runner import Outcome
from simulator.engine.start import first_state
from simulator.imaging.positioner import geometry, project
from simulator.paths import asset
from simulator.records import moments, teaching
from simulator.scenario.assets import troubles
from simulator.scenario.words import DOMAINS
from simulator.units import frozen
from simulator.world.case import Case, Procedure
from simulator.world.cement import ROUTES, Cloud, Route
from simulator.world.state import State
from simulator.world.tally import Finding
from simulator.world.tools import Wall

ROOT = Path(__file__).parents[2]


def finding(name: str, tick: int = 0) -> Finding:
    return Finding(name, "major", tick, "")


def leaked(case: Case, route: Route, at_mm: tuple[float, float, float]) -> State:
    """Return a state with one cube of cement around a place."""
    state = first_state(case)
    bone = state.body.bone
    middle = (np.array(at_mm) - np.array(bone.origin_mm)) / bone.spacing_mm
    cells = np.stack(np.meshgrid(*3 * [np.arange(-2, 3)], indexing="ij"), -1).reshape(-1, 3)
    voxel = np.ravel_multi_index(tuple((np.rint(middle).astype(int) + cells).T), bone.shape)
    n = len(voxel)
    cloud = Cloud(
        voxel=frozen(voxel.astype(np.int32)),
        fill=frozen(np.ones(n)),
        volume_ul=frozen(np.ones(n)),
        route=frozen(np.full(n, ROUTES.index(route), np.int32)),
    )
    return replace(state, cement=replace(state.cement, cloud=cloud))


def findable() -> set[str]:
    """Return the ids as they stand in the source of the judge; those made of parts by their parts.

    Wider than what can happen where parts meet: not every wall has a far breach.
    """
    judges = sorted((ROOT / "simulator" / "procedure").glob("*.py"))
    source = "".join(path.read_text(encoding="utf-8") for path in judges)
    found = set(re.findall(r'Finding\(\s*"(\w+)", "(?:sentinel|major|minor)"', source))
    assert {"medial_rule_broken", "runny_cement", "lidocaine_over", "level_left"} <= found
    made = set(re.findall(r'Finding\(\s*f"(\w+)\{', source))
    assert made == {"leak_", "late_"}
    walls = {f"breach_{wall.name.lower()}" for wall in Wall}
    return (
        found
        | walls
        | {f"{wall}_far" for wall in walls}
        | {f"leak_{route}" for route in ROUTES}
        | {f"late_{trouble.kind}" for trouble in troubles()}
    )


def test_every_fault_that_can_be_found_has_its_rule() -> None:
    """The ids as they stand in the source of the judge; those made of parts by their parts."""
    assert {name for name in findable() if not moments.rule_words(finding(name))} == set()
    assert moments.rule(finding("no such fault")) is None


def test_every_key_of_the_teaching_is_known() -> None:
    """A key that nothing has any more would silently teach nothing."""
    book = tomllib.loads(asset("teaching.toml").read_text(encoding="utf-8"))
    found = findable()
    others = {*DOMAINS, *Procedure, teaching.DECLINED}
    points = {key for point in book["point"] for key in point["when"]}
    assert points - found - others == set()
    rules = {key for rule in book["rule"] for key in rule["of"]}
    assert {key for key in rules if not fnmatch.filter(found, key)} == set()


@pytest.mark.parametrize(
    ("name", "view"),
    [
        ("medial_breach", "AP"),
        ("canal_breach", "AP"),
        ("anterior_perforation", "Lateral"),
        ("posterior_wall_pushed", "Lateral"),
        ("leak_canal", "Lateral"),
        ("leak_segmental", "AP"),
        ("lidocaine_over", ""),
    ],
)
def test_a_fault_is_shown_in_the_plane_that_shows_it(name: str, view: str) -> None:
    """Medial and lateral are told apart in the AP, front and back in the lateral."""
    found = moments.rule(finding(name))
    assert found is not None
    assert found.view == view


def test_no_picture_comes_twice() -> None:
    three = [finding("a", 600), finding("b", 610), finding("c", 6000)]
    assert moments.planes(three, ["AP", "AP", "AP"]) == ("AP", "Lateral", "AP")
    assert moments.planes(three, ["AP", "", "Lateral"]) == ("AP", "", "Lateral")


def test_a_ring_is_white_between_dark_rims_around_its_place() -> None:
    image = frozen(np.full((400, 400), 128, np.uint8))
    rows, columns = np.nonzero(moments.ringed(image, 250.0, 120.0) == 255)
    assert (rows.mean(), columns.mean()) == pytest.approx((120.0, 250.0), abs=0.1)
    radius = np.hypot(rows - 120.0, columns - 250.0)
    assert np.ptp(radius) < 0.02 * 400
    assert image.min() == 128  # the picture that was given is left as it was
    assert moments.ringed(image, 250.0, 120.0)[120, 250] == 128


def test_a_leak_is_shown_where_it_stands_out(case: Case) -> None:
    """Cement beside the body is hidden by it in the lateral, cement before it in the AP."""
    beside = leaked(case, Route.CORTICAL, (30.0, 0.0, 0.0))
    before = leaked(case, Route.CORTICAL, (0.0, -26.0, 0.0))
    told = finding("leak_cortical")
    assert moments._wished(told, beside) == "AP"
    assert moments._wished(told, before) == "Lateral"
    spot, off_mm = moments._leak(told, before, "Lateral")
    assert spot is not None
    assert off_mm > 0.0
    # The cube is five voxels wide: half of it and a rounding.
    side = before.body.bone.spacing_mm
    assert np.abs(np.array(spot) - (0.0, -26.0, 0.0)).max() <= 2.6 * side
    assert moments._leak(finding("leak_disc"), before, "AP")[0] is None


def test_the_ring_is_where_the_tip_is_in_the_true_view(case: Case, clumsy_run: Outcome) -> None:
    session = clumsy_run.session
    state = next(s for s in session.snapshots if s.cannulas[s.side] is not None)
    still = moments.stills(case, [finding("medial_breach")], [state])["medial_breach"]
    assert still.words == "True AP, ring: tip"
    tool = state.cannulas[state.side]
    assert tool is not None
    pose = moments._pose(case, "AP", tool.front_mm)
    column, row, _ = project(geometry(case.c_arm, pose, moments.N), tool.front_mm)
    ringed = moments.ringed(frozen(np.full((moments.N, moments.N), 9, np.uint8)), column, row)
    assert np.all(still.image[ringed == 255] == 255)
    assert moments.stills(case, [finding("left_early")], [state]) == {}


def test_left_and_front_are_on_the_left(case: Case) -> None:
    for view, point in (("AP", (10.0, 0.0, 0.0)), ("Lateral", (0.0, -10.0, 0.0))):
        pose = moments._pose(case, view, None)
        column, _, _ = project(geometry(case.c_arm, pose, moments.N), point)
        middle, _, _ = project(geometry(case.c_arm, pose, moments.N), (0.0, 0.0, 0.0))
        assert column < middle
