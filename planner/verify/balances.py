"""The rows of flows split by origin: parts add up to the flow, and no origin leaves more than it came in."""

import numpy as np

from planner.verify.columns import Quantities
from planner.verify.frames import Array, Floats, Frame, Ints, find, grouped, join, stacked, summed
from planner.verify.matrix import Matrix
from planner.verify.origin import Element, came, fed, lines, roads
from planner.verify.world import World

SPOT = ("part", "spot", "t", "origin")
TERM = (*SPOT, "column", "coefficient")

SUMS = {
    "ship": ("origin.shipping", ("site", "destination", "material")),
    "use": ("origin.using", ("process", "material")),
    "make": ("origin.making", ("process", "material")),
    "stock": ("origin.holding", ("site", "material")),
    "fill": ("origin.filling", ("site", "material")),
}
"""Row that adds up each kind of flow, and what names it beside element and period."""


def every(world: World, matrix: Matrix, q: Quantities, parts: list[Element], tags: Frame) -> None:
    """Every row of what is split by origin."""
    if not len(tags):
        return
    of = {name: tags.take(tags["flow"] == world.names.code(name)) for name in (*SUMS, "release", *COUNTED)}
    sums(world, matrix, of)
    serving(world, matrix, q, parts, of["demand"])
    nodes(world, matrix, q, parts, of)
    recipes(world, matrix, q, parts, of)
    carry(world, matrix, of)
    bought(world, matrix, q, parts, of)
    consumed(world, matrix, q, parts, of)


COUNTED = ("arrivals", "demand", "input")


def named(world: World, rows: Frame, names: tuple[str, ...], **more: Array) -> dict[str, Array]:
    """Names of rows as the plan's prices have them: the element stands in ``rule``, its origin in ``subject``."""
    found = {name: rows[name] for name in names}
    return {**found, "rule": rows["element"], "period": world.period[rows["t"]], **more}


def sums(world: World, matrix: Matrix, of: dict[str, Frame]) -> None:
    """The parts of each flow add up to it."""
    for kind, (constraint, names) in SUMS.items():
        number, first = grouped(of[kind].pick(["element", *names, "t"]))
        whole = of[kind].take(first)
        rows = matrix.rows(constraint, named(world, whole, names), 0.0, 0.0)
        matrix.entries(rows[number], of[kind]["column"], 1.0)
        matrix.entries(rows, whole["gone"], -whole["ratio"])


def content(parts: list[Element], rows: Frame) -> Floats:
    """Tonnes of element per tonne of the material of each row."""
    found = np.zeros(len(rows))
    for number, part in enumerate(parts):
        mine = rows["part"] == number
        found[mine] = part.hold.held[rows["material"][mine]]
    return found


def serving(world: World, matrix: Matrix, q: Quantities, parts: list[Element], served: Frame) -> None:
    """What serves a demand adds up to it, less what stays unmet; in tonnes of element."""
    key, names = ("site", "material", "t"), ("destination", "material", "t")
    number, first = grouped(served.pick(["element", *names]))
    whole = served.take(first)
    held, place = content(parts, whole), whole.pick(names)
    at, row = join(place, q.demand.pick(key))
    right = held * summed(at, q.demand["amount"][row], len(whole))
    rows = matrix.rows("origin.serving", named(world, whole, ("material",), site=whole["destination"]), right, right)
    matrix.entries(rows[number], served["column"], 1.0)
    at, row = join(place, q.unmet.pick(key))
    matrix.entries(rows[at], q.unmet["column"][row], held[at])


def alone(world: World, q: Quantities, parts: list[Element]) -> tuple[Frame, Frame, Frame]:
    """Flows that one origin alone can reach: dispatches, and lines of recipes as taken in and as given out; each with
    ``part`` and ``origin``.
    """
    found: tuple[list[Frame], list[Frame], list[Frame]] = ([], [], [])
    for number, part in enumerate(parts):
        only, count = np.append(part.alone, -1), len(part.net.spots)
        flow, made = roads(q, part), lines(q, part)
        flow = flow.plus(origin=only[flow["spot"]]).take((flow["spot"] >= 0) & (flow["arrival"] < world.periods))
        taken = made.plus(origin=only[made["spot"]]).take((made["input"] > 0) & (made["spot"] >= 0))
        given = made.plus(origin=only[count + made["process"]]).take((made["given"] > 0) & (made["spot"] >= 0))
        for kept, rows in zip(found, (flow, taken, given), strict=True):
            kept.append(rows.plus(part=number).take(rows["origin"] >= 0))
    flows = (
        "part",
        "origin",
        "spot",
        "into",
        "lane",
        "site",
        "destination",
        "material",
        "t",
        "arrival",
        "keep",
        "column",
    )
    lined = ("part", "origin", "spot", "process", "material", "t", "column", "input", "output", "passed", "given")
    return stacked(found[0], flows), stacked(found[1], lined), stacked(found[2], lined)


