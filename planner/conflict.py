"""Why there is no plan: the rules and promises that cannot all hold.

A deletion filter over named rows of policy (``mineral_sourcing.build.RULES``) and demand that must be met: each in
turn is let go; if there is still no plan without it, it is no part of the conflict. What stays is irreducible.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from mineral_sourcing.build import BLOCKS, RULES
from mineral_sourcing.compile import Matrix
from mineral_sourcing.network import Network
from planner.instance import Instance
from planner.refine import Pieces
from planner.sentences import sentences
from planner.session import Session
from planner.settings import Settings

Item = tuple[str, ...]


def conflict(
    matrix: Matrix, network: Network, instance: Instance, settings: Settings, seconds: float
) -> tuple[str, ...]:
    """An irreducible set of rules and promises that cannot all hold, in words; empty if physics alone forbids a plan.

    Args:
        seconds: time for all trials; where it runs out, the set may still hold more than is needed.
    """
    items = _items(matrix, network)
    session = Session.of(matrix, settings.changed(gap=1.0, algorithm="simplex"))
    pieces = Pieces(session, network) if len(network.hhi.cells) and not matrix.is_mip else None

    def hopeless(seconds: float) -> bool:
        """Whether there is no plan as the session is now."""
        found = session.run(seconds, hot=True) if pieces is None else pieces.run(seconds, hot=True, within=np.inf)
        return found.end == "infeasible"

    session.costs(np.zeros(len(matrix.cost)))
    deadline = time.perf_counter() + max(seconds, 10.0)
    for part in items.values():
        part.relax(session)
    if hopeless(deadline - time.perf_counter()):
        return ("stocks, shipments under way and minimum loads alone: no rule or demand is to blame",)
    for part in items.values():
        part.restore(session)
    return tuple(_words(name, instance) for name in _filter(session, items, deadline, hopeless))


def _filter(
    session: Session, items: dict[Item, "_Part"], deadline: float, hopeless: Callable[[float], bool]
) -> list[Item]:
    """Names that stay when each that is not needed for the conflict has been let go, halves at a time."""
    needed: list[Item] = []
    batches = [list(items)] if items else []
    while batches:
        batch = batches.pop()
        for name in batch:
            items[name].relax(session)
        left = deadline - time.perf_counter()
        if left > 0 and hopeless(left):
            continue
        for name in batch:
            items[name].restore(session)
        if len(batch) == 1 or left <= 0:
            needed.extend(batch)
        else:
            half = len(batch) // 2
            batches += [batch[half:], batch[:half]]
    return sorted(needed)


class _Part:
    """Rows and columns of one name, which can be let go and put back."""

    def __init__(self, matrix: Matrix, rows: list[int], columns: list[int], most: list[float]) -> None:
        self.matrix = matrix
        self.rows = np.array(rows, dtype=np.int64)
        self.columns = np.array(columns, dtype=np.int64)
        self.most = np.array(most)

    def relax(self, session: Session) -> None:
        """Let the rows and promises go."""
        infinite = np.full(len(self.rows), np.inf)
        session.row_bounds(self.rows, -infinite, infinite)
        session.column_bounds(self.columns, np.zeros(len(self.columns)), self.most)

    def restore(self, session: Session) -> None:
        """Put them back."""
        rows, columns = self.rows, self.columns
        session.row_bounds(rows, self.matrix.row_lower[rows], self.matrix.row_upper[rows])
        session.column_bounds(columns, self.matrix.col_lower[columns], self.matrix.col_upper[columns])


def _items(matrix: Matrix, network: Network) -> dict[Item, _Part]:
    rows: dict[Item, list[int]] = {}
    for span in matrix.rows:
        if span.name in RULES and span.name != "priority.held":
            for at, index in enumerate(span.index, span.start):
                rows.setdefault(_name(span.name, index), []).append(at)
        elif span.name.partition(".")[0] not in BLOCKS:
            rows[("own", span.name)] = [*range(span.start, span.stop)]
    columns: dict[Item, list[tuple[int, float]]] = {}
    unmet = matrix.column_span("priority.unmet")
    for at in np.flatnonzero(matrix.col_upper[unmet.slice] == 0).tolist():
        site, material, t, _ = unmet.index[at]
        most = network.balance.demand[site, material, t]
        columns.setdefault(("demand", site, material), []).append((unmet.start + at, most))
    found = {name: _Part(matrix, members, [], []) for name, members in rows.items()}
    for name, pairs in columns.items():
        found[name] = _Part(matrix, [], [at for at, _ in pairs], [most for _, most in pairs])
    return found


RULED = ("concentration.cap", "hhi.cap", "suppliers.award", "suppliers.count", "averages.cap", "spend.cap")
"""Constraints that are rows of rules, named first in their keys."""


def _name(component: str, index: Any) -> Item:
    if component in RULED:
        return ("rule", index[0])
    if component == "activation.least":
        return ("least", *index[:6])
    return (component, *(str(part) for part in index[:2]))


def _words(name: Item, instance: Instance) -> str:
    kind, *rest = name
    if kind == "rule":
        rows = instance.tables["rules"]
        first, *later = sentences(instance, rows[rows["rule"] == rest[0]]).values()
        return f"rule {first}" + (
            f" (and {len(later)} more row{'s' if len(later) > 1 else ''} of this name)" if later else ""
        )
    if kind == "demand":
        return f"demand of {rest[0]} for {rest[1]}, which must be met"
    if kind == "least":
        return f"minimum award or load of {' '.join(part for part in rest[1:] if part)}"
    what = {
        "own": "custom rule {0}",
        "stockpile.final": "final stock of {1} at {0}",
        "stockpile.cover": "days of cover of {1} for {0}",
        "capacity.site": "capacity of {0}",
        "capacity.route": "capacity of the route from {0} to {1}",
    }[kind]
    return what.format(*rest)
