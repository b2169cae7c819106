"""Flow: price, freight and duty on dispatched tonnes; loss and lead time; what is under way at both ends."""

import pytest

from tests.builders import Trade, amounts, paid, price


def test_price_and_freight_make_the_landed_cost() -> None:
    """A lands at 10 + 2 but has 60 t, B at 11 + 4: 60 × 12 + 40 × 15 = 1320. One tonne more comes from B, at 15.

    A tonne at A's gate is worth 15 − 2 = 13, at B's what B asks: 11.
    """
    trade = Trade()
    trade.offer("a", 10.0, capacity=60.0)
    trade.offer("b", 11.0)
    trade.lane("a", freight=2.0)
    trade.lane("b", freight=4.0)
    trade.demand(100.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(1320.0)
    assert amounts(plan.sales, "site", "quantity") == pytest.approx({"a": 60.0, "b": 40.0})
    assert amounts(plan.flows, "origin", "freight") == pytest.approx({"a": 120.0, "b": 160.0})
    assert price(plan, "balance.node", site="market") == pytest.approx(15.0)
    assert price(plan, "balance.node", site="a") == pytest.approx(13.0)
    assert price(plan, "balance.node", site="b") == pytest.approx(11.0)


def test_capacity_of_a_lane_bounds_what_is_dispatched() -> None:
    """The direct lane takes 30 t free, the other costs 3: 100 × 10 + 70 × 3 = 1210; market 13, gate 10."""
    trade = Trade()
    trade.offer("a", 10.0)
    trade.lane("a", capacity=30.0)
    trade.lane("a", "port")
    trade.lane("port", freight=3.0)
    trade.site("port")
    trade.demand(100.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(1210.0)
    assert amounts(plan.flows, "origin", "destination", "quantity") == pytest.approx(
        {("a", "market"): 30.0, ("a", "port"): 70.0, ("port", "market"): 70.0}
    )
    assert price(plan, "balance.node", site="market") == pytest.approx(13.0)
    assert price(plan, "balance.node", site="a") == pytest.approx(10.0)


def test_duty_is_paid_on_the_customs_value_of_lane_material_or_list_price() -> None:
    """Duty 10 %: ore from a on its lane's 50, from b on the material's 20, slag from c on c's list price of 30.

    Each market's 10 t cost 10 × (1 + 5) + 10 × (2 + 2) + 10 × (30 + 3) = 60 + 40 + 330 = 430, of which duty 100.
    """
    trade = Trade()
    trade.goods("ore", customs_value=20.0)
    trade.offer("a", 1.0)
    trade.offer("b", 2.0)
    trade.offer("c", 30.0, "slag")
    trade.lane("a", "north", duty=0.1, customs_value=50.0)
    trade.lane("b", "south", duty=0.1)
    trade.lane("c", "south", "slag", duty=0.1)
    trade.demand(10.0, "north")
    trade.demand(10.0, "south")
    trade.demand(10.0, "south", "slag")
    plan = trade.plan()

    assert plan.objective == pytest.approx(430.0)
    assert amounts(plan.flows, "origin", "duty") == pytest.approx({"a": 50.0, "b": 20.0, "c": 30.0})
    assert price(plan, "balance.node", site="north") == pytest.approx(6.0)
    assert price(plan, "balance.node", site="south", material="slag") == pytest.approx(33.0)


def test_duty_follows_the_list_price_and_the_table_period_by_period() -> None:
    """List price 10, then 20; duty on AAA 10 %, from 2002 on 50 %: 10 × (10 + 1) + 10 × (20 + 10) = 410."""
    trade = Trade(2)
    trade.site("a", "AAA")
    trade.site("market", "HHH")
    trade.offer("a", 10.0, until="2001")
    trade.offer("a", 20.0, from_="2002")
    trade.lane("a")
    trade.demand(10.0)
    trade.add("duties", origin="AAA", destination="HHH", duty=0.1, until="2001")
    trade.add("duties", origin="AAA", destination="HHH", duty=0.5, from_="2002")
    plan = trade.plan()

    assert plan.objective == pytest.approx(410.0)
    assert amounts(plan.flows, "period", "duty") == pytest.approx({"2001": 10.0, "2002": 100.0})


def test_loss_is_taken_from_what_arrives_and_paid_for_all_that_leaves() -> None:
    """90 t arrive of 100 t dispatched at 10 + 1: 1100, and 11 / 0.9 for one more that arrives."""
    trade = Trade()
    trade.offer("a", 10.0)
    trade.lane("a", freight=1.0, loss=0.1)
    trade.demand(90.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(1100.0)
    assert amounts(plan.flows, "origin", "quantity") == pytest.approx({"a": 100.0})
    assert amounts(plan.flows, "origin", "arriving") == pytest.approx({"a": 90.0})
    assert price(plan, "balance.node", site="market") == pytest.approx(11.0 / 0.9)


def test_lead_time_buys_ahead_at_the_price_of_the_day_of_dispatch() -> None:
    """50 t are wanted in 2002 only, the lane takes a year: bought in 2001 at 10, though 2002 asks 7: 500.

    The tonne that the market wants in 2002 costs 10; A's own tonne of 2001 costs 10 too.
    """
    trade = Trade(2)
    trade.offer("a", 10.0, until="2001")
    trade.offer("a", 7.0, from_="2002")
    trade.lane("a", lead_time=1)
    trade.demand(50.0, period="2002")
    plan = trade.plan()

    assert plan.objective == pytest.approx(500.0)
    assert amounts(plan.flows, "period", "arrives", "quantity") == pytest.approx({("2001", "2002"): 50.0})
    assert price(plan, "balance.node", site="market", period="2002") == pytest.approx(10.0)
    assert price(plan, "balance.node", site="a", period="2001") == pytest.approx(10.0)


@pytest.mark.parametrize(("paid_before", "due"), [("yes", 0.0), ("no", 30.0 * (10.0 + 2.0 + 1.0))])
def test_what_is_under_way_arrives_less_its_loss_and_falls_due_if_unpaid(paid_before: str, due: float) -> None:
    """30 t are under way, 27 t arrive in 2002 of the 45 t wanted then: 20 t are dispatched in 2001, 18 t arrive.

    New ones cost 20 × (10 + 2 + 1) = 260: price, freight, duty 5 % of 20. The old ones, where unpaid, the same a
    tonne in 2002 (price and duty of the first period): 30 × 13 = 390. The market's tonne costs 13 / 0.9.
    """
    trade = Trade(2)
    trade.offer("a", 10.0, until="2001")
    trade.offer("a", 99.0, from_="2002")
    trade.lane("a", freight=2.0, duty=0.05, customs_value=20.0, loss=0.1, lead_time=1)
    trade.add(
        "in_transit",
        origin="a",
        destination="market",
        material="ore",
        arrives="2002",
        quantity=30.0,
        paid=paid_before,
    )
    trade.demand(45.0, period="2002")
    plan = trade.plan()

    assert plan.objective == pytest.approx(260.0 + due)
    assert plan.bound == pytest.approx(260.0 + due)
    assert amounts(plan.flows, "period", "quantity") == pytest.approx({"2001": 20.0})
    assert paid(plan).get("in_transit", 0.0) == pytest.approx(due)
    assert price(plan, "balance.node", site="market", period="2002") == pytest.approx(13.0 / 0.9)


def test_what_arrives_after_the_end_is_dispatched_only_as_far_as_final_allows() -> None:
    """A must sell 50 t in 2002. By air (20) they serve 2002; by sea (1) they arrive in 2003, where 30 t are allowed.

    Each tonne sent by sea in 2002 saves 19 and needs one bought and sent by sea in 2001, 10 + 1. So 30 by sea in 2001,
    20 by air and 30 by sea in 2002: 80 × 10 + 60 × 1 + 20 × 20 = 1260. Without the limit: 1100.
    """
    trade = Trade(2)
    trade.site("a", "AAA")
    trade.offer("a", 10.0)
    trade.lane("a", lead_time=1, freight=1.0)
    trade.lane("a", "airport", freight=20.0)
    trade.lane("airport")
    trade.site("airport")
    trade.demand(50.0, period="2002")
    trade.add("in_transit", origin="a", destination="market", material="ore", arrives="2003", final=30.0)
    trade.rule("min_quantity", 50.0, basis="made", subject="AAA", from_="2002")
    plan = trade.plan()

    assert plan.objective == pytest.approx(1260.0)
    assert amounts(plan.flows, "origin", "destination", "arrives", "quantity") == pytest.approx(
        {
            ("a", "market", "2002"): 30.0,
            ("a", "market", "2003"): 30.0,
            ("a", "airport", "2002"): 20.0,
            ("airport", "market", "2002"): 20.0,
        }
    )


def test_the_last_period_may_dispatch_beyond_the_end_where_the_one_before_may_not() -> None:
    """As before, with two years at sea: what leaves A in 2003 may arrive in 2005, what leaves in 2002 not in 2004.

    50 t must be sold in 2003: 20 by air serve 2003 beside 30 sent by sea in 2001, 30 by sea arrive in 2005.
    80 × 10 + 60 × 1 + 20 × 20 = 1260.
    """
    trade = Trade(3)
    trade.site("a", "AAA")
    trade.offer("a", 10.0)
    trade.lane("a", lead_time=2, freight=1.0)
    trade.lane("a", "airport", freight=20.0)
    trade.lane("airport")
    trade.site("airport")
    trade.demand(50.0, period="2003")
    trade.add("in_transit", origin="a", destination="market", material="ore", arrives="2005", final=30.0)
    trade.rule("min_quantity", 50.0, basis="made", subject="AAA", from_="2003")
    plan = trade.plan()

    assert plan.objective == pytest.approx(1260.0)
    sent = plan.flows.loc[plan.flows["origin"] == "a"]
    assert amounts(sent, "destination", "period", "arrives", "quantity") == pytest.approx(
        {
            ("airport", "2003", "2003"): 20.0,
            ("market", "2001", "2003"): 30.0,
            ("market", "2003", "2005"): 30.0,
        }
    )


def test_quantities_are_rates_a_year_and_a_quarter_has_a_quarter_of_them() -> None:
    """100 t a year are 25 t in each of two quarters; A sells 80 t a year, 20 t a quarter, B the rest.

    2 × (20 × 10 + 5 × 14) = 540.
    """
    trade = Trade(2, "quarter")
    trade.seller("a", 10.0, capacity=80.0)
    trade.seller("b", 14.0)
    trade.demand(100.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(540.0)
    assert amounts(plan.sales, "site", "period", "quantity") == pytest.approx(
        {("a", "2001Q1"): 20.0, ("a", "2001Q2"): 20.0, ("b", "2001Q1"): 5.0, ("b", "2001Q2"): 5.0}
    )


def test_an_offer_sells_and_never_buys_back() -> None:
    """The hub offers at 30 what comes to it from A at 10: 100 × 10 = 1000, and nothing is earned at the hub."""
    trade = Trade()
    trade.seller("a", 10.0, to="hub")
    trade.offer("hub", 30.0)
    trade.lane("hub")
    trade.demand(100.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(1000.0)
    assert amounts(plan.sales, "site", "quantity") == pytest.approx({"a": 100.0})
