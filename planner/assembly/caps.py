"""Caps and floors of an instance's rules into rows of the model, and the bases that shares are held against.

One row of the table becomes one cap for each cell of the rule (``rules.py``) and each subject that has anything to
count there; a floor has its row whether or not there is anything. Letters and signs: ``concentration`` of the model.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from mineral_sourcing.arrays import Array, Groups, Index, Labels, Values
from mineral_sourcing.network import Flow, Network, Origin, Priority, Processing, Stock
from mineral_sourcing.rules import Concentration, Hhi
from planner.assembly.attributes import RECYCLED, Attributes
from planner.assembly.hhi import HhiRows
from planner.assembly.incumbents import had_before
from planner.assembly.parts import Parts
from planner.assembly.rules import Counted, Row, Rule, Supply, rules_of, supply
from planner.codes import Names, numbered


class _Rows:
    """A Concentration in the making: lists of arrays, one a rule, put together at the end."""

    def __init__(
        self, parts: Parts, flow: Flow, processing: Processing, priority: Priority, stocks: Stock, origin: Origin
    ) -> None:
        self.parts, self.flow, self.processing = parts, flow, processing
        self.priority, self.stocks, self.origin = priority, stocks, origin
        self.known = Attributes(parts.instance)
        self.names = tuple(Names() for _ in range(6))
        self.caps: list[list[Array]] = []
        self.bases: list[list[Array]] = []
        self.data: dict[str, list[Array]] = {}
        self.members: dict[str, list[tuple[Array, Array]]] = {}
        self.cap_count = self.base_count = 0
        self.hhi = HhiRows(parts, flow, processing, origin)

    def put(self, **values: Array) -> None:
        """Append to parameters."""
        for name, array in values.items():
            self.data.setdefault(name, []).append(np.asarray(array, dtype=np.float64))

    def sort_under(self, name: str, rows: Array, members: Array, start: int = 0) -> None:
        """Append to a grouping, rows counted from ``start``; nothing under −1."""
        if rows.min(initial=0) < 0:
            here = np.flatnonzero(rows >= 0)
            rows, members = rows[here], members[here]
        self.members.setdefault(name, []).append((rows + start, members))

    def add(self, rule: Rule, supply: Supply) -> None:
        """The caps of one rule, and the bases that they are held against."""
        if rule.is_hhi:
            self._add_hhi(rule, supply)
            return
        subjects = len(rule.subjects)
        items = {
            name: rule.by_subject(counted)
            for name, counted in (
                ("shipments", supply.shipments),
                ("sales", supply.sales),
                ("runs", supply.runs),
                ("tagged", supply.tagged),
            )
        }
        coming, at = rule.by_subject(supply.coming)
        found = np.concatenate([*(cap for cap, _ in items.values()), coming])
        had = had_before(self.parts, rule)
        found = found if had is None else np.flatnonzero(had)
        caps, number = numbered(found, rule.cells * subjects, every=not rule.is_cap and had is None)
        if not len(caps):
            return
        cell, subject = np.divmod(caps, subjects)
        constant = rule.demand()[cell] if rule.row["base"] in ("", "demand") else np.zeros(len(caps))
        constant = constant if had is None else had[caps]
        share = float(rule.row["limit"]) if rule.is_share else 0.0
        limit = share * constant if rule.is_share else np.full(len(caps), self._limit(rule))
        here = number(coming) >= 0
        given = np.bincount(number(coming)[here], self.parts.coming.arriving[at][here], len(caps))
        self.caps.append(self._codes(rule, cell, rule.subjects, subject))
        for name, (cap, item) in items.items():
            self.sort_under(f"counted_{name}", number(cap), item, self.cap_count)
        base = self._base(rule, supply, cell) if rule.varies else None
        rows = np.arange(self.cap_count, self.cap_count + len(caps))
        priced = not np.isnan(rule.row["penalty"])
        share_of, amount = np.full(len(caps), share), limit - given
        if base is not None:
            self.sort_under("base_of", rows, base)
        elif not priced:
            columns = np.concatenate([cap for cap, _ in items.values()])
            self._constant_rows(rule, cell, subject, np.isin(caps, columns), share_of, amount)
        if priced:
            due = self._penalty(rule) * self.parts.discount[rule.first[cell % len(rule.labels)]]
            self.members.setdefault("priced", []).append((rows, due))
        sign = np.full(len(caps), 1.0 if rule.is_cap else -1.0)
        self.put(sign=sign, share=share_of, amount=amount, given=given, base_given=constant)
        self.cap_count += len(caps)

    def _add_hhi(self, rule: Rule, supply: Supply) -> None:
        """The caps on the HHI of one rule: home is in no square where it is not in the base."""
        abroad, home = self._abroad(rule), self._home_origins(rule) if rule.traced else []
        plain = {name: _kept(getattr(supply, name), abroad) for name in ("shipments", "sales", "runs", "coming")}
        cell, part, origin = supply.tagged
        keep = ~np.isin(origin, home)
        supply = replace(supply, **plain, tagged=(cell[keep], part[keep], origin[keep]))
        cells = self.hhi.cells_of(rule, supply)
        if len(cells):
            due = self._penalty(rule) * self.parts.discount[rule.first[cells % len(rule.labels)]]
            self.hhi.add(rule, supply, cells, self._base(rule, supply, cells), due)

    def _abroad(self, rule: Rule) -> Array:
        """Which sites' supply is in a base of purchases."""
        abroad = np.ones(len(self.parts.sites), dtype=bool)
        if rule.row["home_in_base"] == "no":
            abroad[[self.parts.sites.code[name] for name in self.parts.scope.sites(["home"])]] = False
        return abroad

    def add_bases(self, rule: Rule, supply: Supply) -> None:
        """The bases of a rule on awards, whose rows stand elsewhere (``suppliers.py``)."""
        counted = (supply.shipments, supply.sales, supply.runs, supply.coming)
        self._base(rule, supply, np.concatenate([cell for cell, _, _ in counted]))

    def _limit(self, rule: Rule) -> float:
        """Limit of a quantity, in model units."""
        return float(rule.row["limit"]) * self.parts.mass

    def _penalty(self, rule: Rule) -> float:
        """Penalty per mass, in model units."""
        return float(rule.row["penalty"]) * self.parts.price

    def _codes(self, rule: Rule, cell: Array, subjects: list[str], subject: Array) -> list[Array]:
        """Codes of caps along all dimensions."""
        rest, label = np.divmod(cell, len(rule.labels))
        pool, market = np.divmod(rest, len(rule.markets))
        nothing = np.zeros(len(cell), dtype=np.int64)
        return [
            self.names[0].codes([rule.row["rule"]])[nothing],
            self.names[1].codes([rule.row["from"]])[nothing],
            self.names[2].codes(subjects)[subject],
            self.names[3].codes(rule.pools)[pool],
            self.names[4].codes(rule.markets)[market],
            self.names[5].codes(rule.labels)[label],
        ]

    def _base(self, rule: Rule, supply: Supply, cell: Array) -> Array:
        """Columns of the bases of some cells: the base of each."""
        cells, number = numbered(cell, rule.cells)
        at = np.arange(self.base_count, self.base_count + len(cells))

        def under(name: str, cell: Array, member: Array) -> None:
            self.sort_under(name, number(cell), member, self.base_count)

        constant: Array = np.zeros(rule.cells)
        if rule.row["base"] == "demand":
            constant = rule.demand()
        elif rule.traced:
            inside = ~np.isin(supply.tagged[2], self._home_origins(rule))
            under("base_tagged", supply.tagged[0][inside], supply.tagged[1][inside])
        elif rule.row["base"] == "consumption":
            constant = rule.demand()
            sites, material, t, _ = self.priority.demands.codes
            under("base_unmet", *rule.at_markets(sites, material, t))
            process, material, t = self.processing.using.codes
            under("base_use", *rule.at_markets(self.parts.process_site[process], material, t))
        else:
            constant = self._all_bought(rule, supply, under)
        codes = self._codes(rule, cells, [""], np.zeros(len(cells), dtype=np.int64))
        self.bases.append(codes[:2] + codes[3:])
        self.put(base_constant=constant[cells])
        self.base_count += len(cells)
        return at[number(cell)]

    def _home_origins(self, rule: Rule) -> list[int]:
        """Origins that are not in the base."""
        scope, origins = self.parts.scope, self.parts.origins
        if rule.row["home_in_base"] != "no":
            return []
        home = frozenset(scope.place_of[site] for site in scope.sites(["home"]))
        return [origins.labels.code[name] for name in sorted(origins.among(home))]

    def _all_bought(self, rule: Rule, supply: Supply, under: Callable[[str, Array, Array], None]) -> Array:
        """Sort what is bought or made under its base, and the recycled part that a base leaves out; what was under way,
        by cell.
        """
        abroad, primary = self._abroad(rule), rule.row["recycled_in_base"] == "no"
        for name, counted in (("shipments", supply.shipments), ("sales", supply.sales), ("runs", supply.runs)):
            cell, item, _ = (codes[abroad[counted[2]]] for codes in counted)
            under(f"base_{name}", cell, item)
            if primary:
                part = np.flatnonzero(self._recycled(*self._sold(name, item)))
                under(f"recycled_{name}", cell[part], item[part])
        if rule.row["stock_in_base"] == "yes":
            under("base_releases", *rule.at_markets(*self.stocks.nodes.codes))
        cell, item, _ = (codes[abroad[supply.coming[2]]] for codes in supply.coming)
        coming = self.parts.coming
        fresh = 1 - self._recycled(coming.origin[item], coming.material[item]) if primary else 1.0
        return np.bincount(cell, fresh * coming.arriving[item], rule.cells)

    def _sold(self, name: str, item: Array) -> tuple[Array, Array]:
        """Site that sells or makes, and material, of shipments, sales or runs."""
        if name == "runs":
            process, material = (codes[item] for codes in self.processing.making.codes[:2])
            return self.parts.process_site[process], material
        codes = self.flow.shipments.codes if name == "shipments" else self.flow.sales.codes
        return codes[0][item], codes[2 if name == "shipments" else 1][item]

    def _recycled(self, site: Array, material: Array) -> Array:
        """Recycled part of what sites sell."""
        return self.known.values(RECYCLED, (self.parts.sites, site), (self.parts.materials, material))

    def _constant_rows(
        self, rule: Rule, cell: Array, subject: Array, counted: Array, share: Array, amount: Array
    ) -> None:
        """A floor with no column to count still is a row: its right-hand side becomes a base that nothing can move."""
        empty = np.flatnonzero(~counted)
        if not len(empty):
            return
        codes = self._codes(rule, cell[empty], rule.subjects, subject[empty])
        pools = self.names[3].labels().names
        names = [f"{rule.subjects[who]}\n{pools[pool]}" for who, pool in zip(subject[empty], codes[3], strict=True)]
        codes[3] = self.names[3].codes(names)[np.arange(len(empty))]
        self.bases.append(codes[:2] + codes[3:])
        self.put(base_constant=amount[empty])
        self.sort_under("base_of", self.cap_count + empty, np.arange(self.base_count, self.base_count + len(empty)))
        self.base_count += len(empty)
        share[empty], amount[empty] = 1.0, 0.0

    def done(self) -> Concentration:
        """The finished family."""
        labels = tuple(known.labels() for known in self.names)
        caps, bases = _index(labels, self.caps), _index(labels[:2] + labels[3:], self.bases)
        nothing = [(np.empty(0, dtype=np.int64), np.empty(0))]
        rows, due = (np.concatenate(part) for part in zip(*self.members.pop("priced", nothing), strict=True))
        priced = caps.take(rows)

        def values(index: Index, name: str) -> Values:
            return Values(index, np.concatenate(self.data.get(name, [np.empty(0)])))

        return Concentration(
            caps=caps,
            bases=bases,
            priced=priced,
            priced_in=Groups(caps, priced, rows),
            penalty=Values(priced, due),
            base_constant=values(bases, "base_constant"),
            recycled=self._parts("shipments", "sales"),
            made_recycled=self._parts("runs"),
            **self._groups(caps, bases),  # type: ignore[arg-type]
            **{name: values(caps, name) for name in ("sign", "share", "amount", "given", "base_given")},  # type: ignore[arg-type]
        )

    def _parts(self, *names: str) -> Values:
        """Recycled part of everything of which a base leaves it out: by site, or by process for runs; and material."""
        items = {name: [item for _, item in self.members.get(f"recycled_{name}", [])] for name in names}
        found = [(name, np.concatenate([np.empty(0, dtype=np.int64), *some])) for name, some in items.items()]
        first = self.parts.processes if "runs" in names else self.parts.sites
        site, material = (np.concatenate(part) for part in zip(*(self._sold(*pair) for pair in found), strict=True))
        place = self.processing.making.codes[0][found[0][1]] if "runs" in names else site
        _, at = np.unique(place * len(self.parts.materials) + material, return_index=True)
        index = Index((first, place[at]), (self.parts.materials, material[at]))
        return Values(index, self._recycled(site[at], material[at]))

    def _groups(self, caps: Index, bases: Index) -> dict[str, Groups]:
        """What is counted under each cap and each base."""
        of = {
            "counted_shipments": self.flow.shipments,
            "counted_sales": self.flow.sales,
            "counted_runs": self.processing.making,
            "counted_tagged": self.origin.counted,
            "base_of": bases,
            "base_shipments": self.flow.shipments,
            "base_sales": self.flow.sales,
            "base_runs": self.processing.making,
            "base_tagged": self.origin.counted,
            "base_unmet": self.priority.demands,
            "base_use": self.processing.using,
            "base_releases": self.stocks.nodes,
            "recycled_shipments": self.flow.shipments,
            "recycled_sales": self.flow.sales,
            "recycled_runs": self.processing.making,
        }
        found = {}
        for name, members in of.items():
            index = caps if name.startswith("counted_") or name == "base_of" else bases
            pairs = self.members.get(name, [])
            sides = [np.concatenate(part) for part in zip(*pairs, strict=True)]
            found[name] = Groups(index, members, *sides) if pairs else Groups.none(index, members)
        return found


