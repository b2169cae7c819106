"""An instance: the checked input tables of one planning question, in the units in which people wrote them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from planner.codes import Codes
from planner.errors import InputError, Problem
from planner.tables import Header


@dataclass(frozen=True)
class Instance:
    """Header and tables, checked.

    Every table of ``tables.TABLES`` is present, perhaps without rows; every column is present, empty cells hold
    their default (``NaN`` in a numeric column whose emptiness has a meaning). The index of each frame is the line
    of its file, so that a later message finds the place.
    """

    header: Header
    tables: Mapping[str, pd.DataFrame]
    warnings: tuple[Problem, ...] = field(default=(), compare=False)

    @property
    def name(self) -> str:
        """Name of the instance."""
        return self.header.name

    @cached_property
    def codes(self) -> Codes:
        """The columns of the tables as arrays, every text as a whole number; made when asked for, and kept."""
        return Codes(self.tables)

    @cached_property
    def known(self) -> dict[str, Any]:
        """What else is known of it, by who knows it; a change takes it along."""
        return {}

    def __getstate__(self) -> dict[str, Any]:
        """The header, tables and warnings alone: whatever follows from them another process finds for itself."""
        return {known.name: getattr(self, known.name) for known in fields(self)}

    @cached_property
    def _derived(self) -> dict[str, tuple[tuple[Any, ...], Any]]:
        """What was derived so far, and from what."""
        return {}

    def derived(self, name: str, inputs: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """What follows from columns of the tables, made once; kept by every instance that a change leaves these alone.

        Args:
            name: what it is.
            inputs: all that it hangs on: arrays (codes as in ``codes``), plain values, what else was derived.
            make: makes it.
        """
        known = self._derived.get(name)
        if known is not None and len(known[0]) == len(inputs) and all(map(same, known[0], inputs)):
            return known[1]
        found = make()
        self._derived[name] = inputs, found
        return found

    def __getitem__(self, table: str) -> pd.DataFrame:
        """A copy of one table.

        Raises:
            KeyError: the table is unknown.
        """
        return self.tables[table].copy()

    def change(self, table: str, where: Mapping[str, Any], **values: Any) -> "Instance":
        """The same instance with other values in the rows of a table that match; checked again.

        >>> instance.change("rules", {"rule": "country-cap"}, limit=0.5)  # doctest: +SKIP

        Raises:
            InputError: no row matches, a column is unknown, or the result has problems.
        """
        frame = self[table]
        for name in (*where, *values):
            if name not in frame:
                raise InputError(self.name, [Problem(table, None, name, "", f"no such column in {table}")])
        rows = pd.Series(True, index=frame.index)
        for column, value in where.items():
            rows &= frame[column] == value
        if not rows.any():
            raise InputError(self.name, [Problem(table, None, "", "", f"no row of {table} has {dict(where)}")])
        frame.loc[rows, list(values)] = list(values.values())
        return self.with_tables(**{table: frame})

    def with_tables(self, **tables: pd.DataFrame) -> "Instance":
        """The same instance with whole tables replaced; checked again.

        Raises:
            InputError: the result has problems.
        """
        from planner.read import replaced

        return replaced(self, tables)

    def with_header(self, **values: Any) -> "Instance":
        """The same instance with other header values; checked again.

        Raises:
            InputError: the result has problems.
        """
        from planner.read import from_frames

        return from_frames(self.header.model_copy(update=values), dict(self.tables))

    def with_derived(self, like: "Instance") -> "Instance":
        """The same instance, which knows what another one has coded and derived; for instances made by a change."""
        self._derived.update(like._derived)
        self.known.update(like.known)
        self.__dict__["codes"] = Codes(self.tables, like.codes)
        return self

    def __repr__(self) -> str:
        sizes = ", ".join(f"{len(frame):,} {name}" for name, frame in self.tables.items() if len(frame))
        head, rules = self.header, self.tables["rules"]["rule"].drop_duplicates().tolist()
        lines = [
            f"Instance {self.name}: {head.title}".rstrip(": "),
            f"  {head.periods} {head.period_length}s from {head.first_period}, discounted at {head.discount_rate:.2%}",
            f"  money in {head.currency} of {head.price_year}, masses in {head.mass_unit} a year",
            f"  home {head.home or 'none'}; rules {', '.join(rules) or 'none'}",
            f"  {len(self.warnings)} warnings",
            f"  tables: {sizes}",
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from planner.report.notebook import instance_html

        return instance_html(self)


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same: arrays number by number, an empty cell as another; a frame only as itself."""
    if one is other:
        return True
    if type(one) is not type(other) or isinstance(one, pd.DataFrame):
        return False
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if is_dataclass(one):
        compared = (known.name for known in fields(one) if known.compare)
        return all(same(getattr(one, name), getattr(other, name)) for name in compared)
    return bool(one == other)
