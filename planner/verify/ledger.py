"""Every column of every table of the plan that follows from others, computed again and compared."""

import numpy as np
import pandas as pd

from planner.verify.columns import KEYS, Quantities
from planner.verify.faults import SHOWN, Faults, compare, describe
from planner.verify.rows import consumption, covers, days_ahead, sites_covered
from planner.verify.world import World

Tables = dict[str, pd.DataFrame]


def same_text(faults: Faults, table: str, found: pd.DataFrame, expected: pd.DataFrame, column: str) -> None:
    """Texts that follow from the keys of a row."""
    keys = KEYS[table]
    if found.empty:
        return
    both = found[[*keys, column]].merge(expected[[*keys, column]], on=keys, suffixes=("", " expected"))
    wrong = both[both[column] != both[f"{column} expected"]]
    for _, row in wrong.head(SHOWN).iterrows():
        says, should = str(row[column]), str(row[f"{column} expected"])
        faults.add(table, describe(row, keys), column, says, should, f"{column} is {says!r}, but should be {should!r}")
    faults.count(table, column, max(0, len(wrong) - SHOWN))


def moved(found: Tables, q: Quantities, faults: Faults) -> None:
    """Flows and sales: what arrives and what it costs."""
    flow = q.flow.assign(
        quantity=q.flow["value"],
        arriving=q.flow["value"] * (1 - q.flow["loss"]),
        freight=q.flow["value"] * q.flow["freight"],
        duty=q.flow["value"] * q.flow["tax"],
    )
    same_text(faults, "flows", found["flows"], flow, "arrives")
    terms = {
        "arriving": "the dispatched quantity less the loss on the lane",
        "freight": "quantity × the lane's freight",
        "duty": "quantity × duty rate × customs value",
    }
    compare(faults, "flows", KEYS["flows"], found["flows"], flow, terms)
    sale = q.sale.assign(cost=q.sale["value"] * q.sale["price"])
    prices = found["sales"][KEYS["sales"]].merge(sale, on=KEYS["sales"])
    compare(faults, "sales", KEYS["sales"], found["sales"], prices, {"price": "the offer"})
    compare(faults, "sales", KEYS["sales"], found["sales"], sale, {"cost": "quantity × price"})


def converted(world: World, found: Tables, q: Quantities, faults: Faults) -> None:
    """Activity and what it takes in and gives out."""
    run = q.run.assign(cost=q.run["value"] * q.run["toll"])
    same_text(faults, "activity", found["activity"], run, "site")
    compare(faults, "activity", KEYS["activity"], found["activity"], run, {"cost": "activity × the toll"})
    recipes = world.recipes
    made = q.run[["process", "period", "value"]].merge(recipes, on="process")
    made = made.assign(input=made["value"] * made["input"], output=made["value"] * made["output"])
    same_text(faults, "made", found["made"], made, "site")
    terms = {"input": "activity × the recipe's input", "output": "activity × the recipe's output"}
    compare(faults, "made", KEYS["made"], found["made"], made, terms)


def held(found: Tables, q: Quantities, faults: Faults) -> None:
    """Stock carried over, lost and paid for."""
    pile = ["site", "material"]
    closing = q.held["value"]
    before = closing.groupby([q.held[key] for key in pile]).shift(1)
    opening = before.where(~q.held["first"], q.held["start"])
    stock = q.held.assign(
        opening=opening, loss=opening * (1 - q.held["keep"]), holding_cost=closing * q.held["holding"]
    )
    terms = {
        "opening": "the closing stock of the period before (at the start: the initial stock)",
        "loss": "the opening stock × the loss of a period",
        "holding_cost": "closing stock × holding cost × years of the period",
    }
    compare(faults, "stock", KEYS["stock"], found["stock"], stock, terms, every=True)


def wanted(found: Tables, q: Quantities, faults: Faults) -> None:
    """Demand, what is consumed of it and what the rest costs; surplus."""
    keys = KEYS["demand"]
    unmet = q.demand.merge(found["demand"][[*keys, "unmet"]], on=keys, how="left").fillna({"unmet": 0.0})
    demand = unmet.assign(
        demand=unmet["amount"], consumed=unmet["amount"] - unmet["unmet"], unmet_cost=unmet["unmet"] * unmet["each"]
    )
    terms = {
        "demand": "the demands table × years of the period",
        "consumed": "demand less what is unmet",
        "unmet_cost": "unmet demand × its cost",
    }
    compare(faults, "demand", keys, found["demand"], demand, terms)
    surplus = q.surplus.assign(cost=q.surplus["value"] * q.surplus["disposal"])
    compare(faults, "surplus", KEYS["surplus"], found["surplus"], surplus, {"cost": "quantity × the disposal cost"})


