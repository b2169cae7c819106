"""Export: data packages that say what the tables say, model files that other solvers solve to the same optimum."""

import csv
import json
from pathlib import Path

import highspy
import numpy as np
import pandas as pd
import pytest
from ortools.linear_solver.python import model_builder
from pandas.testing import assert_frame_equal

import planner
from mineral_sourcing.arrays import Index, Labels
from mineral_sourcing.compile import Span
from planner import runs
from planner.assembly.assemble import assembled
from planner.cli import main
from planner.instance import Instance
from planner.modelfile import unique, write_model
from planner.plan import PLAN_TABLES, TEXT
from planner.read import from_frames, load
from planner.settings import Settings
from planner.tables import TABLES, columns
from tests.builders import Trade
from tests.small import files, write


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    """Every table, ranks of demand, yes-or-no decisions."""
    return load(write(tmp_path_factory.mktemp("small") / "small", files()))


@pytest.mark.parametrize("kind", ["lp", "mps"])
def test_a_model_file_has_the_plans_optimum(small: Instance, kind: str, tmp_path: Path) -> None:
    """Read back by HiGHS: the same size, names that say what they are, and what the plan costs."""
    plan = planner.solve(small, gap=0.0).plan
    write_model(small, tmp_path / f"m.{kind}")
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("mip_rel_gap", 0.0)
    assert solver.readModel(str(tmp_path / f"m.{kind}")) == highspy.HighsStatus.kOk
    solver.run()
    money = assembled(small).network.unit_money
    assert solver.getInfo().objective_function_value * money == pytest.approx(plan.objective, rel=1e-7)
    lp = solver.getLp()
    assert len(set(lp.col_names_)) == lp.num_col_ and len(set(lp.row_names_)) == lp.num_row_
    assert "flow.ship(Weld,Kuantan,ore,0)" in lp.col_names_
    assert [path.name for path in tmp_path.iterdir()] == [f"m.{kind}"]


def test_another_solver_reads_it(tmp_path: Path) -> None:
    """The tutorial's 71,500, solved by hand in its README, by GLOP from the MPS file (its LP dialect is another)."""
    instance = load("tutorial")
    write_model(instance, tmp_path / "m.mps")
    model = model_builder.Model()
    assert model.import_from_mps_file(str(tmp_path / "m.mps"))
    solver = model_builder.Solver("GLOP")
    assert solver.solve(model) == model_builder.SolveStatus.OPTIMAL
    assert solver.objective_value * assembled(instance).network.unit_money == pytest.approx(71_500.0)


def test_ranks_are_held_where_the_plan_holds_them(tmp_path: Path) -> None:
    """60 t for a demand of 50 t of rank 1 and 50 t of rank 2: rank 1 is met in full though rank 2 pays more."""
    trade = Trade()
    trade.seller("mine", 10.0, capacity=60.0)
    trade.unmet(100.0, "first", 1)
    trade.unmet(900.0, "second", 2)
    trade.demand(50.0, priority="first")
    trade.demand(50.0, priority="second")
    instance = from_frames(trade.header, trade.tables)
    plan = planner.solve(instance, gap=0.0).plan
    assert plan.objective == pytest.approx(60 * 10 + 40 * 900)
    write_model(instance, tmp_path / "m.lp")
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.readModel(str(tmp_path / "m.lp"))
    solver.run()
    found = solver.getInfo().objective_function_value * assembled(instance).network.unit_money
    assert found == pytest.approx(plan.objective)


def test_names_are_plain_and_none_stands_twice() -> None:
    """What becomes the same gets a number, that number's own name included; long ones are cut."""
    called = ["a b", "a_b", "a_b.2", "[Ä]", "安", "全", "x" * 400, "x" * 401, "e12"]
    span = Span("flow.ship", Index((Labels(called), np.arange(len(called)))), 0)
    found = list(unique([span, Span("own rule", Index((Labels([None]), np.zeros(1, dtype=np.int64))), 9)]))
    assert len(set(found)) == len(found)
    assert found[:4] == ["flow.ship(a_b)", "flow.ship(a_b).2", "flow.ship(a_b.2)", "flow.ship(_A_)"]
    assert found[-1] == "own_rule"
    assert max(map(len, found)) <= 255


