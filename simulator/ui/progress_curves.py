"""The curves of the history: the total of each run, and the proof of competence."""

from __future__ import annotations

from typing import Any

import pygame

from simulator.records.learning import Learning, Step, scheme
from simulator.records.runs import Run
from simulator.scenario.assets import rubric
from simulator.ui.kit import Kit
from simulator.ui.plots import Axes

_SHOWN = 30
_LEAST = 8
"""So many runs have room from the beginning."""


def _ground(kit: Kit, rect: Any, count: int, high: float, marks: tuple[float, ...]) -> Axes:
    """Draw the black ground with its lines; return where the last runs stand on it."""
    c, col = kit.canvas, kit.colour
    first = max(count - _SHOWN, 0) + 1
    inner = pygame.Rect(
        rect.x + c.px(5.5), rect.y + c.px(4.6), rect.w - c.px(7.5), rect.h - c.px(10.4)
    )
    last = first + max(count - first + 1, _LEAST) - 1
    axes = Axes(inner, (first - 0.7, last + 0.7), (0.0, high))
    c.fill(inner, col.black)
    for mark in marks:
        _, y = axes.at(first, mark)
        c.rule(inner.x, y, inner.w)
        c.text(f"{mark:g}", (inner.x - c.px(0.7), y), "xs", "sc", col.low, "r")
    for n in range(first, count + 1):
        if n == 1 or n % 5 == 0:
            x, _ = axes.at(n, 0.0)
            c.text(str(n), (x, inner.bottom + c.px(1.3)), "xs", "sc", col.low, "c")
    c.text("run", (inner.right, inner.bottom + c.px(1.3)), "xs", "sc", col.low, "r")
    return axes


def _first(axes: Axes) -> int:
    return round(axes.x[0] + 0.7)


def totals(kit: Kit, rect: Any, learning: Learning, title: str) -> None:
    """Draw the total of each run, smoothed, and what was not safe."""
    c, col = kit.canvas, kit.colour
    kit.pane(rect, "Total per run", title)
    runs = learning.runs
    axes = _ground(kit, rect, len(runs), 100.0, (25, 50, 75, 100))
    mark = rubric().pass_mark
    _, y = axes.at(0, mark)
    c.dashed((axes.rect.x, y), (axes.rect.right, y), col.hi)
    words = f"pass {mark:.0f}"
    c.text(words, (axes.rect.right - c.px(0.8), y + c.px(1.3)), "xs", "sc", col.hi, "r")
    first = _first(axes)
    level = learning.smoothed[first - 1 :]
    c.line([axes.at(first + i, v) for i, v in enumerate(level)], col.acc, 0.2)
    for n, run in enumerate(runs[first - 1 :], first):
        _dot(kit, axes.at(n, run.total or 0.0), run)
    _legend(
        kit,
        rect,
        axes,
        (("dot", "Passed", "ok"), ("triangle", "Not passed", "warn"),
         ("octagon", "Safety error", "alarm")),
        "Smoothed",
    )  # fmt: skip


def _dot(kit: Kit, at: tuple[float, float], run: Run) -> None:
    if run.passed:
        kit.canvas.disc(at, kit.canvas.theme.u * 0.55, kit.colour.ok)
    else:
        kit.mark("alarm" if run.critical else "warn", at, 1.5)


def proof(kit: Kit, rect: Any, learning: Learning) -> None:
    """Draw LC-CUSUM until competence is shown, and CUSUM after it."""
    c, col = kit.canvas, kit.colour
    kit.pane(rect, "Proof of competence, LC-CUSUM", told(learning))
    test = scheme("lc_cusum")
    steps = learning.steps
    high = max(test.limit, *(step.value for step in steps)) * 1.15
    axes = _ground(kit, rect, len(steps), high, tuple(range(1, int(high) + 1)))
    _, y = axes.at(0, test.limit)
    c.fill((axes.rect.x, axes.rect.y, axes.rect.w, y - axes.rect.y), col.okd, 0.6)
    c.dashed((axes.rect.x, y), (axes.rect.right, y), col.ok)
    words = f"limit {test.limit:g}: competence shown"
    c.text(words, (axes.rect.x + c.px(0.9), y - c.px(1.3)), "xs", "sc", col.ok)
    first = _first(axes)
    _path(kit, axes, steps, first)
    words = (
        f"acceptable failure rate {100 * test.acceptable:.0f} %, "
        f"not acceptable {100 * test.unacceptable:.0f} %"
    )
    right = axes.rect.right - c.width(words, "xs", "sc")
    c.text(words, (right, rect.bottom - c.px(2.0)), "xs", "sc", col.low)
    signs = (("dot", "Passed", "ok"), ("triangle", "Not passed", "warn"))
    _legend(kit, rect, axes, signs, "")


def _path(kit: Kit, axes: Axes, steps: tuple[Step, ...], first: int) -> None:
    c, col = kit.canvas, kit.colour
    before: tuple[float, float] | None = None
    for n, step in enumerate(steps, 1):
        at = axes.at(n, step.value)
        ink = col.warn if step.watching else col.acc
        if n >= first:
            if before is not None:
                c.line([before, at], ink, 0.2)
            if step.reached:
                c.post(at[0], axes.rect.y, axes.rect.h, col.alarm if step.watching else col.ok)
            if step.success:
                c.disc(at, c.theme.u * 0.5, col.ok)
            else:
                kit.mark("warn", at, 1.3)
        before = axes.at(n, 0.0) if step.reached else at


def told(learning: Learning) -> str:
    """Return where the test stands, in a few words."""
    if learning.shown:
        return f"Shown at run {learning.shown_at}, now watched for decline"
    left = learning.clean_runs_left
    passes = "1 straight pass" if left == 1 else f"{left} straight passes"
    if learning.declined_at is not None:
        return f"Declined at run {learning.declined_at}; {passes} to show it again"
    return f"Not shown yet; {passes} would show it"


def _legend(
    kit: Kit, rect: Any, axes: Axes, signs: tuple[tuple[str, str, str], ...], line: str
) -> None:
    c, col = kit.canvas, kit.colour
    x, y = float(axes.rect.x), rect.bottom - c.px(2.0)
    for sign, word, level in signs:
        c.icon(sign, (x + c.px(0.7), y), 1.3, kit.level(level)[0])
        x += c.px(2.0)
        x += c.text(word, (x, y), "xs", "sc", col.mid) + c.px(2.4)
    if line:
        c.line([(x, y), (x + c.px(2.2), y)], col.acc)
        c.text(line, (x + c.px(3.0), y), "xs", "sc", col.mid)
