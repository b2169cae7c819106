"""The commands: new, check, solve, verify, runs, config.

Exit codes: 0 done, 1 internal fault or the verifier disagrees, 2 bad command line or setting, 3 problems in the
input, 4 infeasible, 5 no plan within the limits, unbounded, or interrupted without one.
"""

import argparse
import contextlib
import json
import logging
import shutil
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from rich_argparse import RichHelpFormatter

from planner import terminal
from planner.errors import InputError, PlannerError, SettingsError, VerificationError
from planner.settings import Settings, origins

if TYPE_CHECKING:
    from planner.plan import Outcome

BUILT_IN = "allied-magnets"
MOST = 20
"""Faults that are told to a person."""
CODES = {"optimal": 0, "feasible": 0, "infeasible": 4, "unbounded": 5, "unknown": 5}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives the exit code."""
    given = [*(sys.argv[1:] if arguments is None else arguments)]
    options = argparse.Namespace(json="--json" in given, command=["planner", *given])
    try:
        _parser().parse_args(given, options)
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
        return _fail(options, 5, "interrupted: nothing is kept", {"status": "unknown", "message": "interrupted"})
    except PlannerError as error:
        return _fail(options, 1, str(error), {"status": "error", "message": str(error)})
    except OSError as error:
        told = f"{error.filename or 'a file'}: {error.strerror or error}"
        return _fail(options, 1, told, {"status": "error", "message": told})
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
    rest = 'first_period = "2027"\nperiods = 1\nperiod_length = "year"\n'
    if source is None:
        for table in TABLES:
            (folder / f"{table}.csv").write_text(",".join(columns(table)) + "\n", "utf-8")
    else:
        rest = (source / "instance.toml").read_text("utf-8").partition("\n")[2]
        for path in source.glob("*.csv"):
            if path.stem in TABLES:
                shutil.copyfile(path, folder / path.name)
    name = json.dumps(folder.resolve().name, ensure_ascii=False)
    (folder / "instance.toml").write_text(f"name = {name}\n{rest}", "utf-8")
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
    runs.prepare(settings.runs)
    instance = load(options.instance)
    try:
        with _unlogged(), terminal.progress() as told:
            outcome = solve(instance, settings, told)
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


@contextlib.contextmanager
def _unlogged() -> Iterator[None]:
    """Pyomo logs an interrupt on stdout, where only the answer belongs."""
    logging.disable()
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


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
            terminal.complain(f"{outcome.message}: the best plan found until then is shown")
        terminal.show_plan(summarise(outcome.found), str(run))
        return
    terminal.complain(f"{outcome.instance.name} has no plan ({outcome.status}): {outcome.message}")
    if outcome.conflict:
        terminal.complain("These cannot all hold:")
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
        terminal.say("\n".join([str(verification), *(f"  {fault}" for fault in faults[:MOST])]))
        if len(faults) > MOST:
            terminal.say(f"  and {len(faults) - MOST:,} more; planner verify --json tells them all")
    return 0 if verification.ok else 1


def _runs(options: argparse.Namespace) -> int:
    """List the runs."""
    from planner import runs

    folder = Settings(**_flags(options)).runs
    if folder.exists() and not folder.is_dir():
        raise SettingsError(f"setting runs is '{folder}', which is no folder")
    found = runs.list(folder)
    if options.json:
        terminal.document({"runs": json.loads(found.to_json(orient="records"))})
    elif len(found):
        terminal.show_runs(str(folder), found)
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


COMMANDS = {"new": _new, "check": _check, "solve": _solve, "verify": _verify, "runs": _runs, "config": _config}


def _flags(options: argparse.Namespace) -> dict[str, Any]:
    """Settings given by flags."""
    return {name: value for name, value in vars(options).items() if name in Settings.model_fields and value is not None}


class _Parser(argparse.ArgumentParser):
    """Refuses a bad command line as a bad setting is refused: in words, as JSON where it is asked for, exit code 2."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """What each parser does not know is told by the one that was asked, with what may be meant."""
        found, unknown = super().parse_known_args(args, namespace)
        for word in unknown:
            self.error(f"there is no {'flag' if word.startswith('-') else 'place for'} {word}")
        return found, unknown

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print."""
        words = [*self._option_string_actions, *(name for name in COMMANDS if not self.prog.count(" "))]
        wrong = message.partition("'")[2].partition("'")[0] or message.rpartition(" ")[2].partition("=")[0]
        close = get_close_matches(wrong, words, 1)
        meant = f"; did you mean {close[0]}?" if close else f"; see {self.prog} --help"
        raise SettingsError(f"{message}{meant}")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser("planner", description=__doc__, formatter_class=RichHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, run in COMMANDS.items():
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
    one_solve = tuple(setting for setting in Settings.model_fields if setting not in ("dask", "workers"))
    given = {"solve": one_solve, "runs": ("runs",)}.get(name, ())
    for setting in given:
        meaning = Settings.model_fields[setting].description
        command.add_argument(f"--{setting.replace('_', '-')}", metavar="VALUE", help=meaning)
