"""Checks of rules against each other: a floor above a cap on all that it counts, and floors of more than the whole.

What is told is certain whatever is decided. A warning, not a fault: that no plan keeps both is the answer of a solve,
and which of them to loosen that of ``planner explain``.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from planner.assembly.rules import Row
from planner.checks.bounds import WHOLE
from planner.checks.context import Network
from planner.checks.counted import Counted, resolved, traced
from planner.codes import Flags
from planner.findings import Findings, written

NEAR = 1e-9
"""Fraction by which limits must differ to deny each other."""

WHATS = ("quantity", "share", "spend", "average", "hhi")
"""What is limited from both sides, or squared."""


def opposed(whole: Network, found: Findings) -> None:
    """A floor above a cap on all that it counts, and floors that add up to more than all that is counted."""
    kinds = [f"{side}_{what}" for side in ("min", "max") for what in WHATS]
    every = (*resolved(whole, found, *kinds), *traced(whole, found, *kinds))
    hard = [one for one in every if np.isnan(one.rule.row["penalty"])]
    floors = [one for one in hard if not one.rule.is_cap]
    priorities = whole.instance.tables["priorities"]
    must = bool(priorities["unmet_cost"].isna().all()) and priorities["rank"].nunique() <= 1
    credited = bool((whole.instance.tables["processes"]["cost"] < 0).any())
    for one in floors:
        for other in hard:
            told = _denied(one.rule.row, other.rule.row)
            if told:
                told = f"{told} (rule '{other.rule.row['rule']}'): they "
                _tell(one, _met(one, other, credited), told, must, found)
    for one in floors:
        _more_than_all(one, floors, found)


def _denied(floor: Row, cap: Row) -> str:
    """What a floor and another rule say against each other, in words; empty if they do not, wherever they meet."""
    low, high, kinds = floor["limit"], cap["limit"], (floor["kind"], cap["kind"])
    if floor["basis"] != cap["basis"] or not cap["kind"].startswith("max_") or low <= 0:
        return ""
    if cap["kind"] == "max_quantity" and high == 0:
        floors = {"min_share": f"a share of at least {written(100 * low)} %"}
        if floor["basis"] == "made":  # what is bought is paid for when it is sent, and counted when it arrives
            floors["min_spend"] = f"at least {written(low)} to be spent"
        if floor["kind"] in floors:
            return f"{floors[floor['kind']]}, and a cap of nothing"
    same = all(floor[column] == cap[column] for column in ("base", "attribute", *WHOLE)) and floor["base"] != "before"
    if kinds == ("min_share", "max_hhi") and same and low**2 > high * (1 + NEAR):
        return f"at least {written(100 * low)} %, and an HHI of at most {written(high)}, below its square"
    if kinds not in [(f"min_{what}", f"max_{what}") for what in WHATS] or low <= high * (1 + NEAR):
        return ""
    if floor["kind"] == "min_share":
        return f"at least {written(100 * low)} %, and at most {written(100 * high)} %" if same else ""
    if floor["kind"] == "min_average":
        told = f"an average {floor['attribute']} of at least {written(low)}, and of at most {written(high)}"
        return told if same else ""
    return f"at least {written(low)}, and at most {written(high)}"


def _met(one: Counted, other: Counted, credited: bool) -> Flags:
    """By pool, market and group of a floor: whether the cap holds for all that it counts of a subject. Shares of a
    base must be shares of the same; averages, and spend where a toll is ``credited``, are of the very same.
    """
    floor, cap = one.rule, other.rule
    kind = str(floor.row["kind"])
    exact = kind == "min_average" or (kind == "min_spend" and credited)
    shares = floor.is_share and (cap.is_share or cap.is_hhi)
    subjects = any(mine == theirs if exact else mine <= theirs for mine in floor.sets[0] for theirs in cap.sets[0])
    groups = [set(group) for group in other.groups]

    def inside(mine: Any, theirs: Any) -> bool:
        return bool(mine == theirs if shares or exact else mine <= theirs)

    pool = np.array([any(inside(mine, theirs) for theirs in cap.sets[1]) for mine in floor.sets[1]], dtype=bool)
    market = np.array([mine in cap.sets[2] for mine in floor.sets[2]], dtype=bool)
    time = np.array([any(inside(set(mine), theirs) for theirs in groups) for mine in one.groups], dtype=bool)
    found: Flags = subjects & pool[:, None, None] & market[:, None] & time
    return found


def _tell(one: Counted, met: Flags, told: str, must: bool, found: Findings) -> None:
    """They can never both hold: quantities, money, and shares of what is surely not nothing."""
    if not met.any():
        return
    row = one.rule.row
    sure = row["kind"] in ("min_quantity", "min_spend")
    if row["base"] == "demand" or (row["base"] == "consumption" and must):
        sure = bool((one.rule.demand().reshape(met.shape)[met] > 0).any())
    what = "average" if row["kind"] == "min_average" else "share"
    end = "cannot both hold: there is no plan" if sure else f"both hold only where there is nothing to {what}"
    found.warn("rules", one.line, "limit", row["limit"], f"{told}{end}; loosen one, or give it a penalty")


def _more_than_all(one: Counted, floors: list[Counted], found: Findings) -> None:
    """Floors of subjects apart from each other, of all that is bought or made, may not add up to more than all."""
    row = one.rule.row
    whole = row["base"] == "purchases" or (one.rule.traced and row["base"])
    if not whole or any(row[column] != usual for column, usual in WHOLE.items()):
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
        found.warn(
            "rules", one.line, "limit", row["limit"], f"{told}they hold only where there is nothing to share; lower one"
        )


def _alike(one: Counted, floors: list[Counted]) -> Iterator[Counted]:
    """The floor itself, and others on shares of the same wholes."""
    yield one
    for other in floors:
        mine, theirs = one.rule, other.rule
        rows = (mine.row, theirs.row)
        same = all(rows[0][name] == rows[1][name] for name in ("kind", "basis", "base", *WHOLE))
        if other is not one and same and mine.sets[1:] == theirs.sets[1:] and one.groups == other.groups:
            yield other


def _apart(sets: list[frozenset[str]]) -> bool:
    """Whether no two of some sets have a member in common."""
    return sum(map(len, sets)) == len(frozenset().union(*sets))
