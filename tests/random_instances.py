"""Small random instances in the planner's own tables: the same seed always gives the same instance.

A chain of two or three stages: mines in several places, plants at each later stage, a trader of the last material,
two markets. Every table of this issue occurs in some of them, and every rule kind, hard and priced.
"""

import random
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]
Tables = dict[str, list[Row]]

STAGES = ("ore", "oxide", "metal")
PLACES = ("AAA", "BBB", "CCC", "DDD")
HOME = ("CCC", "DDD")
KINDS = ("max_share", "min_share", "max_quantity", "min_quantity")


@dataclass
class Draft:
    """An instance while it is drawn."""

    rng: random.Random
    length: str
    periods: int
    ranks: int
    """0: demand must be met; 1 or 2: priorities in so many ranks."""
    integers: bool
    materials: tuple[str, ...]
    tables: Tables = field(default_factory=dict)

    def add(self, table: str, **row: Any) -> None:
        """Append a row; a trailing underscore keeps ``from_`` and ``except_`` clear of Python's words."""
        self.tables.setdefault(table, []).append({name.rstrip("_"): value for name, value in row.items()})

    def number(self, low: float, high: float, digits: int = 1) -> float:
        """A number between two others, rounded."""
        return round(self.rng.uniform(low, high), digits)

    def chance(self, share: float) -> bool:
        """True in this share of the draws."""
        return self.rng.random() < share

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the periods, two after the horizon included."""
        if self.length == "year":
            return tuple(f"{2030 + step}" for step in range(self.periods + 2))
        return tuple(f"{2030 + step // 4}Q{step % 4 + 1}" for step in range(self.periods + 2))

    @property
    def last(self) -> str:
        """The material that the markets consume."""
        return self.materials[-1]

    def sites(self, kind: str) -> list[str]:
        """Names of the sites of a kind."""
        return [row["site"] for row in self.tables["sites"] if row["kind"] == kind]

    @property
    def price(self) -> float:
        """Price of the last material at the trader's gate."""
        return 60.0 + 50.0 * len(self.materials)


def _sellers(draft: Draft) -> None:
    """Mines in three places, cheap ones first, and a trader of the last material."""
    for number, place in enumerate(("AAA", "BBB", "CCC")):
        mine = f"mine {number}"
        draft.add("sites", site=mine, place=place, owner=f"owner {number % 2}", kind="mine")
        draft.add(
            "offers",
            site=mine,
            material="ore",
            price=draft.number(10.0 + 15.0 * number, 25.0 + 15.0 * number),
            capacity=draft.number(60.0, 200.0),
        )
    draft.add("sites", site="trader", place="BBB", owner="owner 2", kind="trader")
    capacity = draft.number(30.0, 120.0)
    draft.add("offers", site="trader", material=draft.last, price=draft.price, capacity=capacity)


def _plants(draft: Draft) -> None:
    """Two plants at each later stage; some with a by-product that leaves as surplus, at a cost or for a credit."""
    for stage, (source, product) in enumerate(zip(draft.materials, draft.materials[1:], strict=False)):
        for number in range(2):
            plant, process = f"{product} plant {number}", f"make {product} {number}"
            place = draft.rng.choice(PLACES)
            draft.add("sites", site=plant, place=place, owner=f"owner {number}", kind=f"{product} plant")
            cost, capacity = draft.number(5.0, 30.0), draft.number(60.0, 150.0)
            draft.add("processes", process=process, site=plant, cost=cost, capacity=capacity)
            draft.add("recipes", process=process, material=source, input=draft.number(1.0, 1.4, 2))
            draft.add("recipes", process=process, material=product, output=1.0)
            if stage == 0 and draft.chance(0.4):
                draft.add("recipes", process=process, material="by-product", output=draft.number(0.1, 0.5, 2))
    if any(row["material"] == "by-product" for row in draft.tables["recipes"]):
        draft.add("materials", material="by-product", stage="by-product", disposal_cost=draft.number(-2.0, 5.0))


