"""Two or more plans side by side: what differs in the input, in the decisions and in the figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from planner.analysis.figures import DECISIONS, figures
from planner.errors import PlannerError
from planner.findings import written
from planner.instance import Instance
from planner.plan import Plan
from planner.report.summary import mass, money, percent
from planner.tables import TABLES, Header, columns

NOTHING = 1e-6
"""Share of the largest quantity of a table below which two quantities are the same: what HiGHS keeps rows within."""

INPUT = ["plan", "table", "key", "column", "before", "after"]
CHANGED = ["plan", "decision", "unit", "name", "material", "period", "before", "after", "change"]
MOST = 12
"""Rows of a table that are told to a person."""


@dataclass(frozen=True)
class Comparison:
    """Plans held against the first of them.

    Money is present value in the instance's currency, quantities are tonnes.
    """

    names: tuple[str, ...]
    """Names of the plans, the first the one that the others are held against."""
    sentence: str
    """The difference in one sentence; of several plans, one for each."""
    figures: pd.DataFrame
    """A row a figure: ``figure``, ``unit``, then a column for each plan by its name."""
    input: pd.DataFrame
    """A row for each cell of the input that differs: plan, table, key, column, before, after; a row that only one of
    them has stands with an empty ``column``."""
    decisions: pd.DataFrame
    """A row for each decision that differs: plan, decision (flow, sale, activity, stock, unmet, yes or no), unit, name,
    material, period, before, after, change; the largest changes of a plan first."""
    currency: str = ""

    @property
    def flows(self) -> pd.DataFrame:
        """Changed flows only."""
        return self.decisions[self.decisions["decision"] == "flow"].reset_index(drop=True)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as ``--json`` gives them."""
        tables = {"figures": self.figures, "input": self.input, "decisions": self.decisions}
        rows = {name: frame.astype(object).where(frame.notna(), None) for name, frame in tables.items()}
        return {
            "plans": [*self.names],
            "sentence": self.sentence,
            **{name: frame.to_dict("records") for name, frame in rows.items()},
        }

    def __repr__(self) -> str:
        parts = [self.sentence, "", _told(self.figures).to_string(index=False)]
        for title, frame in (("Changed input", self.input), ("Changed decisions", self.decisions)):
            if len(frame):
                more = f", first {MOST} of {len(frame):,}" if len(frame) > MOST else ""
                parts += ["", f"{title}{more}", _told(frame.head(MOST)).to_string(index=False)]
        return "\n".join(parts)

    def _repr_html_(self) -> str:
        parts = [f"<p>{escape(self.sentence)}</p>", _told(self.figures).to_html(index=False, border=0)]
        for title, frame in (("Changed input", self.input), ("Changed decisions", self.decisions)):
            if len(frame):
                more = f", first {MOST} of {len(frame):,}" if len(frame) > MOST else ""
                parts += [f"<h4>{title}{more}</h4>", _told(frame.head(MOST)).to_html(index=False, border=0)]
        return "\n".join(parts)


def compare(*plans: Plan | Mapping[str, Plan], names: tuple[str, ...] = ()) -> Comparison:
    """Hold plans against the first of them.

    Args:
        plans: two plans or more; or one mapping of names to plans.
        names: what to call them; ``before`` and ``after`` for two, else ``plan 1`` and so on.

    Raises:
        PlannerError: fewer than two plans, names that are not as many or not different, or plans in different money.
    """
    found = _named(plans, names)
    first_name, first = next(iter(found.items()))
    heads = {plan.instance.header.currency for plan in found.values()}
    if len(heads) > 1:
        raise PlannerError(f"plans in different money cannot be compared: {', '.join(sorted(heads))}")
    others = {name: plan for name, plan in found.items() if name != first_name}
    inputs = [changed_input(first.instance, plan.instance).assign(plan=name) for name, plan in others.items()]
    decisions = [changed_decisions(first, plan).assign(plan=name) for name, plan in others.items()]
    table = figures(found)
    return Comparison(
        names=tuple(found),
        sentence=" ".join(
            _sentence(name if len(others) > 1 else "", first, plan, some, table, (first_name, name))
            for (name, plan), some in zip(others.items(), decisions, strict=True)
        ),
        figures=table,
        input=pd.concat(inputs, ignore_index=True)[INPUT],
        decisions=pd.concat(decisions, ignore_index=True)[CHANGED],
        currency=heads.pop(),
    )


def _named(plans: tuple[Plan | Mapping[str, Plan], ...], names: tuple[str, ...]) -> dict[str, Plan]:
    """Plans by name."""
    if len(plans) == 1 and isinstance(plans[0], Mapping):
        found = dict(plans[0])
    else:
        several = tuple(f"plan {number}" for number in range(1, len(plans) + 1))
        called = names or (("before", "after") if len(plans) == 2 else several)
        if len(called) != len(plans) or len(set(called)) != len(called):
            raise PlannerError(f"{len(plans)} plans need as many different names; given: {', '.join(called)}")
        found = {name: plan for name, plan in zip(called, plans, strict=True) if isinstance(plan, Plan)}
    if len(found) < 2:
        raise PlannerError("a comparison needs two plans or more")
    return found


