r"""Linear expressions of all rows of a rule at once.

A :class:`Column` is one index in every row, a :class:`Value` one number a row, a :class:`Linear` one expression a row;
all of them stand on a :class:`Frame`, the rows of the rule or of a loop within it. A sum over a Set needs nothing more,
since

.. math:: \sum_{m \in S_r} w_m \, x_{c(m)} \quad \text{is the triplets} \quad (r, c(m), w_m)

added up in the sparse matrix; a sum of data is added up when its frame closes, that is when the loop ends.
"""

from collections.abc import Callable
from typing import Any, Self

import numpy as np

from mineral_sourcing.arrays import Array, Index

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
