"""Listening while working: what a careful operator does when patient or monitor speak up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from simulator.engine.operators.hands import Move
from simulator.engine.sight import Observation
from simulator.units import TICKS_PER_S
from simulator.world.action import Action, Do
from simulator.world.events import TroubleBegan

_AGAIN_S = 45.0
"""A low value that stays gets the next drug after so long."""
_LOW_SPO2_PCT, _LOW_MAP_MMHG = 92.0, 65.0
_FOR_SPO2 = (Do.OXYGEN, Do.TALK, Do.REVERSE)
_FOR_MAP = (Do.FLUID, Do.PRESSOR, Do.ATROPINE)

_FIRST: Mapping[str, tuple[Do, ...]] = MappingProxyType(
    {
        "vasovagal": (Do.FLUID, Do.ATROPINE),
        "movement": (Do.TALK,),
        "toxicity": (Do.LIPID, Do.OXYGEN),
        "desaturation": (Do.OXYGEN, Do.TALK),
        "embolism": (Do.OXYGEN, Do.PRESSOR),
        "nerve": (Do.NEURO_CHECK,),
    }
)
"""What a sign is answered with. A burst balloon is dealt with by the hands."""


class _Ear:
    """Remembers what was given (a lifetime: one run)."""

    def __init__(self) -> None:
        self._given: dict[Do, int] = {}

    def answers(self, obs: Observation) -> Iterator[Do]:
        """Yield the acts that what was just heard or read asks for."""
        for event in obs.events:
            if isinstance(event, TroubleBegan):
                yield from _FIRST.get(event.kind, ())
        if obs.vitals.spo2_pct < _LOW_SPO2_PCT:
            yield from self._next(obs, _FOR_SPO2)
        if obs.vitals.map_mmhg < _LOW_MAP_MMHG:
            yield from self._next(obs, _FOR_MAP)

    def _next(self, obs: Observation, ladder: tuple[Do, ...]) -> Iterator[Do]:
        """Yield the next step of a ladder, once the last one has had its time."""
        last = max((self._given.get(act, -(10**9)) for act in ladder), default=0)
        if obs.tick - last < _AGAIN_S * TICKS_PER_S:
            return
        yield next((act for act in ladder if act not in self._given), ladder[-1])

    def note(self, obs: Observation, act: Do) -> None:
        """Remember that `act` was asked for."""
        self._given[act] = obs.tick


def attended(obs: Observation, move: Move) -> Move:
    """Carry out `move`, and answer patient and monitor in between."""
    ear = _Ear()
    try:
        action = next(move)
        while True:
            obs = yield action
            for act in tuple(ear.answers(obs)):
                if obs.over:
                    break
                ear.note(obs, act)
                obs = yield Action(do=act, side=action.side)
            action = move.send(obs)
    except StopIteration as done:
        return done.value if done.value is not None else obs