def sold(world: World, q: Quantities, parts: list[Element]) -> Frame:
    """Sales and what was under way where they enter, with ``part`` and ``origin``; of the latter the ``amount``."""
    offers = world.table("offers", "site", "material", "from")
    at = find(q.sale.pick(["site", "material", "from"]), offers.pick(["site", "material", "from"]))
    frames = []
    for number, part in enumerate(parts):
        coming = q.coming.plus(site=q.coming["destination"], origin=part.names["coming"], column=-1)
        coming = coming.plus(amount=q.coming["arriving"])
        both = [q.sale.plus(origin=part.names["offers"][at], amount=0.0), coming]
        rows = stacked(both, ["site", "material", "t", "origin", "column", "amount"])
        rows = rows.plus(part=number, spot=part.net.at(rows["site"], rows["material"]))
        rows = rows.plus(origin=np.searchsorted(part.labels, rows["origin"]))
        frames.append(rows.take(part.hold.held[rows["material"]] > 0))
    return stacked(frames, [*SPOT, "column", "amount"])


def nodes(world: World, matrix: Matrix, q: Quantities, parts: list[Element], of: dict[str, Frame]) -> None:
    """At each site no more of an origin leaves than comes."""
    served = of["demand"]
    mixed = np.zeros(len(served), dtype=bool)
    for own, part in enumerate(parts):
        mine = np.flatnonzero(served["part"] == own)
        mixed[mine] = (part.several & part.wanted)[served["spot"][mine]]
    served = served.take(mixed)
    out = [
        of["ship"].plus(coefficient=-1.0),
        of["use"].plus(coefficient=-1.0),
        of["fill"].plus(coefficient=-1.0),
        served.plus(coefficient=-1.0 / content(parts, served)),
    ]
    leaving = stacked(out, [*TERM, "element", "material", "place"])
    number, first = grouped(leaving.pick(SPOT))
    rows = leaving.take(first)
    flow, _, given = alone(world, q, parts)
    entering = sold(world, q, parts)
    terms = [
        of["ship"].plus(spot=of["ship"]["into"], t=of["ship"]["arrival"], coefficient=of["ship"]["keep"]),
        of["make"].plus(coefficient=1.0),
        of["release"].plus(coefficient=1.0),
        flow.plus(spot=flow["into"], t=flow["arrival"], coefficient=flow["keep"]).take(flow["into"] >= 0),
        given.plus(coefficient=given["output"]),
        entering.plus(coefficient=1.0).take(entering["column"] >= 0),
    ]
    coming = stacked(terms, TERM)
    at = find(coming.pick(SPOT), rows.pick(SPOT))
    came = entering.take(entering["column"] < 0)
    fixed = find(came.pick(SPOT), rows.pick(SPOT))
    amount = summed(fixed[fixed >= 0], came["amount"][fixed >= 0], len(rows))
    site = np.zeros(len(rows), dtype=np.int64)
    for own, part in enumerate(parts):
        mine = rows["part"] == own
        site[mine] = part.net.spots["site"][rows["spot"][mine]]
    names = named(world, rows, ("material",), site=site, subject=rows["place"])
    numbers = matrix.rows("origin.node", names, -amount, np.inf)
    matrix.entries(numbers[number], leaving["column"], leaving["coefficient"])
    matrix.entries(numbers[at[at >= 0]], coming["column"][at >= 0], coming["coefficient"][at >= 0])


