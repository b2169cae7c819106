"""Spend: at most, or at least, so much money is paid for what is bought or made, in optima solved by hand."""

from typing import Any

import numpy as np
import pytest

import planner
from planner.plan import Plan
from planner.read import from_frames
from planner.solving.kept import Kept
from tests.builders import Trade, amounts, paid, price


def three(periods: int = 1, **head: Any) -> Trade:
    """A sells 60 t a year at 10; b sells at 20, to which 2 of freight and a duty of 0.1 × 20 come; c at 40; 100 t."""
    trade = Trade(periods, **head)
    for site, place in (("a", "AAA"), ("b", "BBB"), ("c", "CCC")):
        trade.site(site, place)
    trade.seller("a", 10.0, capacity=60.0)
    trade.offer("b", 20.0)
    trade.lane("b", freight=2.0, duty=0.1)
    trade.seller("c", 40.0)
    trade.demand(100.0)
    return trade


def bought(plan: Plan) -> dict[str, float]:
    """Tonnes by seller."""
    return amounts(plan.flows, "origin", "quantity")


def test_what_a_country_is_paid_is_capped_at_the_market_s_gate() -> None:
    """480 buy 20 t of b at 20 + 2 + 2 = 24; the other 20 t come from c: 600 + 480 + 800.

    One more buys 1 / 24 t of b in place of c, which saves 16 / 24.
    """
    trade = three()
    trade.rule("max_spend", 480.0, subject="BBB")
    plan = trade.plan()

    assert plan.objective == pytest.approx(1880.0)
    assert bought(plan) == pytest.approx({"a": 60.0, "b": 20.0, "c": 20.0})
    assert price(plan, "spend.cap") == pytest.approx(-16.0 / 24.0)
    (row,) = plan.rules[["unit", "limit", "actual", "slack", "quantity", "binding"]].itertuples(index=False, name=None)
    assert row == ("USD", 480.0, pytest.approx(480.0), pytest.approx(0.0, abs=1e-6), pytest.approx(480.0), "yes")
    assert plan.rules["base"].isna().all()


def test_a_budget_covers_everything_that_is_bought() -> None:
    """1280 for 100 t of which what stays unmet costs 100: 60 t of a, 680 / 24 t of b."""
    trade = three()
    trade.tables["demands"] = []
    trade.unmet(100.0)
    trade.demand(100.0, priority="civil")
    trade.rule("max_spend", 1280.0, subject_by="")
    plan = trade.plan()

    assert bought(plan) == pytest.approx({"a": 60.0, "b": 680.0 / 24.0})
    assert price(plan, "spend.cap") == pytest.approx(-(100.0 - 24.0) / 24.0)


def test_a_floor_keeps_a_dear_supplier_in_business() -> None:
    """400 for c are 10 t: 600 + 30 × 24 + 400. One less saves 1 / 40 × 16."""
    trade = three()
    trade.rule("min_spend", 400.0, subject="CCC")
    plan = trade.plan()

    assert plan.objective == pytest.approx(1720.0)
    assert price(plan, "spend.cap") == pytest.approx(-16.0 / 40.0)


@pytest.mark.parametrize(("penalty", "cost", "excess"), [(0.5, 1560.0 + 0.5 * 480.0, 480.0), (0.75, 1880.0, 0.0)])
def test_a_priced_cap_is_broken_where_that_is_cheaper(penalty: float, cost: float, excess: float) -> None:
    """40 t of b cost 960, 480 too much; each of these saves 16 / 24."""
    trade = three()
    trade.rule("max_spend", 480.0, subject="BBB", penalty=penalty)
    plan = trade.plan()

    assert plan.objective == pytest.approx(cost)
    assert plan.rules["excess"].tolist() == pytest.approx([excess])
    assert paid(plan).get("penalty", 0.0) == pytest.approx(penalty * excess)
    assert price(plan, "spend.cap") == pytest.approx(-min(penalty, 16.0 / 24.0))


@pytest.mark.parametrize("unit", ["kg", "kt"])
def test_the_unit_of_mass_changes_nothing(unit: str) -> None:
    """Money is money, and so is its penalty."""
    factor = {"kg": 1000.0, "kt": 0.001}[unit]
    trade = three(mass_unit=unit)
    for table, columns in (("offers", ("price",)), ("lanes", ("freight",))):
        for row in trade.tables[table]:
            row.update({name: row[name] / factor for name in columns if name in row})
    for table, column in (("offers", "capacity"), ("demands", "quantity")):
        for row in trade.tables[table]:
            row.update({column: row[column] * factor} if column in row else {})
    trade.rule("max_spend", 480.0, subject="BBB", penalty=0.5)

    assert trade.plan().objective == pytest.approx(1800.0)


