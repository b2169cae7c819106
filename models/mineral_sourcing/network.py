"""The network of one planning question: index sets and parameters, in model units.

Letters: site i, material k, period t = 0 … T−1; mass in ``unit_mass`` tonnes, money in ``unit_money`` of currency.
Amounts are those of the period (annual rates times the years of a period). A limit of ``inf`` is no limit.
Index order is thing, material, period. Every grouping is built once, so that a rule only sums over it.
What rules limit stands in ``rules.py``.
"""

from dataclasses import dataclass

from mineral_sourcing.arrays import Groups, Index, Values
from mineral_sourcing.rules import Averages, Concentration, Hhi, Spend, Suppliers


@dataclass(frozen=True)
class Flow:
    """What can be shipped and sold."""

    lanes: Index
    """(origin, destination, material)"""
    shipments: Index
    """(origin, destination, material, period of dispatch)"""
    shipment_limit: Values
    kept: Values
    """1 − loss, by lane."""
    freight: Values
    """By lane."""
    duty: Values
    """By shipment."""
    offers: Index
    """(site, material, from)"""
    sales: Index
    """(site, material, from, period): an offer's row and a period of its window"""
    sale_limit: Values
    price: Values
    """By offer."""
    listed: Index
    """Sales of offers without tiers: they are paid at the offer's price."""
    surcharged: Index
    """Sales whose price a scenario changes."""
    surcharge: Values
    """What it adds to the offer's price; below 0 where it makes it cheaper."""
    unpaid: Values
    """Money due on arrival for what was under way unpaid, by period."""


@dataclass(frozen=True)
class Processing:
    """What can be converted."""

    processes: Index
    runs: Index
    """(process, period)"""
    run_limit: Values
    toll: Values
    """By process."""
    inputs: Index
    """(process, material)"""
    input: Values
    outputs: Index
    output: Values
    using: Index
    """(process, material, period): an input of a run"""
    making: Index
    """(process, material, period): an output of a run"""


@dataclass(frozen=True)
class Balance:
    """One equation per site, material and period, and what enters and leaves it."""

    nodes: Index
    """(site, material, period)"""
    arriving: Groups
    leaving: Groups
    selling: Groups
    making: Groups
    using: Groups
    stocked: Groups
    unmet: Groups
    spare: Groups
    """Nodes where surplus may leave."""
    surplus: Index
    materials: Index
    disposal_cost: Values
    """By material."""
    demand: Values
    """All demand of the node."""
    under_way: Values
    """Arrivals, after loss, of what was dispatched before the start."""


@dataclass(frozen=True)
class Capacity:
    """Capacities shared by several columns."""

    sites: Index
    """(site, period)"""
    site_limit: Values
    selling_at: Groups
    capacity_use: Values
    """By offer."""
    setups: Index
    """Switches that are a set-up."""
    setup_use: Values
    setting_up_at: Groups
    routes: Index
    """(origin, destination, period)"""
    route_limit: Values
    on_route: Groups


@dataclass(frozen=True)
class Priority:
    """Who is served first."""

    priorities: Index
    demands: Index
    """(site, material, period, priority)"""
    unmet_limit: Values
    """The demand that may stay unmet: all of it, or none where it must be met."""
    unmet_cost: Values
    """By priority, 0 where there is none."""
    weight: Values
    """By priority: unmet cost, or 1 where there is none."""
    ranks: Index
    """Ranks whose least weighted unmet demand is held before cost counts, in order."""
    ranked: Groups


@dataclass(frozen=True)
class Stock:
    """What can be held."""

    nodes: Index
    """(site, material, period)"""
    limit: Values
    fill_limit: Values
    release_limit: Values
    keeps: Values
    """(1 − loss) ^ Δ."""
    before: Groups
    """The stock of the period before; none in the first."""
    opening: Values
    """Stock at the start, in the first period of the stockpile; 0 later."""
    holding_cost: Values
    """Per unit of closing stock."""
    finals: Index
    """(site, material)"""
    final: Values
    last: Groups
    cover: Index
    """(covers, material, period)"""
    covering: Groups
    cover_demand: Values
    """Demand rows ahead."""
    ahead: Index
    """(covers, material, period, process, period ahead): process input ahead"""
    share: Values
    """How much of that period counts."""
    cover_use: Groups


