"""How a plan stands: days of cover of its stocks, and how concentrated its supply is."""

from typing import Any

import numpy as np

from mineral_sourcing.arrays import Array, Labels
from planner.assembly.stock import YEAR_DAYS, ahead, covered_sites
from planner.codes import keys, look_up
from planner.tabulation.solution import Solution

MOST_DAYS = 3650.0


def cover(solution: Solution, made: dict[str, Any]) -> dict[str, Any]:
    """Stock against the days of consumption that it must cover, and covers; one row a covers, material and period."""
    parts, piles, count = solution.parts, solution.assembled.piles, solution.parts.count
    width = max(len(parts.materials), 1)
    every, of_pile = np.unique(keys((piles.covers, piles.material, piles.t), (0, width, count)), return_inverse=True)
    rest, t = np.divmod(every, count)
    covers, material = np.divmod(rest, width)
    closing = solution.value("stockpile.stock") * solution.mass
    required = np.zeros(len(every))
    np.maximum.at(required, of_pile, piles.column(parts, "cover_days", 0.0))
    held = np.bincount(of_pile, closing, len(every))
    pair, site = covered_sites(parts, piles, covers)
    places, rates_at = _consumption(solution, made)
    place = look_up(places, keys((site, material[pair]), (0, width)))
    here = np.flatnonzero(place >= 0)
    rates = np.zeros((len(every), count))
    np.add.at(rates, pair[here], rates_at[place[here]])
    need = np.zeros(len(every))
    for days in np.unique(required).tolist():
        rows = np.flatnonzero(required == days)
        need[rows] = (ahead(days, parts.years, count)[t[rows]] * rates[rows]).sum(axis=1)
    price = np.zeros(len(every))
    index = solution.network.stock.cover
    if len(index):
        codes = [np.array([index.labels[0].code.get(name, -1) for name in piles.covered.names])[covers], material, t]
        row = index.find(codes)
        price = np.where(row >= 0, np.append(solution.dual("stockpile.cover"), 0.0)[row], 0.0) * solution.price
    return {
        "covers": (piles.covered, covers),
        "material": (parts.materials, material),
        "period": (Labels(parts.periods), t),
        "stock": held,
        "need": need,
        "required_days": required,
        "days": _days(held, rates, t, parts.years),
        "shadow_price": price,
    }


def _consumption(solution: Solution, made: dict[str, Any]) -> tuple[Array, Array]:
    """Planned consumption by place (site and material) and period in tonnes: demand rows and process input."""
    demand, parts = solution.parts.demand, solution.parts
    width = max(len(parts.materials), 1)
    place = np.concatenate(
        [keys((demand.site, demand.material), (0, width)), keys((made["site"][1], made["material"][1]), (0, width))]
    )
    places, at = np.unique(place, return_inverse=True)
    rates = np.zeros((len(places), parts.count))
    amounts = np.concatenate([demand.amount * solution.mass, made["input"]])
    np.add.at(rates, (at, np.concatenate([demand.t, made["t"]])), amounts)
    return places, rates


def _days(held: Array, rates: Array, t: Array, years: float) -> Array:
    """Days of the consumption after t that the stock lasts for; the last period's rate holds past the horizon."""
    step = YEAR_DAYS * years
    days, left, lasting = np.zeros(len(held)), held.copy(), np.ones(len(held), dtype=bool)
    at = t.copy()
    while lasting.any() and days[lasting].min() < MOST_DAYS:
        at = np.minimum(at + 1, rates.shape[1] - 1)
        rate = rates[np.arange(len(held)), at]
        ends = lasting & (rate > left)
        days[ends] += left[ends] / rate[ends] * step
        lasting &= ~ends
        left -= rate
        days[lasting] += step
    return np.minimum(days, MOST_DAYS)


