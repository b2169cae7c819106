"""What a report may be given beside the plan: results of analyses, each a table that says what it holds."""

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Frontier:
    """Least cost against the limit of one rule."""

    label: str
    """What is limited, as people say it: cap on any one country."""
    unit: str
    """Unit of the limit; ``%`` for a fraction."""
    points: pd.DataFrame
    """``limit`` (fraction, or in ``unit``) and ``cost`` (least cost, present value)."""
    here: float
    """The limit of the plan told."""
    falling: bool = True
    """Whether a lower limit is the stricter one."""


@dataclass(frozen=True)
class Exposure:
    """What a plan loses when a country, owner or site is lost."""

    rows: pd.DataFrame
    """``lost``, ``coverage`` (share of demand met after re-routing), ``days`` (time to survive; infinite where it
    survives) and ``unmet`` [t], worst first."""
    summary: str
    """In one sentence."""
    start: str
    """First period in which things are lost."""


@dataclass(frozen=True)
class Halt:
    """When a scenario lasts."""

    scenario: str
    since: str
    """First period."""
    until: str
    """Last period."""
