"""What a scenario that happens leaves, hand-solved: capacities, prices, demand."""

from typing import Any

import pytest

from planner.plan import Plan
from tests.builders import Trade, amounts


def happens(trade: Trade, *rows: dict[str, Any], start: str = "") -> Plan:
    """The plan in which a scenario with these rows happens."""
    trade.add("scenarios", scenario="event", start=start)
    for line, row in enumerate(rows, 1):
        trade.add("disruptions", scenario="event", line=str(line), **row)
    trade.header = {**trade.header, "scenario": "event"}
    return trade.plan()


def two_sellers(periods: int = 1) -> Trade:
    """A sells up to 100 t at 10, B up to 100 t at 30; 80 t are wanted, at 1 000 a tonne unmet."""
    trade = Trade(periods)
    trade.unmet(1000.0)
    trade.site("A", "AAA", "Alpha")
    trade.site("B", "BBB", "Beta")
    trade.seller("A", 10.0, capacity=100.0)
    trade.seller("B", 30.0, capacity=100.0)
    trade.demand(80.0, priority="civil")
    return trade


@pytest.mark.parametrize(
    "hit", [{"place": "AAA"}, {"owner": "Alpha"}, {"site": "A"}, {"site": "A", "activity": "sell"}]
)
def test_a_lost_seller_is_replaced(hit: dict[str, Any]) -> None:
    """Without A, 80 t come from B: 2 400."""
    plan = happens(two_sellers(), hit)

    assert plan.objective == pytest.approx(2400.0)
    assert amounts(plan.sales, "site", "quantity") == pytest.approx({"B": 80.0})


def test_a_fraction_of_a_capacity_is_left() -> None:
    """A keeps 30 % of 100 t: 30 t at 10 and 50 t at 30 make 1 800."""
    plan = happens(two_sellers(), {"site": "A", "keeps": 0.3})

    assert plan.objective == pytest.approx(1800.0)


def test_rows_that_hit_the_same_multiply() -> None:
    """0.5 and 0.4 leave 20 t of A: 200 and 60 t at 30 make 2 000."""
    plan = happens(two_sellers(), {"site": "A", "keeps": 0.5}, {"owner": "Alpha", "keeps": 0.4})

    assert plan.objective == pytest.approx(2000.0)


def test_nothing_happens_before_the_start_and_after_the_end() -> None:
    """Of years 1 to 3, A is lost in the second: 800 + 2 400 + 800."""
    plan = happens(two_sellers(3), {"site": "A", "until": "2002"}, start="2002")

    assert plan.objective == pytest.approx(4000.0)
    assert amounts(plan.sales, "period", "cost") == pytest.approx({"2001": 800.0, "2002": 2400.0, "2003": 800.0})


def test_an_export_ban_leaves_trade_at_home() -> None:
    """A may not ship abroad: the mill in AAA buys its 10 t at 10, the other 80 t at 30: 100 + 2 400."""
    trade = two_sellers()
    trade.site("mill", "AAA")
    trade.lane("A", "mill")
    trade.demand(10.0, "mill", priority="civil")

    plan = happens(trade, {"place": "AAA", "activity": "ship"})

    assert plan.objective == pytest.approx(2500.0)


def test_a_ban_on_one_destination_leaves_the_others() -> None:
    """A may not ship to the market, but to the depot next door, from where it comes: nothing changes but the way."""
    trade = two_sellers()
    trade.site("port", "BBB")
    trade.stockpile("port", final=0.0)
    trade.lane("A", "port")
    trade.lane("port", "market", freight=1.0)

    plan = happens(trade, {"place": "AAA", "activity": "ship", "to": "market"})

    assert plan.objective == pytest.approx(880.0)
    assert amounts(plan.flows, "origin", "quantity") == pytest.approx({"A": 80.0, "port": 80.0})


def test_a_lane_keeps_a_fraction_of_its_capacity() -> None:
    """The lane from A carries 60 t and keeps half: 30 t at 10 and 50 t at 30."""
    trade = two_sellers()
    trade.tables["lanes"][0]["capacity"] = 60.0

    plan = happens(trade, {"site": "A", "activity": "ship", "keeps": 0.5})

    assert plan.objective == pytest.approx(1800.0)


def test_a_plant_keeps_a_fraction_and_only_what_makes_the_material_is_hit() -> None:
    """The smelter keeps 25 of 100 t of metal, the mill beside it all of its 5 t of rod; 75 t of metal go unmet."""
    trade = Trade()
    trade.unmet(1000.0)
    trade.offer("works", 1.0)
    trade.process("smelt", "works", {"ore": -1.0, "metal": 1.0}, capacity=100.0)
    trade.process("roll", "works", {"ore": -1.0, "rod": 1.0}, capacity=100.0)
    for material, quantity in (("metal", 100.0), ("rod", 5.0)):
        trade.lane("works", "market", material)
        trade.demand(quantity, material=material, priority="civil")

    plan = happens(trade, {"site": "works", "material": "metal", "activity": "make", "keeps": 0.25})

    assert amounts(plan.demand, "material", "unmet") == pytest.approx({"metal": 75.0, "rod": 0.0})
    assert plan.objective == pytest.approx(75_000.0 + 30.0)


def test_a_shared_capacity_is_hit_where_no_material_is_named() -> None:
    """A shares 40 t among two materials and keeps half: 20 t at 10 and 70 t at 30."""
    trade = two_sellers()
    trade.tables["sites"][0]["capacity"] = 40.0
    trade.offer("A", 10.0, "sand")
    trade.lane("A", "market", "sand")
    trade.offer("B", 30.0, "sand")
    trade.lane("B", "market", "sand")
    trade.demand(10.0, material="sand", priority="civil")

    plan = happens(trade, {"site": "A", "keeps": 0.5})

    assert plan.objective == pytest.approx(20 * 10.0 + 70 * 30.0)


def test_prices_and_demand_change_by_a_factor_and_nothing_is_lost() -> None:
    """A costs 10 × 2.5 = 25 and 100 t of 80 × 1.5 = 120 t come from it, 20 t from B at 30."""
    plan = happens(two_sellers(), {"site": "A", "price_factor": 2.5}, {"site": "market", "demand_factor": 1.5})

    assert plan.objective == pytest.approx(100 * 25.0 + 20 * 30.0)
    assert plan.sales["price"].tolist() == pytest.approx([25.0, 30.0])


def test_dumping_turns_the_order_of_sellers() -> None:
    """B at 30 × 0.1 = 3 sells all 80 t."""
    plan = happens(two_sellers(), {"owner": "Beta", "activity": "sell", "price_factor": 0.1})

    assert plan.objective == pytest.approx(240.0)
