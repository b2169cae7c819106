"""The verifier accepts what the planner solves and refuses every lie about it."""

import dataclasses
import re
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest

import planner
from planner.plan import Plan
from planner.read import from_frames
from planner.tabulation.solution import Solution
from planner.tabulation.tabulate import tables
from planner.verify import verify
from tests.builders import Trade
from tests.mutations import survivors, with_table

Rows = list[dict[str, Any]]

CHAIN: dict[str, Rows] = {
    "places": [{"place": place} for place in ("AUS", "CHN", "JPN", "USA")],
    "groups": [{"group": "allies", "member": place} for place in ("JPN", "USA")],
    "materials": [
        {"material": "ore", "stage": "mine", "disposal_cost": 1.0},
        {"material": "metal", "stage": "metal", "customs_value": 90.0},
    ],
    "sites": [
        {"site": "mine", "place": "AUS", "owner": "Lyn", "capacity": 3000.0},
        {"site": "seller", "place": "CHN", "owner": "Bao"},
        {"site": "smelter", "place": "JPN", "owner": "Sumi"},
        {"site": "maker", "place": "USA", "owner": "Mag"},
    ],
    "offers": [
        {"site": "mine", "material": "ore", "price": 10.0, "capacity": 2000.0},
        {"site": "seller", "material": "metal", "price": 60.0},
    ],
    "processes": [{"process": "smelt", "site": "smelter", "cost": 30.0, "capacity": 900.0}],
    "recipes": [
        {"process": "smelt", "material": "ore", "input": 2.0},
        {"process": "smelt", "material": "metal", "output": 1.0},
    ],
    "lanes": [
        {"origin": "mine", "destination": "smelter", "material": "ore", "freight": 2.0, "lead_time": 1, "loss": 0.01}
    ],
    "freight": [
        {"origin": "CHN", "destination": "USA", "stage": "metal", "freight": 4.0},
        {"origin": "JPN", "destination": "USA", "material": "metal", "freight": 5.0, "loss": 0.02},
    ],
    "duties": [
        {"origin": "CHN", "destination": "allies", "duty": 0.1},
        {"origin": "CHN", "destination": "USA", "material": "metal", "duty": 0.25},
    ],
    "in_transit": [
        {
            "origin": "mine",
            "destination": "smelter",
            "material": "ore",
            "arrives": "2030Q1",
            "quantity": 300.0,
            "paid": "no",
        }
    ],
    "priorities": [
        {"priority": "defence", "rank": 1, "unmet_cost": 5000.0},
        {"priority": "civil", "rank": 2, "unmet_cost": 400.0},
    ],
    "demands": [
        {"site": "maker", "material": "metal", "priority": "defence", "quantity": 400.0},
        {"site": "maker", "material": "metal", "priority": "civil", "quantity": 800.0},
        {"site": "maker", "material": "metal", "priority": "civil", "quantity": 1600.0, "period": "2030Q4"},
    ],
    "stockpiles": [
        {
            "site": "maker",
            "material": "metal",
            "initial": 60.0,
            "capacity": 500.0,
            "loss": 0.02,
            "holding_cost": 3.0,
            "cover_days": 20.0,
            "covers": "allies",
        }
    ],
    "rules": [
        {
            "rule": "china",
            "kind": "max_share",
            "limit": 0.45,
            "subject_by": "place",
            "subject": "CHN",
            "material": "metal",
            "basis": "purchases",
            "base": "consumption",
            "market": "maker",
            "per": "period",
            "from": "2030Q2",
        },
        {
            "rule": "smelt at home",
            "kind": "min_quantity",
            "limit": 700.0,
            "subject_by": "group",
            "subject": "allies",
            "material": "metal",
            "basis": "made",
            "per": "horizon",
            "penalty": 20.0,
        },
    ],
}
"""A mine far away, a dear smelter among the allies, a cheap seller under a duty and a cap, and a stockpile."""

