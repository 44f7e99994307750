"""Facts that a step reports, in the order they happened."""

from __future__ import annotations

from dataclasses import dataclass, replace

from simulator.anatomy.volume import Tissue
from simulator.frames import Side
from simulator.units import Vec3
from simulator.world.arm import CArm, Shot
from simulator.world.cement import Route
from simulator.world.shown import NOTHING, Shown
from simulator.world.tools import Wall

_GRADES = ((2.0, "B"), (4.0, "C"), (6.0, "D"))


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
class BoneContact:
    """The tip met bone from outside."""

    side: Side
    level: str
    entry_error_mm: float
    """Distance from the planned entry point."""


@dataclass(frozen=True, slots=True)
class TissueEntered:
    """The tip passed from one tissue into another."""

    side: Side
    tissue: Tissue
    depth_mm: float
    force_n: float


@dataclass(frozen=True, slots=True)
class BodyEntered:
    """The tip passed the posterior wall level, inside bone."""

    side: Side


@dataclass(frozen=True, slots=True)
class MedialRuleBroken:
    """Behind the posterior wall, the tip passed the medial border of the pedicle."""

    side: Side
    medial_mm: float
    behind_wall_mm: float
    rotated_view_deg: float
    """How untrue the last AP was: a rotated AP shows false safety."""


@dataclass(frozen=True, slots=True)
class WallBreached:
    """A tool stands out of the bone it had entered; reported at every further half millimetre."""

    side: Side
    wall: Wall
    depth_mm: float
    """How far its outer surface stands out, at the tip or along the shaft."""
    level: str = ""
    tool: str = "needle"
    """"needle", "cannula", or what stands out of it: "wire", "drill", "curved needle"."""

    @property
    def grade(self) -> str:
        """Gertzbein and Robbins: B below 2 mm, C below 4, D below 6, E from there on."""
        for limit_mm, grade in _GRADES:
            if self.depth_mm < limit_mm:
                return grade
        return "E"


@dataclass(frozen=True, slots=True)
class CanalEntered:
    """A tool is in the spinal canal."""

    side: Side


@dataclass(frozen=True, slots=True)
class ForamenEntered:
    """A tool is in a foramen, where a root leaves."""

    side: Side
    of: Side
    """The side of the patient that the foramen is on."""
    level: str


@dataclass(frozen=True, slots=True)
class PleuraEntered:
    """A tool went through the pleura into the lung."""

    side: Side
    of: Side


@dataclass(frozen=True, slots=True)
class VesselEntered:
    """A tool is in the aorta, the vena cava or one of their branches."""

    side: Side
    level: str


@dataclass(frozen=True, slots=True)
class DiscEntered:
    """A tool is in an intervertebral disc."""

    side: Side
    level: str
    """The vertebra that it came through, or stands nearest to."""


@dataclass(frozen=True, slots=True)
class WrongLevel:
    """A tool has gone into the pedicle or body of a vertebra that is not to be treated."""

    side: Side
    level: str
    planned: str


@dataclass(frozen=True, slots=True)
class BodyLeft:
    """A tip that was in the vertebral body was drawn back behind the posterior wall."""

    side: Side


@dataclass(frozen=True, slots=True)
class BlindAdvance:
    """The tip went further than a clock allows since the last useful picture."""

    side: Side
    plane: str
    """"medial" or "depth"."""
    advance_mm: float
    limit_mm: float
    moved: bool = False
    """The patient moved since that picture; both lengths count from the movement."""


@dataclass(frozen=True, slots=True)
class Redirected:
    """A docked path was given up for another one."""

    side: Side


@dataclass(frozen=True, slots=True)
class Tapped:
    """A mallet blow and what it achieved."""

    side: Side
    advance_mm: float


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
class TampPressed:
    """Reported when the manometer reaches a new 50 psi mark, or a limit."""

    side: Side
    pressure_psi: float
    volume_ml: float
    over_limit: bool


@dataclass(frozen=True, slots=True)
class TampMisused:
    """Inflated inside the cannula or pedicle, beyond a limit, or after it burst."""

    side: Side
    reason: str


@dataclass(frozen=True, slots=True)
class TampRuptured:
    """The balloon burst: contrast in the body, pressure gone."""

    side: Side
    volume_ml: float
    pinhole: bool = False
    """It weeps: the pressure goes in seconds, not at once."""


@dataclass(frozen=True, slots=True)
class TampBreached:
    """The balloon broke through a wall or an endplate; cement will find the hole."""

    side: Side
    wall: str
    pressure_psi: float


@dataclass(frozen=True, slots=True)
class WallPushed:
    """A fragment of the posterior wall moved into the canal; told at every further half mm."""

    moved_mm: float
    inflating: bool


@dataclass(frozen=True, slots=True)
class CementLeaked:
    """A route carries cement out of the bone; reported at the first and every further 0.05 mL."""

    route: Route
    volume_ml: float
    visible: bool
    """Could be seen in the view that the rules ask for at that moment."""


@dataclass(frozen=True, slots=True)
class CementRanUp:
    """Pressed on one side, cement climbs the open cannula of the other; told as leaks are.

    It is in plain sight: in the picture, and at the hub.
    """

    side: Side
    """Of the open cannula."""
    volume_ml: float
    dripped_ml: float
    """Of all that, what came out of a hub."""


@dataclass(frozen=True, slots=True)
class TailDrawn:
    """A cannula was pulled, and cement came after it along the tract."""

    side: Side
    volume_ml: float
    length_mm: float
    turned: bool
    """It had been turned round before."""


@dataclass(frozen=True, slots=True)
class CementSet:
    """The cement has hardened."""


@dataclass(frozen=True, slots=True)
class Embolised:
    """Cement left with the venous blood."""

    volume_ml: float


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
class PedicleCracked:
    """Bone about a docked shaft gave way to prying at its hub."""

    side: Side
    force_n: float
    """Sideways force at the hub."""


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
    Exposed
    | BoneContact
    | TissueEntered
    | BodyEntered
    | MedialRuleBroken
    | WallBreached
    | CanalEntered
    | ForamenEntered
    | PleuraEntered
    | VesselEntered
    | DiscEntered
    | WrongLevel
    | BodyLeft
    | BlindAdvance
    | Redirected
    | Tapped
    | Done
    | Refused
    | TampPressed
    | TampMisused
    | TampRuptured
    | TampBreached
    | WallPushed
    | CementLeaked
    | CementRanUp
    | TailDrawn
    | CementSet
    | Embolised
    | Said
    | PedicleCracked
    | TroubleBegan
    | TroubleOver
    | Collapsed
    | Moved
    | PhaseChanged
    | LevelTaken
)
