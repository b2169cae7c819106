"""Many what-ifs of one instance as a table: cases by name, from a file or as every combination of some changes.

::

    case,change                                                a file of cases, .csv: the rows of a case in their order
    halt,"ban place=CHN, to=allies, from=2028, until=2028"
    halt,demands[material=hot magnet].quantity*=0.95
    dear,offers[place=CHN].price*=1.5

    [cases]                                                    the same as .toml
    halt = ["ban place=CHN, to=allies, from=2028, until=2028", "demands[material=hot magnet].quantity*=0.95"]
    dear = ["offers[place=CHN].price*=1.5"]
"""

import csv
import itertools
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from planner.analysis.overrides import read_change
from planner.analysis.study import Study
from planner.errors import InputError, PlannerError, Problem
from planner.executor import run
from planner.findings import suggest
from planner.instance import Instance
from planner.settings import Settings

FEW = 8
"""Cases up to which one kept model is quicker than starting other processes."""

COLUMNS = ["case", "changes", "status", "cost", "against_base", "unmet", "message"]


@dataclass(frozen=True)
class Case:
    """Changes that are made together, as they are written."""

    name: str
    changes: tuple[str, ...]


def read_cases(path: Path) -> list[Case]:
    """The cases of a file.

    Raises:
        InputError: it cannot be read, or holds something else than cases; every problem with its line.
    """
    if path.suffix.lower() not in (".csv", ".toml"):
        raise _refused(path, None, "", "is no .csv and no .toml")
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise _refused(path, None, "", f"cannot be read: {getattr(error, 'strerror', None) or error}") from error
    found = _of_csv(path, text) if path.suffix.lower() == ".csv" else _of_toml(path, text)
    if not found:
        raise _refused(path, None, "", "holds no case")
    return [Case(name, tuple(changes)) for name, changes in found.items()]


def _of_csv(path: Path, text: str) -> dict[str, list[str]]:
    rows = csv.reader(text.splitlines())
    header = [name.strip() for name in next(rows, [])]
    for name in header:
        if name not in ("case", "change"):
            hint = suggest(name, ("case", "change")) or "; its columns are case and change"
            raise _refused(path, 1, name, f"there is no column '{name}'{hint}")
    if sorted(header) != ["case", "change"]:
        raise _refused(path, 1, "", "needs the columns case and change, each once")
    found: dict[str, list[str]] = {}
    problems = []
    for cells in rows:
        line = rows.line_num
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            told = f"has {len(cells)} cells for 2 columns: quote a cell with a comma"
            problems.append(_problem(path, line, "", told))
            continue
        row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
        problems += _faults(path, line, row["change"])
        found.setdefault(row["case"] or "what-if", []).append(row["change"])
    if problems:
        raise InputError(path.name, problems)
    return found


def _of_toml(path: Path, text: str) -> dict[str, list[str]]:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _refused(path, None, "", f"is no TOML: {error}") from error
    for name in content:
        if name != "cases":
            hint = suggest(name, ["cases"]) or "; it is [cases]"
            raise _refused(path, None, name, f"there is no table '{name}'{hint}")
    found: dict[str, list[str]] = {}
    problems = []
    for name, changes in content.get("cases", {}).items():
        listed = [changes] if isinstance(changes, str) else changes
        if not isinstance(listed, list) or not all(isinstance(change, str) for change in listed):
            problems.append(_problem(path, None, name, f"'{name}' is no list of changes in quotes"))
            continue
        problems += [fault for change in listed for fault in _faults(path, None, change)]
        found[name] = listed
    if problems:
        raise InputError(path.name, problems)
    return found


def _faults(path: Path, line: int | None, change: str) -> list[Problem]:
    """What is wrong with the form of a change."""
    try:
        read_change(change)
    except InputError as error:
        return [_problem(path, line, "change", problem.message, problem.value) for problem in error.problems]
    return []


def _problem(path: Path, line: int | None, column: str, message: str, value: str = "") -> Problem:
    return Problem("cases", line, column, value, message, f"{path.name} line {line}" if line else path.name)


def _refused(path: Path, line: int | None, column: str, message: str) -> InputError:
    return InputError(path.name, [_problem(path, line, column, message)])


