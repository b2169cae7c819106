"""What the plan reports of rules, of days of cover and of shadow prices, computed again and compared."""

import numpy as np

from planner.verify.columns import KEYS, Quantities, Tables
from planner.verify.faults import Faults, Match, compare, compare_names
from planner.verify.frames import Array, Floats, Frame, Ints, find, join, summed
from planner.verify.rows import consumption, covers, days_ahead, sites_covered
from planner.verify.world import World

MOST_DAYS = 3650.0
"""Days of cover are counted up to here."""


def shadow_prices(world: World, found: Tables, constraint: str, keys: dict[str, Array]) -> Floats:
    """Shadow prices of the rows of one constraint, by the names that ``prices`` gives them."""
    prices = found["prices"].take(found["prices"]["constraint"] == world.names.code(constraint))
    at = find(list(keys.values()), prices.pick(list(keys)))
    known: Floats = np.append(prices["shadow_price"], 0.0)[at]
    return known


def ruled(world: World, found: Tables, constraint: str, rules: Frame, match: Match, faults: Faults) -> None:
    """The report of the rules whose rows are those of one constraint."""
    expected = rules.take(rules["asked"] | match.listed())
    kept = Match.of("rules", match.keys, match.found, expected)
    price = shadow_prices(world, found, constraint, dict(zip(kept.keys, expected.pick(kept.keys), strict=True)))
    compare_names(faults, kept, {"kind": expected["kind"], "unit": expected["unit"]})
    terms = {
        "limit": (expected["limit"], "the rules table"),
        "quantity": (expected["quantity"], "the plan's tonnes or money added up"),
        "base": (expected["base"], "the plan's tonnes added up"),
        "excess": (expected["excess"], "the rule's excess"),
        "penalty": (expected["penalty"], "excess × the rule's penalty"),
        "shadow_price": (price, "the table of prices"),
        "shadow_price_undiscounted": (
            price / world.discount[expected["t"]],
            "the shadow price over the discount factor",
        ),
    }
    compare(faults, kept, terms, every=True)
    units = match.found["unit"]
    for unit in np.unique(units).tolist():
        judged(world, match.found.take(units == unit), faults)


def judged(world: World, table: Frame, faults: Faults) -> None:
    """What follows from quantity, base and limit of the rows of the report in one unit; where the base is nothing, so
    is the share or the average, and a floor on it is neither kept nor broken.
    """
    share = world.names.like(table["kind"], lambda kind: kind.endswith(("_share", "_average")))
    least = world.names.like(table["kind"], lambda kind: kind.startswith("min_"))
    base, quantity, stated, limit = table.pick(["base", "quantity", "actual", "limit"])
    size = float(np.max(base, where=~np.isnan(base), initial=0.0))
    tiny = share & (base <= 1e-7 * min(1.0, max(size, 1e-9))) & (stated == 0)
    ratio = np.divide(quantity, base, out=np.zeros(len(table)), where=(base != 0) & ~np.isnan(base))
    actual = np.where(share, np.where(tiny, 0.0, np.nan_to_num(ratio)), quantity)
    slack = np.where(tiny & least, 0.0, np.where(least, stated - limit, limit - stated))
    yes, no = world.names.code("yes"), world.names.code("no")
    at = np.arange(len(table))
    itself = Match("rules", KEYS["rules"], table, table, at, at[:0])
    compare(faults, itself, {"actual": (actual, "quantity over base"), "slack": (slack, "limit and actual")})
    compare_names(faults, itself, {"binding": np.where(table["shadow_price"] != 0, yes, no)})


