"""Caps on the HHI into rows of the model: subjects, cells and pieces. Letters: ``hhi`` of the model.

One row of the table becomes one cap for each cell of the rule (``rules.py``) that holds anything to count. A subject's
quantity is that of the rule's basis, so far as it counts in the total.
"""

from dataclasses import dataclass, field

import numpy as np

from mineral_sourcing.arrays import Array, Groups, Index, Labels, Values
from mineral_sourcing.network import Flow, Origin, Processing
from mineral_sourcing.rules import Hhi
from planner.assembly.parts import Parts
from planner.assembly.pieces import NEAR, PIECES, ends, lines
from planner.assembly.rules import Rule, Supply
from planner.codes import Names, look_up

COUNTED = ("shipments", "sales", "runs", "tagged")
"""What of a supply is columns."""


@dataclass
class HhiRows:
    """An Hhi in the making: lists of arrays, one a rule, put together at the end."""

    parts: Parts
    flow: Flow
    processing: Processing
    origin: Origin
    names: tuple[Names, ...] = field(default_factory=lambda: tuple(Names() for _ in range(6)))
    subjects: list[list[Array]] = field(default_factory=list)
    cells: list[list[Array]] = field(default_factory=list)
    data: dict[str, list[Array]] = field(default_factory=dict)
    count: int = 0
    cell_count: int = 0

    def put(self, **values: Array) -> None:
        """Append to arrays."""
        for name, array in values.items():
            self.data.setdefault(name, []).append(array)

    @staticmethod
    def cells_of(rule: Rule, supply: Supply) -> Array:
        """Cells in which a subject has anything to count, in order."""
        found = [rule.by_subject(getattr(supply, name))[0] for name in (*COUNTED, "coming")]
        return np.unique(np.concatenate(found) // max(len(rule.subjects), 1))

    def add(self, rule: Rule, supply: Supply, cells: Array, base: Array, penalty: Array) -> None:
        """The caps of one rule.

        Args:
            cells: as :meth:`cells_of` gives them.
            base: base of each of these cells, by its position among the bases of ``concentration``.
            penalty: present value per unit of excess of each; NaN in a hard rule.
        """
        items = {name: rule.by_subject(getattr(supply, name)) for name in (*COUNTED, "coming")}
        found = np.unique(np.concatenate([some for some, _ in items.values()]))
        cell, subject = np.divmod(found, max(len(rule.subjects), 1))
        of_cell = look_up(cells, cell)
        for name in COUNTED:
            some, item = items[name]
            self.put(**{name: look_up(found, some) + self.count, f"of_{name}": item})
        coming, at = items["coming"]
        given = np.bincount(look_up(found, coming), self.parts.coming.arriving[at], len(found))
        self.subjects.append(self._codes(rule, cell, rule.subjects, subject))
        codes = self._codes(rule, cells, [""], np.zeros(len(cells), dtype=np.int64))
        self.cells.append(codes[:2] + codes[3:])
        limit = np.full(len(cells), float(rule.row["limit"]))
        self.put(given=given, of_cell=of_cell + self.cell_count, base=base, penalty=penalty, limit=limit)
        self.count += len(found)
        self.cell_count += len(cells)

    def _codes(self, rule: Rule, cell: Array, subjects: list[str], subject: Array) -> list[Array]:
        """Codes along all dimensions."""
        names = [[rule.row["rule"]], [rule.row["from"]], subjects, rule.pools, rule.markets, rule.labels]
        rest, label = np.divmod(cell, len(rule.labels))
        pool, market = np.divmod(rest, len(rule.markets))
        nothing = np.zeros(len(cell), dtype=np.int64)
        at = (nothing, nothing, subject, pool, market, label)
        return [known.codes(some)[number] for known, some, number in zip(self.names, names, at, strict=True)]

    def _array(self, name: str, kind: type = np.int64) -> Array:
        return np.concatenate([np.empty(0, dtype=kind), *self.data.get(name, [])])

    def done(self, bases: Index) -> Hhi:
        """The finished family.

        Args:
            bases: those of ``concentration``.
        """
        labels = tuple(known.labels() for known in self.names)
        subjects, cells = _index(labels, self.subjects), _index(labels[:2] + labels[3:], self.cells)
        of_cell, base = self._array("of_cell"), self._array("base")
        penalty, limit = self._array("penalty", float), self._array("limit", float)
        priced = np.flatnonzero(~np.isnan(penalty))
        priced_index, total = cells.take(priced), base[of_cell]
        at = np.repeat(np.arange(len(subjects)), PIECES)
        number = np.tile(np.arange(PIECES), len(subjects))
        codes = zip(subjects.labels, (code[at] for code in subjects.codes), strict=True)
        pieces = Index(*codes, (Labels(range(PIECES)), number))
        slope, height = lines(first_ends(limit[of_cell]), above=True)
        of = dict(
            zip(
                COUNTED,
                (self.flow.shipments, self.flow.sales, self.processing.making, self.origin.counted),
                strict=True,
            )
        )
        return Hhi(
            subjects=subjects,
            **{name: Groups(subjects, of[name], self._array(name), self._array(f"of_{name}")) for name in COUNTED},
            given=Values(subjects, self._array("given", float)),
            pieces=pieces,
            of_piece=Groups(pieces, subjects, np.arange(len(at)), at),
            total_of_piece=Groups(pieces, bases, np.arange(len(at)), total[at]),
            slope=Values(pieces, slope.ravel()),
            height=Values(pieces, height.ravel()),
            cells=cells,
            of_cell=Groups(cells, subjects, of_cell, np.arange(len(subjects))),
            total_of=Groups(cells, bases, np.arange(len(cells)), base),
            limit=Values(cells, limit),
            priced=priced_index,
            priced_in=Groups(cells, priced_index, priced, np.arange(len(priced))),
            penalty=Values(priced_index, penalty[priced]),
        )


def first_ends(limit: Array) -> Array:
    """Pieces of each subject before anything is known of its share: dense round the cap, where equal shares lie."""
    return ends(limit, np.maximum(limit / 2.0 ** (NEAR - 2), 1e-3))


def _index(labels: tuple[Labels, ...], some: list[list[Array]]) -> Index:
    """An index of codes, rule after rule."""
    empty = [[np.empty(0, dtype=np.int64)] * len(labels)]
    return Index(*zip(labels, map(np.concatenate, zip(*(some or empty), strict=True)), strict=True))
