"""Rows split at periods, so that a change can hold within a window and nowhere else."""

from typing import Any

import numpy as np

from planner.analysis.draft import Draft
from planner.periods import PER_YEAR, label
from planner.tables import TABLES, columns

ENDS = {"initial": (0.0, "first"), "final": (None, "last")}
"""Cells of stockpiles that belong to the first or the last of several rows, and what the others hold."""


def cut(draft: Draft, table: str, rows: np.ndarray, during: tuple[str, str]) -> np.ndarray:
    """Split rows so that some of them hold within a window alone; gives the positions of these.

    Args:
        draft: changed in place.
        table: a table with a period, or with windows that are part of its key.
        rows: positions of the rows.
        during: first and last period of the window.

    Raises:
        InputError: the table has no windows, the window is none, or no row holds within it.
    """
    first, last = (draft.step(name) for name in during)
    if first > last:
        raise draft.refuse(table, "", "..".join(during), f"the window {during[0]}..{during[1]} ends before it begins")
    if "period" in columns(table):
        return _by_period(draft, table, rows, first, last)
    if "from" not in TABLES[table].KEY:
        hint = "; a rule (max_quantity of what is made) can limit it" if table == "processes" else ""
        told = f"{table} has one row for all periods, which cannot be changed within {during[0]}..{during[1]}{hint}"
        raise draft.refuse(table, "", "", told)
    return _by_window(draft, table, rows, first, last)


def _by_period(draft: Draft, table: str, rows: np.ndarray, first: int, last: int) -> np.ndarray:
    """Rows of one period within the window; a row of all periods gets one of its own for each that has none."""
    frame = draft.tables[table]
    keys = [name for name in TABLES[table].KEY if name != "period"]
    known = {tuple(row) for row in frame[[*keys, "period"]].itertuples(index=False)}
    start = draft.step(draft.header.first_period)
    window = range(max(first, start), min(last, start + draft.header.periods - 1) + 1)
    names = [label(step, draft.header.period_length) for step in window]
    inside, more = [], []
    for row in rows.tolist():
        cells = frame.iloc[row].to_dict()
        key = tuple(cells[name] for name in keys)
        if cells["period"] in names:
            inside.append(row)
        elif not cells["period"]:
            more += [{**cells, "period": name} for name in names if (*key, name) not in known]
    return _with_more(draft, table, inside, more, first, last)


def _by_window(draft: Draft, table: str, rows: np.ndarray, first: int, last: int) -> np.ndarray:
    """Rows with a window: the parts before and after it become rows of their own."""
    length = draft.header.period_length
    start = draft.step(draft.header.first_period)
    end = start + draft.header.periods - 1
    frame = draft.tables[table].astype(object)
    inside: list[int] = []
    more: list[dict[str, Any]] = []
    for row in rows.tolist():
        cells = frame.iloc[row].to_dict()
        begins = draft.step(cells["from"]) if cells["from"] else start
        ends = draft.step(cells["until"]) if cells["until"] else end
        if begins > last or ends < first:
            continue
        pieces = [(begins, first - 1), (max(begins, first), min(ends, last)), (last + 1, ends)]
        there = [number for number, (left, right) in enumerate(pieces) if left <= right]
        _whole_years(draft, table, cells, [pieces[number][0] for number in there[1:]])
        for number in there:
            left, right = pieces[number]
            window = {
                "from": cells["from"] if number == there[0] else label(left, length),
                "until": cells["until"] if number == there[-1] else label(right, length),
            }
            held = {
                name: cells[name] if number == (there[0] if place == "first" else there[-1]) else other
                for name, (other, place) in ENDS.items()
                if name in cells
            }
            if number == 1:
                inside.append(row)
                for name, value in {**window, **held}.items():
                    frame.at[frame.index[row], name] = value
            else:
                more.append({**cells, **window, **held})
    draft.put(table, frame)
    draft.append(table, more)
    if not inside:
        raise _outside(draft, table, first, last)
    return np.array(inside, dtype=np.int64)


def _whole_years(draft: Draft, table: str, cells: dict[str, Any], starts: list[int]) -> None:
    """Refuse to split a yearly charge or award within a year: it would count twice."""
    if not any(float(cells.get(name) or 0) > 0 for name in ("fixed_cost", "min_award")):
        return
    for start in starts:
        if start % PER_YEAR[draft.header.period_length]:
            name = label(start, draft.header.period_length)
            told = f"a row with a fixed_cost or min_award a year cannot be split in the middle of {name[:4]}"
            raise draft.refuse(table, "from", name, told)


def _with_more(
    draft: Draft, table: str, inside: list[int], more: list[dict[str, Any]], first: int, last: int
) -> np.ndarray:
    """Positions of the rows inside and of those added."""
    if not inside and not more:
        raise _outside(draft, table, first, last)
    count = len(draft.tables[table])
    draft.append(table, more)
    return np.array([*inside, *range(count, count + len(more))], dtype=np.int64)


def _outside(draft: Draft, table: str, first: int, last: int) -> Exception:
    names = [label(step, draft.header.period_length) for step in (first, last)]
    return draft.refuse(table, "", "..".join(names), f"no row of {table} that matches holds in {names[0]}..{names[1]}")
