"""An instance and a plan as a notebook shows them, in the report's look."""

from collections.abc import Iterable, Sequence
from html import escape

import pandas as pd

from planner.instance import Instance
from planner.plan import Plan
from planner.report import look
from planner.report.facts import Facts, Figure, five, headline
from planner.report.summary import each, money, percent, span

MOST = 6
"""Rows of a table."""
CELL = "text-align:left;vertical-align:top;padding:3px 20px 3px 0"


def plan_html(plan: Plan) -> str:
    """The answer, its figures and the rules that cost most."""
    return facts_html(Facts(plan))


def facts_html(facts: Facts) -> str:
    """What is said of a plan, as :func:`plan_html` has it."""
    plan = facts.plan
    numbers = "".join(map(_number, five(facts)))
    rules = [
        (row.rule, row.name, row.material, span(row.since, row.until), money(row.worth))
        for row in each(facts.summary.rules.head(MOST))
    ]
    heads = ("Rule that binds", "Subject", "Material", "Periods", f"One point or percent saves, {facts.currency}")
    gap = "no bound" if plan.gap == float("inf") else f"gap {percent(max(plan.gap, 0.0))}"
    under = f"{plan.instance.name}, {facts.when}: {plan.status}, {gap}"
    return _block(headline(facts), under, f"<table><tr>{numbers}</tr></table>{_table(heads, rules) if rules else ''}")


def instance_html(instance: Instance) -> str:
    """What an instance asks, and its tables."""
    head = instance.header
    span_of = f"{head.periods} {head.period_length}s from {head.first_period}"
    rows = [
        (name, f"{len(frame):,}", ", ".join(_in_use(frame))) for name, frame in instance.tables.items() if len(frame)
    ]
    under = f"{instance.name}: {span_of}, {head.currency} of {head.price_year}"
    return _block(head.title or instance.name, under, _table(("Table", "Rows", "Columns in use"), rows))


def _in_use(frame: pd.DataFrame) -> list[str]:
    """Columns that hold something."""
    return [name for name in map(str, frame) if (frame[name].notna() & (frame[name].astype("str") != "")).any()]


def _number(figure: Figure) -> str:
    """One figure: name, value, remark."""
    name, remark = (_styled("span", f"color:{look.MUTED}", text) for text in (figure.name, figure.remark))
    value = _styled("b", "font-size:1.5em", figure.value)
    return f'<td style="{CELL}">{name}<br>{value} {escape(figure.unit)}<br>{remark}</td>'


def _block(title: str, under: str, body: str) -> str:
    style = f"font-family:{look.FONT};color:{look.INK};border-top:3px solid {look.INK};padding-top:8px"
    told = _styled("div", "font-size:1.35em;font-weight:700", title) + _styled("div", f"color:{look.MUTED}", under)
    return f'<div style="{escape(style)}">{told}{body}</div>'


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(_styled("th", f"{CELL};color:{look.MUTED}", name) for name in heads)
    body = "".join(f"<tr>{''.join(_styled('td', CELL, text) for text in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _styled(tag: str, style: str, text: str) -> str:
    return f'<{tag} style="{escape(style)}">{escape(text)}</{tag}>'
