"""Every rule can be traced: Pyomo calls it once with templates instead of indices, so that arrays can evaluate it."""

from collections.abc import Iterator

import pyomo.environ as pyo
from pyomo.core.expr.template_expr import templatize_constraint

from mineral_sourcing.build import build
from planner.assemble import assemble
from planner.instance import Instance
from planner.read import from_frames
from tests.random_instances import random_instance


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
    """The charged route, then random ones with every other family in them."""
    yield charged_route()
    for seed in range(30):
        yield from_frames(*random_instance(seed, integers=True))


def test_every_constraint_can_be_traced() -> None:
    """Instances are drawn until each constraint of the model has had a row; none of them may look at an index."""
    traced: set[str] = set()
    wanted: set[str] = set()
    for instance in instances():
        for constraint in build(assemble(instance)).component_objects(pyo.Constraint):
            wanted.add(constraint.name)
            if constraint.name not in traced and len(constraint):
                templatize_constraint(constraint)
                traced.add(constraint.name)
        if wanted == traced:
            break
    assert wanted == traced
