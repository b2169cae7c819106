"""Flows split by origin, against the rows that they must keep: what comes in of an origin is all that can leave.

The columns are those of the plan's table ``tagged``; a flow that one origin alone can reach is no column of its own,
but the flow itself.
"""

from dataclasses import dataclass

import numpy as np

from planner.verify.columns import KEYS, Quantities, Tables
from planner.verify.faults import Faults, Match
from planner.verify.frames import Array, Flags, Frame, Ints, find, grouped, join, stacked
from planner.verify.matrix import Matrix
from planner.verify.policy import Book
from planner.verify.tracing import Holdings, Spots, holdings, origins, own_elements, spots, spread
from planner.verify.world import World

NAMED = ("site", "destination", "process", "material", "place", "t")
TAG = ("flow", "element", *NAMED, "period")
MORE = (
    "part",
    "origin",
    "spot",
    "into",
    "lane",
    "arrival",
    "keep",
    "factor",
    "ratio",
    "gone",
    "start",
    "first",
    "opening",
)
"""What rows need of a column: ``gone`` is the column of the whole flow, ``ratio`` its tonnes per unit of that."""


@dataclass(frozen=True)
class Element:
    """One element: what holds it, where its origins can be, what of it is split."""

    hold: Holdings
    net: Spots
    here: Array
    """Which origins (columns) can be at each spot, and behind the spots in each process."""
    wanted: Flags
    """Whether what is at each spot, or in each process, can come to where a rule counts it."""
    own: Ints
    """Materials whose own element it is."""
    labels: Ints
    """Names of the origins."""
    serves: Flags
    feeds: Flags
    """Whether a rule counts the demand, and the process input, at each spot."""
    sent: Flags
    came: Flags
    """Whether a rule counts what arrives on each lane, and what was under way."""
    names: dict[str, Ints]
    """Names of the origins of what enters: see :func:`entered`."""

    @property
    def several(self) -> Flags:
        """Where more than one origin can be."""
        return np.asarray(self.here.sum(axis=1) > 1)

    @property
    def alone(self) -> Ints:
        """The only origin that can be there; −1 where there are none or several."""
        return np.where(self.here.sum(axis=1) == 1, self.here.argmax(axis=1), -1)


def touched(q: Quantities, world: World) -> Frame:
    """Every site and material with a column, a demand or an arrival."""
    inside = q.flow.take(q.flow["arrival"] < world.periods)
    parts = [
        inside.plus(site=inside["destination"]),
        q.flow.plus(site=q.flow["origin"]),
        q.sale,
        q.made,
        q.held,
        q.demand,
        q.coming.plus(site=q.coming["destination"]),
    ]
    return stacked(parts, ["site", "material"])


def entered(world: World, q: Quantities, known: dict[str, str]) -> dict[str, Ints]:
    """Names of the origins of the rows of ``offers``, of ``stockpiles``, of what was under way, and of each process."""

    def called(places: Ints) -> Ints:
        of = {code: world.names.code(known[world.names[code]]) for code in np.unique(places).tolist()}
        return np.array([of[code] for code in places.tolist()], dtype=np.int64)

    offers, piles = world.table("offers", "site", "material", "origin"), world.table("stockpiles", "initial_origin")
    given = np.where(offers["origin"] > 0, offers["origin"], world.of_site("place", offers["site"]))
    sold: dict[tuple[int, int], set[int]] = {}
    for site, material, place in zip(*(offers.pick(["site", "material"])), given, strict=True):
        sold.setdefault((int(site), int(material)), set()).add(int(place))
    senders = zip(q.coming["origin"].tolist(), q.coming["material"].tolist(), strict=True)
    single = [sold.get(pair, set()) for pair in senders]
    came = np.array([next(iter(some)) if len(some) == 1 else 0 for some in single], dtype=np.int64)
    plants = world.table("processes", "process", "site")
    return {
        "offers": called(given),
        "stockpiles": called(piles["initial_origin"]),
        "coming": called(came),
        "processes": world.names.map(plants["process"], called(world.of_site("place", plants["site"])), 0),
    }


def elements(world: World, q: Quantities, book: Book) -> list[Element]:
    """The elements that the rules on origin read."""
    clauses = book.clauses
    pools = book.having(book.pools, clauses["origin"])
    if not len(pools):
        return []
    own, _ = own_elements(world)
    known = origins(world)
    labels = np.unique(world.names.of([*known.values(), "other"]))
    names = entered(world, q, known)
    found = np.unique(own[pools["material"]])
    return [_element(world, q, book, pools, holdings(world, int(code)), own, labels, names) for code in found]


