"""How concentrated the supply of each stage and material is in each calendar year, whether a rule caps it or not."""

from typing import Any

import numpy as np

from mineral_sourcing.arrays import Array, Labels
from planner.codes import keys
from planner.tabulation.solution import Found, Solution

DUST = 1e-9
"""Part of the largest supplier's tonnes below which consumption is nothing."""


def measures(solution: Solution, concentration: Found, made: Found) -> Found:
    """Largest supplier, HHI and effective number of sources, of all that is supplied and of what home consumes.

    One row a basis, stage, material, by (place, owner) and calendar year, and one for all materials of a stage
    together, whose material is empty. Definitions: ``docs/definitions.md``, the plan's tables.

    Args:
        concentration: the plan's table of that name, in codes.
        made: what processes use and make, in codes.
    """
    parts = solution.parts
    goods, stages = len(parts.materials), len(concentration["stage"][0])
    years = Labels(sorted({name[:4] for name in parts.periods}))
    year = np.array([years.code[name[:4]] for name in parts.periods], dtype=np.int64)
    subjects = concentration["subject"][0]
    basis, stage, material, by, subject, t = (
        np.tile(concentration[name][1], 2) for name in ("basis", "stage", "material", "by", "subject", "period")
    )
    half = len(t) // 2
    material = np.where(np.arange(len(t)) < half, material + 1, 0)
    sizes = (0, stages, goods + 1, 2, len(years))
    cell = keys((basis, stage, material, by, year[t]), sizes)
    parts_of, at = np.unique(keys((cell, subject), (0, max(len(subjects), 1))), return_inverse=True)
    amount = np.bincount(at, np.tile(concentration["quantity"], 2), len(parts_of))
    of_cell, subject = np.divmod(parts_of, max(len(subjects), 1))
    cells, number = np.unique(of_cell, return_inverse=True)
    total = np.bincount(number, amount, len(cells))
    order = np.lexsort((subject, -amount, number))
    first = order[np.searchsorted(number[order], np.arange(len(cells)))]
    hhi = np.bincount(number, (amount / total[number]) ** 2, len(cells))
    rest, of_year = np.divmod(cells, len(years))
    rest, of_by = np.divmod(rest, 2)
    rest, of_material = np.divmod(rest, goods + 1)
    of_basis, of_stage = np.divmod(rest, max(stages, 1))
    consumed = _consumed(solution, made, concentration["stage"][0], year)[of_stage, of_material, of_year]
    return {
        "basis": (concentration["basis"][0], of_basis),
        "stage": (concentration["stage"][0], of_stage),
        "material": (Labels(["", *parts.materials.names.tolist()]), of_material),
        "by": (concentration["by"][0], of_by),
        "period": (years, of_year),
        "quantity": total,
        "subject": (subjects, subject[first]),
        "largest": amount[first],
        "share": amount[first] / total,
        "hhi": hhi,
        "sources": 1.0 / hhi,
        "consumption": consumed,
        "of_consumption": np.divide(
            amount[first], consumed, out=np.zeros(len(cells)), where=consumed > DUST * amount[first]
        ),
    }


def _consumed(solution: Solution, made: dict[str, Any], stages: Labels, year: Array) -> Array:
    """Demand met and process input at home's sites (all sites without a home), tonnes by stage, material and year; in
    the first place of the materials those of all of them.
    """
    parts, demand = solution.parts, solution.parts.demand
    home = np.ones(len(parts.sites), dtype=bool)
    if parts.scope.home:
        home[:] = False
        home[[parts.sites.code[name] for name in parts.scope.sites(["home"])]] = True
    met = demand.amount * solution.mass - solution.value("priority.unmet") * solution.mass
    site = np.concatenate([demand.site, made["site"][1]])
    material = np.concatenate([demand.material, made["material"][1]])
    t = np.concatenate([demand.t, made["t"]])
    amount = np.concatenate([met, made["input"]]) * home[site]
    of_stage = dict(zip(parts.texts("materials", "material"), parts.texts("materials", "stage"), strict=True))
    stage = np.array([stages.code[of_stage[name]] for name in parts.materials.names.tolist()], dtype=np.int64)
    found = np.zeros((len(stages), len(parts.materials) + 1, int(year.max(initial=0)) + 1))
    np.add.at(found, (stage[material], material + 1, year[t]), amount)
    found[:, 0] = found[:, 1:].sum(axis=1)
    return found
