"""The drawing of the room and the skin map: the patient's left is on the left, in both."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pygame
import pytest

from simulator.anatomy.volume import Volume
from simulator.imaging import skin
from simulator.imaging.dose import operator_usv
from simulator.imaging.skin import surface
from simulator.ui import room_shapes, schematic
from simulator.ui.theme import colours
from simulator.world.arm import CArm, Pose, Stand
from simulator.world.collimator import Collimator

_COL = colours()
_INKS = (_COL.steel, _COL.exp, _COL.corner, _COL.beam, _COL.acc, _COL.line2)
_SIZE = (280, 240)


def drawn(arm: CArm) -> np.ndarray:
    """RGBA of the drawing, (width, height, 4)."""
    picture = schematic.picture(schematic.look_of(arm, _SIZE, _INKS))
    rgb = pygame.surfarray.array3d(picture).astype(int)
    return np.dstack([rgb, pygame.surfarray.array_alpha(picture)])


def test_left_is_left_up_is_the_back_and_the_head_is_far_away() -> None:
    middle = room_shapes.spot((0.0, 0.0, 0.0))
    assert room_shapes.spot((1.0, 0.0, 0.0))[0] < middle[0]
    assert room_shapes.spot((0.0, 1.0, 0.0))[1] < middle[1]
    assert room_shapes.spot((0.0, 0.0, 1.0))[1] < middle[1]


@pytest.mark.parametrize(
    "pose", [Pose(), Pose(90.0), Pose(25.0, 15.0), Pose(90.0, 5.0, swivel_deg=10.0)]
)
def test_the_axes_of_the_arm_are_square_and_turn_with_it(pose: Pose) -> None:
    f = room_shapes.Frame.of(pose)
    axes = np.array([f.beam, f.back, f.along])
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)


def test_the_bands_are_the_scatter_of_the_dose() -> None:
    """A place one band higher gets twice as much, within the factor of two that a band spans."""
    pose = Pose(90.0)
    cells = {(round(x, 6), round(z, 6)): band for x, z, band in schematic.bands(pose, 75.0)}
    inner = [(at, band) for at, band in cells.items() if 0 < band < 5]
    assert len(inner) > 50
    doses = [operator_usv(pose, 75.0, 1.0, (1000 * x, 0.0, 1000 * z)) for (x, z), _ in inner]
    floors = [dose / 2.0 ** (band - 1) for dose, (_, band) in zip(doses, inner, strict=True)]
    assert max(floors) / min(floors) <= 2.0


def test_the_side_of_the_tube_is_shaded_more() -> None:
    bands = schematic.bands(Pose(90.0), 75.0)
    left = sum(band for x, _, band in bands if x > 0)
    right = sum(band for x, _, band in bands if x < 0)
    assert right > 1.5 * left
    turned = schematic.bands(Pose(-90.0), 75.0)
    assert sum(band for x, _, band in turned if x > 0) == right


def test_every_place_is_in_the_drawing_and_none_on_another() -> None:
    stage = pygame.Rect(30, 50, *_SIZE)
    places = schematic.places(stage)
    assert set(places) == set(Stand)
    assert all(stage.contains(rect) for rect in places.values())
    rects = list(places.values())
    assert not any(a.colliderect(b) for i, a in enumerate(rects) for b in rects[i + 1 :])
    assert places[Stand.BACK].x < places[Stand.LEFT].x < places[Stand.RIGHT].x


def test_you_are_drawn_where_you_stand() -> None:
    for stand, rect in schematic.places(pygame.Rect((0, 0), _SIZE)).items():
        picture = drawn(CArm(stand=stand))
        chest = picture[rect.centerx, round(rect.y + 0.35 * rect.h)]
        assert tuple(chest[:3]) == pytest.approx(_COL.acc, abs=3)


@pytest.mark.parametrize("shut", [Collimator(width_mm=40.0), Collimator(height_mm=40.0)])
def test_the_beam_is_seen_and_narrows_with_each_pair_of_blades(shut: Collimator) -> None:
    pose = Pose(20.0, 20.0)
    off, on = drawn(CArm(pose)), drawn(CArm(pose, beam=True))

    def lit(picture: np.ndarray) -> int:
        return int((abs(picture - off).sum(-1) > 60).sum())

    assert lit(on) > 1.1 * lit(drawn(CArm(pose, beam=True, collimator=shut))) > 0


def test_counters_do_not_draw_the_room_anew() -> None:
    arm = CArm()
    later = replace(arm, exposures=9, air_kerma_mgy=4.0, kvp=81.3, mas_pulse=0.2)
    assert schematic.look_of(arm, _SIZE, _INKS) == schematic.look_of(later, _SIZE, _INKS)


def test_the_skin_map_lies_as_the_patient_does() -> None:
    """Back in the middle, patient's left on the left, head up: by the skin's own points."""
    soft = np.zeros((60, 40, 30), np.float32)
    x, y = np.meshgrid(np.arange(60) - 29.5, np.arange(40) - 19.5, indexing="ij")
    soft[(x / 28) ** 2 + (y / 18) ** 2 < 1.0] = 1.0
    torso = Volume((-147.5, -97.5, -72.5), 5.0, soft, np.zeros_like(soft))
    points = surface(torso).points_mm
    maps = [skin.unrolled(points[..., axis]) for axis in range(3)]
    heights, angles = maps[0].shape
    middle, quarter = angles // 2, angles // 4
    assert maps[1][heights // 2, middle] == maps[1].max()
    assert maps[0][heights // 2, quarter] == pytest.approx(maps[0].max(), abs=2.0)
    assert maps[0][heights // 2, 3 * quarter] == pytest.approx(maps[0].min(), abs=2.0)
    assert maps[2][0, 0] > maps[2][-1, 0]
    assert math.isclose(maps[1][heights // 2, 0], maps[1].min(), abs_tol=2.0)
