"""``python -m tests.published.capped [FOLDER]``: published cases under caps on shares, HHI and counts of suppliers.

Each is solved through the planner's own tables and by a second method from the case's facts: a cone program, the least
over all sets of suppliers where there are yes-or-no decisions, or every assignment of customers to single sources.
Without a folder the cases are those that are kept here; single-source location is read from a folder.
"""

import argparse
import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import planner
from planner.plan import Plan
from planner.read import from_frames
from tests.cone import Cone
from tests.published.blends import steel
from tests.published.case import Case
from tests.published.location import exclusive, single_source, warehouses
from tests.published.textbook import Facts

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Caps:
    """What is asked beyond the published case; shares and awards are parts of all that is bought."""

    name: str
    hhi: float
    penalty: float | None = None
    share: float | None = None
    count: int | None = None
    at_least: int | None = None
    """Suppliers at least."""
    award: float | None = None
    """Least that a supplier sells, if anything."""
    by: str = "site"


STEEL = (
    Caps("HHI by site", 0.22),
    Caps("HHI by site, near equal shares", 0.14),
    Caps("HHI by group", 0.5005, by="group"),
    Caps("HHI by site, priced", 0.2, penalty=6.0),
    Caps("HHI and share cap", 0.22, share=0.25),
    Caps("HHI and five suppliers", 0.21, count=5),
    Caps("HHI, four suppliers and share cap", 0.26, count=4, share=0.3),
)
LOCATION = (
    Caps("HHI", 0.185),
    Caps("HHI, priced", 0.18, penalty=0.5),
    Caps("HHI, share cap", 0.2, share=0.21),
    Caps("HHI, five suppliers", 0.202, count=5),
)

SINGLE = (
    *LOCATION,
    Caps("HHI, share cap of 30 %", 0.24, share=0.3),
    Caps("HHI, share cap, four suppliers", 0.3, share=0.35, count=4),
    Caps("HHI, five suppliers at least, awards", 0.3, at_least=5, award=0.1),
    Caps("HHI, awards of 15 % at least", 0.3, award=0.15),
    Caps("HHI, share cap, awards, three to five suppliers", 0.26, share=0.34, count=5, at_least=3, award=0.1),
)
"""Of cases in which each customer has one supplier."""


def _capped(case: Case, caps: Caps, scope: dict[str, Any]) -> Case:
    """The case with its rules."""
    if caps.by == "group":
        scope = {**scope, "subject_by": "group", "subject": "union;other labour"}
    case.add("rules", rule="hhi", kind="max_hhi", limit=caps.hhi, base="purchases", penalty=caps.penalty, **scope)
    if caps.share is not None:
        case.add("rules", rule="share", kind="max_share", limit=caps.share, base="purchases", **scope)
    if caps.count is not None:
        case.add("rules", rule="count", kind="max_suppliers", limit=caps.count, **scope)
    if caps.at_least is not None:
        case.add("rules", rule="at least", kind="min_suppliers", limit=caps.at_least, **scope)
    if caps.award is not None:
        case.add("rules", rule="award", kind="min_award", limit=caps.award, base="purchases", **scope)
    return case


def steel_plan(facts: Facts, caps: Caps) -> Plan:
    """New Bedford Steel under the caps, by the planner."""
    scope = {"subject_by": "site", "market": "works", "basis": "purchases", "per": "year"}
    case = _capped(steel(facts), caps, scope)
    return planner.solve(from_frames(case.header, case.tables), gap=1e-7).plan


def steel_least(facts: Facts, caps: Caps) -> float:
    """The same by a cone program, for every set of so many bids where these are counted."""
    bids = range(len(facts["bids"]))
    sets = [tuple(bids)] if caps.count is None else itertools.combinations(bids, caps.count)
    return min(least for chosen in sets if (least := _steel(facts, caps, chosen)) is not None)