def concentration(solution: Solution, made: dict[str, Any]) -> dict[str, Any]:
    """Quantity, share and HHI by place and owner of what is made, and of what home buys."""
    parts, scope = solution.parts, solution.parts.scope
    count, names = parts.count, parts.sites.names.tolist()
    basis, site, material, t, quantity = _supplied(solution, made)
    columns = []
    for number, of_site in ((1, scope.place_of), (0, scope.owner_of)):
        subjects = Labels(sorted(set(of_site.values())))
        code = np.array([subjects.code[of_site[name]] for name in names], dtype=np.int64)
        columns.append((np.full(len(site), number), subjects, code[site]))
    everyone = Labels(sorted({*columns[0][1].names, *columns[1][1].names}))
    by = np.concatenate([column[0] for column in columns])
    subject = np.concatenate(
        [np.array([everyone.code[name] for name in labels.names], dtype=np.int64)[code] for _, labels, code in columns]
    )
    stages = dict(zip(parts.texts("materials", "material"), parts.texts("materials", "stage"), strict=True))
    stage = Labels(sorted(set(stages.values())))
    of_material = np.array([stage.code[stages[name]] for name in parts.materials.names.tolist()], dtype=np.int64)
    twice = [np.concatenate([column, column]) for column in (basis, material, t, quantity)]
    sizes = (0, len(stage), len(parts.materials), 2, len(everyone), count)
    key = keys((twice[0], of_material[twice[1]], twice[1], by, subject, twice[2]), sizes)
    found, at = np.unique(key, return_inverse=True)
    amount = np.bincount(at, twice[3], len(found))
    codes = []
    rest = found
    for size in reversed(sizes[1:]):
        rest, code = np.divmod(rest, max(size, 1))
        codes.append(code)
    t, subject, by, material, of_stage = codes
    markets, market = np.unique(keys((rest, material, by, t), (0, len(parts.materials), 2, count)), return_inverse=True)
    share = amount / np.bincount(market, amount, len(markets))[market]
    return {
        "basis": (Labels(["made", "purchases"]), rest),
        "stage": (stage, of_stage),
        "material": (parts.materials, material),
        "by": (Labels(["owner", "place"]), by),
        "subject": (everyone, subject),
        "period": (Labels(parts.periods), t),
        "quantity": amount,
        "share": share,
        "hhi": np.bincount(market, share**2, len(markets))[market],
    }


def _supplied(solution: Solution, made: dict[str, Any]) -> tuple[Array, Array, Array, Array, Array]:
    """Basis (0 made, 1 purchases), seller, material, period and tonnes of all supply."""
    parts, flow, coming = solution.parts, solution.network.flow, solution.parts.coming
    sold, ship = solution.value("flow.sold"), solution.value("flow.ship")
    sales, moved = np.flatnonzero(sold), np.flatnonzero(ship)
    moved = moved[solution.assembled.arrives[moved] < parts.count]
    lane = solution.assembled.lane[moved]
    origin = np.concatenate([parts.lanes.origin[lane], coming.origin])
    destination = np.concatenate([parts.lanes.destination[lane], coming.destination])
    bought = np.arange(len(origin))
    if parts.scope.home:
        home = np.zeros(len(parts.sites), dtype=bool)
        home[[parts.sites.code[name] for name in parts.scope.sites(["home"])]] = True
        bought = np.flatnonzero(home[destination] & ~home[origin])
    output = np.flatnonzero(made["output"] > 0)
    arriving = np.concatenate([ship[moved] * flow.kept.array[lane], coming.arriving])[bought] * solution.mass
    site = (flow.sales.codes[0][sales], made["site"][1][output], origin[bought])
    material = (
        flow.sales.codes[1][sales],
        made["material"][1][output],
        np.concatenate([parts.lanes.material[lane], coming.material])[bought],
    )
    t = (
        flow.sales.codes[3][sales],
        made["t"][output],
        np.concatenate([solution.assembled.arrives[moved], coming.t])[bought],
    )
    quantity = (sold[sales] * solution.mass, made["output"][output], arriving)
    basis = np.repeat([0, 0, 1], [len(part) for part in site])
    return basis, *(np.concatenate(parts_) for parts_ in (site, material, t, quantity))  # type: ignore[return-value]
