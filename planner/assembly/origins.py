"""Origins that rules tell apart.

Places that every rule on origin treats alike are one origin (``docs/definitions.md``, origin), so that a flow is split
in no more parts than there are answers to what the rules ask.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mineral_sourcing.arrays import Array, Labels
from planner.assembly.carriers import OTHER, UNKNOWN
from planner.instance import Instance
from planner.scope import Scope, split

WHAT = Labels(["arrivals", "demand", "input"])
"""What a rule on origin counts: what arrives at a market, what serves its demand, what its processes take in."""

ARRIVALS, DEMAND, INPUT = range(3)

AGAINST_UNKNOWN = ("max_share", "max_quantity")
"""Kinds of rules that count what is of unknown origin against each subject, unless ``except`` names it."""


def origin_subjects(scope: Scope, rule: Mapping[str, Any]) -> list[tuple[str, frozenset[str]]]:
    """Subjects of a rule on origin, each with its places, in the order of their names."""
    named, exempt = split(rule["subject"]), split(rule["except"])
    if rule["subject_by"] == "group":
        home = {"home": scope.home}
        out = {home.get(name, name) for name in exempt}
        found = {name: scope.members(name, "place") for name in named if home.get(name, name) not in out}
    else:
        chosen = frozenset().union(*(scope.members(name, "place") for name in named)) if named else scope.places
        chosen -= frozenset().union(*(scope.members(name, "place") for name in exempt))
        found = {name: frozenset([name]) for name in chosen}
    more = {UNKNOWN} if rule["kind"] in AGAINST_UNKNOWN and UNKNOWN not in exempt else frozenset()
    return sorted((name, places | more) for name, places in found.items())


def origin_rules(instance: Instance) -> Iterator[Mapping[str, Any]]:
    """Rows of ``rules`` on origin."""
    rules = instance.tables["rules"]
    traced = rules["basis"] == "origin"
    for row in rules.loc[traced].to_dict("records") if traced.any() else ():
        yield {str(name): cell for name, cell in row.items()}


@dataclass(frozen=True)
class Origins:
    """Every origin that is told apart, and the one of each place."""

    labels: Labels
    of_place: Mapping[str, str]

    @classmethod
    def of(cls, instance: Instance, scope: Scope) -> "Origins":
        """Those of an instance: places with the same part in every rule are one, those with none are ``other``."""
        tables = instance.tables
        given = {*tables["offers"]["origin"], *tables["stockpiles"]["initial_origin"], *scope.place_of.values()} - {""}
        rules = list(origin_rules(instance))
        subjects = [origin_subjects(scope, rule) for rule in rules]
        home = {scope.place_of[site] for site in scope.sites(["home"])} if scope.home else set()
        alike: dict[Any, list[str]] = {}
        for place in sorted(given):
            part = tuple((at, name) for at, some in enumerate(subjects) for name, held in some if place in held)
            at_home = place in home and any(rule["home_in_base"] == "no" for rule in rules)
            alike.setdefault((part, at_home), []).append(place)
        names = {key: OTHER if key == ((), False) else ";".join(places) for key, places in alike.items()}
        of_place = {place: names[key] for key, places in alike.items() for place in places} | {UNKNOWN: UNKNOWN}
        return cls(Labels(sorted({OTHER, UNKNOWN, *names.values()})), of_place)

    def codes(self, places: list[str]) -> Array:
        """Codes of the origins of places; nowhere is unknown."""
        return np.array([self.labels.code[self.of_place[place or UNKNOWN]] for place in places], dtype=np.int64)

    def among(self, places: frozenset[str]) -> frozenset[str]:
        """Origins of some places."""
        return frozenset(self.of_place[place] for place in places if place in self.of_place)