def variants(change: str) -> list[str]:
    """A change with alternatives, ``rules[rule=cap].limit=0.4|0.5``, as one change for each."""
    match = re.search(r"(?<=[=\s])(?:\"[^\"]*\"|[^=,\[\]|\"])+(?:\|(?:\"[^\"]*\"|[^=,\[\]|\"])*)+(?=[,\]@.]|$)", change)
    if match is None:
        return [change]
    before, after = change[: match.start()], change[match.end() :]
    found = (f"{before}{part.strip()}{after}" for part in re.findall(r"(?:\"[^\"]*\"|[^|\"])+", match[0]))
    return [whole for part in found for whole in variants(part)]


def combinations(cases: Sequence[Case], varied: Sequence[str]) -> list[Case]:
    """Every combination of cases and of the alternatives of changes.

    Args:
        cases: one or more; a case without changes is the base.
        varied: changes with alternatives, which are joined by ``|``.
    """
    sets = [variants(change) for change in varied]
    found = []
    for case in cases:
        for chosen in itertools.product(*sets):
            name = ", ".join(filter(None, (case.name, *(_short(change) for change in chosen))))
            found.append(Case(name, (*case.changes, *chosen)))
    return found


def _short(change: str) -> str:
    """A change without the rows that it is made in: ``limit=0.4``."""
    short = re.sub(r"^.*\]\s*\.|^\w+\.", "", change)
    return short if re.match(r"\w+(@[\w.-]+)?\s*[-+*]?=", short) else change


def solve_cases(
    instance: Instance,
    cases: Sequence[Case],
    settings: Settings | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Each case solved and verified: case, changes, status, cost, against_base, unmet, message.

    ``cost`` is present value, ``against_base`` what it is more than that of the instance without changes (empty where
    one of the two has no plan), ``unmet`` tonnes. A case that cannot be made has the status ``refused`` and why. Few
    cases are solved by one kept model, many by workers, each with one of its own; the numbers are the same to 1e-7.

    Raises:
        InputError: a fixed charge or minimum that nothing bounds in the instance itself.
        VerificationError: HiGHS and the verifier disagree on the instance itself.
    """
    chosen = settings or Settings()
    shared = {"instance": instance, "settings": chosen.model_dump()}
    tasks = [Case("", ()), *cases]
    if len(tasks) <= FEW and not chosen.dask:
        study = study_of(shared)
        found = {}
        for number, task in enumerate(tasks, 1):
            found[task] = solve_case(study, task)
            if progress:
                progress(number, len(tasks))
    else:
        found = {done.task: _result(done.result, done.error) for done in _run(shared, tasks, chosen, progress)}
    base = found[tasks[0]]["cost"]
    rows = [_row(case, found[case], base) for case in cases]
    return pd.DataFrame(rows, columns=COLUMNS)


def _run(shared: Any, tasks: Sequence[Case], settings: Settings, progress: Any) -> Any:
    return run(solve_case, shared, tasks, prepare=study_of, settings=settings, progress=progress)


def study_of(shared: Mapping[str, Any]) -> Study:
    """What a worker keeps: the study of the instance."""
    return Study(shared["instance"], Settings(**{**shared["settings"], "threads": 1}))


def solve_case(study: Study, case: Case) -> dict[str, Any]:
    """One case, from the base: status, cost, unmet demand and a message; the study is at its base before and after."""
    nothing = {"cost": float("nan"), "unmet": float("nan")}
    try:
        outcome = study.apply(*case.changes).solve()
    except PlannerError as error:
        return {"status": "refused", **nothing, "message": str(error)}
    finally:
        study.reset()
    message = outcome.message + "".join(f"; {name}" for name in outcome.conflict)
    if outcome.found is None:
        return {"status": outcome.status, **nothing, "message": message}
    plan = outcome.found
    return {"status": outcome.status, "cost": plan.objective, "unmet": plan.unmet, "message": message}


def _result(result: Mapping[str, Any], error: str) -> dict[str, Any]:
    """What a worker found, or why it found nothing."""
    return dict(result) if not error else {"status": "failed", "cost": None, "unmet": None, "message": error}


def _row(case: Case, found: Mapping[str, Any], base: Any) -> dict[str, Any]:
    cost = found["cost"]
    against = float("nan") if cost is None or base is None else cost - base
    return {"case": case.name, "changes": "; ".join(case.changes), **found, "against_base": against}
