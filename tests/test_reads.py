"""Checks of a changed instance: run again wherever something that they read is another, and nowhere else."""

import random
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import planner
from planner.analysis.changes import changed
from planner.checks.context import Network
from planner.checks.reads import Again, Memory
from planner.errors import InputError, Problem
from planner.findings import Findings
from planner.instance import Instance
from tests.builders import Trade
from tests.random_instances import random_instance
from tests.test_study import KINDS


def told(instance: Callable[[], Instance]) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Problems and warnings of an instance, without the file that they name."""

    def plain(problems: tuple[Problem, ...]) -> list[tuple[Any, ...]]:
        return [(problem.table, problem.line, problem.column, problem.value, problem.message) for problem in problems]

    try:
        return [], plain(instance().warnings)
    except InputError as error:
        return plain(error.problems), plain(error.warnings)


@pytest.mark.parametrize("seed", range(4))
def test_a_changed_instance_is_told_what_a_fresh_one_is_told(seed: int) -> None:
    """Every kind of change, one upon the other: problems and warnings are those of checks that know nothing before."""
    instance = planner.from_frames(*random_instance(seed, integers=seed % 2 == 0))
    rng, made = random.Random(seed), 0
    for kind in rng.sample(list(KINDS), len(KINDS)):
        change = KINDS[kind](instance, rng)
        if change is None:
            continue

        def fresh(begun: Instance = instance, change: Any = change) -> Instance:
            found = planner.from_frames(begun.header, dict(begun.tables))
            return changed(found, [change])

        def again(begun: Instance = instance, change: Any = change) -> Instance:
            return changed(begun, [change])

        assert told(again) == told(fresh), kind
        try:
            instance, made = again(), made + 1
        except InputError:
            continue
    assert made > 8


def test_wrong_numbers_are_found_after_right_ones() -> None:
    """A share of 65, a group that is none and a window that overlaps, each in turn after an instance without fault."""
    begun = planner.load("tutorial")
    for text, words in (
        ("rules.limit=65", "a fraction"),
        ("lanes.capacity=0", "nothing supplies"),
        ("sites.place=Atlantis", "Atlantis"),
    ):
        study = planner.study(begun)
        for _ in range(2):
            with pytest.raises(InputError, match=words):
                study.apply(text)
        assert study.instance is begun


def two_sellers() -> Instance:
    """Two sellers of ore."""
    trade = Trade()
    trade.seller("a", 10.0, capacity=80.0)
    trade.seller("b", 20.0, capacity=50.0)
    trade.demand(100.0)
    return planner.from_frames(trade.header, trade.tables)


WAYS: dict[str, Callable[[Instance], Any]] = {
    "column": lambda instance: instance.tables["offers"]["price"].sum(),
    "columns": lambda instance: instance.tables["offers"][["site", "price"]].to_numpy(),
    "attribute": lambda instance: instance.tables["offers"].price.max(),
    "rows": lambda instance: instance.tables["offers"][[True, False]],
    "loc": lambda instance: instance.tables["offers"].loc[:, "price"],
    "iloc": lambda instance: instance.tables["offers"].iloc[0],
    "tuples": lambda instance: list(instance.tables["offers"].itertuples()),
    "records": lambda instance: instance.tables["offers"].to_dict("records"),
    "items": lambda instance: [cells.tolist() for _, cells in instance.tables["offers"].items()],
    "copy": lambda instance: instance["offers"]["price"].tolist(),
    "comparison": lambda instance: instance.tables["offers"] == 10.0,
    "joined": lambda instance: pd.concat([instance.tables["offers"], instance.tables["offers"]])["price"],
    "merged": lambda instance: pd.DataFrame({"site": ["a"]}).merge(instance.tables["offers"], on="site"),
    "made a frame": lambda instance: pd.DataFrame(instance.tables["offers"])["price"],
    "every table": lambda instance: [frame.sum() for frame in instance.tables.values()],
    "code": lambda instance: instance.codes["offers", "price"],
    "codes": lambda instance: instance.codes.pick("offers", ["site", "price"]),
}
"""Ways to read the price of an offer."""


def runs(of: Callable[[Again], Any], step: Callable[[Any, Findings], None], *instances: Instance) -> None:
    """The same check of one instance after another, each knowing what was found in the one before."""
    memory: Memory | None = None
    for instance in instances:
        again = Again(instance, memory)
        found = Findings(lambda table, line, column: table)
        again.run(step, of(again), found)
        assert [problem.message for problem in found.warnings] == ["seen"]
        memory = again.now


@pytest.mark.parametrize("way", WAYS)
def test_whatever_way_a_number_is_read_the_check_is_run_again_when_it_is_another(way: str) -> None:
    """Once for each of three prices; not for the same tables, nor where only a demand is another."""
    begun, count = two_sellers(), []

    def step(instance: Instance, found: Findings) -> None:
        WAYS[way](instance)
        count.append(1)
        found.warn("offers", None, "price", "", "seen")

    dear = begun.change("offers", {"site": "a"}, price=11.0)
    runs(lambda again: again.seen, step, begun, dear, begun)
    assert len(count) == 3
    runs(lambda again: again.seen, step, begun, two_sellers())
    assert len(count) == 4
    if way != "every table":
        runs(lambda again: again.seen, step, begun, begun.change("demands", {}, quantity=90.0))
        assert len(count) == 5


def test_lines_that_move_are_seen_by_whoever_tells_them() -> None:
    """A row more before it: the index of a column is read with it."""
    begun, count = two_sellers(), []

    def step(instance: Instance, found: Findings) -> None:
        rows = instance.tables["offers"]
        count.append(rows.index[-1] if len(rows) else 0)
        found.warn("offers", None, "price", "", "seen")

    frame = begun["offers"]
    frame.index = frame.index + 1
    runs(lambda again: again.seen, step, begun, begun.with_tables(offers=frame))
    assert count == [3, 4]


def test_what_follows_from_the_tables_counts_by_what_it_is() -> None:
    """Lanes do not hang on how much is demanded, only on where: a check of lanes is not run again for a quantity."""
    begun, count = two_sellers(), []

    def step(whole: Network, found: Findings) -> None:
        count.append(len(whole.nodes.lanes))
        found.warn("lanes", None, "", "", "seen")

    runs(lambda again: again.whole, step, begun, begun.change("demands", {}, quantity=90.0))
    assert len(count) == 1
    lanes = begun["lanes"]
    runs(lambda again: again.whole, step, begun, begun.with_tables(lanes=lanes.assign(freight=1.0)))
    assert len(count) == 3
