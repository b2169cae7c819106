"""``planner why``: why a supplier sells what it sells, or nothing."""

import argparse
from typing import TYPE_CHECKING, Any

from planner import terminal
from planner.commands.exposure import rows
from planner.commands.options import BUILT_IN, INSTANCE, given, settings
from planner.settings import Settings

if TYPE_CHECKING:
    from planner.analysis.why import Why
    from planner.instance import Instance

HELP = "Why a supplier sells what it sells, or nothing: break-even price, volume curve, what forcing it moves, rules."
MOST = 12
"""Rows of a table that are told to a person."""


def arguments(command: argparse.ArgumentParser) -> None:
    """Which supplier, of what, in which instance or run."""
    command.add_argument("supplier", metavar="SUPPLIER", help="a site, owner, place or group")
    what = f"folder of a run, or {INSTANCE}"
    command.add_argument("instance", metavar="INSTANCE", nargs="?", default=BUILT_IN, help=what)
    command.add_argument("--material", metavar="NAME", default="", help="what it delivers (each material in turn)")
    forced = "tonnes over the horizon to force (what it would sell at the break-even price)"
    command.add_argument("--quantity", metavar="TONNES", type=float, help=forced)
    settings(command, "time_limit", "gap")


def run(options: argparse.Namespace) -> int:
    """Answer for one material or each."""
    from planner.analysis.why import supplied, why

    instance = instance_of(options.instance)
    goods = [options.material] if options.material else supplied(instance, options.supplier)[1]
    chosen = Settings(**given(options))
    answers = [why(instance, options.supplier, name, quantity=options.quantity, settings=chosen) for name in goods]
    if options.json:
        terminal.document({"answers": [_document(answer) for answer in answers]})
        return 0
    for answer in answers:
        _show(answer)
    return 0


def instance_of(name: str) -> "Instance":
    """The instance of a run's folder, or the one of that name."""
    from pathlib import Path

    from planner import runs
    from planner.read import load

    return runs.read(Path(name)).instance if (Path(name) / "manifest.json").is_file() else load(name)


def _document(answer: "Why") -> dict[str, Any]:
    figures = ("supplier", "material", "quantity", "cost", "price", "without", "break_even", "sells", "forced", "extra")
    found = {name: getattr(answer, name) for name in figures}
    told = {
        name: value if isinstance(value, str) or abs(value) < float("inf") else None for name, value in found.items()
    }
    tables = {name: rows(getattr(answer, name)) for name in ("reasons", "curve", "moves")}
    return {"sentence": answer.sentence, **told, **tables}


def _show(answer: "Why") -> None:
    from planner.analysis.telling import money, tonnes

    terminal.say(answer.sentence)
    if not answer.reasons.empty:
        cells = [(row["part"], row["name"], f"{row['amount']:,.2f}") for row in answer.reasons.to_dict("records")]
        terminal.table(f"A tonne by its cheapest way, {answer.currency}", ("", "", "a tonne"), cells, right=1)
    if not answer.curve.empty:
        steps = [
            (f"{row['cut']:,.2f}", f"{row['price']:,.2f}" if answer.price > 0 else "", tonnes(row["quantity"]))
            for row in answer.curve.head(MOST).to_dict("records")
        ]
        terminal.table("What it sells as its price falls", ("from a cut of", "price", "sells"), steps, right=3)
    if not answer.moves.empty:
        forced = f"{tonnes(answer.forced)} forced in" if answer.forced else "It kept out"
        moved = [
            (row["origin"], row["destination"], row["material"], f"{row['change']:+,.1f}")
            for row in answer.moves.head(MOST).to_dict("records")
        ]
        title = f"{forced} costs {money(answer.extra)} {answer.currency} more; what moves"
        terminal.table(title, ("from", "to", "material", "t"), moved, right=1)
    terminal.say("")
