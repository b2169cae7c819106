"""What rules on origin count, as the plan assigns it, and what it would be if everything mixed in proportion."""

import numpy as np

from planner.verify.balances import content, sold
from planner.verify.columns import KEYS, Quantities, Tables
from planner.verify.faults import Faults, Match, compare
from planner.verify.frames import Flags, Floats, Frame, Ints, find, grouped, join, stacked, summed
from planner.verify.origin import Element, came, lines, opened, roads
from planner.verify.policy import Book
from planner.verify.terms import CELL, TERM
from planner.verify.tracing import listed, origins
from planner.verify.world import World

MIXED = 1e-7
"""Tonnes of element below which mixing leaves nothing of an origin."""

ROUNDS = 100_000
"""Times that compositions are passed on before it is given up."""


def counted(world: World, book: Book, tags: Frame) -> Frame:
    """What counts in each clause on origin, by cell and ``place``: arrivals from outside the market, the demand that is
    served, or that and process input.
    """
    clauses, code = book.clauses, world.names.code
    pools = book.having(book.pools, clauses["origin"])
    arrivals, demand, inputs = (tags["flow"] == code(kind) for kind in ("arrivals", "demand", "input"))
    rows = tags.take(arrivals | demand | inputs)
    arrivals, inputs = arrivals[arrivals | demand | inputs], inputs[arrivals | demand | inputs]
    at, pool = join([rows["material"]], [pools["material"]])
    clause = pools["clause"][pool]
    bought, wanted = clauses["purchases"][clause], clauses["demand"][clause]
    fits = (arrivals[at] == bought) & ~(inputs[at] & wanted)
    at, pool = at[fits], pool[fits]
    into, market = join([pools["clause"][pool], rows["destination"][at]], book.markets.pick(["clause", "site"]))
    found = rows.take(at[into]).plus({name: book.markets[name][market] for name in ("clause", "market")})
    found = found.plus(pool=pools["pool"][pool[into]], coefficient=1.0)
    inside = find(found.pick(["clause", "market", "site"]), book.markets.pick(["clause", "market", "site"])) >= 0
    found = found.take(~inside | (found["flow"] != code("arrivals")))
    found = found.plus(first=book.first[found["clause"], found["t"]])
    return found.take(found["first"] >= 0)


def terms(world: World, book: Book, q: Quantities, parts: list[Element], cells: Frame) -> tuple[Frame, Frame]:
    """Terms of the quantity of each subject, and of the bases, of the clauses on origin."""
    clauses = book.clauses
    at, subject = join(cells.pick(["clause", "place"]), book.subjects.pick(["clause", "site"]))
    traced = clauses["origin"][book.subjects["clause"][subject]]
    counts = cells.take(at[traced]).plus(subject=book.subjects["subject"][subject[traced]])
    based = clauses["shares"] | clauses["hhi"]
    shares = cells.take(based[cells["clause"]] & ~clauses["demand"][cells["clause"]])
    home = world.names.flags(world.names.of(sorted(_home_origins(world)) if len(cells) else []))
    shares = shares.take(~(clauses["foreign"][shares["clause"]] & home[shares["place"]]))
    outside = clauses["foreign"] & clauses["hhi"]
    counts = counts.take(~(outside[counts["clause"]] & home[counts["place"]]))
    return stacked([counts], ["subject", *TERM]), stacked([shares, _demanded(book, q, parts)], TERM)


def _home_origins(world: World) -> set[str]:
    """Names of the origins of home."""
    if not world.header.home:
        return set()
    known = origins(world)
    return {known[place] for place in listed(world, world.of_site("place", world.sites_of(["home"])))}


