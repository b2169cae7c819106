"""HTML of the report's parts: every text of an instance is escaped here and nowhere else."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.report.facts import Figure

SHORT = 12
"""Letters of a cell that is never broken over lines."""


@dataclass(frozen=True)
class Cell:
    """A cell: what is read, and the number that it is sorted and copied by."""

    text: str
    value: float | None = None
    bar: float | None = None
    """Length of a bar beside the number, 0 to 1."""
    strong: bool = False


def cells(*given: "str | Cell") -> tuple[Cell, ...]:
    """A row of cells."""
    return tuple(item if isinstance(item, Cell) else Cell(item) for item in given)


def table(caption: str, heads: Sequence[tuple[str, bool]], rows: Iterable[Sequence[Cell]]) -> str:
    """A table that sorts and copies.

    Args:
        caption: what it holds, for those who do not see it.
        heads: name of each column, and whether it holds numbers.
        rows: cells, one for each column.
    """
    head = "".join(
        f'<th scope="col" role="columnheader"{" class=number" if number else ""}>'
        f'<button type="button" class="sort">{escape(name)}</button></th>'
        for name, number in heads
    )
    body = "".join(f'<tr role="row">{"".join(map(_cell, row, heads, range(len(heads))))}</tr>' for row in rows)
    return (
        f'<table role="table"><caption>{escape(caption)}</caption>'
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead><tbody role="rowgroup">{body}</tbody></table>'
        '<p class="take"><button type="button" class="copy">Copy for Excel</button>'
        '<button type="button" class="csv">Download CSV</button></p>'
    )


def _cell(cell: Cell, head: tuple[str, bool], at: int) -> str:
    name, number = head
    value = "" if cell.value is None or not isfinite(cell.value) else f' data-value="{cell.value!r}"'
    text = f"<b>{escape(cell.text)}</b>" if cell.strong else escape(cell.text)
    if cell.bar is not None and isfinite(cell.bar):
        text += (
            f'<span class="bar" aria-hidden="true"><i style="width:{100 * min(max(cell.bar, 0), 1):.1f}%"></i></span>'
        )
    kind = ' scope="row" role="rowheader"' if at == 0 else ' role="cell"'
    tag = "th" if at == 0 else "td"
    kinds = [name for name, holds in (("number", number), ("short", len(cell.text) <= SHORT)) if holds]
    style = f' class="{" ".join(kinds)}"' if kinds else ""
    return f'<{tag}{kind} data-head="{escape(name)}"{value}{style}>{text}</{tag}>'


def strip(parts: Iterable[tuple[str, str]]) -> str:
    """The line above the answer: names and values."""
    return "".join(
        f"<span>{escape(name)} <b>{escape(value)}</b></span>".replace("<span> ", "<span>") for name, value in parts
    )


def figure_list(figures: "Iterable[Figure]") -> str:
    """Figures as the items of a list: name, value, change, remark."""
    return "".join(map(_figure, figures))


def _figure(figure: "Figure") -> str:
    tone = "" if figure.better is None else " better" if figure.better else " worse"
    return (
        f'<div class="figure"><dt>{escape(figure.name)}</dt>'
        f'<dd class="value">{escape(figure.value)} <small>{escape(figure.unit)}</small></dd>'
        f'<dd class="change{tone}">{escape(figure.change)}</dd><dd class="remark">{escape(figure.remark)}</dd></div>'
    )
