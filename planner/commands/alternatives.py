"""``planner alternatives``: other plans that cost little more, and the share envelope."""

import argparse
from typing import Any

from planner import terminal
from planner.commands.exposure import rows
from planner.commands.options import BUILT_IN, INSTANCE, given, settings
from planner.commands.why import instance_of
from planner.errors import SettingsError
from planner.settings import Settings

HELP = "Other plans that cost little more, as different as can be; or how far the share of each supplier can move."


def arguments(command: argparse.ArgumentParser) -> None:
    """How many plans, how much dearer; of what the shares."""
    what = f"folder of a run, or {INSTANCE}"
    command.add_argument("instance", metavar="INSTANCE", nargs="?", default=BUILT_IN, help=what)
    dearer = "how much dearer a plan may be than the cheapest, in percent (1)"
    command.add_argument("--within", metavar="PERCENT", type=float, default=1.0, help=dearer)
    command.add_argument("--count", metavar="COUNT", type=int, default=4, help="other plans at most (4)")
    shares = "instead of plans: least and largest share of each supplier and country in what arrives of this"
    command.add_argument("--shares", metavar="MATERIAL", help=f"{shares} material or stage")
    market = "where it arrives: site, place, owner or group (the home group)"
    command.add_argument("--market", metavar="NAME", default="", help=market)
    settings(command, "time_limit", "gap")


def run(options: argparse.Namespace) -> int:
    """Tell the plans, or the shares."""
    from planner.analysis.alternatives import alternatives
    from planner.analysis.envelope import envelope

    if not 0 <= options.within <= 100:
        raise SettingsError(f"--within is {options.within:g}; give percent between 0 and 100")
    if options.count < 1:
        raise SettingsError(f"--count is {options.count}; give 1 or more")
    instance, within, chosen = instance_of(options.instance), options.within / 100, Settings(**given(options))
    content: dict[str, Any]
    if options.shares is not None:
        shares = envelope(instance, options.shares, within=within, market=options.market, settings=chosen)
        content, told = {"sentence": shares.sentence, "cost": shares.cost, "shares": rows(shares.shares)}, repr(shares)
    else:
        plans = alternatives(instance, options.count, within=within, settings=chosen)
        content, told = {"sentence": plans.sentence, "plans": rows(plans.table)}, f"{plans!r}"
        if len(plans.plans) > 1:
            content["comparison"] = plans.comparison.as_dict()
            told += f"\n{plans.comparison.sentence}"
    if options.json:
        terminal.document(content)
    else:
        terminal.say(told)
    return 0
