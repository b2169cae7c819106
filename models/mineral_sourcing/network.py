"""The network of one planning question: index sets and parameters, in model units.

Letters: site i, material k, period t = 0 … T−1; mass in ``unit_mass`` tonnes, money in ``unit_money`` of currency.
Amounts are those of the period (annual rates times the years of a period). A limit of ``inf`` is no limit.
Index order is thing, material, period. Every grouping is built once, so that a rule only sums over it.
"""

from dataclasses import dataclass

from mineral_sourcing.arrays import Groups, Index, Values


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
class Concentration:
    """Caps and floors on shares and quantities."""

    caps: Index
    """(rule, from, subject, material, market, period label)"""
    sign: Values
    """+1 for a cap, −1 for a floor."""
    share: Values
    amount: Values
    """Right-hand side: the limit of a quantity, a base of demand, and what was under way."""
    counted_shipments: Groups
    counted_sales: Groups
    counted_runs: Groups
    counted_tagged: Groups
    """What counts of an origin."""
    given: Values
    """Part of the quantity that nothing can change: what was under way."""
    base_given: Values
    """The base, where nothing can change it: a demand."""
    base_of: Groups
    priced: Index
    priced_in: Groups
    penalty: Values
    """Present value per unit of excess."""
    bases: Index
    """(rule, from, material, market, period label)"""
    base_constant: Values
    base_shipments: Groups
    base_sales: Groups
    base_runs: Groups
    base_tagged: Groups
    base_unmet: Groups
    base_use: Groups
    base_releases: Groups
    recycled_shipments: Groups
    """What a base leaves a part out of, because it is recycled."""
    recycled_sales: Groups
    recycled_runs: Groups
    recycled: Values
    """Recycled part by site that sells, and material."""
    made_recycled: Values
    """By process and material."""


@dataclass(frozen=True)
class Activation:
    """Every yes-or-no: what it lets through, at most and at least, and what it costs."""

    switches: Index
    """(kind, site or origin, destination, material, process, from, year or period)"""
    most: Values
    """Big-M: no optimal plan has more; derived in ``planner.needs``."""
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
class Suppliers:
    """Limits on how many subjects supply, and what each of them supplies at least."""

    candidates: Index
    """(rule, from, subject, material, market, period label): every subject with anything to count"""
    shipments: Groups
    sales: Groups
    runs: Groups
    given: Values
    """What was under way, by candidate."""
    cells: Index
    """(rule, from, material, market, period label): every count that is reported"""
    of_cell: Groups
    switches: Index
    """Candidates that a yes or no is asked of; of those that are asked the same, the first."""
    switch_of: Groups
    """The switch of each candidate that has one."""
    links: Index
    """Switches with a column that counts."""
    most: Values
    """Big-M: no optimal plan has more; derived in ``planner.suppliers``."""
    surely: Values
    """1 where something was under way."""
    counts: Index
    """Cells with a row: all of a least number, of a largest those that hold more candidates than the limit allows."""
    counted: Groups
    sign: Values
    """1 where so many may supply at most, −1 at least."""
    limit: Values
    priced: Index
    priced_in: Groups
    penalty: Values
    """Present value per supplier."""
    loose: Values
    """1 where a switch counts who supplies enough, and lets others supply less."""
    awards: Index
    """Candidates with a smallest award: those of a rule on awards, and those that a least number counts by the awards
    of their offers."""
    told: Values
    """1 for the awards of a rule on awards, which are reported."""
    award_on: Groups
    base_of: Groups
    least: Values
    share: Values
    """Of a base that varies; 0 where there is none."""
    reach: Values
    """The most that the base can be."""
    award_given: Values
    award_base: Values
    """Demand that a share is held against, where it is the table's."""
    short: Index
    short_in: Groups
    price: Values
    """Present value per mass."""


@dataclass(frozen=True)
class Averages:
    """Caps and floors on the quantity-weighted average of an attribute."""

    caps: Index
    """(rule, from, subject, material, market, period label)"""
    sign: Values
    """+1 for a cap, −1 for a floor."""
    limit: Values
    """In the attribute's own unit."""
    attribute: Groups
    """The attribute of each cap, by name."""
    value: Values
    """By attribute, site that sells, and material."""
    made_value: Values
    """By attribute, process and material."""
    shipments: Groups
    sales: Groups
    runs: Groups
    given: Values
    """What was under way."""
    given_value: Values
    """Σ attribute times what was under way."""
    penalty: Values
    """Present value per unit of the attribute times mass; 0 where the rule is hard."""
    most: Values
    """Most excess: 0 where the rule is hard, else ``inf``."""


@dataclass(frozen=True)
class Spend:
    """Caps and floors on what is paid, undiscounted."""

    caps: Index
    """(rule, from, subject, material, market, period label)"""
    sign: Values
    """+1 for a cap, −1 for a floor."""
    limit: Values
    shipments: Groups
    """What freight and duty are paid for."""
    purchases: Groups
    """(origin, destination, material, from, period): shipments whose price is that of the origin's offer."""
    sales: Groups
    """Sales of offers without tiers."""
    priced: Groups
    """Parts of sales in a tier with a price of its own."""
    listed: Groups
    """Parts of sales below the first threshold."""
    runs: Groups
    given: Values
    """Due for what was under way unpaid."""
    penalty: Values
    """Present value per unit of money; 0 where the rule is hard."""
    most: Values
    """Most excess: 0 where the rule is hard, else ``inf``."""


@dataclass(frozen=True)
class Hhi:
    """Caps on the HHI."""

    subjects: Index
    """(rule, from, subject, material, market, period label): every subject with anything to count"""
    shipments: Groups
    sales: Groups
    runs: Groups
    tagged: Groups
    """Parts of ``origin`` that rules on origin count."""
    given: Values
    """What was under way, by subject."""
    pieces: Index
    """(the same, number): straight pieces of the square of each subject's share"""
    of_piece: Groups
    """Its subject."""
    total_of_piece: Groups
    """The base that its subject's share is taken of."""
    slope: Values
    height: Values
    cells: Index
    """(rule, from, material, market, period label)"""
    of_cell: Groups
    """Subjects of each cell."""
    total_of: Groups
    """Base of each cell."""
    limit: Values
    priced: Index
    priced_in: Groups
    penalty: Values
    """Present value per unit of excess."""


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
