"""An instance in model units, and what several families read of it: the only place where units are converted.

Every column of the tables states its unit (``tables.py``), so one pass converts them all: mass to ``mass`` tonnes,
money to ``money`` of currency, both powers of two near the instance's own typical quantity and price, so that
coefficients stay near 1 and a tonne written as 1 000 kg gives the same matrix.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from math import log2
from typing import Any

import numpy as np
import pandas as pd

from planner.instance import Instance
from planner.lanes import KEY, all_lanes, duties, window
from planner.periods import PER_YEAR, horizon, ordinal
from planner.scope import Scope
from planner.tables import TABLES, columns

TONNES = {"t": 1.0, "kg": 0.001, "kt": 1000.0}
"""Tonnes per mass unit of an instance."""


@dataclass(frozen=True)
class Units:
    """What one unit of the model stands for."""

    mass: float
    """Tonnes."""
    money: float
    """Currency."""


@dataclass(frozen=True)
class Parts:
    """The tables in model units and what several families read of them."""

    instance: Instance
    units: Units
    scope: Scope
    lanes: pd.DataFrame
    duty: np.ndarray
    """Money per mass, lane by period."""
    years: float
    """Years of a period."""
    periods: tuple[str, ...]
    discount: np.ndarray
    calendar: tuple[str, ...]
    """Calendar year of each period."""

    def __getitem__(self, table: str) -> pd.DataFrame:
        """A table in model units."""
        return self.instance.tables[table]

    @property
    def count(self) -> int:
        """Number of periods."""
        return len(self.periods)


def group(keys: Iterable[Hashable], members: Iterable[Any]) -> dict[Any, list[Any]]:
    """Members by key, in order."""
    found: dict[Any, list[Any]] = {}
    for key, member in zip(keys, members, strict=True):
        found.setdefault(key, []).append(member)
    return found


def spread(parts: Parts, frame: pd.DataFrame) -> pd.DataFrame:
    """Each row once for every period of its window, with the period's index in ``t``."""
    begins, ends = window(parts.instance, frame)
    lengths = np.maximum(ends - begins + 1, 0)
    rows = np.repeat(np.arange(len(frame)), lengths)
    starts = np.repeat(np.cumsum(lengths) - lengths, lengths)
    return frame.iloc[rows].assign(t=np.arange(len(rows)) - starts + np.repeat(begins, lengths)).reset_index(drop=True)


def tuples(frame: pd.DataFrame, names: list[str]) -> list[Any]:
    """Rows as tuples of plain values."""
    return list(zip(*(frame[name].tolist() for name in names), strict=True))


def units_of(instance: Instance) -> Units:
    """Powers of two that bring typical quantities near 100 and typical prices near 10.

    Typical is the geometric mean of what demands, offers and processes state.
    """
    header, tables = instance.header, instance.tables
    quantities = pd.concat(
        [tables["demands"]["quantity"], tables["offers"]["capacity"], tables["stockpiles"]["initial"]]
    )
    prices = pd.concat([tables["offers"]["price"], tables["lanes"]["freight"], tables["processes"]["cost"].abs()])
    quantity = _typical(quantities) * TONNES[header.mass_unit] / PER_YEAR[header.period_length]
    price = _typical(prices) / TONNES[header.mass_unit]
    mass = 2.0 ** round(log2(quantity / 100))
    return Units(mass, 2.0 ** round(log2(price * mass / 10)))


def _typical(values: pd.Series) -> float:
    positive = values[values > 0]
    return float(np.exp(np.log(positive).mean())) if len(positive) else 1.0


def in_units(instance: Instance, units: Units) -> Instance:
    """The same instance with every quantity, price and amount in model units."""
    mass = TONNES[instance.header.mass_unit] / units.mass
    money = 1.0 / units.money
    factors = {
        "mass": mass,
        "mass/year": mass,
        "money": money,
        "money/mass": money / mass,
        "money/mass/year": money / mass,
    }
    tables = {}
    for name in TABLES:
        frame = instance.tables[name]
        scaled = {
            column.name: frame[column.name] * factors[column.unit]
            for column in columns(name).values()
            if column.unit in factors
        }
        tables[name] = frame.assign(**scaled)
    rules = tables["rules"]
    tables["rules"] = rules.assign(
        limit=rules["limit"].where(rules["kind"].str.endswith("_share"), rules["limit"] * mass)
    )
    return Instance(instance.header, tables)


