"""Who acts: each operator turns what can be seen and felt into an action a tick."""

from __future__ import annotations

from simulator.engine.operators.builtin import NAMES, make_operator
from simulator.engine.operators.hands import Operator

__all__ = ["NAMES", "Operator", "make_operator"]
