"""``planner coalition``: alone, in any coalition, or all together."""

import argparse
import json
from typing import TYPE_CHECKING, Any

from planner import terminal
from planner.commands.options import BUILT_IN, INSTANCE, given, settings
from planner.errors import SettingsError
from planner.settings import Settings

if TYPE_CHECKING:
    from planner.analysis.coalition import Together
    from planner.instance import Instance

HELP = "What acting together is worth: each participant alone, any of them together, all; how to share the saving."
SHOWN = 8
"""Coalitions that are told to a person of those who would leave."""


def arguments(command: argparse.ArgumentParser) -> None:
    """Whose coalitions, which of them, and in which mode."""
    command.add_argument("instance", metavar="INSTANCE", nargs="?", default=BUILT_IN, help=INSTANCE)
    who = "participants, joined by ';'; the direct members of the home group where not given"
    command.add_argument("--participants", metavar="NAMES", default="", help=who)
    which = "members joined by ';': this coalition beside each alone and all; may be given again (every coalition)"
    command.add_argument("--members", metavar="NAMES", action="append", help=which)
    modes = "sites of others: closed, open for what their own plans leave, or both one after the other (both)"
    command.add_argument("--mode", choices=("closed", "open", "both"), default="both", help=modes)
    lot = "with more than 12 participants: pairs of orders drawn by lot, each beside its reverse (12)"
    command.add_argument("--orders", metavar="PAIRS", type=int, default=12, help=lot)
    told = "saving under each scenario of the table scenarios, instead of every coalition"
    command.add_argument("--scenarios", action="store_true", help=told)
    command.add_argument("--folder", metavar="FOLDER", help="where finished coalitions are kept, to go on from there")
    settings(command, *(name for name in Settings.model_fields if name not in ("report", "runs")))


def run(options: argparse.Namespace) -> int:
    """Solve the coalitions and tell what they are worth."""
    from planner.analysis.coalition import together
    from planner.read import load
    from planner.scope import split

    if options.orders < 2:
        raise SettingsError(f"--orders is {options.orders}: a standard error takes at least 2")
    instance = load(options.instance)
    wanted = None if options.members is None else [split(names) for names in options.members]
    modes: tuple[Any, ...] = ("closed", "open") if options.mode == "both" else (options.mode,)
    if options.scenarios:
        return _by_scenario(options, instance, modes)
    found = {
        mode: together(
            instance,
            split(options.participants),
            mode=mode,
            coalitions=wanted,
            orders=options.orders,
            settings=Settings(**given(options)),
            folder=options.folder,
        )
        for mode in modes
    }
    if options.json:
        terminal.document({mode: _document(answer) for mode, answer in found.items()})
    else:
        terminal.say("\n\n".join(_told(answer) for answer in found.values()))
    return 0


def _by_scenario(options: argparse.Namespace, instance: "Instance", modes: tuple[Any, ...]) -> int:
    """Saving under each scenario, in each mode."""
    from planner.analysis.savings import savings
    from planner.scope import split

    who, chosen = split(options.participants), Settings(**given(options))
    found = {mode: savings(instance, who, mode=mode, settings=chosen) for mode in modes}
    if options.json:
        content = {
            mode: {"sentence": answer.sentence, "scenarios": json.loads(answer.scenarios.to_json(orient="records"))}
            for mode, answer in found.items()
        }
        terminal.document(content)
    else:
        sites = {"closed": "With the sites of others closed.", "open": "With them open for what their own plans leave."}
        terminal.say("\n\n".join(f"{sites[mode]} {answer!r}" for mode, answer in found.items()))
    return 0


def _document(answer: "Together") -> dict[str, Any]:
    tables = {name: getattr(answer, name) for name in ("coalitions", "shares", "leavers")}
    rows = {name: json.loads(frame.to_json(orient="records")) for name, frame in tables.items()}
    saving = answer.saving if answer.saving == answer.saving else None
    return {"sentence": answer.sentence, "saving": saving, "sampled": answer.sampled, **rows}


def _told(answer: "Together") -> str:
    lines = [repr(answer)]
    if not answer.leavers.empty:
        lines.append(f"\nWho would pay less by themselves, by how much in {answer.currency}:")
        for row in answer.leavers.head(SHOWN).itertuples():
            lines.append(f"  shares by {row.way}: {str(row.members).replace(';', ', ')}, {row.gain:,.0f}")
    lost = answer.coalitions[answer.coalitions["cost"].isna()]
    for row in lost.head(SHOWN).itertuples():
        lines.append(f"no plan: {str(row.members).replace(';', ', ')}: {row.message}")
    return "\n".join(lines)
