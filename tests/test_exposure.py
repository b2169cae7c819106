"""Losses of a plan: hand-solved, against the branch solved whole, against a second computation and enumeration."""

from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import planner
from planner import runs
from planner.analysis.branch import MUST, branch
from planner.analysis.exposure import disruption, shared, subjects, title
from planner.analysis.recourse import Recourse
from planner.analysis.static import Static
from planner.assembly.disruptions import Disrupted, everything_of
from planner.cli import main
from planner.errors import NoPlanError, SettingsError
from planner.plan import Plan
from planner.solve import solve
from planner.verify import verify
from tests import random_instances
from tests.builders import Trade
from tests.static_again import delivered

SEEDS = range(14)


def stocked(periods: int = 2, length: str = "year") -> Trade:
    """50 t a year are wanted at 100 a tonne unmet; A sells at 10, B 30 t a year at 20; 10 t lie at the market."""
    trade = Trade(periods, length)
    trade.unmet(100.0)
    trade.site("A", "AAA", "Alpha")
    trade.site("B", "BBB", "Beta")
    trade.seller("A", 10.0)
    trade.seller("B", 20.0, capacity=30.0)
    trade.demand(50.0, priority="civil")
    trade.stockpile(initial=10.0)
    return trade


def lost(plan: Plan, subject: str, start: str = "", **options: Any) -> "pd.Series[Any]":
    """The row of one loss."""
    rows = planner.exposure(plan, start, **options).losses
    return rows.loc[rows["subject"] == subject].iloc[0]


def test_a_loss_by_hand() -> None:
    """Without A: 60 of 100 t from B and the 10 t in stock, so 30 t unmet, where the plan meets all at 1 000.

    Static, B is in no plan: only the 10 t. In the first year a fraction f is survived while 50 f ≤ 30 f + 10: half a
    year. Recourse spends 60 × 20 = 1 200; without the loss stock may be used up, 90 t at 10: 300 more.
    """
    row = lost(stocked().plan(), "A")

    assert row["unmet"] == pytest.approx(30.0)
    assert row["unmet_value"] == pytest.approx(3000.0)
    assert row["unmet_static"] == pytest.approx(90.0)
    assert (row["coverage_static"], row["coverage"]) == pytest.approx((0.1, 0.7))
    assert row["survives"] == pytest.approx(182.5)
    assert row["cost"] == pytest.approx(300.0)
    assert (row["material"], row["by"]) == ("ore", "place") or row["by"] in ("owner", "site")


def test_stock_at_the_start_of_the_loss_is_what_the_plan_has_left() -> None:
    """A may fill the stock to 45 t by 2002 for a cover of 329 days: 50 f ≤ 30 f + 45.07, so all of 2002 is survived.

    In 2003 what is left is 45.07 − 20 = 25.07, again enough for the year: the loss is survived to the end.
    """
    trade = stocked(3)
    trade.tables["stockpiles"][0].update(initial=45.0, final=0.0, cover_days=329.0)

    row = lost(trade.plan(), "A", "2002")

    assert row["unmet"] == 0.0
    assert np.isinf(row["survives"])


def test_time_to_survive_counts_whole_periods_first() -> None:
    """25 t in stock: 20 t short a year, so one year and 50 f ≤ 30 f + 5, f = 1/4."""
    trade = stocked(3)
    trade.tables["stockpiles"][0].update(initial=25.0)

    assert lost(trade.plan(), "A")["survives"] == pytest.approx(365 * 1.25)


def test_what_is_under_way_arrives() -> None:
    """A takes a quarter to the market: what it sent before 2001Q3 arrives then, and only 2001Q4 is short.

    12.5 t a quarter; nothing but A; the plan ships 12.5 t in Q2 for Q3. In Q4 nothing is there: two quarters less one.
    """
    trade = Trade(4, "quarter")
    trade.unmet(100.0)
    trade.offer("A", 10.0)
    trade.lane("A", lead_time=1)
    trade.demand(50.0, priority="civil")
    trade.add("in_transit", origin="A", destination="market", material="ore", arrives="2001Q1", quantity=12.5)

    row = lost(trade.plan(), "A", "2001Q3", by=["site"])

    assert row["unmet"] == pytest.approx(12.5)
    assert row["unmet_static"] == pytest.approx(12.5)
    assert row["survives"] == pytest.approx(365 / 4)


