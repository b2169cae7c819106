"""Caps on the HHI, in optima solved by hand.

Of two sellers with shares s and 1 − s the HHI is s² + (1 − s)²: 0.58 is 70 % and 30 %, 0.625 is 75 % and 25 %.
"""

from typing import Any

import pytest

import planner
from planner.plan import Plan
from planner.read import from_frames
from planner.solving.kept import Kept
from tests.builders import Trade, amounts, paid, price

NEAR = 1e-6
"""Relative distance to which cost and bound are brought together."""


def two(demand: float = 100.0, **head: Any) -> Trade:
    """Two sellers in two places: 10 and 20."""
    trade = Trade(**head)
    for site, place, each in (("a", "AAA", 10.0), ("b", "BBB", 20.0)):
        trade.site(site, place, owner=f"owner of {site}")
        trade.seller(site, each)
    trade.demand(demand)
    return trade


def capped(trade: Trade, limit: float = 0.58, **cells: Any) -> Plan:
    """The plan under a cap of all that is bought."""
    trade.rule("max_hhi", limit, **{"base": "purchases", **cells})
    plan = trade.plan()
    rows = plan.rules[plan.rules["kind"] == "max_hhi"]
    assert (rows.loc[rows["penalty"] == 0, "slack"] >= -1e-8).all()
    return plan


def test_shares_at_the_cap() -> None:
    """70 t at 10 and 30 t at 20: 1300. d cost / d HHI = −1000 × 1 / (2 √(2 × 0.58 − 1)) = −1250; by tonne, / 100."""
    plan = capped(two())

    assert plan.objective == pytest.approx(1300.0, rel=NEAR)
    assert plan.rules["actual"].tolist() == pytest.approx([0.58], abs=1e-6)
    assert plan.rules["unit"].tolist() == ["hhi"]
    assert plan.rules["quantity"].tolist() == plan.rules["base"].tolist() == pytest.approx([100.0])
    assert price(plan, "hhi.cap") == pytest.approx(-12.5, rel=1e-3)
    assert amounts(plan.hhi, "subject", "share") == pytest.approx({"AAA": 0.7, "BBB": 0.3}, abs=1e-5)
    assert plan.hhi["sources"].tolist() == pytest.approx([1 / 0.58] * 2, rel=1e-5)


def test_a_price_on_the_excess() -> None:
    """At 10 a tonne: −10 + 10 (4 s − 2) = 0 gives s = 0.75: 1250, and 100 (0.625 − 0.58) = 4.5 t for 45."""
    plan = capped(two(), penalty=10.0)

    assert plan.objective == pytest.approx(1295.0, rel=NEAR)
    assert plan.rules["excess"].tolist() == pytest.approx([4.5], rel=1e-3)
    assert paid(plan)["penalty"] == pytest.approx(45.0, rel=1e-3)
    assert price(plan, "hhi.cap") == pytest.approx(-10.0, rel=1e-6)


def test_no_credit_below_the_cap() -> None:
    """Beyond 0.8 a tonne more of excess saves less than the 40 that it costs; below, nothing is earned.

    At 0.8 s = (1 + √0.6) / 2; d cost / d HHI = −1000 / (2 √0.6), by tonne −6.45 only.
    """
    plan = capped(two(), 0.8, penalty=40.0)

    assert plan.objective == pytest.approx(2000.0 - 500.0 * (1.0 + 0.6**0.5), rel=NEAR)
    assert plan.rules["excess"].tolist() == pytest.approx([0.0], abs=1e-6)


@pytest.mark.parametrize(("pool", "cost"), [("together", 1000.0 + 30 * 10.0), ("each", 1000.0 + 15 * 10.0 + 15 * 15.0)])
def test_materials_each_or_together(pool: str, cost: float) -> None:
    """50 t of ore and of tin, a at 10: b has 30 % of both together, all of it ore at 20; or of each, tin at 25."""
    trade = two(50.0)
    trade.offer("a", 10.0, "tin")
    trade.offer("b", 25.0, "tin")
    for site in ("a", "b"):
        trade.lane(site, material="tin")
    trade.demand(50.0, material="tin")

    assert capped(trade, pool=pool).objective == pytest.approx(cost, rel=NEAR)


