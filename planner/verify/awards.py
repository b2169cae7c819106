"""Who supplies supplies enough: rows of the rules on awards, and the table that reports them."""

import numpy as np

from planner.verify.columns import KEYS, Tables
from planner.verify.faults import Faults, Match, compare, compare_names
from planner.verify.frames import Floats, Frame, Ints, find, grouped, join, summed
from planner.verify.matrix import Matrix
from planner.verify.policy import Book
from planner.verify.reports import shadow_prices
from planner.verify.rulebook import of_clauses
from planner.verify.suppliers import NAMES, entered, subjects, supplies
from planner.verify.terms import CELL
from planner.verify.world import World


def awarded(
    world: World,
    matrix: Matrix,
    book: Book,
    counts: Frame,
    against: Frame,
    on: Frame,
    found: Tables,
    faults: Faults,
) -> Frame:
    """Add a row for each subject with a smallest award, and hold the report of the rules on awards against what is
    computed; what comes back are these rows of the ``rules`` table.

    Args:
        counts: terms of the quantity of each subject.
        against: terms of the bases.
    """
    rows, terms = subjects(world, book, counts)
    rows = rows.plus(on=supplies(world, rows, on), base=np.nan)
    asked = np.flatnonzero(rows["awards"] | rows["loose"])
    place = np.full(len(rows), -1)
    place[asked] = np.arange(len(asked))
    inside = place[terms["row"]] >= 0
    terms = terms.take(inside).plus(row=place[terms["row"][inside]])
    rows = rows.take(asked)
    told = of_clauses(book, found["rules"], book.clauses["awards"])
    match = Match.of("rules", KEYS["rules"], told, rows.take(rows["awards"]))
    short = np.zeros(len(rows))
    short[rows["awards"]] = match.stated("excess")
    short = np.where(np.isnan(rows["penalty"]) | ~rows["awards"], 0.0, short)
    rows = rows.plus(excess=short)
    rows = _rows(world, matrix, rows, terms, against)
    rows = rows.take(rows["awards"])
    rows = rows.plus(penalty=rows["excess"] * np.nan_to_num(rows["penalty"]))
    _reported(world, found, rows, match, faults)
    return rows


def _rows(world: World, matrix: Matrix, rows: Frame, terms: Frame, against: Frame) -> Frame:
    """Award − q − short ≤ 0 of who supplies: the award is a quantity, or a share of a base. Of who does not, the row is
    held at what the plan does where its base varies.
    """
    of_cell, first = grouped(against.pick(CELL))
    cell = find(rows.pick(CELL), against.take(first).pick(CELL))
    of_base = against["coefficient"] * against["value"]
    bases = (np.where(against["column"] < 0, of_base, 0.0), of_base)
    fixed, base = (np.append(summed(of_cell, values, len(first)), 0.0)[cell] for values in bases)
    share = np.where(rows["shares"], rows["limit"], 0.0)
    least = np.where(rows["loose"], rows["least"], np.where(rows["shares"], share * fixed, rows["limit"]))
    moved = share * (base - fixed) - (rows["quantity"] - rows["given"]) - rows["excess"]
    upper = np.where(rows["on"], rows["given"] - least, np.where(base != fixed, moved, rows["given"]))
    numbers = matrix.rows("suppliers.award", {name: rows[name] for name in NAMES}, -np.inf, upper)
    entered(matrix, numbers, terms, -1.0)
    of, term = join([np.where((cell < 0) | ~rows["shares"], len(first), cell)], [of_cell])
    _against(matrix, numbers, of, against.take(term), share)
    priced = rows["awards"] & ~np.isnan(rows["penalty"])
    soft = rows.plus(value=rows["excess"], upper=np.inf, cost=rows["penalty"] * world.discount[rows["t"]]).take(priced)
    columns = matrix.columns("rules", "excess", KEYS["rules"], soft)
    matrix.entries(numbers[priced], columns["column"], -1.0)
    return rows.plus(base=np.where(rows["shares"], base, np.nan))


def _against(matrix: Matrix, numbers: Ints, row: Ints, terms: Frame, share: Floats) -> None:
    """Entries of the bases."""
    columns = terms["column"] >= 0
    row, column = row[columns], terms["column"][columns]
    matrix.entries(numbers[row], column, share[row] * terms["coefficient"][columns])


def _reported(world: World, found: Tables, rows: Frame, match: Match, faults: Faults) -> None:
    """The report of the rules on awards."""
    code, shares, base = world.names.code, rows["shares"], rows["base"]
    price = shadow_prices(world, found, "suppliers.award", dict(zip(match.keys, rows.pick(match.keys), strict=True)))
    size = float(np.max(base, where=~np.isnan(base), initial=0.0))
    tiny = shares & (base <= 1e-7 * min(1.0, max(size, 1e-9))) & (match.stated("actual") == 0)
    ratio = np.divide(rows["quantity"], base, out=np.zeros(len(rows)), where=(base != 0) & ~np.isnan(base))
    actual = np.where(shares, np.where(tiny, 0.0, ratio), rows["quantity"])
    slack = np.where(rows["on"] & ~tiny, actual - rows["limit"], 0.0)
    names = {
        "kind": rows["kind"],
        "unit": np.where(shares, code("share"), code("t")),
        "binding": np.where(price != 0, code("yes"), code("no")),
    }
    compare_names(faults, match, names)
    terms: dict[str, tuple[Floats, str]] = {
        "limit": (rows["limit"], "the rules table"),
        "actual": (actual, "the plan's tonnes, over the base of a share"),
        "slack": (slack, "limit and actual of who supplies"),
        "quantity": (rows["quantity"], "the plan's tonnes added up"),
        "base": (base, "the plan's tonnes added up"),
        "excess": (rows["excess"], "the rule's excess"),
        "penalty": (rows["penalty"], "excess × the rule's penalty"),
        "shadow_price": (price, "the table of prices"),
        "shadow_price_undiscounted": (price / world.discount[rows["t"]], "the shadow price over the discount factor"),
    }
    compare(faults, match, terms, every=True)
