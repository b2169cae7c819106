"""A published problem as planner tables, and the way from its cost to the published value."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any


def header(name: str, periods: int = 1, length: str = "year") -> dict[str, Any]:
    """An undiscounted horizon: published problems know no interest and no dates."""
    first = {"year": "2001", "quarter": "2001Q1", "month": "2001-01"}[length]
    return {"name": name, "first_period": first, "periods": periods, "period_length": length}


@dataclass
class Case:
    """Header and tables of one problem; published value = ``sign`` × cost + ``offset``."""

    header: dict[str, Any]
    tables: defaultdict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    sign: float = 1.0
    offset: float = 0.0

    def add(self, table: str, **row: Any) -> None:
        """Append a row; a trailing underscore keeps ``from_`` and ``except_`` clear of Python's words."""
        self.tables[table].append({name.rstrip("_"): value for name, value in row.items()})

    def places(self, *sites: str) -> None:
        """Sites of which nothing but the name is known."""
        for site in sites:
            self.add("sites", site=site)

    def materials(self, *materials: str, stage: str = "") -> None:
        """Materials, all of one stage."""
        for material in materials:
            self.add("materials", material=material, stage=stage)

    def value(self, cost: float) -> float:
        """The published value that a plan of this cost stands for."""
        return self.sign * cost + self.offset
