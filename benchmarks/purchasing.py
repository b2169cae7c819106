"""Networks by lot with the decisions of a buyer: whether to sign, how much at least, which tier, which suppliers.

On top of the networks of ``planner.generate``: a fixed charge and a minimum award on every offer, three price tiers a
mine and ore, at most three suppliers a year for every market of a metal and every smelter, and demand that must be met.
"""

from typing import Any

import numpy as np
import pandas as pd

from planner.generate import Tables, network
from planner.tables import Header

THRESHOLDS = (0.35, 0.7)
"""From which part of an offer's capacity the second and the third price hold."""

DISCOUNTS = (0.92, 0.85)
"""The second and the third price, as part of the first."""

MOST_SUPPLIERS = 3


def purchasing(columns: int, seed: int = 1) -> tuple[Header, Tables]:
    """Header and tables of a network whose continuous part has about this many columns.

    Args:
        columns: as of ``planner.generate.network``; four yes-or-no columns come with every ten.
        seed: the same seed and size give the same network.
    """
    header, tables = network(columns, seed)
    rng = np.random.default_rng(seed)
    offers = tables["offers"]
    charge = rng.uniform(2_000.0, 10_000.0, len(offers)).round(0)
    least = (offers["capacity"] * rng.uniform(0.2, 0.4, len(offers))).round(2)
    tables["offers"] = offers.assign(fixed_cost=charge, min_award=least)
    tables["tiers"] = _tiers(offers)
    tables["priorities"] = pd.DataFrame()
    tables["demands"] = tables["demands"].drop(columns="priority")
    tables["rules"] = pd.concat([tables["rules"], _suppliers()], ignore_index=True)
    return header.model_copy(update={"name": f"purchasing {columns} {seed}"}), tables


def _tiers(offers: pd.DataFrame) -> pd.DataFrame:
    """Half of the mines lower the price of what comes on top, half that of everything."""
    scheme = np.where(np.arange(len(offers)) // 2 % 2 == 0, "incremental", "all_units")
    frames = [
        pd.DataFrame(
            {
                "site": offers["site"],
                "material": offers["material"],
                "from_quantity": (offers["capacity"] * threshold).round(2),
                "price": (offers["price"] * discount).round(2),
                "scheme": scheme,
            }
        )
        for threshold, discount in zip(THRESHOLDS, DISCOUNTS, strict=True)
    ]
    return pd.concat(frames, ignore_index=True)


def _suppliers() -> pd.DataFrame:
    """At most three sites a year deliver a metal to a market, an oxide to a smelter."""
    rule: dict[str, Any] = {"kind": "max_suppliers", "limit": MOST_SUPPLIERS, "subject_by": "site", "per": "year"}
    rule |= {"basis": "purchases", "pool": "each", "market_pool": "each"}
    return pd.DataFrame(
        [
            {**rule, "rule": "suppliers of a market", "stage": "metal", "market": ""},
            {**rule, "rule": "suppliers of a smelter", "stage": "oxide", "market": "makers"},
        ]
    )
