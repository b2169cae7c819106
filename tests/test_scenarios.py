"""Disruptions bracketed by duals and blocks, against solving every one of them."""

from typing import Any

import numpy as np
import pytest

from planner.executor import in_order, run
from planner.generate import network
from planner.kept import Kept
from planner.read import from_frames
from planner.scenarios import Disruption, Scenarios
from planner.settings import Settings
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
    """A network by lot of two chains, joined by a cap on owners over a whole stage."""
    return Kept(from_frames(*network(9_000)))


def test_brackets_hold_on_random_instances() -> None:
    """Low ≤ exact ≤ high for each, ranks and infeasible ones too; some brackets are narrower than nothing known."""
    narrow = 0
    for seed in range(40):
        kept = Kept(from_frames(*random_instance(seed, integers=False)))
        if len(kept.assembled.network.hhi.cells) or not kept.solve().has_point:
            continue
        study = Scenarios(kept)
        for scenario in lost(kept, seed, 4):
            bracket, exact = study.bracket(scenario), study.cost(scenario)
            assert bracket.low <= exact + SAME * max(1.0, abs(exact)), scenario
            assert exact <= bracket.high + SAME * max(1.0, abs(exact)), scenario
            narrow += np.isfinite(bracket.high)
    assert narrow > 40


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


def test_a_scenario_leaves_nothing_behind() -> None:
    """The same cost to the last bit in any order, and the base plan afterwards."""
    kept = two_chains()
    base = kept.solve()
    study, drawn = Scenarios(kept), lost(kept, 2, 6)
    forwards = [study.cost(scenario) for scenario in drawn]
    backwards = [study.cost(scenario) for scenario in reversed(drawn)]
    assert forwards == backwards[::-1]
    assert np.abs(kept.solve().values - base.values).max() <= 1e-6 * np.abs(base.values).max()


def prepare(shared: dict[str, Any]) -> Scenarios:
    """A worker's own kept model."""
    return Scenarios(Kept(from_frames(*network(shared["columns"]))))


def solve(study: Scenarios, scenario: Disruption) -> dict[str, float]:
    """One scenario, exactly."""
    return {"cost": study.cost(scenario)}


def test_workers_give_what_one_alone_gives() -> None:
    """Two processes, each with a kept model of its own: the same numbers as here, to the last bit."""
    kept = two_chains()
    study, drawn = Scenarios(kept), lost(kept, 3, 6)
    found = run(solve, {"columns": 9_000}, drawn, prepare=prepare, settings=Settings(workers=2))
    costs = {finished.task.name: finished.result["cost"] for finished in in_order(found)}
    assert costs == {scenario.name: study.cost(scenario) for scenario in drawn}
