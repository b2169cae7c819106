"""What a solve gives: an Outcome, and the Plan in it.

The tables of a plan, their columns and units are defined in ``docs/definitions.md`` and listed in
:data:`PLAN_TABLES`; the verifier recomputes every one of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from planner.errors import NoPlanError, Problem
from planner.instance import Instance

if TYPE_CHECKING:
    from planner.report.figures import Figures

Status = Literal["optimal", "feasible", "infeasible", "unbounded", "unknown"]

OPTIMAL = 0.05
"""Gap above which no plan is called optimal, whatever gap was asked for."""

PLAN_TABLES: dict[str, tuple[str, ...]] = {
    "flows": ("origin", "destination", "material", "period", "arrives", "quantity", "arriving", "freight", "duty"),
    "sales": ("site", "material", "from", "period", "quantity", "price", "cost"),
    "tiers": ("site", "material", "from", "period", "from_quantity", "quantity", "price", "cost"),
    "activity": ("process", "site", "period", "activity", "cost"),
    "made": ("process", "site", "material", "period", "input", "output"),
    "stock": ("site", "material", "period", "opening", "fill", "release", "loss", "closing", "holding_cost"),
    "demand": ("site", "material", "period", "priority", "demand", "unmet", "consumed", "unmet_cost"),
    "surplus": ("site", "material", "period", "quantity", "cost"),
    "activations": (
        "kind",
        "site",
        "destination",
        "material",
        "process",
        "rule",
        "subject",
        "market",
        "from",
        "period",
        "used",
        "cost",
    ),
    "costs": (
        "component",
        "site",
        "destination",
        "material",
        "process",
        "priority",
        "rule",
        "period",
        "amount",
        "discount_factor",
        "present_value",
    ),
    "rules": (
        "rule",
        "from",
        "kind",
        "subject",
        "material",
        "market",
        "period",
        "unit",
        "limit",
        "actual",
        "slack",
        "quantity",
        "base",
        "of_consumption",
        "of_demand",
        "of_purchases",
        "excess",
        "penalty",
        "shadow_price",
        "shadow_price_undiscounted",
        "price_unit",
        "binding",
        "sentence",
    ),
    "hhi": ("rule", "from", "subject", "material", "market", "period", "quantity", "share", "hhi", "sources"),
    "cover": ("covers", "material", "period", "stock", "need", "required_days", "days", "shadow_price"),
    "concentration": ("basis", "stage", "material", "by", "subject", "period", "quantity", "share", "hhi"),
    "measures": (
        "basis",
        "stage",
        "material",
        "by",
        "period",
        "quantity",
        "subject",
        "largest",
        "share",
        "hhi",
        "sources",
        "consumption",
        "of_consumption",
    ),
    "tagged": (
        "flow",
        "element",
        "site",
        "destination",
        "process",
        "material",
        "place",
        "period",
        "quantity",
    ),
    "origins": (
        "rule",
        "from",
        "material",
        "market",
        "period",
        "place",
        "quantity",
        "share",
        "mixed_quantity",
        "mixed_share",
    ),
    "prices": (
        "constraint",
        "site",
        "destination",
        "material",
        "process",
        "rule",
        "subject",
        "market",
        "from",
        "period",
        "shadow_price",
        "shadow_price_undiscounted",
    ),
    "held": ("rank", "held"),
}
"""Columns of every table of a plan, in order."""

TEXT = frozenset(
    {
        "origin",
        "destination",
        "material",
        "period",
        "arrives",
        "site",
        "from",
        "process",
        "priority",
        "kind",
        "component",
        "rule",
        "subject",
        "market",
        "unit",
        "covers",
        "basis",
        "stage",
        "by",
        "constraint",
        "binding",
        "price_unit",
        "sentence",
        "flow",
        "element",
        "place",
    }
)
"""Columns of plan tables that are text; all others are numbers."""


@dataclass(frozen=True)
class Custom:
    """The user's own rules that a plan was made under."""

    file: str
    """Name of the file that they stand in."""
    digest: str
    """SHA-256 of the file."""
    rows: int
    """Rows that they add to the model."""
    untraced: int
    """Rules that Pyomo had to build row by row."""
    checked: bool
    """Whether the file's own check of the plan found them kept."""

    def __str__(self) -> str:
        by = "checked by that file alone" if self.checked else "not independently verified"
        return f"custom rules of {self.file}: {by}"


