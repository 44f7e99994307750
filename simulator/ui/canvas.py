"""A surface to draw on: shapes, and text placed by its cap height."""

from __future__ import annotations

import re
from typing import Any

from simulator.ui.shapes import Shapes, on_clock
from simulator.ui.theme import Rgb, Theme

__all__ = ["Canvas", "on_clock"]

_CAP = 0.714
"""Height of a capital of Noto Sans in em."""

_KEEP = 3000
"""Rendered words kept; live numbers would otherwise fill the memory in an hour."""


_MINUS = re.compile(r"(?<![\w–-])-(?=\d)")
"""A hyphen that is a minus."""
PLAIN = {ord("→"): ">", ord("−"): "–", ord("≥"): "from ", ord("≤"): "up to ", ord("≈"): "about "}
"""Signs that the typeface lacks and files may hold; a missing glyph would be an empty box."""


def plain(text: str) -> str:
    """Return `text` in the signs of the typeface, a minus as the dash that it has for one."""
    return _MINUS.sub("–", text.translate(PLAIN))


class Canvas(Shapes):
    """Shapes and text."""

    def __init__(self, surface: Any, theme: Theme) -> None:
        """Draw on `surface`."""
        super().__init__(surface, theme)
        self._words: dict[tuple[str, str, str, Rgb], Any] = {}

    def _word(self, text: str, face: str, size: str, colour: Rgb) -> Any:
        key = (text, face, size, colour)
        if key not in self._words:
            if len(self._words) > _KEEP:
                self._words.clear()
            self._words[key] = self.theme.font(face, size).render(text, True, colour)  # noqa: FBT003
        return self._words[key]

    def width(self, text: str, size: str = "sm", face: str = "medium") -> int:
        """Return the width of a line in pixels."""
        return int(self.theme.font(face, size).size(plain(text))[0])

    def text(
        self,
        text: str,
        at: tuple[float, float],
        size: str = "sm",
        face: str = "medium",
        colour: Rgb | None = None,
        align: str = "l",
        *,
        baseline: bool = False,
    ) -> int:
        """Write one line with the middle of its capitals (or its baseline) at `at`.

        Returns the width in pixels.
        """
        if not text:
            return 0
        text = plain(text)
        word = self._word(text, face, size, colour or self.colour.hi)
        x, y = at
        w = word.get_width()
        left = x - (w if align == "r" else w / 2 if align == "c" else 0)
        ascent = self.theme.font(face, size).get_ascent()
        drop = 0.0 if baseline else _CAP * self.theme.type_px(size) / 2
        self.surface.blit(word, (round(left), round(y + drop - ascent)))
        return int(w)

    def fitted(self, text: str, width: float, size: str = "sm", face: str = "medium") -> str:
        """Return `text`, cut with … where it would be wider than `width` pixels."""
        if self.width(text, size, face) <= width:
            return text
        while text and self.width(text + "…", size, face) > width:
            text = text[:-1]
        return text.rstrip(" ,.;") + "…"

    def best_fit(self, text: str, width: float) -> tuple[str, str]:
        """Return the widest type for running text in which a line still fits."""
        for size, face in (("sm", "medium"), ("sm", "sc")):
            if self.width(text, size, face) <= width:
                return size, face
        return "xs", "sc"

    def wrapped(self, text: str, width: float, size: str = "sm", face: str = "medium") -> list[str]:
        """Return the lines that `text` takes in a column of `width` pixels."""
        lines: list[str] = []
        for block in text.split("\n"):
            line = ""
            for word in self._broken(block.split(), width, size, face):
                longer = f"{line} {word}" if line else word
                if line and self.width(longer, size, face) > width:
                    lines.append(line)
                    line = word
                else:
                    line = longer
            lines.append(line)
        return lines

    def _broken(self, words: list[str], width: float, size: str, face: str) -> list[str]:
        """Return the words, those wider than the column (a path, say) cut into pieces."""
        out: list[str] = []
        for whole in words:
            word = whole
            while self.width(word, size, face) > width and len(word) > 1:
                cut = len(word) - 1
                while cut > 1 and self.width(word[:cut], size, face) > width:
                    cut -= 1
                out.append(word[:cut])
                word = word[cut:]
            out.append(word)
        return out

    def leading(self, size: str) -> int:
        """Return the distance of baselines of running text in pixels."""
        return round(self.theme.type_px(size) * 1.45)

    def paragraph(
        self,
        text: str,
        at: tuple[float, float],
        width: float,
        size: str = "sm",
        face: str = "medium",
        colour: Rgb | None = None,
        lines: int = 99,
    ) -> int:
        """Write wrapped text whose first capitals are centred at `at`; return the y below it."""
        rows = self.wrapped(text, width, size, face)
        if len(rows) > lines:
            rows = [*rows[: lines - 1], self.fitted(" ".join(rows[lines - 1 :]), width, size, face)]
        y = at[1]
        for row in rows:
            self.text(row, (at[0], y), size, face, colour or self.colour.mid)
            y += self.leading(size)
        return round(y)
