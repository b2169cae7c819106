"""Frontiers: hand-solved, against dense grids of cold solves, on both sides of every end."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import planner
from planner.analysis.axis import cover_axis, rule_axis
from planner.analysis.changes import Change, changed
from planner.analysis.duality import Proof
from planner.analysis.frontier import Frontier
from planner.analysis.study import Study
from planner.analysis.unmetwalk import Price
from planner.cli import main
from planner.errors import NoPlanError, SettingsError
from tests.builders import Trade


def cold(instance: planner.Instance, change: Change) -> planner.Outcome:
    """A cold solve of the changed tables."""
    return planner.solve(changed(instance, [change]), gap=0.0)


def between(found: Frontier, value: float) -> float:
    """Cost on the straight line between the neighbouring points."""
    order = found.points.sort_values("limit")
    return float(np.interp(value, order["limit"], order["cost"]))


def sellers(rule: str = "max_share", limit: float = 0.8, **cells: object) -> Trade:
    """100 t a year for two years; A 90 t at 10, B 60 t at 14, C 40 t at 25, D at 60."""
    trade = Trade(periods=2)
    for place, price, capacity in (("A", 10, 90), ("B", 14, 60), ("C", 25, 40), ("D", 60, None)):
        trade.site(f"mine {place}", place=place)
        trade.seller(f"mine {place}", price, capacity=capacity)
    trade.demand(100)
    trade.rule(rule, limit, **{"base": "demand" if rule.endswith("share") else "", **cells})
    return trade


def instance_of(trade: Trade) -> planner.Instance:
    """The tables, checked."""
    return planner.from_frames(trade.header, trade.tables)


def test_the_tutorial_by_hand() -> None:
    """A sells 60 t at 310 and 60 t at 350, B 80 t at 440; no third country above s of 100 t a year, two years.

    From 100 % to 60 % each point moves 1 t a year from 350 to 440: 180. From 60 % on from 310: 260. Below 50 % the two
    countries together may not deliver 100 t. Farthest below the line from 65,200 to 75,000 is 72,400 at 60 %.
    """
    found = planner.frontier(planner.load("tutorial"), "country-cap")
    rows = found.points.set_index("limit")
    assert rows.index.tolist() == pytest.approx([1.0, 0.65, 0.6, 0.5])
    assert rows["cost"].tolist() == pytest.approx([65200.0, 71500.0, 72400.0, 75000.0])
    assert rows["marginal"].tolist()[:-1] == pytest.approx([18000.0, 18000.0, 26000.0])
    assert rows["breakpoint"].tolist() == ["no", "no", "yes", "no"]
    assert found.exact and found.knee == pytest.approx(0.6)
    assert found.reason == "there is no plan" and found.beyond == pytest.approx(0.5, abs=1e-5)
    tutorial = planner.load("tutorial")
    assert cold(tutorial, rule_axis(tutorial, "country-cap").at(found.beyond)).found is None
    assert "exact" in found.summary and "the knee is at 60 %" in found.summary


@pytest.mark.parametrize(
    "trade",
    [
        sellers(),
        sellers("min_share", 0.1, subject="D"),
        sellers("max_quantity", 70, subject="A"),
        sellers("min_quantity", 5, subject="C;D"),
        sellers("max_share", 0.6, per="year"),
        sellers("max_spend", 900, subject="B"),
    ],
    ids=["share", "floor", "quantity", "least", "year", "spend"],
)
def test_between_the_points_the_cost_is_the_line_on_a_dense_grid(trade: Trade) -> None:
    """Nine values, each a cold solve of the changed tables: the cost is the line's, every kink is a point."""
    instance = instance_of(trade)
    found = planner.frontier(instance, "rule", gap=0.0)
    axis = rule_axis(instance, "rule")
    assert found.exact
    values = np.linspace(found.points["limit"].min(), found.points["limit"].max(), 9)
    costs = np.array([cold(instance, axis.at(value)).plan.objective for value in values])
    assert costs == pytest.approx([between(found, value) for value in values], rel=1e-7)
    for plan, row in zip(found.plans, found.points.to_dict("records"), strict=True):
        assert plan.status == "optimal" and plan.objective == row["cost"]
    slopes = found.points["marginal"].to_numpy()[:-1]
    turns = sum(not np.isclose(*pair, rtol=1e-5) for pair in pairwise(slopes))
    assert (found.points["breakpoint"] == "yes").sum() == turns


