"""Short runs in which one thing goes wrong, each asked for by actions alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from simulator.engine.operators import by_scale, eyes, hands
from simulator.engine.operators.hands import Move, Routine
from simulator.engine.session import Session
from simulator.engine.sight import Observation
from simulator.frames import minus, unit
from simulator.scenario.load import find_case, load_case
from simulator.units import Vec3
from simulator.world.action import IDLE, Do

Way = Callable[[Observation], Move]

_ONSET_S = 125.0
_PUSH_N = 110.0
_PUSHES = 12
"""A push ends after a tap, and has to be begun anew: so often at most."""
_LOOK_EVERY_MM = 3.0
_SETTLE_TICKS = 12
"""Slow physics and the account of it have their turn within so many ticks."""


def recorded(scenario: str, way: Way, path: Path, seed: int = 1) -> Session:
    """Play `way` in a shipped case and record it to `path`, with the case's own text in it."""
    file = find_case(scenario)
    session = Session(
        load_case(file, seed), way.__name__, path, source=file.read_text(encoding="utf-8")
    )
    routine = Routine(way(session.observe()))
    while not session.state.over:
        action = routine.next_action(session.observe())
        if action is None:
            break
        session.advance(action)
    for _ in range(_SETTLE_TICKS):
        session.advance(IDLE)
    session.close()
    return session


def acts(obs: Observation, wanted: Sequence[Do]) -> Move:
    """Ask for one act after the other on the side in use."""
    for act in wanted:
        obs = yield from hands.do(obs, act, obs.sides[0])
    return obs


def set_up(obs: Observation) -> Move:
    """Everything before the needle as it should be, but no sedation."""
    obs = yield from acts(obs, [Do.POSITION, Do.ANTIBIOTIC, Do.TIME_OUT, Do.LOCAL])
    obs = yield from hands.wait(obs, _ONSET_S)
    return (yield from eyes.look_both(obs, obs.sides[0], last="ap"))


def aimed(obs: Observation, through_mm: Vec3, direction: Vec3) -> Move:
    """Put the needle on the skin so that its line runs through a point."""
    side = obs.sides[0]
    obs = yield from hands.do(obs, Do.PLACE_NEEDLE, side)
    tool = obs.tools[side]
    assert tool is not None
    skin = hands.foot_on_line(through_mm, direction, tool.skin_mm[1])
    return (yield from hands.aim(obs, side, skin, direction))


def planned(obs: Observation) -> Move:
    """Put the needle on the planned line, and go down to the bone."""
    plan = obs.plans[obs.sides[0]]
    obs = yield from aimed(obs, plan.entry_mm, plan.direction)
    return (yield from hands.push_until_bone(obs, obs.sides[0]))


def depth_mm(obs: Observation, point: Vec3) -> float:
    """Return how deep `point` lies along the needle from the skin."""
    tool = obs.tools[obs.sides[0]]
    assert tool is not None
    return hands.depth_of(tool.skin_mm, tool.direction, point)


def unwatched(obs: Observation, goal_mm: float) -> Move:
    """Push down to a depth without a picture."""
    side = obs.sides[0]
    for _ in range(_PUSHES):
        obs = yield from hands.push_to(obs, side, goal_mm, _PUSH_N)
        tool = obs.tools[side]
        if tool is None or tool.depth_mm >= goal_mm:
            break
    return obs


def watched(obs: Observation, goal_mm: float, step_mm: float = _LOOK_EVERY_MM) -> Move:
    """Push down to a depth, with both planes before every step; heeds nothing they show."""
    side = obs.sides[0]
    last = "lateral"
    while not obs.over:
        obs = yield from eyes.look_both(obs, side, last=last)
        last = "ap" if last == "lateral" else "lateral"
        tool = obs.tools[side]
        if tool is None or tool.depth_mm >= goal_mm - 0.1:
            break
        step = min(goal_mm, tool.depth_mm + step_mm)
        obs = yield from hands.push_to(obs, side, step, _PUSH_N)
    return obs


def too_medial(obs: Observation, past_entry_mm: float, steeper_deg: float) -> Move:
    """Go from the planned entry so much too medially, as far as asked, with pictures."""
    side = obs.sides[0]
    plan = obs.plans[side]
    obs = yield from set_up(obs)
    direction = hands.tilted(plan.direction, (-float(side.sign), 0.0, 0.0), steeper_deg)
    obs = yield from aimed(obs, plan.entry_mm, direction)
    obs = yield from hands.push_until_bone(obs, side)
    return (yield from watched(obs, depth_mm(obs, plan.entry_mm) + past_entry_mm))


def over_the_medial_border(obs: Observation) -> Move:
    """The needle crosses the medial border just behind the posterior wall, and stops there."""
    return (yield from too_medial(obs, 18.5, 10.0))


def into_the_canal(obs: Observation) -> Move:
    """A steeper line through the medial wall of the pedicle and into the canal."""
    return (yield from too_medial(obs, 18.0, 22.0))


