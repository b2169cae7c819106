"""Checks of tiers: they belong to an offer, follow one scheme, and can be reached."""

import numpy as np

from planner.codes import contains, grouped
from planner.findings import Findings, written
from planner.instance import Instance

_PAIR = ["site", "material"]


def offered(instance: Instance, found: Findings) -> None:
    """A tier is of something that its site offers."""
    rows, codes = instance.tables["tiers"], instance.codes
    wrong = ~contains(codes.pick("offers", _PAIR), codes.pick("tiers", _PAIR))
    wrong &= (codes["tiers", "site"] > 0) & (codes["tiers", "material"] > 0)
    listed = (
        (int(line), material, f"'{site}' offers no {material}; add the offer or take the tier out")
        for line, site, material in rows.loc[wrong, _PAIR].itertuples()
    )
    found.several("tiers", "material", listed, int(wrong.sum()))


def schemes(instance: Instance, found: Findings) -> None:
    """All tiers of one site and material follow one scheme."""
    rows, codes = instance.tables["tiers"], instance.codes
    number, first = grouped(codes.pick("tiers", _PAIR))
    scheme = codes["tiers", "scheme"]
    for at in np.flatnonzero(scheme != scheme[first[number]]).tolist():
        line, stated = int(rows.index[first[number[at]]]), rows["scheme"].iloc[first[number[at]]]
        told = f"'{rows['scheme'].iloc[at]}' stands beside '{stated}' in line {line} for the same site and material; "
        found.fault("tiers", int(rows.index[at]), "scheme", rows["scheme"].iloc[at], f"{told}give both the same scheme")


def reachable(instance: Instance, found: Findings) -> None:
    """A threshold above what the offers' largest capacity lets a year buy has no effect: a warning."""
    rows, offers = instance.tables["tiers"], instance.tables["offers"]
    capacity = offers.groupby(_PAIR)["capacity"].agg(lambda cells: cells.max(skipna=False)).to_dict()
    for line, site, material, start in rows[[*_PAIR, "from_quantity"]].itertuples():
        most = capacity.get((site, material), np.nan)
        if start > most:
            told = f"'{written(start)}' is above the capacity of {written(float(most))}: the tier is never reached"
            found.warn("tiers", int(line), "from_quantity", start, told)
