"""The sections of a report: each a finding, what is plotted and in which unit, a figure, and its numbers as a table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import floor, isfinite
from typing import TYPE_CHECKING

from planner.report.concentration import shares
from planner.report.facts import TIE, Facts
from planner.report.map import places
from planner.report.markup import Cell, cells, table
from planner.report.optional import Exposure, Frontier, Halt
from planner.report.panels import stocks
from planner.report.steps import NAMES
from planner.report.summary import each, mass, money, percent, place_names, span

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class Section:
    """One idea of the report."""

    id: str
    nav: str
    title: str
    note: str
    table: str
    figure: bool = True
    """Whether a figure stands above the table; the table is then folded."""
    picks: tuple[str, ...] = field(default=())
    """Materials that can be picked."""
    legend: tuple[str, ...] = field(default=())
    """Materials whose colours are explained."""


def sections(
    facts: Facts, frontier: Frontier | None = None, exposure: Exposure | None = None, halt: Halt | None = None
) -> list[Section]:
    """Every section that there is something to say in, in order."""
    found: list[Section | None] = [_decisions(facts), _supply(facts), _map(facts), _concentration(facts)]
    found += [
        _cover(facts, halt),
        _cost(facts),
        None if frontier is None else _frontier(facts, frontier),
        _limits(facts),
    ]
    found += [None if exposure is None else _exposure(exposure)]
    return [section for section in found if section is not None]


MOST_RULES, MOST_OTHERS = 8, 6
"""Binding rules and other limits that are told."""


def _number(value: float, told: Callable[[float], str]) -> Cell:
    return Cell(told(value), value)


def _signed(value: float, told: Callable[[float], str]) -> Cell:
    return Cell(f"{'+' if value > 0 else '−'}{told(abs(value))}", value)


def _decisions(facts: Facts) -> Section:
    """What to do, in order; without a reference, what is bought."""
    currency = facts.currency
    if facts.reference is None or not len(facts.decisions):
        rows = facts.summary.purchases.head(12)
        lines = [
            cells(row.site, row.country, row.material, _number(row.quantity, mass), _number(row.cost, money), row.to)
            for row in each(rows)
        ]
        heads = [
            ("Bought from", False),
            ("Country", False),
            ("Material", False),
            ("t", True),
            (currency, True),
            ("To", False),
        ]
        title = f"{len(facts.summary.purchases)} purchases; these move most money"
        note = f"What is bought from sites, {facts.when}, in tonnes and {currency}, undiscounted."
        return Section("decisions", "Decisions", title, note, table(note, heads, lines), figure=False)
    rows = facts.decisions
    first = str(rows["since"].min())
    soon = int((rows["since"] == first).sum())
    lines = [
        cells(
            Cell(str(n + 1), n + 1), row.decision, row.material, ", ".join(filter(None, (row.site, row.country))),
            span(row.since, row.until), _signed(row.quantity, mass), _signed(row.effect, money), row.why,
        )
        for n, row in enumerate(each(rows))
    ]  # fmt: skip
    heads = [("#", True), ("Decision", False), ("Material", False), ("Where", False), ("When", False)]
    heads += [("Volume, t", True), (f"Cost effect, {currency}", True), ("Why", False)]
    title = f"What to do: {len(rows)} decisions, {soon} of them from {first} on"
    note = (
        f"Where the plan differs most from the cheapest one, which has no rules. Volume over {facts.when} (of stocks "
        "the mean held); cost effect: what that line itself costs more or less, present value."
    )
    return Section("decisions", "Decisions", title, note, table(note, heads, lines), figure=False)


def _supply(facts: Facts) -> Section | None:
    rows = facts.supply
    if rows.empty:
        return None
    paid = facts.paid
    reached = int((paid > 0.0005 * paid.sum()).sum())
    title = (
        f"Spending reaches {_countries(reached)}; {percent(paid.iloc[0] / paid.sum())} of it goes to {paid.index[0]}"
    )
    note = (
        f"Paid to sellers and plants for what is consumed, {facts.when}, {facts.currency}, undiscounted; freight and "
        "duty come on top. Flows below 0.1 % are not drawn. Pick a material to follow its tonnes."
    )
    total = float(rows["money"].sum())
    lines = [
        cells(row.paid_in, row.made_in, row.material, _number(row.money, money), _number(row.money / total, percent))
        for row in each(rows.head(40))
    ]
    heads = [("Paid in", False), ("Made in", False), ("Used as", False), (facts.currency, True), ("of all", True)]
    return Section("supply", "Where it comes from", title, note, table(note, heads, lines), picks=picks(facts))


def picks(facts: Facts) -> tuple[str, ...]:
    """The materials that travel, dearest twelve, in the order of the materials table."""
    sent = facts.shipments.groupby("material")["money"].sum().sort_values(ascending=False, kind="stable").index[:12]
    return tuple(name for name in facts.plan.instance.tables["materials"]["material"] if name in set(sent))


def _countries(number: int) -> str:
    return "1 country" if number == 1 else f"{number} countries"


def _map(facts: Facts) -> Section | None:
    at, rows = places(facts), facts.shipments
    known = rows[rows["origin"].isin(at.keys()) & rows["destination"].isin(at.keys())]
    if known.empty:
        return None
    first = known.iloc[0]
    count = _countries(known["origin"].nunique())
    title = f"{count} deliver across borders; most travels from {first.origin} to {first.destination}"
    note = (
        f"Value that travels between countries, {facts.when}, undiscounted: line width by value, colour by material; "
        "circle: what is paid in the country. Outlines: Natural Earth, Equal Earth projection."
    )
    lines = [
        cells(row.origin, row.destination, row.material, _number(row.money, money)) for row in each(known.head(45))
    ]
    heads = [("From", False), ("To", False), ("Material", False), (facts.currency, True)]
    seen = {*known.head(45)["material"]}
    legend = tuple(name for name in facts.plan.instance.tables["materials"]["material"] if name in seen)
    return Section("map", "Map", title, note, table(note, heads, lines), legend=legend)


def _concentration(facts: Facts) -> Section | None:
    rows = facts.shares
    if rows.empty:
        return None
    over = int((rows["share"] > rows["cap"] + TIE).sum())
    capped, before = int(rows["cap"].notna().sum()), int((rows["before"] > rows["cap"] + TIE).sum())
    top = rows.sort_values("share", ascending=False, kind="stable").iloc[0]
    if not capped:
        title = (
            f"No material has a cap of its own; {top['subject']} delivers {percent(top['share'])} of {top['material']}"
        )
    elif facts.reference is None:
        title = f"{capped - over} of {capped} capped materials are within their cap"
    else:
        now = "none is now" if not over else f"{over} still {'is' if over == 1 else 'are'}"
        title = f"{before} of {capped} capped materials would be above their cap in the cheapest plan; {now}"
    group = facts.plan.instance.header.home or "all sites"
    note = (
        f"Largest share of one country outside in what {group} use, {facts.last}, %. "
        f"{'Open ring: cheapest plan. Dot' if facts.reference else 'Dot'}: this plan. Shaded: above the cap."
    )
    lines = [
        cells(
            row.material, row.stage, row.before_subject if row.before == row.before else "–", _part(row.before),
            row.subject, _part(row.share), _part(row.cap),
        )
        for row in each(rows)
    ]  # fmt: skip
    heads = [("Material", False), ("Stage", False), ("Cheapest: largest", False), ("Share", True)]
    heads += [("This plan: largest", False), ("Share, this plan", True), ("Cap", True)]
    return Section("concentration", "Concentration", title, note, table(note, heads, lines))


def _part(value: float) -> Cell:
    return Cell("–") if value != value else Cell(percent(value), value)


def _cover(facts: Facts, halt: Halt | None) -> Section | None:
    rows = stocks(facts)
    if rows.empty:
        return None
    asked = rows[rows["target"] > 0]
    short = asked[asked["value"] < asked["target"] * (1 - 1e-6)]
    count = rows["title"].nunique()
    if len(short):
        title = f"{short['title'].nunique()} of {count} stocks fall below their target"
    elif len(asked):
        low = asked.sort_values("value", kind="stable").iloc[0]
        title = f"Every stock holds its target; the lowest is {low['title']} with {low['value']:.0f} days"
    else:
        title = f"{count} stocks are held; none has a target"
    note = f"Days of use covered at the end of each period, {facts.when}; dotted: the target. Stocks without one: t."
    note += "" if halt is None else f" Shaded: {halt.scenario}, {span(halt.since, halt.until)}."
    lines = [
        cells(
            row.title, row.period, row.unit, _number(row.value, _days if row.unit == "days" else mass),
            Cell("–") if row.target != row.target else _number(row.target, lambda v: f"{v:,.0f}"),
        )
        for row in each(rows)
    ]  # fmt: skip
    heads = [("Stock", False), ("Period", False), ("Unit", False), ("Held", True), ("Target", True)]
    return Section("cover", "Stockpiles", title, note, table(note, heads, lines))


def _days(days: float) -> str:
    """Days of cover; where next to nothing is used, stock lasts for ten years or more."""
    return "3,650 or more" if days >= 3650 else f"{days:,.0f}"


def _cost(facts: Facts) -> Section | None:
    rows, currency = facts.steps, facts.currency
    if facts.reference is None or rows.empty:
        return None
    up, down = rows.iloc[0], rows.iloc[-1]
    name = NAMES.get(str(up["component"]), str(up["component"]))
    title = f"The plan pays {money(up['change'])} {currency} more for {name.lower()}"
    if down["change"] < 0:
        other = NAMES.get(str(down["component"]), str(down["component"]))
        title += f" and {money(-down['change'])} less for {other.lower()}"
    note = f"Cost by component, {currency}, present value, from the cheapest plan to this one; axis not from zero."
    lines = [
        cells(
            NAMES.get(row.component, row.component), _number(row.before, money), _number(row.after, money),
            _signed(row.change, money),
        )
        for row in each(rows)
    ]  # fmt: skip
    heads = [("Component", False), ("Cheapest plan", True), ("This plan", True), ("Change", True)]
    return Section("cost", "Cost", title, note, table(note, heads, lines))


def _frontier(facts: Facts, given: Frontier) -> Section:
    points = given.points.sort_values("limit", ascending=not given.falling, kind="stable")
    scale = 100.0 if given.unit == "%" else 1.0
    first, last = points.iloc[0], points.iloc[-1]
    extra = f"{money(last['cost'] - first['cost'])} {facts.currency}"
    title = f"From {first['limit'] * scale:g} to {last['limit'] * scale:g} {given.unit} costs {extra}"
    note = f"Least cost at each limit: {given.label}; {facts.currency}, present value."
    lines = [
        cells(Cell(f"{row.limit * scale:g} {given.unit}", row.limit), _number(row.cost, money)) for row in each(points)
    ]
    return Section(
        "frontier", "Frontier", title, note, table(note, [("Limit", True), (f"Cost, {facts.currency}", True)], lines)
    )


def _limits(facts: Facts) -> Section:
    rules, plan = facts.summary.rules, facts.plan
    number = int(plan.rules["rule"].nunique())
    binding = int(plan.rules.loc[plan.rules["binding"] == "yes", "rule"].nunique())
    if not number:
        title = "There are no rules; what limits the plan is its network"
    elif rules.empty:
        title = f"None of {number} rules costs anything at the margin"
    else:
        title = f"{binding} of {number} rules bind; a little more room in {rules.iloc[0]['rule']} is worth most"
    note = (
        "Worth: what one percentage point of a share, or one percent of a quantity, would save in all periods in which "
        f"it binds, {facts.currency}, present value, at the margin (shadow prices). Price: per tonne of excess, "
        "undiscounted."
    )
    lines = [
        cells(
            row.rule, f"{row.name} · {row.material}" if row.name else row.material, span(row.since, row.until),
            _limit(row.first_limit, row.last_limit, row.unit),
            Cell(_range(row.least_price, row.most_price), row.most_price), _number(row.worth, money),
            row.sentence.removeprefix(f"{row.rule}: "),
        )
        for row in each(rules.head(MOST_RULES))
    ]  # fmt: skip
    more = len(rules) - len(lines)
    note += f" {more} more are in the run." if more else ""
    heads = [("Rule that binds", False), ("Where", False), ("Periods", False), ("Limit", False)]
    heads += [(f"Price, {facts.currency} per t", True), ("Worth of one more", True), ("What it says", False)]
    told = table(note, heads, lines) if lines else ""
    return Section("limits", "What binds", title, note if lines else "", told + _other_limits(facts), figure=False)


def _limit(first: float, last: float, unit: str) -> str:
    told = [percent(value) if unit == "share" else f"{mass(value)} {unit}" for value in (first, last)]
    return told[0] if told[0] == told[1] else f"{told[0]} to {told[1]}"


def _range(low: float, high: float) -> str:
    return money(high) if f"{low:.0f}" == f"{high:.0f}" else f"{money(low)} to {money(high)}"


KINDS = {
    "capacity.site": "Capacity of the site",
    "capacity.route": "Capacity of the route",
    "stockpile.cover": "Days of cover",
    "stockpile.final": "Stock at the end",
}
"""Limits beside the rules, as people call them."""


def _other_limits(facts: Facts) -> str:
    """Capacities and stock targets that bind, dearest first."""
    prices, names = facts.plan.prices, place_names(facts.plan.instance)
    prices = prices[prices["constraint"].isin(KINDS.keys())]
    if prices.empty:
        return ""
    keys = ["constraint", "site", "destination", "material"]
    rows = prices.assign(price=prices["shadow_price_undiscounted"].abs(), worth=prices["shadow_price"].abs())
    found = rows.groupby(keys).agg(
        since=("period", "min"),
        until=("period", "max"),
        low=("price", "min"),
        high=("price", "max"),
        worth=("worth", "sum"),
    )
    found = found.sort_values("worth", ascending=False, kind="stable").head(MOST_OTHERS).reset_index()
    lines = [
        cells(
            KINDS[row.constraint],
            " · ".join(filter(None, (names.get(row.site, row.site), row.destination, row.material))),
            span(row.since or facts.periods[-1], row.until or facts.periods[-1]),
            Cell(_range(row.low, row.high), row.high),
        )
        for row in each(found)
    ]  # fmt: skip
    heads = [("Other limit that binds", False), ("Where", False), ("Periods", False)]
    heads += [(f"Worth of one tonne, {facts.currency}", True)]
    return table("Capacities and stock targets that bind; undiscounted, per tonne", heads, lines)


def _exposure(given: Exposure) -> Section:
    note = (
        f"Each country, owner and site lost from {given.start} on, with what the plan has stocked and built by then: "
        "demand met after re-routing, days until demand goes unmet, and how much does."
    )
    lines = [
        cells(
            row.lost, _number(row.coverage, _met),
            _number(row.days, lambda v: f"{v:,.0f}" if isfinite(v) else "survives"), _number(row.unmet, mass),
        )
        for row in each(given.rows)
    ]  # fmt: skip
    heads = [("Lost", False), ("Demand met", True), ("Days to survive", True), ("Unmet, t", True)]
    return Section("exposure", "Exposure", given.summary.rstrip("."), note, table(note, heads, lines), figure=False)


def _met(share: float) -> str:
    """A share of demand; all of it only where nothing is unmet."""
    return percent(share) if share == 1 or share < 0.995 else f"{min(floor(share * 1000) / 10, 99.9):g} %"


def side_by_side(every: Sequence[Facts], here: Facts) -> Section | None:
    """Plans beside each other: cost, largest share, most paid abroad, least cover, unmet demand."""
    if len(every) < 2:
        return None
    rows = [(facts, *_measures(facts)) for facts in every]
    most = max(abs(facts.plan.objective) for facts in every) or 1.0
    lines = [
        cells(
            Cell(facts.name, strong=facts.plan is here.plan),
            Cell(money(facts.plan.objective), facts.plan.objective, bar=facts.plan.objective / most),
            Cell(percent(share), share, bar=share), Cell(money(paid), paid),
            Cell("–") if days is None else _number(days, _days), _number(facts.plan.unmet, mass),
        )
        for facts, share, paid, days in rows
    ]  # fmt: skip
    costs = sorted(facts.plan.objective for facts in every)
    title = f"{len(every)} plans beside each other cost {money(costs[0])} to {money(costs[-1])} {here.currency}"
    note = (
        f"Cost: present value; largest share of one country outside, {here.last}; most paid to one country, "
        "undiscounted. Click a heading to sort."
    )
    heads = [("Plan", False), (f"Cost, {here.currency}", True), ("Largest share", True), ("Paid to one country", True)]
    heads += [("Lowest cover, days", True), ("Unmet, t", True)]
    return Section("plans", "Side by side", title, note, table(note, heads, lines), figure=False)


def _measures(facts: Facts) -> tuple[float, float, float | None]:
    found = shares(facts.plan, facts.last)
    low = facts.lowest
    paid = float(facts.paid.iloc[0]) if len(facts.paid) else 0.0
    return float(found["share"].max()) if len(found) else 0.0, paid, None if low is None else float(low["days"])
