"""Plans side by side: input, decisions and figures that differ, by hand."""

import json
from typing import Any

import pytest

import planner
from planner.analysis.compare import compare
from planner.errors import PlannerError
from planner.plan import Plan
from tests.builders import Trade


def plan(demand: float = 100.0, price: float = 10.0, **head: Any) -> Plan:
    """80 t from a (AAA) at a price, the rest from b (BBB) at 20."""
    made = Trade(**head)
    made.site("a", place="AAA", owner="Anna")
    made.site("b", place="BBB", owner="Bert")
    made.goods("ore", stage="mine")
    made.seller("a", price, capacity=80.0)
    made.seller("b", 20.0)
    made.demand(demand, priority="civil")
    made.unmet(100.0)
    return made.plan()


def test_two_plans_by_hand() -> None:
    """100 t cost 80 × 10 + 20 × 20 = 1 200, 110 t 1 400; b sends 10 t more. Shares 0.8 and 0.2, then 8/11 and 3/11."""
    found = planner.compare(plan(), plan(110.0))
    assert found.names == ("before", "after")
    figures = found.figures.set_index("figure")[["before", "after"]]
    assert list(figures.loc["cost"]) == pytest.approx([1200.0, 1400.0])
    assert list(figures.loc["cost: purchase"]) == pytest.approx([1200.0, 1400.0])
    assert list(figures.loc["unmet demand"]) == [0.0, 0.0]
    assert list(figures.loc["largest share bought: mine by country"]) == pytest.approx([0.8, 8 / 11])
    assert list(figures.loc["HHI bought: mine by owner"]) == pytest.approx([0.68, (64 + 9) / 121])
    assert found.input.to_dict("records") == [
        {
            "plan": "after",
            "table": "demands",
            "key": "market, ore, civil",
            "column": "quantity",
            "before": "100",
            "after": "110",
        }
    ]
    assert found.decisions[["decision", "name", "material", "period", "before", "after"]].values.tolist() == [
        ["flow", "b → market", "ore", "2001", pytest.approx(20.0), pytest.approx(30.0)],
        ["sale", "b", "ore", "2001", pytest.approx(20.0), pytest.approx(30.0)],
    ]
    assert found.flows["change"].tolist() == pytest.approx([10.0])
    assert found.sentence == (
        "The plan costs 200 USD (17 %) more and serves as much demand; the largest change of what is bought is "
        "10 t more ore from b."
    )


def test_the_same_plan_twice_has_no_difference() -> None:
    """Nothing in the tables, and a sentence that says so."""
    one = plan()
    found = compare(one, one)
    assert found.input.empty
    assert found.decisions.empty
    assert found.sentence == "The plan costs the same and serves as much demand; no decision changes."


def test_rows_that_one_input_alone_has() -> None:
    """An offer withdrawn and another added: a row each, with what it held; the header too."""
    study = planner.study(plan().instance)
    study.apply(
        "drop offers[site=a]", "add offers[site=market,material=ore,price=12,capacity=5]", "instance.title=no a"
    )
    found = study.compare()
    cells = found.input.set_index("key")[["table", "column", "before", "after"]].to_dict("index")
    assert cells[""] == {"table": "instance", "column": "title", "before": "", "after": "no a"}
    assert cells["a, ore"]["before"].startswith("price 10, capacity 80")
    assert cells["a, ore"]["after"] == ""
    assert cells["market, ore"]["after"].startswith("price 12, capacity 5")


def test_instances_read_apart_are_compared() -> None:
    """Each read by itself, all tables are told apart row by row, those with a column ``line`` too."""
    halt = {"scenario": "halt", "line": 1, "place": "AAA"}
    made = [
        study_of.set("disruptions", {"scenario": "halt"}, keeps=keeps).plan
        for keeps in (0.5, 0.0)
        for study_of in [planner.study(plan().instance).add("scenarios", scenario="halt").add("disruptions", **halt)]
    ]
    cells = planner.compare(*made).input.to_dict("records")
    told = {"table": "disruptions", "key": "halt, 1", "column": "keeps", "before": "0.5", "after": "0"}
    assert cells == [{"plan": "after", **told}]


def test_several_plans_are_held_against_the_first() -> None:
    """One column of figures each; the others' differences by name."""
    found = compare({"base": plan(), "more": plan(110.0), "dear": plan(price=15.0)})
    assert [*found.figures] == ["figure", "unit", "base", "more", "dear"]
    assert list(found.figures.loc[0, ["base", "more", "dear"]]) == pytest.approx([1200.0, 1400.0, 1600.0])
    assert found.input["plan"].tolist() == ["more", "dear"]
    assert found.sentence.startswith("more: the plan costs 200 USD")
    assert "dear: the plan costs 400 USD (33 %) more" in found.sentence


def test_unmet_demand_is_told() -> None:
    """120 t at most where 80 and 30 can be had: 10 t unmet."""
    study = planner.study(plan().instance)
    study.apply("offers[site=b].capacity=30", "demands.quantity=120")
    found = study.compare()
    assert "leaves 10 t more of demand unmet" in found.sentence
    assert found.figures.set_index("figure")["now"]["unmet demand: civil"] == pytest.approx(10.0)


def test_wrong_plans_are_refused() -> None:
    """Too few, names that clash, other money."""
    one = plan()
    with pytest.raises(PlannerError, match="two plans or more"):
        compare(one)
    with pytest.raises(PlannerError, match="different names"):
        compare(one, one, names=("a", "a"))
    with pytest.raises(PlannerError, match="EUR, USD"):
        compare(one, plan(currency="EUR"))


def test_how_it_is_shown() -> None:
    """As text, as HTML with nothing that could run, as plain values."""
    other = planner.study(plan().instance).apply("instance.title=<script>").plan
    found = compare({"base": plan(), "<b>": plan(110.0), "same": other})
    assert "Changed input" in repr(found)
    assert "10" in repr(found)
    html = found._repr_html_()
    assert "<script>" not in html
    assert "<b>" not in html
    read = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert read["plans"] == ["base", "<b>", "same"]
    assert read["decisions"] == found.decisions.to_dict("records")
