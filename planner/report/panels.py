"""Stocks over time: one small picture a stock, all of one size."""

from html import escape
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from planner.report import look
from planner.report.facts import Facts
from planner.report.summary import place_names

COLUMNS, NARROW = 3, 1
MOST = 12
"""Pictures; of more stocks those are shown that come closest to their target."""
HEIGHT, GAP = 190, 46


def stocks(facts: Facts) -> pd.DataFrame:
    """The stocks that a plan holds, one row a stock and period, those closest to their target first.

    Columns: ``title``, ``material``, ``period``, ``unit`` (days, or t where no cover is asked for), ``value`` and
    ``target`` (days asked for; empty for tonnes).
    """
    names, cover = place_names(facts.plan.instance), facts.plan.cover
    asked = cover.groupby(["covers", "material"])["required_days"].transform("max") > 0
    held = cover.groupby(["covers", "material"])["stock"].transform("max") > 1e-6
    rows = cover[asked | held].assign(unit="days", value=cover["days"], target=cover["required_days"])
    free = ~asked[rows.index]
    rows.loc[free, ["unit", "value", "target"]] = pd.DataFrame(
        {"unit": "t", "value": rows.loc[free, "stock"], "target": float("nan")}, index=rows.index[free]
    )
    rows["title"] = rows["covers"].replace(names) + ", " + rows["material"]
    spare = (rows["value"] - rows["target"]).round(6).groupby(rows["title"]).min()
    order = spare.sort_values(kind="stable", na_position="last").index[:MOST]
    rows = rows[rows["title"].isin(order)]
    rows["order"] = rows["title"].map({title: n for n, title in enumerate(order)})
    rows = rows.sort_values(["order", "period"], kind="stable", ignore_index=True)
    return rows[["title", "material", "period", "unit", "value", "target"]]


def cover(facts: Facts, halt: tuple[str, str] | None = None) -> go.Figure:
    """Days of cover of each stock by period, its target dotted; ``halt``: periods of a disruption, shaded."""
    rows = stocks(facts)
    titles = rows["title"].drop_duplicates().tolist()
    wide, tall = (max(-(-len(titles) // columns), 1) * (HEIGHT + GAP) for columns in (COLUMNS, NARROW))
    low = rows[rows["target"] > 0].sort_values("value", kind="stable")
    least = f" The lowest is {low['title'].iloc[0]} with {low['value'].iloc[0]:.0f} days." if len(low) else ""
    narrow: dict[str, Any] = {"height": tall}
    traces: list[dict[str, Any]] = []
    named: list[dict[str, Any]] = []
    shaded: list[dict[str, Any]] = []
    axes: dict[str, Any] = {}
    for n, title in enumerate(titles):
        own = rows[rows["title"] == title]
        name = "" if n == 0 else str(n + 1)
        top = _panel(traces, name, own, facts.colours[own["material"].iloc[0]])
        (x, y), (narrow_x, narrow_y) = (_domain(n, len(titles), columns) for columns in (COLUMNS, NARROW))
        axes |= _axes(name, own["period"].tolist(), top, x, y)
        text = f"<b>{escape(title)}</b>" + ("" if own["unit"].iloc[0] == "days" else f", {own['unit'].iloc[0]}")
        spot = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom", "yshift": 8}
        named.append({"text": text, "x": x[0], "y": y[1], "showarrow": False, "font": {"size": 12}, **spot})
        narrow |= {f"xaxis{name}.domain": narrow_x, f"yaxis{name}.domain": narrow_y}
        narrow |= {f"annotations[{n}].x": narrow_x[0], f"annotations[{n}].y": narrow_y[1]}
        if halt is not None:
            shade = {"fillcolor": look.faded(look.BREACH, 0.15), "line": {"width": 0}, "layer": "below"}
            since, until = (own["period"] < halt[0]).sum(), (own["period"] <= halt[1]).sum()
            ends = {
                "x0": int(since) - 0.5,
                "x1": int(until) - 0.5,
                "y0": 0,
                "y1": 1,
                "xref": f"x{name}",
                "yref": f"y{name} domain",
            }
            shaded.append({"type": "rect", **ends, **shade})
    said = f"Stock of {len(titles)} stockpiles by period.{least}"
    return go.Figure(traces, look.layout(wide, narrow, said, annotations=named, shapes=shaded, **axes))


def _axes(name: str, periods: list[str], top: float, x: list[float], y: list[float]) -> dict[str, Any]:
    """The axes of one picture."""
    ends = {"type": "category", "showgrid": False, "domain": x, "anchor": f"y{name}"}
    ends |= {"tickvals": [periods[0], periods[len(periods) // 2], periods[-1]], "range": [-0.3, len(periods) - 0.7]}
    heights = {"range": [0, top], "nticks": 4, "domain": y, "anchor": f"x{name}"}
    return {f"xaxis{name}": ends, f"yaxis{name}": heights}


def _domain(n: int, count: int, columns: int) -> tuple[list[float], list[float]]:
    """Place of a picture: x and y from and to, parts of the whole."""
    rows, wide = max(-(-count // columns), 1), 1 / columns
    row, column = divmod(n, columns)
    top, (left, right) = 1 - row / rows, (0.03, 0.02) if columns > 1 else (0.09, 0.01)
    x = [column * wide + left, (column + 1) * wide - right]
    return x, [top - HEIGHT / (HEIGHT + GAP) / rows, top - GAP / 2 / (HEIGHT + GAP) / rows]


def _panel(traces: list[dict[str, Any]], name: str, own: pd.DataFrame, colour: str) -> float:
    """Add the traces of one stock: line and area, target, lowest point; gives the top of the axis."""
    axes = {"type": "scatter", "xaxis": f"x{name}", "yaxis": f"y{name}"}
    targets, unit = own["target"].fillna(0.0), own["unit"].iloc[0]
    asked = float(targets.max())
    shown = own["value"].clip(upper=2 * asked) if asked > 0 else own["value"]
    told = [f"{p}: {v:,.0f} {unit}" for p, v in zip(own["period"], own["value"], strict=True)]
    area = {"fill": "tozeroy", "fillcolor": look.faded(colour, 0.12), "line": {"color": colour, "width": 2}}
    line = {"x": own["period"].tolist(), "mode": "lines", **axes}
    traces.append({**line, "y": shown.round(3).tolist(), "text": told, "hoverinfo": "text", **area})
    if asked > 0:
        dotted = {"color": look.MUTED, "width": 1.3, "dash": "dot", "shape": "hv"}
        traces.append({**line, "y": targets.tolist(), "line": dotted, "hoverinfo": "skip"})
    least = int(np.argmin(own["value"].round(6))) if asked > 0 else len(own) - 1
    low = own.iloc[least]
    breach = bool(low["target"] > 0 and low["value"] < low["target"] * (1 - 1e-6))
    mark = {"size": 7, "color": look.BREACH if breach else look.INK}
    falls = least == 0 or own["value"].iloc[least - 1] > low["value"]
    text = {"text": [f"<b>{low['value']:,.0f} {unit[0]}</b>"], "textposition": f"top {'right' if falls else 'left'}"}
    spot = {"x": [low["period"]], "y": [float(shown.iloc[least])], "mode": "markers+text", "marker": mark}
    traces.append({**axes, **spot, **text, "hoverinfo": "skip", "cliponaxis": False})
    return max(float(shown.max()), asked, 1e-6) * 1.3
