r"""The HHI of every cell of a rule, computed again from the plan's quantities, and what its shadow prices prove.

The cap is held against the true :math:`\sum_g q_g^2 / Q`. For the bound it is enough that, for any shares a,

.. math:: \sum_g (2 a_g q_g - a_g^2 Q) \le \sum_g q_g^2 / Q \le H Q + e

(each square lies above its tangent, and above any line below that: more than Σ a² may be taken off). The shares are
those that the plan's prices name, of q by the cap's; any others would prove less, never something wrong.
"""

from dataclasses import dataclass

import numpy as np

from planner.verify.columns import KEYS, Tables
from planner.verify.faults import Faults, Match, compare, compare_names, number
from planner.verify.frames import Floats, Frame, Ints, find, grouped, join, summed
from planner.verify.matrix import Matrix
from planner.verify.policy import Book
from planner.verify.proof import TOLERANCE
from planner.verify.reports import shadow_prices
from planner.verify.rulebook import ROW, of_clauses
from planner.verify.terms import CELL
from planner.verify.world import World

NAMES = KEYS["hhi"]
COUNT = ("rule", "from", "material", "market", "period")

EMPTY = 1e-9
"""A total below this fraction of the largest one is nothing: it has no shares."""


@dataclass(frozen=True)
class Squares:
    """Subjects and cells of every rule on the HHI."""

    rows: Frame
    """Every subject with anything to count: its ``quantity``, what was ``given``, its ``share`` and its ``cell``."""
    cells: Frame
    """Every cell: ``base``, the part of it that nothing can change, ``fixed``; ``square`` = Σ q² / Q and ``hhi``."""
    terms: Frame
    """Terms of the quantities, each with its ``row``."""
    against: Frame
    """Terms of the bases, each with its ``cell``."""


def squares(book: Book, counts: Frame, against: Frame) -> Squares:
    """Every subject and cell, from the terms of quantities and of bases."""
    terms = book.having(counts, book.clauses["hhi"])
    row, first = grouped(terms.pick(ROW))
    amount = terms["coefficient"] * terms["value"]
    quantity, given = (summed(row, values, len(first)) for values in (amount, amount * (terms["column"] < 0)))
    rows = terms.take(first, ROW)
    cell, start = grouped(rows.pick(CELL))
    cells = rows.take(start, CELL)
    bases = book.having(against, book.clauses["hhi"])
    at, term = join(cells.pick(CELL), bases.pick(CELL))
    bases = bases.take(term).plus(cell=at)
    amount = bases["coefficient"] * bases["value"]
    base, fixed = (summed(at, values, len(cells)) for values in (amount, amount * (bases["column"] < 0)))
    some = base > EMPTY * max(float(base.max(initial=0.0)), 1.0)
    share = np.where(some[cell], quantity / np.where(some, base, 1.0)[cell], 0.0)
    hhi = summed(cell, share**2, len(cells))
    clauses = book.clauses.take(cells["clause"])
    at = find(cells.pick(["clause", "first"]), book.groups.pick(["clause", "first"]))
    named = {name: clauses[name] for name in ("rule", "from", "limit", "penalty")}
    cells = cells.plus(named, material=cells["pool"], period=np.append(book.groups["period"], 0)[at], t=cells["first"])
    cells = cells.plus(subject=0, base=base, fixed=fixed, hhi=hhi, square=hhi * np.maximum(base, 0.0))
    named = {name: cells[name][cell] for name in (*COUNT, "t", "hhi")}
    rows = rows.plus(named, quantity=quantity, given=given, share=share, cell=cell)
    return Squares(rows, cells, terms.plus(row=row), bases)


def capped(world: World, matrix: Matrix, book: Book, found: Tables, of: Squares, faults: Faults) -> Frame:
    """Add the rows of every rule on the HHI, hold the true HHI against its cap and the reports against both; what comes
    back are these rows of the ``rules`` table.
    """
    match = Match.of("rules", KEYS["rules"], of_clauses(book, found["rules"], book.clauses["hhi"]), of.cells)
    cells, price = of.cells, _price(world, found, "hhi.cap", of.cells)
    priced, cost = ~np.isnan(cells["penalty"]), np.nan_to_num(cells["penalty"])
    over = np.maximum(cells["square"] - cells["limit"] * cells["base"], 0.0)
    _kept(cells.plus(over=np.where(priced, 0.0, over)), faults)
    soft = cells.plus(value=match.stated("excess"), upper=np.inf, cost=cost * world.discount[cells["t"]]).take(priced)
    numbers = matrix.rows("hhi.cap", {name: cells[name] for name in COUNT}, -np.inf, 0.0)
    matrix.entries(numbers[priced], matrix.columns("rules", "excess", KEYS["rules"], soft)["column"], -1.0)
    _tangents(world, matrix, found, numbers, of, price, faults)
    excess = np.where(priced, _like(match, "excess", over, cells["base"]), 0.0)
    cells = cells.plus(excess=excess, penalty=excess * cost)
    summed_up = cells.plus(quantity=summed(of.rows["cell"], of.rows["quantity"], len(cells)))
    _reported(world, summed_up, match, price, faults)
    return cells


def told(world: World, of: Squares) -> dict[tuple[str, ...], float]:
    """The HHI of every cell by its names."""
    names = zip(*([world.names[code] for code in cells.tolist()] for cells in of.cells.pick(COUNT)), strict=True)
    return dict(zip(names, of.cells["hhi"].tolist(), strict=True))