def recipes(world: World, matrix: Matrix, q: Quantities, parts: list[Element], of: dict[str, Frame]) -> None:
    """No more of an origin leaves a process than goes in, times the recovery; in tonnes of element."""
    run = ("part", "process", "t", "origin")
    number, first = grouped(of["make"].pick(run))
    rows = of["make"].take(first)
    _, taken, _ = alone(world, q, parts)
    used = of["use"].take(of["use"]["factor"] > 0)
    terms = [
        used.plus(coefficient=used["factor"]),
        taken.plus(coefficient=taken["passed"] * taken["input"]).take(taken["passed"] > 0),
    ]
    coming = stacked(terms, [*run, "column", "coefficient"])
    at = find(coming.pick(run), rows.pick(run))
    numbers = matrix.rows("origin.recipe", named(world, rows, ("process",), subject=rows["place"]), 0.0, np.inf)
    matrix.entries(numbers[number], of["make"]["column"], -of["make"]["factor"])
    matrix.entries(numbers[at[at >= 0]], coming["column"][at >= 0], coming["coefficient"][at >= 0])


def carry(world: World, matrix: Matrix, of: dict[str, Frame]) -> None:
    """Stock keeps its origin."""
    stock = of["stock"]
    opening = np.where(stock["opening"] == stock["place"], stock["keep"] * stock["start"], 0.0)
    names = named(world, stock, ("site", "material"), subject=stock["place"])
    rows = matrix.rows("origin.carry", names, opening, opening)
    key = ("part", "site", "material", "origin", "t")
    matrix.entries(rows, stock["column"], 1.0)
    before = find(stock.plus(t=stock["t"] - 1).take(stock["t"] > 0).pick(key), stock.pick(key))
    later = np.flatnonzero(stock["t"] > 0)[before >= 0]
    matrix.entries(rows[later], stock["column"][before[before >= 0]], -stock["keep"][later])
    for kind, sign in (("fill", -1.0), ("release", 1.0)):
        matrix.entries(rows[find(of[kind].pick(key), stock.pick(key))], of[kind]["column"], sign)


def bought(world: World, matrix: Matrix, q: Quantities, parts: list[Element], of: dict[str, Frame]) -> None:
    """What arrives at a market, by origin; in tonnes of element."""
    rows, key = of["arrivals"], ("part", "site", "destination", "material", "t", "origin")
    flow, _, _ = alone(world, q, parts)
    sent = [
        stacked([frame], [*key, "lane", "keep", "column"])
        for frame in (of["ship"].plus(t=of["ship"]["arrival"]), flow.plus(t=flow["arrival"]))
    ]
    terms = stacked(sent, [*key, "lane", "keep", "column"])
    counted, right = np.zeros(len(terms), dtype=bool), np.zeros(len(rows))
    held = content(parts, rows)
    for number, part in enumerate(parts):
        mine = terms["part"] == number
        counted[mine] = part.sent[terms["lane"][mine]]
        way = came(q, part)
        way = way.plus(part=number, origin=np.searchsorted(part.labels, way["place"]))
        at = find(way.pick(key), rows.pick(key))
        right += summed(at, way["arriving"], len(rows))
    terms = terms.take(counted)
    names = named(world, rows, ("site", "destination", "material"), subject=rows["place"])
    numbers = matrix.rows("origin.bought", names | {"from": rows["flow"]}, held * right, held * right)
    matrix.entries(numbers, rows["column"], 1.0)
    at = find(terms.pick(key), rows.pick(key))
    matrix.entries(numbers[at], terms["column"], -held[at] * terms["keep"])


def consumed(world: World, matrix: Matrix, q: Quantities, parts: list[Element], of: dict[str, Frame]) -> None:
    """What processes at a market take in, by origin; in tonnes of element."""
    rows, names = of["input"], ("destination", "material")
    _, taken, _ = alone(world, q, parts)
    terms = [of["use"].plus(coefficient=1.0), taken.plus(coefficient=taken["input"])]
    every = stacked(terms, TERM)
    counted = np.zeros(len(every), dtype=bool)
    for number, part in enumerate(parts):
        mine = every["part"] == number
        counted[mine] = fed(part, every["spot"][mine])
    every, held = every.take(counted), content(parts, rows)
    told = named(world, rows, names, subject=rows["place"])
    numbers = matrix.rows("origin.consumed", told | {"from": rows["flow"]}, 0.0, 0.0)
    matrix.entries(numbers, rows["column"], 1.0)
    at: Ints = find(every.pick(SPOT), rows.pick(SPOT))
    matrix.entries(numbers[at], every["column"], -held[at] * every["coefficient"])
