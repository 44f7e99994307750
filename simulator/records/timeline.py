"""The run on one line: phases, when the beam was on, the worst moments.

Places are per cent of the width and letters keep their size, so that it reads on a desk, on paper
and on a phone.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from simulator.engine.session import Sample, clock
from simulator.procedure.phases import LABELS, chapter
from simulator.records.charts import ENDED, SHORT_MIN, lateral, minute
from simulator.records.svg import ALARM, BEAM, INK, LINE
from simulator.units import TICKS_PER_S
from simulator.world.tally import Finding

_PHASE_INK = ("#cfe3ec", "#e6edf1")
_LETTER_PX = 7.6
_PAPER_PX, _PHONE_PX = 600.0, 255.0
"""Narrowest drawing of the line on paper and on a phone: a name must fit into its phase."""
_LEAST_PX = 2.0
"""The shortest pulse is as wide as this: it can be seen."""
_SHORTEST_MIN = 1.0 / 60.0
_MOST_TICKS = 9
_STEPS_MIN = (1, 2, 5, 10, 20, 30, 60)
_NEAR_PCT = 4.0
"""Moments nearer together than this have their numbers below each other."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The drawing and what it shows."""

    svg: str
    words: str
    """When each phase began."""


def timeline(trace: Sequence[Sample], findings: Sequence[Finding]) -> Timeline | None:
    """Return the line of a run, or None where there is no time to lay out.

    Args:
        trace: the gauges' history.
        findings: the worst moments, in the order of their numbers.
    """
    worked = [s for s in trace if s.phase not in ENDED]
    if not worked or minute(worked[-1]) < SHORT_MIN:
        return None
    whole = minute(worked[-1])
    phases = spans(worked)
    parts = [
        _phases(phases, whole),
        _beam(pulses(worked, sideways=False), whole, 38, BEAM),
        _beam(pulses(worked, sideways=True), whole, 56, LINE),
        _moments(findings, whole),
        _axis(whole),
    ]
    svg = f'<svg class="run" width="100%" height="142" aria-hidden="true">{"".join(parts)}</svg>'
    words = ", ".join(
        f"{LABELS[name].lower()} from {clock(round(first * 60.0 * TICKS_PER_S))}"
        for name, first, _ in phases
    )
    return Timeline(svg, words[:1].upper() + words[1:])


def spans(trace: Sequence[Sample]) -> list[tuple[str, float, float]]:
    """Return (chapter, first minute, last minute), in order; what took no time is left out."""
    out: list[tuple[str, float, float]] = []
    for sample in trace:
        now = minute(sample)
        if out:  # a wait leaves no samples: the phase before it lasted until now
            out[-1] = (*out[-1][:2], now)
        part = chapter(sample.phase)
        if not out or out[-1][0] != part:
            out.append((part, now, now))
    return [span for span in out if span[2] - span[1] > _SHORTEST_MIN]


def pulses(trace: Sequence[Sample], *, sideways: bool) -> list[tuple[float, float]]:
    """Return (first minute, last minute) of every time with the beam on, AP or lateral.

    A pulse between two rows of the history is known by the air kerma that it added.
    """
    out: list[tuple[float, float]] = []
    going = False
    for before, after in itertools.pairwise(trace):
        between = not before.beam and after.kerma_mgy > before.kerma_mgy
        shot = after if between else before
        on = (before.beam or between) and lateral(shot.orbit_deg) is sideways
        if on and going:
            out[-1] = (out[-1][0], minute(after))
        elif on:
            out.append((minute(before), minute(after)))
        going = on
    return out


def _phases(phases: Sequence[tuple[str, float, float]], whole: float) -> str:
    out = []
    for i, (phase, first, last) in enumerate(phases):
        share, label = (last - first) / whole, escape(LABELS[phase])
        at = f'x="{100.0 * first / whole:.2f}%"'
        out.append(
            f'<rect {at} y="0" width="{100.0 * share:.2f}%" height="30" '
            f'fill="{_PHASE_INK[i % 2]}"/>'
        )
        need = _LETTER_PX * len(label)
        if need < share * _PAPER_PX:
            tight = "" if need < share * _PHONE_PX else ' class="tight"'
            middle = 50.0 * (first + last) / whole
            out.append(f'<text{tight} x="{middle:.2f}%" y="20" text-anchor="middle">{label}</text>')
    return "".join(out)


def _beam(on: Sequence[tuple[float, float]], whole: float, top: int, ink: str) -> str:
    rows = [
        f'<rect x="{100.0 * first / whole:.2f}%" y="{top}" '
        f'width="{100.0 * (last - first) / whole:.2f}%" height="14"/>'
        for first, last in on
    ]
    return f'<g fill="{ink}" stroke="{ink}" stroke-width="{_LEAST_PX:g}">{"".join(rows)}</g>'


def _moments(findings: Sequence[Finding], whole: float) -> str:
    """Mark each moment at its time; numbers of moments close together stand below each other."""
    out, placed = [], list[tuple[float, int]]()
    for number, finding in enumerate(findings, 1):
        at = min(100.0 * finding.tick / TICKS_PER_S / 60.0 / whole, 100.0)
        taken = {lane for other, lane in placed if abs(other - at) < _NEAR_PCT}
        lane = next(n for n in range(len(findings)) if n not in taken)
        placed.append((at, lane))
        out.append(
            f'<svg x="{at:.2f}%" y="76" overflow="visible"><path d="M-5 0h10l-5 8z"/>'
            f'<text y="{19 + 11 * lane}" text-anchor="middle">{number}</text></svg>'
        )
    return f'<g fill="{ALARM}">{"".join(out)}</g>'


def _axis(whole: float) -> str:
    step = next((s for s in _STEPS_MIN if whole / s <= _MOST_TICKS), _STEPS_MIN[-1])
    out = [f'<rect y="121" width="100%" height="1" fill="{INK}"/>']
    for now in range(0, int(whole) + 1, step):
        at = f"{100.0 * now / whole:.2f}%"
        out.append(
            f'<rect x="{at}" y="121" width="1" height="5" fill="{INK}"/>'
            f'<text x="{at}" y="139" text-anchor="middle">{now}</text>'
        )
    return "".join(out)
