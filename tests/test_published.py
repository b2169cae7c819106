"""Published problems, solved through the planner's own tables to the published optimum."""

from pathlib import Path

import pytest

import planner
from planner.read import from_frames
from tests.published.library import Problem, problems

DATA = Path(__file__).parent / "published" / "data"


@pytest.mark.parametrize("problem", list(problems(DATA)), ids=lambda problem: f"{problem.kind}-{problem.name}")
def test_published_optimum(problem: Problem) -> None:
    """Status and value are the published ones, to 1e-6."""
    case = problem.convert()
    assert case is not None, "every problem that is kept here can be said in tables"

    outcome = planner.solve(from_frames(case.header, case.tables), gap=1e-8)

    if problem.optimum is None:
        assert outcome.status == "infeasible"
    else:
        assert outcome.status == "optimal"
        assert case.value(outcome.plan.objective) == pytest.approx(problem.optimum, rel=1e-6)
