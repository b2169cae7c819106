"""Rules of an instance into rows: who is counted, for whom, against what, in which periods.

Definitions: ``docs/definitions.md``, rules. One row of the table becomes one cap for each pool of stages and
materials, each market, each group of periods and each subject that has anything to count.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from mineral_sourcing.network import (
    Balance,
    Base,
    Cap,
    Concentration,
    Demand,
    Flow,
    Node,
    Processing,
    Recipe,
    Sale,
    Shipment,
)
from planner.instance import Instance
from planner.lanes import window
from planner.parts import Parts, group, tuples, under_way
from planner.scope import Scope, split


def materials_of(instance: Instance, rule: pd.Series) -> list[tuple[str, frozenset[str]]]:
    """Pools of materials of a rule, each with its label."""
    table = instance.tables["materials"]
    stage_of = dict(zip(table["material"], table["stage"], strict=True))
    named, stages = split(rule["material"]), split(rule["stage"])
    scope = [
        material
        for material, stage in stage_of.items()
        if (not named or material in named) and (not stages or stage in stages)
    ]
    if rule["pool"] != "together":
        return [(material, frozenset([material])) for material in scope]
    if rule["stage_pool"] == "each":
        by_stage = group((stage_of[material] for material in scope), scope)
        return [(_label(stage, members), frozenset(members)) for stage, members in by_stage.items()]
    if len(scope) == len(stage_of):
        return [("all", frozenset(scope))]
    return [(";".join(stages) if stages and not named else ";".join(scope), frozenset(scope))]


def _label(stage: str, members: list[str]) -> str:
    return members[0] if len(members) == 1 else stage


def markets_of(instance: Instance, scope: Scope, rule: pd.Series) -> list[tuple[str, frozenset[str]]]:
    """Markets of a rule, each with its label; one without a name where the rule takes no market."""
    if rule["basis"] == "made" and rule["base"] in ("", "purchases"):
        return [("", frozenset())]
    names = split(rule["market"])
    if not names:
        demands = instance.tables["demands"]
        materials = frozenset().union(*(members for _, members in materials_of(instance, rule)))
        names = tuple(sorted(set(demands.loc[demands["material"].isin(materials), "site"])))
        if rule["market_pool"] == "together":
            return [("all", frozenset(names))]
    elif rule["market_pool"] == "each" and len(names) == 1:
        names = scope.direct(names[0])
    if rule["market_pool"] == "together":
        return [(";".join(names), scope.sites(names))]
    return [(name, scope.sites([name])) for name in names]


def subjects_of(scope: Scope, rule: pd.Series) -> list[tuple[str, frozenset[str]]]:
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


def windows_of(instance: Instance, rule: pd.Series, periods: tuple[str, ...]) -> list[tuple[str, list[int]]]:
    """Groups of periods in each of which the rule holds, each with its label."""
    begins, ends = window(instance, pd.DataFrame([{"from": rule["from"], "until": rule["until"]}]))
    inside = list(range(int(begins[0]), int(ends[0]) + 1))
    if not inside:
        return []
    if rule["per"] == "period":
        return [(periods[t], [t]) for t in inside]
    if rule["per"] == "year":
        return list(group((periods[t][:4] for t in inside), inside).items())
    return [(f"{periods[inside[0]]}..{periods[inside[-1]]}", inside)]


Place = tuple[str, str, int]
"""(material, site, period)"""


@dataclass(frozen=True)
class _Counter:
    """Everything that may be counted, once for all rules, by material, site and period."""

    parts: Parts
    landing: dict[Place, list[Shipment]]
    """Shipments by where and when they arrive."""
    sales: dict[Place, list[Sale]]
    runs: dict[Place, list[Recipe]]
    uses: dict[Place, list[Recipe]]
    unmet: dict[Place, list[Demand]]
    releases: dict[Place, list[Node]]
    demand: dict[Place, list[float]]
    coming: dict[Place, list[tuple[str, float]]]
    """Origin and amount of what was under way at the start, by where and when it arrives."""
    site_of: dict[str, str]

    def purchases(self, places: list[Place], market: frozenset[str]) -> list[Shipment]:
        """Shipments that arrive at the market from outside it."""
        return [row for place in places for row in self.landing.get(place, ()) if row[0] not in market]

    def under_way(self, places: list[Place], market: frozenset[str]) -> list[tuple[str, float]]:
        """Arrivals by origin of what was under way at the start, from outside the market."""
        return [row for place in places for row in self.coming.get(place, ()) if row[0] not in market]


def _places(materials: frozenset[str], sites: Iterable[str], inside: list[int]) -> list[Place]:
    return [(material, site, t) for material in sorted(materials) for site in sorted(sites) for t in inside]


def _found(rows: Mapping[Place, list[Any]], places: list[Place]) -> list[Any]:
    return [row for place in places for row in rows.get(place, ())]


@dataclass
class _Rows:
    """A Concentration in the making, and the facts of each cap for the report."""

    data: dict[str, Any] = field(
        default_factory=lambda: {
            name: {} for name in Concentration.__dataclass_fields__ if name not in ("caps", "priced", "bases")
        }
    )
    caps: list[Cap] = field(default_factory=list)
    bases: list[Base] = field(default_factory=list)
    priced: list[Cap] = field(default_factory=list)


def _counter(parts: Parts, flow: Flow, processing: Processing, balance: Balance, demand: pd.DataFrame) -> _Counter:
    def placed(rows: Mapping[Node, list[Any]]) -> dict[Place, list[Any]]:
        return {(material, site, t): members for (site, material, t), members in rows.items() if members}

    coming = under_way(parts)
    return _Counter(
        parts=parts,
        landing=placed(balance.arriving),
        sales=placed(balance.selling),
        runs=placed(balance.making),
        uses=placed(balance.using),
        unmet=placed(balance.unmet),
        releases=placed(balance.stocked),
        demand=group(tuples(demand, ["material", "site", "t"]), demand["amount"].tolist()),
        coming=group(tuples(coming, ["material", "destination", "t"]), tuples(coming, ["origin", "arriving"])),
        site_of=dict(zip(parts["processes"]["process"], parts["processes"]["site"], strict=True)),
    )


def concentration(
    parts: Parts, flow: Flow, processing: Processing, balance: Balance, demand: pd.DataFrame
) -> Concentration:
    """Every cap and floor of the instance's rules."""
    counter = _counter(parts, flow, processing, balance, demand)
    rows = _Rows()
    instance, scope = parts.instance, parts.scope
    for _, rule in parts["rules"].sort_values(["rule", "from"], kind="stable").iterrows():
        subjects = subjects_of(scope, rule)
        for material, materials in materials_of(instance, rule):
            for market, sites in markets_of(instance, scope, rule):
                for label, inside in windows_of(instance, rule, parts.periods):
                    base: Base = (rule["rule"], rule["from"], material, market, label)
                    _add(rows, counter, rule, base, materials, sites, inside, subjects)
    return Concentration(caps=rows.caps, bases=rows.bases, priced=rows.priced, **rows.data)