def _lanes(draft: Draft) -> None:
    """Every mine to every first plant, stage to stage, trader and last plants to the markets; some reach home late."""
    ends = ["mine", *(f"{product} plant" for product in draft.materials[1:]), "market"]
    late = draft.chance(0.5)
    for material, origins, destinations in zip(draft.materials, ends[:-1], ends[1:], strict=True):
        sellers = [*draft.sites(origins), *(["trader"] if material == draft.last else [])]
        for origin in sellers:
            for destination in draft.sites(destinations):
                lead = 1 if late and draft.chance(0.4) else 0
                draft.add(
                    "lanes",
                    origin=origin,
                    destination=destination,
                    material=material,
                    freight=draft.number(1.0, 10.0),
                    loss=draft.rng.choice([0.0, 0.0, 0.02, 0.1]),
                    lead_time=lead,
                    duty=draft.rng.choice([None, None, 0.05]),
                    customs_value=draft.number(10.0, 60.0),
                    capacity=draft.rng.choice([None, None, draft.number(40.0, 120.0)]),
                )
                if lead:
                    _under_way(draft, origin, destination, material)
    if draft.chance(0.5):
        draft.add("duties", origin="AAA", destination="allies", duty=0.1)
        draft.add("duties", origin="AAA", destination="CCC", duty=0.2)


def _under_way(draft: Draft, origin: str, destination: str, material: str) -> None:
    """What arrives in the first period, and what may arrive after the last."""
    if draft.chance(0.7):
        paid = draft.rng.choice(["yes", "no"])
        row = {"origin": origin, "destination": destination, "material": material}
        draft.add("in_transit", **row, arrives=draft.names[0], quantity=draft.number(1.0, 15.0), paid=paid)
    if draft.chance(0.3):
        row = {"origin": origin, "destination": destination, "material": material}
        draft.add("in_transit", **row, arrives=draft.names[draft.periods], final=draft.number(1.0, 10.0))


def _markets(draft: Draft) -> None:
    """Two home markets whose demand must be met (of some, more than there may be), or is served in ranks."""
    stretch = 2.0 if draft.chance(0.3) else 1.0
    for number, place in enumerate(HOME):
        market = f"market {number}"
        draft.add("sites", site=market, place=place, kind="market")
        draft.add("groups", group="allies", member=place)
        classes = {0: [""], 1: ["civil"], 2: ["civil", "defence"]}[draft.ranks]
        for priority in classes:
            row = {"site": market, "material": draft.last, "priority": priority}
            draft.add("demands", **row, quantity=stretch * draft.number(20.0, 60.0))
            if draft.chance(0.3):
                draft.add("demands", **row, period=draft.names[1], quantity=draft.number(20.0, 80.0))
    if draft.ranks == 1:
        draft.add("priorities", priority="civil", rank=1, unmet_cost=draft.number(0.5, 5.0) * draft.price)
    if draft.ranks == 2:
        draft.add("priorities", priority="defence", rank=1, unmet_cost=draft.rng.choice([None, 900.0]))
        draft.add("priorities", priority="civil", rank=2, unmet_cost=draft.number(1.0, 5.0) * draft.price)


def _stockpiles(draft: Draft) -> None:
    """Stock at the markets, some with days of cover, alone or for the whole group; stock of ore at a plant."""
    shared = draft.chance(0.3)
    for market in draft.sites("market"):
        if draft.chance(0.75):
            initial = draft.number(5.0, 20.0)
            draft.add(
                "stockpiles",
                site=market,
                material=draft.last,
                initial=initial,
                capacity=initial + draft.number(10.0, 40.0),
                fill_rate=draft.rng.choice([None, draft.number(20.0, 80.0)]),
                release_rate=draft.rng.choice([None, draft.number(20.0, 80.0)]),
                holding_cost=draft.number(0.5, 5.0),
                loss=draft.rng.choice([0.0, 0.03]),
                cover_days=draft.rng.choice([0, 20, 45, 60]),
                covers="allies" if shared else "",
                final=draft.rng.choice([None, 0.0, round(initial / 2.0, 1)]),
            )
    if draft.chance(0.3):
        plant = draft.sites(f"{draft.materials[1]} plant")[0]
        row = {"site": plant, "material": "ore", "initial": 10.0, "holding_cost": 1.0, "final": 0.0}
        draft.add("stockpiles", **row, cover_days=draft.rng.choice([0, 30]))


def _limit(draft: Draft, kind: str, per: str) -> float:
    """A limit that is often felt: shares of a market, or tonnes of the group's period."""
    if kind.endswith("share"):
        return draft.number(0.3, 0.7, 2) if kind == "max_share" else draft.number(0.1, 0.4, 2)
    years = 1.0 if draft.length == "year" else 0.25
    span = {"period": years, "year": 1.0, "horizon": years * draft.periods}[per]
    return draft.number(20.0, 50.0) * span if kind == "max_quantity" else draft.number(5.0, 20.0) * span


