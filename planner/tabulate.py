"""A solution into the plan's tables: tonnes in the period, money in the instance's currency.

Columns and meanings: ``docs/definitions.md``, the plan's tables.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from planner.lanes import KEY
from planner.parts import Parts, demand_rows, under_way
from planner.periods import label, ordinal
from planner.plan import PLAN_TABLES, TEXT
from planner.rulereport import first_period, rule_report
from planner.solution import Solution
from planner.stock import ahead, rows_by_period

COST_KEYS = ["component", "site", "destination", "material", "process", "priority", "rule", "t"]


def tables(solution: Solution, held: Mapping[int, float]) -> dict[str, pd.DataFrame]:
    """Every table of the plan.

    Args:
        held: least weighted unmet demand of each rank that was held, in model money.
    """
    found = _movements(solution)
    found["prices"] = _prices(solution)
    found["rules"] = rule_report(solution)
    found["cover"] = _cover(solution, found["stock"], found["made"])
    found["concentration"] = _concentration(solution, found["flows"], found["sales"], found["made"])
    found["activations"] = _activations(solution)
    found["held"] = pd.DataFrame(
        {"rank": [float(rank) for rank in held], "held": [value * solution.money for value in held.values()]}
    )
    found["costs"] = _costs(solution, found)
    return {name: _finished(solution, name, found[name]) for name in PLAN_TABLES}


def _finished(solution: Solution, name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Columns in order, periods by name, rows sorted."""
    if "t" in frame and "period" not in frame:
        names = np.array(solution.parts.periods, dtype=object)
        frame = frame.assign(period=names[frame["t"].to_numpy(dtype=np.int64)] if len(frame) else [])
    frame = frame.reindex(columns=list(PLAN_TABLES[name]))
    text = [column for column in frame if column in TEXT]
    numbers = [column for column in frame if column not in TEXT]
    frame = frame.astype(dict.fromkeys(text, "str") | dict.fromkeys(numbers, "float64"))
    return frame.sort_values(text, kind="stable").reset_index(drop=True) if text else frame


def _movements(solution: Solution) -> dict[str, pd.DataFrame]:
    """Flows, sales, activity, what was made, stock, demand and surplus."""
    parts, mass, money = solution.parts, solution.mass, solution.money
    price = money / mass
    length = parts.instance.header.period_length
    start = ordinal(parts.instance.header.first_period, length) or 0

    flows = solution.mass_of("flow.ship", [*KEY, "t"]).rename(columns={"value": "quantity"})
    terms = parts.lanes[[*KEY, "freight", "loss", "lead_time"]].assign(lane=np.arange(len(parts.lanes)))
    flows = flows.merge(terms, on=KEY, how="left")
    t = flows["t"].to_numpy(dtype=np.int64)
    leads = flows["lead_time"].astype(int).tolist()
    flows["arrives"] = [label(start + at + lead, length) for at, lead in zip(t.tolist(), leads, strict=True)]
    flows["arriving"] = flows["quantity"] * (1 - flows["loss"])
    flows["freight"] = flows["quantity"] * flows["freight"] * price
    flows["duty"] = flows["quantity"] * parts.duty[flows["lane"].to_numpy(dtype=np.int64), t] * price

    offer = ["site", "material", "from"]
    sales = solution.mass_of("flow.sold", [*offer, "t"]).rename(columns={"value": "quantity"})
    sales = sales.merge(parts["offers"][[*offer, "price"]], on=offer, how="left")
    sales["price"] *= price
    sales["cost"] = sales["quantity"] * sales["price"]

    activity = solution.mass_of("processing.activity", ["process", "t"]).rename(columns={"value": "activity"})
    activity = activity.merge(parts["processes"][["process", "site", "cost"]], on="process", how="left")
    activity["cost"] *= activity["activity"] * price
    made = activity[["process", "site", "t", "activity"]].merge(parts["recipes"], on="process")
    made[["input", "output"]] = made[["input", "output"]].mul(made["activity"], axis=0)

    surplus = solution.mass_of("balance.surplus", ["site", "material", "t"]).rename(columns={"value": "quantity"})
    disposal = parts["materials"].set_index("material")["disposal_cost"]
    surplus["cost"] = surplus["quantity"] * surplus["material"].map(disposal).astype(float) * price
    return {
        "flows": flows,
        "sales": sales,
        "activity": activity,
        "made": made.loc[(made["input"] > 0) | (made["output"] > 0)],
        "surplus": surplus,
        "stock": _stock(solution),
        "demand": _demand(solution),
    }


