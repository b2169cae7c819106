"""``planner check``: every problem of the input, with its place."""

import argparse

from planner import terminal
from planner.commands.options import BUILT_IN, INSTANCE

HELP = "Name every problem of an instance."


def arguments(command: argparse.ArgumentParser) -> None:
    """Which instance."""
    command.add_argument("instance", metavar="INSTANCE", nargs="?", default=BUILT_IN, help=INSTANCE)


def run(options: argparse.Namespace) -> int:
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