def costs(world: World, q: Quantities, rules: pd.DataFrame, switches: pd.DataFrame) -> pd.DataFrame:
    """The cost breakdown: every component, undiscounted, where and when it falls due."""

    def part(component: str, frame: pd.DataFrame, amount: pd.Series) -> pd.DataFrame:
        return frame.assign(component=component, amount=amount)

    shipped = q.flow.rename(columns={"origin": "site"})
    came = q.coming[["t", "period", "due"]]
    charged = {"offer": "offer_fixed", "process": "process_fixed", "lane": "lane_fixed", "route": "route_fixed"}
    used = switches[(switches["on"] > 0) & switches["kind"].isin(list(charged))]
    used = world.dated(used.drop(columns="from").assign(component=used["kind"].map(charged), amount=used["fixed_cost"]))
    site_of = world.tables["processes"].set_index("process")["site"]
    used = used.assign(site=used["site"].where(used["process"] == "", used["process"].map(site_of)))
    penalties = world.dated(rules[["rule", "t", "penalty"]])
    parts = [
        part("purchase", q.sale, q.sale["value"] * q.sale["price"]),
        part("freight", shipped, shipped["value"] * shipped["freight"]),
        part("duty", shipped, shipped["value"] * shipped["tax"]),
        part("processing", q.run, q.run["value"] * q.run["toll"]),
        part("disposal", q.surplus, q.surplus["value"] * q.surplus["disposal"]),
        part("holding", q.held, q.held["value"] * q.held["holding"]),
        part("unmet", q.unmet, q.unmet["value"] * q.unmet["each"]),
        part("in_transit", came, came["due"]),
        part("penalty", penalties, penalties["penalty"]),
        used,
    ]
    keys = KEYS["costs"]
    every = pd.concat([frame.reindex(columns=[*keys, "t", "amount"]) for frame in parts], ignore_index=True)
    every[keys] = every[keys].astype(object).fillna("").astype(str)
    every = every[every["amount"] != 0]
    summed = every.groupby([*keys, "t"])["amount"].sum().reset_index().astype({"t": int})
    discount = world.discount[summed["t"].to_numpy(dtype=int)]
    return summed.assign(discount_factor=discount, present_value=summed["amount"] * discount)


def paid(found: Tables, expected: pd.DataFrame, faults: Faults) -> None:
    """The cost table against every cost computed again."""
    keys = KEYS["costs"]
    factors = found["costs"][keys].merge(expected, on=keys)
    compare(faults, "costs", keys, found["costs"], factors, {"discount_factor": "(1 + rate)^−years"})
    terms = {"amount": "the cost computed again", "present_value": "amount × discount factor"}
    compare(faults, "costs", keys, found["costs"], expected, terms)


def switched(found: Tables, switches: pd.DataFrame, faults: Faults) -> None:
    """What is used, and its charge."""
    on = switches[switches["on"] > 0].assign(used=1.0, cost=lambda frame: frame["fixed_cost"])
    terms = {"used": "yes", "cost": "the charge in the input"}
    compare(faults, "activations", KEYS["activations"], found["activations"], on, terms)


def concentration(world: World, q: Quantities, arriving: pd.DataFrame, made: pd.DataFrame) -> pd.DataFrame:
    """Who makes and who sells to home how much of each material, by place and owner, with shares and HHI."""
    home = world.sites_of(["home"]) if world.header.home else set()
    bought = arriving.rename(columns={"origin": "site"})
    if home:
        bought = bought[bought["destination"].isin(home) & ~bought["site"].isin(home)]
    frames = []
    for basis, terms in (("made", made), ("purchases", bought)):
        amount = terms.assign(quantity=terms["value"] * terms["coefficient"])
        for by, names in (("place", world.place), ("owner", world.owner)):
            frames.append(amount.assign(basis=basis, by=by, subject=amount["site"].map(names).astype(str)))
    every = pd.concat(frames, ignore_index=True)
    every = world.dated(every)
    every = every.assign(stage=every["material"].map(world.stage).astype(str))
    keys = KEYS["concentration"]
    summed = every.groupby(keys)["quantity"].sum().reset_index()
    summed = summed[summed["quantity"] > 0]
    cell = [key for key in keys if key != "subject"]
    share = summed["quantity"] / summed.groupby(cell)["quantity"].transform("sum")
    summed = summed.assign(share=share, square=share**2)
    return summed.assign(hhi=summed.groupby(cell)["square"].transform("sum"))


