"""Every control of the C-arm: by key, by button and by mouse, down to what the world does."""

from __future__ import annotations

import math
from dataclasses import replace

import pygame
import pytest

from simulator.imaging import display
from simulator.imaging.machine import machine
from simulator.imaging.positioner import geometry, project
from simulator.ui import pictures
from simulator.world.arm import Curve, Stand
from simulator.world.collimator import OPEN, WIDE_MM
from tests.ui.room import Room


@pytest.mark.parametrize(("key", "name", "sign"), [
    (pygame.K_a, "swivel_less", -1), (pygame.K_d, "swivel_more", 1),
])  # fmt: skip
def test_swivel_by_key_and_by_button(room: Room, key: int, name: str, sign: int) -> None:
    room.key(key)
    room.run(60)
    assert room.arm.pose.swivel_deg == pytest.approx(sign)
    room.key(key, pygame.KMOD_SHIFT)
    room.run(60)
    assert room.arm.pose.swivel_deg == pytest.approx(1.2 * sign)
    room.click(name)
    room.run(60)
    assert room.arm.pose.swivel_deg == pytest.approx(2.2 * sign)


def test_the_arm_stops_at_the_end_of_its_swivel(room: Room) -> None:
    for _ in range(20):
        room.key(pygame.K_d)
    room.run(240)
    end = room.session.case.c_arm.swivel_range_deg[1]
    assert room.arm.pose.swivel_deg == pytest.approx(end)
    assert room.theatre.operator.console.drive.target is None


def test_a_preset_takes_the_swivel_back(room: Room) -> None:
    room.key(pygame.K_d)
    room.run(60)
    room.key(pygame.K_1)
    room.run(60)
    assert room.arm.pose.swivel_deg == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(("by", "mod", "moved"), [
    ((-100, 0), 0, (40.0, 0.0, 0.0)),
    ((0, -50), 0, (0.0, 20.0, 0.0)),
    ((-20, 0), pygame.KMOD_SHIFT, (0.0, 0.0, -8.0)),
])  # fmt: skip
def test_dragging_the_drawing_turns_the_arm(
    room: Room, by: tuple[int, int], mod: int, moved: tuple[float, float, float]
) -> None:
    room.draw()
    stage = room.theatre.grabs.stage
    start = (stage.right - 12, stage.bottom - 12)
    if mod:
        room.down(pygame.K_LSHIFT, mod)
    room.drag(start, (start[0] + by[0], start[1] + by[1]))
    room.run(240)
    pose = room.arm.pose
    assert (pose.orbit_deg, pose.tilt_deg, pose.swivel_deg) == pytest.approx(moved)


def test_grid_and_curve_by_key_and_by_button(room: Room) -> None:
    room.key(pygame.K_F2)
    room.key(pygame.K_F3)
    room.run(1)
    assert not room.arm.grid_in
    assert room.arm.curve is Curve.HIGH_CONTRAST
    room.face("beam")
    room.click("grid")
    room.click(f"curve.{Curve.LOW_DOSE.value}")
    room.run(1)
    assert room.arm.grid_in
    assert room.arm.curve is Curve.LOW_DOSE


def test_switches_are_asked_for_once(room: Room) -> None:
    for key in (pygame.K_F2, pygame.K_F3, pygame.K_F4):
        room.key(key)
    first, second = room.run(2)
    assert (first.grid_in, first.curve, first.stand) == (False, Curve.HIGH_CONTRAST, Stand.RIGHT)
    assert (second.grid_in, second.curve, second.stand) == (None, None, None)


def test_where_the_operator_stands_by_key_button_and_drawing(room: Room) -> None:
    seen = [room.arm.stand]
    for act in (lambda: room.key(pygame.K_F4), lambda: room.click("stand")):
        act()
        room.run(1)
        seen.append(room.arm.stand)
    assert seen == [Stand.LEFT, Stand.RIGHT, Stand.BACK]
    for stand in Stand:
        room.click(f"stand.{stand.value}")
        room.run(1)
        assert room.arm.stand is stand


@pytest.mark.parametrize(("less", "more", "name", "edge"), [
    (pygame.K_5, pygame.K_6, "iris_mm", 300 * math.sqrt(2.0)),
    (pygame.K_7, pygame.K_8, "width_mm", 300.0),
    (pygame.K_9, pygame.K_0, "height_mm", 300.0),
])  # fmt: skip
def test_blades_close_and_open_while_their_keys_are_held(
    room: Room, less: int, more: int, name: str, edge: float
) -> None:
    m = machine().collimator
    speed = m.iris_mm_s if name == "iris_mm" else m.shutter_mm_s
    room.down(less)
    room.run(60)
    room.theatre.handle(pygame.event.Event(pygame.KEYUP, key=less, mod=0))
    assert getattr(room.arm.collimator, name) == pytest.approx(edge - speed)
    room.run(10)
    assert getattr(room.arm.collimator, name) == pytest.approx(edge - speed)
    room.down(more)
    room.run(80)
    assert room.arm.collimator == OPEN
    assert room.arm.exposures == 0


