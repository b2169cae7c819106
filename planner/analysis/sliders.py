"""What there is to pull in a what-if: sliders and switches made from the instance's own rules, demands and suppliers.

A control gives the changes (:mod:`planner.analysis.changes`) that its position means; where it stands at first, none.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isclose
from typing import Any, Literal

from planner.analysis.changes import Ban, Change, Off, Set
from planner.instance import Instance
from planner.report.summary import place_names

Kind = Literal["limit", "rule", "demand", "place", "site"]

FRACTIONS = ("max_share", "min_share", "max_hhi")
COUNTS = ("max_suppliers", "min_suppliers")
TIMES = 2.0
"""How far the slider of a limit goes that has no upper bound, as a multiple of the limit."""


@dataclass(frozen=True)
class Control:
    """One slider or switch."""

    kind: Kind
    name: str
    """Rule, material, place or site."""
    label: str
    value: float
    """Where it stands at first; a switch is on at 1."""
    least: float = 0.0
    most: float = 1.0
    step: float = 1.0
    unit: str = ""
    """``%`` where the value is a fraction to be told in percent."""

    @property
    def is_switch(self) -> bool:
        """Whether it knows on and off only."""
        return self.kind in ("rule", "place", "site")

    def changes(self, value: float) -> tuple[Change, ...]:
        """What a position means for the tables."""
        if isclose(value, self.value, rel_tol=1e-9):
            return ()
        value = float(f"{value:.12g}")
        if self.kind == "limit":
            return (Set("rules", {"rule": self.name, "limit": self.value}, "limit", value),)
        if self.kind == "demand":
            return (Set("demands", {"material": self.name}, "quantity", value, "*="),)
        if self.kind == "rule":
            return (Off(self.name),)
        return (Ban(self.kind, self.name),)


def controls(instance: Instance) -> list[Control]:
    """Every control of an instance: limits of rules, rules, demands by material, places and sites that supply."""
    return [*_rules(instance), *_demands(instance), *_suppliers(instance)]


def _rules(instance: Instance) -> Iterator[Control]:
    """The tightest limit of each rule, and each rule on or off."""
    rules = instance.tables["rules"]
    for name, rows in rules.groupby("rule", sort=False):
        rule, kind = str(name), str(rows["kind"].iloc[-1])
        limit = float(rows["limit"].min() if kind.startswith("max_") else rows["limit"].max())
        yield Control("limit", rule, rule, limit, **_range(kind, limit))
        yield Control("rule", rule, rule, 1.0)


def _range(kind: str, limit: float) -> dict[str, Any]:
    """Ends, step and unit of a limit's slider."""
    if kind in FRACTIONS:
        return {"most": max(1.0, limit), "step": 0.01, "unit": "" if kind == "max_hhi" else "%"}
    if kind in COUNTS:
        return {"most": 2 * limit + 2}
    most = TIMES * limit if limit > 0 else 1.0
    return {"most": most, "step": most / 100}


def _demands(instance: Instance) -> Iterator[Control]:
    demands = instance.tables["demands"]
    total = demands.groupby("material", sort=False)["quantity"].sum()
    for material in total[total > 0].index:
        yield Control("demand", str(material), str(material), 1.0, 0.5, 1.5, 0.05, "%")


def _suppliers(instance: Instance) -> Iterator[Control]:
    sites, names = instance.tables["sites"], place_names(instance)
    selling = sites["site"].isin(instance.tables["offers"]["site"])
    making = sites["site"].isin(instance.tables["processes"]["site"])
    for place in sites.loc[(selling | making) & (sites["place"] != ""), "place"].drop_duplicates():
        yield Control("place", str(place), names.get(str(place), str(place)), 1.0)
    for site in sites.loc[selling, "site"]:
        yield Control("site", str(site), str(site), 1.0)
