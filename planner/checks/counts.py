"""Checks of rules on suppliers and awards: so many can supply, enough to be counted, and no rule denies another."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from mineral_sourcing.arrays import Array
from planner.awards import least_offered
from planner.checks.context import Network
from planner.checks.policy import sound_rules
from planner.checks.reach import suppliable
from planner.codes import Flags, keys
from planner.findings import Findings, written
from planner.parts import Parts
from planner.rules import SWITCHED, Rule
from planner.sentence_forms import Terms
from planner.sentences import sentence

TONNES = 10.0
"""Award of the row that a message proposes, in the instance's unit."""


@dataclass
class _Counted:
    """A rule and all that can ever count in it: pool, market, subject, site and material of each way to supply."""

    line: int
    rule: Rule
    pool: Array
    market: Array
    subject: Array
    site: Array
    material: Array

    @cached_property
    def asked(self) -> tuple[Array, Array]:
        """Each (pool, market, subject) once, and which of them each way belongs to."""
        rows = np.stack([self.pool, self.market, self.subject], axis=1)
        found, number = np.unique(rows, axis=0, return_inverse=True)
        return found, number.ravel()

    @cached_property
    def groups(self) -> list[tuple[int, ...]]:
        """Periods of each group."""
        return [tuple(np.flatnonzero(self.rule.label == at).tolist()) for at in range(len(self.rule.labels))]

    def within(self, other: "_Counted") -> Flags:
        """By (pool, market, subject) of :attr:`asked`, and group of periods: whether the other speaks of the same."""
        mine, theirs = self.rule.sets, other.rule.sets
        subject, pool, market = (np.array([one in some for one in own]) for own, some in zip(mine, theirs, strict=True))
        groups = set(other.groups)
        same = self.rule.bought == other.rule.bought
        found = self.asked[0]
        inside = same & pool[found[:, 0]] & market[found[:, 1]] & subject[found[:, 2]]
        found_in: Flags = inside[:, None] & np.array([group in groups for group in self.groups])
        return found_in

    def where(self, pool: int, market: int) -> str:
        """The cell in words."""
        name, of = self.rule.pools[pool], self.rule.markets[market]
        return f"{name} to {of}" if of else name


def _every(whole: Network, found: Findings, *kinds: str) -> Iterator[_Counted]:
    """The sound rules of some kinds, resolved; those on origin count by origin, not by who supplies."""
    rules = sound_rules(whole.instance, found)
    chosen = [(line, row) for line, row in rules if row["kind"] in kinds and row["basis"] != "origin"]
    if not chosen:
        return
    parts, places = Parts(whole.instance), _places(whole)
    begins, ends = parts.windows("rules")
    at = {int(line): number for number, line in enumerate(whole.instance.tables["rules"].index)}
    for line, row in chosen:
        rule = Rule(parts, row, range(begins[at[line]], ends[at[line]] + 1))
        if rule.cells:
            yield _counted(line, rule, *places[rule.bought])


def _places(whole: Network) -> dict[bool, tuple[Array, Array, Array]]:
    """Origin, destination and material of every lane that could carry anything, and the same of what is under way, by
    True; site, site and material of what is offered and made by False: places of all in the order of their names.
    """
    tables, nodes = whole.instance.tables, whole.nodes
    sites = {name: at for at, name in enumerate(sorted(tables["sites"]["site"]))}
    materials = {name: at for at, name in enumerate(sorted(tables["materials"]["material"]))}

    def codes(frame: Any, columns: tuple[str, ...], kept: Flags | None = None) -> list[Array]:
        some = frame if kept is None else frame[kept]
        of = (materials if name == "material" else sites for name in columns)
        return [some[name].map(known).to_numpy(dtype=np.int64) for name, known in zip(columns, of, strict=True)]

    ends = ("origin", "destination", "material")
    open_lanes = suppliable(whole.instance, nodes)[nodes.number["start"]].any(axis=1)
    open_lanes &= ~(whole.lanes["capacity"].to_numpy() == 0)
    bought = zip(codes(whole.lanes, ends, open_lanes), codes(tables["in_transit"], ends), strict=True)
    process = tables["processes"].set_index("process")["site"]
    made = tables["recipes"][tables["recipes"]["output"] > 0]
    made = made.assign(site=made["process"].map(process)).dropna(subset="site")
    offers = codes(tables["offers"], ("site", "site", "material"), ~(tables["offers"]["capacity"].to_numpy() == 0))
    sold = zip(offers, codes(made, ("site", "site", "material")), strict=True)
    true, false = (tuple(map(np.concatenate, pairs)) for pairs in (bought, sold))
    return {True: true, False: false}  # type: ignore[dict-item]


