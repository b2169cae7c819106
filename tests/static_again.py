"""What a plan delivers after a loss with nothing changed, a second time: from its tables, one cell after the other.

Shares nothing with ``planner.analysis.static`` but the definition in its docstring.
"""

from collections import defaultdict
from typing import Any

import pandas as pd

from planner.instance import Instance
from planner.plan import Plan

Pair = tuple[str, str]


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table."""
    return [{str(name): cell for name, cell in row.items()} for row in frame.to_dict("records")]


def periods_of(plan: Plan) -> list[str]:
    """Periods of a plan, in order."""
    found = set(plan.demand["period"].astype(str)) | set(plan.flows["period"].astype(str))
    return sorted(found | set(plan.stock["period"].astype(str)))


def delivered(plan: Plan, start: str, gone: set[str]) -> dict[tuple[str, str, str, str], float]:
    """Tonnes consumed of each demand (site, material, period, priority) if some sites are lost from a period on.

    A lost site sells and makes nothing and ships only to other lost sites.
    """
    return Loss(plan, start, gone).run()


class Loss:
    """The plan as it goes on without some sites."""

    def __init__(self, plan: Plan, start: str, gone: set[str]) -> None:
        self.plan, self.start, self.gone = plan, start, gone
        self.instance: Instance = plan.instance
        self.left: dict[int, float] = {}
        """What is left of each dispatch, by row of ``flows``."""
        self.stock: dict[tuple[str, str], float] = {}
        self.consumed: dict[tuple[str, str, str, str], float] = {}
        recipes = self.instance.tables["recipes"].to_dict("records")
        self.recipe = defaultdict(list)
        for line in recipes:
            self.recipe[line["process"]].append(line)
        self.site_of = dict(
            zip(*(self.instance.tables["processes"][name] for name in ("process", "site")), strict=True)
        )

    def run(self) -> dict[tuple[str, str, str, str], float]:
        """Period by period."""
        for name in periods_of(self.plan):
            if name < self.start:
                self.calm(name)
            else:
                self.period(name)
        return self.consumed

    def rows(self, table: str, period: str) -> list[dict[str, Any]]:
        """Rows of a table of the plan in a period, each with its number."""
        frame = self.plan.tables[table]
        frame = frame.loc[frame["period"].astype(str) == period]
        return [{**row, "number": number} for number, row in zip(frame.index, records(frame), strict=True)]

    def calm(self, name: str) -> None:
        """Before the loss all is as planned."""
        for row in self.rows("flows", name):
            self.left[row["number"]] = float(row["quantity"])
        for row in self.rows("demand", name):
            self.consumed[row["site"], row["material"], name, row["priority"]] = float(row["consumed"])

    def period(self, name: str) -> None:
        """One period after the loss."""
        plan, lost = self.plan, self.gone
        flows, runs = self.rows("flows", name), self.rows("activity", name)
        base: dict[Pair, float] = defaultdict(float)
        for row in self.rows("sales", name):
            base[row["site"], row["material"]] += 0.0 if row["site"] in lost else float(row["quantity"])
        every = plan.flows
        for number, row in zip(every.index, records(every), strict=True):
            if row["arrives"] == name and str(row["period"]) < name:
                kept = float(row["arriving"]) / float(row["quantity"])
                base[row["destination"], row["material"]] += self.left[number] * kept
        for key, amount in self.under_way(name).items():
            base[key] += amount
        wants: dict[int, float] = {}
        for row in flows:
            cut = row["origin"] in lost and row["destination"] not in lost
            wants[row["number"]] = 0.0 if cut else float(row["quantity"])
        acts = {row["number"]: 0.0 if row["site"] in lost else float(row["activity"]) for row in runs}
        planned: dict[Pair, float] = defaultdict(float)
        for row in flows:
            planned[row["origin"], row["material"]] += wants[row["number"]]
        for row in runs:
            for line in self.recipe[row["process"]]:
                planned[row["site"], line["material"]] += acts[row["number"]] * line["input"]
        demand = self.rows("demand", name)
        for row in demand:
            planned[row["site"], row["material"]] += float(row["consumed"])
        piles = {(row["site"], row["material"]): row for row in self.rows("stock", name)}
        draw, held = {}, {}
        for key, row in piles.items():
            opening = self.stock.get(key, float(row["opening"]))
            kept = 1.0 - float(row["loss"]) / float(row["opening"]) if row["opening"] else 1.0
            held[key] = opening * kept
            draw[key] = min(held[key], self.most(key, name))

        def moved(share: dict[Pair, float]) -> tuple[dict[int, float], dict[int, float], dict[Pair, float]]:
            ships = {
                row["number"]: wants[row["number"]] * share.get((row["origin"], row["material"]), 1.0) for row in flows
            }
            makes = {}
            for row in runs:
                inputs = [line for line in self.recipe[row["process"]] if line["input"] > 0]
                least = min((share.get((row["site"], line["material"]), 1.0) for line in inputs), default=1.0)
                makes[row["number"]] = acts[row["number"]] * least
            there = defaultdict(float, base)
            for row in flows:
                if row["arrives"] == name:
                    kept = float(row["arriving"]) / float(row["quantity"])
                    there[row["destination"], row["material"]] += ships[row["number"]] * kept
            for row in runs:
                for line in self.recipe[row["process"]]:
                    there[row["site"], line["material"]] += makes[row["number"]] * line["output"]
            return ships, makes, there

        share: dict[Pair, float] = dict.fromkeys(planned, 1.0)
        for _ in range(2000):
            _, _, there = moved(share)
            fresh = {}
            for key, wanted in planned.items():
                have = there[key] + min(max(wanted - there[key], 0.0), draw.get(key, 0.0))
                fresh[key] = min(share[key], 1.0 if wanted <= 1e-9 or have >= wanted * (1 - 1e-9) else have / wanted)
            change = max((share[key] - fresh[key] for key in share), default=0.0)
            share = fresh
            if change < 1e-13:
                break
        ships, makes, there = moved(share)
        self.left.update(ships)
        used: dict[Pair, float] = defaultdict(float)
        for row in flows:
            used[row["origin"], row["material"]] += ships[row["number"]]
        for row in runs:
            for line in self.recipe[row["process"]]:
                used[row["site"], line["material"]] += makes[row["number"]] * line["input"]
        self.serve(demand, share, name, used)
        for key, row in piles.items():
            spare = there[key] - used[key]
            fill, release = min(max(spare, 0.0), float(row["fill"])), min(max(-spare, 0.0), draw[key])
            self.stock[key] = held[key] + fill - release

    def serve(self, demand: list[dict[str, Any]], share: dict[Pair, float], name: str, used: dict[Pair, float]) -> None:
        """Demand gets its fraction, rank by rank."""
        table = self.instance.tables["priorities"]
        rank = dict(zip(table["priority"], table["rank"], strict=True))
        at: dict[Pair, list[dict[str, Any]]] = defaultdict(list)
        for row in demand:
            at[row["site"], row["material"]].append(row)
        for key, rows in at.items():
            room = share[key] * sum(float(row["consumed"]) for row in rows)
            used[key] += room
            for row in sorted(rows, key=lambda row: (rank.get(row["priority"], 0), str(row["priority"]))):
                given = min(room, float(row["consumed"]))
                room -= given
                self.consumed[row["site"], row["material"], name, row["priority"]] = given

    def most(self, key: Pair, period: str) -> float:
        """Most that a stockpile may release in a period, tonnes."""
        rows = self.instance.tables["stockpiles"]
        length = {"year": 1.0, "quarter": 0.25, "month": 1 / 12}[self.instance.header.period_length]
        for row in rows.to_dict("records"):
            inside = (not row["from"] or row["from"] <= period) and (not row["until"] or period <= row["until"])
            if (row["site"], row["material"]) == key and inside:
                return float("inf") if row["release_rate"] != row["release_rate"] else row["release_rate"] * length
        return 0.0

    def under_way(self, period: str) -> dict[Pair, float]:
        """What was dispatched before the horizon and arrives now."""
        lanes = self.instance.tables["lanes"]
        loss = {(row["origin"], row["destination"], row["material"]): row["loss"] for row in lanes.to_dict("records")}
        found: dict[Pair, float] = defaultdict(float)
        for row in self.instance.tables["in_transit"].to_dict("records"):
            if row["arrives"] == period:
                kept = 1.0 - loss.get((row["origin"], row["destination"], row["material"]), 0.0)
                found[row["destination"], row["material"]] += row["quantity"] * kept
        return found
