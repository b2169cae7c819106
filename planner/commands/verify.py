"""``planner verify``: a run computed again."""

import argparse

from planner import terminal

HELP = "Compute every rule and every cost of a run again."
MOST = 20
"""Faults that are told to a person."""


def arguments(command: argparse.ArgumentParser) -> None:
    """Which run."""
    command.add_argument("folder", metavar="RUN", help="folder of a run")


def run(options: argparse.Namespace) -> int:
    """Compute every rule and every cost of a run again."""
    from planner import runs
    from planner.verify import verify

    verification = verify(runs.read(options.folder))
    faults = [str(fault) for fault in verification.faults]
    own = {"custom": verification.custom} if verification.custom else {}
    if options.json:
        terminal.document({"verified": verification.ok, "bound_by": verification.bound_by, "faults": faults} | own)
    else:
        terminal.say("\n".join([str(verification), *(f"  {fault}" for fault in faults[:MOST])]))
        if len(faults) > MOST:
            terminal.say(f"  and {len(faults) - MOST:,} more; planner verify --json tells them all")
    return 0 if verification.ok else 1
