"""``planner report``: a plan as one HTML file."""

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner import terminal
from planner.commands.options import INSTANCE, given, settings
from planner.errors import PlannerError, VerificationError
from planner.settings import Settings

if TYPE_CHECKING:
    from planner.plan import Plan
    from planner.report.optional import Frontier

HELP = "Write a plan as one HTML file to read, mail and print."
FILE = "report.html"


def arguments(command: argparse.ArgumentParser) -> None:
    """Which run or instance, beside which other runs, into which file."""
    where = f"folder of a run, or {INSTANCE}, which is solved first"
    command.add_argument("plan", metavar="RUN|INSTANCE", help=where)
    others = "other runs of the same question, for the slider, in this order"
    command.add_argument("--beside", metavar="RUN", nargs="+", default=[], help=others)
    limited = "rule against whose limit the least cost is shown (up to 33 more solves)"
    command.add_argument("--frontier", metavar="RULE", help=limited)
    command.add_argument("--out", metavar="FILE", help=f"file to write ({FILE} in the run, NAME-{FILE} of an instance)")
    settings(command, *(name for name in Settings.model_fields if name not in ("dask", "workers", "runs")))


def run(options: argparse.Namespace) -> int:
    """Read or solve, and write the report."""
    from planner import runs

    chosen, folder = Settings(**given(options)), Path(options.plan)
    known = (folder / "manifest.json").is_file()
    plan = runs.read(folder) if known else _solved(options.plan, chosen)
    manifest = runs.read_manifest(folder) if known else {"command": options.command}
    plans = [(Path(name).resolve().name, runs.read(name)) for name in options.beside]
    file = Path(options.out or (folder / FILE if known else f"{plan.instance.name}-{FILE}"))
    write(file, plan, manifest, chosen, plans, _frontier(plan, options.frontier, chosen))
    if options.json:
        terminal.document({"report": str(file), "objective": plan.objective, "status": plan.status})
    else:
        terminal.say(f"{file} is written")
    return 0


def _solved(name: str, chosen: Settings) -> "Plan":
    from planner.read import load
    from planner.solve import solve

    with terminal.progress() as told:
        return solve(load(name), chosen, told).plan


def _frontier(plan: "Plan", rule: str | None, chosen: Settings) -> "Frontier | None":
    """The least cost against the limit of a rule."""
    from planner.analysis.frontier import frontier

    return None if rule is None else frontier(plan.instance, rule, settings=chosen).reported


def write(
    file: Path,
    plan: "Plan",
    manifest: Mapping[str, Any],
    chosen: Settings,
    plans: "list[tuple[str, Plan]] | None" = None,
    frontier: "Frontier | None" = None,
) -> None:
    """Write a plan's report whole or not at all, beside the cheapest plan where ``settings.report`` asks for it."""
    from planner.report import html

    reference = cheapest(plan, chosen) if chosen.report == "compared" else None
    text = html.report(plan, reference, plans or (), html.Record.of(manifest), frontier)
    part = file.with_name(f".{file.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        os.replace(part, file)
    finally:
        part.unlink(missing_ok=True)


def cheapest(plan: "Plan", chosen: Settings) -> "Plan | None":
    """The least-cost plan of the same tables without rules; None where there are no rules or no plan is found."""
    from planner.solve import solve

    rules = plan.instance.tables["rules"]
    if rules.empty:
        return None
    try:
        outcome = solve(plan.instance.with_tables(rules=rules.iloc[:0]), chosen)
    except VerificationError:
        raise
    except PlannerError as error:
        terminal.complain(f"the report compares with nothing: without its rules, {error}")
        return None
    return outcome.found
