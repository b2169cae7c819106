"""Disruptions bracketed by duals and blocks, against solving every one of them."""

from typing import Any

import numpy as np
import pytest

from planner.executor import in_order, run
from planner.generate import network
from planner.read import from_frames
from planner.settings import Settings
from planner.solving.kept import Kept
from planner.solving.scenarios import Bracket, Disruption, Scenarios
from tests.builders import Trade
from tests.random_instances import random_instance

SAME = 1e-7


def lost(kept: Kept, seed: int, count: int) -> list[Disruption]:
    """Random sites lost in random periods, in whole or in half."""
    rng, matrix = np.random.default_rng(seed), kept.matrix
    sold, activity = matrix.column_span("flow.sold"), matrix.column_span("processing.activity")
    site = np.concatenate([sold.index.codes[0], kept.assembled.parts.process_site[activity.index.codes[0]]])
    t = np.concatenate([sold.index.codes[3], activity.index.codes[1]])
    columns = np.concatenate([np.arange(span.start, span.stop) for span in (sold, activity)])
    found = []
    for number in range(count):
        gone = (site == rng.choice(site)) & (t >= rng.choice(t))
        keeps = float(rng.choice([0.0, 0.5]))
        upper = keeps * np.nan_to_num(matrix.col_upper[columns[gone]], posinf=0.0)
        found.append(Disruption(f"{seed}.{number}", columns[gone], np.zeros(int(gone.sum())), upper))
    return found


def two_chains() -> Kept:
    """Three years of a network by lot of two chains, joined by a cap on owners over a whole stage."""
    head, tables = network(9_000)
    demands = tables["demands"]
    tables["demands"] = demands.loc[demands["period"] < "2030"]
    return Kept(from_frames(head.model_copy(update={"periods": 3}), tables))


def two_trades(**civil: Any) -> Kept:
    """Alpha from Y at 10; beta from X at 10 or from Y at 20; 100 t of each; X has half of all that is consumed."""
    trade = Trade()
    trade.site("market")
    for site, material, owner, price in (("y", "alpha", "Y", 10), ("x", "beta", "X", 10), ("yy", "beta", "Y", 20)):
        trade.site(site, owner=owner)
        trade.seller(site, price, material, capacity=100.0)
    for material in ("alpha", "beta"):
        trade.demand(100.0, material=material, **civil)
    if civil:
        trade.unmet(1_000.0)
    pools = {"pool": "together", "market_pool": "together"}
    trade.rule("max_share", 0.5, subject_by="owner", subject="X", base="consumption", **pools)
    return Kept(from_frames(trade.header, trade.tables))


def sells(kept: Kept, site: str, most: float) -> Disruption:
    """A site sells no more than so many tonnes."""
    span, mass = kept.matrix.column_span("flow.sold"), kept.assembled.network.unit_mass
    columns = span.start + kept.find(span, d0=site)
    return Disruption(f"{site} {most:g}", columns, np.zeros(len(columns)), np.full(len(columns), most / mass))


def test_who_is_crowded_out_of_a_share_is_made_room_for() -> None:
    """Alpha lost by half, X may supply 75 of 150 t: 500 + 50,000 unmet, and beta of 75 t at 10 and 25 at 20.

    Alpha alone, in its share of the cap, has no plan: beta is cheapest with 100 t from X, which takes alpha's 100 t.
    """
    kept = two_trades(priority="civil")
    study, half = Scenarios(kept), sells(kept, "y", 50.0)
    assert study.base.objective * study.unit == pytest.approx(2_000.0)
    assert study.high(half) == pytest.approx(500.0 + 50_000.0 + 1_250.0)
    assert study.cost(half) == pytest.approx(51_750.0)
    assert 2_000.0 <= study.low(half) <= 51_750.0


