"""The last results of each step of a picture, kept while what they were made of is the same."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")
H = TypeVar("H", bound=Hashable)

_KEPT = 2
"""Results per step: two planes may be in use in turn."""
_ONES = 100
_PLAIN = (float, int, str, tuple)


class Memory:
    """Results by the name of their step and by their inputs.

    Inputs are the same if they are one object; numbers, texts and tuples of such also if they are
    equal. States share what does not change, so that this is enough and costs nothing.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self._kept: dict[str, list[tuple[tuple[object, ...], Any]]] = {}
        self._ones: dict[Hashable, Any] = {}

    def one(self, value: H) -> H:
        """Return one and the same object for equal values, as inputs want it."""
        if value not in self._ones:
            while len(self._ones) >= _ONES:
                self._ones.pop(next(iter(self._ones)))
            self._ones[value] = value
        same: H = self._ones[value]
        return same

    def once(self, step: str, inputs: tuple[object, ...], make: Callable[[], T]) -> T:
        """Return what `make` gives for these inputs: it is called only if they are new."""
        kept = self._kept.setdefault(step, [])
        for place, (known, result) in enumerate(kept):
            if len(known) == len(inputs) and all(map(_same, known, inputs)):
                if place:
                    kept.insert(0, kept.pop(place))
                value: T = result
                return value
        value = make()
        kept.insert(0, (inputs, value))
        del kept[_KEPT:]
        return value


def _same(a: object, b: object) -> bool:
    return a is b or (isinstance(a, _PLAIN) and type(a) is type(b) and a == b)
