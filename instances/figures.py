"""Numbers that know where they come from, for the scripts that build the instances from open data.

A built table cell is a :class:`Figure`: a value, the range that it may lie in, the source rows behind it and the
formula that leads to it. Arithmetic on figures keeps all four, so ``provenance.csv`` is written, never typed. A figure
is of the weakest kind among what it rests on:

- ``source``: published (statuses VERIFIED and COMPUTED of the open tables),
- ``estimate``: from a table of estimates (status FROM-MEMORY),
- ``assumption``: chosen for the instance, in ``sources/assumptions.csv`` with a low and a high.
"""

import csv
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["source", "estimate", "assumption"]
ORDER: tuple[Kind, ...] = ("source", "estimate", "assumption")
Record = dict[str, str]


@dataclass(frozen=True)
class Figure:
    """A number with its range, its kind, its sources and its formula."""

    value: float
    low: float
    high: float
    kind: Kind
    formula: str
    sources: tuple[tuple[str, str], ...]

    def _with(self, other: "Figure | float", sign: str, compute: Callable[[float, float], float]) -> "Figure":
        if not isinstance(other, Figure):
            other = Figure(other, other, other, "source", f"{other:g}", ())
        ends = [compute(a, b) for a in (self.low, self.high) for b in (other.low, other.high)]
        return Figure(
            compute(self.value, other.value),
            min(ends),
            max(ends),
            max(self.kind, other.kind, key=ORDER.index),
            f"({self.formula} {sign} {other.formula})",
            tuple(dict.fromkeys(self.sources + other.sources)),
        )

    def __add__(self, other: "Figure | float") -> "Figure":
        return self._with(other, "+", lambda a, b: a + b)

    def __sub__(self, other: "Figure | float") -> "Figure":
        return self._with(other, "-", lambda a, b: a - b)

    def __mul__(self, other: "Figure | float") -> "Figure":
        return self._with(other, "*", lambda a, b: a * b)

    def __truediv__(self, other: "Figure | float") -> "Figure":
        return self._with(other, "/", lambda a, b: a / b)


def exact(value: float, why: str) -> Figure:
    """A number that holds by definition, such as one tonne of activity per tonne made."""
    return Figure(value, value, value, "source", why, ())


def total(figures: Iterable[Figure]) -> Figure:
    """The sum of one figure or more."""
    first, *rest = figures
    for figure in rest:
        first = first + figure
    return first


class Sources:
    """The source tables of one instance, read from its folder ``sources``, and which of their rows were used."""

    def __init__(self, folder: Path) -> None:
        self.tables = {path.stem: _read(path) for path in sorted(folder.glob("*.csv"))}
        self.used: set[tuple[str, int]] = set()

    def rows(self, table: str, **key: str) -> list[Record]:
        """The rows of a table whose cells equal ``key``, in the order of the file; they count as used.

        Raises:
            LookupError: No row fits.
        """
        found = [
            (line, row)
            for line, row in enumerate(self.tables[table])
            if all(row[column] == value for column, value in key.items())
        ]
        if not found:
            raise LookupError(f"{table}.csv has no row with {key}")
        self.used |= {(table, line) for line, _ in found}
        return [row for _, row in found]

    def figure(self, table: str, column: str, **key: str) -> Figure:
        """The number in ``column`` of the only row that fits ``key``.

        Raises:
            LookupError: No row fits, more than one does, or its cell is empty.
        """
        rows = self.rows(table, **key)
        if len(rows) > 1 or not rows[0][column]:
            raise LookupError(f"{table}.csv: {len(rows)} rows with {key}, {column} = {rows[0][column]!r}")
        row = rows[0]
        value = float(row[column])
        low, high = (float(row[end]) if row.get(end) else value for end in ("low", "high"))
        kind: Kind = "estimate" if row["status"].startswith("FROM-MEMORY") else "source"
        name = ",".join(key.values())
        return Figure(value, low, high, kind, f"{table}[{name}].{column}", ((f"{table}.csv", name),))

    def estimate(self, table: str, **key: str) -> Figure:
        """The only row that fits ``key`` in a table of estimates with columns ``central``, ``low`` and ``high``."""
        (row,) = self.rows(table, **key)
        central, low, high = (float(row[column]) for column in ("central", "low", "high"))
        name = ",".join(key.values())
        return Figure(central, low, high, "estimate", f"{table}[{name}].central", ((f"{table}.csv", name),))

    def assumption(self, name: str) -> Figure:
        """A row of ``assumptions.csv``: value, low and high, with the reason beside them."""
        (row,) = self.rows("assumptions", assumption=name)
        value, low, high = (float(row[column]) for column in ("value", "low", "high"))
        return Figure(value, low, high, "assumption", name, (("assumptions.csv", name),))

    def unused(self, table: str) -> list[Record]:
        """The rows of a table that nothing has used so far."""
        return [row for line, row in enumerate(self.tables[table]) if (table, line) not in self.used]


class Book:
    """The tables of an instance as they are built, with the provenance of each number."""

    def __init__(self) -> None:
        self.tables: dict[str, list[Record]] = {}
        self.provenance: list[Record] = []
        self.unused: list[Record] = []

    def add(self, table: str, keys: Mapping[str, str], **cells: "Figure | str") -> None:
        """Add a row: its key, and its other cells. Trailing underscores are dropped (``from_``).

        A number is a :class:`Figure` or it does not come in.
        """
        row = dict(keys)
        for column, cell in ((name.rstrip("_"), cell) for name, cell in cells.items()):
            if isinstance(cell, Figure):
                row[column] = _text(cell.value)
                self.provenance.append(
                    {
                        "table": table,
                        "key": ";".join(keys.values()),
                        "column": column,
                        "value": row[column],
                        "kind": cell.kind,
                        "source_file": ";".join(dict.fromkeys(file for file, _ in cell.sources)),
                        "source_key": ";".join(name for _, name in cell.sources),
                        "formula": cell.formula.removeprefix("(").removesuffix(")")
                        if cell.formula.startswith("(")
                        else cell.formula,
                        "low": _text(cell.low),
                        "high": _text(cell.high),
                    }
                )
            else:
                row[column] = cell
        self.tables.setdefault(table, []).append(row)

    def leave_out(self, file: str, key: str, reason: str) -> None:
        """Say why a source row that a reader would look for is not used."""
        self.unused.append({"file": file, "key": key, "reason": reason})

    def write(self, folder: Path, header: Mapping[str, str | int | float]) -> None:
        """Write ``instance.toml``, one CSV a table, ``provenance.csv`` and ``unused.csv``."""
        folder.mkdir(parents=True, exist_ok=True)
        lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in header.items()]
        (folder / "instance.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        built = {**self.tables, "provenance": self.provenance, "unused": self.unused}
        for table, rows in built.items():
            columns = list(dict.fromkeys(column for row in rows for column in row))
            with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)


def extract(data: Path, folder: Path, wanted: Mapping[str, Callable[[Record], bool]]) -> None:
    """Copy the wanted rows of the open tables in ``data`` to ``folder``, all columns, in the order of the file."""
    folder.mkdir(parents=True, exist_ok=True)
    for table, keep in wanted.items():
        rows = [row for row in _read(data / f"{table}.csv") if keep(row)]
        with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


def _read(path: Path) -> list[Record]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _text(value: float) -> str:
    return f"{value:.6g}" if abs(value) < 1e6 else f"{value:.0f}"
