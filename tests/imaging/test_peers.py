import importlib

import numpy as np

from simulator.imaging.positioner import geometry
from simulator.imaging.voxels import Block
from simulator.records import peers
from simulator.world.arm import Pose
from tests.imaging import phantom
from tests.imaging.phantom import SPEC, ball


def test_without_diffdrr_the_comparison_says_so_and_is_left_out(monkeypatch):
    def missing(name):
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(importlib, "import_module", missing)
    said = []
    figures = peers.diffdrr(phantom.case(), lambda what, _: said.append(what), lambda _: 0.0)
    assert figures == {}
    assert said == ["skipped the comparison with DiffDRR: No module named 'torch'"]


def test_the_volume_of_the_comparison_is_the_vertebrae():
    v = ball((3.0, -5.0, 10.0), 12.0, soft=0.0, cortical=0.5)
    volume, origin = peers._three(phantom.case(phantom.patient([v])))
    mass = float(volume.sum()) * peers._SIDE_MM**3
    assert mass == np.float32(mass)
    assert abs(mass / (float(v.cortical.sum()) * v.spacing_mm**3) - 1.0) < 1e-3
    g = geometry(SPEC, Pose(), 64)
    image = peers._full(Block(volume, np.zeros_like(volume), origin, peers._SIDE_MM), g)
    assert abs(image.max() - 1.2) < 0.02  # 24 mm of 0.5
