"""The pictures of the monitors."""

from __future__ import annotations

import numpy as np
import pygame
import pytest

from simulator.engine.session import Session
from simulator.ui import pictures as change
from simulator.ui.chain import grey_surface
from simulator.ui.pictures import Pictures, rendered_px
from simulator.world.action import Action
from simulator.world.arm import View
from simulator.world.case import Case


def exposed(pictures: Pictures, session: Session, ticks: int = 12) -> None:
    for _ in range(ticks):
        pictures.see(session.state, session.advance(Action(beam=True)))


def turned(session: Session, to_deg: float) -> None:
    while abs(session.state.c_arm.pose.orbit_deg - to_deg) > 0.3:
        session.advance(Action(orbit_deg_s=15.0 if to_deg > 0 else -15.0))
    session.advance(Action())


@pytest.mark.parametrize(("side", "n"), [(640, 640), (512, 512), (660, 640), (700, 704), (90, 256)])
def test_pictures_are_rendered_in_steps_that_the_detector_can_bin(side: int, n: int) -> None:
    assert rendered_px(side) == n


def test_greys_survive_the_palette() -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    surface = grey_surface(pixels)
    target = pygame.Surface((16, 16))
    target.blit(surface, (0, 0))
    assert target.get_at((3, 2))[:3] == (35, 35, 35)


def test_the_reference_keeps_the_other_plane(case: Case) -> None:
    session, pictures = Session(case, "human"), Pictures(case, 128)
    exposed(pictures, session)
    ap = pictures.live
    assert pictures.reference is None
    turned(session, 90.0)
    exposed(pictures, session)
    assert ap is not None
    assert pictures.reference is not None
    assert pictures.reference.shot is ap.shot
    assert pictures.live is not None
    assert pictures.live.shot.view is View.LATERAL


def test_storing_pins_the_live_picture_and_storing_again_lets_go(case: Case) -> None:
    session, pictures = Session(case, "human"), Pictures(case, 128)
    exposed(pictures, session)
    pictures.store()
    assert pictures.reference is pictures.live
    pictures.store()
    assert pictures.reference is None


def test_inverting_and_windowing_change_the_held_picture_without_a_pulse(case: Case) -> None:
    session, pictures = Session(case, "human"), Pictures(case, 128)
    exposed(pictures, session)
    before = pictures.live
    assert before is not None
    pictures.change(change.windowed(0.4, 1.0))
    brighter = pictures.live
    assert brighter is not None
    assert brighter.pixels.mean() > before.pixels.mean()
    pictures.change(change.windowed(-0.4, 1.0))
    pictures.change(change.inverted)
    inverted = pictures.live
    assert inverted is not None
    inner = (slice(40, 88), slice(40, 88))
    a, b = before.pixels[inner].astype(float).ravel(), inverted.pixels[inner].astype(float).ravel()
    assert np.corrcoef(a, b)[0, 1] < -0.9


def test_a_run_that_begins_in_its_middle_has_its_last_pictures(case: Case) -> None:
    session, pictures = Session(case, "human"), Pictures(case, 128)
    exposed(pictures, session)
    turned(session, 90.0)
    exposed(pictures, session)
    later = Pictures(case, 128)
    later.restore(session.state)
    assert later.live is not None
    assert later.live.shot.view is View.LATERAL
    assert later.reference is not None
    assert later.reference.shot.view is View.AP


def test_pictures_of_the_past_have_their_own_technique(case: Case) -> None:
    """A lateral asks for more than an AP; both are found again as the control left them."""
    session, pictures = Session(case, "human"), Pictures(case, 128)
    exposed(pictures, session, 90)
    ap = pictures.live
    turned(session, 90.0)
    exposed(pictures, session, 90)
    lateral = pictures.live
    later = Pictures(case, 128)
    later.restore(session.state)
    assert ap is not None
    assert lateral is not None
    assert later.live is not None
    assert later.reference is not None
    # The control works in steps and on the picture as it was.
    assert later.reference.kvp == pytest.approx(ap.kvp, abs=1.0)
    assert later.live.kvp == pytest.approx(lateral.kvp, abs=1.0)
    assert lateral.kvp > ap.kvp + 5.0


def test_with_the_pedal_up_the_hold_is_shown_and_stays(case: Case) -> None:
    session, pictures = Session(case, "human"), Pictures(case, 128)
    exposed(pictures, session, 120)
    running = pictures.live
    events = session.advance(Action())
    pictures.see(session.state, events)
    hold = pictures.live
    assert running is not None
    assert hold is not None
    assert not np.array_equal(hold.pixels, running.pixels)
    pictures.see(session.state, session.advance(Action()))
    assert pictures.live is hold
    pictures.change(change.inverted)
    pictures.change(change.inverted)
    assert pictures.live is not None
    assert np.array_equal(pictures.live.pixels, hold.pixels)
