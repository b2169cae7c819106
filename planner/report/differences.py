"""What changes from one plan to another in one picture: the changed flows and no others."""

from html import escape

import plotly.graph_objects as go

from planner.analysis.compare import Comparison
from planner.report import look
from planner.report.summary import each, mass

MOST = 14
"""Lanes that are drawn, those that change most."""

LETTERS = 26
"""Letters of a site on an axis."""


def changed_flows(comparison: Comparison) -> go.Figure:
    """Tonnes more (▲) and less (▼) on each lane over the horizon, the largest changes first."""
    flows = comparison.flows.groupby(["name", "material"], sort=False)["change"].sum().reset_index()
    order = flows["change"].abs().sort_values(ascending=False, kind="stable").index[:MOST]
    rows = flows.loc[order].reset_index(drop=True)
    marks = ["▲" if change > 0 else "▼" for change in rows["change"]]
    told = [f"{mark} {mass(abs(row.change))} t" for mark, row in zip(marks, each(rows), strict=True)]
    places = [*range(len(rows))]
    names = [
        f"{_lane(row.name)}<br><span style='color:{look.MUTED}'>{escape(row.material)}</span>" for row in each(rows)
    ]
    figure = go.Figure(go.Bar(orientation="h", x=rows["change"], y=places, width=0.5, marker={"color": look.INK}))
    figure.update_traces(text=told, textposition="outside", cliponaxis=False, hoverinfo="skip")
    far = float(rows["change"].abs().max()) if len(rows) else 1.0
    low, high = (1.35 * far if side else 0.1 * far for side in ((rows["change"] < 0).any(), (rows["change"] > 0).any()))
    x_axis = {"range": [-low, high], "tickformat": ",", "ticksuffix": " t", "nticks": 5, "zeroline": True}
    y_axis = {"tickvals": places, "ticktext": names, "range": [len(rows) - 0.4, -0.6], "showgrid": False}
    y_axis |= {"tickfont": {"color": look.INK, "size": 12}}
    listed = ", ".join(f"{row.name} {row.material} {text}" for row, text in zip(each(rows), told, strict=True))
    said = f"Changed flows over the horizon: {listed or 'none'}."
    narrow = {"margin.l": 178, "font.size": 10, "xaxis.nticks": 3}
    figure.update_layout(look.layout(60 + 44 * max(len(rows), 1), narrow, said, xaxis=x_axis, yaxis=y_axis))
    return figure.update_layout(margin={"l": 330, "r": 20, "t": 8, "b": 34})


def _lane(name: str) -> str:
    """A lane, its sites cut where they are long."""
    return " → ".join(escape(site if len(site) <= LETTERS else f"{site[: LETTERS - 1]}…") for site in name.split(" → "))
