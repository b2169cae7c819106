"""``planner config``: every setting."""

import argparse

from planner import terminal
from planner.settings import FILE, PREFIX, Settings, origins

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
    lines = [
        (name, "" if row["value"] is None else str(row["value"]), str(row["from"]), str(row["meaning"]))
        for name, row in rows.items()
    ]
    title = f"Settings: {FILE} in this folder, then {PREFIX}* variables, then flags; the later counts"
    terminal.table(title, ("setting", "value", "from", "meaning"), lines, right=0)
    return 0
