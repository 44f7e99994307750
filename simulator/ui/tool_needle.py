"""The needle pane: force, depth, how far since the last look, bevel, mallet, bore."""

from __future__ import annotations

from functools import partial
from typing import Any

import pygame

from simulator.procedure.clocks import allowed_mm
from simulator.ui.canvas import on_clock
from simulator.ui.hots import Act
from simulator.ui.keys import cap
from simulator.ui.kit import Kit, Row
from simulator.ui.plots import trace
from simulator.ui.scene import Scene, ago, number
from simulator.ui.tool_parts import WORDS, Deed, act_button, asker, exchange, held, other_side, row
from simulator.units import TICKS_PER_S
from simulator.world.action import Do
from simulator.world.tools import Cannula, Inside, Passed

_MALLET = (Row("Light", "1 mm"), Row("Firm", "2 mm"), Row("Hard", "4 mm"))
_CURVES = ("tight", "as made", "wide")
_BORE = {
    Inside.STYLET: ("Stylet", Do.STYLET_IN),
    Inside.EMPTY: ("Empty", Do.STYLET_OUT),
    Inside.WIRE: ("Wire", Do.WIRE_IN),
    Inside.DRILL: ("Drill", Do.DRILL_IN),
    Inside.CURVED: ("Curve", Do.CURVED_IN),
}
_OUT = {Inside.WIRE: Do.WIRE_OUT, Inside.DRILL: Do.DRILL_OUT, Inside.CURVED: Do.CURVED_OUT}
_SAMPLES = 15 * 12


def draw(kit: Kit, rect: Any, scene: Scene) -> None:
    """Draw the pane."""
    c = kit.canvas
    kit.pane(rect)
    left, right = rect.x + c.px(1.45), rect.right - c.px(1.45)
    wide = right - left
    cannula = scene.state.cannulas[scene.operator.side]
    _force(kit, rect, scene, cannula)
    c.rule(left, rect.y + c.px(19.4), wide)
    _depth(kit, rect, scene, cannula)
    c.rule(left, rect.y + c.px(28.7), wide)
    _blind(kit, rect, scene, cannula)
    c.rule(left, rect.y + c.px(43.5), wide)
    _bevel(kit, rect, cannula)
    _right(kit, rect, scene, cannula)


def acts(kit: Kit, rect: Any, scene: Scene) -> None:
    """Draw the row of acts."""
    op = scene.operator
    hold = Deed("hold", "Hold", cap("hold"), lambda: _toggle(scene), on=op.hand.holding)
    tap = Deed("tap", "Tap", cap("tap"), op.tap)
    deeds = [held(scene, "push", "Push"), held(scene, "back", "Back"), tap, hold]
    cannula = scene.state.cannulas[op.side]
    if cannula is not None and cannula.passed is not None:
        deeds.append(_hand_on(scene, cannula.passed))
    else:
        deeds.append(exchange(scene))
    row(kit, rect, [*deeds, other_side(scene)])


def _hand_on(scene: Scene, inner: Passed) -> Deed:
    """Return the button that tells which of two the hand is on, and changes it."""
    op = scene.operator
    on = inner.kind.value.split()[0] if op.on_inner(scene.state) else "cannula"
    return Deed("inner", f"On {on}", cap("inner"), op.change_hand)


def _toggle(scene: Scene) -> None:
    scene.operator.hand.holding = not scene.operator.hand.holding


def _force(kit: Kit, rect: Any, scene: Scene, cannula: Cannula | None) -> None:
    c, col = kit.canvas, kit.colour
    x, right = rect.x + c.px(1.45), rect.right - c.px(1.45)
    inner = cannula.passed if cannula and scene.operator.on_inner(scene.state) else None
    force = inner.force_n if inner else cannula.force_n if cannula else 0.0
    ceiling = scene.operator.hand.wheel.ceiling_n
    kit.section("Push", (x, rect.y + c.px(2.2)))
    kit.number(number(force), "N", (x, rect.y + c.px(8.4)), "hero", "md")
    c.text(f"Ceiling {ceiling:.0f} N", (x, rect.y + c.px(11.3)), "sm", "medium", col.acc)
    c.text("wheel ±5", (x, rect.y + c.px(13.6)), "xs", "sc", col.low)
    words, level = _feel(scene, cannula)
    if words:
        w = c.text(words, (x, rect.y + c.px(16.9)), "sm", "medium", kit.level(level)[0])
        kit.mark(level, (x + w + c.px(1.4), rect.y + c.px(16.9)))
    side = "Right" if scene.operator.side else "Left"
    braced = cannula is not None and scene.operator.holding("push") and scene.operator.braced
    if braced:
        kit.state_chip("ok", "Braced", (right, rect.y + c.px(2.2)), "r")
    else:
        kit.chip(
            _in_hand(side, cannula, inner),
            (right, rect.y + c.px(2.2)),
            col.side(scene.operator.side),
            align="r",
        )
    plot = pygame.Rect(rect.x + c.px(14.0), rect.y + c.px(4.2), 0, c.px(10.7))
    plot.w = right - plot.x
    top = max(60.0, ceiling * 1.15)
    step = 20 if top < 120 else 50
    trace(
        kit,
        plot,
        scene.felt.force_n,
        _SAMPLES,
        top,
        (ceiling, "your ceiling", col.acc),
        range(step, int(top * 0.8), step),
    )
    meter = pygame.Rect(plot.x, rect.y + c.px(16.3), plot.w, c.px(1.3))
    kit.meter(meter, force / top, set_at=ceiling / top)


