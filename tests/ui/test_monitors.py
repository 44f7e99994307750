"""The monitors: what is turned, flipped, stored, recalled, subtracted, marked and written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pygame
import pytest

from simulator.imaging import display
from simulator.ui import corners, guide, monitors, pictures
from simulator.ui.canvas import Canvas
from simulator.ui.chain import Film
from simulator.ui.kit import Kit
from simulator.ui.pictures import KEPT
from simulator.world.arm import Curve, Pose
from simulator.world.collimator import OPEN, Collimator
from tests.ui.room import Room


def live(room: Room) -> Film:
    film = room.theatre.scene.pictures.live
    assert film is not None
    return film


def turned(room: Room, to_deg: float) -> None:
    arm = room.arm
    pose = replace(arm.pose, orbit_deg=to_deg)
    room.session.state = replace(room.session.state, c_arm=replace(arm, pose=pose))


def test_flipping_twice_and_turning_round_give_the_picture_back(room: Room) -> None:
    room.expose()
    room.key(pygame.K_i)
    room.key(pygame.K_i)  # what is held, without the recursion of the live picture
    before = live(room).pixels
    room.key(pygame.K_F8)
    flipped = live(room).pixels
    np.testing.assert_array_equal(flipped, before[:, ::-1])
    room.key(pygame.K_F8)
    room.key(pygame.K_F8, pygame.KMOD_SHIFT)
    np.testing.assert_array_equal(live(room).pixels, before[::-1])
    room.key(pygame.K_F8, pygame.KMOD_SHIFT)
    for _ in range(6):
        room.key(pygame.K_F7)
    np.testing.assert_array_equal(live(room).pixels, np.rot90(before, -1))
    for _ in range(6):
        room.key(pygame.K_F7, pygame.KMOD_SHIFT)
    np.testing.assert_array_equal(live(room).pixels, before)


@pytest.mark.parametrize(("orbit", "plain"), [(0.0, ("L", "R")), (90.0, ("A", "P"))])
def test_the_letters_of_sides_follow_the_picture(
    room: Room, orbit: float, plain: tuple[str, str]
) -> None:
    turned(room, orbit)
    room.expose()
    scene = room.theatre.scene
    assert corners.letters(scene.case, live(room)) == plain
    room.key(pygame.K_F8)
    assert corners.letters(scene.case, live(room)) == plain[::-1]
    for _ in range(12):
        room.key(pygame.K_F7)
    assert corners.letters(scene.case, live(room)) == plain
    for _ in range(6):
        room.key(pygame.K_F7)
    assert set(corners.letters(scene.case, live(room))) == {"H", "F"}


def test_the_letter_of_an_axis_matches_where_the_detector_is(room: Room) -> None:
    """At the patient's left the beam runs to the left: what is on its right side is behind."""
    turned(room, -90.0)
    room.expose()
    assert corners.letters(room.theatre.scene.case, live(room)) == ("P", "A")


def test_the_border_of_guided_mode_follows_the_picture(room: Room) -> None:
    """The dashed line is drawn through the same anatomy, whatever way the picture lies."""
    turned(room, 90.0)
    room.expose()
    state = replace(room.session.state, phase="pedicle")
    room.session.state = state
    image = pygame.Rect(0, 0, 400, 400)
    drawn: list[list[tuple[float, float]]] = []

    def ends() -> tuple[float, float]:
        room.canvas.dashed = lambda a, b, colour, width: drawn.append([a, b])
        kit = Kit(room.canvas, room.theatre.hots)
        guide.draw(kit, image, room.theatre.scene, live(room), image)
        a, b = drawn[-1]
        return 0.5 * (a[0] + b[0]), 0.5 * (a[1] + b[1])

    before = ends()
    room.key(pygame.K_F8)
    after = ends()
    assert after == pytest.approx((399.0 - before[0], before[1]))
    for _ in range(12):
        room.key(pygame.K_F7)
    assert ends() == pytest.approx((before[0], 399.0 - before[1]))


def test_only_the_part_of_the_border_that_the_blades_leave_is_marked(room: Room) -> None:
    turned(room, 90.0)
    room.expose()
    scene, image = room.theatre.scene, pygame.Rect(0, 0, 400, 400)
    wall = room.session.case.patient.target.landmarks.posterior_wall_y_mm
    ends = ((0.0, wall, 60.0), (0.0, wall, -60.0))

    def part(collimator: Collimator) -> guide.Ends | None:
        film = live(room)
        seen = replace(film, shot=replace(film.shot, collimator=collimator))
        return guide.seen_part(scene, seen, image, *ends)

    whole, cut = part(OPEN), part(Collimator(height_mm=90.0))
    assert whole is not None
    assert cut is not None
    low, high = 200.0 - 45.0 / 0.75, 200.0 + 45.0 / 0.75
    assert whole[0][1] < low
    assert whole[1][1] > high
    step = (whole[1][1] - whole[0][1]) / 24
    assert low - 1.0 <= cut[0][1] <= low + step + 1.0
    assert high - step - 1.0 <= cut[1][1] <= high + 1.0
    assert part(Collimator(width_mm=20.0)) is None


