"""Rules that span tables: every check by name, in the order in which they are run."""

from collections.abc import Callable

from planner.findings import Findings
from planner.instance import Instance

Check = Callable[[Instance, Findings], None]

CHECKS: tuple[Check, ...] = ()


def check(instance: Instance, found: Findings, *, header_known: bool = True) -> None:
    """Run every check; what they find goes into ``found``."""
    for step in CHECKS:
        step(instance, found)
