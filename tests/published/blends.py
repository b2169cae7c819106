"""Textbook blends: an average that must lie above or below a limit, said by attributes and rules on averages.

What is blended is one material that several sites sell; what tells them apart, its quality, is an attribute of each.
"""

from typing import Any

from tests.published.case import Case, header
from tests.published.textbook import Facts


def _average(case: Case, kind: str, attribute: str, limit: float, **scope: Any) -> None:
    """A rule on the average of all that is bought, period by period."""
    cells = {"kind": kind, "attribute": attribute, "limit": limit, "basis": "purchases", "per": "period"}
    case.add("rules", rule=f"{kind} {attribute}", **cells, **scope)


def basket(facts: Facts) -> Case:
    """One tonne of an alloy of given composition from alloys on the market: of each element neither more nor less."""
    case = Case(header("basket"))
    total = sum(facts["required"].values())
    case.materials("alloy")
    case.places("smelter")
    for number, price in enumerate(facts["price"]):
        seller = f"alloy {number + 1}"
        case.places(seller)
        case.add("offers", site=seller, material="alloy", price=price)
        case.add("lanes", origin=seller, destination="smelter", material="alloy")
        for element, parts in facts["composition"].items():
            case.add("attributes", site=seller, attribute=element, value=parts[number] / total)
    case.add("demands", site="smelter", material="alloy", quantity=1.0)
    for element, share in facts["required"].items():
        for kind in ("min_average", "max_average"):
            _average(case, kind, element, share / total)
    return case


def steel(facts: Facts) -> Case:
    """Coking coal from eight bids: least average volatility, a union share, rail and truck limits."""
    case = Case(header("steel"))
    case.materials("coal")
    case.places("works", *facts["bids"])
    for place, bid in enumerate(facts["bids"]):
        case.add("offers", site=bid, material="coal", price=facts["price"][place], capacity=facts["capacity"][place])
        case.add("lanes", origin=bid, destination="works", material="coal")
        case.add("attributes", site=bid, material="coal", attribute="volatility", value=facts["volatility"][place])
        case.add("groups", group="union" if facts["union"][place] else "other labour", member=bid)
        case.add("groups", group="trucks" if facts["truck"][place] else "rail", member=bid)
    case.add("demands", site="works", material="coal", quantity=facts["demand"])
    _average(case, "min_average", "volatility", facts["min_volatility"])
    scope = {"subject_by": "group", "basis": "purchases", "per": "year"}
    share = facts["union_share_min"]
    case.add("rules", rule="union", kind="min_share", limit=share, subject="union", base="purchases", **scope)
    for carrier, limit in (("rail", facts["rail_cap"]), ("trucks", facts["truck_cap"])):
        case.add("rules", rule=f"{carrier} cap", kind="max_quantity", limit=limit, subject=carrier, **scope)
    return case


def food(facts: Facts) -> Case:
    """Oils bought now or later, refined on two lines and blended to a hardness; profit is maximised.

    A line is a material that the factory offers and every refinery uses. Monthly figures become annual rates (× 12); no
    line makes more than both lines' capacity, so demand of that much is an unlimited market.
    """
    months, oils = len(facts["months"]), facts["oils"]
    case = Case(header("food", months, "month"), sign=-1.0)
    case.materials(*oils, "food", "veg line", "oil line")
    case.places("factory", "shop")
    lines = {"veg line": facts["cap_veg"], "oil line": facts["cap_nonveg"]}
    for line, capacity in lines.items():
        case.add("offers", site="factory", material=line, price=0.0, capacity=12.0 * capacity)
    for place, oil in enumerate(oils):
        _refinery(case, facts, place, oil, "veg line" if oil in facts["veg"] else "oil line")
    _average(case, "max_average", "hardness", facts["hardness_max"], material="food")
    _average(case, "min_average", "hardness", facts["hardness_min"], material="food")
    case.add("priorities", priority="market", unmet_cost=facts["sell_price"])
    market = sum(lines.values())
    case.add("demands", site="shop", material="food", priority="market", quantity=12.0 * market)
    case.offset = facts["sell_price"] * market * months
    return case


def _refinery(case: Case, facts: Facts, place: int, oil: str, line: str) -> None:
    """Where one oil is bought, stored and refined to food of its hardness."""
    site = f"{oil} refinery"
    case.places(site)
    case.add("lanes", origin="factory", destination=site, material=line)
    case.add("lanes", origin=site, destination="shop", material="food")
    case.add("attributes", site=site, material="food", attribute="hardness", value=facts["hardness"][place])
    case.add("processes", process=f"refine {oil}", site=site)
    for used in (oil, line):
        case.add("recipes", process=f"refine {oil}", material=used, input=1.0)
    case.add("recipes", process=f"refine {oil}", material="food", output=1.0)
    case.add(
        "stockpiles",
        site=site,
        material=oil,
        initial=facts["stock_initial"],
        final=facts["stock_final"],
        capacity=facts["storage_max"],
        holding_cost=12.0 * facts["storage_cost"],
    )
    for month, prices in enumerate(facts["price"], start=1):
        period = f"2001-{month:02d}"
        case.add("offers", site=site, material=oil, from_=period, until=period, price=prices[place])
