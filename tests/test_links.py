"""Strong links: what the rows imply of flows and switches, and what the relaxation gains by it."""

import time
from dataclasses import replace

import numpy as np
import pytest

import planner
from mineral_sourcing.build import build
from mineral_sourcing.compile import Matrix, compile_model
from mineral_sourcing.network import Network
from planner.assembly.assemble import assembled
from planner.read import from_frames
from planner.solving import mip
from planner.solving.links import links_of, strengthened
from planner.solving.session import Session
from tests.published.case import Case, header

DEMANDS = {"north": 30.0, "south": 50.0}


def location() -> Case:
    """Three warehouses of 100 t at 90, 100 and 110 a year, two customers of 30 and 50 t; 1 t costs 1 to 4 to move."""
    case = Case(header("location"))
    case.materials("goods")
    case.places("a", "b", "c", *DEMANDS)
    for at, site in enumerate("abc"):
        case.add("offers", site=site, material="goods", price=0.0, capacity=100.0, fixed_cost=90.0 + 10.0 * at)
        for to, customer in enumerate(DEMANDS):
            freight = 1.0 + abs(at - to)
            case.add("lanes", origin=site, destination=customer, material="goods", freight=freight)
    for customer, quantity in DEMANDS.items():
        case.add("demands", site=customer, material="goods", quantity=quantity)
    return case


def model() -> tuple[Network, Matrix]:
    """Network and matrix of the location case."""
    case = location()
    network = assembled(from_frames(case.header, case.tables)).network
    return network, compile_model(build(network))


def session(matrix: Matrix) -> Session:
    """A HiGHS object of a matrix."""
    return Session(matrix, threads=1, seed=0, gap=1e-9, algorithm="auto")


def relaxed(matrix: Matrix) -> float:
    """Least cost without integers."""
    return session(replace(matrix, integer=np.zeros_like(matrix.integer))).run(10.0).objective


def test_a_shipment_is_no_more_than_its_customer_takes_from_an_open_warehouse() -> None:
    """Six lanes behind three sales, each a link; the most on a lane is the customer's demand, not the capacity."""
    _, matrix = model()

    links = links_of(matrix)

    names = [matrix.column_name(column)[0] for column in links.flow]
    assert names.count("flow.ship") == 6
    ships = np.array([name == "flow.ship" for name in names])
    assert sorted(links.most[ships] / links.most[ships].min()) == pytest.approx([1.0] * 3 + [5.0 / 3.0] * 3)


def test_links_close_the_gap_of_the_relaxation() -> None:
    """Without links a warehouse is open to what it sells of all 80 t: 30 / 80 × 90 + 30 + 50 / 80 × 100 + 50 = 176.25.

    With them the relaxation is the plan: a alone costs 90 + 30 + 100 = 220, b alone 100 + 60 + 50 = 210, both 270.
    """
    network, matrix = model()
    stronger = strengthened(session(matrix), matrix, time.perf_counter() + 60.0)

    assert stronger is not None
    case = location()
    plan = planner.solve(from_frames(case.header, case.tables)).plan
    assert plan.objective == pytest.approx(210.0)
    assert relaxed(matrix) == pytest.approx(relaxed(stronger) * 176.25 / 210.0)
    whole = mip.solve_whole(session(matrix), network, 60.0)
    assert whole.objective == pytest.approx(session(matrix).run(60.0).objective)
    assert len(whole.row_duals) in (0, len(matrix.row_lower))
