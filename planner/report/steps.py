"""Cost step by step: from the cheapest plan to this one; and the least cost at each limit of a rule."""

from html import escape
from typing import Any

import plotly.graph_objects as go

from planner.report import look
from planner.report.facts import Facts
from planner.report.optional import Frontier
from planner.report.summary import money

RISE = "#D98E4A"
NAMES = {
    "disposal": "Disposal, by-products",
    "duty": "Duty",
    "freight": "Freight",
    "holding": "Stock holding",
    "in_transit": "Under way at the start",
    "lane_fixed": "Fixed, lanes",
    "offer_fixed": "Fixed, contracts",
    "penalty": "Priced rules",
    "process_fixed": "Fixed, plants",
    "processing": "Processing",
    "purchase": "Purchases",
    "route_fixed": "Fixed, routes",
    "unmet": "Unmet demand",
}
"""Components of the cost as people call them."""


def waterfall(facts: Facts) -> go.Figure:
    """From the cheapest plan's cost to this plan's, component by component; bars and figures in present value."""
    steps, after = facts.steps, facts.plan.objective
    levels = (after - steps["change"][::-1].cumsum().shift(fill_value=0.0)[::-1]).tolist()
    changes = steps["change"].tolist()
    before = after - sum(changes)
    names = [facts.before, *(NAMES.get(name, name) for name in steps["component"]), "This plan"]
    low, high = min(before, after, *levels), max(before, after, *levels)
    floor = max(low - 0.35 * (high - low), 0.0) if low > 0 else low
    starts = [floor, *(level - change for level, change in zip(levels, changes, strict=True)), floor]
    ends = [before, *levels, after]
    inks = [look.INK, *(RISE if change > 0 else look.GOOD for change in changes), look.INK]
    length = [end - start for start, end in zip(starts, ends, strict=True)]
    bars: dict[str, Any] = {"type": "bar", "orientation": "h", "base": starts, "x": length, "y": names, "width": 0.62}
    bars |= {"marker": {"color": inks}, "hoverinfo": "skip"}
    text = [money(before), *map(_signed, changes), f"<b>{money(after)}</b>"]
    right = [max(pair) for pair in zip(starts, ends, strict=True)]
    marks: dict[str, Any] = {
        "type": "scatter",
        "x": right,
        "y": names,
        "text": [f" {amount}" for amount in text],
        "mode": "text",
    }
    marks |= {"cliponaxis": False, "textposition": "middle right", "hoverinfo": "skip"}
    x_axis = {"range": [floor, high + ((high - floor) * 0.3 or 1.0)], "visible": False}
    y_axis = {"autorange": "reversed", "showgrid": False, "tickfont": {"color": look.INK, "size": 12}}
    told = ", ".join(f"{name} {_signed(change)}" for name, change in zip(names[1:-1], changes, strict=True))
    said = f"From {money(before)} to {money(after)} {facts.currency}: {told or 'no change'}."
    narrow, wide = {"margin.l": 128, "font.size": 11}, {"l": 150, "r": 10, "t": 8, "b": 8}
    axes = {"xaxis": x_axis, "yaxis": y_axis}
    return go.Figure([bars, marks], look.layout(60 + 36 * len(names), narrow, said, margin=wide, **axes))


def _signed(change: float) -> str:
    return f"{'+' if change > 0 else '−'}{money(abs(change))}"


def frontier(facts: Facts, given: Frontier) -> go.Figure:
    """The least cost at each limit, this plan marked; stricter to the right."""
    points = given.points.sort_values("limit", kind="stable")
    scale = 100.0 if given.unit == "%" else 1.0
    x, y = (points["limit"] * scale).tolist(), points["cost"].tolist()
    mark = {"size": 7, "color": "#FFFFFF", "line": {"color": look.INK, "width": 1.5}}
    told = [f"{limit:g} {given.unit}: {money(cost)}" for limit, cost in zip(x, y, strict=True)]
    figure = go.Figure(go.Scatter(x=x, y=y, mode="lines+markers", marker=mark, text=told, hoverinfo="text"))
    figure.update_traces(line={"color": look.INK, "width": 2})
    here = {"x": [given.here * scale], "y": [facts.plan.objective], "text": ["<b>this plan</b>"], "hoverinfo": "skip"}
    side = "top right" if (given.here * scale > (x[0] + x[-1]) / 2) == given.falling else "top left"
    figure.add_scatter(mode="markers+text", textposition=side, marker={"size": 12, "color": look.GOOD}, **here)
    pad = (x[-1] - x[0]) * 0.05 or 1.0
    ends = [x[-1] + pad, x[0] - pad] if given.falling else [x[0] - pad, x[-1] + pad]
    title = {"text": escape(f"{given.label}, {given.unit}"), "font": {"size": 12, "color": look.MUTED}}
    ticks = [min(y) + (max(y) - min(y)) * part / 4 for part in range(5)]
    told = [money(tick) for tick in ticks]
    if len(set(told)) < len(told):  # they differ too little: by how much they exceed the least
        told = [money(ticks[0]), *(f"+{money(tick - ticks[0])}" for tick in ticks[1:])]
    y_axis = {"tickvals": ticks, "ticktext": told}
    said = f"Least cost from {money(min(y))} to {money(max(y))} {facts.currency}."
    narrow = {"height": 280, "font.size": 11}
    figure.update_layout(look.layout(340, narrow, said, xaxis={"range": ends, "title": title}, yaxis=y_axis))
    return figure.update_layout(margin={"l": 74, "r": 16, "t": 14, "b": 48})
