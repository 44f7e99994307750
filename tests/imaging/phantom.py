"""A patient made of boxes and balls, quick to build, for the imaging tests."""

from types import SimpleNamespace

import numpy as np

from simulator.anatomy.volume import BoneField, Volume
from simulator.imaging.machine import machine, setting
from simulator.units import frozen
from simulator.world.arm import CArm, Curve, Pose
from simulator.world.cement import Cement
from simulator.world.collimator import OPEN
from simulator.world.tamp import Body

SPEC = machine().c_arm
NORMAL = SPEC.curve(Curve.NORMAL)


def set_up(field_mm=300.0, collimator=OPEN, grid_in=True, curve=Curve.NORMAL):
    """How the mobile C-arm is set."""
    pose = Pose(field_mm=field_mm)
    return setting(SPEC, CArm(pose=pose, collimator=collimator, grid_in=grid_in, curve=curve))


def ball(centre, radius, spacing=0.7, soft=1.0, cortical=0.0):
    """A ball with a soft edge of one voxel; its diameter keeps the same mass."""
    half = int(radius / spacing) + 3
    x = (np.arange(2 * half + 1) - half) * spacing
    r = np.sqrt(x[:, None, None] ** 2 + x[None, :, None] ** 2 + x[None, None, :] ** 2)
    inside = np.clip((radius - r) / spacing + 0.5, 0.0, 1.0).astype(np.float32)
    origin = tuple(float(c - half * spacing) for c in centre)
    return Volume(origin, spacing, frozen(inside * soft), frozen(inside * cortical))


def slab(thick_mm, wide_mm=420.0, spacing=4.0, soft=1.0):
    """Soft tissue: `thick_mm` along y, wide along x and z."""
    nx, ny = int(wide_mm / spacing), max(int(thick_mm / spacing), 1)
    field = np.full((nx, ny, nx), soft, np.float32)
    origin = (-0.5 * (nx - 1) * spacing, -0.5 * (ny - 1) * spacing, -0.5 * (nx - 1) * spacing)
    return Volume(origin, spacing, frozen(field), frozen(np.zeros_like(field)))


def bone_field(n=24, spacing=1.0):
    a = frozen(np.zeros((n, n, n), np.float32))
    o = -0.5 * (n - 1) * spacing
    return BoneField((o, o, o), spacing, a, a, a, frozen(np.zeros((n, n, n), np.uint8)), a, a)


_UPRIGHT = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def patient(vertebrae=None, torso=None, index=0, hinge=None):
    volumes = vertebrae or [ball((0.0, 0.0, 0.0), 12.0, soft=-0.1, cortical=0.3)]
    return SimpleNamespace(
        vertebrae=tuple(SimpleNamespace(volume=v) for v in volumes),
        index=index,
        target=SimpleNamespace(
            volume=volumes[index], bone=bone_field(), landmarks=SimpleNamespace(axes=_UPRIGHT)
        ),
        torso=torso or slab(200.0),
        extras=(),
        hinge=hinge,
    )


def case(patient_=None, seed=5):
    made = SimpleNamespace(seed=seed, patient=patient_ or patient(), c_arm=SPEC, cement=None)
    made.facing = lambda level: made
    return made


AP = Pose()


def state(pose=AP, tick=0, **parts):
    made = SimpleNamespace(
        tick=tick,
        c_arm=CArm(pose=pose, kvp=80.0, mas_pulse=0.18),
        body=Body(bone=bone_field()),
        cement=Cement(),
        cannulas=(None, None),
        tamps=(None, None),
        level=0,
        worked=(),
    )
    for name, value in parts.items():
        setattr(made, name, value)
    return made
