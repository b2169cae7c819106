"""Textbook cases that are a plain network, a count of contracts or stock over time.

A case that maximises sells through ``priorities``: unmet demand costs the selling price, so the profit is the value of
all demand less the plan's cost.
"""

from collections.abc import Callable
from typing import Any

from tests.published.case import Case, header

Facts = dict[str, Any]


def transport(facts: Facts) -> Case:
    """Sources and markets joined by lanes whose freight is a rate times a distance."""
    case = Case(header("transport"))
    case.materials("goods")
    case.places(*facts["supply"], *facts["demand"])
    for source, capacity in facts["supply"].items():
        case.add("offers", site=source, material="goods", price=0.0, capacity=capacity)
        for market, distance in facts["distance_kmiles"][source].items():
            freight = facts["freight_per_unit_per_kmile"] * distance
            case.add("lanes", origin=source, destination=market, material="goods", freight=freight)
    for market, quantity in facts["demand"].items():
        case.add("demands", site=market, material="goods", quantity=quantity)
    return case


def distribution(facts: Facts) -> Case:
    """Factories, depots with a throughput, customers; a depot is a gate and a site behind it, joined by one lane."""
    case = Case(header("distribution"))
    case.materials("goods")
    case.places(*facts["factories"], *facts["depots"], *facts["demand"])
    for factory, capacity in facts["factories"].items():
        case.add("offers", site=factory, material="goods", price=0.0, capacity=capacity)
    for depot, throughput in facts["depots"].items():
        case.places(f"{depot} gate")
        case.add("lanes", origin=f"{depot} gate", destination=depot, material="goods", capacity=throughput)
    for origin, costs in facts["cost"].items():
        for goal, cost in costs.items():
            destination = f"{goal} gate" if goal in facts["depots"] else goal
            case.add("lanes", origin=origin, destination=destination, material="goods", freight=cost)
    for customer, quantity in facts["demand"].items():
        case.add("demands", site=customer, material="goods", quantity=quantity)
    return case


def multicommodity(facts: Facts) -> Case:
    """Several products share the limit and the fixed cost of each link."""
    case = Case(header("multicommodity"))
    case.materials(*facts["vcost"])
    case.places(*facts["supply"], *facts["dest"])
    for origin, supply in facts["supply"].items():
        for product, capacity in supply.items():
            case.add("offers", site=origin, material=product, price=0.0, capacity=capacity)
        for place, destination in enumerate(facts["dest"]):
            fixed = facts["fcost"][origin][place]
            case.add("routes", origin=origin, destination=destination, capacity=facts["link_limit"], fixed_cost=fixed)
            for product, costs in facts["vcost"].items():
                freight = costs[origin][place]
                case.add("lanes", origin=origin, destination=destination, material=product, freight=freight)
    for destination, demand in facts["demand"].items():
        for product, quantity in demand.items():
            case.add("demands", site=destination, material=product, quantity=quantity)
    return case


def warehouse(facts: Facts) -> Case:
    """Buy, store and sell by quarter at one price for both.

    More than stock plus a full warehouse is never worth selling at a profit, so a market of twice that is unlimited.
    """
    quarters = len(facts["price"])
    case = Case(header("warehouse", quarters, "quarter"))
    case.materials("goods")
    case.places("warehouse")
    market = 2.0 * (facts["initial_stock"] + facts["storage_capacity"])
    for quarter, price in enumerate(facts["price"], start=1):
        period = f"2001Q{quarter}"
        case.add("offers", site="warehouse", material="goods", from_=period, until=period, price=price)
        case.add("priorities", priority=f"buyers {period}", unmet_cost=price)
        case.add(
            "demands",
            site="warehouse",
            material="goods",
            period=period,
            priority=f"buyers {period}",
            quantity=4.0 * market,
        )
        case.offset -= price * market
    case.add(
        "stockpiles",
        site="warehouse",
        material="goods",
        initial=facts["initial_stock"],
        capacity=facts["storage_capacity"],
        holding_cost=4.0 * facts["storage_cost"],
        final=0.0,
    )
    return case


def _each(value: Any, periods: int) -> list[float]:
    """One value a period, whether one or a list was given."""
    return list(value) if isinstance(value, list) else [value] * periods


def lot_sizing(facts: Facts) -> Case:
    """Wagner and Whitin: an order costs a fixed charge in each period, here a year."""
    periods = len(facts["demand"])
    case = Case(header("lot sizing", periods))
    case.materials("goods")
    case.places("shop")
    fixed, prices = _each(facts["fixed_cost"], periods), _each(facts["purchase_cost"], periods)
    holding = _each(facts["holding_cost"], periods)
    for step, quantity in enumerate(facts["demand"]):
        year = f"{2001 + step}"
        window = {"site": "shop", "material": "goods", "from": year, "until": year}
        case.add("offers", **window, price=prices[step], fixed_cost=fixed[step])
        ends = {"final": 0.0} if step == periods - 1 else {}
        case.add("stockpiles", **window, holding_cost=holding[step], **ends)
        case.add("demands", site="shop", material="goods", period=year, quantity=quantity)
    return case


def factory_schedule(facts: Facts) -> Case:
    """Factories that are shut, or run between a least and a largest output; months stand as years."""
    factories = [name for name, value in facts.items() if isinstance(value, dict)]
    case = Case(header("factory schedule", len(facts["demand"])))
    case.materials("goods")
    case.places("market", *factories)
    for factory in factories:
        case.add("lanes", origin=factory, destination="market", material="goods")
        data = facts[factory]
        for step, most in enumerate(data["hi"]):
            if most > 0.0:
                case.add(
                    "offers",
                    site=factory,
                    material="goods",
                    from_=f"{2001 + step}",
                    until=f"{2001 + step}",
                    price=data["var"][step],
                    capacity=most,
                    fixed_cost=data["fix"][step],
                    min_award=data["lo"][step],
                )
    for step, quantity in enumerate(facts["demand"]):
        case.add("demands", site="market", material="goods", period=f"{2001 + step}", quantity=quantity)
    return case


def plant_sizes(facts: Facts) -> Case:
    """Plants of two sizes: each size is a site of its own (two on one spot are never worth their fixed costs)."""
    case = Case(header("plant sizes"))
    case.materials("goods")
    case.places(*facts["markets"])
    for size in (200, 400):
        for place, spot in enumerate(facts["sites"]):
            plant = f"{spot} {size}k"
            case.places(plant)
            fixed = facts[f"fixed_{size}k"][place]
            case.add("offers", site=plant, material="goods", price=0.0, capacity=1000.0 * size, fixed_cost=fixed)
            for market in facts["markets"]:
                freight = facts["cost"][market][place]
                case.add("lanes", origin=plant, destination=market, material="goods", freight=freight)
    for market, quantity in zip(facts["markets"], facts["demand"], strict=True):
        case.add("demands", site=market, material="goods", quantity=quantity)
    return case


CONVERTERS: dict[str, Callable[[Facts], Case]] = {
    "dantzig_transport": transport,
    "williams_distribution_1": distribution,
    "ampl_multmip1": multicommodity,
    "gams_whouse": warehouse,
    "jump_factory_schedule": factory_schedule,
    "chopra_dryice": plant_sizes,
}
"""Converter of each case by name; any case named ``foscT_ww*`` or ``scmo_ww*`` is :func:`lot_sizing`."""
