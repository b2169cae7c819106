"""The commands what-if and compare: documents, runs, tables of cases, exit codes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import planner
from planner import runs
from planner.cli import main
from planner.runs import write_input
from planner.verify import verify
from tests.builders import Trade

Ask = Callable[..., tuple[int, Any]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """80 t at 10 from a, the rest of 100 t at 20 from b: 1 200; unmet demand costs 100; in an empty working folder."""
    monkeypatch.chdir(tmp_path)
    made = Trade()
    made.seller("a", 10.0, capacity=80.0)
    made.seller("b", 20.0)
    made.demand(100.0, priority="civil")
    made.unmet(100.0)
    made.rule("max_share", 0.9, subject_by="site", base="consumption")
    write_input(planner.from_frames(made.header, made.tables), tmp_path / "trade")
    return tmp_path / "trade"


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    """Runs a command with --json: exit code and document."""

    def run(*words: str) -> tuple[int, Any]:
        code = main([*words, "--json"])
        return code, json.loads(capsys.readouterr().out)

    return run


def test_one_what_if_is_a_document_and_two_runs(folder: Path, ask: Ask) -> None:
    """110 t: 200 more; both runs verify with nothing else, and compare gives the same answer from them."""
    code, found = ask("what-if", str(folder), "--set", "demands.quantity*=1.1", "--off", "rule")
    assert code == 0
    assert found["status"] == "optimal"
    assert (found["base"]["objective"], found["objective"]) == pytest.approx((1200.0, 1400.0))
    assert found["changes"] == ["demands.quantity*=1.1", "off rule"]
    assert found["comparison"]["decisions"][0]["change"] == pytest.approx(10.0)
    both = found["base"]["run"], found["run"]
    assert all(verify(runs.read(run)).ok for run in both)
    code, again = ask("compare", *both)
    assert code == 0
    assert again["sentence"] == found["comparison"]["sentence"]
    assert [row["change"] for row in again["decisions"]] == [row["change"] for row in found["comparison"]["decisions"]]


def test_every_flag_makes_its_change(folder: Path, ask: Ask) -> None:
    """5 t at 12 beside: 40 less. No b: 20 t unmet at 100. No a: all at 20, but b may hold 90 % of what is consumed
    only where somebody else sells: nothing is, and 100 t stay unmet.
    """
    _, found = ask("what-if", str(folder), "--add", "offers[site=market,material=ore,price=12,capacity=5]")
    assert found["objective"] == pytest.approx(1160.0)
    _, found = ask("what-if", str(folder), "--ban", "site=b", "--off", "rule")
    assert found["objective"] == pytest.approx(2800.0)
    assert found["unmet"] == pytest.approx(20.0)
    _, found = ask("what-if", str(folder), "--drop", "offers[site=a]")
    assert found["objective"] == pytest.approx(10_000.0)


def test_a_what_if_without_a_plan(folder: Path, ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    """It ends infeasible with its own exit code, and there is nothing to compare."""
    floor = "rules[rule=floor,kind=min_quantity,limit=500,subject_by=site,subject=b,basis=purchases,per=year]"
    code, found = ask("what-if", str(folder), "--add", floor)
    assert (code, found["status"], found["comparison"]) == (4, "infeasible", None)
    assert found["conflict"]
    assert main(["what-if", str(folder), "--add", floor]) == 4
    assert "trade with these changes has no plan" in capsys.readouterr().out


def test_combinations_are_a_table(folder: Path, ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    """Two demands by two prices, upon a change that all of them share."""
    words = ["what-if", str(folder), "--off", "rule", "--vary", "demands.quantity=100|110"]
    code, found = ask(*words, "--vary", "offers[site=b].price=20|30")
    assert code == 0
    assert [case["cost"] for case in found["cases"]] == pytest.approx([1200.0, 1400.0, 1400.0, 1700.0])
    assert [case["against_base"] for case in found["cases"]] == pytest.approx([0.0, 200.0, 200.0, 500.0])
    assert main(words) == 0
    assert "quantity=110" in capsys.readouterr().out


def test_cases_come_from_a_file(folder: Path, ask: Ask, tmp_path: Path) -> None:
    """Each case by its name; a case that cannot be made says why."""
    (tmp_path / "cases.csv").write_text("case,change\nmore,demands.quantity=110\ntypo,demand.quantity=110\n", "utf-8")
    code, found = ask("what-if", str(folder), "--cases", "cases.csv")
    assert code == 0
    assert [case["status"] for case in found["cases"]] == ["optimal", "refused"]
    assert "did you mean 'demands'?" in found["cases"][1]["message"]


def test_people_read_tables(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The sentence, what differs, where the runs lie; of three runs too."""
    assert main(["what-if", str(folder), "--set", "demands.quantity=110"]) == 0
    shown = capsys.readouterr().out
    for part in ("costs 200 USD (17 %) more", "Figures that differ", "b → market", "The runs lie in"):
        assert part in shown
    found = sorted(map(str, Path("runs").iterdir()))
    assert main(["compare", *found, found[0]]) == 0
    assert "Decisions that differ" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["what-if", "trade"], 2, "nothing is changed"),
        (["what-if", "trade", "--sett", "x"], 2, "did you mean --set?"),
        (["what-if", "trade", "--set", "demands.quantty=1"], 3, "did you mean 'quantity'?"),
        (["what-if", "trade", "--cases", "none.csv"], 3, "No such file"),
        (["what-if", "trade", "--off", "ruel"], 3, "did you mean 'rule'?"),
        (["compare", "trade"], 2, "two runs or more"),
        (["compare", "trade", "trade"], 3, "is no whole run"),
    ],
)
def test_what_is_refused(
    folder: Path, words: list[str], code: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In words, with the exit code of its kind; nothing is written."""
    assert main(words) == code
    assert told in capsys.readouterr().err
    assert not any(Path("runs").glob("*")) if Path("runs").exists() else True


def test_a_damaged_run_is_not_compared(folder: Path, ask: Ask) -> None:
    """The verifier speaks first."""
    import pandas as pd

    _, found = ask("what-if", str(folder), "--set", "demands.quantity=110")
    path = Path(found["run"]) / "tables" / "flows.parquet"
    flows = pd.read_parquet(path)
    flows.assign(quantity=flows["quantity"] * 1.01).to_parquet(path, index=False)
    code, told = ask("compare", found["base"]["run"], found["run"])
    assert code == 1
    assert "verifier disagrees" in told["message"]
