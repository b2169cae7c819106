"""Copies of the small instance with one fault each, or with all that do not hide each other.

``python -m tests.damage`` checks every copy by the command line and prints how many faults are named at their place.
"""

import contextlib
import io
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from planner.cli import main
from planner.errors import InputError, Problem
from planner.read import load
from tests.faults import FAULTS, Fault
from tests.small import files, write


def damage(sound: dict[str, str], fault: Fault) -> None:
    """Put one fault into a copy of the files."""
    name = fault.file or ("instance.toml" if fault.table == "instance" else f"{fault.table}.csv")
    text = sound.get(name, "")
    if fault.old:
        assert fault.old in text, f"{name} holds no {fault.old!r}"
        sound[name] = text.replace(fault.old, fault.new, 1)
    else:
        sound[name] = text + fault.new


def copies() -> Iterator[tuple[Fault, dict[str, str]]]:
    """A copy with each fault alone."""
    for fault in FAULTS:
        copy = files()
        damage(copy, fault)
        yield fault, copy


def batches() -> Iterator[tuple[list[Fault], dict[str, str]]]:
    """Copies with many faults each, those that do not hide each other."""
    for batch in sorted({fault.batch for fault in FAULTS if fault.batch >= 0}):
        faults = [fault for fault in FAULTS if fault.batch == batch]
        copy = files()
        for fault in faults:
            damage(copy, fault)
        yield faults, copy


def findings(folder: Path) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
    """Problems and warnings of a folder."""
    try:
        return (), load(folder).warnings
    except InputError as error:
        return error.problems, error.warnings


def named(fault: Fault, problems: tuple[Problem, ...], warnings: tuple[Problem, ...]) -> bool:
    """Whether a fault is told at its table, line and column."""
    return any(
        (found.table, found.line, found.column) == (fault.table, fault.line, fault.column)
        and fault.told in found.message
        for found in (warnings if fault.warning else problems)
    )


def _checked(folder: Path) -> tuple[int, list[Problem], list[Problem]]:
    """Exit code, problems and warnings of ``planner check --json``."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = main(["check", str(folder), "--json"])
    answer = json.loads(out.getvalue())
    problems, warnings = ([Problem(**found) for found in answer.get(kind, ())] for kind in ("problems", "warnings"))
    return code, problems, warnings


def report() -> tuple[int, int, int, int]:
    """Faults named at their place and all faults, first one a copy, then many a copy; prints those that are not.

    A copy counts only where the exit code is right too: 3 with problems, 0 with warnings alone.
    """
    counts = []
    for name, made in (("alone", [([fault], copy) for fault, copy in copies()]), ("together", list(batches()))):
        right = 0
        for faults, copy in made:
            with tempfile.TemporaryDirectory() as folder:
                code, problems, warnings = _checked(write(Path(folder), copy))
            wrong = code != (3 if problems else 0)
            missed = [fault for fault in faults if wrong or not named(fault, tuple(problems), tuple(warnings))]
            right += len(faults) - len(missed)
            for fault in missed:
                print(f"not named {name} (exit code {code}): {fault}")
        total = sum(len(faults) for faults, _ in made)
        print(f"{name}: {right} of {total} faults named at their table, line and column in {len(made)} damaged copies")
        counts += [right, total]
    return counts[0], counts[1], counts[2], counts[3]


if __name__ == "__main__":
    alone, all_alone, together, all_together = report()
    raise SystemExit((alone, together) != (all_alone, all_together))
