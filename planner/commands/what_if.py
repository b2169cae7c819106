"""``planner what-if``: the instance with changes, beside the instance as it is."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from planner import terminal
from planner.commands.options import BUILT_IN, INSTANCE, given, settings
from planner.commands.solve import CODES, answer, evidence, unlogged
from planner.errors import SettingsError, VerificationError
from planner.settings import Settings, origins

if TYPE_CHECKING:
    from planner.instance import Instance
    from planner.plan import Outcome

HELP = "Change an instance, solve it again, show what that changes."
MOST = 8
"""Changed decisions that are told to a person; the document and the runs have them all."""

SET = "a change such as 'demands[material=hot magnet].quantity*=1.1'; = += -= too, @2028..2029 before it for a window"
VARY = "a change with alternatives, such as 'rules[rule=cap].limit=0.5|0.6|0.7': every combination is solved"
BAN = "supply cut off: 'place=CHN, to=allies, from=2028, until=2029' (or owner, site, group; material, stage)"


def arguments(command: argparse.ArgumentParser) -> None:
    """Which instance, which changes, and the settings of one solve."""
    command.add_argument("instance", metavar="INSTANCE", nargs="?", default=BUILT_IN, help=INSTANCE)

    def flag(name: str, metavar: str, told: str, verb: str = "") -> None:
        """A flag for changes, all of them kept in the order in which they are given."""
        command.add_argument(
            f"--{name}",
            dest="changes",
            metavar=metavar,
            action="append",
            default=[],
            type=lambda text: f"{verb} {text}".strip(),
            help=told,
        )

    flag("set", "CHANGE", SET)
    flag("add", "ROW", "a row more: 'offers[site=Kuantan,material=NdPr oxide,price=52000]'", "add")
    flag("drop", "ROWS", "rows fewer: 'offers[site=Kuantan]'", "drop")
    flag("off", "RULE", "a rule switched off", "off")
    flag("ban", "SUPPLY", BAN, "ban")
    command.add_argument("--vary", metavar="CHANGE", action="append", default=[], help=VARY)
    command.add_argument("--cases", metavar="FILE", type=Path, help="a .csv (case, change) or .toml of named cases")
    settings(command, *(name for name in Settings.model_fields if name not in ("report", "threads")))


def run(options: argparse.Namespace) -> int:
    """Change an instance, solve it again, show what that changes."""
    from planner.read import load

    if not (options.changes or options.vary or options.cases):
        raise SettingsError("nothing is changed; give --set, --add, --drop, --off, --ban, --vary or --cases")
    chosen = Settings(**given(options))
    instance = load(options.instance)
    if options.vary or options.cases:
        return _several(options, chosen, instance)
    return _one(options, chosen, instance)


def _one(options: argparse.Namespace, chosen: Settings, instance: "Instance") -> int:
    """One what-if beside the base, both kept as runs."""
    from planner import runs
    from planner.analysis.compare import compare
    from planner.analysis.study import Study

    runs.prepare(chosen.runs)
    study = Study(instance, chosen).apply(*options.changes)
    try:
        with unlogged():
            after = study.solve()
            before = study.reset().solve()
    except VerificationError as error:
        return evidence(options, chosen, error)
    kept = [runs.write(outcome, chosen, origins(given(options)), options.command) for outcome in (before, after)]
    both = before.found is not None and after.found is not None
    comparison = compare({"base": before.plan, "what-if": after.plan}) if both else None
    if options.json:
        content = {**answer(after, kept[1]), "changes": options.changes, "base": answer(before, kept[0])}
        terminal.document({**content, "comparison": comparison and comparison.as_dict()})
        return CODES[after.status]
    for warning in (warning for warning in after.warnings if warning not in before.warnings):
        terminal.complain(f"warning: {warning}")
    if comparison is not None:
        terminal.show_comparison(comparison, MOST)
    else:
        _apart(before, after)
    terminal.say(f"\nThe runs lie in {kept[0]} and {kept[1]}")
    return CODES[after.status]


def _apart(before: "Outcome", after: "Outcome") -> None:
    """What there is to say where one of the two has no plan."""
    for name, outcome in (("as it is", before), ("with these changes", after)):
        plan = f"costs {outcome.found.objective:,.0f}" if outcome.found else f"has no plan: {outcome.message}"
        terminal.say(f"{outcome.instance.name} {name} {plan}")
        for rule in outcome.conflict:
            terminal.say(f"  {rule}")


def _several(options: argparse.Namespace, chosen: Settings, instance: "Instance") -> int:
    """A table of cases."""
    from planner.analysis.cases import Case, combinations, read_cases, solve_cases

    cases = read_cases(options.cases) if options.cases else [Case("", ())]
    cases = [Case(case.name, (*options.changes, *case.changes)) for case in cases]
    found = solve_cases(instance, combinations(cases, options.vary), chosen)
    if options.json:
        terminal.document({"cases": json.loads(found.to_json(orient="records", double_precision=15))})
    else:
        terminal.show_cases(found, instance.header.currency)
    return 0
