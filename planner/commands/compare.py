"""``planner compare``: what lies between the plans of two runs or more."""

import argparse
from pathlib import Path

from planner import terminal
from planner.errors import SettingsError, VerificationError

HELP = "Compare the plans of runs: input, decisions, figures."
MOST = 8
"""Changed decisions that are told to a person; the document has them all."""


def arguments(command: argparse.ArgumentParser) -> None:
    """Which runs."""
    told = "folders of runs, the first the one that the others are held against"
    command.add_argument("folders", metavar="RUN", nargs="+", help=told)
    command.add_argument("--all", action="store_true", help="every changed decision, not the largest alone")


def run(options: argparse.Namespace) -> int:
    """Compare the plans of runs, each verified first."""
    from planner import runs
    from planner.analysis.compare import compare
    from planner.verify import verify

    if len(options.folders) < 2:
        raise SettingsError("give two runs or more to compare; planner runs lists them")
    plans = {}
    for folder in options.folders:
        plan = runs.read(folder)
        verification = verify(plan)
        if not verification.ok:
            raise VerificationError(folder, plan, verification)
        name = Path(folder).resolve().name
        plans[name if name not in plans else folder] = plan
    found = compare(plans)
    if options.json:
        terminal.document(found.as_dict())
    else:
        terminal.show_comparison(found, len(found.decisions) if options.all else MOST)
    return 0
