"""What is told of a plan: by hand, on numbers in view."""

from typing import Any

import pytest

import planner
from planner.report.summary import mass, money, percent, span, summarise

HEAD: dict[str, Any] = {"name": "two", "first_period": "2027", "periods": 2, "discount_rate": 0.25}


def two(rules: list[dict[str, Any]], header: dict[str, Any] | None = None, demand: float = 100.0) -> planner.Plan:
    """Country A sells at 10, country B at 16, a buyer in country C needs 100 a year, 150 is to be had from each."""
    tables: dict[str, Any] = {
        "materials": [{"material": "ore", "stage": "mine"}],
        "places": [{"place": "A", "name": "Arcadia"}, {"place": "B", "name": ""}, {"place": "C", "name": "Caledon"}],
        "sites": [{"site": name, "place": name.upper()} for name in "abc"],
        "offers": [{"site": s, "material": "ore", "price": p, "capacity": 150} for s, p in (("a", 10), ("b", 16))],
        "lanes": [{"origin": s, "destination": "c", "material": "ore"} for s in "ab"],
        "demands": [{"site": "c", "material": "ore", "quantity": demand, "priority": "all"}],
        "priorities": [{"priority": "all", "rank": 1, "unmet_cost": 100}],
        "rules": rules,
    }
    return planner.solve(planner.from_frames({**HEAD, **(header or {})}, tables)).plan


CAP = {
    "rule": "cap",
    "kind": "max_share",
    "subject_by": "place",
    "basis": "purchases",
    "base": "consumption",
    "per": "year",
}


def test_a_phased_cap_is_one_line_with_the_worth_of_a_point() -> None:
    """Caps of 70 and 60 % hold A to 70 and 60 t; a tonne of excess saves 6, a point one tonne: 6 + 6 / 1.25 = 10.8."""
    rules = [{**CAP, "until": "2027", "limit": 0.7}, {**CAP, "from": "2028", "limit": 0.6}]
    summary = summarise(two(rules))

    (rule,) = summary.rules.to_dict("records")
    assert (rule["rule"], rule["subject"], rule["name"], rule["material"]) == ("cap", "A", "Arcadia", "ore")
    assert (rule["since"], rule["until"], rule["binds"], rule["holds"]) == ("2027", "2028", 2, 2)
    assert (rule["first_limit"], rule["last_limit"]) == (0.7, 0.6)
    assert rule["sentence"] == (
        "cap: From 2028 on, at most 60 % of the material consumed comes from any one country, each year."
    )
    assert rule["least_price"] == pytest.approx(6.0)
    assert rule["most_price"] == pytest.approx(6.0)
    assert rule["worth"] == pytest.approx(10.8)
    assert "caps Arcadia in ore: one percentage point more in 2027–2028 would save 10.80 USD" in summary.sentence


def test_the_worth_of_a_point_is_what_a_point_saves() -> None:
    """The same number from two solves: 0.60 against 0.61 in both years."""
    plan, looser = (two([{**CAP, "limit": limit}]) for limit in (0.6, 0.61))
    assert summarise(plan).rules["worth"].iloc[0] == pytest.approx(plan.objective - looser.objective)


def test_a_floor_is_told_in_percent_of_its_tonnes() -> None:
    """At least 20 t a year from b, at 6 more than from a: one percent of 20 t in two years, 0.2 × 6 × 1.8 = 2.16."""
    floor = {
        "rule": "keep-b",
        "kind": "min_quantity",
        "limit": 20,
        "subject_by": "site",
        "subject": "b",
        "basis": "purchases",
        "per": "year",
    }
    summary = summarise(two([floor]))
    assert summary.rules["worth"].iloc[0] == pytest.approx(2.16)
    assert "asks of b ore: one percent less in 2027–2028 would save 2.16 USD" in summary.sentence


