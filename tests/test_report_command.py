"""``planner report``, and the report that comes with every run."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

import planner
from planner import runs
from planner.cli import main
from tests.pages import Page
from tests.test_cli import two

__all__ = ["two"]


def run_of(words: list[str], capsys: pytest.CaptureFixture[str]) -> Path:
    """Solve and give the run."""
    assert main(["solve", *words, "--json"]) == 0
    return Path(json.loads(capsys.readouterr().out)["run"])


def test_every_run_has_its_report(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """60 t at 10.1 and 40 at 16 make 1246, without the cap 1010: 236 more; with the hash and settings."""
    run = run_of([str(two)], capsys)
    text = (run / "report.html").read_text("utf-8")
    manifest = runs.read_manifest(run)
    assert Page(text).slots["headline"].startswith("The rules cost 236 USD more (23 %)")
    for told in (manifest["input"], f"inputs <b>two {manifest['input'][:8]}</b>", "gap 0.0001", "planner solve"):
        assert told in text
    assert not list(run.glob(".*"))


@pytest.mark.parametrize("how", ["plain", "no"])
def test_a_report_may_be_plain_or_left_out(two: Path, capsys: pytest.CaptureFixture[str], how: str) -> None:
    """Plain: no second solve, nothing compared; no: no file."""
    file = run_of([str(two), "--report", how], capsys) / "report.html"
    assert file.is_file() == (how == "plain")
    if how == "plain":
        assert Page(file.read_text("utf-8")).slots["headline"] == "The plan costs 1,246 USD and meets all demand"


def test_a_report_is_written_again_from_the_run(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From the folder alone, byte for byte the same; beside another run, with a slider; the instance may be gone."""
    run = run_of([str(two)], capsys)
    first = (run / "report.html").read_bytes()
    (run / "report.html").unlink()
    shutil.rmtree(two)
    assert main(["report", str(run), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["report"] == str(run / "report.html")
    assert (run / "report.html").read_bytes() == first
    assert main(["report", str(run), "--beside", str(run), "--out", "both.html"]) == 0
    page = Page(Path("both.html").read_text("utf-8"))
    assert [plan["name"] for plan in page.payload["plans"]] == ["This plan", run.name]


def test_an_instance_is_solved_for_its_report(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file lies in the working folder and is called after the instance."""
    assert main(["report", str(two)]) == 0
    assert capsys.readouterr().out == "two-report.html is written\n"
    assert Path("two-report.html").stat().st_size < 6e6


def test_losses_and_a_halt_are_told_when_asked_for(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Without A nothing but B's 80 t of 100 t a year is left: 80 %; the table is that of planner.exposure."""
    file = tmp_path / "lost.html"
    assert main(["report", "tutorial", "--exposure", "2028", "--report", "plain", "--out", str(file)]) == 0
    page = Page(file.read_text("utf-8"))
    found = planner.exposure(planner.solve(planner.load("tutorial")).plan, "2028")
    (table,) = page.tables["exposure"]
    assert table.column("Unmet, t") == pytest.approx(found.losses["unmet"].tolist())
    assert table.column("Demand met") == pytest.approx(found.losses["coverage"].tolist())
    assert next(iter(table.rows))[0][0] == "Country A"
    assert page.slots["exposure.title"] == found.summary.rstrip(".")
    assert "Met after the worst loss" in page.slots["five"]
    assert "80 %Country A lost from 2028 on" in page.slots["five"]


def test_the_plans_of_a_frontier_are_behind_the_slider(tmp_path: Path) -> None:
    """Each stop is the least-cost plan of its limit, loosest first; the plan told stands at its own."""
    file = tmp_path / "slider.html"
    assert main(["report", "tutorial", "--frontier", "country-cap", "--report", "plain", "--out", str(file)]) == 0
    page = Page(file.read_text("utf-8"))
    plans = {plan["name"]: plan["slots"]["headline"] for plan in page.payload["plans"]}
    assert list(plans)[page.payload["at"]] == "country-cap at 65 %"
    limits = [float(name.removeprefix("country-cap at ").removesuffix(" %")) for name in plans]
    assert limits == sorted(limits, reverse=True)
    assert len(limits) > 2
    study = planner.study(planner.load("tutorial"))
    for limit, told in zip(limits, plans.values(), strict=True):
        cost = study.set("rules", {"rule": "country-cap"}, limit=limit / 100).plan.objective
        assert told == f"The plan costs {cost:,.0f} USD and meets all demand"
        study.undo()


def test_a_period_or_scenario_that_does_not_exist_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """With those that do; nothing is written."""
    assert main(["report", "tutorial", "--exposure", "2040"]) == 2
    assert "2027 to 2028" in capsys.readouterr().err
    assert main(["report", "tutorial", "--scenario", "flood"]) == 2
    assert "it has none" in capsys.readouterr().err


def test_what_cannot_be_told_is_told(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run without a plan, a name that is nothing, a folder that cannot be written to."""
    (two / "demands.csv").write_text("site,material,priority,quantity\nc,ore,must,500\n")
    assert main(["solve", str(two), "--json"]) == 4
    run = json.loads(capsys.readouterr().out)["run"]
    assert not (Path(run) / "report.html").exists()
    assert main(["report", run]) == 3
    assert "holds no plan" in capsys.readouterr().err
    assert main(["report", "nowhere"]) == 3
    assert main(["report", "tutorial", "--out", "not/here.html"]) == 1
    told = capsys.readouterr().err
    assert "Traceback" not in told and "No such file or directory" in told


@pytest.mark.parametrize(
    "command", [["report", "RUN"], ["export", "RUN", "--to", "plan.xlsx"], ["compare", "RUN", "RUN"]]
)
def test_a_run_of_an_earlier_version_is_named(
    two: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    """A table and a column that its version did not write; the input is there to be solved again."""
    run = run_of([str(two), "--report", "no"], capsys)
    (run / "tables" / "measures.parquet").unlink()
    stock = pd.read_parquet(run / "tables" / "stock.parquet")
    stock.drop(columns="loss").to_parquet(run / "tables" / "stock.parquet", index=False)
    assert main([str(run) if word == "RUN" else word for word in command]) == 3
    told = capsys.readouterr().err
    assert "is damaged, or of another version of the planner: its plan lacks measures, stock.loss" in told
    assert f"planner solve {run / 'input'}" in told


def test_an_interrupt_costs_the_report_only(
    two: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run is kept, the plan is told, and the command that writes the report is named."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("planner.commands.report.write", interrupted)
    assert main(["solve", str(two), "--json"]) == 0
    out, told = capsys.readouterr()
    assert runs.read(json.loads(out)["run"]).objective == pytest.approx(1246.0)
    assert "interrupted: the run is kept without its report; planner report" in told
