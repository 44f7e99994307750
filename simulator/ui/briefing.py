"""The briefing: who the patient is, what the films show, what is planned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pygame

from simulator.engine.start import first_state
from simulator.frames import Side
from simulator.ui import header
from simulator.ui.canvas import Canvas
from simulator.ui.chain import grey_surface
from simulator.ui.films import view_films
from simulator.ui.gauges import WAIT, clock_ring
from simulator.ui.hots import Hots
from simulator.ui.kit import Kit
from simulator.ui.overlays import Help
from simulator.ui.plan_words import plan_rows
from simulator.ui.screens import Change, Pop, Push, Replace, as_change
from simulator.ui.work import Work
from simulator.world.case import Case

_JUDGED = (
    "Safety first: a wall broken or cement in the canal fails the run. Look before each critical "
    "depth. Fewer images alone earn nothing."
)


class Briefing:
    """Three columns and a way in."""

    overlay = False
    frames_per_s = 30

    def __init__(self, case: Case, start: Callable[[Case], Any]) -> None:
        """Show `case`; `start` makes the theatre."""
        self.case = case
        self.hots = Hots()
        self._start = start
        self._films: tuple[Any, ...] = ()
        self._scaled: tuple[tuple[int, int], list[Any]] | None = None
        self._work = Work(lambda _: view_films(case, first_state(case)))

    def handle(self, event: Any) -> Change:
        """Enter starts, Esc goes back."""
        taken = self.hots.handle(event)
        if taken is not None:
            return as_change(taken.result)
        if event.type != pygame.KEYDOWN:
            return None
        if event.key in (pygame.K_RETURN, pygame.K_KP_ENTER):
            return self._enter()
        if event.key == pygame.K_ESCAPE:
            return Pop()
        return Push(Help()) if event.key in (pygame.K_F1, pygame.K_SLASH) else None

    def _enter(self) -> Change:
        return Replace(self._start(self.case))

    def update(self) -> Change:
        """Take the films when they are there."""
        if not self._films and self._work.done and self._work.result is not None:
            self._films = tuple(grey_surface(pixels) for pixels in self._work.result)
        return None

    def leave(self) -> None:
        """Nothing is held."""

    def draw(self, canvas: Canvas) -> None:
        """Draw bar, columns, footer."""
        self.hots.clear()
        kit = Kit(canvas, self.hots)
        c, col = canvas, canvas.colour
        c.surface.fill(col.bg)
        top = header.bar(kit)
        box = pygame.Rect(c.px(1.6), top.y + c.px(1.6), c.px(3.8), c.px(3.8))
        kit.button("back", box, "", "", Pop, kind="ghost", icon="back")
        x = c.px(7.2)
        room = c.px(57) - x
        title = c.fitted(self.case.notes.title, room, "md", "semi")
        x += c.text(title, (x, top.centery), "md", "semi") + c.px(1.5)
        if x < c.px(46):  # the plan says it too
            kit.chip(self.case.procedure.value.capitalize(), (x, top.centery), ground=col.card)
        header.steps(kit, top, 0)
        width = c.theme.size[0]
        bottom = c.theme.size[1] - c.px(7.3)
        high = bottom - c.px(2) - c.px(9)
        first = pygame.Rect(c.px(2), c.px(9), c.px(44), high)
        third = pygame.Rect(width - c.px(57.6), c.px(9), c.px(55.6), high)
        second = pygame.Rect(first.right + c.px(1.6), c.px(9), 0, high)
        second.w = third.x - c.px(1.6) - second.x
        self._patient(kit, first)
        self._imaging(kit, second)
        self._plan(kit, third)
        self._footer(kit, bottom)

    def _patient(self, kit: Kit, rect: Any) -> None:
        c, col = kit.canvas, kit.colour
        notes = self.case.notes
        kit.pane(rect, "The patient")
        x, right = rect.x + c.px(1.4), rect.right - c.px(1.4)
        c.disc((x + c.px(3.6), rect.y + c.px(8)), c.px(2.9), col.raised)
        c.icon("person", (x + c.px(3.6), rect.y + c.px(8)), 4.2, col.exp, col.raised)
        who = "Woman" if notes.sex == "female" else "Man"
        c.text(f"{who}, {notes.age_years}", (x + c.px(8.2), rect.y + c.px(6.9)), "lg", "semi")
        level = self.case.patient.target.level
        c.text(
            f"{notes.weight_kg:.0f} kg   {level} fracture   "
            f"{self.case.patient.fracture_age_weeks:.0f} weeks old",
            (x + c.px(8.2), rect.y + c.px(9.8)),
            "sm",
            "medium",
            col.mid,
        )
        y = rect.y + c.px(13.2)
        c.rule(x, y, right - x)
        y += c.px(2.3)
        c.text("History", (x, y), "sm", "semi")
        y = c.paragraph(notes.history.strip(), (x, y + c.px(2.7)), right - x, lines=12)
        c.rule(x, y, right - x)
        y += round(c.px(2.3))
        kit.pair("Pain before", f"{notes.pain_vas:.0f} of 10", x, right, y)
        y += c.px(2.8)
        kit.pair("Bone density", f"{self.case.patient.bone_density_mg_cm3:.0f} mg/cm³", x, right, y)
        y += c.px(2.6)
        c.rule(x, y, right - x)
        y += c.px(2.4)
        c.text("This case teaches", (x, y), "sm", "semi")
        y += c.px(2.9)
        for goal in notes.objectives:
            if y > rect.bottom - c.px(2):
                break
            c.disc((x + c.px(0.6), y), c.theme.u * 0.24, col.acc)
            y = c.paragraph(goal, (x + c.px(2), y), right - x - c.px(2), lines=2) + c.px(0.3)

    def _imaging(self, kit: Kit, rect: Any) -> None:
        c = kit.canvas
        kit.pane(rect, "Imaging", "Films on the table, before you begin")
        x, right = rect.x + c.px(1.2), rect.right - c.px(1.2)
        wide = (right - x - c.px(0.6)) // 2
        high = min(round(wide * 1.5), rect.h - c.px(28))
        y = rect.y + c.px(4.7)
        for i, name in enumerate(("AP", "Lateral")):
            box = pygame.Rect(x + i * (wide + c.px(0.6)), y, wide, high)
            self._film(kit, box, i, name)
        y += high + c.px(2.6)
        c.text("What the films and the MRI say", (x, y), "sm", "semi")
        y = c.paragraph(self.case.notes.imaging.strip(), (x, y + c.px(2.8)), right - x, lines=8)
        self._tiles(kit, rect, y + c.px(0.6))

    def _film(self, kit: Kit, box: Any, index: int, name: str) -> None:
        """Draw the middle of a film, as high as the box."""
        c, col = kit.canvas, kit.colour
        c.fill(box, col.black)
        if not self._films:
            c.text("Taking the film", box.center, "sm", "medium", col.low, "c")
            return
        if self._scaled is None or self._scaled[0] != box.size:
            parts = []
            for film_ in self._films:
                n = film_.get_width()
                cut = min(n, round(n * box.w / max(box.h, 1)))
                part = film_.subsurface(((n - cut) // 2, 0, cut, n)).convert(c.surface)
                parts.append(pygame.transform.smoothscale(part, box.size))
            self._scaled = (box.size, parts)
        c.surface.blit(self._scaled[1][index], box.topleft)
        tag = pygame.Rect(box.x, box.y, c.width(name, "xs", "mono") + c.px(2), c.px(3.0))
        c.fill(tag, col.black, 0.6)
        c.text(name, (box.x + c.px(1), box.y + c.px(1.5)), "xs", "mono", col.corner)
        for mark, dx, align in (
            (("L", "A")[index], c.px(1), "l"),
            (("R", "P")[index], -c.px(1), "r"),
        ):
            edge = box.x if align == "l" else box.right
            c.text(mark, (edge + dx, box.bottom - c.px(1.8)), "sm", "semi", col.hi, align)

    def _tiles(self, kit: Kit, rect: Any, y: float) -> None:
        c, col = kit.canvas, kit.colour
        marks = self.case.patient.target.landmarks
        a, m, p = marks.heights_mm
        side = Side(self.case.sides[0])
        word = "Left" if side is Side.LEFT else "Right"
        tiles = (
            (f"{marks.level} heights, a · m · p", f"{a:.0f} · {m:.0f} · {p:.0f} mm"),
            ("Lost at the front", f"{max(0.0, 1 - a / marks.intact_height_mm[0]) * 100:.0f} %"),
            (f"{word} pedicle", f"{marks.pedicles[side].width_mm:.1f} mm wide"),
        )
        gap = c.px(0.67)
        wide = (rect.w - c.px(2.4) - gap * 2) // 3
        high = c.px(6.2)
        y = min(y, rect.bottom - high - c.px(1.2))
        for i, (label, value) in enumerate(tiles):
            box = pygame.Rect(rect.x + c.px(1.2) + i * (wide + gap), round(y), wide, high)
            c.box(box, col.card)
            c.text(label, (box.x + c.px(1.1), box.y + c.px(1.9)), "xs", "sc", col.low)
            c.text(value, (box.x + c.px(1.1), box.y + c.px(4.4)), "body", "semi")

    def _plan(self, kit: Kit, rect: Any) -> None:
        c, col = kit.canvas, kit.colour
        case = self.case
        kit.pane(rect, "The plan")
        x, right = rect.x + c.px(1.4), rect.right - c.px(1.4)
        y = rect.y + c.px(6.2)
        c.text(
            f"{case.procedure.value.capitalize()} of {case.patient.target.level}",
            (x, y),
            "lg",
            "semi",
        )
        y += c.px(3.2)
        for label, value in plan_rows(case):
            c.rule(x, y, right - x)
            kit.pair(label, c.fitted(value, right - x - c.px(16)), x, right, y + c.px(1.9))
            y += c.px(3.8)
        c.rule(x, y, right - x)
        y += c.px(2.6)
        c.text("The cement’s clock", (x, y), "sm", "semi")
        rows = c.wrapped(_JUDGED, right - x - c.px(3))
        tall = c.px(6.2) + len(rows) * c.leading("sm")
        box = pygame.Rect(x, rect.bottom - tall - c.px(1.4), right - x, tall)
        self._cement(kit, pygame.Rect(x, round(y), right - x, round(box.y - y)))
        c.box(box, col.accd, col.acc)
        c.fill((box.x, box.y + 2, c.px(0.45), box.h - 4), col.acc)
        c.icon("bulb", (box.x + c.px(2.2), box.y + c.px(2.1)), 1.7, col.acc, col.accd)
        c.text("How it is judged", (box.x + c.px(3.9), box.y + c.px(2.1)), "sm", "semi")
        c.paragraph(
            _JUDGED, (box.x + c.px(1.7), box.y + c.px(4.8)), box.w - c.px(3), colour=col.hi, lines=3
        )

    def _cement(self, kit: Kit, rect: Any) -> None:
        """Draw the clock ring with its times in words."""
        c, col = kit.canvas, kit.colour
        spec = self.case.cement
        radius = min(c.px(8.6), (rect.h - c.px(4)) // 2)
        centre = (rect.x + radius + c.px(1), rect.y + c.px(2.4) + radius)
        stops = (spec.wait_s / 60, spec.work_until_s / 60, spec.set_s / 60)
        clock_ring(kit, centre, float(radius), None, stops)
        c.text("min", (centre[0], centre[1]), "xs", "sc", col.low, "c")
        x, y = centre[0] + radius + c.px(4), centre[1] - c.px(3.4)
        for ink, words in (
            (WAIT, f"Too runny for {spec.wait_s / 60:.0f} minutes"),
            (col.ok, f"Dough until {spec.work_until_s / 60:.0f} minutes"),
            (col.alarm, f"Stiff, and hard at {spec.set_s / 60:.0f} minutes"),
        ):
            c.box(
                pygame.Rect(round(x), round(y - c.px(0.55)), c.px(1.1), c.px(1.1)), ink, radius=0.2
            )
            c.text(words, (x + c.px(2.0), y), "sm", "medium", col.mid)
            y += c.px(3.4)

    def _footer(self, kit: Kit, y: int) -> None:
        c, col = kit.canvas, kit.colour
        width = c.theme.size[0]
        c.fill((0, y, width, c.theme.size[1] - y), col.pane)
        c.rule(0, y, width)
        mid = y + c.px(3.65)
        c.text(
            "For education only. Not a medical device, not for planning real treatment.",
            (c.px(2), mid),
            "sm",
            "medium",
            col.low,
        )
        box = pygame.Rect(width - c.px(31.4), mid - c.px(2.1), c.px(29.4), c.px(4.2))
        kit.button("start", box, "Enter theatre", "Enter", self._enter, kind="pri")
        box = pygame.Rect(box.x - c.px(22.5), mid - c.px(2.1), c.px(21), c.px(4.2))
        kit.button("cases", box, "Back to cases", "Esc", Pop, kind="ghost")
