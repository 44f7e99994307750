"""What a tool did to the patient, judged: walls, canal, roots, lung, vessels, level."""

from __future__ import annotations

from simulator.world.case import Case
from simulator.world.events import Event
from simulator.world.steel_events import (
    CanalEntered,
    DiscEntered,
    ForamenEntered,
    MedialRuleBroken,
    PedicleCracked,
    PleuraEntered,
    VesselEntered,
    WallBreached,
    WrongLevel,
)
from simulator.world.tally import Finding
from simulator.world.tools import Wall

_ROTATED_DEG = 3.0
"""An AP further off than this hid what it seemed to show."""
_ENDPLATES = (Wall.SUPERIOR_ENDPLATE, Wall.INFERIOR_ENDPLATE)


def finding(case: Case, tick: int, event: Event) -> Finding | None:
    """Return what is to be said about an event, if it is a mistake of this kind."""
    match event:
        case MedialRuleBroken():
            return _medial_rule(tick, event)
        case WallBreached():
            return _breach(case, tick, event)
        case CanalEntered():
            return _canal(tick, "The tip is in the spinal canal.")
        case WrongLevel():
            return Finding(
                "wrong_level_entered", "major", tick,
                f"The tool went into {event.level}, planned was {event.planned}.",
                "The first films showed where the fracture is.",
                "Withdraw, count the levels in both planes, begin again.", 6.0,
            )  # fmt: skip
        case PedicleCracked():
            return Finding(
                "pedicle_cracked", "major", tick,
                f"The pedicle cracked under {event.force_n:.0f} N of prying.",
                "The shaft bent before it gave way.",
                "A docked needle is withdrawn and set anew, not levered.", 5.0,
            )  # fmt: skip
    return _neighbour(tick, event)


def _neighbour(tick: int, event: Event) -> Finding | None:
    """What lies around the vertebra and was pierced."""
    match event:
        case ForamenEntered():
            return Finding(
                "foramen_entered", "major", tick,
                f"The tool is in the {event.of.name.lower()} foramen of {event.level}, "
                "where the root leaves.",
                "The lateral showed it below or in front of the pedicle.",
                "Withdraw, ask for pain down the side, choose a path further up.", 7.0,
            )  # fmt: skip
        case PleuraEntered():
            return Finding(
                "pleura_entered", "major", tick,
                f"The tool went through the {event.of.name.lower()} pleura.",
                "The AP showed the tip lateral of the rib's joint.",
                "Withdraw, watch the saturation, take a chest film; stay on bone.", 8.0,
            )  # fmt: skip
        case VesselEntered():
            return Finding(
                "vessel_entered", "major", tick, "The tool pierced a large vessel.",
                "The lateral showed the tip in front of the body, or the AP beside it.",
                "Leave the tool where it is, call for help; stop 5 mm short of the cortex.", 9.0,
            )  # fmt: skip
        case DiscEntered():
            return Finding(
                "disc_entered", "minor", tick, f"The tip is in the disc at {event.level}.",
                "The lateral showed it past the endplate.",
                "Withdraw into the body; cement given here would leak into the disc.", 3.0,
            )  # fmt: skip
    return None


def _medial_rule(tick: int, event: MedialRuleBroken) -> Finding:
    rotated = event.rotated_view_deg
    seen = (
        f"Your last AP was {rotated:.0f}° off, so it looked safe."
        if rotated >= _ROTATED_DEG
        else "The AP showed the tip at the medial border of the pedicle."
    )
    return Finding(
        "medial_rule_broken", "sentinel", tick,
        f"The tip crossed the medial border {event.behind_wall_mm:.0f} mm behind the "
        "posterior wall.",
        seen, "Make the AP true, withdraw, aim less medially.", 9.0,
    )  # fmt: skip


def _canal(tick: int, text: str) -> Finding:
    return Finding(
        "canal_breach", "sentinel", tick, text,
        "The AP showed the tip medial of the pedicle's inner border.",
        "Withdraw, true both views, choose a more lateral path. Never inject through this tract.",
        10.0,
    )  # fmt: skip


def _breach(case: Case, tick: int, event: WallBreached) -> Finding:
    rules = case.physics["looking"]
    depth = f"{event.depth_mm:.1f} mm, grade {event.grade}"
    far = event.depth_mm >= rules["canal_breach_mm"]
    if event.wall is Wall.MEDIAL:
        if far:
            return _canal(tick, f"Medial breach of {depth}, into the canal.")
        return Finding(
            "medial_breach", "major", tick, f"Medial pedicle wall breached by {depth}.",
            "The AP showed the tip on the medial rim.", "Withdraw and aim less medially.", 5.0,
        )  # fmt: skip
    through = event.wall in (Wall.ANTERIOR, Wall.LATERAL_BODY)
    if through and event.depth_mm >= rules["perforation_mm"]:
        return Finding(
            "anterior_perforation", "sentinel", tick,
            f"The {event.tool} is {event.depth_mm:.1f} mm through the {event.wall} cortex.",
            "The lateral showed the tip at the wall; osteoporotic bone gives no warning.",
            "Stop 5 mm short of the anterior cortex and look before each millimetre.", 8.0,
        )  # fmt: skip
    if event.wall in _ENDPLATES:
        return Finding(
            "endplate_perforated", "major", tick,
            f"The {event.tool} is {event.depth_mm:.1f} mm through the {event.wall}.",
            "The lateral showed the tip at the plate.",
            "Withdraw and aim for the middle of the body; cement here leaks into the disc.", 5.0,
        )  # fmt: skip
    # Lateral and superior of the pedicle there is room; the root lies below it.
    roomy = event.wall in (Wall.LATERAL, Wall.SUPERIOR) and not far
    name = f"breach_{event.wall.name.lower()}" + ("_far" if far else "")
    return Finding(
        name, "minor" if roomy else "major", tick,
        f"The {event.tool} is out of the bone through the {event.wall} wall, {depth}.",
        "The second plane would have shown it.",
        "Withdraw to the last safe place and redirect.", 2.0 if roomy else 4.0,
    )  # fmt: skip
