"""Rules that span tables: every check by name, in the order in which they are run.

Checks of names and rows are always run. Those of periods need the header. Those of the network need sound names, for a
misspelt one would make every demand behind it seem unreachable: they are run when all problems before are numbers, or
lie in the rules, which the network does not hang on.
"""

from collections.abc import Callable

from planner.checks import (
    bounds,
    counts,
    incumbents,
    measures,
    names,
    network,
    opposites,
    origin,
    plausible,
    policy,
    reach,
    scenarios,
    stock,
    tiers,
    windows,
)
from planner.checks.context import Network
from planner.checks.reads import Again
from planner.errors import Problem
from planner.findings import Findings
from planner.instance import Instance
from planner.tables import TABLES, columns

Check = Callable[[Instance, Findings], None]

NAMES: tuple[Check, ...] = (
    names.duplicate_keys,
    names.header_home,
    names.namespace,
    names.list_names,
    names.group_members,
    names.references,
    names.rule_names,
    names.unused,
)
"""Checks that hold for any tables."""

ROWS: tuple[Check, ...] = (
    network.contents,
    network.offers,
    network.processes,
    network.ends_differ,
    network.freight,
    network.recoveries,
    tiers.offered,
    tiers.schemes,
    tiers.reachable,
    policy.sentences,
    policy.dear_penalties,
    measures.fractions,
    plausible.far_from_neighbours,
    plausible.hard_to_believe,
    plausible.no_demand,
    scenarios.header_scenario,
    scenarios.probabilities,
    scenarios.sense,
    scenarios.empty,
)
"""Checks of rows that need no periods and no network."""

PERIODS: tuple[Check, ...] = (
    windows.period_forms,
    windows.reversed_windows,
    windows.outside_horizon,
    windows.overlaps,
    windows.missing_demand_periods,
    windows.partial_years,
    network.in_transit,
    network.lead_times,
    stock.first_and_last,
    stock.capacities,
    stock.early_end,
    stock.cover,
    scenarios.timing,
)
"""Checks that need the horizon."""

NETWORK: tuple[Callable[[Network, Findings], None], ...] = (
    names.empty_groups,
    network.lane_ends,
    network.routes,
    network.duty_rates,
    network.in_transit_reach,
    stock.covered,
    policy.group_subjects,
    policy.scopes,
    origin.followed,
    incumbents.still_there,
    incumbents.read,
    counts.suppliers,
    counts.awards,
    counts.contradictions,
    bounds.idle,
    bounds.unkept,
    opposites.opposed,
    measures.unsold,
    reach.unreachable_demands,
    reach.cheap_unmet,
    scenarios.reach,
)
"""Checks that walk from table to table and need sound names and rows."""

MEMORY = "checks"
"""Name under which an instance keeps what checks found."""

CHECKS = (*NAMES, *ROWS, *PERIODS, *NETWORK)
"""Every check."""


def check(instance: Instance, found: Findings, *, header_known: bool = True) -> None:
    """Run every check that can be run; what they find goes into ``found``.

    Of an instance that came from another by a change, those run again that read what is no longer the same.

    Args:
        instance: the tables as read; a cell with a problem holds its default, or nothing.
        found: problems so far, and where new ones go.
        header_known: whether the header could be read, so that the horizon is known.
    """
    again = Again(instance, instance.known.get(MEMORY))
    for step in (*NAMES, *ROWS, *(PERIODS if header_known else ())):
        again.run(step, again.seen, found)
    found.close_stage()
    if header_known and all(map(_apart, found.problems)):
        for walk in NETWORK:
            again.run(walk, again.whole, found)
    instance.known[MEMORY] = again.now


def _apart(problem: Problem) -> bool:
    """Whether a problem leaves the network whole: it lies in a rule or in one number."""
    if problem.line is None or problem.table not in TABLES:
        return False
    column = columns(problem.table).get(problem.column)
    return problem.table == "rules" or (column is not None and column.numeric)
