"""Stockpiles of an instance: rows into nodes, and the consumption ahead that each cover must hold."""

from dataclasses import dataclass

import numpy as np

from mineral_sourcing.arrays import Array, Groups, Index, Labels, Values
from mineral_sourcing.network import Processing, Stock
from planner.assembly.parts import Parts
from planner.codes import keys, look_up, spread

YEAR_DAYS = 365


def ahead(days: float, years: float, count: int) -> Array:
    """How much of each period (columns) the ``days`` after each period (rows) take: whole periods, then a fraction.

    Periods past the horizon count as the last one. D days are n = D / (365 Δ) periods.
    """
    periods = days / (YEAR_DAYS * years)
    whole = int(np.floor(periods + 1e-9))
    shares = np.zeros((count, count))
    for step in range(1, whole + 2):
        share = 1.0 if step <= whole else periods - whole
        if share > 1e-9:
            at = np.arange(count)
            np.add.at(shares, (at, np.minimum(at + step, count - 1)), share)
    return shares


@dataclass(frozen=True)
class Piles:
    """Every stockpile in every period of its rows, by site, material and period, in model units."""

    row: Array
    """Row of the table."""
    site: Array
    material: Array
    t: Array
    first: Array
    """Whether the stockpile starts here."""
    last: Array
    covers: Array
    """Code of what it covers."""
    covered: Labels

    @classmethod
    def of(cls, parts: Parts) -> "Piles":
        """Those of an instance."""
        row, t = spread(*parts.windows("stockpiles"))
        site, material = (
            parts.codes("stockpiles", "site", parts.sites),
            parts.codes("stockpiles", "material", parts.materials),
        )
        order = np.lexsort((t, material[row], site[row]))
        row, t = row[order], t[order]
        place = keys((site[row], material[row]), (0, len(parts.materials)))
        new = np.ones(len(row) + 1, dtype=bool)
        new[1:-1] = place[1:] != place[:-1]
        sites = parts.texts("stockpiles", "site")
        names = [name or own for name, own in zip(parts.texts("stockpiles", "covers"), sites, strict=True)]
        covered = Labels(sorted(set(names)))
        covers = np.array([covered.code[name] for name in names], dtype=np.int64)
        return cls(row, site[row], material[row], t, new[:-1], new[1:], covers[row], covered)

    def column(self, parts: Parts, name: str, empty: float = np.nan) -> Array:
        """A column of the table in every period."""
        return parts.numbers("stockpiles", name, empty)[self.row]


def stock(parts: Parts, piles: Piles, processing: Processing) -> Stock:
    """What can be held, and what must be."""
    nodes = Index((parts.sites, piles.site), (parts.materials, piles.material), (parts.steps, piles.t))
    initial = np.where(piles.first, piles.column(parts, "initial", 0.0), 0.0)
    starts = np.flatnonzero(piles.first)
    opening = initial[starts[np.cumsum(piles.first) - 1]] if len(starts) else initial
    final = piles.column(parts, "final")
    final = np.where(np.isnan(final), opening, final)
    last = np.flatnonzero(piles.last & (final > 0))
    finals = Index((parts.sites, piles.site[last]), (parts.materials, piles.material[last]))
    later = np.flatnonzero(~piles.first)

    def limit(name: str, factor: float = 1.0) -> Values:
        return Values(nodes, piles.column(parts, name, np.inf) * factor)

    return Stock(
        nodes=nodes,
        limit=limit("capacity"),
        fill_limit=limit("fill_rate", parts.years),
        release_limit=limit("release_rate", parts.years),
        keeps=Values(nodes, (1 - piles.column(parts, "loss", 0.0)) ** parts.years),
        before=Groups(nodes, nodes, later, later - 1),
        opening=Values(nodes, initial),
        holding_cost=limit("holding_cost", parts.years),
        finals=finals,
        final=Values(finals, final[last]),
        last=Groups(finals, nodes, np.arange(len(last)), last),
        **_cover(parts, piles, nodes, processing),  # type: ignore[arg-type]
    )


