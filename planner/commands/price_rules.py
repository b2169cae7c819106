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
    tables = {"rules": found.rules, "waterfall": found.waterfall, "ranges": found.ranges}
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
    _tell_steps(found)


def _tell_steps(found: "RulePrices") -> None:
    from planner.report.summary import money

    rows = []
    for row in found.rules[(found.rules["looser"] > 0) | (found.rules["marginal"] > 0)].to_dict("records"):
        unit = {0.01: "one point", 1.0: "one supplier"}.get(row["step"], "one percent")
        mine = found.ranges[found.ranges["rule"] == row["rule"]]
        flat = f"{(mine['degenerate'] != 'no').sum()} of {len(mine)}"
        costs = (
            "" if x != x else "no plan" if x == float("inf") else money(x)
            for x in (row["marginal"], row["looser"], row["tighter"])
        )
        rows.append((row["rule"], unit, *costs, flat))
    if rows:
        names = ("rule", "step", "looser, at the margin", "looser, in truth", "tighter, in truth", "degenerate")
        terminal.table("What one step of a limit saves or costs", names, rows, right=4)
        terminal.say("  degenerate: shadow prices that do not hold both ways; their ranges stand in --json")
