"""``datapackage.json``: what the tables of a folder hold, by the Frictionless Data Package standard.

Units, bounds, keys and meanings are those of the row models, so any tool that reads data packages can load and check
the tables. Source: https://datapackage.org, version 1 (Table Schema).
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from planner.checks.names import REFERENCES
from planner.instance import Instance
from planner.plan import PLAN_TABLES, TEXT, Plan
from planner.schema import bounds
from planner.tables import TABLES, columns
from planner.workbook.units import unit

FILE = "datapackage.json"
_OPEN = {"exclusiveMaximum", "exclusiveMinimum"}
"""Bounds that the standard does not know; they stand beside it."""
_HOLDS = {
    "material": ("materials", "material"),
    "place": ("places", "place"),
    "site": ("sites", "site"),
    "process": ("processes", "process"),
    "priority": ("priorities", "priority"),
}
"""Kinds of names that are the key of a table of their own."""


def write_package(instance: Instance, folder: Path) -> None:
    """Write ``datapackage.json`` beside the tables of an instance; those without rows have no file and no entry."""
    held = [table for table in TABLES if len(instance.tables[table])]
    head = instance.header
    resources = [_resource(f"{table}.csv", table, _input_schema(instance, table, held)) for table in held]
    _write(folder, head.name, head.title, [source for source in (head.sources,) if source], resources)


def write_plan_folder(plan: Plan, folder: Path) -> None:
    """Write the tables of a plan into a new folder, as CSV and as parquet, with a ``datapackage.json``.

    In the CSV files a text that a spreadsheet would take for a formula stands behind an apostrophe; parquet holds
    every text as it is.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir()
    resources = []
    for table, frame in plan.tables.items():
        frame.to_parquet(folder / f"{table}.parquet", index=False)
        harmless(frame).to_csv(folder / f"{table}.csv", index=False, lineterminator="\n")
        resources.append(_resource(f"{table}.csv", table, _plan_schema(plan, table)))
    head = plan.instance.header
    _write(folder, f"{head.name}-plan", f"Plan of {head.title or head.name}", [], resources)


def harmless(frame: pd.DataFrame) -> pd.DataFrame:
    """The same table with an apostrophe before every text that a spreadsheet would take for a formula."""
    found = frame.copy()
    for name in found.columns:
        if name in TEXT:
            risky = found[name].str.match(r"[=+\-@\t\r]")
            if risky.any():
                found[name] = found[name].mask(risky, "'" + found[name])
    return found


def _write(folder: Path, name: str, title: str, sources: Sequence[str], resources: Sequence[Mapping[str, Any]]) -> None:
    package: dict[str, Any] = {"profile": "tabular-data-package", "name": _slug(name), "title": title or name}
    if sources:
        package["sources"] = [{"title": source} for source in sources]
    told = json.dumps(package | {"resources": [*resources]}, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / FILE).write_text(told + "\n", "utf-8")


def _slug(name: str) -> str:
    """A name as the standard wants it: small letters, digits, ``-``, ``_`` and ``.``."""
    return re.sub(r"[^a-z0-9_.]+", "-", name.lower()).strip("-") or "instance"


def _resource(path: str, name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    form = {"profile": "tabular-data-resource", "format": "csv", "mediatype": "text/csv", "encoding": "utf-8"}
    return {"name": name.replace("_", "-"), "path": path, **form, "schema": schema}


def _input_schema(instance: Instance, table: str, held: Sequence[str]) -> dict[str, Any]:
    """Fields, key and references of an input table."""
    head = instance.header
    fields = []
    for name, column in columns(table).items():
        told = column.unit.replace("money", head.currency).replace("mass", head.mass_unit)
        kind = ("integer" if isinstance(column.default, int) else "number") if column.numeric else "string"
        limits: dict[str, Any] = {key: value for key, value in bounds(table)[name].items() if key not in _OPEN}
        opened = {key: value for key, value in bounds(table)[name].items() if key in _OPEN}
        if column.required:
            limits["required"] = True
        if column.choices:
            limits["enum"] = [choice for choice in column.choices if choice]
        field: dict[str, Any] = {"name": name, "type": kind, "description": column.meaning, "unit": told, **opened}
        fields.append(field | ({"constraints": limits} if limits else {}))
    row = TABLES[table]
    keys = [name for name in row.KEY if columns(table)[name].required]
    schema: dict[str, Any] = {"fields": fields, "missingValues": [""]}
    if keys == [*row.KEY]:
        schema["primaryKey"] = keys
    links = [
        {"fields": column, "reference": {"resource": _HOLDS[kind][0].replace("_", "-"), "fields": _HOLDS[kind][1]}}
        for where, column, kind in REFERENCES
        if where == table and kind in _HOLDS and _HOLDS[kind][0] in held and columns(table)[column].required
    ]
    return schema | ({"foreignKeys": links} if links else {})


def _plan_schema(plan: Plan, table: str) -> dict[str, Any]:
    """Fields of a table of a plan."""
    currency = plan.instance.header.currency
    fields = []
    for name in PLAN_TABLES[table]:
        told = "fraction" if name == "share" else unit(table, name, currency)
        kind = "string" if name in TEXT else "number"
        fields.append({"name": name, "type": kind} | ({"unit": told} if told else {}))
    return {"fields": fields, "missingValues": [""]}