def _element(
    world: World,
    q: Quantities,
    book: Book,
    pools: Frame,
    hold: Holdings,
    own: Ints,
    labels: Ints,
    names: dict[str, Ints],
) -> Element:
    net = spots(hold, touched(q, world), q.ways)
    count = len(net.spots)
    entering = _entering(world, q, hold, net, names)
    here = np.zeros((count + len(world.names), len(labels)), dtype=bool)
    here[entering["spot"], np.searchsorted(labels, entering["origin"])] = True
    mine = pools.take(own[pools["material"]] == hold.element)
    serves, feeds, sent, came = _asked(q, book, mine, hold, net)
    starts = np.zeros(count + len(world.names), dtype=bool)
    starts[:count] = serves | feeds
    starts[net.lanes["start"][sent[net.lanes["lane"]]]] = True
    return Element(
        hold=hold,
        net=net,
        here=spread(net.steps, here),
        wanted=spread(net.steps[:, ::-1], starts),
        own=np.flatnonzero(own == hold.element),
        labels=labels,
        serves=serves,
        feeds=feeds,
        sent=sent,
        came=came,
        names=names,
    )


def _entering(world: World, q: Quantities, hold: Holdings, net: Spots, names: dict[str, Ints]) -> Frame:
    """Where the element enters, and with which origin."""
    offers = world.table("offers", "site", "material").plus(origin=names["offers"])
    piles = world.table("stockpiles", "site", "material", "initial").plus(origin=names["stockpiles"])
    coming = q.coming.plus(site=q.coming["destination"], origin=names["coming"])
    every = stacked([offers, piles.take(piles["initial"] > 0), coming], ["site", "material", "origin"])
    every = every.take(hold.held[every["material"]] > 0)
    spot = net.at(every["site"], every["material"])
    plants = np.flatnonzero(hold.sources)
    made = Frame({"spot": len(net.spots) + plants, "origin": names["processes"][plants]})
    return stacked([every.plus(spot=spot).take(spot >= 0), made], ["spot", "origin"])


def _asked(q: Quantities, book: Book, pools: Frame, hold: Holdings, net: Spots) -> tuple[Flags, Flags, Flags, Flags]:
    """Where rules count demand, and process input; which lanes, and what of what was under way, they count."""
    clauses, count = book.clauses, len(net.spots)
    at, pool = join([net.spots["material"]], [pools["material"]])
    into, _ = join([pools["clause"][pool], net.spots["site"][at]], book.markets.pick(["clause", "site"]))
    local = Frame({"spot": at[into], "clause": pools["clause"][pool[into]]})
    local = local.take(~clauses["purchases"][local["clause"]])
    serves, feeds = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    serves[local["spot"]] = True
    feeds[local["spot"][~clauses["demand"][local["clause"]]]] = True
    users = np.zeros(count + 1, dtype=bool)
    lines = hold.recipes.take(hold.recipes["input"] > 0)
    users[net.at(lines["site"], lines["material"])] = True
    flags = []
    for roads in (q.ways, q.coming):
        at, pool = join([roads["material"]], [pools["material"]])
        clause = pools["clause"][pool]
        into, market = join([clause, roads["destination"][at]], book.markets.pick(["clause", "site"]))
        inside = book.markets.take(market, ("clause", "market")).plus(site=roads["origin"][at[into]])
        names = ("clause", "market", "site")
        abroad = find(inside.pick(names), book.markets.pick(names)) < 0
        asked = np.zeros(len(roads), dtype=bool)
        asked[at[into][abroad & clauses["purchases"][inside["clause"]]]] = True
        flags.append(asked)
    return serves, feeds & users[:-1], *flags  # type: ignore[return-value]


def split(world: World, q: Quantities, element: Element) -> Frame:
    """Every column of an element: what can be of which origin, flow by flow, and what rules count of it."""
    count, code = len(element.net.spots), world.names.code
    several, wanted = np.append(element.several, False), np.append(element.wanted, False)
    mixed = several & wanted
    flow, made = roads(q, element), lines(q, element)
    goes = wanted[flow["into"]] | element.sent[flow["lane"]]
    ship = flow.take(mixed[flow["spot"]] & goes & (flow["arrival"] < world.periods))
    runs = count + made["process"]
    passes = (made["passed"] > 0) & wanted[runs]
    takes = made.take((made["input"] > 0) & mixed[made["spot"]] & (passes | fed(element, made["spot"])))
    gives = made.take((made["given"] > 0) & mixed[runs] & wanted[made["spot"]])
    parts = [
        _crossed(element, ship, code("ship"), ship["spot"]),
        _crossed(element, takes.plus(ratio=takes["input"], factor=takes["passed"], site=0), code("use"), takes["spot"]),
        _crossed(
            element,
            gives.plus(ratio=gives["output"], factor=gives["given"], site=0),
            code("make"),
            count + gives["process"],
        ),
    ]
    spot, opening = element.net.at(q.held["site"], q.held["material"]), opened(world, element, q.held)
    inside = np.flatnonzero(mixed[spot])
    for name, rows in (("stock", q.held), ("fill", q.fill), ("release", q.release)):
        held = rows.plus(spot=spot, ratio=1.0, keep=q.held["keep"], opening=opening).take(inside)
        parts.append(_crossed(element, held, code(name), spot[inside]))
    parts += _counts(world, q, element, flow, made)
    every = stacked(parts, ["flow", *NAMED, *MORE])
    every = every.plus(element=element.hold.element, origin=np.searchsorted(element.labels, every["place"]))
    return world.dated(every)


