"""A Network into a Pyomo model: every family in turn, then the objective."""

import pyomo.environ as pyo
from pyomo.common.gc_manager import PauseGC

from mineral_sourcing import (
    activation,
    balance,
    capacity,
    concentration,
    cost,
    flow,
    priority,
    processing,
    stockpile,
)
from mineral_sourcing.network import Network

FAMILIES = (flow, processing, priority, stockpile, balance, activation, capacity, concentration, cost)
"""Each family reads only those before it."""

RULES = {
    f"{family.__name__.rpartition('.')[2]}.{constraint}": table
    for family in FAMILIES
    for constraint, table in getattr(family, "RULES", {}).items()
}
"""Rows that somebody chose, hence may price, relax or be told of: family.constraint and the table that asks for it."""


def build(network: Network) -> pyo.ConcreteModel:
    """The model of a network, in model units, minimising present cost."""
    with PauseGC():
        m = pyo.ConcreteModel(name=network.name)
        m.PERIODS = pyo.RangeSet(0, len(network.periods) - 1)
        m.discount = pyo.Param(m.PERIODS, initialize=network.discount)
        for family in FAMILIES:
            family.add(m, network)
    return m
