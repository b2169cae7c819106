"""What the input says, read a second time: units, periods, windows, names and who is held by which group.

Nothing here is shared with the model: the definitions are those of ``docs/definitions.md``.
Everything is in tonnes and in money per tonne, whatever the instance's ``mass_unit``.
"""

import re
from functools import cache, cached_property

import numpy as np
import pandas as pd

from planner.instance import Instance
from planner.tables import columns

TONNES = {"t": 1.0, "kg": 1e-3, "kt": 1e3}
"""Tonnes in one unit of mass."""

PARTS = {"year": 1, "quarter": 4, "month": 12}
"""Periods in a year."""


def place_in_time(name: str, parts: int) -> int:
    """Number of a period counted from year 0: the year times the periods of a year, and its place in the year."""
    year, *rest = re.findall(r"\d+", name)
    return int(year) * parts + (int(rest[0]) - 1 if rest else 0)


def name_in_time(number: int, length: str) -> str:
    """Name of the period with a number: 2027, 2027Q1 or 2027-03."""
    year, part = divmod(number, PARTS[length])
    return {"year": f"{year}", "quarter": f"{year}Q{part + 1}", "month": f"{year}-{part + 1:02}"}[length]


def words(cell: str) -> list[str]:
    """Names that a cell lists with ``;``."""
    return [word.strip() for word in cell.split(";") if word.strip()]


@cache
def empty(names: tuple[tuple[str, bool], ...]) -> pd.DataFrame:
    """A table without rows; each column by name, and whether it holds numbers."""
    return pd.DataFrame({name: pd.Series(dtype=float if numeric else str) for name, numeric in names})


def text(cells: pd.Series) -> pd.Series:
    """Cells as text, empty where there is nothing."""
    if cells.dtype == "str" and not cells.hasnans:
        return cells
    return cells.astype(object).fillna("").astype(str)


class World:
    """An instance in tonnes, with its horizon and its names."""

    def __init__(self, instance: Instance) -> None:
        head = instance.header
        self.header = head
        self.periods = head.periods
        self.parts = PARTS[head.period_length]
        self.years_of_period = 1.0 / self.parts
        self.start = place_in_time(head.first_period, self.parts)
        self.labels = [self.label(t) for t in range(self.periods)]
        self.calendar = [label[:4] for label in self.labels]
        self.discount = np.array([(1 + head.discount_rate) ** (-t / self.parts) for t in range(self.periods)])
        self.tables = {name: self._tonnes(name, frame) for name, frame in instance.tables.items()}

    def _tonnes(self, table: str, frame: pd.DataFrame) -> pd.DataFrame:
        """A table with its masses in tonnes and its prices per tonne."""
        if frame.empty:
            return empty(tuple((name, column.numeric) for name, column in columns(table).items()))
        factor = TONNES[self.header.mass_unit]
        frame = frame.reset_index(drop=True)
        changed: dict[str, pd.Series] = {}
        for name, column in columns(table).items():
            if not column.numeric:
                changed[name] = text(frame[name])
            elif column.unit in ("mass", "mass/year"):
                changed[name] = frame[name].astype(float) * factor
            elif column.unit in ("money/mass", "money/mass/year"):
                changed[name] = frame[name].astype(float) / factor
            else:
                changed[name] = frame[name].astype(float)
        if table == "rules":
            amounts = changed["kind"].isin(["max_quantity", "min_quantity"])
            changed["limit"] = changed["limit"].where(~amounts, changed["limit"] * factor)
        return pd.DataFrame(changed, index=frame.index)

    def label(self, t: int) -> str:
        """Name of the period that lies t periods after the first, after the horizon too."""
        return name_in_time(self.start + t, self.header.period_length)

    def index(self, names: pd.Series) -> pd.Series:
        """How many periods each named period lies after the first; an empty name is no number."""
        known = {
            name: place_in_time(name, self.parts) - self.start for name in names.unique() if re.match(r"\d{4}", name)
        }
        return names.map(known).astype(float)

    def span(self, frame: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
        """First and last period of the window of each row, cut to the horizon."""
        first = self.index(frame["from"]).fillna(0).clip(lower=0).astype(int)
        last = self.index(frame["until"]).fillna(self.periods - 1).clip(upper=self.periods - 1).astype(int)
        return first, last

    def spread(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Each row once for every period ``t`` of its window, with the calendar year of that period."""
        first, last = self.span(frame)
        times = (last - first + 1).clip(lower=0).to_numpy()
        rows = frame.loc[frame.index.repeat(times)].reset_index(drop=True)
        step = np.arange(len(rows)) - np.repeat(np.cumsum(times) - times, times)
        return self.dated(rows.assign(t=np.repeat(first.to_numpy(), times) + step))

    def dated(self, frame: pd.DataFrame) -> pd.DataFrame:
        """A frame with ``period`` and ``year`` beside its ``t``."""
        t = frame["t"].to_numpy(dtype=int)
        names, years = np.array(self.labels, dtype=object), np.array(self.calendar, dtype=object)
        return frame.assign(period=pd.Series(names[t], index=frame.index, dtype=str), year=pd.Series(
            years[t], index=frame.index, dtype=str
        ))  # fmt: skip

    @cached_property
    def members(self) -> dict[str, list[str]]:
        """Direct members of each group."""
        groups = self.tables["groups"]
        return {str(group): list(rows["member"]) for group, rows in groups.groupby("group", sort=False)}

    def unfold(self, name: str) -> set[str]:
        """A name and, if it is a group, everything inside it, inner groups included; ``home`` is the home group."""
        name = self.header.home if name == "home" and self.header.home else name
        inside, todo = {name}, [name]
        while todo:
            for member in self.members.get(todo.pop(), []):
                if member not in inside:
                    inside.add(member)
                    todo.append(member)
        return inside

    def sites_of(self, names: list[str]) -> set[str]:
        """Sites that names stand for: by name, by owner, by place, or inside a group."""
        inside: set[str] = set().union(*(self.unfold(name) for name in names)) if names else set()
        sites = self.tables["sites"]
        held = sites["site"].isin(inside) | sites["owner"].isin(inside) | sites["place"].isin(inside)
        return set(sites.loc[held, "site"])

    @cached_property
    def place(self) -> dict[str, str]:
        """Place of each site, empty where it has none."""
        return dict(zip(self.tables["sites"]["site"], self.tables["sites"]["place"], strict=True))

    @cached_property
    def owner(self) -> dict[str, str]:
        """Owner of each site, empty where it has none."""
        return dict(zip(self.tables["sites"]["site"], self.tables["sites"]["owner"], strict=True))

    @cached_property
    def stage(self) -> dict[str, str]:
        """Stage of each material."""
        return dict(zip(self.tables["materials"]["material"], self.tables["materials"]["stage"], strict=True))

    @cached_property
    def recipes(self) -> pd.DataFrame:
        """What each process takes in and gives out, with its site."""
        return self.tables["recipes"].merge(self.tables["processes"][["process", "site"]], on="process")