def _counted(line: int, rule: Rule, origin: Array, destination: Array, material: Array) -> _Counted:
    if rule.bought:
        at, market = rule.purchased(origin, destination, material)
    else:
        at = np.repeat(np.flatnonzero(rule.pool[material] >= 0), len(rule.markets))
        market = np.tile(np.arange(len(rule.markets)), len(at) // max(len(rule.markets), 1))
    way, subject = rule.subject.of(origin[at])
    at, market = at[way], market[way]
    return _Counted(line, rule, rule.pool[material[at]], market, subject, origin[at], material[at])


def suppliers(whole: Network, found: Findings) -> None:
    """A least number of suppliers: so many can supply, and something says how much makes one."""
    awards = [one for one in _every(whole, found, "min_award") if np.isnan(one.rule.row["penalty"])]
    for one in _every(whole, found, "min_suppliers"):
        row, every = one.rule.row, one.asked[0]
        cells, size = np.unique(every[:, :2], axis=0, return_counts=True)
        few = np.flatnonzero(size < row["limit"])
        for at in few[:1].tolist():
            inside = (every[:, :2] == cells[at]).all(axis=1)
            who = " and ".join(one.rule.subjects[number] for number in every[inside, 2].tolist())
            told = f"'{int(row['limit'])}' is above the {size[at]} that can supply {one.where(*cells[at])} ({who}); "
            told += "lower it, or add offers or lanes" + (f"; the same in {len(few) - 1} more" if len(few) > 1 else "")
            (found.fault if np.isnan(row["penalty"]) else found.warn)("rules", one.line, "limit", row["limit"], told)
        told = _uncounted(one, awards, whole)
        if told:
            found.fault("rules", one.line, "kind", row["kind"], told)


def _uncounted(one: _Counted, awards: list[_Counted], whole: Network) -> str:
    """What is said where nothing says how much makes a supplier."""
    parts, (every, of) = one.rule.parts, one.asked
    known = np.zeros((len(every), len(one.groups)), dtype=bool)
    for award in awards:
        known |= one.within(award)
    least = np.full(len(every), np.inf)
    np.minimum.at(least, of, least_offered(parts)[keys((one.site, one.material), (0, len(parts.materials)))])
    if one.rule.row["per"] != "period" or parts.years >= 1:
        known |= (least > 0)[:, None]
    open_ones = np.flatnonzero(~known.all(axis=1))
    if not len(open_ones):
        return ""
    who = one.rule.subjects[every[open_ones[0], 2]]
    row = {**one.rule.row, "rule": "", "kind": "min_award", "limit": TONNES, "penalty": None, "source": ""}
    return (
        f"nothing says how much makes '{who}' a supplier, so a gram would do: add a min_award row of the same "
        f"subjects, materials, market and periods, without a penalty, such as "
        f"'{sentence(row, Terms.of(whole.instance))}'; or "
        "give each of its offers a min_award"
    )


def awards(whole: Network, found: Findings) -> None:
    """A smallest award above what a subject can supply shuts it out: a problem where it shuts out all of them."""
    for one in _every(whole, found, "min_award"):
        row, parts = one.rule.row, one.rule.parts
        if row["base"] or not np.isnan(row["penalty"]):
            continue
        years = {"period": parts.years, "year": min(1.0, parts.count * parts.years)}
        room = capacities(parts) * years.get(row["per"], parts.count * parts.years) / parts.mass
        every, of = one.asked
        ways = np.unique(np.stack([of, keys((one.site, one.material), (0, len(parts.materials)))]), axis=1)
        most = np.bincount(ways[0], room[ways[1]], len(every))
        short = np.flatnonzero(most < row["limit"])
        if not len(short):
            continue
        largest = short[np.argmax(most[short])]
        who, where = one.rule.subjects[every[largest, 2]], one.where(*every[largest, :2])
        told = f"'{written(row['limit'])}' is above the {written(most[largest])} that '{who}' can supply of {where}"
        if len(short) == len(every):
            found.fault("rules", one.line, "limit", row["limit"], f"{told}, the most of all subjects; lower it")
        else:
            more = f", and so are {len(short) - 1} more" if len(short) > 1 else ""
            found.warn("rules", one.line, "limit", row["limit"], f"{told}: it is shut out{more}")


def capacities(parts: Parts) -> Array:
    """What each site can sell and make of each material in a year, in model units; without limit where more may come
    to it, or is stored there.
    """
    width = len(parts.materials)

    def at(table: str) -> Array:
        codes = (parts.codes(table, "site", parts.sites), parts.codes(table, "material", parts.materials))
        return keys(codes, (0, width))

    found = np.bincount(at("offers"), parts.numbers("offers", "capacity", np.inf), len(parts.sites) * width)
    process = parts.codes("recipes", "process", parts.processes)
    capacity = np.full(len(parts.processes), np.inf)
    capacity[parts.codes("processes", "process", parts.processes)] = parts.numbers("processes", "capacity", np.inf)
    output = parts.numbers("recipes", "output", 0.0)
    made = np.flatnonzero(output > 0)
    site, material = parts.process_site[process[made]], parts.codes("recipes", "material", parts.materials)[made]
    np.add.at(found, keys((site, material), (0, width)), capacity[process[made]] * output[made])
    found[at("stockpiles")] = np.inf
    lanes = parts.lanes
    found[keys((lanes.destination, lanes.material), (0, width))] = np.inf
    return found


def contradictions(whole: Network, found: Findings) -> None:
    """Rules of the same scope that cannot both hold: more suppliers at least than at most, shares that add up to more
    than all, an award above a cap, caps so low that so few suppliers cannot make up the whole.
    """
    hard = [one for one in _every(whole, found, *SWITCHED, "max_share") if np.isnan(one.rule.row["penalty"])]
    least = [one for one in hard if one.rule.row["kind"] in ("min_suppliers", "min_award")]
    for one in least:
        for other in hard:
            told = _denied(one.rule.row, other.rule.row)
            if told and one.within(other).any():
                told = f"{told} (rule '{other.rule.row['rule']}', the same scope): they cannot both hold"
                found.fault("rules", one.line, "limit", one.rule.row["limit"], told)
    for one in hard:
        if one.rule.row["kind"] == "max_suppliers":
            _crowded(one, hard, found)


def _denied(one: Any, other: Any) -> str:
    """What of two rows of the same scope cannot both hold, in words; empty if they can."""
    kinds, limit, most = (one["kind"], other["kind"]), one["limit"], other["limit"]
    if kinds == ("min_suppliers", "max_suppliers") and limit > most:
        return f"at least {int(limit)} suppliers and at most {int(most)}"
    if kinds == ("min_suppliers", "min_award") and other["base"] == "purchases" and limit * most > 1 + 1e-9:
        return f"{int(limit)} suppliers with at least {written(100 * most)} % each are more than all that is bought"
    same = one["base"] and one["base"] == other["base"]
    if kinds == ("min_award", "max_share") and same and limit > most:
        return f"at least {written(100 * limit)} % if anything, and at most {written(100 * most)} %"
    return ""


def _crowded(one: _Counted, hard: list[_Counted], found: Findings) -> None:
    """At most n suppliers, each with at most a share s of what is bought, cannot make up the whole where n · s < 1."""
    row = one.rule.row
    for other in hard:
        cap = other.rule.row
        every = not any(cells[name] for cells in (row, cap) for name in ("subject", "except"))
        whole = cap["kind"] == "max_share" and cap["base"] == "purchases" and cap["home_in_base"] == "yes" and every
        if whole and row["limit"] * cap["limit"] < 1 - 1e-9 and one.within(other).any():
            told = f"{int(row['limit'])} suppliers with at most {written(100 * cap['limit'])} % each (rule "
            told += f"'{cap['rule']}', the same scope) are less than all that is bought: nothing may be bought"
            found.fault("rules", one.line, "limit", row["limit"], told)
