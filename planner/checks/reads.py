"""What a check reads is noted: where all of that is the same in a changed instance, it need not be run again.

A check sees the tables through stand-ins that note every column it asks for, whichever way it asks; what pandas reads
of a table by itself counts as all of it. So nothing is declared, and nothing can be forgotten.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pandas as pd

from mineral_sourcing.arrays import Array
from planner.checks.context import Network
from planner.codes import Codes
from planner.findings import Findings
from planner.instance import Instance, same
from planner.tables import Header

Of = TypeVar("Of", Instance, Network)
What = tuple[Any, ...]
"""What is read: a column (table, column), the lines of a table (table,), or what follows from all (its function)."""


@dataclass(frozen=True)
class Memory:
    """What checks found, and what they had read."""

    header: Header
    read: dict[What, Any] = field(default_factory=dict)
    """Everything that was read."""
    made: dict[Any, frozenset[What]] = field(default_factory=dict)
    """By function of a network: what its value was made from."""
    found: dict[Any, tuple[frozenset[What], tuple[tuple[Any, ...], ...]]] = field(default_factory=dict)
    """By check: what it read, and its warnings."""


class Again:
    """Checks of an instance, run where what they read is not what it was.

    Args:
        instance: the tables as read.
        before: what was found in the instance that this one comes from.
    """

    def __init__(self, instance: Instance, before: Memory | None) -> None:
        empty = Memory(instance.header)
        self.before = before if before is not None and before.header == instance.header else empty
        self.now = Memory(instance.header)
        self.seen = _seen(instance, self)
        """The instance, which notes what is read of it."""
        self.whole = Network(self.seen, self)
        self._plain = instance
        self._open: list[set[What]] = []
        self._same: dict[What, bool] = {}

    def run(self, step: Callable[[Of, Findings], None], of: Of, found: Findings) -> None:
        """One check of :attr:`seen` or of :attr:`whole`, or what it found before.

        Where there are problems, what is told of one cell hangs on what was told of others: then nothing is known.
        """
        known = self.before.found.get(step)
        if known is not None and not found.problems and self._all_same(known[0]):
            self.now.found[step] = known
            for told in known[1]:
                found.warn(*told)
            return
        warned = len(found.warnings)
        with self._noting() as noted:
            step(of, found)
        if not found.problems:
            places = (
                (told.table, told.line, told.column, told.value, told.message) for told in found.warnings[warned:]
            )
            self.now.found[step] = frozenset(noted), tuple(places)
            self.now.read.update((what, self._value(what)) for what in noted)

    def note(self, *what: Any) -> None:
        """Something is read."""
        if self._open:
            self._open[-1].add(what)

    def make(self, make: Callable[[Network], Any], whole: Network) -> Any:
        """A value of the network, made anew where what it is made from is not what it was."""
        known = self.before.made.get(make)
        if known is not None and self._all_same(known):
            self.now.made[make] = known
            return self.before.read[make,]
        with self._noting() as noted:
            value = make(whole)
        self.now.made[make] = frozenset(noted)
        self.now.read.update((what, self._value(what)) for what in noted)
        self.now.read[make,] = value
        return value

    @contextmanager
    def _noting(self) -> Iterator[set[What]]:
        """What is read within, and not what was read to find that."""
        self._open.append(set())
        try:
            yield self._open[-1]
        finally:
            self._open.pop()

    def _value(self, what: What) -> Any:
        """What is read there now."""
        if len(what) == 2:
            return self._plain.codes[what]
        return self.whole.known(what[0]) if callable(what[0]) else self._plain.tables[what[0]].index.to_numpy()

    def _all_same(self, known: frozenset[What]) -> bool:
        return all(map(self._is_same, known))

    def _is_same(self, what: What) -> bool:
        if what not in self._same:
            self._same[what] = same(self.before.read[what], self._value(what))
            if self._same[what]:
                self.now.read[what] = self.before.read[what]
        return self._same[what]


def _seen(instance: Instance, reads: Again) -> Instance:
    """An instance that notes what is read of it."""
    found = Instance(instance.header, _Tables(instance.tables, reads))
    found.__dict__["codes"] = _Codes(instance.codes, reads)
    found.__dict__["_derived"] = instance._derived
    return found


class _Codes(Codes):
    """Codes that note which columns are read."""

    def __init__(self, codes: Codes, reads: Again) -> None:
        self.__dict__.update(codes.__dict__)
        self._reads = reads

    def __getitem__(self, place: tuple[str, str]) -> Array:
        self._reads.note(*place)
        return super().__getitem__(place)

    def names(self, table: str, name: str) -> frozenset[str]:
        self._reads.note(table, name)
        return super().names(table, name)


class _Tables(Mapping[str, pd.DataFrame]):
    """Tables that note what is read of them."""

    def __init__(self, tables: Mapping[str, pd.DataFrame], reads: Again) -> None:
        self._tables, self._reads = tables, reads
        self._frames: dict[str, pd.DataFrame] = {}

    def __getitem__(self, table: str) -> pd.DataFrame:
        if table not in self._frames:
            self._frames[table] = _Frame(table, self._tables[table], self._reads)
        return self._frames[table]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)


LINES = frozenset({"index", "empty", "shape", "size", "columns"})
"""What hangs on the lines of a table alone."""


class _Frame(pd.DataFrame):
    """A table that notes which of its columns are read; what it gives are frames and columns as ever."""

    def __init__(self, table: str, frame: pd.DataFrame, reads: Again) -> None:
        object.__setattr__(self, "_told", (table, frame, reads))

    def _columns_of(self, names: Any) -> pd.DataFrame:
        table, frame, reads = object.__getattribute__(self, "_told")
        reads.note(table)
        for name in names:
            reads.note(table, name)
        plain: pd.DataFrame = frame
        return plain

    def __getattribute__(self, name: str) -> Any:
        _, frame, _ = object.__getattribute__(self, "_told")
        noted = object.__getattribute__(self, "_columns_of")
        return getattr(noted(() if name in LINES else frame.columns), name)

    def __getitem__(self, key: Any) -> Any:
        noted = object.__getattribute__(self, "_columns_of")
        _, frame, _ = object.__getattribute__(self, "_told")
        if isinstance(key, str):
            return noted([key])[key]
        whole = not (isinstance(key, list) and all(isinstance(name, str) for name in key))
        return noted(frame.columns if whole else key)[key]

    def __len__(self) -> int:
        return len(object.__getattribute__(self, "_columns_of")(()))

    def __iter__(self) -> Any:
        return iter(object.__getattribute__(self, "_columns_of")(()))
