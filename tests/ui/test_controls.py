"""Keys, wheel and mouse become actions."""

from __future__ import annotations

from dataclasses import replace

import pygame
import pytest

from simulator.engine.start import first_state
from simulator.frames import Side
from simulator.physics.exchange import place_needle, with_cannula
from simulator.ui.controls import HumanOperator
from simulator.ui.keys import BY_CODE, KEYS
from simulator.ui.tool_needle import steers_to_deg
from simulator.world.action import IDLE, Action, Do
from simulator.world.case import Case
from simulator.world.state import State
from simulator.world.tools import Inside, Passed


@pytest.fixture
def state(case: Case) -> State:
    return first_state(case)


@pytest.fixture
def placed(case: Case, state: State) -> State:
    outcome = place_needle(case, state, state.side)
    assert not isinstance(outcome, str)
    return outcome[0]


@pytest.fixture
def hands(case: Case) -> HumanOperator:
    return HumanOperator(case)


def down(hands: HumanOperator, state: State, key: int, mod: int = 0) -> None:
    hands.event(pygame.event.Event(pygame.KEYDOWN, key=key, mod=mod), state)


def up(hands: HumanOperator, state: State, key: int, mod: int = 0) -> None:
    hands.event(pygame.event.Event(pygame.KEYUP, key=key, mod=mod), state)


def wheel(hands: HumanOperator, state: State, notches: int) -> None:
    hands.event(pygame.event.Event(pygame.MOUSEWHEEL, y=notches), state)


def test_hands_off_is_the_idle_action(hands: HumanOperator, state: State) -> None:
    assert hands.next_action(state) == replace(IDLE, side=hands.side)


def test_a_tap_on_the_pedal_asks_until_one_pulse_was_taken(
    hands: HumanOperator, state: State
) -> None:
    down(hands, state, pygame.K_SPACE)
    up(hands, state, pygame.K_SPACE)
    assert [hands.next_action(state).beam for _ in range(3)] == [True, True, True]
    pulsed = replace(state, c_arm=replace(state.c_arm, exposures=1))
    assert not hands.next_action(pulsed).beam


def test_the_hand_is_on_the_wire_until_it_is_changed(
    case: Case, hands: HumanOperator, placed: State
) -> None:
    tool = placed.cannulas[placed.side]
    assert tool is not None
    passed = Passed(
        Inside.WIRE, "wire", tool.tip_mm, tool.direction, (0.0, 0.0, 1.0), 1.6, 0.0, 280.0, 155.0
    )
    wired = replace(tool, inside=Inside.WIRE, passed=passed)
    state = with_cannula(placed, wired, placed.side)
    down(hands, state, pygame.K_w)
    first = hands.next_action(state)
    assert first.inner_n > 0.0
    assert first.push_n == 0.0
    down(hands, state, pygame.K_j)
    second = hands.next_action(state)
    assert second.push_n > first.inner_n
    assert second.inner_n == 0.0
    assert hands.next_action(placed).push_n > second.push_n


@pytest.mark.parametrize(
    ("side", "angle", "clock"), [(0, 0, 270), (1, 0, 90), (0, 90, 180), (1, 90, 180)]
)
def test_the_dial_points_as_on_an_ap(placed: State, side: int, angle: float, clock: float) -> None:
    tool = placed.cannulas[placed.side]
    assert tool is not None
    assert steers_to_deg(replace(tool, side=Side(side), bevel_deg=angle)) == clock


def test_the_pedal_stays_down_while_held(hands: HumanOperator, state: State) -> None:
    down(hands, state, pygame.K_SPACE)
    pulsed = replace(state, c_arm=replace(state.c_arm, exposures=3))
    assert hands.next_action(pulsed).beam
    up(hands, state, pygame.K_SPACE)
    later = replace(state, c_arm=replace(state.c_arm, exposures=4))
    assert not hands.next_action(later).beam


def test_control_and_space_latch_the_beam(hands: HumanOperator, state: State) -> None:
    for expected in (True, False):
        down(hands, state, pygame.K_SPACE, pygame.KMOD_CTRL)
        up(hands, state, pygame.K_SPACE)
        assert hands.next_action(state).beam is expected


@pytest.mark.parametrize(
    ("key", "orbit"), [(pygame.K_2, 90.0), (pygame.K_3, 25.0), (pygame.K_4, -25.0)]
)
def test_a_preset_drives_at_the_motor_s_speed_and_stops_on_the_angle(
    hands: HumanOperator, case: Case, state: State, key: int, orbit: float
) -> None:
    down(hands, state, key)
    for _ in range(60 * 30):
        action = hands.next_action(state)
        assert abs(action.orbit_deg_s) <= case.c_arm.orbit_deg_s + 1e-9
        pose = state.c_arm.pose
        turned = replace(pose, orbit_deg=pose.orbit_deg + action.orbit_deg_s / 60)
        state = replace(state, c_arm=replace(state.c_arm, pose=turned))
    assert state.c_arm.pose.orbit_deg == pytest.approx(orbit, abs=1e-6)
    assert hands.next_action(state).orbit_deg_s == 0.0


