"""Origin: stock keeps what filled it, and no part of a flow is less than nothing, solved by hand.

A in AAA sells without end at 10 a tonne, B in BBB at 16, as in ``test_origin``. What is under way and leaves unused
would clear A of its origin, if a part could be negative.
"""

import pytest

from tests.builders import amounts
from tests.families.test_origin import cap, trade


@pytest.mark.parametrize(("rate", "cost"), [(0.0, 1420.0), (10.0, 1360.0), (None, 1180.0)])
def test_stock_is_swapped_as_fast_as_it_is_filled(rate: float | None, cost: float) -> None:
    """40 t of BBB lie at the market and must lie there in the end, whatever their origin.

    30 t of A and 70 t of B: 1420. Each tonne of A that fills the stock frees one of BBB, and saves 6: none, 10 or 40.
    """
    found = trade()
    found.seller("a", 10.0, "metal")
    found.seller("b", 16.0, "metal")
    found.stockpile(material="metal", initial=40.0, initial_origin="BBB", final=40.0, fill_rate=rate)
    found.demand(100.0, material="metal")
    cap(found, 0.3)

    assert found.plan().objective == pytest.approx(cost)


def test_stock_that_is_filled_keeps_its_origins() -> None:
    """Both sell in 2001 alone; the 50 t of 2002 lie in stock, 15 t of them of AAA: 30 × 10 + 70 × 16 = 1420."""
    found = trade(2)
    found.seller("a", 10.0, "metal", until="2001")
    found.seller("b", 16.0, "metal", until="2001")
    found.stockpile(material="metal", initial=0.0, final=0.0)
    found.demand(50.0, material="metal")
    cap(found, 0.3)
    plan = found.plan()

    assert plan.objective == pytest.approx(1420.0)
    held = plan.tagged.loc[(plan.tagged["flow"] == "stock") & (plan.tagged["period"] == "2001")]
    assert amounts(held, "place", "quantity") == pytest.approx({"AAA": 15.0, "other": 35.0})


def test_a_lane_carries_no_less_than_nothing_of_an_origin() -> None:
    """40 t of BBB are under way to a port, from which 20 t reach the market; A could sell to the port at 90.

    80 t come directly, 30 t of A and 50 t of B: 300 + 800. The 20 t that leave at the port clear nothing of A.
    """
    found = trade()
    found.seller("a", 10.0, "metal")
    found.seller("b", 16.0, "metal")
    found.site("port", "CCC")
    found.lane("a", "port", "metal", freight=80.0)
    found.lane("port", material="metal", capacity=20.0)
    found.lane("b", "port", "metal", lead_time=1)
    found.add("in_transit", origin="b", destination="port", material="metal", arrives="2001", quantity=40.0)
    found.demand(100.0, material="metal")
    cap(found, 0.3)

    assert found.plan().objective == pytest.approx(1100.0)


def test_a_market_consumes_no_less_than_nothing_of_an_origin() -> None:
    """Two markets, one cap: 40 t of BBB are under way to the second, which wants 20 t.

    The first has 30 t of A and 50 t of B: 300 + 800. The 20 t that leave at the second clear nothing of A.
    """
    found = trade()
    for market in ("market", "second"):
        found.lane("a", market, "metal")
        found.lane("b", market, "metal", lead_time=0 if market == "market" else 1)
    found.offer("a", 10.0, "metal")
    found.offer("b", 16.0, "metal")
    found.add("in_transit", origin="b", destination="second", material="metal", arrives="2001", quantity=40.0)
    found.demand(80.0, material="metal")
    found.demand(20.0, "second", material="metal")
    cap(found, 0.3, market_pool="together")

    assert found.plan().objective == pytest.approx(1100.0)


def test_a_plant_uses_no_less_than_nothing_of_an_origin() -> None:
    """A tonne of metal takes half a tonne of B's ore, of which 100 t are under way, and half of A's scrap at 10.

    35 of the 50 t must be of BBB, so that 70 t are made, of 35 t of scrap, and 20 t of AAA leave unused: 350.
    """
    found = trade()
    found.goods("scrap", element="Nd")
    found.process("melt", "plant", {"ore": -0.5, "scrap": -0.5, "metal": 1.0})
    found.seller("a", 90.0, to="plant")
    found.seller("a", 10.0, "scrap", to="plant")
    found.seller("b", 100.0, "scrap", to="plant")
    found.lane("b", "plant", lead_time=1)
    found.offer("b", 500.0)
    found.add("in_transit", origin="b", destination="plant", material="ore", arrives="2001", quantity=100.0)
    found.lane("plant", material="metal")
    found.demand(50.0, material="metal")
    cap(found, 0.3)

    assert found.plan().objective == pytest.approx(350.0)


def test_an_output_holds_no_less_than_nothing_of_an_origin() -> None:
    """A smelter makes 0.6 t of metal and 0.4 t of slag, which another process could make into metal for 900.

    50 t of BBB's slag are under way to it. 60 t of metal take 100 t of ore; 18 t of AAA may be in the metal, and no
    more than 40 t in the slag: 58 t of A and 42 t of B, 580 + 672 = 1252.
    """
    found = trade()
    found.goods("slag", element="Nd")
    found.seller("a", 10.0, to="smelter")
    found.seller("b", 16.0, to="smelter")
    found.process("smelt", "smelter", {"ore": -1.0, "metal": 0.6, "slag": 0.4})
    found.process("recycle", "smelter", {"slag": -1.0, "metal": 1.0}, cost=900.0)
    found.lane("b", "smelter", "slag", lead_time=1)
    found.offer("b", 500.0, "slag", origin="BBB", until="2001")
    found.add("in_transit", origin="b", destination="smelter", material="slag", arrives="2001", quantity=50.0)
    found.lane("smelter", material="metal")
    found.demand(60.0, material="metal")
    cap(found, 0.3)

    assert found.plan().objective == pytest.approx(1252.0)
