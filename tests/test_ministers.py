"""What the page for ministers says of allied-magnets is what its plans say."""

from pathlib import Path

import pytest

import planner
from planner.analysis.acting import Participants, acting
from planner.analysis.study import Study
from planner.instance import Instance
from planner.plan import Plan

TEXT = " ".join((Path(__file__).parents[1] / "docs" / "ministers.md").read_text("utf-8").split())
HALT = "CHN-2025-7HREE"


@pytest.fixture(scope="module")
def instance() -> Instance:
    """The instance that the page tells of."""
    return planner.load("allied-magnets")


@pytest.fixture(scope="module")
def plan(instance: Instance) -> Plan:
    """Its plan."""
    return planner.solve(instance).plan


def stocked(instance: Instance, material: str) -> Study:
    """Ninety days of a material for all allies at the end of 2026, free from 2027 on."""
    rows = {"site": "USA National Defense Stockpile", "material": material, "fill_rate": 1e5, "release_rate": 1e5}
    study = planner.study(instance).add("stockpiles", **rows, until="2026", covers="allies", cover_days=90)
    return study.add("stockpiles", **rows, **{"from": "2027", "final": 0})


def test_what_the_cap_costs(instance: Instance, plan: Plan) -> None:
    """With the five caps, and without them."""
    study = planner.study(instance)
    for rule in sorted(name for name in set(instance["rules"]["rule"]) if name.startswith("third-country-")):
        study.off(rule)
    without = study.plan.objective
    extra = plan.objective - without
    assert f"costs {extra / 1e9:.2f} bn USD on {without / 1e9:.2f} bn, {100 * extra / without:.1f} %." in TEXT
    study.reset().set("rules", {"rule": "third-country-magnet", "from": "2030"}, limit=0.6)
    assert study.plan.unmet > 1000 and "At 60 % the lines that are known no longer suffice" in TEXT


def test_what_a_loss_of_china_leaves(plan: Plan) -> None:
    """Of all demand, and of that of defence, from 2027 on."""
    found = planner.exposure(plan, "2027", by=["place"])
    worst = found.losses.iloc[0]
    defence = found.priorities.query("subject == 'CHN' and priority == 'defence'").iloc[0]
    assert worst["subject"] == "CHN"
    left = f"{100 * worst['coverage']:.0f} % of demand would still be met"
    assert f"{left}, though {100 * (1 - defence['unmet'] / defence['demand']):.0f} % of what defence needs" in TEXT


def test_which_stock_carries_defence(instance: Instance, plan: Plan) -> None:
    """Oxide leaves defence where it was without; magnets serve it through the year."""

    def unmet(found: Plan) -> float:
        rows = planner.replay(found, HALT).priorities.set_index("priority")["unmet"]
        return float(rows["defence"])

    assert unmet(stocked(instance, "Dy oxide").plan) == pytest.approx(unmet(plan), rel=1e-6)
    assert unmet(stocked(instance, "hot magnet").plan) == 0.0


@pytest.mark.parametrize("name", ["JPN", "KOR", "EU27"])
def test_who_has_no_plan_alone(instance: Instance, name: str) -> None:
    """Each with its own sites and those of nobody who takes part."""
    assert planner.solve(acting(Participants.of(instance), [name])).status == "infeasible"
