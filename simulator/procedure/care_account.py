"""The running account of how the patient was and whether anybody answered."""

from __future__ import annotations

from simulator.procedure.account import Account
from simulator.units import seconds
from simulator.world.action import Do
from simulator.world.case import Case
from simulator.world.state import State

NEVER = 1e12
LOW = {
    "spo2": frozenset({Do.OXYGEN, Do.REVERSE}),
    "map": frozenset({Do.FLUID, Do.PRESSOR, Do.ATROPINE, Do.LIPID}),
}
"""What answers a low value on the monitor, whatever its cause."""


def follow(case: Case, before: State, after: State, account: Account) -> None:
    """Count what the monitor shows, and every trouble that waits for an answer."""
    vitals, rules = after.vitals, case.physics["physiology"]
    low = {
        "spo2": vitals.spo2_pct < rules["low_spo2_pct"],
        "map": vitals.map_mmhg < rules["low_map_mmhg"],
    }
    for name, is_low in low.items():
        since = f"low_{name}_since_s"
        if not is_low:
            account.put(since, NEVER)
        elif account.get(since, NEVER) == NEVER:
            account.put(since, seconds(after.tick))
    limit_s = case.physics["recovery"]["answer_s"]
    for trouble in vitals.troubles:
        if trouble.shown_s <= 0.0:
            continue
        account.most(f"trouble_{trouble.kind}", trouble.level)
        if not trouble.answered and trouble.shown_s > limit_s:
            account.once(f"late_{trouble.kind}", seconds(after.tick))


def answer(case: Case, state: State, account: Account, act: str) -> None:
    """Remember when a low value was last answered: itself, or the trouble that lowers it."""
    helped = {name for name, acts in LOW.items() if act in acts}
    shown = {trouble.kind for trouble in state.vitals.troubles if trouble.shown_s > 0.0}
    for spec in case.troubles:
        if spec.kind in shown and act in spec.answers:
            effects = {"spo2": spec.spo2_pct, "map": spec.map_mmhg}
            helped |= {name for name, effect in effects.items() if effect < 0.0}
    for name in sorted(helped):
        account.put(f"helped_{name}_s", seconds(state.tick))