def test_a_run_holds_a_data_package_of_its_input(tmp_path: Path, small: Instance) -> None:
    """Fields, units, bounds, keys and references as the row models say; the files are there and have these columns."""
    settings = Settings(runs=tmp_path)
    run = runs.write(planner.solve(small, settings), settings, {})
    package = json.loads((run / "input" / "datapackage.json").read_text("utf-8"))
    resources = {resource["name"]: resource for resource in package["resources"]}
    assert set(resources) == {table.replace("_", "-") for table in TABLES if len(small.tables[table])}
    for name, resource in resources.items():
        table = name.replace("-", "_")
        with (run / "input" / resource["path"]).open(newline="") as file:
            header = next(csv.reader(file))
        fields = resource["schema"]["fields"]
        assert [field["name"] for field in fields] == header == list(columns(table))
        assert all(field["description"] and field["unit"] for field in fields)
    price = next(field for field in resources["offers"]["schema"]["fields"] if field["name"] == "price")
    assert price == {
        "name": "price",
        "type": "number",
        "description": "Price at the seller's gate, without freight and duty.",
        "unit": "USD/t",
        "constraints": {"minimum": 0, "required": True},
    }
    assert resources["sites"]["schema"]["primaryKey"] == ["site"]
    assert {"fields": "site", "reference": {"resource": "sites", "fields": "site"}} in resources["offers"]["schema"][
        "foreignKeys"
    ]
    assert (run / "plan.xlsx").is_file()
    assert main(["verify", str(run)]) == 0


def test_a_plan_as_a_folder(tmp_path: Path) -> None:
    """Parquet holds every cell as it is; in CSV what a spreadsheet would run stands behind an apostrophe."""
    trade = Trade()
    trade.seller("=1+1", 10.0)
    trade.demand(5.0)
    settings = Settings(runs=tmp_path / "runs")
    outcome = planner.solve(from_frames(trade.header, trade.tables), settings)
    run = runs.write(outcome, settings, {})
    assert main(["export", str(run), "--to", str(tmp_path / "out")]) == 0
    for table in PLAN_TABLES:
        parquet = pd.read_parquet(tmp_path / "out" / f"{table}.parquet")
        assert_frame_equal(parquet, outcome.plan.tables[table], check_exact=True)
        text = pd.read_csv(tmp_path / "out" / f"{table}.csv", dtype=str, keep_default_na=False)
        assert list(text.columns) == list(PLAN_TABLES[table])
        assert not any(text[name].str.match(r"[=+@-]").any() for name in text if name in TEXT)
    sales = pd.read_csv(tmp_path / "out" / "sales.csv", dtype=str)
    assert sales["site"].tolist() == ["'=1+1"]
    assert [
        resource["name"] for resource in json.loads((tmp_path / "out" / "datapackage.json").read_text())["resources"]
    ]


def test_export_writes_every_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Folder to workbook to folder, and what is refused in words."""
    monkeypatch.chdir(tmp_path)
    assert main(["export", "tutorial", "--to", "t.xlsx"]) == 0
    assert main(["export", "t.xlsx", "--to", "sub/t"]) == 0
    assert main(["check", "sub/t"]) == 0
    assert main(["new", "mine", "--excel"]) == 0
    assert main(["new", "empty.xlsx", "--excel", "--empty"]) == 0
    assert load("mine.xlsx").name == "mine"
    assert sum(len(frame) for frame in load("empty.xlsx").tables.values()) == 0
    capsys.readouterr()
    for arguments, told in (
        (["new", "mine", "--excel"], "mine.xlsx is there already"),
        (["export", "tutorial", "--to", "sub/t"], "sub/t is there already"),
        (["export", "tutorial", "--to", "t.pdf"], "FILE.xlsx, FILE.lp, FILE.mps or FOLDER, not as t.pdf"),
        (["export", "tutorial"], "--to"),
    ):
        assert main(arguments) == 2
        assert told in capsys.readouterr().err
