"""Checks of rules: every sentence is complete, means one thing, and has something to count."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from planner.checks import measures, origin
from planner.checks.context import Network, Pairs
from planner.codes import Flags, Ints
from planner.findings import Findings, written
from planner.instance import Instance
from planner.scope import Scope, split
from planner.sentence_forms import Terms
from planner.sentences import sentence


def sound_rules(instance: Instance, found: Findings) -> Iterator[tuple[int, dict[str, Any]]]:
    """Rules whose own cells are sound, each with its line."""
    bad = found.bad_lines("rules")
    rules = instance.tables["rules"]
    names = [str(name) for name in rules]
    for line, *cells in zip(rules.index, *(rules[name].tolist() for name in names), strict=True):
        if int(line) not in bad:
            yield int(line), dict(zip(names, cells, strict=True))


def sentences(instance: Instance, found: Findings) -> None:
    """The columns of a rule fit together, whatever the other tables hold."""
    for line, rule in sound_rules(instance, found):

        def fault(column: str, told: str, line: int = line, rule: dict[str, Any] = rule) -> None:
            found.fault("rules", line, column, rule[column], told)

        share, purchases, hhi = rule["kind"].endswith("_share"), rule["basis"] == "purchases", rule["kind"] == "max_hhi"
        award = rule["kind"] == "min_award"
        before = rule["base"] == "before"
        if before and (not share or not purchases):
            fault("base", "'before' is for a max_share or min_share of purchases: a share of what each subject had")
        if (share or (award and rule["base"])) and rule["limit"] > (10 if before else 1):
            limit = rule["limit"]
            most = 10 if before else 1
            fault("limit", f"'{written(limit)}' is above {most} (a fraction: {limit / 100:.10g} for {limit:.10g} %)")
        if hhi and rule["limit"] > 1:
            limit = rule["limit"]
            fault("limit", f"'{written(limit)}' is above 1 (0 to 1: {limit / 1e4:.10g} for {limit:.10g} points)")
        if hhi and rule["stock_in_base"] == "yes" and not np.isnan(rule["penalty"]):
            fault("stock_in_base", "'yes' can leave a total below 0, of which there is no HHI to price; empty penalty")
        if rule["kind"].endswith("_suppliers") and rule["limit"] % 1 > 0:
            limit = rule["limit"]
            fault(
                "limit", f"'{written(limit)}' is no whole number of suppliers; write {int(limit)} or {int(limit) + 1}"
            )
        measured = rule["kind"].endswith(("_average", "_spend"))
        if not rule["subject_by"]:
            if not measured:
                fault("subject_by", "is empty; give one of place, owner, site, group")
            for column in ("subject", "except"):
                if rule[column]:
                    fault(column, "names subjects, and subject_by is empty: give one of place, owner, site, group")
        if rule["kind"].endswith("_average") and not rule["attribute"]:
            fault("attribute", "is empty: say what is averaged, such as risk")
        if not rule["kind"].endswith("_average") and rule["attribute"]:
            fault("attribute", f"'{rule['attribute']}' is for averages; leave it empty for {rule['kind']}")
        if hhi and rule["recycled_in_base"] == "no":
            fault("recycled_in_base", "'no' leaves out of the total what stays in the squares; leave it empty here")
        if (share or hhi) and not rule["base"]:
            what = "share is a share of" if share else "shares of the HHI are shares of"
            bases = "consumption, demand, purchases or before" if share else "consumption, demand or purchases"
            fault("base", f"is empty: say what the {what} ({bases})")
        if rule["kind"] in ("min_suppliers", "min_award") and rule["limit"] == 0:
            fault("limit", f"is 0: a {rule['kind']} of nothing asks nothing; raise it, or take the row out")
        if award and rule["stock_in_base"] == "yes":
            fault("stock_in_base", "'yes' is not for an award; leave it empty, or make the rule a min_share")
        if not (share or hhi or award) and rule["base"]:
            fault("base", f"'{rule['base']}' is for shares; leave it empty for {rule['kind']}")
        if rule["basis"] == "origin" and not (hhi or rule["kind"].endswith(("_share", "_quantity"))):
            fault("basis", f"'origin' is for shares, quantities and the HHI; {rule['kind']} takes purchases or made")
        if rule["basis"] == "origin" and rule["recycled_in_base"] == "no":
            fault("recycled_in_base", "'no' leaves recycled supply out of purchases; an origin has no such part")
        if rule["basis"] == "origin" and rule["subject_by"] in ("owner", "site"):
            told = "an origin is a place, where the element was mined or recycled: say place, or group for several"
            fault("subject_by", f"'{rule['subject_by']}': {told}")
        if rule["subject_by"] == "group" and not rule["subject"]:
            fault("subject", "is empty: with subject_by = group, name the groups")
        if not takes_market(rule):
            for column in ("market", "market_pool"):
                if rule[column]:
                    fault(column, "a rule on what is made, without a base of consumption or demand, takes no market")
        for column, usual in (("home_in_base", "yes"), ("recycled_in_base", "yes"), ("stock_in_base", "no")):
            if rule[column] != usual and (rule["base"] != "purchases" or (column == "stock_in_base" and not purchases)):
                fault(column, f"'{rule[column]}' says what is inside a base of purchases; leave it empty here")
        if rule["home_in_base"] == "no" and rule["base"] == "purchases" and not instance.header.home:
            fault("home_in_base", "'no' needs a home group: name one as home in the header")


def takes_market(rule: dict[str, Any]) -> bool:
    """Whether a rule speaks of a market: all do but those on what is made, taken by itself."""
    return not (rule["basis"] == "made" and rule["base"] in ("", "purchases"))


def scopes(whole: Network, found: Findings) -> None:
    """Pools are stated where a rule holds more than one; its market, base and subjects hold something to count."""
    codes, table = whole.instance.codes, whole.instance.tables["materials"]
    for line, rule in sound_rules(whole.instance, found):
        named, stages = split(rule["material"]), split(rule["stage"])
        inside = np.ones(len(table), dtype=bool)
        for names, column in ((named, "material"), (stages, "stage")):
            if names:
                inside &= codes.flagged(names)[codes["materials", column]]
        if not inside.any():
            told = f"no material is in scope: none of {rule['material'] or 'all'} is of stage {rule['stage'] or 'all'}"
            found.fault("rules", line, "material" if named else "stage", rule["material"] or rule["stage"], told)
            continue
        _pools(line, rule, codes["materials", "stage"][inside], found)
        materials = codes.flags(codes["materials", "material"][inside])
        markets = _markets(line, rule, materials, whole, found)
        if markets is None:
            continue
        _base(line, rule, materials, frozenset().union(*markets), whole, found)
        if rule["basis"] == "origin":
            origin.scope(line, rule, codes.texts(codes["materials", "material"][inside]), whole, found)
            continue
        counted = _counted(rule, materials, markets, whole)
        sites = codes.texts(counted[0])
        _subjects(line, rule, sites, whole, found)
        mine = codes.flagged(_sites(rule, whole.scope))[counted[0]]
        counted = counted[0][mine], counted[1][mine]
        if rule["kind"].endswith("_average"):
            measures.averaged(line, rule, counted, whole, found)
        elif rule["kind"].endswith("_spend"):
            measures.spent(line, rule, counted, markets, whole, found)
        elif rule["kind"] == "max_hhi":
            _apart(line, rule, sites, whole, found)
            _reachable(line, rule, _cells(rule, inside, markets, whole), whole, found)


def _pools(line: int, rule: dict[str, Any], stage: Ints, found: Findings) -> None:
    """Each or together is said of stages and of materials (by their stage) where there is more than one."""
    sizes = np.bincount(stage)
    stages = int((sizes > 0).sum())
    if stages > 1 and not rule["stage_pool"]:
        told = f"is empty and {stages} stages are in scope: say each or together"
        found.fault("rules", line, "stage_pool", "", told)
    together = stages > 1 and rule["stage_pool"] == "together"
    most = len(stage) if together else int(sizes.max())
    if most > 1 and not rule["pool"]:
        told = f"is empty and {most} materials{'' if together else ' of one stage'} are in scope: say each or together"
        found.fault("rules", line, "pool", "", told)
    elif together and rule["pool"] == "each":
        told = "'together' joins the materials of all stages, and pool says each; make pool together or stage_pool each"
        found.fault("rules", line, "stage_pool", "together", told)


def _markets(
    line: int, rule: dict[str, Any], materials: Flags, whole: Network, found: Findings
) -> list[frozenset[str]] | None:
    """The sites of each market; None, and a problem, where they cannot be told."""
    if not takes_market(rule):
        return [frozenset()]
    names, scope = split(rule["market"]), whole.scope
    if not names:
        site, material = whole.demanded
        names = tuple(sorted(whole.instance.codes.texts(site[materials[material]])))
        if not names:
            told = "is empty, and no site has a demand for a material in scope: name the market"
            found.fault("rules", line, "market", "", told)
            return None
    elif len(names) == 1 and scope.kind(names[0]) == "group" and rule["market_pool"] != "together":
        names = scope.direct(names[0])
    if len(names) > 1 and not rule["market_pool"]:
        told = f"is empty and {len(names)} markets are in scope: say each or together"
        found.fault("rules", line, "market_pool", "", told)
        return None
    markets = [frozenset([name]) if scope.kind(name) == "site" else scope.sites([name]) for name in names]
    every = frozenset().union(*markets)
    if not every:
        told = f"no site is in '{rule['market']}': the rule counts nothing"
        found.fault("rules", line, "market", rule["market"], told)
        return None
    return [every] if rule["market_pool"] == "together" else markets


def _base(
    line: int, rule: dict[str, Any], materials: Flags, market: frozenset[str], whole: Network, found: Findings
) -> None:
    """A base of demand needs demand rows, a base of consumption something that consumes."""
    bases = {"demand": whole.demanded, "consumption": whole.consumed}
    if rule["base"] not in bases:
        return
    site, material = bases[rule["base"]]
    if not (materials[material] & whole.instance.codes.flagged(market)[site]).any():
        nothing = "has no demand for" if rule["base"] == "demand" else "neither demands nor uses"
        told = f"'{rule['base']}': the market {nothing} the materials in scope; take another base"
        found.fault("rules", line, "base", rule["base"], told)


def _counted(rule: dict[str, Any], materials: Flags, markets: list[frozenset[str]], whole: Network) -> Pairs:
    """Sites from which something in scope arrives at a market from outside it, or at which it is made, and what."""
    codes = whole.instance.codes
    if rule["basis"] == "made":
        site, material = whole.made
        return site[materials[material]], material[materials[material]]
    origin, destination, material = (
        np.concatenate(cells)
        for cells in zip(whole.ends, codes.pick("in_transit", ["origin", "destination", "material"]), strict=True)
    )
    inside = materials[material]
    origin, destination, material = origin[inside], destination[inside], material[inside]
    single = frozenset().union(*(market for market in markets if len(market) == 1))
    arrives = codes.flagged(single)[destination] & (origin != destination)
    for market in markets:
        if len(market) > 1:
            held = codes.flagged(market)
            arrives |= held[destination] & ~held[origin]
    return origin[arrives], material[arrives]


def _sites(rule: dict[str, Any], scope: Scope) -> frozenset[str]:
    """Sites of all subjects of a rule."""
    return frozenset(scope.place_of) if not rule["subject_by"] else scope.sites(_chosen(rule, scope))


def _subjects(line: int, rule: dict[str, Any], counted: frozenset[str], whole: Network, found: Findings) -> None:
    """Something of a subject can be counted; what has no place or owner is in no subject."""
    by, names, scope = rule["subject_by"], split(rule["subject"]), whole.scope
    of = {"place": scope.place_of, "owner": scope.owner_of}.get(by)
    if of is not None:
        nowhere = sorted(site for site in counted if not of.get(site))
        if nowhere:
            told = f"{len(nowhere)} sites in scope have no {by} and are in no subject, such as '{nowhere[0]}'"
            found.warn("rules", line, "subject_by", by, told)
    reached = counted | {of[site] for of in (scope.place_of, scope.owner_of) for site in counted}

    def touches(name: str) -> bool:
        return not scope.sites([name]).isdisjoint(counted) if scope.kind(name) == "group" else name in reached

    if not (any(map(touches, _chosen(rule, scope))) if by else counted):
        what = "arrives at the market from" if rule["basis"] == "purchases" else "is made by"
        told = f"the rule touches nothing: no material in scope {what} {'its subjects' if names else 'any subject'}"
        told += f"; it says: {sentence(rule, Terms.of(whole.instance))}"
        found.fault("rules", line, "subject" if names else "rule", rule["subject"] or rule["rule"], told)
        return
    for name in names:
        if scope.kind(name) != "group" and not touches(name):
            found.warn("rules", line, "subject", rule["subject"], f"nothing in scope comes from '{name}'")


def _apart(line: int, rule: dict[str, Any], counted: frozenset[str], whole: Network, found: Findings) -> None:
    """No tonne of an HHI is two subjects': groups must not overlap."""
    if rule["subject_by"] != "group":
        return
    groups = [(name, whole.scope.sites([name])) for name in _chosen(rule, whole.scope)]
    for at, (name, sites) in enumerate(groups):
        for other, others in groups[:at]:
            both = sorted(sites & others & counted)
            if both:
                told = f"the groups '{other}' and '{name}' both hold '{both[0]}': an HHI would count its tonnes twice"
                found.fault("rules", line, "subject", rule["subject"], told)


