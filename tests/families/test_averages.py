"""Averages: what is bought or made is on average at most so risky, at least so recycled, in optima solved by hand."""

from typing import Any

import numpy as np
import pytest

import planner
from planner.plan import Plan
from planner.read import from_frames
from planner.solving.kept import Kept
from tests.builders import Trade, amounts, paid, price


def two(limit: float = 0.35, *, known: bool = True, **cells: Any) -> Trade:
    """A risky place sells at 10 (risk 0.6), a safe one at 20 (0.1); a market takes 100 t; one rule on the average."""
    trade = Trade(cells.pop("periods", 1), **cells.pop("head", {}))
    for site, place, risk in (("a", "AAA", 0.6), ("b", "BBB", 0.1)):
        trade.add("places", place=place, risk=risk if known else None)
        trade.site(site, place, owner=f"owner of {site}")
    trade.seller("a", 10.0)
    trade.seller("b", 20.0)
    trade.demand(100.0)
    trade.rule(cells.pop("kind", "max_average"), limit, **{"attribute": "risk", "subject_by": "", **cells})
    return trade


def bought(plan: Plan) -> dict[str, float]:
    """Tonnes by seller."""
    return amounts(plan.flows, "origin", "quantity")


def report(plan: Plan, *names: str) -> list[tuple[Any, ...]]:
    """Columns of the rule report."""
    return list(plan.rules[list(names)].itertuples(index=False, name=None))


def test_risk_is_capped_on_average() -> None:
    """0.6 a + 0.1 b = 35 of 100 t: 50 t of each, 500 + 1000. A unit more lets 1 / (0.6 − 0.1) = 2 t change: −20."""
    plan = two().plan()

    assert plan.objective == pytest.approx(1500.0)
    assert bought(plan) == pytest.approx({"a": 50.0, "b": 50.0})
    assert price(plan, "averages.cap") == pytest.approx(-20.0)
    (row,) = report(plan, "unit", "limit", "actual", "slack", "quantity", "base", "shadow_price", "binding")
    assert row[0] == "risk"
    assert row[1:7] == pytest.approx((0.35, 0.35, 0.0, 35.0, 100.0, -20.0))
    assert row[7] == "yes"


