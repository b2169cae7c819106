"""How cells are written in a change: bare where they can be, else in double quotes."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from planner.findings import written

BARE = re.compile(r"[^\s\[\],;|=\"][^\[\],;|=\"]*(?<!\s)|")


def cell(value: Any) -> str:
    """A cell, or alternatives joined by ``;``."""
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ";".join(map(cell, value))
    text = repr(value) if isinstance(value, float) and not value.is_integer() else written(value)
    if BARE.fullmatch(text) or not isinstance(value, str):
        return text
    return '"' + text.replace('"', '""') + '"'


def brackets(cells: Mapping[str, Any]) -> str:
    """Columns and their cells: ``[site=Tokyo,material=oxide]``; nothing where there are none."""
    inside = ",".join(f"{name}={cell(value)}" for name, value in cells.items())
    return f"[{inside}]" if inside else ""
