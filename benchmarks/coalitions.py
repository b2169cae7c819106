"""All coalitions of twelve: ``python -m benchmarks.coalitions``; how long 4,096 plans take, and what the game says.

Each of twelve places has a mine and a market of a size drawn by seed; the world sells at a price above all. Every plan
is solved and verified by itself, on this machine's processes.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import planner


def instance(count: int, seed: int) -> planner.Instance:
    """Places with a mine, a smelter and a market each, two years, a cap on third countries."""
    rng = np.random.default_rng(seed)
    places = [f"P{number:02}" for number in range(count)]
    mines, markets = [f"{place} mine" for place in places], [f"{place} market" for place in places]
    cap = {"rule": "half", "kind": "max_share", "limit": 0.5, "subject_by": "place", "except": "home"}
    cap |= {"market": "allies", "basis": "purchases", "base": "consumption", "per": "year", "market_pool": "together"}
    tables: dict[str, Sequence[Mapping[str, Any]]] = {
        "materials": [{"material": "oxide", "stage": "oxide"}],
        "places": [{"place": place} for place in [*places, "W1", "W2"]],
        "groups": [{"group": "allies", "member": place} for place in places],
        "sites": [{"site": site, "place": site.split()[0]} for site in [*mines, *markets, "W1 mine", "W2 mine"]],
        "offers": [
            {"site": mine, "material": "oxide", "price": float(price), "capacity": float(size)}
            for mine, price, size in zip(mines, rng.uniform(10, 40, count), rng.uniform(0, 20, count), strict=True)
        ]
        + [{"site": f"W{number} mine", "material": "oxide", "price": 40.0 + number} for number in (1, 2)],
        "lanes": [
            {"origin": mine, "destination": market, "material": "oxide", "freight": float(rng.uniform(0, 5))}
            for mine in [*mines, "W1 mine", "W2 mine"]
            for market in markets
        ],
        "demands": [
            {"site": market, "material": "oxide", "quantity": float(size)}
            for market, size in zip(markets, rng.uniform(5, 15, count), strict=True)
        ],
        "rules": [cap],
    }
    return planner.from_frames({"name": "twelve", "first_period": "2027", "periods": 2, "home": "allies"}, tables)


def main() -> None:
    """Solve them all."""
    given = instance(12, 1)
    wall = time.perf_counter()
    found = planner.together(given)
    wall = time.perf_counter() - wall
    print(
        f"{len(found.coalitions):,} coalitions in {wall:.0f} s wall, {1000 * wall / len(found.coalitions):.0f} ms each"
    )
    wall = time.perf_counter()
    print(found)
    print(f"shares in {time.perf_counter() - wall:.1f} s; who would leave: {len(found.leavers)} rows")


if __name__ == "__main__":
    main()