def test_demand_that_must_be_met_can_be_lost_too() -> None:
    """A hard demand of 50 t without its only seller: 50 t unmet, of the priority that says so."""
    trade = Trade()
    trade.seller("A", 10.0)
    trade.demand(50.0)

    found = planner.exposure(trade.plan(), by=["site"])

    assert found.priorities["priority"].tolist() == [MUST, MUST]
    assert found.losses["unmet"].tolist() == pytest.approx([50.0, 0.0])


def test_lanes_that_the_plan_uses_are_lost_one_by_one() -> None:
    """The lane from A is used, that from B is not."""
    found = planner.exposure(stocked().plan(), by=["lane"]).losses

    assert found["subject"].tolist() == ["A → market: ore"]
    assert found["unmet"].tolist() == pytest.approx([30.0])


def test_a_shortage_is_shared_and_ranks_come_first() -> None:
    """A and B each give 50 t for 60 t of defence and 40 t of civil demand; static, without A, 50 t go to defence."""
    trade = Trade()
    trade.unmet(1000.0, "defence", 1)
    trade.unmet(100.0, "civil", 2)
    trade.site("A")
    trade.seller("A", 10.0, capacity=50.0)
    trade.seller("B", 10.0, capacity=50.0)
    trade.demand(60.0, priority="defence")
    trade.demand(40.0, priority="civil")

    rows = planner.exposure(trade.plan(), by=["site"]).priorities
    rows = rows.loc[rows["subject"] == "A"].set_index("priority")

    assert rows["unmet_static"].to_dict() == pytest.approx({"defence": 10.0, "civil": 40.0})
    assert rows["unmet"].to_dict() == pytest.approx({"defence": 10.0, "civil": 40.0})


def random_plan(seed: int) -> Plan | None:
    """The plan of a random instance, if it has one."""
    head, tables = random_instances.random_instance(seed)
    frames = {name: pd.DataFrame(rows) for name, rows in tables.items()}
    try:
        return planner.solve(planner.from_frames(head, frames), gap=0.0, time_limit=20.0).plan
    except NoPlanError:
        return None


PLANS = {seed: plan for seed in SEEDS if (plan := random_plan(seed)) is not None}


def second(plan: Plan) -> str:
    """The second period of a plan."""
    return str(sorted(set(plan.demand["period"].astype(str)))[1])


def test_there_are_plans_to_lose_from() -> None:
    """Otherwise the tests below would be empty."""
    assert len(PLANS) > 6
    assert len(FREE) > 1
    assert any(plan.is_mip for plan in PLANS.values())
    assert any((plan.demand["priority"] == "").any() for plan in PLANS.values())


@pytest.mark.parametrize("seed", PLANS)
def test_every_loss_is_what_the_branch_solved_whole_gives(seed: int) -> None:
    """The fast way changes bounds of one kept model; the branch is built from tables, solved and verified."""
    plan, start = PLANS[seed], second(PLANS[seed])
    kept = Recourse(shared(plan, start))

    for loss in subjects(plan, ["place", "site", "lane"], start)[::3]:
        row = disruption(plan.instance, title(loss))
        whole = planner.solve(planner.branch(plan, start, loss=[row]), gap=0.0).plan
        found = kept.lose([loss])
        assert verify(whole).ok
        assert found["cost"] + found["unmet_cost"] == pytest.approx(whole.objective, rel=1e-6, abs=1e-3)


FREE = [
    seed
    for seed, plan in PLANS.items()
    if plan.unmet == 0 and plan.instance.tables["stockpiles"]["release_rate"].isna().all()
]
"""Plans without unmet demand and without rates of stock, which a disruption does not scale."""


