"""A model of traced rules into one sparse matrix with bounds, costs and integrality.

Rows and columns stand component by component, in the order in which the families add them, and within a component in
the order of its index. Sides are those of the rules: nothing is turned round, so that a dual has the sign of its row.
A rule that cannot be traced (a user's own) is built by Pyomo, row by row.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.common.gc_manager import PauseGC
from pyomo.repn import generate_standard_repn
from scipy.sparse import coo_array, csc_array, csr_array

from mineral_sourcing.arrays import Array, Index, Labels
from mineral_sourcing.linear import Linear, Relation, Triplets, Untraceable, Value
from mineral_sourcing.trace import Tracer, index_of

UNTRACED = (TypeError, ValueError, AttributeError, KeyError)
"""What a rule raises that asks stand-ins what they cannot tell (``Untraceable`` is a TypeError)."""


@dataclass(frozen=True)
class Span:
    """Where the rows or columns of one component stand."""

    name: str
    """family.component"""
    index: Index
    start: int

    @property
    def stop(self) -> int:
        """One past the last."""
        return self.start + len(self.index)

    @property
    def slice(self) -> slice:
        """All of them."""
        return slice(self.start, self.stop)


@dataclass(frozen=True)
class Matrix:
    """min cost·x + offset, row_lower ≤ A x ≤ row_upper, col_lower ≤ x ≤ col_upper, x integer where said."""

    cost: Array
    offset: float
    by_column: csc_array
    """The entries as HiGHS keeps them: no duplicates, rows of a column in order."""
    row_lower: Array
    row_upper: Array
    col_lower: Array
    col_upper: Array
    integer: Array
    columns: tuple[Span, ...]
    rows: tuple[Span, ...]
    untraced: int = 0
    """Rules that Pyomo built row by row."""
    reads: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Params that each traced variable, constraint and objective reads, by family.component."""

    @cached_property
    def entries(self) -> csr_array:
        """The entries by row."""
        return self.by_column.tocsr()

    @property
    def is_mip(self) -> bool:
        """Whether any column is integer."""
        return bool(self.integer.any())

    def column_span(self, name: str) -> Span:
        """Columns of a variable, by family.variable; an empty span where the model has none."""
        return _span(self.columns, name)

    def row_span(self, name: str) -> Span:
        """Rows of a constraint, by family.constraint; an empty span where the model has none."""
        return _span(self.rows, name)

    def column_name(self, at: int) -> tuple[str, Any]:
        """Variable and index of a column."""
        return _name(self.columns, at)

    def row_name(self, at: int) -> tuple[str, Any]:
        """Constraint and index of a row."""
        return _name(self.rows, at)


_NO_KEYS = Index((Labels([]), np.empty(0, dtype=np.int64)))
_ONE_KEY = Index((Labels([None]), np.zeros(1, dtype=np.int64)))


def _span(spans: tuple[Span, ...], name: str) -> Span:
    return next((span for span in spans if span.name == name), Span(name, _NO_KEYS, 0))


def _name(spans: tuple[Span, ...], at: int) -> tuple[str, Any]:
    span = next(span for span in spans if span.start <= at < span.stop)
    return span.name, span.index[at - span.start]


def components(model: Any, kind: type) -> Iterator[Any]:
    """Components of one kind that are active, in the order in which they were added, blocks in turn."""
    for block in (model, *model.component_objects(pyo.Block, descend_into=True)):
        yield from block.component_map(kind, active=True).values()


def _spans(components: list[Any], index: Callable[[Any], Index]) -> tuple[Span, ...]:
    """Spans of components of one kind."""
    found, start = [], 0
    for component in components:
        found.append(Span(component.name, index(component), start))
        start += len(found[-1].index)
    return tuple(found)


@dataclass
class Rows:
    """Rows of one constraint: coordinates of the entries, and sides."""

    entries: list[Triplets]
    lower: Array
    upper: Array


