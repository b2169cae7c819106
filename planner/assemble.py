"""Rows of tables into a Network: every index set and parameter of the model.

Units are converted in ``parts.py``, before anything is read here.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from mineral_sourcing.network import Balance, Capacity, Flow, Network, Node, Priority, Processing
from planner.instance import Instance
from planner.lanes import KEY
from planner.limits import activation
from planner.parts import Parts, arrivals, demand_rows, group, parts_of, spread, tuples, under_way
from planner.rules import concentration
from planner.stock import stock


def assemble(instance: Instance) -> Network:
    """An instance, checked, into the network that the model is built from."""
    return network_of(parts_of(instance))


def network_of(parts: Parts) -> Network:
    """The network of an instance whose parts are known."""
    flow = _flow(parts)
    processing = _processing(parts)
    priority, demand = _priority(parts)
    stocks = stock(parts)
    balance = _balance(parts, flow, processing, priority, demand, stocks.nodes)
    switches = activation(parts, flow, processing, balance)
    return Network(
        name=parts.instance.name,
        periods=parts.periods,
        discount=dict(enumerate(parts.discount.tolist())),
        unit_mass=parts.units.mass,
        unit_money=parts.units.money,
        flow=flow,
        processing=processing,
        balance=balance,
        capacity=_capacity(parts, flow, switches.keys),
        priority=priority,
        stock=stocks,
        concentration=concentration(parts, flow, processing, balance, demand),
        activation=switches,
    )


def _flow(parts: Parts) -> Flow:
    lanes = parts.lanes
    dispatch = arrivals(parts)
    shipments = tuples(dispatch, [*KEY, "t"])
    duty = parts.duty[dispatch["lane"], dispatch["t"]]
    lane_keys = tuples(lanes, KEY)
    offers = parts["offers"].sort_values(["site", "material", "from"])
    sales = spread(parts, offers)
    sale_keys = tuples(sales, ["site", "material", "from", "t"])
    return Flow(
        shipments=shipments,
        shipment_limit=dict(zip(shipments, dispatch["limit"].tolist(), strict=True)),
        kept=dict(zip(lane_keys, (1 - lanes["loss"]).tolist(), strict=True)),
        freight=dict(zip(lane_keys, lanes["freight"].tolist(), strict=True)),
        duty={key: value for key, value in zip(shipments, duty.tolist(), strict=True) if value},
        sales=sale_keys,
        sale_limit=dict(zip(sale_keys, (sales["capacity"] * parts.years).fillna(np.inf).tolist(), strict=True)),
        price=dict(zip(tuples(offers, ["site", "material", "from"]), offers["price"].tolist(), strict=True)),
        unpaid=_unpaid(parts),
    )


def _unpaid(parts: Parts) -> dict[int, float]:
    rows = under_way(parts)
    rows = rows.loc[rows["paid"] == "no"]
    offers = spread(parts, parts["offers"])
    listed = offers.loc[offers["t"] == 0, ["site", "material", "price"]].rename(columns={"site": "origin"})
    rows = rows.merge(listed, on=["origin", "material"], how="left").fillna({"price": 0.0})
    due = rows["quantity"] * (rows["price"] + rows["freight"] + rows["duty"])
    return {int(t): float(value) for t, value in due.groupby(rows["t"]).sum().items()}  # type: ignore[call-overload]


def _processing(parts: Parts) -> Processing:
    processes = parts["processes"].sort_values("process")
    runs = spread(parts, processes)
    keys = tuples(runs, ["process", "t"])
    recipes = parts["recipes"].sort_values(["process", "material"])

    def ratios(column: str) -> dict[tuple[str, str], float]:
        used = recipes.loc[recipes[column] > 0]
        return dict(zip(tuples(used, ["process", "material"]), used[column].tolist(), strict=True))

    return Processing(
        runs=keys,
        run_limit=dict(zip(keys, (runs["capacity"] * parts.years).fillna(np.inf).tolist(), strict=True)),
        toll=dict(zip(processes["process"].tolist(), processes["cost"].tolist(), strict=True)),
        input=ratios("input"),
        output=ratios("output"),
    )


def _priority(parts: Parts) -> tuple[Priority, pd.DataFrame]:
    demand = demand_rows(parts)
    table = parts["priorities"].set_index("priority")
    used = sorted(set(demand["priority"]))
    rank = {name: int(table["rank"].get(name, 1)) for name in used}
    cost = {name: float(table["unmet_cost"].get(name, np.nan)) for name in used}
    ranks = sorted({rank[name] for name in used if name})
    several = len(ranks) > 1
    hard = {name for name in used if not name or (np.isnan(cost[name]) and not several)}
    one = parts.units.mass / parts.units.money
    keys = tuples(demand, ["site", "material", "t", "priority"])
    limit = np.where(demand["priority"].isin(hard), 0.0, demand["amount"])

    def is_held(name: str) -> bool:
        return name not in hard and several and (rank[name] < ranks[-1] or np.isnan(cost[name]))

    held = [key for key in keys if is_held(key[3])]
    ranked = group([rank[key[3]] for key in held], held)
    return (
        Priority(
            demands=keys,
            unmet_limit=dict(zip(keys, limit.tolist(), strict=True)),
            unmet_cost={name: 0.0 if np.isnan(cost[name]) else cost[name] for name in used},
            ranks=sorted(ranked),
            ranked=ranked,
            weight={name: one if np.isnan(cost[name]) else cost[name] for name in used},
        ),
        demand,
    )


def _balance(
    parts: Parts,
    flow: Flow,
    processing: Processing,
    priority: Priority,
    demand: pd.DataFrame,
    stocked: list[Node],
) -> Balance:
    lead = dict(zip(tuples(parts.lanes, KEY), parts.lanes["lead_time"].astype(int).tolist(), strict=True))
    landing = [(d, k, t + lead[o, d, k]) for o, d, k, t in flow.shipments]
    arriving = {node: list(found) for node, found in group(landing, flow.shipments).items() if node[2] < parts.count}
    site_of = dict(zip(parts["processes"]["process"], parts["processes"]["site"], strict=True))
    recipes: dict[str, dict[Node, list[Any]]] = {}
    for name, ratios in (("input", processing.input), ("output", processing.output)):
        materials = group((process for process, _ in ratios), (material for _, material in ratios))
        rows = [(p, k, t) for p, t in processing.runs for k in materials.get(p, ())]
        recipes[name] = group(((site_of[p], k, t) for p, k, t in rows), rows)
    underway = under_way(parts)
    coming: Mapping[Any, float] = underway.groupby(["destination", "material", "t"])["arriving"].sum().to_dict()
    total: Mapping[Any, float] = demand.groupby(["site", "material", "t"])["amount"].sum().to_dict()
    leaving = group(((o, k, t) for o, _, k, t in flow.shipments), flow.shipments)
    selling = group(((i, k, t) for i, k, _, t in flow.sales), flow.sales)
    unmet = group(((i, k, t) for i, k, t, _ in priority.demands), priority.demands)
    surplus = sorted({*recipes["output"], *coming})
    nodes = sorted({*arriving, *leaving, *selling, *recipes["input"], *recipes["output"], *stocked, *unmet, *coming})

    def full(members: Mapping[Any, list[Any]]) -> dict[Node, list[Any]]:
        return {node: members.get(node, []) for node in nodes}

    return Balance(
        nodes=nodes,
        arriving=full(arriving),
        leaving=full(leaving),
        selling=full(selling),
        making=full(recipes["output"]),
        using=full(recipes["input"]),
        stocked=full({node: [node] for node in stocked}),
        unmet=full(unmet),
        spare=full({node: [node] for node in surplus}),
        surplus=surplus,
        disposal_cost=dict(zip(parts["materials"]["material"], parts["materials"]["disposal_cost"], strict=True)),
        demand=total,
        under_way=coming,
    )


def _capacity(parts: Parts, flow: Flow, switches: list[Any]) -> Capacity:
    capacity = parts["sites"].set_index("site")["capacity"].dropna() * parts.years
    selling = group(
        ((i, t) for i, _, _, t in flow.sales if i in capacity.index), (s for s in flow.sales if s[0] in capacity.index)
    )
    offers = parts["offers"]
    keys = tuples(offers, ["site", "material", "from"])
    use = dict(zip(keys, offers["capacity_use"].tolist(), strict=True))
    setup = dict(zip(keys, offers["setup_use"].tolist(), strict=True))
    index = {name: t for t, name in enumerate(parts.periods)}
    setups = [switch for switch in switches if switch[0] == "setup" and switch[1] in capacity.index]
    setting_up = group(((switch[1], index[switch[6]]) for switch in setups), setups)
    routes = parts["routes"].dropna(subset="capacity")
    limits = dict(
        zip(tuples(routes, ["origin", "destination"]), (routes["capacity"] * parts.years).tolist(), strict=True)
    )
    on_route = group(
        ((o, d, t) for o, d, _, t in flow.shipments if (o, d) in limits),
        (shipment for shipment in flow.shipments if shipment[:2] in limits),
    )
    return Capacity(
        site_limit={(i, t): float(capacity[i]) for i, t in selling},
        selling_at=selling,
        capacity_use=use,
        setup_use={switch: setup[switch[1], switch[3], switch[5]] for switch in setups},
        setting_up_at={at: setting_up.get(at, []) for at in selling},
        route_limit={(o, d, t): float(limits[o, d]) for o, d, t in on_route},
        on_route=on_route,
    )
