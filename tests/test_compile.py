"""The array compiler against Pyomo's own: the same matrix, entry by entry, and no rule of ours evaluated by Pyomo."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest
from pyomo.core.base.initializer import IndexedCallInitializer
from pyomo.core.base.set import IndexedSet
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

import planner
from mineral_sourcing.build import build, construct
from mineral_sourcing.compile import Matrix, compile_model
from planner.assemble import assemble
from planner.instance import Instance
from planner.read import from_frames
from tests.origin_paths import network
from tests.random_instances import random_instance

BUILT_IN = ("tutorial", "allied-magnets")
SEEDS = range(200)
Side = tuple[float, float]


def charged_route() -> Instance:
    """Two materials on one route with a charge, each of which gets a link of its own."""
    materials = ("bands", "coils")
    return from_frames(
        {"name": "charged route", "first_period": "2030", "periods": 1},
        {
            "materials": [{"material": material} for material in materials],
            "sites": [{"site": "mill"}, {"site": "works"}],
            "offers": [{"site": "mill", "material": material, "price": 1.0} for material in materials],
            "lanes": [{"origin": "mill", "destination": "works", "material": material} for material in materials],
            "routes": [{"origin": "mill", "destination": "works", "capacity": 20.0, "fixed_cost": 5.0}],
            "demands": [{"site": "works", "material": material, "quantity": 8.0} for material in materials],
        },
    )


def instances() -> Iterator[Instance]:
    """The built-in ones, the charged route, and random ones."""
    for name in BUILT_IN:
        yield planner.load(name)
    yield charged_route()
    for seed in range(10):
        yield traced(seed)
    for seed in SEEDS:
        yield from_frames(*random_instance(seed, integers=seed % 2 == 0))


def traced(seed: int) -> Instance:
    """A network with rules on the origin of what markets consume and buy, and of what plants take in."""
    header, tables = network(seed)
    (rule,) = tables["rules"]
    bought = rule | {"rule": "bought", "base": "purchases"}
    taken = rule | {"rule": "taken", "base": "consumption", "material": "ore", "market": "p;q"}
    return from_frames(header, {**tables, "rules": [rule, bought, taken]})


def of_pyomo(model: Any) -> tuple[dict[Any, float], dict[Any, Side], dict[Any, Side], dict[Any, float], float]:
    """Entries, sides of rows, bounds of columns, costs and offset by Pyomo's compiler; columns by (name, index)."""
    form = LinearStandardFormCompiler().write(model, mixed_form=True)
    columns = [(column.parent_component().name, column.index()) for column in form.columns]
    rows = [(row.constraint.parent_component().name, row.constraint.index()) for row in form.rows]
    matrix = form.A.tocoo()
    entries = {
        (rows[row], columns[column]): float(value)
        for row, column, value in zip(matrix.row, matrix.col, matrix.data, strict=True)
        if value
    }
    sides = {
        name: (-np.inf if row.bound_type > 0 else float(right), np.inf if row.bound_type < 0 else float(right))
        for name, row, right in zip(rows, form.rows, form.rhs, strict=True)
    }
    bounds = {
        name: tuple(
            side if bound is None else float(bound)
            for bound, side in zip(column.bounds, (-np.inf, np.inf), strict=True)
        )
        for name, column in zip(columns, form.columns, strict=True)
    }
    costs = dict(zip(columns, np.asarray(form.c.todense()).ravel().tolist(), strict=True))
    return entries, sides, bounds, costs, float(form.c_offset[0])  # type: ignore[return-value]


def of_arrays(matrix: Matrix) -> tuple[dict[Any, float], dict[Any, Side], dict[Any, Side], dict[Any, float], float]:
    """The same of the array compiler."""
    columns = [(span.name, key) for span in matrix.columns for key in span.index]
    rows = [(span.name, key) for span in matrix.rows for key in span.index]
    entries = matrix.entries.tocoo()
    return (
        {
            (rows[row], columns[column]): float(value)
            for row, column, value in zip(entries.row, entries.col, entries.data, strict=True)
        },
        dict(zip(rows, zip(matrix.row_lower.tolist(), matrix.row_upper.tolist(), strict=True), strict=True)),
        dict(zip(columns, zip(matrix.col_lower.tolist(), matrix.col_upper.tolist(), strict=True), strict=True)),
        dict(zip(columns, matrix.cost.tolist(), strict=True)),
        matrix.offset,
    )


