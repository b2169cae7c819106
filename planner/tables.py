"""The input tables: one row model per table, one unit, one bound and one meaning per column.

Everything that speaks of a column reads it here: the cell checks (``read.py``), the data dictionary
(``instances/TABLES.md``), the templates of ``planner new`` and the error messages. A row model is never
instantiated for each row: :func:`columns` hands out one ``TypeAdapter`` a column, so a million rows are
checked column by column.

Quantities are annual rates in the instance's ``mass_unit``; money is real, in its ``currency``; shares are fractions.
"""

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, TypeAdapter


def _no_boolean(value: object) -> object:
    """Refuse ``True`` as a number: pydantic would read it as 1.0."""
    if isinstance(value, bool):
        raise ValueError("is a truth value, not a number")
    return value


def _unit(unit: str) -> dict[str, Any]:
    return {"unit": unit}


def _bounds(unit: str, *, ge: float | None = None, le: float | None = None, lt: float | None = None) -> Any:
    return Field(ge=ge, le=le, lt=lt, allow_inf_nan=False, json_schema_extra=_unit(unit))


_number = BeforeValidator(_no_boolean)

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), Field(json_schema_extra=_unit("name"))]
Names = Annotated[str, StringConstraints(strip_whitespace=True), Field(json_schema_extra=_unit("names; by ;"))]
Text = Annotated[str, StringConstraints(strip_whitespace=True), Field(json_schema_extra=_unit("text"))]
Period = Annotated[
    str,
    StringConstraints(strip_whitespace=True, pattern=r"^(\d{4}(Q[1-4]|-(0[1-9]|1[0-2]))?)?$"),
    Field(json_schema_extra=_unit("period")),
]
Price = Annotated[float, _number, _bounds("money/mass", ge=0)]
Penalty = Annotated[float, _number, _bounds("money/mass, money per supplier, or money/money", ge=0)]
Credit = Annotated[float, _number, _bounds("money/mass")]
Holding = Annotated[float, _number, _bounds("money/mass/year", ge=0)]
Money = Annotated[float, _number, _bounds("money", ge=0)]
Rate = Annotated[float, _number, _bounds("mass/year", ge=0)]
Mass = Annotated[float, _number, _bounds("mass", ge=0)]
Limit = Annotated[
    float,
    _number,
    _bounds("fraction, HHI (0 to 1), mass or money per `per`, the attribute's unit, or suppliers", ge=0),
]
Measure = Annotated[float, _number, _bounds("the attribute's own")]
Share = Annotated[float, _number, _bounds("fraction", ge=0, le=1)]
Loss = Annotated[float, _number, _bounds("fraction", ge=0, lt=1)]
Duty = Annotated[float, _number, _bounds("fraction of customs value", ge=0, le=20)]
Ratio = Annotated[float, _number, _bounds("mass/mass", ge=0)]
Content = Annotated[float, _number, _bounds("mass/mass", ge=0, le=1)]
Days = Annotated[float, _number, _bounds("days", ge=0, le=3650)]
Latitude = Annotated[float, _number, _bounds("degrees", ge=-90, le=90)]
Longitude = Annotated[float, _number, _bounds("degrees", ge=-180, le=180)]
Count = Annotated[int, _number, _bounds("periods", ge=0, le=10_000)]
Rank = Annotated[int, _number, _bounds("rank", ge=1, le=100)]
Factor = Annotated[float, _number, _bounds("factor", ge=0, le=1000)]
YesNo = Annotated[Literal["yes", "no"], Field(json_schema_extra=_unit("yes, no"))]
Pool = Annotated[Literal["", "each", "together"], Field(json_schema_extra=_unit("each, together"))]


class Row(BaseModel):
    """One line of a table."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, populate_by_name=True)
    TABLE: ClassVar[str]
    KEY: ClassVar[tuple[str, ...]]


class MaterialRow(Row):
    """One form of an element at one stage of the chain."""

    TABLE = "materials"
    KEY = ("material",)

    material: Name
    """The material's name, used by every other table."""
    stage: Text = ""
    """Stage of the chain, as rules and the concentration report name it (mine, oxide, metal, magnet)."""
    element: Text = ""
    """Chemical element that the tonnes are contained in or that the product is bought for."""
    description: Text = ""
    """What it is, in words."""
    basis: Annotated[Literal["contained", "product"], Field(json_schema_extra=_unit("contained, product"))] = (
        "contained"
    )
    """Whether a tonne is contained element or gross product."""
    customs_value: Price | None = None
    """Value that duties are a fraction of; empty = the origin's list price."""
    disposal_cost: Credit = 0.0
    """Cost of a tonne of surplus that leaves a plant unused; negative for a by-product credit."""


