"""Concentration: whom a rule counts, where, of what and over which periods."""

import pytest

from tests.builders import Trade, amounts, price


@pytest.mark.parametrize(
    ("per", "limit", "bought", "cost", "duals"),
    [
        ("period", 10.0, (10.0, 10.0, 10.0, 10.0), 1330.0, {"2001Q3": -2, "2001Q4": -6, "2002Q1": -4, "2002Q2": -10}),
        ("year", 20.0, (0.0, 20.0, 0.0, 20.0), 1230.0, {"2001": -6.0, "2002": -10.0}),
        ("horizon", 40.0, (0.0, 15.0, 0.0, 25.0), 1210.0, {"2001Q3..2002Q2": -6.0}),
    ],
)
def test_a_limit_holds_per_period_year_or_horizon(
    per: str, limit: float, bought: tuple[float, ...], cost: float, duals: dict[str, float]
) -> None:
    """25 t a quarter at 12, 16, 14, 20 from B: 1550. Each tonne of A, at 10, saves 2, 6, 4, 10.

    10 t a quarter save 220; 20 t a calendar year go to its dearest quarter and save 20 × 6 + 20 × 10 = 320; 40 t over
    the horizon fill the last quarter and 15 t of the second: 250 + 90 = 340.
    """
    trade = Trade(4, "quarter", first_period="2001Q3")
    trade.site("a", "AAA")
    trade.seller("a", 10.0)
    quarters = ("2001Q3", "2001Q4", "2002Q1", "2002Q2")
    for quarter, cost_of_b in zip(quarters, (12.0, 16.0, 14.0, 20.0), strict=True):
        trade.offer("b", cost_of_b, from_=quarter, until=quarter)
    trade.lane("b")
    trade.demand(100.0)
    trade.rule("max_quantity", limit, subject="AAA", per=per)
    plan = trade.plan()

    assert plan.objective == pytest.approx(cost)
    of_a = amounts(plan.sales.loc[plan.sales["site"] == "a"], "period", "quantity")
    assert [of_a.get(quarter, 0.0) for quarter in quarters] == pytest.approx(list(bought), abs=1e-6)
    assert {period: price(plan, "concentration.cap", period=period) for period in duals} == pytest.approx(duals)


def test_a_rule_holds_from_one_period_until_another_and_may_tighten() -> None:
    """A at 10, B at 16, 100 t a year. No rule in 2001, 60 t in 2002, 20 t in 2003: 1000 + 1240 + 1480 = 3720."""
    trade = Trade(3)
    trade.site("a", "AAA")
    trade.seller("a", 10.0)
    trade.seller("b", 16.0)
    trade.demand(100.0)
    trade.rule("max_quantity", 60.0, subject="AAA", from_="2002", until="2002")
    trade.rule("max_quantity", 20.0, subject="AAA", from_="2003")
    plan = trade.plan()

    assert plan.objective == pytest.approx(3720.0)
    assert amounts(plan.rules, "period", "quantity") == pytest.approx({"2002": 60.0, "2003": 20.0})


@pytest.mark.parametrize(
    ("rule", "bought", "cost"),
    [
        ({"subject_by": "place", "except": "CCC"}, {"a1": 50.0, "b1": 50.0, "c": 80.0}, 2700.0),
        ({"subject_by": "place", "except": "home"}, {"a1": 50.0, "b1": 50.0, "c": 80.0}, 2700.0),
        ({"subject_by": "owner", "except": "Reed"}, {"a1": 50.0, "a2": 50.0, "c": 80.0}, 2650.0),
        ({"subject_by": "site", "except": "c"}, {"a1": 50.0, "a2": 50.0, "b1": 50.0, "c": 30.0}, 2250.0),
        ({"subject_by": "site", "subject": "far"}, {"a1": 50.0, "a2": 130.0}, 1930.0),
        ({"subject_by": "group", "subject": "far"}, {"a1": 50.0, "a2": 130.0}, 1930.0),
        ({"subject_by": "group", "subject": "pact"}, {"a1": 50.0, "c": 130.0}, 3100.0),
        ({"subject_by": "group", "subject": "pact;far", "except": "pact"}, {"a1": 50.0, "a2": 130.0}, 1930.0),
        ({"subject_by": "place", "subject": "pact"}, {"a1": 50.0, "b1": 130.0}, 2060.0),
    ],
)
def test_a_limit_holds_for_each_place_owner_site_or_group(
    rule: dict[str, str], bought: dict[str, float], cost: float
) -> None:
    """180 t, at most 50 t of each subject. a1 (AAA, Pike) 10, a2 (AAA, Quill) 11, b1 (BBB, Pike) 12, c (CCC, Reed) 20.

    Places but CCC or home: a1 50, b1 50, c 80. Owners but Reed: a1 50, a2 50, c 80. Sites but c: 50, 50, 50 and 30.
    Group far has one member, a1: a1 50, a2 130. Group pact holds Pike and, through an inner group, AAA: all but c, 50 t
    together; its one place is AAA: a1 50, b1 130.
    """
    trade = Trade(home="allies")
    for site, place, owner, cost_of_site in (
        ("a1", "AAA", "Pike", 10.0),
        ("a2", "AAA", "Quill", 11.0),
        ("b1", "BBB", "Pike", 12.0),
        ("c", "CCC", "Reed", 20.0),
    ):
        trade.site(site, place, owner)
        trade.seller(site, cost_of_site)
    for group, member in (("allies", "CCC"), ("far", "a1"), ("pact", "Pike"), ("pact", "inner"), ("inner", "AAA")):
        trade.add("groups", group=group, member=member)
    trade.demand(180.0)
    trade.rule("max_quantity", 50.0, **rule)
    plan = trade.plan()

    assert plan.objective == pytest.approx(cost)
    assert amounts(plan.sales, "site", "quantity") == pytest.approx(bought)


