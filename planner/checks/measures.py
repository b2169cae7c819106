"""Checks of rules on averages and on spend: what they count has a value of the attribute, and a price of its own."""

from typing import Any

import numpy as np

from planner.assembly.attributes import RECYCLED, RISK, Attributes
from planner.checks.context import Network, Pairs
from planner.codes import contains, grouped, join
from planner.findings import Findings, suggest, written
from planner.instance import Instance

Markets = list[frozenset[str]]
"""Sites of each market."""

FRACTIONS = (RISK, RECYCLED)
"""Attributes that lie between 0 and 1."""


def fractions(instance: Instance, found: Findings) -> None:
    """Risk and recycled content are fractions."""
    codes = instance.codes
    for name in FRACTIONS:
        value = codes["attributes", "value"]
        wrong = (codes["attributes", "attribute"] == codes.code(name)) & ((value < 0) | (value > 1))
        told = f"{{}} is no fraction: the attribute '{name}' lies between 0 and 1"
        found.rows("attributes", instance.tables["attributes"], wrong, "value", told.format)


def unsold(whole: Network, found: Findings) -> None:
    """An attribute of what a site does not sell, hold or have under way is a warning: no rule can read it."""
    codes = whole.instance.codes
    site, material = codes.pick("attributes", ["site", "material"])
    goods = [whole.made, whole.ends[::2], codes.pick("in_transit", ["origin", "material"])]
    sells = [np.concatenate(cells) for cells in zip(*goods, strict=True)]
    idle = np.where(material == 0, ~codes.within(site, sells[0]), ~contains(sells, [site, material]))
    rows = whole.instance.tables["attributes"]
    found.rows("attributes", rows, idle, "site", "'{}' sells no such material".format, warning=True)


def averaged(line: int, rule: dict[str, Any], counted: Pairs, whole: Network, found: Findings) -> None:
    """Everything that an average counts has a value, on either side of its limit."""
    known, codes, attribute = Attributes(whole.instance), whole.instance.codes, rule["attribute"]
    if attribute not in known.names:
        told = f"no row of attributes gives '{attribute}'{suggest(attribute, sorted(known.names))}"
        found.fault("rules", line, "attribute", attribute, told)
        return
    _, first = grouped(counted)
    once = zip(*(part[first].tolist() for part in counted), strict=True)
    pairs = [(codes.text(site), codes.text(goods)) for site, goods in once]
    values = np.array([known.value(attribute, *pair) for pair in pairs])
    lacking = [f"'{goods}' of '{site}'" for (site, goods), value in zip(pairs, values, strict=True) if np.isnan(value)]
    if lacking:
        where = "attributes, or a risk to its place" if attribute == RISK else "attributes"
        told = f"{len(lacking)} of what the rule counts has no '{attribute}', such as {min(lacking)}; add it to {where}"
        found.fault("rules", line, "attribute", attribute, told)
    elif len(values):
        _far(line, rule, values, found)


def _far(line: int, rule: dict[str, Any], values: np.ndarray[Any, Any], found: Findings) -> None:
    """A limit that everything keeps never binds; one that nothing keeps lets nothing be bought."""
    least, most, limit = float(values.min()), float(values.max()), rule["limit"]
    cap = rule["kind"].startswith("max_")
    told = f"'{written(limit)}': what the rule counts has a {rule['attribute']} of {least:.10g} to {most:.10g}: it "
    if limit >= most if cap else limit <= least:
        found.warn("rules", line, "limit", limit, f"{told}can never bind")
    elif limit < least if cap else limit > most:
        found.warn("rules", line, "limit", limit, f"{told}forbids all of it")


def spent(line: int, rule: dict[str, Any], counted: Pairs, markets: Markets, whole: Network, found: Findings) -> None:
    """What is paid for what a rule on spend counts can be told."""
    if rule["basis"] == "purchases":
        _priced(line, rule, counted, whole, found)
        _sole_buyer(line, rule, counted, markets, whole, found)
    if rule["kind"] == "min_spend":
        dearer = contains(_rising(whole), counted)
        _refuse(
            line, rule, (counted[0][dearer], counted[1][dearer]), whole, found,
            "is dearer in a higher tier: the floor could be kept by paying that tier before the one below is full; "
            "take min_quantity instead",
        )  # fmt: skip


def _rising(whole: Network) -> Pairs:
    """Sites and materials with incremental tiers of which one is dearer than the one below."""
    codes = whole.instance.codes
    cells = codes.pick("tiers", ["site", "material", "from_quantity", "price", "scheme"])
    site, material, start, price, scheme = (part[np.lexsort(cells[2::-1])] for part in cells)
    sellers, goods, listed = codes.pick("offers", ["site", "material", "price"])
    at, offer = join([site, material], [sellers, goods])
    below = np.full(len(site), np.inf)
    np.minimum.at(below, at, listed[offer])
    same = (site[1:] == site[:-1]) & (material[1:] == material[:-1])
    below[1:] = np.where(same, price[:-1], below[1:])
    below[start == 0] = np.inf
    rises = (price > below) & (scheme != codes.code("all_units"))
    return site[rises], material[rises]


def _priced(line: int, rule: dict[str, Any], counted: Pairs, whole: Network, found: Findings) -> None:
    """What is bought is sold by an offer of its site, and reaches the site in no other way."""
    codes = whole.instance.codes
    _, destination, goods = whole.ends
    row, _, place = whole.recipes
    given = codes["recipes", "output"][row] > 0
    others = [
        (destination, goods),
        tuple(codes.pick("in_transit", ["destination", "material"])),
        tuple(codes.pick("stockpiles", ["site", "material"])),
        (place[given], codes["recipes", "material"][row][given]),
    ]
    mixed = contains([np.concatenate(cells) for cells in zip(*others, strict=True)], counted)
    mixed |= ~contains(codes.pick("offers", ["site", "material"]), counted)
    _refuse(
        line, rule, (counted[0][mixed], counted[1][mixed]), whole, found,
        "does not come from its offers alone: what a tonne of it was bought for cannot be told; name other subjects, "
        "or take basis made, which counts what is paid to the subjects themselves",
    )  # fmt: skip


def _sole_buyer(
    line: int, rule: dict[str, Any], counted: Pairs, markets: Markets, whole: Network, found: Findings
) -> None:
    """What is sold by tiers goes to one market alone: what others buy moves the price that it pays."""
    codes = whole.instance.codes
    tiered = contains(codes.pick("tiers", ["site", "material"]), counted)
    if not tiered.any():
        return
    sellers = [part[tiered] for part in counted]
    origin, destination, goods = whole.ends
    shared = contains(whole.used, sellers)
    for market in markets:
        inside = codes.flagged(market)
        of_market = inside[destination] & ~inside[origin]
        served = contains([origin[of_market], goods[of_market]], sellers)
        shared |= served & contains([origin[~of_market], goods[~of_market]], sellers)
    _refuse(
        line, rule, (sellers[0][shared], sellers[1][shared]), whole, found,
        "has tiers and is sold elsewhere too: what the market pays of them cannot be told; take basis made, or join "
        "the markets",
    )  # fmt: skip


def _refuse(line: int, rule: dict[str, Any], pairs: Pairs, whole: Network, found: Findings, why: str) -> None:
    """One problem for the materials of sites that a rule on spend cannot count."""
    codes = whole.instance.codes
    names = sorted({(codes.text(site), codes.text(goods)) for site, goods in zip(*pairs, strict=True)})
    if names:
        site, goods = names[0]
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        found.fault("rules", line, "kind", rule["kind"], f"'{goods}' of '{site}'{more} {why}")
