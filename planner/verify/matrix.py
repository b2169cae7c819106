"""The linear model in long form: columns, rows and entries as frames, nothing but pandas."""

import numpy as np
import pandas as pd

from planner.verify.world import text

NAMES = ["constraint", "site", "destination", "material", "process", "rule", "subject", "market", "from", "period"]
"""What names a row, as the plan's ``prices`` do; empty where it has no meaning."""


class Matrix:
    """Rows lower ≤ Σ coefficient × column ≤ upper over columns between 0 and an upper limit, each with the value
    that the plan gives it and its cost (present value). Yes-or-no decisions are not columns: they are held as the
    plan says.
    """

    def __init__(self) -> None:
        self._columns: list[pd.DataFrame] = []
        self._rows: list[pd.DataFrame] = []
        self._entries: list[pd.DataFrame] = []
        self._places: list[tuple[int, str, str, list[str], pd.DataFrame]] = []
        self._sizes = [0, 0]

    def columns(self, table: str, name: str, keys: list[str], frame: pd.DataFrame) -> pd.DataFrame:
        """Add columns with ``upper``, ``cost`` and ``value``, which stand in a table of the plan under a name; the
        frame comes back with their numbers.
        """
        frame = frame.reset_index(drop=True)
        frame = frame.assign(column=np.arange(len(frame)) + self._sizes[0])
        self._columns.append(frame[["column", "upper", "cost", "value"]])
        self._places.append((self._sizes[0], table, name, keys, frame[keys]))
        self._sizes[0] += len(frame)
        return frame

    def place(self, column: int) -> tuple[str, str, list[str], pd.Series]:
        """Where a column stands in the plan: table, name, and the keys of its row with their values."""
        start, table, name, keys, frame = [place for place in self._places if place[0] <= column][-1]
        return table, name, keys, frame.iloc[column - start]

    def rows(self, constraint: str, frame: pd.DataFrame) -> pd.DataFrame:
        """Add rows with ``lower`` and ``upper``; the frame comes back with their numbers."""
        frame = frame.reset_index(drop=True)
        frame = frame.assign(row=np.arange(len(frame)) + self._sizes[1], constraint=constraint)
        if frame.empty:
            return frame
        names = {name: text(frame[name]) if name in frame else "" for name in NAMES}
        self._rows.append(frame[["row", "lower", "upper"]].assign(**names))
        self._sizes[1] += len(frame)
        return frame

    def entries(self, frame: pd.DataFrame, coefficient: pd.Series | float) -> None:
        """Add entries at the ``row`` and ``column`` of each row of a frame."""
        if len(frame):
            self._entries.append(frame[["row", "column"]].assign(coefficient=coefficient))

    def frames(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """All columns, all rows, all entries."""
        columns = pd.concat(self._columns, ignore_index=True)
        rows = pd.concat(self._rows, ignore_index=True)
        entries = pd.concat(self._entries, ignore_index=True).astype({"row": int, "column": int, "coefficient": float})
        return columns, rows, entries
