"""Rules on origin against every path from mine to market, and what they cost in columns."""

import pytest

import planner
from tests.origin_paths import least_cost, network


@pytest.mark.parametrize("seed", range(30))
def test_splitting_flows_costs_what_all_paths_cost(seed: int) -> None:
    """The plan with flows split by origin costs as much as the best amounts on all paths from mine to market."""
    header, tables = network(seed)
    plan = planner.solve(planner.from_frames(header, tables)).plan

    assert plan.objective == pytest.approx(least_cost(tables), rel=1e-6)


def test_the_cap_binds_in_most_of_these_networks() -> None:
    """What is compared is not the plan without the rule: in most of the networks the cap costs something."""
    dearer = 0
    for seed in range(30):
        header, tables = network(seed)
        free = {name: rows for name, rows in tables.items() if name != "rules"}
        dearer += least_cost(tables) > 1.0001 * planner.solve(planner.from_frames(header, free)).plan.objective
    assert dearer >= 15