def _stock(solution: Solution) -> pd.DataFrame:
    parts, node = solution.parts, ["site", "material", "t"]
    rows = rows_by_period(parts)
    first = ~rows.duplicated(["site", "material"])
    for name, variable in (("closing", "stock"), ("fill", "fill"), ("release", "release")):
        moved = solution.mass_of(f"stockpile.{variable}", node).rename(columns={"value": name})
        rows = rows.merge(moved, on=node, how="left").fillna({name: 0.0})
    before = rows.groupby(["site", "material"])["closing"].shift().fillna(0.0)
    rows["opening"] = before.where(~first, rows["initial"] * solution.mass)
    rows["loss"] = rows["opening"] * (1 - (1 - rows["loss"]) ** parts.years)
    rows["holding_cost"] *= rows["closing"] * parts.years * solution.money / solution.mass
    return rows


def _demand(solution: Solution) -> pd.DataFrame:
    key = ["site", "material", "t", "priority"]
    rows = demand_rows(solution.parts)[[*key, "amount"]]
    unmet = solution.mass_of("priority.unmet", key).rename(columns={"value": "unmet"})
    rows = rows.merge(unmet, on=key, how="left").fillna({"unmet": 0.0})
    rows["demand"] = rows["amount"] * solution.mass
    rows["consumed"] = rows["demand"] - rows["unmet"]
    cost = solution.parts["priorities"].set_index("priority")["unmet_cost"].fillna(0.0)
    per_tonne = rows["priority"].map(cost).astype(float).fillna(0.0) * solution.money / solution.mass
    return rows.assign(unmet_cost=rows["unmet"] * per_tonne)


def _cover(solution: Solution, stock: pd.DataFrame, made: pd.DataFrame) -> pd.DataFrame:
    """Stock against the days of consumption that it must cover, and covers."""
    parts, key = solution.parts, ["covers", "material", "t"]
    if stock.empty:
        return pd.DataFrame(columns=[*key, "stock", "need", "required_days", "days", "shadow_price"])
    rows = stock.groupby(key, as_index=False).agg(stock=("closing", "sum"), required_days=("cover_days", "max"))
    consumed = _consumption(solution, made)
    need, days = [], []
    for covers, material, t, held, required in rows.itertuples(index=False):
        sites = parts.scope.sites([str(covers)])
        rates = sum((consumed[site, material] for site in sites if (site, material) in consumed), np.zeros(parts.count))
        window = ahead(float(required), parts.years, int(t), parts.count)
        need.append(sum(share * float(rates[u]) for u, share in window.items()))
        days.append(_days(float(held), rates, int(t), parts.years))
    prices = solution.duals.get("stockpile.cover")
    rows["need"], rows["days"] = need, days
    if prices is None:
        return rows.assign(shadow_price=0.0)
    rows = rows.merge(prices.set_axis([*key, "shadow_price"], axis=1), on=key, how="left").fillna({"shadow_price": 0.0})
    return rows.assign(shadow_price=rows["shadow_price"] * solution.money / solution.mass)


def _consumption(solution: Solution, made: pd.DataFrame) -> dict[tuple[str, str], np.ndarray]:
    """Planned consumption of each site and material by period: demand rows and process input."""
    node = ["site", "material", "t"]
    rows = demand_rows(solution.parts)
    rows = rows.assign(amount=rows["amount"] * solution.mass)[[*node, "amount"]]
    rows = pd.concat([rows, made[[*node, "input"]].rename(columns={"input": "amount"})])
    found: dict[tuple[str, str], np.ndarray] = {}
    for site, material, t, amount in zip(*(rows[name].tolist() for name in [*node, "amount"]), strict=True):
        found.setdefault((site, material), np.zeros(solution.parts.count))[int(t)] += amount
    return found