@pytest.mark.parametrize(("mod", "step"), [(0, 1.0), (pygame.KMOD_SHIFT, 0.2)])
def test_arrows_trim_the_tilt(hands: HumanOperator, state: State, mod: int, step: float) -> None:
    down(hands, state, pygame.K_UP, mod)
    up(hands, state, pygame.K_UP, mod)
    assert hands.console.drive.target == pytest.approx((0.0, step, 0.0))


def test_enter_keeps_the_trimmed_angles_in_the_slot(hands: HumanOperator, state: State) -> None:
    down(hands, state, pygame.K_1)
    pose = replace(state.c_arm.pose, orbit_deg=3.0, tilt_deg=-4.0)
    there = replace(state, c_arm=replace(state.c_arm, pose=pose))
    down(hands, there, pygame.K_RETURN)
    assert hands.console.drive.slots["ap"] == (3.0, -4.0, 0.0)


def test_a_push_rises_40_newtons_a_second_to_the_ceiling(
    hands: HumanOperator, state: State
) -> None:
    down(hands, state, pygame.K_w)
    forces = [hands.next_action(state).push_n for _ in range(120)]
    assert forces[59] == pytest.approx(40.0)
    assert forces[-1] == 45.0
    up(hands, state, pygame.K_w)
    assert hands.next_action(state).push_n == 0.0


def test_shift_braces_only_while_pushing(hands: HumanOperator, state: State) -> None:
    down(hands, state, pygame.K_LSHIFT, pygame.KMOD_SHIFT)
    assert not hands.next_action(state).brace
    down(hands, state, pygame.K_w, pygame.KMOD_SHIFT)
    assert hands.next_action(state).brace


def test_s_pulls_back(hands: HumanOperator, state: State) -> None:
    down(hands, state, pygame.K_s)
    assert hands.next_action(state).push_n < 0.0


def test_the_wheel_sets_what_the_tool_in_use_needs(hands: HumanOperator, state: State) -> None:
    wheel(hands, state, 2)
    assert hands.hand.wheel.ceiling_n == 55.0
    down(hands, state, pygame.K_x)
    wheel(hands, state, 9)
    assert hands.hand.wheel.inflate_ml_s == pytest.approx(0.25)
    wheel(hands, state, -9)
    assert hands.hand.wheel.inflate_ml_s == pytest.approx(0.05)
    down(hands, state, pygame.K_c)
    wheel(hands, state, 20)
    assert hands.hand.wheel.thumb_n == 150.0


def test_f_and_g_work_the_inflator_or_the_plunger(hands: HumanOperator, state: State) -> None:
    down(hands, state, pygame.K_x)
    down(hands, state, pygame.K_f)
    assert hands.next_action(state).inflate_ml_s == pytest.approx(0.10)
    up(hands, state, pygame.K_f)
    down(hands, state, pygame.K_g)
    assert hands.next_action(state).inflate_ml_s == pytest.approx(-0.10)
    up(hands, state, pygame.K_g)
    down(hands, state, pygame.K_c)
    down(hands, state, pygame.K_f)
    action = hands.next_action(state)
    assert (action.press_n, action.inflate_ml_s) == (10.0, 0.0)


def test_a_twist_turns_by_15_degrees(hands: HumanOperator, state: State) -> None:
    down(hands, state, pygame.K_e)
    up(hands, state, pygame.K_e)
    turned = sum(hands.next_action(state).twist_deg_s / 60 for _ in range(60))
    assert turned == pytest.approx(15.0)


def test_a_twist_that_is_held_goes_on_until_it_is_let_go(
    hands: HumanOperator, state: State
) -> None:
    down(hands, state, pygame.K_q)
    turned = sum(hands.next_action(state).twist_deg_s / 60 for _ in range(6 * 60))
    assert turned == pytest.approx(-360.0)
    up(hands, state, pygame.K_q)
    assert hands.next_action(state).twist_deg_s == 0.0


def test_t_taps_once_with_the_chosen_mallet(hands: HumanOperator, state: State) -> None:
    hands.hand.mallet = 3
    down(hands, state, pygame.K_t)
    assert [hands.next_action(state).tap for _ in range(2)] == [3, 0]


def test_t_is_the_strand_test_with_cement(hands: HumanOperator, state: State) -> None:
    down(hands, state, pygame.K_c)
    down(hands, state, pygame.K_t)
    action = hands.next_action(state)
    assert (action.do, action.tap) == (Do.STRAND_TEST, 0)


def test_a_drag_slides_the_entry_while_the_tip_is_in_front_of_the_skin(
    hands: HumanOperator, placed: State
) -> None:
    hands.drag((-64.0, 0.0), placed, placed.c_arm.pose, 640)
    made = [hands.next_action(placed) for _ in range(120)]
    slid = sum(a.skin_x_mm_s / 60 for a in made)
    field = placed.c_arm.pose.field_mm * hands.case.c_arm.sad_mm / hands.case.c_arm.sdd_mm
    assert slid == pytest.approx(field / 10)  # a tenth of the picture, towards the patient's left
    assert all(a.medial_deg_s == 0.0 for a in made)


