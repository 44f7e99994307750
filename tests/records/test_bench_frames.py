"""What the bench measures is what its names say; how fast is not judged here."""

import time
from itertools import islice, pairwise
from types import SimpleNamespace

import numpy as np

from simulator.anatomy.hinge import NO_LIFT, Lift
from simulator.records import bench_frames
from simulator.world.cement import Cement, Cloud, Filling


def state(fill, tamps=(None, None), flow=1.0, lift=NO_LIFT):
    fillings = (Filling(flow_ul_s=flow), Filling())
    return SimpleNamespace(cement=Cement(cloud=Cloud(fill=fill), fillings=fillings), tamps=tamps,
                           body=SimpleNamespace(shown=lift))  # fmt: skip


def test_only_moments_in_which_something_moved_are_kept():
    moments = bench_frames.Moments()
    a, b = np.zeros(2), np.ones(2)
    for fill, flow in ((a, 1.0), (a, 1.0), (b, 1.0), (b, 0.0)):
        moments.look(SimpleNamespace(state=state(fill, flow=flow)), ())
    assert [s.cement.cloud.fill for s in moments.injecting] == [a, b]
    assert moments.inflating == []
    tamp = SimpleNamespace(voxels=np.arange(3), fill=np.ones(3))
    for _ in range(2):
        moments.look(SimpleNamespace(state=state(b, (tamp, None), 0.0)), ())
    assert len(moments.inflating) == 1


def test_every_place_of_the_endplates_is_drawn_once():
    moments = bench_frames.Moments()
    tamp = SimpleNamespace(voxels=np.arange(3), fill=np.ones(3))
    heights = (0.0, 0.002, 0.002, 0.0, 0.004, 0.002)
    states = [state(np.ones(2), (tamp, None), 0.0, Lift(rad)) for rad in heights]
    for one in states:
        moments.look(SimpleNamespace(state=one), ())
    assert list(moments.rising.values()) == [states[0], states[1], states[4]]


def test_states_in_turn_are_never_the_one_before():
    for states in ("ab", "abc", "abcdef"):
        shown = list(islice(bench_frames._forth_and_back(states), 40))
        assert all(x != y for x, y in pairwise(shown))
        assert set(shown) == set(states)


def test_pulses_keep_their_rhythm_and_tell_how_long_each_took(monkeypatch):
    monkeypatch.setattr(bench_frames, "_PULSES_PER_S", 50.0)
    begin = time.perf_counter()
    walls = bench_frames._paced(lambda: time.sleep(0.004), 10)
    assert time.perf_counter() - begin >= 0.18  # nine periods of 20 ms
    assert len(walls) == 10
    assert min(walls) >= 0.004
