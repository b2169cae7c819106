r"""Rules on the number of suppliers into cells, candidates and switches.

A candidate is a subject of a rule with anything to count in a cell (pool of materials, market, group of periods). What
it supplies is at most

.. math:: M_c = \sum_k \min \Big( N_k, \sum_{\ell \in L_{ck}} (1 - \epsilon_\ell) \bar x_\ell \Big) + \sum_k \min
    \Big( N_k, \sum_o \bar s_o \Big) + \sum_{p, t} \omega_{pk} A_{pt}

with :math:`\bar x_\ell` the most that is worth while on a lane, :math:`\bar s_o` the capacities of an offer,
:math:`N_k` the need of a material over the periods of the cell and :math:`A_{pt}` the most activity of a process
(``planner.needs``); what was under way at the start is no column.
"""

from dataclasses import dataclass, field

import numpy as np

from mineral_sourcing.arrays import Array, Groups, Index, Labels, Values
from mineral_sourcing.network import Flow, Processing, Suppliers
from planner.codes import Names, look_up
from planner.errors import InputError, Problem
from planner.needs import LaneLimits, sale_limits
from planner.parts import Parts
from planner.rules import Rule, Supply, rules_of, supply

Pairs = tuple[Array, Array]
"""Candidate and item."""

FIGURES = ("of_cell", "given", "penalty", "limit")
"""Cell and what was under way, by candidate; penalty and limit, by cell."""


