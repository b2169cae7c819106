"""What the executor's workers import: a small transport model on a kept HiGHS object, and tasks that misbehave."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import highspy
import numpy as np

SUPPLIERS, BUYERS = 6, 8


@dataclass(frozen=True)
class Chain:
    """Suppliers and buyers; every buyer may also go without at a price."""

    cost: np.ndarray
    capacity: np.ndarray
    demand: np.ndarray
    unmet_cost: float = 500.0


@dataclass(frozen=True)
class Ban:
    """One supplier sells only part of its capacity, one buyer needs more."""

    supplier: int
    keeps: float
    buyer: int
    more: float = 1.0


@dataclass(frozen=True)
class Marked:
    """A task that leaves a line in a file each time that it is done."""

    number: int
    file: str
    seconds: float = 0.0


def chain() -> Chain:
    """Seeded."""
    rng = np.random.default_rng(7)
    cost = rng.uniform(10, 90, (SUPPLIERS, BUYERS))
    return Chain(cost, rng.uniform(30, 80, SUPPLIERS), rng.uniform(10, 40, BUYERS))


def bans(count: int) -> list[Ban]:
    """Seeded."""
    rng = np.random.default_rng(8)
    draw = zip(
        rng.integers(SUPPLIERS, size=count), rng.uniform(0, 1, count), rng.integers(BUYERS, size=count), strict=True
    )
    return [Ban(int(supplier), float(keeps), int(buyer), 1.1) for supplier, keeps, buyer in draw]


class Kept:
    """The model in HiGHS with the basis that every scenario starts from."""

    def __init__(self, data: Chain) -> None:
        self.data = data
        self.highs = highs = highspy.Highs()
        for name, value in (("output_flag", False), ("threads", 1), ("solver", "simplex")):
            assert highs.setOptionValue(name, value) == highspy.HighsStatus.kOk
        for cost in [*data.cost.ravel(), *np.full(BUYERS, data.unmet_cost)]:
            highs.addVar(0.0, highspy.kHighsInf)
            highs.changeColCost(highs.getNumCol() - 1, cost)
        for supplier, most in enumerate(data.capacity):
            columns = np.arange(BUYERS, dtype=np.int32) + supplier * BUYERS
            highs.addRow(-highspy.kHighsInf, most, BUYERS, columns, np.ones(BUYERS))
        for buyer, need in enumerate(data.demand):
            columns = np.arange(SUPPLIERS + 1, dtype=np.int32) * BUYERS + buyer
            highs.addRow(need, highspy.kHighsInf, SUPPLIERS + 1, columns, np.ones(SUPPLIERS + 1))
        highs.run()
        self.basis = highs.getBasis()

    def solve(self, ban: Ban) -> dict[str, Any]:
        """Cost, flows and prices; the same from every worker, to the last bit."""
        capacity, demand = self.data.capacity[ban.supplier], self.data.demand[ban.buyer]
        self.highs.clearSolver()
        self.highs.setBasis(self.basis)
        self._bounds(ban, capacity * ban.keeps, demand * ban.more)
        self.highs.run()
        solution = self.highs.getSolution()
        result = {
            "cost": self.highs.getInfo().objective_function_value,
            "flow": np.array(solution.col_value),
            "price": np.array(solution.row_dual),
            "status": self.highs.modelStatusToString(self.highs.getModelStatus()),
        }
        self._bounds(ban, capacity, demand)
        return result

    def _bounds(self, ban: Ban, capacity: float, demand: float) -> None:
        self.highs.changeRowBounds(ban.supplier, -highspy.kHighsInf, capacity)
        self.highs.changeRowBounds(SUPPLIERS + ban.buyer, demand, highspy.kHighsInf)


def keep(data: Chain) -> Kept:
    """What a worker keeps."""
    return Kept(data)


def solve(kept: Kept, ban: Ban) -> dict[str, Any]:
    """One scenario."""
    return kept.solve(ban)


def solve_slowly(kept: Kept, ban: Ban) -> dict[str, Any]:
    """One scenario with time to kill somebody."""
    time.sleep(0.02)
    return kept.solve(ban)


def solve_or_die_once(shared: tuple[Chain, str], ban: Ban) -> dict[str, Any]:
    """One scenario; the first worker that meets supplier 0 is killed while at it."""
    data, folder = shared
    if ban.supplier == 0:
        try:
            (Path(folder) / "killed").touch(exist_ok=False)
        except FileExistsError:
            pass
        else:
            os.kill(os.getpid(), signal.SIGKILL)
    return Kept(data).solve(ban)


def misbehave(shared: float, task: str) -> dict[str, Any]:
    """What a task may do wrong, by its name."""
    if task == "raise":
        raise ValueError("no such lane")
    if task == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if task == "exit":
        raise SystemExit(3)
    return {"value": object() if task == "object" else shared}


def count_up(kept: list[int], task: str) -> dict[str, Any]:
    """How often this worker's state was used; an error in between spoils it."""
    kept.append(1)
    if task == "raise":
        raise ValueError("half edited")
    return {"count": len(kept)}


def fresh(shared: float) -> list[int]:
    """A state that remembers."""
    return []


def unprepared(shared: float) -> Any:
    """A worker that cannot prepare."""
    raise MemoryError("model too large")


def mark(shared: float, task: Marked) -> dict[str, Any]:
    """Leave a line with the process, then take a while."""
    with Path(task.file).open("a") as file:
        file.write(f"{task.number} {os.getpid()}\n")
    time.sleep(task.seconds)
    return {"value": shared * task.number, "name": f"task {task.number}"}


def echo(shared: Any, task: Any) -> dict[str, Any]:
    """Values of every kind."""
    return {
        "nan": float("nan"), "minus": -0.0, "tiny": 5e-324, "inf": float("inf"), "whole": 3, "yes": np.bool(True),
        "text": "Dy₂O₃",
        "file": np.arange(6.0).reshape(2, 3), "names": np.array(["ndpr", "dysprosium"]), "none": np.zeros((0, 2)),
        "flags": np.array([True, False]), "count": np.array([1, 2], dtype=np.int64),
    }  # fmt: skip
