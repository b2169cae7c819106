"""Every instance that says what its plan is, in ``expected.toml``."""

import tomllib
from pathlib import Path

import pytest

import planner

FILES = sorted((Path(__file__).parents[1] / "instances").glob("*/expected.toml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_the_plan_is_as_expected(file: Path) -> None:
    """Status, cost, bound and unmet demand; where the numbers come from stands in the file."""
    expected = tomllib.loads(file.read_text("utf-8"))
    plan = planner.solve(planner.load(file.parent)).plan

    assert plan.status == expected["status"]
    assert plan.objective == pytest.approx(expected["objective"], rel=1e-6)
    assert plan.bound == pytest.approx(expected["bound"], rel=1e-6)
    assert plan.unmet == pytest.approx(expected["unmet"], abs=1e-6)
    assert expected["source"]


def test_there_are_such_files() -> None:
    """The instances that are solved without a name and in the tutorial are among them."""
    assert {file.parent.name for file in FILES} >= {"allied-magnets", "tutorial"}