def _index(labels: tuple[Labels, ...], columns: list[list[Array]]) -> Index:
    """Codes along every dimension, list after list."""
    codes = [np.concatenate(part) for part in zip(*columns, strict=True)] or [np.empty(0, dtype=np.int64)] * len(labels)
    return Index(*zip(labels, codes, strict=True))


def _kept(counted: Counted, sites: Array) -> Counted:
    """What counts for some sites only."""
    keep = sites[counted[2]]
    return counted[0][keep], counted[1][keep], counted[2][keep]


def concentration(
    parts: Parts,
    flow: Flow,
    processing: Processing,
    priority: Priority,
    stocks: Stock,
    lane: Array,
    arrives: Array,
    origin: Origin,
) -> tuple[Concentration, Hhi]:
    """Every cap and floor of the instance's rules, the bases of its awards, and every cap on the HHI.

    Args:
        lane: lane of each shipment.
        arrives: period in which each shipment arrives, past the horizon too.
    """
    rows = _Rows(parts, flow, processing, priority, stocks, origin)
    for rule in rules_of(parts, "share", "quantity", "hhi"):
        rows.add(rule, supply(parts, flow, processing, rule, lane, arrives, origin))
    for rule in rules_of(parts, "award"):
        if rule.varies:
            rows.add_bases(rule, supply(parts, flow, processing, rule, lane, arrives, origin))
    found = rows.done()
    return found, rows.hhi.done(found.bases)


BASES = ("consumption", "demand", "purchases")
"""What a share may be held against."""


def rebased(parts: Parts, network: Network, lane: Array, arrives: Array) -> dict[str, Concentration]:
    """The caps and floors on shares that have bases, in their order: all of them held against each base."""
    flow, processing = network.flow, network.processing
    others = network.priority, network.stock, network.origin
    found = {base: _Rows(parts, flow, processing, *others) for base in BASES}
    for rule in rules_of(parts, "share"):
        if has_bases(rule.row):
            counted = supply(parts, flow, processing, rule, lane, arrives)
            for base, rows in found.items():
                rule.row = {**rule.row, "base": base, "penalty": np.nan}
                rows.add(rule, counted)
    return {base: rows.done() for base, rows in found.items()}


def has_bases(row: Row) -> bool:
    """Whether a share can be told of every base: it has a market, and counts the same tonnes whatever the base."""
    return row["base"] in BASES and row["basis"] != "origin" and (row["basis"], row["base"]) != ("made", "purchases")
