"""An operator in a hurry, who knows how it is done: looks where a phase begins and seldom between.

Aims like the expert and reads the same pictures, but crosses the pedicle in one stride, goes by
the marks on the shaft, waits neither for the local anaesthetic nor for the bone under the tamp,
and sends the patient home from the table. Does not read the notes, and does not listen.
"""

from __future__ import annotations

from simulator.anatomy.plan import Route
from simulator.engine.operators import by_scale, eyes, hands, levels
from simulator.engine.operators.hands import Move
from simulator.engine.sight import Observation
from simulator.frames import Side
from simulator.world.action import Action, Do
from simulator.world.case import Procedure

_PUSH_N = 110.0
_STRIDE_MM = 14.0
"""From one look to the next: entry to the posterior wall, and from there to the front."""
_TAMP_ML, _TAMP_STEP_ML, _TAMP_ML_S = 3.0, 1.0, 0.3
_TAMP_PSI = 300.0
_TRIES_S = 30.0
_THUMB_N = 60.0
_GIVEN_ML = 4.0
_TOO_LONG_S = 300.0


def treat(obs: Observation) -> Move:
    """Do the whole case."""
    obs = yield from _prepare(obs)
    obs = yield from levels.each(obs, _reach, _meet)
    obs = yield from hands.do(obs, Do.MIX, obs.sides[0])
    obs = yield from hands.wait(obs, obs.cement_spec.wait_s)
    obs = yield from levels.each(obs, _give, eyes.centre)
    obs = yield from levels.each(obs, _take_out)
    return (yield from _leave(obs))


def _prepare(obs: Observation) -> Move:
    """Look once in both planes; the antibiotic is forgotten and nothing has time to work."""
    side = obs.sides[0]
    obs = yield Action(side=side, pulses_per_s=7.5)
    for act in (Do.POSITION, Do.TIME_OUT):
        obs = yield from hands.do(obs, act, side)
    obs = yield from _look_and_numb(obs)
    return (yield from hands.do(obs, Do.SEDATE, side))


def _meet(obs: Observation) -> Move:
    """Bring a level that was just turned to into the middle of the field, and numb it."""
    obs = yield from eyes.centre(obs)
    return (yield from _look_and_numb(obs))


def _look_and_numb(obs: Observation) -> Move:
    obs = yield from eyes.look_both(obs, obs.sides[0], last="ap")
    return (yield from hands.do_sides(obs, Do.LOCAL))


def _reach(obs: Observation) -> Move:
    """Bring the tools into the level in work, and fill the tamps at once."""
    for side in obs.sides:
        obs = yield from access(obs, side)
        if obs.procedure is Procedure.KYPHOPLASTY:
            obs = yield from _make_room(obs, side)
    return obs


def access(obs: Observation, side: Side) -> Move:
    """Go to the target in strides, a lateral after each."""
    plan = obs.plans[side]
    obs = yield from hands.do(obs, Do.PLACE_NEEDLE, side)
    obs = yield from hands.aim(obs, side, plan.skin_mm, plan.direction)
    if plan.route is not Route.EXTRAPEDICULAR:
        obs = yield from hands.push_until_bone(obs, side)
        obs = yield from eyes.look_both(obs, side)
    tool = obs.tools[side]
    while not obs.over and tool is not None and tool.depth_mm < plan.length - 0.1:
        before = tool.depth_mm
        goal = min(plan.length, before + _STRIDE_MM)
        obs = yield from _stride(obs, side, goal)
        obs = yield from eyes.lateral_view(obs, side)
        obs = yield from eyes.look(obs, side)
        tool = obs.tools[side]
        if tool is not None and tool.depth_mm < before + 0.05:
            break
    return (yield from hands.do(obs, Do.STYLET_OUT, side))


def _stride(obs: Observation, side: Side, goal_mm: float) -> Move:
    """Push, with the mallet where that is not enough, without a look in between."""
    before = -1.0
    while not obs.over:
        tool = obs.tools[side]
        if tool is None or tool.depth_mm >= goal_mm - 0.1 or tool.depth_mm < before + 0.05:
            break
        before = tool.depth_mm
        obs = yield from hands.push_to(obs, side, goal_mm, _PUSH_N)
    return obs


def _make_room(obs: Observation, side: Side) -> Move:
    """Exchange by the marks; fill the tamp in large steps without a pause."""
    obs = yield from by_scale.exchange(obs, side, _PUSH_N)
    most_ml = min(_TAMP_ML, obs.tamp_spec.max_volume_ml)
    tamp = obs.tamps[side]
    while not obs.over and tamp is not None and tamp.volume_ml < most_ml - 1e-3:
        before = tamp.volume_ml
        obs = yield from hands.turn_inflator(
            obs, side, min(most_ml, before + _TAMP_STEP_ML), _TAMP_ML_S,
            seconds=_TRIES_S, most_psi=_TAMP_PSI,
        )  # fmt: skip
        obs = yield from eyes.look(obs, side, 2.5)
        tamp = obs.tamps[side]
        if tamp is None or tamp.pressure_psi > _TAMP_PSI or tamp.volume_ml < before + 0.05:
            break
    return (yield from by_scale.tamp_out(obs, side, _TAMP_ML_S, seconds=_TRIES_S))


def _give(obs: Observation) -> Move:
    """Press under a live lateral until the scale shows what is wanted, or a leak is seen."""
    ml = _GIVEN_ML / len(obs.sides)
    for side in obs.sides:
        obs = yield from hands.load(obs, side)
        obs = yield from eyes.lateral_view(obs, side)
        obs = yield from by_scale.press(
            obs, side, ml, _THUMB_N, seconds=_TOO_LONG_S, beam=True, heeds_leaks=True
        )
    return obs


def _take_out(obs: Observation) -> Move:
    """Wait for the sample, because the nurse insists."""
    obs = yield from hands.until_aged(obs, obs.cement_spec.set_s)
    return (yield from hands.do_sides(obs, Do.CANNULA_OUT))


def _leave(obs: Observation) -> Move:
    """Dress, ask for the feet, and wait for nothing else."""
    side = obs.sides[0]
    obs = yield from hands.do(obs, Do.DRESS, side)
    obs = yield from hands.do(obs, Do.NEURO_CHECK, side)
    return (yield from hands.leave(obs, side))
