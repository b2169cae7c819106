"""The commands: new, check, solve, verify, runs, config.

Exit codes: 0 done, 1 internal fault or the verifier disagrees, 2 bad command line or setting, 3 problems in the
input, 4 infeasible, 5 no plan within the limits, unbounded, or interrupted without one.
"""

import argparse
import shutil
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich_argparse import RichHelpFormatter

from planner import terminal
from planner.errors import InputError, PlannerError, SettingsError, VerificationError
from planner.settings import Settings, origins

if TYPE_CHECKING:
    from planner.plan import Outcome

BUILT_IN = "allied-magnets"
CODES = {"optimal": 0, "feasible": 0, "infeasible": 4, "unbounded": 5, "unknown": 5}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives the exit code."""
    given = [*(sys.argv[1:] if arguments is None else arguments)]
    options = _parser().parse_args(given)
    options.command = ["planner", *given]
    try:
        return int(options.run(options))
    except SettingsError as error:
        return _fail(options, 2, str(error), {"status": "error", "message": str(error)})
    except InputError as error:
        content = {
            "problems": [problem.as_dict() for problem in error.problems],
            "warnings": [problem.as_dict() for problem in error.warnings],
        }
        return _fail(options, 3, str(error), content)
    except KeyboardInterrupt:
        return _fail(options, 5, "interrupted: there is no plan", {"status": "unknown", "message": "interrupted"})
    except PlannerError as error:
        return _fail(options, 1, str(error), {"status": "error", "message": str(error)})
    except OSError as error:
        return _fail(options, 1, f"{error}", {"status": "error", "message": str(error)})
    except Exception as error:
        with tempfile.NamedTemporaryFile("w", prefix="planner-", suffix=".log", delete=False) as log:
            traceback.print_exc(file=log)
        told = f"internal fault ({type(error).__name__}); what happened is written in {log.name}"
        return _fail(options, 1, told, {"status": "error", "message": told})


def _fail(options: argparse.Namespace, code: int, told: str, content: dict[str, Any]) -> int:
    if getattr(options, "json", False):
        terminal.document(content)
    else:
        terminal.complain(told)
    return code


def _new(options: argparse.Namespace) -> int:
    """Write a small whole instance, empty tables or a generated network into a new folder."""
    from planner.read import builtin_folder
    from planner.tables import TABLES, columns

    folder = Path(options.name)
    if folder.exists():
        raise SettingsError(f"{folder} is there already; give a name that is free")
    if options.generate is not None:
        return _generate(folder, options.generate, options.seed)
    source = None if options.empty else builtin_folder("tutorial")
    folder.mkdir(parents=True)
    header = f'name = "{folder.name}"\nfirst_period = "2027"\nperiods = 1\nperiod_length = "year"\n'
    (folder / "instance.toml").write_text(header, "utf-8")
    if source is None:
        for table in TABLES:
            (folder / f"{table}.csv").write_text(",".join(columns(table)) + "\n", "utf-8")
    else:
        for path in (source / "instance.toml", *source.glob("*.csv")):
            if path.stem in TABLES or path.name == "instance.toml":
                shutil.copyfile(path, folder / path.name)
    terminal.say(f"{folder} is written; next: planner solve {folder}")
    return 0


def _generate(folder: Path, count: int, seed: int) -> int:
    """Write a generated network into a new folder."""
    from planner.generate import network
    from planner.read import from_frames
    from planner.runs import write_input

    header, tables = network(count, seed)
    folder.parent.mkdir(parents=True, exist_ok=True)
    write_input(from_frames(header.model_copy(update={"name": folder.name}), tables), folder)
    terminal.say(f"{folder} is written; next: planner solve {folder}")
    return 0


def _whole(text: str) -> int:
    """A whole number of at least 1, of the command line."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number of at least 1")
    return int(text)


def _check(options: argparse.Namespace) -> int:
    """Name every problem of an instance."""
    from planner.read import load

    instance = load(options.instance)
    if options.json:
        terminal.document({"problems": [], "warnings": [warning.as_dict() for warning in instance.warnings]})
        return 0
    terminal.say(f"{instance!r}\nno problems, {len(instance.warnings)} warnings")
    for warning in instance.warnings:
        terminal.say(f"  {warning}")
    return 0


