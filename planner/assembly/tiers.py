r"""Tiers of offers into bands and switches: one ladder of thresholds for each site and material, by calendar year.

The most that is bought in a year, :math:`M`, is the least of the capacities of the offer and its site and of the need
(``needs.py``). Where a price falls, or where all units take the price of their tier, it may be worth while to buy
beyond need, just to reach a threshold, but never more than the highest one: so much is added to the need.
"""

from dataclasses import dataclass, field

import numpy as np

from mineral_sourcing.arrays import Array, Groups, Index, Labels, Values
from mineral_sourcing.network import Flow, Tiers
from planner.assembly.needs import Needs, sale_limits
from planner.assembly.parts import Parts
from planner.codes import keys, look_up, spread
from planner.errors import InputError, Problem

ROUNDING = 1e-9
"""Fraction of a year's capacity that adding up its periods may be off."""


@dataclass(frozen=True)
class _Ladder:
    """Tiers of one site and material, from the lowest."""

    start: Array
    """Thresholds, the first 0."""
    price: Array
    """Not a number in front where the offer's price holds there."""
    all_units: bool

    def __len__(self) -> int:
        return len(self.start)


class Ladders:
    """Every ladder of an instance, by number."""

    def __init__(self, parts: Parts) -> None:
        self.parts, self.width = parts, len(parts.materials)
        site, material = parts.codes("tiers", "site", parts.sites), parts.codes("tiers", "material", parts.materials)
        start, price = parts.numbers("tiers", "from_quantity"), parts.numbers("tiers", "price")
        all_units = np.array([scheme == "all_units" for scheme in parts.texts("tiers", "scheme")], dtype=bool)
        self.pairs, of = np.unique(keys((site, material), (0, self.width)), return_inverse=True)
        self.rungs: list[_Ladder] = []
        for number in range(len(self.pairs)):
            rows = np.flatnonzero(of == number)
            rows = rows[np.argsort(start[rows])]
            front = [0.0] if start[rows[0]] > 0 else []
            prices = np.concatenate([[np.nan] * len(front), price[rows]])
            self.rungs.append(_Ladder(np.concatenate([front, start[rows]]), prices, bool(all_units[rows[0]])))

    def of(self, site: Array, material: Array) -> Array:
        """Ladder of each site and material; −1 where there is none."""
        return look_up(self.pairs, keys((site, material), (0, self.width)))

    def starts(self, site: Array, material: Array, tier: Array) -> Array:
        """Threshold of each tier of a site and material."""
        first = np.cumsum([0, *map(len, self.rungs)])
        every: Array = np.concatenate([np.empty(0), *(rung.start for rung in self.rungs)])
        return np.asarray(every[first[self.of(site, material)] + tier])

    def beyond_need(self) -> Array:
        """What it may be worth while to buy beyond need in a year, by material, to reach a price that is lower."""
        parts, found = self.parts, np.zeros(self.width)
        site, material = parts.codes("offers", "site", parts.sites), parts.codes("offers", "material", parts.materials)
        offered = self.of(site, material)
        listed = parts.numbers("offers", "price")
        for number, ladder in enumerate(self.rungs):
            front = listed[offered == number].max(initial=0.0)
            if ladder.all_units or (np.diff(np.where(np.isnan(ladder.price), front, ladder.price)) < 0).any():
                found[self.pairs[number] % self.width] += ladder.start[-1]
        return found


