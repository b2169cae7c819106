"""Origin: caps and floors on where an element was mined or recycled, through plants and stocks, solved by hand.

A in AAA sells without end at 10 a tonne, B in BBB at 16; the market wants 100 t of metal. All tonnes are contained
neodymium unless the test says otherwise.
"""

from typing import Any

import pytest

from planner.plan import Plan
from tests import mutations
from tests.builders import Amounts, Trade, amounts, price


def trade(periods: int = 1) -> Trade:
    """A and B and their places, ore and metal."""
    found = Trade(periods)
    found.site("a", "AAA")
    found.site("b", "BBB")
    found.site("market", "HHH")
    for material in ("ore", "metal"):
        found.goods(material, element="Nd")
    return found


def cap(found: Trade, limit: float, **cells: Any) -> None:
    """At most so much of the metal consumed by the market originates in AAA."""
    usual = {"basis": "origin", "base": "consumption", "material": "metal", "subject": "AAA"}
    found.rule(cells.pop("kind", "max_share"), limit, **{**usual, **cells})


def assigned(plan: Plan) -> Amounts:
    """Tonnes of element of each origin."""
    return amounts(plan.origins, "place", "quantity")


def test_cap_through_two_stages() -> None:
    """The smelter makes a tonne of metal of two of ore, from either mine: a tonne of AAA costs 20, one of BBB 32.

    A cap of 30 % leaves 30 t of AAA: 30 × 20 + 70 × 32 = 2840. A tonne more of AAA saves 12. The smelter is the only
    seller of metal: a cap on the last seller would not see AAA.
    """
    found = trade()
    found.seller("a", 10.0, to="smelter")
    found.seller("b", 16.0, to="smelter")
    found.process("smelt", "smelter", {"ore": -2.0, "metal": 1.0})
    found.lane("smelter", material="metal")
    found.demand(100.0, material="metal")
    cap(found, 0.3)
    plan = found.plan()

    assert plan.objective == pytest.approx(2840.0)
    assert assigned(plan) == pytest.approx({"AAA": 30.0, "other": 70.0})
    assert price(plan, "concentration.cap") == pytest.approx(-12.0)
    assert plan.rules["actual"].tolist() == pytest.approx([0.3])
    uses = plan.tagged.loc[plan.tagged["flow"] == "use"]
    assert amounts(uses, "place", "quantity") == pytest.approx({"AAA": 60.0, "other": 140.0})


@pytest.mark.parametrize(
    ("initial_origin", "exempt", "cost", "origins"),
    [
        ("", "", 1120.0, {"other": 70.0, "unknown": 30.0}),
        ("", "unknown", 780.0, {"AAA": 30.0, "other": 30.0, "unknown": 40.0}),
        ("AAA", "", 1120.0, {"AAA": 30.0, "other": 70.0}),
        ("BBB", "", 780.0, {"AAA": 30.0, "other": 70.0}),
    ],
)
def test_stock_keeps_its_origin(initial_origin: str, exempt: str, cost: float, origins: Amounts) -> None:
    """40 t of metal lie at the market, free to use, and AAA may be 30 t of the 100.

    Stock of AAA, or of nobody knows where: 30 t of it and 70 t of B, 1120. Stock of BBB, or unknown and exempt: all
    40 t, 30 t of A and 30 t of B, 300 + 480 = 780.
    """
    found = trade()
    found.seller("a", 10.0, "metal")
    found.seller("b", 16.0, "metal")
    found.stockpile(material="metal", initial=40.0, initial_origin=initial_origin, final=0.0)
    found.demand(100.0, material="metal")
    cap(found, 0.3, **({"except": exempt} if exempt else {}))
    plan = found.plan()

    assert plan.objective == pytest.approx(cost)
    assert assigned(plan) == pytest.approx(origins)


def test_joint_products_may_be_assigned() -> None:
    """A tonne of ore gives 0.6 t of metal and 0.4 t of slag, both neodymium; the slag leaves.

    60 t of metal take 100 t of ore. 18 t of AAA may be in the metal and all 40 t of slag may be said to be of AAA: 58 t
    of A and 42 t of B, 580 + 672 = 1252. Mixed in proportion 58 % of the metal is of AAA, and the plan says so.
    """
    found = trade()
    found.goods("slag", element="Nd")
    found.seller("a", 10.0, to="smelter")
    found.seller("b", 16.0, to="smelter")
    found.process("smelt", "smelter", {"ore": -1.0, "metal": 0.6, "slag": 0.4})
    found.lane("smelter", material="metal")
    found.demand(60.0, material="metal")
    cap(found, 0.3)
    plan = found.plan()

    assert plan.objective == pytest.approx(1252.0)
    assert assigned(plan) == pytest.approx({"AAA": 18.0, "other": 42.0})
    assert amounts(plan.origins, "place", "mixed_share") == pytest.approx({"AAA": 0.58, "other": 0.42})


