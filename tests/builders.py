"""Small builders of tables, so that a test shows only what matters, and short ways to read a plan's tables."""

from typing import Any

import pandas as pd
import pytest

import planner
from planner.plan import Plan
from tests.published.case import Case, header

Amounts = dict[Any, float]


class Trade(Case):
    """A trade in the making: sellers, plants, one or more markets. Undiscounted years from 2001 unless told."""

    def __init__(self, periods: int = 1, length: str = "year", **head: Any) -> None:
        super().__init__({**header("trade", periods, length), **head})

    def site(self, site: str, place: str = "", owner: str = "", **cells: Any) -> None:
        """A site, known from now on; its place too."""
        if site not in [row["site"] for row in self.tables["sites"]]:
            self.add("sites", site=site, place=place, owner=owner, **cells)
        if place and place not in [row["place"] for row in self.tables["places"]]:
            self.add("places", place=place)

    def goods(self, material: str, **cells: Any) -> None:
        """A material, known from now on."""
        if material not in [row["material"] for row in self.tables["materials"]]:
            self.add("materials", material=material, **cells)

    def offer(self, site: str, price: float, material: str = "ore", **cells: Any) -> None:
        """What a site sells, the site and the material with it."""
        self.site(site)
        self.goods(material)
        self.add("offers", site=site, material=material, price=price, **cells)

    def lane(self, origin: str, destination: str = "market", material: str = "ore", **cells: Any) -> None:
        """A lane, free unless told."""
        self.add("lanes", origin=origin, destination=destination, material=material, **cells)

    def seller(self, site: str, price: float, material: str = "ore", to: str = "market", **cells: Any) -> None:
        """An offer at a site of its own and a free lane from there."""
        self.offer(site, price, material, **cells)
        self.lane(site, to, material)

    def demand(self, quantity: float, site: str = "market", material: str = "ore", **cells: Any) -> None:
        """What a site consumes."""
        self.site(site)
        self.goods(material)
        self.add("demands", site=site, material=material, quantity=quantity, **cells)

    def unmet(self, unmet_cost: float | None, priority: str = "civil", rank: int = 1) -> None:
        """A priority."""
        self.add("priorities", priority=priority, rank=rank, unmet_cost=unmet_cost)

    def process(self, process: str, site: str, recipe: Amounts, **cells: Any) -> None:
        """A process; what its recipe takes in stands below 0."""
        self.site(site)
        self.add("processes", process=process, site=site, **cells)
        for material, ratio in recipe.items():
            self.goods(material)
            self.add("recipes", process=process, material=material, **{"input" if ratio < 0 else "output": abs(ratio)})

    def stockpile(self, site: str = "market", material: str = "ore", **cells: Any) -> None:
        """A stockpile."""
        self.site(site)
        self.goods(material)
        self.add("stockpiles", site=site, material=material, **cells)

    def rule(self, kind: str, limit: float, **cells: Any) -> None:
        """A rule: purchases of each place in each period, unless told."""
        usual = {"rule": "rule", "subject_by": "place", "basis": "purchases", "per": "period"}
        self.add("rules", kind=kind, limit=limit, **{**usual, **cells})

    def plan(self) -> Plan:
        """The verified plan of least cost, proven to the last cent; to a millionth of it under a cap on the HHI."""
        plan = planner.solve(planner.from_frames(self.header, self.tables), gap=0.0, time_limit=20.0).plan
        assert plan.status == "optimal"
        squares = any(rule["kind"] == "max_hhi" for rule in self.tables["rules"])
        assert plan.gap == pytest.approx(0.0, abs=1e-6 if squares else 1e-9)
        return plan


def amounts(frame: pd.DataFrame, *columns: str) -> Amounts:
    """The last column summed by the others; one other: by its name alone."""
    *keys, value = columns
    return dict(frame.groupby(keys)[value].sum().to_dict())


def paid(plan: Plan) -> Amounts:
    """Present value of each component of the cost."""
    return amounts(plan.costs, "component", "present_value")


def price(plan: Plan, constraint: str, **index: str) -> float:
    """Shadow price of one row of the model, present value; 0 where the plan lists none."""
    rows = plan.prices.loc[plan.prices["constraint"] == constraint]
    for column, name in index.items():
        rows = rows.loc[rows[column] == name]
    assert len(rows) < 2, f"{len(rows)} rows of {constraint} are meant by {index}"
    return float(rows["shadow_price"].sum())
