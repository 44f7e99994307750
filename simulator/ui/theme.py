"""Units, colours and type of the window. One u is a hundredth of the height of a 16:9 window."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

import pygame

from simulator.paths import asset

Rgb = tuple[int, int, int]

WIDE_U = 177.8
"""Width of the design in u: 16:9."""

SIZES = {
    "xs": 1.56,
    "sm": 1.72,
    "body": 1.90,
    "md": 2.10,
    "lg": 2.60,
    "xl": 3.40,
    "num": 4.40,
    "hero": 6.40,
}
"""Type sizes in u."""

FLOORS = {"xs": 12, "sm": 13}
"""Nobody reads smaller pixels than these, whatever the window."""

FACES = {
    "regular": "NotoSans-Regular",
    "medium": "NotoSans-Medium",
    "semi": "NotoSans-SemiBold",
    "sc": "NotoSans-SemiCondensedMedium",
    "scb": "NotoSans-SemiCondensedSemiBold",
    "mono": "NotoSansMono-SemiCondensedMedium",
}


@dataclass(frozen=True, slots=True)
class Colours:
    """The colour tokens of assets/theme.toml."""

    bg: Rgb
    black: Rgb
    pane: Rgb
    card: Rgb
    raised: Rgb
    hover: Rgb
    line: Rgb
    line2: Rgb
    hi: Rgb
    mid: Rgb
    low: Rgb
    off: Rgb
    acc: Rgb
    accd: Rgb
    beam: Rgb
    beamd: Rgb
    ok: Rgb
    okd: Rgb
    warn: Rgb
    warnd: Rgb
    alarm: Rgb
    alarmd: Rgb
    right: Rgb
    exp: Rgb
    ink: Rgb
    press: Rgb
    corner: Rgb
    skin: Rgb
    drape: Rgb
    steel: Rgb

    def side(self, index: int) -> Rgb:
        """Return the colour of the patient's left (0) or right (1)."""
        return self.right if index else self.acc


def _rgb(code: str) -> Rgb:
    return int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)


@cache
def colours() -> Colours:
    """Read the tokens once."""
    with asset("theme.toml").open("rb") as file:
        table = tomllib.load(file)["colour"]
    table["raised"] = table.pop("raise")  # a Python keyword
    return Colours(**{f.name: _rgb(table[f.name]) for f in fields(Colours)})


def mixed(a: Rgb, b: Rgb, share: float) -> Rgb:
    """Return `a` with `share` of `b` in it."""
    return (
        round(a[0] + (b[0] - a[0]) * share),
        round(a[1] + (b[1] - a[1]) * share),
        round(a[2] + (b[2] - a[2]) * share),
    )


class Theme:
    """Everything that depends on the size of the window."""

    def __init__(self, size: tuple[int, int], scale: float = 1.0) -> None:
        """Choose u so that the 16:9 design fits into `size` pixels."""
        self.size = size
        self.scale = scale
        self.u = min(size[1] / 100.0, size[0] / WIDE_U) * scale
        self.hair = 2 if size[1] >= 1440 else 1
        self.colour = colours()
        self._fonts: dict[tuple[str, int], Any] = {}

    def px(self, units: float) -> int:
        """Return `units` u in whole pixels."""
        return round(units * self.u)

    def type_px(self, size: str) -> int:
        """Return the pixel size of a type token."""
        return max(round(SIZES[size] * self.u), FLOORS.get(size, 12))

    def font(self, face: str, size: str) -> Any:
        """Return the font of a face and a type token."""
        key = (face, self.type_px(size))
        if key not in self._fonts:
            path = asset("fonts") / f"{FACES[face]}.ttf"
            self._fonts[key] = pygame.font.Font(str(path), key[1])
        return self._fonts[key]