def test_long_advice_is_wrapped_into_the_picture(room: Room, monkeypatch: Any) -> None:
    room.expose()
    film = live(room)
    said = (
        "Vertebra 132 mm off the middle. Move the field 110 mm to the right and 130 mm to the head."
    )
    room.theatre.scene.read = (film, said, False)
    image = pygame.Rect(100, 50, 300, 300)
    written: list[Any] = []
    write = Canvas.text

    def text(c: Canvas, words: str, at: Any, *rest: Any, **more: Any) -> int:
        w = write(c, words, at, *rest, **more)
        written.append(pygame.Rect(round(at[0]), round(at[1]) - 6, w, 12))
        return w

    monkeypatch.setattr(Canvas, "text", text)
    strip = pygame.Rect(200, 280, 100, 70)
    guide.draw(Kit(room.canvas, room.theatre.hots), image, room.theatre.scene, film, strip)
    assert len(written) > 1
    assert all(image.contains(rect) for rect in written)
    assert not any(strip.colliderect(rect) for rect in written)


def test_edge_window_and_invert_by_buttons(room: Room) -> None:
    room.expose()
    room.face("image")
    for name in ("image.edge.more", "image.bright.more", "image.contrast.more", "image.invert"):
        before = live(room).pixels
        room.click(name)
        assert not np.array_equal(live(room).pixels, before), name
    now = room.theatre.scene.pictures.chain(0).settings
    assert (now.edge, now.brightness, now.contrast, now.invert) == (1.5, 0.1, 1.1, True)
    room.click("image.plain")
    assert room.theatre.scene.pictures.chain(0).settings == display.Settings()


def test_subtraction_shows_what_came_since_the_mask(room: Room) -> None:
    for _ in range(3):
        room.expose()
    room.key(pygame.K_F10)
    assert live(room).notice == "no mask"
    room.key(pygame.K_F12)
    assert live(room).notice == ""
    room.expose()
    flat = live(room).pixels[40:88, 40:88].astype(float)
    room.key(pygame.K_F10)
    assert live(room).settings.mode is display.Mode.ROADMAP
    room.key(pygame.K_F10)
    plain = live(room).pixels[40:88, 40:88].astype(float)
    assert flat.std() < 0.6 * plain.std()
    room.key(pygame.K_F10)
    turned(room, 20.0)
    room.expose()
    assert live(room).notice != ""


def test_films_are_stored_recalled_stepped_through_and_let_go(room: Room) -> None:
    shown = room.theatre.scene.pictures
    kept = []
    for orbit in (0.0, 25.0, 90.0):
        turned(room, orbit)
        room.expose()
        room.key(pygame.K_n)
        kept.append(live(room))
    assert shown.stored == kept
    assert shown.reference is kept[2]
    room.click("film.0")
    assert shown.reference is kept[0]
    seen = []
    for _ in range(3):
        room.key(pygame.K_COMMA)
        seen.append(shown.reference)
    assert seen[:2] == kept[1:]
    assert shown.shown is None
    room.click("film.1")
    room.click("film.1")
    assert shown.shown is None


def test_the_strip_is_full_with_eight_films_and_drops_the_oldest(room: Room) -> None:
    shown = room.theatre.scene.pictures
    films = []
    for _ in range(KEPT + 1):
        room.expose()
        room.key(pygame.K_n)
        films.append(live(room))
    assert shown.stored == films[1:]
    room.draw()
    names = {h.name for h in room.theatre.hots.items}
    assert {f"film.{i}" for i in range(KEPT)} <= names


def test_a_stored_film_stays_as_it_was_stored(room: Room) -> None:
    room.expose()
    room.key(pygame.K_n)
    shown = room.theatre.scene.pictures
    before = shown.stored[0].pixels
    room.key(pygame.K_F8)
    assert shown.stored[0].pixels is before


def words(room: Room, *, held: bool) -> list[str]:
    """Every line in the corners of the live picture."""
    rows = corners._corners(room.theatre.scene, live(room), held=held, full=True)
    return [line for corner in rows for line in corner]