def _demanded(book: Book, q: Quantities, parts: list[Element]) -> Frame:
    """The base of demand, in tonnes of element."""
    clauses = book.clauses
    pools = book.having(book.pools, clauses["origin"] & (clauses["shares"] | clauses["hhi"]) & clauses["demand"])
    held = np.zeros(1 + max((len(part.hold.held) for part in parts), default=0))
    for part in parts:
        mine = part.own
        held[mine] = part.hold.held[mine]
    at, pool = join([q.demand["material"]], [pools["material"]])
    into, market = join([pools["clause"][pool], q.demand["site"][at]], book.markets.pick(["clause", "site"]))
    rows = q.demand.take(at[into]).plus({name: book.markets[name][market] for name in ("clause", "market")})
    rows = rows.plus(
        pool=pools["pool"][pool[into]], column=-1, value=rows["amount"], coefficient=held[rows["material"]]
    )
    rows = rows.plus(first=book.first[rows["clause"], rows["t"]])
    return rows.take(rows["first"] >= 0)


def reported(world: World, book: Book, cells: Frame, mixed: Floats, found: Tables, faults: Faults) -> None:
    """The table of origins: what is of which origin in each cell, as assigned and mixed."""
    key = (*CELL, "place")
    number, first = grouped(cells.pick(key))
    amounts = {
        name: summed(number, values, len(first))
        for name, values in (("quantity", cells["value"]), ("mixed_quantity", mixed))
    }
    rows = cells.take(first, key)
    cell, start = grouped(rows.pick(CELL))
    for name in ("quantity", "mixed_quantity"):
        total = summed(cell, amounts[name], len(start))[cell]
        share = np.divide(amounts[name], total, out=np.zeros(len(rows)), where=total > 0)
        amounts[name.replace("quantity", "share")] = share
    clauses = book.clauses.take(rows["clause"])
    at = find(rows.pick(["clause", "first"]), book.groups.pick(["clause", "first"]))
    names = {name: clauses[name] for name in ("rule", "from")}
    rows = rows.plus(names | amounts, material=rows["pool"], period=np.append(book.groups["period"], 0)[at])
    rows = rows.take((rows["quantity"] > 0) | (rows["mixed_quantity"] > MIXED))
    match = Match.of("origins", KEYS["origins"], found["origins"], rows)
    told = {
        "quantity": (rows["quantity"], "what is assigned to the origin added up"),
        "share": (rows["share"], "the quantity over that of all origins"),
        "mixed_quantity": (rows["mixed_quantity"], "mixing in proportion at every site, plant and stock"),
        "mixed_share": (rows["mixed_share"], "the mixed quantity over that of all origins"),
    }
    compare(faults, match, told)


def mixed(world: World, q: Quantities, parts: list[Element], tags: Frame) -> Floats:
    """What each column of ``tags`` that a rule counts would be of its origin if everything mixed in proportion."""
    found = np.zeros(len(tags))
    for number, part in enumerate(parts):
        mine = np.flatnonzero(tags["part"] == number)
        found[mine] = _mixed(world, q, part, tags.take(mine))
    return found * content(parts, tags) if len(tags) else found


def _mixed(world: World, q: Quantities, part: Element, tags: Frame) -> Floats:
    """The same of one element, in tonnes of material."""
    shares, count = compositions(world, q, part), world.periods
    shares = np.vstack([shares, np.zeros(shares.shape[1])])
    site, place = np.where(tags["destination"] > 0, tags["destination"], tags["site"]), tags["origin"]
    spot = part.net.at(site, tags["material"])
    own = shares[np.where(spot >= 0, spot * count + tags["t"], -1), place]
    key = ("site", "material", "t")
    local = tags.plus(site=tags["destination"])
    at, row = join(local.pick(key), q.demand.pick(key))
    wanted = summed(at, q.demand["amount"][row], len(tags))
    at, row = join(local.pick(key), q.unmet.pick(key))
    wanted -= summed(at, q.unmet["value"][row], len(tags))
    at, row = join(local.pick(key), q.made.pick(key))
    used = summed(at, (q.made["value"] * q.made["input"])[row], len(tags))
    road = ("site", "destination", "material", "t")
    flow = roads(q, part)
    flow = flow.plus(dispatch=flow["t"], t=flow["arrival"]).take((flow["arrival"] < count) & (flow["spot"] >= 0))
    at, row = join(tags.pick(road), flow.pick(road))
    sent = shares[flow["spot"][row] * count + flow["dispatch"][row], place[at]]
    arrived = summed(at, (flow["value"] * flow["keep"])[row] * sent, len(tags))
    way = came(q, part)
    at, row = join(tags.pick([*road, "place"]), way.pick([*road, "place"]))
    arrived += summed(at, way["arriving"][row], len(tags))
    kinds = [tags["flow"] == world.names.code(kind) for kind in ("arrivals", "demand", "input")]
    return np.select(kinds, [arrived, wanted * own, used * own], 0.0)


