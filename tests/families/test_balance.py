"""Balance: joint products, recovery, surplus at its disposal cost or credit, what was under way."""

import pytest

from tests.builders import Trade, amounts, paid, price


def basket(disposal_cost: float) -> Trade:
    """Concentrate at 5 is parted into 0.2 neodymium and 0.8 lanthanum for a toll of 3; 20 t and 30 t are wanted."""
    trade = Trade()
    trade.offer("mine", 5.0, "concentrate")
    trade.goods("lanthanum", disposal_cost=disposal_cost)
    trade.process("part", "plant", {"concentrate": -1.0, "neodymium": 0.2, "lanthanum": 0.8}, cost=3.0)
    trade.lane("mine", "plant", "concentrate")
    trade.demand(20.0, "plant", "neodymium")
    trade.demand(30.0, "plant", "lanthanum")
    return trade


def test_the_scarce_product_pays_for_the_basket() -> None:
    """20 t of neodymium need 100 t of activity and leave 80 − 30 = 50 t of lanthanum, disposed of at 2.

    100 × (5 + 3) + 50 × 2 = 900. One more tonne of lanthanum wanted saves 2; one of neodymium needs 5 t of activity:
    5 × 8 + 4 × 2 = 48. Concentrate at the plant: 5.
    """
    plan = basket(disposal_cost=2.0).plan()

    assert plan.objective == pytest.approx(900.0)
    assert amounts(plan.surplus, "material", "quantity") == pytest.approx({"lanthanum": 50.0})
    assert amounts(plan.made, "material", "output") == pytest.approx(
        {"concentrate": 0.0, "lanthanum": 80.0, "neodymium": 20.0}
    )
    assert paid(plan) == pytest.approx({"purchase": 500.0, "processing": 300.0, "disposal": 100.0})
    assert price(plan, "balance.node", material="neodymium") == pytest.approx(48.0)
    assert price(plan, "balance.node", material="lanthanum") == pytest.approx(-2.0)
    assert price(plan, "balance.node", site="plant", material="concentrate") == pytest.approx(5.0)


def test_a_by_product_credit_lowers_the_cost_of_the_basket() -> None:
    """A credit of 1 a tonne: 100 × 8 − 50 × 1 = 750; neodymium 5 × 8 − 4 × 1 = 36, lanthanum 1."""
    plan = basket(disposal_cost=-1.0).plan()

    assert plan.objective == pytest.approx(750.0)
    assert price(plan, "balance.node", material="neodymium") == pytest.approx(36.0)
    assert price(plan, "balance.node", material="lanthanum") == pytest.approx(1.0)


def test_recovery_asks_for_more_ore_than_metal() -> None:
    """Recovery 0.8: 1.25 t of ore a tonne of metal. 40 t of metal: 50 × 10 + 40 × 4 = 660; metal 12.5 + 4 = 16.5."""
    trade = Trade()
    trade.seller("mine", 10.0, to="smelter")
    trade.process("smelt", "smelter", {"ore": -1.25, "metal": 1.0}, cost=4.0)
    trade.lane("smelter", material="metal")
    trade.demand(40.0, material="metal")
    plan = trade.plan()

    assert plan.objective == pytest.approx(660.0)
    assert amounts(plan.flows, "material", "quantity") == pytest.approx({"metal": 40.0, "ore": 50.0})
    assert price(plan, "balance.node", site="market") == pytest.approx(16.5)
    assert price(plan, "balance.node", site="mine") == pytest.approx(10.0)


def test_what_was_under_way_serves_demand_and_its_rest_leaves() -> None:
    """25 t arrive where 20 t are wanted in 2001: 5 t leave at 3 = 15; one more tonne wanted would save 3.

    2002 has nothing under way and buys 20 t at 10: in all 215.
    """
    trade = Trade(2)
    trade.goods("ore", disposal_cost=3.0)
    trade.seller("a", 10.0)
    trade.demand(20.0)
    trade.add("in_transit", origin="a", destination="market", material="ore", arrives="2001", quantity=25.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(215.0)
    assert amounts(plan.surplus, "period", "quantity") == pytest.approx({"2001": 5.0})
    assert price(plan, "balance.node", site="market", period="2001") == pytest.approx(-3.0)
    assert price(plan, "balance.node", site="market", period="2002") == pytest.approx(10.0)


def test_a_bought_surplus_cannot_leave() -> None:
    """A by-product credit of 50 pays for no purchase at 10: what is bought is consumed. 20 × 10 = 200."""
    trade = Trade()
    trade.goods("ore", disposal_cost=-50.0)
    trade.seller("a", 10.0)
    trade.demand(20.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(200.0)
    assert plan.surplus.empty