def test_every_entry_is_pyomos() -> None:
    """Entries, sides (so the sign of each dual), bounds and costs; every constraint has a row in some instance."""
    empty: set[str] = set()
    met: set[str] = set()
    for instance in instances():
        network = assemble(instance)
        matrix = compile_model(build(network))
        ours, theirs = of_arrays(matrix), of_pyomo(construct(network))
        assert ours[0].keys() == theirs[0].keys(), instance.name
        assert [ours[0][key] for key in theirs[0]] == pytest.approx(list(theirs[0].values()), rel=1e-13, abs=1e-13)
        for name in theirs[1]:
            assert ours[1][name] == pytest.approx(theirs[1][name], rel=1e-12, abs=1e-12), (instance.name, name)
        for name in theirs[2]:
            assert ours[2][name] == pytest.approx(theirs[2][name], rel=1e-13), (instance.name, name)
            assert ours[3][name] == pytest.approx(theirs[3][name], rel=1e-12, abs=1e-13), (instance.name, name)
        assert ours[4] == pytest.approx(theirs[4])
        assert ours[1].keys() == theirs[1].keys()
        met |= {span.name for span in matrix.rows if len(span.index)}
        empty |= {span.name for span in matrix.rows}
    assert met == empty


def test_pyomo_evaluates_no_rule_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every family compiles with Pyomo's construction of rows, variables, sets and parameters forbidden."""

    def refuse(*_: object) -> None:
        raise AssertionError("Pyomo constructs a component")

    for component in (pyo.Constraint, pyo.Var, pyo.Param, IndexedSet, pyo.Expression, pyo.Objective):
        for kind in {component, *component.__subclasses__()}:
            monkeypatch.setattr(kind, "construct", refuse)
    random = [from_frames(*random_instance(seed, integers=True)) for seed in (4, 24)]
    tiers_and_suppliers = assemble(random[1])
    assert len(tiers_and_suppliers.tiers.switches) and len(tiers_and_suppliers.suppliers.links)
    for instance in (planner.load("allied-magnets"), charged_route(), *random):
        assert compile_model(build(assemble(instance))).untraced == 0


def test_one_call_serves_all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each rule is called once, however many rows it has."""
    calls: dict[Any, int] = {}
    call = IndexedCallInitializer.__call__

    def count(self: Any, parent: Any, index: Any, **words: Any) -> Any:
        calls[self._fcn] = calls.get(self._fcn, 0) + 1
        return call(self, parent, index, **words)

    monkeypatch.setattr(IndexedCallInitializer, "__call__", count)
    compile_model(build(assemble(planner.load("allied-magnets"))))
    assert calls and set(calls.values()) == {1}


def test_a_rule_that_looks_at_an_index_is_built_by_pyomo() -> None:
    """A user's own rule with an ``if`` and a dict: the same row as Pyomo makes, counted, and it holds in the plan."""
    network = assemble(planner.load("tutorial"))
    least = {0: 30.0, 1: 20.0}

    def add(m: Any) -> None:
        m.own = pyo.Block()
        m.own.YEARS = pyo.Set(initialize=[0, 1])

        def from_b(b: Any, t: int) -> Any:
            if t == 0:
                return pyo.Constraint.Skip
            return m.flow.sold["B1", "oxide", "", t] * 2.0 + 1.0 >= least[t]

        m.own.from_b = pyo.Constraint(m.own.YEARS, rule=from_b)

    matrix = compile_model(build(network, [add]), lambda: build(network, [add]))
    span = matrix.row_span("own.from_b")
    (row,) = range(span.start, span.stop)
    entries = matrix.entries[[row]].tocoo()
    assert matrix.untraced == 1
    assert matrix.row_name(row) == ("own.from_b", 1)
    assert [(matrix.column_name(at), value) for at, value in zip(entries.col, entries.data, strict=True)] == [
        (("flow.sold", ("B1", "oxide", "", 1)), 2.0)
    ]
    assert (matrix.row_lower[row], matrix.row_upper[row]) == (19.0, np.inf)
