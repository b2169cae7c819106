"""What can go wrong, told so that it can be mended.

::

    PlannerError
    ├── InputError        problems in an instance: every one, with its place      exit code 3
    ├── SettingsError     a setting that does not exist or has no such value      exit code 2
    ├── NoPlanError       the plan was asked for and there is none                exit code 4 or 5
    └── VerificationError HiGHS and the verifier disagree: no plan is shown       exit code 1
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


class PlannerError(Exception):
    """Any fault that the planner explains itself."""


@dataclass(frozen=True)
class Problem:
    """One fault, or one warning, at its place."""

    table: str
    """Table, or ``instance`` for the header."""
    line: int | None
    """Line of the file or row of the sheet, header included; ``None`` where the whole table is meant."""
    column: str
    """Column, empty where the whole row or table is meant."""
    value: str
    """The cell as it was written, empty where there is none."""
    message: str
    """What is wrong and what would be right."""
    place: str = ""
    """File and line, or sheet and cell, as a person finds it."""

    def __str__(self) -> str:
        where = self.place or self.table
        return f"{where}{', ' + self.column if self.column else ''}: {self.message}"

    def as_dict(self) -> dict[str, Any]:
        """The five fields of ``check --json``."""
        fields = asdict(self)
        del fields["place"]
        return fields


class InputError(PlannerError):
    """An instance with problems: all of them, in the order of the files."""

    def __init__(self, name: str, problems: Sequence[Problem], warnings: Sequence[Problem] = ()) -> None:
        self.name = name
        self.problems = tuple(problems)
        self.warnings = tuple(warnings)
        count = len(self.problems)
        head = f"{name}: {count} problem{'s' if count != 1 else ''}"
        super().__init__("\n".join([head, *(f"  {problem}" for problem in self.problems)]))

    def __reduce__(self) -> Any:
        """From one process to another, whole."""
        return type(self), (self.name, self.problems, self.warnings)


class SettingsError(PlannerError):
    """A setting that does not exist, or a value that it cannot take."""


class NoPlanError(PlannerError):
    """There is no plan: infeasible, unbounded, or none found within the limits."""


class VerificationError(PlannerError):
    """The verifier recomputed the plan and disagrees with the solver; both are kept as evidence."""

    def __init__(self, name: str, plan: Any, verification: Any) -> None:
        self.name = name
        self.plan = plan
        self.verification = verification
        faults = "\n".join(f"  {fault}" for fault in verification.faults[:20])
        super().__init__(f"{name}: the verifier disagrees with the plan in {len(verification.faults)} places\n{faults}")

    def __reduce__(self) -> Any:
        """From one process to another, whole."""
        return type(self), (self.name, self.plan, self.verification)
