"""Where a frontier begins and ends: the loosest value that matters, the strictest that has a plan."""

from collections.abc import Callable
from dataclasses import dataclass

from planner.analysis.axis import Axis
from planner.analysis.study import Study
from planner.errors import NoPlanError, SettingsError

TIMES = 40
"""How often a value is doubled in search of an end."""

FINE = 1e-6
"""Share of the range to which the strictest value with a plan is found."""

UNMET = 1e-6
"""Unmet demand that is rounding, in model units and as a share."""

SAME = 1e-9
"""Share of the cost within which a rule costs nothing."""

LEAST_DAYS = 1.0
"""Days of cover that a frontier begins with: of none there is nothing to price."""


NO_PLAN = "there is no plan"
MORE_UNMET = "more demand goes unmet"

Good = Callable[[float], bool]


@dataclass(frozen=True)
class Ends:
    """The two ends of a frontier."""

    loose: float
    strict: float
    beyond: float
    """A stricter value, next to the strict end, at which the frontier ends for a reason; ``nan`` without one."""
    reason: str
    """Why it ends there: :data:`NO_PLAN` or :data:`MORE_UNMET`."""

    @classmethod
    def of(cls, study: Study, axis: Axis, rule: str, between: tuple[float, float] | None) -> "Ends":
        """The ends asked for, the strict one moved to where there is a plan; or where all demand is met that is now.

        Raises:
            InputError: a value that the tables cannot take.
            NoPlanError: there is no plan at the loose end.
            SettingsError: two ends that are the same, or that no table takes.
        """
        if between is not None:
            low, high = sorted(between)
            if not low < high:
                raise SettingsError(f"a frontier lies between two limits, not from {low:g} to {high:g}")
            if low < 0 or high > axis.most:
                wrong = f"{low if low < 0 else high:g}"
                hint = " (a fraction: 0.65 for 65 %)" if axis.most == 1.0 else ""
                raise SettingsError(f"{wrong} is no limit of {axis.label}: it lies between 0 and {axis.most:g}{hint}")
            loose, strict = (high, low) if axis.falling else (low, high)
        else:
            loose, strict = _loosest(study, axis, rule), _strictest(study, axis)
        met, has_plan = _met(study, axis), _has_plan(study, axis)
        if not has_plan(loose):
            name = study.instance.name
            raise NoPlanError(f"{name} has no plan even with {axis.at(loose)}: other rules or promises forbid it")
        if not has_plan(strict):
            strict, beyond = _edge(axis, has_plan, loose, strict)
            ends = cls(loose, strict, beyond, NO_PLAN)
        else:
            ends = cls(loose, strict, float("nan"), "")
        if between is None and met(loose) and not met(strict):
            return cls(loose, *_edge(axis, met, loose, strict), MORE_UNMET)
        return ends


def _cost(study: Study, axis: Axis, value: float) -> float:
    """Least cost at a value, by HiGHS alone; infinite where there is no plan."""
    study.apply(axis.at(value))
    try:
        return study.cost
    finally:
        study.undo()


def _has_plan(study: Study, axis: Axis) -> Good:
    return lambda value: _cost(study, axis, value) < float("inf")


def _met(study: Study, axis: Axis) -> Good:
    """Whether no more demand goes unmet than as it is now (none, where there is no plan as it is now)."""

    def unmet() -> float:
        solved, kept = study.resolve(), study.kept
        if not solved.has_point:
            return float("inf")
        return float(solved.values[kept.matrix.column_span("priority.unmet").slice].sum())

    now = unmet()
    most = (now if now < float("inf") else 0.0) * (1 + UNMET) + UNMET

    def good(value: float) -> bool:
        study.apply(axis.at(value))
        try:
            return unmet() <= most
        finally:
            study.undo()

    return good


def _loosest(study: Study, axis: Axis, rule: str) -> float:
    """The value at which nothing is asked; of limits without a largest value, one at which the rule costs nothing."""
    if not axis.falling:
        return LEAST_DAYS if axis.unit == "days" else 0.0
    if axis.most < float("inf"):
        return axis.most
    study.off(rule)
    free, value = study.cost, max(axis.here, 1.0)
    study.undo()
    for _ in range(TIMES):
        if _cost(study, axis, value) <= free + SAME * abs(free):
            break
        value *= 2
    return value


def _strictest(study: Study, axis: Axis) -> float:
    """The strictest value that a table can hold, or one without a plan."""
    if axis.falling:
        return 0.0
    if axis.most < float("inf"):
        return axis.most
    value, has_plan = max(axis.here, 1.0), _has_plan(study, axis)
    for _ in range(TIMES):
        if not has_plan(value):
            break
        value *= 2
    return value


def _edge(axis: Axis, is_good: Good, good: float, bad: float) -> tuple[float, float]:
    """The strictest good value and a stricter one that is not, by halving."""
    fine = 1.0 if axis.step == 1.0 else FINE * abs(good - bad)
    while abs(good - bad) > fine:
        middle = (good + bad) / 2
        middle = float(round(middle)) if axis.step == 1.0 else middle
        good, bad = (middle, bad) if is_good(middle) else (good, middle)
    for digits in range(2, 8):
        plain = float(f"{good:.{digits}g}")
        if min(good, bad) < plain < max(good, bad):
            return (plain, bad) if is_good(plain) else (good, plain)
    return good, bad