def test_lead_time_and_what_was_under_way() -> None:
    """A's metal travels for a year and 20 t of it are under way; 50 t are wanted a year, 15 t may be of AAA.

    2001: 15 of the 20 t, 5 t leave, and 35 t of B; 2002: 15 t of A sent in 2001 and 35 t of B. 150 + 2 × 560 = 1270.
    """
    found = trade(2)
    found.offer("a", 10.0, "metal")
    found.lane("a", material="metal", lead_time=1)
    found.seller("b", 16.0, "metal")
    found.add("in_transit", origin="a", destination="market", material="metal", arrives="2001", quantity=20.0)
    found.demand(50.0, material="metal")
    cap(found, 0.3)
    plan = found.plan()

    assert plan.objective == pytest.approx(1270.0)
    found_by = amounts(plan.origins, "period", "place", "quantity")
    assert found_by == pytest.approx(
        {("2001", "AAA"): 15.0, ("2001", "other"): 35.0, ("2002", "AAA"): 15.0, ("2002", "other"): 35.0}
    )
    assert amounts(plan.surplus, "period", "quantity") == pytest.approx({"2001": 5.0})


def test_recycled_comes_from_where_it_is_collected() -> None:
    """The recycler in AAA makes half a tonne of metal of a tonne of scrap at 30 that is collected in HHH, for 2.

    At least a fifth shall originate in HHH: 20 t at 62 and 80 t of A, 1240 + 800 = 2040.
    """
    found = trade()
    found.goods("scrap", element="Nd")
    found.seller("a", 10.0, "metal")
    found.site("collectors", "HHH")
    found.seller("collectors", 30.0, "scrap", to="recycler")
    found.site("recycler", "AAA")
    found.process("recycle", "recycler", {"scrap": -1.0, "metal": 0.5}, cost=1.0)
    found.lane("recycler", material="metal")
    found.demand(100.0, material="metal")
    cap(found, 0.2, kind="min_share", subject="HHH")
    plan = found.plan()

    assert plan.objective == pytest.approx(2040.0)
    assert assigned(plan) == pytest.approx({"HHH": 20.0, "other": 80.0})


def test_swarf_keeps_its_origin() -> None:
    """A tonne of metal makes 0.8 t of magnet and 0.2 t of swarf, of which half comes back as metal.

    100 t of magnet take 125 t of metal, 12.5 t of them from swarf: 112.5 t are bought. Of 125 t, 12.5 t are lost in
    recycling whatever their origin. AAA may be 30 t of the magnet; what else of it may be swarf, 25 t at most, which
    comes back as 12.5 t of AAA: AAA in is 30 + 25, of which 12.5 t are its own swarf: 42.5 t of A, 70 t of B: 1545.
    """
    found = trade()
    for material in ("magnet", "swarf"):
        found.goods(material, element="Nd")
    found.seller("a", 10.0, "metal", to="plant")
    found.seller("b", 16.0, "metal", to="plant")
    found.process("press", "plant", {"metal": -1.0, "magnet": 0.8, "swarf": 0.2})
    found.process("recycle", "plant", {"swarf": -1.0, "metal": 0.5})
    found.lane("plant", material="magnet")
    found.demand(100.0, material="magnet")
    cap(found, 0.3, material="magnet")
    plan = found.plan()

    assert plan.objective == pytest.approx(1545.0)
    assert assigned(plan) == pytest.approx({"AAA": 30.0, "other": 70.0})


def test_an_offer_names_its_origin() -> None:
    """A trader in BBB sells metal of AAA at 10: 30 t of it and 70 t of B, 300 + 1120."""
    found = trade()
    found.site("trader", "BBB")
    found.seller("trader", 10.0, "metal", origin="AAA")
    found.seller("b", 16.0, "metal")
    found.demand(100.0, material="metal")
    cap(found, 0.3)

    assert found.plan().objective == pytest.approx(1420.0)


