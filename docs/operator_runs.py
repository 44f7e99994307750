"""Runs of the built-in operators, kept line by line, so that a killed measurement goes on.

Each run is one line of a file in the user's cache folder. The file is named by the code that a run
depends on, so that runs of another version are never mixed in; its lines also tell case file and
par, and a line for another state of these is not used. A line that was half written is passed over.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from simulator.engine.recording import versions
from simulator.engine.runner import run_case
from simulator.paths import asset, cache_dir
from simulator.records import bands
from simulator.scenario import assets
from simulator.scenario.load import find_case, load_case, load_scenario

_ROOMS = (
    "anatomy", "engine", "imaging", "kernels", "physics", "procedure", "scenario", "world",
)  # fmt: skip
"""Packages that decide how a run ends; window, records and command line do not."""
_RUNS_PER_PROCESS = 6
"""Patients, pictures and arrays that a process remembers grow to gigabytes over many runs."""
_NOT_READ = (bands.NAME, "par.toml", "teaching.toml", "theme.toml")
_NOT_READ_FOLDERS = ("report", "fonts")
"""Assets that no run reads, or whose values stand in the line."""


@dataclass(frozen=True, slots=True)
class Run:
    """How one run ended."""

    case: str
    seed: int
    operator: str
    case_sha256: str
    par: Mapping[str, float]
    passed: bool
    declined: bool
    total: float
    reason: str
    sentinels: tuple[str, ...]
    majors: tuple[str, ...]
    row: Mapping[str, float]
    """Total, domains and what else the bands of the expert are made of."""
    cpu_s: float

    @property
    def why(self) -> tuple[str, ...]:
        """What failed it: sentinel errors, else major ones."""
        return () if self.passed else self.sentinels or self.majors


Asked = tuple[str, int, str]
"""Case, seed, operator."""


@cache
def code() -> str:
    """Return a digest of the code and data that decide how a run ends."""
    digest = hashlib.blake2b(repr(versions()).encode(), digest_size=8)
    root, data = find_case("l1-wedge").parents[1] / "simulator", asset("rubric.toml").parent
    paths = [*root.glob("*.py"), *(p for room in _ROOMS for p in (root / room).rglob("*.py"))]
    read = (p for p in data.rglob("*") if p.is_file() and p.name not in _NOT_READ)
    paths += [p for p in read if p.parent.name not in _NOT_READ_FOLDERS]
    for path in sorted(paths):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def file() -> Path:
    """Return where the runs of this version are kept."""
    return cache_dir() / "operators" / f"{code()}.jsonl"


def kept(*, any_par: bool) -> dict[Asked, Run]:
    """Return the runs of this version that are still true; with `any_par`, by whatever par."""
    try:
        lines = file().read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    out: dict[Asked, Run] = {}
    for line in lines:
        try:
            told = json.loads(line)
        except json.JSONDecodeError:
            continue
        told["sentinels"], told["majors"] = tuple(told["sentinels"]), tuple(told["majors"])
        run = Run(**told)
        if run.case_sha256 == _sha256(run.case) and (any_par or run.par == assets.par(run.case)):
            out[run.case, run.seed, run.operator] = run
    return out


@cache
def _sha256(case: str) -> str:
    return load_scenario(find_case(case)).sha256


def one(asked: Asked) -> Run:
    """Play one run."""
    name, seed, operator = asked
    start = os.times()
    case = load_case(name, seed)
    report = run_case(case, operator).report
    end = os.times()
    return Run(
        case=name,
        seed=seed,
        operator=operator,
        case_sha256=case.sha256,
        par=dict(assets.par(name)),
        passed=report.passed,
        declined=bool(report.metrics["declined"]),
        total=report.total,
        reason=report.reason,
        sentinels=tuple(f.id for f in report.critical),
        majors=tuple(f.id for f in report.errors if f.severity != "minor"),
        row=bands.row(report),
        cpu_s=end.user + end.system - start.user - start.system,
    )


def played(asked: Sequence[Asked], jobs: int, *, any_par: bool = False) -> dict[Asked, Run]:
    """Return all that is asked for; what is not kept yet is played in `jobs` processes."""
    done = kept(any_par=any_par)
    left = [each for each in asked if each not in done]
    print(f"{len(asked) - len(left)} of {len(asked)} runs are kept in {file()}", flush=True)
    file().parent.mkdir(parents=True, exist_ok=True)
    with file().open("a", encoding="utf-8") as out:
        for run in _play(left, jobs):
            out.write(json.dumps(asdict(run)) + "\n")
            out.flush()
            done[run.case, run.seed, run.operator] = run
            word = "passed" if run.passed else "failed"
            print(f"{run.case} {run.operator} seed {run.seed}: {word}, {run.total:.1f}, "
                  f"{run.cpu_s:.0f} CPU-s. {run.reason}", flush=True)  # fmt: skip
    return {each: done[each] for each in asked}


def _play(asked: Sequence[Asked], jobs: int) -> Iterator[Run]:
    """Yield runs as they end; a process is let go after a while, with what it remembers."""
    # Not an executor: with a limit of tasks per child it can wait for ever.
    with get_context("spawn").Pool(jobs, maxtasksperchild=_RUNS_PER_PROCESS) as pool:
        yield from pool.imap_unordered(one, asked)