def through_the_front(obs: Observation) -> Move:
    """The planned line, and on through the anterior wall with a picture before every step."""
    obs = yield from set_up(obs)
    obs = yield from planned(obs)
    plan = obs.plans[obs.sides[0]]
    return (yield from watched(obs, depth_mm(obs, plan.target_mm) + 14.0, 2.5))


def ten_mm_unwatched(obs: Observation) -> Move:
    """The planned line, both planes at the bone, then 10 mm in one stride; stopped there."""
    obs = yield from set_up(obs)
    obs = yield from planned(obs)
    side = obs.sides[0]
    obs = yield from eyes.look_both(obs, side)
    tool = obs.tools[side]
    assert tool is not None
    obs = yield from unwatched(obs, tool.depth_mm + 10.0)
    return (yield from acts(obs, [Do.ABORT]))


def one_level_up(obs: Observation) -> Move:
    """The same line one vertebra higher, and a tamp put in there."""
    obs = yield from set_up(obs)
    plan = obs.plans[obs.sides[0]]
    x, y, z = plan.entry_mm
    above = (x, y, z + 33.0)
    obs = yield from aimed(obs, above, plan.direction)
    obs = yield from hands.push_until_bone(obs, obs.sides[0])
    obs = yield from watched(obs, depth_mm(obs, above) + 10.0)
    return (yield from acts(obs, [Do.STYLET_OUT, Do.SEAT_CANNULA, Do.TAMP_IN]))


def tamp_in_the_cannula(obs: Observation) -> Move:
    """A channel shorter than the tamp, which is inflated while half of it lies in the cannula."""
    obs = yield from set_up(obs)
    obs = yield from acts(obs, [Do.PURGE])
    obs = yield from planned(obs)
    obs = yield from watched(obs, depth_mm(obs, obs.plans[obs.sides[0]].entry_mm) + 8.0)
    obs = yield from acts(obs, [Do.STYLET_OUT, Do.SEAT_CANNULA, Do.TAMP_IN])
    return (yield from hands.turn_inflator(obs, obs.sides[0], 0.3, 0.1, seconds=5.0))


def tamp_behind_the_fragment(obs: Observation) -> Move:
    """A tamp that begins just in front of the loose corner of the posterior wall, filled there."""
    side = obs.sides[0]
    plan = obs.plans[side]
    obs = yield from set_up(obs)
    obs = yield from acts(obs, [Do.PURGE])
    end = (6.0, 4.0, 4.5)  # as high as the fragment, 11 mm in front of the wall
    obs = yield from aimed(obs, end, unit(minus(end, plan.entry_mm)))
    obs = yield from hands.push_until_bone(obs, side)
    goal_mm = depth_mm(obs, end)
    obs = yield from watched(obs, goal_mm, 2.0)
    obs = yield from acts(obs, [Do.STYLET_OUT, Do.SEAT_CANNULA])
    obs = yield from watched(obs, goal_mm - obs.tamp_spec.length_mm, 2.0)
    obs = yield from acts(obs, [Do.TAMP_IN])
    return (yield from hands.turn_inflator(obs, side, 1.6, 0.1, seconds=60.0))


def runny_through_a_leak(obs: Observation) -> Move:
    """Runny cement near the basivertebral vein, pressed on hard whatever runs where."""
    side = obs.sides[0]
    obs = yield from set_up(obs)
    obs = yield from planned(obs)
    obs = yield from watched(obs, depth_mm(obs, obs.plans[side].target_mm) - 15.0)
    obs = yield from acts(obs, [Do.STYLET_OUT, Do.MIX])
    obs = yield from hands.load(obs, side)
    obs = yield from eyes.lateral_view(obs, side)
    return (yield from by_scale.press(obs, side, 3.0, 90.0, seconds=60.0, beam=True))


def too_much_sedation(obs: Observation) -> Move:
    """Six steps of sedation at once, and nobody looks at the monitor."""
    obs = yield from acts(obs, [Do.POSITION, Do.TIME_OUT, *[Do.SEDATE] * 6])
    return (yield from hands.wait(obs, 600.0))


def needle_all_the_same(obs: Observation) -> Move:
    """Bone is touched in a patient who must not be treated; then the case is stopped."""
    obs = yield from set_up(obs)
    obs = yield from planned(obs)
    return (yield from acts(obs, [Do.ABORT]))


def declined_for_infection(obs: Observation) -> Move:
    """Nothing but the word that the patient is not treated, and why."""
    return (yield from acts(obs, [Do.DECLINE_INFECTION]))


FIXED: Mapping[str, tuple[str, Way]] = MappingProxyType(
    {
        "discitis-declined": ("l3-discitis", declined_for_infection),
        "wedge-declined": ("l1-wedge", declined_for_infection),
        "ten-mm-unwatched": ("l1-wedge", ten_mm_unwatched),
    }
)
"""The recordings of tests/data: case and way of each."""

DATA = Path(__file__).resolve().parents[1] / "data"


def make_fixed(folder: Path = DATA) -> None:
    """Make the fixed recordings anew; see tests/data/README.md for when."""
    for name, (scenario, way) in FIXED.items():
        recorded(scenario, way, folder / f"{name}.simrec")
