"""The window on a virtual screen, driven from outside by the X server's own key and mouse events.

Two ways. The program itself is started as people start it and is driven open loop: its recording
and its exit code are all that comes back. The whole kyphoplasty needs eyes, so there the window
runs in the process of the player, who reads its attributes, with the real pacer; every event
comes from xdotool. This file is also the script of that process:

    python tests/ui/test_display.py FOLDER      # FOLDER gets the screenshots and result.json
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
_SIZE = (1600, 900)
_KEYS = {"return": "Return", "right": "Right", "shift": "shift", "space": "space"}


class Xdotool:
    """Orders to the X server; each is carried out when the call returns."""

    def __init__(self, display: str) -> None:
        self._env = {**os.environ, "DISPLAY": display}

    def do(self, orders: str) -> None:
        """Carry out one or more orders."""
        subprocess.run(["xdotool", *orders.split()], env=self._env, check=True, timeout=60)


class OutsideHands:
    """The player's hands on the X server; `frame` is the window's own loop."""

    def __init__(self, window: Any, tool: Xdotool, tick: Callable[[], None]) -> None:
        self.window, self.tool, self._tick = window, tool, tick

    def _key(self, verb: str, key: str) -> None:
        self.tool.do(f"{verb} {_KEYS.get(key, key)}")

    def _settle(self) -> None:
        """Let what was done reach the window through its event queue."""
        for _ in range(2):
            self.frame()

    def key_down(self, key: str) -> None:
        self._key("keydown", key)

    def key_up(self, key: str) -> None:
        self._key("keyup", key)

    def tap(self, key: str) -> None:
        self._key("key", key)
        self._settle()

    def wheel(self, notches: int) -> None:
        self.tool.do(f"click --repeat {abs(notches)} --delay 2 {4 if notches > 0 else 5}")
        self._settle()

    def drag(self, start: tuple[int, int], dx: int, dy: int) -> None:
        self.tool.do(f"mousemove {start[0]} {start[1]}")
        self._settle()
        self.tool.do(f"mousedown 1 mousemove {start[0] + dx // 2} {start[1] + dy // 2}")
        self._settle()
        self.tool.do(f"mousemove {start[0] + dx} {start[1] + dy}")
        self._settle()
        self.tool.do("mouseup 1")
        self._settle()

    def click(self, place: tuple[int, int]) -> None:
        self.tool.do(f"mousemove {place[0]} {place[1]}")
        self._settle()
        self.tool.do("click 1")
        self._settle()

    def frame(self) -> None:
        self.window.frame()
        self._tick()


@pytest.fixture
def screen() -> Iterator[str]:
    """The name of a virtual screen."""
    if shutil.which("Xvfb") is None or shutil.which("xdotool") is None:
        pytest.skip("needs Xvfb and xdotool")
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1600x900x24", "-nolisten", "tcp"],
        pass_fds=(write,),
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as told:
        number = told.readline().strip()
    try:
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(10)


def _env(display: str, home: Path) -> dict[str, str]:
    env = {
        **os.environ,
        "DISPLAY": display,
        "SDL_AUDIODRIVER": "dummy",
        "KYPHOSIM_HOME": str(home),
        "PYTHONPATH": str(ROOT),
    }
    env["SDL_VIDEODRIVER"] = "x11"
    env.pop("KYPHOSIM_HISTORY", None)  # a player's runs are kept, unlike those of other tests
    return env


def _entered(home: Path) -> bool:
    """Tell whether a run that has ended stands in the history."""
    index = home / "data" / "history.sqlite"
    if not index.exists():
        return False
    with closing(sqlite3.connect(f"file:{index}?mode=ro", uri=True)) as read:
        found = read.execute("SELECT count(*) FROM run WHERE status != 'unfinished'").fetchone()
    return bool(found[0])


def _replayed(recording: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "run_sim.py", "replay", str(recording), "--verify"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def _wait_for(met: Callable[[], bool], what: str, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.2)


@pytest.mark.display
def test_the_program_itself_is_driven_from_outside(screen: str, tmp_path: Path) -> None:
    env = _env(screen, tmp_path)
    program = subprocess.Popen(
        [sys.executable, "run_sim.py", "play", "l1-wedge"], cwd=ROOT, env=env
    )
    tool = Xdotool(screen)
    kept = tmp_path / "data" / "recordings"

    def written() -> str:
        return "".join(p.read_text(encoding="utf-8") for p in kept.glob("*.simrec"))

    try:
        tool.do("mousemove 800 450")
        settings = tmp_path / "config" / "window.json"

        def read() -> bool:
            tool.do("key Return")
            time.sleep(1.0)
            return settings.exists()

        _wait_for(read, "the notice to be read", 120)

        def inside() -> bool:
            tool.do("key Return")  # from the briefing into the theatre, when it stands
            time.sleep(1.0)
            return any(kept.glob("*.simrec"))

        _wait_for(inside, "the theatre", 120)
        for order in ("keydown space", "keyup space", "key v", "key r"):
            tool.do(order)
            time.sleep(0.5)
        _wait_for(lambda: '"do":"position"' in written() and '"beam"' in written(), "the acts", 20)
        tool.do("key Escape")
        time.sleep(0.5)
        for order in ("key Down", "key Down", "key Return"):  # stop the case, see the debrief
            tool.do(order)
            time.sleep(0.3)
        _wait_for(lambda: _entered(tmp_path), "the debrief", 30)
        tool.do("key Escape")
        time.sleep(1.0)
        tool.do("key Escape")
        time.sleep(0.5)
        tool.do("key Return")
        assert program.wait(30) == 0
    finally:
        if program.poll() is None:
            program.terminate()
            program.wait(10)
    (recording,) = kept.glob("*.simrec")
    told = _replayed(recording, env)
    assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.display
def test_the_whole_case_is_played_from_outside(screen: str, tmp_path: Path) -> None:
    env = _env(screen, tmp_path)
    shots = tmp_path / "shots"
    shots.mkdir()
    done = subprocess.run(
        [sys.executable, __file__, str(shots)],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads((shots / "result.json").read_text(encoding="utf-8"))
    assert result["passed"], result["reason"]
    assert result["sentinels"] == []
    names = {"menu", "briefing", "needle", "tamp", "cement", "debrief"}
    assert {p.stem for p in shots.glob("*.png")} == names
    told = _replayed(Path(result["recording"]), env)
    assert told.returncode == 0, told.stdout + told.stderr


def main(folder: Path) -> None:
    """Open the window on the screen named in DISPLAY and play; write pictures and the result."""
    import pygame

    sys.path.insert(0, str(ROOT))
    from simulator.ui.app import make_window
    from tests.ui.player import Player

    window = make_window()
    clock = pygame.time.Clock()
    tool = Xdotool(os.environ["DISPLAY"])
    tool.do(f"mousemove {_SIZE[0] // 2} {_SIZE[1] // 2}")

    def seen(name: str) -> None:
        path = folder / f"{name}.png"
        if name in ("menu", "briefing"):  # the films are taken beside the window
            for _ in range(120):
                window.frame()
                clock.tick(20)
        if not path.exists():
            pygame.image.save(pygame.display.get_surface(), path)

    def tick() -> None:
        clock.tick(window.stack.top.frames_per_s if window.stack.screens else 60)

    begun = time.monotonic()
    player = Player(window, OutsideHands(window, tool, tick), seen)
    player.play("l1-wedge")
    session, report = window.stack.top.session, window.stack.top.report
    result = {
        "passed": report.passed,
        "reason": report.reason,
        "total": report.total,
        "sentinels": [f.text for f in report.moments if f.severity == "sentinel"],
        "slips": player.slips,
        "recording": str(session.recording),
        "wall_s": time.monotonic() - begun,
        "simulated_s": session.state.tick / 60,
    }
    (folder / "result.json").write_text(json.dumps(result, indent=2), encoding="utf-8")
    pygame.quit()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
