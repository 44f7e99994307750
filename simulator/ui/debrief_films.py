"""The two monitors of a walk through a run, and the planned way beside the own one on them."""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import Any

import pygame

from simulator.engine.session import Sample, Session
from simulator.imaging.display import oriented_point
from simulator.imaging.positioner import geometry, project
from simulator.ui import corners
from simulator.ui.chain import Film
from simulator.ui.debrief_ghost import PLANNED, Ghost, trail
from simulator.ui.debrief_reel import SLOTS, Held
from simulator.ui.kit import Kit
from simulator.ui.monitors import NAMES
from simulator.ui.scene import ago, clock
from simulator.units import TICKS_PER_S, Vec3
from simulator.world.case import Case

_HEAD = 4.0
Spot = tuple[float, float]


def square(kit: Kit, rect: Any) -> Any:
    """Return the square of the picture under the header of a monitor."""
    top = kit.px(_HEAD)
    side = min(rect.w, rect.h - top)
    return pygame.Rect(rect.centerx - side // 2, rect.y + top, side, side)


def draw(
    kit: Kit, rect: Any, slot: int, held: Held | None, tick: int, over: Callable[[Any, Film], None]
) -> None:
    """Draw one monitor.

    Args:
        kit: To draw with.
        rect: Its pane.
        slot: Index into `SLOTS`.
        held: What it shows; None before the first picture of its plane.
        tick: The moment.
        over: Draws on the picture, given where it is.
    """
    c, col = kit.canvas, kit.colour
    image = square(kit, rect)
    c.box(rect, col.black, col.line)
    head = pygame.Rect(rect.x, rect.y, rect.w, image.y - rect.y)
    c.box(head, col.pane, col.line)
    y = rect.y + c.px(2.0)
    name = NAMES[held.pulse.shot.view] if held is not None else SLOTS[slot]
    x = rect.x + c.px(1.5) + c.text(name, (rect.x + c.px(1.5), y), "md", "semi") + c.px(1.3)
    if held is None:
        c.text("No picture yet", image.center, "body", "medium", col.mid, "c")
        return
    if held.on:
        kit.chip("X-ray on", (x, y), col.beam, col.beamd, "trefoil")
    else:
        since = ago((tick - held.pulse.shot.tick) / TICKS_PER_S)
        kit.chip(f"held {since}", (x, y))
    if held.film is not None:
        c.surface.blit(held.film.sized(image.w), image.topleft)
    if not held.fresh or held.film is None:
        c.fill(image, col.black, 0.45)
        right = rect.right - c.px(1.4)
        c.text("Developing …", (right, y), "xs", "sc", col.low, "r")
        return
    over(image, held.film)
    pose = held.pulse.shot.pose
    corners.block(kit, image, list(corners.angles(pose)), right=False, top=True)
    said = [clock(held.pulse.shot.tick), f"{held.film.kvp:.0f} kV", f"{held.film.ma:.1f} mA"]
    corners.block(kit, image, said, right=True, top=True)
    if not held.on:
        corners.block(kit, image, ["LIH"], right=True, top=False)
    if held.on:
        c.frame(rect.inflate(4, 4), col.beam, 2 + c.theme.hair)


def spots(case: Case, film: Film, image: Any, points: Sequence[Vec3]) -> list[Spot]:
    """Return where points of the patient lie on a picture, in window pixels."""
    g = geometry(case.c_arm, film.shot.pose, image.w)
    out = []
    for point in points:
        column, row, _ = project(g, point)
        column, row = oriented_point(column, row, image.w, film.settings)
        out.append((image.x + column, image.y + row))
    return out


def draw_ways(
    kit: Kit,
    image: Any,
    film: Film,
    session: Session,
    rows: Sequence[Sample],
    ghost: Ghost,
) -> None:
    """Draw the way of each tip so far, and dashed beside it the planned or the expert's.

    Args:
        kit: To draw with.
        image: Where the picture is.
        film: The picture.
        session: The run.
        rows: Its samples up to the moment.
        ghost: What is dashed beside it.
    """
    c, col, case = kit.canvas, kit.colour, session.case
    kept = c.surface.get_clip()
    c.surface.set_clip(image)
    if ghost.shown == PLANNED:
        for side in case.sides:
            plan = case.plans[side]
            skin, entry, target = spots(
                case, film, image, (plan.skin_mm, plan.entry_mm, plan.target_mm)
            )
            c.dashed(skin, target, col.black, 0.5)
            c.dashed(skin, target, col.hi, 0.26)
            c.ring(entry, c.theme.u * 0.8, col.hi, 0.22)
            c.disc(target, c.theme.u * 0.45, col.hi)
    for way in ghost.ways(rows[-1]) if rows else ():
        if way:
            _ghost(kit, spots(case, film, image, way))
    for index in (0, 1):
        way = trail(rows, index)
        if way:
            mine = spots(case, film, image, way)
            c.line(mine, col.side(index), 0.3)
            c.ring(mine[-1], c.theme.u * 0.9, col.side(index), 0.28)
    c.surface.set_clip(kept)
    _legend(kit, image, ghost.shown)


def _ghost(kit: Kit, way: Sequence[Spot]) -> None:
    """Draw the way of an expert's tip, dashed, with a diamond where it came to."""
    c, col, u = kit.canvas, kit.colour, kit.canvas.theme.u
    for dash in dashes(way, 0.6 * u, 0.4 * u):
        c.line(dash, col.black, 0.5)
        c.line(dash, col.hi, 0.26)
    x, y = way[-1]
    for size, ink in ((1.0, col.black), (0.75, col.hi), (0.35, col.black)):
        w = size * u
        c.poly([(x - w, y), (x, y - w), (x + w, y), (x, y + w)], ink)


def dashes(way: Sequence[Spot], dash: float, gap: float) -> list[list[Spot]]:
    """Cut a line through points into dashes along its length; all in pixels."""
    lengths = list(accumulate((math.dist(a, b) for a, b in pairwise(way)), initial=0.0))

    def at(length: float) -> Spot:
        n = min(max(bisect.bisect_right(lengths, length), 1), len(way) - 1)
        (x0, y0), (x1, y1) = way[n - 1], way[n]
        share = (length - lengths[n - 1]) / max(lengths[n] - lengths[n - 1], 1e-9)
        return (x0 + share * (x1 - x0), y0 + share * (y1 - y0))

    out = []
    for n in range(math.ceil(lengths[-1] / (dash + gap))):
        start = n * (dash + gap)
        end = min(start + dash, lengths[-1])
        inner = [spot for spot, s in zip(way, lengths, strict=True) if start < s < end]
        out.append([at(start), *inner, at(end)])
    return out


def _legend(kit: Kit, image: Any, whose: str) -> None:
    """Say in the lower left corner which line is whose."""
    c, col = kit.canvas, kit.colour
    words = (whose, "Your tip")
    x, long = image.x + c.px(0.9), c.px(2.6)
    wide = long + c.px(2.4) + max(c.width(word, "xs", "sc") for word in words)
    plate = pygame.Rect(image.x, image.bottom - c.px(4.8), wide, c.px(4.8))
    c.fill(plate, col.black, 0.55)
    for i, word in enumerate(words):
        y = plate.y + c.px(1.3 + 2.2 * i)
        if i:
            c.line([(x, y), (x + long, y)], col.acc, 0.3)
        else:
            c.dashed((x, y), (x + long, y), col.hi, 0.26)
        c.text(word, (x + long + c.px(0.7), y), "xs", "sc", col.corner)