def _rule(draft: Draft, number: int, kind: str) -> None:
    """One rule: purchases at the markets or at the first plants, or what is made; hard, or with a price."""
    per = draft.rng.choice(["period", "year", "horizon"])
    made = draft.chance(0.25)
    ore = not made and draft.chance(0.3)
    row: Row = {"kind": kind, "per": per, "limit": round(_limit(draft, kind, per), 3)}
    row |= {"basis": "made" if made else "purchases", "material": "ore" if ore else draft.last}
    by_owner = draft.chance(0.3)
    row["subject_by"] = "owner" if by_owner else "place"
    if kind.startswith("min"):
        row["subject"] = "owner 1" if by_owner else "BBB"
    elif by_owner:
        row["subject"] = draft.rng.choice(["", "owner 0"])
    else:
        row["except"] = draft.rng.choice(["", "home", "CCC"])
    bases = [""] if kind.endswith("quantity") else ["purchases", "consumption"] if ore else ["demand", "consumption"]
    row["base"] = draft.rng.choice([*bases, "purchases"] if bases != [""] and not ore else bases)
    if ore:
        row |= {"market": ";".join(draft.sites(f"{draft.materials[1]} plant")), "market_pool": "together"}
    elif not made or row["base"] not in ("", "purchases"):
        row["market_pool"] = draft.rng.choice(["each", "together"])
    if row["base"] == "purchases":
        row["home_in_base"] = draft.rng.choice(["yes", "yes", "no"])
        row["stock_in_base"] = "no" if made else draft.rng.choice(["no", "yes"])
    if draft.chance(0.3):
        row["from"] = draft.names[1]
    if draft.chance(0.5):
        row["penalty"] = draft.number(20.0, 200.0)
    draft.add("rules", rule=f"rule {number}", **row)


def _activations(draft: Draft) -> None:
    """Charges, least awards, least loads and set-ups on some rows of each table that knows them."""
    tables, rng = draft.tables, draft.rng
    for row in tables["offers"]:
        if draft.chance(0.5):
            row |= {"fixed_cost": draft.number(10.0, 300.0), "min_award": draft.number(0.0, 20.0)}
        if draft.chance(0.3):
            row["setup_use"] = 2.0
            next(site for site in tables["sites"] if site["site"] == row["site"])["capacity"] = row["capacity"]
    for row in tables["processes"]:
        row |= {"fixed_cost": draft.number(0.0, 300.0), "min_load": rng.choice([0.0, 0.3, 0.5])}
    for row in tables["lanes"]:
        if draft.chance(0.2):
            row |= {"fixed_cost": draft.number(5.0, 100.0), "capacity": row["capacity"] or 150.0}
    lane = rng.choice(tables["lanes"])
    route = {"origin": lane["origin"], "destination": lane["destination"]}
    draft.add("routes", **route, capacity=draft.number(40.0, 100.0), fixed_cost=rng.choice([0.0, 50.0]))


def _tiers(draft: Draft, integers: bool) -> None:
    """Prices by quantity for half of the offers: rising and incremental, or with integers also falling or all units."""
    years = 1.0 if draft.length == "year" else 0.5
    for row in list(draft.tables["offers"]):
        if draft.chance(0.5):
            scheme = draft.rng.choice(["incremental", "all_units"]) if integers else "incremental"
            rises = not integers or draft.chance(0.3)
            start, price = 0.0, float(row["price"])
            for _ in range(draft.rng.choice([1, 2, 2, 3])):
                start += draft.number(5.0, 30.0) * years
                price *= draft.number(1.02, 1.3, 2) if rises else draft.number(0.75, 0.98, 2)
                pair = {"site": row["site"], "material": row["material"]}
                draft.add("tiers", **pair, from_quantity=round(start, 1), price=round(price, 2), scheme=scheme)
            if draft.chance(0.2):
                draft.add("tiers", **pair, from_quantity=0.0, price=row["price"] * 0.95, scheme=scheme)
            if rises and scheme == "incremental" and not draft.integers and draft.chance(0.3):
                row["capacity"] = None
            if draft.chance(0.3):
                second = row | {"from": draft.names[1], "price": round(row["price"] * 1.01, 2)}
                row["until"] = draft.names[0]
                draft.add("offers", **second)


def _suppliers(draft: Draft, number: int) -> None:
    """At most one or two places, owners or sites supply the markets, the first plants, or make a material."""
    per, by = draft.rng.choice(["period", "year", "horizon"]), draft.rng.choice(["place", "owner", "site"])
    row: Row = {"kind": "max_suppliers", "limit": draft.rng.choice([1, 1, 2]), "per": per, "subject_by": by}
    what = draft.rng.choice(["last", "last", "ore", "made"])
    row |= {"basis": "made" if what == "made" else "purchases", "material": "ore" if what == "ore" else draft.last}
    if what == "ore":
        row |= {"market": ";".join(draft.sites(f"{draft.materials[1]} plant")), "market_pool": "together"}
    elif what == "last":
        row["market_pool"] = draft.rng.choice(["each", "together"])
    if draft.chance(0.2) and by == "place":
        row["except"] = "home"
    if draft.chance(0.6):
        row["penalty"] = draft.number(50.0, 2000.0)
    draft.add("rules", rule=f"suppliers {number}", **row)


