"""Points of a least cost as a number moves: where the tangents that two points prove cross, the widest gap first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from planner.analysis.duality import Proof
from planner.analysis.study import Study
from planner.plan import Plan

SAME = 1e-8
"""Share of the cost within which two costs are the same."""

NEAR = 1e-7
"""Share of the whole range within which two values are the same."""


@dataclass(frozen=True)
class Node:
    """One value and its verified plan."""

    value: float
    plan: Plan
    cost: float
    """What is shown: least cost, in currency."""
    proof: Proof | None
    """What the row prices prove of other values; None where they prove nothing."""
    money: float
    """Currency per model unit."""

    @classmethod
    def of(cls, study: Study, change: Any, value: float) -> "Node":
        """The plan with a change; the study is as before.

        Raises:
            InputError: the change cannot be made.
            NoPlanError: there is no plan.
            VerificationError: HiGHS and the verifier disagree.
        """
        study.apply(change)
        try:
            plan, solved = study.plan, study.resolve()
        finally:
            study.undo()
        network = study.kept.assembled.network
        proof = Proof.of(study.kept.matrix, network, solved)
        return cls(value, plan, plan.objective, proof, network.unit_money)

    def bound(self, other: "Node") -> float:
        """Lower bound on the cost here, by the prices there."""
        if self.proof is None or other.proof is None or not self.proof.comparable(other.proof):
            return -np.inf
        return self.proof.bound(other.proof) * self.money


@dataclass(frozen=True)
class Segment:
    """What is known of the cost between two neighbouring values."""

    start: Node
    end: Node
    gap: float
    """The cost lies at most so far from the chord; ``nan`` where nothing is known."""
    exact: bool
    """Whether the cost is the chord."""
    below: float
    """How far below the chord the tangents cross; the rise itself where there are none."""
    cut: float
    """Where they cross; the middle where there are none."""

    @classmethod
    def between(cls, start: Node, end: Node) -> "Segment":
        """What two points prove of what lies between them."""
        middle, rise = (start.value + end.value) / 2, abs(end.cost - start.cost)
        if start.proof is None or end.proof is None or not start.proof.comparable(end.proof):
            return cls(start, end, float("nan"), False, rise, middle)
        at_end, at_start = end.cost - end.bound(start), start.cost - start.bound(end)
        below, cut = rise, middle
        if min(at_end, at_start) <= SAME * max(abs(start.cost), abs(end.cost)):
            below = 0.0
        elif np.isfinite(at_end + at_start):
            part = at_start / (at_start + at_end)
            below, cut = part * at_end, start.value + part * (end.value - start.value)
        mixes = start.proof.mixes(end.proof)
        return cls(start, end, below if mixes else max(below, rise), mixes and below == 0.0, below, cut)

    @property
    def reversed(self) -> "Segment":
        """The same from its other end."""
        return replace(self, start=self.end, end=self.start)


def walk(
    make: Callable[[float], Node], first: Sequence[float], most: int, tolerance: float, *, whole: bool = False
) -> tuple[list[Node], list[Segment]]:
    """Points and what is known between them, in order.

    Args:
        make: the point at a value.
        first: values to begin with, in order.
        most: points at most; at least the first ones.
        tolerance: of the cost's rise: a gap that is known well enough.
        whole: whether only whole numbers are values.
    """
    nodes = [make(value) for value in first]
    if whole or any(node.plan.is_mip for node in nodes):
        nodes = _evenly(make, nodes, most, whole)
    segments = [Segment.between(*pair) for pair in pairwise(nodes)]
    if whole or any(node.plan.is_mip for node in nodes):
        return nodes, segments
    near = NEAR * (first[-1] - first[0])
    enough = tolerance * (max(node.cost for node in nodes) - min(node.cost for node in nodes))
    while len(segments) + 1 < most:
        open_ = {at: segment.below for at, segment in enumerate(segments) if _inside(segment, near)}
        at = max(open_, key=open_.__getitem__, default=-1)
        if at < 0 or open_[at] <= enough:
            break
        segment, node = segments[at], make(segments[at].cut)
        segments[at : at + 1] = [Segment.between(segment.start, node), Segment.between(node, segment.end)]
    return [segments[0].start, *(segment.end for segment in segments)], segments


def _inside(segment: Segment, near: float) -> bool:
    """Whether the cut is not as good as one of the ends."""
    return min(segment.cut - segment.start.value, segment.end.value - segment.cut) > near


def _evenly(make: Callable[[float], Node], nodes: list[Node], most: int, whole: bool) -> list[Node]:
    """Values spaced evenly, those that there are already kept."""
    low, high = nodes[0].value, nodes[-1].value
    values = np.linspace(low, high, max(most, 2))
    values = np.unique(np.round(values)) if whole else values
    known = {node.value: node for node in nodes}
    for value in values.tolist():
        if all(abs(value - other) > NEAR * (high - low) for other in known):
            known[value] = make(value)
    return [known[value] for value in sorted(known)]
