"""The commands: exit codes, one JSON document, runs written whole, settings told by where they came from."""

import json
import shutil
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


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of the tutorial, to be copied."""
    settings = Settings(runs=tmp_path_factory.mktemp("runs"))
    return runs.write(planner.solve(planner.load("tutorial"), settings), settings, {})


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


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ("", 2, "see planner --help"),
        ("solv two", 2, "did you mean solve?"),
        ("solve two --timelimit 5", 2, "there is no flag --timelimit; did you mean --time-limit?"),
        ("solve two --gapp=0.1", 2, "did you mean --gap?"),
        ("solve two three", 2, "there is no place for three; see planner solve --help"),
        ("verify", 2, "required: RUN"),
        ("solve two --gap 5", 2, "setting gap is '5': it must be at most 1 (a fraction: 0.05 for 5 %)"),
        ("solve two --gap x", 2, "setting gap is 'x': it is no number"),
        ("solve two --seed 1.5", 2, "it is no whole number"),
        ("solve two --time-limit 0", 2, "it must be above 0"),
        ("solve two --algorithm magic", 2, "it must be 'auto', 'simplex' or 'ipm'"),
        ("solve two --runs two/sites.csv", 2, "setting runs is 'two/sites.csv', which cannot be written"),
        ("runs --runs two/sites.csv", 2, "which is no folder"),
        ("check nowhere", 3, "'nowhere' is no built-in instance, no folder and no workbook"),
        ("solve two/sites.csv", 3, "is no .xlsx or .ods"),
        ("verify nowhere", 3, "nowhere is no whole run: it has no manifest.json"),
        ("verify two", 3, "two is no whole run: it has no manifest.json"),
        ("new two", 2, "is there already"),
        ("solve two --time-limit 1e-9", 5, "the time limit was reached"),
    ],
)
def test_what_is_wrong_is_told(
    two: Path, capsys: pytest.CaptureFixture[str], arguments: str, code: int, told: str
) -> None:
    """Nothing on stdout, one message with its remedy on stderr, never a traceback."""
    assert main(arguments.split()) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert told in err
    assert "Traceback" not in err and "Errno" not in err and "internal fault" not in err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [("solve two --gapp 1", 2), ("solve two --gap 5", 2), ("check nowhere", 3), ("verify two", 3)],
)
def test_what_is_wrong_is_one_json_document(
    two: Path, capsys: pytest.CaptureFixture[str], arguments: str, code: int
) -> None:
    """A bad command line too, where JSON is asked for."""
    assert main([*arguments.split(), "--json"]) == code
    out, err = capsys.readouterr()
    assert json.loads(out)
    assert err == ""


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"gap = ", "planner.toml is no TOML"),
        (b"\xff\xfe", "planner.toml is not UTF-8"),
        (b"gap = -1", "setting gap is '-1' (planner.toml): it must be at least 0"),
        (b"gapp = 1", "there is no setting 'gapp'; did you mean 'gap'?"),
    ],
)
def test_a_bad_settings_file_is_told(two: Path, capsys: pytest.CaptureFixture[str], content: bytes, told: str) -> None:
    """By every command that reads settings, with the file's name."""
    Path("planner.toml").write_bytes(content)
    for command in (["solve", str(two)], ["config"], ["runs"]):
        assert main(command) == 2
        assert told in capsys.readouterr().err


def test_a_bad_variable_is_told(two: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """With its own name, so that nobody looks for it in the file."""
    monkeypatch.setenv("PLANNER_THREADS", "0")
    assert main(["solve", str(two)]) == 2
    assert "setting threads is '0' (PLANNER_THREADS): it must be at least 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("manifest.json", b"{", "is no whole run"),
        ("manifest.json", b"[]", "is no JSON object"),
        ("manifest.json", b"{}", "does not say 'status'"),
        ("manifest.json", b'{"status": "optimal", "objective": "much"}', "is no whole run"),
        ("tables/flows.parquet", b"PAR1", "is no whole run"),
        ("tables/flows.parquet", None, "its plan lacks flows"),
        ("input/offers.csv", b"site,material,price\na,ore,dear\n", "offers.csv line 2, price"),
        ("input/instance.toml", None, "no instance.toml"),
    ],
)
def test_a_damaged_run_is_told_and_the_others_are_listed(
    solved: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, file: str, content: bytes | None, told: str
) -> None:
    """Whatever is damaged in it; the list shows every run."""
    folder = tmp_path / "runs"
    run = shutil.copytree(solved, folder / "damaged")
    shutil.copytree(solved, folder / "whole")
    if content is None:
        (run / file).unlink()
    else:
        (run / file).write_bytes(content)
    assert main(["verify", str(run)]) == 3
    assert told in capsys.readouterr().err
    assert len(runs.list(folder)) == 2
    assert main(["runs", "--runs", str(folder)]) == 0
    assert capsys.readouterr().out.count("optimal") == 1 + (file != "manifest.json")


