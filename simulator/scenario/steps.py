"""The steps of a stage script: what can be asked for, one table each."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)

from simulator.imaging.machine import machine
from simulator.scenario.block import Block, Comparison, Comparisons, check_word
from simulator.scenario.words import SideName
from simulator.world.action import Do

ACTS = tuple(str(act) for act in Do if act is not Do.NONE)
"""What `act` may name."""
PlaneName = Literal["first", "second"]
_RATES, _FIELDS_MM = machine().c_arm.pulse_rates, machine().fields.sizes_mm


class Ask(Block):
    """What every step may have."""

    expect: Comparisons = Field(
        default=(), description="Comparisons that must hold after this step."
    )
    until: Comparison | None = Field(
        default=None, description="The step ends when this holds; it fails if it never does."
    )
    max_s: float = Field(
        default=120.0, gt=0, le=3600, description="Longest time of the step in the simulated room."
    )


class SetView(Ask):
    """Bring the C-arm to a view or an angle."""

    do: Literal["carm.view"] = Field(description="Bring the C-arm to a view or an angle.")
    view: Literal["ap", "lateral", "en_face_left", "en_face_right"] | None = Field(
        default=None, description="A view, true to the vertebra."
    )
    orbit_deg: float | None = Field(
        default=None, ge=-180, le=180, description="Angle around the patient; +90 is the lateral."
    )
    tilt_deg: float | None = Field(
        default=None, ge=-60, le=60, description="Angle towards the head (positive) or feet."
    )
    swivel_deg: float = Field(
        default=0.0,
        ge=-30,
        le=30,
        description="Turn of the whole arm about the vertical; + takes the detector of a lateral "
        "to the head.",
    )
    plane: PlaneName = Field(default="first", description="Which plane of a biplane unit.")

    @model_validator(mode="after")
    def _view_or_angles(self) -> Self:
        angles = self.orbit_deg is not None or self.tilt_deg is not None
        if angles == (self.view is not None):
            raise ValueError("give either view, or orbit_deg and tilt_deg")
        return self


class SetArm(Ask):
    """Set field, blades, grid, curve, pulse rate and the operator's place."""

    do: Literal["carm.set"] = Field(
        description="Set field, blades, grid, curve, pulse rate and the operator's place."
    )
    field_mm: float | None = Field(
        default=None,
        description="Side of the detector square in use.",
        json_schema_extra={"enum": [*_FIELDS_MM, None]},
    )
    iris_mm: float | None = Field(
        default=None, ge=40, le=430, description="Opening of the iris, at the detector."
    )
    width_mm: float | None = Field(
        default=None, ge=20, le=430, description="Opening of the shutters from the sides."
    )
    height_mm: float | None = Field(
        default=None, ge=20, le=430, description="Opening of the shutters from above and below."
    )
    turn_deg: float | None = Field(
        default=None, ge=-90, le=90, description="Turn of the shutters, counterclockwise."
    )
    pulses_per_s: float | None = Field(
        default=None, description="Pulse rate.", json_schema_extra={"enum": [*_RATES, None]}
    )
    grid: bool | None = Field(default=None, description="Grid in or out.")
    curve: Literal["low_dose", "normal", "high_contrast"] | None = Field(
        default=None, description="Curve of the brightness control."
    )
    stand: Literal["left", "right", "back"] | None = Field(
        default=None, description="Where the operator stands: a side of the patient, or back."
    )
    plane: PlaneName = Field(
        default="first", description="Whose field and blades, on a biplane unit."
    )

    @field_validator("field_mm", "pulses_per_s")
    @classmethod
    def _offered(cls, value: float | None, info: ValidationInfo) -> float | None:
        offered = _RATES if info.field_name == "pulses_per_s" else _FIELDS_MM
        if value is not None and value not in offered:
            raise ValueError(f"got {value:g}; allowed: {' or '.join(f'{x:g}' for x in offered)}")
        return value

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set - {"do", "plane", "expect", "until", "max_s"}:
            raise ValueError(
                "sets nothing: give field_mm, iris_mm, width_mm, height_mm, turn_deg, "
                "pulses_per_s, grid, curve or stand"
            )
        return self


class Beam(Ask):
    """Pedal down for a while."""

    do: Literal["beam"] = Field(description="Pedal down for a while.")
    seconds: float = Field(default=1.0, gt=0, le=120, description="Pedal time.")
    plane: Literal["first", "second", "both"] = Field(
        default="first", description="Which pedals, on a biplane unit."
    )


class PlaceNeedle(Ask):
    """Needle on the skin at the planned place of a side."""

    do: Literal["needle.place"] = Field(description="Put the needle on the skin.")
    side: SideName = Field(default="left", description="The patient's side.")


