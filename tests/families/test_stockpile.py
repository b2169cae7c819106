"""Stockpile: what is carried, lost, filled and released, the stock at the end, and days of cover."""

from typing import Any

import pytest

from tests.builders import Trade, amounts, paid, price

FIFTH = 73.0
"""Days in a fifth of a year."""


def test_stock_is_carried_at_its_loss_and_its_holding_cost() -> None:
    """Ore at 10 (150 t) in 2001 and 20 in 2002, 100 t wanted a year; a tonne kept costs 1 and loses a tenth.

    50 t are kept and 45 t left: 150 × 10 + 50 × 1 + 55 × 20 = 2650. A tonne of stock in 2001 is worth 0.9 × 20 − 1
    = 17, as is a tonne of ore; in 2002 both are worth 20.
    """
    trade = Trade(2)
    trade.offer("market", 10.0, until="2001", capacity=150.0)
    trade.offer("market", 20.0, from_="2002")
    trade.demand(100.0)
    trade.stockpile(loss=0.1, holding_cost=1.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(2650.0)
    assert amounts(plan.stock, "period", "closing") == pytest.approx({"2001": 50.0, "2002": 0.0})
    assert amounts(plan.stock, "period", "release") == pytest.approx({"2001": 0.0, "2002": 45.0})
    assert paid(plan)["holding"] == pytest.approx(50.0)
    assert price(plan, "stockpile.carry", period="2001") == pytest.approx(-17.0)
    assert price(plan, "stockpile.carry", period="2002") == pytest.approx(-20.0)
    assert price(plan, "balance.node", period="2001") == pytest.approx(17.0)
    assert price(plan, "balance.node", period="2002") == pytest.approx(20.0)


def test_a_quarter_loses_a_quarter_of_a_year_compounded() -> None:
    """A loss of 34.39 % a year keeps 0.9 a quarter: 100 t at the start are 81 t when 91 t are wanted: 10 t at 10."""
    trade = Trade(2, "quarter")
    trade.offer("market", 10.0, from_="2001Q2")
    trade.demand(4 * 91.0, period="2001Q2")
    trade.stockpile(initial=100.0, loss=1 - 0.9**4, final=0.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(100.0)
    assert amounts(plan.stock, "period", "loss") == pytest.approx({"2001Q1": 10.0, "2001Q2": 9.0})
    assert amounts(plan.stock, "period", "release") == pytest.approx({"2001Q1": 0.0, "2001Q2": 81.0})
    assert price(plan, "stockpile.carry", period="2001Q1") == pytest.approx(-9.0)


@pytest.mark.parametrize("limit", [{"capacity": 15.0}, {"fill_rate": 60.0}, {"release_rate": 60.0}])
def test_no_more_is_kept_filled_or_released_than_the_stockpile_can(limit: dict[str, Any]) -> None:
    """50 t wanted a quarter, at 10, then at 30: 15 t are kept, for 4 a year, whatever limits them to 15 t a quarter.

    65 × 10 + 15 × 1 + 35 × 30 = 1715.
    """
    trade = Trade(2, "quarter")
    trade.offer("market", 10.0, until="2001Q1")
    trade.offer("market", 30.0, from_="2001Q2")
    trade.demand(200.0)
    trade.stockpile(holding_cost=4.0, **limit)
    plan = trade.plan()

    assert plan.objective == pytest.approx(1715.0)
    assert amounts(plan.stock, "period", "closing") == pytest.approx({"2001Q1": 15.0, "2001Q2": 0.0})
    assert price(plan, "balance.node", period="2001Q1") == pytest.approx(10.0)
    assert price(plan, "balance.node", period="2001Q2") == pytest.approx(30.0)


def test_the_final_stock_is_there_at_the_end() -> None:
    """30 t at the start, 40 t at the end: (100 + 10) × 10 + 40 × 1 = 1140; a tonne more at the end costs 11."""
    trade = Trade()
    trade.offer("market", 10.0)
    trade.demand(100.0)
    trade.stockpile(initial=30.0, final=40.0, holding_cost=1.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(1140.0)
    assert amounts(plan.stock, "period", "closing") == pytest.approx({"2001": 40.0})
    assert price(plan, "stockpile.final") == pytest.approx(11.0)


def test_without_a_final_stock_the_opening_stock_must_be_left() -> None:
    """30 t at the start serve 2001 at 20 and are bought back in 2002 at 10: 70 × 20 + 130 × 10 = 2700."""
    trade = Trade(2)
    trade.offer("market", 20.0, until="2001")
    trade.offer("market", 10.0, from_="2002")
    trade.demand(100.0)
    trade.stockpile(initial=30.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(2700.0)
    assert amounts(plan.stock, "period", "closing") == pytest.approx({"2001": 0.0, "2002": 30.0})
    assert price(plan, "stockpile.final") == pytest.approx(10.0)


def test_days_of_cover_look_a_part_of_the_next_year_ahead() -> None:
    """A fifth of a year: 40 t at the end of 2001 for the 200 t of 2002, and 40 t at the end for the year after.

    At 10, then 9, and 1 for keeping: 140 × 10 + 40 + 200 × 9 + 40 = 3280. A tonne more of cover in 2001 costs
    10 + 1 − 9 = 2, at the end 9 + 1 = 10.
    """
    trade = Trade(2)
    trade.offer("market", 10.0, until="2001")
    trade.offer("market", 9.0, from_="2002")
    trade.demand(100.0, period="2001")
    trade.demand(200.0, period="2002")
    trade.stockpile(cover_days=FIFTH, holding_cost=1.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(3280.0)
    assert amounts(plan.cover, "period", "need") == pytest.approx({"2001": 40.0, "2002": 40.0})
    assert amounts(plan.cover, "period", "days") == pytest.approx({"2001": FIFTH, "2002": FIFTH})
    assert price(plan, "stockpile.cover", period="2001") == pytest.approx(2.0)
    assert price(plan, "stockpile.cover", period="2002") == pytest.approx(10.0)


def test_a_year_and_a_half_of_cover_takes_whole_years_and_a_part_of_the_next() -> None:
    """100, 200, 300 t wanted: 200 + 150, 300 + 150 and, the last rate going on, 300 + 150 t must be held.

    At 10, 9, 8: 450 × 10 + 300 × 9 + 300 × 8 = 9600; a tonne more of cover costs 1, 1 and, at the end, 8.
    """
    trade = Trade(3)
    for period, cost, quantity in (("2001", 10.0, 100.0), ("2002", 9.0, 200.0), ("2003", 8.0, 300.0)):
        trade.offer("market", cost, from_=period, until=period)
        trade.demand(quantity, period=period)
    trade.stockpile(cover_days=1.5 * 365)
    plan = trade.plan()

    assert plan.objective == pytest.approx(9600.0)
    assert amounts(plan.cover, "period", "stock") == pytest.approx({"2001": 350.0, "2002": 450.0, "2003": 450.0})
    for period, expected in (("2001", 1.0), ("2002", 1.0), ("2003", 8.0)):
        assert price(plan, "stockpile.cover", period=period) == pytest.approx(expected)


def test_cover_counts_what_processes_will_take_in() -> None:
    """2 t of ore a tonne of metal, 50 t of metal a year: a fifth of 100 t of ore is held at the end of each year.

    At 10, then 9: 120 × 10 + 100 × 9 = 2100. One more tonne of metal in 2002 takes 2 t of ore at 9, and 0.4 t of cover
    more at both ends, at 10 − 9 and at 9: 18 + 0.4 + 3.6 = 22; in 2001 it takes 20.
    """
    trade = Trade(2)
    trade.offer("smelter", 10.0, until="2001")
    trade.offer("smelter", 9.0, from_="2002")
    trade.process("smelt", "smelter", {"ore": -2.0, "metal": 1.0})
    trade.demand(50.0, "smelter", "metal")
    trade.stockpile("smelter", cover_days=FIFTH)
    plan = trade.plan()

    assert plan.objective == pytest.approx(2100.0)
    assert amounts(plan.cover, "period", "stock") == pytest.approx({"2001": 20.0, "2002": 20.0})
    assert price(plan, "balance.node", material="metal", period="2001") == pytest.approx(20.0)
    assert price(plan, "balance.node", material="metal", period="2002") == pytest.approx(22.0)


def test_cover_is_of_planned_demand_before_what_is_left_unmet() -> None:
    """90 t at 10 for 100 t wanted and 20 t of cover: 30 t stay unmet at 50: 900 + 1500 = 2400; cover costs 50."""
    trade = Trade()
    trade.offer("market", 10.0, capacity=90.0)
    trade.demand(100.0, priority="civil")
    trade.unmet(50.0)
    trade.stockpile(cover_days=FIFTH)
    plan = trade.plan()

    assert plan.objective == pytest.approx(2400.0)
    assert plan.unmet == pytest.approx(30.0)
    assert price(plan, "stockpile.cover") == pytest.approx(50.0)


def test_stockpiles_that_cover_the_same_group_add_up() -> None:
    """A fifth of 60 + 40 t: 15 t fit into the cheap store (1), 5 t go to the dear one (3).

    120 × 10 + 15 × 1 + 5 × 3 = 1230; a tonne more costs 13.
    """
    trade = Trade()
    for site, place, quantity in (("north", "NNN", 60.0), ("south", "SSS", 40.0)):
        trade.site(site, place)
        trade.add("groups", group="allies", member=place)
        trade.offer(site, 10.0)
        trade.demand(quantity, site)
    trade.stockpile("north", capacity=15.0, holding_cost=1.0, cover_days=FIFTH, covers="allies")
    trade.stockpile("south", holding_cost=3.0, cover_days=FIFTH, covers="allies")
    plan = trade.plan()

    assert plan.objective == pytest.approx(1230.0)
    assert amounts(plan.stock, "site", "closing") == pytest.approx({"north": 15.0, "south": 5.0})
    assert price(plan, "stockpile.cover", site="allies") == pytest.approx(13.0)