def test_the_corners_say_what_is_set(room: Room) -> None:
    room.expose()
    plain = words(room, held=True)
    assert "LIH" in plain
    assert not {"INV", "GRID OUT", "LOW DOSE"} & set(plain)
    arm = replace(room.arm, grid_in=False, curve=Curve.LOW_DOSE, kap_gycm2=1.234)
    room.session.state = replace(room.session.state, c_arm=arm)
    # What is held was taken before: with the grid, on the normal curve.
    assert not {"GRID OUT", "LOW DOSE"} & set(words(room, held=True))
    room.expose()
    room.theatre.scene.pictures.change(pictures.inverted)
    room.theatre.scene.pictures.change(pictures.rotated(-15.0))
    room.theatre.scene.pictures.change(pictures.windowed(0.2, 1.5))
    room.theatre.scene.kerma_mgy_min = 12.34
    now = words(room, held=False)
    assert {"GRID OUT", "LOW DOSE", "MAG 1.0x", "12.3 mGy/min"} <= set(now)
    together = " ".join(now)
    for word in ("INV", "ROT –15°", "CONTR 1.50", "BRIGHT 0.20", "KAP 1.2"):
        assert word in together, word
    assert "LIH" not in now


def test_no_corner_runs_into_another_and_none_is_cut(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The smallest window with everything that can be said at once."""
    arm = replace(room.arm, grid_in=False, curve=Curve.HIGH_CONTRAST, kap_gycm2=123.4)
    room.session.state = replace(room.session.state, c_arm=arm)
    room.expose()
    shown = room.theatre.scene.pictures
    for change in (pictures.rotated(-165.0), pictures.windowed(-0.55, 1.55), pictures.inverted,
                   display.mirrored_x, pictures.sharper,
                   pictures.in_mode(display.Mode.SUBTRACT)):  # fmt: skip
        shown.change(change)
    plates: list[Any] = []
    block = corners.block

    def noted(kit: Any, image: Any, lines: list[str], **where: Any) -> Any:
        plates.append(block(kit, image, lines, **where))
        return plates[-1]

    monkeypatch.setattr(corners, "block", noted)
    image = room.image()  # draws both monitors; the large one first
    large = plates[:4]
    assert all(image.contains(p) for p in large)
    assert all(not a.colliderect(b) for i, a in enumerate(large) for b in large[:i])
    middle = pygame.Rect(image.x, image.centery - 20, image.w, 40)  # the letters of sides
    assert all(not p.colliderect(middle) for p in large)
    said = " ".join(words(room, held=True))
    for word in ("NO MASK", "SUBTRACT", "INV", "ROT 165°", "FLIP", "HIGH CONTR", "GRID OUT"):
        assert word in said, word


def test_angles_name_the_swivel_only_where_there_is_one() -> None:
    assert len(corners.angles(Pose(90.0, 0.0))) == 2
    assert corners.angles(Pose(90.0, 0.0, swivel_deg=-4.0))[2] == "SWV –4.0"


def test_a_hand_in_the_beam_is_told_while_it_is_there(room: Room, monkeypatch: Any) -> None:
    said: list[str] = []
    monkeypatch.setattr(
        "simulator.ui.monitors._warning", lambda kit, image, text: said.append(text)
    )
    scene = room.theatre.scene
    room.down(pygame.K_SPACE)
    room.run(20)
    scene.follow()
    room.draw()
    assert said == []
    arm = replace(room.arm, hand_in_beam_ticks=room.arm.hand_in_beam_ticks + 3)
    room.session.state = replace(room.session.state, c_arm=arm)
    scene.follow()
    room.draw()
    assert said == ["Hand in the beam"]
    for _ in range(2):
        room.run(31)
        scene.follow()
    room.draw()
    assert said == ["Hand in the beam"]


def test_the_dose_rates_are_those_of_the_last_half_second(room: Room) -> None:
    room.down(pygame.K_SPACE)
    scene = room.theatre.scene
    room.run(60)
    scene.follow()
    arm, tick = room.arm, room.session.state.tick
    room.run(60)
    scene.follow()
    seconds = (room.session.state.tick - tick) / 60.0
    rate = (room.arm.air_kerma_mgy - arm.air_kerma_mgy) / seconds * 60.0
    assert scene.kerma_mgy_min == pytest.approx(rate)
    assert rate > 1.0


def test_the_second_monitor_is_plane_b_only_with_what_plane_b_saw(two: Room) -> None:
    """A run that begins in its middle may have the AP and the lateral of the first plane."""
    scene = two.theatre.scene
    two.expose()
    turned(two, 90.0)
    two.expose()
    arm = replace(two.arm, beam=True)
    two.session.state = replace(two.session.state, c_arm=arm)
    large, small = (monitors.shown(scene, large=which) for which in (True, False))
    assert (large.title, large.live, large.on) == ("Plane A", True, True)
    assert (small.title, small.live, small.on) == ("Reference", False, False)
    two.session.state = replace(two.session.state, c_arm=replace(arm, beam=False))
    two.key(pygame.K_BACKSPACE)
    two.run(20)
    assert monitors.shown(scene, large=False).title == "Plane B"
    assert monitors.shown(scene, large=False).live
