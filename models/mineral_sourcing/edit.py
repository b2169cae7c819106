"""What changes in the matrix when numbers of a Param change: only what reads them is evaluated again.

What a rule reads was seen when the matrix was compiled; the first edit of a Param calls each rule that reads it for all
rows, to see at which of them it reads which number. Later ones know.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pyomo.environ as pyo

from mineral_sourcing.arrays import Array
from mineral_sourcing.compile import Matrix, Rows, Span, bounds_of, components, costs, rows_of
from mineral_sourcing.trace import Tracer, param_source


@dataclass(frozen=True)
class _Reader:
    """Where a rule reads a Param: each position, and its row."""

    positions: Array
    rows: Array
    size: int
    """How many numbers the Param has."""

    def of(self, at: Array) -> Array:
        """Rows that read any of some positions."""
        asked = np.zeros(self.size, dtype=bool)
        asked[at] = True
        return np.unique(self.rows[asked[self.positions]])


@dataclass(frozen=True)
class Change:
    """New numbers of a matrix; positions are those of its rows and columns."""

    columns: Array
    col_lower: Array
    col_upper: Array
    rows: Array
    row_lower: Array
    row_upper: Array
    entries: tuple[Array, Array, Array]
    """Row, column and coefficient of all entries of the changed rows."""
    cost: Array | None
    """Of every column, where the objective reads the Param."""
    offset: float

    def check(self) -> None:
        """HiGHS takes numbers that are none, and answers with rubbish.

        Raises:
            ValueError: a side is no number, or a coefficient or cost is infinite or none.
        """
        sides = (self.col_lower, self.col_upper, self.row_lower, self.row_upper)
        finite = (self.entries[2], np.empty(0) if self.cost is None else self.cost, np.array([self.offset]))
        if any(np.isnan(side).any() for side in sides) or not all(np.isfinite(part).all() for part in finite):
            raise ValueError("the edit gives a side that is no number, or a coefficient or cost that is not finite")


class Editor:
    """Re-evaluates a traced model where a Param has changed.

    Args:
        model: a block as ``build.build`` makes it.
        matrix: what it was compiled to.
    """

    def __init__(self, model: Any, matrix: Matrix) -> None:
        self.model, self.matrix = model, matrix
        self.arrays: dict[str, Array] = {}
        """Numbers of every Param that was edited, by family.param."""
        self._tracer = Tracer(model, {span.name: span for span in matrix.columns}, self.arrays)
        self._readers: dict[tuple[str, str], _Reader] = {}
        self._read = dict(matrix.reads)

    def numbers(self, param: str) -> Array:
        """Present numbers of a Param, by position in its index.

        Raises:
            KeyError: the model has no such Param.
        """
        component = self.model.find_component(param)
        if component is None or component.ctype is not pyo.Param:
            raise KeyError(f"the model has no parameter {param}")
        return self.arrays.get(param, param_source(component).array)

    def change(self, param: str, at: Array, values: Array) -> Change:
        """Set numbers of a Param at positions of its index and tell what becomes of the matrix.

        Where it raises, the Param is as it was.

        Raises:
            IndexError: a position that the Param does not have.
            KeyError: the model has no such Param.
            ValueError: a number of the matrix would be none, or a coefficient or cost infinite.
        """
        old = self.numbers(param)
        if len(at) and not 0 <= at.min() <= at.max() < len(old):
            raise IndexError(f"{param} has positions 0 to {len(old) - 1}")
        fresh = old.copy()
        fresh[at] = values
        self.put(param, fresh)
        try:
            with np.errstate(invalid="ignore"):  # 0 × inf is told of by the check
                found = self._change(param, at)
            found.check()
        except Exception:
            self.put(param, old)
            raise
        return found

    def put(self, param: str, numbers: Array) -> None:
        """Hold numbers of a Param for what is evaluated from now on."""
        self.arrays[param] = numbers

    def _change(self, param: str, at: Array) -> Change:
        columns, lower, upper = self._bounds(param, at)
        rows, found = self._rows(param, at)
        cost, offset = None, self.matrix.offset
        if self._reads("objective", param, self._objective):
            cost, offset = costs(self._fresh(), self.model, len(self.matrix.cost))
        return Change(columns, lower, upper, rows, found.lower, found.upper, _flat(found, rows), cost, offset)

    def _fresh(self) -> Tracer:
        """A tracer that sees the present numbers."""
        self._tracer.forget()
        return self._tracer

    def _objective(self) -> None:
        costs(self._fresh(), self.model, len(self.matrix.cost))

    def _reads(self, name: str, param: str, call: Callable[[], Any]) -> bool:
        """Whether a component reads a Param."""
        if name not in self._read:
            call()
            self._read[name] = self._tracer.read
        return param in self._read[name]

    def _reader(self, name: str, param: str, call: Callable[[], Any]) -> _Reader:
        """At which rows a component reads which numbers of a Param."""
        found = self._readers.get((name, param))
        if found is None:
            self._tracer.only = param
            try:
                call()
            finally:
                self._tracer.only = None
            pairs = [
                (np.arange(frame.count) if at is None else at, frame.rows())
                for read, frame, at in self._tracer.reads
                if read == param
            ]
            positions, rows = (np.concatenate(part) for part in zip(*pairs, strict=True))
            found = self._readers[name, param] = _Reader(positions, rows, len(self.numbers(param)))
        return found

    def _touched(self, kind: type, spans: tuple[Span, ...], param: str, at: Array, call: Any) -> Iterator[Any]:
        """Components of one kind that read a Param: span, component, and the rows that read the changed numbers."""
        for span, component in zip(spans, components(self.model, kind), strict=True):

            def called(some: Array | None, span: Span = span, component: Any = component) -> None:
                call(self._fresh(), span, component, some)

            if self._reads(span.name, param, partial(called, np.empty(0, dtype=np.int64))):
                rows = self._reader(span.name, param, partial(called, None)).of(at)
                if len(rows):
                    yield span, component, rows

    def _bounds(self, param: str, at: Array) -> tuple[Array, Array, Array]:
        columns, lower, upper = [np.empty(0, dtype=np.int64)], [np.empty(0)], [np.empty(0)]
        for span, variable, some in self._touched(pyo.Var, self.matrix.columns, param, at, bounds_of):
            low, high = bounds_of(self._fresh(), span, variable, some)
            columns.append(some + span.start)
            lower.append(np.broadcast_to(low, len(some)))
            upper.append(np.broadcast_to(high, len(some)))
        return np.concatenate(columns), np.concatenate(lower), np.concatenate(upper)

    def _rows(self, param: str, at: Array) -> tuple[Array, Rows]:
        rows, lower, upper, entries = [np.empty(0, dtype=np.int64)], [np.empty(0)], [np.empty(0)], []
        count = 0

        def call(tracer: Tracer, _: Span, constraint: Any, some: Array | None) -> Rows:
            return rows_of(tracer, constraint, some)

        for span, constraint, some in self._touched(pyo.Constraint, self.matrix.rows, param, at, call):
            found = call(self._fresh(), span, constraint, some)
            entries += [(entry[0] + count, *entry[1:]) for entry in found.entries]
            rows.append(some + span.start)
            lower.append(found.lower)
            upper.append(found.upper)
            count += len(some)
        return np.concatenate(rows), Rows(entries, np.concatenate(lower), np.concatenate(upper))


def _flat(found: Rows, rows: Array) -> tuple[Array, Array, Array]:
    """All entries, numbered by the matrix's rows."""
    empty = np.empty(0, dtype=np.int64)
    return (
        np.concatenate([empty, *(rows[entry[0]] for entry in found.entries)]),
        np.concatenate([empty, *(entry[1] for entry in found.entries)]),
        np.concatenate([np.empty(0), *(np.broadcast_to(entry[2], len(entry[0])) for entry in found.entries)]),
    )
