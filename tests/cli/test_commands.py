"""The command line as typed: exit codes and one clear line for each wrong input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from simulator.cli import BUG, FAILED, OK, WRONG_INPUT, arguments, main
from simulator.scenario.block import Seed

ROOT = Path(__file__).resolve().parents[2]


def told(capsys: pytest.CaptureFixture[str]) -> str:
    out = capsys.readouterr()
    return (out.out + out.err).strip()


def one_line(text: str, *words: str) -> None:
    assert "Traceback" not in text
    assert len(text.splitlines()) == 1, text
    for word in words:
        assert word in text


def test_list_names_the_cases(capsys) -> None:
    assert main(["list", "--json"]) == OK
    rows = json.loads(capsys.readouterr().out)
    assert {"l1-wedge", "l1-vertebroplasty"} <= {row["id"] for row in rows}


def test_an_unknown_case_is_told_with_a_suggestion(capsys) -> None:
    assert main(["run", "l1-wege"]) == WRONG_INPUT
    one_line(told(capsys), "l1-wege", "did you mean")


def test_an_unknown_operator_is_told(capsys) -> None:
    assert main(["run", "l1-wedge", "--operator", "exprt"]) == WRONG_INPUT
    one_line(told(capsys), "exprt", "Did you mean 'expert'?")


SEEDS = ("got ", "allowed: ", "0 to 2147483647")
LENGTHS = ("got ", "allowed: ", "above 0")


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["run", "l1-wedge", "--seed", "99999999999999999999"], SEEDS),
        (["run", "l1-wedge", "--seed", "2147483648"], SEEDS),
        (["run", "l1-wedge", "--seed", "-5"], SEEDS),
        (["run", "l1-wedge", "--seed", "two"], SEEDS),
        (["run", "l1-wedge", "--seeds", "1-2147483648"], SEEDS),
        (["run", "l1-wedge", "--seeds", "5-3"], ("5-3", "must not exceed")),
        (["run", "l1-wedge", "--jobs", "0"], ("got '0'", "allowed: ", "at least 1")),
        (["bench", "--seconds", "nan"], LENGTHS),
        (["bench", "--seconds", "inf"], LENGTHS),
        (["bench", "--seconds", "-1"], LENGTHS),
        (["bench", "--seconds", "0"], LENGTHS),
        (["bench", "--seconds", "long"], LENGTHS),
    ],
)
def test_a_number_out_of_range_is_told_with_its_range(
    words: list[str], meant: tuple[str, ...], monkeypatch, capsys
) -> None:
    # What is not refused would play, or measure for a minute.
    monkeypatch.setattr("simulator.cli._command", lambda given: lambda given: OK)
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == WRONG_INPUT
    one_line(told(capsys), words[-2], *meant)


def test_a_seed_is_what_a_case_may_name() -> None:
    (bound,) = get_args(Seed)[1:]
    limits = {type(m).__name__: m for m in bound.metadata}
    assert (limits["Ge"].ge, limits["Le"].le) == (0, arguments.MOST_SEED)
    assert arguments.seed(str(arguments.MOST_SEED)) == arguments.MOST_SEED
    assert arguments.seeds("3-7") == (3, 7)
    assert arguments.seeds("4") == (4, 4)


def test_three_mistakes_in_a_case_come_at_once_with_their_lines(tmp_path, capsys) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(
        'format = 1\nid = "bad"\ntitle = "Bad"\nprocedure = "kyphoplasty"\n'
        "[patient]\nage = 70\nt_score = -30.0\n[fracture]\nanterior_height_cm = 1.2\n"
    )
    assert main(["check", str(file)]) == WRONG_INPUT
    lines = told(capsys).splitlines()
    assert len(lines) == 3
    for number, words in ((6, "age_years"), (7, "t_score"), (9, "anterior_height_mm")):
        assert any(f"bad.toml:{number}: " in line and words in line for line in lines)


@pytest.mark.parametrize(
    ("case", "phase", "meant"),
    [
        ("l1-wedge", "tmap", "did you mean 'tamp'"),
        ("l1-vertebroplasty", "tamp", "allowed: 'position'"),
    ],
)
def test_a_phase_that_a_case_has_not_is_told(case: str, phase: str, meant: str, capsys) -> None:
    assert main(["play", case, "--phase", phase]) == WRONG_INPUT
    one_line(told(capsys), "--phase", phase, meant)


@pytest.mark.parametrize("command", ["run", "play", "preview", "check"])
def test_a_missing_file_is_one_line(command: str, tmp_path, capsys) -> None:
    words = [command, str(tmp_path / "none.toml")]
    if command == "preview":
        words += ["-o", str(tmp_path / "x.png")]
    assert main(words) == WRONG_INPUT
    one_line(told(capsys), "none.toml")


def test_a_truncated_recording_is_one_line(tmp_path, capsys) -> None:
    file = tmp_path / "cut.simrec"
    file.write_bytes(b"\x1f\x8b\x08\x00\x00")
    assert main(["replay", str(file), "--verify"]) == WRONG_INPUT
    one_line(told(capsys), "cut.simrec", "damaged")


WRITERS = [
    ["run", "l1-wedge", "--json"],
    ["run", "l1-wedge", "--record"],
    ["replay", "none.simrec", "--json"],
    ["report", "none.simrec", "-o"],
    ["preview", "l1-wedge", "-o"],
    ["export", "--csv"],
    ["export", "--runs"],
    ["bench", "--json"],
]


@pytest.mark.parametrize("words", [*WRITERS, ["run", "l1-wedge", "--frames"]])
def test_no_command_makes_a_folder_that_was_mistyped(words: list[str], tmp_path, capsys) -> None:
    missing = tmp_path / "reslts"
    assert main([*words, str(missing / "out")]) == WRONG_INPUT
    one_line(told(capsys), str(missing / "out"), f"there is no folder {missing}")
    assert not missing.exists()


@pytest.mark.parametrize("words", WRITERS)
def test_a_folder_is_not_taken_for_a_file(words: list[str], tmp_path, capsys) -> None:
    assert main([*words, str(tmp_path)]) == WRONG_INPUT
    one_line(told(capsys), "it is a folder")


@pytest.mark.skipif(os.name == "nt", reason="Windows folders are made unwritable another way")
def test_a_folder_that_cannot_be_written_is_one_line(tmp_path, capsys) -> None:
    # A file where a folder should be refuses even the superuser, whom rights do not stop.
    (tmp_path / "wall").write_text("")
    target = tmp_path / "wall" / "out.json"
    assert main(["run", "l1-wedge", "--operator", "hands-off", "--json", str(target)]) == (
        WRONG_INPUT
    )
    assert "cannot be written" in told(capsys)
    assert main(["run", "l1-wedge", "--record", str(tmp_path / "wall" / "r.simrec")]) == (
        WRONG_INPUT
    )
    one_line(told(capsys), "cannot be written")


def test_require_pass_turns_a_failed_run_into_exit_1(tmp_path, capsys) -> None:
    out = tmp_path / "o.json"
    words = ["run", "l1-wedge", "--operator", "hands-off", "--json", str(out)]
    assert main(words) == OK
    assert main([*words, "--require-pass"]) == FAILED
    result = json.loads(out.read_text())
    assert result["passed"] is False
    assert result["operator"] == "hands-off"
    assert set(result) >= {"domains", "critical", "errors", "metrics", "events", "state_hash"}
    assert not list(tmp_path.glob("*.part"))


def test_a_divergence_is_exit_1(tmp_path, capsys) -> None:
    record = tmp_path / "h.simrec"
    words = ["run", "l1-wedge", "--operator", "hands-off", "--record", str(record)]
    assert main(words) == OK
    assert main(["replay", str(record), "--verify"]) == OK
    import gzip

    text = gzip.decompress(record.read_bytes()).decode()
    record.write_text(text.replace('"wait_s":60.0', '"wait_s":59.0', 1))
    assert main(["replay", str(record), "--verify"]) == FAILED
    text = told(capsys)
    assert "diverged at tick" in text or "found at tick" in text


def test_a_fault_of_ours_is_one_message_and_exit_3(monkeypatch, capsys) -> None:
    from simulator.cli import author

    def broken(given: object) -> int:
        raise ZeroDivisionError("boom")

    monkeypatch.setattr(author, "list_cases", broken)
    assert main(["list"]) == BUG
    text = told(capsys)
    assert "boom" in text
    assert "Recordings are kept in" in text
    assert "Traceback" not in text


def test_importing_the_simulator_brings_no_pygame() -> None:
    code = "import sys, simulator; print('pygame' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.strip() == "False"


@pytest.mark.slow
def test_threads_change_nothing(tmp_path) -> None:
    hashes = []
    for threads in ("1", "2"):
        out = tmp_path / f"{threads}.json"
        subprocess.run(
            [sys.executable, "run_sim.py", "run", "l1-vertebroplasty", "--threads", threads,
             "--json", str(out)],
            cwd=ROOT, check=True, capture_output=True,
        )  # fmt: skip
        hashes.append(json.loads(out.read_text())["state_hash"])
    assert hashes[0] == hashes[1]
