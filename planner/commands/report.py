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
    from planner.analysis.frontier import Frontier as Points
    from planner.plan import Plan
    from planner.report.optional import Exposure, Frontier, Halt

HELP = "Write a plan as one HTML file to read, mail and print."
FILE = "report.html"
LOSSES = 15
"""Losses that a report tells, worst first."""


def arguments(command: argparse.ArgumentParser) -> None:
    """Which run or instance, beside which other runs, into which file."""
    where = f"folder of a run, or {INSTANCE}, which is solved first"
    command.add_argument("plan", metavar="RUN|INSTANCE", help=where)
    others = "other runs of the same question, for the slider, in this order"
    command.add_argument("--beside", metavar="RUN", nargs="+", default=[], help=others)
    limited = "rule against whose limit the least cost is shown, its plans behind the slider (up to 33 more solves)"
    command.add_argument("--frontier", metavar="RULE", help=limited)
    command.add_argument("--out", metavar="FILE", help=f"file to write ({FILE} in the run, NAME-{FILE} of an instance)")
    losses = "also lose every country, owner and site in turn from this period on"
    command.add_argument("--exposure", metavar="PERIOD", help=losses)
    command.add_argument("--scenario", metavar="NAME", help="shade the stocks while this scenario lasts")
    settings(command, *(name for name in Settings.model_fields if name != "runs"))


def run(options: argparse.Namespace) -> int:
    """Read or solve, and write the report."""
    from planner import runs

    chosen, folder = Settings(**given(options)), Path(options.plan)
    known = (folder / "manifest.json").is_file()
    plan = runs.read(folder) if known else _solved(options.plan, chosen)
    manifest = runs.read_manifest(folder) if known else {"command": options.command}
    plans = [(Path(name).resolve().name, runs.read(name)) for name in options.beside]
    file = Path(options.out or (folder / FILE if known else f"{plan.instance.name}-{FILE}"))
    halt = _halt(plan, options.scenario) if options.scenario else None
    exposure = _exposure(plan, options.exposure, chosen) if options.exposure is not None else None
    found = _frontier(plan, options.frontier, chosen)
    plans = [*(found.slider(plan) if found else []), *plans]
    write(file, plan, manifest, chosen, plans, found.reported if found else None, exposure, halt)
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


def _exposure(plan: "Plan", start: str, chosen: Settings) -> "Exposure":
    """What the plan loses with each country, owner and site, told by their names; the worst first.

    Raises:
        SettingsError: there is no such period.
        PlannerError: a loss could not be solved.
    """
    from planner.analysis.exposure import exposure
    from planner.report.optional import Exposure
    from planner.report.summary import place_names

    found = exposure(plan, start, settings=chosen)
    rows = found.losses.head(LOSSES).rename(columns={"survives": "days"})
    lost = rows["subject"].where(rows["by"] != "place", rows["subject"].replace(place_names(plan.instance)))
    return Exposure(rows.assign(lost=lost)[["lost", "coverage", "days", "unmet"]], found.summary, found.start)


def _halt(plan: "Plan", scenario: str) -> "Halt":
    """From when to when a scenario takes something away.

    Raises:
        SettingsError: there is no such scenario.
    """
    from planner.analysis.branch import first_period
    from planner.report.facts import Facts
    from planner.report.optional import Halt

    start, rows = first_period(plan.instance, "", scenario), plan.instance.tables["disruptions"]
    rows, last = rows[rows["scenario"] == scenario], Facts(plan).periods[-1]
    since = min((max(start, text) for text in rows["from"]), default=start)
    return Halt(scenario, since, max((text or last for text in rows["until"]), default=last))


def _frontier(plan: "Plan", rule: str | None, chosen: Settings) -> "Points | None":
    """The least cost against the limit of a rule."""
    from planner.analysis.frontier import frontier

    return None if rule is None else frontier(plan.instance, rule, settings=chosen)


def write(
    file: Path,
    plan: "Plan",
    manifest: Mapping[str, Any],
    chosen: Settings,
    plans: "list[tuple[str, Plan]] | None" = None,
    frontier: "Frontier | None" = None,
    exposure: "Exposure | None" = None,
    halt: "Halt | None" = None,
) -> None:
    """Write a plan's report whole or not at all, beside the cheapest plan where ``settings.report`` asks for it."""
    from planner.report import html

    reference = cheapest(plan, chosen) if chosen.report == "compared" else None
    text = html.report(plan, reference, plans or (), html.Record.of(manifest), frontier, exposure, halt)
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