CHARGES: dict[str, Rows] = {
    "places": [{"place": place} for place in ("AAA", "BBB", "CCC")],
    "materials": [{"material": "ore", "stage": "mine"}, {"material": "metal", "stage": "metal"}],
    "sites": [
        {"site": "a", "place": "AAA", "owner": "Alpha", "capacity": 100.0},
        {"site": "b", "place": "BBB", "owner": "Beta"},
        {"site": "c", "place": "CCC", "owner": "Gamma"},
    ],
    "offers": [
        {"site": "a", "material": "ore", "price": 5.0, "fixed_cost": 40.0, "min_award": 20.0, "setup_use": 10.0},
        {"site": "b", "material": "ore", "price": 9.0, "capacity": 90.0, "fixed_cost": 10.0},
    ],
    "processes": [{"process": "melt", "site": "c", "cost": 2.0, "capacity": 80.0, "fixed_cost": 30.0, "min_load": 0.5}],
    "recipes": [
        {"process": "melt", "material": "ore", "input": 1.5},
        {"process": "melt", "material": "metal", "output": 1.0},
    ],
    "lanes": [
        {"origin": "a", "destination": "c", "material": "ore", "freight": 1.0, "fixed_cost": 15.0},
        {"origin": "b", "destination": "c", "material": "ore", "freight": 1.0},
    ],
    "routes": [{"origin": "b", "destination": "c", "fixed_cost": 25.0, "capacity": 70.0}],
    "priorities": [{"priority": "any", "rank": 1, "unmet_cost": 300.0}],
    "demands": [{"site": "c", "material": "metal", "priority": "any", "quantity": 75.0}],
    "rules": [
        {
            "rule": "two countries",
            "kind": "max_share",
            "limit": 0.7,
            "subject_by": "place",
            "material": "ore",
            "basis": "purchases",
            "base": "purchases",
            "market": "c",
            "per": "year",
        }
    ],
}
"""Two mines with charges, a set-up, a least award and a lane and a route that cost something once used."""

QUARTERS = {
    "name": "chain",
    "first_period": "2030Q1",
    "periods": 4,
    "period_length": "quarter",
    "discount_rate": 0.05,
    "home": "allies",
    "mass_unit": "kg",
}
YEARS = {"name": "charges", "first_period": "2030", "periods": 2, "discount_rate": 0.1}


@pytest.fixture(scope="module")
def chain() -> Plan:
    """A linear plan in kilograms and quarters."""
    return planner.solve(from_frames(QUARTERS, CHAIN)).plan


@pytest.fixture(scope="module")
def charges() -> Plan:
    """A plan with yes-or-no decisions."""
    return planner.solve(from_frames(YEARS, CHARGES)).plan


def told(plan: Plan) -> str:
    """Every fault of a plan, a line each."""
    return "\n".join(str(fault) for fault in verify(plan).faults)


def edited(plan: Plan, table: str, row: int, **cells: Any) -> Plan:
    """A plan with other cells in one row."""
    frame = plan.tables[table].copy()
    frame.loc[row, list(cells)] = list(cells.values())
    return with_table(plan, table, frame)


def test_a_linear_plan_is_proven_by_its_own_shadow_prices(chain: Plan) -> None:
    """Every table has rows, so every lie below has something to change; the duals reach the objective."""
    report = verify(chain)

    assert report.ok, told(chain)
    assert report.bound_by == "recomputed from the duals"
    assert report.objective == pytest.approx(chain.objective, rel=1e-9)
    assert report.dual_bound == pytest.approx(chain.objective, rel=1e-6)
    assert str(report).startswith("verified: every rule and every cost recomputed")
    assert {name for name, frame in chain.tables.items() if frame.empty} <= {
        "activations",
        "surplus",
        "tiers",
        "hhi",
        "tagged",
        "origins",
    }


