"""How far a tool went since it was last properly looked at: one clock per plane.

An AP, or a look down the pedicle, shows how far medial the tip is; a lateral shows depth. A
picture counts for its plane if its beam is near the true view of the vertebra that the tip is in,
and the tip is inside the field. The foremost point counts: that of a wire, drill or curved needle
as that of the needle. A patient who moves makes the last picture one of another place: from then
on either clock allows only what a hand runs on before it stops, until a new picture.
Constants in assets/physics.toml [looking].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from simulator.anatomy.landmarks import Landmarks
from simulator.anatomy.plan import Route
from simulator.anatomy.views import en_face, true_ap, true_lateral
from simulator.frames import Side
from simulator.world import bearings
from simulator.world.arm import Pose, Shot, View
from simulator.world.case import Case
from simulator.world.events import Event, Exposed, Moved
from simulator.world.steel_events import BlindAdvance
from simulator.world.tools import Cannula

PLANES = ("medial", "depth")


def limit_mm(case: Case, tool: Cannula) -> float:
    """Return how far the tip may go in either plane without a new picture, where it is."""
    constants = case.physics["looking"]
    passed = tool.passed
    lead = passed if passed is not None and passed.reach_mm > 0.0 else tool
    marks = bearings.vertebra_at(case.patient, tool.front_mm)
    # Beside the body and not yet in it a path is still on its way in.
    if bearings.past_wall_mm(marks, tool.front_mm) < 0.0 or not (tool.was_in_bone or lead.ahead_mm):
        return constants["pedicle_limit_mm"]
    if lead.ahead_mm < constants["anterior_zone_mm"]:
        return constants["anterior_limit_mm"]
    return constants["body_limit_mm"]


def allowed_mm(case: Case, tool: Cannula) -> tuple[float, float]:
    """Return the readings of the medial and the depth clock beyond which an advance is blind."""
    limit, slack = limit_mm(case, tool), case.physics["looking"]["moved_slack_mm"]
    medial, depth = (limit if m is None else min(limit, m + slack) for m in tool.blind_moved_mm)
    return medial, depth


def adequate(case: Case, shot: Shot, view: View) -> bool:
    """True if `shot` can be used as the given view of the vertebra to be treated."""
    marks = case.patient.target.landmarks
    true = true_lateral(marks) if view is View.LATERAL else true_ap(marks)
    return bearings.off_deg(shot.pose, true) <= case.physics["looking"]["adequate_deg"]


def shows(case: Case, marks: Landmarks, side: Side, pose: Pose, plane: str) -> bool:
    """True if a picture taken at `pose` shows where a tool lies in a plane of a vertebra."""
    views = [true_lateral(marks)] if plane == "depth" else [true_ap(marks), en_face(marks, side)]
    least = min(bearings.off_deg(pose, true) for true in views)
    return least <= case.physics["looking"]["adequate_deg"]


def reach_mm(tool: Cannula) -> float:
    """Return how deep the foremost point is along the tool, from the skin."""
    return tool.depth_mm + (max(tool.passed.reach_mm, 0.0) if tool.passed is not None else 0.0)


def run(
    case: Case, before: Cannula | None, after: Cannula | None, events: Sequence[Event]
) -> tuple[Cannula | None, tuple[Event, ...]]:
    """Wind one tool's clocks by what it advanced in bone, and set them back for pictures."""
    if after is None:
        return None, ()
    clocks = [after.blind_medial_mm, after.blind_depth_mm]
    told, moved = list(after.blind_told), list(after.blind_moved_mm)
    out: list[Event] = []
    gone_mm = reach_mm(after) - reach_mm(before) if before is not None else 0.0
    if before is not None and gone_mm > 0.0 and _matters(case, after):
        # Where the tip came from sets the limit: it was there that a picture was due.
        limits = allowed_mm(case, before)
        for i, plane in enumerate(PLANES):
            clocks[i] += gone_mm
            if clocks[i] > limits[i] and not told[i]:
                from_mm = moved[i] or 0.0
                lengths = clocks[i] - from_mm, limits[i] - from_mm
                out.append(BlindAdvance(after.side, plane, *lengths, moved[i] is not None))
                told[i] = True
    for event in events:
        if isinstance(event, Moved):
            moved = [c if m is None else m for c, m in zip(clocks, moved, strict=True)]
        if isinstance(event, Exposed) and event.shot.tip_in_field[after.side]:
            marks = bearings.vertebra_at(case.patient, after.front_mm)
            for i, plane in enumerate(PLANES):
                if shows(case, marks, after.side, event.shot.pose, plane):
                    clocks[i], told[i], moved[i] = 0.0, False, None
    wound = replace(
        after,
        blind_medial_mm=clocks[0],
        blind_depth_mm=clocks[1],
        blind_told=(told[0], told[1]),
        blind_moved_mm=(moved[0], moved[1]),
    )
    return (after if wound == after else wound), tuple(out)


def _matters(case: Case, tool: Cannula) -> bool:
    """Muscle behind the spine forgives a blind step; bone, and what lies beside it, does not.

    A path beside the pedicle passes lung and vessels before it meets the body.
    """
    if tool.bone_mm > 0.0 or (tool.passed is not None and tool.passed.bone_mm > 0.0):
        return True
    if case.plans[tool.side].route is not Route.EXTRAPEDICULAR:
        return False
    marks = case.patient.target.landmarks
    entry = marks.pedicles[tool.side].entry_mm
    return bearings.past_wall_mm(marks, tool.front_mm) > bearings.past_wall_mm(marks, entry)
