"""Labels, numbers, chips, meters and panes: what is only looked at."""

from __future__ import annotations

from typing import Any

import pygame

from simulator.ui.canvas import Canvas
from simulator.ui.theme import Rgb, mixed

_MARKS = {"ok": "tick", "warn": "triangle", "alarm": "octagon"}


class Marks:
    """Draws what cannot be acted on."""

    def __init__(self, canvas: Canvas) -> None:
        """Draw on `canvas`."""
        self.canvas = canvas
        self.colour = canvas.colour
        self.px = canvas.px

    def section(self, text: str, at: tuple[float, float], align: str = "l") -> int:
        """Write a section label: small capitals, spaced."""
        c = self.canvas
        gap = max(1, c.px(0.11))
        words = text.upper()
        widths = [c.width(ch, "xs", "scb") + gap for ch in words]
        x = at[0] - (sum(widths) if align == "r" else 0)
        for ch, w in zip(words, widths, strict=True):
            c.text(ch, (x, at[1]), "xs", "scb", self.colour.low)
            x += w
        return sum(widths)

    def heading(self, text: str, key: str, at: tuple[float, float]) -> None:
        """Write what a row of controls chooses, and the key for it."""
        w = self.section(text, at)
        self.cap(key, (at[0] + w + self.px(0.9), at[1]))

    def number(
        self,
        value: str,
        unit: str,
        at: tuple[float, float],
        size: str = "num",
        unit_size: str = "sm",
        colour: Rgb | None = None,
    ) -> int:
        """Write a value and its unit on a shared baseline at `at`; return the width."""
        c = self.canvas
        w = c.text(value, at, size, "semi", colour or self.colour.hi, baseline=True)
        x = at[0] + w + c.px(0.7)
        w2 = c.text(unit, (x, at[1]), unit_size, "medium", self.colour.low, baseline=True)
        return w + c.px(0.7) + w2

    def cap(self, key: str, at: tuple[float, float], *, dark: bool = False) -> int:
        """Draw a key cap whose left middle is `at`; return its width."""
        c = self.canvas
        w = max(c.px(1.7), c.width(key, "xs", "sc") + c.px(0.9))
        h = c.px(2.0)
        rect = pygame.Rect(round(at[0]), round(at[1] - h / 2), w, h)
        edge = self.colour.line2
        face = self.colour.pane
        ink = self.colour.mid
        if dark:
            edge, face, ink = (
                mixed(self.colour.acc, self.colour.ink, 0.45),
                mixed(self.colour.acc, self.colour.ink, 0.3),
                self.colour.ink,
            )
        c.box(rect, face, edge, 0.33)
        c.surface.fill(edge, (rect.x + 2, rect.bottom - 2, rect.w - 4, 1))
        c.text(key, (rect.centerx, rect.centery - 0.5), "xs", "sc", ink, "c")
        return w

    def chip(
        self,
        text: str,
        at: tuple[float, float],
        ink: Rgb | None = None,
        ground: Rgb | None = None,
        icon: str = "",
        align: str = "l",
    ) -> int:
        """Draw a chip whose left (or right) middle is `at`; return its width."""
        c = self.canvas
        pad = c.px(0.85)
        icon_w = c.px(1.9) if icon else 0
        w = c.width(text, "xs", "sc") + 2 * pad + icon_w
        h = c.px(2.4)
        x = at[0] - (w if align == "r" else 0)
        rect = pygame.Rect(round(x), round(at[1] - h / 2), w, h)
        fill = ground or self.colour.card
        c.box(rect, fill, radius=0.33)
        if icon:
            c.icon(
                icon, (rect.x + pad + c.px(0.6), rect.centery), 1.35, ink or self.colour.mid, fill
            )
        c.text(text, (rect.x + pad + icon_w, rect.centery), "xs", "sc", ink or self.colour.mid)
        return w

    def state_chip(self, level: str, text: str, at: tuple[float, float], align: str = "l") -> int:
        """Draw a chip in the colours and with the mark of a level: "ok", "warn" or "alarm"."""
        ink, ground = self.level(level)
        return self.chip(text, at, ink, ground, _MARKS[level], align)

    def level(self, level: str) -> tuple[Rgb, Rgb]:
        """Return ink and dark ground of a level."""
        col = self.colour
        return {
            "ok": (col.ok, col.okd),
            "warn": (col.warn, col.warnd),
            "alarm": (col.alarm, col.alarmd),
        }[level]

    def mark(self, level: str, centre: tuple[float, float], size: float = 1.5) -> None:
        """Draw the tick, triangle or octagon of a level."""
        ink, _ = self.level(level)
        self.canvas.icon(_MARKS[level], centre, size, ink)

    def meter(
        self,
        rect: Any,
        share: float,
        colour: Rgb | None = None,
        set_at: float | None = None,
        limit_at: float | None = None,
    ) -> None:
        """Draw a bar: what is, the mark of what you set above it, the limit across it."""
        c = self.canvas
        c.box(rect, self.colour.raised, radius=0.22)
        filled = round(rect.w * min(max(share, 0.0), 1.0))
        if filled > 1:
            c.box(
                pygame.Rect(rect.x, rect.y, filled, rect.h),
                colour or self.colour.hi,
                radius=0.22,
            )
        if limit_at is not None:
            x = rect.x + rect.w * min(limit_at, 1.0)
            c.fill((x - 1, rect.y - c.px(0.35), 2, rect.h + c.px(0.7)), self.colour.alarm)
        if set_at is not None:
            x = rect.x + rect.w * min(max(set_at, 0.0), 1.0)
            top = rect.y - c.px(0.15)
            h, w = c.px(0.95), c.px(0.7)
            c.poly([(x - w, top - h), (x + w, top - h), (x, top)], self.colour.acc)

    def cells(self, rect: Any, value: float, full: float, level: str, count: int = 10) -> None:
        """Draw a segmented meter with the limit bar at its end."""
        c = self.canvas
        gap = c.px(0.3)
        each = (rect.w - gap * (count - 1)) / count
        ink, _ = self.level(level)
        for i in range(count):
            x = round(rect.x + i * (each + gap))
            box = pygame.Rect(x, rect.y, round(each), rect.h)
            c.box(box, self.colour.raised, radius=0.22)
            part = min(max(value / full * count - i, 0.0), 1.0)
            if part * box.w >= 1:
                c.box(pygame.Rect(x, rect.y, round(box.w * part), rect.h), ink, radius=0.22)
        c.fill(
            (rect.right + c.px(0.45), rect.y - c.px(0.35), 2, rect.h + c.px(0.7)), self.colour.alarm
        )

    def pane(self, rect: Any, title: str = "", right: str = "") -> None:
        """Draw a panel with an optional section title and a word on the right."""
        c = self.canvas
        c.box(rect, self.colour.pane, self.colour.line, 0.55)
        y = rect.y + c.px(1.9)
        if title:
            self.section(title, (rect.x + c.px(1.4), y))
        if right:
            c.text(right, (rect.right - c.px(1.4), y), "xs", "sc", self.colour.low, "r")

    def pair(self, label: str, value: str, x: float, right: float, y: float) -> None:
        """Write a label on the left and its value on the right of one row."""
        c = self.canvas
        c.text(label, (x, y), "sm", "medium", self.colour.low)
        c.text(value, (right, y), "sm", "medium", self.colour.hi, "r")
