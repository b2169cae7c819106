"""The command line: which command, and what becomes of every error.

Exit codes: 0 done, 1 internal fault or the verifier disagrees, 2 bad command line or setting, 3 problems in the
input, 4 infeasible, 5 no plan within the limits, unbounded, or interrupted without one.
"""

import argparse
import sys
import tempfile
import traceback
from collections.abc import Sequence
from difflib import get_close_matches
from types import ModuleType
from typing import Any, NoReturn

from rich_argparse import RichHelpFormatter

from planner import terminal
from planner.commands import (
    alternatives,
    check,
    coalition,
    compare,
    config,
    explain,
    export,
    exposure,
    frontier,
    new,
    price_rules,
    report,
    robust,
    runs,
    serve,
    solve,
    verify,
    what_if,
    why,
)
from planner.errors import InputError, PlannerError, SettingsError

COMMANDS: dict[str, ModuleType] = {
    "new": new,
    "check": check,
    "solve": solve,
    "verify": verify,
    "what-if": what_if,
    "compare": compare,
    "explain": explain,
    "frontier": frontier,
    "price-rules": price_rules,
    "exposure": exposure,
    "coalition": coalition,
    "why": why,
    "alternatives": alternatives,
    "robust": robust,
    "export": export,
    "report": report,
    "runs": runs,
    "serve": serve,
    "config": config,
}


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
    return terminal.fail(code, told, content, as_json=options.json)


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
    for name, module in COMMANDS.items():
        told = module.HELP.rstrip(".")
        command = commands.add_parser(name, help=told, description=told, formatter_class=RichHelpFormatter)
        command.set_defaults(run=module.run)
        if name != "new":
            command.add_argument("--json", action="store_true", help="one JSON document on stdout and nothing else")
        module.arguments(command)
    return parser
