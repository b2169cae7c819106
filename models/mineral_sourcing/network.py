"""The network of one planning question: index sets and parameters, in model units.

Letters: site i, material k, period t = 0 … T−1; mass in ``unit_mass`` tonnes, money in ``unit_money`` of currency.
Amounts are those of the period (annual rates times the years of a period). A limit of ``inf`` is no limit.
Index order is thing, material, period. Every grouping is built once, so that a rule only sums over it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

Node = tuple[str, str, int]
"""(site, material, period)"""
Lane = tuple[str, str, str]
"""(origin, destination, material)"""
Shipment = tuple[str, str, str, int]
"""(origin, destination, material, period of dispatch)"""
Sale = tuple[str, str, str, int]
"""(site, material, from, period): an offer's row and a period of its window"""
Run = tuple[str, int]
"""(process, period)"""
Recipe = tuple[str, str, int]
"""(process, material, period)"""
Demand = tuple[str, str, int, str]
"""(site, material, period, priority)"""
Switch = tuple[str, str, str, str, str, str, str]
"""(kind, site or origin, destination, material, process, from, year or period)"""
Cap = tuple[str, str, str, str, str, str]
"""(rule, from, subject, material, market, period label)"""
Base = tuple[str, str, str, str, str]
"""(rule, from, material, market, period label)"""


@dataclass(frozen=True)
class Flow:
    """What can be shipped and sold."""

    shipments: list[Shipment]
    shipment_limit: Mapping[Shipment, float]
    kept: Mapping[Lane, float]
    """1 − loss."""
    freight: Mapping[Lane, float]
    duty: Mapping[Shipment, float]
    sales: list[Sale]
    sale_limit: Mapping[Sale, float]
    price: Mapping[tuple[str, str, str], float]
    unpaid: Mapping[int, float]
    """Money due on arrival for what was under way unpaid, by period."""


@dataclass(frozen=True)
class Processing:
    """What can be converted."""

    runs: list[Run]
    run_limit: Mapping[Run, float]
    toll: Mapping[str, float]
    input: Mapping[tuple[str, str], float]
    output: Mapping[tuple[str, str], float]


@dataclass(frozen=True)
class Balance:
    """One equation per site, material and period, and what enters and leaves it."""

    nodes: list[Node]
    arriving: Mapping[Node, list[Shipment]]
    leaving: Mapping[Node, list[Shipment]]
    selling: Mapping[Node, list[Sale]]
    making: Mapping[Node, list[Recipe]]
    using: Mapping[Node, list[Recipe]]
    stocked: Mapping[Node, list[Node]]
    unmet: Mapping[Node, list[Demand]]
    spare: Mapping[Node, list[Node]]
    """Nodes where surplus may leave."""
    surplus: list[Node]
    disposal_cost: Mapping[str, float]
    demand: Mapping[Node, float]
    """All demand of the node."""
    under_way: Mapping[Node, float]
    """Arrivals, after loss, of what was dispatched before the start."""


@dataclass(frozen=True)
class Capacity:
    """Capacities shared by several columns."""

    site_limit: Mapping[tuple[str, int], float]
    selling_at: Mapping[tuple[str, int], list[Sale]]
    capacity_use: Mapping[tuple[str, str, str], float]
    setup_use: Mapping[Switch, float]
    setting_up_at: Mapping[tuple[str, int], list[Switch]]
    route_limit: Mapping[tuple[str, str, int], float]
    on_route: Mapping[tuple[str, str, int], list[Shipment]]


@dataclass(frozen=True)
class Priority:
    """Who is served first."""

    demands: list[Demand]
    """Demands that may stay unmet."""
    unmet_limit: Mapping[Demand, float]
    unmet_cost: Mapping[str, float]
    """By priority, 0 where there is none."""
    ranks: list[int]
    """Ranks whose least weighted unmet demand is held before cost counts, in order."""
    ranked: Mapping[int, list[Demand]]
    weight: Mapping[str, float]
    """By priority: unmet cost, or 1 where there is none."""


