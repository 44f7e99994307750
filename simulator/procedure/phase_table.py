"""The table of phases: where one is, what leads on or back, and what the staff will carry out.

Only staff refuse here (physics refuses in `simulator.physics.exchange`): an unsafe act happens and
is judged. A trigger is an act carried out ("stylet_out"), the name of a fact ("BodyEntered"), or
nothing: then the move is made as soon as its guard holds. Numbers are those of the phase model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from simulator.world.action import DECLINES, Do
from simulator.world.case import Procedure


@dataclass(frozen=True, slots=True)
class Phase:
    """One row of the table."""

    number: str
    name: str
    chapter: str
    """The part of the procedure that a trainee is shown."""
    title: str
    permits: frozenset[Do]
    """Acts that the staff will carry out."""
    refusal: str
    """What they say to any other."""


@dataclass(frozen=True, slots=True)
class Move:
    """From one phase to the next."""

    before: str
    trigger: str
    after: str
    guard: str = ""
    """Name in `simulator.procedure.guards.GUARDS`; the move is made only if it holds."""


FIRST, LAST = "brief", "done"
TERMINAL = ("done", "declined", "aborted")

_DRUGS = frozenset(
    {
        Do.SEDATE, Do.TALK, Do.OXYGEN, Do.FLUID, Do.ATROPINE, Do.PRESSOR, Do.REVERSE, Do.LIPID,
        Do.ABORT,
    }
)  # fmt: skip
_ANYWHERE = _DRUGS | {Do.TIME_OUT, Do.ANTIBIOTIC, Do.STRAND_TEST, Do.PURGE}
_BEFORE = _ANYWHERE | DECLINES | {Do.POSITION}
_SIGHT = _BEFORE | {Do.LOCAL, Do.NEXT_LEVEL}
_INSTRUMENTS = _ANYWHERE | {
    Do.LOCAL, Do.PLACE_NEEDLE, Do.STYLET_OUT, Do.STYLET_IN, Do.SEAT_CANNULA, Do.CANNULA_OUT,
    Do.TURN_CANNULA,
    Do.WIRE_IN, Do.WIRE_OUT, Do.DRILL_IN, Do.DRILL_OUT, Do.CURVED_IN, Do.CURVED_OUT,
    Do.NEURO_CHECK, Do.NEXT_LEVEL,
}  # fmt: skip
_ACCESS = _INSTRUMENTS | {Do.TAMP_IN, Do.TAMP_OUT, Do.MIX, Do.DRESS}
_TAMP = _INSTRUMENTS | {Do.TAMP_IN, Do.TAMP_OUT, Do.MIX}
_MIX = _ACCESS | {Do.LOAD}
# One side is filled while the tamp of the other still holds the height.
_INJECT = _INSTRUMENTS | {Do.LOAD, Do.MIX, Do.TAMP_OUT, Do.DRESS}
_SET = _INSTRUMENTS | {Do.LOAD, Do.MIX, Do.TAMP_OUT, Do.DRESS}
_RECOVER = _DRUGS | {Do.NEURO_CHECK, Do.ORDERS, Do.DISCHARGE}

_NOT_NUMB = "The skin is not numb yet. Give the local anaesthetic first."
_NO_WAY = "The way into the body is not ready for that."
_AT_WORK = "The tamp is at work. Take it out first."
_NOTHING: frozenset[Do] = frozenset()

_KP, _VP = Procedure.KYPHOPLASTY, Procedure.VERTEBROPLASTY

ROWS: tuple[Phase, ...] = (
    Phase("P0", "brief", "position", "Brief", _BEFORE, "The time-out comes first."),
    Phase("P1", "checklist", "position", "Checklist", _BEFORE, "The time-out comes first."),
    Phase("P2", "set_up", "position", "C-arm", _SIGHT, _NOT_NUMB),
    Phase("P3", "local", "local", "Local", _SIGHT, _NOT_NUMB),
    Phase("P4", "entry", "access", "Entry", _ACCESS, _NO_WAY),
    Phase("P5", "pedicle", "access", "Pedicle", _ACCESS, _NO_WAY),
    Phase("P6", "wall", "access", "Posterior wall", _ACCESS, _NO_WAY),
    Phase("P7", "body", "access", "Body", _ACCESS, _NO_WAY),
    Phase("P8k", "exchange", "access", "Exchange", _MIX, _NO_WAY),
    Phase("P9k", "drill", "access", "Drill", _ACCESS, _NO_WAY),
    Phase("P10k", "tamp", "tamp", "Tamp in place", _TAMP, _AT_WORK),
    Phase("P11k", "inflate", "tamp", "Inflation", _TAMP, _AT_WORK),
    Phase("P12k", "deflate", "tamp", "Deflation", _TAMP, _AT_WORK),
    Phase("P8v", "mix", "mix", "Cement", _MIX, "The cement is not ready for that."),
    Phase("P9v", "inject", "inject", "Injection", _INJECT, "Not while cement is being given."),
    Phase("P14", "set", "set", "Setting", _SET, "Not at this stage any more."),
    Phase("P15", "recover", "recover", "Recovery", _RECOVER,
          "The patient is already turned and dressed."),
    Phase("P16", "done", "done", "Debrief", _NOTHING, "The procedure is over."),
    Phase("P16", "declined", "done", "Declined", _NOTHING, "The case was declined."),
    Phase("P16", "aborted", "done", "Stopped", _NOTHING, "The procedure was stopped."),
)  # fmt: skip
"""In order. P13k, cement after a tamp, shares the rows of P8v and P9v."""

TABLE: Mapping[str, Phase] = MappingProxyType({row.name: row for row in ROWS})

WAYS = (
    "entry", "pedicle", "wall", "body", "exchange", "drill", "tamp", "inflate", "deflate", "mix",
)  # fmt: skip
"""Phases that each side goes through for itself, sharing patient, pictures and dose."""

_COMMON: tuple[Move, ...] = (
    Move("brief", "position", "checklist"),
    Move("brief", "time_out", "set_up"),
    Move("checklist", "time_out", "set_up"),
    Move("set_up", "", "local", "both_views"),
    Move("set_up", "local", "entry"),
    Move("local", "local", "entry"),
    *(Move(name, "decline", "declined") for name in ("brief", "checklist", "set_up", "local")),
    Move("entry", "place_needle", "entry"),
    Move("entry", "BoneContact", "pedicle"),
    Move("pedicle", "BodyEntered", "wall"),
    Move("pedicle", "Redirected", "entry"),
    Move("wall", "BodyLeft", "pedicle"),
    Move("wall", "", "body", "wall_imaged"),
    Move("body", "BodyLeft", "pedicle"),
    *(Move(name, "cannula_out", "entry") for name in ("pedicle", "wall", "body", "mix")),
    Move("mix", "load", "inject"),
    Move("inject", "stylet_in", "set"),
    Move("inject", "CementSet", "set"),
    Move("inject", "cannula_out", "set"),
    Move("set", "cannula_out", "set"),
    Move("set", "load", "inject"),
    Move("set", "dress", "recover"),
    # Giving up is a way out of every phase in which the patient can be closed.
    *(Move(name, "dress", "recover") for name in ("entry", "mix", "inject")),
    Move("recover", "discharge", "done"),
)

_KYPHOPLASTY: tuple[Move, ...] = (
    Move("pedicle", "seat_cannula", "exchange"),
    Move("wall", "stylet_out", "exchange"),
    Move("body", "stylet_out", "exchange"),
    Move("exchange", "stylet_in", "body", "tip_in_body"),
    Move("exchange", "stylet_in", "pedicle"),
    Move("exchange", "cannula_out", "entry"),
    Move("exchange", "drill_in", "drill"),
    Move("drill", "drill_out", "exchange"),
    Move("exchange", "tamp_in", "tamp"),
    # Without a pocket: a balloon cannot be used after all.
    Move("exchange", "load", "inject"),
    Move("tamp", "tamp_out", "exchange"),
    Move("tamp", "", "inflate", "tamp_filled"),
    Move("inflate", "", "deflate", "tamp_emptied"),
    Move("deflate", "", "inflate", "tamp_filled"),
    Move("inflate", "tamp_out", "mix"),
    Move("deflate", "tamp_out", "mix"),
    Move("mix", "tamp_in", "tamp"),
)

_VERTEBROPLASTY: tuple[Move, ...] = (
    Move("wall", "stylet_out", "mix", "tip_in_body"),
    Move("body", "stylet_out", "mix", "tip_in_body"),
    Move("mix", "stylet_in", "body", "tip_in_body"),
    Move("mix", "stylet_in", "pedicle"),
)


def _moves(*parts: tuple[Move, ...]) -> tuple[Move, ...]:
    moves = tuple(move for part in parts for move in part)
    names = [row.name for row in ROWS if row.name in {m.before for m in moves}]
    stops = tuple(Move(name, "abort", "aborted") for name in names)
    return moves + stops


MOVES: Mapping[Procedure, tuple[Move, ...]] = MappingProxyType(
    {_KP: _moves(_COMMON, _KYPHOPLASTY), _VP: _moves(_COMMON, _VERTEBROPLASTY)}
)
"""Per procedure; of several moves with the same start and trigger the first that may is made."""
