"""Each fault is named at its place: alone in a copy, and together with all that do not hide it."""

import random
from pathlib import Path

import pytest

from planner.read import load
from tests.damage import batches, copies, findings, named
from tests.faults import FAULTS, Fault
from tests.small import TABLES, files, write


def test_the_sound_instance_has_no_problem_and_no_warning(tmp_path: Path) -> None:
    """What is not damaged is not complained of."""
    instance = load(write(tmp_path / "small", files()))

    assert instance.warnings == ()
    assert all(len(instance.tables[table]) for table in TABLES)


@pytest.mark.parametrize(
    ("fault", "copy"), list(copies()), ids=lambda value: value.told if hasattr(value, "told") else ""
)
def test_each_fault_is_named_at_its_place(fault: Fault, copy: dict[str, str], tmp_path: Path) -> None:
    """Table, line, column and what is wrong."""
    problems, warnings = findings(write(tmp_path / "small", copy))

    assert named(fault, problems, warnings), [str(found) for found in (*problems, *warnings)]


def test_faults_that_do_not_hide_each_other_are_all_named_at_once(tmp_path: Path) -> None:
    """As many copies as there are sets of faults that would hide each other; the largest hold dozens."""
    sizes = []
    for at, (faults, copy) in enumerate(batches()):
        problems, warnings = findings(write(tmp_path / str(at), copy))
        sizes.append(len(faults))
        assert [fault for fault in faults if not named(fault, problems, warnings)] == []

    assert max(sizes) >= 40
    assert len(FAULTS) >= 100


def test_a_single_cell_fault_is_told_once_and_alone(tmp_path: Path) -> None:
    """What follows from a fault (no such site, so nothing to buy from) is not told as well."""
    copy = files()
    copy["materials.csv"] = copy["materials.csv"].replace("oxide,oxide,Nd", "oxyde,oxide,Nd")
    problems, _ = findings(write(tmp_path / "small", copy))

    assert {problem.message for problem in problems} == {"no material 'oxide'; did you mean 'oxyde'?"}


def test_an_unreadable_table_does_not_make_every_reference_to_it_a_fault(tmp_path: Path) -> None:
    """One quote left open is one problem."""
    copy = files()
    copy["materials.csv"] = 'material\n"ore\n'
    problems, _ = findings(write(tmp_path / "small", copy))

    assert [problem.table for problem in problems] == ["materials"]


def test_problems_come_in_the_order_of_the_files(tmp_path: Path) -> None:
    """Table by table as people fill them in, then line by line."""
    copy = files()
    copy["rules.csv"] = copy["rules.csv"].replace("max_share,0.9,", "max_share,90,")
    copy["places.csv"] = copy["places.csv"].replace("-25", "-250")
    copy["places.csv"] = copy["places.csv"].replace("MYS,Malaysia,3,102", "MYS,Malaysia,3,1020")
    problems, _ = findings(write(tmp_path / "small", copy))

    assert [(problem.table, problem.line) for problem in problems] == [("places", 2), ("places", 3), ("rules", 2)]
    assert str(problems[0]) == "places.csv line 2, latitude: '-250' is below -90 (degrees)"


@pytest.mark.parametrize("seed", range(25))
def test_no_damage_makes_anything_but_an_input_error(seed: int, tmp_path: Path) -> None:
    """Cells, lines and quotes put where they do not belong, several at once."""
    chance = random.Random(seed)
    junk = ["", "x", "home", "2019", "2099", "-1", "1e9", "nan", ";", "allies", "Osaka", "magnet", '"', "#N/A", "group"]
    copy = files()
    for _ in range(5):
        name = chance.choice(sorted(copy))
        lines = copy[name].split("\n")
        at = chance.randrange(len(lines))
        cells = lines[at].split(",")
        cells[chance.randrange(len(cells))] = chance.choice(junk)
        lines[at : at + 1] = [",".join(cells)] * chance.choice([0, 1, 1, 1, 2])
        copy[name] = "\n".join(lines)
    problems, warnings = findings(write(tmp_path / "small", copy))

    assert all(found.message and found.place for found in (*problems, *warnings))