def test_share_of_purchases() -> None:
    """A and B reach the market through a port, 0.8 t of a tonne: 10 a tonne of A at 8, 20 of B at 16, which has 20 t.

    The market's own mine gives 10 t at 20: no purchase. Unmet demand costs 30. AAA may be half of what is bought: as
    much as of B, 16 t. 20 × 8 + 20 × 16 + 10 × 20 + 58 × 30 = 2420. A tonne of excess allows two more of A.
    """
    found = trade()
    found.seller("a", 8.0, to="port")
    found.seller("b", 16.0, to="port", capacity=20.0)
    found.site("port", "CCC")
    found.lane("port", loss=0.2)
    found.offer("market", 20.0, capacity=10.0)
    found.demand(100.0, priority="civil")
    found.unmet(30.0)
    cap(found, 0.5, material="ore", base="purchases")
    plan = found.plan()

    assert plan.objective == pytest.approx(2420.0)
    assert assigned(plan) == pytest.approx({"AAA": 16.0, "other": 16.0})
    assert price(plan, "concentration.cap") == pytest.approx(-40.0)


@pytest.mark.parametrize(("kind", "limit", "base"), [("max_share", 0.3, "consumption"), ("max_quantity", 30.0, "")])
def test_process_input_is_consumed(kind: str, limit: float, base: str) -> None:
    """The market makes its 100 t of metal itself, of as much ore: 30 t of A and 70 t of B, 300 + 1120."""
    found = trade()
    found.seller("a", 10.0)
    found.seller("b", 16.0)
    found.process("smelt", "market", {"ore": -1.0, "metal": 1.0})
    found.demand(100.0, material="metal")
    cap(found, limit, kind=kind, base=base, material="ore", market="market")

    assert found.plan().objective == pytest.approx(1420.0)


@pytest.mark.parametrize(
    ("kind", "limit", "subject", "penalty", "cost"),
    [
        ("max_quantity", 20.0, "AAA", None, 1360.0),
        ("min_quantity", 20.0, "BBB", None, 1240.0),
        ("max_quantity", 20.0, "AAA", 4.0, 1120.0),
        ("min_quantity", 20.0, "BBB", 5.0, 1100.0),
    ],
)
def test_tonnes_of_element(kind: str, limit: float, subject: str, penalty: float | None, cost: float) -> None:
    """A tonne of ore holds half a tonne of neodymium: 20 t of element are 40 t of ore; 100 t of ore are wanted.

    At most 20 t of AAA: 40 × 10 + 60 × 16 = 1360; at least 20 t of BBB: 60 × 10 + 40 × 16 = 1240. A tonne of element of
    BBB in the place of AAA costs 12: at 4 a tonne of excess all is of A, 1000 + 30 × 4; at 5 as well, 1000 + 20 × 5.
    """
    found = Trade()
    for site, place in (("a", "AAA"), ("b", "BBB"), ("market", "HHH")):
        found.site(site, place)
    found.goods("ore", element="Nd", basis="product")
    found.add("contents", material="ore", element="Nd", content=0.5)
    found.seller("a", 10.0)
    found.seller("b", 16.0)
    found.demand(100.0)
    cap(found, limit, kind=kind, subject=subject, base="", material="ore", penalty=penalty)
    plan = found.plan()

    assert plan.objective == pytest.approx(cost)
    assert plan.rules["quantity"].sum() == pytest.approx(
        {"AAA": 50.0 if penalty else 20.0, "BBB": 0.0 if penalty else 20.0}[subject]
    )


def test_base_of_demand_leaves_nothing_out() -> None:
    """Only A is left, and unmet demand costs 30. Half of the demand may be of AAA: 50 × 10 + 50 × 30 = 2000."""
    found = trade()
    found.seller("a", 10.0, "metal")
    found.demand(100.0, material="metal", priority="civil")
    found.unmet(30.0)
    cap(found, 0.5, base="demand")

    assert found.plan().objective == pytest.approx(2000.0)


