"""How many subjects supply, counted again from the plan's quantities; who does stands in the plan's activations."""

import numpy as np

from planner.verify.columns import KEYS
from planner.verify.faults import Faults, Match, compare, compare_names
from planner.verify.frames import Array, Flags, Floats, Frame, Ints, find, grouped, join, stacked, summed
from planner.verify.matrix import Matrix
from planner.verify.policy import Book
from planner.verify.rulebook import ROW, of_clauses
from planner.verify.switches import CHARGE
from planner.verify.terms import CELL
from planner.verify.world import World

NAMES = ("rule", "from", "subject", "material", "market", "period")
COUNT = ("rule", "from", "material", "market", "period")

ENOUGH = 1 + 1e-5
"""Times the smallest award from which a subject must be listed as a supplier."""


def subjects(world: World, book: Book, counts: Frame) -> tuple[Frame, Frame]:
    """Every subject with anything to count: its ``quantity``, what was ``given``, its ``cell``, whether it is ``free``
    to choose: in a cell that has more subjects than its largest number, in any with a least number, by a rule on
    awards; and whether it is ``loose``: counted by the ``least`` that its offers ask for. And the terms, with the
    ``row`` of each.
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
    lower = clauses["sign"] < 0
    free = np.where(clauses["awards"], True, np.where(lower, clauses["limit"] > 0, many))
    named = {name: clauses[name] for name in ("rule", "from", "kind", "limit", "penalty", "awards", "shares", "sign")}
    period = np.append(book.groups["period"], 0)[at]
    rows = rows.plus(named, material=rows["pool"], period=period, t=rows["first"], cell=cell, free=free)
    least = offered(world, book, rows, number, terms)
    loose = free & lower & ~clauses["awards"] & ~strict(book, rows) & np.isfinite(least)
    return rows.plus(loose=loose, least=np.where(loose, least, 0.0)), terms.plus(row=number)


def strict(book: Book, rows: Frame) -> Flags:
    """Whether a hard rule on awards asks something of the same tonnes: the same basis, and the same sites, materials,
    market and periods by their members.
    """
    held = (("subject", book.subjects, "site"), ("pool", book.pools, "material"), ("market", book.markets, "site"))
    scope = [book.clauses["made"][rows["clause"]].astype(np.int64)]
    scope += [_members(frame, label, member, rows) for label, frame, member in held]
    inside = book.first[rows["clause"]] == rows["first"][:, None]
    _, scope_of_time = np.unique(inside, axis=0, return_inverse=True)
    number, first = grouped([*scope, scope_of_time.ravel()])
    hard = np.zeros(len(first), dtype=bool)
    hard[number[rows["awards"] & np.isnan(rows["penalty"])]] = True
    found: Flags = hard[number]
    return found


def _members(frame: Frame, label: str, member: str, rows: Frame) -> Ints:
    """A number for what each row's label holds: equal members have equal numbers."""
    pair, first = grouped(rows.pick(["clause", label]))
    some = rows.take(first, ("clause", label))
    of, at = join(some.pick(["clause", label]), frame.pick(["clause", label]))
    sets: list[set[int]] = [set() for _ in range(len(first))]
    for number, code in zip(of.tolist(), frame[member][at].tolist(), strict=True):
        sets[number].add(code)
    known: dict[frozenset[int], int] = {}
    codes = [known.setdefault(frozenset(one), len(known)) for one in sets]
    return np.array(codes, dtype=np.int64)[pair]


def offered(world: World, book: Book, rows: Frame, row: Ints, terms: Frame) -> Floats:
    """The least award that the offers behind each row ask for; not finite where one asks for none, where something is
    made or stored as well, or where the group of periods is no year or more.
    """
    table = world.table("offers", "site", "material", "min_award")
    pair = ("site", "material")
    number, first = grouped(table.pick(pair))
    award = np.full(len(first), np.inf)
    np.minimum.at(award, number, table["min_award"])
    made = world.recipes.take(world.recipes["output"] > 0)
    other = stacked([made, world.table("stockpiles", *pair)], pair)
    plain = find(table.take(first).pick(pair), other.pick(pair)) < 0
    award = np.append(np.where(plain & (award > 0), award, -np.inf), -np.inf)
    columns = np.flatnonzero(terms["column"] >= 0)
    least = np.full(len(rows), np.inf)
    at = find(terms.take(columns).pick(["site", "goods"]), table.take(first).pick(pair))
    np.minimum.at(least, row[columns], award[at])
    short = (world.parts > 1) & (book.clauses["per"][rows["clause"]] == world.names.code("period"))
    return np.where(short | (least <= 0), np.inf, least)


def candidates(world: World, book: Book, counts: Frame) -> Frame:
    """Every subject that may supply, as an activation."""
    rows, _ = subjects(world, book, counts)
    plain = {"kind": world.names.code("supplier"), "fixed_cost": 0.0, "least": 0.0, "setup_use": 0.0}
    return stacked([rows.plus(plain)], CHARGE)


