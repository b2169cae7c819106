"""Arguments that several commands take."""

import argparse
from typing import Any

from planner.settings import Settings

BUILT_IN = "allied-magnets"
INSTANCE = "name of a built-in instance, a folder or a workbook"


def settings(command: argparse.ArgumentParser, *names: str) -> None:
    """A flag for each of these settings."""
    for name in names:
        meaning = Settings.model_fields[name].description
        command.add_argument(f"--{name.replace('_', '-')}", metavar="VALUE", help=meaning)


def given(options: argparse.Namespace) -> dict[str, Any]:
    """Settings given by flags."""
    return {name: value for name, value in vars(options).items() if name in Settings.model_fields and value is not None}