def _tangents(
    world: World, matrix: Matrix, found: Tables, numbers: Ints, of: Squares, price: Floats, faults: Faults
) -> None:
    """Entries of quantities and totals in the rows of the caps: tangents at the shares that the prices name."""
    cells, cell, felt = of.cells, of.rows["cell"], price < 0
    slope = _price(world, found, "hhi.supplied", of.rows) / np.where(felt, -price, 1.0)[cell]
    slope = np.where(felt[cell], np.maximum(slope, 0.0), 0.0)
    matrix.entries(numbers[cell], _supplied(matrix, found, of, faults)["column"], slope)
    least = cells["limit"] + summed(cell, slope**2 / 4.0, len(cells))
    stated = _price(world, found, "concentration.total", cells) / np.where(felt, price, 1.0)
    matrix.entries(numbers, _totals(matrix, of)["column"], -np.where(felt, np.maximum(least, stated), least))


def _totals(matrix: Matrix, of: Squares) -> Frame:
    """The total of each cell, as a column of its own."""
    cells = of.cells
    columns = matrix.columns("rules", "base", KEYS["rules"], cells.plus(value=cells["base"], upper=np.inf, cost=0.0))
    names = {name: cells[name] for name in COUNT}
    numbers = matrix.rows("concentration.total", names, cells["fixed"], cells["fixed"])
    matrix.entries(numbers, columns["column"], 1.0)
    here = of.against.take(of.against["column"] >= 0)
    matrix.entries(numbers[here["cell"]], here["column"], -here["coefficient"])
    return columns


def _like(match: Match, column: str, expected: Floats, size: Floats | float) -> Floats:
    """A difference of two numbers of some size as the plan states it, where that is off by rounding only."""
    stated = match.stated(column)
    return np.where(np.abs(stated - expected) <= EMPTY * np.maximum(size, 1.0), stated, expected)


def _price(world: World, found: Tables, constraint: str, rows: Frame) -> Floats:
    """Shadow price of each row of a constraint."""
    keys = KEYS["rules"]
    return shadow_prices(world, found, constraint, dict(zip(keys, rows.pick(keys), strict=True)))


def _supplied(matrix: Matrix, found: Tables, of: Squares, faults: Faults) -> Frame:
    """What each subject supplies, as a column of its own, and the plan's table of it."""
    rows = of.rows
    match = Match.of("hhi", NAMES, found["hhi"], rows)
    columns = matrix.columns("hhi", "quantity", NAMES, rows.plus(value=rows["quantity"], upper=np.inf, cost=0.0))
    numbers = matrix.rows("hhi.supplied", {name: rows[name] for name in NAMES}, rows["given"], rows["given"])
    matrix.entries(numbers, columns["column"], 1.0)
    here = of.terms.take(of.terms["column"] >= 0)
    matrix.entries(numbers[here["row"]], here["column"], -here["coefficient"])
    hhi = rows["hhi"]
    terms = {
        "quantity": (rows["quantity"], "the plan's tonnes added up"),
        "share": (rows["share"], "quantity over the rule's base"),
        "hhi": (hhi, "the squared shares added up"),
        "sources": (np.divide(1.0, hhi, out=np.zeros(len(rows)), where=hhi > 0), "1 over the HHI"),
    }
    compare(faults, match, terms, every=True)
    return columns


def _kept(cells: Frame, faults: Faults) -> None:
    """No hard cap is broken."""
    allowed = TOLERANCE * cells["limit"] * np.maximum(cells["base"], 0.0) + EMPTY * float(
        cells["base"].max(initial=0.0)
    )
    below: Ints = np.flatnonzero((cells["over"] > allowed) | (cells["base"] < -EMPTY))
    for row in below.tolist():
        hhi, limit = float(cells["hhi"][row]), float(cells["limit"][row])
        message = f"the rule is broken: an HHI of {number(hhi)} against {number(limit)}"
        faults.add("rules", faults.describe(cells, row, COUNT), "actual", hhi, limit, message)


def _reported(world: World, cells: Frame, match: Match, price: Floats, faults: Faults) -> None:
    """The report of the rules on the HHI."""
    code = world.names.code
    yes = np.where(price != 0, code("yes"), code("no"))
    kind, unit = np.full(len(cells), code("max_hhi")), np.full(len(cells), code("hhi"))
    compare_names(faults, match, {"kind": kind, "unit": unit, "binding": yes})
    terms = {
        "limit": (cells["limit"], "the rules table"),
        "actual": (cells["hhi"], "the squared shares added up"),
        "slack": (_like(match, "slack", cells["limit"] - cells["hhi"], cells["limit"]), "limit and actual"),
        "quantity": (cells["quantity"], "the plan's tonnes added up"),
        "base": (_like(match, "base", cells["base"], cells["base"].max(initial=0.0)), "the plan's tonnes added up"),
        "excess": (cells["excess"], "Σ q² / Q less the limit × Q"),
        "penalty": (cells["penalty"], "excess × the rule's penalty"),
        "shadow_price": (price, "the table of prices"),
        "shadow_price_undiscounted": (price / world.discount[cells["t"]], "the shadow price over the discount factor"),
    }
    compare(faults, match, terms, every=True)
