"""What the check says of limits on their face: that a rule can never bind, that two cannot both hold. Nothing false."""

import copy
import random
from typing import Any

import pytest

import planner
from planner.read import from_frames
from tests.builders import Trade
from tests.random_instances import Tables, random_instance

NEVER = "can never bind"


def two_sellers() -> Trade:
    """A in AAA and B in BBB sell at most 80 t each of the 100 t that the market wants."""
    found = Trade()
    found.site("a", "AAA")
    found.site("b", "BBB")
    found.seller("a", 10.0, capacity=80.0)
    found.seller("b", 16.0, capacity=80.0)
    found.demand(100.0)
    return found


def told(found: Trade) -> list[str]:
    """Warnings of the rules."""
    return [problem.message for problem in planner.from_frames(found.header, found.tables).warnings]


@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        ("max_share", {"limit": 1.0, "base": "purchases"}),
        ("max_quantity", {"limit": 80.0}),
        ("max_suppliers", {"limit": 2.0}),
        ("min_share", {"limit": 0.0, "base": "purchases"}),
        ("min_quantity", {"limit": 0.0}),
    ],
)
def test_what_never_binds_is_named(kind: str, cells: dict[str, Any]) -> None:
    """A whole, all that a seller has, both sellers, nothing."""
    found = two_sellers()
    found.rule(kind, **cells)
    assert [NEVER in message for message in told(found)] == [True]


@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        ("max_share", {"limit": 1.0, "base": "purchases", "stock_in_base": "yes"}),
        ("max_share", {"limit": 0.99, "base": "purchases"}),
        ("max_quantity", {"limit": 79.0}),
        ("max_suppliers", {"limit": 1.0, "penalty": 3.0}),
    ],
)
def test_what_may_bind_is_not(kind: str, cells: dict[str, Any]) -> None:
    """A tonne or a supplier less than that; a base that stock takes from."""
    found = two_sellers()
    found.rule(kind, **cells)
    assert not told(found)


@pytest.mark.parametrize(
    ("floor", "cap"),
    [
        (("min_quantity", 50.0, ""), ("max_quantity", 40.0, "")),
        (("min_quantity", 50.0, ""), ("max_quantity", 0.0, "")),
        (("min_share", 0.5, "demand"), ("max_share", 0.4, "demand")),
        (("min_share", 0.5, "consumption"), ("max_share", 0.4, "consumption")),
        (("min_share", 0.1, "demand"), ("max_quantity", 0.0, "")),
    ],
)
def test_rules_that_deny_each_other_are_named(floor: tuple[str, float, str], cap: tuple[str, float, str]) -> None:
    """The demand must be met, so what is shared is not nothing; with a price on the cap there is a plan."""
    found = two_sellers()
    for name, (kind, limit, base) in (("floor", floor), ("cap", cap)):
        found.rule(kind, limit, rule=name, base=base, subject="AAA")
    assert any("cannot both hold" in message for message in told(found))
    assert planner.solve(planner.from_frames(found.header, found.tables)).status == "infeasible"
    found.tables["rules"][-1]["penalty"] = 100.0
    assert found.plan().rules["excess"].max() > 1.0


def test_floors_of_more_than_the_whole() -> None:
    """60 % of A and 60 % of B of what is bought: where anything is bought they cannot be kept, and it must be."""
    found = two_sellers()
    found.rule("min_share", 0.6, base="purchases")
    assert any("add up to 120 %" in message for message in told(found))
    assert planner.solve(planner.from_frames(found.header, found.tables)).status == "infeasible"


def _idle(tables: Tables, lines: set[int]) -> Tables:
    """The tables without some rules; lines count the heading."""
    left = copy.deepcopy(tables)
    left["rules"] = [row for at, row in enumerate(left["rules"]) if at + 2 not in lines]
    return left


def _optimum(head: dict[str, Any], tables: Tables) -> float | None:
    outcome = planner.solve(from_frames(head, tables), gap=0.0)
    return outcome.plan.objective if outcome.found else None


@pytest.mark.parametrize("seed", range(12))
def test_what_never_binds_changes_nothing(seed: int) -> None:
    """Random rules with their limits pushed up: those of which the check says so are taken out, the cost stays."""
    rng = random.Random(seed)
    head, tables = random_instance(seed, ranks=0, integers=False)
    for row in tables["rules"]:
        if row["kind"] in ("max_share", "max_quantity"):
            row["limit"] = 1.0 if row["kind"] == "max_share" else rng.choice([200.0, 400.0, 900.0])
        elif row["kind"] in ("min_share", "min_quantity"):
            row["limit"] = rng.choice([0.0, row["limit"]])
    instance = from_frames(head, tables)
    idle = {problem.line for problem in instance.warnings if NEVER in problem.message and problem.line}
    if idle:
        before, after = _optimum(head, tables), _optimum(head, _idle(tables, idle))
        assert after == (None if before is None else pytest.approx(before, rel=1e-6, abs=1e-6))


@pytest.mark.parametrize("seed", range(12))
def test_what_cannot_hold_never_does(seed: int) -> None:
    """A random rule beside its opposite: where the check says that they cannot both hold, there is no plan."""
    head, tables = random_instance(seed, ranks=0, integers=False)
    rule = next((row for row in tables["rules"] if row["kind"] in ("min_share", "min_quantity")), None)
    if rule is None:
        return
    rule.pop("penalty", None)
    rule["limit"] = max(rule["limit"], 0.05)
    cap = {**rule, "rule": "cap", "kind": rule["kind"].replace("min", "max"), "limit": 0.5 * rule["limit"]}
    tables["rules"] = [rule, cap]
    instance = from_frames(head, tables)
    if any("cannot both hold" in problem.message for problem in instance.warnings):
        assert planner.solve(instance).status == "infeasible"


def test_rules_without_any_subject_are_told_not_thrown() -> None:
    """All who could supply are home, and home is left out: two rules of one scope that touch nothing."""
    found = two_sellers()
    found.header["home"] = "allies"
    for place in ("AAA", "BBB"):
        found.add("groups", group="allies", member=place)
    for kind, limit in (("min_suppliers", 1.0), ("min_award", 5.0)):
        found.rule(kind, limit, rule=kind, **{"except": "home"})
    with pytest.raises(planner.InputError) as caught:
        planner.from_frames(found.header, found.tables)

    assert ["the rule touches nothing" in problem.message for problem in caught.value.problems] == [True, True]