def _hhi(draft: Draft, number: int) -> None:
    """A cap on the HHI of what the markets or the first plants buy, or of what is made, hard or at a price."""
    rng = draft.rng
    row: Row = {"kind": "max_hhi", "per": rng.choice(["period", "year", "horizon"])}
    what = rng.choice(["last", "ore", "ore", "made"])
    last = draft.last if what == "last" or draft.chance(0.5) else "ore"
    row |= {"basis": "made" if what == "made" else "purchases", "material": "ore" if what == "ore" else last}
    row["base"] = rng.choice(["purchases", "purchases", "consumption"] + (["demand"] if what == "last" else []))
    if what == "made":
        row["base"] = "purchases"
    row["limit"] = draft.number(0.4, 0.8, 2) if row["base"] == "purchases" else draft.number(0.15, 0.6, 2)
    row["subject_by"] = rng.choice(["place", "place", "owner", "site"])
    if what == "ore":
        row |= {"market": ";".join(draft.sites(f"{draft.materials[1]} plant")), "market_pool": "together"}
    elif what == "last":
        row["market_pool"] = rng.choice(["each", "together"])
    if row["base"] == "purchases" and what != "made":
        row |= {"home_in_base": rng.choice(["yes", "yes", "no"]), "stock_in_base": rng.choice(["no", "no", "yes"])}
    if row["subject_by"] == "place" and draft.chance(0.2):
        row["except"] = "CCC"
    if row.get("stock_in_base") != "yes" and draft.chance(0.4):
        row["penalty"] = draft.number(20.0, 400.0)
    draft.add("rules", rule=f"hhi {number}", **row)


def _awards(draft: Draft) -> None:
    """Who supplies the markets, or makes a material, does so with an award; and at least one or two do."""
    per, by = draft.rng.choice(["period", "year", "horizon"]), draft.rng.choice(["place", "owner", "site"])
    row: Row = {"per": per, "subject_by": by, "material": draft.last, "market_pool": "together"}
    row["basis"] = "purchases"
    share, made = draft.chance(0.4), draft.chance(0.3)
    if made and not share:
        row |= {"basis": "made", "market_pool": ""}
    base = draft.rng.choice(["demand", "consumption", "purchases"]) if share else ""
    limit = draft.number(0.05, 0.3, 2) if share else draft.number(1.0, 6.0)
    priced = draft.chance(0.3)
    award = {"kind": "min_award", "limit": limit, "base": base}
    draft.add("rules", rule="awards", **row, **award, penalty=draft.number(20.0, 200.0) if priced else None)
    if not priced and draft.chance(0.7):
        least = {"kind": "min_suppliers", "limit": draft.rng.choice([1, 2])}
        draft.add("rules", rule="least", **row, **least, penalty=draft.number(50.0, 2000.0))


def _attributes(draft: Draft) -> None:
    """Risk of places, and of one site another; carbon of all that each site sells; recycled content of the trader's."""
    for row in draft.tables["places"]:
        row["risk"] = draft.number(0.0, 1.0, 2)
    for row in draft.tables["sites"]:
        draft.add("attributes", site=row["site"], attribute="carbon", value=draft.number(0.0, 20.0))
    draft.add("attributes", site="mine 0", material="ore", attribute="risk", value=draft.number(0.0, 1.0, 2))
    draft.add("attributes", site="mine 0", material="ore", attribute="carbon", value=draft.number(0.0, 20.0))
    draft.add("attributes", site="trader", material="", attribute="recycled", value=draft.number(0.2, 1.0, 2))
    for row in draft.tables["rules"]:
        if row.get("base") == "purchases" and draft.chance(0.5):
            row["recycled_in_base"] = "no"