def opened(world: World, element: Element, held: Frame) -> Ints:
    """Name of the origin of the opening stock of each row of stock."""
    piles = world.table("stockpiles", "site", "material", "from")
    at = find(held.pick(["site", "material", "from"]), piles.pick(["site", "material", "from"]))
    return np.asarray(element.names["stockpiles"][at])


def fed(element: Element, spot: Ints) -> Flags:
    """Whether rules count the process input at spots."""
    return np.asarray(np.append(element.feeds, False)[spot])


def roads(q: Quantities, element: Element) -> Frame:
    """Dispatches with the spots that they leave and come to, −1 where the element is not there."""
    start, end = (np.full(len(q.ways) + 1, -1) for _ in range(2))
    lanes = element.net.lanes
    start[lanes["lane"]], end[lanes["lane"]] = lanes["start"], lanes["end"]
    lane = q.flow["lane"]
    return q.flow.plus(spot=start[lane], into=end[lane], site=q.flow["origin"], keep=1 - q.flow["loss"], ratio=1.0)


def lines(q: Quantities, element: Element) -> Frame:
    """Runs beside the lines of their recipes, with what is passed on and given of the element, and the spot."""
    recipes = element.hold.recipes
    at = find(q.made.pick(["process", "material"]), recipes.pick(["process", "material"]))
    known = q.made.plus({name: recipes[name][at] for name in ("passed", "given")})
    return known.plus(spot=element.net.at(known["site"], known["material"]))


def _crossed(element: Element, rows: Frame, kind: int, at: Ints) -> Frame:
    """Each row once for every origin that can be there."""
    row, origin = np.nonzero(element.here[at])
    gone = rows["column"] if "column" in rows else np.full(len(rows), -1)
    return rows.plus(flow=kind, gone=gone).take(row).plus(place=element.labels[origin])


def _counts(world: World, q: Quantities, element: Element, flow: Frame, made: Frame) -> list[Frame]:
    """What rules count: demand that is served, process input, and arrivals."""
    code, key = world.names.code, ("site", "material", "t")
    demand = q.demand.plus(spot=element.net.at(q.demand["site"], q.demand["material"]))
    demand = demand.take(np.append(element.serves, False)[demand["spot"]])
    used = made.take((made["input"] > 0) & fed(element, made["spot"]))
    frames = []
    for name, every_row in (("demand", demand), ("input", used)):
        _, first = grouped(every_row.pick(key))
        rows = every_row.take(first, (*key, "spot"))
        frames.append(_crossed(element, rows.plus(destination=rows["site"], site=0), code(name), rows["spot"]))
    road = ("site", "destination", "material", "t", "place")
    sent = flow.take(element.sent[flow["lane"]] & (flow["arrival"] < world.periods) & (flow["spot"] >= 0))
    row, origin = np.nonzero(element.here[sent["spot"]])
    sent = sent.take(row).plus(t=sent["arrival"][row], place=element.labels[origin])
    every = stacked([sent, came(q, element)], road)
    _, first = grouped(every.pick(road))
    frames.append(every.take(first).plus(flow=code("arrivals"), spot=-1))
    return frames


def came(q: Quantities, element: Element) -> Frame:
    """What was under way, counted by a rule, with its origin."""
    rows = q.coming.plus(site=q.coming["origin"], place=element.names["coming"])
    return rows.take(element.came & (element.hold.held[rows["material"]] > 0))


def tags(matrix: Matrix, found: Tables, frames: list[Frame], faults: Faults) -> Frame:
    """Every column that is split, for all elements, with the plan's value of each."""
    every = stacked([frame.plus(part=part) for part, frame in enumerate(frames)], [*TAG, *MORE])
    match = Match.of("tagged", KEYS["tagged"], found["tagged"], every)
    faults.refuse("tagged", found["tagged"].take(match.extra), match.keys, "", "no such flow is split by origin")
    frame = every.plus(value=match.stated("quantity"), upper=np.inf, cost=0.0)
    return matrix.columns("tagged", "quantity", KEYS["tagged"], frame)
