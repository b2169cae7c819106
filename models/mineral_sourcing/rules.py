"""Rules of one planning question: what each limits and what counts under it, in model units.

Letters and units as in ``network.py``. A cell is a pool of materials, a market and a group of periods.
"""

from dataclasses import dataclass

from mineral_sourcing.arrays import Groups, Index, Values


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
    """Big-M: no optimal plan has more; derived in ``planner.assembly.suppliers``."""
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
