"""Robust advice: against hand, and against cold solves of the changed tables."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

import planner
from planner.analysis.robust import how_far, no_regret, robust
from planner.cli import main
from tests.builders import Trade

TUTORIAL = planner.load("tutorial")


def test_how_far_a_price_may_be_wrong_by_hand() -> None:
    """A2 has 5 of 100 t at 350 landed. Above 430 (440 landed, B1's) it goes; below 300 it takes A1's place.

    A1 keeps 5 t then, more than 1 %: nobody comes or goes.
    """
    found = how_far(TUTORIAL, "offers", "price", {"site": "A2"})
    assert found.above == pytest.approx(430 / 340, abs=2e-3)
    assert found.below == float("-inf")
    assert found.changes.to_numpy().tolist() == [["above", "A2", "oxide", "goes"]]
    with pytest.raises(planner.InputError):
        how_far(TUTORIAL, "offers", "price", {"site": "A9"})


def test_numbers_are_ranked_by_what_they_move() -> None:
    """B1 sells 70 t: price 400 to 450 moves 30 × 70. A2 sells 10 t: 330 to 345 moves 10 × 10; both are moved at once.

    Demand 90 to 110 in both years is dearer by 10 t more: 3.5 from B1 at 440 and 6.5 from A2 at 350 a year.
    """
    ranges = pd.DataFrame(
        {
            "table": ["offers", "offers", "demands", "demands", "sites"],
            "key": ["A2;oxide", "B1;oxide", "factory;oxide;2027;", "factory;oxide;2028;", "A1"],
            "column": ["price", "price", "quantity", "quantity", "latitude"],
            "low": [330.0, 400.0, 90.0, 90.0, 1.0],
            "high": [345.0, 450.0, 110.0, 110.0, 1.0],
        }
    )
    found = robust(TUTORIAL, ranges)
    rows = {row["column"]: row for row in found.numbers.to_dict("records")}
    assert rows["price"]["high"] - found.cost == pytest.approx(70 * 30 + 10 * 5)
    assert rows["price"]["low"] - found.cost == pytest.approx(-70 * 20 - 10 * 10)
    assert rows["quantity"]["high"] - found.cost == pytest.approx(2 * (3.5 * 440 + 6.5 * 350))
    assert found.numbers["column"].tolist() == ["quantity", "price"]
    assert rows["price"]["worth"] == pytest.approx(0.0, abs=1e-6)  # the same suppliers are best at both ends
    assert np.isnan(rows["quantity"]["worth"])  # the plan as it is does not meet 110 t
    assert "quantity of demands is worth knowing first" in found.sentence
    with pytest.raises(planner.InputError, match="has no row"):
        robust(TUTORIAL, ranges.assign(key="A9;oxide"))


def test_what_it_saves_to_know_a_price() -> None:
    """100 t of a at 10 or b at 12: at 5 a stays; at 20 the plan as it is costs 2000 and b 1200; half of 800."""
    trade = Trade()
    for site, price in (("a", 10.0), ("b", 12.0)):
        trade.seller(site, price)
    trade.demand(100.0)
    cells = {"table": ["offers"], "key": ["a;ore"], "column": ["price"], "low": [5.0], "high": [20.0]}
    found = robust(planner.from_frames(trade.header, trade.tables), pd.DataFrame(cells))
    assert found.numbers["worth"].item() == pytest.approx(400.0)
    assert "To know price of offers beforehand saves 400 USD" in found.sentence


def test_an_end_without_a_plan_is_told_with_its_reason() -> None:
    """A has 100 t of the 100 t needed, b nothing: with 50 t there is no plan."""
    trade = Trade()
    trade.seller("a", 10.0, capacity=100.0)
    trade.demand(100.0)
    cells = {"table": ["offers"], "key": ["a;ore"], "column": ["capacity"], "low": [50.0], "high": [200.0]}
    found = robust(planner.from_frames(trade.header, trade.tables), pd.DataFrame(cells))
    assert found.sentence == "capacity of offers has no plan at its low end: no cost is told of it."
    assert np.isinf(found.numbers["swing"].item())


def test_no_regret_by_hand() -> None:
    """Cheap 60 t, middle 60 t, dear 60 t, demand 100; without cheap: middle and dear. Middle is used in both."""
    trade = Trade()
    for site, price in (("cheap", 1.0), ("middle", 2.0), ("dear", 3.0)):
        trade.seller(site, price, capacity=60.0)
    trade.demand(100.0)
    trade.add("scenarios", scenario="strike", probability=1.0, start="2001")
    trade.add("disruptions", scenario="strike", line=1, site="cheap")
    found = no_regret(planner.from_frames(trade.header, trade.tables))
    assert found.scenarios["cost"].tolist() == pytest.approx([140.0, 240.0])
    assert dict(zip(found.decisions["site"], found.decisions["all"], strict=True)) == {
        "middle": "yes",
        "cheap": "no",
        "dear": "no",
    }


def test_command(capsys: Any) -> None:
    """How far, ranked numbers of a built-in instance's provenance, faults."""
    assert main(["robust", "tutorial", "--number", "offers[site=A2].price", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["above"] == pytest.approx(430 / 340, abs=2e-3)
    assert main(["robust", "tutorial", "--number", "offers"]) == 3
    assert "offers[site=Baotou].price" in capsys.readouterr().err
    assert main(["robust", "tutorial"]) == 3
    assert "provenance.csv" in capsys.readouterr().err
    assert main(["robust", "tutorial", "--scenarios"]) == 3
    assert "has no scenarios" in capsys.readouterr().err
