"""Where an element enters the network, and how far each origin can reach along lanes, recipes and stocks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mineral_sourcing.arrays import Array
from mineral_sourcing.network import Processing
from planner.assembly.carriers import Carriers
from planner.assembly.origins import Origins
from planner.assembly.parts import Parts
from planner.codes import keys, look_up

PAIR = ("site", "material")


@dataclass(frozen=True)
class Entries:
    """Where what enters the network was mined or recycled, as codes of origins."""

    offers: Array
    """By row of ``offers``: its ``origin``, else the site's place."""
    coming: Array
    """By what was under way: that of the sender's offers of the material, if they have one only."""
    stockpiles: Array
    """By row of ``stockpiles``: ``initial_origin``."""
    processes: Array
    """By process: the site's place, for what it makes of nothing."""

    @classmethod
    def of(cls, parts: Parts, origins: Origins) -> "Entries":
        """Those of an instance."""
        place_of = parts.scope.place_of
        sites, materials, own = (parts.texts("offers", name) for name in ("site", "material", "origin"))
        given = [origin or place_of[site] for site, origin in zip(sites, own, strict=True)]
        listed: dict[tuple[str, str], set[str]] = {}
        for site, material, place in zip(sites, materials, given, strict=True):
            listed.setdefault((site, material), set()).add(place)
        coming = []
        senders = (parts.sites.names[parts.coming.origin], parts.materials.names[parts.coming.material])
        for pair in zip(*(names.tolist() for names in senders), strict=True):
            known = listed.get(pair, set())
            coming.append(next(iter(known)) if len(known) == 1 else "")
        plants = [place_of[parts.sites.names[site]] for site in parts.process_site.tolist()]
        opening = parts.texts("stockpiles", "initial_origin")
        return cls(*(origins.codes(places) for places in (given, coming, opening, plants)))


class Reach:
    """Where each origin of one element can be, and what of it matters to a rule.

    Args:
        pairs: sites and materials, as one number each (site × materials + material), in order.
        carriers: what holds the element.
    """

    def __init__(self, parts: Parts, processing: Processing, pairs: Array, carriers: Carriers) -> None:
        self.parts, self.pairs = parts, pairs
        width = len(parts.materials)
        names, processes = parts.materials.names.tolist(), parts.processes.names
        self.content = np.array([carriers.content(name) for name in names])
        self.held = self.content[pairs % max(width, 1)] > 0

        def of(index: Any, known: Mapping[tuple[str, str], float]) -> Array:
            ends = zip(processes[index.codes[0]].tolist(), parts.materials.names[index.codes[1]].tolist(), strict=True)
            return np.array([known.get(end, 0.0) for end in ends])

        self.passed, self.given = of(processing.inputs, carriers.inputs), of(processing.outputs, carriers.outputs)
        self.maker, self.taker = processing.outputs.codes[0], processing.inputs.codes[0]
        self.out, self.into = (
            self.at(parts.process_site[index.codes[0]], index.codes[1])
            for index in (processing.outputs, processing.inputs)
        )
        lanes = parts.lanes
        self.start, self.end = (self.at(site, lanes.material) for site in (lanes.origin, lanes.destination))
        self.carries = (self.start >= 0) & (self.end >= 0) & (self.content[lanes.material] > 0)
        self.gives = (self.out >= 0) & (self.given > 0)
        self.takes = (self.into >= 0) & (self.passed > 0)
        self.sources = np.array([processes.tolist().index(name) for name in sorted(carriers.sources)], dtype=np.int64)

    def at(self, site: Array, material: Array) -> Array:
        """Number of each pair; −1 where nothing touches it."""
        return look_up(self.pairs, keys((site, material), (0, len(self.parts.materials))))

    def origins(self, entries: Entries, count: int) -> tuple[Array, Array]:
        """Which origins can be at each pair (rows), and which can pass through each process (rows)."""
        parts = self.parts
        here = np.zeros((len(self.pairs) + 1, count), dtype=bool)  # the last row is nowhere
        through = np.zeros((len(parts.processes), count), dtype=bool)
        stock = np.flatnonzero(parts.numbers("stockpiles", "initial", 0.0) > 0)
        piles = [
            parts.codes("stockpiles", name, labels)[stock]
            for name, labels in (("site", parts.sites), ("material", parts.materials))
        ]
        sold = [
            parts.codes("offers", name, labels)
            for name, labels in zip(PAIR, (parts.sites, parts.materials), strict=True)
        ]
        here[self.at(*sold), entries.offers] = True
        here[self.at(*piles), entries.stockpiles[stock]] = True
        here[self.at(parts.coming.destination, parts.coming.material), entries.coming] = True
        here[:-1][~self.held] = here[-1] = False
        through[self.sources, entries.processes[self.sources]] = True
        steps = (
            (here, self.start[self.carries], here, self.end[self.carries]),
            (here, self.into[self.takes], through, self.taker[self.takes]),
            (through, self.maker[self.gives], here, self.out[self.gives]),
        )
        _spread(steps)
        return here[:-1], through

    def matters(self, pairs: Array) -> tuple[Array, Array]:
        """Whether what is at each pair, and what passes through each process, can come to one of these pairs."""
        here, through = np.zeros(len(self.pairs), dtype=bool), np.zeros(len(self.parts.processes), dtype=bool)
        here[pairs] = True
        steps = (
            (here, self.end[self.carries], here, self.start[self.carries]),
            (here, self.out[self.gives], through, self.maker[self.gives]),
            (through, self.taker[self.takes], here, self.into[self.takes]),
        )
        _spread(steps)
        return here & self.held, through


def _spread(steps: tuple[tuple[Array, Array, Array, Array], ...]) -> None:
    """Pass flags on along edges, from rows of one array to rows of another, until nothing new is reached."""
    while True:
        before = [int(into.sum()) for _, _, into, _ in steps]
        for of, row, into, other in steps:
            np.logical_or.at(into, other, of[row])
        if before == [int(into.sum()) for _, _, into, _ in steps]:
            return
