"""The yardstick of the benchmarks is the planner's own model, and the digest that says so can tell models apart."""

import json
from pathlib import Path

import highspy
import numpy as np
import pytest

import benchmarks.__main__ as runner
from benchmarks.digest import digest
from benchmarks.ways import Problem
from benchmarks.ways.bare import Way as Bare
from benchmarks.ways.planner_way import Way as Planner
from benchmarks.ways.repeated import Way as Repeated
from planner.generate import network
from planner.read import from_frames


@pytest.fixture(scope="module")
def problem() -> Problem:
    """One chain."""
    return Problem(from_frames(*network(4_600)))


def given(rows: list[int], columns: list[int], coefficient: float = 0.3) -> highspy.Highs:
    """Min 2x + 3y + z, 1 ≤ x + 0.3y, 2y + z = 4 (or another coefficient), rows and columns in this order."""
    matrix = np.array([[1.0, coefficient, 0.0], [0.0, 2.0, 1.0]])[np.ix_(rows, columns)]
    cost, low, high = np.array([2.0, 3.0, 1.0])[columns], np.array([1.0, 4.0])[rows], np.array([np.inf, 4.0])[rows]
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    at, index = np.nonzero(matrix)
    start = np.searchsorted(at, np.arange(3)).astype(np.int32)
    shape = (3, 2, len(index), int(highspy.MatrixFormat.kRowwise), int(highspy.ObjSense.kMinimize), 0.0)
    bounds = (cost, np.zeros(3), np.full(3, np.inf), low, high)
    highs.passModel(*shape, *bounds, start, index.astype(np.int32), matrix[at, index], np.zeros(3, np.int32))
    return highs


def test_digest_knows_no_order_but_every_number() -> None:
    """Rows and columns in another order are the same model; the seventh digit of an entry is not, nor a bound."""
    first = digest(given([0, 1], [0, 1, 2]))
    assert digest(given([1, 0], [2, 0, 1])) == first
    assert digest(given([0, 1], [0, 1, 2], 0.300001)) != first
    other = given([0, 1], [0, 1, 2])
    other.changeColBounds(1, 0.0, 7.0)
    assert digest(other) != first
    other.changeColBounds(1, 0.0, np.inf)
    assert digest(other) == first


def test_digest_knows_which_row_an_entry_stands_in() -> None:
    """The same numbers in other places are another model."""
    moved = given([0, 1], [0, 1, 2])
    moved.changeCoeff(0, 2, 0.3)
    moved.changeCoeff(0, 1, 0.0)
    assert digest(moved) != digest(given([0, 1], [0, 1, 2]))


def test_digest_counts_in_tonnes_and_currency() -> None:
    """Bounds in kilotonnes and costs in millions, told so, are the same model."""
    scaled = given([0, 1], [0, 1, 2])
    for row, (low, high) in enumerate(((1.0, np.inf), (4.0, 4.0))):
        scaled.changeRowBounds(row, low / 1024.0, high / 1024.0)
    for column, cost in enumerate((2.0, 3.0, 1.0)):
        scaled.changeColCost(column, cost * 1024.0 / 2.0**20)
    assert digest(scaled, mass=1024.0, money=2.0**20) == digest(given([0, 1], [0, 1, 2]))


def test_planner_and_bare_arrays_give_highs_the_same_model(problem: Problem) -> None:
    """Same digest, same least cost, and the same after an edit."""
    ways = (Bare(), Repeated(), Planner())
    for way in ways:
        way.build(problem)
        way.hand_over()
    assert len({digest(*way.highs()) for way in ways}) == 1
    first, again = [way.solve() for way in ways], [way.solve_again() for way in ways]
    assert first == pytest.approx([first[0]] * 3, rel=1e-9)
    assert again == pytest.approx([again[0]] * 3, rel=1e-9)
    assert again[0] > first[0]


def measured(seconds: float) -> runner.Row:
    """A row of the table whose build took so long."""
    steps = {"build": [seconds, seconds], "hand over": [0.0, 0.0], "bare": [1.0, 1.0], "cold": [1.0, 1.0]}
    return {**steps, "memory": 1.0, "digest": "same", "columns": 5, "rows": 3, "entries": 8}


def test_a_way_measured_alone_keeps_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A later measurement of one way replaces its own row; the other's, and the order of the two, stay. The plot, which
    needs the extra ``bench``, is not drawn here.
    """
    monkeypatch.setattr(runner, "HERE", tmp_path)
    monkeypatch.setattr(runner, "plot", lambda found, path: None)
    (tmp_path / "README.md").write_text(f"before\n{runner.BEGIN}\nold\n{runner.END}\nafter\n", "utf-8")
    runner.write({10: {"planner_way": measured(3.0), "bare": measured(1.0)}})
    runner.write({10: {"planner_way": measured(2.0)}, 5: {"bare": {"reason": "not done in 1 s"}}})
    kept = json.loads((tmp_path / "results.json").read_text("utf-8"))
    assert list(kept) == ["5", "10"]
    assert list(kept["10"].items()) == [("bare", measured(1.0)), ("planner_way", measured(2.0))]
    told = (tmp_path / "README.md").read_text("utf-8")
    assert told.startswith("before") and told.endswith("after\n") and "old" not in told
