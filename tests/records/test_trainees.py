"""Who practises on a machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.errors import UsageError
from simulator.records.trainees import Trainees


def test_the_first_person_is_anonymous_and_stays_the_same(tmp_path: Path) -> None:
    first = Trainees(tmp_path).current()
    assert first.name == ""
    assert Trainees(tmp_path).current() == first
    assert Trainees(tmp_path / "other").current().id != first.id


def test_people_are_named_chosen_and_found(tmp_path: Path) -> None:
    people = Trainees(tmp_path)
    one = people.current()
    two = people.begin("Ann")
    assert Trainees(tmp_path).current() == two
    people.use(one)
    assert people.rename("Zoë").id == one.id
    assert people.find("zoë").id == people.find(one.id[:4]).id == one.id
    with pytest.raises(UsageError, match=r"got 'Anne'; allowed: .*did you mean 'Ann'"):
        people.find("Anne")
    with pytest.raises(UsageError, match="already called so"):
        people.rename("ANN")
    assert people.rename("").name == ""


@pytest.mark.parametrize("word", ["", "  "])
def test_an_empty_word_means_nobody_although_an_anonymous_name_is_empty(
    tmp_path: Path, word: str
) -> None:
    people = Trainees(tmp_path)
    only = people.current()
    assert only.name == ""
    with pytest.raises(UsageError, match=f"trainee: got an empty word; allowed: '{only.id}'"):
        people.find(word)


@pytest.mark.parametrize("name", [" ", "x" * 61, "a\nb", "=cmd", "\x1b[31m"])
def test_a_name_that_cannot_be_one_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="a name has 1 to 60"):
        Trainees(tmp_path).begin(name)


def test_a_damaged_list_of_people_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "trainees.json").write_text('{"current"')
    assert Trainees(tmp_path).current().name == ""
    assert (tmp_path / "trainees.damaged.json").read_text() == '{"current"'
