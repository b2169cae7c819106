"""The yardstick: the tables of a generated network straight into numpy arrays and ``passModel``, by hand.

It imports nothing of ours, and knows just what ``planner/generate.py`` uses without charges: caps on purchases as a
share of consumption, cover of a site's own use, no lead times, one priority, years. So it is what a modeller would
write who never wants to change the model.

Names become numbers once; then all is arithmetic on things by periods. Columns and rows are numbered period by period.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import highspy
import numpy as np
import pandas as pd

Array = np.ndarray[Any, np.dtype[Any]]
Tables = Mapping[str, pd.DataFrame]


@dataclass
class Block:
    """Columns or rows of one kind: as many things in every period, or (rows only) in the last one alone."""

    size: int
    low: Any
    """One bound, or one a thing, or periods by things."""
    high: Any
    cost: Any = 0.0
    """Undiscounted, of columns."""
    last: bool = False


@dataclass
class Term:
    """Entries of one kind of row in one kind of column."""

    row: str
    at: Array
    """The row's number within its kind."""
    column: str
    of: Array
    """The column's number within its kind."""
    value: Any
    lag: int = 0
    """Period of the column less period of the row; what would lie after the horizon lies in its last period."""


@dataclass
class Model:
    """Kinds of columns and rows, and the terms between them."""

    discount: Array
    """Factor of each period."""
    columns: dict[str, Block] = field(default_factory=dict)
    rows: dict[str, Block] = field(default_factory=dict)
    terms: list[Term] = field(default_factory=list)

    @property
    def periods(self) -> int:
        """How many periods there are."""
        return len(self.discount)

    def put(self, row: str, at: Array, column: str, of: Array | None = None, value: Any = 1.0, lag: int = 0) -> None:
        """Add a term; without ``of`` the columns in their order."""
        self.terms.append(Term(row, at, column, np.arange(len(at)) if of is None else of, value, lag))


def _codes(*columns: pd.Series) -> Iterator[Array]:
    """Every name as a number, the same in all columns; the first column's names come first."""
    numbers = pd.factorize(pd.concat(columns, ignore_index=True))[0]
    return iter(np.split(numbers, np.cumsum([len(column) for column in columns])[:-1]))


class _Names:
    """Every name of the tables as a number."""

    def __init__(self, tables: Tables) -> None:
        t = tables
        (_, self.seller, self.origin, self.goal, self.plant, self.buyer, self.pile, self.start, self.end) = _codes(
            *(t["sites"]["site"], t["offers"]["site"], t["lanes"]["origin"], t["lanes"]["destination"]),
            *(t["processes"]["site"], t["demands"]["site"], t["stockpiles"]["site"]),
            *(t["routes"]["origin"], t["routes"]["destination"]),
        )
        (_, self.offered, self.carried, self.converted, self.wanted, self.stored) = _codes(
            *(t["materials"]["material"], t["offers"]["material"], t["lanes"]["material"]),
            *(t["recipes"]["material"], t["demands"]["material"], t["stockpiles"]["material"]),
        )
        _, self.run = _codes(t["processes"]["process"], t["recipes"]["process"])
        sites, materials = len(t["sites"]), len(t["materials"])
        pairs = (
            *((self.seller, self.offered), (self.origin, self.carried), (self.goal, self.carried)),
            *((self.plant[self.run], self.converted), (self.buyer, self.wanted), (self.pile, self.stored)),
        )
        nodes, found = pd.factorize(np.concatenate([site * materials + material for site, material in pairs]))
        self.nodes, self.material_at = len(found), found % materials
        split = np.split(nodes, np.cumsum([len(site) for site, _ in pairs])[:-1])
        self.sold_at, self.leaves, self.enters, self.used_at, self.wanted_at, self.stored_at = split
        routes, links = (a * sites + b for a, b in ((self.start, self.end), (self.origin, self.goal)))
        self.route = pd.factorize(np.concatenate([routes, links]))[0][len(routes) :]


