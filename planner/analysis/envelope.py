r"""The share envelope: between which shares a supplier can move among plans that cost at most (1 + ε) C*.

The share of a subject is q/Q: q tonnes that arrive from its sites at the market, over the horizon and after loss, Q
those from everywhere, home included; what was under way at the start is no decision and is left out. The largest is
found by Dinkelbach's rule (1967, On nonlinear fractional programming): maximise :math:`q - \sigma Q`, take the plan's
own share for :math:`\sigma`, until nothing is gained; the least likewise.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from mineral_sourcing.arrays import Array
from planner.analysis.near import Near
from planner.analysis.telling import page, percent
from planner.assembly.assemble import Assembled
from planner.errors import InputError, PlannerError, Problem
from planner.findings import shown, suggest
from planner.instance import Instance
from planner.scope import Scope
from planner.settings import Settings
from planner.solving.kept import Kept

Kind = Literal["must-have", "choice", "must-avoid"]
NOTHING = 1e-6
"""A share that is none."""
ROUNDS = 30
"""Solves after which the search for a share gives up."""
COLUMNS = ["by", "subject", "least", "best", "most", "kind"]


@dataclass(frozen=True)
class Envelope:
    """Least and largest share of every supplier and country among near-least-cost plans."""

    name: str
    market: str
    goods: str
    """Material, or stage."""
    within: float
    """ε: how much dearer than the least cost a plan may be, a fraction."""
    cost: float
    """Least cost, present value in the instance's currency."""
    shares: pd.DataFrame
    """``by`` (place, owner, site), ``subject``, share ``least``, ``best`` (in the least-cost plan) and ``most``, all
    fractions of what arrives; ``kind``: must-have (least above 0), choice, must-avoid (most is 0)."""

    @property
    def sentence(self) -> str:
        """The answer in one sentence, by country where there are countries."""
        by = "place" if (self.shares["by"] == "place").any() else "site"
        rows = self.shares[self.shares["by"] == by]
        names = {
            kind: rows.loc[rows["kind"] == kind, "subject"].tolist() for kind in ("must-have", "choice", "must-avoid")
        }
        must = rows[rows["kind"] == "must-have"].sort_values("least", ascending=False)
        needed = [f"{row['subject']} (at least {percent(row['least'])})" for row in must.to_dict("records")]
        told = f"Among plans at most {percent(self.within)} dearer, {self.goods} at {self.market}"
        parts = [f"must come from {', '.join(needed)}" if needed else "needs no supplier in particular"]
        if names["choice"]:
            parts.append(f"may come from {', '.join(names['choice'])}")
        if names["must-avoid"]:
            parts.append(f"never comes from {', '.join(names['must-avoid'])}")
        return f"{told} {'; '.join(parts)}."

    def __repr__(self) -> str:
        return f"{self.sentence}\n{self.shares.to_string(index=False, float_format='{:.3f}'.format)}"

    def _repr_html_(self) -> str:
        return page(
            self.sentence, self.shares.rename(columns={name: f"{name} share" for name in ("least", "best", "most")})
        )


def envelope(
    instance: Instance, goods: str = "", *, within: float = 0.01, market: str = "", settings: Settings | None = None
) -> Envelope:
    """Least and largest share of every country, owner and site that can deliver.

    Args:
        instance: checked input.
        goods: a material or a stage; may be left out where only one material arrives.
        within: ε, a fraction of the least cost.
        market: site, place, owner or group; the home group where not given, else every site with demand.
        settings: of each solve.

    Raises:
        InputError: an unknown material, stage or market.
        PlannerError: there is no optimal plan, or a cap on the HHI.
    """
    kept = Kept(instance, settings)
    sites, told = market_sites(instance, market)
    at, goods = _arrivals(kept.assembled, instance, sites, goods)
    near = Near(kept, within)
    try:
        shares = _shares(near, instance, at)
    finally:
        near.close()
    return Envelope(instance.name, told, goods, within, near.cost, shares)


