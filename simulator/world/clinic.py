"""What is known of the patient before the needle, what is advised, and what was chosen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clinical:
    """History, examination, laboratory and imaging, as far as a decision rests on them."""

    inr: float = 1.0
    platelets_g_l: float = 220.0
    infection: bool = False
    """A disc, a body or the blood is infected, or fever is not explained."""
    allergies: tuple[str, ...] = ()
    """Of "cement", "contrast", "cephalosporin"."""
    neurology: str = "normal"
    """"normal", "root" or "cord"."""
    unstable: bool = False
    """Distraction, rotation or translation: the posterior column has failed."""
    oedema: bool = True
    """The fracture is bright on fat-suppressed T2: it has not healed."""
    tender: bool = True
    """The pain is at the level."""
    retropulsion_mm: float = 0.0
    lost: float = 0.0
    """Share of the anterior (biconcave: middle) height that is lost, 0..1."""
    age_weeks: float = 3.0


@dataclass(frozen=True, slots=True)
class Person:
    """How this body answers; drawn once around the means of assets/physiology.toml."""

    heart_rate_min: float = 76.0
    map_mmhg: float = 95.0
    spo2_pct: float = 97.0
    """At rest, on air."""
    map_per_cement_ml: float = -1.8
    """mmHg per millilitre of cement that entered the body."""
    sedation_gain: float = 1.0
    """Depth of sedation against the mean, for the same dose."""
    vagal_vas: float = 9.5
    """From this pain on, this patient's circulation gives way."""
    move_vas: float = 8.0
    """From this pain on, this patient moves."""
    lidocaine_gain: float = 1.0
    """Sensitivity to the local anaesthetic in the blood."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What a careful operator decides."""

    decision: str = "treat"
    """"treat", "refuse", "refer" or "abort"."""
    procedures: tuple[str, ...] = ()
    """Procedures that suit this fracture."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the operator chose in the briefing; None keeps what the author planned."""

    procedure: str | None = None
    approach: str | None = None
    """"transpedicular" or "extrapedicular"."""
    sides: tuple[str, ...] | None = None
    """"left", "right", in order of use."""
    needle: str | None = None
    """Name in the catalogue of needles."""
    tamp: str | None = None
    """Name in the catalogue of tamps."""
    cement: str | None = None
    """Name in the catalogue of cements."""
    sedation: str | None = None
    """"none", "light" or "moderate", of which moderate is what is ordered by itself."""
