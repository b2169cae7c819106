"""Checks of what incumbents had before: that they still can supply it, and that a rule reads it."""

import numpy as np

from planner.assembly.incumbents import had_before, rows_in
from planner.assembly.parts import Parts
from planner.assembly.rules import Rule
from planner.checks.context import Network
from planner.checks.counted import capacities
from planner.checks.policy import sound_rules
from planner.codes import keys
from planner.findings import Findings, written


def still_there(whole: Network, found: Findings) -> None:
    """An incumbent that no longer sells, that nothing leads from, or that had more than it can supply: warnings."""
    table = whole.instance.tables["awards_before"]
    if table.empty:
        return
    parts = Parts(whole.instance)
    lanes = set(zip(whole.lanes["origin"], whole.lanes["material"], strict=True))
    site, material = (
        parts.codes("awards_before", *pair) for pair in (("site", parts.sites), ("material", parts.materials))
    )
    room = capacities(parts)[keys((site, material), (0, len(parts.materials)))] / parts.mass
    for line, who, what, quantity, most in zip(
        table.index, table["site"], table["material"], table["quantity"], room, strict=True
    ):
        if most == 0:
            told = f"'{who}' no longer sells '{what}': no floor on what it had can be kept"
            found.warn("awards_before", int(line), "site", who, told)
        elif (who, what) not in lanes:
            told = f"nothing leads from '{who}' with '{what}': no floor on what it had can be kept"
            found.warn("awards_before", int(line), "site", who, told)
        elif quantity > most:
            told = f"'{written(quantity)}' is above the {written(most)} a year that '{who}' can supply of '{what}' now"
            found.warn("awards_before", int(line), "quantity", quantity, told)


def read(whole: Network, found: Findings) -> None:
    """A rule with the base before finds what its subjects had; a row that no rule reads is a warning."""
    table, used = whole.instance.tables["awards_before"], np.empty(0, dtype=np.int64)
    chosen = [(line, row) for line, row in sound_rules(whole.instance, found) if row["base"] == "before"]
    parts = Parts(whole.instance)
    begins, ends = parts.windows("rules") if chosen else (used, used)
    at = {int(line): number for number, line in enumerate(whole.instance.tables["rules"].index)}
    for line, row in chosen:
        rule = Rule(parts, row, range(begins[at[line]], ends[at[line]] + 1))
        had = had_before(parts, rule)
        if rule.cells and not (had is not None and had.any()):
            told = (
                "'before': awards_before says nothing of its subjects, materials and markets; add what they had there"
            )
            found.fault("rules", line, "base", "before", told)
        used = np.union1d(used, rows_in(parts, rule)[0])
    unread = np.ones(len(table), dtype=bool)
    unread[used] = False
    told = "no rule has the base before for it, or for a market that holds all of its own: nothing reads the row"
    found.rows("awards_before", table, unread, "site", told, warning=True)
