"""The keys of the theatre, in one table for the help overlay, the key caps and the operator."""

from __future__ import annotations

from dataclasses import dataclass

import pygame


@dataclass(frozen=True, slots=True)
class Key:
    """One key: its code, the word on its cap, what it does and where it is listed."""

    code: int
    cap: str
    does: str
    group: str


KEYS: dict[str, Key] = {
    "beam": Key(pygame.K_SPACE, "Space", "X-ray while held; a tap is one image", "C-arm"),
    "both": Key(pygame.K_BACKSPACE, "Backspace", "X-ray of both planes, biplane", "C-arm"),
    "plane": Key(pygame.K_l, "L", "Take the other plane in hand, biplane", "C-arm"),
    "ap": Key(pygame.K_1, "1", "Drive to AP", "C-arm"),
    "lateral": Key(pygame.K_2, "2", "Drive to lateral", "C-arm"),
    "en_face_left": Key(pygame.K_3, "3", "Drive to en face, left", "C-arm"),
    "en_face_right": Key(pygame.K_4, "4", "Drive to en face, right", "C-arm"),
    "store_view": Key(pygame.K_RETURN, "Enter", "Keep the trimmed angles in the slot", "C-arm"),
    "swivel_less": Key(pygame.K_a, "A", "Swivel by –1°, with Shift 0.2°", "C-arm"),
    "swivel_more": Key(pygame.K_d, "D", "Swivel by 1°, with Shift 0.2°", "C-arm"),
    "rate": Key(pygame.K_p, "P", "Pulse rate", "C-arm"),
    "field": Key(pygame.K_k, "K", "Magnification", "C-arm"),
    "grid": Key(pygame.K_F2, "F2", "Grid in or out", "C-arm"),
    "curve": Key(pygame.K_F3, "F3", "Curve: low dose, normal, high contrast", "C-arm"),
    "stand": Key(pygame.K_F4, "F4", "Where you stand: left, right, back", "C-arm"),
    "iris_less": Key(pygame.K_5, "5", "Close the iris", "Blades"),
    "iris_more": Key(pygame.K_6, "6", "Open the iris", "Blades"),
    "width_less": Key(pygame.K_7, "7", "Close the side shutters", "Blades"),
    "width_more": Key(pygame.K_8, "8", "Open the side shutters", "Blades"),
    "height_less": Key(pygame.K_9, "9", "Close the upper and lower shutters", "Blades"),
    "height_more": Key(pygame.K_0, "0", "Open the upper and lower shutters", "Blades"),
    "turn_more": Key(pygame.K_F5, "F5", "Turn the shutters anticlockwise", "Blades"),
    "turn_less": Key(pygame.K_F6, "F6", "Turn the shutters clockwise", "Blades"),
    "open": Key(pygame.K_DELETE, "Del", "Open all blades", "Blades"),
    "store": Key(pygame.K_n, "N", "Store the image in the film strip", "Image"),
    "recall": Key(pygame.K_COMMA, ",", "Recall the next stored film", "Image"),
    "swap": Key(pygame.K_u, "U", "Swap the two monitors", "Image"),
    "invert": Key(pygame.K_i, "I", "Bone bright, or dark again", "Image"),
    "rotate": Key(pygame.K_F7, "F7", "Turn the image by 15°, Shift back", "Image"),
    "flip": Key(pygame.K_F8, "F8", "Flip it left-right, Shift up-down", "Image"),
    "edge": Key(pygame.K_F9, "F9", "Edge enhancement", "Image"),
    "mode": Key(pygame.K_F10, "F10", "Live, subtraction or roadmap", "Image"),
    "mask": Key(pygame.K_F12, "F12", "Take the mask of the last frames", "Image"),
    "push": Key(pygame.K_w, "W", "Push; the force climbs to your ceiling", "Hands"),
    "back": Key(pygame.K_s, "S", "Draw back", "Hands"),
    "left": Key(pygame.K_q, "Q", "Twist anticlockwise; hold for a full turn", "Hands"),
    "right": Key(pygame.K_e, "E", "Twist clockwise; hold for a full turn", "Hands"),
    "tap": Key(pygame.K_t, "T", "Tap with the mallet; strand test with cement", "Hands"),
    "hold": Key(pygame.K_h, "H", "Hold the cannula, or let go", "Hands"),
    "press": Key(pygame.K_f, "F", "Inflate, or press the plunger", "Hands"),
    "unload": Key(pygame.K_g, "G", "Deflate, or unload the plunger", "Hands"),
    "less": Key(pygame.K_MINUS, "–", "Wheel down: less force or speed", "Hands"),
    "more": Key(pygame.K_EQUALS, "+", "Wheel up: more force or speed", "Hands"),
    "inner": Key(pygame.K_j, "J", "Hand on the cannula, or on what is in it", "Hands"),
    "side": Key(pygame.K_y, "Y", "Work on the other side", "Hands"),
    "next": Key(pygame.K_r, "R", "The next exchange of this tool", "Hands"),
    "needle": Key(pygame.K_z, "Z", "Needle", "Tools"),
    "tamp": Key(pygame.K_x, "X", "Tamp", "Tools"),
    "cement": Key(pygame.K_c, "C", "Cement", "Tools"),
    "drugs": Key(pygame.K_v, "V", "Drugs and care", "Tools"),
    "plan": Key(pygame.K_b, "B", "Plan", "Tools"),
    "level": Key(pygame.K_INSERT, "Ins", "Turn to the next of several levels", "Room"),
    "faster": Key(pygame.K_PERIOD, ".", "Time at eight times; any act stops it", "Room"),
    "mute": Key(pygame.K_m, "M", "Sound on or off", "Room"),
    "coach": Key(pygame.K_o, "O", "Coach on or off", "Room"),
    "help": Key(pygame.K_SLASH, "?", "This list", "Room"),
    "pause": Key(pygame.K_ESCAPE, "Esc", "Pause", "Room"),
}