@dataclass
class _Bands:
    """Bands and switches in the making: cell (ladder and year) and tier of each."""

    band: list[tuple[int, int]] = field(default_factory=list)
    width: list[float] = field(default_factory=list)
    room: list[float] = field(default_factory=list)
    opened: list[tuple[int, int]] = field(default_factory=list)
    """Band and switch."""
    switch: list[tuple[int, int]] = field(default_factory=list)
    least: list[float] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    """Tier from which on, up to the one before (all units: its own alone), parts fill the switch."""
    endless: list[int] = field(default_factory=list)
    """Cells without a finite limit."""

    def add(self, at: tuple[int, int], width: float, room: float, *switches: int) -> None:
        """A band and the switches that open it."""
        self.opened += [(len(self.band), switch) for switch in switches]
        self.band.append(at)
        self.width.append(width)
        self.room.append(room)

    def reach(self, at: tuple[int, int], least: float, first: int) -> int:
        """A switch; its number."""
        self.switch.append(at)
        self.least.append(least)
        self.first.append(first)
        return len(self.switch) - 1

    def incremental(self, cell: int, start: Array, price: Array, most: float) -> None:
        """Bands of a ladder whose tiers are filled in turn; switches where the price falls."""
        switch, block = -1, 0
        for tier in range(len(start)):
            last = tier + 1 == len(start)
            if tier and price[tier] < price[tier - 1]:
                switch = self.reach((cell, tier), start[tier] - start[block], block)
                block = tier
            width = (most if last else start[tier + 1]) - start[tier]
            if switch >= 0:
                self.add((cell, tier), width, 0.0, switch)
            elif not last:
                self.add((cell, tier), 0.0, width)
        if switch >= 0 and not np.isfinite(most):
            self.endless.append(cell)

    def all_units(self, cell: int, start: Array, most: float) -> None:
        """Bands of a ladder of which one tier holds the whole year."""
        if len(start) == 1:
            return
        switches = [self.reach((cell, tier), start[tier], tier) for tier in range(1, len(start))]
        self.add((cell, 0), -start[1], start[1], *switches)
        for tier, switch in enumerate(switches, start=1):
            self.add((cell, tier), most if tier + 1 == len(start) else start[tier + 1], 0.0, switch)
        if not np.isfinite(most):
            self.endless.append(cell)


@dataclass(frozen=True)
class _Cells:
    """Ladders by calendar year."""

    sales: Array
    """Sales of offers with tiers."""
    of_sale: Array
    """Cell of each of these."""
    ladder: Array
    year: Array
    height: Array
    """Tiers that the capacities let the year reach."""
    bands: _Bands

    @classmethod
    def of(cls, parts: Parts, flow: Flow, ladders: Ladders, needs: Needs, years: Labels) -> "_Cells":
        """Those of an instance."""
        number = ladders.of(*flow.sales.codes[:2])
        sales = np.flatnonzero(number >= 0)
        _, material, _, t = (codes[sales] for codes in flow.sales.codes)
        year = np.array([years.code[name] for name in parts.calendar], dtype=np.int64)[t]
        cells, of_sale = np.unique(number[sales] * len(years) + year, return_inverse=True)
        held = np.bincount(of_sale, sale_limits(parts, flow)[sales], len(cells))
        listed = np.zeros(len(cells))
        offer = flow.sales.project((0, 1, 2), flow.offers)[sales]
        np.maximum.at(listed, of_sale, flow.price.array[offer])
        ladder, year = np.divmod(cells, max(len(years), 1))
        heights, bands = np.ones(len(cells), dtype=np.int64), _Bands()
        most = held
        for cell, rung in enumerate(ladders.rungs[at] for at in ladder.tolist()):
            heights[cell] = height = max(int((rung.start <= held[cell] * (1 + ROUNDING)).sum()), 1)
            price = np.where(np.isnan(rung.price), listed[cell], rung.price)[:height]
            switched = height > 1 if rung.all_units else bool((np.diff(price) < 0).any())
            if switched and most is held:
                most = np.minimum(held, needs.over(of_sale, len(cells), material, t))
            top = max(most[cell], rung.start[height - 1])
            if rung.all_units:
                bands.all_units(cell, rung.start[:height], top)
            else:
                bands.incremental(cell, rung.start[:height], price, top)
        return cls(sales, of_sale, ladder, year, heights, bands)

    def number(self, some: list[tuple[int, int]], cell: Array, tier: Array) -> Array:
        """Number of each cell and tier among some of them; −1 where it is none."""
        size = int(self.height.max(initial=1))
        known = np.array([cell * size + tier for cell, tier in some], dtype=np.int64)
        return look_up(known, cell * size + tier)

    def filled(self, cell: Array, tier: Array) -> Array:
        """Switch that each cell and tier fills; −1 for none."""
        found: dict[tuple[int, int], int] = {}
        for switch, ((at, reached), first) in enumerate(zip(self.bands.switch, self.bands.first, strict=True)):
            found |= {(at, below): switch for below in range(first, max(reached, first + 1))}
        return self._of(found, cell, tier)

    def _of(self, found: dict[tuple[int, int], int], cell: Array, tier: Array) -> Array:
        at = self.number(list(found), cell, tier)
        return np.where(at >= 0, np.append(np.array(list(found.values()), dtype=np.int64), -1)[at], -1)


