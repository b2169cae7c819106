"""A second solver agrees on 100 random instances, in which every part of the model is felt."""

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context

import pytest

import planner
from planner.assembly.assemble import assemble
from planner.plan import Plan
from planner.read import from_frames
from tests.random_instances import KINDS, random_instance
from tests.second_solver import least_cost, wider

SEEDS = range(100)
LOOSE_BEFORE = 60
"""Seeds before this one are also solved with looser big-Ms; it takes SCIP a while."""


@dataclass(frozen=True)
class Pair:
    """What both solvers found of one instance."""

    seed: int
    status: str
    ours: float | None
    theirs: float | None
    loose: float | None
    """Theirs with every big-M three times as large, where there are any."""
    felt: frozenset[str]
    """Parts of the model that the plan uses or is bound by."""


def felt(plan: Plan) -> frozenset[str]:
    """Rule kinds that bind, hard and priced; late and lossy arrivals, binding cover, unmet demand, activations."""
    rules = plan.rules[plan.rules["binding"] == "yes"]
    found = set(rules["kind"])
    found |= {"priced rule"} if (rules["excess"] > 1e-6).any() else set()
    found |= {"hard rule"} if (rules["excess"] <= 1e-6).any() else set()
    flows, cover = plan.flows, plan.cover
    tight = (cover["need"] > 1e-6) & (cover["stock"] <= cover["need"] + 1e-6) & (cover["required_days"] > 0.0)
    parts = {
        "lead time": (flows["period"] != flows["arrives"]).any(),
        "loss": (flows["arriving"] < flows["quantity"] - 1e-6).any(),
        "cover": tight.any(),
        "unmet demand": (plan.demand["unmet"] > 1e-6).any(),
        "activation": (~plan.activations["kind"].isin(["tier", "supplier"])).any(),
        "tier by switch": (plan.activations["kind"] == "tier").any(),
        "rising tier": ((plan.tiers["from_quantity"] > 0).any() and not plan.is_mip),
        "surplus": not plan.surplus.empty,
    }
    return frozenset(found | {name for name, used in parts.items() if used})


def answers(seed: int) -> Pair:
    """Both answers to one seed."""
    instance = from_frames(*random_instance(seed))
    outcome = planner.solve(instance, gap=0.0)
    plan = outcome.found
    network = assemble(instance)
    loose = least_cost(wider(network, 3.0)) if network.activation.most and seed < LOOSE_BEFORE else None
    parts = felt(plan) if plan else frozenset[str]()
    return Pair(seed, outcome.status, plan.objective if plan else None, least_cost(network), loose, parts)


@cache
def pairs() -> tuple[Pair, ...]:
    """Both answers to every seed, in the order of the seeds."""
    with ProcessPoolExecutor(max_workers=2, mp_context=get_context("spawn")) as workers:
        return tuple(workers.map(answers, SEEDS, chunksize=5))


def test_second_solver_agrees() -> None:
    """The same least cost to 1e-6, or no plan in both; at least 70 plans that cost something, 10 without one."""
    differ = []
    for pair in pairs():
        if pair.ours is None or pair.theirs is None:
            agree = pair.status == "infeasible" and pair.theirs is None
        else:
            agree = pair.status == "optimal" and pair.ours == pytest.approx(pair.theirs, rel=1e-6, abs=1e-6)
        if not agree:
            differ.append(pair)
    costly = [pair.seed for pair in pairs() if pair.ours is not None and pair.ours > 0.0]
    without = [pair.seed for pair in pairs() if pair.ours is None and pair.theirs is None]
    print(f"seeds with a plan: {costly}\nseeds without one: {without}")

    assert not differ
    assert len(costly) >= 70
    assert len(without) >= 10


def test_no_big_m_cuts_off_a_plan() -> None:
    """A switch that lets through three times as much changes no cost: in 15 mixed-integer plans or more."""
    checked = [pair for pair in pairs() if pair.loose is not None]
    print(f"seeds {[pair.seed for pair in checked]}")

    assert len(checked) >= 15
    for pair in checked:
        assert pair.ours == pytest.approx(pair.loose, rel=1e-5), f"seed {pair.seed}"


def test_every_part_is_felt() -> None:
    """Each rule kind, hard and priced, lead time, loss, cover, unmet demand and activations in 10 plans or more."""
    count = Counter(part for pair in pairs() for part in pair.felt)
    print(f"of {len(SEEDS)} seeds {SEEDS}: {dict(count)}")

    wanted = {*KINDS, "hard rule", "priced rule", "lead time", "loss", "cover", "unmet demand", "activation", "surplus"}
    wanted |= {"max_suppliers", "tier by switch"}
    assert {part: count[part] for part in wanted if count[part] < 10} == {}