@pytest.mark.parametrize("seed", FREE)
def test_time_to_survive_is_the_longest_that_can_be_solved(seed: int) -> None:
    """The branch cut off after the period, its last period counting f times and all demand met: it has a plan for a
    little less than the time to survive, and none for a little more.
    """
    plan, start = PLANS[seed], second(PLANS[seed])
    kept = Recourse(shared(plan, start))
    for loss in subjects(plan, ["place"], start):
        time = kept.lose([loss])["survives"]
        if np.isinf(time):
            continue
        whole, fraction = int(time), time - int(time)
        row = disruption(plan.instance, title(loss))
        assert survived(plan, start, row, whole, max(fraction - 1e-4, 0.0))
        assert not survived(plan, start, row, whole, fraction + 1e-3)


def survived(plan: Plan, start: str, loss: dict[str, str], whole: int, fraction: float) -> bool:
    """Whether all demand can be met in so many periods and this fraction of the next."""
    left = planner.branch(plan, start, loss=[loss])
    head, tables = left.header, {name: left[name] for name in left.tables}
    last = sorted(set(plan.demand["period"].astype(str)))[1 + whole]
    scaled = {"scenario": "loss", "line": "part", "from": last, "until": last, "keeps": fraction}
    usual = dict.fromkeys(("place", "owner", "site", "group", "material", "stage", "activity", "to"), "")
    part = pd.DataFrame([{**usual, **scaled, "price_factor": 1.0, "demand_factor": fraction}])
    tables["disruptions"] = pd.concat([tables["disruptions"], part], ignore_index=True)
    tables["demands"] = tables["demands"].assign(priority="")
    tables["priorities"] = tables["priorities"].iloc[:0]
    header = head.model_copy(update={"periods": whole + 1})
    return planner.solve(planner.from_frames(header, tables)).found is not None


@pytest.mark.parametrize("seed", PLANS)
def test_static_is_what_a_second_computation_gives(seed: int) -> None:
    """Cell after cell in plain Python, loss after loss."""
    plan, start = PLANS[seed], second(PLANS[seed])
    static = Static(plan, 1)
    sites = plan.instance.tables["sites"]
    for kind in ("place", "site"):
        for name in sorted(set(sites[kind]) - {""}):
            gone = set(sites.loc[sites[kind] == name, "site"])
            wanted = delivered(plan, start, gone)
            hit = replace(everything_of(static.parts, name), begins=1)
            found = static.after([Disrupted(static.parts, [hit])]).consumed[0]
            keys = (
                plan.demand[["site", "material", "period", "priority"]].astype(str).itertuples(index=False, name=None)
            )
            assert found == pytest.approx(np.array([wanted[key] for key in keys]), rel=1e-6, abs=1e-5)


@pytest.mark.parametrize("seed", list(PLANS)[:3])
def test_the_worst_pair_and_triple_are_those_of_every_set(seed: int) -> None:
    """Every set of three sites or fewer, each solved by itself."""
    plan, start = PLANS[seed], second(PLANS[seed])
    kept = Recourse(shared(plan, start))
    search = planner.worst_losses(plan, 3, start, "site")
    every = sorted(plan.instance.tables["sites"]["site"])
    for size in (1, 2, 3):
        most = max(
            kept.least([("site", name) for name in chosen])["value"]
            for count in range(size + 1)
            for chosen in combinations(every, count)
        )
        row = search.losses.iloc[size - 1]
        assert row["unmet_value"] == pytest.approx(most, rel=1e-6, abs=1e-3)
        assert row["solved"] <= row["sets"] + 2


def test_least_unmet_demand_is_that_of_a_plan_in_which_nothing_else_costs() -> None:
    """Free ore: what the pair leaves unmet, 50 − 20 from C, is all that the branch costs."""
    trade = Trade()
    trade.unmet(100.0)
    for site, capacity in (("A", 30.0), ("B", 25.0), ("C", 20.0)):
        trade.site(site)
        trade.seller(site, 0.0, capacity=capacity)
    trade.demand(50.0, priority="civil")
    plan = trade.plan()

    found = planner.worst_losses(plan, 2, by="site")
    branch = planner.branch(plan, loss=[disruption(plan.instance, name) for name in ("A", "B")])

    assert found.losses["subjects"].tolist() == ["A", "A; B"]
    assert found.losses["unmet_value"].tolist() == pytest.approx([500.0, 3000.0])
    assert planner.solve(branch).plan.objective == pytest.approx(3000.0)
    assert "A and B" in found.summary


