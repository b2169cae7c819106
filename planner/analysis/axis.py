"""What a frontier moves: the limit of a rule or the days that stocks must cover, and the tables at any value of it."""

from dataclasses import dataclass, replace

import numpy as np

from planner.analysis.draft import Draft
from planner.analysis.switching import rule_names
from planner.assembly.stock import YEAR_DAYS
from planner.errors import SettingsError
from planner.findings import suggest
from planner.instance import Instance
from planner.periods import PER_YEAR

BOUNDED = ("share", "hhi")
"""Limits that lie between 0 and 1."""


@dataclass(frozen=True)
class Axis:
    """A number of the tables, in some rows moved together; a change of the tables once it is ``at`` a value."""

    table: str
    column: str
    rows: tuple[int, ...]
    """Positions in the table."""
    now: tuple[float, ...]
    """What stands in these rows."""
    here: float
    """The value that the instance has: that of the row that holds last, or the largest."""
    unit: str
    """``share``, ``t``, ``suppliers``, the currency, ``days``, or the attribute of an average."""
    label: str
    falling: bool
    """Whether a lower value is the stricter one."""
    way: str
    """How the rows move: ``shift`` by the same difference, ``scale`` by the same factor, or ``level``, all alike."""
    most: float = float("inf")
    """Largest value that a row can take."""
    step: float = 0.0
    """Distance of values at which what is needed changes its form, 0 for none; 1 for whole numbers."""
    value: float = float("nan")

    def at(self, value: float) -> "Axis":
        """The change that brings the tables to a value."""
        return replace(self, value=value)

    @property
    def values(self) -> tuple[float, ...]:
        """What stands in the rows at the value."""
        now = np.array(self.now)
        if self.way == "level":
            moved = np.full(len(now), self.value)
        elif self.way == "scale" and self.here > 0:
            moved = now * (self.value / self.here)
        else:
            moved = now + (self.value - self.here)
        return tuple(float(f"{number:.12g}") for number in np.clip(moved, 0.0, self.most))

    def kinks(self, low: float, high: float) -> list[float]:
        """Values between two others at which the rows cease to move together, or change their form."""
        found = set[float]()
        if self.way == "shift":
            for now in self.now:
                found |= {self.here - now, self.here + self.most - now}
        if self.unit == "days":
            found |= set(np.arange(0.0, high + self.step, self.step).tolist())
        return sorted(float(f"{value:.12g}") for value in found if low < value < high)

    def make(self, draft: Draft) -> None:
        """Write the values into the rows."""
        frame = draft.frame(self.table).copy()
        cells = frame[self.column].to_numpy(dtype=np.float64, copy=True)
        cells[list(self.rows)] = self.values
        draft.put(self.table, frame.assign(**{self.column: cells}))

    def __str__(self) -> str:
        return f"{self.label} = {self.value:.10g}"


def rule_axis(instance: Instance, rule: str) -> Axis:
    """The limit of a rule: the row that holds last, the others moved with it.

    Shares are shifted by as many points (within 0 and 1), every other limit is scaled.

    Raises:
        SettingsError: there is no such rule.
    """
    names = rule_names(instance)
    if rule not in names:
        raise SettingsError(f"{instance.name} has no rule '{rule}'{suggest(rule, names) or _listed('rules', names)}")
    table = instance.tables["rules"]
    rows = np.flatnonzero(table["rule"] == rule)
    mine = table.iloc[rows].reset_index(drop=True)
    last = mine["from"].astype(str).to_numpy().argmax()
    kind = str(mine["kind"][last])
    what = kind.partition("_")[2]
    unit = {"share": "share", "hhi": "hhi", "quantity": "t", "award": "t", "spend": instance.header.currency}
    bounded = what in BOUNDED
    return Axis(
        table="rules",
        column="limit",
        rows=tuple(rows.tolist()),
        now=tuple(mine["limit"].astype(float)),
        here=float(mine["limit"][last]),
        unit=str(mine["attribute"][last]) if what == "average" else unit.get(what, what),
        label=rule,
        falling=kind.startswith("max_"),
        way="shift" if bounded else "level" if what == "suppliers" else "scale",
        most=1.0 if bounded else float("inf"),
        step=1.0 if what == "suppliers" else 0.0,
    )


def cover_axis(instance: Instance, covers: str, material: str = "") -> Axis:
    """The days of cover of stockpiles: those that cover a site, place or group, or stand at it; all set alike.

    Stockpiles without days to cover are left as they are, unless none of them has any.

    Raises:
        SettingsError: no stockpile covers it.
    """
    table = instance.tables["stockpiles"]
    of = table["covers"].where(table["covers"] != "", table["site"]).astype(str)
    place = of.map(dict(zip(instance.tables["sites"]["site"], instance.tables["sites"]["place"], strict=True)))
    fits = (of == covers) | (place == covers)
    if material:
        fits &= table["material"] == material
    if not fits.any():
        names = sorted({*of, *place.dropna()} - {""})
        whose = f"covers '{covers}'" + (f" with {material}" if material else "")
        raise SettingsError(f"no stockpile of {instance.name} {whose}{suggest(covers, names) or _listed('it', names)}")
    days = table["cover_days"].fillna(0.0).astype(float)
    rows = np.flatnonzero(fits & (days > 0) if (fits & (days > 0)).any() else fits)
    now = days.iloc[rows]
    return Axis(
        table="stockpiles",
        column="cover_days",
        rows=tuple(rows.tolist()),
        now=tuple(now),
        here=float(now.max()),
        unit="days",
        label=f"days of cover of {covers}" + (f", {material}" if material else ""),
        falling=False,
        way="level",
        step=YEAR_DAYS / PER_YEAR[instance.header.period_length],
    )


def _listed(what: str, names: "tuple[str, ...] | list[str]") -> str:
    return f"; {what} can be {', '.join(names[:8])}" if names else "; there is none"
