"""A user's own rules: a Python file with ``add(model)``, and ``check(plan)`` where its author wants them verified.

::

    def add(model):                              # Pyomo; masses in model.unit_mass tonnes, periods 0, 1, …
        @model.Constraint(model.PERIODS)
        def at_most_90_t_from_A1(m, t):
            return m.unit_mass * m.flow.sold["A1", "oxide", "", t] <= 90

    def check(plan):                             # optional; pandas; a list of sentences, empty where all is kept
        sold = plan.sales[plan.sales["site"] == "A1"]
        return [f"A1 sells {q:,.1f} t in {t}" for t, q in zip(sold["period"], sold["quantity"]) if q > 90.001]

Such a file is code and runs as such. It is named by the user alone (``--rules``, ``PLANNER_RULES``, planner.toml),
never by an instance, a workbook or the app. It may add sets, parameters, variables and constraints, no cost: what the
plan costs stays what its tables say. A rule that reaches all it needs through its own ``m`` and asks no ``if`` of an
index is traced like those of the planner; any other is built by Pyomo, row by row, and counted.
"""

import hashlib
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planner.errors import SettingsError
from planner.plan import Custom, Plan


@dataclass(frozen=True)
class Rules:
    """What a file of rules holds."""

    path: Path
    digest: str
    """SHA-256 of the file."""
    add: Callable[[Any], None]
    check: Callable[[Plan], list[str]] | None

    @contextmanager
    def blamed(self) -> Iterator[None]:
        """Errors raised inside, told with the line of the file that they come from.

        Raises:
            SettingsError: whatever was raised.
        """
        try:
            yield
        except SettingsError:
            raise
        except Exception as error:
            raise SettingsError(f"{_place(self.path, error)}: {_said(error)}") from error

    def note(self, rows: int, untraced: int) -> Custom:
        """What a plan says of them.

        Args:
            rows: rows that they add to the model.
            untraced: rules that Pyomo had to build row by row.
        """
        return Custom(self.path.name, self.digest, rows, untraced, self.check is not None)

    def faults(self, plan: Plan) -> list[str]:
        """What the file's own check finds wrong with a plan; nothing where it has none.

        Raises:
            SettingsError: the check fails, or gives no list of texts.
        """
        if self.check is None:
            return []
        with self.blamed():
            found = self.check(plan)
        if not isinstance(found, list) or not all(isinstance(told, str) for told in found):
            raise SettingsError(f"{self.path}: check(plan) must give a list of sentences, empty where all is kept")
        return found


def load(path: Path) -> Rules:
    """Run a file of rules.

    Raises:
        SettingsError: there is no such file, it fails, or it has no ``add``.
    """
    try:
        source = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"setting rules is '{path}', which cannot be read: {error.strerror}") from error
    names: dict[str, Any] = {"__name__": "custom_rules", "__file__": str(path)}
    try:
        exec(compile(source, str(path), "exec"), names)
    except Exception as error:
        raise SettingsError(f"{_place(path, error)}: {_said(error)}") from error
    add, check = names.get("add"), names.get("check")
    if not callable(add):
        raise SettingsError(f"{path} has no function add(model)")
    if check is not None and not callable(check):
        raise SettingsError(f"{path}: check is no function check(plan)")
    return Rules(path, hashlib.sha256(source).hexdigest(), add, check)


def _place(path: Path, error: Exception) -> str:
    """The file, and the last of its lines on the way to an error."""
    if isinstance(error, SyntaxError):
        return f"{path} line {error.lineno}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return f"{path} line {lines[-1]}" if lines else str(path)


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
