"""Everything in the field beside the vertebrae and the soft tissue, one volume each."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.anatomy.bowel import bowel
from simulator.anatomy.girdle import girdle
from simulator.anatomy.old_cement import old_cement
from simulator.anatomy.pelvis import pelvis
from simulator.anatomy.ribs import ribs
from simulator.anatomy.shape import Shape
from simulator.anatomy.spec import PatientSpec
from simulator.anatomy.stack import sacral_pose
from simulator.anatomy.torso import Trunk
from simulator.anatomy.vessels import plaques
from simulator.anatomy.volume import Volume


def surroundings(shapes: Sequence[Shape], body: Trunk, spec: PatientSpec) -> tuple[Volume, ...]:
    """Return ribs, pelvis, shoulder girdle, bowel, calcified vessels and old cement in view."""
    pose = sacral_pose(shapes, spec)
    return (
        *ribs(shapes, body),
        *(pelvis(pose, spec) if pose is not None else ()),
        *girdle(body),
        *bowel(body, spec),
        *plaques(body, spec),
        *old_cement(shapes, spec),
    )
