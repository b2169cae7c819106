"""The built-in instances: rebuilt from their sources, every number with its provenance, solved as expected."""

import importlib.util
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

import planner
from planner.read import builtin_folder, builtin_names
from planner.tables import TABLES, columns

FOLDERS = [builtin_folder(name) for name in builtin_names()]
BUILT = {folder.name: script for folder in FOLDERS for script in folder.glob("build_*.py")}
TOLD = {folder.name: script for folder in FOLDERS for script in folder.glob("what_the_*.py")}
SOLVED = {folder.name: folder / "expected.toml" for folder in FOLDERS if (folder / "expected.toml").is_file()}


def script(path: Path) -> ModuleType:
    """A script of an instance's folder, whose name is no package's."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_instances_are_found() -> None:
    """An instance that lost its scripts or its expectation would not be tested below."""
    real = {"allied-magnets", "gallium-germanium"}
    assert real <= set(BUILT)
    assert real <= set(TOLD)
    assert {*real, "tutorial"} <= set(SOLVED)


@pytest.mark.parametrize("name", BUILT)
def test_the_script_rebuilds_the_tables_byte_for_byte(name: str, tmp_path: Path) -> None:
    """Run as a user runs it, from another folder; every file of data is written, and no other."""
    folder = BUILT[name].parent

    subprocess.run([sys.executable, BUILT[name], tmp_path / "built"], cwd=tmp_path, check=True)

    committed = {path.name for path in folder.iterdir() if path.suffix in {".csv", ".toml"}} - {"expected.toml"}
    built = {path.name: path.read_bytes() for path in (tmp_path / "built").iterdir()}
    assert set(built) == committed
    assert [file for file in sorted(built) if built[file] != (folder / file).read_bytes()] == []


def read(path: Path) -> pd.DataFrame:
    """A table as text, empty cells as empty texts."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def numeric_cells(folder: Path) -> Iterator[tuple[str, str, str, str]]:
    """Table, key, column and text of every filled numeric cell of an instance's tables."""
    for table in TABLES:
        path = folder / f"{table}.csv"
        if not path.is_file():
            continue
        known = columns(table)
        frame = read(path)
        for cells in frame.itertuples(index=False, name=None):
            row = dict(zip(frame.columns, cells, strict=True))
            key = ";".join(row[name] for name in known if known[name].key and row.get(name))
            yield from ((table, key, name, cell) for name, cell in row.items() if known[name].numeric and cell)


@pytest.mark.parametrize("name", BUILT)
def test_every_number_has_its_provenance(name: str) -> None:
    """One row of ``provenance.csv`` a numeric cell and no other; its range holds the value, its sources are there."""
    folder = BUILT[name].parent
    provenance = read(folder / "provenance.csv")
    keys = [";".join(part for part in key.split(";") if part) for key in provenance["key"]]
    told = zip(provenance["table"], keys, provenance["column"], provenance["value"], strict=True)

    assert Counter(told) == Counter(numeric_cells(folder))
    numbers = provenance[["low", "value", "high"]].astype(float)
    assert provenance[(numbers["low"] > numbers["value"]) | (numbers["value"] > numbers["high"])].empty
    assert set(provenance["kind"]) <= {"source", "estimate", "assumption"}
    files = {file for cell in provenance["source_file"] for file in cell.split(";") if file}
    assert [file for file in sorted(files) if not (folder / "sources" / file).is_file()] == []
    assumed = provenance[provenance["kind"] == "assumption"]
    assert assumed["source_file"].str.contains("assumptions.csv").all()
    used = {key for cell in assumed["source_key"] for key in cell.split(";")}
    assert set(read(folder / "sources" / "assumptions.csv")["assumption"]) <= used


@pytest.mark.parametrize("name", SOLVED)
def test_instance_is_solved_as_expected(name: str) -> None:
    """Status, cost, proven bound and unmet demand as committed; weapons are served, and the caps are felt."""
    expected = tomllib.loads(SOLVED[name].read_text("utf-8"))

    plan = planner.solve(planner.load(name)).plan

    assert plan.status == expected["status"]
    assert plan.objective == pytest.approx(expected["objective"], rel=1e-6)
    assert plan.bound == pytest.approx(expected["bound"], rel=1e-6)
    assert plan.unmet == pytest.approx(expected["unmet"], abs=1e-6)
    assert expected["source"]
    assert plan.demand.loc[plan.demand["priority"] == "defence", "unmet"].sum() == pytest.approx(0.0, abs=1e-9)
    caps = plan.rules[plan.rules["kind"] == "max_share"]
    assert (caps["shadow_price"] < -1.0).any()


@pytest.mark.parametrize("name", TOLD)
def test_the_readme_prints_what_the_script_prints(name: str) -> None:
    """If not: run the script with ``--write``."""
    text = (TOLD[name].parent / "README.md").read_text("utf-8")
    told = text.partition("<!-- figures -->")[2].partition("<!-- end of figures -->")[0]
    assert told.strip().splitlines() == script(TOLD[name]).figures()
