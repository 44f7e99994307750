"""From level to level of a session, whoever works there and however."""

from __future__ import annotations

from collections.abc import Callable

from simulator.engine.operators import hands
from simulator.engine.operators.hands import Move
from simulator.engine.sight import Observation
from simulator.world.action import Do

Work = Callable[[Observation], Move]


def each(obs: Observation, work: Work, arrive: Work | None = None) -> Move:
    """Do `work` at the level in work, and then at each other one.

    Args:
        obs: the last observation.
        work: what is done at every level.
        arrive: what is done before it at a level that has just been turned to.
    """
    obs = yield from work(obs)
    for _ in obs.levels[1:]:
        obs = yield from hands.do(obs, Do.NEXT_LEVEL, obs.sides[0])
        if arrive is not None:
            obs = yield from arrive(obs)
        obs = yield from work(obs)
    return obs
