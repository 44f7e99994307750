"""What counts as a mistake, and the words in which the debrief tells it.

Each finding says what happened, what the picture showed or hid, and what to do instead.
Sentinel findings fail the run; it goes on, to be learnt from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from simulator.frames import Side
from simulator.procedure import breaches, by_level, care_mistakes, cement_mistakes
from simulator.procedure.leak_account import all_leaked_ml, behind_ml
from simulator.units import PSI_PER_MPA, seconds
from simulator.world import bearings
from simulator.world.case import Case
from simulator.world.cement import Route
from simulator.world.events import Done, Event
from simulator.world.filling_events import CementLeaked, TampBreached, TampMisused, WallPushed
from simulator.world.state import State
from simulator.world.steel_events import BlindAdvance, BoneContact
from simulator.world.tally import Finding

_IGNORED_S = 3.0
_LARGE_STEP_ML = 1.0
_CAUTION_PSI = 300.0
_WALL_PUSHED_MM = 2.0
"""A fragment of the posterior wall that has moved so far (reference, error 7)."""
_UNEVEN_ML = 1.0
_LEAK_TOLD_ML = 0.1
_MORE_BEHIND_ML = 0.1
"""So much more behind the wall after it was seen, and it was ignored, paused or not."""
_MORE_LEAKED_ML = 0.3
"""The same for leaks elsewhere."""
_FLOODED_ML = 1.0
"""So much more by any route after it was seen is no unlucky leak any more (design)."""
LEFT_BY: Mapping[Route, str] = MappingProxyType(
    {
        Route.BASIVERTEBRAL: "the basivertebral vein",
        Route.SEGMENTAL: "a segmental vein",
        Route.CORTICAL: "a cortical crack",
        Route.DISC: "the disc",
        Route.CANAL: "the spinal canal",
        Route.FORAMEN: "the foramen",
        Route.TRACT: "the needle tract",
    }
)
"""The ways out of the body, as they are told."""


def found(
    case: Case, before: State, after: State, events: Sequence[Event], dt_s: float
) -> tuple[Finding, ...]:
    """Return the new findings of this step; the same mistake is told once."""
    new: list[Finding] = []
    for event in events:
        finding = _of_event(case, after, event)
        if finding is not None:
            new.append(finding)
        new.extend(care_mistakes.of_event(case, after, event))
        if isinstance(event, Done):
            new.extend(by_level.left_out(case, after, event.act))
    new.extend(_of_state(case, before, after))
    if not new:
        return ()
    known = {finding.id for finding in after.tally.findings}
    out: list[Finding] = []
    for finding in new:
        if finding.id not in known:
            known.add(finding.id)
            out.append(finding)
    return tuple(out)


def _of_event(case: Case, state: State, event: Event) -> Finding | None:
    tick = state.tick
    finding = breaches.finding(case, tick, event) or cement_mistakes.of_event(tick, event)
    if finding is not None:
        return finding
    match event:
        case BlindAdvance():
            view = "AP" if event.plane == "medial" else "lateral"
            if event.moved:
                return Finding(
                    "blind_advance", "sentinel", tick,
                    f"{event.advance_mm:.1f} mm deeper after the patient moved, with no {view}.",
                    "The picture on the monitor was of the place before.",
                    "Hands off when the patient moves; then look in both planes.", 6.0,
                )  # fmt: skip
            return Finding(
                "blind_advance", "sentinel", tick,
                f"{event.advance_mm:.1f} mm deeper with no {view}.",
                "The picture on the monitor was older than the needle's place.",
                f"Look in the {view} at least every {event.limit_mm:.0f} mm here.", 6.0,
            )  # fmt: skip
        case TampMisused():
            return Finding(
                "tamp_misuse", "sentinel", tick, f"Tamp misused: {event.reason}.",
                "Manometer and markers showed it.",
                "Stop at the first endpoint; markers out of the cannula before inflating.", 7.0,
            )  # fmt: skip
        case WallPushed():
            return _wall_pushed(tick, event)
        case TampBreached():
            return Finding(
                "tamp_breach", "major", tick, f"The tamp broke through the {event.wall}.",
                "The balloon touched it before, and the pressure fell all at once.",
                "Stop at contact; expect cement there, and give it late and slowly.", 5.0,
            )  # fmt: skip
        case CementLeaked():
            return _leak(state, event)
        case BoneContact():
            return _early_bone(case, state)
        case Done():
            return _wrong_level(case, state, event) or _too_soon(case, state, event)
    return None


def _wall_pushed(tick: int, event: WallPushed) -> Finding | None:
    """A fragment has moved by an amount that a lateral shows, and the inflator turns on."""
    if event.moved_mm < _WALL_PUSHED_MM or not event.inflating:
        return None
    return Finding(
        "posterior_wall_pushed", "sentinel", tick,
        f"The tamp pushed the posterior wall {event.moved_mm:.1f} mm into the canal.",
        "The lateral showed the fragment move.",
        "Deflate at once, ask for the feet; place the tamp further forward or leave it.", 9.0,
    )  # fmt: skip


def _leak(state: State, event: CementLeaked) -> Finding | None:
    """A leak is told from a volume on that matters; what was done about it weighs more."""
    if event.volume_ml < _LEAK_TOLD_ML:
        return None
    place = LEFT_BY[event.route]
    seen = "No view asked for could show it yet."
    if f"shown_{event.route}" in state.tally.values:
        seen = "A picture that was taken showed it."
    elif event.visible:
        seen = "A true lateral would have shown it; no picture taken so far did."
    elif event.visible_ap:
        seen = "The lateral does not show it yet; an AP would."
    return Finding(
        f"leak_{event.route}", "minor", state.tick, f"Cement ran into {place}.", seen,
        "Unload, wait 60 s, look in both planes, then decide.", 2.0,
    )  # fmt: skip


def _early_bone(case: Case, state: State) -> Finding | None:
    if state.tally.values.get("local_before_bone", 1.0) > 0.0:
        return None
    return Finding(
        "bone_not_numb", "minor", state.tick, "Bone touched before the periosteum was numb.",
        "The patient said so.", "Give the local anaesthetic two minutes.", 1.0,
    )  # fmt: skip


def _wrong_level(case: Case, state: State, event: Done) -> Finding | None:
    """Going on (tamp or cement) with a tool in another vertebra."""
    if event.act not in ("tamp_in", "load"):
        return None
    tool = state.cannulas[event.side]
    if tool is None or tool.dock_mm is None:
        return None
    target = case.patient.target
    level = bearings.vertebra_at(case.patient, tool.front_mm).level
    if level == target.level:
        return None
    return Finding(
        "wrong_level", "sentinel", state.tick, f"Working in {level}, planned was {target.level}.",
        "The first films showed where the fracture is.", "Count the levels in both planes.", 10.0,
    )  # fmt: skip


def _too_soon(case: Case, state: State, event: Done) -> Finding | None:
    """Closing over soft cement."""
    if event.act != "dress":
        return None
    every = (state.cement, *(w.cement for w in state.worked if w is not None))
    ages = [cement_mistakes.youngest_given_s(cement, state.tick) for cement in every]
    if any(age_s is not None and age_s < case.cement.set_s for age_s in ages):
        return Finding(
            "dressed_soft", "major", state.tick, "Turned over before the cement was hard.",
            "The sample was still soft.", "Wait until the sample is hard.", 3.0,
        )  # fmt: skip
    return None


def _of_state(case: Case, before: State, after: State) -> list[Finding]:
    """Findings that no single event tells."""
    new: list[Finding] = []
    values = after.tally.values
    if values.get("tamp_step_max_ml", 0.0) > _LARGE_STEP_ML:
        new.append(Finding(
            "large_step", "major", after.tick, "More than 1 mL in one inflation step.",
            "The pressure had no time to fall.", "Steps of 0.25 to 0.5 mL, a picture, a pause.",
            3.0,
        ))  # fmt: skip
    for side in Side:
        tamp = after.tamps[side]
        if tamp is not None and tamp.peak_mpa * PSI_PER_MPA > _CAUTION_PSI:
            new.append(Finding(
                "high_pressure", "minor", after.tick, "Tamp pressure above 300 psi.",
                "The manometer showed it.", "Wait for the bone to give before the next step.", 1.5,
            ))  # fmt: skip
    if values.get("tamp_imbalance_ml", 0.0) > _UNEVEN_ML:
        new.append(Finding(
            "tamps_uneven", "minor", after.tick, "One tamp more than 1 mL ahead of the other.",
            "Both syringes showed it.", "Alternate the sides, a step each.", 1.0,
        ))  # fmt: skip
    if values.get("tamp_air_ml", 0.0) > 0.0:
        new.append(Finding(
            "tamp_air", "minor", after.tick, "The tamp was filled with air in it.",
            "A bubble at its top; the gauge was soft.", "Purge the tamp before it goes in.", 1.0,
        ))  # fmt: skip
    cement = after.cement
    if cement.started_tick is not None and before.cement.started_tick is None:
        new.extend(_early_cement(case, after))
    new.extend(cement_mistakes.unseen(after))
    new.extend(_ignored_leak(before, after))
    new.extend(care_mistakes.of_state(case, after))
    return new


def _early_cement(case: Case, state: State) -> list[Finding]:
    age = state.tally.values.get("age_at_start_s", 1e9)
    new = []
    if age < case.cement.wait_s:
        new.append(Finding(
            "runny_cement", "major", state.tick,
            f"Cement given {age / 60:.1f} min after mixing, still runny.",
            "The strand test would have dripped.",
            f"Wait for dough, about {case.cement.wait_s / 60:.0f} min.", 4.0,
        ))  # fmt: skip
    if state.tally.values.get("medial_breach_mm", 0.0) >= 0.5:
        new.append(Finding(
            "breached_tract", "major", state.tick, "Cement given through a breached path.",
            "The path had left the pedicle.", "Use the other side.", 5.0,
        ))  # fmt: skip
    return new


def _ignored_leak(before: State, after: State) -> list[Finding]:
    """Cement still pressed a few seconds after a leak could be seen."""
    values = after.tally.values
    if "leak_seen_s" not in values or after.cement.flow_ul_s <= 1.0:
        return []
    more_ml = all_leaked_ml(after) - values["leak_seen_ml"]
    new = [_leak_flooded(after)] if more_ml > _FLOODED_ML else []
    seen_ml = values.get("behind_seen_ml")
    if seen_ml is not None and behind_ml(after) > seen_ml + _MORE_BEHIND_ML:
        return [*new, _canal_leak_ignored(after)]
    if more_ml > _MORE_LEAKED_ML:
        return [*new, _leak_ignored(after)]
    if "leak_reacted_s" in values or seconds(after.tick) - values["leak_seen_s"] < _IGNORED_S:
        return []
    if seen_ml is not None:
        return [_canal_leak_ignored(after)]
    return [_leak_ignored(after)]


def _leak_ignored(after: State) -> Finding:
    return Finding(
        "leak_ignored", "major", after.tick, "A visible leak, and the injection went on.",
        "A true AP or lateral could show it.", "Unload, wait 60 s, look in both planes.", 4.0,
    )  # fmt: skip


def _leak_flooded(after: State) -> Finding:
    return Finding(
        "leak_flooded", "major", after.tick,
        f"{_FLOODED_ML:.0f} mL more ran out after the leak could be seen.",
        "Every lateral since then would have shown more of it.",
        "Stop for good at the second look that shows more.", 6.0,
    )  # fmt: skip


def _canal_leak_ignored(after: State) -> Finding:
    return Finding(
        "canal_leak_ignored", "sentinel", after.tick,
        "Cement behind the posterior wall, and the injection went on.",
        "The lateral showed it behind the wall.",
        "Unload at once, wait, ask for the feet, call for CT and a surgeon.", 10.0,
    )  # fmt: skip
