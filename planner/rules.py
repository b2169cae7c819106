"""Rules of an instance into rows: who is counted, for whom, against what, in which periods.

Definitions: ``docs/definitions.md``, rules. One row of the table becomes one cap for each pool of stages and
materials, each market, each group of periods and each subject that has anything to count. A *cell* of a rule is one
(pool, market, group of periods): what is bought or made is sorted into cells, cells by subject are caps.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mineral_sourcing.arrays import TABLE, Array, Groups, Index, Labels, Values
from mineral_sourcing.network import Concentration, Flow, Priority, Processing, Stock
from planner.codes import Names, look_up, spread
from planner.parts import Parts
from planner.scope import Scope, split

Row = Mapping[str, Any]
"""A row of ``rules``."""


def materials_of(parts: Parts, rule: Row) -> list[tuple[str, frozenset[str]]]:
    """Pools of materials of a rule, each with its label."""
    stage_of = parts.stage_of
    named, stages = split(rule["material"]), split(rule["stage"])
    scope = [
        material
        for material, stage in stage_of.items()
        if (not named or material in named) and (not stages or stage in stages)
    ]
    if rule["pool"] != "together":
        return [(material, frozenset([material])) for material in scope]
    if rule["stage_pool"] == "each":
        by_stage: dict[str, list[str]] = {}
        for material in scope:
            by_stage.setdefault(stage_of[material], []).append(material)
        return [(_label(stage, members), frozenset(members)) for stage, members in by_stage.items()]
    if len(scope) == len(stage_of):
        return [("all", frozenset(scope))]
    return [(";".join(stages) if stages and not named else ";".join(scope), frozenset(scope))]


def _label(stage: str, members: list[str]) -> str:
    return members[0] if len(members) == 1 else stage


def markets_of(parts: Parts, rule: Row, pools: list[tuple[str, frozenset[str]]]) -> list[tuple[str, frozenset[str]]]:
    """Markets of a rule, each with its label; one without a name where the rule takes no market."""
    scope = parts.scope
    if rule["basis"] == "made" and rule["base"] in ("", "purchases"):
        return [("", frozenset())]
    names = split(rule["market"])
    if not names:
        wanted = np.zeros(len(parts.materials), dtype=bool)
        wanted[[parts.materials.code[name] for _, members in pools for name in members]] = True
        site = parts.codes("demands", "site", parts.sites)
        here = wanted[parts.codes("demands", "material", parts.materials)]
        names = tuple(parts.sites.names[np.unique(site[here])].tolist())
        if rule["market_pool"] == "together":
            return [("all", frozenset(names))]
    elif rule["market_pool"] == "each" and len(names) == 1:
        names = scope.direct(names[0])
    if rule["market_pool"] == "together":
        return [(";".join(names), scope.sites(names))]
    return [(name, scope.sites([name])) for name in names]


def subjects_of(scope: Scope, rule: Row) -> list[tuple[str, frozenset[str]]]:
    """Subjects of a rule, each with its sites, in the order of their names."""
    by, names, exempt = rule["subject_by"], split(rule["subject"]), split(rule["except"])
    if by == "group":
        removed = {scope.home if name == "home" else name for name in exempt}
        found = {name: scope.sites([name]) for name in names}
        return sorted((name, sites) for name, sites in found.items() if {name, _real(scope, name)}.isdisjoint(removed))
    if names:
        chosen = frozenset().union(*(scope.members(name, by) for name in names))
    else:
        chosen = {"place": scope.places, "owner": scope.owners, "site": frozenset(scope.place_of)}[by]
    chosen -= frozenset().union(*(scope.members(name, by) for name in exempt))
    return [(name, scope.sites([name])) for name in sorted(chosen)]


def _real(scope: Scope, name: str) -> str:
    return scope.home if name == "home" else name


def windows_of(rule: Row, inside: range, periods: tuple[str, ...]) -> tuple[list[str], Array]:
    """Labels of the groups of periods in each of which the rule holds, and the group of each period (−1: none)."""
    group = np.full(len(periods), -1)
    if not inside:
        return [], group
    if rule["per"] == "horizon":
        names = [f"{periods[inside[0]]}..{periods[inside[-1]]}"] * len(inside)
    else:
        names = [periods[t] if rule["per"] == "period" else periods[t][:4] for t in inside]
    labels = list(dict.fromkeys(names))
    group[inside] = [labels.index(name) for name in names]
    return labels, group


class _Sets:
    """Named sets of sites, looked up by site."""

    def __init__(self, named: list[tuple[str, frozenset[str]]], sites: Labels) -> None:
        number = np.repeat(np.arange(len(named)), [len(members) for _, members in named])
        site = np.array([sites.code[name] for _, members in named for name in sorted(members)], dtype=np.int64)
        order = np.lexsort((number, site))
        self._starts, self._sets = np.searchsorted(site[order], np.arange(len(sites) + 1)), number[order]
        count = np.diff(self._starts)
        self._single: Array | None = None
        """The set of each site, −1 for none, where no site is in two."""
        if count.max(initial=0) <= 1:
            self._single = np.full(len(sites), -1)
            self._single[site] = number

    def of(self, site: Array) -> tuple[Array, Array]:
        """Each site once for every set that it is in: position and set."""
        if self._single is not None:
            found = self._single[site]
            at = np.flatnonzero(found >= 0)
            return at, found[at]
        at, member = spread(self._starts[site], self._starts[site + 1] - 1)
        return at, self._sets[member]

    def hold(self, site: Array, number: Array) -> Array:
        """Whether each site is in the set of that number."""
        if self._single is not None:
            return np.asarray(self._single[site] == number)
        at, own = self.of(site)
        width = int(max(number.max(initial=0), own.max(initial=0))) + 1
        return np.isin(np.arange(len(site)) * width + number, at * width + own)


def _numbered(found: Array, size: int, *, every: bool = False) -> tuple[Array, Callable[[Array], Array]]:
    """The numbers below ``size`` that occur, or all of them, in order, and what tells the place of each (−1: none)."""
    if every:
        return np.arange(size), lambda wanted: wanted
    if size > TABLE:
        kept = np.unique(found)
        return kept, lambda wanted: look_up(kept, wanted)
    occurs = np.zeros(size, dtype=bool)
    occurs[found] = True
    place = np.where(occurs, np.cumsum(occurs) - 1, -1)
    return np.flatnonzero(occurs), lambda wanted: place[wanted]


Counted = tuple[Array, Array, Array]
"""Cell, item (position among shipments, sales, makings, …) and site that it counts for."""


class Rule:
    """One row of the table, resolved: its pools, markets, groups of periods and subjects, by number."""

    def __init__(self, parts: Parts, rule: Row, inside: range) -> None:
        self.parts, self.row = parts, rule
        pools = materials_of(parts, rule)
        self.pools = [label for label, _ in pools]
        self.pool = np.full(len(parts.materials), -1)
        for number, (_, members) in enumerate(pools):
            self.pool[[parts.materials.code[name] for name in members]] = number
        markets = markets_of(parts, rule, pools)
        self.markets = [label for label, _ in markets]
        self.market = _Sets(markets, parts.sites)
        self.apart = any(len(members) > 1 for _, members in markets)
        """Whether a lane may stay inside a market."""
        subjects = subjects_of(parts.scope, rule)
        self.subjects = [label for label, _ in subjects]
        self.subject = _Sets(subjects, parts.sites)
        self.labels, self.label = windows_of(rule, inside, parts.periods)
        self.is_cap = str(rule["kind"]).startswith("max_")
        self.is_share = str(rule["kind"]).endswith("_share")
        self.bought = rule["basis"] == "purchases"

    @property
    def first(self) -> Array:
        """First period of each group of periods."""
        return np.array([int(np.argmax(self.label == number)) for number in range(len(self.labels))])

    @property
    def cells(self) -> int:
        """Number of cells."""
        return len(self.pools) * len(self.markets) * len(self.labels)

    def cell(self, material: Array, market: Array, t: Array) -> Array:
        """Cell of each (material, market, period); −1 outside of the rule."""
        pool = self.pool[material]
        label = np.where(t < self.parts.count, self.label[np.minimum(t, self.parts.count - 1)], -1)
        cell = (pool * len(self.markets) + market) * len(self.labels) + label
        return np.where((pool >= 0) & (label >= 0), cell, -1)

    def at_markets(self, site: Array, material: Array, t: Array) -> tuple[Array, Array]:
        """Cell and position of what lies at the markets' sites."""
        at, market = self.market.of(site)
        cell = self.cell(material[at], market, t[at])
        here = np.flatnonzero(cell >= 0)
        return cell[here], at[here]

    def anywhere(self, site: Array, material: Array, t: Array) -> Counted:
        """Cell and position of what lies at any site: it counts for every market."""
        at = np.repeat(np.flatnonzero(self.pool[material] >= 0), len(self.markets))
        market = np.tile(np.arange(len(self.markets)), len(at) // max(len(self.markets), 1))
        cell = self.cell(material[at], market, t[at])
        here = np.flatnonzero(cell >= 0)
        return cell[here], at[here], site[at[here]]

    def purchased(self, origin: Array, destination: Array, material: Array) -> tuple[Array, Array]:
        """Position and market of what comes to a market from outside it."""
        at, market = self.market.of(destination)
        keep = self.pool[material[at]] >= 0
        if self.apart:
            keep &= ~self.market.hold(origin[at], market)
        here = np.flatnonzero(keep)
        return at[here], market[here]

    def by_subject(self, counted: Counted) -> tuple[Array, Array]:
        """Cap (cell by subject) and item of everything counted."""
        cell, item, site = counted
        if not len(cell):
            return cell, item
        at, subject = self.subject.of(site)
        return cell[at] * len(self.subjects) + subject, item[at]


@dataclass(frozen=True)
class Supply:
    """What a rule counts: shipments, sales, makings, and what was under way."""

    shipments: Counted
    sales: Counted
    runs: Counted
    coming: Counted


def supply(parts: Parts, flow: Flow, processing: Processing, rule: Rule, lane: Array, arrives: Array) -> Supply:
    """Everything that a rule counts, by cell.

    Args:
        lane: lane of each shipment.
        arrives: period in which each shipment arrives, past the horizon too.
    """
    nothing = (np.empty(0, dtype=np.int64),) * 3
    if not rule.bought:
        sales, making = flow.sales.codes, processing.making.codes
        made = rule.anywhere(parts.process_site[making[0]], making[1], making[2])
        return Supply(nothing, rule.anywhere(sales[0], sales[1], sales[3]), made, nothing)
    lanes, coming = parts.lanes, parts.coming
    at, market = rule.purchased(lanes.origin, lanes.destination, lanes.material)
    starts = np.searchsorted(lane, np.arange(len(lanes) + 1))
    pair, shipment = spread(starts[at], starts[at + 1] - 1)
    cell = rule.cell(lanes.material[at][pair], market[pair], arrives[shipment])
    here = np.flatnonzero(cell >= 0)
    shipments = cell[here], shipment[here], lanes.origin[at][pair[here]]
    at, market = rule.purchased(coming.origin, coming.destination, coming.material)
    cell = rule.cell(coming.material[at], market, coming.t[at])
    here = np.flatnonzero(cell >= 0)
    return Supply(shipments, nothing, nothing, (cell[here], at[here], coming.origin[at[here]]))


def rules_of(parts: Parts, *, suppliers: bool) -> Iterator[Rule]:
    """Rules that hold anywhere, in the order of their names: those that count suppliers, or all others."""
    table = parts.instance.tables["rules"]
    begins, ends = parts.windows("rules")
    names = list(table.columns)
    rows = (dict(zip(names, row, strict=True)) for row in zip(*(table[name].tolist() for name in names), strict=True))
    found = zip(rows, begins.tolist(), ends.tolist(), strict=True)
    for row, begin, end in sorted(found, key=lambda found: (found[0]["rule"], found[0]["from"])):
        if (row["kind"] == "max_suppliers") is suppliers:
            rule = Rule(parts, row, range(begin, end + 1))
            if rule.cells:
                yield rule


class _Rows:
    """A Concentration in the making: lists of arrays, one a rule, put together at the end."""

    def __init__(self, parts: Parts, flow: Flow, processing: Processing, priority: Priority, stocks: Stock) -> None:
        self.parts, self.flow, self.processing = parts, flow, processing
        self.priority, self.stocks = priority, stocks
        self.names = tuple(Names() for _ in range(6))
        self.caps: list[list[Array]] = []
        self.bases: list[list[Array]] = []
        self.data: dict[str, list[Array]] = {}
        self.members: dict[str, list[tuple[Array, Array]]] = {}
        self.cap_count = self.base_count = 0

    def put(self, **values: Array) -> None:
        """Append to parameters."""
        for name, array in values.items():
            self.data.setdefault(name, []).append(np.asarray(array, dtype=np.float64))

    def sort_under(self, name: str, rows: Array, members: Array) -> None:
        """Append to a grouping; nothing under −1."""
        here = np.flatnonzero(rows >= 0)
        self.members.setdefault(name, []).append((rows[here], members[here]))

    def add(self, rule: Rule, supply: Supply) -> None:
        """The caps of one rule, and the bases that they are held against."""
        subjects = len(rule.subjects)
        items = {
            name: rule.by_subject(counted)
            for name, counted in (("shipments", supply.shipments), ("sales", supply.sales), ("runs", supply.runs))
        }
        coming, at = rule.by_subject(supply.coming)
        found = np.concatenate([*(cap for cap, _ in items.values()), coming])
        caps, number = _numbered(found, rule.cells * subjects, every=not rule.is_cap)
        if not len(caps):
            return
        cell, subject = np.divmod(caps, subjects)
        constant = self._demand(rule) if rule.row["base"] in ("", "demand") else np.zeros(rule.cells)
        share = float(rule.row["limit"]) if rule.is_share else 0.0
        limit = share * constant[cell] if rule.is_share else np.full(len(caps), self._limit(rule))
        given = np.bincount(number(coming), self.parts.coming.arriving[at], len(caps))
        self.caps.append(self._codes(rule, cell, rule.subjects, subject))
        for name, (cap, item) in items.items():
            self.sort_under(f"counted_{name}", number(cap) + self.cap_count, item)
        base = self._base(rule, supply, cell) if rule.row["base"] in ("consumption", "purchases") else None
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
        self.put(sign=sign, share=share_of, amount=amount, given=given, base_given=constant[cell])
        self.cap_count += len(caps)

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

    def _demand(self, rule: Rule) -> Array:
        """Demand at the markets, by cell."""
        demand = self.parts.demand
        cell, at = rule.at_markets(demand.site, demand.material, demand.t)
        return np.bincount(cell, demand.amount[at], rule.cells)

    def _base(self, rule: Rule, supply: Supply, cell: Array) -> Array:
        """Columns of the bases of some cells: the base of each."""
        cells, number = _numbered(cell, rule.cells)
        at = np.arange(self.base_count, self.base_count + len(cells))

        def under(name: str, cell: Array, member: Array) -> None:
            rows = number(cell)
            self.sort_under(f"base_{name}", np.where(rows >= 0, rows + self.base_count, -1), member)

        constant: Array = np.zeros(rule.cells)
        if rule.row["base"] == "consumption":
            constant = self._demand(rule)
            sites, material, t, _ = self.priority.demands.codes
            under("unmet", *rule.at_markets(sites, material, t))
            process, material, t = self.processing.using.codes
            under("use", *rule.at_markets(self.parts.process_site[process], material, t))
        else:
            abroad = np.ones(len(self.parts.sites), dtype=bool)
            if rule.row["home_in_base"] == "no":
                abroad[[self.parts.sites.code[name] for name in self.parts.scope.sites(["home"])]] = False
            for name, counted in (("shipments", supply.shipments), ("sales", supply.sales), ("runs", supply.runs)):
                keep = abroad[counted[2]]
                under(name, counted[0][keep], counted[1][keep])
            keep = abroad[supply.coming[2]]
            constant = np.bincount(
                supply.coming[0][keep], self.parts.coming.arriving[supply.coming[1][keep]], rule.cells
            )
            if rule.row["stock_in_base"] == "yes":
                under("releases", *rule.at_markets(*self.stocks.nodes.codes))
        codes = self._codes(rule, cells, [""], np.zeros(len(cells), dtype=np.int64))
        self.bases.append(codes[:2] + codes[3:])
        self.put(base_constant=constant[cells])
        self.base_count += len(cells)
        return at[number(cell)]

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
        nothing = [np.empty(0, dtype=np.int64)]
        caps = Index(
            *zip(
                labels,
                (np.concatenate(part) for part in zip(*self.caps, strict=True)) if self.caps else nothing * 6,
                strict=True,
            )
        )
        bases = Index(
            *zip(
                labels[:2] + labels[3:],
                (np.concatenate(part) for part in zip(*self.bases, strict=True)) if self.bases else nothing * 5,
                strict=True,
            )
        )
        rows, due = (
            np.concatenate(part) for part in zip(*self.members.pop("priced", [(nothing[0], np.empty(0))]), strict=True)
        )
        priced = caps.take(rows)
        of = {
            "counted_shipments": self.flow.shipments,
            "counted_sales": self.flow.sales,
            "counted_runs": self.processing.making,
            "base_of": bases,
            "base_shipments": self.flow.shipments,
            "base_sales": self.flow.sales,
            "base_runs": self.processing.making,
            "base_unmet": self.priority.demands,
            "base_use": self.processing.using,
            "base_releases": self.stocks.nodes,
        }
        groups: dict[str, Any] = {}
        for name, members in of.items():
            index = bases if name.startswith("base_") and name != "base_of" else caps
            pairs = self.members.get(name)
            groups[name] = (
                Groups(index, members, *(np.concatenate(part) for part in zip(*pairs, strict=True)))
                if pairs
                else Groups.none(index, members)
            )

        def values(index: Index, name: str) -> Values:
            return Values(index, np.concatenate(self.data.get(name, [np.empty(0)])))

        return Concentration(
            caps=caps,
            bases=bases,
            priced=priced,
            priced_in=Groups(caps, priced, rows),
            penalty=Values(priced, due),
            base_constant=values(bases, "base_constant"),
            **groups,
            **{name: values(caps, name) for name in ("sign", "share", "amount", "given", "base_given")},  # type: ignore[arg-type]
        )


def concentration(
    parts: Parts,
    flow: Flow,
    processing: Processing,
    priority: Priority,
    stocks: Stock,
    lane: Array,
    arrives: Array,
) -> Concentration:
    """Every cap and floor of the instance's rules.

    Args:
        lane: lane of each shipment.
        arrives: period in which each shipment arrives, past the horizon too.
    """
    rows = _Rows(parts, flow, processing, priority, stocks)
    for rule in rules_of(parts, suppliers=False):
        rows.add(rule, supply(parts, flow, processing, rule, lane, arrives))
    return rows.done()
