"""Commands about the runs of trainees: history, export, import, trainee."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator import cli
from simulator.cli import output
from simulator.engine.recorder import Entry
from simulator.errors import RecordingError, SimulatorError, UsageError
from simulator.records import merge, practice, table
from simulator.records.history import History, begin, switched_on
from simulator.records.learning import Learning, learn, scheme
from simulator.records.runs import Kind, Run
from simulator.records.spoken import practice_words
from simulator.records.trainees import Trainee
from simulator.scenario.load import list_cases
from simulator.scenario.words import refusal


def _opened() -> History:
    history = History()
    for notice in history.notices:
        print(notice, file=sys.stderr)
    return history


def _chosen(history: History, given: argparse.Namespace) -> tuple[tuple[Run, ...], str | None]:
    """Return the runs that are asked for, and the person if one is named."""
    everything = history.runs()
    who = None
    if given.trainee is not None:
        who = history.trainees.find(given.trainee, {run.trainee for run in everything}).id
    played = sorted({run.case for run in everything})
    if given.case is not None and given.case not in played:
        allowed = sorted({*played, *(card.id for card in list_cases())})
        if given.case not in allowed:
            raise UsageError(f"--case: {refusal(given.case, allowed)}")
    return history.runs(who, given.case), who


def history(given: argparse.Namespace) -> int:
    """Print runs, learning curves and what to practise next."""
    with _opened() as kept:
        runs, who = _chosen(kept, given)
        ids = {run.trainee for run in runs if run.trainee} if who is None else {who}
        people = kept.trainees.all(ids)
        people = tuple(p for p in people if p.id in ids)
        # A single case says nothing of what to practise; all runs of the person do.
        whole = {p.id: learn(kept.runs(p.id)) for p in people}
    if given.json:
        print(json.dumps(_json(runs, people, whole), indent=2))
        return cli.OK
    if not runs:
        print("No runs yet.")
        return cli.OK
    names = {p.id: p.shown for p in people}
    _print_runs(runs, names)
    for person in people:
        _print_person(person, whole[person.id], given.case)
    return cli.OK


def latest_unfinished() -> Path:
    """Return the recording of the last run that who practises now did not end.

    Raises:
        UsageError: there is none.
    """
    with _opened() as kept:
        runs = kept.to_go_on()
        if not runs:
            raise UsageError("no run was saved or broken off; `resume FILE` takes any recording")
        return kept.folder / runs[-1].recording


def _print_runs(runs: Sequence[Run], names: dict[str, str]) -> None:
    who = [names.get(run.trainee, run.operator) for run in runs]
    wide = max(len("who"), *(len(name) for name in who))
    case = max(len("case"), *(len(run.case) for run in runs))
    print(f"{'started (UTC)':16}  {'who':{wide}}  {'case':{case}}  seed  total  result")
    for run, name in zip(runs, who, strict=True):
        total = f"{run.total:5.1f}" if run.total is not None else "    –"
        when = run.started[:16].replace("T", " ")
        words = _result(run)
        print(f"{when:16}  {name:{wide}}  {run.case:{case}}  {run.seed:4d}  {total}  {words}")


def _result(run: Run) -> str:
    if run.practice is not None:
        return f"{practice_words(run.practice).lower()}, {_ended(run)}; does not count"
    return _ended(run)


def _ended(run: Run) -> str:
    if run.critical:
        return "sentinel " + ", ".join(c.id for c in run.critical)
    if run.status != "finished":
        return f"{run.status.value}, in phase {run.phase}"
    return "passed" if run.passed else "not passed"


def _print_person(person: Trainee, whole: Learning, only: str | None) -> None:
    print(f"\n{person.shown}")
    cases = sorted({run.case for run in whole.runs})
    if only is None:
        print(f"  all cases: {_curve(whole)}")
        print(f"  competence: {_standing(whole)}")
    for case in cases:
        if only in (None, case):
            print(f"  {case}: {_curve(learn(whole.runs, case))}")
    if only is not None:
        return
    domains = whole.domains()
    if domains:
        shares = ", ".join(f"{name} {100.0 * share:.0f} %" for name, share in domains.items())
        print(f"  domains, recent runs: {shares}")
    for n, advice in enumerate(practice.advise(whole, list_cases())):
        print(f"  {'practise next' if n == 0 else 'then'}: {advice.case}. {advice.reason}")


def _curve(learning: Learning) -> str:
    runs = learning.runs
    if not runs:
        return "no run that counts yet"
    totals = [run.total or 0.0 for run in runs]
    word = "run" if len(runs) == 1 else "runs"
    return (
        f"{len(runs)} {word}, {learning.passed} passed; total first {totals[0]:.0f}, "
        f"best {max(totals):.0f}, last {totals[-1]:.0f}, smoothed {learning.smoothed[-1]:.0f}"
    )


def _standing(learning: Learning) -> str:
    """Tell where the sequential test stands."""
    limit = scheme("lc_cusum").limit
    if learning.shown:
        last = learning.steps[-1]
        now = f"; CUSUM {last.value:.2f} of {scheme('cusum').limit:g}" if last.watching else ""
        return f"shown at run {learning.shown_at}{now}"
    value = learning.steps[-1].value if learning.steps and not learning.steps[-1].watching else 0.0
    words = f"LC-CUSUM {value:.2f} of {limit:g}; {learning.clean_runs_left} straight passes to go"
    if learning.declined_at is not None:
        return f"declined at run {learning.declined_at}; {words}"
    return f"not shown yet: {words}"


def _json(
    runs: Sequence[Run], people: Sequence[Trainee], whole: dict[str, Learning]
) -> dict[str, Any]:
    return {
        "runs": [
            {
                **run.shared(),
                "kind": run.kind.value,
                "recording": run.recording or None,
                "counts": run.counts,
                "metrics": dict(run.metrics),
            }
            for run in runs
        ],
        "trainees": [
            {
                "id": person.id,
                "name": person.name or None,
                "all": _learning_json(whole[person.id]),
                "cases": {
                    case: _learning_json(learn(whole[person.id].runs, case))
                    for case in sorted({run.case for run in whole[person.id].runs})
                },
                "domains": whole[person.id].domains(),
                "practise_next": [
                    {"case": a.case, "about": a.about or None, "reason": a.reason}
                    for a in practice.advise(whole[person.id], list_cases())
                ],
            }
            for person in people
        ],
    }


def _learning_json(learning: Learning) -> dict[str, Any]:
    return {
        "runs": [run.id for run in learning.runs],
        "totals": [run.total for run in learning.runs],
        "smoothed": list(learning.smoothed),
        "passed": learning.passed,
        "competence_shown": learning.shown,
        "shown_at_run": learning.shown_at,
        "declined_at_run": learning.declined_at,
        "straight_passes_to_go": learning.clean_runs_left,
        "steps": [
            {"test": "cusum" if s.watching else "lc_cusum", "value": s.value, "limit": s.reached}
            for s in learning.steps
        ],
    }


def export(given: argparse.Namespace) -> int:
    """Write runs as a table, or with their recordings as a zip."""
    with _opened() as kept:
        runs, _ = _chosen(kept, given)
        if given.csv is not None:
            names = {t.id: t.name for t in kept.trainees.all()}
            text = table.csv_text(runs, names)
            if str(given.csv) == "-":
                sys.stdout.buffer.write(text.encode("utf-8"))
                sys.stdout.flush()
            else:
                output.write(given.csv, text)
                print(f"{given.csv}: {_counted(len(runs))}")
            return cli.OK
        packed = merge.pack(kept, runs)
    output.write(given.runs, packed.data)
    for notice in packed.notices:
        print(notice, file=sys.stderr)
    print(f"{given.runs}: {_counted(packed.runs)}, {packed.recordings} with a recording")
    return cli.OK


def _counted(runs: int) -> str:
    return f"{runs} run" if runs == 1 else f"{runs} runs"


def import_runs(given: argparse.Namespace) -> int:
    """Add the runs of another machine."""
    with _opened() as kept:
        merged = merge.merge(kept, given.file)
    print(f"{given.file}: {_counted(merged.runs)}, {merged.changed} of them new here")
    return cli.OK


def trainee(given: argparse.Namespace) -> int:
    """Tell or change who practises on this machine."""
    with _opened() as kept:
        people = kept.trainees
        seen = {run.trainee for run in kept.runs()}
        if given.new is not None:
            people.begin(given.new)
        elif given.use is not None:
            people.use(people.find(given.use, seen))
        elif given.name is not None:
            people.rename(given.name)
        now = people.current()
        for one in people.all(seen):
            count = sum(run.kind is Kind.RUN for run in kept.runs(one.id))
            print(f"{'*' if one.id == now.id else ' '} {one.id}  {one.shown}, {_counted(count)}")
    return cli.OK


def recorded(case: str, asked: Path | None) -> tuple[Path | None, Kept | None]:
    """Return where to record a run without a window, and how it will be kept.

    Args:
        case: Id of the case.
        asked: Where the user wants the recording; None if they did not say.
    """
    if not switched_on():
        return asked, None
    try:
        place, entry = begin(case, trainee="")
    except RecordingError as error:
        print(f"Not kept in the history: {error}", file=sys.stderr)
        return asked, None
    return asked or place, Kept(place, entry)


@dataclass(frozen=True, slots=True)
class Kept:
    """A run on its way into the history."""

    place: Path
    """Of its recording, in the data folder."""
    entry: Entry

    def enter(self, written: Path) -> None:
        """Enter the run, which was recorded at `written`; a fault is told and stops nothing."""
        try:
            if written != self.place:
                output.write(self.place, written.read_bytes())
            with _opened() as kept:
                kept.enter(self.place)
        except (SimulatorError, OSError) as error:
            print(f"Not kept in the history: {error}", file=sys.stderr)