@pytest.mark.parametrize(
    ("pools", "bought", "cost"),
    [
        ({"pool": "each", "stage_pool": "each"}, (50.0, 50.0, 50.0), 7680.0),
        ({"pool": "together", "stage_pool": "each"}, (0.0, 50.0, 50.0), 7780.0),
        ({"pool": "together", "stage_pool": "together"}, (0.0, 0.0, 50.0), 7980.0),
        ({"pool": "together", "stage": "oxide"}, (0.0, 50.0, 80.0), 7480.0),
        ({"pool": "each", "material": "metal", "stage_pool": "each"}, (80.0, 80.0, 50.0), 7500.0),
    ],
)
def test_materials_and_stages_are_limited_each_or_together(
    pools: dict[str, str], bought: tuple[float, ...], cost: float
) -> None:
    """80 t each of two oxides and a metal. A asks 30, B 32, 34 and 40, so a tonne of A saves 2, 4 and 10.

    All of B costs 80 × 106 = 8480. 50 t of A of each save 50 × 16; of each stage 50 × 14, terbium before dysprosium; of
    all 50 × 10. A rule about oxides leaves the metal alone: 50 × 4 + 80 × 10; about metal: 80 × 6 + 50 × 10.
    """
    trade = Trade()
    trade.site("a", "AAA")
    for material, stage, cost_of_b in (("dy", "oxide", 32.0), ("tb", "oxide", 34.0), ("metal", "metal", 40.0)):
        trade.goods(material, stage=stage)
        trade.seller("a", 30.0, material)
        trade.seller("b", cost_of_b, material)
        trade.demand(80.0, material=material)
    trade.rule("max_quantity", 50.0, subject="AAA", **pools)
    plan = trade.plan()

    assert plan.objective == pytest.approx(cost)
    of_a = amounts(plan.sales.loc[plan.sales["site"] == "a"], "material", "quantity")
    assert [of_a.get(material, 0.0) for material in ("dy", "tb", "metal")] == pytest.approx(list(bought), abs=1e-6)


@pytest.mark.parametrize(
    ("market", "bought", "cost"),
    [
        ({"market_pool": "each"}, (50.0, 50.0, 50.0), 7680.0),
        ({"market_pool": "together"}, (0.0, 0.0, 50.0), 7980.0),
        ({"market": "allies", "market_pool": "each"}, (80.0, 50.0, 50.0), 7620.0),
        ({"market": "allies", "market_pool": "together"}, (80.0, 0.0, 50.0), 7820.0),
        ({"market": "home", "market_pool": "together"}, (80.0, 0.0, 50.0), 7820.0),
        ({"market": "south"}, (80.0, 50.0, 80.0), 7320.0),
        ({"market": "north;WWW", "market_pool": "together"}, (0.0, 80.0, 50.0), 7660.0),
    ],
)
def test_markets_are_limited_each_or_together(market: dict[str, str], bought: tuple[float, ...], cost: float) -> None:
    """80 t each in north, south and west. A delivers at 30, B at 32, 34 and 40, so a tonne of A saves 2, 4 and 10.

    All of B costs 8480; at most 50 t of A to each save 50 × 16, to all 50 × 10. Allies are south and west: to each
    80 × 2 + 50 × 14, to both as one 80 × 2 + 50 × 10. South alone: 80 × 12 + 50 × 4. North and west as one:
    50 × 10 + 80 × 4.
    """
    trade = Trade(home="allies")
    trade.site("a", "AAA")
    trade.offer("a", 30.0)
    trade.offer("b", 30.0)
    for site, place, freight in (("north", "NNN", 2.0), ("south", "SSS", 4.0), ("west", "WWW", 10.0)):
        trade.site(site, place)
        trade.lane("a", site)
        trade.lane("b", site, freight=freight)
        trade.demand(80.0, site)
    trade.add("groups", group="allies", member="SSS")
    trade.add("groups", group="allies", member="west")
    trade.rule("max_quantity", 50.0, subject="AAA", **market)
    plan = trade.plan()

    assert plan.objective == pytest.approx(cost)
    of_a = amounts(plan.flows.loc[plan.flows["origin"] == "a"], "destination", "quantity")
    assert [of_a.get(site, 0.0) for site in ("north", "south", "west")] == pytest.approx(list(bought), abs=1e-6)