def _cover(parts: Parts, piles: Piles, nodes: Index, processing: Processing) -> dict[str, Index | Values | Groups]:
    """Rows of cover: what holds it, the demand ahead, and the process input ahead."""
    count = parts.count
    required = piles.column(parts, "cover_days", 0.0)
    sizes = (0, len(parts.materials), count)
    every, of_node = np.unique(keys((piles.covers, piles.material, piles.t), sizes), return_inverse=True)
    days = np.zeros(len(every))
    np.maximum.at(days, of_node, required)
    must = np.flatnonzero(days > 0)
    rest, t = np.divmod(every[must], count)
    covers, material = np.divmod(rest, max(len(parts.materials), 1))
    cover = Index((piles.covered, covers), (parts.materials, material), (parts.steps, t))
    row = look_up(must, of_node)
    values, of_value = np.unique(days[must], return_inverse=True)
    weights = np.array([ahead(value, parts.years, count) for value in values.tolist()]).reshape(-1, count, count)
    weight = weights[of_value, t]
    pair, site = covered_sites(parts, piles, covers)
    demand = np.zeros((len(must), count))
    here, amounts = _demand_at(parts, site, material[pair])
    np.add.at(demand, pair[here], amounts)
    use = _use(parts, processing, pair, site, material)
    index, share, rows = _ahead(parts, cover, weight, use, processing)
    return {
        "cover": cover,
        "covering": Groups.where(cover, nodes, row),
        "cover_demand": Values(cover, (demand * weight).sum(axis=1)),
        "ahead": index,
        "share": Values(index, share),
        "cover_use": Groups(cover, index, rows),
    }


def covered_sites(parts: Parts, piles: Piles, covers: Array) -> tuple[Array, Array]:
    """Each row of cover once for every site that it covers: row and site."""
    code = parts.sites.code
    site = np.array([code.get(name, -1) for name in piles.covered.names.tolist()], dtype=np.int64)[covers]
    own = np.flatnonzero(site >= 0)
    wide = np.flatnonzero(site < 0)
    names = {number: piles.covered.names[number] for number in np.unique(covers[wide]).tolist()}
    sites = {number: sorted(code[name] for name in parts.scope.sites([names[number]])) for number in names}
    rows = [own, *(np.full(len(sites[covers[row]]), row) for row in wide)]
    found = [site[own], *(np.array(sites[covers[row]], dtype=np.int64) for row in wide)]
    return np.concatenate(rows), np.concatenate(found)


def _demand_at(parts: Parts, site: Array, material: Array) -> tuple[Array, Array]:
    """Demand in every period of some (site, material), for those that have any: positions and amounts."""
    demand = parts.demand
    width = len(parts.materials)
    place = keys((demand.site, demand.material), (0, width))
    known, at = np.unique(place, return_inverse=True)
    amounts = np.zeros((len(known), parts.count))
    np.add.at(amounts, (at, demand.t), demand.amount)
    found = look_up(known, keys((site, material), (0, width)))
    here = np.flatnonzero(found >= 0)
    return here, amounts[found[here]]


def _use(parts: Parts, processing: Processing, pair: Array, site: Array, material: Array) -> tuple[Array, Array]:
    """Inputs (positions in ``processing.inputs``) of processes at the sites that each row covers: row and input."""
    process, used = processing.inputs.codes
    place = keys((parts.process_site[process], used), (0, len(parts.materials)))
    order = np.argsort(place, kind="stable")
    wanted = keys((site, material[pair]), (0, len(parts.materials)))
    begin, end = (np.searchsorted(place[order], wanted, side=side) for side in ("left", "right"))
    which, step = spread(begin, end - 1)
    return pair[which], order[step]


def _ahead(
    parts: Parts, cover: Index, weight: Array, use: tuple[Array, Array], processing: Processing
) -> tuple[Index, Array, Array]:
    """Every input of a process within the days ahead of a row: its index, how much counts, and the row."""
    row, used = use
    at, u = np.nonzero(weight[row])
    row, used = row[at], used[at]
    process = processing.inputs.codes[0][used]
    run = processing.runs.find((process, u))
    here = np.flatnonzero(run >= 0)
    row, used, process, u, run = row[here], used[here], process[here], u[here], run[here]
    index = Index(
        *((labels, codes[row]) for labels, codes in zip(cover.labels, cover.codes, strict=True)),
        (parts.processes, process),
        (parts.steps, u),
    )
    index.link((3, 4), processing.runs, run)
    index.link((3, 1), processing.inputs, used)
    return index, weight[row, u], row
