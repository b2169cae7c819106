"""The quantities of a plan, set against the quantities that the input allows.

Each frame holds every column that the input allows, with its upper limit (tonnes), its cost (present value per
tonne) and the value that the plan's table gives it. A row of the plan that fits none of them is a fault.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from planner.plan import PLAN_TABLES, TEXT, Plan
from planner.verify import happening, ladders, shipping
from planner.verify.faults import SHOWN, Faults, Match, number
from planner.verify.frames import Array, Floats, Frame, find, grouped, join, repeated, runs, stacked
from planner.verify.matrix import NAMES, Matrix
from planner.verify.world import World

KEYS: dict[str, tuple[str, ...]] = {
    "flows": ("origin", "destination", "material", "period"),
    "sales": ("site", "material", "from", "period"),
    "tiers": ("site", "material", "from", "period", "from_quantity"),
    "activity": ("process", "period"),
    "made": ("process", "material", "period"),
    "stock": ("site", "material", "period"),
    "demand": ("site", "material", "period", "priority"),
    "surplus": ("site", "material", "period"),
    "activations": (
        "kind",
        "site",
        "destination",
        "material",
        "process",
        "rule",
        "subject",
        "market",
        "from",
        "period",
    ),
    "costs": ("component", "site", "destination", "material", "process", "priority", "rule", "period"),
    "rules": ("rule", "from", "subject", "material", "market", "period"),
    "hhi": ("rule", "from", "subject", "material", "market", "period"),
    "cover": ("covers", "material", "period"),
    "concentration": ("basis", "stage", "material", "by", "subject", "period"),
    "measures": ("basis", "stage", "material", "by", "period"),
    "tagged": ("flow", "element", "site", "destination", "process", "material", "place", "period"),
    "origins": ("rule", "from", "material", "market", "period", "place"),
    "prices": ("constraint", *NAMES),
    "held": ("rank",),
}
"""What names a row of each table of a plan."""

Tables = dict[str, Frame]
"""The plan's tables, their names as codes."""


def read(world: World, plan: Plan, faults: Faults) -> Tables:
    """The plan's tables with names as codes and numbers as numbers; a cell that is neither, a repeated row, a missing
    table or column is a fault.
    """
    tables = {}
    for name, columns in PLAN_TABLES.items():
        cells = plan.tables.get(name)
        if cells is None:
            faults.add(name, "", "", "no table", "a table", "the plan has no such table")
            cells = pd.DataFrame(columns=list(columns))
        for column in [column for column in columns if column not in cells]:
            faults.add(name, "", column, "no column", "a column", f"the table has no column {column}")
        frame = Frame({column: _cells(world, cells, name, column) for column in columns}, len(cells))
        frame = refuse_text(world, faults, name, frame)
        twice = repeated(frame.pick(KEYS[name]))
        if twice.any():
            faults.refuse(name, frame.take(twice), KEYS[name], "", "the row stands in the table twice")
            frame = frame.take(~twice)
        tables[name] = frame
    return tables


def _cells(world: World, cells: pd.DataFrame, table: str, column: str) -> Array:
    """A column of the plan as codes or as numbers; a number that is a key (a rank) is a name too. A column that is
    missing is empty.
    """
    if column not in cells:
        return np.zeros(len(cells), dtype=np.int64) if column in TEXT else np.full(len(cells), np.nan)
    if column in TEXT:
        return world.names.codes(cells[column])
    numbers = cells[column]
    if numbers.dtype != np.float64:
        numbers = pd.to_numeric(numbers, errors="coerce").astype(np.float64)
    return world.names.of([number(value) for value in numbers]) if column in KEYS[table] else numbers.to_numpy()


def refuse_text(world: World, faults: Faults, table: str, frame: Frame) -> Frame:
    """The table with 0 in each cell that should be a finite number and is none, and one fault for each; a rule of
    quantities or money has no base, and only some shares are told of every base.
    """
    mended = {}
    for column in [column for column in PLAN_TABLES[table] if column not in TEXT and column not in KEYS[table]]:
        wrong = ~np.isfinite(frame[column])
        if table == "rules" and column.startswith("of_"):
            wrong &= ~np.isnan(frame[column])
        if (table, column) == ("rules", "base"):
            wrong &= world.names.like(frame["kind"], lambda kind: kind.endswith(("_share", "_hhi", "_average")))
        places = np.flatnonzero(wrong)
        for row in places[:SHOWN].tolist():
            where, cell = faults.describe(frame, row, KEYS[table]), str(float(frame[column][row]))
            faults.add(table, where, column, cell, "a number", f"{column} is not a finite number")
        faults.count(table, column, max(0, len(places) - SHOWN))
        if len(places):
            mended[column] = np.where(wrong, 0.0, frame[column])
    return frame.plus(mended)


