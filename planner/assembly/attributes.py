"""What is known of what sites sell: values of the table ``attributes``, and what stands in for those that are missing.

A row with a material beats one without. Where no row gives it, ``risk`` is that of the site's place, and ``recycled``
is 0.
"""

from functools import cached_property

import numpy as np

from mineral_sourcing.arrays import Array, Labels
from planner.instance import Instance

RISK, RECYCLED = "risk", "recycled"


class Attributes:
    """The attributes of an instance, looked up by name."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance

    @cached_property
    def _stated(self) -> dict[tuple[str, ...], float]:
        """What the table states, by attribute, site and material."""
        table = self._instance.tables["attributes"]
        cells = [table[name].tolist() for name in ("attribute", "site", "material", "value")]
        return {tuple(key): float(value) for *key, value in zip(*cells, strict=True)}

    @cached_property
    def names(self) -> frozenset[str]:
        """Every attribute that some site has."""
        return frozenset(self._instance.tables["attributes"]["attribute"]) | {RISK, RECYCLED}

    @cached_property
    def _risk(self) -> dict[str, float]:
        """Risk of each site's place, not a number where there is none."""
        places, sites = self._instance.tables["places"], self._instance.tables["sites"]
        risk = dict(zip(places["place"].tolist(), places["risk"].tolist(), strict=True))
        pairs = zip(sites["site"].tolist(), sites["place"].tolist(), strict=True)
        return {site: float(risk.get(place, np.nan)) for site, place in pairs}

    def value(self, attribute: str, site: str, material: str) -> float:
        """Value of an attribute of a material that a site sells; not a number where nothing gives it."""
        for goods in (material, ""):
            if (found := self._stated.get((attribute, site, goods))) is not None:
                return found
        return self._risk.get(site, np.nan) if attribute == RISK else 0.0 if attribute == RECYCLED else np.nan

    def values(self, attribute: str, site: tuple[Labels, Array], material: tuple[Labels, Array]) -> Array:
        """Values for rows of sites and materials, given by labels and codes."""
        (sites, at), (materials, goods) = site, material
        pairs, of = np.unique(at * max(len(materials), 1) + goods, return_inverse=True)
        where, what = np.divmod(pairs, max(len(materials), 1))
        names = zip(sites.names[where].tolist(), materials.names[what].tolist(), strict=True)
        return np.array([self.value(attribute, *pair) for pair in names], dtype=np.float64)[of]
