"""Rules on what is spent into rows of the model; letters and signs: ``spend`` of the model.

What is bought is paid for in the period of its dispatch: each shipment counts there, whenever it arrives.
"""

from functools import cached_property

import numpy as np

from mineral_sourcing.arrays import Array, Index
from mineral_sourcing.network import Flow, Processing, Tiers
from mineral_sourcing.rules import Spend
from planner.assembly.measures import NUMBERS, Measures
from planner.assembly.parts import Parts
from planner.assembly.rules import Rule, Supply, rules_of, supply
from planner.codes import join, keys, look_up


def dues(parts: Parts) -> Array:
    """What falls due on arrival of each row under way: the origin's price in the first period, freight and duty."""
    coming, width = parts.coming, len(parts.materials)
    site, material = parts.codes("offers", "site", parts.sites), parts.codes("offers", "material", parts.materials)
    begins, ends = parts.windows("offers")
    now = np.flatnonzero((begins <= 0) & (ends >= 0))
    at = look_up(keys((site[now], material[now]), (0, width)), keys((coming.origin, coming.material), (0, width)))
    price = np.append(parts.numbers("offers", "price")[now], 0.0)[at]
    return np.asarray(coming.quantity * (price + coming.charges) * ~coming.paid)


class _Rows:
    """Spend in the making."""

    def __init__(self, parts: Parts, flow: Flow, processing: Processing, tiers: Tiers) -> None:
        self.parts, self.flow, self.processing, self.tiers = parts, flow, processing, tiers
        self.rows = Measures(parts)
        self.sizes = (0, len(parts.materials), parts.count)
        self.bought = np.full(len(flow.shipments), -1)
        """Sale at the origin of each shipment that is paid by the tonne, where one is."""

    @cached_property
    def due(self) -> Array:
        """What falls due on arrival of each row under way."""
        return dues(self.parts)

    @cached_property
    def ladder(self) -> Array:
        """Sales with tiers."""
        return self.tiers.sales.project((0, 1, 2, 3), self.flow.sales)

    @cached_property
    def sale_at(self) -> Array:
        """Site, material and period of each sale, as one number."""
        site, material, _, t = self.flow.sales.codes
        return keys((site, material, t), self.sizes)

    def add(self, rule: Rule, supplied: Supply) -> None:
        """The rows of one rule."""
        shipments, sales, runs, coming = (
            rule.by_subject(some) for some in (supplied.shipments, supplied.sales, supplied.runs, supplied.coming)
        )
        found = np.unique(np.concatenate([cap for cap, _ in (shipments, sales, runs, coming)]))
        caps = found if rule.is_cap else np.arange(rule.cells * len(rule.subjects))
        if not len(caps):
            return
        given = np.bincount(look_up(caps, coming[0]), self.due[coming[1]], len(caps))
        limit = float(rule.row["limit"]) / self.parts.units.money
        rows = self.rows.add(rule, caps, limit, 1.0, given=given)
        self._bought(rows[look_up(caps, shipments[0])], shipments[1])
        self._sold("sales", rows[look_up(caps, sales[0])], sales[1])
        run = self.processing.making.project((0, 2), self.processing.runs)[runs[1]]
        width = max(len(self.processing.runs), 1)
        once = np.unique(rows[look_up(caps, runs[0])] * width + run)
        self.rows.sort_under("runs", *np.divmod(once, width))

    def _bought(self, rows: Array, shipment: Array) -> None:
        """Freight, duty and the price at the origin of what is shipped."""
        self.rows.sort_under("shipments", rows, shipment)
        origin, _, material, t = (codes[shipment] for codes in self.flow.shipments.codes)
        sale = look_up(self.sale_at, keys((origin, material, t), self.sizes))
        offered = np.flatnonzero(sale >= 0)
        rows, shipment, sale = rows[offered], shipment[offered], sale[offered]
        stepped = np.isin(sale, self.ladder)
        each = np.flatnonzero(~stepped)
        self.bought[shipment[each]] = sale[each]
        self.rows.sort_under("purchases", rows[each], shipment[each])
        width = max(len(self.flow.sales), 1)
        self._tiered(*np.divmod(np.unique(rows[stepped] * width + sale[stepped]), width))

    def _sold(self, name: str, rows: Array, sale: Array) -> None:
        """The price of what is sold."""
        stepped = np.isin(sale, self.ladder)
        self.rows.sort_under(name, rows[~stepped], sale[~stepped])
        self._tiered(rows[stepped], sale[stepped])

    def _tiered(self, rows: Array, sale: Array) -> None:
        """What is paid in the tiers of sales."""
        tiers = self.tiers
        part_sale = tiers.parts.project((0, 1, 2, 3), self.flow.sales)
        at, part = join([sale], [part_sale])
        for name, index in (("priced", tiers.priced), ("listed", tiers.listed)):
            member = tiers.parts.project((0, 1, 2, 3, 4), index)[part]
            here = np.flatnonzero(member >= 0)
            self.rows.sort_under(name, rows[at[here]], member[here])

    def done(self) -> Spend:
        """The finished family."""
        caps, flow = self.rows.index(), self.flow
        paid = np.flatnonzero(self.bought >= 0)
        lane, t = flow.shipments.project((0, 1, 2), flow.lanes)[paid], flow.shipments.codes[3][paid]
        since = flow.sales.labels[2], flow.sales.codes[2][self.bought[paid]]
        purchases = Index.repeated(flow.lanes, lane, since, (self.parts.steps, t))
        of_shipment = np.full(len(flow.shipments), -1)
        of_shipment[paid] = np.arange(len(paid))
        self.rows.members["purchases"] = [
            (rows, of_shipment[shipment]) for rows, shipment in self.rows.members.get("purchases", [])
        ]
        of = {
            "shipments": flow.shipments,
            "purchases": purchases,
            "sales": flow.sales,
            "priced": self.tiers.priced,
            "listed": self.tiers.listed,
            "runs": self.processing.runs,
        }
        return Spend(
            caps=caps,
            **{name: self.rows.groups(caps, name, index) for name, index in of.items()},  # type: ignore[arg-type]
            **{name: self.rows.values(caps, name) for name in (*NUMBERS, "given")},  # type: ignore[arg-type]
        )


def spend(parts: Parts, flow: Flow, processing: Processing, tiers: Tiers, lane: Array) -> Spend:
    """Every rule on what is spent.

    Args:
        lane: lane of each shipment.
    """
    rows = _Rows(parts, flow, processing, tiers)
    for rule in rules_of(parts, "spend"):
        rows.add(rule, supply(parts, flow, processing, rule, lane, flow.shipments.codes[3]))
    return rows.done()
