"""The small set of controls that every screen is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pygame

from simulator.ui.canvas import Canvas
from simulator.ui.hots import Act, Hold, Hot, Hots
from simulator.ui.marks import Marks
from simulator.ui.theme import Rgb, mixed


@dataclass(frozen=True, slots=True)
class Row:
    """A choice of a choice row."""

    label: str
    below: str = ""
    enabled: bool = True


class Kit(Marks):
    """Draws controls on a canvas and registers them with the hots of the screen."""

    def __init__(self, canvas: Canvas, hots: Hots) -> None:
        """Draw on `canvas`, register in `hots`."""
        super().__init__(canvas)
        self.hots = hots
        self._tip: tuple[Any, str] | None = None

    def _ground(self, name: str, rect: Any, kind: str) -> tuple[Rgb, Rgb, Rgb]:
        """Return ground, edge and label colours of a control."""
        col = self.colour
        over = self.hots.hovered(rect)
        if kind == "off":
            return col.card, col.line, col.off
        if kind == "pri":
            return (mixed(col.acc, col.hi, 0.25) if over else col.acc), col.acc, col.ink
        if kind == "on" or self.hots.pressed(name):
            return col.accd, col.acc, col.hi
        if kind == "ghost":
            return (col.raised if over else col.pane), col.line2, col.hi
        return (col.hover if over else col.raised), col.line2, col.hi

    def ring(self, name: str, rect: Any, *, enabled: bool = True) -> None:
        """Draw the focus ring outside `rect` when `name` has the focus."""
        if enabled and self.hots.focused(name):
            self.canvas.frame(rect.inflate(6, 6), self.colour.acc, 2, 0.75)

    def button(
        self,
        name: str,
        rect: Any,
        label: str,
        key: str = "",
        act: Act | None = None,
        hold: Hold | None = None,
        kind: str = "",
        *,
        icon: str = "",
        size: str = "sm",
        align: str = "c",
    ) -> None:
        """Draw a button with its key cap; kinds are "", "pri", "ghost", "on" and "off"."""
        c = self.canvas
        enabled = kind != "off"
        ground, edge, ink = self._ground(name, rect, kind)
        c.box(rect, ground, edge)
        face = "semi" if kind == "on" else "medium"
        room = rect.w - c.px(1.0)
        cap_w = max(c.px(1.7), c.width(key, "xs", "sc") + c.px(0.9)) if key and enabled else 0
        icon_w = c.px(2.0) if icon else 0
        gap = c.px(0.7) if cap_w and label else 0
        if c.width(label, size, face) + cap_w + icon_w + gap > room:
            face = "scb" if kind == "on" else "sc"
            gap = min(gap, c.px(0.4))
            label = c.fitted(label, room - cap_w - icon_w - gap, size, face)
        total = c.width(label, size, face) + gap + cap_w + icon_w
        x = rect.x + c.px(1.0) if align == "l" else rect.centerx - total / 2
        if icon:
            c.icon(icon, (x + c.px(0.7), rect.centery), 1.5, ink, ground)
            x += icon_w
        x += c.text(label, (x, rect.centery), size, face, ink) + gap
        if cap_w:
            self.cap(key, (x, rect.centery), dark=kind == "pri")
        self.ring(name, rect, enabled=enabled)
        self.hots.add(Hot(name, rect, act, hold, enabled))

    def choices(self, name: str, rect: Any, rows: list[Row], chosen: int, pick: list[Act]) -> None:
        """Draw a row of equal buttons of which one is chosen."""
        c = self.canvas
        gap = c.px(0.67)
        each = (rect.w - gap * (len(rows) - 1)) / len(rows)
        for i, row in enumerate(rows):
            box = pygame.Rect(round(rect.x + i * (each + gap)), rect.y, round(each), rect.h)
            one = f"{name}.{i}"
            kind = "off" if not row.enabled else "on" if i == chosen else ""
            if not row.below:
                mark = "tick" if i == chosen and len(rows) <= 3 else ""
                self.button(one, box, row.label, act=pick[i], kind=kind, icon=mark)
                continue
            ground, edge, ink = self._ground(one, box, kind)
            c.box(box, ground, edge)
            c.text(
                row.label,
                (box.centerx, box.y + box.h * 0.32),
                "sm",
                "semi" if i == chosen else "medium",
                ink,
                "c",
            )
            c.text(row.below, (box.centerx, box.y + box.h * 0.72), "xs", "sc", self.colour.low, "c")
            self.ring(one, box)
            self.hots.add(Hot(one, box, pick[i], enabled=row.enabled))

    def tip(self, name: str, rect: Any, why: str) -> None:
        """Keep the reason of a control that is off, shown while it is pointed at or focused."""
        if self.hots.hovered(rect) or self.hots.focused(name):
            self._tip = (rect, why)

    def finish(self) -> None:
        """Draw the reason over everything else; called last in a frame."""
        if self._tip is None:
            return
        rect, why = self._tip
        self._tip = None
        c, col = self.canvas, self.colour
        w = c.width(why) + c.px(4.2)
        x = min(max(rect.centerx - w // 2, c.px(1)), c.theme.size[0] - w - c.px(1))
        above = rect.y - c.px(4.2)
        box = pygame.Rect(x, above if above > 0 else rect.bottom + c.px(0.8), w, c.px(3.4))
        c.box(box, col.warnd, col.warn)
        self.mark("warn", (box.x + c.px(1.6), box.centery))
        c.text(why, (box.x + c.px(3.0), box.centery))