def model_of(tables: Tables, periods: int, rate: float) -> Model:
    """The model of a generated network in kinds and terms, in the units of the tables."""
    names = _Names(tables)
    model = Model((1.0 + rate) ** -np.arange(periods))
    offers, lanes, runs, recipes = (tables[name] for name in ("offers", "lanes", "processes", "recipes"))
    materials, piles = tables["materials"], tables["stockpiles"]
    duty = lanes["duty"].to_numpy() * materials["customs_value"].to_numpy()[names.carried]
    used, made = recipes["input"].to_numpy(), recipes["output"].to_numpy()
    spare = np.unique(names.used_at[made > 0.0], return_index=True)
    disposal = materials["disposal_cost"].to_numpy()[names.converted[made > 0.0][spare[1]]]
    demand, need, wanted_at = _demand(tables, names, periods)
    free, held = np.inf, len(piles)
    model.columns = {
        "sold": Block(len(offers), 0.0, offers["capacity"].to_numpy(), offers["price"].to_numpy()),
        "ship": Block(len(lanes), 0.0, free, lanes["freight"].to_numpy() + duty),
        "activity": Block(len(runs), 0.0, runs["capacity"].to_numpy(), runs["cost"].to_numpy()),
        "unmet": Block(demand.shape[1], 0.0, demand, tables["priorities"]["unmet_cost"].to_numpy()[0]),
        "surplus": Block(len(spare[0]), 0.0, free, disposal),
        "stock": Block(held, 0.0, free, piles["holding_cost"].to_numpy()),
        "fill": Block(held, 0.0, free),
        "release": Block(held, 0.0, free),
    }
    model.rows["node"] = Block(names.nodes, need, need)
    model.put("node", names.sold_at, "sold")
    model.put("node", names.leaves, "ship", value=-1.0)
    model.put("node", names.enters, "ship", value=1.0 - lanes["loss"].to_numpy())
    model.put("node", names.used_at, "activity", names.run, made - used)
    model.put("node", wanted_at, "unmet")
    model.put("node", spare[0], "surplus", value=-1.0)
    model.put("node", names.stored_at, "fill", value=-1.0)
    model.put("node", names.stored_at, "release")
    _stock(model, piles, names, used, need)
    _capacity(model, tables, names)
    _caps(model, tables, names, used, (demand, names.material_at[wanted_at]))
    return model


def _demand(tables: Tables, names: _Names, periods: int) -> tuple[Array, Array, Array]:
    """Demand by period and pair that demands, need by period and node, and the node of each pair that demands."""
    year = pd.factorize(tables["demands"]["period"], sort=True)[0]
    thing, node = pd.factorize(names.wanted_at)
    demand, need = np.zeros((periods, len(node))), np.zeros((periods, names.nodes))
    demand[year, thing] = tables["demands"]["quantity"].to_numpy()
    need[:, node] = demand
    return demand, need, node


def _stock(model: Model, piles: pd.DataFrame, names: _Names, used: Array, need: Array) -> None:
    """Stock carried over, the stock at the end, and cover of demand and use ahead (the last period's after it)."""
    held, initial = np.arange(len(piles)), piles["initial"].to_numpy()
    opening = np.zeros((model.periods, len(piles)))
    opening[0] = initial
    model.rows["carry"] = Block(len(piles), opening, opening)
    model.put("carry", held, "stock")
    model.put("carry", held, "stock", value=-1.0, lag=-1)
    model.put("carry", held, "fill", value=-1.0)
    model.put("carry", held, "release")
    model.rows["final"] = Block(len(piles), initial, np.inf, last=True)
    model.put("final", held, "stock")
    share = piles["cover_days"].to_numpy() / 365.0
    ahead = np.concatenate([need[1:], need[-1:]])[:, names.stored_at]
    model.rows["cover"] = Block(len(piles), share * ahead, np.inf)
    model.put("cover", held, "stock")
    pile = np.full(names.nodes, -1)
    pile[names.stored_at] = held
    users = np.flatnonzero((used > 0.0) & (pile[names.used_at] >= 0))
    at = pile[names.used_at[users]]
    model.put("cover", at, "activity", names.run[users], -share[at] * used[users], lag=1)


def _capacity(model: Model, tables: Tables, names: _Names) -> None:
    """What a mine sells of both ores, and what a route carries of all materials."""
    site, sellers = pd.factorize(names.seller)
    model.rows["site"] = Block(len(sellers), -np.inf, tables["sites"]["capacity"].to_numpy()[sellers])
    model.put("site", site, "sold")
    model.rows["route"] = Block(len(tables["routes"]), -np.inf, tables["routes"]["capacity"].to_numpy())
    model.put("route", names.route, "ship")


