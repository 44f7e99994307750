"""How the patient is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TroubleSpec:
    """One row of the table of troubles (assets/physiology.toml): cause to sign, answer and end."""

    kind: str
    latency_s: float
    """The cause must last so long before anything begins."""
    rise_per_min: float
    """Rise of the level for each unit of the cause."""
    holds_at: float
    """From this level on it goes on by itself."""
    own_per_min: float
    calm_per_min: float
    relief_per_min: float
    """Fall for each unit of answers given."""
    sign_at: float
    """From this level on it shows."""
    heart_rate_min: float
    """Change of the heart rate at level 1; the next three likewise."""
    map_mmhg: float
    spo2_pct: float
    resp_rate_min: float
    deadly: float
    """1: at level 1 the patient collapses."""
    answers: tuple[str, ...]
    """Acts that are a right answer."""
    strengths: tuple[float, ...]
    speaker: str
    sign: str
    """What is said when it shows."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A trouble that is under way."""

    kind: str
    cause_s: float = 0.0
    """How long its cause has been there."""
    level: float = 0.0
    shown_s: float = 0.0
    """Time since its sign; 0 before."""
    relief: float = 0.0
    """Strength of the answers given."""
    answered: bool = False

    @property
    def stage(self) -> str:
        """Where it stands: "latent", "sign" or "treated"."""
        if self.shown_s <= 0.0:
            return "latent"
        return "treated" if self.answered else "sign"


STAGES: tuple[tuple[str, str, str], ...] = (
    ("calm", "latent", "cause"),
    ("latent", "calm", "cause gone"),
    ("latent", "sign", "latency over"),
    ("sign", "treated", "right answer"),
    ("sign", "calm", "cause gone early"),
    ("sign", "collapsed", "level 1, if deadly"),
    ("treated", "calm", "level 0"),
    ("treated", "collapsed", "level 1, if deadly"),
)
"""How every trouble goes, beside whatever phase the procedure is in: before, after, by what."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """Monitor values and what lies behind them."""

    heart_rate_min: float = 78.0
    map_mmhg: float = 95.0
    spo2_pct: float = 96.0
    resp_rate_min: float = 15.0
    pain_vas: float = 3.0
    """0..10, as the patient would say it now."""
    lidocaine_mg: float = 0.0
    """Given so far."""
    depot_mg: float = 0.0
    """Lidocaine that is still in the tissue."""
    blood_mg: float = 0.0
    """Lidocaine that is in the blood."""
    local_ticks: tuple[int | None, int | None] = (None, None)
    """Per `Side`: when tract and periosteum were first infiltrated."""
    midazolam_mg: float = 0.0
    fentanyl_ug: float = 0.0
    drug_steps: float = 0.0
    """Steps of sedation that are still in the body."""
    sedation: float = 0.0
    """0 awake .. 1 asleep; a slow follower of the drugs in the body."""
    supported: bool = False
    """Lies on bolsters."""
    antibiotic_tick: int | None = None
    oxygen: bool = False
    lipid: bool = False
    """Lipid emulsion runs and binds what comes into the blood."""
    talked_tick: int | None = None
    embolus_ml: float = 0.0
    shock_ml: float = 0.0
    """What of it the pressure still feels."""
    cement_ml: float = 0.0
    """Cement that the circulation still feels; fades."""
    cement_felt_ml: float = 0.0
    """Cement injected when it was last looked at."""
    supine_s: float = 0.0
    """Time flat after the procedure."""
    neuro_checked: bool = False
    ordered: bool = False
    nerve_pain: bool = False
    """Leg pain: a tool or cement irritates canal or root."""
    deficit: bool = False
    """A nerve was hurt for so long that it stays."""
    troubles: tuple[Trouble, ...] = ()
