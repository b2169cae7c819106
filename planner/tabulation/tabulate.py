"""A solution into the plan's tables: tonnes in the period, money in the instance's currency.

Columns and meanings: ``docs/definitions.md``, the plan's tables. Rows stand in the order of their names, which is that
of the codes, so nothing is sorted as text.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from mineral_sourcing.arrays import Array, Labels
from planner.codes import keys
from planner.periods import label, ordinal
from planner.plan import PLAN_TABLES
from planner.tabulation.hhireport import hhi_parts, hhi_report
from planner.tabulation.measurereport import average_report, spend_report
from planner.tabulation.originreport import origins, tagged
from planner.tabulation.rulereport import prices, rule_report, worded
from planner.tabulation.solution import Found, Solution, frame, stacked, text, total
from planner.tabulation.standing import concentration, cover
from planner.tabulation.supplierreport import supplier_report, supplying, used_suppliers
from planner.tabulation.yearly import measures


def tables(solution: Solution, held: Mapping[int, float]) -> dict[str, pd.DataFrame]:
    """Every table of the plan.

    Args:
        held: least weighted unmet demand of each rank that was held, in model money.
    """
    made = _made(solution)
    tiers = _tiers(solution)
    supplied = supplying(solution)
    rules = worded(
        solution,
        rule_report(solution),
        supplier_report(solution, supplied),
        average_report(solution),
        spend_report(solution),
        hhi_report(solution),
    )
    supply = concentration(solution, made)
    found: dict[str, Found] = {
        "flows": _flows(solution),
        "sales": _sales(solution, tiers),
        "tiers": tiers,
        "activity": _activity(solution),
        "made": made,
        "stock": _stock(solution),
        "demand": _demand(solution),
        "surplus": _surplus(solution),
        "activations": stacked(_activations(solution), _reached(solution), used_suppliers(solution, supplied)),
        "rules": rules,
        "hhi": hhi_parts(solution),
        "cover": cover(solution, made),
        "concentration": supply,
        "measures": measures(solution, supply, made),
        "tagged": tagged(solution),
        "origins": origins(solution),
        "prices": prices(solution),
        "held": {
            "rank": np.array([float(rank) for rank in held]),
            "held": np.array([value * solution.money for value in held.values()]),
        },
    }
    named = {
        name: frame(columns, found[name], _length(found[name]))
        for name, columns in PLAN_TABLES.items()
        if name != "costs"
    }
    named["costs"] = _costs(solution, found, named)
    return {name: named[name] for name in PLAN_TABLES}


def _length(found: Found) -> int:
    """Rows of a table."""
    first = next(iter(found.values()))
    return len(first[1] if isinstance(first, tuple) else first)


def _period(solution: Solution, t: Array) -> tuple[Labels, Array]:
    return Labels(solution.parts.periods), t


def _flows(solution: Solution) -> Found:
    ship = solution.value("flow.ship")
    at = np.flatnonzero(ship)
    flow, parts = solution.network.flow, solution.parts
    lane, arrives = solution.assembled.lane[at], solution.assembled.arrives[at]
    length, first = parts.instance.header.period_length, parts.instance.header.first_period
    start = ordinal(first, length) or 0
    later = Labels([label(start + step, length) for step in range(max(arrives.max(initial=0) + 1, parts.count))])
    quantity = ship[at] * solution.mass
    origin, destination, material, t = (codes[at] for codes in flow.shipments.codes)
    return {
        "origin": (parts.sites, origin),
        "destination": (parts.sites, destination),
        "material": (parts.materials, material),
        "period": _period(solution, t),
        "arrives": (later, arrives),
        "quantity": quantity,
        "arriving": quantity * flow.kept.array[lane],
        "freight": quantity * flow.freight.array[lane] * solution.price,
        "duty": quantity * flow.duty.array[at] * solution.price,
        "t": t,
    }


def _sales(solution: Solution, tiers: Found) -> Found:
    """What offers sold; of those with tiers, price is the average of what was paid."""
    sold = solution.value("flow.sold")
    at = np.flatnonzero(sold)
    flow = solution.network.flow
    site, material, since, t = (codes[at] for codes in flow.sales.codes)
    price = flow.price.array[flow.sales.project((0, 1, 2), flow.offers)] * solution.price
    price[flow.surcharged.project((0, 1, 2, 3), flow.sales)] += flow.surcharge.array * solution.price
    cost = sold * solution.mass * price
    tiered = solution.network.tiers.sales.project((0, 1, 2, 3), flow.sales)
    cost[tiered] = 0.0
    np.add.at(cost, tiers["sale"], tiers["cost"])
    price[tiered] = cost[tiered] / np.where(sold[tiered] > 0, sold[tiered] * solution.mass, 1.0)
    return {
        "site": (solution.parts.sites, site),
        "material": (solution.parts.materials, material),
        "from": (flow.sales.labels[2], since),
        "period": _period(solution, t),
        "quantity": sold[at] * solution.mass,
        "price": price[at],
        "cost": cost[at],
        "t": t,
    }


def _tiers(solution: Solution) -> Found:
    """What was bought in each tier; ``sale`` is the sale that it belongs to."""
    data, flow = solution.network.tiers, solution.network.flow
    bought = solution.value("tiers.bought")
    at = np.flatnonzero(bought)
    site, material, since, t, tier = (codes[at] for codes in data.parts.codes)
    own = data.parts.project((0, 1, 4), data.tiers)[at]
    listed = flow.price.array[data.parts.project((0, 1, 2), flow.offers)][at]
    price = np.where(own >= 0, np.append(data.price.array, 0.0)[own], listed) * solution.price
    return {
        "site": (solution.parts.sites, site),
        "material": (solution.parts.materials, material),
        "from": (data.parts.labels[2], since),
        "period": _period(solution, t),
        "from_quantity": solution.assembled.ladders.starts(site, material, tier) * solution.mass,
        "quantity": bought[at] * solution.mass,
        "price": price,
        "cost": bought[at] * solution.mass * price,
        "sale": data.parts.project((0, 1, 2, 3), flow.sales)[at],
    }


def _activity(solution: Solution) -> Found:
    activity = solution.value("processing.activity")
    at = np.flatnonzero(activity)
    processing, parts = solution.network.processing, solution.parts
    process, t = (codes[at] for codes in processing.runs.codes)
    return {
        "process": (parts.processes, process),
        "site": (parts.sites, parts.process_site[process]),
        "period": _period(solution, t),
        "activity": activity[at] * solution.mass,
        "cost": activity[at] * processing.toll.array[process] * solution.money,
        "t": t,
    }


def _made(solution: Solution) -> Found:
    """What processes use and make: one row a process, material and period with either."""
    activity, parts = solution.value("processing.activity"), solution.parts
    processing, width = solution.network.processing, len(solution.parts.materials)
    sides = []
    for pairs, ratios, ratio in (
        (processing.using, processing.inputs, processing.input),
        (processing.making, processing.outputs, processing.output),
    ):
        amount = activity[pairs.project((0, 2), processing.runs)] * ratio.array[pairs.project((0, 1), ratios)]
        sides.append((keys(pairs.codes, (0, width, parts.count)), amount * solution.mass))
    at, number = np.unique(np.concatenate([key for key, _ in sides]), return_inverse=True)
    split = len(sides[0][0])
    used = np.bincount(number[:split], sides[0][1], len(at))
    made = np.bincount(number[split:], sides[1][1], len(at))
    here = np.flatnonzero((used > 0) | (made > 0))
    rest, t = np.divmod(at[here], parts.count)
    process, material = np.divmod(rest, max(width, 1))
    return {
        "process": (parts.processes, process),
        "site": (parts.sites, parts.process_site[process]),
        "material": (parts.materials, material),
        "period": _period(solution, t),
        "input": used[here],
        "output": made[here],
        "t": t,
    }


def _stock(solution: Solution) -> Found:
    network, parts = solution.network.stock, solution.parts
    closing, fill, release = (
        solution.value(f"stockpile.{name}") * solution.mass for name in ("stock", "fill", "release")
    )
    opening = network.opening.array * solution.mass
    later = ~solution.assembled.piles.first
    opening = np.where(later, np.roll(closing, 1), opening)
    site, material, t = network.nodes.codes
    return {
        "site": (parts.sites, site),
        "material": (parts.materials, material),
        "period": _period(solution, t),
        "opening": opening,
        "fill": fill,
        "release": release,
        "loss": opening * (1 - network.keeps.array),
        "closing": closing,
        "holding_cost": closing * network.holding_cost.array * solution.price,
        "t": t,
    }


def _demand(solution: Solution) -> Found:
    parts, priority, demand = solution.parts, solution.network.priority, solution.parts.demand
    unmet = solution.value("priority.unmet") * solution.mass
    order = np.lexsort((demand.priority, demand.t, demand.material, demand.site))
    wanted = demand.amount * solution.mass
    return {
        "site": (parts.sites, demand.site[order]),
        "material": (parts.materials, demand.material[order]),
        "period": _period(solution, demand.t[order]),
        "priority": (demand.priorities, demand.priority[order]),
        "demand": wanted[order],
        "unmet": unmet[order],
        "consumed": (wanted - unmet)[order],
        "unmet_cost": (unmet * priority.unmet_cost.array[demand.priority])[order] * solution.price,
        "t": demand.t[order],
    }


def _surplus(solution: Solution) -> Found:
    surplus = solution.value("balance.surplus")
    at = np.flatnonzero(surplus)
    balance, parts = solution.network.balance, solution.parts
    site, material, t = (codes[at] for codes in balance.surplus.codes)
    return {
        "site": (parts.sites, site),
        "material": (parts.materials, material),
        "period": _period(solution, t),
        "quantity": surplus[at] * solution.mass,
        "cost": surplus[at] * balance.disposal_cost.array[material] * solution.money,
        "t": t,
    }


def _activations(solution: Solution) -> Found:
    data, parts = solution.network.activation, solution.parts
    used = sum(
        total(members, np.ones(len(members.of)), solution.value(name))
        for members, name in (
            (data.sales, "flow.sold"),
            (data.runs, "processing.activity"),
            (data.shipments, "flow.ship"),
        )
    )
    at = np.flatnonzero(solution.value("activation.on") * ((used > 0) | (data.cost.array > 0)))  # idle and free is off
    names = ("kind", "site", "destination", "material", "process", "from", "period")
    columns = zip(data.switches.labels, (codes[at] for codes in data.switches.codes), strict=True)
    first = {name: t for t, name in reversed(list(enumerate(parts.calendar)))}
    steps = {name: t for t, name in enumerate(parts.periods)}
    t = np.array([steps.get(name, first.get(name[:4], 0)) for name in data.switches.column(6)[at]], dtype=np.int64)
    return {
        **dict(zip(names, columns, strict=True)),
        "used": np.ones(len(at)),
        "cost": data.cost.array[at] / parts.discount[t] * solution.money,
        "t": t,
    }


def _reached(solution: Solution) -> Found:
    """Tiers that were reached, where that is a yes or no; ``from`` is the threshold in tonnes."""
    index, parts = solution.network.tiers.switches, solution.parts
    at = np.flatnonzero(solution.value("tiers.reached"))
    site, material, year, tier = (codes[at] for codes in index.codes)
    thresholds = solution.thresholds(site, material, tier)
    nothing = np.zeros(len(at))
    return {
        "kind": (Labels(["tier"]), nothing.astype(np.int64)),
        "site": (parts.sites, site),
        "material": (parts.materials, material),
        "from": (Labels(thresholds), np.arange(len(at))),
        "period": (index.labels[2], year),
        "used": np.ones(len(at)),
        "cost": nothing,
        "t": nothing.astype(np.int64),
    }


_NAMES = {
    "disposal": ("site", "material"),
    "duty": ("site", "destination", "material"),
    "freight": ("site", "destination", "material"),
    "holding": ("site", "material"),
    "in_transit": (),
    "lane_fixed": ("site", "destination", "material"),
    "offer_fixed": ("site", "material"),
    "penalty": ("rule",),
    "process_fixed": ("site", "process"),
    "processing": ("site", "process"),
    "purchase": ("site", "material"),
    "route_fixed": ("site", "destination"),
    "unmet": ("site", "material", "priority"),
}
"""Names that tell the rows of a component apart."""


def _costs(solution: Solution, found: Mapping[str, Found], named: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """One breakdown that adds up to the objective."""
    fixed, parts = named["activations"].assign(t=found["activations"]["t"]), solution.parts
    place = text(parts.sites, parts.process_site)
    of_process = dict(zip(parts.processes.names.tolist(), place.tolist(), strict=True))
    fixed["site"] = fixed["site"].where(fixed["process"] == "", fixed["process"].map(of_process)).astype("str")
    unpaid = solution.network.flow.unpaid.array * solution.money
    flows = named["flows"].rename(columns={"origin": "site"}).assign(t=found["flows"]["t"])
    pieces = {
        "disposal": (named["surplus"].assign(t=found["surplus"]["t"]), "cost"),
        "duty": (flows, "duty"),
        "freight": (flows, "freight"),
        "holding": (named["stock"].assign(t=found["stock"]["t"]), "holding_cost"),
        "in_transit": (pd.DataFrame({"t": np.arange(len(unpaid)), "due": unpaid}), "due"),
        "penalty": (named["rules"].assign(t=found["rules"]["t"]), "penalty"),
        "processing": (named["activity"].assign(t=found["activity"]["t"]), "cost"),
        "purchase": (named["sales"].assign(t=found["sales"]["t"]), "cost"),
        "unmet": (named["demand"].assign(t=found["demand"]["t"]), "unmet_cost"),
    } | {f"{kind}_fixed": (fixed.loc[fixed["kind"] == kind], "cost") for kind in ("lane", "offer", "process", "route")}
    rows = [
        _component(solution, name, *pieces[name])
        for name in sorted(pieces)
        if (pieces[name][0][pieces[name][1]] != 0).any()
    ]
    columns = list(PLAN_TABLES["costs"])
    return (
        pd.concat(rows, ignore_index=True)
        if rows
        else frame(columns, {}, 0).astype(dict.fromkeys(columns[8:], "float64"))
    )


def _component(solution: Solution, name: str, rows: pd.DataFrame, money: str) -> pd.DataFrame:
    """Costs of one kind, one row a period and the names that tell it apart."""
    told = [*_NAMES[name], "t"]
    rows = rows.loc[rows[money] != 0, [*told, money]]
    if rows.duplicated(told).any() or name in ("processing", "unmet"):
        rows = rows.groupby(told)[money].sum().reset_index()
    t = rows["t"].to_numpy(dtype=np.int64)
    amount, factor = rows[money].to_numpy(), solution.parts.discount[t]
    return frame(
        PLAN_TABLES["costs"],
        {
            **{column: rows[column].reset_index(drop=True) for column in _NAMES[name]},
            "component": text(Labels([name]), np.zeros(len(rows), dtype=np.int64)),
            "period": solution.periods(t),
            "amount": amount,
            "discount_factor": factor,
            "present_value": amount * factor,
        },
        len(rows),
    )
