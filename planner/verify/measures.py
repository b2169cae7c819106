"""Averages and spend, computed again: Σ (a − limit) × tonnes of an average, and the money that is paid."""

import numpy as np

from planner.verify import terms
from planner.verify.columns import KEYS, Quantities
from planner.verify.faults import Faults, Match
from planner.verify.frames import Array, Flags, Frame, find, join, repeated, stacked, summed
from planner.verify.matrix import Matrix
from planner.verify.policy import Book
from planner.verify.rulebook import ROW, entries, excesses, of_clauses, wanted
from planner.verify.terms import COLUMN, TERM
from planner.verify.world import World

PAIR = ("site", "material")


def averaged(
    world: World, matrix: Matrix, book: Book, counts: Frame, found: Frame, faults: Faults
) -> tuple[Frame, Match]:
    """Add every row of every rule on an average; of ``counts``, those of these rules."""
    clauses = book.clauses
    counts = book.having(counts, clauses["averages"])
    value = world.attribute(clauses["attribute"][counts["clause"]], counts["site"], counts["goods"])
    above = value - clauses["limit"][counts["clause"]]
    tonnes = counts["coefficient"] * counts["value"]
    weighed = counts.plus(coefficient=counts["coefficient"] * above, worth=value * tonnes, tonnes=tonnes)
    nowhere = np.zeros(len(clauses), dtype=bool)
    rows, match, number = _rows(world, book, weighed, clauses["averages"], nowhere, found, faults)
    of = clauses.take(rows["clause"])
    quantity, base = (summed(number, weighed[name], len(rows)) for name in ("worth", "tonnes"))
    rows = rows.plus(quantity=quantity, base=base, unit=of["attribute"], right=0.0)
    return _limited(world, matrix, "averages.cap", rows, weighed, number, match)


def spent(world: World, matrix: Matrix, book: Book, q: Quantities, found: Frame, faults: Faults) -> tuple[Frame, Match]:
    """Add every row of every rule on spend."""
    clauses = book.clauses
    money = paid(world, book, q)
    floors = clauses["spends"] & (clauses["sign"] < 0)
    rows, match, number = _rows(world, book, money, clauses["spends"], floors, found, faults)
    quantity = summed(number, money["coefficient"] * money["value"], len(rows))
    unit = world.names.code(world.header.currency)
    rows = rows.plus(quantity=quantity, base=np.nan, unit=unit, right=rows["limit"])
    return _limited(world, matrix, "spend.cap", rows, money, number, match)


def _rows(
    world: World, book: Book, counts: Frame, flags: Flags, floors: Flags, found: Frame, faults: Faults
) -> tuple[Frame, Match, Array]:
    """The rows of some clauses, what the plan says of them, and the row of each term."""
    found = of_clauses(book, found, flags)
    rows, number = wanted(book, counts, found, floors)
    clauses = book.clauses.take(rows["clause"])
    at = find(rows.pick(["clause", "first"]), book.groups.pick(["clause", "first"]))
    rows = rows.plus({name: clauses[name] for name in ("rule", "from", "kind", "limit", "sign", "penalty")})
    rows = rows.plus(material=rows["pool"], period=np.append(book.groups["period"], 0)[at], t=rows["first"])
    match = Match.of("rules", KEYS["rules"], found, rows)
    faults.refuse("rules", match.found.take(match.extra), match.keys, "", "no rule of the input has such a row")
    return rows, match, number


def _limited(
    world: World, matrix: Matrix, constraint: str, rows: Frame, counts: Frame, number: Array, match: Match
) -> tuple[Frame, Match]:
    """Add the rows: what is counted, less what cannot change, is within ``right``, give or take the excess."""
    sign = rows["sign"]
    fixed = np.where(counts["column"] < 0, counts["coefficient"] * counts["value"], 0.0)
    right = rows["right"] - summed(number, fixed, len(rows))
    names = {name: rows[name] for name in KEYS["rules"]}
    numbers = matrix.rows(constraint, names, -np.inf, sign * right)
    entries(matrix, numbers, number, counts, sign)
    excess, penalty = excesses(world, matrix, numbers, match, rows["penalty"])
    return rows.plus(excess=excess, penalty=penalty), match


def paid(world: World, book: Book, q: Quantities) -> Frame:
    """What is paid for what each rule on spend counts: columns with the money for a tonne, and what falls due for what
    was under way.
    """
    ways = stacked([q.ways, q.coming], ("origin", "destination", "material"))
    plain = q.sale.take(~q.sale["tiered"])
    plain, tier = plain.plus(coefficient=plain["price"]), q.tier.plus(coefficient=q.tier["price"])
    offers, of_offers = terms.paired(stacked([plain, tier], [*PAIR, *COLUMN]))
    ladders, of_ladders = terms.paired(stacked([tier], [*PAIR, *COLUMN]))
    made = q.made.take(q.made["output"] > 0)
    toll = q.run["toll"][find(made.pick(["process", "t"]), q.run.pick(["process", "t"]))]
    plants, of_plants = terms.paired(stacked([made.plus(coefficient=toll)], [*PAIR, *COLUMN]))
    arriving, sold = terms.counted(book, ways, offers)
    _, run = terms.counted(book, ways, plants)
    names = ("clause", "market", "pool", "site")
    goods = arriving.plus(goods=ways["material"][arriving["of"]])
    once = goods.take(~repeated(goods.pick([*names, "goods"])))
    at, of = join(once.pick(["site", "goods"]), ladders.pick(PAIR))
    stepped = once.take(at, names).plus(of=of)
    sources = ((arriving, _by_lane(q, plain)), (stepped, of_ladders), (sold, of_offers), (run, of_plants))
    parts = []
    for counts, columns in sources:
        mine = terms.for_subjects(book, book.having(counts, book.clauses["spends"]))
        parts.append(terms.dated(book, mine, columns))
    parts[-1] = parts[-1].take(~repeated(parts[-1].pick([*ROW, "column"])))  # a run counts once, whatever it makes
    return stacked(parts, ["subject", *TERM])


def _by_lane(q: Quantities, plain: Frame) -> Frame:
    """What is paid for a tonne dispatched on each lane, when it is: freight, duty and the price of its origin's offer;
    and what falls due for what was under way.
    """
    flow = q.flow.plus(of=q.flow["lane"], coefficient=q.flow["freight"] + q.flow["tax"])
    at, sale = join(flow.pick(["origin", "material", "t"]), plain.pick([*PAIR, "t"]))
    bought = flow.take(at).plus(coefficient=plain["price"][sale])
    due = q.coming.plus(of=len(q.ways) + np.arange(len(q.coming)), column=-1, value=q.coming["due"], coefficient=1.0)
    return stacked([flow, bought, due], ["of", *COLUMN])
