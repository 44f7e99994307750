"""What the operator asks for during one tick: physical, free of any device, and recorded."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from simulator.frames import Side
from simulator.world.arm import Curve, Stand


class Do(StrEnum):
    """A deliberate act that is asked for once, as words to the staff or a change of instrument."""

    NONE = ""
    DECLINE_BLEEDING = "decline_bleeding"
    """Not to treat, before the needle: clotting is not corrected."""
    DECLINE_INFECTION = "decline_infection"
    DECLINE_ALLERGY = "decline_allergy"
    """Cement cannot be given to this patient."""
    DECLINE_NEUROLOGY = "decline_neurology"
    """Cord or root is compressed: for a surgeon."""
    DECLINE_UNSTABLE = "decline_unstable"
    """The spine is unstable: for a surgeon."""
    DECLINE_NO_INDICATION = "decline_no_indication"
    """The fracture has healed, or the pain does not come from it."""
    POSITION = "position"
    """Prone on bolsters, arms up, pressure points padded."""
    ANTIBIOTIC = "antibiotic"
    TIME_OUT = "time_out"
    """Identity, level, allergies, clotting: the checklist, said aloud."""
    LOCAL = "local"
    """Infiltrate skin, tract and periosteum on the active side."""
    SEDATE = "sedate"
    """One titrated step of sedation."""
    TALK = "talk"
    """Speak to the patient: breathe, keep still, say what you feel."""
    OXYGEN = "oxygen"
    FLUID = "fluid"
    """Legs up, a fast infusion."""
    ATROPINE = "atropine"
    PRESSOR = "pressor"
    REVERSE = "reverse"
    """Naloxone and flumazenil."""
    LIPID = "lipid"
    """Lipid emulsion, against toxicity of the local anaesthetic."""
    PLACE_NEEDLE = "place_needle"
    """Put the access needle on the skin of the active side, at the planned or last place."""
    STYLET_OUT = "stylet_out"
    STYLET_IN = "stylet_in"
    SEAT_CANNULA = "seat_cannula"
    """Exchange the needle over a wire for the working cannula."""
    WIRE_IN = "wire_in"
    """Pass the blunt K-wire down the bore, to the end of the channel."""
    WIRE_OUT = "wire_out"
    DRILL_IN = "drill_in"
    """Pass the hand drill through the working cannula, to the end of the channel."""
    DRILL_OUT = "drill_out"
    CURVED_IN = "curved_in"
    """Pass the curved needle down the bore, to the tip of the cannula."""
    CURVED_OUT = "curved_out"
    PURGE = "purge"
    """Fill both inflators and drive the air out of the tamps, before they go in."""
    TAMP_IN = "tamp_in"
    TAMP_OUT = "tamp_out"
    MIX = "mix"
    """Powder to liquid: the clock starts."""
    LOAD = "load"
    """Draw a filler from the batch and connect it to the active cannula."""
    STRAND_TEST = "strand_test"
    TURN_CANNULA = "turn_cannula"
    """Turn the active cannula a full turn: what stands in it breaks off at its tip."""
    NEXT_LEVEL = "next_level"
    """Turn to the next of several levels; what stands in this one stays."""
    CANNULA_OUT = "cannula_out"
    """Pull the active cannula out of the patient."""
    DRESS = "dress"
    """Dressing on, patient turned supine: the procedure ends."""
    NEURO_CHECK = "neuro_check"
    """Move your feet."""
    ORDERS = "orders"
    """Analgesia, treatment of the bone, whom to call and when."""
    DISCHARGE = "discharge"
    ABORT = "abort"
    """End without going on: a decision, not an idleness."""


@dataclass(frozen=True, slots=True)
class Action:
    """One tick of asking. The default asks for nothing."""

    beam: bool = False
    """The pedal; of the first plane where there are two."""
    beam_second: bool = False
    """The pedal of the second plane; with both down they fire in turn."""
    plane: int = 0
    """The plane that every wish below about arm, field and blades is meant for."""
    orbit_deg_s: float = 0.0
    tilt_deg_s: float = 0.0
    table_x_mm_s: float = 0.0
    table_z_mm_s: float = 0.0
    """Move the field over the patient: + to the patient's left, + towards the head."""
    table_y_mm_s: float = 0.0
    pulses_per_s: float = 0.0
    """Set the pulse rate; 0 leaves it."""
    field_mm: float = 0.0
    """Set the magnification field; 0 leaves it."""
    swivel_deg_s: float = 0.0
    iris_mm_s: float = 0.0
    """Open the iris; negative closes it. Blades move with or without the beam."""
    width_mm_s: float = 0.0
    height_mm_s: float = 0.0
    blades_deg_s: float = 0.0
    grid_in: bool | None = None
    """Put the grid in (True) or take it out (False); None leaves it."""
    curve: Curve | None = None
    """Choose the curve of the brightness control; None leaves it."""
    stand: Stand | None = None
    """Where the operator stands; None stays."""
    side: Side = Side.LEFT
    """The side that every tool wish below is meant for."""
    skin_x_mm_s: float = 0.0
    skin_z_mm_s: float = 0.0
    """Slide the tip over the skin while it is not in the patient."""
    medial_deg_s: float = 0.0
    """Swing the hub so that the tip points more to the midline."""
    caudal_deg_s: float = 0.0
    """Swing the hub so that the tip points more to the feet."""
    push_n: float = 0.0
    """Hand force along the shaft: positive into the patient, negative pulls back."""
    brace: bool = False
    """Braced hand: at most 1 mm/s, no overshoot."""
    tap: int = 0
    """Mallet: 0 none, 1 light, 2 firm, 3 hard."""
    twist_deg_s: float = 0.0
    """Turn the needle about its shaft, or the curved needle while it is still in the bore."""
    inner_n: float = 0.0
    """Hand force on the wire, drill or curved needle in the cannula: positive into the patient."""
    bend_mm: float = 0.0
    """Set the radius of the curved needle while it is still in the bore; 0 leaves it."""
    hold: bool = True
    """What is not pushed is held still: the cannula in an exchange, the wire under a cannula."""
    inflate_ml_s: float = 0.0
    """Turn the inflator: negative deflates."""
    press_n: float = 0.0
    """Thumb on the plunger; negative pulls it back (unload)."""
    press_other_n: float = 0.0
    """An assistant's thumb on the plunger of the other side."""
    do: Do = Do.NONE
    wait_s: float = 0.0
    """Fast-forward: hands off, beam off, this long in one integrated step; stops at an alarm."""


DECLINES = frozenset(act for act in Do if act.startswith("decline_"))
"""Acts that end a case before it begins, each with its reason."""

IDLE = Action()
"""Asks for nothing."""