def covered(world: World, q: Quantities, found: Tables, faults: Faults) -> None:
    """The report on days of cover."""
    rows, number = covers(world, q)
    match = Match.of("cover", KEYS["cover"], found["cover"], rows)
    stock, use = summed(number, q.held["value"], len(rows)), ahead_use(world, q, rows)
    ahead = days_ahead(world, rows["t"], rows["days"])
    need = summed(ahead["row"], ahead["share"] * use[ahead["row"], ahead["ahead"]], len(rows))
    named = {"site": rows["covers"], "material": rows["material"], "period": rows["period"]}
    terms = {
        "stock": (stock, "the closing stocks added up"),
        "need": (need, "the consumption ahead"),
        "required_days": (rows["days"], "cover_days of the stockpiles"),
        "shadow_price": (shadow_prices(world, found, "stockpile.cover", named), "the table of prices"),
    }
    compare(faults, match, terms, every=True)
    step = 365 * world.years_of_period
    least, most = (days_of_cover(stock * factor, use, rows["t"], step) for factor in (1 - 1e-9, 1 + 1e-9))
    days = np.clip(match.stated("days"), least, most)
    compare(faults, match, {"days": (days, "counting the consumption ahead")})


def ahead_use(world: World, q: Quantities, rows: Frame) -> Floats:
    """Consumption in each period (columns) of the sites that each row covers: demand before unmet, process input."""
    demand, used = consumption(q)
    row, site = sites_covered(world, rows)
    places = [site, rows["material"][row]]
    use = np.zeros(len(rows) * world.periods)
    for frame, amount in ((demand, demand["amount"]), (used, used["value"] * used["input"])):
        at, other = join(places, frame.pick(["site", "material"]))
        use += summed(row[at] * world.periods + frame["t"][other], amount[other], len(use))
    return use.reshape(len(rows), world.periods)


def days_of_cover(stock: Floats, use: Floats, times: Ints, days: float) -> Floats:
    """How many days of consumption each ``stock`` lasts, at most :data:`MOST_DAYS`.

    ``use`` is consumption, rows × periods of the horizon; ``times`` the period of each row, whose own use is not
    ahead; ``days`` those of a period. Periods past the horizon take the last one's consumption.
    """
    steps = int(np.ceil(MOST_DAYS / days))
    at = np.minimum(times[:, None] + 1 + np.arange(steps), use.shape[1] - 1)
    ahead = np.take_along_axis(use, at, axis=1)
    total = np.cumsum(ahead, axis=1)
    whole = (total <= stock[:, None]).sum(axis=1)
    rows = np.arange(len(stock))
    next_use = ahead[rows, np.minimum(whole, steps - 1)]
    spent = np.where(whole > 0, total[rows, np.maximum(whole - 1, 0)], 0.0)
    part = np.divide(stock - spent, next_use, out=np.zeros(len(stock)), where=(whole < steps) & (next_use > 0))
    lasting: Floats = np.minimum((whole + part) * days, MOST_DAYS)
    return lasting


def undiscounted(world: World, found: Tables, rules: Frame, faults: Faults) -> None:
    """Undiscounted shadow prices: over the discount factor of the period, of the first one of a year or of a rule's
    group; a final stock is due in the last period, a rank over the whole horizon.
    """
    prices, keys = found["prices"], KEYS["rules"]
    due = world.names.map(
        np.append(world.year, world.period), np.append(_first_of_year(world), range(world.periods)), 0
    )
    t = due[prices["period"]]
    of_rule = find(prices.pick(keys), rules.pick(keys))
    t = np.where(of_rule >= 0, np.append(rules["t"], 0)[of_rule], t)
    t = np.where(prices["constraint"] == world.names.code("stockpile.final"), world.periods - 1, t)
    prices = prices.plus(expected=prices["shadow_price"] / world.discount[t])
    meaning = "the shadow price over the discount factor of its period"
    money = prices["constraint"] == world.names.code("spend.cap")  # of money, not of tonnes: a size of its own
    for some in (prices.take(money), prices.take(~money)):
        at = np.arange(len(some))
        itself = Match("prices", KEYS["prices"], some, some, at, at[:0])
        compare(faults, itself, {"shadow_price_undiscounted": (some["expected"], meaning)})


def _first_of_year(world: World) -> list[int]:
    """First period of the horizon in the calendar year of each period."""
    return [world.calendar.index(year) for year in world.calendar]
