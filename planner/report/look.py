"""How every figure and page looks: colours, type and the plotly layout that all figures start from."""

from typing import Any

INK, MUTED, HAIRLINE = "#14213D", "#5B6778", "#DDE2E8"
GOOD, BREACH = "#0F766E", "#C2410C"
LAND, NODE = "#E9EDF1", "#3A4658"
MATERIALS = ("#14213D", "#98285A", "#2F6FB5", "#DE5A1B", "#2E9C8A", "#9C86D9")
"""Six colours that colour-blind readers tell apart, each at least 3:1 on white; they mean materials, nothing else."""
OTHER = "#7C8798"
"""Every material after the sixth."""
FONT = 'Inter, "Segoe UI", "Helvetica Neue", "Liberation Sans", Arial, sans-serif'


def faded(colour: str, opacity: float) -> str:
    """A colour that lets others through, as plotly writes it."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"


AXIS: dict[str, Any] = {
    "gridcolor": HAIRLINE,
    "zeroline": False,
    "linecolor": HAIRLINE,
    "tickfont": {"color": MUTED, "size": 12},
    "fixedrange": True,
    "automargin": False,
}
"""How axes look unless told."""


def layout(height: int, narrow: dict[str, Any], told: str, **more: Any) -> dict[str, Any]:
    """The layout of a figure so many pixels high.

    Args:
        height: in pixels.
        narrow: what differs on a screen of 390 pixels, by path.
        told: the figure in words.
        more: other parts of the layout; axes get :data:`AXIS` too.
    """
    axes = {name: {**AXIS, **more.pop(name)} for name in [*more] if name[:5] in ("xaxis", "yaxis")}
    return {
        "template": "none",
        "height": height,
        "font": {"family": FONT, "color": INK, "size": 13},
        "paper_bgcolor": "#FFFFFF",
        "plot_bgcolor": "#FFFFFF",
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "showlegend": False,
        "hovermode": "closest",
        "dragmode": False,
        "hoverlabel": {"bgcolor": "#FFFFFF", "bordercolor": MUTED, "font": {"color": INK, "family": FONT}},
        "meta": {"narrow": narrow, "told": told},
        **axes,
        **more,
    }
