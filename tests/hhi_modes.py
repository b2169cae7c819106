"""``python -m tests.hhi_modes``: caps on the HHI where the total varies by a factor of two, met in both ways.

Of each instance by lot: cost of the plan that stops at a wide gap (inner), cost of the exact plan, the bound that the
tangents prove, the least cost by a cone solver, the largest HHI as the verifier computes it, and what is bought by
year, with the cap and without it.
"""

import argparse
import random
import time
from dataclasses import dataclass
from functools import cache

import planner
from mineral_sourcing.build import build
from mineral_sourcing.compile import compile_model
from planner.assembly.assemble import assembled
from planner.plan import Plan
from planner.read import from_frames
from planner.verify import verify
from tests.builders import Trade
from tests.cone import of_matrix

COUNT = 24
"""Instances that are shown."""

WIDE = 0.02
"""Gap at which the inner plan stops."""


def trade(seed: int, limit: float | None) -> Trade:
    """A few sellers in three years of growing demand, part of which is not worth its price under the cap.

    Args:
        seed: of the lot.
        limit: the cap on the HHI; None for no rule.
    """
    rng, made = random.Random(seed), Trade(3, discount_rate=0.05)
    sellers = rng.choice([4, 5, 6, 8])
    for number in range(sellers):
        site = f"s{number}"
        made.site(site, f"P{number % rng.choice([sellers, sellers - 1])}", owner=f"O{number % 3}")
        room = 400.0 if number == 0 else rng.uniform(15.0, 60.0)
        price = rng.uniform(8.0, 12.0) if number == 0 else rng.uniform(12.0, 40.0)
        made.offer(site, round(price, 2), capacity=round(room, 1))
        for market in ("m", "n"):
            made.lane(site, market, freight=round(rng.uniform(0.0, 4.0), 2), loss=rng.choice([0.0, 0.02]))
    made.unmet(round(rng.uniform(25.0, 45.0), 2))
    for market in ("m", "n"):
        first = rng.uniform(40.0, 60.0)
        for year, factor in zip(("2001", "2002", "2003"), (1.0, 1.5, rng.uniform(2.0, 2.4)), strict=True):
            made.demand(round(first * factor, 1), market, period=year, priority="civil")
    if limit is not None:
        by, priced = rng.choice(["place", "place", "site", "owner"]), rng.random() < 0.25
        cells = {"market_pool": rng.choice(["together", "each"]), "per": rng.choice(["period", "period", "year"])}
        penalty = {"penalty": round(rng.uniform(5.0, 20.0), 1)} if priced else {}
        made.rule("max_hhi", limit, base="purchases", subject_by=by, **cells, **penalty)
    return made


@dataclass(frozen=True)
class Line:
    """What is shown of one instance."""

    seed: int
    limit: float
    priced: bool
    inner: Plan
    exact: Plan
    cone: float
    totals: tuple[float, ...]
    """Tonnes bought by year under the cap."""
    free: tuple[float, ...]
    """Tonnes bought by year without it."""
    hhi: float
    """Largest HHI of the exact plan, by the verifier."""

    @property
    def binds(self) -> bool:
        """Whether the cap costs something."""
        return bool((self.exact.rules["binding"] == "yes").any())

    @property
    def varies(self) -> float:
        """Largest total of a year, with the cap or without, over the smallest."""
        return max(*self.totals, *self.free) / min(self.totals)


def _bought(plan: Plan) -> tuple[float, ...]:
    return tuple(plan.flows.groupby("period")["arriving"].sum().tolist())


def line(seed: int) -> Line | None:
    """One instance; None where its cap does not bind, or its total hardly varies."""
    limit = random.Random(f"{seed} limit").choice([0.26, 0.3, 0.35, 0.4, 0.5])
    made = trade(seed, limit)
    instance = from_frames(made.header, made.tables)
    exact = planner.solve(instance).plan
    inner = planner.solve(instance, hhi="inner", gap=WIDE).plan
    loose = trade(seed, None)
    free = planner.solve(from_frames(loose.header, loose.tables)).plan
    found = assembled(instance)
    cone = of_matrix(compile_model(build(found.network)), found.network)
    assert cone is not None
    checked = verify(exact)
    assert checked.ok, checked
    priced = "penalty" in made.tables["rules"][0]
    hhi = max(checked.hhi.values())
    shown = Line(seed, limit, priced, inner, exact, cone, _bought(exact), _bought(free), hhi)
    return shown if shown.binds and len(shown.totals) == 3 and shown.varies >= 2.0 else None


@cache
def lines(count: int = COUNT) -> tuple[Line, ...]:
    """The first instances of which the cap binds and the total varies by a factor of two."""
    found: list[Line] = []
    seed = 0
    while len(found) < count:
        shown = line(seed)
        found += [] if shown is None else [shown]
        seed += 1
    return tuple(found)


def main() -> None:
    """Print one line an instance."""
    parser = argparse.ArgumentParser(prog="python -m tests.hhi_modes", description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT)
    start = time.process_time()
    print(
        f"{'seed':>4}{'cap':>7}{'':>8}{'inner cost':>14}{'exact cost':>14}{'cone solver':>14}{'outer bound':>14}"
        f"{'true HHI':>12}  exact − cone   bought by year (without the cap)"
    )
    for at in lines(parser.parse_args().count):
        bought = ", ".join(f"{with_:.0f} ({without:.0f})" for with_, without in zip(at.totals, at.free, strict=True))
        print(
            f"{at.seed:>4}{at.limit:>7.2f}{'priced' if at.priced else '':>8}{at.inner.objective:>14.4f}"
            f"{at.exact.objective:>14.4f}{at.cone:>14.4f}{at.exact.bound:>14.4f}{at.hhi:>12.9f}"
            f"{at.exact.objective / at.cone - 1:>+14.1e}   {bought}"
        )
    print(f"{time.process_time() - start:.1f} CPU seconds")


if __name__ == "__main__":
    main()
