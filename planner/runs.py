"""Runs: folders written whole or not at all, from which a plan can be read and verified with nothing else.

``input/`` holds the tables as read, ``tables/`` the plan, ``plan.xlsx`` the same to read, ``manifest.json`` what was
asked, proven and used.
"""

import csv
import hashlib
import json
import math
import os
import platform
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from planner.datapackage import write_package
from planner.errors import InputError, Problem, SettingsError
from planner.instance import Instance
from planner.plan import PLAN_TABLES, Custom, Outcome, Plan
from planner.read import load
from planner.settings import Settings
from planner.workbook.plan import write_plan

MISSED = 3
"""Missing tables and columns that are named; more are counted."""

PACKAGES = ("mineral-sourcing-planner", "pyomo", "highspy", "pandas")


def prepare(folder: Path) -> None:
    """Make the folder of runs, before anything is solved for it.

    Raises:
        SettingsError: it cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise SettingsError(f"setting runs is '{folder}', which cannot be written: {error.strerror}") from error


def write(
    outcome: Outcome,
    settings: Settings,
    origins: Mapping[str, str],
    command: Sequence[str] = (),
    faults: Sequence[str] = (),
) -> Path:
    """Write a run below ``settings.runs``; nothing is left where it cannot be finished.

    Args:
        outcome: how the solve ended; without a plan there are no tables.
        settings: what it was solved under.
        origins: where each setting came from.
        command: the command line.
        faults: what the verifier found wrong, kept as evidence.

    Raises:
        OSError: the folder cannot be written.
    """
    settings.runs.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=".writing-", dir=settings.runs))
    try:
        digest = write_input(outcome.instance, part / "input")
        if outcome.found is not None:
            (part / "tables").mkdir()
            for name in PLAN_TABLES:
                outcome.found.tables[name].to_parquet(part / "tables" / f"{name}.parquet", index=False)
            if not faults:
                write_plan(outcome.found, part / "plan.xlsx")
        manifest = _manifest(outcome, settings, origins, command, faults) | {"input": digest}
        (part / "manifest.json").write_text(json.dumps(manifest, indent=2, allow_nan=False), "utf-8")
        steps = (json.dumps({"step": step, "seconds": took}) for step, took in outcome.seconds.items())
        (part / "log.jsonl").write_text("".join(f"{step}\n" for step in steps), "utf-8")
        for path in part.rglob("*"):
            if path.is_file():
                _sync(path)
        part.chmod(0o755)
        return _publish(part, settings.runs, f"{_slug(outcome.instance.name)}-{digest[:8]}-{manifest['written']}")
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def write_input(instance: Instance, folder: Path) -> str:
    """Write the tables as read, floats exact, and ``datapackage.json``; gives the SHA-256 of the former."""
    folder.mkdir()
    header = instance.header.model_dump(exclude_none=True)
    lines = (f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in header.items())
    (folder / "instance.toml").write_text("".join(lines), "utf-8")
    for table, frame in instance.tables.items():
        if len(frame):
            texts: pd.DataFrame = frame.select_dtypes("str")
            if any(texts[name].str.contains("\r", regex=False).any() for name in texts):  # not quoted by itself
                frame.to_csv(folder / f"{table}.csv", index=False, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
            else:
                frame.to_csv(folder / f"{table}.csv", index=False, lineterminator="\n")
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    write_package(instance, folder)
    return digest.hexdigest()


def read(path: str | Path) -> Plan:
    """The plan of a run.

    Raises:
        InputError: the folder is no run, is damaged, or holds no plan.
    """
    run = Path(path)
    try:
        manifest = read_manifest(run)
        status, objective = manifest["status"], manifest["objective"]
        if objective is None:
            raise _unreadable(run, f"holds no plan: it ended {status}")
        tables = _tables(run)
        bound = -math.inf if manifest["bound"] is None else float(manifest["bound"])
        custom = Custom(**manifest["custom"]) if manifest.get("custom") else None
        return Plan(load(run / "input"), tables, status, float(objective), bound, bool(manifest["is_mip"]), custom)
    except FileNotFoundError as error:
        raise _unreadable(run, f"is no whole run: it has no {Path(str(error.filename or error)).name}") from error
    except KeyError as error:
        raise _unreadable(run, f"is no whole run: manifest.json does not say {error}") from error
    except (OSError, ValueError, TypeError) as error:
        raise _unreadable(run, f"is no whole run: {error}") from error


def _tables(run: Path) -> dict[str, pd.DataFrame]:
    """The tables of the plan of a run.

    Raises:
        InputError: tables or columns are missing, as in a run that another version of the planner wrote.
    """
    files = {name: run / "tables" / f"{name}.parquet" for name in PLAN_TABLES}
    if not files["costs"].is_file():
        return {name: pd.read_parquet(file) for name, file in files.items()}  # no plan at all: FileNotFoundError
    found = {name: pd.read_parquet(file) for name, file in files.items() if file.is_file()}
    lacking = [name for name in files if name not in found]
    lacking += [f"{name}.{column}" for name in found for column in PLAN_TABLES[name] if column not in found[name]]
    if lacking:
        more = f" and {len(lacking) - MISSED} more" if len(lacking) > MISSED else ""
        told = f"is damaged, or of another version of the planner: its plan lacks {', '.join(lacking[:MISSED])}{more}"
        raise _unreadable(run, f"{told}; solve its input again: planner solve {run / 'input'}")
    return found


def list(folder: str | Path) -> pd.DataFrame:
    """The runs of a folder, newest first: run, instance, status (or damaged), objective, gap, unmet, written."""
    columns = ["run", "instance", "status", "objective", "gap", "unmet", "written"]
    rows = []
    for path in sorted(Path(folder).glob("[!.]*/manifest.json")):
        try:
            manifest = read_manifest(path.parent)
            texts = [str(manifest[name]) for name in ("instance", "status")]
            numbers = [math.nan if manifest[name] is None else float(manifest[name]) for name in columns[3:6]]
            rows.append((path.parent.name, *texts, *numbers, str(manifest["written"])))
        except (OSError, ValueError, KeyError, TypeError):
            rows.append((path.parent.name, "", "damaged", math.nan, math.nan, math.nan, ""))
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values(["written", "run"], ascending=[False, True], ignore_index=True)


def read_manifest(run: str | Path) -> dict[str, Any]:
    """What ``manifest.json`` says; ValueError where it is no JSON object."""
    manifest = json.loads((Path(run) / "manifest.json").read_text("utf-8"))
    if not isinstance(manifest, dict):
        raise ValueError("manifest.json is no JSON object")
    return manifest


def _manifest(
    outcome: Outcome,
    settings: Settings,
    origins: Mapping[str, str],
    command: Sequence[str],
    faults: Sequence[str],
) -> dict[str, Any]:
    plan = outcome.found
    values = settings.model_dump(mode="json")
    return {
        "instance": outcome.instance.name,
        "written": datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"),
        "status": outcome.status,
        "verified": plan is not None and not faults,
        "faults": [*faults],
        "objective": plan.objective if plan else None,
        "bound": plan.bound if plan and math.isfinite(plan.bound) else None,
        "gap": plan.gap if plan and math.isfinite(plan.gap) else None,
        "unmet": plan.unmet if plan else None,
        "is_mip": plan.is_mip if plan else None,
        "custom": asdict(plan.custom) if plan and plan.custom else None,
        "message": outcome.message,
        "conflict": [*outcome.conflict],
        "interior_point": outcome.interior_point,
        "size": dict(outcome.size),
        "seconds": dict(outcome.seconds),
        "settings": {name: {"value": values[name], "from": origins.get(name, "call")} for name in values},
        "seed": settings.seed,
        "command": [*command],
        "versions": {name: version(name) for name in PACKAGES} | {"python": platform.python_version()},
    }


def _publish(part: Path, folder: Path, name: str) -> Path:
    """Give a finished folder its name; a second run of the same second gets a number."""
    for count in range(1, 1000):
        path = folder / (name if count == 1 else f"{name}-{count}")
        if path.exists():
            continue
        try:
            part.rename(path)
        except OSError:
            if path.exists():
                continue
            raise
        return path
    raise OSError(f"there are too many runs named {name}")


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _slug(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in name)[:60]


def _unreadable(run: Path, why: str) -> InputError:
    return InputError(run.resolve().name, [Problem("run", None, "", str(run), f"{run} {why}")])
