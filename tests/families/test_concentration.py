"""Concentration: every kind of rule on every basis and base, hard and priced, in two markets solved by hand.

*Capped*: 100 t wanted, 30 a tonne unmet. A sells without end at 8 and loses 0.2 on its lane: 10 a tonne that arrives.
B sells 20 t at 16. The market's own mine sells 10 t at 20: made, but no purchase. The cap is on A.

*Floored*: 120 t wanted, 30 a tonne unmet. A sells 75 t at 8 (60 t arrive), the market's own mine 15 t at 20: 900
for 75 t. B sells without end at 32 and loses 0.2: 40 a tonne that arrives, 10 more than it saves. The floor is on B.
"""

from typing import Any

import pytest

from tests.builders import Trade, amounts, paid, price


def market(wanted: float, own: float) -> Trade:
    """A market with a mine of its own, and demand that may stay unmet at 30."""
    trade = Trade()
    trade.site("market", "HHH")
    trade.offer("market", 20.0, capacity=own)
    trade.demand(wanted, priority="civil")
    trade.unmet(30.0)
    trade.site("a", "AAA")
    trade.site("b", "BBB")
    return trade


def capped(kind: str, limit: float, **rule: Any) -> Trade:
    """The capped market, with this rule about A."""
    trade = market(100.0, 10.0)
    trade.offer("a", 8.0)
    trade.lane("a", loss=0.2)
    trade.seller("b", 16.0, capacity=20.0)
    trade.rule(kind, limit, subject="AAA", **rule)
    return trade


def floored(kind: str, limit: float, **rule: Any) -> Trade:
    """The floored market, with this rule about B."""
    trade = market(120.0, 15.0)
    trade.offer("a", 8.0, capacity=75.0)
    trade.offer("b", 32.0)
    trade.lane("a", loss=0.2)
    trade.lane("b", loss=0.2)
    trade.rule(kind, limit, subject="BBB", **rule)
    return trade


@pytest.mark.parametrize(
    ("basis", "base", "sold", "cost", "dual"),
    [
        ("purchases", "demand", 62.5, 1620.0, -20.0),
        ("purchases", "consumption", 37.5, 2020.0, -40.0),
        ("purchases", "purchases", 25.0, 2220.0, -40.0),
        ("made", "demand", 50.0, 1820.0, -16.0),
        ("made", "consumption", 25.0, 2220.0, -16.0 / 0.6),
        ("made", "purchases", 30.0, 2140.0, -32.0),
    ],
)
def test_max_share_of_half(basis: str, base: str, sold: float, cost: float, dual: float) -> None:
    """A may have half of the base. q arrives of A; without it there are 30 t, and the rest of 100 t is unmet.

    Purchases: of demand q = 50; of consumption q = (q + 30) / 2 = 30; of purchases q = (q + 20) / 2 = 20.
    Cost 10 q + 320 + 200 + 30 (70 − q). A tonne more of A saves 20, a tonne of excess allows 1, 2 and 2 more.
    Made, s sold, q = 0.8 s: of demand s = 50; of consumption s = (0.8 s + 30) / 2 = 25; of all made s = (s + 30) / 2
    = 30. A tonne more sold saves 0.8 × 30 − 8 = 16; a tonne of excess allows 1, 1 / 0.6 and 2 more.
    """
    plan = capped("max_share", 0.5, basis=basis, base=base).plan()

    assert plan.objective == pytest.approx(cost)
    assert amounts(plan.sales, "site", "quantity") == pytest.approx({"a": sold, "b": 20.0, "market": 10.0})
    assert plan.unmet == pytest.approx(70.0 - 0.8 * sold)
    assert price(plan, "concentration.cap") == pytest.approx(dual)
    quantity, every = (0.8 * sold, 0.8 * sold + 20.0) if basis == "purchases" else (sold, sold + 30.0)
    bases = {"consumption": 0.8 * sold + 30.0, "demand": 100.0, "purchases": every}
    told = {name: quantity / tonnes for name, tonnes in bases.items()}
    if (basis, base) == ("made", "purchases"):  # it has no market to tell the others of
        told = dict.fromkeys(bases, float("nan"))
    (row,) = plan.rules[[f"of_{name}" for name in bases]].itertuples(index=False)
    assert list(row) == pytest.approx(list(told.values()), nan_ok=True)
    assert plan.rules["price_unit"].tolist() == ["USD per t"]