def test_what_the_market_ships_to_itself_is_no_purchase() -> None:
    """The group's market holds mine and works: only B's ore comes from outside. At least 30 t do, at 4 more: 1120.

    Of the works alone, the mine in the same country is a seller like any other, and 30 t of it are enough: 1000.
    """
    for name, cost, bought in (("home", 1120.0, {"b": 30.0, "mine": 70.0}), ("works", 1000.0, {"mine": 100.0})):
        trade = Trade(home="allies")
        trade.site("mine", "HHH")
        trade.site("works", "HHH")
        trade.site("b", "BBB")
        trade.add("groups", group="allies", member="HHH")
        trade.seller("mine", 10.0, to="works")
        trade.seller("b", 14.0, to="works")
        trade.demand(100.0, "works")
        trade.add("groups", group="everyone", member="HHH")
        trade.add("groups", group="everyone", member="BBB")
        trade.rule("min_quantity", 30.0, subject_by="group", subject="everyone", market=name)
        plan = trade.plan()

        assert plan.objective == pytest.approx(cost)
        assert amounts(plan.sales, "site", "quantity") == pytest.approx(bought)


@pytest.mark.parametrize(
    ("base", "made", "cost", "dual"),
    [
        ("demand", 50.0, 2300.0, -22.0),
        ("consumption", 25.0, 2850.0, -22.0 / 0.6),
        ("purchases", 30.0, 2740.0, -44.0),
    ],
)
def test_what_processes_make_counts(base: str, made: float, cost: float, dual: float) -> None:
    """100 t of metal wanted, 40 a tonne unmet. Ore is free. A run makes 2 t: abroad for 20, a fifth of it lost on the
    way; at the works for 40, 15 runs or 30 t at most. Abroad may make half of the base.

    s t made abroad: of demand s = 50; of consumption s = (0.8 s + 30) / 2 = 25; of all made s = (s + 30) / 2 = 30.
    Cost 10 s + 600 + 40 (70 − 0.8 s). A tonne more saves 32 − 10 = 22; a tonne of excess allows 1, 1 / 0.6 and 2 more.
    """
    trade = Trade()
    for site, place, toll, capacity in (("abroad", "AAA", 20.0, None), ("works", "HHH", 40.0, 15.0)):
        trade.site(site, place)
        trade.offer(site, 0.0)
        trade.process(f"smelt {site}", site, {"ore": -4.0, "metal": 2.0}, cost=toll, capacity=capacity)
    trade.lane("abroad", "works", "metal", loss=0.2)
    trade.demand(100.0, "works", "metal", priority="civil")
    trade.unmet(40.0)
    trade.rule("max_share", 0.5, subject="AAA", basis="made", base=base, material="metal")
    plan = trade.plan()

    assert plan.objective == pytest.approx(cost)
    assert amounts(plan.made.loc[plan.made["material"] == "metal"], "site", "output") == pytest.approx(
        {"abroad": made, "works": 30.0}
    )
    assert price(plan, "concentration.cap") == pytest.approx(dual)


def test_consumption_counts_what_processes_take_in() -> None:
    """50 t of metal take 100 t of ore, 20 t more are consumed as such: half of 120 t may come from A, at 1; B asks 3.

    60 × 1 + 60 × 3 = 240. A tonne of ore is worth 2, one of metal 4, a tonne of excess 2.
    """
    trade = Trade()
    trade.site("a", "AAA")
    trade.seller("a", 1.0, to="works")
    trade.seller("b", 3.0, to="works")
    trade.process("smelt", "works", {"ore": -2.0, "metal": 1.0})
    trade.demand(50.0, "works", "metal")
    trade.demand(20.0, "works", "ore")
    trade.rule("max_share", 0.5, subject="AAA", base="consumption", material="ore")
    plan = trade.plan()

    assert plan.objective == pytest.approx(240.0)
    assert amounts(plan.sales, "site", "quantity") == pytest.approx({"a": 60.0, "b": 60.0})
    assert price(plan, "concentration.cap") == pytest.approx(-2.0)
    assert price(plan, "balance.node", site="works", material="ore") == pytest.approx(3.0)
    assert price(plan, "balance.node", site="works", material="metal") == pytest.approx(4.0)


