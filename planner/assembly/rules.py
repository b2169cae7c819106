"""Rules of an instance resolved: who is counted, for whom, in which periods, and what falls under each.

Definitions: ``docs/definitions.md``, rules. A *cell* of a rule is one (pool of stages and materials, market, group of
periods): what is bought or made is sorted into cells, and within them by subject. What becomes of that: ``caps.py``,
``suppliers.py``, ``averages.py``, ``spend.py``.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from mineral_sourcing.arrays import Array, Labels
from mineral_sourcing.network import Flow, Origin, Processing
from planner.assembly.carriers import own_contents
from planner.assembly.origins import ARRIVALS, DEMAND, INPUT, origin_subjects
from planner.assembly.parts import Parts
from planner.codes import spread
from planner.scope import Scope, split

Row = Mapping[str, Any]
"""A row of ``rules``."""

COUNTS = ("max_suppliers", "min_suppliers")
"""Kinds that count who supplies."""

SWITCHED = (*COUNTS, "min_award")
"""Kinds that ask whether a subject supplies at all."""


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
        return [(_label(stage, members, stage_of), frozenset(members)) for stage, members in by_stage.items()]
    if len(scope) == len(stage_of):
        return [("all", frozenset(scope))]
    return [(";".join(stages) if stages and not named else ";".join(scope), frozenset(scope))]


def _label(stage: str, members: list[str], known: Collection[str]) -> str:
    """The one material, or the stage; the materials joined where one of any stage has the name of this stage."""
    return ";".join(members) if len(members) == 1 or stage in known else stage


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
    return [(name, scope.sites([name])) for name in dict.fromkeys(names)]


def subjects_of(scope: Scope, rule: Row) -> list[tuple[str, frozenset[str]]]:
    """Subjects of a rule, each with its sites, in the order of their names; one without a name for every site."""
    by, names, exempt = rule["subject_by"], split(rule["subject"]), split(rule["except"])
    if not by:
        return [("", frozenset(scope.place_of))]
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
        names = chain.from_iterable(members for _, members in named)
        site = np.fromiter(map(sites.code.__getitem__, names), dtype=np.int64, count=len(number))
        count = np.bincount(site, minlength=len(sites))
        self._single: Array | None = None
        """The set of each site, −1 for none, where no site is in two."""
        if count.max(initial=0) <= 1:
            self._single = np.full(len(sites), -1)
            self._single[site] = number
        else:
            self._starts, self._sets = np.append(0, np.cumsum(count)), number[np.lexsort((number, site))]

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
        self.traced = rule["basis"] == "origin"
        """Whether it counts tonnes of element by origin; its subjects then hold origins, not sites."""
        subjects = subjects_of(parts.scope, rule)
        self.content = np.ones(len(parts.materials))
        """What a tonne of each material counts."""
        if self.traced:
            subjects = [(name, parts.origins.among(places)) for name, places in origin_subjects(parts.scope, rule)]
            contents = own_contents(parts.elements, parts.materials.names.tolist())
            self.content = np.array(list(contents.values()))
        self.subjects = [label for label, _ in subjects]
        self.subject = _Sets(subjects, parts.origins.labels if self.traced else parts.sites)
        self.labels, self.label = windows_of(rule, inside, parts.periods)
        self.is_cap = str(rule["kind"]).startswith("max_")
        self.is_share = str(rule["kind"]).endswith("_share")
        self.is_hhi = rule["kind"] == "max_hhi"
        self.bought = rule["basis"] == "purchases"
        self.sets = tuple([members for _, members in named] for named in (subjects, pools, markets))
        """Members of each subject, pool and market: what tells scopes apart, whatever they are called."""

    @property
    def varies(self) -> bool:
        """Whether its base is a column of the model."""
        return self.row["base"] in ("consumption", "purchases")

    @property
    def first(self) -> Array:
        """First period of each group of periods."""
        return np.array([int(np.argmax(self.label == number)) for number in range(len(self.labels))])

    @property
    def cells(self) -> int:
        """Number of cells."""
        return len(self.pools) * len(self.markets) * len(self.labels)

    def label_of(self, t: Array) -> Array:
        """Group of periods that each period is in; −1 for none and past the horizon."""
        return np.append(self.label, -1)[np.minimum(t, self.parts.count)]

    def first_cell(self, material: Array, market: Array) -> Array:
        """Cell of each (material, market) in the first group of periods; below 0 outside of the rule."""
        return (self.pool[material] * len(self.markets) + market) * len(self.labels)

    def cell(self, material: Array, market: Array, t: Array) -> Array:
        """Cell of each (material, market, period); −1 outside of the rule."""
        cell, label = self.first_cell(material, market), self.label_of(t)
        return np.where((cell >= 0) & (label >= 0), cell + label, -1)

    def at_markets(self, site: Array, material: Array, t: Array) -> tuple[Array, Array]:
        """Cell and position of what lies at the markets' sites."""
        at, market = self.market.of(site)
        cell = self.cell(material[at], market, t[at])
        here = np.flatnonzero(cell >= 0)
        return cell[here], at[here]

    def demand(self) -> Array:
        """Demand at the markets, by cell; model units."""
        demand = self.parts.demand
        cell, at = self.at_markets(demand.site, demand.material, demand.t)
        return np.bincount(cell, demand.amount[at] * self.content[demand.material[at]], self.cells)

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
    """What a rule counts: shipments, sales, makings, what was under way, and what is traced to its origin."""

    shipments: Counted
    sales: Counted
    runs: Counted
    coming: Counted
    tagged: Counted
    """What is counted of each origin, which stands in the place of a site."""


