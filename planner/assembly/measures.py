"""Rows of a family of rules in the making: one for each cell of a rule and each of its subjects, rule after rule."""

from dataclasses import dataclass, field

import numpy as np

from mineral_sourcing.arrays import Array, Groups, Index, Values
from planner.assembly.parts import Parts
from planner.assembly.rules import Rule
from planner.codes import Names

NUMBERS = ("sign", "limit", "penalty", "most")


@dataclass
class Measures:
    """Limits, signs and penalties of the rows of a family, and what counts under each."""

    parts: Parts
    names: tuple[Names, ...] = field(default_factory=lambda: tuple(Names() for _ in range(6)))
    codes: list[list[Array]] = field(default_factory=list)
    numbers: dict[str, list[Array]] = field(default_factory=dict)
    members: dict[str, list[tuple[Array, Array]]] = field(default_factory=dict)
    count: int = 0

    def add(self, rule: Rule, caps: Array, limit: float, unit: float, **more: Array) -> Array:
        """Add rows of a rule, given by cell and subject; where they stand.

        Args:
            limit: in model units.
            unit: model units of a penalty of 1.
            more: other numbers, one a row.
        """
        cell, subject = np.divmod(caps, max(len(rule.subjects), 1))
        rest, label = np.divmod(cell, len(rule.labels))
        pool, market = np.divmod(rest, len(rule.markets))
        nothing = np.zeros(len(caps), dtype=np.int64)
        lists = [[rule.row["rule"]], [rule.row["from"]], rule.subjects, rule.pools, rule.markets, rule.labels]
        at = (nothing, nothing, subject, pool, market, label)
        self.codes.append([known.codes(some)[code] for known, some, code in zip(self.names, lists, at, strict=True)])
        penalty = float(rule.row["penalty"])
        due = np.nan_to_num(penalty) * unit * self.parts.discount[rule.first[label]]
        numbers = (1.0 if rule.is_cap else -1.0, limit, due, 0.0 if np.isnan(penalty) else np.inf)
        for name, values in (*zip(NUMBERS, numbers, strict=True), *more.items()):
            self.numbers.setdefault(name, []).append(np.broadcast_to(values, len(caps)))
        self.count += len(caps)
        return np.arange(self.count - len(caps), self.count)

    def sort_under(self, name: str, rows: Array, members: Array) -> None:
        """Append to a grouping."""
        self.members.setdefault(name, []).append((rows, members))

    def index(self) -> Index:
        """Every row."""
        columns = [np.concatenate(part) for part in zip(*self.codes, strict=True)]
        columns = columns or [np.empty(0, dtype=np.int64)] * 6
        return Index(*((known.labels(), codes) for known, codes in zip(self.names, columns, strict=True)))

    def values(self, index: Index, name: str) -> Values:
        """Numbers of every row."""
        return Values(index, np.concatenate([np.empty(0), *self.numbers.get(name, [])]))

    def groups(self, index: Index, name: str, of: Index) -> Groups:
        """What counts under every row."""
        pairs = self.members.get(name)
        if not pairs:
            return Groups.none(index, of)
        rows, members = (np.concatenate(part) for part in zip(*pairs, strict=True))
        return Groups(index, of, rows, members)
