"""Concentration in one picture: from the cheapest plan's largest supplier to this plan's, beside the cap."""

from collections.abc import Iterator
from html import escape
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from planner.report import look
from planner.report.facts import Facts
from planner.report.summary import each, percent

ZONE, STEM = "#FCEBE1", "#AEB7C2"
LETTERS = 16
"""Letters of a name on a narrow screen."""


def concentration(facts: Facts) -> go.Figure:
    """The largest outside supplier at every stage: open ring the cheapest plan, dot this plan, shaded above the cap."""
    rows = facts.shares
    shapes = [shape for number, row in enumerate(each(rows)) for shape in _shapes(number, row)]
    rises = (rows["share"] >= rows["before"].fillna(0.0)).tolist()
    ring = {"size": 11, "color": "#FFFFFF", "line": {"color": look.MUTED, "width": 1.6}}
    old = [
        f"{escape(row.before_subject)} {row.before * 100:.0f}" if row.before > 0 else "not bought" for row in each(rows)
    ]
    common = {"type": "scatter", "mode": "markers+text", "hoverinfo": "skip", "cliponaxis": False}
    common |= {"y": [*range(len(rows))]}
    aside = {"textfont": {"color": look.MUTED, "size": 11}, "meta": {"narrow": {"mode": "markers"}}}
    aside |= {"textposition": ["middle left" if up else "middle right" for up in rises]}
    then = {**common, **aside, "x": (rows["before"] * 100).tolist(), "marker": ring, "text": old}
    dot = {"size": 12, "color": [facts.colours[name] for name in rows["material"]]}
    new = [f"{escape(row.subject)} <b>{row.share * 100:.0f}</b>" for row in each(rows)]
    side = ["middle right" if up else "middle left" for up in rises]
    now = {**common, "x": (rows["share"] * 100).tolist(), "marker": dot, "text": new, "textposition": side}
    said = "; ".join(f"{row.material}: {row.subject} {percent(row.share)}" for row in each(rows))
    laid_out = _layout(rows, f"Largest outside supplier in {facts.last}. {said}.")
    return go.Figure([then, now], {**laid_out, "shapes": shapes, "annotations": _name_cap(rows)})


def _shapes(number: int, row: Any) -> Iterator[dict[str, Any]]:
    """What lies behind a row: the zone above its cap, and the stem from then to now."""
    band = {"y0": number - 0.5, "y1": number + 0.5, "layer": "below"}
    if row.cap == row.cap:
        cap = row.cap * 100
        yield {"type": "rect", "x0": cap, "x1": 100, "fillcolor": ZONE, "line": {"width": 0}, **band}
        yield {"type": "line", "x0": cap, "x1": cap, "line": {"color": look.BREACH, "width": 1.5}, **band}
    if row.before == row.before:
        ends = {"x0": row.before * 100, "x1": row.share * 100, "y0": number, "y1": number, "layer": "below"}
        yield {"type": "line", "line": {"color": STEM, "width": 2}, **ends}


def _name_cap(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Says below the last capped row what its cap is."""
    capped = rows[rows["cap"].notna()]
    if capped.empty:
        return []
    cap, below = float(capped["cap"].iloc[-1]), int(capped.index[-1]) + 0.5
    ink = {"size": 12, "color": look.BREACH}
    spot = {"x": cap * 100, "y": below, "xanchor": "left", "yanchor": "top", "showarrow": False}
    return [{"text": f"cap {percent(cap)}", "font": ink, **spot}]


def _layout(rows: pd.DataFrame, said: str) -> dict[str, Any]:
    names = [escape(name) for name in rows["material"]]
    stages = [f"<span style='color:{look.MUTED}'>{escape(stage)}</span>" for stage in rows["stage"]]
    short = [escape(name if len(name) <= LETTERS else name[: LETTERS - 1] + "…") for name in rows["material"]]
    narrow = {"margin.l": 112, "margin.r": 14, "yaxis.ticktext": short, "font.size": 11, "xaxis.range": [-8, 108]}
    marks: dict[str, Any] = {
        "tickvals": [*range(len(rows))],
        "ticktext": [*map(" ".join, zip(names, stages, strict=True))],
    }
    marks |= {"range": [len(rows) - 0.5, -0.5], "showgrid": False, "showline": False}
    marks |= {"tickfont": {"color": look.INK, "size": 12}}
    axis = {"range": [-9, 113], "tickvals": [0, 20, 40, 60, 80, 100], "ticksuffix": " %"}
    narrow |= {"annotations[0].yshift": -15, "margin.b": 48} if rows["cap"].notna().any() else {}
    wide = {"margin": {"l": 190, "r": 20, "t": 8, "b": 34}}
    return look.layout(60 + 34 * max(len(rows), 1), narrow, said, xaxis=axis, yaxis=marks, **wide)
