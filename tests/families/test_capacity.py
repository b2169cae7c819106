"""Capacity: a site shared by all that it sells, set-ups included, and a route shared by all materials."""

import pytest

from tests.builders import Trade, amounts, price


def test_a_site_gives_its_capacity_to_the_material_that_saves_most_a_tonne_of_it() -> None:
    """Coils take 2 t of capacity a tonne, bands 1; 30 and 60 wanted, 100 t there. Elsewhere: coils +10, bands +4.

    A tonne of capacity saves 5 on coils and 4 on bands: 30 coils, 40 bands here, 20 bands elsewhere:
    30 × 20 + 40 × 8 + 20 × 12 = 1160. One more tonne of capacity saves 4; a coil wanted costs 20 + 2 × 4 = 28.
    """
    trade = Trade()
    trade.site("mill", capacity=100.0)
    trade.seller("mill", 20.0, "coils", capacity_use=2.0)
    trade.seller("mill", 8.0, "bands")
    trade.seller("other", 30.0, "coils")
    trade.seller("other", 12.0, "bands")
    trade.demand(30.0, material="coils")
    trade.demand(60.0, material="bands")
    plan = trade.plan()

    assert plan.objective == pytest.approx(1160.0)
    assert amounts(plan.sales, "site", "material", "quantity") == pytest.approx(
        {("mill", "bands"): 40.0, ("mill", "coils"): 30.0, ("other", "bands"): 20.0}
    )
    assert price(plan, "capacity.site") == pytest.approx(-4.0)
    assert price(plan, "balance.node", site="market", material="coils") == pytest.approx(28.0)
    assert price(plan, "balance.node", site="market", material="bands") == pytest.approx(12.0)


def test_a_set_up_takes_from_the_capacity_of_its_site() -> None:
    """45 t a year, 30 t wanted of each, a set-up takes 10 t. Elsewhere coils cost 10 more, bands 4 more.

    Two set-ups leave 25 t, one leaves 35 t, enough for all the coils: 30 coils here, the bands elsewhere:
    30 × 20 + 30 × 12 = 960. With both set up, 25 coils here: 25 × 20 + 5 × 30 + 30 × 12 = 1010.
    """
    trade = Trade()
    trade.site("mill", capacity=45.0)
    for material, here, there in (("coils", 20.0, 30.0), ("bands", 8.0, 12.0)):
        trade.seller("mill", here, material, setup_use=10.0)
        trade.seller("other", there, material)
        trade.demand(30.0, material=material)
    plan = trade.plan()

    assert plan.objective == pytest.approx(960.0)
    assert amounts(plan.sales, "site", "material", "quantity") == pytest.approx(
        {("mill", "coils"): 30.0, ("other", "bands"): 30.0}
    )
    assert amounts(plan.activations, "kind", "material", "used") == {("setup", "coils"): 1.0}


def test_with_a_set_up_the_rest_of_the_capacity_is_worth_its_saving() -> None:
    """40 t a year, 50 t wanted, a set-up of 10 t: 30 t at 20 here, 20 t at 26 elsewhere: 1120; one more t saves 6."""
    trade = Trade()
    trade.site("mill", capacity=40.0)
    trade.seller("mill", 20.0, setup_use=10.0)
    trade.seller("other", 26.0)
    trade.demand(50.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(1120.0)
    assert amounts(plan.sales, "site", "quantity") == pytest.approx({"mill": 30.0, "other": 20.0})
    assert price(plan, "capacity.site") == pytest.approx(-6.0)


def test_a_route_gives_its_capacity_to_the_material_that_saves_most() -> None:
    """80 t fit on the strait of 50 coils and 60 bands; the long way costs coils 7 and bands 3 more.

    50 coils and 30 bands pass, 30 bands go round: 50 × 20 + 60 × 8 + 30 × 3 = 1570; one more tonne saves 3.
    In quarters, of an annual 320 t, the same.
    """
    trade = Trade(1, "quarter")
    for material, cost, detour, wanted in (("coils", 20.0, 7.0, 200.0), ("bands", 8.0, 3.0, 240.0)):
        trade.offer("mill", cost, material)
        trade.lane("mill", material=material)
        trade.lane("mill", "cape", material, freight=detour)
        trade.lane("cape", material=material)
        trade.demand(wanted, material=material)
    trade.site("cape")
    trade.add("routes", origin="mill", destination="market", capacity=320.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(1570.0)
    direct = plan.flows.loc[(plan.flows["origin"] == "mill") & (plan.flows["destination"] == "market")]
    assert amounts(direct, "material", "quantity") == pytest.approx({"bands": 30.0, "coils": 50.0})
    assert price(plan, "capacity.route") == pytest.approx(-3.0)
    assert price(plan, "balance.node", site="market", material="coils") == pytest.approx(23.0)
    assert price(plan, "balance.node", site="market", material="bands") == pytest.approx(11.0)
