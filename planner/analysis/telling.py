"""Answers in plain words: quantities, money, shares and times as people write them, and a table as HTML."""

from html import escape
from math import isfinite, isinf

import pandas as pd

from planner.report.summary import mass, money, percent

__all__ = ["days", "limit", "mass", "money", "more", "page", "percent", "tonnes"]


def tonnes(amount: float) -> str:
    """A mass in tonnes."""
    return f"{amount:,.0f} t" if amount >= 10 or amount == 0 else f"{amount:.2g} t"


def more(amount: float, currency: str) -> str:
    """What something costs more, or less where less is bought."""
    return f"costs {money(abs(amount))} {currency} {'less' if amount < 0 else 'more'}"


def days(time: float) -> str:
    """A time to survive: days, or the whole horizon."""
    return "the whole horizon" if isinf(time) else f"{time:,.0f} days"


def limit(number: float, unit: str) -> str:
    """A limit in its own unit; a share in percent."""
    if unit == "hhi":
        return f"an HHI of {number:.5g}"
    return f"{100 * number:.5g} %" if unit == "share" else f"{number:,.6g} {unit}"


def page(sentence: str, frame: pd.DataFrame) -> str:
    """A sentence and a table as HTML; names are text, never markup."""
    shown = frame.copy()
    for name in shown.columns:
        if shown[name].dtype.kind == "f":
            share = "coverage" in name or "share" in name
            shown[name] = [_cell(value, share) for value in shown[name]]
    return f"<p>{escape(sentence)}</p>{shown.to_html(index=False, border=0, escape=True)}"


def _cell(value: float, share: bool) -> str:
    if not isfinite(value):
        return "∞" if isinf(value) else ""
    return f"{100 * value:.1f} %" if share else f"{value:,.4g}" if abs(value) < 10 else f"{value:,.0f}"
