"""``planner frontier``: the least cost against the limit of a rule, days of cover, or unmet demand."""

import argparse
import json
from typing import TYPE_CHECKING, Any

from planner import terminal
from planner.commands.options import BUILT_IN, INSTANCE, given, settings
from planner.settings import Settings

if TYPE_CHECKING:
    from planner.analysis.frontier import Frontier

HELP = "The least cost against a rule's limit, days of cover or unmet demand: where it turns, where there is no plan."


def arguments(command: argparse.ArgumentParser) -> None:
    """Whose frontier, against what, from where to where."""
    command.add_argument("instance", metavar="INSTANCE", nargs="?", default=BUILT_IN, help=INSTANCE)
    against = command.add_mutually_exclusive_group(required=True)
    against.add_argument("--rule", metavar="RULE", default="", help="rule whose limit is moved, all its rows together")
    cover = "site, place or group whose stockpiles must cover so many days"
    against.add_argument("--cover", metavar="NAME", default="", help=cover)
    tonnes = "demand that goes unmet, of what may: what each tonne less costs, as its price rises"
    against.add_argument("--unmet", action="store_true", help=tonnes)
    command.add_argument("--material", metavar="NAME", default="", help="with --cover: of this material alone")
    between = "two limits in the unit of the table, such as 0.5:0.8 (all that have a plan without more unmet demand)"
    between += "; with --unmet two prices of a tonne"
    command.add_argument("--between", metavar="A:B", type=_pair, help=between)
    points = "plans at most (33; 9 evenly spaced with yes-or-no decisions)"
    command.add_argument("--points", metavar="NUMBER", type=_count, help=points)
    near = "share of the cost's rise within which the cost between two points is known well enough (0: exactly)"
    command.add_argument("--tolerance", metavar="SHARE", type=_share, default=0.0, help=near)
    settings(command, *(name for name in Settings.model_fields if name in ("time_limit", "gap", "seed", "algorithm")))


def _pair(text: str) -> tuple[float, float]:
    try:
        low, high = (float(part) for part in text.split(":"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no pair of limits such as 0.5:0.8") from None
    return low, high


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 2:
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number of at least 2")
    return int(text)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no share from 0 to 1, such as 0.001")
    return share


def run(options: argparse.Namespace) -> int:
    """Solve point by point, and tell them."""
    from planner.analysis.frontier import frontier
    from planner.errors import NoPlanError
    from planner.read import load

    try:
        found = frontier(
            load(options.instance),
            options.rule,
            cover=options.cover,
            material=options.material,
            unmet=options.unmet,
            between=options.between,
            points=options.points,
            tolerance=options.tolerance,
            settings=Settings(**given(options)),
        )
    except NoPlanError as error:
        content = {"status": "infeasible", "message": str(error)}
        return terminal.fail(4, str(error), content, as_json=options.json)
    if options.json:
        terminal.document(_document(found))
    else:
        _tell(found)
    return 0


def _document(found: "Frontier") -> dict[str, Any]:
    tables = {"points": found.points, "segments": found.segments}
    rows = {name: json.loads(frame.to_json(orient="records", double_precision=15)) for name, frame in tables.items()}
    numbers = {"here": found.here, "knee": found.knee, "beyond": found.beyond}
    known = {name: number if number == number else None for name, number in numbers.items()}
    told = {"sentence": found.summary, "against": found.label, "unit": found.unit, "exact": found.exact}
    return {**told, **known, "reason": found.reason, **rows}


def _tell(found: "Frontier") -> None:
    from planner.analysis.telling import limit, mass, money

    terminal.say(found.summary)
    gaps = [*found.segments["gap"], float("nan")]
    per, factor = ("point", 0.01) if found.unit == "share" else (found.unit.removesuffix("s"), 1.0)
    rows = []
    for row, gap in zip(found.points.to_dict("records"), gaps, strict=True):
        marks = [name for name in ("breakpoint", "knee") if row[name] == "yes"]
        marks += ["as it is"] if row["limit"] == found.here else []
        numbers = (row["marginal"] * factor, gap)
        cells = ("" if number != number else money(number) for number in numbers)
        rows.append((", ".join(marks), limit(row["limit"], found.unit), money(row["cost"]), mass(row["unmet"]), *cells))
    names = ("", "limit", "cost", "unmet, t", f"next {per}", "known to")
    terminal.table(f"Least cost against {found.label}, {found.currency}, present value", names, rows, right=5)
    terminal.say(f"  next {per}: what one more costs on the way to the next limit; known to: how far at most the cost")
    terminal.say("  between lies from a straight line; breakpoint: the line turns; knee: farthest below the whole line")
