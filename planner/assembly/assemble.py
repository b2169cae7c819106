"""The tables of an instance into a Network: every index set, parameter and grouping of the model, as arrays.

Units are converted and names coded in ``parts.py``, before anything is read here. Rows of tables become columns and
rows of the model by repetition over periods; which node, run or offer each belongs to is known from that, so nothing is
searched.
"""

from dataclasses import dataclass

import numpy as np

from mineral_sourcing.arrays import Array, Groups, Index, Labels, Values
from mineral_sourcing.network import Balance, Capacity, Flow, Network, Priority, Processing, Stock
from planner.assembly.averages import averages
from planner.assembly.awards import beyond_need
from planner.assembly.caps import concentration
from planner.assembly.disruptions import left
from planner.assembly.drafts import Flows
from planner.assembly.limits import activation
from planner.assembly.needs import LaneLimits, Needs
from planner.assembly.parts import Parts, Units
from planner.assembly.rules import rules_of
from planner.assembly.spend import dues, spend
from planner.assembly.stock import Piles, stock
from planner.assembly.suppliers import suppliers
from planner.assembly.tagged import Element, origin
from planner.assembly.tiers import Ladders, tiers
from planner.codes import keys, look_up, numbered, spread
from planner.instance import Instance
from planner.windows import steps


@dataclass(frozen=True)
class Assembled:
    """A network and the rows of tables behind its columns, which the plan's tables are made from."""

    network: Network
    parts: Parts
    piles: Piles
    lane: Array
    """Lane of each shipment."""
    arrives: Array
    """Period in which each shipment arrives, past the horizon too."""
    offer: Array
    """Row of ``offers`` of each sale."""
    ladders: Ladders
    elements: tuple[Element, ...]
    """Elements that rules on origin read."""


def assemble(instance: Instance) -> Network:
    """An instance, checked, into the network that the model is built from."""
    return assembled(instance).network


def assembled(instance: Instance, units: Units | None = None) -> Assembled:
    """The network of a checked instance, and what its columns come from.

    Args:
        instance: checked input.
        units: of the model; those that suit the instance where none are given.
    """
    parts = Parts(instance, units)
    periods = Index((parts.steps, np.arange(parts.count)))
    lane, arrives, limit = _dispatches(parts)
    ladders = Ladders(parts)
    flow, offer = _flow(parts, periods, lane, arrives, limit, ladders)
    processing = _processing(parts)
    priority = _priority(parts)
    piles = Piles.of(parts)
    stocks = stock(parts, piles, processing)
    balance = _balance(parts, *_sides(parts, flow, processing, priority, stocks, lane, arrives))
    more = beyond_need(parts, processing, ladders.beyond_need())
    limits = LaneLimits(parts, flow, balance, Needs(parts, processing, more), lane)
    switches = activation(parts, flow, processing, limits)
    traced = list(rules_of(parts, "share", "quantity", "hhi", basis="origin"))
    origins, elements = origin(parts, Flows(flow, processing, balance, priority, stocks, lane, arrives), traced)
    caps, hhi = concentration(parts, flow, processing, priority, stocks, lane, arrives, origins)
    ladder = tiers(parts, flow, ladders, limits.needs)
    network = Network(
        name=instance.name,
        periods=periods,
        discount=Values(periods, parts.discount),
        unit_mass=parts.units.mass,
        unit_money=parts.units.money,
        flow=flow,
        processing=processing,
        balance=balance,
        capacity=_capacity(parts, flow, switches.switches, lane),
        priority=priority,
        stock=stocks,
        origin=origins,
        concentration=caps,
        hhi=hhi,
        activation=switches,
        tiers=ladder,
        suppliers=suppliers(parts, flow, processing, limits, caps, arrives),
        averages=averages(parts, flow, processing, lane, arrives),
        spend=spend(parts, flow, processing, ladder, lane),
    )
    return Assembled(network, parts, piles, lane, arrives, offer, ladders, elements)


