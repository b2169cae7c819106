"""What counts in a rule: how much one tonne of a column counts towards the quantity q of a subject, or towards the base
Q, of a clause, by pool of materials, market and group of periods. What is no column but a constant has column −1.

Clauses are first laid over lanes and over sites and materials, and only then over periods.
"""

import numpy as np

from planner.verify.columns import Quantities
from planner.verify.frames import Array, Frame, find, grouped, join, stacked
from planner.verify.policy import Book
from planner.verify.world import World

CELL = ("clause", "pool", "market", "first")
TERM = (*CELL, "column", "value", "coefficient")
COLUMN = ("t", "column", "value", "coefficient")


def arrivals(world: World, q: Quantities) -> tuple[Frame, Frame]:
    """Lanes, and what arrives on each ``of`` them in each period: columns of the plan, and what was under way."""
    ends = ("origin", "destination", "material")
    shipped = q.flow.take(q.flow["arrival"] < world.periods, ("lane", "arrival", "column", "value", "loss"))
    shipped = shipped.plus(of=shipped["lane"], t=shipped["arrival"], coefficient=1 - shipped["loss"])
    came = q.coming.plus(of=len(q.ways) + np.arange(len(q.coming)), value=q.coming["arriving"])
    came = came.plus(column=-1, coefficient=1.0)
    return stacked([q.ways, q.coming], ends), stacked([shipped, came], ["of", *COLUMN])


def paired(frame: Frame) -> tuple[Frame, Frame]:
    """Pairs of ``site`` and ``material``, and what happens at each ``of`` them."""
    pair = ("site", "material")
    number, first = grouped(frame.pick(pair))
    return frame.take(first, pair), frame.take(np.arange(len(frame)), COLUMN).plus(of=number)


def makes(q: Quantities) -> tuple[Frame, Frame]:
    """What is made in each period and where: sold by offers, and put out by processes."""
    made = q.made.take(q.made["output"] > 0)
    parts = [q.sale.plus(coefficient=1.0), made.plus(coefficient=made["output"])]
    return paired(stacked(parts, ["site", "material", *COLUMN]))


def consumed(q: Quantities) -> tuple[Frame, Frame]:
    """Demand less what stays unmet, and process input."""
    used = q.made.take(q.made["input"] > 0)
    parts = [wants(q), q.unmet.plus(coefficient=-1.0), used.plus(coefficient=used["input"])]
    return paired(stacked(parts, ["site", "material", *COLUMN]))


def wants(q: Quantities) -> Frame:
    """Demand of the table."""
    return q.demand.plus(column=-1, value=q.demand["amount"], coefficient=1.0)


def counted(book: Book, lanes: Frame, pairs: Frame) -> tuple[Frame, Frame]:
    """Everything that could count, whoever it comes from: lanes into a market from outside it for rules of purchases,
    pairs for rules of what is made; each with its ``site`` of origin.
    """
    plain = ~book.clauses["made"] & ~book.clauses["origin"]
    bought, made = (book.having(book.pools, flags) for flags in (plain, book.clauses["made"]))
    of, pool = join([lanes["material"]], [bought["material"]])
    into, market = join([bought["clause"][pool], lanes["destination"][of]], book.markets.pick(["clause", "site"]))
    of, found = of[into], book.markets.take(market, ("clause", "market"))
    found = found.plus(of=of, pool=bought["pool"][pool[into]], site=lanes["origin"][of])
    names = ("clause", "market", "site")
    arriving = found.take(find(found.pick(names), book.markets.pick(names)) < 0)
    of, pool = join([pairs["material"]], [made["material"]])
    at, market = join([made["clause"][pool]], [book.market_names["clause"]])
    of, pool = of[at], pool[at]
    making = made.take(pool, ("clause", "pool")).plus(
        of=of, market=book.market_names["market"][market], site=pairs["site"][of]
    )
    return arriving, making


def at_markets(book: Book, flags: Array, pairs: Frame) -> Frame:
    """Pairs at the sites of the markets of the flagged clauses."""
    pools = book.having(book.pools, flags)
    of, pool = join([pairs["material"]], [pools["material"]])
    at, market = join([pools["clause"][pool], pairs["site"][of]], book.markets.pick(["clause", "site"]))
    found = book.markets.take(market, ("clause", "market"))
    return found.plus(of=of[at], pool=pools["pool"][pool[at]])


def dated(book: Book, counts: Frame, columns: Frame) -> Frame:
    """What counts, period by period: the terms."""
    at, column = join([counts["of"]], [columns["of"]])
    terms = counts.take(at).plus({name: columns[name][column] for name in COLUMN})
    terms = terms.plus(first=book.first[terms["clause"], terms["t"]])
    return terms.take(terms["first"] >= 0)


def for_subjects(book: Book, counts: Frame) -> Frame:
    """What counts for each subject."""
    at, subject = join(counts.pick(["clause", "site"]), book.subjects.pick(["clause", "site"]))
    return counts.take(at).plus(subject=book.subjects["subject"][subject])


def terms(world: World, book: Book, q: Quantities) -> tuple[Frame, Frame]:
    """Terms of the quantity of each ``subject``, with the ``site`` that sells and its ``goods``, and terms of the
    bases.
    """
    clauses, counts = book.clauses, []
    found = sources(world, book, q)
    for source, columns in found:
        squared = source.take(~(source["outside"] & clauses["hhi"][source["clause"]]))
        counts.append(dated(book, for_subjects(book, squared), columns))
    return stacked(counts, ["subject", *TERM, "site", "goods"]), against(world, book, q, found)


def sources(world: World, book: Book, q: Quantities) -> list[tuple[Frame, Frame]]:
    """Everything that could count, by its ``site`` and ``goods``, whether it is home's and so ``outside`` of a base;
    and what happens of it.
    """
    (lanes, arriving), (pairs, making) = arrivals(world, q), makes(q)
    home = world.names.flags(world.sites_of(["home"]) if world.header.home else np.zeros(0, dtype=np.int64))
    found = []
    for source, frame, columns in zip(counted(book, lanes, pairs), (lanes, pairs), (arriving, making), strict=True):
        outside = book.clauses["foreign"][source["clause"]] & home[source["site"]]
        found.append((source.plus(goods=frame["material"][source["of"]], outside=outside), columns))
    return found


def against(world: World, book: Book, q: Quantities, found: list[tuple[Frame, Frame]]) -> Frame:
    """Terms of the bases; ``found`` is what :func:`sources` gives."""
    clauses, parts = book.clauses, []
    based = clauses["shares"] | clauses["hhi"]
    for source, columns in found:
        of = dated(book, book.having(source.take(~source["outside"]), based & clauses["purchases"]), columns)
        recycled = world.attribute(np.full(len(of), world.names.code("recycled")), of["site"], of["goods"])
        left = np.where(clauses["primary"][of["clause"]], 1 - recycled, 1.0)
        parts.append(of.plus(coefficient=of["coefficient"] * left))
    drawn = [q.release.plus(coefficient=1.0), q.fill.plus(coefficient=-1.0)]
    released = paired(stacked(drawn, ["site", "material", *COLUMN]))
    for flags, (where, columns) in (
        (clauses["stock"], released),
        (clauses["demand"], paired(wants(q))),
        (clauses["consumption"], consumed(q)),
    ):
        parts.append(dated(book, at_markets(book, based & flags & ~clauses["origin"], where), columns))
    return stacked(parts, TERM)
