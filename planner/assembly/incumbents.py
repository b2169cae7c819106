"""What incumbents had before: the base of rules that keep them, each against its own."""

import numpy as np

from mineral_sourcing.arrays import Array
from planner.assembly.parts import Parts
from planner.assembly.rules import Rule


def rows_in(parts: Parts, rule: Rule) -> tuple[Array, Array]:
    """Rows of ``awards_before`` whose material, market and site a rule speaks of, and the market of the rule: one whose
    sites hold all sites of the row's own, and not the incumbent.
    """
    scope, table = parts.scope, parts.instance.tables["awards_before"]
    demands = parts.instance.tables["demands"]
    found: list[tuple[int, int]] = []
    sites, materials = table["site"].tolist(), table["material"].tolist()
    for row, (site, material, name) in enumerate(zip(sites, materials, table["market"].tolist(), strict=True)):
        if rule.pool[parts.materials.code[material]] < 0:
            continue
        own = scope.sites([name]) if name else frozenset(demands.loc[demands["material"] == material, "site"])
        for market, members in enumerate(rule.sets[2]):
            if own and own <= members and site not in members:
                found.append((row, market))
    pairs = np.array(found, dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def had_before(parts: Parts, rule: Rule) -> Array | None:
    """What each subject had in each cell, model units, by cell and subject; None for a rule with another base.

    A group of periods counts the years that its periods hold.
    """
    if rule.row["base"] != "before":
        return None
    row, market = rows_in(parts, rule)
    material = parts.codes("awards_before", "material", parts.materials)[row]
    at, subject = rule.subject.of(parts.codes("awards_before", "site", parts.sites)[row])
    quantity = parts.numbers("awards_before", "quantity")[row][at] if len(row) else np.empty(0)
    labels = len(rule.labels)
    years = np.bincount(rule.label[rule.label >= 0], minlength=labels) * parts.years
    cell = (rule.pool[material[at]] * len(rule.markets) + market[at]) * labels
    number = ((cell[:, None] + np.arange(labels)) * len(rule.subjects) + subject[:, None]).ravel()
    amount = (quantity[:, None] * years).ravel()
    return np.bincount(number, amount, rule.cells * len(rule.subjects))
