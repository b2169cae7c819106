"""Generated networks: the same by the same seed, sound, of the size asked for, and planned with its caps in the way."""

from pathlib import Path

import pandas as pd
import pytest

import planner
from planner.cli import main
from planner.generate import network


def test_same_seed_gives_the_same_network() -> None:
    """Every table, to the last bit; another seed gives other prices in the same rows."""
    (_, first), (_, again), (_, other) = network(10_000, 7), network(10_000, 7), network(10_000, 8)
    for name, frame in first.items():
        pd.testing.assert_frame_equal(frame, again[name])
    assert first["offers"]["site"].tolist() == other["offers"]["site"].tolist()
    assert not first["offers"]["price"].equals(other["offers"]["price"])


@pytest.mark.parametrize("seed", [1, 2])
def test_network_is_sound_and_planned(seed: int) -> None:
    """No problem and no warning; about the columns asked for; caps by place and by owner cost something."""
    instance = planner.from_frames(*network(4_600, seed))
    assert instance.warnings == ()
    outcome = planner.solve(instance)
    assert outcome.status == "optimal"
    assert outcome.size["columns"] == pytest.approx(4_600, rel=0.1)
    caps = outcome.plan.tables["rules"]
    assert (caps["binding"] == "yes").any()
    assert outcome.plan.unmet < 0.1 * instance["demands"]["quantity"].sum()


def test_charges_add_yes_or_no_columns_only() -> None:
    """A charge or an award for each offer, oxide lane and metal lane; every other table and cell is the same."""
    (_, plain), (_, charged) = network(10_000), network(10_000, charges=True)
    for name, frame in plain.items():
        pd.testing.assert_frame_equal(frame, charged[name][list(frame)])
    yearly = (charged["offers"]["fixed_cost"] > 0).sum() + (charged["lanes"]["fixed_cost"] > 0).sum()
    assert 10 * yearly == pytest.approx(4_000, rel=0.1)
    assert (charged["offers"]["min_award"] < charged["offers"]["capacity"]).all()


def test_less_than_a_column_is_refused() -> None:
    """A network of no columns is none."""
    with pytest.raises(ValueError, match="at least one column, not 0"):
        network(0)


def test_new_writes_a_generated_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The folder reads as the network of that seed, and a size that is no number is a wrong command line."""
    folder = tmp_path / "large"
    assert main(["new", str(folder), "--generate", "4600", "--seed", "3"]) == 0
    assert "planner solve" in capsys.readouterr().out
    loaded, made = planner.load(folder), planner.from_frames(*network(4_600, 3))
    for name, frame in made.tables.items():
        pd.testing.assert_frame_equal(frame, loaded.tables[name])
    assert main(["new", str(tmp_path / "none"), "--generate", "many"]) == 2
    assert "whole number" in capsys.readouterr().err