def test_every_breakpoint_of_the_share_cap_by_hand() -> None:
    """A from 90 to 60 t is replaced by B: 2 years · 4 a tonne. Then B is full at its own cap: both give way.

    100 % to 90 %: A has no more than 90 t, nothing changes. To 50 %: B takes what A gives up: 8 a tonne of A.
    From 50 % (A 50, B 50) both give way to C: 2·(15 + 11) = 52 a point, till C too is at the cap, at 1/3; then D: A, B
    and C give way, 2·(50 + 46 + 35) = 262 a point, till all are at 25 %.
    """
    found = planner.frontier(instance_of(sellers()), "rule")
    turns = found.points.loc[found.points["breakpoint"] == "yes", ["limit", "cost"]]
    rows = pd.concat([found.points[["limit", "cost"]].iloc[:1], turns, found.points[["limit", "cost"]].iloc[-1:]])
    assert rows["limit"].tolist() == pytest.approx([0.9, 0.5, 1 / 3, 0.25])
    assert rows["cost"].tolist() == pytest.approx([2080.0, 2400.0, 2400 + 52 * 50 / 3, 2400 + 2600 / 3 + 262 * 25 / 3])
    assert found.reason == "there is no plan"


def test_a_rule_that_is_phased_in_moves_as_a_whole_and_stops_at_its_bounds() -> None:
    """Rows of 90 % and 70 %: at 85 % for the last one, the first is at its most, 100 %."""
    trade = sellers(limit=0.9, **{"from": "2001", "until": "2001"})
    trade.rule("max_share", 0.7, base="demand", **{"from": "2002"})
    instance = instance_of(trade)
    axis = rule_axis(instance, "rule")
    assert (axis.here, axis.now) == (0.7, (0.9, 0.7))
    assert axis.at(0.85).values == (1.0, 0.85)
    assert axis.at(0.1).values == pytest.approx((0.3, 0.1))
    found = planner.frontier(instance, "rule")
    values = np.linspace(found.points["limit"].min(), found.points["limit"].max(), 8)
    costs = [cold(instance, axis.at(value)).plan.objective for value in values]
    assert costs == pytest.approx([between(found, value) for value in values], rel=1e-7)


def test_quantities_are_scaled() -> None:
    """80 t and 40 t: half of the last is half of both."""
    trade = sellers("max_quantity", 80, subject="A", **{"until": "2001"})
    trade.rule("max_quantity", 40, subject="A", base="", **{"from": "2002"})
    axis = rule_axis(instance_of(trade), "rule")
    assert axis.at(20.0).values == (40.0, 20.0)


def test_a_base_that_moves_is_not_called_exact() -> None:
    """Unmet demand at 40 a tonne leaves a base of consumption: the cost is no chord; every point is a cold solve's.

    The gap that is shown holds what the dense grid finds.
    """
    trade = sellers("max_share", 0.8, base="consumption", market_pool="together")
    trade.tables["demands"][0]["priority"] = "civil"
    trade.unmet(30.0)
    instance = instance_of(trade)
    found = planner.frontier(instance, "rule", between=(0.05, 0.5), points=8)
    axis = rule_axis(instance, "rule")
    assert not found.exact
    assert found.points["unmet"].max() > 0
    for row in found.segments.to_dict("records"):
        if row["gap"] != row["gap"]:
            continue
        for value in np.linspace(row["from"], row["to"], 4)[1:-1]:
            cost = cold(instance, axis.at(value)).plan.objective
            assert abs(cost - between(found, value)) <= row["gap"] + 1e-6