def compositions(world: World, q: Quantities, part: Element) -> Floats:
    """Composition by origin (columns) of every spot and period (rows), passed on until nothing changes.

    Behind the spots stand processes and stocks, period by period.
    """
    steps, entries, size = _mixing(world, q, part)
    into, out, amount = steps
    fixed = np.zeros((size, len(part.labels)))
    np.add.at(fixed, entries[:2], entries[2])
    total = summed(into, amount, size) + fixed.sum(axis=1)
    scale = np.divide(1.0, total, out=np.zeros(size), where=total > 0)[:, None]
    shares: Floats = np.zeros_like(fixed)
    for _ in range(ROUNDS):
        moved = np.column_stack([summed(into, amount * shares[out, at], size) for at in range(len(part.labels))])
        before, shares = shares, (fixed + moved) * scale
        if np.allclose(before, shares, rtol=0, atol=1e-13):
            break
    return shares


def _mixing(
    world: World, q: Quantities, part: Element
) -> tuple[tuple[Ints, Ints, Floats], tuple[Ints, Ints, Floats], int]:
    """What flows from each to the next, what enters where of which origin, and how many of them there are."""
    count, periods = len(part.net.spots), world.periods
    lines_of, flow = lines(q, part), roads(q, part)
    behind = count + len(world.names)
    steps: list[tuple[Ints, Ints, Floats]] = []

    def step(into: Ints, out: Ints, amount: Floats, here: Flags) -> None:
        kept = np.flatnonzero(here & (amount > 0))
        steps.append((into[kept], out[kept], amount[kept]))

    inside = (flow["spot"] >= 0) & (flow["into"] >= 0) & (flow["arrival"] < periods)
    step(
        flow["into"] * periods + flow["arrival"],
        flow["spot"] * periods + flow["t"],
        flow["value"] * flow["keep"],
        inside,
    )
    spot = lines_of["spot"] * periods + lines_of["t"]
    run = (count + lines_of["process"]) * periods + lines_of["t"]
    held = part.hold.held[q.held["material"]] > 0
    step(run, spot, lines_of["value"] * lines_of["input"] * lines_of["passed"], lines_of["spot"] >= 0)
    made = lines_of["value"] * lines_of["output"] * (lines_of["given"] > 0)
    step(spot, run, made, lines_of["spot"] >= 0)
    at = part.net.at(q.held["site"], q.held["material"]) * periods + q.held["t"]
    stock = behind * periods + np.arange(len(q.held))
    step(at, stock, q.release["value"], held)
    step(stock, at, q.fill["value"], held)
    before = np.roll(q.held["value"], 1) * q.held["keep"] * ~q.held["first"]
    step(stock, np.roll(stock, 1), before, held)
    entering = sold(world, q, [part])
    amount = np.where(entering["column"] >= 0, 0.0, entering["amount"])
    values = np.append(q.sale["value"], 0.0)
    sale = entering["column"] >= 0
    amount[sale] = values[find([entering["column"][sale]], [q.sale["column"]])]
    opening = np.searchsorted(part.labels, opened(world, part, q.held))
    source = part.hold.sources[lines_of["process"]] & (made > 0)
    entries = (
        np.concatenate([entering["spot"] * periods + entering["t"], stock[held], run[source]]),
        np.concatenate(
            [
                entering["origin"],
                opening[held],
                np.searchsorted(part.labels, part.names["processes"][lines_of["process"][source]]),
            ]
        ),
        np.concatenate([amount, (q.held["keep"] * q.held["start"])[held], made[source]]),
    )
    into, out, amounts = (np.concatenate(side) for side in zip(*steps, strict=True))
    return (into, out, amounts), entries, behind * periods + len(q.held)
