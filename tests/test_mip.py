"""Plans with many yes-or-no decisions: what blocks find is never better than the optimum, nor their bound above it."""

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import planner
from mineral_sourcing.build import build
from mineral_sourcing.compile import Matrix, compile_model
from mineral_sourcing.network import Network
from planner.assembly.assemble import assembled
from planner.instance import Instance
from planner.plan import Outcome
from planner.read import from_frames
from planner.solving import blocks, mip
from planner.solving.session import Session
from tests.random_instances import random_instance

MATERIALS, SELLERS, MARKETS = 4, 4, 2


def several_chains(seed: int) -> Instance:
    """A few metals, each with charges and least awards of its own; what a seller sells and a port takes is shared."""
    rng = random.Random(seed)
    head = {"name": f"chains {seed}", "first_period": "2030", "periods": 2, "discount_rate": 0.05}
    tables: dict[str, list[dict[str, Any]]] = {"priorities": [{"priority": "civil", "rank": 1, "unmet_cost": 500.0}]}
    metals = [f"metal {number}" for number in range(MATERIALS)]
    sellers, markets = [f"seller {n}" for n in range(SELLERS)], [f"market {n}" for n in range(MARKETS)]
    tables["materials"] = [{"material": metal, "stage": "metal"} for metal in metals]
    tables["sites"] = [{"site": site, "place": "AAA", "capacity": rng.uniform(90.0, 140.0)} for site in sellers]
    tables["sites"] += [{"site": site, "place": "BBB"} for site in markets]
    tables["places"] = [{"place": "AAA"}, {"place": "BBB"}]
    for name in ("offers", "lanes", "demands", "routes", "stockpiles"):
        tables[name] = []
    for metal in metals:
        for site in sellers:
            row = {"site": site, "material": metal, "price": rng.uniform(20.0, 60.0), "capacity": 60.0}
            tables["offers"].append({**row, "fixed_cost": rng.uniform(100.0, 900.0), "min_award": 20.0})
            for market in markets:
                ends = {"origin": site, "destination": market, "material": metal}
                tables["lanes"].append({**ends, "freight": rng.uniform(1.0, 20.0)})
        for market in markets:
            row = {"site": market, "material": metal}
            tables["demands"].append({**row, "priority": "civil", "quantity": rng.uniform(20.0, 50.0)})
            tables["stockpiles"].append({**row, "initial": 5.0, "holding_cost": 1.0})
    for site in sellers:
        for market in markets:
            tables["routes"].append({"origin": site, "destination": market, "capacity": rng.uniform(45.0, 90.0)})
    return from_frames(head, tables)


def model(instance: Instance) -> tuple[Network, Matrix]:
    """Network and matrix of an instance."""
    network = assembled(instance).network
    return network, compile_model(build(network))


def session(matrix: Matrix, gap: float) -> Session:
    """A HiGHS object of a matrix."""
    return Session(matrix, threads=1, seed=0, gap=gap, algorithm="auto")


def by_blocks(monkeypatch: pytest.MonkeyPatch, instance: Instance, gap: float = 1e-4) -> Outcome:
    """The plan of an instance, made block by block however small it is."""
    monkeypatch.setattr(mip, "MANY", 1)
    return planner.solve(instance, gap=gap)


def test_one_block_a_metal_and_shared_capacities_between_them() -> None:
    """Four metals that no recipe joins, over two years that stock joins; sites and routes are shared."""
    network, matrix = model(several_chains(1))

    found = blocks.blocks_of(matrix, network)

    assert found.count == MATERIALS
    assert (found.of_column >= 0).all()
    names = {matrix.row_name(row)[0] for row in found.coupling}
    assert names == {"capacity.site", "capacity.route"}