def _in_hand(side: str, cannula: Cannula | None, inner: Passed | None) -> str:
    """Return the words for what the hand is on."""
    if inner is not None:
        return f"{side} {inner.kind.value}"
    return f"{side} cannula" if cannula and cannula.working else f"{side} needle"


def _feel(scene: Scene, cannula: Cannula | None) -> tuple[str, str]:
    """Return what the hand feels, never what only the truth knows."""
    if cannula is None:
        return "", "ok"
    late = scene.felt.force_n[-12:]
    if len(late) > 6 and late[-1] > 8.0 and late[-1] - late[0] > 5.0:
        return "Rising", "warn"
    if len(late) > 6 and late[0] - late[-1] > 8.0 and scene.operator.holding("push"):
        return "Gives way", "warn"
    if late and late[-1] > 8.0:
        return "Steady", "ok"
    return "", "ok"


def _depth(kit: Kit, rect: Any, scene: Scene, cannula: Cannula | None) -> None:
    c = kit.canvas
    x, x2 = rect.x + c.px(1.45), rect.x + c.px(28.7)
    kit.section("Depth", (x, rect.y + c.px(21.6)))
    kit.section("Advance", (x2, rect.y + c.px(21.6)))
    base = rect.y + c.px(26.8)
    if cannula is None:
        c.text("Place the needle first", (x, rect.y + c.px(25.2)), "sm", "medium", kit.colour.low)
        return
    if scene.operator.on_inner(scene.state) and cannula.passed is not None:
        kit.number(number(cannula.passed.reach_mm, 1), "mm out of the cannula", (x, base))
        kit.number(number(cannula.passed.speed_mm_s, 1), "mm/s", (x2, base))
        return
    unit = "mm from skin" if cannula.depth_mm >= 0 else "mm, in front of the skin"
    kit.number(number(cannula.depth_mm, 1), unit, (x, base))
    kit.number(number(cannula.speed_mm_s, 1), "mm/s", (x2, base))


def _blind(kit: Kit, rect: Any, scene: Scene, cannula: Cannula | None) -> None:
    c, col = kit.canvas, kit.colour
    x, right = rect.x + c.px(1.45), rect.right - c.px(1.45)
    kit.section("Since last image", (x, rect.y + c.px(30.9)))
    limits = allowed_mm(scene.case, cannula) if cannula else (5.0, 5.0)
    blind = f"{max(limits):.0f} mm each is blind"
    c.text(blind, (right, rect.y + c.px(30.9)), "xs", "sc", col.low, "r")
    arm = scene.state.c_arm
    rows = (
        ("Medial", "AP", arm.last_ap, cannula.blind_medial_mm if cannula else 0.0),
        ("Depth", "Lateral", arm.last_lateral, cannula.blind_depth_mm if cannula else 0.0),
    )
    for i, (label, view, shot, gone) in enumerate(rows):
        y = rect.y + c.px(33.6 + 5.0 * i)
        limit = limits[i]
        when = f"{ago((scene.state.tick - shot.tick) / TICKS_PER_S)} ago" if shot else "none yet"
        if cannula is not None and cannula.blind_moved_mm[i] is not None:
            when = "before the patient moved"
        c.text(label, (x, y), "sm", "semi")
        c.text(f"{view}, {when}", (x, y + c.px(2.2)), "xs", "sc", col.low)
        level = "alarm" if gone > limit else "warn" if gone > 0.6 * limit else "ok"
        bar = pygame.Rect(rect.x + c.px(16.7), y - c.px(0.3), c.px(24.9), c.px(2.8))
        kit.cells(bar, gone, limit, level)
        c.text(
            f"{number(gone, 1)} mm",
            (right, bar.centery),
            "body",
            "semi",
            kit.level(level)[0] if level != "ok" else col.hi,
            "r",
        )
        w = c.width(f"{number(gone, 1)} mm", "body", "semi")
        kit.mark(level, (right - w - c.px(1.5), bar.centery))