def parts_of(instance: Instance) -> Parts:
    """Everything that families share: units, names, lanes, duties, periods."""
    units = units_of(instance)
    scaled = in_units(instance, units)
    scope = Scope.of(instance)
    lanes = all_lanes(scaled)
    header = instance.header
    per_year = PER_YEAR[header.period_length]
    periods = horizon(header.first_period, header.periods, header.period_length)
    return Parts(
        instance=scaled,
        units=units,
        scope=scope,
        lanes=lanes,
        duty=duties(scaled, lanes, scope).per_mass,
        years=1 / per_year,
        periods=periods,
        discount=(1 + header.discount_rate) ** -(np.arange(header.periods) / per_year),
        calendar=tuple(period[:4] for period in periods),
    )


def arrivals(parts: Parts) -> pd.DataFrame:
    """Every possible dispatch: the lane's row in ``lane``, dispatch ``t``, arrival ``arrives``, and its ``limit``."""
    lanes, count = parts.lanes, parts.count
    frame = lanes.loc[lanes.index.repeat(count)].assign(lane=np.repeat(np.arange(len(lanes)), count))
    frame = frame.reset_index(drop=True)
    frame["t"] = np.tile(np.arange(count), len(lanes))
    frame["arrives"] = frame["t"] + frame["lead_time"].astype(np.int64)
    frame["limit"] = (frame["capacity"] * parts.years).fillna(np.inf)
    late = frame["arrives"] >= count
    if not late.any():
        return frame
    final = parts["in_transit"].loc[parts["in_transit"]["final"] > 0, [*KEY, "arrives", "final"]]
    length, first = parts.instance.header.period_length, parts.instance.header.first_period
    start = ordinal(first, length) or 0
    final = final.assign(arrives=[(ordinal(name, length) or 0) - start for name in final["arrives"]])
    allowed = frame.loc[late, [*KEY, "arrives"]].merge(final, on=[*KEY, "arrives"], how="left")["final"]
    frame.loc[late, "limit"] = np.minimum(frame.loc[late, "limit"].to_numpy(), allowed.fillna(-1.0).to_numpy())
    return frame.loc[frame["limit"] >= 0].reset_index(drop=True)


def under_way(parts: Parts) -> pd.DataFrame:
    """Rows of ``in_transit`` that arrive within the horizon, arrival index in ``t``, with the lane's terms."""
    rows = parts["in_transit"]
    length, first = parts.instance.header.period_length, parts.instance.header.first_period
    start = ordinal(first, length) or 0
    rows = rows.assign(t=[(ordinal(name, length) or 0) - start for name in rows["arrives"]])
    rows = rows.loc[(rows["t"] >= 0) & (rows["t"] < parts.count) & (rows["quantity"] > 0)]
    terms = parts.lanes[[*KEY, "freight", "loss"]].assign(duty=parts.duty[:, 0])
    rows = rows.merge(terms, on=KEY, how="left").fillna({"freight": 0.0, "loss": 0.0, "duty": 0.0})
    return rows.assign(arriving=rows["quantity"] * (1 - rows["loss"]))


def demand_rows(parts: Parts) -> pd.DataFrame:
    """Demand of every site, material, priority and period, in ``amount``; a period's own row beats the general one."""
    frame = parts["demands"]
    key = ["site", "material", "priority"]
    general = frame.loc[frame["period"] == "", [*key, "quantity"]]
    general = general.loc[general.index.repeat(parts.count)].assign(
        t=np.tile(np.arange(parts.count), len(general)), own=0
    )
    index = {name: t for t, name in enumerate(parts.periods)}
    own = frame.assign(t=frame["period"].map(index), own=1).dropna(subset="t")
    both = pd.concat([general, own[[*key, "quantity", "t", "own"]]]).astype({"t": np.int64})
    both = both.sort_values([*key, "t", "own"], kind="stable").drop_duplicates([*key, "t"], keep="last")
    both["amount"] = both["quantity"] * parts.years
    return both.loc[both["amount"] > 0].reset_index(drop=True)
