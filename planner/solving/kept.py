"""A model that stays awake: numbers, bounds, rows and columns change, HiGHS runs again from where it was, and undo.

An edit goes from the Param through the rules that read it (``mineral_sourcing.edit``) to single bounds, costs and
coefficients of the kept HiGHS object. A run after small edits starts dual simplex from the last basis; where that takes
longer than a cold solve took, a cold one starts beside it, and whoever is first answers. Which one that was does not
show: both end in the same tie-break.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from threading import Event
from typing import Any

import numpy as np
from scipy.sparse import csc_array, csr_array, hstack, vstack

from mineral_sourcing.arrays import Array, Index, Labels
from mineral_sourcing.build import build
from mineral_sourcing.compile import Matrix, Span, compile_model
from mineral_sourcing.edit import Editor
from planner.assembly.assemble import Assembled, assembled
from planner.errors import SettingsError
from planner.instance import Instance
from planner.settings import Settings
from planner.solving.held import MANY
from planner.solving.race import race
from planner.solving.session import Session
from planner.solving.stages import Clock, Solved, any_plan, run_stages

BROAD = 0.02
"""Share of columns and rows touched since the last run from which a cold solve starts beside the hot one at once."""

HEAD_START = 0.1
"""Seconds that the hot solve has alone where few were touched, as a share of what a cold one took."""

ALONE = 0.1
"""Seconds that it has alone at least: two at once on one core would only hold each other up."""


@dataclass(frozen=True)
class _Undo:
    """How to take one edit back."""

    steps: tuple[Callable[[], None], ...]


class Kept:
    """The kept model of one instance; not to be used from two threads at once.

    Args:
        instance: checked input.
        settings: limits and choices; the defaults where none are given.
        stop: once it is set, by another thread, a solve ends and gives what it has.

    Raises:
        InputError: a fixed charge or minimum that nothing bounds.
        SettingsError: the settings name rules of the user's own.
    """

    def __init__(self, instance: Instance, settings: Settings | None = None, stop: Event | None = None) -> None:
        self.settings = settings or Settings()
        self.stop = stop
        if self.settings.rules:
            raise SettingsError("changes to a kept model know no rules of your own; take the setting rules away")
        self._hold(assembled(instance))
        self.session = self._session()
        self._undo: list[_Undo] = []
        self._cold_seconds: float | None = None
        self._touched = 0
        self._moved = True
        """Whether anything but costs was edited since the last run."""

    def _hold(self, found: Assembled) -> None:
        """The model and the matrix of a network."""
        model = build(found.network)
        compiled = compile_model(model)
        self.assembled, self.model = found, model
        self.editor = Editor(model, compiled)
        self.matrix: Matrix = _own(compiled)
        self._own_columns = np.zeros(len(compiled.cost), dtype=bool)
        """Columns whose bounds were set by themselves, not through a Param."""
        self._own_rows = np.zeros(len(compiled.row_lower), dtype=bool)

    def _session(self) -> Session:
        return Session.of(self.matrix, self.settings, stop=self.stop)

    def follow(self, instance: Instance) -> None:
        """Become the model of another instance, to be solved from the last basis.

        Its matrix is made anew, and HiGHS is told what differs: bounds, costs and coefficients where the rows and
        columns are the same; else the whole matrix, and a basis put together by the names of rows and columns.

        Args:
            instance: checked input, made from the present one by changes.

        Raises:
            InputError: a fixed charge or minimum that nothing bounds; nothing has changed.
            ValueError: there are edits that were not undone.
        """
        if self._undo:
            raise ValueError("the model has edits of its own: undo them before it follows another instance")
        self._hold(assembled(instance, self.assembled.parts.units))
        moved = self.session.become(self.matrix)
        self.matrix = self.session.matrix
        self._moved, self._touched = self._moved or not moved.only_costs, self._touched + moved.numbers

    def find(self, span: Span, **names: Any) -> Array:
        """Positions in a span whose key has a name at a dimension: ``find(span, d0="A", d3=2)``."""
        chosen = np.ones(len(span.index), dtype=bool)
        for dimension, name in names.items():
            j = int(dimension.removeprefix("d"))
            chosen &= span.index.codes[j] == span.index.labels[j].code.get(name, -1)
        return np.flatnonzero(chosen)

    def set(self, param: str, at: Array, values: Array) -> None:
        """Set numbers of a Param (family.param) at positions of its index, in model units.

        Bounds and sides that were set by themselves, and rows that were switched off, stay so. A number of the tables
        may stand in several Params: a demand also in ``priority.limit``, ``concentration.base_constant`` and
        ``stockpile.demand``.

        Raises:
            IndexError: a position that the Param does not have.
            KeyError: the model has no such Param.
            ValueError: a number of the matrix would be none, or a coefficient or cost infinite; nothing has changed.
        """
        old = self.editor.numbers(param)
        change = self.editor.change(param, at, np.asarray(values, dtype=np.float64))
        steps: list[Callable[[], None]] = [lambda: self.editor.put(param, old)]
        if len(change.columns):
            free = ~self._own_columns[change.columns]
            steps.append(self._column_bounds(change.columns[free], change.col_lower[free], change.col_upper[free]))
        if len(change.rows):
            free = ~self._own_rows[change.rows]
            steps.append(self._row_bounds(change.rows[free], change.row_lower[free], change.row_upper[free]))
            steps.append(self._coefficients(change.entries))
        if change.cost is not None:
            moved = np.flatnonzero(change.cost != self.matrix.cost[: len(change.cost)])
            steps.append(self._costs(moved, change.cost[moved], change.offset))
        self._undo.append(_Undo(tuple(steps)))

    def column_bounds(self, variable: str, at: Array, lower: Array, upper: Array) -> None:
        """Set bounds of some columns of a variable (family.variable), whatever its Params say, until undone.

        Raises:
            IndexError: a position that the variable does not have.
            KeyError: the model has no such variable.
            ValueError: a bound is no number.
        """
        columns = _positions(self.matrix.columns, variable, at, lower, upper)
        back = self._column_bounds(columns, lower, upper)
        self._undo.append(_Undo((back, _marked(self._own_columns, columns))))

    def row_bounds(self, constraint: str, at: Array, lower: Array, upper: Array) -> None:
        """Set sides of some rows of a constraint (family.constraint), whatever its Params say, until undone.

        Raises:
            IndexError: a position that the constraint does not have.
            KeyError: the model has no such constraint.
            ValueError: a side is no number.
        """
        rows = _positions(self.matrix.rows, constraint, at, lower, upper)
        back = self._row_bounds(rows, lower, upper)
        self._undo.append(_Undo((back, _marked(self._own_rows, rows))))

    def switch_off(self, constraint: str, at: Array | None = None) -> None:
        """Let rows of a constraint go, all or those at some positions; undo puts them back.

        Raises:
            IndexError: a position that the constraint does not have.
            KeyError: the model has no such constraint.
        """
        span = self.matrix.row_span(constraint)
        at = np.arange(len(span.index)) if at is None else at
        infinite = np.full(len(at), np.inf)
        self.row_bounds(constraint, at, -infinite, infinite)

    def add_row(self, name: str, entries: Mapping[int, float], lower: float, upper: float) -> None:
        """Add a row: coefficients by column of the matrix, and sides.

        Raises:
            ValueError: a column that the matrix does not have, or a number that is none.
        """
        matrix, at = self.matrix, len(self.matrix.row_lower)
        columns, values = np.array(list(entries), dtype=np.int32), np.array(list(entries.values()), dtype=np.float64)
        row = csr_array((values, columns, np.array([0, len(columns)])), (1, len(matrix.cost)))
        self.session.add_row(columns, values, lower, upper)
        self._replace(
            by_column=csc_array(vstack([matrix.by_column, row])),
            row_lower=np.append(matrix.row_lower, lower),
            row_upper=np.append(matrix.row_upper, upper),
            rows=(*matrix.rows, Span(name, _ONE, at)),
        )
        own = self._own_rows
        self._own_rows = np.append(own, True)

        def back() -> None:
            self._replace(by_column=matrix.by_column, row_lower=self.matrix.row_lower[:at], rows=matrix.rows)
            self._replace(row_upper=self.matrix.row_upper[:at])
            self._own_rows = own
            self.session.drop_row(at)

        self._undo.append(_Undo((back,)))

    def add_column(self, name: str, entries: Mapping[int, float], cost: float, lower: float, upper: float) -> None:
        """Add a continuous column: coefficients by row of the matrix, cost and bounds.

        Raises:
            ValueError: a row that the matrix does not have, or a number that is none.
        """
        matrix, at = self.matrix, len(self.matrix.cost)
        rows, values = np.array(list(entries), dtype=np.int32), np.array(list(entries.values()), dtype=np.float64)
        self.session.add_column(rows, values, cost, lower, upper)
        column = csc_array((values, rows, np.array([0, len(rows)])), (len(matrix.row_lower), 1))
        self._replace(
            by_column=csc_array(hstack([matrix.by_column, column])),
            cost=np.append(matrix.cost, cost),
            col_lower=np.append(matrix.col_lower, lower),
            col_upper=np.append(matrix.col_upper, upper),
            integer=np.append(matrix.integer, False),
            columns=(*matrix.columns, Span(name, _ONE, at)),
        )
        own = self._own_columns
        self._own_columns = np.append(own, True)

        def back() -> None:
            new = self.matrix
            self._replace(
                by_column=matrix.by_column,
                cost=new.cost[:at],
                col_lower=new.col_lower[:at],
                col_upper=new.col_upper[:at],
                integer=new.integer[:at],
                columns=matrix.columns,
            )
            self._own_columns = own
            self.session.drop_column(at)

        self._undo.append(_Undo((back,)))

    def undo(self) -> None:
        """Take the last edit back.

        Raises:
            IndexError: there is none.
        """
        for step in reversed(self._undo.pop().steps):
            step()

    def solve(self, seconds: float | None = None) -> Solved:
        """Solve the model as it is now, within so many seconds (the setting where none are given)."""
        settings = self.settings
        clock = Clock(settings.time_limit if seconds is None else seconds)
        broad = self._touched > BROAD * len(self.matrix.cost)
        self.session.is_primal = not self._moved
        self._touched, self._moved = 0, False
        if self._cold_seconds is None or self.matrix.is_mip:
            solved = run_stages(self.session, self.assembled.network, settings.seed, clock)
            self._cold_seconds = clock.seconds.get("solve", 0.0)
            return solved

        def work(session: Session, hot: bool) -> Solved:
            own = Clock(clock.limit)
            return run_stages(session, self.assembled.network, settings.seed, own, hot=hot)

        alone = 0.0 if broad else max(self._cold_seconds * HEAD_START, ALONE)
        self.session, solved = race(self.session, self._session, work, alone)
        return solved

    def has_plan(self, seconds: float | None = None) -> bool | None:
        """Whether the model as it is now has any plan, whatever its cost; ``None`` where the time does not tell."""
        limit = self.settings.time_limit if seconds is None else seconds
        found = any_plan(self.session, self.assembled.network, limit)
        if found.end == "interrupted" and not (self.stop is not None and self.stop.is_set()):
            raise KeyboardInterrupt
        return True if found.has_point else False if found.end == "infeasible" else None

    def _replace(self, **arrays: Any) -> None:
        self.matrix = replace(self.matrix, **arrays)
        self.session.matrix = self.matrix

    def _column_bounds(self, columns: Array, lower: Array, upper: Array) -> Callable[[], None]:
        old = self.matrix.col_lower[columns], self.matrix.col_upper[columns]
        self.matrix.col_lower[columns], self.matrix.col_upper[columns] = lower, upper
        self._touched, self._moved = self._touched + len(columns), self._moved or len(columns) > 0
        self.session.change_column_bounds(columns)
        return lambda: _void(self._column_bounds(columns, *old))

    def _row_bounds(self, rows: Array, lower: Array, upper: Array) -> Callable[[], None]:
        old = self.matrix.row_lower[rows], self.matrix.row_upper[rows]
        self.matrix.row_lower[rows], self.matrix.row_upper[rows] = lower, upper
        self._touched, self._moved = self._touched + len(rows), self._moved or len(rows) > 0
        self.session.change_row_bounds(rows)
        return lambda: _void(self._row_bounds(rows, *old))

    def _costs(self, columns: Array, cost: Array, offset: float) -> Callable[[], None]:
        old = self.matrix.cost[columns], self.matrix.offset
        self.matrix.cost[columns] = cost
        self._touched += len(columns)
        self._replace(offset=offset)
        self.session.change_costs(columns)
        return lambda: _void(self._costs(columns, *old))

    def _coefficients(self, entries: tuple[Array, Array, Array]) -> Callable[[], None]:
        """Coefficients of whole rows, those that are 0 too; entries in added columns stay."""
        old = self.matrix.by_column
        fresh = csr_array((entries[2], (entries[0], entries[1])), old.shape).tocoo()
        before = np.asarray(old[fresh.row, fresh.col]).ravel()
        moved = fresh.data != before
        at, columns, before = fresh.row[moved], fresh.col[moved], before[moved]
        if not len(at):
            return lambda: None
        self._put(at, columns, fresh.data[moved])
        return lambda: self._put(at, columns, before)

    def _put(self, rows: Array, columns: Array, values: Array) -> None:
        """Coefficients at (row, column)."""
        entries = self.matrix.by_column
        self._touched, self._moved = self._touched + len(rows), True
        new = np.asarray(entries[rows, columns]).ravel() == 0
        if new.any():
            fresh = csc_array(entries + csc_array((values[new], (rows[new], columns[new])), entries.shape))
        else:
            fresh = csc_array((entries.data.copy(), entries.indices, entries.indptr), entries.shape)
        fresh[rows[~new], columns[~new]] = values[~new]  # set, not added to: a sum would be rounded
        self._replace(by_column=fresh)
        if len(rows) > MANY:
            self.session = self._session()
        else:
            self.session.change_coefficients(rows, columns, values)


_ONE = Index((Labels([None]), np.zeros(1, dtype=np.int64)))


def _positions(spans: tuple[Span, ...], name: str, at: Array, lower: Array, upper: Array) -> Array:
    """Rows or columns of the matrix at positions of one component, checked, with their new bounds."""
    span = next((span for span in spans if span.name == name), None)
    if span is None:
        raise KeyError(f"the model has no {name}")
    if len(at) and not 0 <= at.min() <= at.max() < len(span.index):
        raise IndexError(f"{name} has positions 0 to {len(span.index) - 1}")
    if np.isnan(lower).any() or np.isnan(upper).any():
        raise ValueError(f"a bound of {name} is no number")
    return at + span.start


def _marked(own: Array, at: Array) -> Callable[[], None]:
    """Mark columns or rows as set by themselves; what takes it back."""
    old = own[at]
    own[at] = True

    def back() -> None:
        own[at] = old

    return back


def _void(_: object) -> None:
    """Take a result that nobody wants."""


def _own(matrix: Matrix) -> Matrix:
    """The same matrix with sides, bounds and costs of its own; entries are replaced, never written into."""
    names = ("cost", "row_lower", "row_upper", "col_lower", "col_upper", "integer")
    return replace(matrix, **{name: getattr(matrix, name).copy() for name in names})