def tiers(parts: Parts, flow: Flow, ladders: Ladders, needs: Needs) -> Tiers:
    """Bands and switches of every ladder and year.

    Raises:
        InputError: nothing bounds what is bought in a year.
    """
    years, rungs = Labels(list(dict.fromkeys(parts.calendar))), Labels(range(max(map(len, ladders.rungs), default=1)))
    cells = _Cells.of(parts, flow, ladders, needs, years)
    _refuse_endless(parts, ladders, cells)
    sales = flow.sales.take(cells.sales)
    sale, tier = spread(np.zeros(len(sales), dtype=np.int64), cells.height[cells.of_sale] - 1)
    parted = Index(*((labels, codes[sale]) for labels, codes in _columns(sales)), (rungs, tier))
    cell = cells.of_sale[sale]
    own = np.array([~np.isnan(rung.price[0]) for rung in ladders.rungs], dtype=bool)
    priced = (tier > 0) | own[cells.ladder[cell]] if len(own) else tier > 0
    number, level = spread(~own * 1, np.array([len(rung) - 1 for rung in ladders.rungs], dtype=np.int64))
    site, material = np.divmod(ladders.pairs, ladders.width)
    tiered = Index((parts.sites, site[number]), (parts.materials, material[number]), (rungs, level))

    def index(some: list[tuple[int, int]]) -> Index:
        at, level = np.array(some, dtype=np.int64).reshape(-1, 2).T
        of = cells.ladder[at]
        return Index((parts.sites, site[of]), (parts.materials, material[of]), (years, cells.year[at]), (rungs, level))

    made = cells.bands
    bands, switches = index(made.band), index(made.switch)
    band, switch = np.array(made.opened, dtype=np.int64).reshape(-1, 2).T
    prices = [rung.price[level] for rung, level in zip((ladders.rungs[at] for at in number), level, strict=True)]
    return Tiers(
        tiers=tiered,
        price=Values(tiered, np.array(prices)),
        sales=sales,
        parts=parted,
        of_sale=Groups(sales, parted, sale),
        priced=parted.take(np.flatnonzero(priced)),
        listed=parted.take(np.flatnonzero(~priced)),
        bands=bands,
        in_band=Groups.where(bands, parted, cells.number(made.band, cell, tier)),
        width=Values(bands, np.array(made.width)),
        room=Values(bands, np.array(made.room)),
        opened_by=Groups(bands, switches, band, switch),
        switches=switches,
        filled=Groups.where(switches, parted, cells.filled(cell, tier)),
        least=Values(switches, np.array(made.least)),
    )


def _columns(index: Index) -> "zip[tuple[Labels, Array]]":
    return zip(index.labels, index.codes, strict=True)


def _refuse_endless(parts: Parts, ladders: Ladders, cells: _Cells) -> None:
    """A problem for each ladder with switches that nothing bounds.

    Raises:
        InputError: there is one.
    """
    names = parts.materials.names, parts.sites.names
    problems = []
    for number in sorted({int(cells.ladder[cell]) for cell in cells.bands.endless}):
        site, material = divmod(int(ladders.pairs[number]), ladders.width)
        told = f"{names[0][material]} of {names[1][site]} has tiers that are reached or not, and nothing bounds "
        told += "how much of it can be worth while: give a capacity"
        problems.append(Problem("offers", None, "capacity", "", told))
    if problems:
        raise InputError(parts.instance.name, problems)
