"""Seeded networks of a wanted size, as planner tables: mine, oxide, metal, market, with share caps and stock.

One ore holds a basket of elements, which come out of a separation plant together and then go their own way. Each basket
has about 400 columns a year: mines, separators, smelters and the lanes between them, markets whose demand may stay
unmet, stock with cover at half of the markets, a share cap a year and metal.
"""

import random
from typing import Any

PLACES = 12
MINES, SEPARATORS, SMELTERS, MARKETS = 10, 6, 5, 10
BASKET = (0.5, 0.3, 0.2)
"""Share of each element in what a separator gives."""
ORIGINS = 5
"""Sources that a plant or a market can buy from."""
YEARS = 10
COLUMNS_PER_BASKET = 3_940
"""Columns that one basket adds over ten years."""

Row = dict[str, Any]
Tables = dict[str, list[Row]]


def _sites(rng: random.Random, tables: Tables, kind: str, count: int, number: int) -> list[str]:
    """Sites of one kind, each in a place of its own."""
    found = [f"{kind} {number}.{site}" for site in range(count)]
    for name, place in zip(found, rng.sample(range(PLACES), count), strict=True):
        tables["sites"].append({"site": name, "place": f"P{place:02d}", "owner": f"O{rng.randrange(30)}"})
    return found


def _lanes(rng: random.Random, tables: Tables, origins: list[str], goals: list[str], material: str) -> None:
    """Each goal buys from a few origins."""
    for goal in goals:
        for origin in rng.sample(origins, min(ORIGINS, len(origins))):
            freight, loss = round(rng.uniform(5.0, 60.0), 2), rng.choice([0.0, 0.01])
            ends = {"origin": origin, "destination": goal, "material": material}
            tables["lanes"].append({**ends, "freight": freight, "loss": loss})


def _plants(
    rng: random.Random, tables: Tables, plants: list[str], source: str, products: dict[str, float], size: float
) -> None:
    """One process a plant: more of the source in than of the products out, in fixed proportion."""
    for plant in plants:
        cost, capacity = round(rng.uniform(50.0, 150.0), 2), round(size * rng.uniform(250.0, 600.0), 1)
        tables["processes"].append({"process": f"make {plant}", "site": plant, "cost": cost, "capacity": capacity})
        need = round(rng.uniform(1.05, 1.3), 3)
        tables["recipes"].append({"process": f"make {plant}", "material": source, "input": need, "output": 0.0})
        for product, share in products.items():
            row = {"process": f"make {plant}", "material": product, "input": 0.0, "output": share}
            tables["recipes"].append(row)


def _markets(rng: random.Random, tables: Tables, markets: list[str], metal: str, size: float) -> None:
    """Growing demand; stock with 60 days of cover at every other market."""
    for number, market in enumerate(markets):
        first, growth = size * rng.uniform(60.0, 140.0), rng.uniform(1.0, 1.05)
        for year in range(YEARS):
            row = {"site": market, "material": metal, "period": f"{2027 + year}", "priority": "civil"}
            tables["demands"].append({**row, "quantity": round(first * growth**year, 2)})
        if number % 2 == 0:
            held = {"initial": round(first / 5.0, 2), "holding_cost": round(rng.uniform(20.0, 80.0), 2)}
            tables["stockpiles"].append({"site": market, "material": metal, **held, "cover_days": 60})


def _basket(rng: random.Random, tables: Tables, number: int) -> None:
    """The chains of the elements that come out of one ore together."""
    ore, oxides = f"ore {number}", {f"oxide {number}.{place}": share for place, share in enumerate(BASKET)}
    for material in (ore, *oxides):
        tables["materials"].append({"material": material, "stage": material.split()[0]})
    mines = _sites(rng, tables, "mine", MINES, number)
    for mine in mines:
        price, capacity = round(rng.uniform(300.0, 1500.0), 2), round(rng.uniform(200.0, 700.0), 1)
        tables["offers"].append({"site": mine, "material": ore, "price": price, "capacity": capacity})
    separators = _sites(rng, tables, "separator", SEPARATORS, number)
    _plants(rng, tables, separators, ore, oxides, 2.0)
    _lanes(rng, tables, mines, separators, ore)
    for place, (oxide, share) in enumerate(oxides.items()):
        metal = f"metal {number}.{place}"
        tables["materials"].append({"material": metal, "stage": "metal"})
        smelters = _sites(rng, tables, f"smelter {place}", SMELTERS, number)
        markets = _sites(rng, tables, f"market {place}", MARKETS, number)
        _plants(rng, tables, smelters, oxide, {metal: 1.0}, 2.0 * share)
        _lanes(rng, tables, separators, smelters, oxide)
        _lanes(rng, tables, smelters, markets, metal)
        _markets(rng, tables, markets, metal, 2.0 * share)


def network(columns: int, seed: int = 1) -> tuple[Row, Tables]:
    """Header and tables of a network of about this many columns."""
    rng = random.Random(seed)
    names = ("materials", "places", "sites", "offers", "processes", "recipes", "lanes", "demands", "stockpiles")
    tables: Tables = {name: [] for name in names}
    tables["places"] = [{"place": f"P{number:02d}"} for number in range(PLACES)]
    tables["priorities"] = [{"priority": "civil", "rank": 1, "unmet_cost": 8000.0}]
    for number in range(max(1, round(columns / COLUMNS_PER_BASKET))):
        _basket(rng, tables, number)
    rule = {"rule": "share cap", "kind": "max_share", "limit": 0.4, "subject_by": "place", "stage": "metal"}
    rule |= {"basis": "purchases", "base": "consumption", "per": "year", "pool": "each", "market_pool": "together"}
    tables["rules"] = [rule]
    head = {"name": f"{columns} columns", "first_period": "2027", "periods": YEARS, "discount_rate": 0.05}
    return head, tables
