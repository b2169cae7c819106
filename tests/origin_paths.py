"""Origin a second way: every path from a mine to a market, one column a path, solved by GLOP.

Random networks of one element with joint products, losses, lead times, stocks and what was under way. A path is a list
of steps in time from where an element enters to where it is consumed, lost to surplus or left in stock. The planner's
splitting of every flow must cost the same as the best amounts on all paths.
"""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ortools.linear_solver import pywraplp

PERIODS = 2
LIMITS = (0.1, 0.3, 0.5)
CONTENT = {"ore": 1.0, "metal": 0.5, "mix": 0.8}
Node = tuple[Any, ...]


@dataclass
class Draft:
    """A random network, as tables."""

    rng: random.Random
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, table: str, **row: Any) -> None:
        """One row more."""
        self.tables[table].append(row)

    def lane(self, origin: str, destination: str, material: str, late: bool = True) -> None:
        """A lane with a loss, and often a lead time; of some, something is under way."""
        lead = self.rng.choice([0, 1]) if late else 0
        loss, freight = self.rng.choice([0.0, 0.1]), self.rng.choice([1.0, 2.0, 3.0])
        ends = {"origin": origin, "destination": destination, "material": material}
        self.add("lanes", **ends, loss=loss, lead_time=lead, freight=freight)
        if lead and self.rng.random() < 0.5:
            self.add("in_transit", **ends, arrives="2001", quantity=float(self.rng.randint(1, 8)))


def network(seed: int) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """Header and tables: three mines, two plants with a joint product, a refiner of it, a trader, two markets."""
    draft = Draft(random.Random(seed))
    rng, add = draft.rng, draft.add
    for material, content in CONTENT.items():
        add("materials", material=material, element="Nd", basis="product")
        add("contents", material=material, element="Nd", content=content)
    places = {
        "a": "AAA",
        "b": "BBB",
        "c": "CCC",
        "p": "PPP",
        "q": "QQQ",
        "r": "RRR",
        "x": "HHH",
        "y": "HHH",
        "t": "AAA",
    }
    for place in sorted(set(places.values())):
        add("places", place=place)
    for site, place in places.items():
        add("sites", site=site, place=place)
    for site, price in zip("abc", rng.sample([5.0, 9.0, 14.0], 3), strict=True):
        add("offers", site=site, material="ore", price=price, capacity=float(rng.randint(40, 120)))
    add("offers", site="t", material="metal", price=40.0, capacity=20.0, origin=rng.choice(["", "BBB"]))
    for plant in "pq":
        metal, mix = rng.choice([0.8, 1.0]), rng.choice([0.2, 0.4])
        add("processes", process=f"smelt {plant}", site=plant, cost=rng.choice([1.0, 4.0]), capacity=80.0)
        for material, side, ratio in (("ore", "input", 1.0), ("metal", "output", metal), ("mix", "output", mix)):
            add("recipes", process=f"smelt {plant}", material=material, **{side: ratio})
    add("processes", process="refine", site="r", cost=2.0, capacity=60.0)
    add("recipes", process="refine", material="mix", input=1.0)
    add("recipes", process="refine", material="metal", output=1.2)
    for mine in "abc":
        for plant in "pq":
            if rng.random() < 0.8:
                draft.lane(mine, plant, "ore")
    for plant in "pq":
        draft.lane(plant, "r", "mix", late=False)
    for seller in "pqrt":
        for market in "xy":
            if rng.random() < 0.7:
                draft.lane(seller, market, "metal", late=seller != "r")
    _held(draft)
    add("rules", rule="cap", kind="max_share", limit=rng.choice(LIMITS), subject_by="place", subject="AAA",
        material="metal", basis="origin", base=rng.choice(["consumption", "demand"]), per="period",
        market="x;y", market_pool="together", **{"except": rng.choice(["", "unknown"])})  # fmt: skip
    header = {"name": f"paths {seed}", "first_period": "2001", "periods": PERIODS, "period_length": "year"}
    return header, dict(draft.tables)