@dataclass(frozen=True)
class Origin:
    """Flows split by the origin of an element: e element, g origin; see the family for the rest."""

    shipments: Index
    """(e, origin, destination, material, g, period of dispatch); of flows that two origins or more can reach"""
    uses: Index
    """(e, process, material, g, period)"""
    makings: Index
    """(e, process, material, g, period)"""
    stocks: Index
    """(e, site, material, g, period)"""
    counted: Index
    """(arrivals, input or demand; e; origin, destination; material; g; period): what rules count, one site at a time"""
    content: Values
    """(e, material)"""
    passed: Values
    """(e, process, material): element that comes out per tonne taken in"""
    shipped: Index
    """Keys of ``shipments`` without g, and so for the next three."""
    of_shipment: Groups
    used: Index
    of_use: Groups
    made: Index
    of_making: Groups
    held: Index
    of_stock: Groups
    served: Index
    """(e, site, material, period)"""
    of_demand: Groups
    unmet: Groups
    nodes: Index
    """(e, site, material, g, period) that two origins or more can reach, and that something leaves"""
    at_node: dict[str, Groups]
    """What comes and goes, by the name of its Set in the family."""
    under_way: Values
    runs: Index
    """(e, process, g, period)"""
    at_run: dict[str, Groups]
    before: Groups
    opening: Values
    bought: Index
    """Keys of ``counted`` that are arrivals."""
    of_bought: dict[str, Groups]
    coming: Values
    consumed: Index
    """Keys of ``counted`` that are process input."""
    of_consumed: dict[str, Groups]


@dataclass(frozen=True)
class Activation:
    """Every yes-or-no: what it lets through, at most and at least, and what it costs."""

    switches: Index
    """(kind, site or origin, destination, material, process, from, year or period)"""
    most: Values
    """Big-M: no optimal plan has more; derived in ``planner.assembly.needs``."""
    cost: Values
    """Present value."""
    sales: Groups
    runs: Groups
    shipments: Groups
    floors: Index
    """Switches with a least quantity if yes."""
    least: Values
    links: Index
    """One material of a route with a charge, for a tighter bound than the route's alone."""
    link_of: Groups
    link_most: Values
    link_shipments: Groups


@dataclass(frozen=True)
class Tiers:
    """Prices by the quantity of a calendar year."""

    tiers: Index
    """(site, material, tier): those with a price of their own"""
    price: Values
    sales: Index
    """(site, material, from, period): sales of offers with tiers"""
    parts: Index
    """(site, material, from, period, tier): what a sale may buy in each tier that the year can reach"""
    of_sale: Groups
    priced: Index
    """Parts in a tier with a price of its own."""
    listed: Index
    """Parts below the first threshold, at the offer's price."""
    bands: Index
    """(site, material, year, tier): tiers that hold no more than so much"""
    in_band: Groups
    width: Values
    """What each switch adds to a band; below 0 where it takes away."""
    room: Values
    opened_by: Groups
    switches: Index
    """(site, material, year, tier)"""
    filled: Groups
    """Parts that hold at least ``least`` if yes."""
    least: Values


@dataclass(frozen=True)
class Network:
    """Everything that the model reads."""

    name: str
    periods: Index
    """0 … T−1"""
    discount: Values
    """DF_t = (1 + r) ^ −(years from the start of the first period to the start of t)."""
    unit_mass: float
    unit_money: float
    flow: Flow
    processing: Processing
    balance: Balance
    capacity: Capacity
    priority: Priority
    stock: Stock
    origin: Origin
    concentration: Concentration
    hhi: Hhi
    activation: Activation
    tiers: Tiers
    suppliers: Suppliers
    averages: Averages
    spend: Spend
