"""The least cost under any choice of an instance's rules: rows let go in one kept model, run from the last basis."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mineral_sourcing.build import RULES
from planner.analysis.changes import Off
from planner.analysis.study import Study
from planner.errors import PlannerError
from planner.executor import run
from planner.instance import Instance
from planner.settings import Settings
from planner.solving.stages import Clock, ranks_and_cost

FEW = 100
"""Choices up to which one kept model is quicker than workers, each of which has to make its own."""


def rule_names(instance: Instance) -> tuple[str, ...]:
    """Names of the rules in the order of the table."""
    return tuple(dict.fromkeys(instance.tables["rules"]["rule"].astype(str)))


class Switching:
    """A kept model whose rules are let go and put back.

    Args:
        shared: ``instance`` and ``settings`` by name, as the executor hands them out.

    Raises:
        InputError: a fixed charge or minimum that nothing bounds.
    """

    def __init__(self, shared: Mapping[str, Any]) -> None:
        instance: Instance = shared["instance"]
        self.study = Study(instance, Settings(**{**shared["settings"], "threads": 1}))
        self.kept = self.study.kept
        self.names = rule_names(instance)
        self._by_pieces = len(self.kept.assembled.network.hhi.cells) > 0

    def cost(self, choice: int) -> float:
        """Least cost, present value, by HiGHS alone, where rule number j holds if bit j of the choice is 1.

        Raises:
            PlannerError: no plan is found within the limits.
        """
        left_out = [name for at, name in enumerate(self.names) if not choice >> at & 1]
        if self._by_pieces:
            return self._from_tables(left_out)
        edits = [self._let_go(name) for name in left_out]
        kept, clock = self.kept, Clock(self.kept.settings.time_limit)
        kept.session.is_primal = False
        try:
            result, _ = ranks_and_cost(kept.session, kept.assembled.network, clock, hot=not kept.matrix.is_mip)
        finally:
            kept.session.restore()
            for _ in range(sum(edits)):
                kept.undo()
        if not result.has_point:
            raise self._without(left_out, result.end)
        return result.objective * kept.assembled.network.unit_money

    def _from_tables(self, left_out: Sequence[str]) -> float:
        """The same from tables without these rules: an HHI is kept by pieces, which hang on its limit."""
        study = self.study.apply(*(Off(name) for name in left_out))
        try:
            if not study.resolve().has_point:
                raise self._without(left_out, study.resolve().end)
            return study.cost
        finally:
            study.reset()

    def _without(self, left_out: Sequence[str], end: str) -> PlannerError:
        told = f"without {', '.join(left_out)}" if left_out else "with all rules"
        return PlannerError(f"{self.study.instance.name} {told}: no plan is found ({end})")

    def _let_go(self, rule: str) -> int:
        """Let all rows of a rule go; how many edits that were."""
        spans = [span for span in self.kept.matrix.rows if RULES.get(span.name) == "rules"]
        found = [(span.name, self.kept.find(span, d0=rule)) for span in spans]
        for name, at in found:
            self.kept.switch_off(name, at)
        return len(found)


def _prepare(shared: Mapping[str, Any]) -> Switching:
    return Switching(shared)


def _task(switching: Switching, choice: int) -> dict[str, float]:
    return {"cost": switching.cost(choice)}


def costs_of(instance: Instance, choices: Sequence[int], settings: Settings, folder: Any = None) -> dict[int, float]:
    """Least cost of each choice of rules, by one kept model or by workers.

    Args:
        instance: checked input that has a plan under all its rules.
        choices: bit j stands for rule j of :func:`rule_names`.
        settings: of every solve, and of the executor.
        folder: where finished choices are kept and looked for.

    Raises:
        PlannerError: a choice for which no plan is found within the limits.
    """
    shared = {"instance": instance, "settings": settings.model_dump()}
    if len(choices) <= FEW and folder is None and not settings.dask:
        switching = Switching(shared)
        return {choice: switching.cost(choice) for choice in choices}
    found = {}
    for done in run(_task, shared, choices, prepare=_prepare, settings=settings, folder=folder, where="threads"):
        if done.error:
            raise PlannerError(done.error)
        found[int(done.task)] = float(np.asarray(done.result["cost"]))
    return found
