"""``planner config``: every setting."""

import argparse

from planner import terminal
from planner.settings import Settings, origins

HELP = "Show every setting: value, where it came from, meaning."


def arguments(command: argparse.ArgumentParser) -> None:
    """Nothing beside ``--json``."""


def run(options: argparse.Namespace) -> int:
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
