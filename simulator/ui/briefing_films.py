"""The second column of the briefing: the films, what was read on them, what was measured."""

from __future__ import annotations

from typing import Any

import pygame

from simulator.anatomy.landmarks import Landmarks
from simulator.engine.start import first_state
from simulator.ui.chain import grey_surface
from simulator.ui.films import view_films
from simulator.ui.kit import Kit
from simulator.ui.work import Work
from simulator.world.case import Case


def _measured(marks: Landmarks) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return heights and pedicles of one level, each with its label."""
    a, m, p = marks.heights_mm
    left, right = marks.pedicles
    return (
        (f"{marks.level}, a · m · p", f"{a:.0f} · {m:.0f} · {p:.0f} mm"),
        (f"{marks.level} pedicles", f"{left.width_mm:.1f} · {right.width_mm:.1f} mm"),
    )


class Films:
    """Takes the films beside the window and shows them when they are there."""

    def __init__(self, case: Case) -> None:
        """Begin to take an AP and a lateral."""
        self.case = case
        self._films: tuple[Any, ...] = ()
        self._scaled: tuple[tuple[int, int], list[Any]] | None = None
        self._work = Work(lambda _: view_films(case, first_state(case)))

    @property
    def ready(self) -> bool:
        """The films can be seen."""
        return bool(self._films)

    def update(self) -> None:
        """Take the films over when they are there."""
        if not self._films and self._work.done and self._work.result is not None:
            self._films = tuple(grey_surface(pixels) for pixels in self._work.result)

    def draw(self, kit: Kit, rect: Any) -> None:
        """Draw the column."""
        c = kit.canvas
        kit.pane(rect, "Imaging", "Films on the table, before you begin")
        x, right = rect.x + c.px(1.2), rect.right - c.px(1.2)
        text = self.case.notes.imaging.strip()
        words = c.px(2.8) + len(c.wrapped(text, right - x)) * c.leading("sm")
        tiles = c.px(6.2)
        wide = (right - x - c.px(0.6)) // 2
        left = rect.h - c.px(4.7) - c.px(2.6) - words - c.px(0.4) - tiles - c.px(1.2)
        high = max(min(round(wide * 1.9), round(left)), c.px(20))
        y = rect.y + c.px(4.7)
        for i, name in enumerate(("AP", "Lateral")):
            box = pygame.Rect(x + i * (wide + c.px(0.6)), y, wide, high)
            self._film(kit, box, i, name)
        y += high + c.px(2.6)
        c.text("What the films and the MRI say", (x, y), "sm", "semi")
        c.paragraph(text, (x, y + c.px(2.8)), right - x)
        self._tiles(kit, rect, rect.bottom - tiles - c.px(1.2))

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
                cut = (min(n, round(n * box.w / max(box.h, 1))), min(n, round(n * box.h / box.w)))
                at = ((n - cut[0]) // 2, (n - cut[1]) // 2)
                part = film_.subsurface((*at, *cut)).convert(c.surface)
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
        """Draw what was measured on the films."""
        c, col = kit.canvas, kit.colour
        marks = self.case.patient.target.landmarks
        lost = max(0.0, 1 - marks.heights_mm[0] / marks.intact_height_mm[0]) * 100
        behind = self.case.clinical.retropulsion_mm
        if self.case.levels:
            each = [_measured(level.patient.target.landmarks) for level in self.case.levels]
            tiles = [tile for both in each for tile in both]
            shares = [1.1, 0.95] * len(each)
        else:
            (_, heights), (_, widths) = _measured(marks)
            tiles = [
                (f"{marks.level} heights, a · m · p", heights),
                ("Anterior loss", f"{lost:.0f} %"),
                ("Retropulsion", f"{behind:.0f} mm" if behind >= 0.5 else "None"),
                ("Pedicles, left · right", widths),
            ]
            shares = [1.22, 0.83, 0.83, 1.22]
        gap, pad = c.px(0.67), c.px(0.9)
        whole = rect.w - c.px(2.4) - gap * (len(tiles) - 1)
        x = float(rect.x + c.px(1.2))
        for (label, value), share in zip(tiles, shares, strict=True):
            wide = whole * share / sum(shares)
            box = pygame.Rect(round(x), round(y), round(wide), c.px(6.2))
            c.box(box, col.card)
            room = box.w - 2 * pad
            words = c.fitted(label, room, "xs", "sc")
            c.text(words, (box.x + pad, box.y + c.px(1.9)), "xs", "sc", col.low)
            size = "body" if c.width(value, "body", "semi") <= room else "sm"
            face = "semi" if c.width(value, size, "semi") <= room else "scb"
            c.text(value, (box.x + pad, box.y + c.px(4.4)), size, face)
            x += wide + gap
