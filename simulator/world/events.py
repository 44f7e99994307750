"""Facts that a step reports, in the order they happened."""

from __future__ import annotations

from dataclasses import dataclass, replace

from simulator.frames import Side
from simulator.units import Vec3
from simulator.world.arm import CArm, Shot
from simulator.world.filling_events import OfFilling
from simulator.world.shown import NOTHING, Shown
from simulator.world.steel_events import OfSteel


@dataclass(frozen=True, slots=True)
class Exposed:
    """One X-ray pulse."""

    shot: Shot
    kvp: float
    mas: float
    """Of this pulse; the brightness control has already set the next."""
    hand_in_beam: bool
    shown: Shown = NOTHING

    def arm(self, after: CArm) -> CArm:
        """Return the plane that fired as it was at this pulse, from the arm after it."""
        return replace(after.through(self.shot.plane), kvp=self.kvp, mas_pulse=self.mas)


@dataclass(frozen=True, slots=True)
class Done:
    """A deliberate act was carried out."""

    act: str
    side: Side


@dataclass(frozen=True, slots=True)
class Refused:
    """A wish that physics or staff refuse; nothing changed."""

    act: str
    reason: str


@dataclass(frozen=True, slots=True)
class Said:
    """A caption: someone in the room speaks."""

    speaker: str
    """"nurse", "patient", "assistant"."""
    text: str
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class LevelTaken:
    """Another of the session's levels is worked on from now on."""

    level: str


@dataclass(frozen=True, slots=True)
class TroubleBegan:
    """A trouble shows its first sign: "vasovagal", "movement", "toxicity", ..."""

    kind: str


@dataclass(frozen=True, slots=True)
class TroubleOver:
    """A trouble that had shown itself is gone."""

    kind: str


@dataclass(frozen=True, slots=True)
class Collapsed:
    """A trouble that was not answered, or too late, ended in arrest."""

    kind: str


@dataclass(frozen=True, slots=True)
class Moved:
    """The patient moved; what is in bone moves with it, the C-arm stays."""

    shift_mm: Vec3


@dataclass(frozen=True, slots=True)
class PhaseChanged:
    """The procedure moved on or back."""

    before: str
    after: str


Event = (
    OfSteel
    | OfFilling
    | Exposed
    | Done
    | Refused
    | Said
    | TroubleBegan
    | TroubleOver
    | Collapsed
    | Moved
    | PhaseChanged
    | LevelTaken
)
