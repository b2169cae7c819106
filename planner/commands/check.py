"""``planner check``: every problem of the input, with its place; in a workbook, marked in its cell."""

import argparse
from pathlib import Path

from planner import terminal
from planner.commands.options import BUILT_IN, INSTANCE
from planner.errors import InputError

HELP = "Name every problem of an instance; a workbook is returned with its cells marked."


def arguments(command: argparse.ArgumentParser) -> None:
    """Which instance."""
    command.add_argument("instance", metavar="INSTANCE", nargs="?", default=BUILT_IN, help=INSTANCE)


def run(options: argparse.Namespace) -> int:
    """Name every problem of an instance."""
    from planner.read import load

    try:
        instance = load(options.instance)
    except InputError as error:
        _return_marked(Path(options.instance), error)
        raise
    if options.json:
        terminal.document({"problems": [], "warnings": [warning.as_dict() for warning in instance.warnings]})
        return 0
    terminal.say(f"{instance!r}\nno problems, {len(instance.warnings)} warnings")
    for warning in instance.warnings:
        terminal.say(f"  {warning}")
    return 0


def _return_marked(path: Path, error: InputError) -> None:
    """Write the marked copy of a workbook, and say where it is and what it does not keep."""
    if not path.is_file() or path.suffix.lower() != ".xlsx":
        return
    from planner.workbook.checked import checked_path, mark

    try:
        marked = mark(path, error)
    except Exception as fault:  # a damaged file: openpyxl raises whatever its parts raise
        terminal.complain(f"{checked_path(path).name} is not written: {path.name} cannot be taken apart ({fault})")
        return
    kept = f", without {', '.join(marked.lost)}: mend {path.name} itself" if marked.lost else ""
    terminal.complain(f"{marked.path} is written: your workbook with the cells marked{kept}")
