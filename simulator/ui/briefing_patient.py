"""The first column of the briefing: who lies there, history, examination, laboratory."""

from __future__ import annotations

from typing import Any

from simulator.ui.kit import Kit
from simulator.world.case import Case

_NEUROLOGY = {"normal": "Intact", "root": "Radicular deficit", "cord": "Cord compression"}
_ALLERGY = {
    "cement": "bone cement",
    "contrast": "contrast medium",
    "cephalosporin": "cephalosporin",
}

Finding = tuple[str, str, str]
"""Label, value, and how a colleague would mark it: "ok", "warn" or nothing."""


def findings(case: Case) -> tuple[Finding, ...]:
    """Return examination and laboratory, as far as the decision rests on them."""
    known, rules = case.clinical, case.physics["selection"]
    level = case.site

    def mark(fine: bool) -> str:  # noqa: FBT001
        return "ok" if fine else "warn"

    allergies = ", ".join(_ALLERGY[name] for name in known.allergies).capitalize()
    return (
        ("Pain", f"{case.notes.pain_vas:.0f} of 10", ""),
        ("Tenderness", f"Over {level}" if known.tender else f"Not at {level}", mark(known.tender)),
        ("Neurology", _NEUROLOGY[known.neurology], mark(known.neurology == "normal")),
        ("INR", f"{known.inr:.1f}", mark(known.inr <= rules["most_inr"])),
        (
            "Platelets",
            f"{known.platelets_g_l:.0f} ×10⁹/L",
            mark(known.platelets_g_l >= rules["least_platelets_g_l"]),
        ),
        ("Allergies", allergies or "None known", mark(not known.allergies)),
        ("Bone density", f"{case.patient.bone_density_mg_cm3:.0f} mg/cm³", ""),
    )


def draw(kit: Kit, rect: Any, case: Case, *, guided: bool) -> None:
    """Draw the column; `guided` marks what is normal and what is not."""
    c = kit.canvas
    kit.pane(rect, "The patient")
    x, right = rect.x + c.px(1.4), rect.right - c.px(1.4)
    _who(kit, rect, case)
    y: float = rect.y + c.px(11.2)
    c.rule(x, y, right - x)
    y += c.px(2.0)
    c.text("History and examination", (x, y), "sm", "semi")
    y = c.paragraph(case.notes.history.strip(), (x, y + c.px(2.6)), right - x, lines=12)
    c.rule(x, y, right - x)
    y += c.px(2.0)
    for label, value, mark in findings(case):
        room = c.px(2.3) if guided else 0
        kit.pair(label, c.fitted(value, right - x - room - c.px(12)), x, right - room, y)
        if guided and mark:
            kit.mark(mark, (right - c.px(0.8), y), 1.3)
        y += c.px(2.5)
    c.rule(x, y - c.px(0.4), right - x)
    y += c.px(1.7)
    _goals(kit, case, (x, y), right - x, rect.bottom - c.px(0.6))


def _who(kit: Kit, rect: Any, case: Case) -> None:
    c, col = kit.canvas, kit.colour
    notes, x = case.notes, rect.x + c.px(1.4)
    c.disc((x + c.px(2.9), rect.y + c.px(7)), c.px(2.7), col.raised)
    c.icon("person", (x + c.px(2.9), rect.y + c.px(7)), 3.8, col.exp, col.raised)
    who = "Woman" if notes.sex == "female" else "Man"
    c.text(f"{who}, {notes.age_years}", (x + c.px(7.2), rect.y + c.px(5.9)), "lg", "semi")
    age = f"{case.patient.fracture_age_weeks:.0f} weeks old"
    words = f"{notes.weight_kg:.0f} kg   {case.site} fracture   {age}"
    c.text(words, (x + c.px(7.2), rect.y + c.px(8.8)), "sm", "medium", col.mid)


def _goals(kit: Kit, case: Case, at: tuple[float, float], wide: float, bottom: float) -> None:
    """Draw the aims of the case, closer set where they would not fit; whole ones only."""
    c, col = kit.canvas, kit.colour
    x, y = at
    room, aims = wide - c.px(2), case.notes.objectives
    lines = sum(len(c.wrapped(aim, room)) for aim in aims)
    fits = y + c.px(2.6) + lines * c.leading("sm") - c.px(1) <= bottom
    face = "medium" if fits else "sc"
    size = "sm" if fits else "xs"
    if not aims or y + c.px(3.6) > bottom:
        return
    c.text("This case teaches", (x, y), "sm", "semi")
    y += c.px(2.6)
    for aim in aims:
        high = len(c.wrapped(aim, room, size, face)) * c.leading(size)
        if y + high - c.px(1) > bottom:
            break
        c.disc((x + c.px(0.6), y), c.theme.u * 0.24, col.acc)
        y = c.paragraph(aim, (x + c.px(2), y), room, size, face)