def test_unbounded_is_5_and_says_where_to_look(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A plant without capacity that is paid to run."""
    (two / "processes.csv").write_text("process,site,cost\nmint,a,-5\n")
    (two / "recipes.csv").write_text("process,material,output\nmint,ore,1\n")
    assert main(["solve", str(two)]) == 5
    assert "unbounded" in (told := capsys.readouterr().err)
    assert "negative disposal cost or toll without a capacity" in told


def test_infeasible_is_told_in_words(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot hold together stands line by line."""
    (two / "demands.csv").write_text(TABLES["demands"].replace("100", "300"))
    assert main(["solve", str(two)]) == 4
    assert "These cannot all hold:\n  " in capsys.readouterr().err


def test_a_rule_in_a_conflict_is_told_as_its_sentence(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """10 t a year from each country, 100 t are needed: the first row in full, and how many more go by its name."""
    rules = (
        "rule,from,until,limit,kind,subject_by,basis,per",
        "cap,2027,2027,10,max_quantity,place,purchases,year",
        "cap,2028,,20,max_quantity,place,purchases,year",
    )
    (two / "instance.toml").write_text('name = "two"\nfirst_period = "2027"\nperiods = 2\n')
    (two / "rules.csv").write_text("\n".join(rules) + "\n")
    assert main(["solve", str(two)]) == 4
    told = capsys.readouterr().err
    assert "  rule cap: In 2027, at most 10 t of the material bought comes from any one country, each year." in told
    assert "(and 1 more row of this name)" in told


@pytest.mark.parametrize("name", ["build", "run"])
def test_ctrl_c_ends_with_5_and_one_document(two: Path, name: str) -> None:
    """While Pyomo builds, and while HiGHS runs; the real process, the real signal, nothing else on stdout."""
    place = {"build": "mineral_sourcing.flow.add", "run": "planner.solving.session.Session.run"}[name]
    module, _, attribute = place.rpartition(".")
    code = (
        "import os, signal, sys, importlib\n"
        "from planner.cli import main\n"
        "import planner.solve, planner.solving.session, mineral_sourcing.flow\n"
        f"path = {module!r}\n"
        "owner = planner.solving.session.Session if path.endswith('Session') else importlib.import_module(path)\n"
        f"before = getattr(owner, {attribute!r})\n"
        "def struck(*a, **k):\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    return before(*a, **k)\n"
        f"setattr(owner, {attribute!r}, struck)\n"
        f"sys.exit(main(['solve', {str(two)!r}, '--json']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 5, done.stderr
    assert json.loads(done.stdout)["message"] == "interrupted"
    assert done.stderr == ""


def test_new_names_the_instance_after_its_folder(two: Path) -> None:
    """The tutorial's tables, solved at once; the empty ones are read without a problem."""
    assert main(["new", "mine"]) == 0
    assert planner.load("mine").name == "mine"
    assert main(["solve", "mine"]) == 0
    assert main(["new", "templates", "--empty"]) == 0
    assert main(["check", "templates"]) == 0


def test_help_is_quick(two: Path) -> None:
    """Half a second of CPU at most."""
    code = (
        "import resource, subprocess, sys\n"
        "subprocess.run([sys.executable, '-m', 'planner', '--help'], stdout=subprocess.DEVNULL, check=True)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\nprint(used.ru_utime + used.ru_stime)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 0.5


def test_exposure_loses_everything_in_turn(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of an instance, ranked, as one document; what is survived to the end is null."""
    assert main(["exposure", "tutorial", "--by", "place", "--together", "2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)

    values = [row["unmet_value"] for row in told["losses"]]
    assert values == sorted(values, reverse=True)
    assert told["summary"].startswith("The worst single loss")
    assert [row["count"] for row in told["together"]["losses"]] == [1, 2]


@pytest.mark.parametrize("flags", [["--start", "1999"], ["--by", "planet"], ["--scenario", "none"], ["--scenarios"]])
def test_exposure_refuses_what_does_not_exist(two: Path, flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A period, a kind, a scenario: exit code 2, in words."""
    assert main(["exposure", "tutorial", *flags]) == 2
    assert "Traceback" not in capsys.readouterr().err
