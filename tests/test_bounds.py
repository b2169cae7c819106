"""What the check says of limits on their face: that a rule can never bind, that two cannot both hold. Nothing false."""

import copy
import random
from typing import Any

import pytest

import planner
from planner.read import from_frames
from tests.builders import Trade
from tests.origin_paths import network
from tests.random_instances import Tables, random_instance

NEVER = "can never bind"


def two_sellers() -> Trade:
    """A in AAA and B in BBB, of a risk of 0.2 and 0.8, sell at most 80 t each of the 100 t that the market wants."""
    found = Trade()
    found.site("a", "AAA")
    found.site("b", "BBB")
    found.goods("ore", element="Nd")
    for place, risk in zip(found.tables["places"], (0.2, 0.8), strict=True):
        place["risk"] = risk
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
        ("min_spend", {"limit": 0.0}),
        ("max_share", {"limit": 0.8, "base": "demand"}),
        ("max_spend", {"limit": 80.0 * 16.0}),
        ("max_spend", {"limit": 80.0 * 26.0, "subject_by": ""}),
        ("max_average", {"limit": 0.8, "subject_by": "", "attribute": "risk"}),
        ("min_average", {"limit": 0.2, "subject_by": "", "attribute": "risk"}),
        ("max_hhi", {"limit": 1.0, "base": "purchases"}),
        ("max_hhi", {"limit": 1.0, "base": "consumption", "basis": "origin"}),
        ("max_share", {"limit": 1.0, "base": "consumption", "basis": "origin"}),
        ("max_quantity", {"limit": 80.0, "basis": "origin"}),
    ],
)
def test_what_never_binds_is_named(kind: str, cells: dict[str, Any]) -> None:
    """A whole, all that a seller has or can be paid, both sellers, nothing."""
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
        ("max_share", {"limit": 0.79, "base": "demand"}),
        ("max_spend", {"limit": 80.0 * 16.0 - 1.0}),
        ("max_spend", {"limit": 80.0 * 26.0 - 1.0, "subject_by": ""}),
        ("max_average", {"limit": 0.79, "subject_by": "", "attribute": "risk"}),
        ("max_hhi", {"limit": 0.99, "base": "purchases"}),
        ("max_share", {"limit": 0.99, "base": "consumption", "basis": "origin"}),
        ("max_quantity", {"limit": 79.0, "basis": "origin"}),
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
        (("min_share", 0.5, "demand"), ("max_hhi", 0.2, "demand")),
        (("min_spend", 500.0, ""), ("max_spend", 400.0, "")),
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


@pytest.mark.parametrize(
    ("floor", "cap"),
    [
        (("min_share", 0.5, "consumption"), ("max_share", 0.4, "consumption")),
        (("min_quantity", 50.0, ""), ("max_quantity", 40.0, "")),
        (("min_share", 0.5, "demand"), ("max_hhi", 0.2, "demand")),
    ],
)
def test_rules_on_origin_deny_each_other(floor: tuple[str, float, str], cap: tuple[str, float, str]) -> None:
    """The same of where the ore was mined."""
    found = two_sellers()
    for name, (kind, limit, base) in (("floor", floor), ("cap", cap)):
        found.rule(kind, limit, rule=name, base=base, subject="AAA", basis="origin")
    assert any("cannot both hold" in message for message in told(found))
    assert planner.solve(planner.from_frames(found.header, found.tables)).status == "infeasible"


def test_averages_deny_each_other() -> None:
    """At least 0.5 and at most 0.4: there is a plan only where nothing is bought, and it must be."""
    found = two_sellers()
    for kind, limit in (("min_average", 0.5), ("max_average", 0.4)):
        found.rule(kind, limit, rule=kind, subject_by="", attribute="risk")
    assert any("both hold only where there is nothing to average" in message for message in told(found))
    assert planner.solve(planner.from_frames(found.header, found.tables)).status == "infeasible"


def test_what_is_spent_on_what_is_not_made() -> None:
    """Nothing of A's may be sold, and 100 USD of it shall be."""
    found = two_sellers()
    found.rule("min_spend", 100.0, rule="floor", basis="made", subject="AAA")
    found.rule("max_quantity", 0.0, rule="cap", basis="made", subject="AAA")
    assert any("and a cap of nothing (rule 'cap'): they cannot both hold" in message for message in told(found))
    assert planner.solve(planner.from_frames(found.header, found.tables)).status == "infeasible"


@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        ("min_quantity", {"limit": 81.0}),
        ("min_share", {"limit": 0.81, "base": "demand"}),
        ("min_spend", {"limit": 801.0}),
        ("min_quantity", {"limit": 81.0, "basis": "origin"}),
    ],
)
def test_a_floor_above_all_that_a_seller_has(kind: str, cells: dict[str, Any]) -> None:
    """A has 80 t at 10: no more can be bought or paid. One less, and there is a plan."""
    found = two_sellers()
    found.rule(kind, subject="AAA", **cells)
    assert ["the floor can never be kept" in message for message in told(found)] == [True]
    assert planner.solve(planner.from_frames(found.header, found.tables)).status == "infeasible"
    found.tables["rules"][0]["limit"] = 80.0 / 81.0 * 0.999 * cells["limit"]
    assert not told(found)
    assert found.plan().status == "optimal"


def test_few_suppliers_and_a_low_hhi() -> None:
    """One supplier of all that is bought has an HHI of 1; where another has no owner, it is in no square."""
    found = two_sellers()
    found.rule("max_suppliers", 1.0, rule="one")
    found.rule("max_hhi", 0.9, rule="spread", base="purchases")
    with pytest.raises(planner.InputError, match="have an HHI of at least 1"):
        planner.from_frames(found.header, found.tables)
    for row in found.tables["rules"]:
        row["subject_by"] = "owner"
    found.tables["sites"][0]["owner"] = "Alpha"
    assert planner.from_frames(found.header, found.tables)


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
        elif row["kind"] == "max_spend":
            row["limit"] = rng.choice([5e3, 2e4, 8e4])
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
    floors = ("min_share", "min_quantity", "min_spend")
    rule = next((row for row in reversed(tables["rules"]) if row["kind"] in floors), None)
    if rule is None:
        return
    rule.pop("penalty", None)
    rule["limit"] = max(rule["limit"], 0.05)
    cap = {**rule, "rule": "cap", "kind": rule["kind"].replace("min", "max"), "limit": 0.5 * rule["limit"]}
    tables["rules"] = [rule, cap]
    instance = from_frames(head, tables)
    if any(said in problem.message for problem in instance.warnings for said in ("cannot both hold", "never be kept")):
        assert planner.solve(instance).status == "infeasible"


@pytest.mark.parametrize("seed", range(6))
def test_what_never_binds_on_origin_changes_nothing(seed: int) -> None:
    """Tonnes of element of AAA, through plants, stocks and a trader: above all that can come of it, or below."""
    head, tables = network(seed)
    tables["rules"][0] |= {
        "kind": "max_quantity",
        "limit": 60.0 if seed % 2 else 400.0,
        "base": "",
        "except": "unknown",
    }
    idle = any(NEVER in problem.message for problem in from_frames(head, tables).warnings)
    capped, free = (planner.solve(from_frames(head, {**tables, "rules": rules})) for rules in (tables["rules"], []))

    assert idle == (seed % 2 == 0)
    assert not idle or capped.plan.objective == pytest.approx(free.plan.objective, rel=1e-6)