def test_the_bound_of_an_integer_plan_is_the_solvers(charges: Plan) -> None:
    """What integers prove cannot be read from duals: it says so."""
    report = verify(charges)

    assert report.ok, told(charges)
    assert charges.is_mip
    assert report.dual_bound is None
    assert report.bound_by == "bound by HiGHS"
    assert set(charges.tables["activations"]["kind"]) >= {"offer", "setup", "process", "run"}


def test_the_barest_plan_is_verified_and_lies_about_it_are_found() -> None:
    """One seller, one buyer, one lane: no rules, no stock, no processes, no priorities."""
    tables = {name: CHARGES[name] for name in ("places", "materials")}
    tables["sites"] = CHARGES["sites"][:2]
    tables["offers"] = [{"site": "a", "material": "ore", "price": 5.0}]
    tables["lanes"] = [{"origin": "a", "destination": "b", "material": "ore", "freight": 1.0}]
    tables["demands"] = [{"site": "b", "material": "ore", "quantity": 10.0}]
    plan = planner.solve(from_frames(YEARS, tables)).plan

    assert verify(plan).ok, told(plan)
    assert survivors(plan)[1] == []


def test_no_small_lie_about_a_linear_plan_survives(chain: Plan) -> None:
    """Each number column × 1.001, each table short of a row, each limit past its actual."""
    total, alive = survivors(chain)

    assert total > 60
    assert not alive, f"{total - len(alive)}/{total} caught; alive: {alive}"


def test_no_small_lie_about_charges_survives(charges: Plan) -> None:
    """The tables that yes-or-no decisions add to."""
    total, alive = survivors(charges, tables=("activations", "prices", "rules"))

    assert total > 15
    assert not alive, f"{total - len(alive)}/{total} caught; alive: {alive}"


def test_a_lane_that_does_not_exist_is_named(chain: Plan) -> None:
    """The maker buys no ore from the mine."""
    flows = chain.tables["flows"]
    row = {**flows.iloc[0].to_dict(), "origin": "mine", "destination": "maker", "material": "ore", "quantity": 1.0}
    lie = with_table(chain, "flows", pd.concat([flows, pd.DataFrame([row])], ignore_index=True))

    assert "no lane allows this dispatch" in told(lie)


def test_a_dispatch_after_the_horizon_is_named(chain: Plan) -> None:
    """A period that is not planned."""
    assert "no lane allows this dispatch" in told(edited(chain, "flows", 0, period="2031Q2"))


def test_a_row_told_twice_is_named(chain: Plan) -> None:
    """The same sale twice is not twice the sale."""
    sales = chain.tables["sales"]
    lie = with_table(chain, "sales", pd.concat([sales, sales.iloc[:1]], ignore_index=True))

    assert "stands in the table twice" in told(lie)


def test_a_broken_cap_is_named_with_both_numbers(chain: Plan) -> None:
    """The same plan under a cap of 30 %."""
    instance = chain.instance.change("rules", {"rule": "china"}, limit=0.3)
    faults = verify(dataclasses.replace(chain, instance=instance)).faults
    broken = [fault for fault in faults if fault.column == "concentration.cap"]

    assert broken
    assert all(fault.table == "rules" and "rule china" in fault.row and "CHN" in fault.row for fault in broken)
    assert all("the rule is broken" in fault.message for fault in broken)


def test_what_is_no_number_is_named(chain: Plan) -> None:
    """An empty cell where a quantity should stand."""
    assert "quantity is not a finite number" in told(edited(chain, "flows", 0, quantity=float("nan")))


def test_a_missing_table_or_column_is_named(chain: Plan) -> None:
    """No exception, a fault."""
    without = {name: frame for name, frame in chain.tables.items() if name != "stock"}
    short = with_table(chain, "costs", chain.tables["costs"].drop(columns="amount"))

    assert "the plan has no such table" in told(dataclasses.replace(chain, tables=without))
    assert "the table has no column amount" in told(short)


def test_more_than_the_capacity_is_named(chain: Plan) -> None:
    """The smelter runs at twice its capacity."""
    assert "is above the" in told(edited(chain, "activity", 0, activity=1000.0))


