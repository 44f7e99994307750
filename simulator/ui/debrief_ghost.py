"""Beside whose way the own one is laid: the plan's, or that of the expert, who plays the case."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from simulator.engine.operators import make_operator
from simulator.engine.session import Sample, Session
from simulator.errors import SimulatorError
from simulator.procedure.phases import chapter
from simulator.ui.work import CancelledError, Report, Work
from simulator.units import TICKS_PER_S, Vec3
from simulator.world.case import Case

PLANNED, EXPERT = "Planned", "Built-in expert"
"""As the legend names them."""
_TOLD_TICKS = 5 * TICKS_PER_S
_END = "recover"
"""Chapter in which nothing is done any more that a way or a volume would show."""
_APART_MM2 = 0.25
"""Places of a tip nearer together than half a millimetre are one."""
_KEPT = 4
_known: OrderedDict[Any, tuple[Sample, ...]] = OrderedDict()
"""Ways of the cases looked at last: equal case, seed and choice, equal run."""


def played(case: Case, report: Report, about_ticks: int) -> tuple[Sample, ...]:
    """Let the built-in expert play a case; return the gauges until the dressing.

    Args:
        case: The case as the resident chose it.
        report: Told how far it is; may raise to stop.
        about_ticks: About how long such a run takes.
    """
    session = Session(case, "expert")
    expert = make_operator("expert", case, session.observe())
    told = 0
    while not session.state.over:
        state = session.state
        if chapter(state.phase) == _END:
            break
        if state.tick - told >= _TOLD_TICKS:
            told = state.tick
            report("the expert plays", min(state.tick / max(about_ticks, 1), 0.99))
        action = expert.next_action(session.observe())
        if action is None:
            break
        session.advance(action)
    return tuple(session.trace)


class Ghost:
    """What is laid over the pictures: nothing, the plan, or the expert's run."""

    def __init__(self, session: Session) -> None:
        """Begin with nothing beside the run of `session`."""
        self._case = session.case.facing(0)
        self._about = session.state.tick
        self._about = round(self._case.par.get("duration_s", 0.0) * TICKS_PER_S) or self._about
        self.mode = ""
        """What is asked for: empty, `PLANNED` or `EXPERT`."""
        self._work: Work | None = None
        self._ways: dict[str, tuple[Sequence[Vec3], ...]] = {}
        self._given: Sequence[tuple[float, float]] | None = None
        # Of several levels each has a frame of its own, which the gauges do not tell.
        self._modes = ("", PLANNED) if self._case.levels else ("", PLANNED, EXPERT)

    @property
    def _key(self) -> Any:
        return self._case.sha256, self._case.seed, self._case.choice

    @property
    def shown(self) -> str:
        """What is shown: the plan as long as the expert is not done."""
        return PLANNED if self.mode == EXPERT and not self.rows else self.mode

    @property
    def rows(self) -> tuple[Sample, ...]:
        """The expert's gauges, where they are asked for and there."""
        return _known.get(self._key, ()) if self.mode == EXPERT else ()

    def ways(self, now: Sample) -> tuple[Sequence[Vec3], ...]:
        """Return the ways of the expert's tips up to the end of the chapter of the own moment."""
        part = chapter(now.phase)
        if not self.rows:
            return ()
        if part not in self._ways:
            rows = beside(self.rows, part)
            self._ways[part] = (trail(rows, 0), trail(rows, 1))
        return self._ways[part]

    @property
    def given(self) -> Sequence[tuple[float, float]]:
        """Seconds since the expert's first cement and mL, where they are asked for and there."""
        if self.rows and self._given is None:
            self._given = given(self.rows)
        return self._given or () if self.rows else ()

    @property
    def label(self) -> str:
        """What stands on the button."""
        if self.mode == EXPERT and not self.rows:
            share = self._work.share if self._work is not None else 0.0
            return f"Expert {100.0 * share:.0f} %"
        return {"": "Compare", PLANNED: "Plan", EXPERT: "Expert"}[self.mode]

    def turn(self) -> None:
        """Go on to the next, after the last one to nothing."""
        self.mode = self._modes[(self._modes.index(self.mode) + 1) % len(self._modes)]
        if self.mode != EXPERT:
            self.stop()

    def update(self) -> None:
        """Let the expert play if that is asked for, and take what was played."""
        if self.mode != EXPERT or self.rows:
            return
        if self._work is None:
            case, about = self._case, self._about
            self._work = Work(lambda report: played(case, report, about))
        elif self._work.done:
            error, rows = self._work.error, self._work.result
            self._work = None
            if isinstance(error, CancelledError | SimulatorError):
                self.mode = PLANNED
            elif error is not None:
                raise error
            else:
                _known[self._key] = rows
                while len(_known) > _KEPT:
                    _known.popitem(last=False)

    def stop(self) -> None:
        """Let nobody play on: what comes needs the processor."""
        if self._work is not None:
            self._work.cancel()
            self._work = None


def trail(rows: Sequence[Sample], side: int) -> list[Vec3]:
    """Return the way of a side's tip under the skin: of the tool that is in, else of the last."""
    out: list[Vec3] = []
    ended, seen = False, None
    for row in rows:
        if row.side != side:
            continue
        if row.tip_mm is None or row.depth_mm <= 0.0:
            ended = True
            continue
        if ended:
            out, ended = [], False
        if not out or (row.tip_mm != seen and _apart_mm2(out[-1], row.tip_mm) > _APART_MM2):
            out.append(row.tip_mm)
        seen = row.tip_mm
    return out


def _apart_mm2(a: Vec3, b: Vec3) -> float:
    return sum((p - q) ** 2 for p, q in zip(a, b, strict=True))


def beside(rows: Sequence[Sample], part: str) -> Sequence[Sample]:
    """Return the expert's rows up to the end of a chapter.

    Clocks of two runs do not match, chapters do. Where the expert had no such chapter all are
    returned.
    """
    ends = [i for i, row in enumerate(rows) if chapter(row.phase) == part]
    return rows[: ends[-1] + 1] if ends else rows


def given(rows: Sequence[Sample]) -> list[tuple[float, float]]:
    """Return (seconds since the first cement, mL) of an expert's rows until no more was given."""
    flowing = [row for row in rows if row.cement_ml > 0.0]
    if not flowing:
        return []
    whole = flowing[-1].cement_ml
    since = flowing[0].tick
    end = next(row.tick for row in flowing if row.cement_ml == whole)
    return [((r.tick - since) / TICKS_PER_S, r.cement_ml) for r in flowing if r.tick <= end]
