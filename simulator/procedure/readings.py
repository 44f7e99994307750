"""Small folds that most metrics are made of: a value noted in the tally, a share, a condition."""

from __future__ import annotations

from simulator.procedure.registry import Fold
from simulator.world.case import Case, Procedure
from simulator.world.report import Metric
from simulator.world.state import State


def value(name: str, scale: float = 1.0) -> Fold:
    """Return what was last noted under `name`, times `scale`; None if nothing was."""

    def read(case: Case, state: State) -> Metric:
        found = state.tally.values.get(name)
        return None if found is None else found * scale

    return read


def zero(name: str, scale: float = 1.0) -> Fold:
    """Return what was noted under `name`, times `scale`; 0 if nothing was."""

    def read(case: Case, state: State) -> Metric:
        return state.tally.values.get(name, 0.0) * scale

    return read


def flag(name: str) -> Fold:
    """Return whether anything but 0 was noted under `name`."""

    def read(case: Case, state: State) -> Metric:
        return bool(state.tally.values.get(name, 0.0))

    return read


def acted(act: str) -> Fold:
    """Return whether `act` was done."""

    def read(case: Case, state: State) -> Metric:
        return act in state.tally.done

    return read


def worst(prefix: str) -> Fold:
    """Return the largest value noted under a name that begins with `prefix`."""

    def read(case: Case, state: State) -> Metric:
        values = [v for k, v in state.tally.values.items() if k.startswith(prefix)]
        return max(values) if values else None

    return read


def entered(fold: Fold) -> Fold:
    """Only meaningful once bone was entered."""

    def read(case: Case, state: State) -> Metric:
        return fold(case, state) if state.tally.values.get("bone_entered") else None

    return read


def tamped(fold: Fold) -> Fold:
    """Only meaningful in a kyphoplasty in which a tamp was placed."""

    def read(case: Case, state: State) -> Metric:
        if case.procedure is not Procedure.KYPHOPLASTY:
            return None
        return fold(case, state) if "tamp_in" in state.tally.done else None

    return read


def cemented(fold: Fold) -> Fold:
    """Only meaningful once cement was let into the cannula."""

    def read(case: Case, state: State) -> Metric:
        return fold(case, state) if state.cement.started_tick is not None else None

    return read


def mean(total: str, count: str) -> Fold:
    """Return one sum over one count; None while nothing was counted."""

    def read(case: Case, state: State) -> Metric:
        n = state.tally.values.get(count, 0.0)
        return state.tally.values.get(total, 0.0) / n if n else None

    return read
