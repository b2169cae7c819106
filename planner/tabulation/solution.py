"""Values and duals of a solve beside the network that they belong to, in model units, and names for their codes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from mineral_sourcing.arrays import Array, Groups, Labels, Values
from mineral_sourcing.compile import Matrix
from mineral_sourcing.network import Network
from planner.assembly.assemble import Assembled
from planner.assembly.parts import Parts

NOTHING = 1e-9
"""Model units below which a quantity or a shadow price is nothing: a hundredth of the solver's tolerance."""


Found = dict[str, Any]
"""Columns of a table: numbers, texts, or labels and codes."""


@dataclass(frozen=True)
class Solution:
    """Values and duals of every column and row, and what turns them into tables."""

    assembled: Assembled
    matrix: Matrix
    values: Array
    duals: Array

    @property
    def parts(self) -> Parts:
        """The instance in codes and model units."""
        return self.assembled.parts

    @property
    def network(self) -> Network:
        """What the model was built from."""
        return self.assembled.network

    @property
    def mass(self) -> float:
        """Tonnes per model unit."""
        return self.parts.units.mass

    @property
    def money(self) -> float:
        """Currency per model unit."""
        return self.parts.units.money

    @property
    def price(self) -> float:
        """Currency per tonne, of one model unit of money per mass."""
        return self.money / self.mass

    def value(self, name: str) -> Array:
        """Values of a variable; what is nothing is 0."""
        found = self.values[self.matrix.column_span(name).slice]
        return np.where(np.abs(found) > NOTHING, found, 0.0)

    def dual(self, name: str) -> Array:
        """Duals of a constraint; what is nothing is 0, as all of them are where the solver gives none."""
        rows = self.matrix.row_span(name).slice
        found = self.duals[rows] if len(self.duals) else np.zeros(rows.stop - rows.start)
        return np.where(np.abs(found) > NOTHING, found, 0.0)

    def thresholds(self, site: Array, material: Array, tier: Array) -> Array:
        """Quantity from which each tier of a site and material holds, in tonnes, as text."""
        starts = self.assembled.ladders.starts(site, material, tier) * self.mass
        return np.array([f"{start:.10g}" for start in starts.tolist()], dtype=object)

    def periods(self, t: Array) -> pd.Series:
        """Names of periods."""
        return text(Labels(self.parts.periods), t)


def total(groups: Groups, weights: Array, values: Array) -> Array:
    """Σ weight · value over the members of each key; both by member of ``groups.of``."""
    members = slice(None) if groups.members is None else groups.members
    return np.bincount(groups.rows, (weights * values)[members], len(groups.index))


def counted(
    solution: Solution, given: Values, shipments: Groups, sales: Groups, runs: Groups, tagged: Groups | None = None
) -> Array:
    """What a rule counts under each key: what was under way, arrivals, sales, output, what is traced; model units."""
    traced = 0.0 if tagged is None else total(tagged, np.ones(len(tagged.of)), solution.value("origin.counted"))
    flow, processing = solution.network.flow, solution.network.processing
    making = processing.making
    output = processing.output.array[making.project((0, 1), processing.outputs)]
    activity = solution.value("processing.activity")[making.project((0, 2), processing.runs)]
    return np.asarray(
        given.array
        + total(shipments, flow.kept.array[solution.assembled.lane], solution.value("flow.ship"))
        + total(sales, np.ones(len(flow.sales)), solution.value("flow.sold"))
        + total(runs, output, activity)
        + traced
    )


def text(labels: Labels, codes: Array) -> pd.Series:
    """Names of codes as a column of texts, without a Python object a row."""
    names = pa.array([str(name) for name in labels.names.tolist()], type=pa.large_string())
    taken = names.take(pa.array(codes)) if len(codes) else pa.array([], type=pa.large_string())
    return pd.Series(pd.arrays.ArrowStringArray(taken, dtype=pd.StringDtype(na_value=np.nan)))  # type: ignore[call-arg]


def frame(columns: Sequence[str], found: dict[str, Any], count: int) -> pd.DataFrame:
    """A table with its columns in order: codes as (labels, codes), texts and numbers as they are, nothing as ''."""
    nothing = text(Labels([""]), np.zeros(count, dtype=np.int64))
    made = {}
    for name in columns:
        values = found.get(name, nothing)
        made[name] = text(*values) if isinstance(values, tuple) else values
    return pd.DataFrame(made, columns=list(columns))


def stacked(*parts: Found) -> Found:
    """Tables under one another, those with rows; a name that a part lacks is empty there."""
    some = [part for part in parts if len(part["t"])] or [parts[0]]
    if len(some) == 1:
        return some[0]
    found: Found = {}
    for name in dict.fromkeys(name for part in some for name in part):
        columns = [part.get(name, (Labels([""]), np.zeros(len(part["t"]), dtype=np.int64))) for part in some]
        if not isinstance(columns[0], tuple):
            found[name] = np.concatenate(columns)
            continue
        starts = np.cumsum([0, *(len(labels) for labels, _ in columns)])
        names = np.concatenate([labels.names for labels, _ in columns])
        codes = [codes + at for (_, codes), at in zip(columns, starts[:-1], strict=True)]
        found[name] = Labels(names), np.concatenate(codes)
    return found