def test_money_falls_in_the_period_of_dispatch_undiscounted() -> None:
    """What b dispatches in 2001 arrives in 2002 and is paid in 2001; nothing that it dispatches in 2002 arrives.

    100 t are wanted in 2002: 480 of 2001 buy 20 t of b, the rest is discounted by 1.25, 60 t at 10 and 20 at 40.
    """
    trade = three(2, discount_rate=0.25)
    trade.tables["lanes"][1]["lead_time"] = 1
    trade.tables["demands"] = []
    trade.demand(100.0, period="2002")
    trade.rule("max_spend", 480.0, subject="BBB")
    plan = trade.plan()

    assert plan.objective == pytest.approx(480.0 + (600.0 + 800.0) / 1.25)
    assert plan.rules.set_index("period")["actual"].to_dict() == pytest.approx({"2001": 480.0})
    assert price(plan, "spend.cap") == pytest.approx(-(40.0 / 1.25 - 24.0) / 24.0)


@pytest.mark.parametrize(("per", "limit", "cost"), [("period", 480.0, 1880.0), ("horizon", 960.0, 1560.0)])
def test_money_is_counted_by_period_or_over_the_horizon(per: str, limit: float, cost: float) -> None:
    """2002 wants no more than a's 60 t (600): over both years what it leaves buys 40 t of b in 2001, 600 + 960."""
    trade = three(2)
    trade.tables["demands"] = []
    trade.demand(100.0, period="2001")
    trade.demand(60.0, period="2002")
    trade.rule("max_spend", limit, subject="BBB", per=per)
    plan = trade.plan()

    assert plan.objective == pytest.approx(cost + 600.0)
    assert len(plan.rules) == (2 if per == "period" else 1)


@pytest.mark.parametrize(("paid_before", "own"), [("yes", 20.0), ("no", 10.0)])
def test_what_was_under_way_counts_where_it_is_still_to_be_paid(paid_before: str, own: float) -> None:
    """10 t of b arrive; unpaid they fall due at 24 each, which leaves 240 of the 480 for 10 t more."""
    trade = three()
    trade.add(
        "in_transit", origin="b", destination="market", material="ore", arrives="2001", quantity=10.0, paid=paid_before
    )
    trade.rule("max_spend", 480.0, subject="BBB")
    plan = trade.plan()

    assert bought(plan)["b"] == pytest.approx(own)
    assert plan.rules["actual"].tolist() == pytest.approx([480.0])


def tiered(scheme: str, *prices: float, **cells: Any) -> Trade:
    """A sells at 10, from 40 t and from 70 t on at other prices; c at 30; 100 t."""
    trade = Trade()
    trade.site("a", "AAA")
    trade.site("c", "CCC")
    trade.seller("a", 10.0, capacity=100.0)
    trade.seller("c", 30.0)
    for start, each in zip((40.0, 70.0), prices, strict=False):
        trade.add("tiers", site="a", material="ore", from_quantity=start, price=each, scheme=scheme)
    trade.demand(100.0)
    trade.rule(**{"kind": "max_spend", "subject": "AAA", **cells})
    return trade


@pytest.mark.parametrize(
    ("scheme", "prices", "limit", "tonnes", "basis"),
    [
        ("incremental", (20.0, 25.0), 1100.0, 74.0, "purchases"),
        ("incremental", (20.0, 25.0), 1100.0, 74.0, "made"),
        ("incremental", (8.0, 5.0), 680.0, 78.0, "purchases"),
        ("all_units", (8.0, 5.0), 400.0, 80.0, "purchases"),
        ("all_units", (8.0, 5.0), 400.0, 80.0, "made"),
    ],
)
def test_tiers_are_counted_as_they_are_paid(
    scheme: str, prices: tuple[float, ...], limit: float, tonnes: float, basis: str
) -> None:
    """400 for 40 t, then 30 at 20 (1000), then 25: 1100 buy 74 t. Falling: 400 + 240, then 5: 680 buy 78 t.

    All units from 70 t on at 5: 400 buy 80 t.
    """
    plan = tiered(scheme, *prices, limit=limit, basis=basis).plan()

    assert bought(plan)["a"] == pytest.approx(tonnes)
    assert plan.rules["actual"].tolist() == pytest.approx([limit])
    assert plan.objective == pytest.approx(limit + 30.0 * (100.0 - tonnes))


