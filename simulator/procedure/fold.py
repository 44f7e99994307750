"""The running account of a run: one small fold per metric, over states and events.

Nothing here decides about points. What the numbers mean is told in `simulator.procedure.metrics`,
what is a mistake in `simulator.procedure.mistakes`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from types import MappingProxyType

from simulator.frames import Side, dot, minus, norm
from simulator.procedure import (
    by_level,
    care_account,
    cement_mistakes,
    leak_account,
    mistakes,
    tamp_account,
)
from simulator.procedure.account import Account
from simulator.procedure.clocks import adequate
from simulator.units import TICKS_PER_S, seconds
from simulator.world.action import Do
from simulator.world.arm import View
from simulator.world.case import Case
from simulator.world.events import Done, Event, Exposed
from simulator.world.filling_events import CementLeaked, TampMisused
from simulator.world.shown import Contours
from simulator.world.state import State
from simulator.world.steel_events import (
    BlindAdvance,
    BodyEntered,
    BoneContact,
    Redirected,
    WallBreached,
)
from simulator.world.tally import Tally
from simulator.world.tools import Wall

_NEAR_WAY_POINT_MM = 6.0
_FLOWING_UL_S = 1.0
_BEFORE_THE_SKIN = ("brief", "checklist", "set_up", "local")
"""Pain that the patient brought along is nobody's doing."""
_CEMENT_STEP_S = 4.0 / TICKS_PER_S


def fold(case: Case, before: State, after: State, events: Sequence[Event]) -> Tally:
    """Return the tally after one step from `before` to `after` that reported `events`."""
    tally = after.tally
    account = Account(tally)
    dt = seconds(after.tick - before.tick)
    _fold_tools(case, before, after, account)
    _fold_tamps(case, before, after, account)
    _fold_cement(case, before, after, account, dt)
    if after.vitals is not before.vitals:
        if after.phase not in _BEFORE_THE_SKIN:
            account.most("pain_peak", after.vitals.pain_vas)
        account.least("map_min", after.vitals.map_mmhg)
        account.least("spo2_min", after.vitals.spo2_pct)
        care_account.follow(case, before, after, account)
    for event in events:
        handler = _ON.get(type(event))
        if handler is not None:
            handler(case, after, account, event)
    counts = tally.counts
    if events:
        more = dict(counts)
        for event in events:
            name = type(event).__name__
            more[name] = more.get(name, 0) + 1
        counts = MappingProxyType(more)
    done = tally.done
    acts = {event.act for event in events if isinstance(event, Done)}
    if not acts <= done:
        done = done | acts
    values = MappingProxyType({**tally.values, **account.new}) if account.new else tally.values
    changed = replace(tally, values=values, counts=counts, done=done)
    findings = mistakes.found(case, before, replace(after, tally=changed), events, dt)
    if findings:
        findings = by_level.named(case, findings)
        return replace(changed, findings=changed.findings + findings)
    if values is tally.values and counts is tally.counts and done is tally.done:
        return tally
    return changed


def _fold_tools(case: Case, before: State, after: State, account: Account) -> None:
    for side, tool in zip(Side, after.cannulas, strict=True):
        if tool is None or tool is before.cannulas[side]:
            continue
        account.most("needle_force_peak_n", tool.force_n)
        if tool.bone_mm > 0.0:
            account.most("blind_max_mm", max(tool.blind_medial_mm, tool.blind_depth_mm))
            account.most("medial_breach_mm", tool.canal_breach_mm)
        if tool.was_in_bone:
            account.most("breach_mm", max(tool.breach_mm, tool.canal_breach_mm))
        if tool.past_wall_mm > 0.0 and tool.bone_mm > 5.0:
            account.least("anterior_clearance_mm", 0.0 if tool.breach_mm > 0 else tool.ahead_mm)
            plan = case.plans[side]
            account.put(f"tip_error_{side}", norm(minus(tool.channel_end_mm, plan.target_mm)))
            marks = case.patient.target.landmarks
            off = dot(minus(tool.channel_end_mm, marks.centre_mm), marks.axes[0])
            account.put(f"midline_{side}", abs(off))


