"""Checks of limits on their face: a rule that can never bind, and a floor that can never be kept.

What is told is certain whatever is decided: a limit that nothing in the tables can reach. What rules say against each
other: ``opposites.py``.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from mineral_sourcing.arrays import Array
from planner.checks.context import Network
from planner.checks.counted import Counted, resolved, traced
from planner.checks.most import entering, paid, supplied
from planner.checks.policy import sound_rules
from planner.findings import Findings, written

WHOLE = {"home_in_base": "yes", "recycled_in_base": "yes", "stock_in_base": "no"}
"""A base of purchases that holds all that is bought."""


def idle(whole: Network, found: Findings) -> None:
    """A limit that can never be reached: the rule can be taken out and nothing changes."""
    for line, row in sound_rules(whole.instance, found):
        told = _plain(row)
        if told:
            found.warn("rules", line, "limit", row["limit"], f"{told}: the rule can never bind; take it out")
    for one in _measured(whole, found, "max_"):
        told = _enough(one) if one.rule.row["kind"] == "max_suppliers" else _roomy(one)
        if told:
            told = f"'{written(one.rule.row['limit'])}': {told}: the rule can never bind; lower it, or take it out"
            found.warn("rules", one.line, "limit", one.rule.row["limit"], told)


def _measured(whole: Network, found: Findings, side: str) -> Iterator[Counted]:
    """Caps or floors (``side``) whose limit can be held against what can be supplied, paid or mined at most."""
    kinds = [f"{side}{what}" for what in ("quantity", "spend", "share")]
    yield from resolved(whole, found, *kinds, *(["max_suppliers"] if side == "max_" else []))
    yield from traced(whole, found, f"{side}quantity")


def _plain(row: dict[str, Any]) -> str:
    """What the limit says by itself that never binds; empty where it may."""
    kind, limit, origin = row["kind"], row["limit"], row["basis"] == "origin"
    if kind in ("min_share", "min_quantity", "min_spend") and limit == 0:
        return "is 0: a floor of nothing asks nothing"
    plain = row["base"] == "purchases" and all(row[column] == usual for column, usual in WHOLE.items())
    if kind == "max_share" and limit >= 1 and row["base"] != "before" and (plain or origin):
        return f"'{written(limit)}': a part is never more than the whole"
    if kind == "max_hhi" and limit == 1 and origin:
        return "'1': the HHI is never above 1"
    return ""


def _enough(one: Counted) -> str:
    """Why a largest number of suppliers is never passed; empty where it may be."""
    size = np.unique(one.asked[0][:, :2], axis=0, return_counts=True)[1].max(initial=0)
    return f"no more than {size} can supply" if one.rule.row["limit"] >= size else ""


def _roomy(one: Counted) -> str:
    """Why a largest quantity, share of the demand or spend is never reached; empty where it may be."""
    row, rule = one.rule.row, one.rule
    if rule.is_share:
        every = one.asked[0]
        fits = row["base"] == "demand" and bool((supplied(one)[:, None] <= row["limit"] * _wanted(one)).all())
        return "no subject can supply so much of the demand" if fits and len(every) else ""
    does, most = _most(one)
    largest = float(most.max(initial=0.0))
    return f"no subject can {does} more than {written(largest)}" if row["limit"] >= largest else ""


def _most(one: Counted) -> tuple[str, Array]:
    """What a subject does, and the most that each can, in the instance's unit."""
    rule = one.rule
    if rule.traced:
        return "be the origin of", entering(one) / rule.parts.mass
    if str(rule.row["kind"]).endswith("_spend"):
        return "be paid", paid(one) * rule.parts.units.money
    return "supply", supplied(one) / rule.parts.mass


def _wanted(one: Counted) -> Array:
    """Demand of the market of each (pool, market, subject), group by group; model tonnes."""
    rule, every = one.rule, one.asked[0]
    shape = (len(rule.pools), len(rule.markets), len(rule.labels))
    found: Array = rule.demand().reshape(shape)[every[:, 0], every[:, 1]]
    return found


def unkept(whole: Network, found: Findings) -> None:
    """A hard floor above the most that a subject can do: there is no plan. A warning, for which floor to lower is the
    answer of ``planner explain``.
    """
    for one in _measured(whole, found, "min_"):
        row = one.rule.row
        if not np.isnan(row["penalty"]) or (one.rule.is_share and row["base"] != "demand"):
            continue
        short = _short_of_demand(one) if one.rule.is_share else _short(one)
        if short:
            told = f"'{written(row['limit'])}': {short}: the floor can never be kept and there is no plan; lower it, "
            found.warn("rules", one.line, "limit", row["limit"], f"{told}widen what is supplied, or give it a penalty")


def _short(one: Counted) -> str:
    """Which subject can never do as much as a floor asks; empty where each can."""
    does, most = _most(one)
    low = np.flatnonzero(most < one.rule.row["limit"])
    if not len(low):
        return ""
    at = low[np.argmin(most[low])]
    who = one.rule.subjects[at if one.rule.traced else one.asked[0][at, 2]]
    return f"{repr(who) if who else 'all together'} can {does} {written(float(most[at]))} at most"


def _short_of_demand(one: Counted) -> str:
    """The same of a share of the demand."""
    most = supplied(one)
    low = (most[:, None] < one.rule.row["limit"] * _wanted(one) * (1 - 1e-9)).any(axis=1)
    if not low.any():
        return ""
    at = int(np.argmax(low))
    who = one.rule.subjects[one.asked[0][at, 2]]
    return f"'{who}' can supply {written(most[at] / one.rule.parts.mass)} at most, a smaller part of the demand"
