"""From a spec to a patient."""

from __future__ import annotations

from collections.abc import Callable

from simulator.anatomy.fracture import hinge, standing_heights
from simulator.anatomy.image import imaged
from simulator.anatomy.marks import landmarks
from simulator.anatomy.mechanics import field
from simulator.anatomy.organs import torso_volume
from simulator.anatomy.patient import Patient, Vertebra
from simulator.anatomy.shape import Shape
from simulator.anatomy.spec import PatientSpec
from simulator.anatomy.stack import spine
from simulator.anatomy.surroundings import surroundings
from simulator.anatomy.tables import density_mg_cm3, table
from simulator.anatomy.torso import Trunk, trunk

Progress = Callable[[str, float], None]


def _silent(what: str, share: float) -> None:
    """Nobody watches."""


def build_patient(spec: PatientSpec, progress: Progress | None = None) -> Patient:
    """Return the patient that `spec` describes; the same spec gives the same bits.

    Args:
        spec: What the author fixed.
        progress: Told what is being built and how much is done, 0..1.
    """
    tell = progress or _silent
    tell("sizes", 0.0)
    shapes, intact = spine(spec)
    index = [shape.level for shape in shapes].index(spec.level)
    body = trunk(shapes, spec)
    vertebrae = []
    for n, shape in enumerate(shapes):
        tell(shape.level, 0.05 + 0.7 * n / len(shapes))
        reference = intact if n == index else shape
        vertebrae.append(_vertebra(shape, reference, body, spec, shapes, abs(n - index)))
    tell("soft tissue", 0.75)
    torso = torso_volume(body, shapes, spec)
    tell("surroundings", 0.9)
    extras = surroundings(shapes, body, spec)
    tell("done", 1.0)
    return Patient(
        vertebrae=tuple(vertebrae),
        index=index,
        torso=torso,
        hinge=hinge(intact, shapes[index], spec),
        bone_density_mg_cm3=density_mg_cm3(spec.t_score),
        fracture_age_weeks=spec.fracture.age_weeks if spec.fracture else 0.0,
        standing_height_mm=standing_heights(intact, spec),
        extras=extras,
    )


def _vertebra(shape: Shape, intact: Shape, body: Trunk, spec: PatientSpec,
              shapes: list[Shape], away: int) -> Vertebra:  # fmt: skip
    """One level, `away` levels from the index; tools only meet the nearest."""
    grid = table("bone.toml")["grid"]
    h = float(grid["index_mm"] if away == 0 else grid["neighbour_mm"])
    return Vertebra(
        level=shape.level,
        volume=imaged(shape, h, density_mg_cm3(spec.t_score), spec.seed),
        bone=field(shape, spec, body, shapes) if away <= 1 else None,
        landmarks=landmarks(shape, intact, body),
    )