def _held(draft: Draft) -> None:
    """Demand in ranks of one, and stock of ore at a plant and of metal at a market."""
    rng, add = draft.rng, draft.add
    for market in "xy":
        add("demands", site=market, material="metal", priority="civil", quantity=float(rng.randint(20, 50)))
    add("priorities", priority="civil", rank=1, unmet_cost=100.0)
    for site, material in (("p", "ore"), ("x", "metal")):
        if rng.random() < 0.8:
            row = {"site": site, "material": material, "initial": float(rng.randint(0, 20)), "final": 0.0}
            row |= {"initial_origin": rng.choice(["", "AAA", "BBB"]), "loss": rng.choice([0.0, 0.1])}
            add("stockpiles", **row, holding_cost=0.5)


@dataclass(frozen=True)
class Step:
    """From one node to the next: what of a tonne arrives, and the flow that it is a part of."""

    to: Node
    gain: float
    flow: Node


class Paths:
    """Every path of a network in time."""

    def __init__(self, tables: dict[str, list[dict[str, Any]]]) -> None:
        self.tables = tables
        self.steps: dict[Node, list[Step]] = defaultdict(list)
        self.entries: list[tuple[Node, Node, str]] = []
        """Flow that enters, node that it enters at, and its origin."""
        self.place = {row["site"]: row["place"] for row in tables["sites"]}
        for t in range(PERIODS):
            self._lanes(t)
            self._processes(t)
            self._stocks(t)
            for row in tables["offers"]:
                at = "node", row["site"], row["material"], t
                self.entries.append((("sold", row["site"], t), at, row.get("origin") or self.place[row["site"]]))
            for row in tables["demands"]:
                served = "served", row["site"], t
                self.steps["node", row["site"], row["material"], t].append(Step(served, 1.0, served))
        for row in tables.get("in_transit", []):
            offered = [o for o in tables["offers"] if (o["site"], o["material"]) == (row["origin"], row["material"])]
            place = (offered[0].get("origin") or self.place[row["origin"]]) if offered else "unknown"
            at = "node", row["destination"], row["material"], 0
            self.entries.append((("came", row["origin"], row["destination"], row["material"]), at, place))
            self._surplus(at)

    def _surplus(self, at: Node) -> None:
        gone = ("gone", *at[1:])
        if all(step.to != gone for step in self.steps[at]):
            self.steps[at].append(Step(gone, 1.0, gone))

    def _lanes(self, t: int) -> None:
        for row in self.tables["lanes"]:
            lands = t + row["lead_time"]
            if lands < PERIODS:
                ends = row["origin"], row["destination"], row["material"]
                to = "node", row["destination"], row["material"], lands
                step = Step(to, 1 - row["loss"], ("ship", *ends, t))
                self.steps["node", row["origin"], row["material"], t].append(step)

    def _processes(self, t: int) -> None:
        for process in self.tables["processes"]:
            lines = [row for row in self.tables["recipes"] if row["process"] == process["process"]]
            took = sum(CONTENT[row["material"]] * row.get("input", 0.0) for row in lines)
            gave = sum(CONTENT[row["material"]] * row.get("output", 0.0) for row in lines)
            inside = "process", process["process"], t
            for row in lines:
                at, content = ("node", process["site"], row["material"], t), CONTENT[row["material"]]
                if row.get("input"):
                    used = Step(inside, content * gave / took, ("use", process["process"], row["material"], t))
                    self.steps[at].append(used)
                else:
                    made = Step(at, 1 / content, ("make", process["process"], row["material"], t))
                    self.steps[inside].append(made)
                    self._surplus(at)

    def _stocks(self, t: int) -> None:
        for row in self.tables.get("stockpiles", []):
            at, held = ("node", row["site"], row["material"], t), ("stock", row["site"], row["material"], t)
            later = "stock", row["site"], row["material"], t + 1
            keep = 1 - row["loss"]
            self.steps[at].append(Step(held, 1.0, ("fill", *held[1:])))
            self.steps[held].append(Step(at, 1.0, ("release", *held[1:])))
            if t + 1 < PERIODS:
                self.steps[held].append(Step(later, keep, ("carry", *held[1:])))
            else:
                self.steps[held].append(Step(("end", *held[1:]), 1.0, ("carry", *held[1:])))
            if t == 0 and row["initial"]:
                origin = row["initial_origin"] or "unknown"
                self.entries.append((("opening", row["site"], row["material"]), held, origin))

    def walk(self) -> Iterator[tuple[Node, str, list[tuple[Node, float]]]]:
        """Every path: what enters, its origin, and each flow that it takes with its tonnes there per tonne entering."""
        for entry, start, place in self.entries:
            todo: list[tuple[Node, float, list[tuple[Node, float]], frozenset[Node]]] = [
                (start, 1.0, [], frozenset([start]))
            ]
            while todo:
                at, amount, taken, seen = todo.pop()
                if not self.steps.get(at):
                    if taken and at[0] in ("served", "gone", "end"):
                        yield entry, place, taken
                    continue
                for step in self.steps[at]:
                    if step.to not in seen:
                        more = [*taken, (step.flow, amount)]
                        todo.append((step.to, amount * step.gain, more, seen | {step.to}))