def _solve(options: argparse.Namespace) -> int:
    """Solve, verify, keep the run, show the plan."""
    from planner import runs
    from planner.plan import Outcome
    from planner.read import load
    from planner.solve import solve

    flags = _flags(options)
    settings = Settings(**flags)
    instance = load(options.instance)
    try:
        outcome = solve(instance, settings)
    except VerificationError as error:
        evidence = Outcome(error.plan.status, instance, {}, {}, "the verifier disagrees", found=error.plan)
        faults = [str(fault) for fault in error.verification.faults]
        run = runs.write(evidence, settings, origins(flags), options.command, faults)
        content = {"status": "error", "message": "the verifier disagrees", "faults": faults, "run": str(run)}
        return _fail(options, 1, f"{error}\nno plan is shown; the evidence lies in {run}", content)
    run = runs.write(outcome, settings, origins(flags), options.command)
    if options.json:
        terminal.document(_answer(outcome, run))
    else:
        _show(outcome, run)
    return CODES[outcome.status]


def _answer(outcome: "Outcome", run: Path) -> dict[str, Any]:
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
        "conflict": [*outcome.conflict],
        "warnings": [warning.as_dict() for warning in outcome.warnings],
    }


def _show(outcome: "Outcome", run: Path) -> None:
    from planner.report.summary import summarise

    for warning in outcome.warnings:
        terminal.complain(f"warning: {warning}")
    if outcome.found is not None:
        if outcome.message:
            terminal.complain(outcome.message)
        terminal.show_plan(summarise(outcome.found), str(run))
        return
    terminal.complain(f"{outcome.instance.name}: {outcome.status}: {outcome.message}")
    for name in outcome.conflict:
        terminal.complain(f"  {name}")
    terminal.complain(f"The run lies in {run}")


def _verify(options: argparse.Namespace) -> int:
    """Compute every rule and every cost of a run again."""
    from planner import runs
    from planner.verify import verify

    verification = verify(runs.read(options.folder))
    faults = [str(fault) for fault in verification.faults]
    if options.json:
        terminal.document({"verified": verification.ok, "bound_by": verification.bound_by, "faults": faults})
    else:
        terminal.say("\n".join([str(verification), *(f"  {fault}" for fault in faults)]))
    return 0 if verification.ok else 1


def _runs(options: argparse.Namespace) -> int:
    """List the runs."""
    from planner import runs

    folder = Settings(**_flags(options)).runs
    found = runs.list(folder)
    if options.json:
        import json

        terminal.document({"runs": json.loads(found.to_json(orient="records"))})
    elif len(found):
        terminal.table(f"Runs in {folder}", found)
    else:
        terminal.say(f"there are no runs in {folder}")
    return 0


def _config(options: argparse.Namespace) -> int:
    """Show every setting: value, where it came from, meaning."""
    values, sources = Settings().model_dump(mode="json"), origins({})
    rows = {
        name: {"value": values[name], "from": sources[name], "meaning": field.description or ""}
        for name, field in Settings.model_fields.items()
    }
    if options.json:
        terminal.document(rows)
        return 0
    for name, row in rows.items():
        terminal.say(f"{name:<12}{row['value']!s:<10}{row['from']:<20}{row['meaning']}")
    return 0


def _flags(options: argparse.Namespace) -> dict[str, Any]:
    """Settings given by flags."""
    return {name: value for name, value in vars(options).items() if name in Settings.model_fields and value is not None}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("planner", description=__doc__, formatter_class=RichHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, run in (
        ("new", _new),
        ("check", _check),
        ("solve", _solve),
        ("verify", _verify),
        ("runs", _runs),
        ("config", _config),
    ):
        told = (run.__doc__ or "").rstrip(".")
        command = commands.add_parser(name, help=told, description=told, formatter_class=RichHelpFormatter)
        command.set_defaults(run=run)
        _arguments(name, command)
    return parser


def _arguments(name: str, command: argparse.ArgumentParser) -> None:
    """Arguments of one command."""
    if name == "new":
        command.add_argument("name", metavar="NAME", help="folder to write; must not exist")
        content = command.add_mutually_exclusive_group()
        content.add_argument("--empty", action="store_true", help="all tables with their header row only")
        size = "a network by lot whose model has about so many columns"
        content.add_argument("--generate", metavar="COLUMNS", type=_whole, help=size)
        command.add_argument("--seed", type=_whole, default=1, help="the same seed gives the same network (1)")
        return
    command.add_argument("--json", action="store_true", help="one JSON document on stdout and nothing else")
    if name in ("check", "solve"):
        where = "name of a built-in instance, a folder or a workbook"
        command.add_argument("instance", metavar="INSTANCE", nargs="?", default=BUILT_IN, help=where)
    if name == "verify":
        command.add_argument("folder", metavar="RUN", help="folder of a run")
    given = {"solve": tuple(Settings.model_fields), "runs": ("runs",)}.get(name, ())
    for setting in given:
        meaning = Settings.model_fields[setting].description
        command.add_argument(f"--{setting.replace('_', '-')}", metavar="VALUE", help=meaning)
