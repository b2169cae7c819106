r"""A Pyomo rule, called once, evaluated for all of its rows by numpy.

The rule is called with stand-ins: for its block, and for each index a :class:`Column` that holds that index in every
row. A Param looked up by columns is a :class:`Value`, one number a row; a Var is a :class:`Linear`, one column of the
matrix a row. ``for … in`` a Set yields once: columns on a longer :class:`Frame`, which holds each row as often as the
Set has members for it (``linear.py``).

What cannot be told from one call raises :class:`Untraceable`: a Python ``if`` on an index or a value, a dict looked up
by an index, arithmetic on an index, a loop that is not a sum, a product of variables. Such a rule is built by Pyomo,
row by row.
"""

from collections.abc import Iterator, Mapping
from functools import reduce
from typing import Any

import numpy as np
import pyomo.environ as pyo

from mineral_sourcing.arrays import Array, Groups, Index, Labels, Values
from mineral_sourcing.linear import Column, Frame, Linear, Untraceable, Value, deeper


class Tracer:
    """Calls the rules of a model whose components hold arrays.

    Args:
        model: a block that is not constructed (``build.build``).
        columns: index and first column of the matrix (``.index``, ``.start``) of each Var, by family.variable.
        arrays: numbers that stand in for those of some Params, by family.param.
    """

    def __init__(self, model: Any, columns: Mapping[str, Any], arrays: Mapping[str, Array] | None = None) -> None:
        self.model, self.columns = model, columns
        self.arrays: Mapping[str, Array] = {} if arrays is None else arrays
        self.open: list[Frame] = []
        self.reads: list[tuple[str, Frame, Array | None]] = []
        """Each look-up of a Param in the last rule called: its name, the frame, the positions."""
        self.only: str | None = None
        """A Param: nothing is evaluated but where it is looked up."""
        self._blocks: dict[int, _Block] = {}

    def block(self, block: Any) -> "_Block":
        """The stand-in of a block."""
        return self._blocks.setdefault(id(block), _Block(self, block))

    @property
    def read(self) -> frozenset[str]:
        """Names of the Params that the last rule called looked up."""
        return frozenset([name for name, _, _ in self.reads])

    def forget(self) -> None:
        """Look components up anew: numbers of Params have changed."""
        self._blocks.clear()

    def call(self, rule: Any, block: Any, index: Index | None, at: Array | None = None) -> Any:
        """What a rule gives for all keys of an index, or for those at some positions; on one row without an index.

        Raises:
            Untraceable: the rule cannot be traced.
        """
        source = index if index is not None else _NOTHING
        root = Frame(len(source) if at is None else len(at))
        key = () if index is None else tuple(Column(root, source, at, j) for j in range(len(source.codes)))
        self.open, self.reads = [root], []
        found = rule(self.block(block), key[0] if len(key) == 1 else key or None)
        if self.open != [root]:
            raise Untraceable("a loop over a Set that was left before its end")
        return found

    def find(self, index: Index, key: Any) -> tuple[Frame, Array | None]:
        """Frame of a key and its positions in an index; ``None`` for every key in turn.

        Raises:
            KeyError: a key that the index does not hold.
        """
        parts = key if isinstance(key, tuple) else (key,)
        columns = [part for part in parts if isinstance(part, Column)]
        if len(parts) != len(index.labels) or not columns:
            raise Untraceable("an index that the rule computes")
        first = columns[0]
        if len(columns) == len(parts) and len({(c.frame, id(c.source), id(c.at)) for c in columns}) == 1:
            dimensions = tuple([column.j for column in columns])
            if first.source is index and dimensions == tuple(range(len(parts))):
                return first.frame, first.at
            found = first.source.project(dimensions, index)
            found = found if first.at is None else found[first.at]
            frame = first.frame
        else:
            frame = first.frame
            for column in columns:
                frame = deeper(frame, column.frame)
            found = index.find([_codes(part, index.labels[j], frame) for j, part in enumerate(parts)])
        if len(found) and found.min() < 0:
            raise KeyError("a rule looks up a key that its component does not hold")
        return frame, found

    def frame(self, key: Any) -> Frame:
        """Frame of a key that :meth:`find` would find."""
        frames = [part.frame for part in (key if isinstance(key, tuple) else (key,)) if isinstance(part, Column)]
        return reduce(deeper, frames)

    def members(self, members: "_Members") -> Iterator[Any]:
        """Columns on the frame of a loop; the frame closes when the loop ends."""
        parent = self.open[-1]
        frame, source, at = members.expanded(parent)
        self.open.append(frame)
        columns = tuple(Column(frame, source, at, j) for j in range(len(source.codes)))
        yield columns if len(columns) > 1 else columns[0]
        if self.open.pop() is not frame:
            raise Untraceable("loops that cross")
        frame.closed = True


def _codes(part: Any, labels: Labels, frame: Frame) -> Array:
    """Codes of one part of a key, in the labels of the index that is looked up."""
    if not isinstance(part, Column):
        return np.full(frame.count, labels.code.get(part, -1))
    own = part.source.labels[part.j]
    codes = part.source.codes[part.j] if part.at is None else part.source.codes[part.j][part.at]
    if own is not labels:
        codes = np.array([labels.code.get(name, -1) for name in own.names.tolist()] or [-1])[codes]
    return np.asarray(frame.spread(codes, part.frame))