def _caps(model: Model, tables: Tables, names: _Names, used: Array, demanded: tuple[Array, Array]) -> None:
    """Arrivals from each place or owner ≤ share × base, base = demand − unmet + use, for each rule of the table."""
    stages, lanes, rules = tables["materials"]["stage"], tables["lanes"], tables["rules"]
    kept, users = 1.0 - lanes["loss"].to_numpy(), np.flatnonzero(used > 0.0)
    demand, material_wanted = demanded
    origin = {by: pd.factorize(tables["sites"][by])[0][names.origin] for by in ("place", "owner")}
    for rule, stage, by, pooled, share in zip(
        *(rules[name] for name in ("rule", "stage", "subject_by", "pool", "limit")), strict=True
    ):
        chosen = np.flatnonzero(stages == stage)
        pool = np.full(len(stages), -1)
        pool[chosen] = np.arange(len(chosen)) if pooled == "each" else 0
        wanted = np.flatnonzero(pool[material_wanted] >= 0)
        _base(model, rule, int(pool.max()) + 1, pool[material_wanted[wanted]], wanted, demand)
        use = users[pool[names.converted[users]] >= 0]
        model.put(f"total {rule}", pool[names.converted[use]], "activity", names.run[use], -used[use])
        counted = np.flatnonzero(pool[names.carried] >= 0)
        subjects = int(origin[by].max()) + 1
        at, found = pd.factorize(pool[names.carried[counted]] * subjects + origin[by][counted])
        model.rows[f"cap {rule}"] = Block(len(found), -np.inf, 0.0)
        model.put(f"cap {rule}", at, "ship", counted, kept[counted])
        model.put(f"cap {rule}", np.arange(len(found)), f"base {rule}", found // subjects, -share)


def _base(model: Model, rule: str, pools: int, pool: Array, wanted: Array, demand: Array) -> None:
    """The column of a rule's base for each pool of materials, and its row, as far as demand goes."""
    constant = np.zeros((pools, model.periods))
    np.add.at(constant, pool, demand.T[wanted])
    model.columns[f"base {rule}"] = Block(pools, -np.inf, np.inf)
    model.rows[f"total {rule}"] = Block(pools, constant.T, constant.T)
    model.put(f"total {rule}", np.arange(pools), f"base {rule}")
    model.put(f"total {rule}", pool, "unmet", wanted)


@dataclass
class Arrays:
    """What ``passModel`` takes; columns and rows period by period, rows of the last period alone at the end."""

    cost: Array
    col_low: Array
    col_high: Array
    row_low: Array
    row_high: Array
    start: Array
    index: Array
    value: Array


def _places(blocks: Mapping[str, Block]) -> tuple[dict[str, int], int]:
    """First number of each kind within a period, and how many there are in all."""
    first, count = {}, 0
    for name, block in blocks.items():
        if not block.last:
            first[name], count = count, count + block.size
    return first, count


def _fill(model: Model, blocks: Mapping[str, Block], what: str) -> Array:
    """A bound or the cost of every column or row."""
    first, count = _places(blocks)
    rest = [block for block in blocks.values() if block.last]
    filled = np.empty(model.periods * count + sum(block.size for block in rest))
    grid = filled[: model.periods * count].reshape(model.periods, count)
    for name, at in first.items():
        grid[:, at : at + blocks[name].size] = getattr(blocks[name], what)
    at = grid.size
    for block in rest:
        filled[at : at + block.size] = getattr(block, what)
        at += block.size
    return filled


def _bounds(model: Model) -> dict[str, Array]:
    """Costs and bounds of every column and row."""
    width = _places(model.columns)[1]
    cost = _fill(model, model.columns, "cost").reshape(model.periods, width) * model.discount[:, None]
    return {
        "cost": cost.ravel(),
        "col_low": _fill(model, model.columns, "low"),
        "col_high": _fill(model, model.columns, "high"),
        "row_low": _fill(model, model.rows, "low"),
        "row_high": _fill(model, model.rows, "high"),
    }


def _first_rows(model: Model) -> dict[str, int]:
    """First number of each kind of row: within a period, or after all periods."""
    first, height = _places({name: block for name, block in model.rows.items() if not block.last})
    count = model.periods * height
    for name, block in model.rows.items():
        if block.last:
            first[name], count = count, count + block.size
    return first


def arrays_of(model: Model) -> Arrays:
    """The matrix, every entry of every period written down and sorted by row."""
    width, height, last = _places(model.columns)[1], _places(model.rows)[1], model.periods - 1
    of, at = _places(model.columns)[0], _first_rows(model)
    rows, columns, values = [], [], []
    for term in model.terms:
        block = model.rows[term.row]
        inside = np.arange(last if block.last else max(0, -term.lag), model.periods, dtype=np.int32)[:, None]
        row, column = (at[term.row] + term.at).astype(np.int32), (of[term.column] + term.of).astype(np.int32)
        rows.append(np.broadcast_to(row, (len(inside), len(row))) if block.last else row + height * inside)
        columns.append(column + width * np.minimum(inside + term.lag, last))
        values.append(np.broadcast_to(term.value, columns[-1].shape))
    number = np.concatenate([part.ravel() for part in rows])
    order = np.argsort(number, kind="stable")
    bounds = _bounds(model)
    start = np.zeros(len(bounds["row_low"]) + 1, np.int32)
    np.cumsum(np.bincount(number, minlength=len(start) - 1), out=start[1:])
    index, value = (np.concatenate([part.ravel() for part in parts])[order] for parts in (columns, values))
    return Arrays(**bounds, start=start, index=index, value=value)


def repeated(model: Model) -> Arrays:
    """The same matrix, of one period sorted and repeated, and mended at both ends of the horizon.

    It asks more of the data than a modeller could in general: that every row and column is there in every period.
    """
    periods, width, height = model.periods, _places(model.columns)[1], _places(model.rows)[1]
    of, at = _places(model.columns)[0], _first_rows(model)
    parts = []
    for last in (False, True):
        terms = [term for term in model.terms if model.rows[term.row].last == last]
        row = np.concatenate([at[term.row] + term.at for term in terms])
        order = np.argsort(row)
        column = np.concatenate([of[term.column] + term.of for term in terms])
        lag = np.repeat([term.lag for term in terms], [len(term.at) for term in terms])
        value = np.concatenate([np.broadcast_to(term.value, term.at.shape) for term in terms])
        parts.append((row[order], column[order], lag[order], value[order]))
    (row, column, lag, value), (end_row, end_column, _, end_value) = parts
    inside, shifted = lag >= 0, (column + width * lag).astype(np.int32)
    opening, entries = int(inside.sum()), len(row)
    whole = opening + (periods - 1) * entries
    index, values = np.empty(whole + len(end_row), np.int32), np.empty(whole + len(end_row))
    index[:opening], values[:opening] = shifted[inside], value[inside]
    grid = index[opening:whole].reshape(periods - 1, entries)
    np.add(shifted, width * np.arange(1, periods, dtype=np.int32)[:, None], out=grid)
    grid[-1, lag > 0] -= width
    values[opening:whole].reshape(periods - 1, entries)[:] = value
    index[whole:], values[whole:] = end_column + width * (periods - 1), end_value
    counts = [np.bincount(row[inside], minlength=height), *[np.bincount(row, minlength=height)] * (periods - 1)]
    bounds = _bounds(model)
    start = np.zeros(len(bounds["row_low"]) + 1, np.int32)
    ends = np.bincount(end_row - periods * height, minlength=len(start) - 1 - periods * height)
    np.cumsum(np.concatenate([*counts, ends]), out=start[1:])
    return Arrays(**bounds, start=start, index=index, value=values)


def pass_to(highs: highspy.Highs, arrays: Arrays) -> None:
    """Hand the arrays over.

    Raises:
        ValueError: HiGHS refuses them.
    """
    columns, rows = len(arrays.cost), len(arrays.row_low)
    status = highs.passModel(
        *(columns, rows, len(arrays.index), int(highspy.MatrixFormat.kRowwise), int(highspy.ObjSense.kMinimize), 0.0),
        *(arrays.cost, arrays.col_low, arrays.col_high, arrays.row_low, arrays.row_high),
        *(arrays.start, arrays.index, arrays.value, np.zeros(columns, np.int32)),
    )
    if status == highspy.HighsStatus.kError:
        raise ValueError("HiGHS refuses the arrays")
