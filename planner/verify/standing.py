"""How concentrated supply is, year by year, computed again from the quantities."""

import numpy as np

from planner.verify.columns import KEYS, Quantities, Tables
from planner.verify.faults import Faults, Match, compare
from planner.verify.frames import Floats, Frame, find, grouped, stacked, summed
from planner.verify.terms import consumed
from planner.verify.world import World

CELL = ("basis", "stage", "material", "by", "year")


def measured(world: World, q: Quantities, found: Tables, supplied: Frame, faults: Faults) -> None:
    """Largest supplier, HHI and number of sources by stage and by material, in each calendar year.

    Args:
        supplied: what each subject supplies, period by period, as ``ledger.concentration`` has it.
    """
    every = stacked([supplied, supplied.plus(material=0)], [*CELL, "subject", "quantity"])
    number, first = grouped(every.pick([*CELL, "subject"]))
    each = every.take(first).plus(quantity=summed(number, every["quantity"], len(first)))
    number, first = grouped(each.pick(CELL))
    rows = each.take(first, CELL)
    rows = rows.plus(period=rows["year"])
    total = summed(number, each["quantity"], len(rows))
    most = np.zeros(len(rows))
    np.maximum.at(most, number, each["quantity"])
    hhi = summed(number, (each["quantity"] / total[number]) ** 2, len(rows))
    match = Match.of("measures", KEYS["measures"], found["measures"], rows)
    named = find([*rows.pick(CELL), match.stated("subject")], each.pick([*CELL, "subject"]))
    own = np.append(each["quantity"], 0.0)[named]
    eaten = _eaten(world, q, rows)
    part = np.divide(most, eaten, out=np.zeros(len(rows)), where=eaten > 0)
    terms = {
        "quantity": (total, "the plan's tonnes added up"),
        "largest": (most, "the most of one subject"),
        "share": (most / total, "the largest over the total"),
        "hhi": (hhi, "the sum of squared shares"),
        "sources": (1.0 / hhi, "1 / HHI"),
        "consumption": (eaten, "demand met and process input at home"),
        "of_consumption": (part, "largest over consumption"),
    }
    compare(faults, match, terms)
    listed = match.listed()
    kept = Match.of("measures", KEYS["measures"], found["measures"], rows.take(listed))
    compare(faults, kept, {"largest": (own[listed], "what the subject that is named supplies")})


def _eaten(world: World, q: Quantities, rows: Frame) -> Floats:
    """What home consumes (all sites without a home), for each row: of its material, or of its stage."""
    pairs, columns = consumed(q)
    inside = np.ones(len(pairs), dtype=bool)
    if world.header.home:
        inside = world.names.flags(world.sites_of(["home"]))[pairs["site"]]
    columns = columns.take(inside[columns["of"]])
    used = world.dated(Frame({"t": columns["t"], "amount": columns["value"] * columns["coefficient"]}))
    material = pairs["material"][columns["of"]]
    used = used.plus(material=material, stage=world.of_material("stage", material))
    both = stacked([used, used.plus(material=0)], ["stage", "material", "year", "amount"])
    names = ("stage", "material", "year")
    number, first = grouped(both.pick(names))
    sums = summed(number, both["amount"], len(first))
    at = find(rows.pick(names), both.take(first).pick(names))
    found: Floats = np.append(sums, 0.0)[at]
    return found
