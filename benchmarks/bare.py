"""The yardstick: the same tables straight into numpy arrays and ``passModel``, by hand, for these networks only.

It imports nothing of ours, and knows just what ``generate.py`` uses: one share cap, cover of a site's own demand, no
lead times, one priority. So it is what a modeller would write who never wants to change the model.
"""

from collections.abc import Mapping
from typing import Any

import highspy
import numpy as np
import pandas as pd

Array = np.ndarray[Any, np.dtype[Any]]


class Matrix:
    """Columns and rows in blocks of (things × periods), entries as coordinates."""

    def __init__(self, periods: int) -> None:
        self.periods = periods
        self.columns = self.rows = 0
        self.entries: list[tuple[Array, Array, Array]] = []
        self.blocks: list[tuple[Array, Array, Array]] = []
        self.limits: list[tuple[Array, Array]] = []

    def column(self, cost: Array, low: Any = 0.0, high: Any = np.inf) -> Array:
        """A block of columns; returns their numbers."""
        numbers = self.columns + np.arange(cost.size).reshape(cost.shape)
        self.columns += cost.size
        bounds = (np.broadcast_to(np.asarray(bound, float), cost.shape).ravel() for bound in (low, high))
        self.blocks.append((cost.ravel(), *bounds))  # type: ignore[arg-type]
        return numbers

    def row(self, shape: tuple[int, ...], low: Any, high: Any) -> Array:
        """A block of rows; returns their numbers."""
        numbers = self.rows + np.arange(int(np.prod(shape))).reshape(shape)
        self.rows += numbers.size
        bounds = [np.broadcast_to(np.asarray(bound, float), shape).ravel() for bound in (low, high)]
        self.limits.append((bounds[0], bounds[1]))
        return numbers

    def put(self, rows: Array, columns: Array, values: Any) -> None:
        """Entries at (row, column), all of one shape."""
        filled = np.broadcast_to(np.asarray(values, float), columns.shape)
        self.entries.append((rows.ravel(), columns.ravel(), filled.ravel()))

    def pass_to(self, highs: highspy.Highs) -> None:
        """Sort the entries by row and hand everything over as arrays."""
        rows, columns, values = (np.concatenate(part) for part in zip(*self.entries, strict=True))
        order = np.argsort(rows, kind="stable")
        start = np.zeros(self.rows + 1, np.int32)
        np.cumsum(np.bincount(rows, minlength=self.rows), out=start[1:])
        cost, low, high = (np.concatenate(part) for part in zip(*self.blocks, strict=True))
        row_low, row_high = (np.concatenate(part) for part in zip(*self.limits, strict=True))
        index, value = columns[order].astype(np.int32), values[order]
        size = (self.columns, self.rows, len(value))
        sense, by_row = int(highspy.ObjSense.kMinimize), int(highspy.MatrixFormat.kRowwise)
        kinds = np.zeros(self.columns, np.int32)
        highs.passModel(*size, by_row, sense, 0.0, cost, low, high, row_low, row_high, start[:-1], index, value, kinds)


def _codes(*frames: tuple[pd.Series, pd.Series]) -> tuple[list[Array], int]:
    """One number a (site, material) pair, the same in every frame."""
    joined = [(site.astype(str) + "|" + material.astype(str)).to_numpy(dtype=object) for site, material in frames]
    numbers, names = pd.factorize(np.concatenate(joined))
    return np.split(numbers, np.cumsum([len(part) for part in joined])[:-1]), len(names)


