r"""A Pyomo rule, called once, evaluated for all of its rows by numpy.

The rule is called with stand-ins: for its block, and for each index a :class:`Column` that holds that index in every
row. A Param looked up by columns is a :class:`Value`, one number a row; a Var is a :class:`Linear`, one column of the
matrix a row. ``for … in`` a Set yields once: columns on a longer :class:`Frame`, which holds each row as often as the
Set has members for it. A sum over the Set needs nothing more, since

.. math:: \sum_{m \in S_r} w_m \, x_{c(m)} \quad \text{is the triplets} \quad (r, c(m), w_m)

added up in the sparse matrix; a sum of data is added up when its frame closes, that is when the loop ends.

What cannot be told from one call raises :class:`Untraceable`: a Python ``if`` on an index or a value, a dict looked up
by an index, arithmetic on an index, a loop that is not a sum, a product of variables. Such a rule is built by Pyomo,
row by row.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

import numpy as np
import pyomo.environ as pyo

from mineral_sourcing.arrays import Array, Groups, Index, Labels, Values

Number = int | float


class Untraceable(TypeError):
    """A rule that asks what one call for all rows cannot answer."""


class Frame:
    """Rows of one level of a rule: those of the constraint, or those of a level once for every member of a Set."""

    def __init__(self, count: int, parent: "Frame | None" = None, pointer: Array | None = None) -> None:
        self.count, self.parent, self.pointer = count, parent, pointer
        self.closed = False
        self._to_root: Array | None = None

    def holds(self, other: "Frame") -> bool:
        """Whether ``other`` is this frame or one that it was made from."""
        frame: Frame | None = self
        while frame is not None and frame is not other:
            frame = frame.parent
        return frame is other

    def rows(self) -> Array:
        """Row of the constraint that each row belongs to."""
        if self._to_root is None:
            if self.parent is None or self.pointer is None:
                self._to_root = np.arange(self.count)
            else:
                self._to_root = self.pointer if self.parent.parent is None else self.parent.rows()[self.pointer]
        return self._to_root

    def spread(self, values: Any, source: "Frame") -> Any:
        """Values of an outer frame, for each row here."""
        if source is self or not isinstance(values, np.ndarray):
            return values
        steps, frame = [], self
        while frame is not source:
            assert frame.parent is not None
            steps.append(frame.pointer)
            frame = frame.parent
        for pointer in reversed(steps):
            values = values[pointer]
        return values


def deeper(one: Frame, other: Frame) -> Frame:
    """The frame that was made from the other.

    Raises:
        Untraceable: neither was; they are loops side by side.
    """
    if one.holds(other):
        return one
    if other.holds(one):
        return other
    raise Untraceable("a product across two loops that do not hold one another")


class Column:
    """One index of a rule in every row of a frame: dimension ``j`` of the keys at ``at`` of an Index."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, frame: Frame, source: Index, at: Array | None, j: int) -> None:
        self.frame, self.source, self.at, self.j = frame, source, at, j

    def _refuse(self, *_: Any) -> Any:
        raise Untraceable("a rule looks at an index; make a Set or a Param of what it decides")

    __bool__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __index__ = __float__ = _refuse


class _Term:
    """What values and linear expressions share: a frame, and how a loop that ended is added up."""

    frame: Frame
    summed: bool

    def _refuse(self, *_: Any) -> Any:
        raise Untraceable("a rule looks at a value or a variable; make a Set or a Param of what it decides")

    __bool__ = __float__ = __int__ = __pow__ = __abs__ = _refuse

    def settled(self) -> Self:
        """The same outside of all loops that have ended."""
        found = self
        while found.frame.closed:
            if not found.summed:
                raise Untraceable("a loop over a Set that is no sum")
            found = found._added_up()
        return found

    def _added_up(self) -> Self:
        raise NotImplementedError

    def __radd__(self, other: Any) -> Any:
        found = self.settled() + other
        if isinstance(other, int) and other == 0:
            found.summed = True  # sum() starts at 0
        return found

    def __neg__(self) -> Any:
        raise NotImplementedError

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __rmul__(self, other: Any) -> Any:
        return self * other

    def __pos__(self) -> Any:
        return self


