"""Why a supplier sells what it sells: every number against hand or against re-solves of the changed tables."""

import json
from typing import Any

import pytest

import planner
from planner.cli import main
from tests.builders import Trade

TUTORIAL = planner.load("tutorial")


def sold(price: float, site: str, instance: planner.Instance) -> float:
    """What a site sells when its offer has another price: a cold, verified solve."""
    plan = planner.solve(instance.change("offers", {"site": site}, price=price)).plan
    return float(plan.sales.loc[plan.sales["site"] == site, "quantity"].sum())


def free(instance: planner.Instance) -> planner.Instance:
    """The instance without its rules."""
    return instance.with_tables(rules=instance["rules"].iloc[:0])


def test_unused_supplier_by_hand() -> None:
    """No cap: A sells 60 + 40 a year. B1 lands at 440, the last tonne is A2's at 350: B1 must be 90 cheaper.

    Then it takes A2's 40 t in both years; below A1's 310 (130 cheaper) all its 80 t.
    """
    found = planner.why(free(TUTORIAL), "B1")
    assert (found.quantity, found.break_even, found.sells) == pytest.approx((0.0, 90.0, 80.0))
    assert found.curve["cut"].tolist() == pytest.approx([0.0, 90.0, 130.0])
    assert found.curve["quantity"].tolist() == pytest.approx([0.0, 80.0, 160.0])
    assert found.curve["cost"].tolist() == pytest.approx([65_200.0, 65_200.0 + 80 * 90, 65_200 + 80 * 90 + 80 * 130])
    reasons = dict(zip(found.reasons["part"], found.reasons["amount"], strict=True))
    assert reasons == pytest.approx({"price": 420.0, "freight": 20.0, "worth": -350.0})
    assert found.extra == pytest.approx(80 * 90)
    assert dict(zip(found.moves["origin"], found.moves["change"], strict=True)) == pytest.approx({"A2": -80, "B1": 80})
    assert "because a tonne takes price 420, freight 20" in found.sentence
    assert "would sell 80 t" in found.sentence


def test_rule_stands_among_the_reasons_by_name() -> None:
    """At 305, A2 of country A would be bought but for the cap: A1 at 310 landed takes the last of A's 65 t.

    With A1 able to sell 100 t and A2 at 330 landed: A2 − A1 = 20. One more tonne from A saves 440 − 310 = 130 at the
    cap. So A2: 320 + 10 + rule 130 − worth 440 = 20.
    """
    offers = TUTORIAL["offers"].assign(price=[300.0, 320.0, 420.0], capacity=[100.0, 60.0, 80.0])
    found = planner.why(TUTORIAL.with_tables(offers=offers), "A2")
    rules = found.reasons[found.reasons["part"] == "rule"]
    assert dict(zip(rules["name"], rules["amount"], strict=True)) == pytest.approx({"country-cap": 130.0})
    assert found.reasons["amount"].sum() == pytest.approx(20.0)
    assert found.break_even == pytest.approx(20.0)
    assert "rule country-cap 130" in found.sentence


def test_used_supplier_may_become_dearer_by_hand() -> None:
    """A2 sells 5 t a year at 350 landed; B1's spare 45 t stand at 440: it may be 90 dearer and saves 10 × 90."""
    found = planner.why(TUTORIAL, "A2")
    assert (found.quantity, found.break_even) == pytest.approx((10.0, -90.0))
    assert found.without - found.cost == pytest.approx(900.0)
    assert "90.00 USD/t" in found.sentence


def test_supplier_that_no_plan_does_without() -> None:
    """The cap leaves 35 t a year that only B1 has."""
    found = planner.why(TUTORIAL, "B1")
    assert found.without == float("inf")
    assert found.break_even == -float("inf")
    assert "no plan, whatever its price" in found.sentence


