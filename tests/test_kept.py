"""The kept model: edits, undo, hot and cold and raced solves all lead to what a fresh model gives."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from benchmarks.answers import PARAMS
from mineral_sourcing.arrays import Array
from mineral_sourcing.compile import Matrix, Span, compile_model
from planner.instance import Instance
from planner.read import from_frames
from planner.settings import Settings
from planner.solving import kept as kept_module
from planner.solving.kept import Kept
from planner.solving.race import race
from planner.solving.session import Session
from planner.solving.stages import Clock, Solved, run_stages
from tests.random_instances import random_instance

CHAINS = range(50)
SAME = 1e-6
"""Model units within which two decisions are the same, relative to the largest."""


def instance(seed: int, *, integers: bool = False) -> Instance:
    """A random instance that has a plan."""
    return from_frames(*random_instance(seed, integers=integers))


def session_of(matrix: Matrix) -> Session:
    """A fresh HiGHS object."""
    return Session(matrix, threads=1, seed=0, gap=0.0, algorithm="simplex")


def cold(kept: Kept, matrix: Matrix | None = None) -> Solved:
    """The same model solved by an object that knows nothing of its past."""
    session = session_of(matrix or kept.matrix)
    return run_stages(session, kept.assembled.network, kept.settings.seed, Clock(60.0))


def assert_same(one: Solved, other: Solved) -> None:
    """The same ending, cost and decisions."""
    assert one.end == other.end
    if one.has_point:
        scale = max(1.0, float(np.abs(other.values).max()))
        assert one.objective == pytest.approx(other.objective, rel=1e-7, abs=1e-7)
        assert np.abs(one.values - other.values).max() <= SAME * scale


def random_edit(kept: Kept, rng: np.random.Generator) -> None:
    """One edit of any kind."""
    kind = rng.choice(["param", "param", "param", "bound", "off", "row", "column"])
    if kind == "param":
        full = [name for name in PARAMS if len(kept.editor.numbers(name))]
        name = str(rng.choice(full))
        numbers = kept.editor.numbers(name)
        at = rng.choice(len(numbers), size=min(len(numbers), 3), replace=False)
        old = numbers[at]
        kept.set(name, at, np.where(np.isfinite(old), old * rng.uniform(0.9, 1.1), 500.0))
    elif kind == "bound":
        at = rng.choice(len(kept.matrix.column_span("flow.ship").index), size=1)
        kept.column_bounds("flow.ship", at, np.zeros(1), np.zeros(1))
    elif kind == "off" and len(kept.matrix.row_span("concentration.cap").index):
        kept.switch_off("concentration.cap", np.array([0]))
    elif kind == "row":
        start = kept.matrix.column_span("flow.sold").start
        kept.add_row("own.row", {start: 1.0, start + 1: 0.5}, -np.inf, 1e4)
    else:
        row = kept.matrix.row_span("balance.node").start
        kept.add_column("own.column", {row: 1.0}, 1e5, 0.0, 5.0)


@pytest.mark.parametrize("seed", CHAINS)
def test_a_chain_of_edits_ends_where_a_cold_solve_does(seed: int) -> None:
    """Five edits with a solve after each, then all of them undone: decisions as of a fresh object, to 1e-6."""
    kept, rng = Kept(instance(seed)), np.random.default_rng(seed)
    first = kept.solve()
    for _ in range(5):
        random_edit(kept, rng)
        assert_same(kept.solve(), cold(kept))
    for _ in range(5):
        kept.undo()
    assert_same(kept.solve(), first)


@pytest.mark.parametrize("seed", range(10))
def test_an_edit_of_a_parameter_makes_the_matrix_that_compiling_anew_makes(seed: int) -> None:
    """Every parameter in turn, some of its numbers at a time: the matrix is that of a rebuild."""
    kept, rng = Kept(instance(seed, integers=True)), np.random.default_rng(seed)
    before = kept.matrix
    names = [name for name in PARAMS if len(kept.editor.numbers(name))]
    for name in names:
        numbers = kept.editor.numbers(name)
        at = rng.choice(len(numbers), size=max(1, len(numbers) // 4), replace=False)
        kept.set(name, at, np.where(np.isfinite(numbers[at]), numbers[at] * 1.25, 300.0))
    rebuilt = compile_model(kept.model, arrays=kept.editor.arrays)
    for column in ("cost", "row_lower", "row_upper", "col_lower", "col_upper"):
        assert getattr(kept.matrix, column) == pytest.approx(getattr(rebuilt, column), rel=1e-12, abs=1e-12), column
    assert abs(kept.matrix.entries - rebuilt.entries).max() <= 1e-12
    assert kept.matrix.offset == pytest.approx(rebuilt.offset)
    for _ in names:
        kept.undo()
    assert abs(kept.matrix.entries - before.entries).max() <= 1e-12


def permuted(matrix: Matrix, rng: np.random.Generator) -> tuple[Matrix, Array]:
    """The same model with rows and columns in another order, and the old number of each new column."""
    columns, rows = rng.permutation(len(matrix.cost)), rng.permutation(len(matrix.row_lower))
    names = [(span, at) for span in matrix.columns for at in range(len(span.index))]
    spans = tuple(
        Span(names[old][0].name, names[old][0].index.take(np.array([names[old][1]])), new)
        for new, old in enumerate(columns)
    )
    changed: dict[str, Any] = {
        "cost": matrix.cost[columns],
        "by_column": matrix.by_column[:, columns][rows],
        "row_lower": matrix.row_lower[rows],
        "row_upper": matrix.row_upper[rows],
        "col_lower": matrix.col_lower[columns],
        "col_upper": matrix.col_upper[columns],
        "integer": matrix.integer[columns],
        "columns": spans,
        "rows": (),
    }
    return replace(matrix, **changed), columns


@pytest.mark.parametrize("seed", range(20))
def test_order_of_rows_and_columns_does_not_show(seed: int) -> None:
    """Decisions of a permuted model are those of the model itself, to 1e-6."""
    rng = np.random.default_rng(seed)
    instances = (instance(number) for number in range(100 + 50 * seed, 1200))
    kept = next(kept for kept in map(Kept, instances) if not len(kept.assembled.network.priority.ranks))
    other, columns = permuted(kept.matrix, rng)
    found = cold(kept, other)
    straight = cold(kept)
    if found.has_point:
        values = np.empty(len(columns))
        values[columns] = found.values
        found = replace(found, values=values)
    assert_same(found, straight)


def test_whoever_wins_the_race_gives_the_same_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hot solve held up, so that the cold one wins; then the other way round."""
    kept = Kept(instance(3))
    kept.solve()
    kept.set("balance.demand", np.array([0]), kept.editor.numbers("balance.demand")[[0]] * 1.1)
    expected = cold(kept)
    hot = kept.session
    run = Session.run

    def slow(self: Session, seconds: float, *, hot: bool = False) -> Any:
        if self is first:
            while not self.cancelled:
                time.sleep(0.01)
        return run(self, seconds, hot=hot)

    first = hot
    monkeypatch.setattr(Session, "run", slow)
    assert_same(kept.solve(), expected)
    assert kept.session is not hot
    monkeypatch.setattr(Session, "run", run)
    assert_same(kept.solve(), expected)


