"""The built-in instance: rebuilt from its sources, every number and every source row accounted for."""

import csv
import importlib.util
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

import planner
from planner.plan import Outcome
from planner.report.summary import summarise
from planner.tables import TABLES, columns

HERE = Path(__file__).parents[1] / "instances" / "allied-magnets"
FACILITIES = ("facilities", "facilities_estimates", "projects_pipeline")


def script(name: str) -> ModuleType:
    """A script of the instance's folder, whose name is no package's."""
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def build() -> ModuleType:
    """The script that builds the tables."""
    return script("build_allied_magnets")


@pytest.fixture(scope="module")
def with_cap() -> Outcome:
    """Solved as it stands."""
    return planner.solve(planner.load(HERE))


def read(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV as texts."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_script_rebuilds_the_tables_byte_for_byte(build: ModuleType, tmp_path: Path) -> None:
    """Nothing in the tables was typed by hand."""
    build.Magnets(build.Sources(HERE / "sources")).build().write(tmp_path, build.HEADER)
    built = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    assert built == {name: (HERE / name).read_bytes() for name in built}
    assert {f"{table}.csv" for table in TABLES if (HERE / f"{table}.csv").exists()} <= set(built)


def test_each_numeric_cell_has_one_row_of_provenance() -> None:
    """Same value, a range around it, and a source unless it holds by definition."""
    cells = {}
    for table in TABLES:
        rows = read(HERE / f"{table}.csv") if (HERE / f"{table}.csv").exists() else []
        keys = [name for name in columns(table) if name in TABLES[table].KEY]
        for row in rows:
            key = ";".join(row[name] for name in keys if name in row)
            for name, column in columns(table).items():
                if column.numeric and row.get(name):
                    cells[table, key, name] = row[name]
    told = {(row["table"], row["key"], row["column"]): row for row in read(HERE / "provenance.csv")}

    assert {place: row["value"] for place, row in told.items()} == cells
    for place, row in told.items():
        assert float(row["low"]) <= float(row["value"]) <= float(row["high"]), place
        assert row["source_file"] or row["kind"] == "source", place
        assert row["kind"] != "assumption" or "assumptions.csv" in row["source_file"], place


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


def test_an_assumption_that_nothing_uses_is_taken_out(build: ModuleType) -> None:
    """The list of assumptions is the list of what was assumed."""
    sources = build.Sources(HERE / "sources")
    build.Magnets(sources).build()
    assert [row["assumption"] for row in sources.unused("assumptions")] == []


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


def test_the_readme_of_the_instance_prints_what_the_script_prints() -> None:
    """If not: python instances/allied-magnets/what_the_cap_costs.py --write."""
    text = (HERE / "README.md").read_text("utf-8")
    told = text.partition("<!-- figures -->")[2].partition("<!-- end of figures -->")[0]
    assert told.strip().splitlines() == script("what_the_cap_costs").figures()


def test_the_readme_prints_what_the_command_prints(with_cap: Outcome) -> None:
    """If not: paste what make plan prints."""
    text = (HERE.parents[1] / "README.md").read_text("utf-8")
    summary = summarise(with_cap.plan)
    assert " ".join(summary.sentence.split()) in " ".join(text.split())
    for name, value in summary.figures:
        assert f"{name:<17}{value}" in text
