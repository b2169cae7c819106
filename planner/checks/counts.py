"""Checks of rules on suppliers and awards: so many can supply, enough to be counted, and no rule denies another."""

from typing import Any

import numpy as np

from planner.assembly.awards import least_offered
from planner.assembly.rules import SWITCHED
from planner.checks.context import Network
from planner.checks.counted import Counted, capacities, resolved
from planner.codes import keys
from planner.findings import Findings, written
from planner.sentence_forms import Terms
from planner.sentences import sentence

TONNES = 10.0
"""Award of the row that a message proposes, in the instance's unit."""


def suppliers(whole: Network, found: Findings) -> None:
    """A least number of suppliers: so many can supply, and something says how much makes one."""
    awards = [one for one in resolved(whole, found, "min_award") if np.isnan(one.rule.row["penalty"])]
    for one in resolved(whole, found, "min_suppliers"):
        row, every = one.rule.row, one.asked[0]
        cells, size = np.unique(every[:, :2], axis=0, return_counts=True)
        few = np.flatnonzero(size < row["limit"])
        for at in few[:1].tolist():
            inside = (every[:, :2] == cells[at]).all(axis=1)
            who = " and ".join(one.rule.subjects[number] for number in every[inside, 2].tolist())
            told = f"'{int(row['limit'])}' is above the {size[at]} that can supply {one.where(*cells[at])} ({who}); "
            told += "lower it, or add offers or lanes" + (f"; the same in {len(few) - 1} more" if len(few) > 1 else "")
            (found.fault if np.isnan(row["penalty"]) else found.warn)("rules", one.line, "limit", row["limit"], told)
        told = _uncounted(one, awards, whole)
        if told:
            found.fault("rules", one.line, "kind", row["kind"], told)


def _uncounted(one: Counted, awards: list[Counted], whole: Network) -> str:
    """What is said where nothing says how much makes a supplier."""
    parts, (every, of) = one.rule.parts, one.asked
    known = np.zeros((len(every), len(one.groups)), dtype=bool)
    for award in awards:
        known |= one.within(award)
    least = np.full(len(every), np.inf)
    np.minimum.at(least, of, least_offered(parts)[keys((one.site, one.material), (0, len(parts.materials)))])
    if one.rule.row["per"] != "period" or parts.years >= 1:
        known |= (least > 0)[:, None]
    open_ones = np.flatnonzero(~known.all(axis=1))
    if not len(open_ones):
        return ""
    who = one.rule.subjects[every[open_ones[0], 2]]
    row = {**one.rule.row, "rule": "", "kind": "min_award", "limit": TONNES, "penalty": None, "source": ""}
    return (
        f"nothing says how much makes '{who}' a supplier, so a gram would do: add a min_award row of the same "
        f"subjects, materials, market and periods, without a penalty, such as "
        f"'{sentence(row, Terms.of(whole.instance))}'; or "
        "give each of its offers a min_award"
    )


def awards(whole: Network, found: Findings) -> None:
    """A smallest award above what a subject can supply shuts it out: a problem where it shuts out all of them."""
    for one in resolved(whole, found, "min_award"):
        row, parts = one.rule.row, one.rule.parts
        if row["base"] or not np.isnan(row["penalty"]):
            continue
        years = {"period": parts.years, "year": min(1.0, parts.count * parts.years)}
        room = capacities(parts) * years.get(row["per"], parts.count * parts.years) / parts.mass
        every, of = one.asked
        ways = np.unique(np.stack([of, keys((one.site, one.material), (0, len(parts.materials)))]), axis=1)
        most = np.bincount(ways[0], room[ways[1]], len(every))
        short = np.flatnonzero(most < row["limit"])
        if not len(short):
            continue
        largest = short[np.argmax(most[short])]
        who, where = one.rule.subjects[every[largest, 2]], one.where(*every[largest, :2])
        told = f"'{written(row['limit'])}' is above the {written(most[largest])} that '{who}' can supply of {where}"
        if len(short) == len(every):
            found.fault("rules", one.line, "limit", row["limit"], f"{told}, the most of all subjects; lower it")
        else:
            more = f", and so are {len(short) - 1} more" if len(short) > 1 else ""
            found.warn("rules", one.line, "limit", row["limit"], f"{told}: it is shut out{more}")


