"""``planner runs``: what has been solved."""

import argparse
import json

from planner import terminal
from planner.commands.options import given, settings
from planner.errors import SettingsError
from planner.settings import Settings

HELP = "List the runs."


def arguments(command: argparse.ArgumentParser) -> None:
    """Where the runs lie."""
    settings(command, "runs")


def run(options: argparse.Namespace) -> int:
    """List the runs."""
    from planner import runs

    folder = Settings(**given(options)).runs
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
