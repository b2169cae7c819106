"""The built-in instance: every facility planned or left out with a reason, and a plan that the cap moves."""

from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

import planner
from planner.plan import Outcome
from planner.report.summary import summarise
from tests.test_instances import script

HERE = Path(__file__).parents[1] / "instances" / "allied-magnets"
FACILITIES = ("facilities", "facilities_estimates", "projects_pipeline")


@pytest.fixture(scope="module")
def build() -> ModuleType:
    """The script that builds the tables."""
    return script(HERE / "build_allied_magnets.py")


@pytest.fixture(scope="module")
def with_cap() -> Outcome:
    """Solved as it stands."""
    return planner.solve(planner.load(HERE))


def test_each_facility_and_project_is_planned_or_left_out_with_a_reason(build: ModuleType) -> None:
    """No row of the three tables is forgotten, and none is both."""
    sources = build.Sources(HERE / "sources")
    book = build.Magnets(sources).build()
    left_out = [(row["file"], row["key"]) for row in book.unused]

    assert all(row["reason"] for row in book.unused)
    assert len(left_out) == len(set(left_out))
    for table in FACILITIES:
        unused = {
            row["project"] if table == "projects_pipeline" else f"{row['facility']};{row['material']}"
            for row in sources.unused(table)
        }
        assert unused == {key for file, key in left_out if file == f"{table}.csv"}


def test_the_plan_serves_defence_and_is_large(with_cap: Outcome) -> None:
    """Ten years, twelve participants, every demand of the first rank met."""
    demand = with_cap.plan.demand
    assert with_cap.status == "optimal"
    assert with_cap.size["columns"] >= 5000
    assert demand.loc[demand["priority"] == "defence", "unmet"].sum() == 0.0
    assert len(with_cap.plan.instance["demands"]["site"].unique()) == 12


def test_the_cap_binds_at_several_stages_for_years_and_moves_the_plan(with_cap: Outcome) -> None:
    """Two stages or more bind in three years or more at a price; without the cap China's share rises and cost falls."""
    plan = with_cap.plan
    rules = plan.rules[plan.rules["rule"].str.startswith("third-country-") & (plan.rules["shadow_price"] < -1)]
    years = rules.groupby("rule")["period"].nunique()
    assert (years >= 3).sum() >= 2

    table = plan.instance["rules"]
    free = planner.solve(plan.instance.with_tables(rules=table[~table["rule"].str.startswith("third-country-")])).plan
    assert free.objective < 0.99 * plan.objective
    assert bought_from_china(free) > 1.1 * bought_from_china(plan)


def bought_from_china(plan: planner.Plan) -> float:
    """Tonnes of magnets over the horizon."""
    places = plan.instance["sites"].set_index("site")["place"]
    sold: pd.DataFrame = plan.sales
    magnets = sold["material"].isin(["standard magnet", "hot magnet"]) & (sold["site"].map(places) == "CHN")
    return float(sold.loc[magnets, "quantity"].sum())


def test_the_readme_prints_what_the_command_prints(with_cap: Outcome) -> None:
    """If not: paste what make plan prints."""
    text = (HERE.parents[1] / "README.md").read_text("utf-8")
    summary = summarise(with_cap.plan)
    assert " ".join(summary.sentence.split()) in " ".join(text.split())
    for name, value in summary.figures:
        assert f"{name:<17}{value}" in text
