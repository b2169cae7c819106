"""``planner robust``: which numbers the advice hangs on, and what all scenarios have in common."""

import argparse
from pathlib import Path
from typing import Any

from planner import terminal
from planner.commands.exposure import rows
from planner.commands.options import BUILT_IN, INSTANCE, given, settings
from planner.commands.why import instance_of
from planner.errors import InputError, Problem
from planner.settings import Settings

HELP = "Which uncertain numbers move cost and advice most; how far one may be wrong; what all scenarios share."


def arguments(command: argparse.ArgumentParser) -> None:
    """Which instance, which number, or the scenarios."""
    command.add_argument("instance", metavar="INSTANCE", nargs="?", default=BUILT_IN, help=INSTANCE)
    number = "how far this number may be wrong before other suppliers are chosen: TABLE[column=cell,…].column"
    command.add_argument("--number", metavar="NUMBER", help=number)
    command.add_argument(
        "--scenarios", action="store_true", help="decisions that the best plans of all scenarios share"
    )
    ranges = "table of low and high ends: table, key, column, low, high (provenance.csv in the instance's folder)"
    command.add_argument("--ranges", metavar="FILE", help=ranges)
    settings(command, "time_limit", "gap")


def run(options: argparse.Namespace) -> int:
    """One of the three questions."""
    from planner.analysis.robust import how_far, no_regret, robust

    instance, chosen = instance_of(options.instance), Settings(**given(options))
    answer: Any
    content: dict[str, Any]
    if options.number is not None:
        table, where, column = _number(options.number, instance.name)
        answer = how_far(instance, table, column, where, settings=chosen)
        ends = {"below": answer.below, "above": answer.above}
        told = {name: end if abs(end) < float("inf") else None for name, end in ends.items()}
        content = {"sentence": answer.sentence, **told, "changes": rows(answer.changes)}
    elif options.scenarios:
        answer = no_regret(instance, settings=chosen)
        content = {
            "sentence": answer.sentence,
            "scenarios": rows(answer.scenarios),
            "decisions": rows(answer.decisions),
        }
    else:
        answer = robust(instance, _ranges(options, instance.name), settings=chosen)
        content = {"sentence": answer.sentence, "cost": answer.cost, "numbers": rows(answer.numbers)}
    if options.json:
        terminal.document(content)
    else:
        terminal.say(repr(answer))
    return 0


def _number(text: str, name: str) -> tuple[str, Any, str]:
    """Table, rows and column of a number, as in a change.

    Raises:
        InputError: it is none.
    """
    from planner.analysis.changes import Set
    from planner.analysis.overrides import read_change

    try:
        change = read_change(f"{text}*=1", name)
    except InputError:
        change = None
    if not isinstance(change, Set) or change.during is not None:
        told = f"'{text}' names no number; write it like offers[site=Baotou].price"
        raise InputError(name, [Problem("robust", None, "number", text, told)])
    return change.table, change.where, change.column


def _ranges(options: argparse.Namespace, name: str) -> Any:
    """The table of low and high ends.

    Raises:
        InputError: there is none, or a column is missing.
    """
    import pandas as pd

    from planner.read import builtin_folder

    folder = Path(options.instance) if Path(options.instance).exists() else builtin_folder(options.instance)
    path = Path(options.ranges) if options.ranges else folder / "provenance.csv"
    if not path.is_file():
        told = f"there is no {path.name}; give a table of low and high ends with --ranges"
        raise InputError(name, [Problem("ranges", None, "", str(path), told)])
    found = pd.read_csv(path, dtype={"key": str}, keep_default_na=False)
    missing = [column for column in ("table", "key", "column", "low", "high") if column not in found]
    if missing:
        raise InputError(name, [Problem("ranges", 1, missing[0], "", f"the column is missing in {path.name}")])
    return found