@pytest.mark.parametrize(("shift", "deg"), [(False, 2.0), (True, 0.4)])
def test_a_drag_swings_the_hub_once_the_tip_is_in(
    hands: HumanOperator, placed: State, shift: bool, deg: float
) -> None:
    tool = placed.cannulas[hands.side]
    assert tool is not None
    pair = tuple(replace(tool, depth_mm=30.0) if c is tool else c for c in placed.cannulas)
    state = replace(placed, cannulas=pair)
    if shift:
        down(hands, state, pygame.K_LSHIFT, pygame.KMOD_SHIFT)
    hands.drag((-20.0, -10.0), state, state.c_arm.pose, 640)
    made = [hands.next_action(state) for _ in range(60)]
    # The hub goes outwards and up: the tip points more medially and to the feet.
    assert sum(a.medial_deg_s / 60 for a in made) * hands.side.sign == pytest.approx(deg)
    assert sum(a.caudal_deg_s / 60 for a in made) == pytest.approx(deg / 2)


def test_in_the_lateral_a_drag_moves_the_hub_only_up_and_down(
    hands: HumanOperator, placed: State
) -> None:
    pose = replace(placed.c_arm.pose, orbit_deg=90.0)
    hands.drag((30.0, -10.0), placed, pose, 640)
    action = hands.next_action(placed)
    assert action.skin_x_mm_s == pytest.approx(0.0, abs=1e-9)
    assert action.skin_z_mm_s > 0.0


def test_control_and_arrows_do_what_the_drag_does(hands: HumanOperator, placed: State) -> None:
    down(hands, placed, pygame.K_UP, pygame.KMOD_CTRL)
    action = hands.next_action(placed)
    assert action.skin_z_mm_s > 0.0
    assert action.tilt_deg_s == 0.0


def test_r_asks_for_the_next_sensible_act(hands: HumanOperator, state: State) -> None:
    down(hands, state, pygame.K_v)
    down(hands, state, pygame.K_r)
    assert hands.next_action(state).do is Do.POSITION
    assert hands.next_action(state).do is Do.NONE


def test_an_open_needle_in_front_of_bone_is_never_next(hands: HumanOperator, placed: State) -> None:
    assert hands.next_act(replace(placed, phase="entry")) is Do.NONE


def test_y_changes_the_side(hands: HumanOperator, state: State) -> None:
    before = hands.next_action(state).side
    down(hands, state, pygame.K_y)
    assert hands.next_action(state).side != before


def test_fast_time_keeps_the_beam_off_and_any_act_ends_it(
    hands: HumanOperator, state: State
) -> None:
    hands.latched = True
    down(hands, state, pygame.K_PERIOD)
    assert hands.fast
    assert not hands.next_action(state).beam
    down(hands, state, pygame.K_w)
    assert not hands.fast


def test_a_wait_goes_in_steps_with_hands_off_and_any_key_ends_it(
    hands: HumanOperator, state: State
) -> None:
    down(hands, state, pygame.K_PERIOD, pygame.KMOD_SHIFT)
    assert hands.next_action(state) == Action(side=hands.side, wait_s=20.0)
    assert [hands.next_action(state).wait_s for _ in range(3)] == [20.0, 20.0, 0.0]
    hands.wait(600.0)
    down(hands, state, pygame.K_w)
    assert hands.next_action(state).wait_s == 0.0


def test_magnification_and_pulse_rate_are_asked_for_once(
    hands: HumanOperator, state: State
) -> None:
    down(hands, state, pygame.K_k)
    down(hands, state, pygame.K_p)
    action = hands.next_action(state)
    assert action.field_mm == 200.0
    assert action.pulses_per_s in hands.case.c_arm.pulse_rates
    assert hands.next_action(state).field_mm == 0.0


def test_losing_the_keyboard_lets_go_of_everything(hands: HumanOperator, state: State) -> None:
    for key in (pygame.K_SPACE, pygame.K_w, pygame.K_UP, pygame.K_5):
        down(hands, state, key)
    for key, mod in ((pygame.K_LSHIFT, pygame.KMOD_SHIFT), (pygame.K_LCTRL, pygame.KMOD_CTRL)):
        down(hands, state, key, mod)
    hands.console.drive.target = None
    hands.console.blades[0].to("width_mm", 100.0)
    hands.console.pan((10.0, 0.0, 0.0))
    hands.release()
    assert hands.next_action(state) == replace(IDLE, side=hands.side)
    assert not hands.braced
    assert not hands.control


def test_no_key_has_two_meanings() -> None:
    assert len({key.code for key in KEYS.values()}) == len(KEYS)
    assert set(BY_CODE.values()) == set(KEYS)


def test_a_key_turns_to_the_next_level(hands: HumanOperator, state: State) -> None:
    down(hands, state, KEYS["level"].code)
    assert hands.next_action(state).do is Do.NEXT_LEVEL
