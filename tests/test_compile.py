"""The array compiler against Pyomo's own: the same matrix, entry by entry, and no rule of ours evaluated by Pyomo."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pyomo.common.gc_manager import PauseGC
from pyomo.core.base.initializer import IndexedCallInitializer
from pyomo.core.base.set import IndexedSet
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler
from scipy.sparse import csr_array

import planner
from mineral_sourcing.arrays import Array
from mineral_sourcing.build import build
from mineral_sourcing.compile import Matrix, Span, compile_model
from planner.assembly.assemble import assemble
from planner.instance import Instance
from planner.read import from_frames
from tests.origin_paths import network
from tests.random_instances import random_instance

BUILT_IN = ("tutorial", "allied-magnets")
SEEDS = range(200)


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


def places(model: Any, spans: tuple[Span, ...], found: Iterable[Any]) -> Array:
    """Where rows or columns of Pyomo's stand in ours, by component and index."""
    known = {id(model.find_component(span.name)): span for span in spans}
    pairs = ((known[id(one.parent_component())], one.index()) for one in found)
    return np.array([span.start + span.index.position[key] for span, key in pairs], dtype=np.int64)


def same_as_pyomos(matrix: Matrix, model: Any) -> None:
    """Entries, sides (so the sign of each dual), bounds, costs and offset are those of Pyomo's compiler."""
    form = LinearStandardFormCompiler().write(model, mixed_form=True)
    columns = places(model, matrix.columns, form.columns)
    rows = places(model, matrix.rows, (row.constraint for row in form.rows))
    assert_array_equal(np.sort(rows), np.arange(len(matrix.row_lower)))
    assert len(np.unique(columns)) == len(columns)
    theirs, ours = form.A.tocoo(), matrix.entries.sorted_indices()
    entries = csr_array((theirs.data, (rows[theirs.row], columns[theirs.col])), ours.shape)
    entries.eliminate_zeros()
    assert_array_equal(entries.indptr, ours.indptr)
    assert_array_equal(entries.indices, ours.indices)
    assert_allclose(ours.data, entries.data, rtol=1e-13, atol=1e-13)
    kind = np.array([row.bound_type for row in form.rows])
    assert_allclose(matrix.row_lower[rows], np.where(kind > 0, -np.inf, form.rhs), rtol=1e-12, atol=1e-12)
    assert_allclose(matrix.row_upper[rows], np.where(kind < 0, np.inf, form.rhs), rtol=1e-12, atol=1e-12)
    bounds = np.array([column.bounds for column in form.columns], dtype=np.float64).reshape(-1, 2)  # None becomes NaN
    assert_allclose(matrix.col_lower[columns], np.where(np.isnan(bounds[:, 0]), -np.inf, bounds[:, 0]), rtol=1e-13)
    assert_allclose(matrix.col_upper[columns], np.where(np.isnan(bounds[:, 1]), np.inf, bounds[:, 1]), rtol=1e-13)
    assert_array_equal(matrix.integer[columns], [column.is_integer() or column.is_binary() for column in form.columns])
    cost = np.zeros(len(matrix.cost))
    cost[columns] = form.c.toarray().ravel()
    assert_allclose(matrix.cost, cost, rtol=1e-12, atol=1e-13)
    assert matrix.offset == pytest.approx(float(form.c_offset[0]))


def test_every_entry_is_pyomos(monkeypatch: pytest.MonkeyPatch) -> None:
    """One model of each instance compiled both ways; every constraint has a row in some instance.

    What spans tables is not checked here: how the numbers compile is asked, and checks would take most of the time.
    """
    monkeypatch.setattr("planner.read.check", lambda *_, **__: None)
    empty: set[str] = set()
    met: set[str] = set()
    for instance in instances():
        model = build(assemble(instance))
        matrix = compile_model(model)
        with PauseGC():
            model.construct()
            same_as_pyomos(matrix, model)
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