@pytest.mark.parametrize(
    ("basis", "base", "sold", "cost", "dual"),
    [
        ("purchases", "demand", 37.5, 2550.0, -10.0),
        ("purchases", "consumption", 31.25, 2500.0, -10.0 / 0.75),
        ("purchases", "purchases", 25.0, 2450.0, -10.0 / 0.75),
        ("made", "demand", 30.0, 2490.0, -8.0),
        ("made", "consumption", 23.4375, 2437.5, -10.0),
        ("made", "purchases", 30.0, 2490.0, -8.0 / 0.75),
    ],
)
def test_min_share_of_a_quarter(basis: str, base: str, sold: float, cost: float, dual: float) -> None:
    """B must have a quarter of the base. q arrives of B; the other 75 t cost 900, and the rest of 120 t is unmet.

    Purchases: of demand q = 30; of consumption q = (q + 75) / 4 = 25; of purchases q = (q + 60) / 4 = 20.
    Cost 900 + 40 q + 30 (45 − q). A tonne less of B saves 10; a tonne of excess allows 1, 1 / 0.75, 1 / 0.75 less.
    Made, s sold, q = 0.8 s: of demand s = 30; of consumption s = (0.8 s + 75) / 4 = 23.4375; of all made
    s = (s + 90) / 4 = 30. A tonne less sold saves 32 − 24 = 8; a tonne of excess allows 1, 1 / 0.8, 1 / 0.75 less.
    """
    plan = floored("min_share", 0.25, basis=basis, base=base).plan()

    assert plan.objective == pytest.approx(cost)
    assert amounts(plan.sales, "site", "quantity") == pytest.approx({"a": 75.0, "b": sold, "market": 15.0})
    assert price(plan, "concentration.cap") == pytest.approx(dual)


@pytest.mark.parametrize(
    ("basis", "sold", "cost", "dual"), [("purchases", 50.0, 1820.0, -20.0), ("made", 40.0, 1980.0, -16.0)]
)
def test_max_quantity(basis: str, sold: float, cost: float, dual: float) -> None:
    """At most 40 t of A. Arriving: 400 + 320 + 200 + 30 × 30 = 1820. Sold (32 t arrive): 320 + 520 + 38 × 30 = 1980."""
    plan = capped("max_quantity", 40.0, basis=basis).plan()

    assert plan.objective == pytest.approx(cost)
    assert amounts(plan.sales, "site", "quantity") == pytest.approx({"a": sold, "b": 20.0, "market": 10.0})
    assert price(plan, "concentration.cap") == pytest.approx(dual)


@pytest.mark.parametrize(
    ("basis", "sold", "cost", "dual"), [("purchases", 43.75, 2600.0, -10.0), ("made", 35.0, 2530.0, -8.0)]
)
def test_min_quantity(basis: str, sold: float, cost: float, dual: float) -> None:
    """At least 35 t of B. Arriving: 900 + 1400 + 10 × 30 = 2600. Sold (28 t arrive): 900 + 1120 + 17 × 30 = 2530."""
    plan = floored("min_quantity", 35.0, basis=basis).plan()

    assert plan.objective == pytest.approx(cost)
    assert amounts(plan.sales, "site", "quantity") == pytest.approx({"a": 75.0, "b": sold, "market": 15.0})
    assert price(plan, "concentration.cap") == pytest.approx(dual)


@pytest.mark.parametrize(
    ("penalty", "arrives", "excess", "cost"), [(25.0, 50.0, 0.0, 1620.0), (12.0, 70.0, 20.0, 1460.0)]
)
def test_a_priced_cap_is_broken_where_that_is_cheaper(
    penalty: float, arrives: float, excess: float, cost: float
) -> None:
    """Half of demand, 50 t, each tonne above it saves 20. At 25 it is kept; at 12, 20 t of excess meet all demand.

    700 + 320 + 200 + 20 × 12 = 1460, and a tonne of excess costs what it is priced at. A tonne of A then costs 22:
    none takes the place of the market's own.
    """
    plan = capped("max_share", 0.5, base="demand", penalty=penalty).plan()

    assert plan.objective == pytest.approx(cost)
    assert amounts(plan.flows, "origin", "arriving") == pytest.approx({"a": arrives, "b": 20.0})
    assert amounts(plan.rules, "subject", "excess") == pytest.approx({"AAA": excess})
    assert paid(plan).get("penalty", 0.0) == pytest.approx(penalty * excess)
    assert price(plan, "concentration.cap") == pytest.approx(-min(penalty, 20.0))