def test_blades_by_buttons_that_are_held(room: Room) -> None:
    room.face("beam")
    (hot,) = [h for h in room.theatre.hots.items if h.name == "width_less"]
    room.mouse(pygame.MOUSEBUTTONDOWN, hot.rect.center, button=1)
    room.run(30)
    room.mouse(pygame.MOUSEBUTTONUP, hot.rect.center, button=1)
    closed = room.arm.collimator.width_mm
    assert closed == pytest.approx(300.0 - 0.5 * machine().collimator.shutter_mm_s)
    room.run(10)
    assert room.arm.collimator.width_mm == closed
    room.click("open")
    room.run(90)
    assert room.arm.collimator == OPEN


def test_ctrl_and_wheel_turn_the_blades(room: Room) -> None:
    room.down(pygame.K_LCTRL, pygame.KMOD_CTRL)
    room.theatre.handle(pygame.event.Event(pygame.MOUSEWHEEL, y=3))
    room.run(60)
    assert room.arm.collimator.turn_deg == pytest.approx(15.0)


def test_the_turn_goes_on_past_a_quarter(room: Room) -> None:
    """Beyond 90 degrees the machine counts from -90: the wish must follow, or it turns for ever."""
    room.down(pygame.K_LCTRL, pygame.KMOD_CTRL)
    room.theatre.handle(pygame.event.Event(pygame.MOUSEWHEEL, y=20))
    room.run(600)
    assert room.arm.collimator.turn_deg == pytest.approx(-80.0)
    assert room.theatre.operator.console.blades[0].target == {}


def test_ctrl_drag_draws_the_opening_where_the_pointer_is(room: Room) -> None:
    room.expose()
    image = room.image()
    room.down(pygame.K_LCTRL, pygame.KMOD_CTRL)
    x, y = image.center
    room.drag((x + 0.45 * image.w, y), (x + 0.25 * image.w, y))
    room.drag((x, y - 0.45 * image.h), (x, y - 0.2 * image.h))
    room.run(300)
    c = room.arm.collimator
    pixel = 300.0 / image.w
    assert c.width_mm == pytest.approx(150.0, abs=2 * pixel)
    assert c.height_mm == pytest.approx(120.0, abs=2 * pixel)
    assert c.iris_mm == WIDE_MM


def test_an_edge_is_caught_and_dragged_but_not_beside_it(room: Room) -> None:
    room.expose()
    image = room.image()
    arm = replace(room.arm, collimator=replace(OPEN, width_mm=150.0))
    room.session.state = replace(room.session.state, c_arm=arm)
    x, y = image.center
    room.drag((x + image.w / 4 + 30, y), (x + image.w / 4 + 60, y))
    assert room.theatre.operator.console.blades[0].target == {}
    room.drag((x + image.w / 4 + 3, y), (x + image.w / 3, y))
    assert room.theatre.operator.hand.drag.left != 0.0  # the first drag moved the hub
    room.run(120)
    assert room.arm.collimator.width_mm == pytest.approx(200.0, abs=2 * 300.0 / image.w)


