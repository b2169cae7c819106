"""Writes ``instances/TABLES.md`` from the row models and ``models/FORMULATION.md`` from the families' docstrings.

    python docs/generate.py

A test fails when either is out of date.
"""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mineral_sourcing.build import FAMILIES, RULES
from planner.tables import LATER_TABLES, TABLES, Header, columns

ROOT = Path(__file__).parents[1]
BOUNDS = {"minimum": "≥", "ge": "≥", "maximum": "≤", "le": "≤", "lt": "<"}
"""Words for bounds in a JSON schema; the short ones where a check of our own stands before pydantic's."""
TITLES = {3: "symbol | meaning | unit", 2: "symbol | meaning"}
"""Headings of the tables of symbols, which have none in the docstrings."""


def pages() -> dict[Path, str]:
    """Each page that is written, with its text."""
    return {ROOT / "instances" / "TABLES.md": dictionary(), ROOT / "models" / "FORMULATION.md": formulation()}


def dictionary() -> str:
    """The data dictionary: every table and column with unit, bounds, default and meaning."""
    lines = [
        "# Tables of an instance",
        "",
        "Written from `planner/tables.py` by `python docs/generate.py`; do not edit. An instance is a folder with",
        "`instance.toml` and one CSV a table, or a workbook with a sheet a table and a sheet `instance`. Only the",
        "tables that are needed exist. Columns in bold are the key. An empty cell takes the default; a dash means",
        "that it may not be empty.",
        "",
        "## instance",
        "",
        "| key | values | default | meaning |",
        "|---|---|---|---|",
    ]
    properties = Header.model_json_schema()["properties"]
    for name, field in Header.model_fields.items():
        default = "–" if field.is_required() else _default(field.default)
        values = _values("", properties[name])
        lines.append(_row(f"`{name}`", values, default, _markdown(field.description or "")))
    for table, model in TABLES.items():
        lines += ["", f"## {table}", "", _markdown(inspect.cleandoc(model.__doc__ or "")), ""]
        lines += ["| column | unit and bounds | default | meaning |", "|---|---|---|---|"]
        properties = model.model_json_schema(by_alias=True)["properties"]
        for name, column in columns(table).items():
            title = f"**`{name}`**" if column.key else f"`{name}`"
            default = "–" if column.required else _default(column.default)
            lines.append(_row(title, _values(column.unit, properties[name]), default, _markdown(column.meaning)))
    later = ", ".join(f"`{name}`" for name in LATER_TABLES)
    return "\n".join([*lines, "", f"Known by name and refused as not yet supported: {later}.", ""])


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _default(value: Any) -> str:
    return "" if value is None or value == "" else f"{value:g}" if isinstance(value, float) else str(value)


def _values(unit: str, schema: dict[str, Any]) -> str:
    """Unit and bounds, or the texts that are allowed."""
    parts = [schema, *schema.get("anyOf", ())]
    choices = [str(choice) for part in parts for choice in part.get("enum", ()) if choice != ""]
    limits = [f"{sign} {part[name]:g}" for name, sign in BOUNDS.items() for part in parts if name in part]
    return ", ".join([*(choices or filter(None, [unit])), *limits])


def formulation() -> str:
    """The model, one family after the other, as the docstrings say it."""
    lines = [
        "# Formulation",
        "",
        "Written from the docstrings of `models/mineral_sourcing` by `python docs/generate.py`; do not edit. One",
        "section a family, in the order in which the model is built. A constraint is named in bold;",
        "`family.constraint` is its name in the table `prices` of a plan. How tables are read into these letters:",
        "`docs/definitions.md`.",
    ]
    for family in FAMILIES:
        name = family.__name__.rpartition(".")[2]
        title, _, rest = inspect.cleandoc(family.__doc__ or "").partition("\n")
        lines += ["", f"## {title.rstrip('.')}", "", f"`{name}`"]
        asked = [f"`{rule}` by the table `{table}`" for rule, table in RULES.items() if rule.startswith(f"{name}.")]
        if asked:
            lines[-1] += f"; asked for: {', '.join(asked)}"
        lines += ["", *_body(rest.strip("\n").splitlines())]
    return "\n".join([*lines, ""])


def _body(lines: list[str]) -> Iterator[str]:
    """A docstring in Markdown: formulas, tables of symbols and text."""
    at = 0
    while at < len(lines):
        if lines[at].startswith(".. math::"):
            block, at = _indented(lines, at)
            yield from _formula(block)
        elif re.fullmatch(r"=+(  +=+)+", lines[at]):
            end = max(n for n in range(at, len(lines)) if lines[n] == lines[at] and all(lines[at:n]))
            yield from _symbols(lines[at : end + 1])
            at = end + 1
        else:
            yield _markdown(lines[at])
            at += 1


def _indented(lines: list[str], at: int) -> tuple[list[str], int]:
    """What a directive holds, and the line after it."""
    block = [lines[at].partition("::")[2]]
    at += 1
    while at < len(lines) and (not lines[at].strip() or lines[at].startswith(" ")):
        block.append(lines[at])
        at += 1
    return block, at


def _formula(block: list[str]) -> Iterator[str]:
    """A block of formulas, aligned where it has columns or lines."""
    text = "\n".join(line.strip() for line in block).strip("\n")
    if "&" in text or r"\\" in text:
        text = f"\\begin{{aligned}}\n{text}\n\\end{{aligned}}"
    yield from ("```math", *text.splitlines(), "```", "")


def _symbols(lines: list[str]) -> Iterator[str]:
    """A simple table; a row whose first cell is empty goes on with the row above."""
    starts = [match.start() for match in re.finditer("=+", lines[0])]
    ends = [*starts[1:], None]
    rows: list[list[str]] = []
    for line in lines[1:]:
        if line == lines[0]:
            continue
        cells = [line[start:end].strip() for start, end in zip(starts, ends, strict=True)]
        if cells[0] or not rows:
            rows.append(cells)
        else:
            rows[-1] = [f"{above} {cell}".strip() for above, cell in zip(rows[-1], cells, strict=True)]
    yield f"| {TITLES[len(starts)]} |"
    yield "|---" * len(starts) + "|"
    yield from (_row(*map(_markdown, row)) for row in rows)


def _markdown(text: str) -> str:
    """Formulas and names inside a line; a sign that begins it is no bullet."""
    text = re.sub(r"^([+-]) ", r"\\\1 ", text)
    text = re.sub(r":math:`([^`]*)`", r"$\1$", text)
    return re.sub(r"``([^`]+)``", r"`\1`", text)


def main() -> None:
    """Write both pages."""
    for path, text in pages().items():
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
