"""Checks of rules on origin: every material in scope has an element that can be followed to where it enters."""

from collections.abc import Mapping
from typing import Any

from planner.assembly.carriers import OTHER, UNKNOWN, Carriers, Elements
from planner.assembly.origins import origin_rules, origin_subjects
from planner.checks.context import Network
from planner.findings import Findings, written
from planner.scope import split
from planner.sentence_forms import Terms
from planner.sentences import sentence

MORE = 1.001
"""Element that a process may give out per element that it takes in before it is told of: numbers are rounded."""


def scope(line: int, rule: dict[str, Any], materials: frozenset[str], whole: Network, found: Findings) -> None:
    """Every material in scope has an element and says how much of it a tonne holds; the rule counts something."""
    elements, names = Elements.of(whole.instance), sorted(materials)
    bare = [name for name in names if not elements.element_of[name]]
    silent = [
        name
        for name in names
        if elements.element_of[name] and (name, elements.element_of[name]) not in elements.contents
    ]
    for some, told in (
        (bare, "'{0}' has no element whose origin could be told; fill in element in materials"),
        (silent, "nobody says how much {1} a tonne of '{0}' holds; add a row to contents"),
    ):
        for name in some[:1]:
            more = f" (and {len(some) - 1} more of the rule's materials)" if len(some) > 1 else ""
            column = "material" if rule["material"] else "stage"
            found.fault("rules", line, column, rule[column], told.format(name, elements.element_of[name]) + more)
    if not bare and not silent:
        _subjects(line, rule, names, elements, whole, found)


def _subjects(
    line: int, rule: dict[str, Any], names: list[str], elements: Elements, whole: Network, found: Findings
) -> None:
    """Some of what is counted can come from a subject."""
    entries: set[str] = set()
    for element in sorted({elements.element_of[name] for name in names}):
        entries |= _places(whole, elements.carriers(element))
    subjects = origin_subjects(whole.scope, rule)
    if not any(places & entries for _, places in subjects):
        told = "the rule touches nothing: none of its elements is mined or recycled in "
        told += f"{'its subjects' if rule['subject'] else 'any subject'}; it says: "
        column = "subject" if rule["subject"] else "rule"
        found.fault("rules", line, column, rule[column], told + sentence(rule, Terms.of(whole.instance)))
        return
    for name, places in subjects:
        if rule["subject"] and rule["subject_by"] == "place" and not (places - {UNKNOWN}) & entries:
            told = f"nothing in scope is mined or recycled in '{name}'"
            found.warn("rules", line, "subject", rule["subject"], told)


def _places(whole: Network, carriers: Carriers) -> set[str]:
    """Places where an element enters: of offers, opening stocks and processes that make it of nothing."""
    tables, place_of = whole.instance.tables, whole.scope.place_of
    offers, stocks, processes = (tables[name] for name in ("offers", "stockpiles", "processes"))
    found = {
        origin or place_of[site] or UNKNOWN
        for site, material, origin in zip(offers["site"], offers["material"], offers["origin"], strict=True)
        if carriers.content(material)
    }
    found |= {
        origin or UNKNOWN
        for material, origin, initial in zip(
            stocks["material"], stocks["initial_origin"], stocks["initial"], strict=True
        )
        if carriers.content(material) and initial > 0
    }
    found |= {UNKNOWN for material in tables["in_transit"]["material"] if carriers.content(material)}
    sites = zip(processes["process"], processes["site"], strict=True)
    return found | {place_of[site] or UNKNOWN for process, site in sites if process in carriers.sources}


def followed(whole: Network, found: Findings) -> None:
    """What rules on origin have to assume, or cannot take for true, is told once for each element."""
    rules, elements = list(origin_rules(whole.instance)), Elements.of(whole.instance)
    places = whole.instance.tables["places"]
    for name in sorted({OTHER, UNKNOWN} & set(places["place"])) if rules else ():
        told = f"'{name}' stands for every place that no rule tells apart, or for none, in rules on origin; rename it"
        found.fault("places", int(places.index[places["place"] == name][0]), "place", name, told)
    for element in sorted({elements.element_of[name] for rule in rules for name in _read(rule, whole)} - {""}):
        carriers = elements.carriers(element)
        implied = sorted({name for name, _ in carriers.inputs if name in carriers.unsaid})
        if implied:
            told = (
                f"{len(implied)} processes, such as '{implied[0]}', give out {element} and take in nothing that is "
                "said to hold it: it is taken to come with all their inputs, by the tonne; contents may say otherwise"
            )
            found.warn("contents", None, "element", element, told)
        for process, recovery in sorted(carriers.recovery.items()):
            if recovery > MORE and process not in carriers.unsaid:
                told = f"'{process}' gives out {written(recovery)} t of {element} for each tonne of it that it takes in"
                found.warn("recipes", None, "process", process, f"{told}; look at recipes and contents")


def _read(rule: Mapping[str, Any], whole: Network) -> list[str]:
    """Materials in the scope of a rule."""
    materials, named, stages = whole.instance.tables["materials"], split(rule["material"]), split(rule["stage"])
    return [
        name
        for name, stage in zip(materials["material"], materials["stage"], strict=True)
        if (not named or name in named) and (not stages or stage in stages)
    ]
