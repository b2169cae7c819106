"""Risk-weighted sourcing from the tables to the answer: the tutorial by its commands, allied-magnets in Python."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

import planner
from planner.cli import main
from planner.plan import Plan

TUTORIAL = Path(__file__).parent.parent / "instances" / "tutorial"
RULE = "rule,kind,limit,attribute,material,market,basis,per\nrisk,max_average,{},risk,oxide,factory,purchases,year\n"


def test_the_tutorial_is_weighted_by_risk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A at risk 0.6 sells 60 t at 310 delivered and 60 t at 350, B at 0.2 80 t at 440; 100 t in each of 2 years.

    On average 0.44: 0.6 a + 0.2 (100 − a) = 44, so 60 t of A and 40 of B, 2 × (18 600 + 17 600) = 72 400.
    """
    monkeypatch.chdir(tmp_path)
    folder = shutil.copytree(TUTORIAL, tmp_path / "weighted")
    (folder / "places.csv").write_text("place,name,risk\nAAA,Country A,0.6\nBBB,Country B,0.2\nHHH,Home,0.1\n")
    (folder / "rules.csv").write_text(RULE.format(0.44))
    assert main(["check", str(folder)]) == 0
    capsys.readouterr()
    assert main(["solve", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["objective"] == pytest.approx(72_400.0)
    assert main(["solve", str(folder)]) == 0
    assert "risk: The average risk of the oxide bought by factory is at most 0.44, each year." in " ".join(
        capsys.readouterr().out.split()
    )

    (folder / "rules.csv").write_text(RULE.format(0.44).replace(",risk,oxide", ",rsik,oxide"))
    assert main(["check", str(folder)]) == 3
    assert "did you mean 'risk'" in capsys.readouterr().err


def averages(plan: Plan) -> pd.Series:
    """Average risk of the magnets that each ally buys from abroad, year by year, from flows, sites and places alone."""
    tables = plan.instance.tables
    place = tables["sites"].set_index("site")["place"]
    members = tables["groups"].query("group == 'allies'")["member"]
    stage = tables["materials"].set_index("material")["stage"]
    flows = plan.flows.assign(
        seller=plan.flows["origin"].map(place),
        buyer=plan.flows["destination"].map(place),
        stage=plan.flows["material"].map(stage),
    )
    flows = flows[(flows["stage"] == "magnet") & flows["buyer"].isin(members) & (flows["seller"] != flows["buyer"])]
    risk = flows["seller"].map(tables["places"].set_index("place")["risk"])
    sums = flows.assign(risk=risk * flows["arriving"]).groupby(["buyer", "arrives"])[["risk", "arriving"]].sum()
    return sums["risk"] / sums["arriving"]


def test_allied_magnets_pay_more_for_less_risk() -> None:
    """Each ally's purchases abroad at an average risk of 0.5 and 0.47 from 2030 on: kept, and dearer and dearer."""
    instance = planner.load("allied-magnets")
    costs = [planner.solve(instance).plan.objective]
    for limit in (0.5, 0.47):
        rule = {"rule": "risk", "from": "2030", "kind": "max_average", "limit": limit, "attribute": "risk"}
        rule |= {"stage": "magnet", "pool": "together", "market": "allies", "market_pool": "each"}
        rule |= {"basis": "purchases", "per": "year"}
        rules = pd.concat([instance["rules"], pd.DataFrame([rule])], ignore_index=True)
        plan = planner.solve(instance.with_tables(rules=rules)).plan
        found = averages(plan)
        from_2030 = found[found.index.get_level_values("arrives") >= "2030"]
        assert from_2030.max() == pytest.approx(limit)
        assert plan.rules.query("rule == 'risk'")["actual"].max() == pytest.approx(limit)
        costs.append(plan.objective)

    assert costs[0] < costs[1] < costs[2]