@dataclass(frozen=True)
class Quantities:
    """Every column that the input allows, family by family, with the plan's values."""

    ways: Frame
    """Lanes."""
    coming: Frame
    """What is under way at the start."""
    flow: Frame
    sale: Frame
    """With what is ``spent`` on each, at the offer's price or by tiers."""
    tier: Frame
    """What is bought in each tier."""
    run: Frame
    held: Frame
    """Closing stock; ``fill`` and ``release`` have the same rows."""
    fill: Frame
    release: Frame
    demand: Frame
    """Every demand; ``soft`` where it may stay unmet."""
    unmet: Frame
    surplus: Frame
    made: Frame
    """What each run takes in and gives out per tonne of activity, material by material."""
    matches: dict[str, Match]
    """The plan's table of each family, row by row."""


def flows(world: World, ways: Frame, tax: Floats) -> Frame:
    """What may be dispatched."""
    frame = shipping.shipments(world, ways, tax)
    frame = frame.plus(upper=happening.cut(frame["upper"], happening.left(world, frame, "ship")))
    return frame.plus(cost=(frame["freight"] + frame["tax"]) * world.discount[frame["t"]])


def sales(world: World) -> Frame:
    """What may be bought from offers."""
    names = ("price", "capacity", "fixed_cost", "min_award", "capacity_use", "setup_use")
    frame = world.spread(world.table("offers", "site", "material", "from", "until", *names))
    frame = frame.plus(price=frame["price"] * happening.factor(world, frame, "price"))
    tiered = ladders.tiered(world, frame)
    cost = np.where(tiered, 0.0, frame["price"] * world.discount[frame["t"]])
    upper = happening.cut(rate(world, frame, "capacity"), happening.left(world, frame, "sell"))
    return frame.plus(upper=upper, cost=cost, tiered=tiered)


def processing(world: World) -> Frame:
    """What may be processed."""
    names = ("cost", "capacity", "fixed_cost", "min_load")
    frame = world.spread(world.table("processes", "process", "site", "from", "until", *names))
    cost = frame["cost"] * world.discount[frame["t"]]
    upper = happening.cut(rate(world, frame, "capacity"), happening.left(world, frame, "make"))
    return frame.plus(toll=frame["cost"], upper=upper, cost=cost)


def stocks(world: World) -> Frame:
    """What may be held, with the stock at the ``start`` in the first period, and the least at the end, ``least``, in
    the last.
    """
    names = (
        "initial",
        "capacity",
        "fill_rate",
        "release_rate",
        "holding_cost",
        "loss",
        "cover_days",
        "covers",
        "final",
    )
    frame = world.spread(world.table("stockpiles", "site", "material", "from", "until", *names))
    frame = frame.take(np.lexsort(frame.pick(["t", "material", "site"])))
    number, at = grouped(frame.pick(["site", "material"]))
    first, last = np.zeros(len(frame), dtype=bool), np.ones(len(frame), dtype=bool)
    first[at] = True
    last[:-1] = first[1:]
    start = frame["initial"][at][number]
    return frame.plus(
        keep=(1 - frame["loss"]) ** world.years_of_period,
        start=np.where(first, start, 0.0),
        first=first,
        least=np.where(last, np.where(np.isnan(frame["final"]), start, frame["final"]), np.nan),
        holding=frame["holding_cost"] * world.years_of_period,
        covers=np.where(frame["covers"] > 0, frame["covers"], frame["site"]),
    )


def demanded(world: World) -> Frame:
    """Every demand of every period, a year's ``quantity``: of the row of the period, else of the row without one."""
    key = ("site", "material", "t", "priority")
    rows = world.table("demands", "site", "material", "priority", "period", "quantity")
    at = world.index(rows["period"])
    dated = rows.plus(t=np.nan_to_num(at).astype(np.int64)).take((at >= 0) & (at < world.periods))
    always = np.flatnonzero(np.isnan(at))
    row, t = runs(np.full(len(always), world.periods))
    both = stacked([dated, rows.take(always[row]).plus(t=t)], [*key, "quantity"])
    if len(always):
        both = both.take(~repeated(both.pick(key)))
    return both.take(both["quantity"] * happening.factor(world, both, "demand") > 0)


def demands(world: World) -> Frame:
    """Every demand of every period in tonnes, the ``amount``; ``soft`` where it may stay unmet, ``weight`` what a tonne
    counts within its ``rank``, and whether that rank is ``guarded``: served before cost counts.
    """
    rows, table = demanded(world), world.table("priorities", "priority", "rank", "unmet_cost")
    at = find([rows["priority"]], [table["priority"]])
    order, price = (np.append(table[name], np.nan)[at] for name in ("rank", "unmet_cost"))
    ranks = np.unique(order[~np.isnan(order)])
    named, costless, several = ~np.isnan(order), np.isnan(price), len(ranks) > 1
    place = np.minimum(np.searchsorted(ranks, order), max(0, len(ranks) - 1))
    codes = world.names.of([number(rank) for rank in ranks] or [""])
    return world.dated(
        rows.plus(
            amount=rows["quantity"] * world.years_of_period * happening.factor(world, rows, "demand"),
            rank=np.where(named, codes[place], 0),
            soft=named & (~costless | several),
            guarded=named & (costless | (order != ranks.max(initial=0))) & several,
            weight=np.where(costless, 1.0, price),
            each=np.where(costless, 0.0, price),
        )
    )


