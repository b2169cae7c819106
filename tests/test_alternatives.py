"""Near-least-cost plans and the share envelope: against hand and against every plan of a grid."""

import itertools
import json
from typing import Any

import pytest

import planner
from planner.cli import main
from planner.verify import verify
from tests.builders import Trade

TUTORIAL = planner.load("tutorial")


def shares(found: planner.Envelope, by: str) -> dict[str, tuple[float, float, float]]:
    """Least, best and largest share by subject."""
    rows = found.shares[found.shares["by"] == by].to_dict("records")
    return {row["subject"]: (row["least"], row["best"], row["most"]) for row in rows}


def test_envelope_by_hand() -> None:
    """71 500 + 1 %: 715 USD, for 200 t.

    B1 for A2 costs 90 a tonne, 715 / 90 = 7.94 t of the 10 t of A2. B1 for A1 costs 130; A2 for A1 costs 40:
    715 / 40 = 17.9 t. So A2 has 2.06 to 27.9 t, B1 70 to 77.9 t, A1 102.1 to 120 t.
    """
    found = planner.envelope(TUTORIAL, within=0.01)
    own = shares(found, "site")
    assert own["A1"] == pytest.approx(((120 - 715 / 40) / 200, 0.6, 0.6))
    assert own["A2"] == pytest.approx(((10 - 715 / 90) / 200, 0.05, (10 + 715 / 40) / 200))
    assert own["B1"] == pytest.approx((0.35, 0.35, (70 + 715 / 90) / 200))
    assert set(found.shares["kind"]) == {"must-have"}


def test_envelope_names_what_to_avoid() -> None:
    """Dear is 40 dearer a tonne: 2 % of 1000 buys half a tonne of it; dearest cannot come in without any."""
    trade = Trade()
    trade.seller("cheap", 10.0)
    trade.seller("dear", 50.0)
    trade.demand(100.0)
    instance = planner.from_frames(trade.header, trade.tables)
    found = shares(planner.envelope(instance, within=0.02), "site")
    assert found["dear"] == pytest.approx((0.0, 0.0, 0.005))
    none = planner.envelope(instance, within=0.0)
    assert dict(zip(none.shares["subject"], none.shares["kind"], strict=True)) == {
        "cheap": "must-have",
        "dear": "must-avoid",
    }


def test_envelope_is_that_of_every_plan_of_a_grid() -> None:
    """One year, whole tonnes of three suppliers, one with a loss on the way: all plans within 5 %."""
    trade = Trade()
    prices, kept = {"one": 10.0, "two": 11.0, "three": 12.0}, {"one": 1.0, "two": 1.0, "three": 0.5}
    for site, price in prices.items():
        trade.offer(site, price, capacity=8.0)
        trade.lane(site, loss=1 - kept[site])
    trade.demand(10.0)
    found = shares(planner.envelope(planner.from_frames(trade.header, trade.tables), within=0.25), "site")
    least = 8 * 10 + 2 * 11
    plans = [
        {"one": one, "two": two, "three": 10.0 - one - two}
        for one, two in itertools.product([step / 10 for step in range(81)], repeat=2)
        if -1e-9 <= 10 - one - two <= 4
    ]
    near = [plan for plan in plans if sum(prices[s] * q / kept[s] for s, q in plan.items()) <= 1.25 * least + 1e-9]
    for site in prices:
        grid = [plan[site] / 10 for plan in near]
        assert found[site][0] == pytest.approx(min(grid), abs=0.011)
        assert found[site][2] == pytest.approx(max(grid), abs=0.011)
        assert found[site][0] <= min(grid) + 1e-6
        assert found[site][2] >= max(grid) - 1e-6


def test_alternatives_keep_rules_and_cost() -> None:
    """Two sellers at the same price: the other plan takes everything from the other; nothing is dearer."""
    trade = Trade()
    trade.seller("here", 10.0)
    trade.seller("there", 10.0)
    trade.demand(100.0)
    found = planner.alternatives(planner.from_frames(trade.header, trade.tables), within=0.0)
    assert found.table["extra"].tolist() == pytest.approx([0.0, 0.0])
    assert found.table["unlike"].tolist() == pytest.approx([0.0, 1.0])
    first, second = (set(plan.sales["site"]) for plan in found.plans.values())
    assert first != second


def test_alternatives_of_the_tutorial_stay_within() -> None:
    """All within 5 % and different; the verifier has nothing against them but that they are not the cheapest."""
    found = planner.alternatives(TUTORIAL, within=0.05)
    assert len(found.plans) >= 2
    assert found.table["cost"].max() <= 71_500 * 1.05 * (1 + 1e-9)
    assert (found.table["nearest"].iloc[1:] > 1e-3).all()
    for plan in list(found.plans.values())[1:]:
        assert {(fault.table, fault.column) for fault in verify(plan).faults} <= {("prices", "shadow_price")}
        assert plan.bound == pytest.approx(71_500.0)
    assert not found.comparison.decisions.empty


def test_fixed_charges_are_kept() -> None:
    """Far has a charge of 30: 10 t from near at 5, or from far at 3 and the charge, 60; 20 % of 50 allows it."""
    trade = Trade()
    trade.seller("near", 5.0)
    trade.seller("far", 3.0, fixed_cost=30.0, capacity=20.0)
    trade.demand(10.0)
    found = planner.alternatives(
        planner.from_frames(trade.header, trade.tables), within=0.2, settings=planner.Settings(gap=0.0)
    )
    assert found.table["cost"].tolist() == pytest.approx([50.0, 60.0])


def test_a_cap_on_the_hhi_is_refused() -> None:
    """Its pieces hold near one plan only: said, not ignored."""
    trade = Trade()
    trade.seller("a", 1.0)
    trade.seller("b", 2.0)
    trade.demand(10.0)
    trade.rule("max_hhi", 0.6, subject_by="site", base="purchases")
    with pytest.raises(planner.PlannerError, match="HHI"):
        planner.alternatives(planner.from_frames(trade.header, trade.tables))


def test_command(capsys: Any) -> None:
    """Plans, shares, faults."""
    assert main(["alternatives", "tutorial", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["plans"][0]["cost"] == pytest.approx(71_500.0)
    assert main(["alternatives", "tutorial", "--shares", "oxide", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["shares"]) == 8
    assert main(["alternatives", "tutorial", "--shares", "ore"]) == 3
    assert "name one of oxide" in capsys.readouterr().err
    assert main(["alternatives", "tutorial", "--within", "-1"]) == 2
    assert main(["alternatives", "tutorial", "--market", "nowhere", "--shares", "oxide"]) == 3
