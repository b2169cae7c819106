"""The figures of a plan, each a function of its facts: the same in a notebook, the report and the app.

Each gives a plotly figure of the report's look. ``layout.meta`` holds what differs on a narrow screen (``narrow``) and
what is seen, in words, for those who do not see it (``told``). Text of the instance is escaped: plotly reads some HTML.
"""

from dataclasses import dataclass

import plotly.graph_objects as go

from planner.plan import Plan
from planner.report.dumbbells import concentration
from planner.report.facts import Facts
from planner.report.flowpicture import sankey
from planner.report.map import world
from planner.report.panels import cover
from planner.report.steps import frontier, waterfall

__all__ = ["Figures", "concentration", "cover", "frontier", "sankey", "waterfall", "world"]


@dataclass(frozen=True)
class Figures:
    """The figures of a plan by name: ``plan.figures.sankey()``; ``reference`` is the plan to compare with."""

    plan: Plan
    reference: Plan | None = None

    @property
    def facts(self) -> Facts:
        """What the figures show."""
        return Facts(self.plan, self.reference)

    def sankey(self, material: str = "") -> go.Figure:
        """See :func:`planner.report.flowpicture.sankey`."""
        return sankey(self.facts, material)

    def world(self) -> go.Figure:
        """See :func:`planner.report.map.world`."""
        return world(self.facts)

    def concentration(self) -> go.Figure:
        """See :func:`planner.report.dumbbells.concentration`."""
        return concentration(self.facts)

    def cover(self) -> go.Figure:
        """See :func:`planner.report.panels.cover`."""
        return cover(self.facts)

    def waterfall(self) -> go.Figure:
        """See :func:`planner.report.steps.waterfall`."""
        return waterfall(self.facts)