class ContentRow(Row):
    """What element a product material holds."""

    TABLE = "contents"
    KEY = ("material", "element")

    material: Name
    """A material whose basis is product; a name from ``materials``."""
    element: Name
    """Chemical element."""
    content: Content
    """Tonnes of element per tonne of material."""


class PlaceRow(Row):
    """A country (ISO3) or a region."""

    TABLE = "places"
    KEY = ("place",)

    place: Name
    """ISO 3166-1 alpha-3 code, or a region's name."""
    name: Text = ""
    """Name as people say it."""
    latitude: Latitude | None = None
    """Latitude, north positive."""
    longitude: Longitude | None = None
    """Longitude, east positive."""
    risk: Share | None = None
    """Country risk, 0 (none) to 1."""


class GroupRow(Row):
    """One member of an alliance, a union or a list of concern."""

    TABLE = "groups"
    KEY = ("group", "member")

    group: Name
    """The group's name."""
    member: Name
    """A place, an owner, a site or another group."""


class SiteRow(Row):
    """A mine, plant, recycler, market or depot: anything that sells, converts, consumes or holds."""

    TABLE = "sites"
    KEY = ("site",)

    site: Name
    """The site's name."""
    place: Text = ""
    """Where it stands; a name from ``places``."""
    owner: Text = ""
    """Who owns it."""
    kind: Text = ""
    """A label only: mine, separation plant, smelter, magnet maker, recycler, market, depot."""
    latitude: Latitude | None = None
    """Latitude, north positive."""
    longitude: Longitude | None = None
    """Longitude, east positive."""
    capacity: Rate | None = None
    """Capacity shared by all that the site offers; empty = unlimited."""


class OfferRow(Row):
    """What a site sells: one material at a price, up to a capacity."""

    TABLE = "offers"
    KEY = ("site", "material", "from")

    site: Name
    """The seller; a name from ``sites``."""
    material: Name
    """What it sells; a name from ``materials``."""
    from_: Period = Field("", alias="from")
    """First period of the offer; empty = from the start."""
    until: Period = ""
    """Last period of the offer; empty = to the end."""
    price: Price
    """Price at the seller's gate, without freight and duty."""
    capacity: Rate | None = None
    """Most that is sold; empty = unlimited."""
    fixed_cost: Money = 0.0
    """Charge for each calendar year in which anything is bought."""
    min_award: Rate = 0.0
    """Least that is bought in a calendar year in which anything is bought."""
    capacity_use: Ratio = 1.0
    """Site capacity used per tonne."""
    setup_use: Mass = 0.0
    """Site capacity used in each period in which anything is sold."""
    origin: Text = ""
    """Place where the element was mined or recycled; empty = the site's place."""


class TierRow(Row):
    """The price from a quantity on of what a site sells in a calendar year."""

    TABLE = "tiers"
    KEY = ("site", "material", "from_quantity")

    site: Name
    """The seller; a name from ``sites``."""
    material: Name
    """What it offers; a name from ``materials``."""
    from_quantity: Rate
    """Quantity of a calendar year from which on the price holds; below the first, that of the offer holds."""
    price: Price
    """Price at the seller's gate, without freight and duty."""
    scheme: Annotated[Literal["incremental", "all_units"], Field(json_schema_extra=_unit("incremental, all_units"))]
    """Whether it holds for the quantity above, or for all of the year's; one scheme for each site and material."""


class ProcessRow(Row):
    """A conversion at a site, with one activity level per period."""

    TABLE = "processes"
    KEY = ("process",)

    process: Name
    """The process's name."""
    site: Name
    """Where it runs; a name from ``sites``."""
    capacity: Rate | None = None
    """Most activity; empty = unlimited."""
    cost: Credit = 0.0
    """Toll per tonne of activity; what is consumed is bought on its own lane."""
    fixed_cost: Money = 0.0
    """Charge for each calendar year in which it runs."""
    min_load: Share = 0.0
    """Least activity in a period in which it runs, as a fraction of capacity."""
    from_: Period = Field("", alias="from")
    """First period in which it can run; empty = from the start."""
    until: Period = ""
    """Last period in which it can run; empty = to the end."""