class AimNeedle(Ask):
    """Swing the hub."""

    do: Literal["needle.aim"] = Field(description="Swing the hub to an angle.")
    medial_deg: float = Field(default=0.0, ge=-60, le=60, description="Towards the midline.")
    caudal_deg: float = Field(default=0.0, ge=-60, le=60, description="Towards the feet.")


class AdvanceNeedle(Ask):
    """Push until a depth or a landmark."""

    do: Literal["needle.advance"] = Field(description="Push until a depth or a landmark.")
    to_depth_mm: float | None = Field(
        default=None, ge=0, le=150, description="Depth of the tip from the skin."
    )
    to: Literal["entry", "posterior_wall", "target"] | None = Field(
        default=None, description="A landmark of the plan."
    )
    force_n: float = Field(default=40.0, gt=0, le=300, description="Highest push.")
    brace: bool = Field(default=True, description="Braced hand: slow, no overshoot.")

    @model_validator(mode="after")
    def _one_goal(self) -> Self:
        if self.to is not None and self.to_depth_mm is not None:
            raise ValueError("give either to or to_depth_mm, not both")
        if self.to is None and self.to_depth_mm is None and self.until is None:
            raise ValueError("goes nowhere: give to, to_depth_mm or until")
        return self


class WithdrawNeedle(Ask):
    """Pull back."""

    do: Literal["needle.withdraw"] = Field(description="Pull back.")
    by_mm: float | None = Field(default=None, gt=0, le=150, description="By this much.")
    to_depth_mm: float | None = Field(
        default=None, ge=-20, le=150, description="To this depth from the skin."
    )

    @model_validator(mode="after")
    def _one_goal(self) -> Self:
        if (self.by_mm is None) == (self.to_depth_mm is None):
            raise ValueError("give either by_mm or to_depth_mm")
        return self


class Tap(Ask):
    """Mallet."""

    do: Literal["tap"] = Field(description="Mallet blows.")
    strength: Literal["light", "firm", "hard"] = Field(default="light", description="How hard.")
    count: int = Field(default=1, ge=1, le=50, description="How many blows.")


class Act(Ask):
    """A deliberate act, said to the staff or done with the hands."""

    do: Literal["act"] = Field(description="A deliberate act.")
    name: str = Field(description="Which act.", json_schema_extra={"enum": list(ACTS)})
    side: SideName | None = Field(
        default=None, description="The patient's side. Default: as before."
    )

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        return check_word(name, ACTS)


class InflateTamp(Ask):
    """Turn the inflator in."""

    do: Literal["tamp.inflate"] = Field(description="Inflate.")
    to_ml: float = Field(gt=0, le=10, description="Volume in the balloon.")
    rate_ml_s: float = Field(default=0.1, gt=0, le=2, description="Speed of the inflator.")


class DeflateTamp(Ask):
    """Turn the inflator out."""

    do: Literal["tamp.deflate"] = Field(description="Deflate.")
    rate_ml_s: float = Field(default=0.5, gt=0, le=5, description="Speed of the inflator.")


class InjectCement(Ask):
    """Press the plunger, by force or by flow."""

    do: Literal["cement.inject"] = Field(description="Inject.")
    force_n: float | None = Field(default=None, gt=0, le=200, description="Thumb force.")
    rate_ml_min: float | None = Field(
        default=None, gt=0, le=20, description="Flow held by the thumb."
    )
    both_sides: bool = Field(
        default=False,
        description="An assistant presses the other side's filler as hard; both are loaded before.",
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.force_n is None) == (self.rate_ml_min is None):
            raise ValueError("give either force_n or rate_ml_min")
        return self


class Wait(Ask):
    """Hands off. A step without `do` is this one."""

    do: Literal["wait"] = Field(default="wait", description="Hands off, beam off.")
    wait_s: float = Field(default=0.0, ge=0, le=7200, description="How long.")


def _tag(step: Any) -> str:
    found = step.get("do", "wait") if isinstance(step, dict) else getattr(step, "do", "wait")
    return str(found)


AnyStep = Annotated[
    Annotated[SetView, Tag("carm.view")]
    | Annotated[SetArm, Tag("carm.set")]
    | Annotated[Beam, Tag("beam")]
    | Annotated[PlaceNeedle, Tag("needle.place")]
    | Annotated[AimNeedle, Tag("needle.aim")]
    | Annotated[AdvanceNeedle, Tag("needle.advance")]
    | Annotated[WithdrawNeedle, Tag("needle.withdraw")]
    | Annotated[Tap, Tag("tap")]
    | Annotated[Act, Tag("act")]
    | Annotated[InflateTamp, Tag("tamp.inflate")]
    | Annotated[DeflateTamp, Tag("tamp.deflate")]
    | Annotated[InjectCement, Tag("cement.inject")]
    | Annotated[Wait, Tag("wait")],
    Discriminator(_tag),
]
"""One [[step]]."""