def _add(
    rows: _Rows,
    counter: _Counter,
    rule: pd.Series,
    key: Base,
    materials: frozenset[str],
    market: frozenset[str],
    inside: list[int],
    subjects: list[tuple[str, frozenset[str]]],
) -> None:
    """The base of one (rule, materials, market, periods), then a cap for each subject."""
    bought = rule["basis"] == "purchases"
    at_market = _places(materials, market, inside)
    shipments = counter.purchases(at_market, market) if bought else []
    coming = counter.under_way(at_market, market) if bought else []
    anywhere = [] if bought else _places(materials, counter.parts.scope.place_of, inside)
    sales, runs = _found(counter.sales, anywhere), _found(counter.runs, anywhere)
    constant = _add_base(rows, counter, rule, key, at_market, (shipments, coming, sales, runs))
    is_cap = rule["kind"].startswith("max_")
    share = float(rule["limit"]) if rule["kind"].endswith("_share") else 0.0
    by_origin = group((shipment[0] for shipment in shipments), shipments)
    by_seller = group((sale[0] for sale in sales), sales)
    by_plant = group((counter.site_of[run[0]] for run in runs), runs)
    for subject, sites in subjects:
        counted = [item for site in sorted(sites) for item in by_origin.get(site, ())]
        sold = [item for site in sorted(sites) for item in by_seller.get(site, ())]
        made = [item for site in sorted(sites) for item in by_plant.get(site, ())]
        arriving = sum(amount for origin, amount in coming if origin in sites)
        if is_cap and not (counted or sold or made or arriving):
            continue
        cap: Cap = (key[0], key[1], subject, *key[2:])
        limit = share * constant if rule["kind"].endswith("_share") else float(rule["limit"])
        rows.caps.append(cap)
        data = rows.data
        data["sign"][cap] = 1.0 if is_cap else -1.0
        data["share"][cap] = share
        data["amount"][cap] = limit - arriving
        data["counted_shipments"][cap] = counted
        data["counted_sales"][cap] = sold
        data["counted_runs"][cap] = made
        data["given"][cap] = arriving
        data["base_given"][cap] = constant
        data["base_of"][cap] = [key] if key in data["base_constant"] else []
        _price(rows, counter.parts, rule, cap, inside)
        if not (counted or sold or made or data["base_of"][cap] or data["priced_in"][cap]):
            _constant_row(rows, cap, key)