def test_a_floor_on_falling_tiers_is_paid_from_the_first() -> None:
    """C is cheaper (6 in place of 30); 520 for a are 40 t at 10 and 15 at 8."""
    trade = tiered("incremental", 8.0, kind="min_spend", limit=520.0)
    trade.tables["offers"][1]["price"] = 6.0
    plan = trade.plan()

    assert bought(plan) == pytest.approx({"a": 55.0, "c": 45.0})
    assert plan.objective == pytest.approx(520.0 + 270.0)


def plant() -> Trade:
    """A plant buys ore at 4 and splits a tonne, for 3, into 0.5 t of metal and of slag; metal costs 30 elsewhere."""
    trade = Trade()
    trade.site("mine", "AAA")
    trade.offer("mine", 4.0)
    trade.lane("mine", "plant")
    trade.site("plant", "BBB")
    trade.goods("metal", stage="metal")
    trade.goods("slag", stage="metal")
    trade.process("split", "plant", {"ore": -1.0, "metal": 0.5, "slag": 0.5}, cost=3.0)
    trade.lane("plant", material="metal")
    trade.site("trader", "CCC")
    trade.seller("trader", 30.0, "metal")
    trade.demand(50.0, material="metal")
    return trade


@pytest.mark.parametrize("cells", [{"material": "metal"}, {"stage": "metal", "pool": "together"}])
def test_what_a_plant_is_paid_is_its_toll_once(cells: dict[str, Any]) -> None:
    """240 of tolls are 80 runs, 40 t of metal whose ore costs 320, whatever else comes of them; 10 t at 30.

    The ore is paid for at the mine: it is no part of what the plant is paid.
    """
    trade = plant()
    trade.rule("max_spend", 240.0, subject="BBB", basis="made", **cells)
    plan = trade.plan()

    assert plan.objective == pytest.approx(240.0 + 320.0 + 300.0)
    assert plan.rules["actual"].tolist() == pytest.approx([240.0])
    assert price(plan, "spend.cap") == pytest.approx(-(15.0 - 7.0) / 3.0)


def test_a_budget_of_everything_made_is_what_all_are_paid() -> None:
    """Ore, toll and metal: 100 runs cost 700 in all, as many as 50 t of metal need."""
    trade = plant()
    trade.rule("max_spend", 700.0, subject_by="", basis="made", pool="together", stage_pool="together")

    assert trade.plan().rules["actual"].tolist() == pytest.approx([700.0])


REFUSED = [
    (plant, {"material": "metal"}, "'metal' of 'plant' does not come from its offers alone"),
    (
        lambda: tiered("incremental", 20.0, limit=500.0),
        {"kind": "min_spend"},
        "'ore' of 'a' is dearer in a higher tier",
    ),
]


@pytest.mark.parametrize(("made", "cells", "told"), REFUSED)
def test_what_cannot_be_told_is_refused(made: Any, cells: dict[str, Any], told: str) -> None:
    """What a toll maker's tonne was bought for; which tier was paid first."""
    trade = made()
    trade.tables["rules"] = []
    trade.rule(**{"kind": "max_spend", "limit": 500.0, "subject_by": "", **cells})
    with pytest.raises(planner.InputError, match=told):
        trade.plan()


def test_tiers_that_others_move_are_refused() -> None:
    """A second market buys of a too: what the first pays by tiers depends on it. Both together can be told."""
    trade = tiered("incremental", 20.0, limit=600.0, market="market")
    trade.demand(10.0, "second")
    trade.lane("a", "second")
    with pytest.raises(planner.InputError, match="has tiers and is sold elsewhere too"):
        trade.plan()
    trade.tables["rules"][0].update(market="market;second", market_pool="together")

    assert trade.plan().rules["actual"].tolist() == pytest.approx([600.0])


def test_a_floor_that_nothing_can_keep_leaves_no_plan() -> None:
    """Nobody pays c 5000 for at most 100 t at 40."""
    trade = three()
    trade.rule("min_spend", 5000.0, subject="CCC")
    outcome = planner.solve(from_frames(trade.header, trade.tables))

    assert outcome.status == "infeasible"
    with pytest.raises(
        planner.NoPlanError, match="At least 5,000 USD is spent on the material bought from the country"
    ):
        _ = outcome.plan


def test_a_kept_model_takes_another_limit() -> None:
    """480 to 240: 10 t of b less, 16 dearer each; undone as before."""
    trade = three()
    trade.rule("max_spend", 480.0, subject="BBB")
    kept = Kept(from_frames(trade.header, trade.tables))
    money = kept.assembled.network.unit_money
    assert kept.solve().bound * money == pytest.approx(1880.0)
    kept.set("spend.limit", np.array([0]), np.array([240.0 / money]))
    assert kept.solve().bound * money == pytest.approx(2040.0)
    kept.undo()
    assert kept.solve().bound * money == pytest.approx(1880.0)
