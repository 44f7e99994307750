"""An operator written as a stage script: carries out its steps and checks what must follow.

A test author may look at anything that is judged; so a script is given the report as it stands,
which no playing operator gets.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from simulator.engine.operators import eyes, hands
from simulator.engine.operators.hands import Move
from simulator.engine.sight import Observation
from simulator.frames import Side, unit
from simulator.scenario import steps
from simulator.scenario.expectation import Expectation, value_of
from simulator.scenario.script import Miss, StageScript, Step
from simulator.units import TICKS_PER_S
from simulator.world.action import Action, Do
from simulator.world.arm import Curve, Stand
from simulator.world.case import Case
from simulator.world.collimator import Collimator
from simulator.world.report import Metric, Report

Judge = Callable[[], Report]
_EVERY_TICKS = 15
"""How often `until` is looked at."""
_PLANE = {"first": 0, "second": 1}
_STRENGTH = {"light": 1, "firm": 2, "hard": 3}


class Scripted:
    """Carries out one stage script (a lifetime: its place in the script)."""

    def __init__(self, script: StageScript, case: Case) -> None:
        self.script = script
        self.case = case
        self.side = Side(case.sides[0])
        self.misses: list[Miss] = []
        self.trail: list[str] = []
        self.judge: Judge | None = None
        """Set by the runner: the report as it stands."""
        self._move: Move | None = None

    def next_action(self, observation: Observation) -> Action | None:
        """Return the next action, or None after the last step."""
        try:
            if self._move is None:
                self._move = self._all(observation)
                return next(self._move)
            return self._move.send(observation)
        except StopIteration:
            return None

    def _all(self, obs: Observation) -> Move:
        for number, step in enumerate(self.script.steps, 1):
            self.trail.append(f"t={obs.t_s:7.1f} s  {step.told}")
            obs = yield from self._one(obs, step)
            for expectation in step.expect:
                self._check(expectation, step, number, obs)
            if step.until is not None and not self._holds(step.until):
                self._check(step.until, step, number, obs)
            if obs.over:
                break
        # The last actions may still be on their way through the slow physics.
        return (yield from hands.rest(obs, 0.2, self.side))

    def _holds(self, expectation: Expectation) -> bool:
        return expectation.holds(self._value(expectation))

    def _value(self, expectation: Expectation) -> Metric:
        return None if self.judge is None else value_of(self.judge(), expectation.name)

    def _check(self, expectation: Expectation, step: Step, number: int, obs: Observation) -> None:
        if not self._holds(expectation):
            value = self._value(expectation)
            self.misses.append(Miss(step.line, number, expectation, value, obs.t_s))

    def _one(self, obs: Observation, step: Step) -> Move:
        """Carry out one step, or as much of it as its `until` and `max_s` allow."""
        end = obs.tick + round(step.max_s * TICKS_PER_S)
        move = self._way(obs, step)
        try:
            action = next(move)
            while True:
                obs = yield action
                if obs.over or obs.tick >= end:
                    return obs
                checked = step.until is not None and obs.tick % _EVERY_TICKS == 0
                if checked and step.until is not None and self._holds(step.until):
                    return obs
                action = move.send(obs)
        except StopIteration as done:
            return done.value if done.value is not None else obs

    def _way(self, obs: Observation, step: Step) -> Move:
        """Return the move of one step."""
        ask = step.ask
        if isinstance(ask, steps.AdvanceNeedle):
            depth = self._depth(obs, ask)
            return hands.push_to(
                obs, self.side, depth, ask.force_n, brace=ask.brace, seconds=step.max_s
            )
        if isinstance(ask, steps.Wait):
            if step.until is not None and not ask.wait_s:
                return hands.rest(obs, step.max_s, self.side)
            return hands.wait(obs, ask.wait_s)
        ways: dict[type, Callable[[Observation, Any], Move]] = {
            steps.SetView: self._view,
            steps.SetArm: self._set,
            steps.Beam: lambda o, a: eyes.look(
                o, self.side, a.seconds, pedals=(a.plane != "second", a.plane != "first")
            ),
            steps.PlaceNeedle: self._place,
            steps.AimNeedle: self._aim,
            steps.WithdrawNeedle: self._withdraw,
            steps.Tap: self._tap,
            steps.Act: self._act,
            steps.InflateTamp: self._inflate,
            steps.DeflateTamp: self._deflate,
            steps.InjectCement: self._inject,
        }
        return ways[type(ask)](obs, ask)

    def _act(self, obs: Observation, ask: steps.Act) -> Move:
        if ask.side:
            self.side = Side[ask.side.upper()]
        return hands.do(obs, Do(ask.name), self.side)

    def _view(self, obs: Observation, ask: steps.SetView) -> Move:
        orbit, tilt = self._angles(obs, ask)
        return eyes.view(
            obs, orbit, tilt, self.side, swivel_deg=ask.swivel_deg, plane=_PLANE[ask.plane]
        )

    def _angles(self, obs: Observation, ask: steps.SetView) -> tuple[float, float]:
        """Return orbit and tilt of a view or as they are asked for."""
        if ask.view is None:
            return ask.orbit_deg or 0.0, ask.tilt_deg or 0.0
        if ask.view in ("ap", "lateral"):
            return (0.0 if ask.view == "ap" else 90.0), 0.0
        side = Side.LEFT if ask.view == "en_face_left" else Side.RIGHT
        d = obs.plans[side].direction
        return math.degrees(math.atan2(-d[0], -d[1])), math.degrees(math.asin(-d[2]))

    def _set(self, obs: Observation, ask: steps.SetArm) -> Move:
        """Throw the switches, then run the blades."""
        plane = _PLANE[ask.plane]
        obs = yield Action(
            side=self.side,
            plane=plane,
            field_mm=float(ask.field_mm or 0.0),
            pulses_per_s=float(ask.pulses_per_s or 0.0),
            grid_in=ask.grid,
            curve=None if ask.curve is None else Curve(ask.curve),
            stand=None if ask.stand is None else Stand(ask.stand),
        )
        now = obs.c_arm.through(plane).collimator
        goal = Collimator(
            now.iris_mm if ask.iris_mm is None else ask.iris_mm,
            now.width_mm if ask.width_mm is None else ask.width_mm,
            now.height_mm if ask.height_mm is None else ask.height_mm,
            now.turn_deg if ask.turn_deg is None else ask.turn_deg,
        )
        return (yield from eyes.collimate(obs, goal, self.side, plane))

    def _place(self, obs: Observation, ask: steps.PlaceNeedle) -> Move:
        self.side = Side[ask.side.upper()]
        obs = yield from hands.do(obs, Do.PLACE_NEEDLE, self.side)
        plan, tool = obs.plans[self.side], obs.tools[self.side]
        if tool is None:
            return obs
        skin = hands.foot_on_line(plan.entry_mm, plan.direction, tool.skin_mm[1])
        return (yield from hands.aim(obs, self.side, skin, plan.direction))

    def _aim(self, obs: Observation, ask: steps.AimNeedle) -> Move:
        """Swing about the skin to the asked angles, keeping the plan's entry in line."""
        tool = obs.tools[self.side]
        if tool is None:
            return (yield from hands.rest(obs, 0.1, self.side))
        medial, caudal = math.radians(ask.medial_deg), math.radians(ask.caudal_deg)
        wanted = unit((-self.side.sign * math.tan(medial), -1.0, -math.tan(caudal)))
        skin = tool.skin_mm
        if tool.depth_mm <= 0.0:
            skin = hands.foot_on_line(obs.plans[self.side].entry_mm, wanted, skin[1])
        return (yield from hands.aim(obs, self.side, skin, wanted))

    def _depth(self, obs: Observation, ask: steps.AdvanceNeedle) -> float:
        tool, plan = obs.tools[self.side], obs.plans[self.side]
        if ask.to_depth_mm is not None:
            return ask.to_depth_mm
        if ask.to is None or tool is None:
            return 150.0
        if ask.to == "posterior_wall":
            here = self.case.facing(obs.level).patient.target
            wall_y = here.landmarks.posterior_wall_y_mm
            return (wall_y - tool.skin_mm[1]) / tool.direction[1]
        point = plan.entry_mm if ask.to == "entry" else plan.target_mm
        return hands.depth_of(tool.skin_mm, tool.direction, point)

    def _withdraw(self, obs: Observation, ask: steps.WithdrawNeedle) -> Move:
        tool = obs.tools[self.side]
        depth = tool.depth_mm if tool is not None else 0.0
        goal = ask.to_depth_mm if ask.to_depth_mm is not None else depth - (ask.by_mm or 0.0)
        return hands.pull_to(obs, self.side, goal)

    def _tap(self, obs: Observation, ask: steps.Tap) -> Move:
        for _ in range(ask.count):
            obs = yield Action(side=self.side, tap=_STRENGTH[ask.strength])
            obs = yield from hands.rest(obs, 0.5, self.side)
        return obs

    def _inflate(self, obs: Observation, ask: steps.InflateTamp) -> Move:
        while not obs.over:
            tamp = obs.tamps[self.side]
            if tamp is None or tamp.volume_ml >= ask.to_ml - 1e-3:
                break
            obs = yield Action(side=self.side, inflate_ml_s=ask.rate_ml_s)
        return obs

    def _deflate(self, obs: Observation, ask: steps.DeflateTamp) -> Move:
        while not obs.over:
            tamp = obs.tamps[self.side]
            if tamp is None or tamp.volume_ml <= 0.0:
                break
            obs = yield Action(side=self.side, inflate_ml_s=-ask.rate_ml_s)
        return obs

    def _inject(self, obs: Observation, ask: steps.InjectCement) -> Move:
        """Press with a fixed force, or let the thumb follow a flow; the beam stays on."""
        force, wanted = ask.force_n or 20.0, ask.rate_ml_min
        mark = (obs.given_ml, obs.tick)
        while not obs.over:
            if obs.filler_ml <= 0.0 and obs.batch_ml > 0.0:
                obs = yield from hands.load(obs, self.side)
            if not obs.filler_ready:
                obs = yield Action(side=self.side)
                continue
            if obs.filler_ml <= 0.0:
                break
            obs = yield Action(
                side=self.side,
                beam=True,
                press_n=force,
                press_other_n=force if ask.both_sides else 0.0,
            )
            if wanted is not None and obs.tick - mark[1] >= TICKS_PER_S // 2:
                flow = (obs.given_ml - mark[0]) * 60.0 * TICKS_PER_S / (obs.tick - mark[1])
                force = min(150.0, max(3.0, force * (1.15 if flow < wanted else 0.87)))
                mark = (obs.given_ml, obs.tick)
        return (yield from hands.unload(obs, self.side))