def _steel(facts: Facts, caps: Caps, chosen: tuple[int, ...]) -> float | None:
    program, demand = Cone(), float(facts["demand"])
    bought = {bid: program.column(facts["price"][bid], 0.0, facts["capacity"][bid]) for bid in chosen}
    total = program.total(dict.fromkeys(bought.values(), 1.0))
    program.equal.append(({total: 1.0}, demand))
    average = {bought[bid]: facts["min_volatility"] - facts["volatility"][bid] for bid in chosen}
    program.below.append((average, 0.0))
    union = {bought[bid]: float(-facts["union"][bid]) for bid in chosen}
    program.below.append((union, -facts["union_share_min"] * demand))
    for truck, limit in ((0, facts["rail_cap"]), (1, facts["truck_cap"])):
        carried = {bought[bid]: 1.0 for bid in chosen if facts["truck"][bid] == truck}
        if carried:
            program.below.append((carried, limit))
    if caps.by == "group":
        labour = [{bought[bid]: 1.0 for bid in chosen if facts["union"][bid] == kind} for kind in (0, 1)]
        program.cap([program.total(members) for members in labour], total, caps.hhi, caps.penalty)
    else:
        program.cap(list(bought.values()), total, caps.hhi, caps.penalty)
    if caps.share is not None:
        for column in bought.values():
            program.below.append(({column: 1.0, total: -caps.share}, 0.0))
    return program.least()


@dataclass(frozen=True)
class Location:
    """The first warehouses and customers of a location case, as arrays."""

    capacity: np.ndarray[Any, Any]
    fixed: np.ndarray[Any, Any]
    demand: np.ndarray[Any, Any]
    cost: np.ndarray[Any, Any]
    """Of serving all of a customer's demand: customers by warehouses."""


def first_of(case: Case, warehouses: int, customers: int) -> tuple[Case, Location]:
    """A smaller case: the first warehouses and customers; capacities keep their proportion to demand."""
    sites = [row["site"] for row in case.tables["offers"]][:warehouses]
    buyers = [row["site"] for row in case.tables["demands"]][:customers]
    kept = {*sites, *buyers}
    demand = {row["site"]: row["quantity"] for row in case.tables["demands"]}
    share = sum(demand[buyer] for buyer in buyers) / sum(demand.values())
    share *= len(case.tables["offers"]) / warehouses
    small = Case(case.header)
    for table, rows in case.tables.items():
        for row in rows:
            names = {row[name] for name in ("site", "origin", "destination") if name in row}
            if names <= kept:
                scaled = {"capacity": row["capacity"] * share} if table == "offers" and row.get("capacity") else {}
                small.add(table, **{**row, **scaled})
    offers = {row["site"]: row for row in small.tables["offers"]}
    freight = {(row["origin"], row["destination"]): row["freight"] for row in small.tables["lanes"]}
    cost = [[freight[site, buyer] * demand[buyer] for site in sites] for buyer in buyers]
    return small, Location(
        np.array([offers[site].get("capacity", np.inf) for site in sites]),
        np.array([offers[site]["fixed_cost"] for site in sites]),
        np.array([demand[buyer] for buyer in buyers]),
        np.array(cost),
    )


def location_plan(case: Case, caps: Caps) -> Plan:
    """A location case under the caps, by the planner."""
    buyers = ";".join(row["site"] for row in case.tables["demands"])
    scope = {"subject_by": "site", "basis": "purchases", "market": buyers, "market_pool": "together", "per": "year"}
    case = _capped(case, caps, scope)
    return planner.solve(from_frames(case.header, case.tables), gap=1e-7).plan


def location_least(facts: Location, caps: Caps) -> float:
    """The same by a cone program for every set of warehouses."""
    found, count = np.inf, len(facts.fixed)
    for size in range(1, (caps.count or count) + 1):
        for chosen in itertools.combinations(range(count), size):
            if facts.capacity[list(chosen)].sum() >= facts.demand.sum():
                least = _location(facts, caps, chosen)
                found = min(found, np.inf if least is None else least + facts.fixed[list(chosen)].sum())
    return float(found)