def test_a_negative_quantity_is_named(chain: Plan) -> None:
    """Nobody buys less than nothing."""
    assert "is negative" in told(edited(chain, "sales", 0, quantity=-1.0))


def test_a_dearer_plan_is_not_optimal(chain: Plan) -> None:
    """Prices that belong to another discount rate prove another cost."""
    prices = chain.tables["prices"].copy()
    for column in ("shadow_price", "shadow_price_undiscounted"):
        prices[column] *= 0.99
    lie = with_table(chain, "prices", prices)

    assert "the shadow prices prove a least cost of" in told(lie)


def test_a_price_that_a_limit_elsewhere_makes_up_for_is_missed() -> None:
    """One supplier of 100 t: a at 10, for b at 8 has 60 t only. That b is off bounds the cost whatever its price, but a
    tonne of it would save 2.
    """
    trade = Trade()
    for site, each, capacity in (("a", 10.0, 100.0), ("b", 8.0, 60.0)):
        trade.site(site, f"place of {site}")
        trade.seller(site, each, capacity=capacity)
    trade.demand(100.0)
    trade.rule("max_suppliers", 1)
    plan = trade.plan()
    prices = plan.tables["prices"]
    row = prices.index[(prices["constraint"] == "suppliers.link") & (prices["subject"] == "place of b")]

    assert prices.loc[row, "shadow_price"].tolist() == pytest.approx([-2.0])
    assert "one more unit of quantity there would save 2" in told(with_table(plan, "prices", prices.drop(index=row)))


def test_a_plan_without_duals_has_every_table(chain: Plan) -> None:
    """No solver's price, no shadow price: as many rows of rules and of cover, all of them at 0."""
    module = sys.modules[planner.solve.__module__]
    bare: list[dict[str, pd.DataFrame]] = []

    def seen(solution: Solution, held: dict[int, float]) -> dict[str, pd.DataFrame]:
        bare.append(tables(dataclasses.replace(solution, duals=np.empty(0)), held))
        return tables(solution, held)

    with patch.object(module, "tables", seen):
        planner.solve(chain.instance)

    assert bare[0]["prices"].empty
    for name in ("rules", "cover"):
        assert len(bare[0][name]) == len(chain.tables[name]) > 0
        assert not bare[0][name]["shadow_price"].any()


def test_use_without_its_charge_is_named(charges: Plan) -> None:
    """An offer that is bought from, but not switched on."""
    activations = charges.tables["activations"]
    offer = activations.index[activations["kind"] == "offer"][0]
    lie = with_table(charges, "activations", activations.drop(index=offer))

    assert "it is used, but not charged for or set up" in told(lie)


def test_less_than_the_least_award_is_named(charges: Plan) -> None:
    """The same plan with an award nobody reached."""
    instance = charges.instance.change("offers", {"site": "a"}, min_award=90.0)

    assert "less than the least that must be" in told(dataclasses.replace(charges, instance=instance))


def test_many_faults_of_one_kind_are_counted(chain: Plan) -> None:
    """A table of prices in another currency: twenty by name, the rest by number."""
    lie = with_table(chain, "costs", pd.concat([chain.tables["costs"].assign(rule=f"r{n}") for n in range(9)]))

    assert re.search(r"[\d,]+ more rows are wrong in the same way", told(lie))


def test_the_verifier_shares_no_code_with_the_model() -> None:
    """It imports the instance, the plan, the tables' columns, the words for a rule, and nothing else of ours."""
    folder = Path(planner.__file__).parent / "verify"
    imports = {
        name
        for file in folder.glob("*.py")
        for name in re.findall(
            r"^(?:from|import) ((?:planner|mineral_sourcing|pyomo|highspy)[\w.]*)", file.read_text(), re.M
        )
    }

    assert {name for name in imports if not name.startswith("planner.verify")} <= {
        "planner.instance",
        "planner.plan",
        "planner.tables",
        "planner.errors",
        "planner.sentences",
    }