def concentrated(found: Tables, expected: pd.DataFrame, faults: Faults) -> None:
    """The concentration report."""
    terms = {
        "quantity": "the plan's tonnes added up",
        "share": "quantity over the total of all subjects",
        "hhi": "the sum of squared shares",
    }
    compare(faults, "concentration", KEYS["concentration"], found["concentration"], expected, terms)


def ranked(found: Tables, q: Quantities, mixed: bool, faults: Faults) -> None:
    """What was held of each rank is what stays unmet of it; with yes-or-no decisions it may be more, as the least was
    found to a gap only.
    """
    guarded = q.unmet[q.unmet["guarded"]]
    sums = guarded.assign(amount=guarded["value"] * guarded["weight"], worst=guarded["amount"] * guarded["weight"])
    sums = sums.groupby("rank")[["amount", "worst"]].sum().reset_index()
    stated = sums[["rank"]].merge(found["held"], on="rank", how="left")["held"].fillna(0.0)
    rounding = (1e-6 * sums["amount"] + 1e-7 * sums["worst"]).where(sums["amount"] > 0, 0.0)
    most = sums["worst"] if mixed else sums["amount"] + rounding
    expected = sums.assign(held=np.clip(stated, sums["amount"] - rounding, most))
    compare(faults, "held", ["rank"], found["held"], expected, {"held": "the rank's weighted unmet demand"}, every=True)


def shadow_prices(found: Tables, constraint: str, keys: dict[str, str]) -> pd.DataFrame:
    """Shadow prices of one kind of row, by the names that another table gives its rows."""
    prices = found["prices"]
    return prices.loc[prices["constraint"] == constraint, [*keys, "shadow_price"]].rename(columns=keys)


def ruled(world: World, found: Tables, expected: pd.DataFrame, faults: Faults) -> None:
    """The rule report."""
    keys, table = KEYS["rules"], found["rules"]
    prices = shadow_prices(found, "concentration.cap", {key: key for key in keys})
    expected = expected.merge(prices, on=keys, how="left").fillna({"shadow_price": 0.0})
    for column in ("kind", "unit"):
        same_text(faults, "rules", table, expected, column)
    factor = world.discount[expected["t"].to_numpy(dtype=int)]
    expected = expected.assign(shadow_price_undiscounted=expected["shadow_price"] / factor)
    terms = {
        "limit": "the rules table",
        "quantity": "the plan's tonnes added up",
        "base": "the plan's tonnes added up",
        "excess": "the rule's excess",
        "penalty": "excess × the rule's penalty",
        "shadow_price": "the table of prices",
        "shadow_price_undiscounted": "the shadow price over the discount factor",
    }
    kept = expected.merge(table[keys].assign(listed=True), on=keys, how="left")
    kept = kept[kept["asked"] | kept["listed"].notna()]
    compare(faults, "rules", keys, table, kept, terms, every=True)
    judged = judgement(table)
    compare(faults, "rules", keys, table, judged, {"actual": "quantity over base", "slack": "limit and actual"})
    same_text(faults, "rules", table, judged, "binding")


def judgement(table: pd.DataFrame) -> pd.DataFrame:
    """What follows from quantity, base and limit of a row of the report; where the base is nothing, so is the share,
    and a floor on it is neither kept nor broken.
    """
    share, least = table["kind"].str.endswith("_share"), table["kind"].str.startswith("min_")
    size = table["base"].max() if len(table) else 0.0
    tiny = share & (table["base"] <= 1e-7 * min(1.0, max(size, 1e-9))) & (table["actual"] == 0)
    ratio = (table["quantity"] / table["base"].where(table["base"] != 0)).fillna(0.0).mask(tiny, 0.0)
    actual = ratio.where(share, table["quantity"])
    slack = (table["limit"] - table["actual"]).where(~least, table["actual"] - table["limit"]).mask(tiny & least, 0.0)
    binding = np.where(table["shadow_price"] != 0, "yes", "no")
    return table.assign(actual=actual, slack=slack, binding=binding).astype({"binding": str})