def _average(draft: Draft, number: int) -> None:
    """An average of what the markets or the first plants buy, or of what is made; of all or of each of some."""
    attribute = draft.rng.choice(["risk", "carbon", "recycled"])
    kind = "min_average" if attribute == "recycled" or draft.chance(0.2) else "max_average"
    low, high = {"risk": (0.1, 0.6), "carbon": (2.0, 12.0), "recycled": (0.05, 0.5)}[attribute]
    row: Row = {"kind": kind, "attribute": attribute, "limit": draft.number(low, high, 2)}
    row |= {"per": draft.rng.choice(["period", "year", "horizon"]), **_source(draft)}
    by = draft.rng.choice(["", "", "owner", "place"])
    row |= {"subject_by": by} | ({"except": "home"} if by == "place" and draft.chance(0.3) else {})
    if draft.chance(0.8):
        row["penalty"] = draft.number(2.0, 100.0)
    draft.add("rules", rule=f"average {number}", **row)


def _spend(draft: Draft, number: int) -> None:
    """Money for ore that the first plants buy, or for what is made; a floor only where there are no tiers."""
    floor = draft.chance(0.3) and not draft.tables.get("tiers")
    row: Row = {"kind": "min_spend" if floor else "max_spend", "per": draft.rng.choice(["period", "year", "horizon"])}
    row |= _source(draft) if draft.chance(0.5) else {"basis": "made", "material": draft.last}
    if row["basis"] == "purchases" and row["material"] != "ore":
        row |= {"basis": "made", "market_pool": ""}
    row |= {"limit": draft.number(100.0, 800.0 if floor else 3000.0), "subject_by": draft.rng.choice(["", "owner"])}
    if draft.chance(0.8):
        row["penalty"] = draft.number(0.1, 3.0)
    draft.add("rules", rule=f"spend {number}", **row)


def _source(draft: Draft) -> Row:
    """What a rule counts: ore at the first plants, the last material at the markets, or what is made of it."""
    what = draft.rng.choice(["last", "ore", "made"])
    if what == "ore":
        market = ";".join(draft.sites(f"{draft.materials[1]} plant"))
        return {"basis": "purchases", "material": "ore", "market": market, "market_pool": "together"}
    if what == "made":
        return {"basis": "made", "material": draft.last}
    pool = draft.rng.choice(["each", "together"])
    return {"basis": "purchases", "material": draft.last, "market_pool": pool}


def random_instance(
    seed: int, ranks: int | None = None, integers: bool | None = None, hhi: int = 0
) -> tuple[Row, Tables]:
    """Header and tables of the instance with this seed.

    Args:
        seed: any integer.
        ranks: 0 = all demand must be met, 1 or 2 = priorities in so many ranks; drawn where it is not given.
        integers: whether there are charges, least awards and the like; drawn where it is not given. Falling prices,
            prices of all units and numbers of suppliers come where it is not refused.
        hhi: how many caps on the HHI it has.
    """
    rng = random.Random(seed)
    length = rng.choice(["year", "quarter"])
    draft = Draft(
        rng=rng,
        length=length,
        periods=rng.choice([2, 3]) if length == "year" else rng.choice([3, 5]),
        ranks=rng.choices([0, 1, 2], [0.35, 0.45, 0.2])[0] if ranks is None else ranks,
        integers=rng.random() < 0.3 if integers is None else integers,
        materials=STAGES[: rng.choice([2, 3])],
    )
    for place in PLACES:
        draft.add("places", place=place)
    for material in draft.materials:
        draft.add("materials", material=material, stage=material)
    for part in (_sellers, _plants, _markets, _lanes, _stockpiles):
        part(draft)
    for number in range(rng.choice([1, 2, 2, 3])):
        _rule(draft, number, KINDS[(seed + number) % len(KINDS)])
    if draft.integers:
        _activations(draft)
    head = {
        "name": f"random {seed}",
        "first_period": draft.names[0],
        "periods": draft.periods,
        "period_length": length,
        "discount_rate": rng.choice([0.0, 0.05]),
        "home": "allies",
    }
    draft.rng = random.Random(f"{seed} tiers")
    if draft.chance(0.6):
        _tiers(draft, integers is not False and draft.chance(0.7))
    if integers is not False and draft.chance(0.5):
        for number in range(draft.rng.choice([1, 1, 2])):
            _suppliers(draft, number)
    draft.rng = random.Random(f"{seed} awards")
    bounded = all(row["capacity"] is not None for row in draft.tables["offers"])
    if integers is not False and bounded and draft.chance(0.4):
        _awards(draft)
    draft.rng = random.Random(f"{seed} measures")
    if draft.chance(0.4):
        _attributes(draft)
        for number in range(draft.rng.choice([1, 2])):
            draft.rng.choice([_average, _spend])(draft, number)
    draft.rng = random.Random(f"{seed} hhi")
    for number in range(hhi):
        _hhi(draft, number)
    return head, draft.tables