def _dispatches(parts: Parts) -> tuple[Array, Array, Array]:
    """Every possible dispatch: its lane, the period in which it arrives, and its limit; the period is in order."""
    lanes, count = parts.lanes, parts.count
    lane = np.repeat(np.arange(len(lanes)), count)
    arrives = (lanes.lead_time[:, None] + np.arange(count)).ravel()
    limit = np.repeat(lanes.capacity * parts.years, count)
    if parts.disrupted.hits:
        origin, destination, material = (codes[lane] for codes in (lanes.origin, lanes.destination, lanes.material))
        t = np.tile(np.arange(count), len(lanes))
        limit = left(limit, parts.disrupted.shipments(origin, destination, material, t))
    late = np.flatnonzero(arrives >= count)
    if not len(late):
        return lane, arrives, limit
    final = parts.numbers("in_transit", "final", 0.0)
    rows = np.flatnonzero(final > 0)
    ends = [
        parts.codes("in_transit", name, labels)[rows]
        for name, labels in zip(
            ("origin", "destination", "material"), (parts.sites, parts.sites, parts.materials), strict=True
        )
    ]
    sizes = (0, len(parts.sites), len(parts.materials))
    of_row = look_up(keys((lanes.origin, lanes.destination, lanes.material), sizes), keys(ends, sizes))
    allowed = np.full(len(lane), -1.0)
    begin = steps(parts.instance, "in_transit", "arrives", 0)[rows] - lanes.lead_time[of_row] if len(lanes) else of_row
    here = np.flatnonzero((of_row >= 0) & (begin >= 0) & (begin < count))
    allowed[of_row[here] * count + begin[here]] = final[rows[here]]
    limit[late] = np.minimum(limit[late], allowed[late])
    kept = np.flatnonzero(limit >= 0)
    return lane[kept], arrives[kept], limit[kept]


def _flow(
    parts: Parts, periods: Index, lane: Array, arrives: Array, limit: Array, ladders: Ladders
) -> tuple[Flow, Array]:
    lanes = parts.lanes
    lane_index = Index((parts.sites, lanes.origin), (parts.sites, lanes.destination), (parts.materials, lanes.material))
    t = arrives - lanes.lead_time[lane]
    shipments = Index.repeated(lane_index, lane, (parts.steps, t))
    shipments.link((3,), periods, t)
    duty = np.zeros(len(lane)) if lanes.duty is None else lanes.duty[lane, t]
    site, material = parts.codes("offers", "site", parts.sites), parts.codes("offers", "material", parts.materials)
    since = Labels(sorted(parts.distinct("offers", "from")))
    from_ = parts.codes("offers", "from", since)
    order = np.lexsort((from_, material, site))
    offers = Index((parts.sites, site[order]), (parts.materials, material[order]), (since, from_[order]))
    begins, ends_ = parts.windows("offers")
    row, step = spread(begins[order], ends_[order])
    sales = Index.repeated(
        offers, row, (parts.steps, step), identity=(0, 1, 3)
    )  # windows of one good of a site do not overlap
    sales.link((3,), periods, step)
    untiered = np.flatnonzero(ladders.of(*sales.codes[:2]) < 0)
    seller, goods, _, when = sales.codes
    factor = parts.disrupted.prices(seller, goods, when)
    price, dearer = parts.numbers("offers", "price")[order], np.flatnonzero(factor != 1.0)
    limit_of_sale = (parts.numbers("offers", "capacity", np.inf) * parts.years)[order][row]
    surcharged = sales.take(dearer)
    flow = Flow(
        lanes=lane_index,
        shipments=shipments,
        shipment_limit=Values(shipments, limit),
        kept=Values(lane_index, 1 - lanes.loss),
        freight=Values(lane_index, lanes.freight),
        duty=Values(shipments, duty),
        offers=offers,
        sales=sales,
        sale_limit=Values(sales, left(limit_of_sale, parts.disrupted.sales(seller, goods, when))),
        price=Values(offers, price),
        surcharged=surcharged,
        surcharge=Values(surcharged, (price[row] * (factor - 1.0))[dearer]),
        listed=sales if len(untiered) == len(sales) else sales.take(untiered),
        unpaid=Values(periods, np.bincount(parts.coming.t, dues(parts), parts.count)),
    )
    return flow, order[row]


def _processing(parts: Parts) -> Processing:
    code = parts.codes("processes", "process", parts.processes)
    order = np.argsort(code)
    begins, ends = (side[order] for side in parts.windows("processes"))
    process, t = spread(begins, ends)
    processes = Index((parts.processes, np.arange(len(order))))
    runs = Index((parts.processes, process), (parts.steps, t))
    runs.link((0,), processes, process)
    found: dict[str, Index | Values] = {}
    of, material = (
        parts.codes("recipes", "process", parts.processes),
        parts.codes("recipes", "material", parts.materials),
    )
    for name, moved in (("input", "using"), ("output", "making")):
        ratio = parts.numbers("recipes", name, 0.0)
        rows = np.flatnonzero(ratio > 0)
        rows = rows[np.lexsort((material[rows], of[rows]))]
        ratios = Index((parts.processes, of[rows]), (parts.materials, material[rows]))
        starts = np.searchsorted(of[rows], np.arange(len(order) + 1))
        run, at = spread(starts[process], starts[process + 1] - 1)
        pairs = Index.repeated(ratios, at, (parts.steps, t[run]))
        pairs.link((0, 2), runs, run)
        found |= {name: Values(ratios, ratio[rows]), f"{name}s": ratios, moved: pairs}
    limit = parts.numbers("processes", "capacity", np.inf)[order] * parts.years
    return Processing(
        processes=processes,
        runs=runs,
        run_limit=Values(runs, left(limit[process], parts.disrupted.runs(process, t))),
        toll=Values(processes, parts.numbers("processes", "cost")[order]),
        **found,  # type: ignore[arg-type]
    )