def _price(rows: _Rows, parts: Parts, rule: pd.Series, cap: Cap, inside: list[int]) -> None:
    priced = not np.isnan(rule["penalty"])
    rows.data["priced_in"][cap] = [cap] if priced else []
    if priced:
        rows.priced.append(cap)
        rows.data["penalty"][cap] = float(rule["penalty"] * parts.discount[inside[0]])


def _constant_row(rows: _Rows, cap: Cap, key: Base) -> None:
    """A floor with no column to count still is a row: its right-hand side becomes a base that nothing can move."""
    base: Base = (key[0], key[1], f"{cap[2]}\n{key[2]}", key[3], key[4])
    _base(rows, base, rows.data["amount"][cap])
    rows.data["base_of"][cap] = [base]
    rows.data["share"][cap] = 1.0
    rows.data["amount"][cap] = 0.0


def _base(rows: _Rows, key: Base, constant: float, **members: list[Any]) -> None:
    rows.bases.append(key)
    rows.data["base_constant"][key] = constant
    for name in ("shipments", "sales", "runs", "unmet", "use", "releases"):
        rows.data[f"base_{name}"][key] = members.get(name, [])


def _add_base(
    rows: _Rows,
    counter: _Counter,
    rule: pd.Series,
    key: Base,
    at_market: list[Place],
    supply: tuple[list[Shipment], list[tuple[str, float]], list[Sale], list[Recipe]],
) -> float:
    """Add the column of a base that varies; return the part of it that is a given number instead."""
    wanted = float(sum(_found(counter.demand, at_market)))
    if rule["base"] in ("", "demand"):
        return wanted
    if rule["base"] == "consumption":
        _base(rows, key, wanted, unmet=_found(counter.unmet, at_market), use=_found(counter.uses, at_market))
        return 0.0
    shipments, coming, sales, runs = supply
    if rule["home_in_base"] == "no":
        home = counter.parts.scope.sites(["home"])
        shipments = [row for row in shipments if row[0] not in home]
        coming = [row for row in coming if row[0] not in home]
        sales = [row for row in sales if row[0] not in home]
        runs = [row for row in runs if counter.site_of[row[0]] not in home]
    releases = _found(counter.releases, at_market) if rule["stock_in_base"] == "yes" else []
    arriving = float(sum(amount for _, amount in coming))
    _base(rows, key, arriving, shipments=shipments, sales=sales, runs=runs, releases=releases)
    return 0.0
