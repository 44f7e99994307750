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

_ACTS: tuple[tuple[Do, str], ...] = (
    (Do.TIME_OUT, "Name, level, allergies, antibiotic, aloud."),
    (Do.LOCAL, "Skin, tract, periosteum of this side."),
    (Do.SEDATE, "One step. The patient must still answer."),
    (Do.DRESS, "Wounds closed, turned on the back."),
    (Do.NEURO_CHECK, "Can both feet be moved and felt?"),
    (Do.DISCHARGE, "After an hour flat, with the feet checked."),
)

_LIDOCAINE_MG_KG = 4.5
"""Greatest dose without adrenaline by the drug's label."""


def draw_drugs(kit: Kit, rect: Any, scene: Scene) -> None:
    """Draw the drugs pane."""
    c, col = kit.canvas, kit.colour
    kit.pane(rect, "Drugs and care")
    left, right = rect.x + c.px(1.45), rect.right - c.px(1.45)
    y = rect.y + c.px(4.2)
    said: set[str] = set()
    for act, words in _ACTS:
        box = pygame.Rect(left, y, c.px(14.5), c.px(3.8))
        done = act.value in scene.state.tally.done
        key = cap("next") if scene.operator.next_act(scene.state) is act else ""
        act_button(kit, scene, box, act, key)
        why = scene.why_not(act)
        told = why if why and not done and why not in said else None
        said.add(why or "")
        ink = col.warn if told else col.low if why else col.mid
        room = right - box.right - c.px(4.2)
        size = c.best_fit(told or words, room)[0]
        at = (box.right + c.px(1.4), box.centery)
        c.text(c.fitted(told or words, room, size, "sc"), at, size, "sc", ink)
        if done:
            kit.mark("ok", (right - c.px(0.8), box.centery))
        y += c.px(4.7)
    c.rule(left, y + c.px(0.6), right - left)
    _given(kit, rect, scene, y + c.px(2.6))
    _waits(kit, rect, scene)


def _given(kit: Kit, rect: Any, scene: Scene, y: float) -> None:
    c, col = kit.canvas, kit.colour
    v = scene.state.vitals
    left, right = rect.x + c.px(1.45), rect.right - c.px(1.45)
    kit.section("Given", (left, y))
    most = _LIDOCAINE_MG_KG * scene.case.notes.weight_kg
    y += c.px(3.0)
    c.text("Lidocaine", (left, y), "sm", "medium", col.low)
    c.text(
        f"{number(v.lidocaine_mg)} of {number(most)} mg", (right, y), "sm", "medium", col.hi, "r"
    )
    meter = pygame.Rect(left + c.px(10.5), round(y - c.px(0.6)), c.px(24.0), c.px(1.2))
    kit.meter(meter, v.lidocaine_mg / (most * 1.1), limit_at=1 / 1.1)
    rows = (
        ("Midazolam", f"{number(v.midazolam_mg, 1)} mg"),
        ("Fentanyl", f"{number(v.fentanyl_ug)} µg"),
        ("Local works since", _since(scene)),
        ("Flat since the dressing", clock_s(v.supine_s)),
    )
    for label, value in rows:
        y += c.px(2.7)
        kit.pair(label, value, left, right, y)


def _since(scene: Scene) -> str:
    tick = scene.state.vitals.local_tick
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


def draw_plan(kit: Kit, rect: Any, scene: Scene) -> None:
    """Draw what the briefing said."""
    c, col = kit.canvas, kit.colour
    kit.pane(rect, "Plan")
    left, right = rect.x + c.px(1.45), rect.right - c.px(1.45)
    wide = right - left
    case = scene.case
    y = rect.y + c.px(5.0)
    c.text(
        f"{case.procedure.value.capitalize()} of {case.patient.target.level}",
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