@pytest.mark.parametrize(("pool", "cost"), [("together", 1300.0), ("each", 1300.0 + 15.0 * 2.0)])
def test_markets_each_or_together(pool: str, cost: float) -> None:
    """50 t in each of two markets, of which b reaches the second at a freight of 2."""
    trade = two(50.0)
    trade.lane("a", "second")
    trade.lane("b", "second", freight=2.0)
    trade.demand(50.0, "second")

    assert capped(trade, market_pool=pool).objective == pytest.approx(cost, rel=NEAR)


@pytest.mark.parametrize(("per", "cost"), [("period", 2000.0 + 300.0 + 150.0), ("horizon", 2000.0 + 60.0 * 5.0)])
def test_the_cap_holds_by_period_or_horizon(per: str, cost: float) -> None:
    """Two years; b asks 20, then 15: 30 t in each, or 60 t of the 200 in the second."""
    trade = Trade(2)
    for site, place in (("a", "AAA"), ("b", "BBB")):
        trade.site(site, place)
        trade.lane(site)
    trade.offer("a", 10.0)
    trade.offer("b", 20.0, until="2001")
    trade.offer("b", 15.0, **{"from": "2002"})
    trade.demand(100.0)

    assert capped(trade, per=per).objective == pytest.approx(cost, rel=NEAR)


def test_the_total_gives_way() -> None:
    """B has 15 t at most, which is 30 % of 50 t: half of the demand stays unmet, 350 + 300 + 50 × 30."""
    trade = two(demand=0.0)
    trade.tables["demands"].clear()
    trade.tables["offers"][1]["capacity"] = 15.0
    trade.unmet(30.0)
    trade.demand(100.0, priority="civil")
    plan = capped(trade)

    assert plan.objective == pytest.approx(2150.0, rel=NEAR)
    assert plan.rules["base"].tolist() == pytest.approx([50.0], rel=1e-5)


def test_nothing_bought_has_no_hhi() -> None:
    """Two sellers cannot come below 0.5: a cap of 0.3 leaves all unmet, HHI 0, and the check says so."""
    trade = two(demand=0.0)
    trade.tables["demands"].clear()
    trade.unmet(30.0)
    trade.demand(100.0, priority="civil")
    plan = capped(trade, 0.3)

    assert plan.objective == pytest.approx(3000.0)
    assert plan.rules["actual"].tolist() == [0.0]
    assert any("the rule forbids buying" in warning.message for warning in plan.instance.warnings)


@pytest.mark.parametrize(
    ("cells", "cost"),
    [
        ({"subject_by": "owner"}, 1300.0),
        ({"subject_by": "site"}, 1300.0),
        ({"subject_by": "group", "subject": "far;near"}, 1300.0),
        ({"limit": 0.49, "base": "demand", "subject": "AAA"}, 1300.0),
        ({"limit": 0.49, "base": "consumption", "subject": "AAA"}, 1300.0),
        ({"limit": 0.49, "except": "BBB"}, 1300.0),
    ],
)
def test_who_counts_in_what(cells: dict[str, Any], cost: float) -> None:
    """Owners, sites, groups; one subject of 70 % of the demand, √0.49; b exempt, but in the total."""
    trade = two()
    for group, member in (("far", "a"), ("near", "b")):
        trade.add("groups", group=group, member=member)

    assert capped(trade, **cells).objective == pytest.approx(cost, rel=NEAR)


@pytest.mark.parametrize(("inside", "cost"), [("yes", 50 * 5.0 + 50 * 10.0), ("no", 50 * 5.0 + 35 * 10.0 + 15 * 20.0)])
def test_home_is_in_the_total_or_not(inside: str, cost: float) -> None:
    """Home sells 50 t at 5. Of all, a may have the other half (HHI 0.5); of what is not home's, 70 % of 50 t."""
    trade = two(home="allies")
    trade.site("h", "HHH")
    trade.seller("h", 5.0, capacity=50.0)
    trade.add("groups", group="allies", member="HHH")

    assert capped(trade, home_in_base=inside).objective == pytest.approx(cost, rel=NEAR)