def test_a_fault_in_the_race_is_raised() -> None:
    """What breaks in a thread is not swallowed."""
    kept = Kept(instance(3))

    def work(session: Session, hot: bool) -> Solved:
        raise ArithmeticError("broken")

    with pytest.raises(ArithmeticError, match="broken"):
        race(kept.session, lambda: session_of(kept.matrix), work, 0.0)


def test_every_run_has_its_own_time() -> None:
    """HiGHS counts seconds over the life of an object; a kept one still gets the whole limit in its tenth run."""
    kept = Kept(instance(4), Settings(time_limit=30.0))
    for turn in range(10):
        kept.set("flow.price", np.array([0]), np.array([10.0 + turn]))
        assert kept.solve().end == "optimal"
    kept.session.highs.setOptionValue("time_limit", 0.0)
    assert kept.solve(20.0).end == "optimal"


def test_one_object_a_thread() -> None:
    """Four kept models in four threads give what they give alone."""
    alone = [Kept(instance(seed)).solve() for seed in range(4)]
    found: dict[int, Solved] = {}

    def work(seed: int) -> None:
        found[seed] = Kept(instance(seed)).solve()

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed, expected in enumerate(alone):
        assert_same(found[seed], expected)


def test_many_coefficients_are_passed_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past a number of entries the matrix is passed again instead of one call an entry."""
    monkeypatch.setattr(kept_module, "MANY", 0)
    kept = Kept(instance(3))
    kept.solve()
    numbers = kept.editor.numbers("flow.kept")
    kept.set("flow.kept", np.arange(len(numbers)), numbers * 0.99)
    assert_same(kept.solve(), cold(kept))


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_number_that_is_none_changes_nothing(wrong: float) -> None:
    """HiGHS would take it and answer with rubbish."""
    kept = Kept(instance(3))
    first = kept.solve()
    with pytest.raises(ValueError, match="not finite"):
        kept.set("flow.price", np.array([0]), np.array([wrong]))
    assert np.isfinite(kept.editor.numbers("flow.price")).all()
    with pytest.raises(ValueError, match="no number"):
        kept.column_bounds("flow.ship", np.array([0]), np.zeros(1), np.array([np.nan]))
    assert_same(kept.solve(), first)
    with pytest.raises(IndexError, match="pop"):
        kept.undo()


def test_a_place_that_the_model_does_not_have_is_refused() -> None:
    """Neither another component's columns nor those counted from the end are changed instead."""
    kept, one = Kept(instance(3)), np.ones(1)
    last = len(kept.editor.numbers("flow.ship_limit"))
    for at in (-1, last):
        with pytest.raises(IndexError, match="positions"):
            kept.set("flow.ship_limit", np.array([at]), one)
        with pytest.raises(IndexError, match="positions"):
            kept.column_bounds("flow.ship", np.array([at]), one, one)
    changes: tuple[Callable[[], None], ...] = (
        lambda: kept.column_bounds("flow.shop", np.array([0]), one, one),
        lambda: kept.switch_off("concentration.cups"),
        lambda: kept.set("flow.prize", np.array([0]), one),
    )
    for change in changes:
        with pytest.raises(KeyError, match="no"):
            change()
    shape = kept.matrix.by_column.shape
    with pytest.raises(ValueError, match="refuses"):
        kept.add_row("own.row", {10**6: 1.0}, 0.0, 1.0)
    assert kept.matrix.by_column.shape == shape


