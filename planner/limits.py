r"""What a yes-or-no can let through at most: every big-M, derived from data.

An optimal plan with costs that are not negative brings in no more of a material than is needed. With
:math:`N_{kt}` the most of material k that anything can need in period t,

.. math::

    N_{kt} = \Big( d_{kt} + \sum_p \iota_{pk} \, A_{pt} + g_{kt} \Big) / (1 - \epsilon_k)^{h_k}, \qquad
    A_{pt} = \min \Big( \bar a_{pt}, \max_{k} \frac{N_{kt}}{\omega_{pk}} \Big)

where :math:`d` is demand, :math:`\iota, \omega` the recipe, :math:`\bar a` the capacity, :math:`g` what stock, cover,
floors and minimum quantities may ask for on top, :math:`\epsilon` the largest loss of the material's lanes and
:math:`h` the most lanes that a tonne can usefully pass.
A material that can be stored, or that travels for some periods, may be
bought early: its
need in t is all that follows. A switch then lets through the least of its columns' own limits and of the need.
"""

from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from mineral_sourcing.network import Activation, Balance, Flow, Processing, Switch
from planner.errors import InputError, Problem
from planner.lanes import KEY
from planner.parts import Parts, demand_rows, group, tuples

ROUNDS = 100


class _Needs:
    """The most that anything can need of each material, period by period."""

    def __init__(self, parts: Parts, processing: Processing) -> None:
        self.parts = parts
        self.processing = processing
        self.materials = parts["materials"]["material"].tolist()
        self.storable = set(parts["stockpiles"]["material"]) | set(
            parts.lanes.loc[parts.lanes["lead_time"] > 0, "material"]
        )
        rows = parts["processes"]
        self.must_run = set(rows.loc[rows["min_load"] > 0, "process"])

    @cached_property
    def need(self) -> dict[str, np.ndarray]:
        """By material and period; computed only where a switch asks for it."""
        return self._fixed_point() if not self._profits() else {k: self._unlimited() for k in self.materials}

    def _unlimited(self) -> np.ndarray:
        return np.full(self.parts.count, np.inf)

    def _profits(self) -> bool:
        """Whether anything pays for being done, so that more than the need may be worth while."""
        parts = self.parts
        return bool((parts["processes"]["cost"] < 0).any() or (parts["materials"]["disposal_cost"] < 0).any())

    def _amplification(self) -> dict[str, float]:
        """1 / (1 − ε)^h: h is one more than the sites that the material both reaches and leaves."""
        found = {}
        for material in self.materials:
            lanes = self.parts.lanes.loc[self.parts.lanes["material"] == material]
            hops = len(set(lanes["origin"]) & set(lanes["destination"])) + 1
            loss = float(lanes["loss"].max()) if len(lanes) else 0.0
            found[material] = (1 - loss) ** -hops if loss else 1.0
        stocks = self.parts["stockpiles"]
        for material, loss in stocks.groupby("material")["loss"].max().items():
            found[str(material)] *= (1 - float(loss)) ** -(self.parts.count * self.parts.years)
        return found

    def _base(self) -> dict[str, np.ndarray]:
        """Demand, and what stock at the end, cover, floors, minimum awards and last shipments may add."""
        parts, count = self.parts, self.parts.count
        found = {material: np.zeros(count) for material in self.materials}
        for material, t, amount in tuples(demand_rows(parts), ["material", "t", "amount"]):
            found[material][t] += amount
        once = pd.concat(
            [
                parts["stockpiles"].assign(extra=parts["stockpiles"][["final", "initial"]].max(axis=1)),
                parts["in_transit"].assign(extra=parts["in_transit"]["final"]),
            ]
        )
        for material, extra in once.groupby("material")["extra"].sum().items():
            found[str(material)] += float(extra)
        awards = parts["offers"].groupby("material")["min_award"].sum()
        for material, extra in awards.items():
            found[str(material)] += float(extra)
        for rule in parts["rules"].itertuples():
            if rule.kind == "min_quantity":
                for material in self.materials:
                    found[material] += float(rule.limit)  # type: ignore[arg-type]
            elif rule.kind == "min_share" and rule.basis == "made":
                total = sum(float(values.sum()) for values in found.values())
                for material in self.materials:
                    found[material] += total
        return found

    def _fixed_point(self) -> dict[str, np.ndarray]:
        parts, processing = self.parts, self.processing
        base = self._base()
        cover = parts["stockpiles"].groupby("material")["cover_days"].sum().to_dict()
        outputs, inputs = (
            group((p for p, _ in ratios), ((k, ratio) for (_, k), ratio in ratios.items()))
            for ratios in (processing.output, processing.input)
        )
        amplified, limits = self._amplification(), processing.run_limit
        need = {material: values.copy() for material, values in base.items()}
        for _ in range(ROUNDS):
            fresh = {material: values.copy() for material, values in base.items()}
            for process, t in processing.runs:
                wanted = max((need[k][t] / ratio for k, ratio in outputs.get(process, ())), default=0.0)
                floor = limits[process, t] if process in self.must_run else 0.0
                activity = min(limits[process, t], max(wanted, floor))
                for k, ratio in inputs.get(process, ()):
                    fresh[k][t] += ratio * activity
            for material, wanted_now in fresh.items():
                ahead = float(cover.get(material, 0.0)) / (365 * parts.years)
                values = (wanted_now + ahead * wanted_now.max(initial=0.0)) * amplified[material]
                fresh[material] = values[::-1].cumsum()[::-1] if material in self.storable else values
            if all(np.allclose(fresh[k], need[k], rtol=1e-12) for k in need):
                return need
            need = {k: np.maximum(need[k], fresh[k]) for k in need}
        return {k: self._unlimited() for k in self.materials}

    def over(self, material: str, periods: list[int]) -> float:
        """The most that can be needed of what is bought in these periods."""
        need = self.need[material]
        return float(need[periods].max() if material in self.storable else need[periods].sum())