def _days(held: float, rates: np.ndarray, t: int, years: float, most: float = 3650.0) -> float:
    """Days of the consumption after t that the stock lasts for; the last period's rate holds past the horizon."""
    days, left, step = 0.0, held, 365 * years
    while days < most:
        rate = float(rates[min(t + 1, len(rates) - 1)])
        if rate > left:
            return min(days + left / rate * step, most)
        left, days, t = left - rate, days + step, t + 1
    return most


def _concentration(solution: Solution, flows: pd.DataFrame, sales: pd.DataFrame, made: pd.DataFrame) -> pd.DataFrame:
    """Quantity, share and HHI by place and owner of what is made, and of what home buys."""
    parts, scope = solution.parts, solution.parts.scope
    node = ["site", "material", "t"]
    output = made.loc[made["output"] > 0, [*node, "output"]].rename(columns={"output": "quantity"})
    produced = pd.concat([sales[[*node, "quantity"]], output]).assign(basis="made")
    arrived = flows.assign(t=flows["t"] + flows["lead_time"])[["origin", "destination", "material", "t", "arriving"]]
    coming = under_way(parts)[["origin", "destination", "material", "t", "arriving"]]
    arrived = pd.concat([arrived, coming.assign(arriving=coming["arriving"] * solution.mass)])
    arrived = arrived.loc[arrived["t"] < parts.count]
    if scope.home:
        home = scope.sites(["home"])
        arrived = arrived.loc[arrived["destination"].isin(home) & ~arrived["origin"].isin(home)]
    bought = arrived.rename(columns={"origin": "site", "arriving": "quantity"})[[*node, "quantity"]]
    rows = pd.concat([produced, bought.assign(basis="purchases")])
    rows["stage"] = rows["material"].map(parts["materials"].set_index("material")["stage"])
    both = pd.concat(
        [
            rows.assign(by="place", subject=rows["site"].map(scope.place_of)),
            rows.assign(by="owner", subject=rows["site"].map(scope.owner_of)),
        ]
    )
    market = ["basis", "stage", "material", "by", "t"]
    found = both.groupby([*market, "subject"])["quantity"].sum().reset_index()
    found["share"] = found["quantity"] / found.groupby(market)["quantity"].transform("sum")
    squares = found["share"] ** 2
    found["hhi"] = squares.groupby([found[name] for name in market]).transform("sum")
    return found


def _activations(solution: Solution) -> pd.DataFrame:
    index = ["kind", "site", "destination", "material", "process", "from", "period"]
    rows = solution.column("activation.on", index).rename(columns={"value": "used"})
    charge = solution.network.activation.cost
    first = {year: solution.parts.calendar.index(year) for year in solution.parts.calendar}
    names = {name: t for t, name in enumerate(solution.parts.periods)}
    rows["t"] = [names.get(period, first.get(period[:4], 0)) for period in rows["period"]]
    due = [charge[key] for key in rows[index].itertuples(index=False, name=None)]
    return rows.assign(cost=np.array(due) / solution.discounts(rows["t"]) * solution.money if len(rows) else 0.0)


_FIXED = {"offer": "offer_fixed", "process": "process_fixed", "lane": "lane_fixed", "route": "route_fixed"}


