"""The drugs pane and the plan pane."""

from __future__ import annotations

from typing import Any

import pygame

from simulator.ui.keys import cap
from simulator.ui.kit import Kit
from simulator.ui.plan_words import plan_rows
from simulator.ui.scene import Scene, ago, clock_s, number
from simulator.ui.tool_parts import Deed, act_button, exchange, other_side, row
from simulator.units import TICKS_PER_S
from simulator.world.action import Do
from simulator.world.case import Case

_GROUPS: tuple[tuple[str, tuple[Do, ...]], ...] = (
    ("", (Do.POSITION, Do.ANTIBIOTIC, Do.TIME_OUT)),
    ("Comfort", (Do.LOCAL, Do.SEDATE, Do.TALK)),
    ("Trouble", (Do.OXYGEN, Do.FLUID, Do.ATROPINE, Do.PRESSOR, Do.REVERSE, Do.LIPID)),
    ("After", (Do.DRESS, Do.NEURO_CHECK, Do.ORDERS, Do.DISCHARGE)),
    ("Not to treat, because", (
        Do.DECLINE_BLEEDING, Do.DECLINE_INFECTION, Do.DECLINE_ALLERGY, Do.DECLINE_NEUROLOGY,
        Do.DECLINE_UNSTABLE, Do.DECLINE_NO_INDICATION,
    )),
)  # fmt: skip
_IN_A_ROW = 3
"""Four acts still share a row."""


def draw_drugs(kit: Kit, rect: Any, scene: Scene) -> None:
    """Draw the drugs pane."""
    c = kit.canvas
    kit.pane(rect, "Drugs and care")
    left, right = rect.x + c.px(1.45), rect.right - c.px(1.45)
    y = rect.y + c.px(4.2)
    y = _acts(kit, scene, left, right, y - c.px(0.6))
    c.rule(left, y + c.px(0.6), right - left)
    _given(kit, rect, scene, y + c.px(2.6))
    _waits(kit, rect, scene)


def _acts(kit: Kit, scene: Scene, left: float, right: float, y: float) -> float:
    """Draw every act in its group; return where the next thing may stand."""
    c = kit.canvas
    gap = c.px(0.6)
    for title, own in _GROUPS:
        turns = (Do.NEXT_LEVEL,) if scene.case.levels and not title else ()
        acts = own + turns
        in_a_row = _IN_A_ROW + (len(acts) == _IN_A_ROW + 1)
        wide = (right - left - (in_a_row - 1) * gap) // in_a_row
        if title:
            kit.section(title, (left, y))
            y += c.px(1.3)
        for n, act in enumerate(acts):
            column, line = n % in_a_row, n // in_a_row
            at = (round(left + column * (wide + gap)), round(y + line * c.px(3.3)))
            box = pygame.Rect(*at, wide, c.px(3.0))
            key = cap("next") if scene.operator.next_act(scene.state) is act else ""
            key = key or (cap("level") if act is Do.NEXT_LEVEL else "")
            act_button(kit, scene, box, act, key)
            if act.value in scene.state.tally.done and act is not Do.NEXT_LEVEL:
                kit.mark("ok", (box.right - c.px(1.2), box.centery))
        y += c.px(3.3) * -(-len(acts) // in_a_row) + c.px(1.5)
    return y - c.px(1.2)


def _given(kit: Kit, rect: Any, scene: Scene, y: float) -> None:
    c, col = kit.canvas, kit.colour
    v = scene.state.vitals
    left, right = rect.x + c.px(1.45), rect.right - c.px(1.45)
    kit.section("Given", (left, y))
    most = scene.case.lidocaine_limit_mg
    y += c.px(3.0)
    c.text("Lidocaine", (left, y), "sm", "medium", col.low)
    c.text(
        f"{number(v.lidocaine_mg)} of {number(most)} mg", (right, y), "sm", "medium", col.hi, "r"
    )
    meter = pygame.Rect(left + c.px(10.5), round(y - c.px(0.6)), c.px(24.0), c.px(1.2))
    kit.meter(meter, v.lidocaine_mg / (most * 1.1), limit_at=1 / 1.1)
    flat = ("Flat since the dressing", clock_s(v.supine_s))
    rows = (
        ("Midazolam, fentanyl", f"{number(v.midazolam_mg, 1)} mg, {number(v.fentanyl_ug)} µg"),
        flat if v.supine_s > 0.0 else ("Local works since", _since(scene)),
    )
    for label, value in rows:
        y += c.px(2.7)
        kit.pair(label, value, left, right, y)


def _since(scene: Scene) -> str:
    tick = scene.state.vitals.local_ticks[scene.operator.side]
    return "not given" if tick is None else ago((scene.state.tick - tick) / TICKS_PER_S)


def _waits(kit: Kit, rect: Any, scene: Scene) -> None:
    c = kit.canvas
    left, right = rect.x + c.px(1.45), rect.right - c.px(1.45)
    y = rect.bottom - c.px(5.0)
    kit.section("Wait, hands off", (left, y - c.px(1.8)))
    spans = (("1 min", 60.0), ("5 min", 300.0), ("20 min", 1200.0), ("1 hour", 3600.0))
    gap = c.px(0.67)
    wide = (right - left - 3 * gap) // 4
    for i, (label, span) in enumerate(spans):
        box = pygame.Rect(left + i * (wide + gap), y, wide, c.px(3.4))

        def act(span: float = span) -> None:
            scene.operator.wait(span)

        kit.button(f"wait.{i}", box, label, "Shift ." if i == 0 else "", act)


def acts_care(kit: Kit, rect: Any, scene: Scene) -> None:
    """Draw the row of acts of both panes."""
    op = scene.operator

    def fast() -> None:
        op.fast = not op.fast

    quick = Deed("faster", "Time 8×", cap("faster"), fast, on=op.fast)
    row(kit, rect, [exchange(scene), quick, other_side(scene)])


def _sites(case: Case) -> str:
    """Name the level in work, and what else is to be treated."""
    here = case.patient.target.level
    others = [name for name in case.level_names if name != here]
    return f"{here}, then {' and '.join(others)}" if others else here


def draw_plan(kit: Kit, rect: Any, scene: Scene) -> None:
    """Draw what the briefing said."""
    c, col = kit.canvas, kit.colour
    kit.pane(rect, "Plan")
    left, right = rect.x + c.px(1.45), rect.right - c.px(1.45)
    wide = right - left
    case = scene.case
    y = rect.y + c.px(5.0)
    c.text(
        f"{case.procedure.value.capitalize()} of {_sites(case)}",
        (left, y),
        "md",
        "semi",
    )
    y += c.px(3.6)
    for label, value in plan_rows(case):
        c.text(label, (left, y), "sm", "medium", col.low)
        c.text(c.fitted(value, wide - c.px(14.0)), (right, y), "sm", "medium", col.hi, "r")
        y += c.px(2.6)
    c.rule(left, y, wide)
    y += c.px(2.2)
    kit.section("Imaging", (left, y))
    y = c.paragraph(case.notes.imaging, (left, y + c.px(2.7)), wide, lines=7) + c.px(0.4)
    c.rule(left, y, wide)
    y += c.px(2.2)
    kit.section("This case teaches", (left, y))
    for goal in case.notes.objectives[:4]:
        y += c.px(2.6)
        c.disc((left + c.px(0.5), y), c.theme.u * 0.22, col.acc)
        y = c.paragraph(goal, (left + c.px(1.8), y), wide - c.px(1.8), lines=2) - c.leading("sm")