def contradictions(whole: Network, found: Findings) -> None:
    """Rules of the same scope that cannot both hold: more suppliers at least than at most, shares that add up to more
    than all, an award above a cap, caps so low that so few suppliers cannot make up the whole.
    """
    hard = [
        one for one in resolved(whole, found, *SWITCHED, "max_share", "max_hhi") if np.isnan(one.rule.row["penalty"])
    ]
    least = [one for one in hard if one.rule.row["kind"] in ("min_suppliers", "min_award")]
    for one in least:
        for other in hard:
            told = _denied(one.rule.row, other.rule.row)
            if told and one.within(other).any():
                told = f"{told} (rule '{other.rule.row['rule']}', the same scope): they cannot both hold"
                found.fault("rules", one.line, "limit", one.rule.row["limit"], told)
    for one in hard:
        if one.rule.row["kind"] == "max_suppliers":
            _crowded(one, hard, whole, found)


def _denied(one: Any, other: Any) -> str:
    """What of two rows of the same scope cannot both hold, in words; empty if they can."""
    kinds, limit, most = (one["kind"], other["kind"]), one["limit"], other["limit"]
    if kinds == ("min_suppliers", "max_suppliers") and limit > most:
        return f"at least {int(limit)} suppliers and at most {int(most)}"
    if kinds == ("min_suppliers", "min_award") and other["base"] == "purchases" and limit * most > 1 + 1e-9:
        return f"{int(limit)} suppliers with at least {written(100 * most)} % each are more than all that is bought"
    same = one["base"] and one["base"] == other["base"]
    if kinds == ("min_award", "max_share") and same and limit > most:
        return f"at least {written(100 * limit)} % if anything, and at most {written(100 * most)} %"
    return ""


def _crowded(one: Counted, hard: list[Counted], whole: Network, found: Findings) -> None:
    """At most n suppliers, each with at most a share s of what is bought, cannot make up the whole where n · s < 1; of
    n the HHI is at least 1/n. What is no subject's could, where a site has no place or owner.
    """
    row = one.rule.row
    of = {"place": whole.scope.place_of, "owner": whole.scope.owner_of}.get(row["subject_by"])
    if of is not None and not all(of[site] for site in _senders(whole)):
        return
    for other in hard:
        cap = other.rule.row
        kind, every = cap["kind"], not any(cells[name] for cells in (row, cap) for name in ("subject", "except"))
        whole_base = cap["base"] == "purchases" and cap["home_in_base"] == "yes" and cap["stock_in_base"] == "no"
        few = kind in ("max_share", "max_hhi") and row["limit"] * cap["limit"] < 1 - 1e-9
        if few and every and whole_base and one.within(other).any():
            count, share = int(row["limit"]), written(100 * cap["limit"])
            told = f"{count} suppliers with at most {share} % each" if kind == "max_share" else f"{count} suppliers"
            told += f" (rule '{cap['rule']}', the same scope)"
            short = (
                "are less than all that is bought"
                if kind == "max_share"
                else f"have an HHI of at least {1 / count:.4g}"
            )
            found.fault("rules", one.line, "limit", row["limit"], f"{told} {short}: nothing may be bought; raise one")


def _senders(whole: Network) -> set[str]:
    """Sites that sell, make or send anything."""
    tables = whole.instance.tables
    sold = (tables["offers"]["site"], tables["processes"]["site"])
    return {*whole.lanes["origin"], *tables["in_transit"]["origin"]}.union(*sold)
