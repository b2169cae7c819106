"""How many subjects supply, counted again from the plan's quantities; who does stands in the plan's activations."""

import numpy as np

from planner.verify.columns import KEYS
from planner.verify.faults import Faults, Match, compare, compare_names
from planner.verify.frames import Flags, Floats, Frame, find, grouped, stacked, summed
from planner.verify.matrix import Matrix
from planner.verify.policy import Book
from planner.verify.rulebook import ROW, of_clauses
from planner.verify.switches import CHARGE
from planner.verify.terms import CELL
from planner.verify.world import World

NAMES = ("rule", "from", "subject", "material", "market", "period")
COUNT = ("rule", "from", "material", "market", "period")


def subjects(world: World, book: Book, counts: Frame) -> tuple[Frame, Frame]:
    """Every subject with anything to count: its ``quantity``, what was ``given``, and its ``cell``, which is ``free``
    to choose where it has more subjects than the limit; and the terms, with the ``row`` of each.
    """
    terms = book.having(counts, book.clauses["suppliers"])
    number, first = grouped(terms.pick(ROW))
    amount = terms["coefficient"] * terms["value"]
    quantity, given = (summed(number, values, len(first)) for values in (amount, amount * (terms["column"] < 0)))
    rows = terms.take(first, ROW).plus(quantity=quantity, given=given)
    cell, start = grouped(rows.pick(CELL))
    clauses = book.clauses.take(rows["clause"])
    at = find(rows.pick(["clause", "first"]), book.groups.pick(["clause", "first"]))
    many = np.bincount(cell, minlength=len(start))[cell] > clauses["limit"]
    named = {name: clauses[name] for name in ("rule", "from", "limit", "penalty")}
    period = np.append(book.groups["period"], 0)[at]
    rows = rows.plus(named, material=rows["pool"], period=period, t=rows["first"], cell=cell, free=many)
    return rows, terms.plus(row=number)


def candidates(world: World, book: Book, counts: Frame) -> Frame:
    """Every subject that may supply, as an activation."""
    rows, _ = subjects(world, book, counts)
    plain = {"kind": world.names.code("supplier"), "fixed_cost": 0.0, "least": 0.0, "setup_use": 0.0}
    return stacked([rows.plus(plain)], CHARGE)


def counted(world: World, matrix: Matrix, book: Book, counts: Frame, on: Frame, found: Frame, faults: Faults) -> Frame:
    """Add the rows of every rule that counts suppliers, and hold its report against what is counted; what comes back
    are these rows of the ``rules`` table.
    """
    rows, terms = subjects(world, book, counts)
    told = on.take(on["on"] & (on["kind"] == world.names.code("supplier")))
    supplies = find(rows.pick(NAMES), told.pick(NAMES)) >= 0
    listed(rows, supplies, faults)
    switched = np.flatnonzero(rows["free"])
    names = {name: rows[name][switched] for name in NAMES}
    most = np.where(supplies, rows["quantity"] - rows["given"], 0.0)
    number = np.full(len(rows), -1)
    number[switched] = matrix.rows("suppliers.link", names, -np.inf, most[switched])
    here = (terms["column"] >= 0) & (number[terms["row"]] >= 0)
    matrix.entries(number[terms["row"][here]], terms["column"][here], terms["coefficient"][here])

    _, first = grouped(rows.pick(CELL))
    cells = rows.take(first).plus(
        actual=summed(rows["cell"], supplies, len(first)), quantity=summed(rows["cell"], rows["quantity"], len(first))
    )
    cells = cells.plus(subject=0)
    match = Match.of("rules", KEYS["rules"], of_clauses(book, found, book.clauses["suppliers"]), cells)
    priced = cells["free"] & ~np.isnan(cells["penalty"])
    excess = np.where(priced, match.stated("excess"), 0.0)
    cost = np.nan_to_num(cells["penalty"]) * world.discount[cells["t"]]
    soft = cells.plus(value=excess, upper=np.inf, cost=cost).take(priced)
    columns = matrix.columns("rules", "excess", KEYS["rules"], soft)
    of_row = np.full(len(cells), -1)
    free = cells["free"]
    names = {name: cells[name][free] for name in COUNT}
    of_row[free] = matrix.rows("suppliers.count", names, -np.inf, (cells["limit"] - cells["actual"])[free])
    matrix.entries(of_row[priced], columns["column"], -1.0)
    cells = cells.plus(excess=excess, penalty=excess * np.nan_to_num(cells["penalty"]))
    reported(world, cells, match, faults)
    return cells


def listed(rows: Frame, supplies: Flags, faults: Faults) -> None:
    """Who is listed supplies something; who is not, and is no decision, supplies nothing."""
    for wrong, says, should in (
        (supplies & ~(rows["quantity"] > 0), "a supplier", "nothing"),
        (~supplies & (rows["quantity"] > 0) & (~rows["free"] | (rows["given"] > 0)), "no supplier", "something"),
    ):
        for row in np.flatnonzero(wrong).tolist():
            where = faults.describe(rows, row, NAMES)
            message = f"it is listed as {says}, but supplies {should}"
            faults.add("activations", where, "used", says, should, message)


def reported(world: World, cells: Frame, match: Match, faults: Faults) -> None:
    """The report of the rules that count suppliers."""
    code = world.names.code
    binding = np.where(cells["actual"] >= cells["limit"], code("yes"), code("no"))
    same = np.full(len(cells), code("max_suppliers"))
    compare_names(faults, match, {"kind": same, "unit": np.full(len(cells), code("suppliers")), "binding": binding})
    price = match.stated("shadow_price")
    terms: dict[str, tuple[Floats, str]] = {
        "limit": (cells["limit"], "the rules table"),
        "actual": (cells["actual"], "counting who supplies"),
        "slack": (cells["limit"] - cells["actual"], "limit and actual"),
        "quantity": (cells["quantity"], "the plan's tonnes added up"),
        "base": (np.full(len(cells), np.nan), "a count"),
        "excess": (cells["excess"], "the rule's excess"),
        "penalty": (cells["penalty"], "excess × the rule's penalty"),
        "shadow_price_undiscounted": (price / world.discount[cells["t"]], "the shadow price over the discount factor"),
    }
    compare(faults, match, terms, every=True)
