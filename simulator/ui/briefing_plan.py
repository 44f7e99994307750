"""The third column of the briefing: to treat or not, and how."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pygame

from simulator.frames import Side
from simulator.ui.briefing_desk import DECLINE, Desk, Question
from simulator.ui.hots import Act
from simulator.ui.kit import Kit, Row
from simulator.ui.scene import number
from simulator.world.case import Case, Procedure

Pick = Callable[[str, Any], None]

_JUDGED = (
    "Safety first: a wall broken or cement in the canal fails the run. Look before each critical "
    "depth. Fewer images alone earn nothing."
)
_DECLINED = (
    "A patient who should not be treated today, and is not, is a case passed. To turn a patient "
    "away without a reason, or for the wrong one, is not."
)
_OPEN = ("The decision is yours", "Notes, laboratory and films say whether to treat, and how.")
_BESIDE = {
    "T": "Between pedicle and rib head: pleura, segmental vessels and the root lie close.",
    "L": "Outside the pedicle: exiting root, segmental vessels and bowel lie close.",
}


def _side_of(case: Case, level: str, side: Side) -> str:
    """Name a pedicle, with its level where there are several."""
    word = side.name.lower()
    return f"{level} {word}" if case.levels else word.capitalize()


def advice(case: Case, desk: Desk) -> tuple[str, str, str]:
    """Return level, headline and words of what a colleague would point out about the picks."""
    picks = desk.picks
    if picks.approach == "extrapedicular":
        return "", "Beside the pedicle", _BESIDE[case.patient.target.level[0]]
    if picks.approach is None or picks.sides is None or picks.procedure is None:
        return "", *_OPEN
    lifts = picks.procedure == Procedure.KYPHOPLASTY
    steel = case.working_cannula if lifts else desk.needle
    if steel is None:
        return "", *_OPEN
    sides = [Side[name.upper()] for name in picks.sides]
    levels = [level.patient.target for level in case.levels] or [case.patient.target]
    wide_mm, name = min(
        (target.landmarks.pedicles[side].width_mm, _side_of(case, target.level, side))
        for target in levels
        for side in sides
    )
    spare_mm = (wide_mm - steel.outer_mm) / 2.0
    what = "working cannula" if lifts else "needle"
    words = f"{name} pedicle {wide_mm:.1f} mm, {steel.name} {what} {steel.outer_mm:.1f} mm. "
    if spare_mm <= 0.0:
        return "warn", f"{steel.name} is wider than the pedicle", words + "A wall will break."
    least_mm = case.physics["selection"]["lift_clear_mm"]
    if lifts and spare_mm < least_mm:
        words += "It is turned and pushed twice: consider a needle alone."
        return "warn", f"{number(spare_mm, 1)} mm of bone on each side", words
    return (
        "",
        f"{number(spare_mm, 1)} mm of bone on each side",
        words + "Room enough in the middle.",
    )


def draw(kit: Kit, rect: Any, desk: Desk, pick: Pick) -> None:
    """Draw the column."""
    c = kit.canvas
    asked, open_ = len(desk.questions()), len(desk.missing())
    kit.pane(rect, "Your plan", f"{asked - open_} of {asked} chosen")
    x, wide = rect.x + c.px(1.4), rect.w - c.px(2.8)
    y: float = rect.y + c.px(4.7)
    for question in desk.questions():
        if question.key == "reason":
            y = _reasons(kit, desk, question, pick, pygame.Rect(x, round(y), wide, 0))
        else:
            y = _row(kit, desk, question, pick, pygame.Rect(x, round(y), wide, 0))
    declines = desk.picks.decision == DECLINE
    bottom = _judged(kit, rect, _DECLINED if declines else _JUDGED)
    if desk.guided and not declines:
        bottom = _advice(kit, (x, bottom - c.px(1.2)), wide, desk)
    if not declines:
        _trolley(kit, desk, (x, y + c.px(0.4)), x + wide, bottom)


def _head(kit: Kit, desk: Desk, question: Question, at: tuple[float, float], right: float) -> None:
    """Write what is asked, and beside it what is missing or what the author suggests."""
    c, col = kit.canvas, kit.colour
    c.text(question.title, at, "sm", "semi")
    picked = getattr(desk.picks, question.key)
    if picked is None:
        w = c.text("Choose one", (right, at[1]), "xs", "sc", col.warn, "r")
        kit.mark("warn", (right - w - c.px(1.3), at[1]), 1.4)
        return
    book = getattr(desk.suggested, question.key)
    if book is None:
        return
    words = "As suggested" if book == picked else f"Suggested: {question.label(book)}"
    w = c.text(words, (right, at[1]), "xs", "sc", col.low, "r")
    c.icon("bulb", (right - w - c.px(1.2), at[1]), 1.4, col.acc, col.pane)


def _row(kit: Kit, desk: Desk, question: Question, pick: Pick, place: Any) -> float:
    """Draw one question with its answers side by side; return where the next one stands."""
    c = kit.canvas
    _head(kit, desk, question, (place.x, place.y), place.right)
    tall = any(option.below for option in question.options)
    box = pygame.Rect(place.x, place.y + c.px(1.5), place.w, c.px(4.3 if tall else 3.0))
    picked = getattr(desk.picks, question.key)
    values = [option.value for option in question.options]
    rows = [Row(o.label, o.below, not o.why_not) for o in question.options]
    acts: list[Act] = [partial(pick, question.key, value) for value in values]
    at = values.index(picked) if picked in values else -1
    kit.choices(f"pick.{question.key}", box, rows, at, acts)
    for hot, option in zip(kit.hots.items[-len(rows) :], question.options, strict=True):
        if option.why_not:
            kit.tip(hot.name, hot.rect, option.why_not)
    return float(box.bottom + c.px(1.7))


def _reasons(kit: Kit, desk: Desk, question: Question, pick: Pick, place: Any) -> float:
    """Draw the reasons not to treat, one below the other, each with what it means."""
    c, col = kit.canvas, kit.colour
    _head(kit, desk, question, (place.x, place.y), place.right)
    y = place.y + c.px(1.8)
    for i, option in enumerate(question.options):
        box = pygame.Rect(place.x, y, place.w, c.px(6.0))
        on = option.value == desk.picks.reason
        name = f"pick.reason.{i}"
        kit.button(name, box, "", act=partial(pick, "reason", option.value), kind="on" * on)
        x = box.x + c.px(1.4)
        c.text(option.label, (x, box.y + c.px(1.95)), "sm", "semi" if on else "medium")
        words = c.fitted(option.below, box.w - c.px(5.0), "xs", "sc")
        c.text(words, (x, box.y + c.px(4.25)), "xs", "sc", col.mid)
        if on:
            c.icon("tick", (box.right - c.px(1.8), box.centery), 1.6, col.hi, col.accd)
        y = box.bottom + c.px(0.7)
    return float(y)


def _trolley(kit: Kit, desk: Desk, at: tuple[float, float], right: float, bottom: float) -> None:
    """Write what else lies ready, as far as there is room."""
    c, case = kit.canvas, desk.case
    x, y = at
    spec = desk.cement
    rows = []
    if spec is not None:
        words = f"{number(spec.batch_ml)} mL, set at {number(spec.set_s / 60)} min"
        rows.append(("Cement", words))
    if desk.picks.procedure != Procedure.VERTEBROPLASTY:
        tube = case.working_cannula
        rows.insert(0, ("Working cannula", f"{tube.name}, {number(tube.length_mm)} mm"))
    if y + c.px(3.9) > bottom or not rows:
        return
    c.text("On the trolley", (x, y), "sm", "semi")
    y += c.px(2.7)
    for label, value in rows:
        if y + c.px(1.2) > bottom:
            break
        kit.pair(label, c.fitted(value, right - x - c.px(16)), x, right, y)
        y += c.px(2.55)


def _judged(kit: Kit, rect: Any, text: str) -> float:
    """Draw at the foot of the column how the case is judged; return its upper edge."""
    c, col = kit.canvas, kit.colour
    x, wide = rect.x + c.px(1.4), rect.w - c.px(2.8)
    tall = c.px(2.6) + len(c.wrapped(text, wide)) * c.leading("sm")
    y = rect.bottom - c.px(0.4) - tall
    c.rule(x, y - c.px(1.9), wide)
    c.text("How it is judged", (x, y), "sm", "semi")
    c.paragraph(text, (x, y + c.px(2.6)), wide, colour=col.mid)
    return float(y - c.px(1.9))


def _advice(kit: Kit, at: tuple[float, float], wide: float, desk: Desk) -> float:
    """Draw what a colleague would point out, its lower left corner at `at`."""
    c, col = kit.canvas, kit.colour
    level, head, words = advice(desk.case, desk)
    ink, ground = kit.level(level) if level else (col.acc, col.accd)
    lines = c.wrapped(words, wide - c.px(3))
    tall = c.px(4.0) + len(lines) * c.leading("sm")
    box = pygame.Rect(round(at[0]), round(at[1]) - tall, round(wide), tall)
    c.box(box, ground, ink)
    c.fill((box.x, box.y + 2, c.px(0.45), box.h - 4), ink)
    icon = "triangle" if level else "bulb"
    c.icon(icon, (box.x + c.px(2.2), box.y + c.px(2.0)), 1.7, ink, ground)
    c.text(head, (box.x + c.px(3.9), box.y + c.px(2.0)), "sm", "semi")
    c.paragraph(words, (box.x + c.px(1.7), box.y + c.px(4.5)), box.w - c.px(3), colour=col.hi)
    return float(box.y)
