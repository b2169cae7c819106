"""Activation: what is used at all is charged for, and then at least a minimum is taken.

A switch that is off has no unique shadow price (below nothing there is no plan), so only floors are priced here.
"""

import dataclasses

import pytest

from mineral_sourcing.compile import Matrix
from tests.builders import Trade, amounts, paid, price
from tests.model_hook import altered


def without_integers(matrix: Matrix) -> Matrix:
    """The relaxation."""
    return dataclasses.replace(matrix, integer=matrix.integer & False)


def years() -> Trade:
    """Two years of 50 t and 100 t."""
    trade = Trade(2)
    trade.demand(50.0, period="2001")
    trade.demand(100.0, period="2002")
    return trade


def uses(trade: Trade) -> tuple[float, dict[str, float], dict[object, float]]:
    """Cost, tonnes by year that B sells, and the years in which anything is switched on."""
    plan = trade.plan()
    of_b = plan.sales.loc[plan.sales["site"] == "b"]
    return plan.objective, amounts(of_b, "period", "quantity"), amounts(plan.activations, "kind", "period", "cost")


def test_an_offer_is_charged_for_once_a_year_it_is_used() -> None:
    """A asks 10 and 300 a year, B 14. 50 t: A 800, B 700. 100 t: A 1300, B 1400. B in 2001, A in 2002: 2000."""
    trade = years()
    trade.seller("a", 10.0, fixed_cost=300.0)
    trade.seller("b", 14.0)

    cost, of_b, charges = uses(trade)

    assert cost == pytest.approx(2000.0)
    assert of_b == pytest.approx({"2001": 50.0})
    assert charges == pytest.approx({("offer", "2002"): 300.0})


def test_a_lane_is_charged_for_once_a_year_it_is_used() -> None:
    """The charge of 300 is the lane's: the same plan."""
    trade = years()
    trade.offer("a", 10.0)
    trade.lane("a", fixed_cost=300.0)
    trade.seller("b", 14.0)

    cost, of_b, charges = uses(trade)

    assert cost == pytest.approx(2000.0)
    assert of_b == pytest.approx({"2001": 50.0})
    assert charges == pytest.approx({("lane", "2002"): 300.0})


def test_a_route_is_charged_for_once_a_year_it_is_used() -> None:
    """The charge of 300 is the route's: the same plan."""
    trade = years()
    trade.seller("a", 10.0)
    trade.seller("b", 14.0)
    trade.add("routes", origin="a", destination="market", fixed_cost=300.0)

    cost, of_b, charges = uses(trade)

    assert cost == pytest.approx(2000.0)
    assert of_b == pytest.approx({"2001": 50.0})
    assert charges == pytest.approx({("route", "2002"): 300.0})


def test_a_process_is_charged_for_once_a_year_it_is_used() -> None:
    """Ore is free, A's toll is 10 and 300 a year: the same plan."""
    trade = years()
    trade.seller("b", 14.0)
    trade.offer("market", 0.0, "scrap")
    trade.process("recycle", "market", {"scrap": -1.0, "ore": 1.0}, cost=10.0, fixed_cost=300.0)

    cost, of_b, charges = uses(trade)

    assert cost == pytest.approx(2000.0)
    assert of_b == pytest.approx({"2001": 50.0})
    assert charges == pytest.approx({("process", "2002"): 300.0})


def test_quarters_of_a_year_share_one_charge() -> None:
    """Four quarters of 25 t, as 2002 above: A for 100 × 10 + 300 once, not four times, where B asks 1400."""
    trade = Trade(4, "quarter")
    trade.demand(100.0)
    trade.seller("a", 10.0, fixed_cost=300.0)
    trade.seller("b", 14.0)

    cost, of_b, charges = uses(trade)

    assert cost == pytest.approx(1300.0)
    assert of_b == {}
    assert charges == pytest.approx({("offer", "2001"): 300.0})


