"""Rules on averages into rows of the model; letters and signs: ``averages`` of the model.

A cell of a rule (``rules.py``) and a subject of which anything counts there have a row, for floors too: an average of
nothing is kept.
"""

from dataclasses import dataclass, field

import numpy as np

from mineral_sourcing.arrays import Array, Groups, Index, Labels, Values
from mineral_sourcing.network import Flow, Processing
from mineral_sourcing.rules import Averages
from planner.assembly.attributes import Attributes
from planner.assembly.measures import NUMBERS, Measures
from planner.assembly.parts import Parts
from planner.assembly.rules import Rule, Supply, rules_of, supply
from planner.codes import Names, look_up


@dataclass
class _Values:
    """Values of attributes by site or process, and material, as they are met."""

    first: Labels
    materials: Labels
    attribute: list[Array] = field(default_factory=lambda: [np.empty(0, dtype=np.int64)])
    place: list[Array] = field(default_factory=lambda: [np.empty(0, dtype=np.int64)])
    material: list[Array] = field(default_factory=lambda: [np.empty(0, dtype=np.int64)])
    value: list[Array] = field(default_factory=lambda: [np.empty(0)])

    def put(self, attribute: int, place: Array, material: Array, value: Array) -> None:
        """Append."""
        for part, array in (
            (self.attribute, np.full(len(value), attribute)),
            (self.place, place),
            (self.material, material),
            (self.value, value),
        ):
            part.append(array)

    def done(self, attributes: Labels) -> Values:
        """Each once."""
        attribute, place, material = (np.concatenate(part) for part in (self.attribute, self.place, self.material))
        key = (attribute * len(self.first) + place) * len(self.materials) + material
        _, at = np.unique(key, return_index=True)
        index = Index((attributes, attribute[at]), (self.first, place[at]), (self.materials, material[at]))
        return Values(index, np.concatenate(self.value)[at])


class _Rows:
    """Averages in the making."""

    def __init__(self, parts: Parts, flow: Flow, processing: Processing, lane: Array) -> None:
        self.parts, self.flow, self.processing, self.lane = parts, flow, processing, lane
        self.rows, self.known, self.attributes = Measures(parts), Attributes(parts.instance), Names()
        self.sold = _Values(parts.sites, parts.materials)
        self.made = _Values(parts.processes, parts.materials)

    def add(self, rule: Rule, supplied: Supply) -> None:
        """The rows of one rule."""
        shipments, sales, runs, coming = (
            rule.by_subject(some) for some in (supplied.shipments, supplied.sales, supplied.runs, supplied.coming)
        )
        caps = np.unique(np.concatenate([cap for cap, _ in (shipments, sales, runs, coming)]))
        if not len(caps):
            return
        attribute = str(rule.row["attribute"])
        (number,) = self.attributes.codes([attribute])
        self._values(attribute, number, shipments[1], sales[1], runs[1])
        way, at = self.parts.coming, coming[1]
        worth = self._of(attribute, way.origin[at], way.material[at])
        under, arriving = look_up(caps, coming[0]), way.arriving[at]
        rows = self.rows.add(
            rule,
            caps,
            float(rule.row["limit"]),
            self.parts.price,
            given=np.bincount(under, arriving, len(caps)),
            given_value=np.bincount(under, arriving * worth, len(caps)),
        )
        self.rows.sort_under("attribute", rows, np.full(len(rows), number))
        for name, (cap, item) in (("shipments", shipments), ("sales", sales), ("runs", runs)):
            self.rows.sort_under(name, rows[look_up(caps, cap)], item)

    def _of(self, attribute: str, site: Array, material: Array) -> Array:
        """Values of an attribute of what sites sell."""
        return self.known.values(attribute, (self.parts.sites, site), (self.parts.materials, material))

    def _values(self, attribute: str, number: int, shipments: Array, sales: Array, runs: Array) -> None:
        """Note the values of everything that counts."""
        lanes, parts = self.parts.lanes, self.parts
        lane = np.unique(self.lane[shipments])
        for site, material in (
            (lanes.origin[lane], lanes.material[lane]),
            (self.flow.sales.codes[0][sales], self.flow.sales.codes[1][sales]),
        ):
            self.sold.put(number, site, material, self._of(attribute, site, material))
        process, material = (codes[runs] for codes in self.processing.making.codes[:2])
        self.made.put(number, process, material, self._of(attribute, parts.process_site[process], material))

    def done(self) -> Averages:
        """The finished family."""
        attributes = self.attributes.labels()
        every = Index((attributes, np.arange(len(attributes))))
        caps = self.rows.index()
        of = {"shipments": self.flow.shipments, "sales": self.flow.sales, "runs": self.processing.making}
        numbers = (*NUMBERS, "given", "given_value")
        groups: dict[str, Groups] = {name: self.rows.groups(caps, name, index) for name, index in of.items()}
        return Averages(
            caps=caps,
            attribute=self.rows.groups(caps, "attribute", every),
            value=self.sold.done(attributes),
            made_value=self.made.done(attributes),
            **groups,  # type: ignore[arg-type]
            **{name: self.rows.values(caps, name) for name in numbers},  # type: ignore[arg-type]
        )


def averages(parts: Parts, flow: Flow, processing: Processing, lane: Array, arrives: Array) -> Averages:
    """Every rule on the average of an attribute.

    Args:
        lane: lane of each shipment.
        arrives: period in which each shipment arrives, past the horizon too.
    """
    rows = _Rows(parts, flow, processing, lane)
    for rule in rules_of(parts, "average"):
        rows.add(rule, supply(parts, flow, processing, rule, lane, arrives))
    return rows.done()
