"""``planner explain``: why there is no plan, or why demand stays unmet, and the least repairs."""

import argparse
import json
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

from planner import terminal
from planner.commands.options import BUILT_IN, INSTANCE, given, settings
from planner.errors import SettingsError
from planner.settings import Settings

if TYPE_CHECKING:
    from planner.analysis.explain import Explanation

HELP = "Why there is no plan, or why demand stays unmet, and the least changes that mend it, ranked by cost."
MOST = 12
"""Lines of each table that are told to a person."""


def arguments(command: argparse.ArgumentParser) -> None:
    """What is explained, and how many repairs are looked for."""
    what = f"folder of a run, or {INSTANCE}"
    command.add_argument("instance", metavar="INSTANCE|RUN", nargs="?", default=BUILT_IN, help=what)
    many = "repairs that are looked for (3)"
    command.add_argument("--repairs", metavar="COUNT", type=int, default=3, help=many)
    settings(command, *(name for name in Settings.model_fields if name not in ("report", "runs", "dask", "workers")))


def run(options: argparse.Namespace) -> int:
    """Explain, and tell the repairs."""
    from planner.analysis.explain import explain
    from planner.read import load

    if options.repairs < 1:
        raise SettingsError(f"--repairs is {options.repairs}: ask for at least 1")
    inside = Path(options.instance) / "input"
    name = str(inside) if (Path(options.instance) / "manifest.json").is_file() else options.instance
    found = explain(load(name), Settings(**given(options)), repairs=options.repairs)
    if options.json:
        terminal.document(_document(found))
    else:
        _show(found)
    return 0


def _document(found: "Explanation") -> dict[str, Any]:
    """All of an explanation; what is not a number is null."""
    tables = {name: getattr(found, name) for name in ("table", "unmet", "binding")}
    rows = {name: json.loads(frame.to_json(orient="records", double_precision=15)) for name, frame in tables.items()}
    numbers = {name: getattr(found, name) for name in ("least_unmet", "dearer", "seconds")}
    return {
        "question": found.question,
        "sentence": found.sentence,
        "conflict": [*found.conflict],
        "repairs": [
            {"sentence": repair.sentence, "cost": repair.cost, "unmet": repair.unmet, "changes": [*repair.changes]}
            for repair in found.repairs
        ],
        **rows,
        **{name: value if value == value else None for name, value in numbers.items()},
        "message": found.message,
    }


def _show(found: "Explanation") -> None:
    """Sentence, conflict, what binds, repairs."""
    from planner.analysis.levers import figure
    from planner.analysis.telling import money, tonnes

    terminal.say(fill(found.sentence, 110))
    if found.conflict:
        terminal.say("\nThese cannot all hold, and without any one of them the others could:")
    for name in found.conflict:
        terminal.say(fill(name, 110, initial_indent="  ", subsequent_indent="    "))
    if len(found.binding):
        least = f"What holds back the least unmet demand there can be, {tonnes(found.least_unmet)}"
        cells = [
            (row["kind"], row["name"], figure(row["limit"], row["unit"]), f"{row['met'] / _point(row['unit']):,.4g} t")
            for row in found.binding.head(MOST).to_dict("records")
        ]
        terminal.table(least, ("", "", "limit", "one more serves"), cells, right=2)
        terminal.say("  one more: a unit of the limit, of a share a percentage point; at the margin")
    rows = [
        (str(rank), repair.sentence, money(repair.cost), tonnes(repair.unmet))
        for rank, repair in enumerate(found.repairs, 1)
    ]
    if rows:
        terminal.table("Repairs, each solved and verified", ("", "", found.currency, "given up"), rows, right=2)
        terminal.say("As what-ifs:")
    for rank, repair in enumerate(found.repairs, 1):
        terminal.say(f"  {rank}. {'  '.join(repair.changes)}")
    if found.message and found.repairs:
        terminal.say(found.message)


def _point(unit: str) -> float:
    """Units in a share's percentage point; one of anything else."""
    return 100.0 if unit == "share" else 1.0