@pytest.mark.parametrize(("in_base", "sold", "cost", "dual"), [("yes", 30.0, 810.0, -8.0), ("no", 20.0, 850.0, -8.0)])
def test_what_home_makes_is_in_the_base_or_not(in_base: str, sold: float, cost: float, dual: float) -> None:
    """A (10) may sell half of all that is made; B sells 20 t at 12, home 10 t at 13; 70 t are wanted, 14 unmet.

    With home's 10 t in the base s = (s + 30) / 2 = 30, else s = (s + 20) / 2 = 20: 10 s + 240 + 130 + 14 (40 − s). A
    tonne more saves 4, a tonne of excess allows 2 more.
    """
    trade = Trade(home="allies")
    for site, place, cost_of_site, capacity in (
        ("a", "AAA", 10.0, None),
        ("b", "BBB", 12.0, 20.0),
        ("mine", "HHH", 13.0, 10.0),
    ):
        trade.site(site, place)
        trade.seller(site, cost_of_site, capacity=capacity)
    trade.add("groups", group="allies", member="HHH")
    trade.demand(70.0, priority="civil")
    trade.unmet(14.0)
    trade.rule("max_share", 0.5, subject="AAA", basis="made", base="purchases", home_in_base=in_base)
    plan = trade.plan()

    assert plan.objective == pytest.approx(cost)
    assert amounts(plan.sales, "site", "quantity") == pytest.approx({"a": sold, "b": 20.0, "mine": 10.0})
    assert price(plan, "concentration.cap") == pytest.approx(dual)


@pytest.mark.parametrize(("basis", "dual"), [("purchases", -3.2), ("made", -3.2)])
def test_recycled_supply_leaves_the_base(basis: str, dual: float) -> None:
    """At most 75 % of the 100 t that are not recycled from a, at 10; half of what b sells at 12 is recycled.

    a ≤ 0.75 (a + b / 2): 60 t of a, 600 + 480. A tonne more lets 1 / 0.625 t change, which saves 2 each.
    """
    trade = Trade()
    for site, place, each in (("a", "AAA", 10.0), ("b", "BBB", 12.0)):
        trade.site(site, place)
        trade.seller(site, each)
    trade.demand(100.0)
    trade.add("attributes", site="b", material="ore", attribute="recycled", value=0.5)
    trade.rule("max_share", 0.75, subject="AAA", basis=basis, base="purchases", recycled_in_base="no")
    plan = trade.plan()

    assert plan.objective == pytest.approx(1080.0)
    assert plan.rules["base"].tolist() == pytest.approx([80.0])
    assert price(plan, "concentration.cap") == pytest.approx(dual)


@pytest.mark.parametrize(("basis", "own", "base"), [("purchases", 20.0, 40.0), ("made", 18.0, 36.0)])
def test_what_a_plant_makes_of_scrap_leaves_the_base(basis: str, own: float, base: float) -> None:
    """A plant makes metal at 25, a quarter of it new; 10 t of it are under way. b sells new metal at 20; 100 t.

    At most half of what is new is b's. Bought, b ≤ (b + (100 − b) / 4) / 2: 20 t. Made, without what was under way,
    b ≤ (b + (90 − b) / 4) / 2: 18 t.
    """
    trade = Trade()
    trade.site("plant", "AAA")
    trade.site("b", "BBB")
    trade.offer("plant", 25.0)
    trade.process("recycle", "plant", {"ore": -1.0, "metal": 1.0})
    trade.lane("plant", material="metal")
    trade.seller("b", 20.0, "metal")
    trade.demand(100.0, material="metal")
    trade.add("in_transit", origin="plant", destination="market", material="metal", arrives="2001", quantity=10.0)
    trade.add("attributes", site="plant", attribute="recycled", value=0.75)
    cells = {"material": "metal", "base": "purchases", "recycled_in_base": "no"}
    trade.rule("max_share", 0.5, subject="BBB", basis=basis, **cells)
    plan = trade.plan()

    assert plan.objective == pytest.approx(20.0 * own + 25.0 * (90.0 - own))
    assert plan.rules["base"].tolist() == pytest.approx([base])
