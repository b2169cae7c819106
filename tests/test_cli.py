"""The commands: exit codes, one JSON document, runs written whole, settings told by where they came from."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import planner
from planner import runs
from planner.cli import main
from planner.settings import Settings, origins

TABLES = {
    "materials": "material,stage\nore,mine\n",
    "places": "place\nA\nB\nC\n",
    "sites": "site,place\na,A\nb,B\nc,C\n",
    "offers": "site,material,price,capacity\na,ore,10.1,100\nb,ore,16,100\n",
    "lanes": "origin,destination,material\na,c,ore\nb,c,ore\n",
    "demands": "site,material,priority,quantity\nc,ore,must,100\n",
    "priorities": "priority,rank\nmust,1\n",
    "rules": "rule,kind,limit,subject_by,material,basis,base,per\n"
    "cap,max_share,0.6,place,ore,purchases,consumption,period\n",
}


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two suppliers, one buyer, a 60 % cap, in an empty working folder."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "two"
    folder.mkdir()
    (folder / "instance.toml").write_text('name = "two"\nfirst_period = "2027"\nperiods = 1\n')
    for name, text in TABLES.items():
        (folder / f"{name}.csv").write_text(text)
    return folder


def test_solve_prints_one_json_document(two: Path) -> None:
    """60 t at 10.1 and 40 t at 16 make 1246; nothing but JSON on the real stdout, HiGHS's banner included."""
    done = subprocess.run(
        [sys.executable, "-m", "planner", "solve", str(two), "--json"], capture_output=True, text=True, check=False
    )
    answer = json.loads(done.stdout)
    assert done.returncode == 0
    assert answer["status"] == "optimal"
    assert answer["objective"] == pytest.approx(1246.0)
    assert Path(answer["run"]).is_dir()


def test_run_is_all_that_verify_needs(two: Path) -> None:
    """The input of a run gives the same tables to the last bit; a changed cell is found."""
    assert main(["solve", str(two)]) == 0
    for path in two.iterdir():
        path.unlink()
    run = next(Path("runs").iterdir())
    assert main(["verify", str(run)]) == 0
    again = runs.read(run).instance
    assert again.tables["offers"]["price"].tolist() == [10.1, 16.0]
    flows = pd.read_parquet(run / "tables" / "flows.parquet")
    flows.assign(quantity=flows["quantity"] * 1.001).to_parquet(run / "tables" / "flows.parquet", index=False)
    assert main(["verify", str(run)]) == 1
    assert runs.list("runs")["objective"].tolist() == [pytest.approx(1246.0)]


def test_interrupted_write_leaves_nothing(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault in the middle of the tables leaves no folder, finished or not."""
    outcome = planner.solve(planner.load(two))

    def full(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", full)
    with pytest.raises(OSError, match="no space"):
        runs.write(outcome, Settings(), {})
    assert list(Path("runs").iterdir()) == []


def test_infeasible_is_4_and_names_the_conflict(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """300 t cannot come from 200 t."""
    (two / "demands.csv").write_text(TABLES["demands"].replace("100", "300"))
    assert main(["solve", str(two), "--json"]) == 4
    answer = json.loads(capsys.readouterr().out)
    assert answer["status"] == "infeasible"
    assert any("ore" in name for name in answer["conflict"])


def test_input_problems_are_3(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The problem is at its line; no traceback."""
    (two / "lanes.csv").write_text(TABLES["lanes"].replace("b,c", "bb,c"))
    assert main(["check", str(two), "--json"]) == 3
    problem = json.loads(capsys.readouterr().out)["problems"][0]
    assert (problem["table"], problem["line"], problem["column"], problem["value"]) == ("lanes", 3, "origin", "bb")


def test_settings_tell_where_they_come_from(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """File, then variable, then flag; an unknown variable is told with its likeness."""
    Path("planner.toml").write_text("gap = 0.5\nseed = 3\nthreads = 2\n")
    monkeypatch.setenv("PLANNER_SEED", "4")
    monkeypatch.setenv("PLANNER_THREADS", "3")
    settings = Settings(threads=1)
    assert (settings.gap, settings.seed, settings.threads) == (0.5, 4, 1)
    found = origins({"threads": 1})
    assert [found[name] for name in ("gap", "seed", "threads", "runs")] == [
        "planner.toml",
        "PLANNER_SEED",
        "flag",
        "default",
    ]
    monkeypatch.setenv("PLANNER_GAPP", "1")
    with pytest.raises(planner.SettingsError, match="did you mean 'PLANNER_GAP'"):
        Settings()
    assert main(["solve", str(two)]) == 2


@pytest.mark.parametrize(("arguments", "absent"), [("--help", "pandas"), ("check two", "pyomo highspy")])
def test_quick_commands_import_little(two: Path, arguments: str, absent: str) -> None:
    """Help needs no pandas, check neither Pyomo nor HiGHS."""
    code = (
        "import sys\nfrom planner.cli import main\n"
        f"try:\n    main({arguments.split()!r})\nexcept SystemExit:\n    pass\n"
        f"sys.exit(len([name for name in {absent.split()!r} if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=two.parent, check=False)
    assert done.returncode == 0


def test_new_refuses_to_overwrite(two: Path) -> None:
    """A folder that is there stays as it is; templates have every table."""
    assert main(["new", str(two)]) == 2
    assert main(["new", "templates", "--empty"]) == 0
    assert Path("templates/lanes.csv").read_text().startswith("origin,destination,material")
