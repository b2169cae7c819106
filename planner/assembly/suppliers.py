r"""Rules on the number of suppliers and on awards into cells, candidates and switches.

A candidate is a subject of a rule with anything to count in a cell (pool of materials, market, group of periods). What
it supplies is at most

.. math:: M_c = \sum_k \min \Big( N_k, \sum_{\ell \in L_{ck}} (1 - \epsilon_\ell) \bar x_\ell \Big) + \sum_k \min
    \Big( N_k, \sum_o \bar s_o \Big) + \sum_{p, t} \omega_{pk} A_{pt}

with :math:`\bar x_\ell` the most that is worth while on a lane, :math:`\bar s_o` the capacities of an offer,
:math:`N_k` the need of a material over the periods of the cell and :math:`A_{pt}` the most activity of a process
(``needs.py``); what was under way at the start is no column. The most that a base can be, :math:`\bar Q`, is the same
sum over what the base counts (``awards.py``).
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mineral_sourcing.arrays import Array, Groups, Index, Labels, Values
from mineral_sourcing.network import Flow, Processing
from mineral_sourcing.rules import Concentration, Suppliers
from planner.assembly.awards import Awards, Limits, awards, offered
from planner.assembly.needs import LaneLimits
from planner.assembly.parts import Parts
from planner.assembly.rules import COUNTS, Rule, Supply, rules_of, supply
from planner.codes import Names, grouped, look_up
from planner.errors import InputError, Problem

Pairs = tuple[Array, Array]
"""Candidate and item."""

ITEMS = ("shipments", "sales", "runs")

FIGURES = ("of_cell", "given", "least", "share", "price", "told", "demand")
"""By candidate: its cell (−1: a rule on awards), what was under way, and the smallest award: NaN where there is none, a
quantity or a share of demand; share of a base that varies; price of a tonne short; whether a rule on awards says so;
the demand that it is a share of."""

OF_CELL = ("sign", "limit", "penalty")


@dataclass
class _Rows:
    """Suppliers in the making: lists of arrays, one a rule, put together at the end."""

    parts: Parts
    flow: Flow
    processing: Processing
    names: tuple[Names, ...] = field(default_factory=lambda: tuple(Names() for _ in range(6)))
    candidates: list[list[Array]] = field(default_factory=list)
    scopes: list[list[Array]] = field(default_factory=list)
    cells: list[list[Array]] = field(default_factory=list)
    members: dict[str, list[Pairs]] = field(default_factory=dict)
    data: dict[str, list[Array]] = field(default_factory=dict)
    known: tuple[dict[Hashable, int], ...] = field(default_factory=lambda: tuple({} for _ in range(4)))
    count: int = 0
    cell_count: int = 0

    def add(self, rule: Rule, supplied: Supply) -> None:
        """The cells and candidates of one rule."""
        items = {name: rule.by_subject(getattr(supplied, name)) for name in (*ITEMS, "coming")}
        found = np.unique(np.concatenate([some for some, _ in items.values()]))
        if not len(found):
            return
        pairs = {name: (look_up(found, some), item) for name, (some, item) in items.items()}
        coming, at = pairs.pop("coming")
        given = np.bincount(coming, self.parts.coming.arriving[at], len(found))
        cell, subject = np.divmod(found, len(rule.subjects))
        self.candidates.append(self._codes(rule, cell, rule.subjects, subject))
        self.scopes.append(self._scopes(rule, cell, subject))
        for name, (candidate, item) in pairs.items():
            self.members.setdefault(name, []).append((candidate + self.count, item))
        of_cell = self._count(rule, cell) if rule.row["kind"] in COUNTS else np.full(len(found), -1)
        if rule.row["kind"] == "min_award":
            award = awards(self.parts, rule, cell)
        elif rule.row["kind"] == "min_suppliers":
            award = offered(self.parts, self.flow, rule, pairs, len(found))
        else:
            award = Awards.none(len(found))
        self._put(of_cell=of_cell, given=given, **vars(award))
        self.count += len(found)

    def _put(self, **values: Array) -> None:
        for name, array in values.items():
            self.data.setdefault(name, []).append(array)

    def _count(self, rule: Rule, cell: Array) -> Array:
        """Cells of a rule that counts: that of each candidate."""
        cells, of_cell = np.unique(cell, return_inverse=True)
        codes = self._codes(rule, cells, [""], np.zeros(len(cells), dtype=np.int64))
        self.cells.append(codes[:2] + codes[3:])
        first = rule.first[cells % len(rule.labels)]
        self._put(
            sign=np.full(len(cells), 1.0 if rule.is_cap else -1.0),
            limit=np.full(len(cells), float(rule.row["limit"])),
            penalty=float(rule.row["penalty"]) / self.parts.units.money * self.parts.discount[first],
        )
        of_cell = of_cell + self.cell_count
        self.cell_count += len(cells)
        return of_cell

    def _codes(self, rule: Rule, cell: Array, subjects: list[str], subject: Array) -> list[Array]:
        """Codes of candidates along all dimensions."""
        names = [[rule.row["rule"]], [rule.row["from"]], subjects, rule.pools, rule.markets, rule.labels]
        nothing = np.zeros(len(cell), dtype=np.int64)
        at = (nothing, nothing, subject, *_parted(rule, cell))
        return [known.codes(some)[number] for known, some, number in zip(self.names, names, at, strict=True)]

    def _scopes(self, rule: Rule, cell: Array, subject: Array) -> list[Array]:
        """What tells the tonnes of candidates apart: basis and sites, materials, market and periods."""
        subjects, pools, markets = rule.sets
        named: list[list[Hashable]] = [
            [(rule.bought, sites) for sites in subjects],
            list(pools),
            list(markets),
            [tuple(np.flatnonzero(rule.label == number).tolist()) for number in range(len(rule.labels))],
        ]
        codes = [
            np.array([known.setdefault(key, len(known)) for key in keys], dtype=np.int64)
            for known, keys in zip(self.known, named, strict=True)
        ]
        at = (subject, *_parted(rule, cell))
        return [code[number] for code, number in zip(codes, at, strict=True)]

    def done(self, limits: Limits, concentration: Concentration) -> Suppliers:
        """The finished family.

        Raises:
            InputError: nothing bounds what a subject can supply.
        """
        labels = tuple(known.labels() for known in self.names)
        candidates, cells = _index(labels, self.candidates), _index(labels[:2] + labels[3:], self.cells)
        data = {name: np.concatenate([np.empty(0), *self.data.get(name, [])]) for name in (*FIGURES, *OF_CELL)}
        pairs = {name: _joined(self.members.get(name, [])) for name in ITEMS}
        of_cell = data["of_cell"].astype(np.int64)
        counting = np.flatnonzero(of_cell >= 0)
        size = np.bincount(of_cell[counting], minlength=len(cells))
        held = np.flatnonzero(np.where(data["sign"] > 0, size > data["limit"], data["limit"] > 0))
        number = look_up(held, of_cell)
        awarded, loose, ruled = self._awarded(data)
        asked = np.flatnonzero((number >= 0) | awarded)
        switches, switch = self._switches(candidates, asked, loose)
        of_switch = np.full(len(candidates), -1)
        of_switch[asked] = switch
        counts, counted = cells.take(held), np.flatnonzero(number >= 0)
        linked = np.flatnonzero(~loose[switches])
        linked = linked[np.isin(switches[linked], np.concatenate([candidate for candidate, _ in pairs.values()]))]
        most = limits.most(pairs, len(candidates))[switches[linked]] if len(linked) else np.empty(0)
        index = candidates.take(switches)
        links = index.take(linked)
        self._refuse_endless(links, most)
        at = np.flatnonzero(~np.isnan(data["penalty"][held]))
        priced = counts.take(at)
        of = {"shipments": self.flow.shipments, "sales": self.flow.sales, "runs": self.processing.making}
        items: dict[str, Any] = {name: Groups(candidates, of[name], *pairs[name]) for name in ITEMS}
        return Suppliers(
            candidates=candidates,
            **items,
            given=Values(candidates, data["given"]),
            cells=cells,
            of_cell=Groups(cells, candidates, of_cell[counting], counting),
            switches=index,
            switch_of=Groups(candidates, index, asked, switch),
            links=links,
            most=Values(links, most),
            surely=Values(index, (data["given"][switches] > 0) & ~loose[switches]),
            loose=Values(index, loose[switches]),
            counts=counts,
            counted=Groups(counts, index, number[counted], of_switch[counted]),
            sign=Values(counts, data["sign"][held]),
            limit=Values(counts, data["limit"][held]),
            priced=priced,
            priced_in=Groups(counts, priced, at),
            penalty=Values(priced, data["penalty"][held][at]),
            **limits.awards(candidates, np.flatnonzero(ruled), index, of_switch, data, concentration),
        )

    def _awarded(self, data: dict[str, Array]) -> tuple[Array, Array, Array]:
        """Which candidates have an award of a rule; which are counted by the awards of their offers, since no hard rule
        says more of their scope; and all of them.
        """
        told, hard = data["told"] > 0, np.isnan(data["price"])
        offers = ~np.isnan(data["least"]) & ~told
        scope, _ = self._numbered(np.arange(self.count))
        strict = np.zeros(int(scope.max(initial=-1)) + 1, dtype=bool)
        strict[scope[told & hard]] = True
        loose = offers & ~strict[scope]
        return told | loose, loose, told | loose

    def _switches(self, candidates: Index, asked: Array, loose: Array) -> tuple[Array, Array]:
        """First candidate of each switch, and the switch of each of those asked: one for all of the same scope."""
        scope, _ = self._numbered(asked)
        _, first, switch = np.unique(2 * scope + loose[asked], return_index=True, return_inverse=True)
        order = np.argsort(first, kind="stable")
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        return asked[first[order]], place[switch.ravel()]

    def _numbered(self, at: Array) -> tuple[Array, Array]:
        """Number of the scope of each candidate, and the first of each."""
        columns = [np.concatenate([np.empty(0, dtype=np.int64), *part]) for part in zip(*self.scopes, strict=True)]
        return grouped([column[at] for column in columns]) if columns else (at, at)

    def _refuse_endless(self, links: Index, most: Array) -> None:
        endless = np.flatnonzero(~np.isfinite(most))
        names = sorted(set(zip(links.column(0)[endless], links.column(2)[endless], strict=True)))
        told = "asks who supplies, and nothing bounds how much {} can supply: give a capacity"
        problems = [Problem("rules", None, "rule", rule, f"rule {rule} {told.format(who)}") for rule, who in names]
        if problems:
            raise InputError(self.parts.instance.name, problems)


def _parted(rule: Rule, cell: Array) -> tuple[Array, Array, Array]:
    """Pool, market and group of periods of each cell."""
    rest, label = np.divmod(cell, len(rule.labels))
    pool, market = np.divmod(rest, len(rule.markets))
    return pool, market, label


def _index(labels: tuple[Labels, ...], some: list[list[Array]]) -> Index:
    """An index of codes, rule after rule."""
    empty = [[np.empty(0, dtype=np.int64)] * len(labels)]
    return Index(*zip(labels, map(np.concatenate, zip(*(some or empty), strict=True)), strict=True))


def _joined(some: list[Pairs]) -> Pairs:
    """Pairs of all rules."""
    empty = np.empty(0, dtype=np.int64)
    candidate, item = (np.concatenate(part) for part in zip((empty, empty), *some, strict=True))
    return candidate, item


def suppliers(
    parts: Parts, flow: Flow, processing: Processing, limits: LaneLimits, concentration: Concentration, arrives: Array
) -> Suppliers:
    """Every rule on the number of suppliers and on awards.

    Args:
        arrives: period in which each shipment arrives, past the horizon too.

    Raises:
        InputError: nothing bounds what a subject can supply.
    """
    rows = _Rows(parts, flow, processing)
    for rule in rules_of(parts, "suppliers", "award"):
        rows.add(rule, supply(parts, flow, processing, rule, limits.lane, arrives))
    return rows.done(Limits(parts, flow, processing, limits), concentration)