def least_cost(tables: dict[str, list[dict[str, Any]]]) -> float:
    """Least cost over the amounts on all paths."""
    solver = pywraplp.Solver.CreateSolver("GLOP")
    flows: dict[Node, list[tuple[Any, float]]] = defaultdict(list)
    of_place: dict[tuple[str, int], list[tuple[Any, float]]] = defaultdict(list)
    for entry, place, taken in Paths(tables).walk():
        path = solver.NumVar(0.0, solver.infinity(), "")
        flows[entry].append((path, 1.0))
        for flow, amount in taken:
            flows[flow].append((path, amount))
        if taken[-1][0][0] == "served":
            of_place[place, taken[-1][0][2]].append((path, taken[-1][1]))

    def total(terms: list[tuple[Any, float]]) -> Any:
        return solver.Sum([factor * column for column, factor in terms]) if terms else 0.0

    cost = [*_physics(solver, tables, flows, total)]
    (rule,) = tables["rules"]
    for t in range(PERIODS):
        against = ["AAA", *(["unknown"] if rule["except"] == "" else [])]
        places = {place for place, step in of_place if step == t}
        counted = solver.Sum([total(of_place[place, t]) for place in against if place in places] or [0.0])
        base = sum(row["quantity"] for row in tables["demands"])
        if rule["base"] == "consumption":
            base = solver.Sum([total(of_place[place, t]) for place in sorted(places)] or [0.0])
        solver.Add(counted - rule["limit"] * base <= 0)
    solver.Minimize(solver.Sum(cost))
    assert solver.Solve() == pywraplp.Solver.OPTIMAL
    return float(solver.Objective().Value())


def _physics(solver: Any, tables: Any, flows: dict[Node, list[tuple[Any, float]]], total: Any) -> Iterator[Any]:
    """What the flows must keep beside being made of paths; costs come out."""
    for t in range(PERIODS):
        for row in tables["offers"]:
            sold = total(flows["sold", row["site"], t])
            solver.Add(sold <= row["capacity"])
            yield row["price"] * sold
        for row in tables["lanes"]:
            yield row["freight"] * total(flows["ship", row["origin"], row["destination"], row["material"], t])
        for row in tables["processes"]:
            activity = solver.NumVar(0.0, row["capacity"], "")
            yield row["cost"] * activity
            for line in tables["recipes"]:
                if line["process"] == row["process"]:
                    ends = row["process"], line["material"], t
                    if line.get("input"):
                        solver.Add(total(flows["use", *ends]) == line["input"] * activity)
                    else:  # in a process a path is counted in tonnes of element
                        given = line["output"] * CONTENT[line["material"]]
                        solver.Add(total(flows["make", *ends]) == given * activity)
        for row in tables["demands"]:
            served = total(flows["served", row["site"], t])
            solver.Add(served <= row["quantity"])
            yield 100.0 * (row["quantity"] - served)
        for row in tables.get("stockpiles", []):
            yield row["holding_cost"] * total(flows["carry", row["site"], row["material"], t])
    for row in tables.get("stockpiles", []):
        if row["initial"]:
            solver.Add(total(flows["opening", row["site"], row["material"]]) == row["initial"] * (1 - row["loss"]))
    for row in tables.get("in_transit", []):
        ends = row["origin"], row["destination"], row["material"]
        loss = next(
            lane["loss"] for lane in tables["lanes"] if (lane["origin"], lane["destination"], lane["material"]) == ends
        )
        solver.Add(total(flows["came", *ends]) == row["quantity"] * (1 - loss))