def test_places_that_no_rule_tells_apart_are_one() -> None:
    """A group is one subject: AAA and CCC are one origin, and B is another; A and C sell 30 t, B 70 t."""
    found = trade()
    found.site("c", "CCC")
    for member in ("AAA", "CCC"):
        found.add("groups", group="concern", member=member)
    found.seller("a", 10.0, "metal", capacity=20.0)
    found.seller("c", 11.0, "metal")
    found.seller("b", 16.0, "metal")
    found.demand(100.0, material="metal")
    cap(found, 0.3, subject_by="group", subject="concern")
    plan = found.plan()

    assert plan.objective == pytest.approx(200.0 + 110.0 + 1120.0)
    assert assigned(plan) == pytest.approx({"AAA;CCC": 30.0, "other": 70.0})


def test_hhi_of_origins_through_a_smelter() -> None:
    """One smelter sells all metal; of its ore 70 % may be of AAA and 30 % of BBB: 0.49 + 0.09 = 0.58.

    A tonne of metal costs 20 of A's ore and 32 of B's: 70 × 20 + 30 × 32 = 2360.
    """
    found = trade()
    found.seller("a", 10.0, to="smelter")
    found.seller("b", 16.0, to="smelter")
    found.process("smelt", "smelter", {"ore": -2.0, "metal": 1.0})
    found.lane("smelter", material="metal")
    found.demand(100.0, material="metal")
    cap(found, 0.58, kind="max_hhi", subject="")
    plan = found.plan()

    assert plan.objective == pytest.approx(2360.0, rel=1e-5)
    assert plan.hhi.set_index("subject")["share"].to_dict() == pytest.approx({"AAA": 0.7, "BBB": 0.3}, abs=1e-5)
    assert plan.rules.loc[plan.rules["unit"] == "hhi", "actual"].max() <= 0.58 + 1e-9


def test_hhi_of_origins_abroad() -> None:
    """Home mines 20 t at 5; of the other 80 t, which alone count, 70 % may be of AAA: 56 × 10 + 24 × 16 + 20 × 5."""
    found = trade()
    found.header["home"] = "us"
    found.site("own", "HHH")
    found.add("groups", group="us", member="HHH")
    for name, price_of, capacity in (("a", 10.0, None), ("b", 16.0, None), ("own", 5.0, 20.0)):
        found.seller(name, price_of, "metal", to="port", capacity=capacity)
    found.site("port", "PPP")
    found.lane("port", material="metal")
    found.demand(100.0, material="metal")
    cap(found, 0.58, kind="max_hhi", subject="", base="purchases", home_in_base="no")
    plan = found.plan()

    assert plan.objective == pytest.approx(56 * 10 + 24 * 16 + 20 * 5, rel=1e-5)


@pytest.mark.parametrize(("basis", "floor", "subject"), [("origin", 5.0, "AAA"), ("purchases", 500.0, "AAA")])
def test_floor_is_not_cut_by_what_a_yes_or_no_lets_through(basis: str, floor: float, subject: str) -> None:
    """A tonne of ore holds 10 kg: 5 t of the element are 500 t of ore, of which the plant makes 250 t of metal, 10 t
    of it wanted. The offer is used at a charge of 7 and the plant at one of 3: 500 × 10 + 7 + 3 = 5010.
    """
    found = trade()
    found.goods("concentrate", element="Nd", basis="product")
    found.add("contents", material="concentrate", element="Nd", content=0.01)
    found.seller("a", 10.0, "concentrate", fixed_cost=7.0)
    found.process("smelt", "market", {"concentrate": -0.5, "metal": 0.25}, fixed_cost=3.0)
    found.demand(10.0, material="metal")
    found.rule("min_quantity", floor, basis=basis, material="concentrate", subject=subject, market="market")

    assert found.plan().objective == pytest.approx(5010.0)


def test_lies_about_origins_are_caught() -> None:
    """Every number and row of origins through a plant, stock and lead time, and of the rule, one after another."""
    found = trade(2)
    found.seller("a", 10.0, to="smelter")
    found.seller("b", 16.0, to="smelter")
    found.process("smelt", "smelter", {"ore": -2.0, "metal": 1.0})
    found.lane("smelter", material="metal", lead_time=1)
    found.add("in_transit", origin="smelter", destination="market", material="metal", arrives="2001", quantity=20.0)
    found.stockpile(material="metal", initial=40.0, initial_origin="BBB", final=0.0)
    found.demand(50.0, material="metal")
    cap(found, 0.3, **{"except": "unknown"})
    told, alive = mutations.survivors(found.plan(), every=True, tables=("tagged", "origins", "rules"))

    assert told > 50
    assert not alive
