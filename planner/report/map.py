"""The map: what travels between countries, by material, in money."""

from html import escape
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from planner.report import look
from planner.report.facts import Facts
from planner.report.summary import each, money
from planner.report.world import curve, outlines, project

MOST = 45
"""Lines on the map, dearest first."""
TOP, BOTTOM, SIDE = 1.28, -0.92, 2.72
"""What of the world is shown: from the north of Norway to Tierra del Fuego."""
NARROW_NAMES = 5
"""Names on a narrow screen."""


def places(facts: Facts) -> dict[str, tuple[float, float]]:
    """X and y of the places that have coordinates, by name; those of a place's sites where it has none itself."""
    tables, found = facts.plan.instance.tables, {}
    sites = tables["sites"].groupby("place")[["latitude", "longitude"]].mean()
    for row in each(tables["places"]):
        own = (row.longitude, row.latitude)
        if pd.isna(own[0]) or pd.isna(own[1]):
            own = (sites["longitude"].get(row.place, np.nan), sites["latitude"].get(row.place, np.nan))
        if not (pd.isna(own[0]) or pd.isna(own[1])):
            x, y = project(*own)
            found[str(row.name) or str(row.place)] = (float(x), float(y))
    return found


def world(facts: Facts) -> go.Figure:
    """Lines between countries, as wide as the value that travels; circles as large as what is paid in the country.

    Countries without coordinates are left out; the figure's description says how much of the value that leaves out.
    """
    at, every = places(facts), facts.shipments
    lines = every[every["origin"].isin(at.keys()) & every["destination"].isin(at.keys())].head(MOST)
    x, y = outlines()
    figure = go.Figure()
    land = {"fill": "toself", "fillcolor": look.LAND, "line": {"color": "#FFFFFF", "width": 0.6}}
    figure.add_scatter(x=x, y=y, mode="lines", hoverinfo="skip", **land)
    _lines(figure, facts, at, lines)
    _circles(figure, facts, at, set(lines["origin"]) | set(lines["destination"]))
    hidden = range(NARROW_NAMES, len(figure.layout.annotations))
    narrow = {"height": 200, "margin.l": 0, "margin.r": 0} | {f"annotations[{n}].visible": False for n in hidden}
    x_axis = {"visible": False, "showgrid": False, "range": [-SIDE, SIDE]}
    y_axis = {**x_axis, "range": [BOTTOM, TOP], "scaleanchor": "x", "scaleratio": 1}
    total = float(every["money"].sum())
    left = 1 - float(lines["money"].sum()) / total if total else 0.0
    first = f"The widest line runs from {lines.iloc[0].origin} to {lines.iloc[0].destination}. " if len(lines) else ""
    said = f"{first}{len(lines)} lines; {left * 100:.0f} % of the value travels on lines not drawn."
    return figure.update_layout(look.layout(492, narrow, said, xaxis=x_axis, yaxis=y_axis))


def _lines(figure: go.Figure, facts: Facts, at: dict[str, tuple[float, float]], lines: pd.DataFrame) -> None:
    """The widest is drawn last."""
    most = float(lines["money"].max()) if len(lines) else 1.0
    for line in each(lines.iloc[::-1]):
        x, y = curve(at[line.origin], at[line.destination])
        width = round(0.8 + 6.2 * float(np.sqrt(line.money / most)), 2)
        told = f"{line.origin} → {line.destination}, {line.material}: {money(line.money)} {facts.currency}"
        stroke = {"color": look.faded(facts.colours[line.material], 0.62), "width": width}
        figure.add_scatter(x=x, y=y, mode="lines", line=stroke, text=escape(told), hoverinfo="text")


def _circles(figure: go.Figure, facts: Facts, at: dict[str, tuple[float, float]], ends: set[str]) -> None:
    """A circle for each country that is paid or that a line ends in, its name where there is room."""
    paid = facts.paid.reindex(sorted(set(facts.paid.index) | ends)).fillna(0.0)
    paid = paid[[name for name in paid.index if name in at]].sort_values(ascending=False, kind="stable")
    if paid.empty:
        return
    size = 6 + 20 * np.sqrt(paid / max(float(paid.max()), 1e-30))
    x, y = [at[name][0] for name in paid.index], [at[name][1] for name in paid.index]
    told = [escape(f"{name}: {money(value)} {facts.currency} paid") for name, value in paid.items()]
    ring = {
        "size": size.round(1).tolist(),
        "color": look.faded(look.INK, 0.78),
        "line": {"color": "#FFFFFF", "width": 1.5},
    }
    figure.add_scatter(x=x, y=y, mode="markers", marker=ring, text=told, hoverinfo="text")
    font = {"font": {"size": 11}, "bgcolor": "rgba(255,255,255,0.66)", "borderpad": 0}
    for n, spot in enumerate(_labels(paid.index.tolist(), x, y, size.tolist())):
        figure.add_annotation(text=escape(paid.index[n]), x=x[n], y=y[n], showarrow=False, **font, **spot)


def _labels(names: list[str], x: list[float], y: list[float], size: list[float]) -> list[dict[str, Any]]:
    """How each name stands beside its circle; a name that finds no room is not seen. Pixels of a map 1140 wide."""
    scale = 1140 / (2 * SIDE)
    circles = [(px * scale, py * scale, s / 2) for px, py, s in zip(x, y, size, strict=True)]
    taken = [(px - r, py - r, px + r, py + r) for px, py, r in circles]
    found = []
    for n, (px, py, r) in enumerate(circles):
        wide, away = 6.4 * len(names[n]), r + 3
        boxes = {
            ("left", "middle", away, 0): (px + away, py - 7, px + away + wide, py + 7),
            ("right", "middle", -away, 0): (px - away - wide, py - 7, px - away, py + 7),
            ("center", "bottom", 0, away): (px - wide / 2, py + away, px + wide / 2, py + away + 14),
            ("center", "top", 0, -away): (px - wide / 2, py - away - 14, px + wide / 2, py - away),
        }
        free = [
            at for at, box in boxes.items() if not any(_meet(box, other) for k, other in enumerate(taken) if k != n)
        ]
        x_anchor, y_anchor, right, up = free[0] if free else ("left", "middle", away, 0)
        spot = {"xanchor": x_anchor, "yanchor": y_anchor, "xshift": right, "yshift": up, "visible": bool(free)}
        found.append(spot)
        if free:
            taken.append(boxes[free[0]])
    return found


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
