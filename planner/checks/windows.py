"""Checks of time: the form of periods, windows that end before they begin, overlap, leave gaps or miss the horizon."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.codes import Ints, grouped, repeated
from planner.findings import Findings
from planner.instance import Instance
from planner.periods import PER_YEAR, horizon, ordinal
from planner.tables import TABLES, columns
from planner.windows import steps

WINDOWED = ("offers", "processes", "duties", "stockpiles", "rules", "disruptions")
"""Tables whose rows hold from ``from`` until ``until``."""

DISJOINT = {
    "offers": ["site", "material"],
    "stockpiles": ["site", "material"],
    "duties": ["origin", "destination", "material"],
    "rules": ["rule"],
}
"""Rows with the same cells in these columns are one thing, and their windows may not overlap."""

_OPEN = 10**9


def spans(instance: Instance, table: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """First and last period index of each row's window, far out where it is open."""
    return steps(instance, table, "from", -_OPEN), steps(instance, table, "until", _OPEN)


def period_forms(instance: Instance, found: Findings) -> None:
    """Every period has the length that the header states."""
    length = instance.header.period_length
    told = f"'{{}}' is no {length}, the period length of this instance; write it as {instance.header.first_period}"
    for table in TABLES:
        rows = instance.tables[table]
        for name, column in columns(table).items():
            if column.unit == "period" and len(rows):
                wrong = instance.codes.like(table, name, lambda text: ordinal(text, length) is None)
                found.rows(table, rows, wrong, name, told.format)


def reversed_windows(instance: Instance, found: Findings) -> None:
    """No window ends before it begins."""
    for table in WINDOWED:
        begins, ends = spans(instance, table)
        places = np.flatnonzero(ends < begins)
        if not len(places):
            continue
        wrong = instance.tables[table].iloc[places]
        listed = (
            (line, end, f"'{end}' lies before from ('{start}'); exchange them or mend one")
            for line, start, end in wrong[["from", "until"]].itertuples()
        )
        found.several(table, "until", listed, len(wrong))


def outside_horizon(instance: Instance, found: Findings) -> None:
    """A window, or a demand, wholly outside the horizon has no effect: a warning."""
    header = instance.header
    labels = horizon(header.first_period, header.periods, header.period_length)
    told = f"lies outside the horizon {labels[0]} to {labels[-1]}; the row has no effect"
    for table in WINDOWED:
        rows = instance.tables[table]
        begins, ends = spans(instance, table)
        late, early = begins >= header.periods, (ends < 0) & (ends >= begins)
        found.rows(table, rows, late & (ends >= begins), "from", lambda text: f"'{text}' {told}", warning=True)
        found.rows(table, rows, early, "until", lambda text: f"'{text}' {told}", warning=True)
    at = steps(instance, "demands", "period", 0)
    outside = (at < 0) | (at >= header.periods)
    found.rows("demands", instance.tables["demands"], outside, "period", lambda text: f"'{text}' {told}", warning=True)


def overlaps(instance: Instance, found: Findings) -> None:
    """Windows of the same thing do not overlap; those of a stockpile leave no gap."""
    codes = instance.codes
    for table, key in DISJOINT.items():
        rows = instance.tables[table]
        if not repeated(codes.pick(table, key)).any():
            continue
        begin, end = spans(instance, table)
        needed = [codes[table, name] > 0 for name in key if columns(table)[name].required]
        sound = np.all(needed, axis=0) & ~repeated(codes.pick(table, TABLES[table].KEY)) & (end >= begin)
        things, _ = grouped(codes.pick(table, key))
        order = np.lexsort((begin, things))
        order = order[sound[order]]
        same = things[order[1:]] == things[order[:-1]]
        before, later = order[:-1][same], order[1:][same]
        told = (
            f"the same {' and '.join(key)} stands in line {{}} for a window that overlaps with this; end that one "
            "before, or begin this one later"
        )
        wrong = begin[later] <= end[before]
        _later(table, rows, before[wrong], later[wrong], told, found)
        if table == "stockpiles":
            wrong = begin[later] > end[before] + 1
            told = "leaves a gap after line {}; begin this row in the period after that"
            _later(table, rows, before[wrong], later[wrong], told, found)


def _later(table: str, rows: pd.DataFrame, before: Ints, later: Ints, told: str, found: Findings) -> None:
    """Note each row with the line of the row before it."""
    lines, names = rows.index, rows["from"]
    listed = (
        (int(lines[row]), names.iloc[row], told.format(lines[other]))
        for row, other in zip(later.tolist(), before.tolist(), strict=True)
    )
    found.several(table, "from", listed, len(later))


def missing_demand_periods(instance: Instance, found: Findings) -> None:
    """A demand with rows for some periods and none for others counts as zero there: a warning."""
    rows = instance.tables["demands"]
    if rows.empty:
        return
    count = instance.header.periods
    group, _ = grouped(instance.codes.pick("demands", ["site", "material", "priority"]))
    at = steps(instance, "demands", "period", -1)
    inside = (at >= 0) & (at < count)
    given = np.zeros((int(group.max()) + 1, count), dtype=bool)
    given[group[inside], at[inside]] = True
    given[group[instance.codes["demands", "period"] == 0]] = True
    short = np.flatnonzero(given.any(axis=1) & ~given.all(axis=1))
    if not len(short):
        return
    _, first = np.unique(np.where(inside, group, -1), return_index=True)
    first_of = dict(zip(group[first].tolist(), first.tolist(), strict=True))
    lines = rows.index.to_numpy(dtype=np.int64)
    labels = np.array(horizon(instance.header.first_period, count, instance.header.period_length))
    listed = (
        (int(lines[row]), rows["period"].iloc[row], _gap(rows, row, labels[~given[number]].tolist()))
        for number, row in ((number, first_of[number]) for number in short.tolist())
    )
    found.several("demands", "period", listed, len(short), warning=True)


def _gap(rows: pd.DataFrame, row: int, gaps: list[str]) -> str:
    told = f"has rows for some periods and none for {_some(gaps)}; nothing is demanded there"
    return f"{rows['material'].iloc[row]} at {rows['site'].iloc[row]} {told}"


def _some(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 6 else f"{', '.join(names[:5])} and {len(names) - 5} more"


def partial_years(instance: Instance, found: Findings) -> None:
    """Yearly charges, awards and limits in a calendar year that lies only partly in the horizon: a warning."""
    header = instance.header
    labels = horizon(header.first_period, header.periods, header.period_length)
    years = pd.Series([name[:4] for name in labels]).value_counts()
    partial = sorted(years.index[years < PER_YEAR[header.period_length]])
    if not partial:
        return
    for table, column, what in (
        ("offers", "fixed_cost", "is charged whole"),
        ("offers", "min_award", "is owed whole"),
        ("tiers", "from_quantity", "is the quantity of the periods that are planned, not of the whole year"),
        ("processes", "fixed_cost", "is charged whole"),
        ("lanes", "fixed_cost", "is charged whole"),
        ("routes", "fixed_cost", "is charged whole"),
        ("rules", "per", "per year holds for the periods that are planned, not for the whole year"),
    ):
        rows, cells = instance.tables[table], instance.codes[table, column]
        wrong = np.flatnonzero(cells == instance.codes.code("year") if column == "per" else cells > 0)
        if len(wrong):
            told = f"only part of {' and '.join(partial)} is planned: {column if column != 'per' else 'a limit'} {what}"
            found.warn(
                table, int(rows.index[wrong[0]]), column, rows[column].iloc[wrong[0]], f"{told} ({len(wrong)} rows)"
            )