def _bevel(kit: Kit, rect: Any, cannula: Cannula | None) -> None:
    c, col = kit.canvas, kit.colour
    curved = cannula is not None and cannula.inside is Inside.CURVED
    kit.section("Curve" if curved else "Bevel", (rect.x + c.px(1.45), rect.y + c.px(45.5)))
    centre = (rect.x + c.px(8.9), rect.y + c.px(52.0))
    radius = float(c.px(5.4))
    c.ring(centre, radius, col.line2, 0.12)
    for hour in range(12):
        deg = hour * 30.0
        deep = 1.0 if hour % 3 == 0 else 0.5
        c.line(
            [on_clock(centre, radius, deg), on_clock(centre, radius - c.px(deep), deg)],
            col.low,
            0.12,
        )
    turn = steers_to_deg(cannula) if cannula else 0.0
    tip = on_clock(centre, radius * 0.78, turn)
    back = on_clock(centre, radius * 0.32, turn + 180)
    wing = c.theme.u * 1.0
    points = [tip]
    points += [on_clock(back, wing, turn + 90), on_clock(back, wing, turn - 90)]
    c.poly(points, col.beam if cannula else col.off)
    c.disc(centre, c.theme.u * 0.3, col.pane)
    kit.cap("Q", (centre[0] - radius - c.px(1.9), centre[1]))
    kit.cap("E", (centre[0] + radius + c.px(0.3), centre[1]))
    hour = round(turn / 30.0) % 12 or 12
    c.text(f"{hour} o’clock", (centre[0], rect.y + c.px(59.9)), "xs", "sc", col.mid, "c")


def steers_to_deg(cannula: Cannula) -> float:
    """Return where bevel or curve points on an AP, degrees clockwise from the head.

    The tool counts from the midline towards the feet; on the AP the midline lies to the left of
    a left needle and to the right of a right one.
    """
    angle = cannula.bevel_deg
    if cannula.passed is not None and cannula.inside is Inside.CURVED:
        angle = cannula.passed.roll_deg
    return (90.0 + angle if cannula.side else 270.0 - angle) % 360.0


def _right(kit: Kit, rect: Any, scene: Scene, cannula: Cannula | None) -> None:
    c = kit.canvas
    x, right = rect.x + c.px(21.1), rect.right - c.px(1.45)
    hand = scene.operator.hand

    def pick(strength: int) -> Any:
        def act() -> None:
            hand.mallet = strength

        return act

    box = pygame.Rect(x, rect.y + c.px(46.9), right - x, c.px(4.5))
    if cannula is not None and cannula.inside is Inside.CURVED:
        kit.section("Radius of the curve", (x, rect.y + c.px(45.5)))
        _radius(kit, scene, box, cannula)
    else:
        kit.section("Mallet", (x, rect.y + c.px(45.5)))
        kit.choices("mallet", box, list(_MALLET), hand.mallet - 1, [pick(1), pick(2), pick(3)])
    kit.section("Inside", (x, rect.y + c.px(53.0)))
    inside = cannula.inside if cannula else Inside.STYLET
    gap = c.px(0.5)
    wide = (right - x - (len(_BORE) - 1) * gap) // len(_BORE)
    for i, (kind, (label, act_in)) in enumerate(_BORE.items()):
        cell = pygame.Rect(x + i * (wide + gap), rect.y + c.px(54.2), wide, c.px(3.0))
        act = _OUT.get(inside, Do.STYLET_OUT) if kind is Inside.EMPTY else act_in
        _bore(kit, scene, cell, act, label, on=cannula is not None and inside is kind)
    docked = cannula is not None and cannula.dock_mm is not None
    three = (Do.TURN_CANNULA if docked else Do.PLACE_NEEDLE, Do.SEAT_CANNULA, Do.CANNULA_OUT)
    gap = c.px(0.67)
    needs = [c.width(WORDS[act], "xs", "medium") for act in three]
    spare = (right - x - 2 * gap - sum(needs)) / len(three)
    at = float(x)
    for act, need in zip(three, needs, strict=True):
        cell = pygame.Rect(round(at), rect.y + c.px(57.8), round(need + spare), c.px(3.0))
        act_button(kit, scene, cell, act, size="xs")
        at += need + spare + gap


def _bore(kit: Kit, scene: Scene, cell: Any, act: Do, label: str, *, on: bool) -> None:
    why = scene.why_not(act)
    kind = "on" if on else "off" if why else ""
    click = None if on else asker(scene, act)
    kit.button(f"do.{act.value}", cell, label, act=click, kind=kind, size="xs")
    if why and not on:
        kit.tip(f"do.{act.value}", cell, why)


def _radius(kit: Kit, scene: Scene, box: Any, cannula: Cannula) -> None:
    """Draw the choice of radii; a needle that has left the cannula keeps its own."""
    spec, curved = scene.case.catheter, cannula.passed
    radii = (spec.least_radius_mm, spec.radius_mm, spec.most_radius_mm)
    now = curved.radius_mm if curved else 0.0
    free = curved is not None and curved.reach_mm <= 0.0
    rows = [Row(f"{r:.0f} mm", word, free) for r, word in zip(radii, _CURVES, strict=True)]
    nearest = min(range(3), key=lambda i: abs(radii[i] - now))
    picks: list[Act] = [partial(scene.operator.bend, r) for r in radii]
    kit.choices("radius", box, rows, nearest, picks)
