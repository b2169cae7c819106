"""What incumbents had before, read again from ``awards_before``: the base of the rules that keep them."""

import numpy as np

from planner.verify.frames import Frame, grouped, join, stacked, summed
from planner.verify.policy import Book
from planner.verify.terms import CELL
from planner.verify.world import World

ROW = ("subject", *CELL)


def had(world: World, book: Book) -> Frame:
    """Tonnes that each subject ``had`` in each cell of the clauses with the base before, where it had any."""
    table = world.table("awards_before", "site", "material", "market", "quantity")
    pools = book.having(book.pools, book.clauses["before"])
    of, pool = join([table["material"]], [pools["material"]])
    rows = pools.take(pool, ("clause", "pool")).plus({name: table[name][of] for name in ("site", "quantity")})
    rows = rows.plus(row=of)
    of_clauses = np.flatnonzero(book.clauses["before"][book.market_names["clause"]])
    parts = [_in_market(world, book, table, rows, at) for at in of_clauses.tolist()]
    rows = stacked(parts, ["clause", "pool", "market", "site", "quantity"])
    at, subject = join(rows.pick(["clause", "site"]), book.subjects.pick(["clause", "site"]))
    rows = rows.take(at).plus(subject=book.subjects["subject"][subject])
    at, group = join([rows["clause"]], [book.groups["clause"]])
    rows = rows.take(at).plus(first=book.groups["first"][group])
    periods = (book.first[rows["clause"]] == rows["first"][:, None]).sum(axis=1)
    number, first = grouped(rows.pick(ROW))
    amount = summed(number, rows["quantity"] * periods * world.years_of_period, len(first))
    return rows.take(first, ROW).plus(had=amount).take(amount > 0)


def _in_market(world: World, book: Book, table: Frame, rows: Frame, at: int) -> Frame:
    """Rows whose own market lies inside one of the clauses' markets, and whose site lies outside."""
    clause, market = (book.market_names[name][at] for name in ("clause", "market"))
    inside = (book.markets["clause"] == clause) & (book.markets["market"] == market)
    sites = set(book.markets["site"][inside].tolist())
    rows = rows.take(rows["clause"] == clause)
    demand = world.table("demands", "site", "material")
    kept = np.zeros(len(rows), dtype=bool)
    for number, row in enumerate(rows["row"].tolist()):
        name = world.names[int(table["market"][row])]
        consuming = demand["site"][demand["material"] == table["material"][row]]
        own = set((world.sites_of([name]) if name else consuming).tolist())
        kept[number] = bool(own) and own <= sites and int(table["site"][row]) not in sites
    return rows.take(kept).plus(market=market)