def _costs(solution: Solution, found: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """One breakdown that adds up to the objective."""
    flows = found["flows"].rename(columns={"origin": "site"})
    fixed = found["activations"]
    fixed = fixed.loc[fixed["cost"] > 0].assign(component=lambda rows: rows["kind"].map(_FIXED))
    site_of = solution.parts["processes"].set_index("process")["site"]
    fixed["site"] = fixed["site"].where(fixed["process"] == "", fixed["process"].map(site_of))
    rules = found["rules"]
    unpaid = solution.network.flow.unpaid
    pieces = [
        found["sales"].assign(component="purchase", amount=found["sales"]["cost"]),
        flows.assign(component="freight", amount=flows["freight"]),
        flows.assign(component="duty", amount=flows["duty"]),
        found["activity"].assign(component="processing", amount=found["activity"]["cost"]),
        found["surplus"].assign(component="disposal", amount=found["surplus"]["cost"]),
        found["stock"].assign(component="holding", amount=found["stock"]["holding_cost"]),
        fixed.assign(amount=fixed["cost"]),
        found["demand"].assign(component="unmet", amount=found["demand"]["unmet_cost"]),
        rules[["rule", "t", "penalty"]].assign(component="penalty", amount=rules["penalty"]),
        pd.DataFrame(
            {"t": list(unpaid), "amount": [due * solution.money for due in unpaid.values()], "component": "in_transit"}
        ),
    ]
    wanted = [*COST_KEYS, "amount"]
    full = [piece.assign(**dict.fromkeys(set(wanted) - set(piece), ""))[wanted] for piece in pieces if len(piece)]
    rows = pd.concat(full) if full else pd.DataFrame(columns=wanted)
    rows = rows.astype({"t": np.int64, "amount": "float64"})
    for name, kept in (
        (
            "site",
            "purchase offer_fixed holding disposal freight duty lane_fixed route_fixed processing process_fixed unmet",
        ),
        ("destination", "freight duty lane_fixed route_fixed"),
        ("material", "purchase offer_fixed holding disposal freight duty lane_fixed unmet"),
        ("process", "processing process_fixed"),
        ("priority", "unmet"),
        ("rule", "penalty"),
    ):
        rows[name] = rows[name].where(rows["component"].isin(kept.split()), "")
    rows = rows.groupby(COST_KEYS)["amount"].sum().reset_index()
    rows = rows.loc[rows["amount"] != 0]
    factor = solution.discounts(rows["t"])
    return rows.assign(discount_factor=factor, present_value=rows["amount"] * factor)


_PRICE_INDEX: dict[str, tuple[str, ...]] = {
    "balance.node": ("site", "material", "t"),
    "capacity.site": ("site", "t"),
    "capacity.route": ("site", "destination", "t"),
    "stockpile.carry": ("site", "material", "t"),
    "stockpile.final": ("site", "material"),
    "stockpile.cover": ("site", "material", "t"),
    "priority.held": ("rule",),
    "concentration.cap": ("rule", "from", "subject", "material", "market", "period"),
    "activation.most": ("rule", "site", "destination", "material", "process", "from", "period"),
    "activation.least": ("rule", "site", "destination", "material", "process", "from", "period"),
    "activation.link": ("rule", "site", "destination", "material", "process", "from", "period"),
}


def _prices(solution: Solution) -> pd.DataFrame:
    """Every shadow price that is not zero, present value and undiscounted."""
    parts = solution.parts
    names = np.array(parts.periods, dtype=object)
    first = {name: t for t, name in enumerate(parts.periods)}
    pieces = []
    for constraint, index in _PRICE_INDEX.items():
        frame = solution.duals.get(constraint)
        if frame is None:
            continue
        frame = frame.set_axis([*index, "shadow_price"], axis=1).assign(constraint=constraint)
        if "t" in index:
            frame["period"] = names[frame["t"].to_numpy(dtype=np.int64)]
        if constraint != "priority.held":
            frame["shadow_price"] *= solution.money / solution.mass
        pieces.append(frame.astype({"rule": str}) if "rule" in index else frame)
    wanted = [name for name in PLAN_TABLES["prices"] if name != "shadow_price_undiscounted"]
    if not pieces:
        return pd.DataFrame(columns=list(PLAN_TABLES["prices"]))
    rows = pd.concat([piece.assign(**dict.fromkeys(set(wanted) - set(piece), ""))[wanted] for piece in pieces])
    at = [
        first_period(parts.calendar, first, since, period) if period else _last(parts, constraint)
        for since, period, constraint in zip(rows["from"], rows["period"], rows["constraint"], strict=True)
    ]
    return rows.assign(shadow_price_undiscounted=rows["shadow_price"] / parts.discount[at])


def _last(parts: Parts, constraint: str) -> int:
    """Rows without a period: a final stock is due in the last period, a rank over the whole horizon."""
    return parts.count - 1 if constraint == "stockpile.final" else 0