def activation(parts: Parts, flow: Flow, processing: Processing, balance: Balance) -> Activation:
    """Every switch of the instance: offers, set-ups, processes, runs, lanes and routes."""
    needs = _Needs(parts, processing)
    rows = _Switches(parts, needs)
    rows.offers(flow)
    rows.processes(processing)
    rows.lanes(flow, balance)
    rows.routes(flow, balance)
    return rows.done()


class _Switches:
    """An Activation in the making."""

    def __init__(self, parts: Parts, needs: _Needs) -> None:
        self.parts, self.needs = parts, needs
        self.keys: list[Switch] = []
        self.data: dict[str, dict[Any, Any]] = {
            name: {} for name in Activation.__dataclass_fields__ if name not in ("keys", "links")
        }
        self.links: list[Switch] = []
        self.problems: list[Problem] = []

    def add(
        self,
        key: Switch,
        most: float,
        charge: float,
        t: int,
        members: tuple[list[Any], list[Any], list[Any]],
        least: float = 0.0,
    ) -> None:
        """One switch; ``members`` are its sales, runs and shipments."""
        if not np.isfinite(most):
            kind, site, destination, material, process = key[:5]
            what = " ".join(part for part in (material, process, f"from {site}" * bool(site), destination) if part)
            self.problems.append(
                Problem(
                    {"offer": "offers", "setup": "offers", "lane": "lanes", "route": "routes"}.get(kind, "processes"),
                    None,
                    "capacity",
                    "",
                    f"{what} has a fixed charge or a minimum, and nothing bounds how much of it can be worth while: "
                    "give a capacity",
                )
            )
        self.keys.append(key)
        self.data["most"][key] = most
        self.data["cost"][key] = charge * float(self.parts.discount[t])
        if least > 0:
            self.data["least"][key] = least
        for name, found in zip(("sales", "runs", "shipments"), members, strict=True):
            self.data[name][key] = found

    def by_year(self, rows: list[Any], t_at: int) -> dict[str, list[Any]]:
        """Columns by calendar year of their period, which stands at position ``t_at``."""
        return group((self.parts.calendar[row[t_at]] for row in rows), rows)

    def first(self, year: str) -> int:
        """First period of a calendar year."""
        return self.parts.calendar.index(year)

    def offers(self, flow: Flow) -> None:
        """Yearly charges and awards, and set-ups by period."""
        sales = group((sale[:3] for sale in flow.sales), flow.sales)
        capacity = self.parts["sites"].set_index("site")["capacity"].to_dict()
        offers = self.parts["offers"].sort_values(["site", "material", "from"])
        names = ["site", "material", "from", "fixed_cost", "min_award", "capacity_use", "setup_use"]
        for site, material, since, fixed, award, use, setup in tuples(offers, names):
            own = float(capacity.get(site, np.nan)) * self.parts.years / use if use else np.nan
            own = np.inf if np.isnan(own) else own
            rows = sales.get((site, material, since), [])
            if fixed > 0 or award > 0:
                for year, members in self.by_year(rows, 3).items():
                    most = sum(min(flow.sale_limit[sale], own) for sale in members)
                    most = min(most, self.needs.over(material, [sale[3] for sale in members]))
                    key = ("offer", site, "", material, "", since, year)
                    self.add(key, max(most, award), fixed, self.first(year), (members, [], []), award)
            if setup > 0:
                for sale in rows:
                    most = min(flow.sale_limit[sale], own, self.needs.over(material, [sale[3]]))
                    key = ("setup", site, "", material, "", since, self.parts.periods[sale[3]])
                    self.add(key, most, 0.0, sale[3], ([sale], [], []))

    def processes(self, processing: Processing) -> None:
        """Yearly charges and, where there is a least load, runs by period."""
        runs = group((run[0] for run in processing.runs), processing.runs)
        outputs = group((p for p, _ in processing.output), ((k, r) for (_, k), r in processing.output.items()))
        names = ["process", "fixed_cost", "min_load"]
        for process, fixed, load in tuples(self.parts["processes"].sort_values("process"), names):

            def most(run: Any, name: str = process, whole: bool = load > 0) -> float:
                wanted = max((self.needs.over(k, [run[1]]) / ratio for k, ratio in outputs.get(name, ())), default=0.0)
                limit = processing.run_limit[run]
                return float(limit if whole else min(limit, wanted))

            if fixed > 0:
                for year, members in self.by_year(runs.get(process, []), 1).items():
                    key = ("process", "", "", "", process, "", year)
                    self.add(key, sum(most(run) for run in members), fixed, self.first(year), ([], members, []))
            if load > 0:
                for run in runs.get(process, []):
                    key = ("run", "", "", "", process, "", self.parts.periods[run[1]])
                    self.add(key, most(run), 0.0, run[1], ([], [run], []), load * processing.run_limit[run])

    def lane_most(self, flow: Flow, balance: Balance, members: list[Any]) -> float:
        """The most that is worth while on one lane over the shipments of a year."""
        origin, destination, material, _ = members[0]
        most = min(
            sum(flow.shipment_limit[shipment] for shipment in members),
            self.needs.over(material, [shipment[3] for shipment in members]),
        )
        at_origin = [(origin, material, shipment[3]) for shipment in members]
        if not any(balance.arriving[n] or balance.making[n] or balance.stocked[n] for n in at_origin):
            most = min(most, sum(flow.sale_limit[sale] for node in at_origin for sale in balance.selling[node]))
        lead = self.lead[origin, destination, material]
        landing = [(destination, material, shipment[3] + lead) for shipment in members]
        if all(node in self.nodes for node in landing) and not any(
            balance.leaving[n] or balance.using[n] or balance.stocked[n] or balance.spare[n] for n in landing
        ):
            wanted = sum(balance.demand.get(node, 0.0) for node in landing)
            most = min(most, wanted / flow.kept[origin, destination, material])
        return most

    def lanes(self, flow: Flow, balance: Balance) -> None:
        """Yearly charges of lanes."""
        self.lead = dict(zip(tuples(self.parts.lanes, KEY), self.parts.lanes["lead_time"].astype(int), strict=True))
        self.nodes = set(balance.nodes)
        self.shipments = group((shipment[:3] for shipment in flow.shipments), flow.shipments)
        for lane in tuples(self.parts.lanes.loc[self.parts.lanes["fixed_cost"] > 0], [*KEY, "fixed_cost"]):
            for year, members in self.by_year(self.shipments.get(lane[:3], []), 3).items():
                key = ("lane", lane[0], lane[1], lane[2], "", "", year)
                self.add(key, self.lane_most(flow, balance, members), lane[3], self.first(year), ([], [], members))

    def routes(self, flow: Flow, balance: Balance) -> None:
        """Yearly charges of routes, and each material's own link."""
        routes = self.parts["routes"]
        routes = routes.loc[routes["fixed_cost"] > 0].sort_values(["origin", "destination"])
        lanes = group((lane[:2] for lane in self.shipments), self.shipments)
        for origin, destination, capacity, fixed in tuples(routes, ["origin", "destination", "capacity", "fixed_cost"]):
            found = [s for lane in lanes.get((origin, destination), []) for s in self.shipments[lane]]
            for year, members in self.by_year(found, 3).items():
                key = ("route", origin, destination, "", "", "", year)
                by_material = group((shipment[2] for shipment in members), members)
                each = {k: self.lane_most(flow, balance, rows) for k, rows in by_material.items()}
                room = capacity * self.parts.years * len({shipment[3] for shipment in members})
                most = min(sum(each.values()), np.inf if np.isnan(room) else room)
                self.add(key, most, fixed, self.first(year), ([], [], members))
                for material, rows in by_material.items():
                    if len(by_material) > 1 and each[material] < most:
                        link = ("route", origin, destination, material, "", "", year)
                        self.links.append(link)
                        self.data["link_of"][link] = [key]
                        self.data["link_most"][link] = each[material]
                        self.data["link_shipments"][link] = rows

    def done(self) -> Activation:
        """The finished family.

        Raises:
            InputError: a switch has no finite limit.
        """
        if self.problems:
            raise InputError(self.parts.instance.name, self.problems)
        return Activation(keys=self.keys, links=self.links, **self.data)