def test_years_are_kept_apart_where_a_metal_has_many_integers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight integers a metal; with room for four, every year is a block, and stock carried over is a coupling row."""
    monkeypatch.setattr(blocks, "ENOUGH", 4)
    network, matrix = model(several_chains(1))

    found = blocks.blocks_of(matrix, network)

    assert found.count == 2 * MATERIALS
    assert "stockpile.carry" in {matrix.row_name(row)[0] for row in found.coupling}


@pytest.mark.parametrize("enough", [4, 200])
@pytest.mark.parametrize("seed", range(6))
def test_bound_and_incumbent_enclose_the_optimum(monkeypatch: pytest.MonkeyPatch, seed: int, enough: int) -> None:
    """What HiGHS alone proves lies between them; the bound is no worse than the relaxation's."""
    monkeypatch.setattr(blocks, "ENOUGH", enough)
    monkeypatch.setattr(mip, "_whole", lambda search: None)
    network, matrix = model(several_chains(seed))
    optimum = session(matrix, 1e-9).run(60.0).objective
    relaxed = session(replace(matrix, integer=np.zeros_like(matrix.integer)), 0.0).run(60.0).objective

    found = mip.solve_by_blocks(session(matrix, 1e-4), network, 60.0)

    slack = 1e-6 * abs(optimum)
    assert relaxed - slack <= found.bound <= optimum + slack
    assert optimum - slack <= found.objective <= 1.1 * optimum
    assert found.bound > relaxed + slack


@pytest.mark.parametrize("seed", range(3))
def test_the_whole_way_ends_at_the_optimum(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Blocks first and HiGHS from there: the value of HiGHS alone, verified, and the same plan when asked again."""
    plain = planner.solve(several_chains(seed), gap=1e-7).plan

    found = by_blocks(monkeypatch, several_chains(seed), gap=1e-7)
    again = by_blocks(monkeypatch, several_chains(seed), gap=1e-7)

    assert found.status == "optimal"
    assert found.plan.objective == pytest.approx(plain.objective, rel=1e-6)
    assert found.plan.bound == pytest.approx(plain.objective, rel=1e-6)
    for name, table in found.plan.tables.items():
        assert table.equals(again.plan.tables[name]), name


def test_when_time_is_up_the_plan_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock runs out after the first plan: feasible, with the relaxation's bound."""
    whole = mip._priced

    def late(search: Any, duals: Any) -> float:
        search.deadline = 0.0
        return whole(search, duals)

    monkeypatch.setattr(mip, "_priced", late)

    found = by_blocks(monkeypatch, several_chains(2), gap=1e-7)

    assert found.status == "feasible"
    assert found.message == "the time limit was reached"
    assert 0.0 < found.plan.gap < 0.5


def test_when_broken_off_the_plan_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C between two runs of HiGHS."""

    def broken(search: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(mip, "_whole", broken)

    found = by_blocks(monkeypatch, several_chains(2), gap=1e-7)

    assert found.status == "feasible"
    assert found.message == "interrupted"


def test_one_block_alone_is_dived_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """One metal: the dive finds a plan, and without HiGHS's search the relaxation is the bound."""
    monkeypatch.setattr(mip, "_whole", lambda search: None)
    monkeypatch.setitem(globals(), "MATERIALS", 1)
    network, matrix = model(several_chains(3))
    assert blocks.blocks_of(matrix, network).count == 1

    found = mip.solve_by_blocks(session(matrix, 1e-4), network, 60.0)

    optimum = session(matrix, 1e-9).run(60.0).objective
    assert found.bound <= optimum <= found.objective <= 1.5 * optimum


def test_no_plan_at_all_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Demand that must be met and is too large."""
    instance = several_chains(1)
    demands = instance.tables["demands"].assign(priority="", quantity=500.0)
    tables = {**instance.tables, "demands": demands, "priorities": instance.tables["priorities"].iloc[:0]}

    found = by_blocks(monkeypatch, replace(instance, tables=tables))

    assert found.status == "infeasible"


@pytest.mark.parametrize("seed", [3, 10, 26, 31])
def test_a_poor_incumbent_pays_for_no_supplier_who_supplies_nothing(seed: int) -> None:
    """With any gap allowed HiGHS leaves switches on: those without supply are off in the plan, which is verified.

    Above a gap of 5 % it is not called optimal.
    """
    outcome = planner.solve(planner.from_frames(*random_instance(seed, ranks=1)), gap=1.0)
    assert (outcome.status == "optimal") == (outcome.plan.gap <= 0.05)
    rules = outcome.plan.rules.query("kind == 'max_suppliers'")
    assert (rules["excess"] - (rules["actual"] - rules["limit"]).clip(lower=0)).abs().max() < 1e-9