def _location(facts: Location, caps: Caps, chosen: tuple[int, ...]) -> float | None:
    program, demand = Cone(), facts.demand
    served = {
        (buyer, site): program.column(facts.cost[buyer, site] / demand[buyer])
        for buyer in range(len(demand))
        for site in chosen
    }
    for buyer in range(len(demand)):
        program.equal.append(({served[buyer, site]: 1.0 for site in chosen}, float(demand[buyer])))
    sold = [program.total({served[buyer, site]: 1.0 for buyer in range(len(demand))}) for site in chosen]
    total = program.total(dict.fromkeys(sold, 1.0))
    for site, column in zip(chosen, sold, strict=True):
        if np.isfinite(facts.capacity[site]):
            program.below.append(({column: 1.0}, float(facts.capacity[site])))
        if caps.share is not None:
            program.below.append(({column: 1.0, total: -caps.share}, 0.0))
    if caps.penalty is None and len(chosen) * caps.hhi <= 1.0 + 1e-12:  # a cone of one ray, which no cone solver likes
        program.equal += [({column: 1.0, total: -caps.hhi}, 0.0) for column in sold]
    else:
        program.cap(sold, total, caps.hhi, caps.penalty)
    return program.least()


def single_least(facts: Location, caps: Caps) -> float:
    """Every assignment of customers to one warehouse each, tried."""
    count, customers = len(facts.fixed), len(facts.demand)
    of = np.array(list(itertools.product(range(count), repeat=customers)))
    cost = facts.cost[np.arange(customers), of].sum(axis=1)
    sold = np.stack([(of == site) @ facts.demand for site in range(count)], axis=1)
    cost += (sold > 0) @ facts.fixed
    excess = (sold**2).sum(axis=1) / facts.demand.sum() - caps.hhi * facts.demand.sum()
    fits = (sold <= facts.capacity + 1e-9).all(axis=1)
    if caps.penalty is None:
        fits &= excess <= 1e-9
    else:
        cost += caps.penalty * np.maximum(excess, 0.0)
    if caps.share is not None:
        fits &= (sold <= caps.share * facts.demand.sum() + 1e-9).all(axis=1)
    if caps.count is not None:
        fits &= (sold > 0).sum(axis=1) <= caps.count
    if caps.at_least is not None:
        fits &= (sold > 0).sum(axis=1) >= caps.at_least
    if caps.award is not None:
        fits &= ((sold == 0) | (sold >= caps.award * facts.demand.sum() - 1e-9)).all(axis=1)
    return float(cost[fits].min(initial=np.inf))


def answers(folder: Path) -> Iterator[tuple[str, Plan, float]]:
    """Every case: its name, the planner's plan and the least cost by the second method."""
    path = folder / "textbook" / "cases" / "new_bedford_steel.json"
    facts = json.loads(path.read_text())
    for caps in STEEL:
        yield f"steel, {caps.name}", steel_plan(facts, caps), steel_least(facts, caps)
    for name in ("cap41", "cap71"):
        text = (folder / "cflp_orlib" / "data" / f"{name}.txt").read_text()
        for caps in LOCATION:
            case, part = first_of(warehouses(text), 6, 9)
            yield f"{name}, {caps.name}", location_plan(case, caps), location_least(part, caps)
    yield from exclusives("cap71", exclusive(warehouses((folder / "cflp_orlib" / "data" / "cap71.txt").read_text())))
    for path in sorted((folder / "sscflp" / "holmberg").glob("p*")):
        yield from exclusives(path.name, single_source(path.read_text()))


def exclusives(name: str, whole: Case) -> Iterator[tuple[str, Plan, float]]:
    """The cases of a location problem with one supplier each in which anything keeps the rules."""
    for caps in SINGLE:
        case, part = first_of(whole, 6, 7)
        least = single_least(part, caps)
        if np.isfinite(least):
            yield f"{name} single source, {caps.name}", location_plan(case, caps), least


def main() -> None:
    """Read the command line and print one line a case."""
    parser = argparse.ArgumentParser(prog="python -m tests.published.capped", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=DATA)
    start = time.process_time()
    print(f"{'case':<46}{'planner':>14}{'second method':>16}{'bound':>14}{'HHI':>9}  differs by")
    for name, plan, least in answers(parser.parse_args().folder):
        hhi = plan.rules.loc[plan.rules["kind"] == "max_hhi", "actual"].max()
        off = plan.objective / least - 1.0
        print(f"{name:<46}{plan.objective:>14.3f}{least:>16.3f}{plan.bound:>14.3f}{hhi:>9.5f}  {off:+.1e}", flush=True)
    print(f"{time.process_time() - start:.1f} CPU seconds")


if __name__ == "__main__":
    main()