def test_the_held_image_is_dimmed_outside_the_blades_without_exposure(room: Room) -> None:
    room.expose()
    image = room.image()
    before = pygame.surfarray.array3d(room.canvas.surface.subsurface(image)).astype(int)
    room.down(pygame.K_9)
    room.run(90)
    shots = room.arm.exposures
    room.draw()
    after = pygame.surfarray.array3d(room.canvas.surface.subsurface(image)).astype(int)
    third, middle = slice(image.w // 3, image.w // 2), slice(image.h // 3, image.h // 2)
    low = slice(round(0.15 * image.h), round(0.18 * image.h))
    assert abs(after[third, middle] - before[third, middle]).max() == 0
    assert after[third, low].mean() < 0.6 * before[third, low].mean()
    assert room.arm.exposures == shots


def test_the_hub_follows_the_hand_on_a_turned_and_flipped_picture(room: Room) -> None:
    """What is dragged to the right on the screen must go to the right on the screen."""
    room.expose()
    room.theatre.scene.pictures.change(pictures.rotated(90.0))
    room.theatre.scene.pictures.change(display.mirrored_x)
    image = room.image()
    start = (image.centerx + 80, image.centery)
    room.drag(start, (start[0] + 40, start[1]))
    drag = room.theatre.operator.hand.drag
    film = room.theatre.scene.pictures.live
    assert film is not None
    g = geometry(room.session.case.c_arm, film.shot.pose, image.w)
    made = (drag.left, 0.0, drag.head)
    right, up = (sum(a * b for a, b in zip(made, axis, strict=True)) for axis in (g.right, g.up))
    col, row = display.oriented_point(right, -up, 1, film.settings)
    assert col > 0.0
    assert row == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("orbit", [0.0, 90.0])
@pytest.mark.parametrize(("button", "mod"), [(2, 0), (3, pygame.KMOD_CTRL)])
def test_the_field_is_dragged_so_that_the_anatomy_follows_the_pointer(
    room: Room, orbit: float, button: int, mod: int
) -> None:
    arm = replace(room.arm, pose=replace(room.arm.pose, orbit_deg=orbit))
    room.session.state = replace(room.session.state, c_arm=arm)
    room.expose()
    image = room.image()
    spec = room.session.case.c_arm
    before = project(geometry(spec, room.arm.pose, image.w), (0.0, 0.0, 0.0))
    if mod:
        room.down(pygame.K_LCTRL, mod)
    room.drag(image.center, (image.centerx + 60, image.centery + 30), button)
    room.run(300)
    after = project(geometry(spec, room.arm.pose, image.w), (0.0, 0.0, 0.0))
    assert after[0] - before[0] == pytest.approx(60.0, abs=0.5)
    assert after[1] - before[1] == pytest.approx(30.0, abs=0.5)


@pytest.mark.parametrize(("key", "mod", "axis", "sign"), [
    (pygame.K_HOME, 0, 0, 1), (pygame.K_END, 0, 0, -1),
    (pygame.K_PAGEUP, 0, 2, 1), (pygame.K_PAGEDOWN, 0, 2, -1),
    (pygame.K_PAGEUP, pygame.KMOD_CTRL, 1, 1), (pygame.K_PAGEDOWN, pygame.KMOD_CTRL, 1, -1),
])  # fmt: skip
def test_the_field_is_moved_along_each_axis_by_a_key(
    room: Room, key: int, mod: int, axis: int, sign: int
) -> None:
    room.down(key, mod)
    room.run(60)
    moved = [0.0, 0.0, 0.0]
    moved[axis] = sign * room.session.case.c_arm.travel_mm_s
    assert room.arm.pose.isocentre_mm == pytest.approx(tuple(moved))


# -- two planes ---------------------------------------------------------------------------------


def test_space_is_the_pedal_of_the_plane_in_hand(two: Room) -> None:
    two.down(pygame.K_SPACE)
    (asked,) = two.run(1)
    assert (asked.beam, asked.beam_second) == (True, False)
    two.key(pygame.K_l)
    (asked,) = two.run(1)
    assert (asked.beam, asked.beam_second) == (False, True)


def test_a_tap_on_the_pedal_of_both_takes_a_picture_of_each(two: Room) -> None:
    two.key(pygame.K_BACKSPACE)
    two.run(40)
    shown = two.theatre.scene.pictures
    assert two.arm.exposures == 2
    assert shown.live is not None
    assert shown.reference is not None
    assert (shown.live.shot.plane, shown.reference.shot.plane) == (0, 1)


def test_with_one_plane_the_pedal_of_both_is_the_pedal(room: Room) -> None:
    room.key(pygame.K_BACKSPACE)
    asked = room.run(40)
    assert not any(a.beam_second for a in asked)
    assert room.arm.exposures == 1
    room.key(pygame.K_l)
    assert room.theatre.operator.console.plane == 0


def test_the_plane_in_hand_is_the_one_that_moves_and_is_shut(two: Room) -> None:
    two.key(pygame.K_l)
    two.key(pygame.K_UP)
    two.down(pygame.K_7)
    two.run(60)
    assert two.arm.pose.tilt_deg == 0.0
    assert two.arm.collimator == OPEN
    assert two.arm.second.pose.tilt_deg == pytest.approx(1.0)
    assert two.arm.second.pose.orbit_deg == 90.0
    assert two.arm.second.collimator.width_mm < 300.0


def test_a_preset_that_only_the_other_plane_reaches_takes_it_in_hand(two: Room) -> None:
    two.key(pygame.K_l)
    two.key(pygame.K_1)
    console = two.theatre.operator.console
    assert (console.plane, console.drive.target) == (0, (0.0, 0.0, 0.0))
    two.key(pygame.K_l)
    two.click("view.lateral")
    assert (console.plane, console.drive.target) == (1, (90.0, 0.0, 0.0))
    two.click("view.en_face_left")
    assert console.plane == 0


def test_both_monitors_are_live_and_a_recalled_film_gives_way(two: Room) -> None:
    two.key(pygame.K_BACKSPACE)
    two.run(40)
    two.draw()
    assert [m.plane for m in two.theatre.grabs.monitors] == [0, 1]
    two.key(pygame.K_n)
    two.draw()
    assert [m.plane for m in two.theatre.grabs.monitors] == [0]
    two.key(pygame.K_BACKSPACE)
    two.run(40)
    two.draw()
    assert [m.plane for m in two.theatre.grabs.monitors] == [0, 1]
