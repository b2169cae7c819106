"""Rules of one's own: traced where they can be, built by Pyomo where not, never taken for verified."""

import json
from pathlib import Path

import pytest

import planner
from planner import runs
from planner.cli import main
from planner.errors import SettingsError, VerificationError
from planner.plan import Plan
from planner.settings import Settings
from planner.solving.kept import Kept
from planner.workbook.plan import write_plan

TRACED = """
def add(model):
    @model.Constraint(model.PERIODS)
    def at_most_45_t_from_A1(m, t):
        return m.unit_mass * m.flow.sold["A1", "oxide", "", t] <= 45
"""
CLASSIC = """
def add(model):
    @model.Constraint(model.PERIODS)
    def at_most_45_t_from_A1(m, t):
        if t > 5:
            return m.flow.sold["A1", "oxide", "", t] <= 0
        return m.unit_mass * m.flow.sold["A1", "oxide", "", t] <= 45
"""
CHECK = """
def check(plan):
    sold = plan.sales[plan.sales["site"] == "A1"]
    return [f"A1 sells {q:,.1f} t in {t}" for t, q in zip(sold["period"], sold["quantity"]) if q > MOST]
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def plan_under(text: str) -> Plan:
    """The tutorial's plan under rules."""
    Path("my_rules.py").write_text(text)
    return planner.solve(planner.load("tutorial"), rules="my_rules.py").plan


@pytest.mark.parametrize(("text", "untraced"), [(TRACED, 0), (CLASSIC, 1)])
def test_a_rule_of_ones_own_holds(here: Path, text: str, untraced: int) -> None:
    """Of 65 t that may come from A, 45 t at 310 from A1 and 20 t at 350 from A2, 35 t at 440 from B1: 36,350 a year,
    against 35,750 without the rule.
    """
    plan = plan_under(text)
    assert plan.objective == pytest.approx(2 * (45 * 310 + 20 * 350 + 35 * 440))
    sold = plan.sales.groupby("site")["quantity"].sum()
    assert sold.to_dict() == pytest.approx({"A1": 90.0, "A2": 40.0, "B1": 70.0})
    assert plan.custom is not None
    assert (plan.custom.rows, plan.custom.untraced, plan.custom.checked) == (2, untraced, False)


def test_everything_says_that_it_is_not_verified(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Terminal, JSON, manifest, verify, the plan in Python and its workbook."""
    Path("my_rules.py").write_text(TRACED)
    told = "custom rules of my_rules.py: not independently verified"
    assert main(["solve", "tutorial", "--rules", "my_rules.py"]) == 0
    shown = capsys.readouterr().out
    assert f"Verified, but for {told}" in shown
    (run,) = Path("runs").iterdir()
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["custom"]["rows"] == 2
    assert manifest["settings"]["rules"] == {"value": "my_rules.py", "from": "flag"}
    assert told in repr(runs.read(run))
    assert main(["verify", str(run)]) == 0
    assert told in capsys.readouterr().out
    assert main(["solve", "tutorial", "--rules", "my_rules.py", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["custom"] == told
    from python_calamine import CalamineWorkbook

    write_plan(runs.read(run), here / "x.xlsx")
    summary = CalamineWorkbook.from_path(str(here / "x.xlsx")).get_sheet_by_name("summary").to_python()
    assert any(told in str(cell) for row in summary for cell in row)


def test_its_own_check_is_asked(here: Path) -> None:
    """What it finds wrong is a disagreement; what it lets pass is said to be checked by that file alone."""
    plan = plan_under(TRACED + CHECK.replace("MOST", "45.001"))
    assert str(plan.custom) == "custom rules of my_rules.py: checked by that file alone"
    with pytest.raises(VerificationError, match=r"custom: A1 sells 45\.0 t in 2027"):
        plan_under(TRACED + CHECK.replace("MOST", "44"))


def test_a_rule_that_leaves_no_plan_is_named(here: Path) -> None:
    """B1 sells 80 t of 100 t; without A1 and A2 there is no plan, and the rule is to blame."""
    Path("my_rules.py").write_text(
        "def add(model):\n"
        "    @model.Constraint(model.PERIODS)\n"
        "    def none_from_A(m, t):\n"
        "        return m.flow.sold['A1', 'oxide', '', t] + m.flow.sold['A2', 'oxide', '', t] <= 0\n"
    )
    outcome = planner.solve(planner.load("tutorial"), rules="my_rules.py")
    assert outcome.status == "infeasible"
    assert "custom rule none_from_A" in outcome.conflict


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("def add(model)\n    pass\n", "my_rules.py line 1: SyntaxError"),
        ("x = 1\n", "my_rules.py has no function add"),
        ("import nothing_of_this_name\n", "my_rules.py line 1: ModuleNotFoundError"),
        ("def add(model):\n    model.flow.nothing\n", "my_rules.py line 2: AttributeError"),
        (TRACED.replace("m.flow.sold[", "m.flow.soldd["), "my_rules.py line 5: AttributeError"),
        (TRACED.replace("m.unit_mass *", "m.flow.sold['A2', 'oxide', '', t] *"), "is not linear"),
        (TRACED + "    model.again = __import__('pyomo.environ').environ.Objective(expr=0)\n", "my_rules.py"),
        (TRACED + "check = 3\n", "check is no function"),
        (TRACED + "def check(plan):\n    return plan.nothing\n", "my_rules.py line 7: AttributeError"),
        (TRACED + "def check(plan):\n    return True\n", "must give a list of sentences"),
    ],
)
def test_a_faulty_file_is_told_with_its_line(here: Path, text: str, told: str) -> None:
    """Exit code 2 on the command line, no traceback."""
    with pytest.raises(SettingsError) as caught:
        plan_under(text)
    assert told in str(caught.value)
    assert main(["solve", "tutorial", "--rules", "my_rules.py"]) == 2


def test_no_code_comes_from_the_folder_of_an_instance(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A planner.toml beside an instance.toml may not name rules; elsewhere it may."""
    assert main(["new", "mine"]) == 0
    Path("planner.toml").write_text('rules = "my_rules.py"\n')
    Path("my_rules.py").write_text(TRACED)
    assert main(["solve", "mine"]) == 0
    assert "not independently verified" in capsys.readouterr().out
    Path("instance.toml").write_text(Path("mine/instance.toml").read_text())
    assert main(["solve", "mine"]) == 2
    assert "no code is taken from the folder of an instance" in capsys.readouterr().err
    assert main(["solve", "mine", "--rules", "my_rules.py"]) == 0


def test_a_kept_model_refuses_them(here: Path) -> None:
    """What it would answer would not heed them."""
    Path("my_rules.py").write_text(TRACED)
    with pytest.raises(SettingsError, match="no rules of your own"):
        Kept(planner.load("tutorial"), Settings(rules=Path("my_rules.py")))