def matrix(tables: Mapping[str, pd.DataFrame], periods: int, rate: float, first: int) -> Matrix:
    """The whole model of a generated network."""
    model = Matrix(periods)
    discount = (1.0 + rate) ** -np.arange(periods)
    offers, lanes, runs = tables["offers"], tables["lanes"], tables["processes"]
    recipes = tables["recipes"].merge(runs[["process", "site"]].assign(run=np.arange(len(runs))), on="process")
    demands, piles = tables["demands"], tables["stockpiles"]
    (at_offer, leaves, enters, used, wanted, piled), nodes = _codes(
        (offers["site"], offers["material"]),
        (lanes["origin"], lanes["material"]),
        (lanes["destination"], lanes["material"]),
        (recipes["site"], recipes["material"]),
        (demands["site"], demands["material"]),
        (piles["site"], piles["material"]),
    )

    def spread(values: pd.Series) -> Array:
        return np.outer(values.to_numpy(float), discount)

    sold = model.column(spread(offers["price"]), 0.0, offers["capacity"].to_numpy(float)[:, None])
    ship = model.column(spread(lanes["freight"]))
    activity = model.column(spread(runs["cost"]), 0.0, runs["capacity"].to_numpy(float)[:, None])
    year = demands["period"].astype(int).to_numpy() - first
    amount = demands["quantity"].to_numpy(float)
    short = model.column(tables["priorities"]["unmet_cost"].to_numpy(float)[0] * discount[year], 0.0, amount)
    made = used[recipes["output"].to_numpy(float) > 0.0]
    spare = model.column(np.zeros((len(made), periods)))
    stock = model.column(spread(piles["holding_cost"]))
    fill, release = (model.column(np.zeros((len(piles), periods))) for _ in range(2))

    need = np.zeros((nodes, periods))
    np.add.at(need, (wanted, year), amount)
    balance = model.row((nodes, periods), need, need)
    kept = 1.0 - lanes["loss"].to_numpy(float)[:, None]
    net = (recipes["output"] - recipes["input"]).to_numpy(float)[:, None]
    moves = ((at_offer, sold, 1.0), (leaves, ship, -1.0), (enters, ship, kept), (made, spare, -1.0))
    held = ((piled, fill, -1.0), (piled, release, 1.0), (used, activity[recipes["run"].to_numpy()], net))
    for rows, columns, value in (*moves, *held):
        model.put(balance[rows], columns, value)
    model.put(balance[wanted, year], short, 1.0)
    _stock(model, stock, fill, release, piles, need[piled])
    _shares(model, tables, ship, kept, short, year, amount)
    return model


def _stock(model: Matrix, stock: Array, fill: Array, release: Array, piles: pd.DataFrame, need: Array) -> None:
    """Carry-over, the stock at the end, and cover of the demand ahead (the last period's past the horizon)."""
    opening = np.zeros(stock.shape)
    opening[:, 0] = piles["initial"].to_numpy(float)
    carry = model.row(stock.shape, opening, opening)
    for columns, value in ((stock, 1.0), (fill, -1.0), (release, 1.0)):
        model.put(carry, columns, value)
    model.put(carry[:, 1:], stock[:, :-1], -1.0)
    final = model.row((len(piles),), piles["initial"].to_numpy(float), np.inf)
    model.put(final, stock[:, -1], 1.0)
    ahead = np.concatenate([need[:, 1:], need[:, -1:]], axis=1)
    cover = model.row(stock.shape, ahead * piles["cover_days"].to_numpy(float)[:, None] / 365.0, np.inf)
    model.put(cover, stock, 1.0)


def _shares(
    model: Matrix,
    tables: Mapping[str, pd.DataFrame],
    ship: Array,
    kept: Array,
    short: Array,
    year: Array,
    amount: Array,
) -> None:
    """Arrivals from one place ≤ share × (demand − unmet), for each last material, place and year."""
    lanes, demands = tables["lanes"], tables["demands"]
    share = float(tables["rules"]["limit"].iloc[0])
    materials = pd.Index(demands["material"].unique())
    number = materials.get_indexer(lanes["material"])
    place = lanes["origin"].map(tables["sites"].set_index("site")["place"])
    counted = np.flatnonzero(number >= 0)
    subject, found = pd.factorize(pd.MultiIndex.from_arrays([number[counted], place.iloc[counted]]))
    material = np.array([pair[0] for pair in found])
    wanted = materials.get_indexer(demands["material"])
    total = np.zeros((len(materials), model.periods))
    np.add.at(total, (wanted, year), amount)
    rows = model.row((len(found), model.periods), -np.inf, share * total[material])
    model.put(rows[subject], ship[counted], np.broadcast_to(kept[counted], (len(counted), model.periods)))
    for caps in (np.flatnonzero(material == which) for which in range(len(materials))):
        mine = np.flatnonzero(wanted == material[caps[0]]) if len(caps) else caps
        pairs = np.repeat(caps, len(mine)), np.tile(mine, len(caps))
        model.put(rows[pairs[0], year[pairs[1]]], short[pairs[1]], share)