def _priority(parts: Parts) -> Priority:
    demand = parts.demand
    names = demand.priorities
    known = parts.codes("priorities", "priority", names)
    rank, cost = np.ones(len(names), dtype=np.int64), np.full(len(names), np.nan)
    here = np.flatnonzero(known >= 0)
    rank[known[here]] = parts.numbers("priorities", "rank")[here].astype(np.int64)
    cost[known[here]] = parts.numbers("priorities", "unmet_cost")[here]
    named = np.array([name != "" for name in names.names], dtype=bool)
    used = np.isin(np.arange(len(names)), demand.priority) & named
    levels = np.unique(rank[used])
    several = len(levels) > 1
    hard = ~named | (np.isnan(cost) & (not several))
    held = ~hard & several & ((rank < levels.max(initial=0)) | np.isnan(cost))
    index = Index((names, np.arange(len(names))))
    demands = Index(
        (parts.sites, demand.site),
        (parts.materials, demand.material),
        (parts.steps, demand.t),
        (names, demand.priority),
    )
    ranks = Labels(np.unique(rank[held & used]).tolist())
    of_demand = np.where(
        held[demand.priority], look_up(np.array(ranks.names, dtype=np.int64), rank)[demand.priority], -1
    )
    rank_index = Index((ranks, np.arange(len(ranks))))
    return Priority(
        priorities=index,
        demands=demands,
        unmet_limit=Values(demands, np.where(hard[demand.priority], 0.0, demand.amount)),
        unmet_cost=Values(index, np.nan_to_num(cost)),
        weight=Values(index, np.where(np.isnan(cost), parts.units.mass / parts.units.money, cost)),
        ranks=rank_index,
        ranked=Groups.where(rank_index, demands, of_demand),
    )


Side = tuple[Index | None, Array, Array]
"""What enters or leaves nodes: its index, the pair of site and material of each member, and the period."""


def _sides(
    parts: Parts, flow: Flow, processing: Processing, priority: Priority, stocks: Stock, lane: Array, arrives: Array
) -> tuple[Array, dict[str, Side]]:
    """Pairs of site and material that anything touches, as one number each in order, and what touches them.

    Pairs are looked up once for each row of a table, and repeated for its columns.
    """
    lanes, coming, made, used = parts.lanes, parts.coming, processing.making, processing.using
    rows = {
        "arriving": (lanes.destination, lanes.material),
        "leaving": (lanes.origin, lanes.material),
        "selling": flow.offers.codes[:2],
        "making": (parts.process_site[processing.outputs.codes[0]], processing.outputs.codes[1]),
        "using": (parts.process_site[processing.inputs.codes[0]], processing.inputs.codes[1]),
        "stocked": stocks.nodes.codes[:2],
        "unmet": priority.demands.codes[:2],
        "coming": (coming.destination, coming.material),
    }
    numbers = [keys(pair, (0, len(parts.materials))) for pair in rows.values()]
    pairs, inverse = np.unique(np.concatenate(numbers), return_inverse=True)
    of = dict(zip(rows, np.split(inverse, np.cumsum([len(some) for some in numbers])[:-1]), strict=True))
    return pairs, {
        "arriving": (flow.shipments, of["arriving"][lane], arrives),
        "leaving": (flow.shipments, of["leaving"][lane], flow.shipments.codes[3]),
        "selling": (flow.sales, of["selling"][flow.sales.project((0, 1, 2), flow.offers)], flow.sales.codes[3]),
        "making": (made, of["making"][made.project((0, 1), processing.outputs)], made.codes[2]),
        "using": (used, of["using"][used.project((0, 1), processing.inputs)], used.codes[2]),
        "stocked": (stocks.nodes, of["stocked"], stocks.nodes.codes[2]),
        "unmet": (priority.demands, of["unmet"], priority.demands.codes[2]),
        "coming": (None, of["coming"], coming.t),
    }


