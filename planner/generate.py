"""Seeded networks of a wanted size: to try the planner out at scale, and to measure it.

A chain has two ores, three oxides and three metals. Mines sell both ores out of one capacity; separators turn an ore
into all three oxides at once, in the ore's own proportions; smelters make a metal of an oxide; markets consume metals.
Every plant and market chooses between a few suppliers, over routes whose capacity all materials share. Places and
owners are skewed: the first ones are large and cheap, so that the caps on shares cost something. The caps by owner
speak of a whole stage, hence tie all chains together. Stock with days of cover stands at every other market and at
the smelters. All demand may stay unmet at a price above every supply cost.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from planner.tables import Header

FIRST_YEAR, YEARS = 2027, 10
PLACES = np.array([f"P{number:02d}" for number in range(12)], dtype=object)
OWNERS = np.array([f"O{number:02d}" for number in range(20)], dtype=object)
MINES, SEPARATORS, SMELTERS, MARKETS = 10, 6, 6, 12
"""Sites of a chain."""
KINDS = {"mine": MINES, "separator": SEPARATORS, "smelter": SMELTERS, "market": MARKETS}
BASKETS = np.array([[0.5, 0.3, 0.2], [0.2, 0.3, 0.5]])
"""Tonnes of each oxide in a tonne that a separator gives, by ore."""
ORES, METALS = BASKETS.shape
MAKERS, BUYERS = 5, 8
"""Smelters that make a metal, and markets that consume it."""
FROM_MINES, FROM_SEPARATORS, FROM_SMELTERS = 8, 5, 4
"""Suppliers that a separator, a smelter and a market can buy from."""
COLUMNS_PER_CHAIN = 4_600
"""Columns of the model that one chain adds."""
GROWTH = 1.02
"""Growth of demand a year."""
SLACK = 1.5
"""Capacity of mines and plants as a multiple of what demand calls for."""
ROUTE_SLACK = 2.5
"""Capacity of a route as a multiple of an even split between the suppliers."""
COVER_DAYS = 60.0
UNMET_COST = 8_000.0
"""Above every supply cost, which is the sum of the dearest of every stage."""

Array = np.ndarray[Any, np.dtype[Any]]
Tables = dict[str, pd.DataFrame]


def network(columns: int, seed: int = 1, *, charges: bool = False) -> tuple[Header, Tables]:
    """Header and tables of a network whose model has about this many columns (one chain at least).

    Args:
        columns: continuous columns of the model.
        seed: the same seed and size give the same network.
        charges: also minimum awards at offers, and fixed charges on offers and on the lanes of oxides and metals:
            about four yes-or-no columns for ten others.

    Raises:
        ValueError: not even one column is asked for.
    """
    if columns < 1:
        raise ValueError(f"a network needs at least one column, not {columns}")
    chains = _Chains(np.random.default_rng(seed), max(1, round(columns / COLUMNS_PER_CHAIN)))
    lanes = chains.lanes()
    tables = {
        "materials": chains.materials(),
        "places": pd.DataFrame({"place": PLACES}),
        "groups": chains.groups(),
        "sites": chains.sites(),
        "offers": chains.offers(),
        "processes": chains.processes(),
        "recipes": chains.recipes(),
        "lanes": lanes.drop(columns="even"),
        "routes": chains.routes(lanes),
        "demands": chains.demands(),
        "priorities": pd.DataFrame({"priority": ["civil"], "rank": [1], "unmet_cost": [UNMET_COST]}),
        "stockpiles": chains.stockpiles(),
        "rules": chains.rules(),
    }
    if charges:
        tables |= {"offers": chains.charged_offers(tables["offers"]), "lanes": chains.charged_lanes(tables["lanes"])}
    name = f"generated {columns} {seed}{' with charges' if charges else ''}"
    return Header(name=name, first_period=f"{FIRST_YEAR}", periods=YEARS, discount_rate=0.05), tables


@dataclass(frozen=True)
class _Sites:
    """Sites of one kind, chain by number."""

    name: Array
    place: Array
    owner: Array
    level: Array
    """Factor of cost: below 1 in the first places, above 1 in the last."""


@dataclass(frozen=True)
class _Plants:
    """Processes of one stage, chain by material by plant."""

    site: Array
    """Number of the site."""
    need: Array
    """Tonnes taken in per tonne of activity."""
    load: Array
    """Activity a year that demand calls for."""
    capacity: Array


class _Chains:
    """Everything drawn by lot, for all chains at once: the first axis of every array is the chain."""

    def __init__(self, rng: np.random.Generator, count: int) -> None:
        self.rng, self.count = rng, count
        self.mines, self.separators, self.smelters, self.markets = (
            self._sites(kind, number) for kind, number in KINDS.items()
        )
        self.ores, self.oxides, self.metals = (
            self._names(stage, number) for stage, number in (("ore", ORES), ("oxide", METALS), ("metal", METALS))
        )
        self.buyers = self._choose(MARKETS, BUYERS, METALS)
        self.demand = self._uniform(60.0, 140.0, METALS, BUYERS)
        self.smelting = self._plants(self._choose(SMELTERS, MAKERS, METALS), self.demand.sum(axis=2), self.smelters)
        load = (self.smelting.load * self.smelting.need).sum(axis=(1, 2))
        everyone = np.broadcast_to(np.arange(SEPARATORS), (count, ORES, SEPARATORS))
        self.separating = self._plants(everyone, np.repeat(load[:, None] / ORES, ORES, axis=1), self.separators)
        wanted = (self.separating.load * self.separating.need).sum(axis=(1, 2))[:, None]
        size = self._uniform(0.7, 1.3, MINES) / self.mines.level
        self.mined = (SLACK * wanted * size / size.sum(axis=1, keepdims=True)).round(2)

    def _uniform(self, low: float, high: float, *shape: int) -> Array:
        """Numbers between two bounds, to three digits after the point."""
        return self.rng.uniform(low, high, (self.count, *shape)).round(3)

    def _choose(self, out_of: int, take: int, *shape: int) -> Array:
        """So many different ones of 0 … out_of − 1, in order."""
        order = np.argsort(self.rng.random((self.count, *shape, out_of)), axis=-1)
        return np.sort(order[..., :take], axis=-1)

    def _apart(self, out_of: int, first: int, number: int) -> Array:
        """Different ones of 0 … out_of − 1 for the sites of a kind, by lot with weights 1 / (first + n)."""
        weight = 1.0 / np.arange(first, first + out_of)
        return np.argsort(self.rng.exponential(size=(self.count, out_of)) / weight, axis=-1)[:, :number]

    def _names(self, kind: str, number: int) -> Array:
        """Names of a kind, chain by number."""
        return np.array([[f"{kind} {chain}.{at}" for at in range(number)] for chain in range(self.count)], dtype=object)

    def _sites(self, kind: str, number: int) -> _Sites:
        place, owner = self._apart(len(PLACES), 1, number), self._apart(len(OWNERS), 4, number)
        level = 0.6 + 0.5 * place / len(PLACES) + 0.3 * owner / len(OWNERS) + self._uniform(-0.1, 0.1, number)
        return _Sites(self._names(kind, number), place, owner, level)

    def _plants(self, site: Array, wanted: Array, sites: _Sites) -> _Plants:
        """Plants at these sites that together make what is wanted a year; those in cheap places are larger."""
        size = self._uniform(0.7, 1.3, *site.shape[1:]) / _at(sites.level, site)
        load = wanted[..., None] * size / size.sum(axis=2, keepdims=True)
        return _Plants(site, self._uniform(1.05, 1.25, *site.shape[1:]), load, (SLACK * load).round(2))

    def materials(self) -> pd.DataFrame:
        """Ores, oxides and metals, with the value that duties are a fraction of."""
        names = np.concatenate([self.ores, self.oxides, self.metals], axis=1)
        stages = ["ore"] * ORES + ["oxide"] * METALS + ["metal"] * METALS
        values = {"ore": 600.0, "oxide": 1_500.0, "metal": 2_500.0}
        frame = pd.DataFrame({"material": names.ravel(), "stage": np.tile(stages, self.count)})
        costs = {"ore": 0.0, "oxide": 20.0, "metal": 50.0}
        return frame.assign(customs_value=frame["stage"].map(values), disposal_cost=frame["stage"].map(costs))

    def groups(self) -> pd.DataFrame:
        """The separators and the smelters as the markets of the rules on what they buy."""
        members = {"refiners": self.separators.name.ravel(), "makers": self.smelters.name.ravel()}
        return pd.concat([pd.DataFrame({"group": name, "member": sites}) for name, sites in members.items()])

    def sites(self) -> pd.DataFrame:
        """Every site; one capacity of a mine limits what it sells of both ores."""
        frames = []
        for kind, sites in zip(KINDS, (self.mines, self.separators, self.smelters, self.markets), strict=True):
            frames.append(
                pd.DataFrame(
                    {
                        "site": sites.name.ravel(),
                        "place": PLACES[sites.place.ravel()],
                        "owner": OWNERS[sites.owner.ravel()],
                        "kind": kind,
                        "capacity": self.mined.ravel() if kind == "mine" else np.nan,
                    }
                )
            )
        return pd.concat(frames, ignore_index=True)

    def offers(self) -> pd.DataFrame:
        """Both ores at every mine."""
        shape = (MINES, ORES)
        price = 500.0 * self.mines.level[:, :, None] * self._uniform(0.7, 1.3, *shape)
        return pd.DataFrame(
            {
                "site": np.repeat(self.mines.name, ORES, axis=1).ravel(),
                "material": np.tile(self.ores, (1, MINES)).ravel(),
                "price": price.ravel().round(2),
                "capacity": (self.mined[:, :, None] * self._uniform(0.5, 0.9, *shape)).ravel().round(2),
            }
        )

    def processes(self) -> pd.DataFrame:
        """Separators by ore, smelters by metal."""
        frames = []
        for kind, plants, sites, toll in (
            ("separate", self.separating, self.separators, 300.0),
            ("smelt", self.smelting, self.smelters, 500.0),
        ):
            cost = toll * _at(sites.level, plants.site) * self._uniform(0.8, 1.2, *plants.site.shape[1:])
            name = self._processes(kind, plants)
            values = {"cost": cost.ravel().round(2), "capacity": plants.capacity.ravel()}
            frames.append(pd.DataFrame({"process": name, "site": _at(sites.name, plants.site).ravel(), **values}))
        return pd.concat(frames, ignore_index=True)

    def _processes(self, kind: str, plants: _Plants) -> Array:
        """Names of a stage's processes: ``smelt chain.metal.site``."""
        chain, material, _ = np.indices(plants.site.shape)
        parts = zip(chain.ravel().tolist(), material.ravel().tolist(), plants.site.ravel().tolist(), strict=True)
        return np.array([f"{kind} {a}.{b}.{c}" for a, b, c in parts], dtype=object)

    def recipes(self) -> pd.DataFrame:
        """An ore gives every oxide, an oxide gives its metal."""
        frames = []
        for kind, plants, sources in (
            ("separate", self.separating, self.ores),
            ("smelt", self.smelting, self.oxides),
        ):
            name = self._processes(kind, plants)
            used = np.repeat(sources, plants.site.shape[2], axis=1).ravel()
            frames.append(
                pd.DataFrame({"process": name, "material": used, "input": plants.need.ravel(), "output": 0.0})
            )
            if kind == "smelt":
                made = np.repeat(self.metals, MAKERS, axis=1).ravel()
                frames.append(pd.DataFrame({"process": name, "material": made, "input": 0.0, "output": 1.0}))
                continue
            shape = (self.count, ORES, SEPARATORS, METALS)
            output = np.broadcast_to(BASKETS[:, None, :], shape).ravel()
            material = np.broadcast_to(self.oxides[:, None, None, :], shape).ravel()
            row = {"process": np.repeat(name, METALS), "material": material, "input": 0.0, "output": output}
            frames.append(pd.DataFrame(row))
        return pd.concat(frames, ignore_index=True)

    def lanes(self) -> pd.DataFrame:
        """A few suppliers for every plant and market; ``even`` is what each would carry if all carried the same."""
        mines = np.repeat(self._choose(MINES, FROM_MINES, SEPARATORS)[:, None], ORES, axis=1)
        sources = _at(self._choose(SEPARATORS, FROM_SEPARATORS, SMELTERS), self.smelting.site)
        makers = self.smelting.site[:, :, None, :]
        dropped = self.rng.integers(0, MAKERS, (self.count, METALS, BUYERS, 1))
        makers = np.broadcast_to(makers, (self.count, METALS, BUYERS, MAKERS))
        kept = np.arange(MAKERS) != dropped
        smelters = makers[kept].reshape(self.count, METALS, BUYERS, FROM_SMELTERS)
        ore = self.separating.load * self.separating.need
        oxide = self.smelting.load * self.smelting.need
        ends = (
            (self.mines, mines, self.separators, self.separating.site, self.ores, ore),
            (self.separators, sources, self.smelters, self.smelting.site, self.oxides, oxide),
            (self.smelters, smelters, self.markets, self.buyers, self.metals, self.demand),
        )
        return pd.concat([self._lanes(*part) for part in ends], ignore_index=True)

    def _lanes(
        self, origins: _Sites, origin: Array, goals: _Sites, goal: Array, materials: Array, wanted: Array
    ) -> pd.DataFrame:
        """Lanes of one stage; ``origin`` is chain by material by goal by supplier."""
        shape = origin.shape
        abroad = _at(origins.place, origin) != _at(goals.place, goal)[..., None]
        freight = np.where(abroad, self._uniform(30.0, 150.0, *shape[1:]), self._uniform(5.0, 30.0, *shape[1:]))
        duty = np.where(abroad & (self.rng.random(shape) < 0.5), self.rng.choice([0.025, 0.05, 0.1], shape), 0.0)
        return pd.DataFrame(
            {
                "origin": _at(origins.name, origin).ravel(),
                "destination": np.broadcast_to(_at(goals.name, goal)[..., None], shape).ravel(),
                "material": np.broadcast_to(materials[:, :, None, None], shape).ravel(),
                "freight": freight.ravel().round(2),
                "duty": duty.ravel(),
                "loss": np.where(abroad, 0.01, 0.0).ravel(),
                "even": np.broadcast_to(wanted[..., None] / shape[-1], shape).ravel(),
            }
        )

    def routes(self, lanes: pd.DataFrame) -> pd.DataFrame:
        """Every pair of sites with a lane: a capacity for all materials together."""
        even = lanes.groupby(["origin", "destination"], sort=False)["even"].sum()
        size = ROUTE_SLACK * self.rng.uniform(0.7, 1.3, len(even))
        return (even * size).round(2).rename("capacity").reset_index()

    def demands(self) -> pd.DataFrame:
        """Growing demand of every market and metal, year by year."""
        growth = self._uniform(GROWTH - 0.02, GROWTH + 0.03, METALS, BUYERS)[..., None] ** np.arange(YEARS)
        market = np.repeat(_at(self.markets.name, self.buyers).ravel(), YEARS)
        metal = np.repeat(np.repeat(self.metals, BUYERS, axis=1).ravel(), YEARS)
        years = np.array([f"{FIRST_YEAR + year}" for year in range(YEARS)], dtype=object)
        period = np.tile(years, market.size // YEARS)
        quantity = (self.demand[..., None] * growth).ravel().round(2)
        row = {"site": market, "material": metal, "period": period, "priority": "civil", "quantity": quantity}
        return pd.DataFrame(row)

    def stockpiles(self) -> pd.DataFrame:
        """Days of cover at every other buyer of a metal, and of oxide at every smelter."""
        held = np.s_[:, :, ::2]
        frames = []
        for sites, site, materials, yearly in (
            (self.markets, self.buyers[held], self.metals, self.demand[held]),
            (self.smelters, self.smelting.site, self.oxides, self.smelting.load * self.smelting.need),
        ):
            frame = {
                "site": _at(sites.name, site).ravel(),
                "material": np.repeat(materials, site.shape[2], axis=1).ravel(),
                "initial": (yearly * COVER_DAYS / 365).ravel().round(2),
                "holding_cost": self._uniform(20.0, 80.0, *site.shape[1:]).ravel().round(2),
                "cover_days": COVER_DAYS,
            }
            frames.append(pd.DataFrame(frame))
        return pd.concat(frames, ignore_index=True)

    def charged_offers(self, offers: pd.DataFrame) -> pd.DataFrame:
        """A fixed charge a year, and a minimum award of a part of the capacity."""
        charge = self.rng.uniform(2_000.0, 10_000.0, len(offers)).round(0)
        least = (offers["capacity"] * self.rng.uniform(0.2, 0.4, len(offers))).round(2)
        return offers.assign(fixed_cost=charge, min_award=least)

    def charged_lanes(self, lanes: pd.DataFrame) -> pd.DataFrame:
        """A fixed charge a year on every lane of an oxide or a metal."""
        charge = self.rng.uniform(500.0, 5_000.0, len(lanes)).round(0)
        return lanes.assign(fixed_cost=np.where(lanes["material"].str.startswith("ore"), 0.0, charge))

    def rules(self) -> pd.DataFrame:
        """Caps by place on each metal, each oxide and all ores, and by owner on each whole stage.

        An owner may have 15 %, or twice an even share of the smelters where these are few.
        """
        bought = {"kind": "max_share", "basis": "purchases", "base": "consumption", "per": "year"}
        ends = (("metal", "", "each"), ("oxide", "makers", "each"), ("ore", "refiners", "together"))
        limit = {"place": 0.3, "owner": max(0.15, round(2.0 / self.smelters.name.size, 3))}
        rows = [
            {**bought, "rule": f"{stage} by {by}", "subject_by": by, "stage": stage, "market": market, "pool": pool}
            for stage, market, by_place in ends
            for by, pool in (("place", by_place), ("owner", "together"))
        ]
        return pd.DataFrame([{**row, "market_pool": "together", "limit": limit[row["subject_by"]]} for row in rows])


def _at(values: Array, numbers: Array) -> Array:
    """Values of the sites with these numbers, each in its own chain."""
    chain = np.arange(len(numbers)).reshape(-1, *[1] * (numbers.ndim - 1))
    return np.asarray(values[chain, numbers])