def supplies(world: World, rows: Frame, on: Frame) -> Flags:
    """Who is listed as a supplier."""
    told = on.take(on["on"] & (on["kind"] == world.names.code("supplier")))
    found: Flags = find(rows.pick(NAMES), told.pick(NAMES)) >= 0
    return found


def counted(world: World, matrix: Matrix, book: Book, counts: Frame, on: Frame, found: Frame, faults: Faults) -> Frame:
    """Add the rows of every rule that counts suppliers, and hold its report against what is counted; what comes back
    are these rows of the ``rules`` table.
    """
    rows, terms = subjects(world, book, counts)
    listed_on = supplies(world, rows, on)
    listed(rows, listed_on, faults)
    switched = np.flatnonzero(rows["free"] & ~rows["loose"])
    names = {name: rows[name][switched] for name in NAMES}
    most = np.where(listed_on, rows["quantity"] - rows["given"], 0.0)
    number = np.full(len(rows), -1)
    number[switched] = matrix.rows("suppliers.link", names, -np.inf, most[switched])
    entered(matrix, number, terms, 1.0)

    counting = ~rows["awards"]
    _, first = grouped(rows.pick(CELL))
    cells = rows.take(first).plus(
        actual=summed(rows["cell"], listed_on, len(first)), quantity=summed(rows["cell"], rows["quantity"], len(first))
    )
    cells = cells.plus(subject=0).take(counting[first])
    told = of_clauses(book, found, book.clauses["suppliers"] & ~book.clauses["awards"])
    match = Match.of("rules", KEYS["rules"], told, cells)
    priced = cells["free"] & ~np.isnan(cells["penalty"])
    excess = np.where(priced, match.stated("excess"), 0.0)
    cost = np.nan_to_num(cells["penalty"]) * world.discount[cells["t"]]
    soft = cells.plus(value=excess, upper=np.inf, cost=cost).take(priced)
    columns = matrix.columns("rules", "excess", KEYS["rules"], soft)
    of_row = np.full(len(cells), -1)
    free = cells["free"]
    names = {name: cells[name][free] for name in COUNT}
    room = cells["sign"] * (cells["limit"] - cells["actual"])
    of_row[free] = matrix.rows("suppliers.count", names, -np.inf, room[free])
    matrix.entries(of_row[priced], columns["column"], -1.0)
    cells = cells.plus(excess=excess, penalty=excess * np.nan_to_num(cells["penalty"]))
    reported(world, cells, match, faults)
    return cells


def entered(matrix: Matrix, number: Ints, terms: Frame, factor: Array | float) -> None:
    """Entries of the terms of rows, those that have a number."""
    here = (terms["column"] >= 0) & (number[terms["row"]] >= 0)
    matrix.entries(number[terms["row"][here]], terms["column"][here], factor * terms["coefficient"][here])


def listed(rows: Frame, supplies: Flags, faults: Faults) -> None:
    """Who is listed supplies something; who is not, and is no decision, supplies nothing; nor enough to be counted."""
    sure = ~rows["free"] | ((rows["given"] > 0) & ~rows["loose"])
    enough = rows["loose"] & (rows["quantity"] > rows["least"] * ENOUGH)
    for wrong, says, should in (
        (supplies & ~(rows["quantity"] > 0), "a supplier", "nothing"),
        (~supplies & (rows["quantity"] > 0) & sure, "no supplier", "something"),
        (~supplies & enough, "no supplier", "its smallest award"),
    ):
        for row in np.flatnonzero(wrong).tolist():
            where = faults.describe(rows, row, NAMES)
            message = f"it is listed as {says}, but supplies {should}"
            faults.add("activations", where, "used", says, should, message)


def reported(world: World, cells: Frame, match: Match, faults: Faults) -> None:
    """The report of the rules that count suppliers."""
    code = world.names.code
    slack = cells["sign"] * (cells["limit"] - cells["actual"])
    binding = np.where(slack <= 0, code("yes"), code("no"))
    unit = np.full(len(cells), code("suppliers"))
    compare_names(faults, match, {"kind": cells["kind"], "unit": unit, "binding": binding})
    price = match.stated("shadow_price")
    terms: dict[str, tuple[Floats, str]] = {
        "limit": (cells["limit"], "the rules table"),
        "actual": (cells["actual"], "counting who supplies"),
        "slack": (slack, "limit and actual"),
        "quantity": (cells["quantity"], "the plan's tonnes added up"),
        "base": (np.full(len(cells), np.nan), "a count"),
        "excess": (cells["excess"], "the rule's excess"),
        "penalty": (cells["penalty"], "excess × the rule's penalty"),
        "shadow_price_undiscounted": (price / world.discount[cells["t"]], "the shadow price over the discount factor"),
    }
    compare(faults, match, terms, every=True)