class Value(_Term):
    """One number a row of a frame."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, frame: Frame, array: Any) -> None:
        self.frame, self.array, self.summed = frame, array, False

    def _added_up(self) -> "Value":
        parent = self.frame.parent
        assert parent is not None and self.frame.pointer is not None
        weights = np.broadcast_to(self.array, self.frame.count)
        found = Value(parent, np.bincount(self.frame.pointer, weights, parent.count))
        found.summed = True
        return found

    def _with(self, other: Any, operation: Callable[[Any, Any], Any]) -> Any:
        mine = self.settled()
        if isinstance(other, Number):
            return Value(mine.frame, operation(mine.array, other))
        if not isinstance(other, Value):
            return NotImplemented
        other = other.settled()
        frame = deeper(mine.frame, other.frame)
        return Value(frame, operation(frame.spread(mine.array, mine.frame), frame.spread(other.array, other.frame)))

    def __add__(self, other: Any) -> Any:
        return self._with(other, np.add)

    def __sub__(self, other: Any) -> Any:
        return self._with(other, np.subtract)

    def __mul__(self, other: Any) -> Any:
        return self._with(other, np.multiply)

    def __truediv__(self, other: Any) -> Any:
        return self._with(other, np.divide)

    def __rtruediv__(self, other: Number) -> Any:
        mine = self.settled()
        return Value(mine.frame, other / mine.array)

    def __neg__(self) -> "Value":
        mine = self.settled()
        found = Value(mine.frame, -mine.array)
        found.summed = mine.summed
        return found

    __ne__ = __lt__ = __gt__ = _Term._refuse

    def __le__(self, other: Any) -> Any:
        return other >= self if isinstance(other, Linear) else self._refuse()

    def __ge__(self, other: Any) -> Any:
        return other <= self if isinstance(other, Linear) else self._refuse()

    def __eq__(self, other: object) -> Any:
        return other == self if isinstance(other, Linear) else self._refuse()


Part = tuple[Frame, Array, Any]
"""Frame, column of the matrix in each of its rows, coefficient in each or in all."""
Triplets = tuple[Array, Array, Any]
"""Rows, columns, and a coefficient for each or for all."""


class Linear(_Term):
    """A linear expression a row of a frame: parts on that frame or on loops inside it that ended, and a constant."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, frame: Frame, parts: list[Part], constant: Any = 0.0) -> None:
        self.frame, self.parts, self.constant, self.summed = frame, parts, constant, False

    def _added_up(self) -> "Linear":
        parent = self.frame.parent
        assert parent is not None
        constant = self.constant
        if isinstance(constant, np.ndarray) or constant:
            constant = Value(self.frame, constant)._added_up().array
        found = Linear(parent, self.parts, constant)
        found.summed = True
        return found

    def _on(self, frame: Frame) -> "Linear":
        """The same on a loop inside, once for each of its rows."""
        if frame is self.frame:
            return self
        if any(part is not self.frame for part, _, _ in self.parts):
            raise Untraceable("a sum of variables inside a loop that it does not belong to")
        parts: list[Part] = [
            (frame, frame.spread(columns, self.frame), frame.spread(coefficient, self.frame))
            for _, columns, coefficient in self.parts
        ]
        return Linear(frame, parts, frame.spread(self.constant, self.frame))

    def __add__(self, other: Any) -> Any:
        mine = self.settled()
        if isinstance(other, Number):
            return Linear(mine.frame, mine.parts, mine.constant + other) if other else mine._copy()
        if isinstance(other, Value):
            other = other.settled()
            other = Linear(other.frame, [], other.array)
        if not isinstance(other, Linear):
            return NotImplemented
        other = other.settled()
        frame = deeper(mine.frame, other.frame)
        mine, other = mine._on(frame), other._on(frame)
        return Linear(frame, mine.parts + other.parts, mine.constant + other.constant)

    def _copy(self) -> "Linear":
        found = Linear(self.frame, self.parts, self.constant)
        found.summed = self.summed
        return found

    def __sub__(self, other: Any) -> Any:
        return self + -other

    def __neg__(self) -> "Linear":
        mine = self.settled()
        found = mine * -1.0
        found.summed = mine.summed
        return found  # type: ignore[no-any-return]

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Linear):
            raise Untraceable("a product of variables")
        mine = self.settled()
        if isinstance(other, Number):
            return Linear(mine.frame, [(f, c, w * other) for f, c, w in mine.parts], mine.constant * other)
        if not isinstance(other, Value):
            return NotImplemented
        other = other.settled()
        frame = deeper(mine.frame, other.frame)
        mine = mine._on(frame)
        factor = frame.spread(other.array, other.frame)
        parts: list[Part] = [(f, c, w * f.spread(factor, frame)) for f, c, w in mine.parts]
        return Linear(frame, parts, mine.constant * factor)

    def __truediv__(self, other: Any) -> Any:
        return self * (1.0 / other)

    def __le__(self, other: Any) -> "Relation":
        return Relation(self - other, -np.inf, 0.0)

    def __ge__(self, other: Any) -> "Relation":
        return Relation(self - other, 0.0, np.inf)

    def __eq__(self, other: object) -> "Relation":  # type: ignore[override]
        return Relation(self - other, 0.0, 0.0)

    def triplets(self) -> list[Triplets]:
        """Row of the constraint, column and coefficient of every entry, part by part."""
        mine = self.settled()
        if mine.frame.parent is not None:
            raise Untraceable("a loop over a Set that is no sum")
        return [(frame.rows(), columns, coefficient) for frame, columns, coefficient in mine.parts if frame.count]


class Relation:
    """A linear expression between two numbers."""

    def __init__(self, body: Linear, lower: float, upper: float) -> None:
        self.body, self.lower, self.upper = body, lower, upper

    def __bool__(self) -> bool:
        raise Untraceable("a rule looks at a relation")


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
        self._blocks: dict[int, _Block] = {}

    def block(self, block: Any) -> "_Block":
        """The stand-in of a block."""
        return self._blocks.setdefault(id(block), _Block(self, block))

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
        if len(parts) != len(index.codes) or not columns:
            raise Untraceable("an index that the rule computes")
        first = columns[0]
        if len(columns) == len(parts) and all(c.frame is first.frame and c.at is first.at for c in columns):
            dimensions = tuple(column.j for column in columns)
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
        self.array = tracer.arrays.get(component.name, values.array)

    def __getitem__(self, key: Any) -> Value:
        frame, at = self.tracer.find(self.index, key)
        self.tracer.reads.append((self.name, frame, at))
        return Value(frame, self.array if at is None else self.array[at])


class _Var:
    """Stands in for an indexed Var."""

    def __init__(self, tracer: Tracer, component: Any) -> None:
        span = tracer.columns[component.name]
        self.tracer, self.start, self.index = tracer, span.start, span.index

    def __getitem__(self, key: Any) -> Linear:
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
