"""The rows of the rules: q − limit × Q − excess ≤ 0 and its like, and the table that reports them."""

import numpy as np

from planner.verify import incumbents
from planner.verify.columns import KEYS
from planner.verify.faults import Faults, Match
from planner.verify.frames import Flags, Floats, Frame, Ints, find, grouped, join, stacked, summed
from planner.verify.matrix import Matrix
from planner.verify.policy import Book
from planner.verify.terms import CELL
from planner.verify.world import World

ROW = incumbents.ROW


def ruled(
    world: World, matrix: Matrix, book: Book, counts: Frame, against: Frame, found: Frame, faults: Faults
) -> tuple[Frame, Match]:
    """Add every row of every rule on shares or quantities.

    Args:
        counts: terms of the quantity of each subject.
        against: terms of the bases.
        found: the plan's ``rules``.

    Returns:
        The ``rules`` table as it should be, without shadow prices.
    """
    others = ("suppliers", "averages", "spends", "hhi")
    plain = ~np.logical_or.reduce([book.clauses[name] for name in others])
    counts, found = book.having(counts, plain), of_clauses(book, found, plain, unknown=True)
    had = incumbents.had(world, book)
    old = find(counts.pick(ROW), had.pick(ROW)) >= 0
    counts = counts.take(old | ~book.clauses["before"][counts["clause"]])
    floors = plain & (book.clauses["sign"] < 0) & ~book.clauses["before"]
    rows, number = wanted(book, counts, found, floors, had)
    clauses = book.clauses.take(rows["clause"])
    at = find(rows.pick(["clause", "first"]), book.groups.pick(["clause", "first"]))
    rows = rows.plus({name: clauses[name] for name in ("rule", "from", "kind", "limit", "shares")})
    rows = rows.plus(material=rows["pool"], period=book.groups["period"][at], t=rows["first"])
    match = Match.of("rules", KEYS["rules"], found, rows)
    faults.refuse("rules", match.found.take(match.extra), match.keys, "", "no rule of the input has such a row")

    of_cell, first = grouped(against.pick(CELL))
    cell = find(rows.pick(CELL), against.take(first).pick(CELL))
    limit, sign = clauses["limit"], clauses["sign"]
    amount, of_base = counts["coefficient"] * counts["value"], against["coefficient"] * against["value"]
    fixed = summed(number, np.where(counts["column"] < 0, amount, 0.0), len(rows))
    bases = (np.where(against["column"] < 0, of_base, 0.0), of_base)
    fixed_base, base = (np.append(summed(of_cell, values, len(first)), 0.0)[cell] for values in bases)
    own = np.append(had["had"], 0.0)[find(rows.pick(ROW), had.pick(ROW))]
    fixed_base, base = fixed_base + own, base + own
    right = np.where(rows["shares"], limit * fixed_base - fixed, limit - fixed)
    names = {name: rows[name] for name in KEYS["rules"]}
    numbers = matrix.rows("concentration.cap", names, -np.inf, sign * right)
    entries(matrix, numbers, number, counts, sign)
    of, term = join([np.where(cell < 0, len(first), cell)], [of_cell])
    entries(matrix, numbers, of, against.take(term), -sign * limit)
    excess, penalty = excesses(world, matrix, numbers, match, clauses["penalty"])
    quantity, base = summed(number, amount, len(rows)), np.where(rows["shares"], base, np.nan)
    rows = rows.plus(unit=np.where(rows["shares"], world.names.code("share"), world.names.code("t")))
    return rows.plus(quantity=quantity, base=base, excess=excess, penalty=penalty), match


def of_clauses(book: Book, found: Frame, flags: Flags, *, unknown: bool = False) -> Frame:
    """Rows of the plan's ``rules`` that report the flagged clauses; with ``unknown``, those of no clause too."""
    clause = find(found.pick(["rule", "from"]), book.clauses.pick(["rule", "from"]))
    return found.take(np.append(flags, unknown)[clause])


def wanted(book: Book, counts: Frame, found: Frame, floors: Flags, had: Frame | None = None) -> tuple[Frame, Ints]:
    """The rows that the clauses have: wherever a subject has a column that counts, everywhere for a floor, or where it
    ``had`` anything before for a share of that (all ``asked``); those that the plan lists within the clause's labels
    though no column can count there; and the row of each term.

    Args:
        floors: clauses that have every row.
        had: rows of the clauses with the base before.
    """
    asked = stacked([counts, everywhere(book, floors), *([] if had is None else [had])], ROW)
    every = stacked([asked, listed(book, found)], ROW)
    number, first = grouped(every.pick(ROW))
    return every.take(first).plus(asked=first < len(asked)), number[: len(counts)]


def everywhere(book: Book, floors: Flags) -> Frame:
    """Every subject, pool, market and group of the floors."""
    rows = book.having(book.subject_names, floors)
    _, once = grouped(book.pools.pick(["clause", "pool"]))
    others = {"pool": book.pools.take(once), "market": book.market_names, "first": book.groups}
    for name, frame in others.items():
        at, other = join([rows["clause"]], [frame["clause"]])
        rows = rows.take(at).plus({name: frame[name][other]})
    return rows


def listed(book: Book, found: Frame) -> Frame:
    """Rows of the plan whose labels are those of a clause."""
    clause = find(found.pick(["rule", "from"]), book.clauses.pick(["rule", "from"]))
    rows = found.plus(clause=clause, pool=found["material"]).take(clause >= 0)
    at = find(rows.pick(["clause", "period"]), book.groups.pick(["clause", "period"]))
    known = (at >= 0) & ~book.clauses["before"][rows["clause"]]
    for name, frame in (("subject", book.subject_names), ("pool", book.pools), ("market", book.market_names)):
        known &= find(rows.pick(["clause", name]), frame.pick(["clause", name])) >= 0
    return rows.plus(first=np.append(book.groups["first"], 0)[at]).take(known)


def entries(matrix: Matrix, numbers: Ints, row: Ints, terms: Frame, factor: Floats) -> None:
    """Entries of the columns among the terms, each in its row."""
    columns = terms["column"] >= 0
    row, column = row[columns], terms["column"][columns]
    matrix.entries(numbers[row], column, factor[row] * terms["coefficient"][columns])


def excesses(world: World, matrix: Matrix, numbers: Ints, match: Match, penalty: Floats) -> tuple[Floats, Floats]:
    """Excess of each row and what it costs: at the rule's price, due in the first period of the group; a hard rule has
    none.
    """
    priced = ~np.isnan(penalty)
    excess = np.where(priced, match.stated("excess"), 0.0)
    rows = match.expected.plus(value=excess, upper=np.inf).take(priced)
    columns = matrix.columns("rules", "excess", match.keys, rows.plus(cost=penalty[priced] * world.discount[rows["t"]]))
    matrix.entries(numbers[priced], columns["column"], -1.0)
    return excess, np.where(priced, excess * penalty, 0.0)
