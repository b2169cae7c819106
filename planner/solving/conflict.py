"""Why there is no plan: the rules, promises and capacities that cannot all hold.

A deletion filter over named rows of policy (``mineral_sourcing.build.RULES``) and demand that must be met: each in
turn is let go; if there is still no plan without it, it is no part of the conflict. What stays is irreducible. Where
capacities are asked for too, those that the conflict needs are found in the same way afterwards: the whole is still
irreducible, for a rule that could be spared beside fewer capacities could be spared beside all of them.
"""

import time
from collections.abc import Callable
from threading import Event
from typing import Any

import numpy as np

from mineral_sourcing.build import BLOCKS, RULES
from mineral_sourcing.compile import Matrix
from mineral_sourcing.network import Network
from planner.instance import Instance
from planner.sentences import sentences
from planner.settings import Settings
from planner.solving.refine import Pieces
from planner.solving.session import Session

Item = tuple[str, ...]


def conflict(
    matrix: Matrix,
    network: Network,
    instance: Instance,
    settings: Settings,
    seconds: float,
    *,
    capacities: bool = False,
    stop: Event | None = None,
) -> tuple[str, ...]:
    """An irreducible set of rules and promises that cannot all hold, in words; empty if physics alone forbids a plan.

    Args:
        matrix: what has no plan.
        network: what it was made from.
        instance: whose rules are told.
        settings: threads and seed.
        seconds: time for all trials; where it runs out, the set may still hold more than is needed.
        capacities: whether to name the capacities that the conflict needs too.
        stop: once it is set, by another thread, the trials end; the set may then hold more than is needed.
    """
    items = _items(matrix, network)
    session = Session.of(matrix, settings.changed(gap=1.0, algorithm="simplex"), stop=stop)
    pieces = Pieces(session, network) if len(network.hhi.cells) and not matrix.is_mip else None

    def hopeless(seconds: float) -> bool:
        """Whether there is no plan as the session is now."""
        found = session.run(seconds, hot=True) if pieces is None else pieces.run(seconds, hot=True, within=np.inf)
        return found.end == "infeasible"

    session.costs(np.zeros(len(matrix.cost)))
    deadline = time.perf_counter() + max(seconds, 10.0)
    for part in items.values():
        part.relax(session)
    alone = hopeless(deadline - time.perf_counter())
    for part in items.values():
        part.restore(session)
    names = [] if alone else _filter(session, items, deadline, hopeless)
    if capacities:
        for name in items.keys() - set(names):
            items[name].relax(session)
        names += _filter(session, _capacities(matrix), deadline, hopeless)
    if not names:
        return ("stocks, shipments under way and minimum loads alone: no rule or demand is to blame",)
    return tuple(_words(name, instance) for name in names)


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


def _capacities(matrix: Matrix) -> dict[Item, "_Part"]:
    """Bounds of what is sold, made, carried and stocked, with the rows that link them to a yes or no, by name."""
    columns: dict[Item, list[int]] = {}
    for variable, width in _BOUNDED.items():
        span = matrix.column_span(variable)
        least = -1.0 if variable != "flow.ship" else 0.0  # a dispatch that would arrive after the end is no capacity
        upper = matrix.col_upper[span.slice]
        for at in np.flatnonzero(np.isfinite(upper) & (upper > least)).tolist():
            key = span.index[at][:width]
            columns.setdefault((variable, *map(str, key)), []).append(span.start + at)
    links = [span for span in matrix.rows if span.name in ("activation.most", "activation.link", "suppliers.link")]
    linked = np.concatenate([np.arange(span.start, span.stop) for span in links] or [np.empty(0, dtype=np.int64)])
    entries = matrix.by_column
    found = {}
    for name, members in columns.items():
        rows = np.unique(np.concatenate([entries.indices[entries.indptr[j] : entries.indptr[j + 1]] for j in members]))
        found[name] = _Part(matrix, np.intersect1d(rows, linked).tolist(), members, [np.inf] * len(members))
    return found


_BOUNDED = {
    "flow.ship": 3,
    "stockpile.fill": 2,
    "stockpile.release": 2,
    "stockpile.stock": 2,
    "flow.sold": 2,
    "processing.activity": 1,
}
"""Variables with a capacity, and how many dimensions name it; the first are let go first."""

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
        "flow.ship": "capacity of the lane for {2} from {0} to {1}",
        "flow.sold": "capacity of {1} sold by {0}",
        "processing.activity": "capacity of the process {0}",
        "stockpile.stock": "room for the stock of {1} at {0}",
        "stockpile.fill": "fill rate of the stock of {1} at {0}",
        "stockpile.release": "release rate of the stock of {1} at {0}",
    }[kind]
    return what.format(*rest)
