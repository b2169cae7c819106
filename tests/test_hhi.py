"""Caps on the HHI against a cone solver and enumeration, and what must hold of them whatever the instance."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from itertools import pairwise
from multiprocessing import get_context

import numpy as np
import pytest

import planner
from mineral_sourcing.build import build
from mineral_sourcing.compile import compile_model
from planner.assembly.assemble import assembled
from planner.assembly.pieces import ends, lines
from planner.plan import Plan
from planner.read import from_frames
from planner.verify import verify
from tests.cone import of_matrix
from tests.hhi_modes import lines as modes
from tests.hhi_modes import trade
from tests.published.capped import DATA, answers
from tests.random_instances import random_instance

SEEDS = range(60)
KEPT = 1e-7
"""An HHI above its cap by less is rounding."""


def answer(seed: int) -> tuple[int, Plan | None, float | None]:
    """A random instance of the whole network under two caps on the HHI: the plan, and the cone solver's least cost."""
    instance = from_frames(*random_instance(seed, ranks=seed % 2, integers=False, hhi=2))
    outcome = planner.solve(instance)
    found = assembled(instance)
    return seed, outcome.found, of_matrix(compile_model(build(found.network)), found.network)


@cache
def random_answers() -> tuple[tuple[int, Plan | None, float | None], ...]:
    """Both answers to every seed."""
    with ProcessPoolExecutor(max_workers=2, mp_context=get_context("spawn")) as workers:
        return tuple(workers.map(answer, SEEDS, chunksize=5))


def test_random_networks_against_the_cone_solver() -> None:
    """The same least cost to 1e-6, or no plan in both; in 15 instances or more the caps are felt."""
    felt = 0
    for seed, plan, least in random_answers():
        if plan is None or least is None:
            assert plan is None, f"seed {seed}"
            assert least is None, f"seed {seed}"
            continue
        assert plan.objective == pytest.approx(least, rel=1e-6), f"seed {seed}"
        assert plan.bound <= plan.objective <= plan.bound * (1 + 1e-6), f"seed {seed}"
        rows = plan.rules[plan.rules["unit"] == "hhi"]
        assert (rows.loc[rows["penalty"] == 0, "slack"] >= -KEPT).all(), f"seed {seed}"
        felt += bool((rows["binding"] == "yes").any())

    assert felt >= 15


def test_inner_exact_and_bound_stand_in_order() -> None:
    """Inner cost ≥ exact cost ≥ outer bound, exact = cone solver, no HHI above a hard cap: 20 instances or more."""
    assert len(modes()) >= 20
    for at in modes():
        assert at.inner.objective >= at.exact.objective - 1e-7 * at.exact.objective
        assert at.exact.objective >= at.exact.bound
        assert at.inner.bound <= at.exact.objective * (1 + 1e-9)
        assert at.exact.objective == pytest.approx(at.cone, rel=1e-6)
        assert at.varies >= 2.0
        if not at.priced:
            assert at.hhi <= at.limit + KEPT
            assert max(verify(at.inner).hhi.values()) <= at.limit + KEPT


@pytest.mark.parametrize("seed", [4, 6, 19])
def test_a_tighter_cap_never_costs_less(seed: int) -> None:
    """From 1 down to 0.2, where the total gives way."""
    costs = []
    for limit in (1.0, 0.6, 0.45, 0.35, 0.28, 0.2):
        made = trade(seed, limit)
        costs.append(planner.solve(from_frames(made.header, made.tables)).plan.objective)

    assert all(later >= earlier * (1 - 1e-6) for earlier, later in pairwise(costs))
    assert costs[-1] > costs[0]


def test_published_cases_against_a_second_method() -> None:
    """New Bedford Steel and warehouses of OR-Library, also single source, under caps on HHI, share, count, awards."""
    for name, plan, least in answers(DATA):
        assert plan.objective == pytest.approx(least, rel=1e-6), name


@pytest.mark.parametrize("seed", [0, 11, 17, 55])
def test_plans_with_charges_are_proven(seed: int) -> None:
    """Charges, least loads and counts beside two caps on the HHI: gap to 1e-4, every cap kept."""
    plan = planner.solve(from_frames(*random_instance(seed, ranks=seed % 2, integers=True, hhi=2))).plan
    rows = plan.rules[plan.rules["unit"] == "hhi"]

    assert plan.is_mip
    assert plan.status == "optimal"
    assert plan.gap <= 1e-4
    assert (rows.loc[rows["penalty"] == 0, "slack"] >= -KEPT).all()


def test_chords_lie_above_the_square_and_tangents_below() -> None:
    """Wherever the centre and however short the pieces."""
    rng = np.random.default_rng(1)
    found = ends(rng.random(200), 10.0 ** -rng.uniform(0.0, 6.0, 200))
    share = np.linspace(0.0, 1.0, 401)

    assert (np.diff(found, axis=1) >= 0.0).all()
    for above, sign in ((True, 1.0), (False, -1.0)):
        slope, height = lines(found, above=above)
        square = (slope[:, :, None] * share - height[:, :, None]).max(axis=1)
        assert (sign * (square - share**2) >= -1e-12).all()


def test_verifier_refuses_what_is_not_so() -> None:
    """An HHI, a share, a cap or a price that is told wrongly."""
    made = trade(0, 0.3)
    plan = planner.solve(from_frames(made.header, made.tables)).plan
    for table, column, factor in (("rules", "actual", 0.9), ("hhi", "share", 1.1), ("hhi", "sources", 1.1)):
        frame = plan.tables[table].copy()
        frame[column] *= factor
        assert not verify(replace(plan, tables={**plan.tables, table: frame})).ok, column
    prices = plan.prices.copy()
    prices.loc[prices["constraint"] == "hhi.cap", "shadow_price"] *= 1.5
    assert not verify(replace(plan, tables={**plan.tables, "prices": prices})).ok
    tight = trade(0, 0.29)
    assert not verify(replace(plan, instance=from_frames(tight.header, tight.tables))).ok
