"""Processing: tolls, capacities and windows of processes."""

import pytest

from tests.builders import Trade, amounts, paid, price


def smelters(periods: int = 1, **cheap: str) -> Trade:
    """Ore at 10 for two smelters, one to one: a toll of 4 up to 60 t a year, and a toll of 9. 100 t of metal wanted."""
    trade = Trade(periods)
    trade.seller("mine", 10.0, to="works")
    trade.process("cheap", "works", {"ore": -1.0, "metal": 1.0}, cost=4.0, capacity=60.0, **cheap)
    trade.process("dear", "works", {"ore": -1.0, "metal": 1.0}, cost=9.0)
    trade.demand(100.0, "works", "metal")
    return trade


def test_the_cheap_process_runs_full_and_the_dear_one_sets_the_price() -> None:
    """100 × 10 + 60 × 4 + 40 × 9 = 1600; metal 19, ore 10."""
    plan = smelters().plan()

    assert plan.objective == pytest.approx(1600.0)
    assert amounts(plan.activity, "process", "activity") == pytest.approx({"cheap": 60.0, "dear": 40.0})
    assert paid(plan) == pytest.approx({"purchase": 1000.0, "processing": 600.0})
    assert price(plan, "balance.node", material="metal") == pytest.approx(19.0)
    assert price(plan, "balance.node", site="works", material="ore") == pytest.approx(10.0)


def test_a_process_runs_only_in_its_window() -> None:
    """The cheap one starts in 2002: 100 × 19 in 2001, 1600 in 2002."""
    plan = smelters(2, from_="2002").plan()

    assert plan.objective == pytest.approx(3500.0)
    assert amounts(plan.activity, "process", "period", "activity") == pytest.approx(
        {("cheap", "2002"): 60.0, ("dear", "2001"): 100.0, ("dear", "2002"): 40.0}
    )


def test_a_toll_below_zero_earns_as_far_as_the_capacity_goes() -> None:
    """Scrap free, a gate fee of 2 a tonne, 50 t of capacity, half of it metal at no disposal cost: −100.

    20 t of metal are wanted, 5 t of the 25 leave.
    """
    trade = Trade()
    trade.seller("yard", 0.0, "scrap", to="works")
    trade.process("recycle", "works", {"scrap": -1.0, "metal": 0.5}, cost=-2.0, capacity=50.0)
    trade.demand(20.0, "works", "metal")
    plan = trade.plan()

    assert plan.objective == pytest.approx(-100.0)
    assert amounts(plan.activity, "process", "activity") == pytest.approx({"recycle": 50.0})
    assert amounts(plan.surplus, "material", "quantity") == pytest.approx({"metal": 5.0})


def test_a_process_never_runs_backwards() -> None:
    """Ore 10, metal 12, a toll of 5: no metal is turned back into ore for 12 − 5 = 7. 20 × 10 + 20 × 12 = 440."""
    trade = Trade()
    trade.seller("mine", 10.0, to="works")
    trade.seller("trader", 12.0, "metal", to="works")
    trade.process("smelt", "works", {"ore": -1.0, "metal": 1.0}, cost=5.0)
    trade.demand(20.0, "works", "ore")
    trade.demand(20.0, "works", "metal")
    plan = trade.plan()

    assert plan.objective == pytest.approx(440.0)
    assert plan.activity.empty
    assert price(plan, "balance.node", site="works", material="ore") == pytest.approx(10.0)
    assert price(plan, "balance.node", site="works", material="metal") == pytest.approx(12.0)
