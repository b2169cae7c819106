"""Published cases with numbers of suppliers, awards and share caps on top: the least over all sets of suppliers, an LP
of scipy's each, written for this test alone.
"""

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

import planner
from planner.read import from_frames
from tests.published import blends, location
from tests.published.case import Case

DATA = Path(__file__).parent / "published" / "data"
STEEL = json.loads((DATA / "textbook" / "cases" / "new_bedford_steel.json").read_text("utf-8"))


def least_cost(case: Case) -> float:
    """Cost of the verified plan; infinite where there is none."""
    outcome = planner.solve(from_frames(case.header, case.tables), gap=1e-9)
    assert outcome.status in ("optimal", "infeasible")
    return outcome.plan.objective if outcome.found else np.inf


def coal(chosen: tuple[int, ...], award: float, share: float, share_award: float) -> float:
    """Least cost of coal from some bids: each the award, or a share of all, at least, and a share of all at most."""
    bids, one = len(STEEL["bids"]), np.ones(len(STEEL["bids"]))
    inside = np.isin(np.arange(bids), chosen)
    union, truck = (np.array(STEEL[name], dtype=float) for name in ("union", "truck"))
    volatility = np.array(STEEL["volatility"], dtype=float) - STEEL["min_volatility"]
    rows = [
        (-one, -STEEL["demand"]),
        (-volatility, 0.0),
        (STEEL["union_share_min"] * one - union, 0.0),
        (1.0 - truck, STEEL["rail_cap"]),
        (truck, STEEL["truck_cap"]),
        *((np.eye(bids)[bid] - share * one, 0.0) for bid in range(bids)),
        *((share_award * one - np.eye(bids)[bid], 0.0) for bid in chosen),
    ]
    bounds = [
        (award if held else 0.0, most if held else 0.0) for held, most in zip(inside, STEEL["capacity"], strict=True)
    ]
    if any(low > high for low, high in bounds):
        return np.inf
    left, right = zip(*rows, strict=True)
    found = linprog(STEEL["price"], np.array(left), np.array(right), bounds=bounds)
    return float(found.fun) if found.success else np.inf


@pytest.mark.parametrize(
    ("least", "most", "award", "share", "share_award"),
    [
        (1, 8, 100.0, 1.0, 0.0),
        (1, 4, 0.0, 1.0, 0.0),
        (5, 8, 60.0, 1.0, 0.0),
        (6, 6, 90.0, 0.4, 0.0),
        (4, 5, 150.0, 0.3, 0.0),
        (7, 8, 0.0, 0.5, 0.06),
        (1, 3, 0.0, 1.0, 0.2),
        (8, 8, 0.0, 0.25, 0.1),
        (1, 2, 0.0, 1.0, 0.0),
    ],
)
def test_coking_coal_with_counts_awards_and_caps(
    least: int, most: int, award: float, share: float, share_award: float
) -> None:
    """New Bedford Steel: of eight bids so many, each with so many tonnes or such a share, none above its cap."""
    case = blends.steel(STEEL)
    scope = {"subject_by": "site", "material": "coal", "market": "works", "basis": "purchases"}
    scope["per"] = "year"
    case.add("rules", rule="most", kind="max_suppliers", limit=most, **scope)
    if award:
        case.add("rules", rule="award", kind="min_award", limit=award, **scope)
    if share_award:
        case.add("rules", rule="foothold", kind="min_award", limit=share_award, base="purchases", **scope)
    if least > 1:
        case.add("rules", rule="least", kind="min_suppliers", limit=least, **scope)
    if share < 1.0:
        case.add("rules", rule="cap", kind="max_share", limit=share, base="purchases", **scope)
    sizes = range(least, most + 1)
    sets = itertools.chain.from_iterable(itertools.combinations(range(8), size) for size in sizes)

    wanted = min(coal(chosen, award, share, share_award) for chosen in sets)
    assert least_cost(case) == pytest.approx(wanted, rel=1e-6)


def _few_warehouses(count: int) -> Case:
    """The first warehouses of ``cap73``, which together hold all demand."""
    case = location.warehouses((DATA / "cflp_orlib" / "data" / "cap73.txt").read_text("utf-8"))
    names = [f"warehouse {number}" for number in range(1, count + 1)]
    for table, column in (("offers", "site"), ("lanes", "origin")):
        case.tables[table] = [row for row in case.tables[table] if row[column] in names]
    return case


def region(case: Case, chosen: tuple[str, ...], award: float, share: float) -> float:
    """Least cost of serving all customers from some warehouses, which all pay their fixed cost."""
    demand = {row["site"]: row["quantity"] for row in case.tables["demands"]}
    freight = {(row["origin"], row["destination"]): row["freight"] for row in case.tables["lanes"]}
    offers = {row["site"]: row for row in case.tables["offers"]}
    cost = [freight[site, customer] for site in chosen for customer in demand]
    served = np.kron(np.ones(len(chosen)), np.eye(len(demand)))
    sold, total = np.kron(np.eye(len(chosen)), np.ones(len(demand))), sum(demand.values())
    most = [min(offers[site]["capacity"], share * total) for site in chosen]
    found = linprog(
        cost,
        np.vstack([sold, -sold]),
        np.concatenate([most, np.full(len(chosen), -award)]),
        served,
        np.array(list(demand.values())),
    )
    fixed = sum(offers[site]["fixed_cost"] for site in chosen)
    return float(found.fun) + fixed if found.success else np.inf


@pytest.mark.parametrize(
    ("least", "most", "award", "share"),
    [(4, 5, 2000.0, 1.0), (6, 7, 5000.0, 0.3), (5, 5, 9000.0, 0.22), (7, 7, 500.0, 1.0)],
)
def test_warehouses_with_counts_awards_and_caps(least: int, most: int, award: float, share: float) -> None:
    """Eight warehouses of ``cap73``: so many serve the region, each with so many tonnes and a share at most."""
    case = _few_warehouses(8)
    scope: dict[str, Any] = {"subject_by": "site", "market_pool": "together", "basis": "purchases", "per": "horizon"}
    for rule, kind, limit in (("most", "max_suppliers", most), ("least", "min_suppliers", least)):
        case.add("rules", rule=rule, kind=kind, limit=limit, **scope)
    case.add("rules", rule="award", kind="min_award", limit=award, **scope)
    case.add("rules", rule="cap", kind="max_share", limit=share, base="demand", **scope)
    sites = [row["site"] for row in case.tables["offers"]]
    sets = itertools.chain.from_iterable(itertools.combinations(sites, size) for size in range(least, most + 1))

    wanted = min(region(case, chosen, award, share) for chosen in sets)
    assert np.isfinite(wanted)
    assert least_cost(case) == pytest.approx(wanted, rel=1e-6)