@dataclass(frozen=True)
class Stock:
    """What can be held."""

    nodes: list[Node]
    limit: Mapping[Node, float]
    fill_limit: Mapping[Node, float]
    release_limit: Mapping[Node, float]
    keeps: Mapping[Node, float]
    """(1 − loss) ^ Δ."""
    before: Mapping[Node, list[Node]]
    """The stock of the period before; none in the first."""
    opening: Mapping[Node, float]
    """Stock at the start, in the first period of the stockpile; 0 later."""
    holding_cost: Mapping[Node, float]
    """Per unit of closing stock."""
    final: Mapping[tuple[str, str], float]
    last: Mapping[tuple[str, str], list[Node]]
    cover: list[Node]
    """(covers, material, period)"""
    covering: Mapping[Node, list[Node]]
    cover_demand: Mapping[Node, float]
    """Demand rows ahead."""
    cover_use: Mapping[Node, list[Recipe]]
    """Process input ahead."""
    cover_share: Mapping[tuple[str, str, int, str, int], float]
    """(covers, material, period, process, period ahead): how much of that period counts."""


@dataclass(frozen=True)
class Concentration:
    """Caps and floors on shares and quantities."""

    caps: list[Cap]
    sign: Mapping[Cap, float]
    """+1 for a cap, −1 for a floor."""
    share: Mapping[Cap, float]
    amount: Mapping[Cap, float]
    """Right-hand side: the limit of a quantity, a base of demand, and what was under way."""
    counted_shipments: Mapping[Cap, list[Shipment]]
    counted_sales: Mapping[Cap, list[Sale]]
    counted_runs: Mapping[Cap, list[Recipe]]
    given: Mapping[Cap, float]
    """Part of the quantity that nothing can change: what was under way."""
    base_given: Mapping[Cap, float]
    """The base, where nothing can change it: a demand."""
    base_of: Mapping[Cap, list[Base]]
    priced: list[Cap]
    priced_in: Mapping[Cap, list[Cap]]
    penalty: Mapping[Cap, float]
    """Present value per unit of excess."""
    bases: list[Base]
    base_constant: Mapping[Base, float]
    base_shipments: Mapping[Base, list[Shipment]]
    base_sales: Mapping[Base, list[Sale]]
    base_runs: Mapping[Base, list[Recipe]]
    base_unmet: Mapping[Base, list[Demand]]
    base_use: Mapping[Base, list[Recipe]]
    base_releases: Mapping[Base, list[Node]]


@dataclass(frozen=True)
class Activation:
    """Every yes-or-no: what it lets through, at most and at least, and what it costs."""

    keys: list[Switch]
    most: Mapping[Switch, float]
    """Big-M: no optimal plan has more; derived in ``planner.limits``."""
    least: Mapping[Switch, float]
    """Least quantity if yes, for the keys that have one."""
    cost: Mapping[Switch, float]
    """Present value."""
    sales: Mapping[Switch, list[Sale]]
    runs: Mapping[Switch, list[Run]]
    shipments: Mapping[Switch, list[Shipment]]
    links: list[Switch]
    """One material of a route with a charge, for a tighter bound than the route's alone."""
    link_of: Mapping[Switch, list[Switch]]
    link_most: Mapping[Switch, float]
    link_shipments: Mapping[Switch, list[Shipment]]


@dataclass(frozen=True)
class Network:
    """Everything that the model reads."""

    name: str
    periods: tuple[str, ...]
    discount: Mapping[int, float]
    """DF_t = (1 + r) ^ −(years from the start of the first period to the start of t)."""
    unit_mass: float
    unit_money: float
    flow: Flow
    processing: Processing
    balance: Balance
    capacity: Capacity
    priority: Priority
    stock: Stock
    concentration: Concentration
    activation: Activation