@pytest.mark.parametrize("site", ["A1", "A2"])
def test_break_even_is_where_sales_begin_and_end(site: str) -> None:
    """Against cold solves of the tables with the price a little below and above."""
    found = planner.why(TUTORIAL, site)
    edge = found.price - found.break_even
    assert sold(edge - 0.01, site, TUTORIAL) > 1.0
    assert sold(edge + 0.01, site, TUTORIAL) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(("site", "rules"), [("A1", True), ("A2", True), ("B1", False), ("A2", False)])
def test_curve_is_that_of_a_grid_of_prices(site: str, rules: bool) -> None:
    """Every price of a grid, solved cold, sells what the curve says there."""
    instance = TUTORIAL if rules else free(TUTORIAL)
    found = planner.why(instance, site)
    assert set(found.curve["exact"]) == {"yes"}
    for cut in range(int(found.curve["cut"].min()) + 7, int(found.price), 23):
        at = found.curve[found.curve["cut"] <= cut].iloc[-1]
        assert sold(found.price - cut, site, instance) == pytest.approx(at["quantity"], abs=1e-6), cut


def fixed_charge() -> planner.Instance:
    """Demand 10; near sells at 5; far at 4, with a charge of 30 a year."""
    trade = Trade()
    trade.seller("near", 5.0)
    trade.seller("far", 4.0, fixed_cost=30.0, capacity=20.0)
    trade.demand(10.0)
    return planner.from_frames(trade.header, trade.tables)


def test_fixed_charge_counts() -> None:
    """All 10 t or nothing: 10 × (5 − p) ≥ 30 from p = 2 on: a cut of 2, though a tonne is cheaper at 4 already."""
    found = planner.why(fixed_charge(), "far", settings=planner.Settings(gap=0.0))
    assert (found.break_even, found.sells) == pytest.approx((2.0, 10.0))


def test_a_plant_has_a_toll_and_inputs() -> None:
    """Ore at 3, two a tonne of metal, toll 5: 11; import at 9. The plant must be 2 cheaper."""
    trade = Trade()
    trade.offer("mine", 3.0)
    trade.process("smelt", "plant", {"ore": -2.0, "metal": 1.0}, cost=5.0, capacity=50.0)
    trade.lane("mine", "plant")
    trade.lane("plant", "market", "metal")
    trade.seller("abroad", 9.0, "metal")
    trade.demand(10.0, material="metal")
    found = planner.why(planner.from_frames(trade.header, trade.tables), "plant")
    assert (found.break_even, found.sells) == pytest.approx((2.0, 10.0))
    assert found.price != found.price
    assert dict(zip(found.reasons["part"], found.reasons["amount"], strict=True))["toll"] == pytest.approx(5.0)


def test_forced_quantity_costs_what_a_floor_costs() -> None:
    """20 t of B1 in place of A2, which is 90 cheaper."""
    found = planner.why(free(TUTORIAL), "B1", quantity=20.0)
    assert (found.forced, found.extra) == pytest.approx((20.0, 1800.0))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["why", "A9", "tutorial"], "there is no site, owner, place or group 'A9'"),
        (["why", "A2", "tutorial", "--material", "oxyde"], "did you mean 'oxide'"),
        (["why", "A2", "tutorial", "--quantity", "-1"], "give tonnes above 0"),
        (["why", "factory", "tutorial"], "nothing can leave the sites of factory"),
    ],
)
def test_faults_are_told(arguments: list[str], told: str, capsys: Any) -> None:
    """With what would be right."""
    assert main(arguments) == 3
    assert told in capsys.readouterr().err


def test_command(capsys: Any) -> None:
    """One JSON document; what is infinite is null."""
    assert main(["why", "BBB", "tutorial", "--json"]) == 0
    (answer,) = json.loads(capsys.readouterr().out)["answers"]
    assert answer["without"] is None
    assert answer["quantity"] == pytest.approx(70.0)
    assert main(["why", "Alpha", "tutorial"]) == 0
    assert "What it sells as its price" in capsys.readouterr().out
