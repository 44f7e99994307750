"""What the panes of the theatre look at: the session, the operator, and what was felt so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.engine.session import Session
from simulator.procedure.phases import refusal
from simulator.ui.chain import Film
from simulator.ui.controls import HumanOperator
from simulator.ui.pictures import Pictures
from simulator.units import BAR_PER_MPA, PSI_PER_MPA, TICKS_PER_S
from simulator.world.action import Do
from simulator.world.case import Case
from simulator.world.state import State

Spots = list[tuple[float, float]]


@dataclass(slots=True)
class Felt:
    """Curves folded from the session's samples, each sample once."""

    read: int = 0
    force_n: list[float] = field(default_factory=list)
    thumb_n: list[float] = field(default_factory=list)
    tamp: tuple[Spots, Spots] = field(default_factory=lambda: ([], []))
    depth: list[tuple[int, float]] = field(default_factory=list)
    """(tick, depth) of the side in use."""

    def follow(self, session: Session) -> None:
        """Take in the samples that are new."""
        for row in session.trace[self.read :]:
            self.force_n.append(row.force_n)
            self.thumb_n.append(row.thumb_n)
            self.depth.append((row.tick, row.depth_mm))
            if row.tamp_ml > 0.0 or row.tamp_psi > 0.0:
                self.tamp[row.side].append((row.tamp_ml, row.tamp_psi))
        self.read = len(session.trace)


@dataclass(slots=True)
class Scene:
    """One run as the window shows it."""

    session: Session
    operator: HumanOperator
    pictures: Pictures
    face: str = "arm"
    """Of the C-arm pane: arm, beam or image."""
    coach: bool = True
    sound: bool = True
    wall_s: float = 0.0
    """Seconds of real time, for what blinks."""
    felt: Felt = field(default_factory=Felt)
    refused: tuple[str, int] | None = None
    """The last refusal and its tick."""
    strand: tuple[str, int] | None = None
    dose_rate_usv_h: float = 0.0
    kerma_mgy_min: float = 0.0
    read: tuple[Film, str, bool] | None = None
    """What the coach reads on the last picture, and if its view is true."""
    hand_seen: bool = False
    """A hand was in the beam in the last half second."""
    _dose: tuple[int, float, float, int] = (0, 0.0, 0.0, 0)

    @property
    def state(self) -> State:
        """The world as it stands."""
        return self.session.state

    @property
    def case(self) -> Case:
        """What never changes."""
        return self.session.case

    def why_not(self, act: Do | str) -> str | None:
        """Return why an act would be refused now."""
        return refusal(self.case, self.state, act)

    def follow(self) -> None:
        """Fold what is new, once per frame."""
        self.felt.follow(self.session)
        arm, tick = self.state.c_arm, self.state.tick
        then, dose, kerma, hand = self._dose
        if tick - then >= TICKS_PER_S // 2:
            seconds = (tick - then) / TICKS_PER_S
            self.dose_rate_usv_h = (arm.operator_dose_usv - dose) / seconds * 3600.0
            self.kerma_mgy_min = (arm.air_kerma_mgy - kerma) / seconds * 60.0
            self.hand_seen = arm.hand_in_beam_ticks > hand
            self._dose = (tick, arm.operator_dose_usv, arm.air_kerma_mgy, arm.hand_in_beam_ticks)
        self.hand_seen = self.hand_seen or arm.hand_in_beam_ticks > hand


def psi(mpa: float) -> float:
    """Return a pressure in psi."""
    return mpa * PSI_PER_MPA


def bar(mpa: float) -> float:
    """Return a pressure in bar."""
    return mpa * BAR_PER_MPA


def clock(tick: float) -> str:
    """Return minutes and seconds of a tick, 24:18."""
    return clock_s(tick / TICKS_PER_S)


def clock_s(seconds: float) -> str:
    """Return minutes and seconds, 4:05 or 24:18."""
    whole = max(int(seconds), 0)
    return f"{whole // 60:02d}:{whole % 60:02d}"


def ago(seconds: float) -> str:
    """Return a short span, 0:06."""
    whole = max(int(seconds), 0)
    return f"{whole // 60}:{whole % 60:02d}"


def number(value: float, digits: int = 0) -> str:
    """Return a number with a real minus sign that the typeface has."""
    text = f"{value:.{digits}f}"
    if float(text) == 0.0:
        text = text.lstrip("-")
    return text.replace("-", "–")