def _fold_tamps(case: Case, before: State, after: State, account: Account) -> None:
    tamp_account.fold(case, before, after, account)
    if after.body is not before.body:
        account.most("gain_peak_mm", case.patient.anterior_gain_mm(after.body.lift))
        account.most("wall_moved_mm", after.body.lift.wall_mm)


def _fold_cement(case: Case, before: State, after: State, account: Account, dt: float) -> None:
    cement = after.cement
    if cement is before.cement:
        return
    account.most("syringe_kpa", cement.syringe_kpa)
    account.most("bone_kpa", cement.tip_kpa)
    if cement.flow_ul_s > _FLOWING_UL_S:
        # The cement's step covers several ticks, of which only the last one changes the state.
        dt = max(dt, _CEMENT_STEP_S)
        account.add("flowing_s", dt)
        if _lateral_is_live(case, after):
            account.add("watched_s", dt)
    if cement.started_tick is not None and before.cement.started_tick is None:
        held = tamp_account.held_other(case, after)
        if held is not None:
            account.put("tamp_held", float(held))
    age_s = cement_mistakes.youngest_given_s(cement, after.tick)
    if age_s is not None:
        account.once("age_at_start_s", age_s)
    account.most("unseen_ml", cement.injected_ml - account.get("ml_at_lateral"))
    leak_account.given(after, account)
    if cement.thumb_n <= 0.0 and "leak_seen_s" in account.old:
        account.once("leak_reacted_s", seconds(after.tick))


def _lateral_is_live(case: Case, state: State) -> bool:
    """Whether an adequate lateral is on a monitor and its plane's pedal is down.

    With two planes the last pulse may be the other one's; a picture lasts for one period.
    """
    arm = state.c_arm
    shots = (arm.last, arm.last_lateral if arm.second is not None else None)
    period = TICKS_PER_S / arm.pulses_per_s
    return any(
        shot is not None
        and arm.through(shot.plane).beam
        and (shot is arm.last or state.tick - shot.tick <= period)
        and adequate(case, shot, View.LATERAL)
        for shot in shots
    )


def _on_exposed(case: Case, state: State, account: Account, event: Event) -> None:
    assert isinstance(event, Exposed)
    shot = event.shot
    account.add("pulses_rate_sum", state.c_arm.pulses_per_s)
    leak_account.shown(state, account, event.shown.leaks)
    if any(adequate(case, shot, view) for view in (View.AP, View.LATERAL)):
        tamp_account.seen(state, account)
    if adequate(case, shot, View.LATERAL):
        account.put("ml_at_lateral", state.cement.injected_ml)
    side = state.side
    tool = state.cannulas[side]
    if state.cannulas == (None, None) and "place_needle" not in state.tally.done:
        if adequate(case, shot, View.AP):
            account.put("ap_before", 1.0)
        elif adequate(case, shot, View.LATERAL):
            account.put("lateral_before", 1.0)
    if tool is None or tool.bone_mm <= 0.0:
        return
    if shot.view in (View.AP, View.LATERAL):
        account.add(f"view_{shot.view}_deg_sum", shot.error_deg)
        account.add(f"view_{shot.view}_n", 1.0)
    if shot.tip_in_field[side] and shot.view in (View.AP, View.LATERAL):
        for point in _way_points(case, state, side):
            account.put(f"seen_{point}_{shot.view}_{side}", 1.0)
            _fold_contours(account, event.shown.contours, f"{point}_{shot.view}_{side}")


