"""The parts of each flow, by origin, add up to it: the sums of the family ``origin``, and how its Sets are made."""

from typing import Any

import pyomo.environ as pyo

from mineral_sourcing.network import Origin


def sets(origin: pyo.Block, name: str, index: Any, **groups: Any) -> Any:
    """A Set of keys, and the Sets that sort members under them."""
    keys = pyo.Set(dimen=len(index.codes), initialize=index)
    origin.add_component(name, keys)
    for group, members in groups.items():
        origin.add_component(group, pyo.Set(keys, dimen=len(members.of.codes), initialize=members))
    return keys


def add_sums(origin: pyo.Block, data: Origin) -> None:
    """The parts of each flow add up to it."""

    def shipping(b: pyo.Block, e: str, o: str, d: str, k: str, t: int) -> pyo.Expression:
        return sum(b.shipped[p] for p in b.OF_SHIPMENT[e, o, d, k, t]) == b.parent_block().flow.ship[o, d, k, t]

    def using(b: pyo.Block, e: str, p: str, k: str, t: int) -> pyo.Expression:
        processing = b.parent_block().processing
        return sum(b.used[part] for part in b.OF_USE[e, p, k, t]) == processing.input[p, k] * processing.activity[p, t]

    def making(b: pyo.Block, e: str, p: str, k: str, t: int) -> pyo.Expression:
        processing = b.parent_block().processing
        made = sum(b.made[part] for part in b.OF_MAKING[e, p, k, t])
        return made == processing.output[p, k] * processing.activity[p, t]

    def holding(b: pyo.Block, e: str, i: str, k: str, t: int) -> pyo.Expression:
        return sum(b.stock[part] for part in b.OF_STOCK[e, i, k, t]) == b.parent_block().stockpile.stock[i, k, t]

    def filling(b: pyo.Block, e: str, i: str, k: str, t: int) -> pyo.Expression:
        return sum(b.fill[part] for part in b.OF_STOCK[e, i, k, t]) == b.parent_block().stockpile.fill[i, k, t]

    def serving(b: pyo.Block, e: str, i: str, k: str, t: int) -> pyo.Expression:
        m = b.parent_block()
        unmet = sum(m.priority.unmet[demand] for demand in b.UNMET[e, i, k, t])
        served = sum(b.counted[part] for part in b.SERVED[e, i, k, t])
        return served + b.content[e, k] * unmet == b.content[e, k] * m.balance.demand[i, k, t]

    shipments = sets(origin, "SHIPMENTS", data.shipped, OF_SHIPMENT=data.of_shipment)
    uses = sets(origin, "USES", data.used, OF_USE=data.of_use)
    makings = sets(origin, "MAKINGS", data.made, OF_MAKING=data.of_making)
    stocks = sets(origin, "STOCKS", data.held, OF_STOCK=data.of_stock)
    demands = sets(origin, "DEMANDS", data.served, SERVED=data.of_demand, UNMET=data.unmet)
    origin.shipping = pyo.Constraint(shipments, rule=shipping)
    origin.using = pyo.Constraint(uses, rule=using)
    origin.making = pyo.Constraint(makings, rule=making)
    origin.holding = pyo.Constraint(stocks, rule=holding)
    origin.filling = pyo.Constraint(stocks, rule=filling)
    origin.serving = pyo.Constraint(demands, rule=serving)