def test_what_has_no_plan_is_told_without_solving_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Demand that must be met, and half of its only source: the rows of alpha alone tell; it is the worst of all."""
    kept = two_trades()
    study, half, dear = Scenarios(kept), sells(kept, "y", 50.0), sells(kept, "x", 50.0)
    assert study.cost(half) == np.inf
    assert study.cost(dear) == pytest.approx(1_000.0 + 500.0 + 1_000.0)
    monkeypatch.setattr(study, "_solved", None)
    assert study.bracket(half) == Bracket("y 50", np.inf, np.inf)
    assert study.bracket(half).has_no_plan
    worst, _ = study.worst([dear, half], 1)
    assert [bracket.name for bracket in worst] == ["y 50"]


def test_brackets_hold_on_random_instances() -> None:
    """Low ≤ exact ≤ high for each, ranks and infeasible ones too; some brackets are narrower than nothing known."""
    narrow = 0
    for seed in range(14):
        kept = Kept(from_frames(*random_instance(seed, integers=False)))
        if len(kept.assembled.network.hhi.cells) or not kept.solve().has_point:
            continue
        study = Scenarios(kept)
        for scenario in lost(kept, seed, 4):
            bracket, exact = study.bracket(scenario), study.cost(scenario)
            assert bracket.low <= exact + SAME * max(1.0, abs(exact)), scenario
            assert exact <= bracket.high + SAME * max(1.0, abs(exact)), scenario
            narrow += np.isfinite(bracket.high)
    assert narrow > 20


def test_brackets_hold_where_ranks_are_served_first() -> None:
    """Leaving demand of a rank unmet to save money is no plan, and a rank may be held at more than before."""
    met = short = 0
    for seed in (*range(300, 312), 313, 329):
        kept = Kept(from_frames(*random_instance(seed, ranks=2, integers=False)))
        solved = kept.solve()
        if len(kept.assembled.network.hhi.cells) or not solved.has_point:
            continue
        study = Scenarios(kept)
        for scenario in lost(kept, seed, 4):
            bracket, exact = study.bracket(scenario), study.cost(scenario)
            assert bracket.low <= exact + SAME * max(1.0, abs(exact)), scenario
            assert exact <= bracket.high + SAME * max(1.0, abs(exact)), scenario
        short += any(solved.held.values())
        met += not any(solved.held.values())
    assert met > 5 and short >= 2


def test_scenarios_go_on_after_a_lost_race() -> None:
    """The kept object may be another one after a solve; the same cost to the last bit."""
    kept = Kept(from_frames(*random_instance(3, integers=False)))
    kept.solve()
    study, drawn = Scenarios(kept), lost(kept, 0, 3)
    before = [study.cost(scenario) for scenario in drawn]
    kept.session = kept._session()
    assert [study.cost(scenario) for scenario in drawn] == before


def test_two_scenarios_of_one_name_are_refused() -> None:
    """Neither is dropped in silence."""
    kept = Kept(from_frames(*random_instance(3, integers=False)))
    one, other = lost(kept, 0, 2)
    with pytest.raises(ValueError, match="one name"):
        Scenarios(kept).worst([one, Disruption(one.name, other.columns, other.lower, other.upper)], 2)


def test_the_worst_are_those_of_solving_all() -> None:
    """Five of thirty, with fewer exact solves than thirty."""
    kept = two_chains()
    study, drawn = Scenarios(kept), lost(kept, 1, 30)
    worst, brackets = study.worst(drawn, 5)
    costs = {scenario.name: study.cost(scenario) for scenario in drawn}
    expected = sorted(costs.values(), reverse=True)[:5]
    assert [bracket.high for bracket in worst] == pytest.approx(expected, rel=1e-9)
    assert sum(bracket.exact for bracket in brackets) < 30
    for scenario, bracket in zip(drawn, brackets, strict=True):
        assert bracket.name == scenario.name
        assert bracket.low <= costs[scenario.name] * (1 + SAME)
        assert costs[scenario.name] <= bracket.high * (1 + SAME)
    assert sum(bracket.low > study.low(scenario) for scenario, bracket in zip(drawn, brackets, strict=True)) > 5


def test_a_scenario_leaves_nothing_behind() -> None:
    """The same cost to the last bit in any order, and the base plan afterwards."""
    kept = two_chains()
    base = kept.solve()
    study, drawn = Scenarios(kept), lost(kept, 2, 6)
    forwards = [study.cost(scenario) for scenario in drawn]
    backwards = [study.cost(scenario) for scenario in reversed(drawn)]
    assert forwards == backwards[::-1]
    assert np.abs(kept.solve().values - base.values).max() <= 1e-6 * np.abs(base.values).max()


def prepare(_: None) -> Scenarios:
    """A worker's own kept model."""
    return Scenarios(two_chains())


def solve(study: Scenarios, scenario: Disruption) -> dict[str, float]:
    """One scenario, exactly."""
    return {"cost": study.cost(scenario)}


def test_workers_give_what_one_alone_gives() -> None:
    """Two processes, each with a kept model of its own: the same numbers as here, to the last bit."""
    kept = two_chains()
    study, drawn = Scenarios(kept), lost(kept, 3, 6)
    found = run(solve, None, drawn, prepare=prepare, settings=Settings(workers=2))
    costs = {finished.task.name: finished.result["cost"] for finished in in_order(found)}
    assert costs == {scenario.name: study.cost(scenario) for scenario in drawn}