def test_a_rule_that_is_off_stays_off() -> None:
    """Losses stand in the rows of caps: an edit of them evaluates these rows again, but not their sides."""
    kept = Kept(instance(0))
    span = kept.matrix.row_span("concentration.cap")
    before = kept.matrix.row_upper[span.slice].copy()
    kept.switch_off("concentration.cap")
    numbers = kept.editor.numbers("flow.kept")
    kept.set("flow.kept", np.arange(len(numbers)), numbers * 0.9)
    assert np.isinf(kept.matrix.row_upper[span.slice]).all()
    assert_same(kept.solve(), cold(kept))
    kept.undo()
    kept.undo()
    assert (kept.matrix.row_upper[span.slice] == before).all()


def test_bounds_set_by_themselves_are_undone_behind_a_column_that_came_and_went() -> None:
    """A closed lane, a column added and undone, the lane open again: its limit follows its Param as before."""
    kept, at = Kept(instance(3)), np.array([0])
    column = kept.matrix.column_span("flow.ship").start
    kept.column_bounds("flow.ship", at, np.zeros(1), np.zeros(1))
    kept.add_column("own.column", {0: 1.0}, 1.0, 0.0, 1.0)
    kept.undo()
    kept.set("flow.ship_limit", at, np.array([7.0]))
    assert kept.matrix.col_upper[column] == 0.0
    kept.undo()
    kept.undo()
    kept.set("flow.ship_limit", at, np.array([7.0]))
    assert kept.matrix.col_upper[column] == 7.0


def test_a_coefficient_is_what_it_was_set_to() -> None:
    """Not the old one plus a rounded difference: 1e6 / 3, then 1e-4, then 0 and back, to the last bit."""
    kept = Kept(instance(3))
    at = np.arange(len(kept.editor.numbers("processing.input")))
    for value in (1e6 / 3.0, 1e-4, 0.0, 1e-4):
        kept.set("processing.input", at, np.full(len(at), value))
        rebuilt = compile_model(kept.model, arrays=kept.editor.arrays)
        assert abs(kept.matrix.entries - rebuilt.entries).max() == 0.0


def test_weights_of_ranks_are_those_of_the_kept_model() -> None:
    """Twice the weight of a rank's unmet demand: the same plan, held at twice the amount."""
    kept = Kept(from_frames(*random_instance(18, ranks=2, integers=False)))
    first = kept.solve()
    assert first.held[1] > 0
    numbers = kept.editor.numbers("priority.weight")
    kept.set("priority.weight", np.arange(len(numbers)), numbers * 2.0)
    found = kept.solve()
    assert found.held[1] == pytest.approx(2.0 * first.held[1])
    assert found.objective == pytest.approx(first.objective)
