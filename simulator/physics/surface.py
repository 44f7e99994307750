"""The surface of a tool, from its hub to the foremost point of what stands out of it.

A tool is told as rings along its axis. Where its surface lies in each bone is looked up ring by
ring: that is what walls, hazards and levels are decided from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.anatomy.patient import Vertebra
from simulator.anatomy.volume import BoneField
from simulator.kernels import rings as kernel
from simulator.units import AnyArray, FloatArray, Vec3
from simulator.world.case import Case
from simulator.world.tamp import Body
from simulator.world.tools import Cannula, Inside

STEP_MM = 0.5


@dataclass(frozen=True, slots=True)
class Rings:
    """A tool in the patient, ring by ring towards its tip; the last ring is the tip."""

    points: FloatArray
    """(n, 3) mm."""
    headings: FloatArray
    """(n, 3) unit."""
    radius: FloatArray
    """(n,) mm; falls to nothing over the ground length of a stylet's point."""
    passed: AnyArray
    """(n,) True where it is the wire, drill or curved needle."""

    def tool_at(self, ring: int, tool: Cannula) -> str:
        """Name the instrument that a ring belongs to."""
        if self.passed[ring] and tool.passed is not None:
            return tool.passed.kind.value
        return "cannula" if tool.working else "needle"


def polyline(tool: Cannula) -> tuple[Vec3, ...]:
    """Return the axis from the hub to the foremost point."""
    out = tool.passed.shaft_mm() if tool.passed is not None else ()
    return (*tool.shaft_mm(), *out[1:])


def rings_of(tool: Cannula, cone_mm: float) -> Rings:
    """Return the rings of a tool in the patient, `STEP_MM` apart, and one at its tip."""
    corners = np.array(polyline(tool))
    parts = np.diff(corners, axis=0)
    lengths = np.linalg.norm(parts, axis=1)
    ends = np.concatenate([[0.0], np.cumsum(lengths)])
    # Counted from the skin, so that rings keep their place while the tool goes on.
    skin = ends[len(tool.shaft_mm()) - 1] - tool.depth_mm
    run = np.append(np.arange(max(skin, 0.0), ends[-1] - 0.1 * STEP_MM, STEP_MM), ends[-1])
    n = len(run)
    part = np.clip(np.searchsorted(ends, run, side="left") - 1, 0, len(parts) - 1)
    headings = parts[part] / lengths[part, None]
    points = corners[part] + headings * (run - ends[part])[:, None]
    own_end = ends[len(tool.shaft_mm()) - 1]
    passed = run > own_end + 1e-9
    radius = np.full(n, tool.outer_mm / 2.0)
    if tool.inside is Inside.STYLET:
        radius *= np.clip((own_end - run) / cone_mm, 0.0, 1.0)
    if tool.passed is not None:
        radius[passed] = tool.passed.outer_mm / 2.0
    return Rings(points, headings, radius, passed)


def bones(case: Case, body: Body) -> list[tuple[Vertebra, BoneField]]:
    """Return every vertebra that tools can meet, the index one as the tamps left it."""
    out = []
    for i, vertebra in enumerate(case.patient.vertebrae):
        bone = body.bone if i == case.patient.index else vertebra.bone
        if bone is not None:
            out.append((vertebra, bone))
    return out


def axis_in(bone: BoneField, rings: Rings) -> FloatArray:
    """Return (n, 2): signed distance of each ring's centre to bone, mm, and the label there."""
    return np.asarray(
        kernel.axis_in(
            bone.distance_mm, bone.tissue, np.array(bone.origin_mm), bone.spacing_mm, rings.points
        )
    )


def surface_out(bone: BoneField, rings: Rings, first: int) -> FloatArray:
    """Return what `simulator.kernels.rings.surface_out` tells of the rings from `first` on."""
    return np.asarray(
        kernel.surface_out(
            bone.distance_mm, bone.tissue, np.array(bone.origin_mm), bone.spacing_mm,
            rings.points[first:], rings.headings[first:], rings.radius[first:],
        )
    )  # fmt: skip