class RecipeRow(Row):
    """What one tonne of activity takes in and gives out, of one material."""

    TABLE = "recipes"
    KEY = ("process", "material")

    process: Name
    """A name from ``processes``."""
    material: Name
    """A name from ``materials``."""
    input: Ratio = 0.0
    """Tonnes taken in per tonne of activity."""
    output: Ratio = 0.0
    """Tonnes given out per tonne of activity."""


class LaneRow(Row):
    """A way to move one material from one site to another."""

    TABLE = "lanes"
    KEY = ("origin", "destination", "material")

    origin: Name
    """Where it is dispatched; a name from ``sites``."""
    destination: Name
    """Where it arrives; a name from ``sites``."""
    material: Name
    """What is moved; a name from ``materials``."""
    freight: Price = 0.0
    """Freight and insurance per dispatched tonne."""
    duty: Duty | None = None
    """Duty as a fraction of customs value; empty = the ``duties`` table, else 0."""
    customs_value: Price | None = None
    """Value that duty is a fraction of; empty = the material's, else the origin's list price."""
    loss: Loss = 0.0
    """Fraction lost on the way, taken from what arrives."""
    lead_time: Count = 0
    """Whole periods between dispatch and arrival."""
    capacity: Rate | None = None
    """Most that is dispatched; empty = unlimited."""
    fixed_cost: Money = 0.0
    """Charge for each calendar year in which the lane is used."""


class RouteRow(Row):
    """A capacity or a charge shared by all materials between two sites."""

    TABLE = "routes"
    KEY = ("origin", "destination")

    origin: Name
    """A name from ``sites``."""
    destination: Name
    """A name from ``sites``."""
    capacity: Rate | None = None
    """Most that is dispatched of all materials together; empty = unlimited."""
    fixed_cost: Money = 0.0
    """Charge for each calendar year in which any material moves."""


class FreightRow(Row):
    """A freight rate between two places; lanes are derived from it where a site needs what another sells."""

    TABLE = "freight"
    KEY = ("origin", "destination", "stage", "material")

    origin: Name
    """A name from ``places``."""
    destination: Name
    """A name from ``places``; the origin itself for freight inside one place."""
    stage: Text = ""
    """Stage whose materials the rate holds for; empty where ``material`` is given."""
    material: Text = ""
    """Material the rate holds for; beats a row for its stage."""
    freight: Price
    """Freight and insurance per dispatched tonne."""
    lead_time: Count = 0
    """Whole periods between dispatch and arrival."""
    loss: Loss = 0.0
    """Fraction lost on the way, taken from what arrives."""


class DutyRow(Row):
    """A duty between places or groups."""

    TABLE = "duties"
    KEY = ("origin", "destination", "material", "from")

    origin: Name
    """A place or a group."""
    destination: Name
    """A place or a group."""
    material: Text = ""
    """A name from ``materials``; empty = all."""
    duty: Duty
    """Duty as a fraction of customs value."""
    from_: Period = Field("", alias="from")
    """First period; empty = from the start."""
    until: Period = ""
    """Last period; empty = to the end."""


class AttributeRow(Row):
    """What is known of what a site sells, beside its price: its risk, carbon, recycled content, quality."""

    TABLE = "attributes"
    KEY = ("site", "material", "attribute")

    site: Name
    """The site that sells; a name from ``sites``."""
    material: Text = ""
    """A name from ``materials``; empty = all that it sells. A row with a material beats one without."""
    attribute: Name
    """What it is: ``risk`` (0 to 1; missing = the risk of the site's place), ``recycled`` (fraction of what is sold;
    missing = 0), or any other name, of which every site that a rule counts needs a value."""
    value: Measure
    """Its value per unit of mass, in whatever unit it is counted in: the rules' limits are in the same."""


