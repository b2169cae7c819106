"""What checks of the network share: the names resolved and every lane, derived once."""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from planner.instance import Instance
from planner.lanes import Duties, all_lanes, duties
from planner.scope import Scope


@dataclass(frozen=True)
class Network:
    """An instance whose names are sound, and what follows from its tables."""

    instance: Instance

    @cached_property
    def scope(self) -> Scope:
        """Places, owners, sites and groups."""
        return Scope.of(self.instance)

    @cached_property
    def lanes(self) -> pd.DataFrame:
        """Every lane, stated or derived."""
        return all_lanes(self.instance)

    @cached_property
    def rates(self) -> Duties:
        """Duty rates and customs values of the lanes."""
        return duties(self.instance, self.lanes, self.scope)