def covered(world: World, q: Quantities, found: Tables, faults: Faults) -> None:
    """The report on days of cover."""
    if q.held.empty:
        compare(
            faults, "cover", KEYS["cover"], found["cover"], found["cover"].iloc[:0], {"stock": "no stock"}, every=True
        )
        return
    keys = ["covers", "material", "t"]
    rows = covers(world, q)
    held = q.held.groupby(keys)["value"].sum().rename("stock")
    expected = rows.merge(held.reset_index(), on=keys).rename(columns={"days": "required_days"})
    use = ahead_use(world, q, expected)
    ahead = days_ahead(world, expected[keys].assign(days=expected["required_days"], at=np.arange(len(expected))))
    need = np.zeros(len(expected))
    at, later = ahead["at"].to_numpy(dtype=int), ahead["ahead"].to_numpy(dtype=int)
    np.add.at(need, at, ahead["share"].to_numpy(dtype=float) * use[at, later])
    prices = shadow_prices(found, "stockpile.cover", {"site": "covers", "material": "material", "period": "period"})
    expected = expected.assign(need=need).merge(prices, on=KEYS["cover"], how="left").fillna({"shadow_price": 0.0})
    terms = {
        "stock": "the closing stocks added up",
        "need": "the consumption ahead",
        "required_days": "cover_days of the stockpiles",
        "shadow_price": "the table of prices",
    }
    compare(faults, "cover", KEYS["cover"], found["cover"], expected, terms, every=True)
    times, stock = expected["t"].to_numpy(dtype=int), expected["stock"].to_numpy(dtype=float)
    step = 365 * world.years_of_period
    least, most = (days_of_cover(stock * factor, use, times, step) for factor in (1 - 1e-9, 1 + 1e-9))
    stated = expected.merge(found["cover"][[*KEYS["cover"], "days"]], on=KEYS["cover"], how="left")["days"]
    days = expected.assign(days=np.clip(stated.fillna(0.0), least, most))
    compare(faults, "cover", KEYS["cover"], found["cover"], days, {"days": "counting the consumption ahead"})


def ahead_use(world: World, q: Quantities, expected: pd.DataFrame) -> np.ndarray:
    """Consumption in each period of the sites that each row covers: demand before unmet and process input."""
    demand, used = consumption(world, q)
    both = pd.concat(
        [
            demand.rename(columns={"amount": "use"}),
            used.assign(use=used["value"] * used["input"])[["site", "material", "t", "use"]],
        ]
    )
    at = (
        expected.assign(at=np.arange(len(expected)))
        .drop(columns="t")
        .merge(sites_covered(world, expected), on="covers")
    )
    joined = at[["at", "site", "material"]].merge(both, on=["site", "material"])
    use = np.zeros((len(expected), world.periods))
    np.add.at(
        use, (joined["at"].to_numpy(dtype=int), joined["t"].to_numpy(dtype=int)), joined["use"].to_numpy(dtype=float)
    )
    return use


def undiscounted(world: World, found: Tables, rules: pd.DataFrame, faults: Faults) -> None:
    """Undiscounted shadow prices: over the discount factor of the period, of the first one of a year or of a rule's
    group; a final stock is due in the last period, a rank over the whole horizon.
    """
    prices, keys = found["prices"], KEYS["prices"]
    t = {label: t for t, label in enumerate(world.labels)}
    years = {year: world.calendar.index(year) for year in world.calendar}
    group = prices[KEYS["rules"]].merge(rules[[*KEYS["rules"], "t"]], on=KEYS["rules"], how="left")["t"]
    at = group.set_axis(prices.index).fillna(prices["period"].map(t)).fillna(prices["period"].map(years))
    at = at.mask(prices["constraint"] == "stockpile.final", world.periods - 1).fillna(0.0).astype(int)
    expected = prices.assign(shadow_price_undiscounted=prices["shadow_price"] / world.discount[at.to_numpy()])
    terms = {"shadow_price_undiscounted": "the shadow price over the discount factor of its period"}
    compare(faults, "prices", keys, prices, expected, terms)


def days_of_cover(stock: np.ndarray, use: np.ndarray, times: np.ndarray, days: float, most: float = 3650) -> np.ndarray:
    """How many days of consumption each ``stock`` lasts, at most ``most``.

    ``use`` is consumption, rows × periods of the horizon; ``times`` the period of each row, whose own use is not
    ahead; ``days`` those of a period. Periods past the horizon take the last one's consumption.
    """
    steps = int(np.ceil(most / days))
    at = np.minimum(times[:, None] + 1 + np.arange(steps), use.shape[1] - 1)
    ahead = np.take_along_axis(use, at, axis=1)
    total = np.cumsum(ahead, axis=1)
    whole = (total <= stock[:, None]).sum(axis=1)
    rows = np.arange(len(stock))
    next_use = ahead[rows, np.minimum(whole, steps - 1)]
    spent = np.where(whole > 0, total[rows, np.maximum(whole - 1, 0)], 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where((whole < steps) & (next_use > 0), (stock - spent) / np.where(next_use > 0, next_use, 1.0), 0.0)
    lasting: np.ndarray = np.minimum((whole + part) * days, most)
    return lasting