class InTransitRow(Row):
    """What is under way at the start, and what may be under way at the end."""

    TABLE = "in_transit"
    KEY = ("origin", "destination", "material", "arrives")

    origin: Name
    """A name from ``sites``."""
    destination: Name
    """A name from ``sites``."""
    material: Name
    """A name from ``materials``."""
    arrives: Period
    """Period of arrival: within the horizon for ``quantity``, after it for ``final``."""
    quantity: Mass = 0.0
    """Tonnes dispatched before the start that arrive in this period; the lane's loss is taken on arrival."""
    paid: YesNo = "yes"
    """Whether it is paid already; if not, price, freight and duty fall due on arrival."""
    final: Mass | None = None
    """Most that may be dispatched so as to arrive in this period after the horizon; empty = none."""


class DemandRow(Row):
    """What a site consumes."""

    TABLE = "demands"
    KEY = ("site", "material", "period", "priority")

    site: Name
    """A name from ``sites``."""
    material: Name
    """A name from ``materials``."""
    period: Period = ""
    """Period; empty = every period for which no row of its own is given."""
    priority: Text = ""
    """A name from ``priorities``; empty = must be met."""
    quantity: Rate
    """Demand, per year."""


class PriorityRow(Row):
    """A class of demand: who is served first, and what unmet demand costs."""

    TABLE = "priorities"
    KEY = ("priority",)

    priority: Name
    """The priority's name."""
    rank: Rank = 1
    """Served in this order: rank 1 before rank 2."""
    unmet_cost: Price | None = None
    """Cost of a tonne of unmet demand; empty = must be met."""


class StockpileRow(Row):
    """Stock of one material held at a site."""

    TABLE = "stockpiles"
    KEY = ("site", "material", "from")

    site: Name
    """Where it is held; a name from ``sites``."""
    material: Name
    """A name from ``materials``."""
    from_: Period = Field("", alias="from")
    """First period of the row; empty = from the start."""
    until: Period = ""
    """Last period of the row; empty = to the end."""
    initial: Mass = 0.0
    """Stock at the start."""
    initial_origin: Text = ""
    """Place where the opening stock was mined or recycled; empty = unknown."""
    capacity: Mass | None = None
    """Most that can be held; empty = unlimited."""
    fill_rate: Rate | None = None
    """Most put into stock; empty = unlimited."""
    release_rate: Rate | None = None
    """Most taken out of stock; empty = unlimited."""
    holding_cost: Holding = 0.0
    """Cost of holding a tonne for a year, paid on the closing stock."""
    loss: Loss = 0.0
    """Fraction lost per year."""
    cover_days: Days = 0.0
    """Days of planned consumption ahead that the stock must cover."""
    covers: Text = ""
    """Site, place or group whose consumption is covered; empty = this site."""
    final: Mass | None = None
    """Least stock at the end; empty = the opening stock."""


class AwardBeforeRow(Row):
    """What an incumbent had: tonnes a year of one material for one market, as the awards of last year say.

    A rule reads it as its base ``before``, a share of what each subject itself had ("at least 80 % of it again"): a
    floor or a cap per incumbent in one row of ``rules``, phased in, priced and explained as any other share, where a
    kind of its own would only repeat ``min_share`` and ``max_share``.
    """

    TABLE = "awards_before"
    KEY = ("site", "material", "market")

    site: Name
    """The incumbent; a name from ``sites``."""
    material: Name
    """A name from ``materials``."""
    market: Text = ""
    """Site, place or group that it supplied; empty = every site with demand for the material."""
    quantity: Rate
    """Tonnes a year that arrived there from it."""


