"""Ready rule sets: what they add to the built-in instances, what they leave out and why, what becomes of a plan."""

from pathlib import Path

import pytest

import planner
from planner import policies, policy
from planner.cli import main


def test_every_policy_names_where_it_is_written() -> None:
    """Each rule and each stock has a source, each policy a title."""
    for name in policies.names():
        content = policy.read(name)
        assert content["title"]
        for row in [*content.get("rules", ()), *filter(None, [content.get("stock")])]:
            assert row["source"], name


@pytest.mark.parametrize("name", policies.names())
def test_policy_fits_the_magnets(name: str) -> None:
    """It adds rows, says which, and the instance stays sound: no new warning."""
    before = planner.load("allied-magnets")
    added = policy.add(before, name)
    new = {table: len(added.instance.tables[table]) - len(before.tables[table]) for table in ("rules", "stockpiles")}
    told = [line for line in added.told if line.startswith(("rule ", "stockpile "))]
    rows = new["rules"] + len(added.instance.tables["stockpiles"].query("cover_days > 0"))
    assert len(told) == rows - len(before.tables["stockpiles"].query("cover_days > 0")) > 0
    assert set(added.instance.warnings) <= set(before.warnings)


def test_caps_of_the_act_hold_from_2030() -> None:
    """EU27 is a group of the magnets already; the third-country cap is 65 % of what it consumes, from 2030 on."""
    rules = policy.add(planner.load("allied-magnets"), "eu-crma").instance.tables["rules"].set_index("rule")
    cap = rules.loc["eu-third-country"]
    assert (cap["limit"], cap["from"], cap["market"], cap["except"]) == (0.65, "2030", "EU27", "EU27")
    assert rules.loc["eu-processing", "limit"] == 0.4


def test_stock_of_japan_is_sixty_days_of_what_is_used() -> None:
    """Home stands for Japan in the tutorial: 100 t a year, so the closing stock of each year is 60/365 of that."""
    plan = planner.solve(policy.add(planner.load("tutorial"), "japan-stock").instance).plan
    assert plan.tables["stock"]["closing"].tolist() == pytest.approx([100 * 60 / 365] * 2)


def test_stock_of_korea_may_be_built_up_before_its_year() -> None:
    """Two rows a stockpile: without cover until 2030, with 100 days from 2031."""
    piles = policy.add(planner.load("allied-magnets"), "korea-stock").instance.tables["stockpiles"]
    rows = piles[(piles["site"] == "KMP Ochang") & (piles["material"] == "Dy oxide")]
    assert rows[["from", "until", "cover_days"]].to_numpy().tolist() == [["", "2030", 0.0], ["2031", "", 100.0]]


def test_what_adds_nothing_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The tutorial ends before 2030; an unknown policy is told with what may be meant; nothing is written."""
    folder = tmp_path / "mine"
    assert main(["new", str(folder), "--from", "tutorial", "--policy", "eu-crma"]) == 3
    assert "it holds from 2030 and the horizon ends before" in capsys.readouterr().err
    assert main(["new", str(folder), "--policy", "eu-crna"]) == 3
    assert "did you mean 'eu-crma'?" in capsys.readouterr().err
    assert not folder.exists()
    assert main(["new", str(folder), "--policy", "us-feoc"]) == 0
    assert "us-no-entity-of-concern" in planner.load(folder).tables["rules"]["rule"].tolist()