CHORDS: tuple[tuple[str, str, str], ...] = (
    ("Arrows", "Trim orbit and tilt by 1°, Shift 0.2°", "C-arm"),
    ("Home End", "Move the field to the left or right", "C-arm"),
    ("Page Up Down", "Move the field to the head or feet", "C-arm"),
    ("Ctrl Page", "Move the field to the back or belly", "C-arm"),
    ("Middle drag", "Move the field by the image; also Ctrl right drag", "C-arm"),
    ("Ctrl Space", "Latch the beam for those who cannot hold", "C-arm"),
    ("Drag the arm", "Turn it on its drawing, Shift swivels", "C-arm"),
    ("Drag an edge", "Move that blade on the image", "Blades"),
    ("Ctrl drag", "Draw the opening; with Shift the iris", "Blades"),
    ("Ctrl wheel", "Turn the shutters by 5°", "Blades"),
    ("Right drag", "Brightness and contrast", "Image"),
    ("Drag", "Move the hub (the entry before the skin), Shift fine", "Hands"),
    ("Ctrl Arrows", "The same by keys, with Shift fine", "Hands"),
    ("Shift", "Brace the hand while pushing", "Hands"),
    ("Wheel", "Ceiling, thumb force or inflation speed", "Hands"),
    ("Shift .", "Wait one minute in one go", "Room"),
    ("Tab", "Go round the controls, Enter uses one", "Room"),
    ("F11", "Full screen", "Room"),
)

BY_CODE = {key.code: name for name, key in KEYS.items()} | {
    pygame.K_KP_ENTER: "store_view",
    pygame.K_KP_PLUS: "more",
    pygame.K_KP_MINUS: "less",
    pygame.K_F1: "help",
}
"""Key code -> name; layouts without a key of their own for ? have F1."""


def cap(name: str) -> str:
    """Return the word on the cap of a key."""
    return KEYS[name].cap