@pytest.mark.parametrize(("penalty", "arrives", "cost"), [(25.0, 30.0, 2550.0), (5.0, 0.0, 2400.0)])
def test_a_priced_floor_is_missed_where_that_is_cheaper(penalty: float, arrives: float, cost: float) -> None:
    """A quarter of demand, 30 t, each of which costs 10 more than it saves. At 25 it is kept, 2550; at 5 nothing of B
    is bought: 900 + 45 × 30 + 30 × 5 = 2400.
    """
    plan = floored("min_share", 0.25, base="demand", penalty=penalty).plan()

    assert plan.objective == pytest.approx(cost)
    assert amounts(plan.flows, "origin", "arriving").get("b", 0.0) == pytest.approx(arrives)
    assert price(plan, "concentration.cap") == pytest.approx(-min(penalty, 10.0))


def test_what_was_under_way_counts() -> None:
    """12.5 t of A are under way, paid, and 10 t of them arrive: of at most 40 t, 30 t more may be bought.

    300 + 320 + 200 + 30 × 30 = 1720.
    """
    trade = capped("max_quantity", 40.0)
    trade.add("in_transit", origin="a", destination="market", material="ore", arrives="2001", quantity=12.5)
    plan = trade.plan()

    assert plan.objective == pytest.approx(1720.0)
    assert amounts(plan.flows, "origin", "arriving") == pytest.approx({"a": 30.0, "b": 20.0})
    assert price(plan, "concentration.cap") == pytest.approx(-20.0)


def test_what_was_under_way_stands_in_the_base_of_purchases() -> None:
    """Half of purchases, 20 t of B and 10 t under way from C in them: q = (q + 30) / 2 = 30: 300 + 320 + 200 + 900."""
    trade = capped("max_share", 0.5, base="purchases")
    trade.site("c", "CCC")
    trade.add("in_transit", origin="c", destination="market", material="ore", arrives="2001", quantity=10.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(1720.0)
    assert amounts(plan.flows, "origin", "arriving") == pytest.approx({"a": 30.0, "b": 20.0})
    assert price(plan, "concentration.cap") == pytest.approx(-40.0)


@pytest.mark.parametrize(("in_base", "arrives", "cost"), [("yes", 25.0, 2070.0), ("no", 20.0, 2170.0)])
def test_home_supply_is_in_the_base_or_not(in_base: str, arrives: float, cost: float) -> None:
    """Half of purchases, and a neighbour at home sells 5 t at 20: q = (q + 20 + 5) / 2 = 25, else 20.

    10 q + 320 + 200 + 100 + 30 × (65 − q).
    """
    trade = capped("max_share", 0.5, base="purchases", home_in_base=in_base)
    trade.header["home"] = "allies"
    trade.add("groups", group="allies", member="HHH")
    trade.site("neighbour", "HHH")
    trade.seller("neighbour", 20.0, capacity=5.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(cost)
    assert amounts(plan.flows, "origin", "arriving") == pytest.approx({"a": arrives, "b": 20.0, "neighbour": 5.0})
    assert price(plan, "concentration.cap") == pytest.approx(-40.0)


@pytest.mark.parametrize(("in_base", "arrives", "cost"), [("yes", 10.0, 2720.0), ("no", 20.0, 2520.0)])
def test_stock_filled_is_taken_from_the_base_or_not(in_base: str, arrives: float, cost: float) -> None:
    """Half of purchases, and 10 t must be in stock at the end: q = (q + 20 − 10) / 2 = 10, else 20.

    10 q + 320 + 200 + 30 × (110 − q − 20 − 10).
    """
    trade = capped("max_share", 0.5, base="purchases", stock_in_base=in_base)
    trade.stockpile(initial=0.0, final=10.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(cost)
    assert amounts(plan.flows, "origin", "arriving") == pytest.approx({"a": arrives, "b": 20.0})


@pytest.mark.parametrize(("in_base", "arrives", "cost"), [("yes", 30.0, 1720.0), ("no", 20.0, 1920.0)])
def test_stock_released_is_in_the_base_or_not(in_base: str, arrives: float, cost: float) -> None:
    """Half of purchases, and 10 t of stock can be released: q = (q + 20 + 10) / 2 = 30, else 20.

    10 q + 320 + 200 + 30 × (60 − q). What goes into stock and out again in one period counts for nothing.
    """
    trade = capped("max_share", 0.5, base="purchases", stock_in_base=in_base)
    trade.stockpile(initial=10.0, final=0.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(cost)
    assert amounts(plan.flows, "origin", "arriving") == pytest.approx({"a": arrives, "b": 20.0})
    assert price(plan, "concentration.cap") == pytest.approx(-40.0)
