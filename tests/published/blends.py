"""Textbook blends: an average that must lie above or below a limit, said through recipes.

An average limit Σ a·x ≤ A·Σ x becomes a material of its own, headroom: what lies below A makes (A − a) of it per
tonne, what lies above uses (a − A), and surplus is free. A line that several processes share is a material that its
site offers.
"""

from tests.published.case import Case, header
from tests.published.textbook import Facts


def _average(case: Case, process: str, name: str, room: float) -> None:
    """Let a process make (positive) or use (negative) some of an average's headroom."""
    if room > 0.0:
        case.add("recipes", process=process, material=name, output=room)
    elif room < 0.0:
        case.add("recipes", process=process, material=name, input=-room)


def basket(facts: Facts) -> Case:
    """One tonne of an alloy of given composition from alloys on the market.

    The crucible holds one tonne; the parts sum to one, so that no part can be in surplus.
    """
    case = Case(header("basket"))
    total = sum(facts["required"].values())
    alloys = [f"alloy {number}" for number in range(1, len(facts["price"]) + 1)]
    case.materials(*alloys, *facts["required"], "crucible")
    case.places("smelter")
    case.add("offers", site="smelter", material="crucible", price=0.0, capacity=1.0)
    for place, alloy in enumerate(alloys):
        case.add("offers", site="smelter", material=alloy, price=facts["price"][place])
        case.add("processes", process=f"melt {alloy}", site="smelter")
        case.add("recipes", process=f"melt {alloy}", material=alloy, input=1.0)
        case.add("recipes", process=f"melt {alloy}", material="crucible", input=1.0)
        for element, parts in facts["composition"].items():
            case.add("recipes", process=f"melt {alloy}", material=element, output=parts[place] / total)
    for element, share in facts["required"].items():
        case.add("demands", site="smelter", material=element, quantity=share / total)
    return case


def steel(facts: Facts) -> Case:
    """Coking coal from eight bids: least average volatility, a union share, rail and truck limits."""
    case = Case(header("steel"))
    coals = [f"{bid} coal" for bid in facts["bids"]]
    case.materials(*coals, stage="coal")
    case.materials("charge", "volatility", stage="charge")
    case.places("works", *facts["bids"])
    for place, (bid, coal) in enumerate(zip(facts["bids"], coals, strict=True)):
        case.add("offers", site=bid, material=coal, price=facts["price"][place], capacity=facts["capacity"][place])
        case.add("lanes", origin=bid, destination="works", material=coal)
        case.add("processes", process=f"charge {coal}", site="works")
        case.add("recipes", process=f"charge {coal}", material=coal, input=1.0)
        case.add("recipes", process=f"charge {coal}", material="charge", output=1.0)
        _average(case, f"charge {coal}", "volatility", facts["volatility"][place] - facts["min_volatility"])
        case.add("groups", group="union" if facts["union"][place] else "other labour", member=bid)
        case.add("groups", group="trucks" if facts["truck"][place] else "rail", member=bid)
    case.add("demands", site="works", material="charge", quantity=facts["demand"])
    scope = {"subject_by": "group", "stage": "coal", "pool": "together", "market": "works", "basis": "purchases"}
    scope["per"] = "year"
    share = facts["union_share_min"]
    case.add("rules", rule="union", kind="min_share", limit=share, subject="union", base="purchases", **scope)
    for carrier, limit in (("rail", facts["rail_cap"]), ("trucks", facts["truck_cap"])):
        case.add("rules", rule=f"{carrier} cap", kind="max_quantity", limit=limit, subject=carrier, **scope)
    return case


def food(facts: Facts) -> Case:
    """Oils bought now or later, refined on two lines and blended to a hardness; profit is maximised.

    Monthly figures become annual rates (× 12); no line makes more than both lines' capacity, so demand of that much
    is an unlimited market.
    """
    months, oils = len(facts["months"]), facts["oils"]
    case = Case(header("food", months, "month"), sign=-1.0)
    case.materials(*oils, "food", "veg line", "oil line", "below max", "above min")
    case.places("factory")
    lines = {"veg line": facts["cap_veg"], "oil line": facts["cap_nonveg"]}
    for line, capacity in lines.items():
        case.add("offers", site="factory", material=line, price=0.0, capacity=12.0 * capacity)
    for place, oil in enumerate(oils):
        hardness = facts["hardness"][place]
        case.add("processes", process=f"refine {oil}", site="factory")
        for used in (oil, "veg line" if oil in facts["veg"] else "oil line"):
            case.add("recipes", process=f"refine {oil}", material=used, input=1.0)
        case.add("recipes", process=f"refine {oil}", material="food", output=1.0)
        _average(case, f"refine {oil}", "below max", facts["hardness_max"] - hardness)
        _average(case, f"refine {oil}", "above min", hardness - facts["hardness_min"])
        case.add(
            "stockpiles",
            site="factory",
            material=oil,
            initial=facts["stock_initial"],
            final=facts["stock_final"],
            capacity=facts["storage_max"],
            holding_cost=12.0 * facts["storage_cost"],
        )
        for month, prices in enumerate(facts["price"], start=1):
            period = f"2001-{month:02d}"
            case.add("offers", site="factory", material=oil, from_=period, until=period, price=prices[place])
    case.add("priorities", priority="market", unmet_cost=facts["sell_price"])
    market = sum(lines.values())
    case.add("demands", site="factory", material="food", priority="market", quantity=12.0 * market)
    case.offset = facts["sell_price"] * market * months
    return case
