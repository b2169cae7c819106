"""Cost: one breakdown, discounted, that adds up to the objective."""

import pytest

from tests.builders import Trade, amounts, paid, price


def test_every_cost_is_discounted_from_the_start_of_its_quarter() -> None:
    """A rate of 1.1⁴ − 1 a year is 10 % a quarter: 100 t at 11 a quarter are 1100, then 1000 in present value.

    A tonne wanted in the second quarter costs 10 now and 11 then.
    """
    trade = Trade(2, "quarter", discount_rate=1.1**4 - 1)
    trade.seller("a", 11.0)
    trade.demand(400.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(2100.0)
    assert amounts(plan.costs, "period", "amount") == pytest.approx({"2001Q1": 1100.0, "2001Q2": 1100.0})
    assert amounts(plan.costs, "period", "discount_factor") == pytest.approx({"2001Q1": 1.0, "2001Q2": 1 / 1.1})
    assert price(plan, "balance.node", site="market", period="2001Q2") == pytest.approx(10.0)
    later = plan.prices.loc[(plan.prices["site"] == "market") & (plan.prices["period"] == "2001Q2")]
    assert later["shadow_price_undiscounted"].tolist() == pytest.approx([11.0])


def chain() -> Trade:
    """Ore over a charged route to a plant with a by-product, a market with a store, a cap, and demand that may wait."""
    trade = Trade(2, discount_rate=1.0)
    trade.site("mine", "AAA")
    trade.site("plant", "BBB")
    trade.goods("slag", disposal_cost=3.0)
    trade.offer("mine", 10.0, fixed_cost=6.0)
    trade.lane("mine", "plant", freight=1.0, duty=0.1, fixed_cost=8.0)
    trade.add("routes", origin="mine", destination="plant", fixed_cost=12.0)
    trade.process("smelt", "plant", {"ore": -2.0, "metal": 1.0, "slag": 1.0}, cost=5.0, fixed_cost=20.0)
    trade.lane("plant", material="metal")
    trade.demand(40.0, material="metal", priority="civil", period="2001")
    trade.demand(60.0, material="metal", priority="civil", period="2002")
    trade.unmet(500.0)
    trade.stockpile(material="metal", holding_cost=4.0, final=10.0)
    trade.rule(
        "max_quantity", 50.0, subject="BBB", basis="made", material="metal", **{"from": "2002", "penalty": 1000.0}
    )
    trade.add("in_transit", origin="mine", destination="plant", material="ore", arrives="2002", quantity=4.0, paid="no")
    return trade


def test_every_component_of_the_cost_by_hand() -> None:
    """Metal costs 2 × 12 + 5 + 3 = 32 a tonne, 2002 counts half, stock costs 4 and 1000 a tonne is the price of more
    than 50 t made in 2002. 40 + 60 + 10 t are wanted, so 20 t are made a year early: 32 + 4 now for 16 + 0 then.

    Unmet demand costs 250 in present value, dearer. 2001: 60 made, of 120 t of ore: 1200 bought, freight 120, duty 10 %
    of 10: 120, toll 300, slag 180, 20 t held: 80. 2002: 50 made of 100 t of ore, of which 4 t are under way, unpaid, at
    48: 960, 96, 96, 250, 150, 10 t held: 40, all at half. Charges of 6, 8, 12, 20 fall due in both.
    """
    plan = chain().plan()
    half = {"purchase": 960, "freight": 96, "duty": 96, "processing": 250, "disposal": 150, "holding": 40}
    full = {"purchase": 1200, "freight": 120, "duty": 120, "processing": 300, "disposal": 180, "holding": 80}
    charges = {"offer_fixed": 6, "lane_fixed": 8, "route_fixed": 12, "process_fixed": 20}
    expected = {name: full[name] + half[name] / 2 for name in full}
    expected |= {name: 1.5 * charge for name, charge in charges.items()} | {"in_transit": 24.0}

    assert paid(plan) == pytest.approx(expected)
    assert plan.objective == pytest.approx(sum(expected.values()))
    assert plan.bound == pytest.approx(plan.objective)


def test_unmet_demand_and_a_priced_rule_fall_due_in_their_own_period() -> None:
    """A sells 50 t in 2002 at 10 above a cap of 20 t with a price of 4; 70 t are wanted at 40 unmet.

    2002 counts half: (500 + 30 × 4 + 20 × 40) / 2 = 710; a tonne wanted then is worth 20, a tonne of excess 2.
    """
    trade = Trade(2, discount_rate=1.0)
    trade.site("a", "AAA")
    trade.seller("a", 10.0, capacity=50.0)
    trade.demand(70.0, priority="civil", period="2002")
    trade.unmet(40.0)
    trade.rule("max_quantity", 20.0, penalty=4.0, from_="2002")
    plan = trade.plan()

    assert plan.objective == pytest.approx(710.0)
    assert amounts(plan.costs, "component", "amount") == pytest.approx(
        {"penalty": 120.0, "purchase": 500.0, "unmet": 800.0}
    )
    assert paid(plan) == pytest.approx({"penalty": 60.0, "purchase": 250.0, "unmet": 400.0})
    assert price(plan, "balance.node", site="market", period="2002") == pytest.approx(20.0)
    assert price(plan, "concentration.cap") == pytest.approx(-2.0)


def test_the_penalty_of_a_horizon_falls_in_its_first_period() -> None:
    """At most 100 t in two years, 120 t wanted: 20 t of excess at 4 fall due in 2001: 600 + 300 + 80 = 980."""
    trade = Trade(2, discount_rate=1.0)
    trade.site("a", "AAA")
    trade.seller("a", 10.0)
    trade.seller("b", 100.0)
    trade.demand(60.0)
    trade.rule("max_quantity", 100.0, subject="AAA", per="horizon", penalty=4.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(980.0)
    assert paid(plan) == pytest.approx({"penalty": 80.0, "purchase": 900.0})
    assert price(plan, "concentration.cap") == pytest.approx(-4.0)


def test_kilograms_and_kilotonnes_cost_the_same() -> None:
    """100 000 kg at 0.01 and 0.1 kt at 10 000 are 100 t at 10: 1000; the plan tells both in tonnes."""
    for unit, per_tonne in (("kg", 1000.0), ("kt", 0.001)):
        trade = Trade(mass_unit=unit)
        trade.seller("a", 10.0 / per_tonne)
        trade.demand(100.0 * per_tonne)
        plan = trade.plan()

        assert plan.objective == pytest.approx(1000.0)
        assert amounts(plan.sales, "site", "quantity") == pytest.approx({"a": 100.0})
        assert price(plan, "balance.node", site="market") == pytest.approx(10.0)