@pytest.mark.parametrize(
    ("kind", "limit", "cells", "price"),
    [("max_average", 0.4, {"attribute": "risk"}, 6.0 / 0.6), ("max_spend", 1200.0, {}, (100.0 - 16.0) / 16.0)],
)
def test_the_worth_of_a_percent_of_a_limit(kind: str, limit: float, cells: dict[str, Any], price: float) -> None:
    """Risk 0.7 of A and 0.1 of B: a unit more lets 1 / 0.6 t change. 1200 buy 100 t of A and 12.5 of B, of 115 wanted.

    One percent is worth what the limit, one percent higher, saves.
    """
    base = two([], demand=115.0).instance
    rows = [{"site": "a", "attribute": "risk", "value": 0.7}, {"site": "b", "attribute": "risk", "value": 0.1}]

    def solved(limit: float) -> planner.Plan:
        rule = {"rule": "r", "kind": kind, "limit": limit, "basis": "purchases", "per": "year", **cells}
        offers = base["offers"].assign(capacity=[100.0, 150.0] if kind == "max_spend" else 150.0)
        tables: dict[str, Any] = {**base.tables, "offers": offers, "attributes": rows, "rules": [rule]}
        return planner.solve(planner.from_frames(base.header, tables)).plan

    summary = summarise(solved(limit))
    (told,) = summary.rules.to_dict("records")
    assert told["most_price"] == pytest.approx(price)
    assert told["worth"] == pytest.approx(solved(limit).objective - solved(1.01 * limit).objective)
    assert "its dearest rule, r, caps ore: one percent more in 2027–2028 would save" in summary.sentence


def test_without_rules_nothing_is_said_of_them() -> None:
    """All from a: 1000 a year, the second discounted by 1.25."""
    summary = summarise(two([]))
    assert summary.sentence == "The plan costs 1,800 USD and meets all demand; no rule costs anything."
    assert dict(summary.figures) == {
        "cost": "1,800 USD, present value, 2027–2028, discounted at 25 %",
        "proof": "optimal; no plan costs less",
        "demand": "200 t, all met",
        "bought": "for 2,000 USD, undiscounted, from 1 site, 100 % from Arcadia",
        "rules that bind": "0 of 0",
    }


def test_unmet_demand_is_told_by_priority() -> None:
    """300 t a year are to be had, 400 t are wanted."""
    summary = summarise(two([], demand=400.0))
    assert "leaves 200 t of 800 t of demand unmet" in summary.sentence
    assert dict(summary.figures)["demand"] == "800 t, of which unmet 200 t of all"


def test_masses_are_tonnes_whatever_the_tables_are_in() -> None:
    """100 kg a year are 0.1 t a year."""
    summary = summarise(two([], {"mass_unit": "kg"}))
    assert summary.purchases["quantity"].tolist() == pytest.approx([0.2])
    assert dict(summary.figures)["demand"] == "0.2 t, all met"


def test_purchases_say_from_where_and_to_where() -> None:
    """60 of 100 t from A; the place without a name keeps its code."""
    rows = summarise(two([{**CAP, "limit": 0.6}])).purchases.to_dict("records")
    assert [(row["site"], row["country"], row["to"]) for row in rows] == [
        ("b", "B", "Caledon 100 %"),
        ("a", "Arcadia", "Caledon 100 %"),
    ]
    assert [row["share"] for row in rows] == pytest.approx([0.4, 0.6])


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (money(70_416_227_433.8), "70.42 bn"),
        (money(45_600_000.0), "45.60 m"),
        (money(7_890.4), "7,890"),
        (money(12.5), "12.50"),
        (mass(1_331_081.2), "1,331,081"),
        (mass(0.1234), "0.123"),
        (mass(0.0), "0"),
        (percent(0.65), "65 %"),
        (percent(0.0012), "0.12 %"),
        (percent(7.5e-10), "0 %"),
        (span("2027", "2027"), "2027"),
        (span("2027Q1", "2028Q4"), "2027Q1–2028Q4"),
    ],
)
def test_numbers_are_written_for_people(told: str, text: str) -> None:
    """No exponents, thousands apart."""
    assert told == text
