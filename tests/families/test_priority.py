"""Priority: demand that must be met, demand with a price, and ranks that are served in order.

A rank that is held at its least unmet demand has no unique shadow price: with less it could not be held at all.
"""

import pytest

import planner
from tests.builders import Trade, amounts, paid, price


def two_sellers(unmet_cost: float | None) -> Trade:
    """60 t at 10 and any amount at 14, for 100 t whose unmet demand costs this."""
    trade = Trade()
    trade.seller("a", 10.0, capacity=60.0)
    trade.seller("b", 14.0)
    trade.demand(100.0, priority="civil")
    trade.unmet(unmet_cost)
    return trade


def test_demand_is_left_unmet_where_that_is_cheaper() -> None:
    """At 12 a tonne unmet, nobody buys at 14: 60 × 10 + 40 × 12 = 1080; a tonne is worth 12."""
    plan = two_sellers(12.0).plan()

    assert plan.objective == pytest.approx(1080.0)
    assert plan.unmet == pytest.approx(40.0)
    assert paid(plan) == pytest.approx({"purchase": 600.0, "unmet": 480.0})
    assert price(plan, "balance.node", site="market") == pytest.approx(12.0)


def test_demand_without_a_price_must_be_met() -> None:
    """One rank and no unmet cost: 60 × 10 + 40 × 14 = 1160; a tonne is worth 14."""
    plan = two_sellers(None).plan()

    assert plan.objective == pytest.approx(1160.0)
    assert plan.unmet == 0.0
    assert price(plan, "balance.node", site="market") == pytest.approx(14.0)


def test_demand_that_cannot_be_met_has_no_plan() -> None:
    """60 t for 100 t that must be met: infeasible, and the outcome names what clashes."""
    trade = Trade()
    trade.seller("a", 10.0, capacity=60.0)
    trade.demand(100.0)
    outcome = planner.solve(planner.from_frames(trade.header, trade.tables))

    assert outcome.status == "infeasible"
    assert outcome.conflict


def test_unmet_demand_is_no_source_of_material() -> None:
    """40 t at the port are cheaper left unmet, at 5; the 30 t inland pass the port and are bought at 10: 500."""
    trade = Trade()
    trade.seller("a", 10.0, to="port")
    trade.lane("port", "inland")
    trade.demand(40.0, "port", priority="civil")
    trade.demand(30.0, "inland")
    trade.unmet(5.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(500.0)
    assert amounts(plan.demand, "site", "unmet") == pytest.approx({"port": 40.0, "inland": 0.0})


def test_the_first_rank_is_served_first_whatever_the_second_would_pay() -> None:
    """100 t for 60 t of defence (10 unmet) and 80 t of civil demand (1000): civil lacks 40 t: 1000 + 40 000."""
    trade = Trade()
    trade.seller("a", 10.0, capacity=100.0)
    trade.demand(60.0, priority="defence")
    trade.demand(80.0, priority="civil")
    trade.unmet(10.0, "defence", 1)
    trade.unmet(1000.0, "civil", 2)
    plan = trade.plan()

    assert plan.objective == pytest.approx(41_000.0)
    assert amounts(plan.demand, "priority", "unmet") == pytest.approx({"civil": 40.0, "defence": 0.0})
    assert amounts(plan.held, "rank", "held") == pytest.approx({1.0: 0.0})


def test_a_rank_that_cannot_be_met_is_held_at_its_least() -> None:
    """100 t for 120 t of defence: 20 t unmet, held at 20 × 10 = 200. Civil demand gets nothing: 50 t at 1000.

    1000 + 200 + 50 000 = 51 200.
    """
    trade = Trade()
    trade.seller("a", 10.0, capacity=100.0)
    trade.demand(120.0, priority="defence")
    trade.demand(50.0, priority="civil")
    trade.unmet(10.0, "defence", 1)
    trade.unmet(1000.0, "civil", 2)
    plan = trade.plan()

    assert plan.objective == pytest.approx(51_200.0)
    assert amounts(plan.demand, "priority", "unmet") == pytest.approx({"civil": 50.0, "defence": 20.0})
    assert amounts(plan.held, "rank", "held") == pytest.approx({1.0: 200.0})


def test_within_a_rank_the_unmet_cost_weighs() -> None:
    """Rank 1: 50 t at 10 and 50 t at 30, 70 t to be had: 30 t of the first are unmet, 300, held.

    Rank 2 gets nothing, and would not be bought at 100, as it costs 80 unmet; rank 1 is bought at any price:
    40 × 10 + 30 × 100 + 300 + 20 × 80 = 5300.
    """
    trade = Trade()
    trade.seller("a", 10.0, capacity=40.0)
    trade.seller("b", 100.0, capacity=30.0)
    trade.demand(50.0, priority="reserve")
    trade.demand(50.0, priority="defence")
    trade.demand(20.0, priority="civil")
    trade.unmet(10.0, "reserve", 1)
    trade.unmet(30.0, "defence", 1)
    trade.unmet(80.0, "civil", 2)
    plan = trade.plan()

    assert plan.objective == pytest.approx(5300.0)
    assert amounts(plan.demand, "priority", "unmet") == pytest.approx({"civil": 20.0, "defence": 0.0, "reserve": 30.0})


def test_in_the_last_rank_what_has_no_price_is_held_before_cost() -> None:
    """Three classes: defence first; then essential demand without a price is held before civil demand is traded.

    90 t for 30 + 70 + 40 t: essential lacks 10 t, held at 10 (weight 1), and civil all 40 t, at 1000 a tonne:
    900 + 40 000 = 40 900.
    """
    trade = Trade()
    trade.seller("a", 10.0, capacity=90.0)
    for priority, quantity, unmet_cost, rank in (
        ("defence", 30.0, 500.0, 1),
        ("essential", 70.0, None, 2),
        ("civil", 40.0, 1000.0, 2),
    ):
        trade.demand(quantity, priority=priority)
        trade.unmet(unmet_cost, priority, rank)
    plan = trade.plan()

    assert plan.objective == pytest.approx(40_900.0)
    assert amounts(plan.demand, "priority", "unmet") == pytest.approx(
        {"civil": 40.0, "defence": 0.0, "essential": 10.0}
    )
    assert amounts(plan.held, "rank", "held") == pytest.approx({1.0: 0.0, 2.0: 10.0})