def test_a_scenario_is_replayed() -> None:
    """A keeps nothing from 2002 on, when B costs double: 20 t unmet; static 50 − 10 in stock."""
    trade = stocked()
    trade.tables["stockpiles"][0].update(final=10.0)
    trade.add("scenarios", scenario="halt", start="2002")
    trade.add("disruptions", scenario="halt", line="1", owner="Alpha")
    trade.add("disruptions", scenario="halt", line="2", owner="Beta", price_factor=2.0)

    found = planner.replay(trade.plan(), "halt")

    assert found.start == "2002"
    assert found.demand["unmet"].sum() == pytest.approx(10.0)
    assert found.demand["unmet_static"].sum() == pytest.approx(40.0)
    assert found.cost == pytest.approx(30 * 40.0 - 40 * 10.0)
    assert verify(found.recourse).ok
    assert "halt from 2002 on leaves 40 t" in found.summary
    assert "<table" in found._repr_html_()


def test_scenarios_in_a_row_are_what_each_is_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A keeps half, nothing, and nothing a year earlier: as each by itself; the command tells the worst first."""
    trade = stocked()
    for name, start, keeps in (("half", "2002", 0.5), ("halt", "2002", 0.0), ("all", "", 0.0)):
        trade.add("scenarios", scenario=name, start=start)
        trade.add("disruptions", scenario=name, line="1", owner="Alpha", keeps=keeps)
    plan = trade.plan()

    found = list(planner.replays(plan, ["half", "halt", "all"]))

    for one in found[1:]:
        alone = solve(branch(plan, one.start, one.scenario)).plan
        assert one.recourse.objective == pytest.approx(alone.objective)
        assert one.unmet[1] == pytest.approx(alone.unmet / one.demand["demand"].sum())
    runs.write_input(plan.instance, tmp_path / "mine")
    assert main(["exposure", str(tmp_path / "mine"), "--scenarios"]) == 0
    told = capsys.readouterr().out.partition("worst first")[2]
    assert told.index("all") < told.index("halt") < told.index("half")


def test_a_loss_as_a_plan_is_verified_and_named() -> None:
    """The recourse of the worst loss is a plan like any other."""
    found = planner.exposure(stocked().plan(), by=["owner"])

    plan = found.recourse("Alpha").plan

    assert plan.unmet == pytest.approx(30.0)
    assert "Alpha" in found.summary
    assert found.coverage.loc[0, "coverage"] == pytest.approx(0.7)
    with pytest.raises(SettingsError, match="no place, owner, site or group 'Gamma'"):
        found.recourse("Gamma")


@pytest.mark.parametrize(
    ("options", "told"),
    [({"start": "1999"}, "whose periods are 2001 to 2002"), ({"by": ["ship"]}, "one of place, owner, site, lane")],
)
def test_what_cannot_be_asked_is_told(options: dict[str, Any], told: str) -> None:
    """A period and a kind that do not exist."""
    with pytest.raises(SettingsError, match=told):
        planner.exposure(stocked().plan(), **options)


def test_allied_magnets_without_china_and_what_is_lost_by_itself() -> None:
    """Static equals the second computation on real data; defence is served first after re-routing."""
    plan = planner.solve(planner.load("allied-magnets")).plan
    found = planner.exposure(plan, "2030", ["place"])
    rows = found.priorities.loc[found.priorities["subject"] == "CHN"].set_index("priority")
    sites = plan.instance.tables["sites"]
    second_time = delivered(plan, "2030", set(sites.loc[sites["place"] == "CHN", "site"]))
    late = plan.demand.loc[plan.demand["period"].astype(str) >= "2030"]
    kept = sum(amount for (_, _, period, _), amount in second_time.items() if period >= "2030")

    assert found.losses.iloc[0]["subject"] == "CHN"
    assert rows["unmet"]["defence"] == pytest.approx(0.0, abs=1e-3)
    assert rows["unmet_static"].sum() == pytest.approx(late["demand"].sum() - kept, rel=1e-6)
