"""The tables of a case file that say what lies on the table: patient, spine, fracture, trolley."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from simulator.scenario.block import FROM_LIST, Block, Prose, Seed, check_word, vocabulary
from simulator.scenario.words import AllergyName, Level, SideName


class PatientBlock(Block):
    """[patient]: who lies there, in the words of the notes."""

    sex: Literal["female", "male"] = Field(default="female", description="Sex of the patient.")
    age_years: int = Field(default=75, ge=18, le=110, description="Age in years.")
    weight_kg: float = Field(
        default=62.0, ge=30, le=200, description="Body weight; limits the local anaesthetic."
    )
    bmi: float = Field(
        default=24.0, ge=13, le=60, description="Body mass index, kg/m2: how deep the spine lies."
    )
    t_score: float = Field(
        default=-3.0, ge=-6, le=3, description="Bone density of the spine, standard deviations."
    )
    pain_vas: float = Field(
        default=7.0, ge=0, le=10, description="Pain before the procedure, 0 to 10."
    )
    history: Prose = Field(
        default="", description="History and examination, shown in the briefing."
    )
    imaging: Prose = Field(default="", description="What radiographs, CT and MRI showed.")
    inr: float = Field(default=1.0, ge=0.5, le=10, description="Clotting; 1 is normal.")
    platelets_g_l: float = Field(
        default=220.0, ge=1, le=1500, description="Platelets, 10^9 per litre."
    )
    infection: bool = Field(
        default=False, description="A disc, a body or the blood is infected, or may well be."
    )
    allergies: Annotated[tuple[AllergyName, ...], FROM_LIST] = Field(
        default=(), description="What the patient does not tolerate."
    )
    neurology: Literal["normal", "root", "cord"] = Field(
        default="normal", description="A deficit before the procedure: of a root, or of the cord."
    )
    tender: bool = Field(default=True, description="The pain is at the level.")
    spo2_pct: float = Field(default=97.0, ge=80, le=100, description="Saturation at rest, on air.")
    faints: bool = Field(
        default=False, description="Fainted at a needle before: gives way to pain early."
    )
    seed: Seed | None = Field(
        default=None,
        description="Which body is drawn; the same number is the same person. Default: by id.",
    )
    variation: float = Field(
        default=0.5, ge=0, le=1, description="0: textbook sizes; 1: the full spread between people."
    )


class SpineBlock(Block):
    """[spine]: the level, and what is unusual about it."""

    level: Level = Field(default="L1", description="The vertebra to be treated.")
    height_scale: float = Field(
        default=1.0, ge=0.8, le=1.25, description="Body height against the mean."
    )
    pedicle_scale_left: float = Field(
        default=1.0,
        ge=0.5,
        le=1.6,
        description="Width of the left pedicle against the mean of the level.",
    )
    pedicle_scale_right: float = Field(
        default=1.0,
        ge=0.5,
        le=1.6,
        description="Width of the right pedicle against the mean of the level.",
    )
    curvature: float = Field(
        default=1.0, ge=0, le=2, description="Kyphosis and lordosis against the mean."
    )
    scoliosis_deg: float = Field(
        default=0.0,
        ge=-45,
        le=45,
        description="Cobb angle of a curve with its apex at the level; + is convex to the left.",
    )
    rotation_deg: float = Field(
        default=0.0,
        ge=-20,
        le=20,
        description="Axial turn of the level; + turns its front to the patient's left.",
    )
    osteophytes: float = Field(
        default=0.0, ge=0, le=1, description="Spurs at the endplates: 0 none, 1 bridging."
    )
    treated: Annotated[tuple[Level, ...], FROM_LIST] = Field(
        default=(), description="Levels that were augmented before and hold cement."
    )

    @field_validator("treated")
    @classmethod
    def _not_this_one(cls, levels: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if info.data.get("level") in levels:
            raise ValueError("the level to be treated cannot hold cement already")
        return levels


class FractureBlock(Block):
    """[fracture]: how the body has collapsed."""

    shape: Literal["none", "wedge", "biconcave", "crush"] = Field(
        default="wedge",
        description="Genant shape: wedge (front), biconcave (middle), crush (whole).",
    )
    genant: int | None = Field(
        default=None,
        ge=1,
        le=3,
        description="Genant grade: 1 is 20-25 %, 2 is 25-40 %, 3 is over 40 % of height lost. "
        "Default 2, unless anterior_height_mm is given.",
    )
    anterior_height_mm: float | None = Field(
        default=None, ge=5, le=40, description="Anterior height that is left, instead of a grade."
    )
    age_weeks: float = Field(
        default=3.0, ge=0, le=520, description="Age of the fracture: old ones lift less."
    )
    oedema: bool = Field(
        default=True, description="Bright on fat-suppressed T2: the fracture has not healed."
    )
    unstable: bool = Field(
        default=False, description="The posterior column has failed: distraction or rotation."
    )
    endplate_defect_mm: float = Field(
        default=0.0,
        ge=0,
        le=8,
        description="Width of a crack through the upper endplate, into the disc.",
    )
    cortical_defect_mm: float = Field(
        default=0.0, ge=0, le=8, description="Width of a hole through the wall."
    )
    cortical_defect_site: Literal["anterior", "left", "right", "posterior"] = Field(
        default="anterior", description="Which wall; the posterior one opens into the canal."
    )
    retropulsion_mm: float = Field(
        default=0.0,
        ge=0,
        le=8,
        description="How far a fragment of the upper rear corner stands in the canal.",
    )
    cleft: Literal["none", "gas", "fluid"] = Field(
        default="none", description="What fills a gap under the upper endplate."
    )
    mobility: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Share of the height that lying prone gives back of what it can; the heights "
        "above are those of the standing film.",
    )

    @field_validator("genant", "anterior_height_mm")
    @classmethod
    def _one_measure(cls, value: float | None, info: ValidationInfo) -> float | None:
        # On the later field, not on the table: so it is reported beside other faults.
        if value is not None and info.data.get("shape") == "none":
            raise ValueError("shape 'none' has no genant and no anterior_height_mm")
        if info.field_name == "anterior_height_mm" and info.data.get("genant") is not None:
            raise ValueError("give either genant or anterior_height_mm, not both")
        return value

    @property
    def grade(self) -> int:
        """Genant grade in use; 0 without a fracture."""
        return 0 if self.shape == "none" else self.genant or 2


class VeinsBlock(Block):
    """[veins]: ways out for cement."""

    basivertebral_mm: float | None = Field(
        default=None,
        ge=0.5,
        le=8,
        description="Width of the basivertebral trunk. Default: by anatomy.",
    )


class EquipmentBlock(Block):
    """[equipment]: names of tables in the catalogues of assets/."""

    needle: str = Field(default="11G", description="Access needle (assets/instruments.toml).")
    working_cannula: str = Field(
        default="8G", description="Working cannula (assets/instruments.toml)."
    )
    tamp: str = Field(default="tamp_15", description="Balloon (assets/tamps.toml).")
    cement: str = Field(default="hv_r", description="Bone cement (assets/cements.toml).")
    filler: str | None = Field(
        default=None,
        description="Syringe or bone filler (assets/instruments.toml). Default: bone_filler for a "
        "kyphoplasty, syringe_1 for a vertebroplasty.",
    )

    @field_validator("*")
    @classmethod
    def _in_catalogue(cls, name: str | None, info: ValidationInfo) -> str | None:
        words = vocabulary(info)
        if name is None or words is None or info.field_name is None:
            return name
        return check_word(name, words.catalogues.get(info.field_name, ()))


class TheatreBlock(Block):
    """[theatre]: the room, as far as the cement feels it."""

    temperature_c: float = Field(
        default=22.0, ge=18, le=26, description="Air of the theatre: 12 K halve a cement's times."
    )
    cement_c: float | None = Field(
        default=None,
        ge=4,
        le=26,
        description="Cement that is mixed cooled and kept so in its fillers. Default: as the room.",
    )


class CArmBlock(Block):
    """[c_arm]: the X-ray machine and how it is set when the run begins."""

    machine: Literal["mobile", "biplane"] = Field(
        default="mobile",
        description="A mobile C-arm, or a unit with a second plane for the lateral.",
    )
    curve: Literal["low_dose", "normal", "high_contrast"] = Field(
        default="normal", description="Curve of the brightness control at the start."
    )
    grid: bool = Field(default=True, description="Whether the grid is in at the start.")


def _each_once(sides: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(sides)) != len(sides):
        raise PydanticCustomError("twice", "each side can be named once")
    return sides


class PlanBlock(Block):
    """[plan]: the author's way in, used by hints, scoring and the expert."""

    approach: Literal["transpedicular", "extrapedicular"] = Field(
        default="transpedicular",
        description="The way into the body: through the pedicle, or beside it and the rib.",
    )
    sides: Annotated[tuple[SideName, ...], FROM_LIST] = Field(
        default=("left",),
        min_length=1,
        max_length=2,
        description="The patient's sides, in order of use.",
    )
    target_mm: Annotated[tuple[float, float, float], FROM_LIST] | None = Field(
        default=None,
        description="Where the tip should end: x (to the patient's left), y (back), z (head) from "
        "the centre of the intact body. Default: the front third, by anatomy.",
    )

    @field_validator("sides")
    @classmethod
    def _no_side_twice(cls, sides: tuple[SideName, ...]) -> tuple[SideName, ...]:
        _each_once(sides)
        return sides


class NextLevelBlock(Block):
    """[[next_level]]: a further level of the same patient, treated in the same session."""

    level: Level = Field(description="The vertebra to be treated next.")
    fracture: FractureBlock = Field(
        default=FractureBlock(), description="How its body has collapsed."
    )
    plan: PlanBlock = Field(default=PlanBlock(), description="The author's way into it.")