def supply(
    parts: Parts,
    flow: Flow,
    processing: Processing,
    rule: Rule,
    lane: Array,
    arrives: Array,
    origin: Origin | None = None,
) -> Supply:
    """Everything that a rule counts, by cell.

    Args:
        lane: lane of each shipment.
        arrives: period in which each shipment arrives, past the horizon too.
        origin: what a rule on origin counts.
    """
    nothing = (np.empty(0, dtype=np.int64),) * 3
    if rule.traced:
        assert origin is not None, "only shares and quantities are traced to their origin"
        return Supply(nothing, nothing, nothing, nothing, _traced(rule, origin))
    if not rule.bought:
        sales, making = flow.sales.codes, processing.making.codes
        made = rule.anywhere(parts.process_site[making[0]], making[1], making[2])
        return Supply(nothing, rule.anywhere(sales[0], sales[1], sales[3]), made, nothing, nothing)
    lanes, coming = parts.lanes, parts.coming
    at, market = rule.purchased(lanes.origin, lanes.destination, lanes.material)
    starts = np.append(0, np.cumsum(np.bincount(lane, minlength=len(lanes))))
    pair, shipment = spread(starts[at], starts[at + 1] - 1)
    label, first = rule.label_of(arrives[shipment]), rule.first_cell(lanes.material[at], market)
    here = np.flatnonzero(label >= 0)
    pair = pair[here]
    shipments = first[pair] + label[here], shipment[here], lanes.origin[at][pair]
    at, market = rule.purchased(coming.origin, coming.destination, coming.material)
    cell = rule.cell(coming.material[at], market, coming.t[at])
    here = np.flatnonzero(cell >= 0)
    return Supply(shipments, nothing, nothing, (cell[here], at[here], coming.origin[at[here]]), nothing)


def _traced(rule: Rule, origin: Origin) -> Counted:
    """What a rule on origin counts: arrivals where it is held against purchases, else what is consumed."""
    what, _, sender, site, material, place, t = origin.counted.codes
    wanted = {"purchases": (ARRIVALS,), "demand": (DEMAND,)}.get(rule.row["base"], (DEMAND, INPUT))
    here = np.flatnonzero(np.isin(what, wanted))
    if rule.row["base"] == "purchases":
        at, market = rule.purchased(sender[here], site[here], material[here])
    else:
        at, market = rule.market.of(site[here])
    at = here[at]
    cell = rule.cell(material[at], market, t[at])
    inside = np.flatnonzero(cell >= 0)
    return cell[inside], at[inside], place[at[inside]]


def rules_of(parts: Parts, *limited: str, basis: str = "") -> Iterator[Rule]:
    """Rules that hold anywhere and limit one of these (``share`` for max_share and min_share), in the order of their
    names; of one basis alone where it is given.
    """
    for row, inside in parts.rules:
        if row["kind"].partition("_")[2] in limited and basis in ("", row["basis"]):
            rule = Rule(parts, row, inside)
            if rule.cells:
                yield rule