def test_what_prices_prove_is_never_above_the_least_cost() -> None:
    """Every pair of limits of the tutorial and of a moving base: bound ≤ cost, and met at the own limit."""
    moving = sellers("max_share", 0.8, base="consumption", market_pool="together")
    moving.tables["demands"][0]["priority"] = "civil"
    moving.unmet(30.0)
    for instance in (instance_of(sellers()), instance_of(moving)):
        study, nodes = Study(instance), []
        for value in np.linspace(0.3, 1.0, 5):
            study.apply(rule_axis(instance, "rule").at(float(value)))
            solved = study.resolve()
            proof = Proof.of(study.kept.matrix, study.kept.assembled.network, solved)
            assert proof is not None
            nodes.append((solved.objective, proof))
            study.undo()
        for cost, proof in nodes:
            assert proof.bound(proof) == pytest.approx(cost)
            assert all(proof.bound(other) <= cost + 1e-9 for _, other in nodes)


def test_yes_or_no_decisions_are_spaced_evenly() -> None:
    """A charge of 500 on B: nine points, each the plan of a cold solve; nothing is said of what lies between."""
    trade = sellers()
    trade.tables["offers"][1]["fixed_cost"] = 500.0
    instance = instance_of(trade)
    found = planner.frontier(instance, "rule", between=(0.4, 1.0), gap=0.0)
    assert set(np.round(np.linspace(0.4, 1.0, 9), 6)) <= set(found.points["limit"].round(6))
    assert not found.exact and found.segments["gap"].isna().all()
    for row in found.points.to_dict("records"):
        assert row["cost"] == pytest.approx(cold(instance, rule_axis(instance, "rule").at(row["limit"])).plan.objective)
    assert "not proven" in found.summary


def test_a_number_of_suppliers_is_whole() -> None:
    """One supplier: D alone can; two, three: from the least cost of each number by a cold solve."""
    instance = instance_of(sellers("max_suppliers", 2, base=""))
    found = planner.frontier(instance, "rule", gap=0.0)
    limits = found.points["limit"].tolist()
    assert limits == sorted(map(float, set(map(int, limits))), reverse=True) and limits[-1] == 1.0
    for row in found.points.to_dict("records"):
        assert row["cost"] == pytest.approx(cold(instance, rule_axis(instance, "rule").at(row["limit"])).plan.objective)
    assert found.beyond == 0.0


def stocked() -> planner.Instance:
    """A factory that uses 365 t in the first year and 730 t from the second on; stock of 0.1 a tonne, 600 t at most."""
    trade = Trade(periods=3)
    trade.seller("mine", 10)
    trade.demand(365, period="2001")
    trade.demand(730, period="2002")
    trade.demand(730, period="2003")
    trade.stockpile(capacity=900, holding_cost=0.1, cover_days=30, final=0)
    return planner.from_frames(trade.header, trade.tables)


def test_days_of_cover_on_a_dense_grid() -> None:
    """A day is 2 t: the frontier ends where 900 t are full, at 450 days; the line holds at every value between."""
    instance = stocked()
    found = planner.frontier(instance, cover="market")
    axis = cover_axis(instance, "market")
    assert found.points["limit"].iloc[0] == 1.0 and found.points["limit"].iloc[-1] == pytest.approx(450.0, rel=1e-5)
    assert found.exact and not found.falling
    for value in np.linspace(1.0, 449.0, 6):
        assert cold(instance, axis.at(value)).plan.objective == pytest.approx(between(found, value), rel=1e-7)


def test_it_ends_where_more_demand_goes_unmet() -> None:
    """Unmet demand costs 1,000 a tonne: below 25 % four sellers cannot deliver all; asked for, it goes on."""
    trade = sellers()
    trade.tables["demands"][0]["priority"] = "civil"
    trade.unmet(1000.0)
    instance = instance_of(trade)
    found = planner.frontier(instance, "rule")
    assert found.reason == "more demand goes unmet"
    assert found.points["limit"].iloc[-1] == pytest.approx(0.25, abs=1e-5)
    further = planner.frontier(instance, "rule", between=(0.1, 0.5))
    assert further.points["unmet"].iloc[-1] == pytest.approx(2 * 60.0)


