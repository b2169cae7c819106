"""The flow picture: who is paid, who makes, what is used; or one material from its maker to what becomes of it."""

from collections.abc import Callable
from html import escape
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from planner.report import look
from planner.report.chain import tonnes
from planner.report.facts import Facts
from planner.report.summary import each, mass, money, percent

MOST_NODES, LEAST_PART, LEAST_LINK = 13, 0.01, 0.001
"""Countries in a column and the part of the whole that each has at least; the others are one. A link below the
last part is not drawn."""


def sankey(facts: Facts, material: str = "") -> go.Figure:
    """Who is paid, who makes, what is used, in money; or one material in tonnes, from maker to what becomes of it."""
    frame = _frame(facts, material)
    total = float(frame["amount"].sum()) or 1.0
    columns = [_column(frame, name) for name in "abc"]
    nodes = [(n, str(name), float(value)) for n, column in enumerate(columns) for name, value in column.items()]
    number = {(n, name): at for at, (n, name, _) in enumerate(nodes)}
    links = pd.concat([_links(frame, "a", "b"), _links(frame, "b", "c")])
    links = links[links["amount"] >= LEAST_LINK * total]
    told: Callable[[float], str] = mass if material else money
    unit = "t" if material else facts.currency
    lanes = {
        "source": [number["abc".index(row.left), row.start] for row in each(links)],
        "target": [number["abc".index(row.left) + 1, row.end] for row in each(links)],
        "value": links["amount"].tolist(),
        "color": [look.faded(colour, 0.42) for colour in links["colour"]],
    }
    inks = [look.NODE if n < 2 else facts.colours.get(material or name, look.OTHER) for n, name, _ in nodes]
    labels = [f"{escape(name)}  {told(value) if n == 2 else percent(value / total)}" for n, name, value in nodes]
    boxes = {"label": labels, "color": inks, "pad": 15, "thickness": 8, "line": {"width": 0}, **_places(columns, total)}
    text = {"size": 12, "color": look.INK, "family": look.FONT}
    figure = go.Figure(
        go.Sankey(node=boxes, link=lanes, valueformat=",.3s", valuesuffix=f" {escape(unit)}", textfont=text)
    )
    figure.update_traces(arrangement="snap", meta={"narrow": {"textfont.size": 10}})
    first = f"{columns[0].index[0]} {percent(columns[0].iloc[0] / total)}" if len(columns[0]) else "nothing"
    rows = max(map(len, columns))
    narrow = {"height": 230 + 27 * rows, "font.size": 11}
    said = f"Flow of {told(float(frame['amount'].sum()))} {unit}; most from {first}."
    figure.update_layout(look.layout(210 + 26 * rows, narrow, said, annotations=_heads(facts, material)))
    return figure.update_layout(margin={"l": 2, "r": 2, "t": 26, "b": 22})


def _frame(facts: Facts, material: str) -> pd.DataFrame:
    """What flows: columns ``a``, ``b``, ``c`` (names from left to right), ``amount`` and ``colour``."""
    frame = tonnes(facts.chain, material) if material else facts.supply
    frame = frame.set_axis(["a", "b", "c", "amount"], axis=1)
    frame["colour"] = facts.colours[material] if material else frame["c"].map(facts.colours)
    return frame.assign(**{name: _few(frame, name) for name in "abc"})


def _few(frame: pd.DataFrame, name: str) -> "pd.Series[str]":
    """The names of a column, all but the largest as one."""
    sums = frame.groupby(name)["amount"].sum().sort_values(ascending=False, kind="stable")
    few = min(MOST_NODES, int((sums >= LEAST_PART * sums.sum()).sum()))
    rest = sums.index[few:] if len(sums) > few + 1 else sums.index[:0]
    return frame[name].where(~frame[name].isin(rest), f"{len(rest)} others").astype("str")


def _column(frame: pd.DataFrame, name: str) -> "pd.Series[float]":
    """The sums of a column, largest first, the others last."""
    sums = frame.groupby(name)["amount"].sum().sort_values(ascending=False, kind="stable")
    return sums.loc[sorted(sums.index, key=lambda name: str(name).endswith(" others"))]


def _links(frame: pd.DataFrame, left: str, right: str) -> pd.DataFrame:
    """Links from one column to the next: ``left``, ``start``, ``end``, ``colour``, ``amount``."""
    found = frame.groupby([left, right, "colour"], sort=False)["amount"].sum().reset_index()
    return found.set_axis(["start", "end", "colour", "amount"], axis=1).assign(left=left)


def _places(columns: list["pd.Series[float]"], total: float) -> dict[str, list[float]]:
    """Where the nodes stand: each column from the top, largest first, as wide apart as there is room."""
    x, y = [], []
    for n, column in enumerate(columns):
        room, above = 0.03, 0.0
        for value in column:
            size = value / total * (1 - room * max(len(column) - 1, 0))
            x.append((0.001, 0.5, 0.999)[n])
            y.append(min(max(above + size / 2, 0.001), 0.999))
            above += size + room
    return {"x": x, "y": y}


def _heads(facts: Facts, material: str) -> list[dict[str, Any]]:
    """What the columns are."""
    used = f"Becomes, t of {material}" if material else f"Used as, {facts.currency}"
    texts = ("Made or sold in", "Goes to", used) if material else ("Paid in", "Made in", used)
    alike = {"y": 1, "xref": "paper", "yref": "paper", "yanchor": "bottom", "yshift": 6, "showarrow": False}
    alike["font"] = {"size": 12, "color": look.MUTED}
    places = ((0, "left"), (0.5, "center"), (1, "right"))
    return [
        {"text": f"<b>{escape(text)}</b>", "x": x, "xanchor": anchor, **alike}
        for text, (x, anchor) in zip(texts, places, strict=True)
    ]