class RuleRow(Row):
    """One sentence of policy: a cap or a floor on shares or quantities."""

    TABLE = "rules"
    KEY = ("rule", "from")

    rule: Name
    """The rule's name; rows of one name with disjoint periods are one rule."""
    from_: Period = Field("", alias="from")
    """First period; empty = from the start."""
    until: Period = ""
    """Last period; empty = to the end."""
    kind: Annotated[
        Literal[
            "max_share",
            "min_share",
            "max_hhi",
            "max_quantity",
            "min_quantity",
            "max_suppliers",
            "min_suppliers",
            "min_award",
            "max_average",
            "min_average",
            "max_spend",
            "min_spend",
        ],
        Field(json_schema_extra=_unit("kind")),
    ]
    """What is limited."""
    limit: Limit
    """The limit: a fraction for shares, 0 to 1 for the HHI (0.25 for 2,500 points), tonnes per period, year or horizon
    for quantities, a whole number of subjects for suppliers, the attribute's unit for averages, undiscounted money per
    period, year or horizon for spend; of an award (if a subject supplies at all, at least so much) tonnes, or a
    fraction of its base."""
    subject_by: Annotated[
        Literal["", "place", "owner", "site", "group"], Field(json_schema_extra=_unit("place, owner, site, group"))
    ] = ""
    """What the limit holds for, one by one; with group, each named group is one subject. Empty, for averages and spend
    alone: for everything that the rule counts together."""
    subject: Names = ""
    """Names of subjects, or groups of them; empty = all (with group: required)."""
    except_: Names = Field("", alias="except")
    """Names that are no subjects, or groups of them, or ``home``; they stay in the base."""
    material: Names = ""
    """Materials in scope; empty = all (of ``stage``)."""
    stage: Names = ""
    """Stages in scope; empty = all."""
    market: Names = ""
    """Sites, places or groups that buy or consume; empty = every site with demand."""
    basis: Annotated[Literal["purchases", "origin", "made"], Field(json_schema_extra=_unit("purchases, origin, made"))]
    """What is counted: tonnes arriving from outside the market; tonnes of element by the place where it was mined or
    recycled, carried through every plant and stock; or tonnes made at the subject's sites."""
    base: Annotated[
        Literal["", "consumption", "demand", "purchases", "before"],
        Field(json_schema_extra=_unit("consumption, demand, purchases, before")),
    ] = ""
    """What a share is a share of, or what the shares of an HHI are; required for both, empty for quantities, either for
    an award; with before, of what each subject itself had (``awards_before``)."""
    home_in_base: YesNo = "yes"
    """Whether home supply is inside a base of purchases."""
    recycled_in_base: YesNo = "yes"
    """Whether recycled supply, told by the attribute ``recycled``, is inside a base of purchases."""
    stock_in_base: YesNo = "no"
    """Whether stock released at the market's sites is inside a base of purchases."""
    per: Annotated[Literal["period", "year", "horizon"], Field(json_schema_extra=_unit("period, year, horizon"))]
    """Whether the limit holds in each period, each calendar year, or over the row's whole window."""
    pool: Pool = ""
    """Materials of one stage each or together; required where the scope holds more than one."""
    stage_pool: Pool = ""
    """Stages each or together; required where the scope holds more than one."""
    market_pool: Pool = ""
    """Markets each or together; required where the scope holds more than one."""
    attribute: Text = ""
    """What is averaged; a name from ``attributes``, or ``risk``. For averages alone."""
    penalty: Penalty | None = None
    """Price of a tonne of excess, of each supplier too many or too few, of a unit of the attribute times a tonne, or of
    a unit of money spent; empty = hard."""
    protected: YesNo = "no"
    """Whether the rule is never offered for repair."""
    source: Text = ""
    """Where the rule is written."""


class ScenarioRow(Row):
    """Something that may happen; the base path is what is planned where it does not."""

    TABLE = "scenarios"
    KEY = ("scenario",)

    scenario: Name
    """The scenario's name."""
    probability: Share | None = None
    """How likely it is; those of all scenarios add up to 1."""
    start: Period = ""
    """Period from which on it is known; until then all is as in the base path. Empty = the first."""
    description: Text = ""
    """What happens, in words, and where that is written."""


class DisruptionRow(Row):
    """One thing that a scenario takes away, or makes dearer or more wanted."""

    TABLE = "disruptions"
    KEY = ("scenario", "line")

    scenario: Name
    """A name from ``scenarios``."""
    line: Name
    """What tells the rows of a scenario apart: a number, or a name."""
    place: Text = ""
    """Whose sites are hit: those of a place; with several of place, owner, site and group those that fit all."""
    owner: Text = ""
    """Those of an owner."""
    site: Text = ""
    """One site."""
    group: Text = ""
    """Those of a group, or of ``home``."""
    material: Text = ""
    """The material that is hit; empty = all (of ``stage``). Of processes: one that they make."""
    stage: Text = ""
    """The stage whose materials are hit; empty = all."""
    activity: Annotated[Literal["", "sell", "make", "ship"], Field(json_schema_extra=_unit("sell, make, ship"))] = ""
    """What is hit: offers, processes, or dispatches to sites that are not hit themselves; empty = all three."""
    to: Text = ""
    """Site, place or group: only dispatches to its sites are hit."""
    from_: Period = Field("", alias="from")
    """First period; empty = the scenario's start."""
    until: Period = ""
    """Last period; empty = to the end."""
    keeps: Share | None = None
    """Fraction of capacity that is left; empty = 0, or 1 where the row gives a factor. Rows multiply."""
    price_factor: Factor = 1.0
    """What the price of the offers that are hit is multiplied by."""
    demand_factor: Factor = 1.0
    """What the demand of the sites and materials that are hit is multiplied by."""