def _cells(rule: dict[str, Any], inside: Flags, markets: list[frozenset[str]], whole: Network) -> list[frozenset[str]]:
    """Sites that count for each pool of materials and market of a rule."""
    codes = whole.instance.codes
    material, stage = codes["materials", "material"][inside], codes["materials", "stage"][inside]
    if rule["pool"] != "together":
        pools = [material[at : at + 1] for at in range(len(material))]
    elif rule["stage_pool"] == "each":
        pools = [material[stage == each] for each in np.unique(stage)]
    else:
        pools = [material]
    return [codes.texts(_counted(rule, codes.flags(pool), [market], whole)[0]) for pool in pools for market in markets]


def _reachable(line: int, rule: dict[str, Any], cells: list[frozenset[str]], whole: Network, found: Findings) -> None:
    """A cap below the HHI of equal shares of all who could supply forbids supply; one of 1 forbids nothing."""
    if rule["limit"] == 1 and rule["base"] == "purchases" and rule["stock_in_base"] == "no":
        found.warn("rules", line, "limit", "1", "the HHI is never above 1: the rule can never bind")
    if rule["base"] != "purchases" or rule["stock_in_base"] == "yes":
        return
    scope, by = whole.scope, rule["subject_by"]
    home = scope.sites(["home"]) if rule["home_in_base"] == "no" else frozenset()
    subjects = {name: scope.sites([name]) for name in _chosen(rule, scope)}
    for sites in cells:
        supply = sites - home
        able = [name for name, own in subjects.items() if not own.isdisjoint(supply)]
        if not able or supply - frozenset().union(*(subjects[name] for name in able)):
            continue  # what is no subject's is in no square
        if rule["limit"] * len(able) < 1:
            few = f"{len(able)} {by}{'s' if len(able) > 1 else ''} can supply"
            told = f"{few}, of which the HHI is at least {1 / len(able):.4g}: the rule forbids buying from them at all"
            found.warn("rules", line, "limit", written(rule["limit"]), told)
            return


