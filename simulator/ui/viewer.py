"""The keys of the monitor: what they do to the pictures of the plane in hand."""

from __future__ import annotations

from collections.abc import Callable

from simulator.imaging import display
from simulator.ui import pictures
from simulator.ui.scene import Scene

_CHANGES: dict[str, tuple[pictures.Change, pictures.Change]] = {
    "invert": (pictures.inverted, pictures.inverted),
    "rotate": (pictures.rotated(pictures.TURN_DEG), pictures.rotated(-pictures.TURN_DEG)),
    "flip": (display.mirrored_x, display.mirrored_y),
    "edge": (pictures.sharper, lambda old: pictures.sharper(old, -1)),
    "mode": (pictures.next_mode, pictures.next_mode),
}
"""Key -> what it changes, alone and with Shift."""


def use(scene: Scene, name: str, *, back: bool) -> bool:
    """Use a key of the monitor; tell whether it is one.

    Args:
        scene: Whose pictures are meant.
        name: Of the key.
        back: Shift is held.
    """
    shown, plane = scene.pictures, scene.operator.console.plane
    if name in _CHANGES:
        shown.change(_CHANGES[name][back], plane)
        return True
    acts: dict[str, Callable[[], None]] = {
        "store": lambda: shown.store(plane),
        "recall": shown.step,
        "mask": lambda: shown.take_mask(plane),
    }
    if name == "swap":
        shown.swapped = not shown.swapped
    elif name in acts:
        acts[name]()
    else:
        return False
    return True