def market_sites(instance: Instance, market: str) -> tuple[frozenset[str], str]:
    """Sites of a market and its name.

    Raises:
        InputError: it has none.
    """
    scope, name = Scope.of(instance), market or instance.header.home
    sites = scope.sites((name,)) if name else frozenset(instance.tables["demands"]["site"])
    if not sites:
        known = sorted({*scope.place_of, *scope.owners, *scope.places, *scope.groups})
        told = f"there is no site, place, owner or group {shown(name)} with sites" + suggest(name, known)
        raise InputError(instance.name, [Problem("alternatives", None, "market", name, told)])
    return sites, name or "all markets"


def _arrivals(found: Assembled, instance: Instance, sites: frozenset[str], goods: str) -> tuple[Array, str]:
    """Shipments of a material or stage to a market, and what they are called."""
    ships = found.network.flow.shipments
    arriving = np.isin(ships.column(1), list(sites))
    materials, names = instance.tables["materials"], ships.column(2)
    stage = dict(zip(materials["material"], materials["stage"], strict=True))
    known = sorted(set(names[arriving].tolist()))
    goods = goods or (known[0] if len(known) == 1 else "")
    chosen = [name for name in known if goods in (name, stage[name])]
    if not goods or not chosen:
        options = [*known, *sorted({stage[name] for name in known if stage[name]} - set(known))]
        told = f"{shown(goods)} does not arrive there" if goods else "several materials arrive there"
        told += f"; name one of {', '.join(options)}"
        raise InputError(
            instance.name, [Problem("alternatives", None, "material", goods, told + suggest(goods, options))]
        )
    return np.flatnonzero(arriving & np.isin(names, chosen)), goods


def _shares(near: Near, instance: Instance, at: Array) -> pd.DataFrame:
    network, matrix = near.kept.assembled.network, near.kept.matrix
    columns = matrix.column_span("flow.ship").start + at
    weights = network.flow.kept.array[near.kept.assembled.lane[at]]
    everything = np.zeros(len(matrix.cost))
    everything[columns] = weights
    scope, origins = Scope.of(instance), network.flow.shipments.column(0)[at]
    rows: list[tuple[str, str, float, float, float, Kind]] = []
    known: dict[bytes, tuple[float, float, float]] = {}
    for by, named in (("place", scope.place_of), ("owner", scope.owner_of), ("site", {})):
        names = np.array([named.get(site, "") if by != "site" else site for site in origins.tolist()], dtype=object)
        for subject in sorted(set(names.tolist()) - {""}):
            part = np.zeros(len(matrix.cost))
            part[columns] = np.where(names == subject, weights, 0.0)
            key = part.tobytes()  # the only site of an owner needs no second look
            if key not in known:
                best = _share(part, everything, near.best.values)
                least, most = (_extreme(near, part, everything, best, sign) for sign in (1.0, -1.0))
                known[key] = least, best, most
            least, best, most = known[key]
            rows.append((by, subject, least, best, most, kind_of(least, most)))
    return pd.DataFrame(rows, columns=COLUMNS)


def kind_of(least: float, most: float) -> Kind:
    """What a range of shares makes of a supplier."""
    return "must-have" if least > NOTHING else "choice" if most > NOTHING else "must-avoid"


def _share(part: Array, everything: Array, values: Array) -> float:
    total = float(everything @ values)
    return max(float(part @ values) / total, 0.0) if total > NOTHING else 0.0


def _extreme(near: Near, part: Array, everything: Array, share: float, sign: float) -> float:
    """Least (sign 1) or largest (−1) share, from one that some plan has."""
    for _ in range(ROUNDS):
        cost = sign * (part - share * everything)
        values = near.least(cost)
        if float(cost @ values) >= -NOTHING * max(float(everything @ values), 1.0):
            return share
        share = _share(part, everything, values)
    raise PlannerError(f"a share was not found within {ROUNDS} solves")
