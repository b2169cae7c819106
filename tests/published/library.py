"""The classes of published problems in a folder: a file ``optima.csv`` a class, and the instances beside it."""

import csv
import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.published import blends, location, textbook
from tests.published.case import Case

TEXTBOOK = textbook.CONVERTERS | {
    "gams_blend": blends.basket,
    "new_bedford_steel": blends.steel,
    "williams_food_manufacture_1": blends.food,
}


@dataclass(frozen=True)
class Problem:
    """A published problem: its class, name, file and value (``None``: infeasible)."""

    kind: str
    name: str
    path: Path
    optimum: float | None

    def convert(self) -> Case | None:
        """The problem in the planner's tables; ``None`` where these cannot say it."""
        case = CLASSES[self.kind](self)
        if case is not None:
            case.header["name"] = f"{self.kind} {self.name}"
        return case

    def text(self) -> str:
        """Content of the file, unpacked."""
        data = self.path.read_bytes()
        return (gzip.decompress(data) if self.path.suffix == ".gz" else data).decode()


def _textbook(problem: Problem) -> Case | None:
    if problem.name.startswith(("foscT_ww", "scmo_ww")):
        return textbook.lot_sizing(json.loads(problem.text()))
    converter = TEXTBOOK.get(problem.name)
    return converter(json.loads(problem.text())) if converter else None


CLASSES: dict[str, Callable[[Problem], Case | None]] = {
    "textbook": _textbook,
    "cflp_orlib": lambda problem: location.warehouses(problem.text(), "uncapacitated" not in problem.name),
    "fctp": lambda problem: location.fixed_charge_transport(problem.text()),
    "mcnd": lambda problem: location.network_design(problem.text()),
    "sscflp": lambda problem: location.single_source(problem.text()),
    "lotsizing": lambda problem: location.lots(problem.text()),
}
"""Converter of each class."""


def _file(folder: Path, name: str) -> Path | None:
    """The instance's file: its name, perhaps with a folder before and an ending behind."""
    stem = name.split(" (")[0].split("/")[-1].lower()
    group = name.split("/")[0].lower() if "/" in name else ""
    for path in sorted(folder.rglob("*")):
        fits = path.is_file() and path.name.lower().removesuffix(".gz").rsplit(".", 1)[0] in (stem,)
        if path.is_file() and (fits or path.name.lower() == stem) and group in ("", path.parent.name.lower()):
            return path
    return None


def problems(folder: Path) -> Iterator[Problem]:
    """Every problem of every known class in a folder, in the order of each ``optima.csv``.

    Raises:
        FileNotFoundError: an optimum names an instance without a file.
    """
    for kind in CLASSES:
        optima = folder / kind / "optima.csv"
        if not optima.is_file():
            continue
        with optima.open(newline="") as lines:
            for row in csv.DictReader(lines):
                path = _file(folder / kind, row["instance"])
                if path is None:
                    raise FileNotFoundError(f"{folder / kind}: no file of {row['instance']}")
                value = row["optimum"] or row.get("highs_objective", "")
                yield Problem(kind, row["instance"], path, float(value) if value else None)
