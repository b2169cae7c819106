r"""Smallest awards: what each subject supplies at least if it supplies at all, and what bounds it.

A least number of suppliers counts a subject that supplies its smallest award. That is what a hard rule on awards of the
same scope says; where there is none, the least ``min_award`` among the offers that the subject supplies from, tonnes
that arrive in the cell or are made. Such a count forbids nobody to supply less: who does is not counted.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from mineral_sourcing.arrays import Array, Groups, Index, Values
from mineral_sourcing.network import Flow, Processing
from mineral_sourcing.rules import Concentration
from planner.assembly.needs import LaneLimits, Needs, sale_limits
from planner.assembly.parts import Parts
from planner.assembly.rules import COUNTS, Rule, rules_of
from planner.codes import keys
from planner.errors import InputError, Problem

Pairs = tuple[Array, Array]
"""Candidate and item."""


@dataclass(frozen=True)
class Awards:
    """Smallest awards of some candidates; model units."""

    least: Array
    """A quantity, or a share of demand; NaN where there is none."""
    share: Array
    """Share of a base that varies, else 0."""
    price: Array
    """Present value of a tonne short, NaN where nothing may be short."""
    told: Array
    """Whether a rule on awards says so."""
    demand: Array
    """Demand that the award is a share of, else 0."""

    @classmethod
    def of(cls, least: Array, **values: Array) -> "Awards":
        """Some awards, nothing but what is told."""
        zero = np.zeros(len(least))
        return cls(
            least, **{"share": zero, "price": np.full(len(least), np.nan), "told": zero, "demand": zero} | values
        )

    @classmethod
    def none(cls, count: int) -> "Awards":
        """No award at all."""
        return cls.of(np.full(count, np.nan))


def awards(parts: Parts, rule: Rule, cell: Array) -> Awards:
    """The awards of a rule on awards, by candidate.

    Args:
        cell: cell of each candidate.
    """
    limit, size = float(rule.row["limit"]), len(cell)
    due = float(rule.row["penalty"]) * parts.price * parts.discount[rule.first[cell % len(rule.labels)]]
    demand = rule.demand()[cell] if rule.row["base"] == "demand" else np.zeros(size)
    least = {"": np.full(size, limit * parts.mass), "demand": limit * demand}.get(rule.row["base"], np.zeros(size))
    share = np.full(size, limit if rule.varies else 0.0)
    return Awards.of(least, share=share, price=due, told=np.ones(size), demand=demand)


def offered(parts: Parts, flow: Flow, rule: Rule, pairs: dict[str, Pairs], count: int) -> Awards:
    """The awards that the offers of each candidate ask for; none where it may supply without one, or where a group of
    periods is shorter than the year that they hold for.
    """
    if rule.row["per"] == "period" and parts.years < 1:
        return Awards.none(count)
    least = np.full(count, np.inf)
    of_site, sizes = least_offered(parts), (0, len(parts.materials))
    for name, codes in (("shipments", flow.shipments.codes), ("sales", flow.sales.codes)):
        candidate, item = pairs[name]
        site, material = (codes[0], codes[2]) if name == "shipments" else codes[:2]
        np.minimum.at(least, candidate, of_site[keys((site[item], material[item]), sizes)])
    least[pairs["runs"][0]] = 0.0
    return Awards.of(np.where((least > 0) & np.isfinite(least), least, np.nan))


def least_offered(parts: Parts) -> Array:
    """The least award of any offer by site and material; 0 where there is none, or where it is made or stored too."""
    width = len(parts.materials)

    def at(table: str) -> Array:
        codes = (parts.codes(table, "site", parts.sites), parts.codes(table, "material", parts.materials))
        return keys(codes, (0, width))

    found = np.full(len(parts.sites) * width, np.inf)
    np.minimum.at(found, at("offers"), parts.numbers("offers", "min_award", 0.0))
    process = parts.codes("recipes", "process", parts.processes)
    given = parts.numbers("recipes", "output", 0.0) > 0
    made = keys((parts.process_site[process], parts.codes("recipes", "material", parts.materials)), (0, width))
    found[made[given]] = 0.0
    found[at("stockpiles")] = 0.0
    return np.where(np.isfinite(found), found, 0.0)


def beyond_need(parts: Parts, processing: Processing, more: Array) -> Array:
    """What may be worth buying beyond need, a year, by material, with what awards add: each of those that could supply
    takes its award once a market, where the material may also be stored, used or left over; else all that is bought is
    consumed, and no award makes it more.

    Args:
        more: the same without them.
    """
    rules = [rule for rule in rules_of(parts, "suppliers", "award") if rule.row["kind"] != "max_suppliers"]
    if not rules:
        return more
    loose = np.zeros(len(parts.materials), dtype=bool)
    for table in ("stockpiles", "recipes", "in_transit"):
        loose[parts.codes(table, "material", parts.materials)] = True
    material = parts.codes("offers", "material", parts.materials)
    offered = np.bincount(material, parts.numbers("offers", "min_award", 0.0), len(parts.materials))
    need = Needs(parts, processing, more).need.sum(axis=1) if any(rule.row["base"] for rule in rules) else more
    found = more.copy()
    for rule in rules:
        inside, limit = rule.pool >= 0, float(rule.row["limit"])
        if rule.row["kind"] in COUNTS:
            extra = offered * len(rule.markets)
        elif rule.row["base"]:
            extra = np.full(len(found), min(1.0, limit * _sellers(parts, rule)) * need[inside].sum())
        else:
            extra = np.full(len(found), limit * parts.mass * _sellers(parts, rule) * len(rule.markets))
        found[inside & loose] += extra[inside & loose]
    return found


def _sellers(parts: Parts, rule: Rule) -> int:
    """How many subjects offer or make a material in scope."""
    process, made = parts.codes("recipes", "process", parts.processes), parts.numbers("recipes", "output", 0.0) > 0
    site = np.concatenate([parts.codes("offers", "site", parts.sites), parts.process_site[process[made]]])
    material = np.concatenate(
        [
            parts.codes("offers", "material", parts.materials),
            parts.codes("recipes", "material", parts.materials)[made],
        ]
    )
    return len(np.unique(rule.subject.of(site[rule.pool[material] >= 0])[1]))


class Limits:
    """The most that candidates can supply, and that bases can be."""

    def __init__(self, parts: Parts, flow: Flow, processing: Processing, lanes: LaneLimits) -> None:
        self.parts, self.flow, self.processing, self.lanes = parts, flow, processing, lanes

    def most(self, pairs: dict[str, Pairs], count: int) -> Array:
        """The most that each candidate can supply; 0 where only what was under way counts."""
        limits, flow, processing, parts = self.lanes, self.flow, self.processing, self.parts
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
        need = self.lanes.needs.over(number, len(pairs), material, t)
        return np.bincount(pairs // width, np.minimum(np.bincount(of_group, most, len(pairs)), need), count)

    def _reach(self, concentration: Concentration, bases: Array) -> Array:
        """The most that each of some bases can be."""
        count = len(concentration.bases)
        asked = np.zeros(count, dtype=bool)
        asked[bases] = True

        def pairs(groups: Groups) -> Pairs:
            here = np.flatnonzero(asked[groups.rows])
            members = here if groups.members is None else groups.members[here].astype(np.int64)
            return groups.rows[here].astype(np.int64), members

        counted = (concentration.base_shipments, concentration.base_sales, concentration.base_runs)
        named = zip(("shipments", "sales", "runs"), map(pairs, counted), strict=True)
        using = self.processing.using
        base, item = pairs(concentration.base_use)
        ratio = using.project((0, 1), self.processing.inputs)[item]
        used = (
            self.processing.input.array[ratio]
            * self.lanes.needs.runs[using.project((0, 2), self.processing.runs)[item]]
        )
        found = concentration.base_constant.array + self.most(dict(named), count) + np.bincount(base, used, count)
        return np.asarray(found[bases])

    def awards(
        self,
        candidates: Index,
        at: Array,
        switches: Index,
        of_switch: Array,
        data: dict[str, Array],
        concentration: Concentration,
    ) -> dict[str, Any]:
        """The awards among the candidates ``at`` some places, for the family.

        Raises:
            InputError: nothing bounds what an award is a share of.
        """
        found, each = candidates.take(at), np.arange(len(at))
        values = {name: data[name][at] for name in ("least", "share", "price", "told", "given", "demand")}
        varying = np.flatnonzero(values["share"] > 0)
        base = found.take(varying).project((0, 1, 3, 4, 5), concentration.bases)
        reach = np.zeros(len(at))
        if len(varying):
            reach[varying] = self._reach(concentration, base)
        endless = found.column(0)[~np.isfinite(reach)]
        told = "asks for a share of a base that nothing bounds: give the sellers capacities"
        problems = [Problem("rules", None, "rule", rule, f"rule {rule} {told}") for rule in sorted(set(endless))]
        if problems:
            raise InputError(self.parts.instance.name, problems)
        priced = np.flatnonzero(~np.isnan(values["price"]))
        short = found.take(priced)
        return {
            "awards": found,
            "told": Values(found, values["told"]),
            "award_on": Groups(found, switches, each, of_switch[at]),
            "base_of": Groups(found, concentration.bases, varying, base),
            "least": Values(found, values["least"]),
            "share": Values(found, values["share"]),
            "reach": Values(found, reach),
            "award_given": Values(found, values["given"]),
            "award_base": Values(found, values["demand"]),
            "short": short,
            "short_in": Groups(found, short, priced),
            "price": Values(short, values["price"][priced]),
        }
