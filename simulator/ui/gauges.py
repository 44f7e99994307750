"""Round instruments: the manometer and the cement clock."""

from __future__ import annotations

from simulator.ui.canvas import Canvas, on_clock
from simulator.ui.kit import Kit
from simulator.ui.theme import Rgb

_SWEEP = 270.0
_START = -135.0

_RIM = (0x33, 0x40, 0x4C)
WAIT = (0xC9, 0x8A, 0x27)
HARD = (0x7A, 0x32, 0x2A)
"""Darker than `warn` and `alarm`: a band of a clock is no warning."""

PSI_FULL = 450.0
PSI_PER_BAR = 14.5038


def psi_angle(psi: float) -> float:
    """Return where the hand stands, clockwise from 12 o'clock; it stops a little past the end."""
    return _START + _SWEEP * min(max(psi / PSI_FULL, -0.01), 1.02)


def manometer(
    kit: Kit, centre: tuple[float, float], radius: float, psi: float, peak: float, limit: float
) -> None:
    """Draw the inflator's dial: psi outside, bar inside, a stub where the pressure had been."""
    c, col = kit.canvas, kit.colour
    c.disc(centre, radius, col.line2)
    c.disc(centre, radius - c.theme.hair, col.black)
    rim = radius - c.px(0.55)
    bands: tuple[tuple[float, float, Rgb], ...] = (
        (0.0, limit * 0.75, _RIM),
        (limit * 0.75, limit, col.warn),
        (limit, PSI_FULL, col.alarm),
    )
    for a, b, colour in bands:
        c.arc(centre, rim, (psi_angle(a) + 0.4, psi_angle(b) - 0.4), colour, 0.75)
    _psi_scale(c, centre, rim - c.px(1.1))
    _bar_scale(c, centre, radius * 0.36)
    x, y = centre
    c.text("psi", (x, y + radius * 0.6), "xs", "sc", col.hi, "c")
    c.text("bar", (x, y + radius * 0.78), "xs", "sc", col.acc, "c")
    if peak > psi + 2.0:
        a = psi_angle(peak)
        c.line(
            [on_clock(centre, rim - c.px(1.0), a), on_clock(centre, rim - c.px(3.4), a)],
            col.low,
            0.25,
        )
    hand(c, centre, rim - c.px(1.0), psi_angle(psi), 0.8)


def _psi_scale(c: Canvas, centre: tuple[float, float], radius: float) -> None:
    for psi in range(0, int(PSI_FULL) + 1, 10):
        a = psi_angle(psi)
        deep = 1.3 if psi % 100 == 0 else 0.9 if psi % 50 == 0 else 0.5
        c.line(
            [on_clock(centre, radius, a), on_clock(centre, radius - c.px(deep), a)],
            c.colour.hi if psi % 50 == 0 else c.colour.low,
            0.2 if psi % 50 == 0 else 0.1,
        )
        if psi % 100 == 0:
            at = on_clock(centre, radius - c.px(2.9), a)
            c.text(str(psi), at, "xs", "sc", c.colour.hi, "c")


def _bar_scale(c: Canvas, centre: tuple[float, float], radius: float) -> None:
    for bar in range(0, 31, 5):
        a = psi_angle(bar * PSI_PER_BAR)
        if bar % 10 == 0:
            c.text(str(bar), on_clock(centre, radius, a), "xs", "sc", c.colour.acc, "c")
        else:
            c.disc(on_clock(centre, radius, a), max(1.2, c.theme.u * 0.12), c.colour.acc)


def hand(c: Canvas, centre: tuple[float, float], length: float, deg: float, hub: float) -> None:
    """Draw a tapered hand with its tail and hub."""
    wide = c.theme.u * 0.42
    tip = on_clock(centre, length, deg)
    tail = on_clock(centre, -length * 0.16, deg)
    left = on_clock(centre, wide, deg - 90)
    right = on_clock(centre, wide, deg + 90)
    back_l = (left[0] + tail[0] - centre[0], left[1] + tail[1] - centre[1])
    back_r = (right[0] + tail[0] - centre[0], right[1] + tail[1] - centre[1])
    c.poly([tip, left, back_l, back_r, right], c.colour.hi)
    c.disc(centre, c.theme.u * hub, c.colour.hi)
    c.disc(centre, c.theme.u * hub * 0.45, c.colour.black)


def clock_ring(
    kit: Kit,
    centre: tuple[float, float],
    radius: float,
    minutes: float | None,
    stops: tuple[float, float, float],
) -> None:
    """Draw the cement clock: mixing and waiting, working, setting; `stops` in minutes."""
    c, col = kit.canvas, kit.colour
    wait, work, end = stops
    full = end * 1.12

    def angle(m: float) -> float:
        return _START + _SWEEP * min(max(m / full, 0.0), 1.0)

    mixing = min(0.5, wait * 0.3)
    bands: tuple[tuple[float, float, Rgb], ...] = (
        (0.0, mixing, col.low),
        (mixing, wait, WAIT),
        (wait, work, col.ok),
        (work, end, col.alarm),
        (end, full, HARD),
    )
    for a, b, colour in bands:
        c.arc(centre, radius, (angle(a) + 0.9, angle(b) - 0.9), colour, 1.35)
    for minute in range(int(full) + 1):
        a = angle(minute)
        deep = 1.0 if minute % 5 == 0 else 0.5
        edge = radius - c.px(2.0)
        ink = col.hi if minute % 5 == 0 else col.low
        c.line([on_clock(centre, edge, a), on_clock(centre, edge - c.px(deep), a)], ink, 0.12)
        if minute and minute % 5 == 0:
            c.text(str(minute), on_clock(centre, edge - c.px(2.3), a), "xs", "sc", col.mid, "c")
    if minutes is not None:
        hand(c, centre, radius - c.px(1.0), angle(minutes), 0.6)