def unmet(world: World, found: Tables, match: Match, faults: Faults) -> Frame:
    """Unmet demand where it may be, at most 0 in a rank of which none was found necessary; unmet demand elsewhere is a
    fault.
    """
    wanted, value = match.expected, match.stated("unmet")
    hard = np.flatnonzero(~wanted["soft"] & (np.abs(value) > 1e-9 * wanted["amount"]))
    for row in hard.tolist():
        where = faults.describe(wanted, row, match.keys)
        faults.add("demand", where, "unmet", float(value[row]), 0.0, "demand that must be met is not")
    none = found["held"]["rank"][found["held"]["held"] <= 0]
    shut = wanted["guarded"] & world.names.flags(none)[wanted["rank"]]
    cost, upper = wanted["each"] * world.discount[wanted["t"]], np.where(shut, 0.0, wanted["amount"])
    return wanted.plus(value=value, cost=cost, upper=upper).take(wanted["soft"])


def spare(world: World, made: Frame, coming: Frame) -> Frame:
    """Where and when surplus may leave: where the material is made by a process or arrives from before the start."""
    keys = ("site", "material", "t")
    came = coming.plus(site=coming["destination"])
    frame = stacked([made.take(made["output"] > 0, keys), came], keys)
    frame = world.dated(frame.take(~repeated(frame.pick(keys))))
    disposal = world.of_material("disposal_cost", frame["material"])
    return frame.plus(disposal=disposal, cost=disposal * world.discount[frame["t"]], upper=np.inf)


def rate(world: World, frame: Frame, column: str) -> Floats:
    """A yearly rate as tonnes of the period; empty is without limit."""
    return limited(frame[column]) * world.years_of_period


def limited(amount: Floats) -> Floats:
    """An amount; empty is without limit."""
    return np.where(np.isnan(amount), np.inf, amount)


def conversions(world: World, run: Frame) -> Frame:
    """Each run beside every line of its recipe."""
    at, row = join([run["process"]], [world.recipes["process"]])
    lines = world.recipes.take(row)
    return run.take(at, ("process", "t", "period", "column", "value")).plus(
        {name: lines[name] for name in ("site", "material", "input", "output")}
    )


def quantities(world: World, matrix: Matrix, found: Tables, faults: Faults) -> Quantities:
    """Every column that the input allows, added to the matrix."""
    matches: dict[str, Match] = {}

    def match(table: str, frame: Frame, why: str) -> Match:
        matches[table] = Match.of(table, KEYS[table], found[table], frame)
        faults.refuse(table, found[table].take(matches[table].extra), KEYS[table], "", why)
        return matches[table]

    def take(table: str, frame: Frame, why: str, column: str = "quantity") -> Frame:
        value = match(table, frame, why).stated(column)
        return matrix.columns(table, column, KEYS[table], frame.plus(value=value))

    def stock(column: str, upper: Floats, cost: Floats | float) -> Frame:
        frame = held.plus(value=matches["stock"].stated(column), upper=upper, cost=cost)
        return matrix.columns("stock", column, KEYS["stock"], frame)

    ways = shipping.lanes(world)
    tax = shipping.taxes(world, ways)
    coming = shipping.under_way(world, ways, tax)
    held = match("stock", stocks(world), "the input has no such stockpile in that period").expected
    wanted = match("demand", demands(world), "the input has no such demand")
    run = take("activity", processing(world), "the process does not exist or cannot run in that period", "activity")
    made = conversions(world, run)
    sale = take("sales", sales(world), "no offer holds in that period")
    tier = take("tiers", ladders.parts(world, sale), "the offer has no such tier")
    return Quantities(
        ways=ways, coming=coming,
        flow=take("flows", flows(world, ways, tax), "no lane allows this dispatch"),
        sale=sale.plus(spent=ladders.spent(sale, tier)),
        tier=tier,
        run=run, made=made,
        held=stock("closing", limited(held["capacity"]), held["holding"] * world.discount[held["t"]]),
        fill=stock("fill", rate(world, held, "fill_rate"), 0.0),
        release=stock("release", rate(world, held, "release_rate"), 0.0),
        demand=wanted.expected,
        unmet=matrix.columns("demand", "unmet", KEYS["demand"], unmet(world, found, wanted, faults)),
        surplus=take("surplus", spare(world, made, coming), "surplus may not leave there"),
        matches=matches,
    )  # fmt: skip
