"""Checks of limits on their face: a rule that can never bind, and rules that deny each other.

What is told is certain whatever is decided: a limit that nothing in the tables can reach, and a floor above a cap that
holds for all that the floor counts.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from planner.checks.context import Network
from planner.checks.counted import Counted, capacities, made_capacities, resolved
from planner.checks.policy import sound_rules
from planner.codes import Flags, keys
from planner.findings import Findings, written
from planner.rules import Rule

NEAR = 1e-9
"""Fraction by which limits must differ to deny each other."""


def idle(whole: Network, found: Findings) -> None:
    """A limit that can never be reached: the rule can be taken out and nothing changes."""
    for line, row in sound_rules(whole.instance, found):
        kind, limit = row["kind"], row["limit"]
        if kind in ("min_share", "min_quantity") and limit == 0:
            found.warn("rules", line, "limit", limit, "is 0: a floor of nothing asks nothing, it can never bind")
        plain = all(row[column] == usual for column, usual in _PLAIN.items())
        if kind == "max_share" and limit >= 1 and row["base"] == "purchases" and plain:
            told = f"'{written(limit)}': a part is never more than the whole: the rule can never bind"
            found.warn("rules", line, "limit", limit, told)
    for one in resolved(whole, found, "max_suppliers", "max_quantity"):
        told = _enough(one) if one.rule.row["kind"] == "max_suppliers" else _roomy(one)
        if told:
            limit = one.rule.row["limit"]
            found.warn("rules", one.line, "limit", limit, f"'{written(limit)}': {told}: the rule can never bind")


_PLAIN = {"home_in_base": "yes", "recycled_in_base": "yes", "stock_in_base": "no"}
"""A base of purchases that holds all that is bought."""


def _enough(one: Counted) -> str:
    """Why a largest number of suppliers is never passed; empty where it may be."""
    size = np.unique(one.asked[0][:, :2], axis=0, return_counts=True)[1].max(initial=0)
    return f"no more than {size} can supply" if one.rule.row["limit"] >= size else ""


def _roomy(one: Counted) -> str:
    """Why a largest quantity is never reached; empty where it may be. What travels may arrive together, and what is
    stocked or sold on may come at once: then no capacity bounds what is bought.
    """
    rule, parts = one.rule, one.rule.parts
    every, of = one.asked
    width = len(parts.materials)
    room = capacities(parts) if rule.bought else made_capacities(parts)
    steps = max(map(len, one.groups), default=0)
    coming = np.zeros(len(room))
    if rule.bought:
        steps = parts.count if parts.lanes.lead_time.any() else steps
        np.add.at(coming, keys((parts.coming.origin, parts.coming.material), (0, width)), parts.coming.arriving)
    most = (room * steps * parts.years + coming) / parts.mass
    ways = np.unique(np.stack([of, keys((one.site, one.material), (0, width))]), axis=1)
    largest = float(np.bincount(ways[0], most[ways[1]], len(every)).max(initial=0.0))
    return f"no subject can supply more than {written(largest)}" if rule.row["limit"] >= largest else ""


def opposed(whole: Network, found: Findings) -> None:
    """A floor above a cap on all that it counts, and floors that add up to more than all that is bought."""
    kinds = ("min_quantity", "min_share", "max_quantity", "max_share")
    hard = [one for one in resolved(whole, found, *kinds) if np.isnan(one.rule.row["penalty"])]
    floors = [one for one in hard if one.rule.row["kind"].startswith("min_")]
    priorities = whole.instance.tables["priorities"]
    must = bool(priorities["unmet_cost"].isna().all()) and priorities["rank"].nunique() <= 1
    for one in floors:
        for other in hard:
            told = _denied(one.rule, other.rule)
            if not told:
                continue
            told = f"{told} (rule '{other.rule.row['rule']}'): they "
            _tell(one, _met(one, other), told, must, found)
    for one in floors:
        _more_than_all(one, floors, found)


def _denied(one: Rule, other: Rule) -> str:
    """What a floor and another rule say against each other, in words; empty if they do not, wherever they meet."""
    floor, cap = one.row, other.row
    low, high = floor["limit"], cap["limit"]
    if floor["basis"] != cap["basis"] or not other.is_cap or low <= 0:
        return ""
    if cap["kind"] == "max_quantity" and floor["kind"] == "min_share":
        return f"a share of at least {written(100 * low)} %, and a cap of nothing" if high == 0 else ""
    if low <= high * (1 + NEAR):
        return ""
    if floor["kind"] == "min_quantity" and cap["kind"] == "max_quantity":
        return f"at least {written(low)}, and at most {written(high)}"
    same = all(floor[column] == cap[column] for column in ("base", *_PLAIN))
    if floor["kind"] == "min_share" and cap["kind"] == "max_share" and same and floor["base"] != "before":
        return f"at least {written(100 * low)} %, and at most {written(100 * high)} %"
    return ""


def _met(one: Counted, other: Counted) -> Flags:
    """By pool, market and group of a floor: whether the cap holds for all that it counts of a subject. Shares of a
    base must be shares of the same.
    """
    floor, cap = one.rule, other.rule
    shares = floor.is_share and cap.is_share
    subjects = any(mine <= theirs for mine in floor.sets[0] for theirs in cap.sets[0])
    groups = [set(group) for group in other.groups]

    def inside(mine: Any, theirs: Any) -> bool:
        return bool(mine == theirs if shares else mine <= theirs)

    pool = np.array([any(inside(mine, theirs) for theirs in cap.sets[1]) for mine in floor.sets[1]], dtype=bool)
    market = np.array([mine in cap.sets[2] for mine in floor.sets[2]], dtype=bool)
    time = np.array([any(inside(set(mine), theirs) for theirs in groups) for mine in one.groups], dtype=bool)
    found: Flags = subjects & pool[:, None, None] & market[:, None] & time
    return found


def _tell(one: Counted, met: Flags, told: str, must: bool, found: Findings) -> None:
    """They can never both hold: quantities, and shares of what is surely not nothing. A warning, not a fault: that no
    plan keeps both is the answer of a solve, and which of them to loosen that of ``planner explain``.
    """
    if not met.any():
        return
    row = one.rule.row
    sure = row["kind"] == "min_quantity"
    if row["base"] == "demand" or (row["base"] == "consumption" and must):
        sure = bool((one.rule.demand().reshape(met.shape)[met] > 0).any())
    end = "cannot both hold: there is no plan" if sure else "both hold only where there is nothing to share"
    found.warn("rules", one.line, "limit", row["limit"], told + end)


def _more_than_all(one: Counted, floors: list[Counted], found: Findings) -> None:
    """Floors of subjects apart from each other, of all that is bought or made, may not add up to more than all."""
    row = one.rule.row
    if row["base"] != "purchases" or any(row[column] != usual for column, usual in _PLAIN.items()):
        return
    total, seen = 0.0, frozenset[str]()
    names: list[str] = []
    for other in _alike(one, floors):
        subjects = other.rule.sets[0]
        if not _apart([seen, *subjects]):
            continue
        total += other.rule.row["limit"] * len(subjects)
        seen |= frozenset().union(*subjects)
        names.append(other.rule.row["rule"])
    if total > 1 + NEAR and names[0] == min(names):
        told = f"floors of {' and '.join(dict.fromkeys(names))} add up to {written(100 * total)} % of one whole: "
        found.warn("rules", one.line, "limit", row["limit"], f"{told}they hold only where there is nothing to share")


def _alike(one: Counted, floors: list[Counted]) -> Iterator[Counted]:
    """The floor itself, and others on shares of the same wholes."""
    yield one
    for other in floors:
        mine, theirs = one.rule, other.rule
        rows = (mine.row, theirs.row)
        same = all(rows[0][name] == rows[1][name] for name in ("kind", "basis", "base", *_PLAIN))
        if other is not one and same and mine.sets[1:] == theirs.sets[1:] and one.groups == other.groups:
            yield other


def _apart(sets: list[frozenset[str]]) -> bool:
    """Whether no two of some sets have a member in common."""
    return sum(map(len, sets)) == len(frozenset().union(*sets))
