"""What the verifier found: every disagreement, with its place and both numbers."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

SHOWN = 20
"""Faults named for one column of one table; of the rest only the number is told."""

RELATIVE = 1e-7
"""Two numbers are the same if they differ by less than this fraction of either."""

EPSILON = 1e-8
"""... or by less than this fraction of the largest number of their column."""


@dataclass(frozen=True)
class Fault:
    """One disagreement between a plan and what its input demands."""

    table: str
    """Table of the plan, or of the input where the plan breaks what that says; ``plan`` for its figures."""
    row: str
    """The row, by its keys."""
    column: str
    """The column, or the rule that is broken."""
    found: float | str
    """What the plan says."""
    expected: float | str
    """What it should say, or the limit that it breaks."""
    message: str
    """The sentence."""

    def __str__(self) -> str:
        return f"{self.table} [{self.row}]: {self.message}" if self.row else f"{self.table}: {self.message}"


def number(value: float) -> str:
    """A number as people read it."""
    return f"{value:,.10g}"


class Faults:
    """Collects faults; of each column of each table the first ones by name, then only how many more."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._seen: Counter[tuple[str, str]] = Counter()

    def add(self, table: str, row: str, column: str, found: float | str, expected: float | str, message: str) -> None:
        """Add one fault."""
        self._seen[table, column] += 1
        if self._seen[table, column] <= SHOWN:
            self._faults.append(Fault(table, row, column, found, expected, message))

    def count(self, table: str, column: str, more: int) -> None:
        """Tell of faults beyond those that were named."""
        self._seen[table, column] += more

    def all(self) -> tuple[Fault, ...]:
        """Every fault, those beyond :data:`SHOWN` as one that gives their number."""
        rest = [
            Fault(table, "", column, "", "", f"{column}: {seen - SHOWN:,} more rows are wrong in the same way")
            for (table, column), seen in self._seen.items()
            if seen > SHOWN
        ]
        return (*self._faults, *rest)


def describe(row: pd.Series, keys: tuple[str, ...] | list[str]) -> str:
    """The keys of a row, those that are filled."""
    return ", ".join(f"{key} {row[key]}" for key in keys if str(row[key]) != "")


def refuse(
    faults: Faults, table: str, rows: pd.DataFrame, keys: tuple[str, ...] | list[str], column: str, why: str
) -> None:
    """One fault for each of these rows, which the plan should not have."""
    if rows.empty:
        return
    for _, row in rows.head(SHOWN).iterrows():
        faults.add(table, describe(row, keys), column, describe(row, keys), "no such row", why)
    faults.count(table, column, max(0, len(rows) - SHOWN))


def unequal(found: pd.Series, expected: pd.Series) -> "pd.Series[bool]":
    """Where two columns of numbers differ by more than rounding; no number (NaN) equals only no number."""
    left, right = found.to_numpy(dtype=float), expected.to_numpy(dtype=float)
    size = np.maximum(np.abs(left), np.abs(right))
    finite = size[np.isfinite(size)]
    top = float(finite.max()) if len(finite) else 0.0
    same = (np.abs(left - right) <= RELATIVE * size + EPSILON * top) | (np.isnan(left) & np.isnan(right))
    return pd.Series(~same, index=found.index)


def compare(
    faults: Faults,
    table: str,
    keys: list[str],
    found: pd.DataFrame,
    expected: pd.DataFrame,
    columns: dict[str, str],
    every: bool = False,
) -> None:
    """Hold a table of the plan against the same table computed again.

    ``keys`` are the columns that name a row; ``columns`` are those compared, each with how its number comes about, in
    words; with ``every``, rows with nothing in them must stand in the plan too.
    """
    if found.empty and expected.empty:
        return
    both = found[[*keys, *columns]].merge(
        expected[[*keys, *columns]], on=keys, how="outer", suffixes=("", " expected"), indicator=True
    )
    missing, extra = both["_merge"] == "right_only", both["_merge"] == "left_only"
    if every:
        for _, row in both[missing].head(SHOWN).iterrows():
            faults.add(table, describe(row, keys), "", "no row", "a row", "the row is missing")
        faults.count(table, "", max(0, int(missing.sum()) - SHOWN))
        refuse(faults, table, both[extra], keys, "", "nothing in the input has such a row")
        both = both[both["_merge"] == "both"]
    for column, meaning in columns.items():
        left = both[column].mask(missing.reindex(both.index), 0.0)
        right = both[f"{column} expected"].mask(extra.reindex(both.index), 0.0)
        wrong = both.assign(**{"left of": left, "right of": right})[unequal(left, right)]
        for _, row in wrong.head(SHOWN).iterrows():
            says, should = float(row["left of"]), float(row["right of"])
            message = f"{column} is {number(says)}, but {meaning} gives {number(should)}"
            if row["_merge"] == "right_only":
                message = f"the row is missing: {meaning} gives a {column} of {number(should)}"
            faults.add(table, describe(row, keys), column, says, should, message)
        faults.count(table, column, max(0, len(wrong) - SHOWN))
