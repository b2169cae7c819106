"""Every lane of an instance: those stated, those derived from freight rates, and the duty on each.

Definitions: ``docs/definitions.md``, derived lanes, duty rate and customs value.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from planner.codes import keys, look_up, spread
from planner.errors import Problem
from planner.instance import Instance
from planner.periods import horizon
from planner.scope import Scope
from planner.tables import columns
from planner.windows import windows

KEY = ["origin", "destination", "material"]
PAIR = ["site", "material"]


def sellers_and_needers(instance: Instance) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Pairs (site, material) that sell and pairs that need; a depot is in both."""
    tables, pair = instance.tables, PAIR
    recipes = tables["recipes"].merge(tables["processes"][["process", "site"]], on="process")
    sells = pd.concat([tables["offers"][pair], recipes.loc[recipes["output"] > 0, pair]])
    needs = pd.concat([tables["demands"][pair], recipes.loc[recipes["input"] > 0, pair]])
    active = pd.concat([sells, needs]).drop_duplicates()
    depots = tables["stockpiles"][pair].drop_duplicates().merge(active, on=pair, how="left", indicator=True)
    depots = depots.loc[depots["_merge"] == "left_only", pair]
    return pd.concat([sells, depots]).drop_duplicates(), pd.concat([needs, depots]).drop_duplicates()


def _derived(instance: Instance) -> pd.DataFrame:
    """Lanes from freight rates, wherever a site needs what another sells and no lane row exists."""
    freight = instance.tables["freight"]
    if freight.empty:
        return instance.tables["lanes"].iloc[:0]
    places = instance.tables["sites"][["site", "place"]]
    stages = instance.tables["materials"][["material", "stage"]]
    sells, needs = (
        pairs.merge(places, on="site").rename(columns={"site": end, "place": f"{end}_place"})
        for pairs, end in zip(sellers_and_needers(instance), ("origin", "destination"), strict=True)
    )
    pairs = sells.merge(needs, on="material").merge(stages, on="material")
    pairs = pairs.loc[pairs["origin"] != pairs["destination"]]
    rates = freight.rename(columns={"origin": "origin_place", "destination": "destination_place"})
    ends = ["origin_place", "destination_place"]
    values = ["freight", "lead_time", "loss"]
    by_material = pairs.merge(rates.loc[rates["material"] != "", [*ends, "material", *values]], on=[*ends, "material"])
    by_stage = pairs.merge(rates.loc[rates["stage"] != "", [*ends, "stage", *values]], on=[*ends, "stage"])
    lanes = pd.concat([by_material, by_stage]).drop_duplicates(KEY)
    stated = instance.tables["lanes"][KEY].assign(stated=True)
    lanes = lanes.merge(stated, on=KEY, how="left")
    lanes = lanes.loc[lanes["stated"].isna(), [*KEY, *values]]
    return lanes.assign(duty=np.nan, customs_value=np.nan, capacity=np.nan, fixed_cost=0.0)


def all_lanes(instance: Instance) -> pd.DataFrame:
    """Every lane, those stated first; the columns of ``lanes``. Not to be written into."""
    codes = instance.codes
    inputs = [codes[table, name] for table in ("lanes", "freight") for name in columns(table)]
    inputs += [_pairs(*codes.pick(table, PAIR)) for table in ("offers", "demands", "stockpiles")]
    inputs += [*codes.pick("recipes", ["process", "material"]), *codes.pick("processes", ["process", "site"])]
    inputs += [codes["recipes", name] > 0 for name in ("input", "output")]
    inputs += [*codes.pick("sites", ["site", "place"]), *codes.pick("materials", ["material", "stage"])]
    found: pd.DataFrame = instance.derived("lanes", tuple(inputs), lambda: _all_lanes(instance))
    return found


def _pairs(site: np.ndarray, material: np.ndarray) -> np.ndarray:
    """The different pairs of two columns of codes, one number each, in order."""
    return np.unique((site << 32) + material)


def _all_lanes(instance: Instance) -> pd.DataFrame:
    stated = instance.tables["lanes"]
    derived = _derived(instance)
    lanes = pd.concat([stated, derived[stated.columns]]) if len(derived) else stated
    return lanes.reset_index(drop=True)


def lane_columns(instance: Instance, lanes: pd.DataFrame, *names: str) -> list[np.ndarray]:
    """Columns of :func:`all_lanes` as arrays: texts as codes of the instance, numbers as they are."""
    if len(lanes) == len(instance.tables["lanes"]):
        return instance.codes.pick("lanes", names)
    return [instance.codes.encode(lanes[name]) if name in KEY else lanes[name].to_numpy() for name in names]


@dataclass(frozen=True)
class Duties:
    """Duty on each lane (rows, as :func:`all_lanes`) in each period (columns)."""

    rate: np.ndarray
    """Fraction of customs value."""
    value: np.ndarray
    """Customs value, money per mass; ``nan`` where nothing states it."""
    problems: tuple[Problem, ...]
    """Ties among ``duties`` rows and missing customs values."""

    @property
    def per_mass(self) -> np.ndarray:
        """Money per dispatched mass."""
        return np.where(self.rate > 0, self.rate * np.nan_to_num(self.value), 0.0)