def rows_of(tracer: Tracer, constraint: Any, at: Array | None = None) -> Rows:
    """Rows of one constraint, all or those at some positions of its index.

    Raises:
        Untraceable: the rule cannot be traced.
    """
    index = index_of(constraint) if constraint.is_indexed() else None
    found = tracer.call(constraint.rule, constraint.parent_block(), index, at)
    if not isinstance(found, Relation):
        raise Untraceable(f"{constraint.name} gives no relation of variables")
    body = found.body.settled()
    count = body.frame.count
    constant = np.broadcast_to(np.asarray(body.constant, dtype=np.float64), count)
    return Rows(body.triplets(), found.lower - constant, found.upper - constant)


def bounds_of(tracer: Tracer, span: Span, variable: Any, at: Array | None = None) -> tuple[Any, Any]:
    """Bounds of one variable, of all its columns or of those at some positions; one number where they share it.

    Raises:
        Untraceable: the rule cannot be traced.
    """
    tracer.reads = []
    rule = variable._rule_bounds
    lower, upper = -np.inf, np.inf
    if rule is not None:
        block = variable.parent_block()
        pair = rule(block, None) if rule.constant() else tracer.call(rule, block, span.index, at)
        lower, upper = (_numbers(bound, other) for bound, other in zip(pair, (lower, upper), strict=True))
    domain = variable._rule_domain(None, None, variable)
    low, high = domain.bounds()
    return (
        lower if low is None else np.maximum(lower, low),
        upper if high is None else np.minimum(upper, high),
    )


def _numbers(bound: Any, missing: float) -> Any:
    return missing if bound is None else bound.settled().array if isinstance(bound, Value) else float(bound)


def compile_model(
    model: Any, twin: Callable[[], Any] | None = None, arrays: Mapping[str, Array] | None = None
) -> Matrix:
    """The matrix of a model that is not constructed; minimisation.

    Args:
        model: a block as ``build.build`` makes it; nothing in it is constructed.
        twin: makes the same model once more; what cannot be traced is built there.
        arrays: numbers in place of those of some Params, by family.param.

    Raises:
        Untraceable: something cannot be traced, and there is no twin.
        ValueError: a rule is not linear.
    """
    classic = _Classic(twin or _no_twin)
    variables, constraints = ([*components(model, kind)] for kind in (pyo.Var, pyo.Constraint))
    columns, rows = (_spans(found, classic.index) for found in (variables, constraints))
    classic.columns = columns
    tracer = Tracer(model, {span.name: span for span in columns}, arrays)
    width, height = (spans[-1].stop if spans else 0 for spans in (columns, rows))
    col_lower, col_upper = np.empty(width), np.empty(width)
    integer = np.zeros(width, dtype=bool)
    for span, variable in zip(columns, variables, strict=True):
        col_lower[span.slice], col_upper[span.slice] = classic.bounds(tracer, span, variable)
        integer[span.slice] = variable._rule_domain(None, None, variable).isdiscrete()
    row_lower, row_upper = np.empty(height), np.empty(height)
    pieces: list[Triplets] = []
    for span, constraint in zip(rows, constraints, strict=True):
        found = classic.rows_of(tracer, span, constraint)
        row_lower[span.slice], row_upper[span.slice] = found.lower, found.upper
        pieces += [(entry[0] + span.start, *entry[1:]) for entry in found.entries]
    cost, offset = costs(tracer, model, width)
    return Matrix(
        cost,
        offset,
        _sparse(pieces, (height, width)),
        row_lower,
        row_upper,
        col_lower,
        col_upper,
        integer,
        columns,
        rows,
        classic.count,
        {**classic.reads, "objective": tracer.read},
    )


def _no_twin() -> Any:
    raise Untraceable("a component of the model cannot be traced")


def costs(tracer: Tracer, model: Any, width: int) -> tuple[Array, float]:
    """Cost of every column and the constant of the objective."""
    (objective,) = components(model, pyo.Objective)
    found = tracer.call(objective.rule, objective.parent_block(), None)
    if isinstance(found, Value):
        found = Linear(found.frame, [], found.array)
    cost = np.zeros(width)
    for _, columns, values in found.triplets():
        cost += np.bincount(columns, np.broadcast_to(values, len(columns)), width)
    return cost, float(np.sum(found.settled().constant))


