"""What the coach says on the way in: by the last lateral, the marks on the tool and what is felt.

Where the tip is now, nobody knows before the next picture. The last lateral told it, the marks tell
how far it has gone since; where that could have changed the answer, the coach asks for a lateral.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.procedure.clocks import reach_mm
from simulator.procedure.guards import PAST_WALL_MM
from simulator.units import seconds
from simulator.world.case import Case, Procedure
from simulator.world.seen import Looked, Seen
from simulator.world.state import State
from simulator.world.tools import Cannula, Inside

Hint = tuple[str, str]
"""Headline of at most 30 characters, and one or two short sentences."""

_ASK_FROM = 0.6
"""A new picture is asked for at this share of what would be blind."""
_FRESH_MM = 2.0
"""A picture tells where the tip is if it was taken within so much of its way."""
_FRONT_MM = 5.0
"""So far short of the front wall the stylet stops."""
_DOCKED_MM = 1.0

_IS_IT_PAST = "Is it past the wall?"


@dataclass(frozen=True, slots=True)
class Where:
    """Where a tip was in the last good lateral that showed it, and how far it has gone since."""

    past_wall_mm: float
    to_front_mm: float
    gone_mm: float
    """By the marks; negative if it was drawn back."""
    forward_mm: float
    """Of that, to the front."""

    @property
    def past_now_mm(self) -> float:
        """Past the posterior wall by now, if it went on as the shaft points."""
        return self.past_wall_mm + self.forward_mm

    @property
    def to_front_now_mm(self) -> float:
        """To the anterior wall by now, likewise."""
        return self.to_front_mm - self.forward_mm

    def crossed(self, line_mm: float) -> bool:
        """Tell whether by the marks it has gone over a line at which the picture had it not."""
        return self.past_wall_mm < line_mm <= self.past_now_mm


def where(case: Case, tool: Cannula, lateral: Seen | None) -> Where | None:
    """Return what the last lateral and the marks tell of a tip; None if no good one showed it."""
    if lateral is None or lateral.error_deg > case.physics["looking"]["adequate_deg"]:
        return None
    past, front = lateral.tip_past_wall_mm[tool.side], lateral.tip_to_front_mm[tool.side]
    then = lateral.reach_mm[tool.side]
    if past is None or front is None or then is None:
        return None
    gone = reach_mm(tool) - then
    return Where(past, front, gone, -gone * tool.direction[1])


def limit_mm(case: Case, at: Where | None) -> float:
    """Return how far the tip may go without a new picture, where it is known to be."""
    looking = case.physics["looking"]
    if at is None or at.past_now_mm < 0.0 or at.past_wall_mm < 0.0:
        return looking["pedicle_limit_mm"]
    if at.to_front_now_mm < looking["anterior_zone_mm"]:
        return looking["anterior_limit_mm"]
    return looking["body_limit_mm"]


def numbing(case: Case, state: State) -> Hint | None:
    """Return what to say while the side in work is not numb."""
    given = state.vitals.local_ticks[state.side]
    if given is None:
        return "Numb this side", "Skin and periosteum, then two minutes before the needle."
    left = case.physics["physiology"]["lidocaine_onset_s"] - seconds(state.tick - given)
    if left <= 0.0:
        return None
    clock = f"{int(left) // 60}:{int(left) % 60:02d}"
    return "Let the local work", f"{clock} more before the needle. Find a true AP meanwhile."


def access(case: Case, state: State, tool: Cannula | None, looked: Looked) -> Hint:
    """Return the hint from the skin to the tamp."""
    if tool is None or (tool.dock_mm is None and tool.depth_mm <= 0.0):
        numb = numbing(case, state)
        if numb is not None:
            return numb
    if tool is None:
        return "Place the needle", "Put its tip over the outer upper rim of the pedicle."
    if tool.blind_moved_mm != (None, None):
        return "The patient moved", "The pictures are of the place before. Look in both planes."
    at = where(case, tool, looked.lateral)
    limit = limit_mm(case, at)
    for view, gone in (("AP", tool.blind_medial_mm), ("lateral", tool.blind_depth_mm)):
        if gone > _ASK_FROM * limit:
            return "Look before you push on", (
                f"{gone:.1f} mm deeper since the last {view}. {limit:.0f} mm is blind."
            )
    if tool.dock_mm is None or tool.depth_mm - tool.dock_depth_mm < _DOCKED_MM:
        if tool.working and tool.dock_mm is not None:
            return "Cannula just past the wall", "Push it in; a lateral tells how far it is."
        return "Dock on the pedicle", "Check the tip in AP, then push until it grips bone."
    if tool.working:
        return _cannula(state, tool, at)
    return _needle(case, tool, at, looked.lateral)


def _needle(case: Case, tool: Cannula, at: Where | None, lateral: Seen | None) -> Hint:
    if at is None:
        return _unseen(case, tool, lateral)
    if at.crossed(0.0):
        return _IS_IT_PAST, (
            f"{at.gone_mm:.1f} mm deeper since the last lateral, which had it behind. Take one."
        )
    if at.past_now_mm < 0.0:
        return "Stay outside the medial rim", "Until the lateral shows the tip past the back wall."
    if tool.inside is not Inside.STYLET:
        if case.procedure is Procedure.KYPHOPLASTY:
            return "Exchange", "Seat the working cannula over the wire."
        return "Stylet in to go on", "An open needle fills with bone."
    if at.to_front_now_mm > _FRONT_MM:
        return "On to the front third", "Stop 5 mm short of the front wall, then stylet out."
    if at.to_front_mm > _FRONT_MM and at.gone_mm > _FRESH_MM:
        return "How near is the front wall?", "Take a lateral before you go on."
    return "Stylet out", "The tip is as near to the front wall as it may come."


def _unseen(case: Case, tool: Cannula, lateral: Seen | None) -> Hint:
    """Return the hint where no good lateral shows the tip."""
    if lateral is None or lateral.reach_mm[tool.side] is None:
        return "Stay outside the medial rim", "Take a lateral: is the tip past the wall?"
    if lateral.error_deg > case.physics["looking"]["adequate_deg"]:
        return "True the lateral", (
            f"It is {lateral.error_deg:.0f}° off and cannot tell if the tip is past the wall."
        )
    return "Find the tip", "The lateral does not show it. Move the field, or turn a little."


def _cannula(state: State, tool: Cannula, at: Where | None) -> Hint:
    if at is None:
        return "Where is the cannula?", "Take a lateral: is its end past the wall?"
    if at.crossed(PAST_WALL_MM):
        return _IS_IT_PAST, (
            f"{at.gone_mm:.1f} mm deeper since the last lateral. Take one before the tamp."
        )
    if tool.inside is Inside.DRILL:
        if at.to_front_now_mm > _FRONT_MM:
            return "Drill to the front third", "Stop 5 mm short of the front wall. Look on the way."
        return "Drill out", "Its end is as near to the front wall as it may come."
    if at.past_now_mm < PAST_WALL_MM:
        return "Cannula just past the wall", "Two to three millimetres in, then the tamp."
    if not state.purged:
        return "Purge the tamps", "Air in a balloon makes the gauge soft."
    return "Tamp in", "Both markers must be out of the cannula."