def duties(instance: Instance, lanes: pd.DataFrame, scope: Scope) -> Duties:
    """Duty rates and customs values of lanes in every period of the horizon."""
    codes = instance.codes
    inputs = [codes[table, name] for table in ("duties", "groups", "sites", "places") for name in columns(table)]
    lines = instance.tables["duties"].index.to_numpy()
    rate, ties = instance.derived(
        "duty rates", (instance.header, lanes, lines, *inputs), lambda: _table_rates(instance, lanes, scope)
    )
    (own,) = lane_columns(instance, lanes, "duty")
    rate = np.where(np.isnan(own)[:, None], rate, own[:, None])
    value = _customs_values(instance, lanes)
    missing = (rate > 0) & np.isnan(value)
    problems = list(ties)
    labels = horizon(instance.header.first_period, instance.header.periods, instance.header.period_length)
    for lane in np.flatnonzero(missing.any(axis=1)):
        origin, destination, material = (str(cell) for cell in lanes.loc[lane, KEY])
        first = labels[int(np.argmax(missing[lane]))]
        problems.append(
            Problem(
                "lanes",
                None,
                "customs_value",
                "",
                f"the duty on {material} from {origin} to {destination} in {first} has no customs value: give one "
                f"on the lane or for the material, or a price at which {origin} offers it",
            )
        )
    return Duties(rate, value, tuple(problems))


def _table_rates(instance: Instance, lanes: pd.DataFrame, scope: Scope) -> tuple[np.ndarray, list[Problem]]:
    """Rates from the ``duties`` table: the unbeaten row that fits, 0 inside one place and where none fits."""
    rows = instance.tables["duties"]
    periods = instance.header.periods
    rates = np.zeros((len(lanes), periods))
    if rows.empty or lanes.empty:
        return rates, []
    fits = np.zeros((len(rows), len(lanes)), dtype=bool)
    place = pd.Series(scope.place_of)
    abroad = (lanes["origin"].map(place) != lanes["destination"].map(place)).to_numpy() | (
        lanes["origin"].map(place) == ""
    ).to_numpy()
    asked = lanes["duty"].isna().to_numpy()
    for index, (origin, destination, material) in enumerate(
        zip(rows["origin"], rows["destination"], rows["material"], strict=True)
    ):
        fits[index] = (
            abroad
            & asked
            & lanes["origin"].isin(scope.sites([origin])).to_numpy()
            & lanes["destination"].isin(scope.sites([destination])).to_numpy()
        )
        if material:
            fits[index] &= (lanes["material"] == material).to_numpy()
    special = np.column_stack(
        [
            [scope.kind(name) == "place" for name in rows["origin"]],
            [scope.kind(name) == "place" for name in rows["destination"]],
            rows["material"] != "",
        ]
    )
    begins, ends = windows(instance, "duties")
    patterns, pattern_of = np.unique(fits, axis=1, return_inverse=True)
    by_pattern = np.zeros((patterns.shape[1], periods))
    ties = []
    for pattern in range(patterns.shape[1]):
        for t in range(periods):
            here = np.flatnonzero(patterns[:, pattern] & (begins <= t) & (t <= ends))
            best = _unbeaten(here, special)
            if len(best) > 1:
                ties.append(_tie(instance, best, int(np.flatnonzero(pattern_of.ravel() == pattern)[0]), lanes))
            if len(best):
                by_pattern[pattern, t] = rows["duty"].iloc[best[0]]
    return by_pattern[pattern_of.ravel()], list(dict.fromkeys(ties))


def _unbeaten(rows: Sequence[int] | np.ndarray, special: np.ndarray) -> list[int]:
    """Rows that no other row beats: at least as special in each respect and more so in one."""
    return [
        int(row)
        for row in rows
        if not any((special[other] >= special[row]).all() and (special[other] > special[row]).any() for other in rows)
    ]


def _tie(instance: Instance, rows: list[int], lane: int, lanes: pd.DataFrame) -> Problem:
    lines = [int(instance.tables["duties"].index[row]) for row in rows]
    origin, destination, material = (str(cell) for cell in lanes.loc[lane, KEY])
    return Problem(
        "duties",
        lines[-1],
        "duty",
        "",
        f"lines {' and '.join(str(line) for line in lines)} fit {material} from {origin} to {destination} equally "
        "well: name a place or a material in the row that should hold",
    )


def _customs_values(instance: Instance, lanes: pd.DataFrame) -> np.ndarray:
    """The lane's cell, else the material's, else the origin's list price in the dispatch period."""
    codes = instance.codes
    origin, of_lane, value = lane_columns(instance, lanes, "origin", "material", "customs_value")
    known, of_material = codes["materials", "material"], np.full(len(codes), np.nan)
    of_material[known] = codes["materials", "customs_value"]
    value = np.where(np.isnan(value), of_material[of_lane], value)
    sizes = (0, len(codes))
    sold, number = np.unique(keys(codes.pick("offers", ["site", "material"]), sizes), return_inverse=True)
    listed = np.full((len(sold) + 1, instance.header.periods), np.nan)
    row, t = spread(*windows(instance, "offers"))
    listed[number[row], t] = codes["offers", "price"][row]
    at = look_up(sold, keys((origin, of_lane), sizes))
    return np.where(np.isnan(value)[:, None], listed[at], value[:, None])