def _sparse(pieces: list[Triplets], shape: tuple[int, int]) -> csc_array:
    """Coordinates by column; what stands twice is added up, what is nothing is left out. Takes the pieces."""
    found = _together(pieces, shape).tocsr().tocsc()  # by rows first, which puts the rows of a column in order
    found.has_canonical_format = not _repeated(found)
    found.sum_duplicates()
    if not found.data.all():
        found.eliminate_zeros()
    return found


def _together(pieces: list[Triplets], shape: tuple[int, int]) -> coo_array:
    """All coordinates; each piece is let go as soon as it is copied."""
    count = sum(len(rows) for rows, _, _ in pieces)
    rows, columns, values = np.empty(count, dtype=np.int32), np.empty(count, dtype=np.int32), np.empty(count)
    at = count
    while pieces:
        piece = pieces.pop()
        part = slice(at - len(piece[0]), at)
        rows[part], columns[part], values[part] = piece
        at = part.start
    found = coo_array((values, (rows, columns)), shape)
    found.has_canonical_format = True  # else scipy sorts
    return found


def _repeated(entries: csc_array) -> bool:
    """Whether a row stands twice in a column, rows of a column in order."""
    twice = entries.indices[1:] == entries.indices[:-1]
    ends = entries.indptr[1:-1]
    twice[ends[(ends > 0) & (ends < entries.nnz)] - 1] = False  # neighbours in two columns
    return bool(twice.any())


class _Classic:
    """Components that cannot be traced, built by Pyomo in a twin of the model that is constructed when one is met."""

    def __init__(self, twin: Callable[[], Any]) -> None:
        self.twin, self.count = twin, 0
        self.reads: dict[str, frozenset[str]] = {}
        """Params that each component that can be traced reads."""
        self.columns: tuple[Span, ...] = ()

    @cached_property
    def model(self) -> Any:
        """The twin, constructed."""
        with PauseGC():
            model = self.twin()
            model.construct()
        return model

    def index(self, component: Any) -> Index:
        """Index of a component: its arrays, or the keys that Pyomo makes."""
        if not component.is_indexed():
            return _ONE_KEY
        try:
            return index_of(component)
        except Untraceable:
            keys = list(self.model.find_component(component.name).keys())
            return Index((Labels(keys), np.arange(len(keys))))

    def bounds(self, tracer: Tracer, span: Span, variable: Any) -> tuple[Any, Any]:
        """Bounds by tracing, or where that cannot be, by Pyomo."""
        try:
            bounds = bounds_of(tracer, span, variable)
            self.reads[span.name] = tracer.read
            return bounds
        except UNTRACED:
            self.count += 1
            pairs = [data.bounds for data in self.model.find_component(variable.name).values()]
            return (
                np.array([-np.inf if low is None else low for low, _ in pairs]),
                np.array([np.inf if high is None else high for _, high in pairs]),
            )

    def rows_of(self, tracer: Tracer, span: Span, constraint: Any) -> Rows:
        """Rows by tracing, or where that cannot be, by Pyomo."""
        try:
            rows = rows_of(tracer, constraint)
            self.reads[span.name] = tracer.read
            return rows
        except UNTRACED:
            self.count += 1
        starts = {columns.name: columns for columns in self.columns}
        lower, upper = np.full(len(span.index), -np.inf), np.full(len(span.index), np.inf)
        entries: list[tuple[int, int, float]] = []
        for key, data in self.model.find_component(constraint.name).items():
            row = span.index.position[key]
            body = generate_standard_repn(data.body)
            if body.nonlinear_expr is not None or body.quadratic_vars:
                raise ValueError(f"{data.name} is not linear")
            lower[row] = -np.inf if data.lb is None else data.lb - body.constant
            upper[row] = np.inf if data.ub is None else data.ub - body.constant
            for variable, value in zip(body.linear_vars, body.linear_coefs, strict=True):
                columns = starts[variable.parent_component().name]
                entries.append((row, columns.start + columns.index.position[variable.index()], value))
        found = np.array(entries, dtype=np.float64).reshape(-1, 3).T
        return Rows([(found[0].astype(np.int64), found[1].astype(np.int64), found[2])], lower, upper)