def rationed() -> planner.Instance:
    """Sellers of two years, and demand that may go unmet."""
    trade = sellers()
    trade.tables["demands"][0]["priority"] = "civil"
    trade.unmet(1000.0)
    return instance_of(trade)


def test_unmet_demand_by_hand_and_on_a_grid_of_prices() -> None:
    """200 t of demand, at most 80 t a year of each: A 80 t at 10, B 20 t at 14, every year, is all of it.

    So the line from 200 t unmet falls by 10 a tonne until A is full at 40 t unmet (1,600), then by 14: 2,160 at 0.
    """
    instance = rationed()
    found = planner.frontier(instance, unmet=True, gap=0.0)
    assert found.points["limit"].tolist() == pytest.approx([200.0, 40.0, 0.0])
    assert found.points["cost"].tolist() == pytest.approx([0.0, 1600.0, 2160.0])
    assert found.points["marginal"].tolist()[:-1] == pytest.approx([10.0, 14.0])
    assert found.points["breakpoint"].tolist() == ["no", "yes", "no"] and found.exact
    assert found.knee == pytest.approx(40.0) and "unmet demand" in found.summary
    order = found.points.sort_values("limit")
    for price in (5.0, 11.0, 13.0, 20.0):
        plan = cold(instance, Price(price)).plan
        best = (order["cost"] + price * order["limit"]).min()
        assert plan.objective == pytest.approx(best)


def test_faults_are_told() -> None:
    """What there is not, with what may be meant; a frontier of nothing, of no width, without a plan."""
    instance = planner.load("tutorial")
    with pytest.raises(SettingsError, match="did you mean 'country-cap'"):
        planner.frontier(instance, "contry-cap")
    with pytest.raises(SettingsError, match="one thing"):
        planner.frontier(instance)
    with pytest.raises(SettingsError, match="no stockpile"):
        planner.frontier(instance, cover="factory")
    with pytest.raises(SettingsError, match="between two limits"):
        planner.frontier(instance, "country-cap", between=(0.5, 0.5))
    with pytest.raises(SettingsError, match="65 is no limit of country-cap"):
        planner.frontier(instance, "country-cap", between=(0.5, 65.0))
    with pytest.raises(NoPlanError, match="even with country-cap"):
        planner.frontier(instance, "country-cap", between=(0.3, 0.4))


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    """In words, as one document, and no plan as exit code 4."""
    assert main(["frontier", "tutorial", "--rule", "country-cap"]) == 0
    told = capsys.readouterr().out
    assert "knee" in told and "as it is" in told and "260" in told
    assert main(["frontier", "tutorial", "--rule", "country-cap", "--json", "--between", "0.5:0.7"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [row["limit"] for row in document["points"]] == pytest.approx([0.7, 0.65, 0.6, 0.5])
    assert document["exact"] is True and document["knee"] == pytest.approx(0.6)
    assert main(["frontier", "tutorial", "--rule", "country-cap", "--between", "0.1:0.2"]) == 4
    assert main(["frontier", "tutorial", "--rule", "country-cap", "--between", "half"]) == 2
    assert main(["frontier", "tutorial"]) == 2


def test_a_report_takes_a_frontier(tmp_path: Path) -> None:
    """The section, its points and the plan's own limit, from one flag."""
    file = tmp_path / "report.html"
    assert main(["report", "tutorial", "--frontier", "country-cap", "--out", str(file)]) == 0
    text = file.read_text("utf-8")
    assert 'id="frontier"' in text and "From 100 to 50 % costs 9,800 USD" in text
    assert main(["report", "tutorial", "--frontier", "cap", "--out", str(file)]) == 2
