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
    """It adds rows, says which, and the instance stays sound: no new warning but of what is assumed of origins."""
    before = planner.load("allied-magnets")
    added = policy.add(before, name)
    new = {table: len(added.instance.tables[table]) - len(before.tables[table]) for table in ("rules", "stockpiles")}
    told = [line for line in added.told if line.startswith(("rule ", "stockpile "))]
    rows = new["rules"] + len(added.instance.tables["stockpiles"].query("cover_days > 0"))
    assert len(told) == rows - len(before.tables["stockpiles"].query("cover_days > 0")) > 0
    new_warnings = set(added.instance.warnings) - set(before.warnings)
    assert {warning.place for warning in new_warnings} <= ({"contents", "recipes"} if name == "us-feoc" else set())


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


def test_entities_of_concern_neither_sell_nor_mine() -> None:
    """The origin rule speaks of what contents tells of; without contents of magnets it leaves them out and says so."""
    magnets = planner.load("allied-magnets")
    rules = policy.add(magnets, "us-feoc").instance.tables["rules"].set_index("rule")
    row = rules.loc["us-no-origin-of-concern"]
    assert (row["basis"], row["subject"], row["except"], row["material"]) == (
        "origin",
        "entity of concern",
        "unknown",
        "",
    )

    contents = magnets["contents"]
    silent = magnets.with_tables(contents=contents[~contents["material"].isin(["hot magnet", "standard magnet"])])
    added = policy.add(silent, "us-feoc")
    row = added.instance.tables["rules"].set_index("rule").loc["us-no-origin-of-concern"]
    left = set(magnets.tables["materials"]["material"]) - set(row["material"].split(";"))
    assert left == {"hot magnet", "standard magnet"}
    assert any("standard magnet, hot magnet left out, for nobody says" in line for line in added.told)

    materials = magnets["materials"].assign(element="")
    bare = magnets.with_tables(materials=materials)
    assert any(
        "us-no-origin-of-concern: not added, for nobody says" in line for line in policy.add(bare, "us-feoc").told
    )


def test_plan_without_entities_of_concern() -> None:
    """Nothing that the United States consume comes from China, by its last seller or by where it was mined."""
    plan = planner.solve(policy.add(planner.load("allied-magnets"), "us-feoc").instance).plan
    ours = plan.rules[plan.rules["rule"].str.startswith("us-no-")]
    assert set(ours["rule"]) == {"us-no-entity-of-concern", "us-no-origin-of-concern"}
    assert ours["quantity"].max() == pytest.approx(0.0, abs=1e-6)


def test_home_is_never_taken_for_an_entity_of_concern() -> None:
    """The tutorial has no site of one: nothing is added, and the message says why."""
    with pytest.raises(planner.InputError, match="entity of concern, which has no site in tutorial"):
        policy.add(planner.load("tutorial"), "us-feoc")