def _fold_contours(account: Account, found: Contours, place: str) -> None:
    """Keep the truest picture of each way-point: the one that the next step relies on."""
    for name, value in (
        ("spinous_off", found.spinous_mm),
        ("endplate_double", found.endplate_mm),
        ("wall_double", found.wall_mm),
        ("pedicles_apart", found.pedicles_mm),
    ):
        if value is not None:
            account.least(f"{name}_{place}", abs(value))


def _way_points(case: Case, state: State, side: Side) -> Iterator[str]:
    """Name the way-points that the tip is at: entry, pedicle, wall, target; beside a pedicle
    entry and wall lie together.
    """
    tool = state.cannulas[side]
    if tool is None:
        return
    plan = case.plans[side]
    tip = tool.tip_mm
    wall = abs(tool.past_wall_mm)
    if norm(minus(tip, plan.target_mm)) < _NEAR_WAY_POINT_MM:
        yield "target"
    near_wall = wall < _NEAR_WAY_POINT_MM / 2.0
    near_entry = norm(minus(tip, plan.entry_mm)) < _NEAR_WAY_POINT_MM
    if near_wall:
        yield "wall"
    if near_entry:
        yield "entry"
    if not near_wall and not near_entry and tool.past_wall_mm < 0.0:
        yield "pedicle"


def _on_contact(case: Case, state: State, account: Account, event: Event) -> None:
    assert isinstance(event, BoneContact)
    account.put(f"entry_error_{event.side}", event.entry_error_mm)
    account.put("bone_entered", 1.0)
    given = state.vitals.local_ticks[event.side]
    onset = case.physics["physiology"]["lidocaine_onset_s"]
    numb = given is not None and seconds(state.tick - given) >= onset
    # Of two sides the worse one counts; a second contact on one side is no second chance.
    account.once(f"local_before_bone_{event.side}", float(numb))
    account.least("local_before_bone", account.get(f"local_before_bone_{event.side}"))


def _on_body(case: Case, state: State, account: Account, event: Event) -> None:
    assert isinstance(event, BodyEntered)
    tool = state.cannulas[event.side]
    if tool is None:
        return
    account.put("body_entered", 1.0)
    cosine = max(-1.0, min(1.0, dot(tool.direction, case.plans[event.side].direction)))
    account.put(f"trajectory_cos_{event.side}", cosine)


def _on_blind(case: Case, state: State, account: Account, event: Event) -> None:
    assert isinstance(event, BlindAdvance)
    account.add("blind_mm", event.advance_mm)


def _on_leak(case: Case, state: State, account: Account, event: Event) -> None:
    assert isinstance(event, CementLeaked)
    leak_account.leaked(state, account, event)


def _on_redirect(case: Case, state: State, account: Account, event: Event) -> None:
    account.add("redirections", 1.0)


def _on_misuse(case: Case, state: State, account: Account, event: Event) -> None:
    account.add("tamp_misuses", 1.0)


def _on_breach(case: Case, state: State, account: Account, event: Event) -> None:
    assert isinstance(event, WallBreached)
    account.most(f"breach_{event.wall}".replace(" ", "_"), event.depth_mm)
    if event.wall is Wall.MEDIAL:
        account.most("medial_breach_mm", event.depth_mm)


def _on_done(case: Case, state: State, account: Account, event: Event) -> None:
    assert isinstance(event, Done)
    account.once(f"done_{event.act}_s", seconds(state.tick))
    care_account.answer(case, state, account, event.act)
    if event.act == Do.LOAD:
        leak_account.look_due(state, account)
    if event.act == Do.DRESS:
        account.once("dressed_s", seconds(state.tick))


_ON: dict[type, Callable[[Case, State, Account, Event], None]] = {
    Exposed: _on_exposed,
    BoneContact: _on_contact,
    BodyEntered: _on_body,
    BlindAdvance: _on_blind,
    CementLeaked: _on_leak,
    Redirected: _on_redirect,
    TampMisused: _on_misuse,
    WallBreached: _on_breach,
    Done: _on_done,
}