def test_recycled_content_has_a_floor() -> None:
    """A quarter of 100 t must be recycled: b is, wholly, a is not (no row says so): 75 × 10 + 25 × 20 = 1250.

    A unit less lets one tonne change, which saves 10.
    """
    trade = two(0.25, kind="min_average", attribute="recycled")
    trade.add("attributes", site="b", attribute="recycled", value=1.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(1250.0)
    assert bought(plan) == pytest.approx({"a": 75.0, "b": 25.0})
    assert price(plan, "averages.cap") == pytest.approx(-10.0)
    assert report(plan, "slack") == [(pytest.approx(0.0),)]


@pytest.mark.parametrize(("penalty", "cost", "excess"), [(15.0, 1000.0 + 15.0 * 25.0, 25.0), (25.0, 1500.0, 0.0)])
def test_a_priced_average_is_broken_where_that_is_cheaper(penalty: float, cost: float, excess: float) -> None:
    """All 100 t of a exceed 0.35 by 0.25 × 100 = 25 units, and save 20 for each; slack is in the attribute's unit."""
    plan = two(penalty=penalty).plan()

    assert plan.objective == pytest.approx(cost)
    assert plan.rules["excess"].tolist() == pytest.approx([excess])
    assert paid(plan).get("penalty", 0.0) == pytest.approx(penalty * excess)
    assert plan.rules["slack"].tolist() == pytest.approx([-excess / 100.0])
    assert price(plan, "averages.cap") == pytest.approx(-min(penalty, 20.0))


def test_a_priced_floor_pays_for_what_is_missing() -> None:
    """25 units of recycled content are missing where nobody buys b: 25 × 4 is less than 25 × 10."""
    trade = two(0.25, kind="min_average", attribute="recycled", penalty=4.0)
    trade.add("attributes", site="b", attribute="recycled", value=1.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(1000.0 + 100.0)
    assert plan.rules["excess"].tolist() == pytest.approx([25.0])


@pytest.mark.parametrize(
    ("rows", "share"),
    [
        ([], 0.5),
        ([("a", "", 0.85)], 1 / 3),
        ([("a", "", 0.85), ("a", "ore", 0.35)], 1.0),
        ([("a", "tin", 0.85), ("b", "", 0.0)], 7 / 12),
    ],
)
def test_a_row_with_a_material_beats_one_without_and_that_the_place(
    rows: list[tuple[str, str, float]], share: float
) -> None:
    """Share of a: (0.35 − b) / (a − b) of the risks that hold; tin is of no matter to ore."""
    trade = two(material="ore")
    trade.goods("tin")
    trade.offer("a", 1.0, "tin")
    for site, material, value in rows:
        trade.add("attributes", site=site, material=material, attribute="risk", value=value)

    assert bought(trade.plan())["a"] == pytest.approx(100.0 * share)


@pytest.mark.parametrize(
    ("cells", "cost"),
    [
        ({"subject_by": "site"}, 2000.0),
        ({"subject_by": "owner", "subject": "owner of b"}, 1000.0),
        ({"subject_by": "place", "except": "AAA"}, 1000.0),
        ({"subject_by": "group", "subject": "both"}, 1500.0),
        ({"subject_by": "group", "subject": "risky"}, 2000.0),
    ],
)
def test_each_subject_has_an_average_of_its_own(cells: dict[str, Any], cost: float) -> None:
    """One by one a may sell nothing, b is safe; the group of both is as all together."""
    trade = two(**cells)
    for group, members in (("both", "ab"), ("risky", "a")):
        for member in members:
            trade.add("groups", group=group, member=member)

    assert trade.plan().objective == pytest.approx(cost)


@pytest.mark.parametrize(("per", "cost"), [("period", 1500.0 + 1000.0), ("horizon", 1000.0 + 1000.0)])
def test_years_are_averaged_each_or_together(per: str, cost: float) -> None:
    """In 2002 b costs 10 as a does: over both years its 100 t are all bought then, else 50 t of them in 2001 at 20."""
    trade = two(periods=2, per=per)
    trade.tables["offers"] = []
    trade.offer("a", 10.0)
    trade.offer("b", 20.0, until="2001")
    trade.offer("b", 10.0, **{"from": "2002"})

    assert trade.plan().objective == pytest.approx(cost)


def test_what_was_under_way_and_what_is_lost_count() -> None:
    """20 t of a arrive; half of what b sends is lost, so 100 t take 160 t of b at most.

    Arriving a + b = 100, of which 20 are paid: 0.6 a + 0.1 b = 35 once more gives 50 each: 30 t of a and 100 t of b are
    bought, 300 + 2000.
    """
    trade = two()
    trade.tables["lanes"] = []
    trade.lane("a")
    trade.lane("b", loss=0.5)
    trade.add("in_transit", origin="a", destination="market", material="ore", arrives="2001", quantity=20.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(2300.0)
    assert bought(plan) == pytest.approx({"a": 30.0, "b": 100.0})
    assert plan.rules["base"].tolist() == pytest.approx([100.0])


def test_nothing_but_what_was_under_way_can_break_a_rule_for_money() -> None:
    """10 t at risk 0.6 arrive and nothing else can: 0.25 × 10 units too much, at 4."""
    trade = Trade()
    trade.add("places", place="AAA", risk=0.6)
    trade.site("a", "AAA")
    trade.demand(10.0)
    trade.add("in_transit", origin="a", destination="market", material="ore", arrives="2001", quantity=10.0)
    trade.rule("max_average", 0.35, attribute="risk", subject_by="", penalty=4.0)

    assert trade.plan().objective == pytest.approx(10.0)


def test_what_is_made_is_averaged_where_it_is_made() -> None:
    """Metal of carbon 8 (plant, ore 2 and toll 3) and 1 (trader, 15), on average 4.5: half of 100 t each.

    Ore has no carbon given and none is asked for: the rule counts metal. 50 × 5 + 50 × 15 = 1000. A unit more changes
    1 / 7 t, which saves 10 / 7.
    """
    trade = Trade()
    trade.offer("plant", 2.0)
    trade.process("smelt", "plant", {"ore": -1.0, "metal": 1.0}, cost=3.0)
    trade.lane("plant", material="metal")
    trade.seller("trader", 15.0, "metal")
    trade.demand(100.0, material="metal")
    for site, value in (("plant", 8.0), ("trader", 1.0)):
        trade.add("attributes", site=site, material="metal", attribute="carbon", value=value)
    trade.rule("max_average", 4.5, attribute="carbon", subject_by="", basis="made", material="metal")
    plan = trade.plan()

    assert plan.objective == pytest.approx(1000.0)
    assert plan.rules["actual"].tolist() == pytest.approx([4.5])
    assert price(plan, "averages.cap") == pytest.approx(-10.0 / 7.0)


@pytest.mark.parametrize(("pool", "cost"), [("each", 1500.0 + 1750.0), ("together", 2000.0 + 1000.0)])
def test_markets_are_averaged_each_or_together(pool: str, cost: float) -> None:
    """A second market of 100 t pays 5 more for b: together the first takes all of b's 100 t."""
    trade = two(market_pool=pool)
    trade.demand(100.0, "second")
    trade.lane("a", "second")
    trade.lane("b", "second", freight=5.0)

    assert trade.plan().objective == pytest.approx(cost)


def test_a_window_opens_the_rule_later() -> None:
    """Free in 2001 (1000), held in 2002 (1500), discounted by 1.25."""
    cells: dict[str, Any] = {"from": "2002"}
    plan = two(periods=2, head={"discount_rate": 0.25}, **cells).plan()

    assert plan.objective == pytest.approx(1000.0 + 1500.0 / 1.25)
    assert plan.rules["shadow_price"].tolist() == pytest.approx([-20.0 / 1.25])
    assert plan.rules["shadow_price_undiscounted"].tolist() == pytest.approx([-20.0])


@pytest.mark.parametrize("kind", ["max_average", "min_average"])
def test_an_average_of_nothing_is_kept(kind: str) -> None:
    """Everything is dearer than leaving demand unmet: no tonne, no average, a plan."""
    trade = two(kind=kind)
    trade.tables["demands"] = []
    trade.unmet(5.0)
    trade.demand(100.0, priority="civil")
    plan = trade.plan()

    assert plan.objective == pytest.approx(500.0)
    assert plan.rules["actual"].tolist() == [0.0]
    assert plan.rules["slack"].tolist() == [0.35 if kind == "max_average" else 0.0]


def test_no_plan_names_the_rule() -> None:
    """An average below the safest."""
    trade = two(0.05)
    outcome = planner.solve(from_frames(trade.header, trade.tables))

    assert outcome.status == "infeasible"
    with pytest.raises(planner.NoPlanError, match=r"The average risk of the material bought is at most 0\.05"):
        _ = outcome.plan


def test_a_kept_model_takes_another_limit() -> None:
    """0.35 to 0.5: 80 t of a, 1200; undone 1500 again."""
    trade = two()
    kept = Kept(from_frames(trade.header, trade.tables))
    money = kept.assembled.network.unit_money
    assert kept.solve().bound * money == pytest.approx(1500.0)
    kept.set("averages.limit", np.array([0]), np.array([0.5]))
    assert kept.solve().bound * money == pytest.approx(1200.0)
    kept.undo()
    assert kept.solve().bound * money == pytest.approx(1500.0)


@pytest.mark.parametrize("unit", ["kg", "kt"])
def test_the_unit_of_mass_changes_nothing_but_the_penalty_s(unit: str) -> None:
    """100 t, 15 a tonne and unit too much, in other units."""
    factor = {"kg": 1000.0, "kt": 0.001}[unit]
    trade = two(head={"mass_unit": unit}, penalty=15.0 / factor)
    for table, column, power in (("offers", "price", -1), ("demands", "quantity", 1)):
        for row in trade.tables[table]:
            row[column] *= factor**power
    plan = trade.plan()

    assert plan.objective == pytest.approx(1375.0)
    assert plan.rules["excess"].tolist() == pytest.approx([25.0])
