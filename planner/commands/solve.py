"""``planner solve``: a verified plan, kept as a run."""

import argparse
import contextlib
import logging
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner import terminal
from planner.commands import report
from planner.commands.options import BUILT_IN, INSTANCE, given, settings
from planner.errors import VerificationError
from planner.settings import Settings, origins

if TYPE_CHECKING:
    from planner.plan import Outcome, Plan

HELP = "Solve, verify, keep the run, show the plan."
CODES = {"optimal": 0, "feasible": 0, "infeasible": 4, "unbounded": 5, "unknown": 5}


def arguments(command: argparse.ArgumentParser) -> None:
    """Which instance, and the settings of one solve."""
    command.add_argument("instance", metavar="INSTANCE", nargs="?", default=BUILT_IN, help=INSTANCE)
    settings(command, *(name for name in Settings.model_fields if name not in ("dask", "workers")))


def run(options: argparse.Namespace) -> int:
    """Solve, verify, keep the run, show the plan."""
    from planner import runs
    from planner.read import load
    from planner.solve import solve

    flags = given(options)
    chosen = Settings(**flags)
    runs.prepare(chosen.runs)
    instance = load(options.instance)
    try:
        with unlogged(), terminal.progress() as told:
            outcome = solve(instance, chosen, told)
    except VerificationError as error:
        return evidence(options, chosen, error)
    run = runs.write(outcome, chosen, origins(flags), options.command)
    if outcome.found is not None and chosen.report != "no":
        _report(outcome.found, run, chosen)
    if options.json:
        terminal.document(answer(outcome, run))
    else:
        _show(outcome, run)
    return CODES[outcome.status]


def _report(plan: "Plan", run: Path, chosen: Settings) -> None:
    """The run's report; the run is kept already, so an interrupt costs the report only."""
    from planner import runs

    try:
        with unlogged():
            report.write(run / report.FILE, plan, runs.read_manifest(run), chosen)
    except KeyboardInterrupt:
        terminal.complain(f"interrupted: the run is kept without its report; planner report {run} writes it")


@contextlib.contextmanager
def unlogged() -> Iterator[None]:
    """Pyomo logs an interrupt on stdout, where only the answer belongs."""
    logging.disable()
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def evidence(options: argparse.Namespace, chosen: Settings, error: VerificationError) -> int:
    """Keep a plan that the verifier does not stand for, tell of it without showing it; gives the exit code."""
    from planner import runs
    from planner.plan import Outcome

    plan = error.plan
    outcome = Outcome(plan.status, plan.instance, {}, {}, "the verifier disagrees", found=plan)
    faults = [str(fault) for fault in error.verification.faults]
    run = runs.write(outcome, chosen, origins(given(options)), options.command, faults)
    content = {"status": "error", "message": "the verifier disagrees", "faults": faults, "run": str(run)}
    return terminal.fail(1, f"{error}\nno plan is shown; the evidence lies in {run}", content, as_json=options.json)


def answer(outcome: "Outcome", run: Path) -> dict[str, Any]:
    """What ``solve --json`` says."""
    import math

    plan = outcome.found
    numbers = {name: getattr(plan, name, None) for name in ("objective", "bound", "gap", "unmet")}
    finite = {name: value if value is not None and math.isfinite(value) else None for name, value in numbers.items()}
    return {
        "status": outcome.status,
        **finite,
        "seconds": sum(outcome.seconds.values()),
        "run": str(run),
        "message": outcome.message,
        "custom": str(plan.custom) if plan and plan.custom else "",
        "conflict": [*outcome.conflict],
        "warnings": [warning.as_dict() for warning in outcome.warnings],
    }


def _show(outcome: "Outcome", run: Path) -> None:
    from planner.report.summary import summarise

    for warning in outcome.warnings:
        terminal.complain(f"warning: {warning}")
    if outcome.found is not None:
        if outcome.message:
            terminal.complain(f"{outcome.message}: the best plan found until then is shown")
        terminal.show_plan(summarise(outcome.found), str(run))
        return
    terminal.complain(f"{outcome.instance.name} has no plan ({outcome.status}): {outcome.message}")
    if outcome.conflict:
        terminal.complain("These cannot all hold:")
    for name in outcome.conflict:
        terminal.complain(f"  {name}")
    if outcome.status == "infeasible":
        terminal.complain(f"planner explain {shlex.quote(str(run))} tells the least changes that make a plan possible")
    terminal.complain(f"The run lies in {run}")
