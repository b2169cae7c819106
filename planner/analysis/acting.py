"""What a coalition has to plan with: an instance of its own, made from the tables.

Participants are the direct members of the home group, or those named. Coalition S meets its own demands from its own
sites, stocks and what is under way to it, and from the sites of those who do not take part, at full capacity: their own
demands and stocks stand in no plan. Sites of
participants outside S are closed; in the second mode they sell and convert at their own prices what their stand-alone
plan leaves. Home is S. A rule whose market (and a stock whose cover) names others too holds for the part of it in S; a
rule on subjects that are all closed, and a cap under which nothing of S could fall, are left out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from planner.analysis.leaving import leaving
from planner.errors import InputError, Problem
from planner.findings import suggest
from planner.instance import Instance
from planner.plan import Plan
from planner.read import from_frames
from planner.scope import Scope, split

ACTING = "acting together"
"""Name of the group that is home where the instance names none."""


_FEW = "only one participant: acting together takes two; name them, or put them into the home group"


@dataclass(frozen=True)
class Participants:
    """Who may act together."""

    instance: Instance
    sites: Mapping[str, frozenset[str]]
    """Sites of each participant."""

    @classmethod
    def of(cls, instance: Instance, names: Iterable[str] = ()) -> "Participants":
        """The named ones; where none is, the direct members of the home group.

        Raises:
            InputError: a name stands for no site or is unknown, two stand for one site, or there is no home group.
        """
        scope = Scope.of(instance)
        chosen = tuple(names) or (scope.direct("home") if scope.home else ())
        known = [*scope.groups, *scope.places, *scope.place_of, *scope.owners]
        faults = [] if len(set(chosen)) > 1 else [_FEW if chosen else "no home group: name the participants"]
        taken: dict[str, str] = {}
        sites: dict[str, frozenset[str]] = {}
        for name in chosen:
            sites[name] = scope.sites([name])
            if not sites[name]:
                faults.append(f"'{name}' has no site{'' if name in known else suggest(name, known)}")
            faults += [
                f"'{site}' belongs to {taken[site]} and to {name}" for site in sorted(sites[name] & taken.keys())
            ]
            taken |= dict.fromkeys(sites[name], name)
        if faults:
            raise InputError(instance.name, [Problem("participants", None, "", "", fault) for fault in faults])
        return cls(instance, sites)

    @property
    def names(self) -> tuple[str, ...]:
        """Their names, in the order of the group."""
        return tuple(self.sites)


_ENDS = {
    "offers": ("site",),
    "tiers": ("site",),
    "processes": ("site",),
    "demands": ("site",),
    "stockpiles": ("site",),
    "lanes": ("origin", "destination"),
    "routes": ("origin", "destination"),
    "in_transit": ("destination",),
    "awards_before": ("site",),
}
"""Tables whose rows a closed site takes with it, and the columns that name it; what is under way comes all the same."""

_SOLD = ("offers", "tiers", "processes", "lanes", "routes", "awards_before")
"""Tables of what the sites of others still do where they are open."""


def acting(who: Participants, members: Iterable[str], left: Mapping[str, Plan] | None = None) -> Instance:
    """The instance of a coalition.

    Args:
        who: the participants.
        members: names of those who act together.
        left: stand-alone plans of those others whose sites are open for what the plans leave. Without, all are closed.

    Raises:
        InputError: the coalition cannot be planned, as where nothing supplies what it demands.
    """
    inside = [name for name in who.names if name in set(members)]
    outside = {name: sites for name, sites in who.sites.items() if name not in inside}
    closed = frozenset().union(*(sites for name, sites in outside.items() if name not in (left or {})))
    own = frozenset().union(*(who.sites[name] for name in inside))
    others = frozenset(who.instance.tables["sites"]["site"]) - own
    tables = dict(who.instance.tables)
    for name, columns in _ENDS.items():
        shut = closed if name in _SOLD else others
        tables[name] = tables[name][~tables[name][list(columns)].isin(shut).any(axis=1)]
    for name, plan in (left or {}).items():
        if name in outside:
            tables |= leaving(who.instance, tables, plan, outside[name])
    tables["recipes"] = tables["recipes"][tables["recipes"]["process"].isin(tables["processes"]["process"])]
    home = who.instance.header.home or ACTING
    groups = tables["groups"][tables["groups"]["group"] != home]
    tables["groups"] = _with(groups, [{"group": home, "member": name} for name in inside])
    absent = frozenset().union(*outside.values())
    _restrict(tables, _Inside(Scope.of(who.instance), others, home), closed, absent)
    return _checked(who.instance, tables, home)


def _with(frame: pd.DataFrame, rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.concat([frame, pd.DataFrame(rows)], ignore_index=True) if rows else frame


class _Inside:
    """Names as far as they stand for sites of the coalition."""

    def __init__(self, scope: Scope, others: frozenset[str], home: str) -> None:
        self.scope, self.others, self._home = scope, others, home
        self.groups: dict[str, list[str]] = {}
        """Members of the groups that became smaller, by new name."""

    def name(self, name: str) -> list[str]:
        """The name, or a group of what of it is inside; nothing where nothing is."""
        sites = self.scope.sites([name])
        if name in ("home", self._home) or not sites & self.others:
            return [name]
        if not sites - self.others:
            return []
        smaller = f"{name}, those acting"
        self.groups[smaller] = [part for member in self.scope.direct(name) for part in self.name(member)]
        return [smaller]

    def names(self, cell: str) -> str | None:
        """A list of names; None where it named some and none is left."""
        kept = [part for name in split(cell) for part in self.name(name)]
        return ";".join(kept) if kept or not cell else None


def _restrict(tables: dict[str, pd.DataFrame], inside: _Inside, closed: frozenset[str], absent: frozenset[str]) -> None:
    """Markets and covers hold nobody outside; rules have no subject that is closed, and ask nothing of others."""
    scope = inside.scope
    for table, column in (("rules", "market"), ("stockpiles", "covers"), ("awards_before", "market")):
        narrowed = tables[table][column].map(inside.names)
        tables[table] = tables[table].assign(**{column: narrowed})[narrowed.notna()]

    def working(cell: str) -> str:
        return ";".join(name for name in split(cell) if not scope.sites([name]) or scope.sites([name]) - closed)

    rules = tables["rules"]
    subject = rules["subject"].map(working)
    idle = (subject == "") & (rules["subject"] != "")
    abroad = rules["subject"].map(lambda cell: bool(cell) and scope.sites(split(cell)) <= absent).astype(bool)
    tables["rules"] = rules.assign(subject=subject)[~idle & ~(rules["kind"].str.startswith("min_") & abroad)]
    rows = [{"group": group, "member": member} for group, members in inside.groups.items() for member in members]
    tables["groups"] = _with(tables["groups"], rows)


def _checked(instance: Instance, tables: dict[str, pd.DataFrame], home: str) -> Instance:
    """The instance, without the caps under which nothing of it could fall.

    Raises:
        InputError: it has other problems.
    """
    header = instance.header.model_copy(update={"home": home})
    while True:
        try:
            return from_frames(header, tables)
        except InputError as error:
            rules = tables["rules"]
            lines = {problem.line for problem in error.problems if problem.table == "rules"}
            idle = rules.index.isin(lines) & rules["kind"].str.startswith("max_").to_numpy()
            if not idle.any() or any(problem.table != "rules" for problem in error.problems):
                raise
            tables["rules"] = rules[~idle]
