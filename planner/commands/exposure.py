"""``planner exposure``: what a plan does when something is lost, or when a scenario happens."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner import terminal
from planner.commands.options import BUILT_IN, INSTANCE, given, settings
from planner.errors import SettingsError
from planner.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

    from planner.analysis.exposure import Exposure
    from planner.plan import Plan

HELP = "Lose every place, owner, site or lane of a plan in turn, the worst together, or replay scenarios."
MOST = 15
"""Losses that are told to a person."""


def arguments(command: argparse.ArgumentParser) -> None:
    """Which plan, what is lost, and when."""
    what = f"folder of a run, or {INSTANCE}, whose least-cost plan is found first"
    command.add_argument("instance", metavar="PLAN", nargs="?", default=BUILT_IN, help=what)
    command.add_argument(
        "--start", metavar="PERIOD", default="", help="first period of the loss (the first of the plan)"
    )
    kinds = "what is lost, by commas: place, owner, site, lane (place,owner,site)"
    command.add_argument("--by", metavar="KINDS", default="place,owner,site", help=kinds)
    many = "also the worst sets of up to so many of the first kind, lost together"
    command.add_argument("--together", metavar="COUNT", type=int, help=many)
    command.add_argument("--scenario", metavar="NAME", action="append", help="replay this scenario; may be repeated")
    command.add_argument("--scenarios", action="store_true", help="replay every scenario of the instance")
    command.add_argument("--folder", metavar="FOLDER", help="where finished solves are kept, to go on from there")
    settings(command, "time_limit", "workers", "dask")


def run(options: argparse.Namespace) -> int:
    """Lose everything in turn, or replay scenarios."""
    from planner.analysis.exposure import exposure

    chosen = Settings(**given(options))
    plan = _plan(options.instance, chosen)
    names = list(options.scenario or [])
    if options.scenarios:
        names += [name for name in plan.instance.tables["scenarios"]["scenario"] if name not in names]
        if not names:
            raise SettingsError(f"{plan.instance.name} has no scenarios; write them into its table scenarios")
    if names:
        return _replayed(plan, names, options, chosen)
    kinds = [kind.strip() for kind in options.by.split(",") if kind.strip()]
    found = exposure(plan, options.start, kinds, settings=chosen, folder=options.folder)
    content: dict[str, Any] = {"summary": found.summary, "start": found.start, "seconds": found.seconds}
    content |= {name: rows(getattr(found, name)) for name in ("losses", "coverage", "priorities", "materials")}
    if not options.json:
        _show(found)
    if options.together:
        from planner.analysis.adversary import worst_losses

        worst = worst_losses(plan, options.together, options.start, kinds[0], settings=chosen, folder=options.folder)
        content["together"] = {"summary": worst.summary, "by": worst.by, "losses": rows(worst.losses)}
        if not options.json:
            terminal.say(f"\n{worst!r}")
    if options.json:
        terminal.document(content)
    return 0


def rows(frame: "pd.DataFrame") -> Any:
    """Rows of a table as JSON; what is infinite (survived to the end) is null."""
    return json.loads(frame.to_json(orient="records", double_precision=15))


def _plan(name: str, chosen: Settings) -> "Plan":
    """The plan of a run, or the least-cost plan of an instance."""
    from planner import runs
    from planner.read import load
    from planner.solve import solve

    if (Path(name) / "manifest.json").is_file():
        return runs.read(Path(name))
    return solve(load(name), chosen).plan


def _replayed(plan: "Plan", names: list[str], options: argparse.Namespace, chosen: Settings) -> int:
    """Scenarios, one after the other, then side by side, the worst first."""
    from planner.analysis.replay import replays

    content, ranked = [], []
    for found in replays(plan, names, options.start, settings=chosen):
        static, unmet = found.unmet
        ranked.append((-unmet, -found.cost, -static, found.scenario))
        content.append(
            {
                "scenario": found.scenario,
                "summary": found.summary,
                "start": found.start,
                "cost": found.cost,
                "unmet_static": static,
                "unmet": unmet,
                "priorities": rows(found.priorities),
                "materials": rows(found.materials),
            }
        )
        if not options.json and len(names) <= MOST:
            terminal.say(f"{found!r}\n")
    ranked.sort()
    if options.json:
        terminal.document({"replays": content, "worst_first": [name for *_, name in ranked]})
    elif len(names) > 1:
        _ranked(ranked, plan.instance.header.currency)
    return 0


def _ranked(ranked: list[tuple[float, float, float, str]], currency: str) -> None:
    """Scenarios side by side."""
    from planner.analysis.telling import money

    cells = [
        (name, f"{100 * (1 + static):.1f} %", f"{100 * (1 + unmet):.1f} %", money(-cost))
        for unmet, cost, static, name in ranked[:MOST]
    ]
    title = f"Scenarios, worst first: demand met, and {currency}"
    terminal.table(title, ("scenario", "static", "re-routed", "costs more"), cells, right=3)
    if len(ranked) > MOST:
        terminal.say(f"  {len(ranked) - MOST} more; --json tells them all")


def _show(found: "Exposure") -> None:
    """Sentence and ranked table."""
    from planner.analysis.telling import days, money, tonnes

    terminal.say(found.summary)
    cells = [
        (
            row["by"],
            row["subject"],
            row["material"],
            f"{100 * row['coverage_static']:.1f} %",
            f"{100 * row['coverage']:.1f} %",
            tonnes(row["unmet"]),
            days(row["survives"]),
            money(row["cost"]),
        )
        for row in found.losses.head(MOST).to_dict("records")
    ]
    names = ("lost", "", "bites at", "static", "re-routed", "unmet", "survives", "costs more")
    title = f"Lost from {found.start} on, worst first: demand met, and {found.plan.instance.header.currency}"
    terminal.table(title, names, cells, right=5)
    if len(found.losses) > MOST:
        terminal.say(f"  {len(found.losses) - MOST} more; --json tells them all, by priority and material too")
    for row in found.coverage.to_dict("records"):
        static, routed = (f"{100 * row[name]:.1f} %" for name in ("coverage_static", "coverage"))
        told = f"{static} static ({row['subject_static']}), {routed} re-routed ({row['subject']})"
        terminal.say(f"  N−1 coverage by {row['by']}: {told}")
