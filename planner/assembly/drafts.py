"""Indexes and groupings of the family ``origin`` in the making: one element after another, put together at the end."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from mineral_sourcing.arrays import Array, Groups, Index, Labels, Values
from mineral_sourcing.network import Balance, Flow, Origin, Priority, Processing, Stock
from planner.assembly.origins import WHAT
from planner.assembly.parts import Parts

DIMENSIONS = {
    "shipments": "eiikgt",
    "uses": "epkgt",
    "makings": "epkgt",
    "stocks": "eikgt",
    "counted": "weiikgt",
    "content": "ek",
    "passed": "epk",
    "shipped": "eiikt",
    "used": "epkt",
    "made": "epkt",
    "held": "eikt",
    "served": "eikt",
    "nodes": "eikgt",
    "runs": "epgt",
    "bought": "weiikgt",
    "consumed": "weiikgt",
}
"""Letters of the dimensions of each index: w what, e element, i site, k material, p process, g origin, t period."""

GROUPS = {
    "of_shipment": ("shipped", "shipments"),
    "of_use": ("used", "uses"),
    "of_making": ("made", "makings"),
    "of_stock": ("held", "stocks"),
    "of_demand": ("served", "counted"),
    "unmet": ("served", "priority"),
    "before": ("stocks", "stocks"),
}
"""Index and members of each grouping."""

SETS = {
    "at_node": (
        "nodes",
        {
            "ARRIVING": "shipments",
            "ARRIVING_ALONE": "flow",
            "SELLING": "sales",
            "MAKING": "makings",
            "MAKING_ALONE": "making",
            "STOCKED": "stocks",
            "LEAVING": "shipments",
            "USING": "uses",
            "SERVING": "counted",
        },
    ),
    "at_run": ("runs", {"TAKING": "uses", "TAKING_ALONE": "using", "GIVING": "makings"}),
    "of_bought": ("bought", {"ARRIVED": "shipments", "ARRIVED_ALONE": "flow"}),
    "of_consumed": ("consumed", {"TAKEN": "uses", "TAKEN_ALONE": "using"}),
}
"""Index of groupings that the family knows by the names of its Sets, and the members of each."""


@dataclass
class Draft:
    """An Origin in the making: keys and groupings of one element after another."""

    codes: dict[str, list[list[Array]]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    members: dict[str, list[tuple[Array, Array]]] = field(default_factory=dict)
    numbers: dict[str, list[Array]] = field(default_factory=dict)

    def put(self, name: str, *codes: Array) -> Array:
        """Add keys to an index; their positions come back."""
        start = self.sizes.get(name, 0)
        self.codes.setdefault(name, []).append(list(codes))
        self.sizes[name] = start + len(codes[-1])
        return np.arange(start, self.sizes[name])

    def sort(self, name: str, rows: Array, members: Array) -> None:
        """Add members to a grouping; nothing under −1."""
        here = np.flatnonzero(rows >= 0)
        self.members.setdefault(name, []).append((rows[here], members[here]))

    def value(self, name: str, numbers: Array) -> None:
        """Add numbers of a parameter."""
        self.numbers.setdefault(name, []).append(numbers)


@dataclass(frozen=True)
class Flows:
    """What is split."""

    flow: Flow
    processing: Processing
    balance: Balance
    priority: Priority
    stocks: Stock
    lane: Array
    """Lane of each shipment."""
    arrives: Array
    """Period in which each shipment arrives, past the horizon too."""


def _joined(parts: Iterable[Array], kind: type = np.float64) -> Array:
    return np.concatenate([np.empty(0, dtype=kind), *parts])


def finished(parts: Parts, flows: Flows, draft: Draft, elements: Labels, origins: Labels) -> Origin:
    """The draft as indexes, groupings and numbers."""
    labels = {
        "w": WHAT,
        "e": elements,
        "i": parts.sites,
        "k": parts.materials,
        "p": parts.processes,
        "g": origins,
        "t": parts.steps,
    }
    roads = Labels([*parts.sites.names.tolist(), ""])  # of what serves demand or is taken in there is no origin site
    index: dict[str, Index] = {}
    for name, letters in DIMENSIONS.items():
        columns = list(zip(*draft.codes.get(name, []), strict=True))
        codes = [_joined(column, np.int64) for column in columns] or [np.empty(0, dtype=np.int64)] * len(letters)
        dims = [labels[letter] for letter in letters]
        if letters.startswith("w"):
            dims[2] = roads
        index[name] = Index(*zip(dims, codes, strict=True))
    of = index | {
        "flow": flows.flow.shipments,
        "sales": flows.flow.sales,
        "making": flows.processing.making,
        "using": flows.processing.using,
        "priority": flows.priority.demands,
    }

    def groups(name: str, rows: str, members: str) -> Groups:
        pairs = draft.members.get(name, [])
        sides = [_joined(side, np.int64) for side in zip(*pairs, strict=True)] or [np.empty(0, dtype=np.int64)] * 2
        return Groups(of[rows], of[members], *sides)

    def values(name: str, keys: str) -> Values:
        return Values(of[keys], _joined(draft.numbers.get(name, [])))

    return Origin(
        **{name: found for name, found in index.items() if name not in ("content", "passed")},  # type: ignore[arg-type]
        **{name: groups(name, *ends) for name, ends in GROUPS.items()},  # type: ignore[arg-type]
        **{
            name: {group: groups(group, rows, members) for group, members in some.items()}
            for name, (rows, some) in SETS.items()
        },  # type: ignore[arg-type]
        content=values("content", "content"),
        passed=values("passed", "passed"),
        under_way=values("under_way", "nodes"),
        opening=values("opening", "stocks"),
        coming=values("coming", "bought"),
    )