@dataclass(frozen=True)
class Plan:
    """A plan and what is proven of it.

    Tonnes in the period, money in the instance's currency; ``objective`` and ``bound`` are present values.
    """

    instance: Instance
    tables: Mapping[str, pd.DataFrame]
    status: Status
    objective: float
    bound: float
    is_mip: bool
    """Whether the model had integer columns; if so, shadow prices hold with the integers fixed."""
    custom: Custom | None = None
    """The user's own rules, where there are any: the verifier knows nothing of them, nor of their prices."""

    @property
    def gap(self) -> float:
        """(incumbent − bound) / |incumbent|, 0 where the incumbent is 0."""
        return (self.objective - self.bound) / abs(self.objective) if self.objective else 0.0

    @property
    def unmet(self) -> float:
        """Tonnes of unmet demand over the horizon."""
        return float(self.tables["demand"]["unmet"].sum())

    def __getattr__(self, name: str) -> pd.DataFrame:
        """A table by name: ``plan.flows``."""
        if name in PLAN_TABLES:
            return self.tables[name]
        raise AttributeError(f"a plan has no {name!r}; its tables are {', '.join(PLAN_TABLES)}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *PLAN_TABLES]

    @property
    def figures(self) -> "Figures":
        """The report's figures of this plan: ``plan.figures.sankey()``."""
        from planner.report.figures import Figures

        return Figures(self)

    def report(self, path: str | Path, **beside: Any) -> Path:
        """Write the plan as one HTML file; ``beside`` as for :func:`planner.report.html.report`.

        Raises:
            OSError: the file cannot be written.
        """
        from planner.report.html import write

        return write(path, self, **beside)

    def __repr__(self) -> str:
        currency, rules = self.instance.header.currency, self.rules
        binding = rules.loc[rules["binding"] == "yes", "rule"].nunique()
        lines = [
            f"Plan of {self.instance.name}: {self.status}",
            f"  objective {self.objective:,.2f} {currency}, bound {self.bound:,.2f}, gap {self.gap:.2%}",
            f"  unmet demand {self.unmet:,.1f} t of {self.demand['demand'].sum():,.1f} t",
            f"  {self.sales['site'].nunique()} sites sell, for {self.sales['cost'].sum():,.2f} {currency}",
            f"  {binding} of {rules['rule'].nunique()} rules bind",
            *([f"  {self.custom}"] if self.custom else []),
            f"  tables: {', '.join(f'{name} ({len(frame):,})' for name, frame in self.tables.items() if len(frame))}",
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from planner.report.notebook import plan_html

        return plan_html(self)


@dataclass(frozen=True)
class Outcome:
    """How a solve ended, told apart: optimal, feasible, infeasible, unbounded, unknown."""

    status: Status
    instance: Instance
    seconds: Mapping[str, float]
    """Wall seconds of each step: assemble, compile, pass, solve, read back, verify."""
    size: Mapping[str, int]
    """Columns, rows, entries and integer columns of the matrix; rules that Pyomo had to build row by row."""
    message: str = ""
    """Which limit was reached, or what HiGHS said."""
    conflict: tuple[str, ...] = ()
    """Where infeasible: rules and promises that cannot all hold, in words."""
    warnings: tuple[Problem, ...] = ()
    interior_point: str = ""
    """Interior point method that HiGHS had at hand: hipo, of its extras, or ipx."""
    found: Plan | None = field(default=None, repr=False)

    @property
    def plan(self) -> Plan:
        """The plan.

        Raises:
            NoPlanError: there is none; the message says why.
        """
        if self.found is None:
            why = self.message or self.status
            if self.conflict:
                why += "; these cannot all hold: " + "; ".join(self.conflict)
            if self.status == "infeasible":
                why += "; planner.explain tells the least repairs (planner explain)"
            raise NoPlanError(f"{self.instance.name} has no plan: {why}")
        return self.found
