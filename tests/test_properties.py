"""Properties of every plan, on small random instances: what may not raise the cost, and what may not move it."""

import random
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import planner
from planner.read import from_frames
from planner.tables import TABLES, columns
from tests.random_instances import Row, Tables, random_instance

SEEDS = st.integers(min_value=0, max_value=100_000)
FEW = settings(derandomize=True, max_examples=4, deadline=None, database=None, phases=[Phase.explicit, Phase.generate])
"""Every example costs two plans, verified: few, always the same, and no search for a smaller one that fails."""
TOLERANCE = 1e-6
OWN = ("max_suppliers", "min_suppliers", "max_spend", "min_spend")
"""Kinds whose penalty is not per mass."""


def cost(head: Row, tables: Tables) -> float | None:
    """Least cost, or ``None`` where there is no plan."""
    outcome = planner.solve(from_frames(head, tables), gap=0.0)
    assert outcome.status in ("optimal", "infeasible")
    return outcome.plan.objective if outcome.found else None


def never_dearer(before: float | None, after: float | None) -> None:
    """Where there was a plan there still is one, and it costs no more."""
    if before is not None:
        assert after is not None
        assert after <= before + TOLERANCE * max(1.0, abs(before))


def same(before: float | None, after: float | None) -> None:
    """No plan in both, or plans of one cost."""
    assert after == (None if before is None else pytest.approx(before, rel=TOLERANCE, abs=TOLERANCE))


def copy(tables: Tables) -> Tables:
    """Tables whose rows can be changed."""
    return {name: [dict(row) for row in rows] for name, rows in tables.items()}


@FEW
@given(SEEDS, st.floats(min_value=0.0, max_value=1.0))
def test_looser_rule_never_costs_more(seed: int, step: float) -> None:
    """Each cap a step towards its loosest, each floor towards none; one rank, as ranks put service before cost."""
    head, tables = random_instance(seed, ranks=seed % 2)
    looser = copy(tables)
    for row in looser["rules"]:
        loosest = 10.0 * row["limit"] if row["kind"].startswith("max_") else 0.0
        loosest = min(loosest, 1.0) if row["kind"] == "max_share" else loosest
        if row["kind"] == "max_suppliers":
            row["limit"] += round(2.0 * step)
        elif row["kind"] == "min_suppliers":
            row["limit"] = 1 if step < 0.5 else row["limit"]
        else:
            row["limit"] += min(step, 0.99) * (loosest - row["limit"])

    never_dearer(cost(head, tables), cost(head, looser))


@FEW
@given(SEEDS)
def test_rule_with_a_price_never_costs_more_than_a_hard_one(seed: int) -> None:
    """What kept the rule still may, and pays nothing.

    Left hard: an award, which a least number of suppliers may count by, and an HHI whose total stock may lower.
    """
    head, tables = random_instance(seed, ranks=seed % 2)
    priced, hard = copy(tables), copy(tables)
    for kept, bent in zip(hard["rules"], priced["rules"], strict=True):
        kept.pop("penalty", None)
        if bent["kind"] == "min_award" or (bent["kind"] == "max_hhi" and bent.get("stock_in_base") == "yes"):
            bent.pop("penalty", None)
        else:
            bent["penalty"] = 75.0

    never_dearer(cost(head, hard), cost(head, priced))


@FEW
@given(SEEDS, st.floats(min_value=0.0, max_value=150.0))
def test_added_supplier_never_costs_more(seed: int, price: float) -> None:
    """Nobody has to buy from it: floors in these instances name their subjects."""
    head, tables = random_instance(seed, ranks=seed % 2)
    wider = copy(tables)
    material = wider["demands"][0]["material"]
    wider["sites"].append({"site": "newcomer", "place": "AAA", "owner": "owner 0", "kind": "trader"})
    offer = {"site": "newcomer", "material": material, "price": round(price, 2)}
    wider["offers"].append({**offer, "capacity": 100.0, "fixed_cost": 3.0})
    wider.setdefault("attributes", []).append({"site": "newcomer", "attribute": "carbon", "value": 5.0})
    for market in {row["site"]: None for row in wider["demands"]}:
        wider["lanes"].append({"origin": "newcomer", "destination": market, "material": material, "freight": 1.0})

    never_dearer(cost(head, tables), cost(head, wider))


@FEW
@given(SEEDS)
def test_order_of_rows_changes_nothing(seed: int) -> None:
    """Rows of every table shuffled."""
    head, tables = random_instance(seed)
    shuffled = copy(tables)
    rng = random.Random(seed + 1)
    for rows in shuffled.values():
        rng.shuffle(rows)

    same(cost(head, tables), cost(head, shuffled))


@FEW
@given(SEEDS)
def test_names_change_nothing(seed: int) -> None:
    """Every name of a thing replaced by another that sorts elsewhere."""
    head, tables = random_instance(seed)
    keys = {"sites": "site", "places": "place", "materials": "material", "processes": "process"}
    keys |= {"priorities": "priority", "rules": "rule"}
    names = [row[key] for table, key in keys.items() for row in tables.get(table, [])]
    names += [row["owner"] for row in tables["sites"] if row.get("owner")]
    names += [row["stage"] for row in tables["materials"]]
    order = sorted(set(names) | {"allies"}, key=lambda name: random.Random(f"{seed} {name}").random())
    other = {name: f"n{number}" for number, name in enumerate(order)}
    fixed = {"kind", "per", "basis", "base", "subject_by"}

    def renamed(column: str, value: Any) -> Any:
        if not isinstance(value, str) or column in fixed:
            return value
        if column == "except" and value == "home":
            return value
        return ";".join(other.get(name, name) for name in value.split(";"))

    changed = {
        name: [{column: renamed(column, value) for column, value in row.items()} for row in rows]
        for name, rows in tables.items()
    }

    same(cost(head, tables), cost({**head, "home": other["allies"]}, changed))


@pytest.mark.parametrize(("unit", "factor"), [("kg", 1000.0), ("kt", 0.001)])
@FEW
@given(seed=SEEDS)
def test_unit_of_mass_changes_nothing(unit: str, factor: float, seed: int) -> None:
    """Masses times a factor, prices per mass over it: the data dictionary says which column is which."""
    head, tables = random_instance(seed)
    powers = {"money/mass": -1, "money/mass/year": -1, "mass/year": 1, "mass": 1}
    converted = copy(tables)
    for name, rows in converted.items():
        for row in rows:
            for column, value in row.items():
                power = powers.get(columns(name)[column].unit, 0) if name in TABLES else 0
                if power and value is not None:
                    row[column] = value * factor**power
            if name == "rules" and (
                row["kind"].endswith("quantity") or (row["kind"] == "min_award" and not row["base"])
            ):
                row["limit"] *= factor
            if name == "rules" and row["kind"] not in OWN and row.get("penalty") is not None:
                row["penalty"] /= factor

    same(cost(head, tables), cost({**head, "mass_unit": unit}, converted))
