"""A Network into a Pyomo model: every family in turn, then the objective.

Nothing is constructed: the components hold their rules and arrays, from which ``compile.py`` makes the matrix. Whoever
wants to see a row, or Pyomo's own model of it all, asks :func:`construct`.
"""

from collections.abc import Callable, Sequence
from typing import Any

import pyomo.environ as pyo
from pyomo.common.gc_manager import PauseGC

from mineral_sourcing import (
    activation,
    averages,
    balance,
    capacity,
    concentration,
    cost,
    flow,
    hhi,
    origin,
    priority,
    processing,
    spend,
    stockpile,
    suppliers,
    tiers,
)
from mineral_sourcing.network import Network

FAMILIES = (
    flow,
    tiers,
    processing,
    priority,
    stockpile,
    balance,
    origin,
    activation,
    capacity,
    concentration,
    hhi,
    suppliers,
    averages,
    spend,
    cost,
)
"""Each family reads only those before it."""

RULES = {
    f"{family.__name__.rpartition('.')[2]}.{constraint}": table
    for family in FAMILIES
    for constraint, table in getattr(family, "RULES", {}).items()
}
"""Rows that somebody chose, hence may price, relax or be told of: family.constraint and the table that asks for it."""

Custom = Callable[[Any], None]
"""Adds a user's own components to a model: ``def add(m): …``."""

BLOCKS = frozenset(family.__name__.rpartition(".")[2] for family in FAMILIES)
"""Blocks of the families: what stands in no such block is a user's own."""


def build(network: Network, custom: Sequence[Custom] = ()) -> pyo.Block:
    """The model of a network, in model units, minimising present cost; nothing in it is constructed."""
    m = pyo.Block(concrete=False, name="model", doc=network.name)
    m.PERIODS = pyo.Set(initialize=network.periods)
    m.discount = pyo.Param(m.PERIODS, within=pyo.Reals, initialize=network.discount)
    for family in FAMILIES:
        family.add(m, network)
    m.unit_mass, m.unit_money = float(network.unit_mass), float(network.unit_money)
    for add in custom:
        add(m)
    return m


def construct(network: Network, custom: Sequence[Custom] = ()) -> pyo.Block:
    """Pyomo's own model of a network, every row and variable of it: ``construct(n).concentration.cap[...].expr``."""
    with PauseGC():
        m = build(network, custom)
        m.construct()
    return m