def _chosen(rule: dict[str, Any], scope: Scope) -> list[str]:
    """Names of the subjects of a rule."""
    by, names, exempt = rule["subject_by"], split(rule["subject"]), split(rule["except"])
    if by == "group":
        real = {name: scope.home if name == "home" else name for name in (*names, *exempt)}
        return [name for name in names if real[name] not in {real[other] for other in exempt}]
    every = {"place": scope.places, "owner": scope.owners, "site": frozenset(scope.place_of)}[by]
    chosen = frozenset().union(*(scope.members(name, by) for name in names)) if names else every
    return sorted(chosen - frozenset().union(*(scope.members(name, by) for name in exempt)))


def group_subjects(whole: Network, found: Findings) -> None:
    """A group that is named as subject or exception holds members of the kind that the rule speaks of."""
    instance = whole.instance
    scope = whole.scope
    for line, rule in sound_rules(instance, found):
        by = rule["subject_by"]
        if by == "group" and rule["basis"] != "origin":
            continue
        by = "place" if by == "group" else by
        for column in ("subject", "except"):
            for name in split(rule[column]):
                if scope.kind(name) == "group" and not scope.members(name, by):
                    told = f"the group '{name}' has no {by} among its members: it matches nothing"
                    found.fault("rules", line, column, rule[column], told)


def dear_penalties(instance: Instance, found: Findings) -> None:
    """A penalty of nothing makes a rule that asks nothing: a warning."""
    free = np.isclose(instance.codes["rules", "penalty"], 0.0)
    told = "is 0: the rule may be broken freely; leave it empty for a hard rule"
    found.rows("rules", instance.tables["rules"], free, "penalty", told, warning=True)