def _balance(parts: Parts, pairs: Array, sides: dict[str, Side]) -> Balance:
    """Nodes, and what enters and leaves each."""
    count, width, coming, demand = parts.count, max(len(parts.materials), 1), parts.coming, parts.demand
    at = {name: np.where(t < count, pair * count + t, -1) for name, (_, pair, t) in sides.items()}
    touched = np.zeros(len(pairs) * count + 1, dtype=bool)
    for some in at.values():
        touched[some] = True
    touched[-1] = False
    number = np.where(touched, np.cumsum(touched) - 1, -1)
    pair, step = np.divmod(np.flatnonzero(touched), count)
    nodes = Index((parts.sites, pairs[pair] // width), (parts.materials, pairs[pair] % width), (parts.steps, step))
    node = {name: number[some] for name, some in at.items()}
    leaves = np.zeros(len(nodes), dtype=bool)
    leaves[node["making"]] = leaves[node["coming"]] = True
    spare = np.flatnonzero(leaves)
    surplus = nodes.take(spare)
    materials = Index((parts.materials, np.arange(len(parts.materials))))
    disposal = np.zeros(len(parts.materials))
    disposal[parts.codes("materials", "material", parts.materials)] = parts.numbers("materials", "disposal_cost", 0.0)
    return Balance(
        nodes=nodes,
        **{name: Groups.where(nodes, index, node[name]) for name, (index, _, _) in sides.items() if index is not None},
        spare=Groups(nodes, surplus, spare),
        surplus=surplus,
        materials=materials,
        disposal_cost=Values(materials, disposal),
        demand=Values(nodes, np.bincount(node["unmet"], demand.amount, len(nodes))),
        under_way=Values(nodes, np.bincount(node["coming"], coming.arriving, len(nodes))),
    )


def _capacity(parts: Parts, flow: Flow, switches: Index, lane: Array) -> Capacity:
    count = parts.count
    capacity = np.full(len(parts.sites), np.nan)
    capacity[parts.codes("sites", "site", parts.sites)] = parts.numbers("sites", "capacity") * parts.years
    site, _, _, t = flow.sales.codes
    limited = np.flatnonzero(~np.isnan(capacity)[site])
    node = site[limited] * count + t[limited]
    at, place = numbered(node, len(capacity) * count)
    sites = Index((parts.sites, at // count), (parts.steps, at % count))
    offers = flow.offers
    row_of = parts.rows_of("offers", offers)
    kinds, seller = switches.column(0), switches.codes[1]
    step = np.array(
        [parts.periods.index(name) if name in parts.periods else -1 for name in switches.column(6)], dtype=np.int64
    )
    own = np.array([parts.sites.code.get(name, -1) for name in switches.labels[1].names] or [-1])[seller]
    known = look_up(at, own * count + step)
    rows = np.flatnonzero((kinds == "setup") & (known >= 0))
    setups = switches.take(rows)
    use = parts.numbers("offers", "setup_use", 0.0)[row_of]
    return _with_routes(
        parts,
        flow,
        lane,
        sites=sites,
        site_limit=Values(sites, left(capacity[at // count], parts.disrupted.shared(at // count, at % count))),
        selling_at=Groups(sites, flow.sales, place(node), limited),
        capacity_use=Values(offers, parts.numbers("offers", "capacity_use")[row_of]),
        setups=setups,
        setup_use=Values(setups, use[setups.project((1, 3, 5), offers)] if len(setups) else np.empty(0)),
        setting_up_at=Groups(sites, setups, known[rows]),
    )


def _with_routes(parts: Parts, flow: Flow, lane: Array, **of_sites: Index | Values | Groups) -> Capacity:
    """Shared capacities of routes beside those of sites."""
    count, width = parts.count, len(parts.sites)
    limit = parts.numbers("routes", "capacity") * parts.years
    rows = np.flatnonzero(~np.isnan(limit))
    ends = [parts.codes("routes", name, parts.sites)[rows] for name in ("origin", "destination")]
    of_lane = look_up(keys(ends, (0, width)), keys((parts.lanes.origin, parts.lanes.destination), (0, width)))
    of = of_lane[lane]
    here = np.flatnonzero(of >= 0)
    link = of[here] * count + flow.shipments.codes[3][here]
    at, place = numbered(link, len(limit) * count)
    routes = Index(*((parts.sites, end[at // count]) for end in ends), (parts.steps, at % count))
    return Capacity(
        **of_sites,  # type: ignore[arg-type]
        routes=routes,
        route_limit=Values(routes, limit[rows][at // count]),
        on_route=Groups(routes, flow.shipments, place(link), here),
    )