def changed_input(before: Instance, after: Instance) -> pd.DataFrame:
    """Cells of the input that differ: table, key, column, before, after.

    A row of one of them alone is one line with an empty column; what it held stands in ``before`` or ``after``.
    """
    rows: list[dict[str, str]] = []
    for name in Header.model_fields:
        old, new = getattr(before.header, name), getattr(after.header, name)
        if old != new:
            cells = {"before": written(old), "after": written(new)}
            rows.append({"table": "instance", "key": "", "column": name, **cells})
    for table in TABLES:
        one, other = before.tables[table], after.tables[table]
        if one is not other:
            rows += _changed_rows(table, one, other)
    return pd.DataFrame(rows, columns=INPUT[1:])


def _changed_rows(table: str, before: pd.DataFrame, after: pd.DataFrame) -> list[dict[str, str]]:
    key = [*TABLES[table].KEY]
    before, after = before.rename_axis(None), after.rename_axis(None)  # a key may be called line, as the index is
    both = before.merge(after, on=key, how="outer", indicator="_in", suffixes=("_before", "_after"), sort=False)
    rest = [name for name in columns(table) if name not in key]
    rows = []
    for name in rest:
        old, new = both[f"{name}_before"], both[f"{name}_after"]
        moved = (both["_in"] == "both") & (old != new) & ~(old.isna() & new.isna())
        for _, row in both[moved].iterrows():
            cells = {"before": written(row[f"{name}_before"]), "after": written(row[f"{name}_after"])}
            rows.append({"table": table, "key": _key(row, key), "column": name, **cells})
    for side, suffix in (("left_only", "before"), ("right_only", "after")):
        for _, row in both[both["_in"] == side].iterrows():
            cells = {name: written(row[f"{name}_{suffix}"]) for name in rest}
            told = ", ".join(f"{name} {text}" for name, text in cells.items() if text)
            empty = {"before": "", "after": ""}
            rows.append({"table": table, "key": _key(row, key), "column": "", **empty, suffix: told or "a row"})
    return rows


def _key(row: "pd.Series[Any]", key: list[str]) -> str:
    return ", ".join(text for name in key if (text := written(row[name])))


def changed_decisions(before: Plan, after: Plan) -> pd.DataFrame:
    """Decisions that differ by more than a millionth of the largest of their kind; the largest changes first.

    Columns: decision, unit, name, material, period, before, after, change.
    """
    found = []
    for decision in DECISIONS:
        one, other = decision.of(before), decision.of(after)
        both = pd.concat([one.rename("before"), other.rename("after")], axis=1).fillna(0.0)
        least = NOTHING * max(float(both.abs().to_numpy().max(initial=0.0)), 1.0)
        both["change"] = both["after"] - both["before"]
        both = both[both["change"].abs() > least].reset_index()
        found.append(both.assign(decision=decision.name, unit=decision.unit))
    frame = pd.concat(found, ignore_index=True)[CHANGED[1:]]
    order = np.argsort(-frame["change"].abs().to_numpy(dtype=np.float64), kind="stable")
    return frame.iloc[order].reset_index(drop=True)


def _sentence(
    name: str, before: Plan, after: Plan, decisions: pd.DataFrame, table: pd.DataFrame, pair: tuple[str, str]
) -> str:
    """What changes, in one sentence."""
    subject = f"{name}: the plan" if name else "The plan"
    cost = after.objective - before.objective
    currency = after.instance.header.currency
    size = abs(before.objective) or 1.0
    if abs(cost) <= 1e-9 * size:
        told = "costs the same"
    else:
        less = "more" if cost > 0 else "less"
        told = f"costs {money(abs(cost))} {currency} ({percent(abs(cost) / size)}) {less}"
    unmet = after.unmet - before.unmet
    if abs(unmet) > NOTHING * max(before.unmet, after.unmet, 1.0):
        told += f" and leaves {mass(abs(unmet))} t {'more' if unmet > 0 else 'less'} of demand unmet"
    else:
        told += " and serves as much demand"
    flows = decisions[decisions["decision"] == "sale"]
    if not len(decisions):
        return f"{subject} {told}; no decision changes."
    if flows.empty:
        return f"{subject} {told}; {len(decisions):,} decisions change."
    moved = flows.groupby(["name", "material"], sort=False)["change"].sum()
    largest = int(np.argmax(moved.abs().to_numpy()))
    (site, material), change = moved.index[largest], float(moved.iloc[largest])
    return (
        f"{subject} {told}; the largest change of what is bought is {mass(abs(change))} t "
        f"{'more' if change > 0 else 'less'} {material} from {site}."
    )


def _told(frame: pd.DataFrame) -> pd.DataFrame:
    """The same with numbers as people write them, empty columns left out."""
    shown = frame.copy()
    for name in shown:
        if shown[name].dtype.kind == "f":
            shown[name] = [_number(value) for value in shown[name]]
    return shown.loc[:, [(shown[name].astype(str) != "").any() for name in shown]]


def _number(value: float) -> str:
    if np.isnan(value):
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"
