"""How the patient is."""

from __future__ import annotations

from dataclasses import dataclass


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
    local_tick: int | None = None
    """When the tract and periosteum were last infiltrated."""
    midazolam_mg: float = 0.0
    fentanyl_ug: float = 0.0
    sedation: float = 0.0
    """0 awake .. 1 asleep; a slow follower of the drugs given."""
    embolus_ml: float = 0.0
    supine_s: float = 0.0
    """Time flat after the procedure."""
    neuro_checked: bool = False
    nerve_pain: bool = False
    """Leg pain: a tool or cement irritates canal or root."""
