"""What a hand's force on a rod becomes: a stop, a creep or an overshoot."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.units import TICKS_PER_S

_DT = 1.0 / TICKS_PER_S
_STICTION_MM_S = 0.01
"""A shaft that would creep more slowly than this sticks."""


def moved_by(
    constants: Mapping[str, float],
    push_n: float,
    forward_n: float,
    backward_n: float,
    *,
    bony: bool,
    brace: bool,
) -> tuple[float, float, float]:
    """Return travel in one tick, mm, force felt, N, and speed, mm/s; signs as `push_n`.

    Quasi-static: the speed comes from the force left over. A braced hand gives no more than it
    needs; a free hand puts all it has into the shaft.

    Args:
        constants: section "insertion".
        push_n: force of the hand, negative pulls.
        forward_n: resistance to going on.
        backward_n: resistance to coming back.
        bony: the rod touches bone, which damps it more.
        brace: the hand is braced.
    """
    resistance = forward_n if push_n > 0.0 else backward_n
    damping = constants["bone_damping_n_s_per_mm" if bony else "soft_damping_n_s_per_mm"]
    force = abs(push_n)
    if force <= resistance + damping * _STICTION_MM_S:
        return 0.0, push_n, 0.0
    limit = constants["braced_speed_mm_s"] if brace else constants["hand_speed_mm_s"]
    speed = min((force - resistance) / damping, limit)
    felt = min(force, resistance + damping * speed)
    sign = 1.0 if push_n > 0.0 else -1.0
    return sign * speed * _DT, sign * felt, sign * speed