_NOTHING = Index((Labels([0]), np.zeros(1, dtype=np.int64)))
"""The one row of a component without an index."""


class _Block:
    """Stands in for a block: its Sets, Params, Vars, Expressions and blocks, looked up by columns."""

    def __init__(self, tracer: Tracer, block: Any) -> None:
        self._tracer, self._block = tracer, block

    def parent_block(self) -> "_Block":
        return self._tracer.block(self._block.parent_block())

    def component(self, name: str) -> Any:
        return getattr(self, name)

    def __getattr__(self, name: str) -> Any:
        component = self._block.component(name)
        if component is None:
            number = getattr(self._block, name, None)
            if isinstance(number, float):
                return number
            raise AttributeError(f"{self._block.name} has no component {name}")
        found = self._stand_in(component)
        if component.ctype is not pyo.Expression:
            setattr(self, name, found)
        return found

    def _stand_in(self, component: Any) -> Any:
        tracer = self._tracer
        if component.ctype is pyo.Block:
            return tracer.block(component)
        if component.ctype is pyo.Set:
            return _Set(tracer, set_source(component))
        if component.ctype is pyo.Param:
            return _Param(tracer, component) if component.is_indexed() else component.value
        if component.ctype is pyo.Var:
            return _Var(tracer, component)
        if component.ctype is pyo.Expression and not component.is_indexed():
            return component._rule(self, None)
        raise Untraceable(f"{component.name}, which is neither Set, Param, Var nor a scalar Expression")


class _Set:
    """Stands in for a Set, plain or indexed."""

    def __init__(self, tracer: Tracer, source: Index | Groups) -> None:
        self.tracer, self.source = tracer, source

    def __getitem__(self, key: Any) -> "_Members":
        assert isinstance(self.source, Groups)
        return _Members(self.tracer, self.source, *self.tracer.find(self.source.index, key))

    def __iter__(self) -> Iterator[Any]:
        return iter(_Members(self.tracer, self.source, None, None))


class _Members:
    """Members of a Set under a key, to be iterated once."""

    def __init__(self, tracer: Tracer, source: Index | Groups, frame: Frame | None, at: Array | None) -> None:
        self.tracer, self.source, self.frame, self.at = tracer, source, frame, at

    def __iter__(self) -> Iterator[Any]:
        return self.tracer.members(self)

    def expanded(self, parent: Frame) -> tuple[Frame, Index, Array | None]:
        """A frame with each row of ``parent`` once for every member, the index of these and their positions in it."""
        if isinstance(self.source, Index):
            count = len(self.source)
            if parent.count == 1:
                return Frame(count, parent, np.zeros(count, dtype=np.int64)), self.source, None
            pointer = np.repeat(np.arange(parent.count), count)
            return Frame(len(pointer), parent, pointer), self.source, np.tile(np.arange(count), parent.count)
        assert self.frame is not None
        if self.at is None and self.frame is parent:
            return Frame(len(self.source.rows), parent, self.source.rows), self.source.of, self.source.members
        at = np.arange(self.frame.count) if self.at is None else self.at
        pointer, members = self.source.under(np.asarray(parent.spread(at, self.frame)))
        return Frame(len(pointer), parent, pointer), self.source.of, members


class _Param:
    """Stands in for an indexed Param."""

    def __init__(self, tracer: Tracer, component: Any) -> None:
        values = param_source(component)
        self.tracer, self.name, self.index = tracer, component.name, values.index
        self.array = tracer.arrays.get(self.name, values.array)

    def __getitem__(self, key: Any) -> Value:
        only = self.tracer.only
        if only not in (None, self.name):
            return Value(self.tracer.frame(key), 1.0)
        frame, at = self.tracer.find(self.index, key)
        self.tracer.reads.append((self.name, frame, at))
        if only is not None:
            return Value(frame, 1.0)
        return Value(frame, self.array if at is None else self.array[at])


class _Var:
    """Stands in for an indexed Var."""

    def __init__(self, tracer: Tracer, component: Any) -> None:
        span = tracer.columns[component.name]
        self.tracer, self.start, self.index = tracer, span.start, span.index

    def __getitem__(self, key: Any) -> Linear:
        if self.tracer.only is not None:
            return Linear(self.tracer.frame(key), [])
        frame, at = self.tracer.find(self.index, key)
        columns = np.arange(self.start, self.start + len(self.index)) if at is None else at + self.start
        return Linear(frame, [(frame, columns, 1.0)])


def set_source(component: Any) -> Index | Groups:
    """The arrays that a Set was made from.

    Raises:
        Untraceable: it was made from something else.
    """
    initializer = component._init_values and component._init_values._init
    found = getattr(initializer, "val", getattr(initializer, "_dict", None))
    if not isinstance(found, Index | Groups):
        raise Untraceable(f"the Set {component.name} is not made from arrays")
    return found


def param_source(component: Any) -> Values:
    """The arrays that a Param was made from.

    Raises:
        Untraceable: it was made from something else.
    """
    found = getattr(component._rule, "_dict", None)
    if not isinstance(found, Values):
        raise Untraceable(f"the Param {component.name} is not made from arrays")
    return found


def index_of(component: Any) -> Index:
    """The index of an indexed Var or Constraint.

    Raises:
        Untraceable: its Set was made from something else than an Index.
    """
    found = set_source(component.index_set())
    if not isinstance(found, Index):
        raise Untraceable(f"{component.name} is indexed by a Set of Sets")
    return found
