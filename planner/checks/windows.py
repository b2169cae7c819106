"""Checks of time: the form of periods, windows that end before they begin, overlap, leave gaps or miss the horizon."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.findings import Findings
from planner.instance import Instance
from planner.periods import PER_YEAR, horizon, ordinal
from planner.tables import TABLES, columns

WINDOWED = ("offers", "processes", "duties", "stockpiles", "rules")
"""Tables whose rows hold from ``from`` until ``until``."""

DISJOINT = {
    "offers": ["site", "material"],
    "stockpiles": ["site", "material"],
    "duties": ["origin", "destination", "material"],
    "rules": ["rule"],
}
"""Rows with the same cells in these columns are one thing, and their windows may not overlap."""

_OPEN = 10**9


def numbers(instance: Instance, column: pd.Series, empty: int) -> npt.NDArray[np.int64]:
    """Period index of each cell, 0 the first period of the horizon; ``empty`` for empty or malformed cells."""
    length = instance.header.period_length
    first = ordinal(instance.header.first_period, length) or 0
    known = {name: at - first for name in column.unique() if name and (at := ordinal(name, length)) is not None}
    return column.map(known).fillna(empty).to_numpy(dtype=np.int64)


def period_forms(instance: Instance, found: Findings) -> None:
    """Every period has the length that the header states."""
    length = instance.header.period_length
    example = instance.header.first_period
    for table in TABLES:
        rows = instance.tables[table]
        for name, column in columns(table).items():
            if column.unit == "period" and len(rows):
                wrong = [text for text in rows[name].unique() if text and ordinal(text, length) is None]
                told = f"'{{}}' is no {length}, the period length of this instance; write it as {example}"
                found.rows(table, rows.loc[rows[name].isin(wrong)], name, told.format)


def reversed_windows(instance: Instance, found: Findings) -> None:
    """No window ends before it begins."""
    for table in WINDOWED:
        rows = instance.tables[table]
        begins, ends = numbers(instance, rows["from"], -_OPEN), numbers(instance, rows["until"], _OPEN)
        wrong = rows.loc[ends < begins]
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
        begins, ends = numbers(instance, rows["from"], -_OPEN), numbers(instance, rows["until"], _OPEN)
        late, early = begins >= header.periods, (ends < 0) & (ends >= begins)
        found.rows(table, rows.loc[late & (ends >= begins)], "from", lambda text: f"'{text}' {told}", warning=True)
        found.rows(table, rows.loc[early], "until", lambda text: f"'{text}' {told}", warning=True)
    rows = instance.tables["demands"]
    at = numbers(instance, rows["period"], 0)
    outside = rows.loc[(at < 0) | (at >= header.periods)]
    found.rows("demands", outside, "period", lambda text: f"'{text}' {told}", warning=True)


def overlaps(instance: Instance, found: Findings) -> None:
    """Windows of the same thing do not overlap; those of a stockpile leave no gap."""
    for table, key in DISJOINT.items():
        rows = instance.tables[table]
        rows = rows.loc[(rows[[name for name in key if columns(table)[name].required]] != "").all(axis=1)]
        rows = rows.loc[~rows.duplicated(list(TABLES[table].KEY))]
        if not rows.duplicated(key).any():
            continue
        frame = rows[key].assign(
            begin=numbers(instance, rows["from"], -_OPEN), end=numbers(instance, rows["until"], _OPEN), line=rows.index
        )
        frame = frame.loc[frame["end"] >= frame["begin"]].sort_values([*key, "begin"], kind="stable")
        before = frame.groupby(key, sort=False)[["end", "line"]].shift()
        frame["before"], frame["other"] = before["end"], before["line"]
        told = (
            f"the same {' and '.join(key)} stands in line {{:.0f}} for a window that overlaps with this; end that one "
        )
        told += "before, or begin this one later"
        _later(table, rows, frame.loc[frame["begin"] <= frame["before"]], told, found)
        if table == "stockpiles":
            gaps = frame.loc[frame["begin"] > frame["before"] + 1]
            _later(table, rows, gaps, "leaves a gap after line {:.0f}; begin this row in the period after that", found)


def _later(table: str, rows: pd.DataFrame, later: pd.DataFrame, told: str, found: Findings) -> None:
    """Note each row with the line of the row before it."""
    ends = zip(later["line"].tolist(), later["other"].tolist(), strict=True)
    listed = ((line, rows["from"].loc[line], told.format(other)) for line, other in ends)
    found.several(table, "from", listed, len(later))


def missing_demand_periods(instance: Instance, found: Findings) -> None:
    """A demand with rows for some periods and none for others counts as zero there: a warning."""
    rows = instance.tables["demands"]
    if rows.empty:
        return
    count = instance.header.periods
    group = rows.groupby(["site", "material", "priority"], sort=False).ngroup().to_numpy()
    at = numbers(instance, rows["period"], -1)
    inside = (at >= 0) & (at < count)
    given = np.zeros((int(group.max()) + 1, count), dtype=bool)
    given[group[inside], at[inside]] = True
    given[group[(rows["period"] == "").to_numpy()]] = True
    short = np.flatnonzero(given.any(axis=1) & ~given.all(axis=1))
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
        ("processes", "fixed_cost", "is charged whole"),
        ("lanes", "fixed_cost", "is charged whole"),
        ("routes", "fixed_cost", "is charged whole"),
        ("rules", "per", "per year holds for the periods that are planned, not for the whole year"),
    ):
        rows = instance.tables[table]
        rows = rows.loc[(rows[column] == "year") if column == "per" else (rows[column] > 0)]
        if len(rows):
            told = f"only part of {' and '.join(partial)} is planned: {column if column != 'per' else 'a limit'} {what}"
            found.warn(table, int(rows.index[0]), column, rows[column].iloc[0], f"{told} ({len(rows)} rows)")