def test_an_award_is_at_least_its_minimum() -> None:
    """A sells 70 t at 10, B at least 40 t at 14, C at 20; 100 t wanted.

    B's 40 t leave A 60: 600 + 560 = 1160; without B 700 + 30 × 20 = 1300. One tonne less of the minimum saves 4.
    """
    trade = Trade()
    trade.seller("a", 10.0, capacity=70.0)
    trade.seller("b", 14.0, min_award=40.0)
    trade.seller("c", 20.0)
    trade.demand(100.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(1160.0)
    assert amounts(plan.sales, "site", "quantity") == pytest.approx({"a": 60.0, "b": 40.0})
    assert price(plan, "activation.least") == pytest.approx(-4.0)


def test_an_award_below_its_minimum_is_not_made() -> None:
    """A at 10 from 60 t a year on, where 50 t are wanted: B at 14, 700."""
    trade = Trade()
    trade.seller("a", 10.0, min_award=60.0)
    trade.seller("b", 14.0)
    trade.demand(50.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(700.0)
    assert amounts(plan.sales, "site", "quantity") == pytest.approx({"b": 50.0})


def test_a_process_that_runs_runs_at_its_least_load() -> None:
    """Recycling (at 14) takes at least 0.4 of its 100 t, A sells 70 t at 10, C at 20: as with an award, 1160, and 4."""
    trade = Trade()
    trade.seller("a", 10.0, capacity=70.0)
    trade.seller("c", 20.0)
    trade.offer("market", 0.0, "scrap")
    trade.process("recycle", "market", {"scrap": -1.0, "ore": 1.0}, cost=14.0, capacity=100.0, min_load=0.4)
    trade.demand(100.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(1160.0)
    assert amounts(plan.activity, "process", "activity") == pytest.approx({"recycle": 40.0})
    assert price(plan, "activation.least") == pytest.approx(-4.0)


def test_a_process_stands_still_where_its_least_load_is_too_much() -> None:
    """50 t wanted, 45 t of A at 10: with C's 5 t at 20, 550; with recycling, at least 40 t, 10 × 10 + 40 × 14 = 660."""
    trade = Trade()
    trade.seller("a", 10.0, capacity=45.0)
    trade.seller("c", 20.0)
    trade.offer("market", 0.0, "scrap")
    trade.process("recycle", "market", {"scrap": -1.0, "ore": 1.0}, cost=14.0, capacity=100.0, min_load=0.4)
    trade.demand(50.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(550.0)
    assert plan.activity.empty


def test_charges_of_all_kinds_add_up() -> None:
    """One seller, whose offer, lane and route are charged for, and a process: 100 × 10 + 1 + 2 + 4 + 8 = 1015.

    None can let through more than the 100 t that are wanted, so the relaxation charges for all of each too.
    """
    trade = Trade()
    trade.offer("a", 10.0, fixed_cost=1.0)
    trade.lane("a", "works", fixed_cost=2.0)
    trade.add("routes", origin="a", destination="works", fixed_cost=4.0)
    trade.process("smelt", "works", {"ore": -1.0, "metal": 1.0}, fixed_cost=8.0)
    trade.demand(100.0, "works", "metal")
    plan = trade.plan()
    with altered(without_integers, verified=False):
        relaxed = trade.plan()

    assert plan.objective == pytest.approx(1015.0)
    assert relaxed.bound == pytest.approx(1015.0)
    assert paid(plan) == pytest.approx(
        {"purchase": 1000.0, "offer_fixed": 1.0, "lane_fixed": 2.0, "route_fixed": 4.0, "process_fixed": 8.0}
    )


def test_one_material_alone_pays_the_whole_charge_of_a_route_even_in_the_relaxation() -> None:
    """8 t of bands save 3 a tonne on a route charged 10, 8 t of coils lose 5: the relaxation too charges all of it.

    Integers add nothing: bands over the route 8 × 1 + 10, coils round it 8 × 1: 26. With the route's own limit of 16 t
    alone, half a charge would do: 21.
    """
    trade = Trade()
    for material, direct, round_it in (("bands", 0.0, 3.0), ("coils", 5.0, 0.0)):
        trade.offer("mill", 1.0, material)
        trade.lane("mill", material=material, freight=direct)
        trade.lane("mill", "port", material, freight=round_it)
        trade.lane("port", material=material)
        trade.demand(8.0, material=material)
    trade.site("port")
    trade.add("routes", origin="mill", destination="market", fixed_cost=10.0)

    with altered(without_integers, verified=False):
        relaxed = trade.plan()

    assert trade.plan().objective == pytest.approx(26.0)
    assert relaxed.bound == pytest.approx(26.0)