@dataclass
class _Rows:
    """Suppliers in the making: lists of arrays, one a rule, put together at the end."""

    parts: Parts
    flow: Flow
    processing: Processing
    limits: LaneLimits
    names: tuple[Names, ...] = field(default_factory=lambda: tuple(Names() for _ in range(6)))
    candidates: list[list[Array]] = field(default_factory=list)
    cells: list[list[Array]] = field(default_factory=list)
    members: dict[str, list[Pairs]] = field(default_factory=dict)
    data: dict[str, list[Array]] = field(default_factory=dict)
    count: int = 0
    cell_count: int = 0

    def add(self, rule: Rule, supplied: Supply) -> None:
        """The cells and candidates of one rule."""
        width = len(rule.subjects)
        items = {
            name: rule.by_subject(counted)
            for name, counted in (
                ("shipments", supplied.shipments),
                ("sales", supplied.sales),
                ("runs", supplied.runs),
                ("coming", supplied.coming),
            )
        }
        found = np.unique(np.concatenate([some for some, _ in items.values()]))
        if not len(found):
            return
        pairs = {name: (look_up(found, some), item) for name, (some, item) in items.items()}
        coming, at = pairs.pop("coming")
        given = np.bincount(coming, self.parts.coming.arriving[at], len(found))
        cell, subject = np.divmod(found, width)
        cells, of_cell = np.unique(cell, return_inverse=True)
        nobody = np.zeros(len(cells), dtype=np.int64)
        self.candidates.append(self._codes(rule, cell, rule.subjects, subject))
        codes = self._codes(rule, cells, [""], nobody)
        self.cells.append(codes[:2] + codes[3:])
        for name, (candidate, item) in pairs.items():
            self.members.setdefault(name, []).append((candidate + self.count, item))
        first = rule.first[cells % len(rule.labels)]
        penalty = float(rule.row["penalty"]) / self.parts.units.money * self.parts.discount[first]
        limit = np.full(len(cells), float(rule.row["limit"]))
        for name, array in zip(FIGURES, (of_cell + self.cell_count, given, penalty, limit), strict=True):
            self.data.setdefault(name, []).append(array)
        self.count += len(found)
        self.cell_count += len(cells)

    def _codes(self, rule: Rule, cell: Array, subjects: list[str], subject: Array) -> list[Array]:
        """Codes of candidates along all dimensions."""
        names = [[rule.row["rule"]], [rule.row["from"]], subjects, rule.pools, rule.markets, rule.labels]
        rest, label = np.divmod(cell, len(rule.labels))
        pool, market = np.divmod(rest, len(rule.markets))
        nothing = np.zeros(len(cell), dtype=np.int64)
        at = (nothing, nothing, subject, pool, market, label)
        return [known.codes(some)[number] for known, some, number in zip(self.names, names, at, strict=True)]

    def _most(self, pairs: dict[str, Pairs], count: int) -> Array:
        """The most that each candidate can supply; 0 where only what was under way counts."""
        limits, flow, processing, parts = self.limits, self.flow, self.processing, self.parts
        candidate, item = pairs["runs"]
        making = processing.making
        ratio, run = making.project((0, 1), processing.outputs)[item], making.project((0, 2), processing.runs)[item]
        made = processing.output.array[ratio] * limits.needs.runs[run]
        candidates, item = pairs["shipments"]
        lane, width = limits.lane[item], max(len(parts.lanes), 1)
        groups, group = np.unique(candidates * width + lane, return_inverse=True)
        of_lane = limits.of(item, group, len(groups)) * flow.kept.array[groups % width] if len(groups) else np.empty(0)
        t = flow.shipments.codes[3][item]
        bought = self._by_material(candidates, parts.lanes.material[lane], t, group, of_lane, count)
        sellers, item = pairs["sales"]
        _, material, _, t = (codes[item] for codes in flow.sales.codes)
        limit, each = sale_limits(parts, flow)[item], np.arange(len(item))
        sold = self._by_material(sellers, material, t, each, limit, count)
        return np.bincount(candidate, made, count) + bought + sold

    def _by_material(self, candidate: Array, material: Array, t: Array, group: Array, most: Array, count: int) -> Array:
        """By candidate, of each material the most of its groups of items, or the need."""
        width = max(len(self.parts.materials), 1)
        pairs, number = np.unique(candidate * width + material, return_inverse=True)
        of_group = np.empty(len(most), dtype=np.int64)
        of_group[group] = number
        need = self.limits.needs.over(number, len(pairs), material, t)
        return np.bincount(pairs // width, np.minimum(np.bincount(of_group, most, len(pairs)), need), count)

    def done(self) -> Suppliers:
        """The finished family.

        Raises:
            InputError: nothing bounds what a subject can supply.
        """
        labels = tuple(known.labels() for known in self.names)
        candidates, cells = _index(labels, self.candidates), _index(labels[:2] + labels[3:], self.cells)
        data = {name: np.concatenate([np.empty(0), *self.data.get(name, [])]) for name in FIGURES}
        of_cell = data["of_cell"].astype(np.int64)
        limited = np.bincount(of_cell, minlength=len(cells)) > data["limit"]
        pairs = {name: _joined(self.members.get(name, [])) for name in ("shipments", "sales", "runs")}
        switched, held = np.flatnonzero(limited[of_cell]), np.flatnonzero(limited)
        linked = np.intersect1d(switched, np.concatenate([candidate for candidate, _ in pairs.values()]))
        most = self._most(pairs, len(candidates))[linked] if len(linked) else np.empty(0)
        switches, links, counts = candidates.take(switched), candidates.take(linked), cells.take(held)
        self._refuse_endless(links, most)
        at = np.flatnonzero(~np.isnan(data["penalty"][held]))
        priced = counts.take(at)
        of = {"shipments": self.flow.shipments, "sales": self.flow.sales, "runs": self.processing.making}
        return Suppliers(
            candidates=candidates,
            **{name: Groups(candidates, of[name], *pairs[name]) for name in of},
            given=Values(candidates, data["given"]),
            cells=cells,
            of_cell=Groups(cells, candidates, of_cell),
            switches=switches,
            links=links,
            most=Values(links, most),
            surely=Values(switches, data["given"][switched] > 0),
            counts=counts,
            counted=Groups(counts, switches, look_up(held, of_cell[switched])),
            limit=Values(counts, data["limit"][held]),
            priced=priced,
            priced_in=Groups(counts, priced, at),
            penalty=Values(priced, data["penalty"][held][at]),
        )

    def _refuse_endless(self, links: Index, most: Array) -> None:
        endless = np.flatnonzero(~np.isfinite(most))
        names = sorted(set(zip(links.column(0)[endless], links.column(2)[endless], strict=True)))
        told = "limits the number of suppliers, and nothing bounds how much {} can supply: give a capacity"
        problems = [Problem("rules", None, "rule", rule, f"rule {rule} {told.format(who)}") for rule, who in names]
        if problems:
            raise InputError(self.parts.instance.name, problems)


def _index(labels: tuple[Labels, ...], some: list[list[Array]]) -> Index:
    """An index of codes, rule after rule."""
    empty = [[np.empty(0, dtype=np.int64)] * len(labels)]
    return Index(*zip(labels, map(np.concatenate, zip(*(some or empty), strict=True)), strict=True))


def _joined(some: list[Pairs]) -> Pairs:
    """Pairs of all rules."""
    empty = np.empty(0, dtype=np.int64)
    candidate, item = (np.concatenate(part) for part in zip((empty, empty), *some, strict=True))
    return candidate, item


def suppliers(parts: Parts, flow: Flow, processing: Processing, limits: LaneLimits, arrives: Array) -> Suppliers:
    """Every rule on the number of suppliers.

    Args:
        arrives: period in which each shipment arrives, past the horizon too.

    Raises:
        InputError: nothing bounds what a subject can supply.
    """
    rows = _Rows(parts, flow, processing, limits)
    for rule in rules_of(parts, "suppliers"):
        rows.add(rule, supply(parts, flow, processing, rule, limits.lane, arrives))
    return rows.done()
