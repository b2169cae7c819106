"""``planner price-rules``: what each rule costs."""

import argparse
import json
from typing import TYPE_CHECKING, Any

from planner import terminal
from planner.commands.options import BUILT_IN, INSTANCE, given, settings
from planner.settings import Settings

if TYPE_CHECKING:
    from planner.analysis.rule_price import RulePrices

HELP = "What each rule costs: with it and without it, one after the other, and on average over orders."


def arguments(command: argparse.ArgumentParser) -> None:
    """Whose rules, and how many orders the average is taken from."""
    command.add_argument("instance", metavar="INSTANCE", nargs="?", default=BUILT_IN, help=INSTANCE)
    orders = "pairs of orders that the average is taken from where there are more than 8 rules (16)"
    command.add_argument("--orders", metavar="NUMBER", type=_count, default=16, help=orders)
    command.add_argument("--folder", metavar="FOLDER", help="where finished solves are kept, to go on from there")
    settings(command, *(name for name in Settings.model_fields if name not in ("report", "runs", "rules")))


def _count(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 2:
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number of at least 2")
    return number


def run(options: argparse.Namespace) -> int:
    """Solve with and without each rule, and tell what each costs."""
    from planner.analysis.rule_price import price_rules
    from planner.read import load

    chosen = Settings(**given(options))
    found = price_rules(load(options.instance), chosen, orders=options.orders, folder=options.folder)
    if options.json:
        terminal.document(_document(found))
    else:
        _tell(found)
    return 0


def _document(found: "RulePrices") -> dict[str, Any]:
    tables = {"rules": found.rules, "waterfall": found.waterfall}
    rows = {name: json.loads(frame.to_json(orient="records", double_precision=15)) for name, frame in tables.items()}
    together = found.together if found.together == found.together else None
    numbers = {"objective": found.plan.objective, "together": together, "orders": found.orders}
    return {"sentence": found.summary, **numbers, **rows}


def _tell(found: "RulePrices") -> None:
    from planner.report.summary import mass, money, percent

    terminal.say(found.summary)
    rows = []
    for row in found.rules.sort_values("price", ascending=False, kind="stable").to_dict("records"):
        average = money(row["average"]) + (f" ± {money(row['error'])}" if row["error"] > 0 else "")
        proven = money(row["price"])
        if row["most"] - row["least"] > 1e-6 * abs(found.plan.objective):
            proven = f"{money(row['least'])} to {money(row['most'])}"
        cells = (proven, percent(row["share"]), money(row["added"]), average, mass(row["unmet"]))
        rows.append((row["rule"], *cells))
    names = ("rule", "price", "of the cost", "when added", "on average", "unmet, t")
    terminal.table(f"What each rule costs, {found.plan.instance.header.currency}, present value", names, rows, right=5)
    over = f"{found.orders} orders drawn by lot" if found.orders else "all orders"
    terminal.say(
        "  price: the plan with all rules less the plan without this one; when added: one after the other, as in"
    )
    terminal.say(f"  the table of rules; on average: what it adds, over {over}; these two add up to what all cost")