TABLES: dict[str, type[Row]] = {
    row.TABLE: row
    for row in (
        MaterialRow,
        ContentRow,
        PlaceRow,
        GroupRow,
        SiteRow,
        OfferRow,
        TierRow,
        ProcessRow,
        RecipeRow,
        LaneRow,
        RouteRow,
        FreightRow,
        DutyRow,
        AttributeRow,
        InTransitRow,
        DemandRow,
        PriorityRow,
        StockpileRow,
        AwardBeforeRow,
        RuleRow,
        ScenarioRow,
        DisruptionRow,
    )
}
"""Every table that is read, by name, in the order in which people fill them in."""

LATER_TABLES = (
    "discounts",
    "bundles",
    "substitutes",
    "contracts",
    "projects",
)
"""Tables that are known by name and refused as not yet supported."""


class Header(BaseModel):
    """What ``instance.toml``, or the sheet ``instance``, says of the whole instance."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    """Name of the instance."""
    title: str = ""
    """Title in words."""
    currency: str = "USD"
    """Currency of all money, a label."""
    price_year: int | None = None
    """Year whose prices the money is in."""
    mass_unit: Literal["t", "kg", "kt"] = "t"
    """Unit of every quantity, and of the denominator of every price."""
    first_period: Annotated[str, StringConstraints(pattern=r"^\d{4}(Q[1-4]|-(0[1-9]|1[0-2]))?$")]
    """First period: 2027, 2027Q1 or 2027-03, as ``period_length`` says."""
    periods: Annotated[int, Field(ge=1, le=1200)]
    """How many periods are planned."""
    period_length: Literal["year", "quarter", "month"] = "year"
    """Length of a period."""
    discount_rate: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.0
    """Real discount rate per year."""
    home: str = ""
    """Group that counts as home in rules; empty = none."""
    scenario: str = ""
    """Scenario that happens in this plan; empty = none, the base path."""
    sources: str = ""
    """Where the data come from."""


@dataclass(frozen=True)
class Column:
    """One column of one table, as every reader and writer of tables needs it."""

    name: str
    """Name in the table (``from``, not ``from_``)."""
    required: bool
    """Whether a cell may not be empty."""
    key: bool
    """Whether it is part of the table's key."""
    default: Any
    """Value of an empty cell; ``None`` where empty has a meaning of its own."""
    numeric: bool
    """Whether the cells are numbers."""
    unit: str
    """Unit, or the form of a text."""
    choices: tuple[str, ...]
    """The only texts allowed; empty = any."""
    meaning: str
    """One sentence."""
    adapter: TypeAdapter[Any]
    """Checks a list of filled cells at once."""


def _unwrap(annotation: Any) -> Any:
    """The type behind ``Annotated`` and ``| None``."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    inner = [argument for argument in get_args(annotation) if argument is not type(None)]
    if get_origin(annotation) is not Literal and len(inner) == 1:
        return _unwrap(inner[0])
    return annotation


@cache
def columns(table: str) -> dict[str, Column]:
    """Columns of a table by name, in the order of the row model.

    Raises:
        KeyError: the table is unknown.
    """
    row = TABLES[table]
    schema = row.model_json_schema(by_alias=True)["properties"]
    found = {}
    for attribute, field in row.model_fields.items():
        name = field.alias or attribute
        annotation = row.__annotations__[attribute]
        bare = _unwrap(annotation)
        choices = tuple(get_args(bare)) if get_origin(bare) is Literal else ()
        spec = schema[name]
        unit = spec.get("unit") or next((s["unit"] for s in spec.get("anyOf", ()) if "unit" in s), "")
        found[name] = Column(
            name=name,
            required=field.is_required(),
            key=name in row.KEY,
            default=None if field.is_required() else field.default,
            numeric=bare in (float, int),
            unit=unit,
            choices=choices,
            meaning=field.description or "",
            adapter=TypeAdapter(list[annotation]),  # type: ignore[valid-type]
        )
    return found