def test_what_is_made() -> None:
    """Two plants at tolls of 10 and 20: 70 t and 30 t."""
    trade = Trade()
    trade.offer("mine", 0.0)
    for number, toll in enumerate((10.0, 20.0)):
        trade.site(f"plant {number}", f"P{number}")
        trade.process(f"make {number}", f"plant {number}", {"ore": -1.0, "metal": 1.0}, cost=toll)
        trade.lane("mine", f"plant {number}", "ore")
        trade.lane(f"plant {number}", material="metal")
    trade.demand(100.0, material="metal")

    assert capped(trade, basis="made", material="metal").objective == pytest.approx(1300.0, rel=NEAR)


def test_what_was_under_way_counts() -> None:
    """10 t of b arrive, paid: 20 t more of b and 70 t of a."""
    trade = two()
    trade.add("in_transit", origin="b", destination="market", material="ore", arrives="2001", quantity=10.0, paid="yes")

    assert capped(trade).objective == pytest.approx(700.0 + 400.0, rel=NEAR)


def test_stock_released_is_in_the_total() -> None:
    """20 t of stock: of the total of 100 t a may have s² + (0.8 − s)² = 0.5: s = 0.7, b 10 t: 900."""
    trade = two()
    trade.stockpile(initial=20.0, final=0.0)

    assert capped(trade, 0.5, stock_in_base="yes").objective == pytest.approx(700.0 + 200.0, rel=NEAR)


@pytest.mark.parametrize(("fixed", "cost"), [(50.0, 1350.0), (70.0, 1360.0)])
def test_a_plan_with_a_charge(fixed: float, cost: float) -> None:
    """B at 20 with a charge, or c at 22 without one, beside 70 t of a."""
    trade = two()
    trade.tables["offers"][1] |= {"fixed_cost": fixed, "capacity": 100.0}
    trade.site("c", "CCC")
    trade.seller("c", 22.0, capacity=100.0)
    trade.rule("max_suppliers", 2, rule="two")
    plan = capped(trade)

    assert plan.is_mip
    assert plan.objective == pytest.approx(cost, rel=NEAR)


def test_ranks_are_served_under_the_cap() -> None:
    """B has 15 t: 50 t in all, 40 t for defence first and 10 t of 60 for the others at 30: 350 + 300 + 1500."""
    trade = two(demand=0.0)
    trade.tables["demands"].clear()
    trade.tables["offers"][1]["capacity"] = 15.0
    trade.unmet(None, "defence", 1)
    trade.unmet(30.0, "civil", 2)
    trade.demand(60.0, priority="civil")
    trade.demand(70.0, priority="defence")
    plan = capped(trade)

    unmet = amounts(plan.demand, "priority", "unmet")
    assert unmet == pytest.approx({"civil": 60.0, "defence": 20.0}, rel=1e-4)
    assert plan.objective == pytest.approx(350.0 + 300.0 + 1800.0, rel=1e-5)


def test_a_cap_that_leaves_no_plan_is_named() -> None:
    """Demand that must be met and a cap below 0.5 of two sellers."""
    trade = two()
    trade.rule("max_hhi", 0.4, rule="spread", base="purchases")
    outcome = planner.solve(from_frames(trade.header, trade.tables))

    assert outcome.status == "infeasible"
    assert outcome.conflict == (
        "demand of market for ore, which must be met",
        "rule spread: The HHI of the material bought, across countries, is at most 4,000, each period.",
    )


def test_a_kept_model_takes_another_limit() -> None:
    """0.58, then 0.625 (75 t and 25 t: 1250), and back."""
    trade = two()
    trade.rule("max_hhi", 0.58, base="purchases")
    kept = Kept(from_frames(trade.header, trade.tables))
    money = kept.assembled.network.unit_money
    at = kept.find(kept.matrix.row_span("hhi.cap"))
    costs = [kept.solve().objective * money]
    kept.set("hhi.limit", at, at + 0.625)
    costs.append(kept.solve().objective * money)
    kept.undo()
    costs.append(kept.solve().objective * money)

    assert costs == pytest.approx([1300.0, 1250.0, 1300.0], rel=NEAR)
