"""Rules, read again from the ``rules`` table: which materials, for whom, where and when; all clauses at once.

A *clause* is one row of the table, numbered from 0. Materials fall into pools, sites into markets and subjects, and
periods into groups, each clause by clause; a group of periods goes by its first period.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from planner.verify import tracing
from planner.verify.frames import Array, Flags, Frame, Ints, stacked
from planner.verify.world import World, words

TEXTS = (
    *("material", "stage", "market", "subject", "except", "subject_by"),
    *("pool", "stage_pool", "market_pool", "per", "kind"),
)
Cells = dict[str, str]


@dataclass(frozen=True)
class Book:
    """Every row of ``rules`` resolved: labels and what they hold, clause by clause."""

    clauses: Frame
    """``rule``, ``from``, ``kind``, ``limit``, ``penalty``, ``per``; ``sign`` is −1 for a least, else 1; ``shares``,
    ``hhi``, ``suppliers`` (counts and awards), ``awards``, ``averages`` (of an ``attribute``), ``spends``, ``made`` and
    the base, each by its name; ``placeless``, without a market: what is made, against nothing or against all that is
    made; whether ``foreign`` supply alone, ``primary`` supply alone, and the net release of ``stock``, count in a base
    of purchases.
    """
    pools: Frame
    """``clause``, ``pool`` and each ``material`` in it."""
    markets: Frame
    """``clause``, ``market`` and each ``site`` in it."""
    subjects: Frame
    """``clause``, ``subject`` and each ``site`` of it; of rules on origin each origin, in its place."""
    market_names: Frame
    """``clause`` and every ``market``, those that hold no site too."""
    subject_names: Frame
    """``clause`` and every ``subject``, those that have no site too."""
    groups: Frame
    """``clause``, ``first`` period and label, ``period``, of each group."""
    first: Ints
    """First period of the group of each period (columns) of each clause (rows); −1 outside its window."""

    def having(self, frame: Frame, flags: Array) -> Frame:
        """The rows of those clauses that are flagged."""
        return frame.take(flags[frame["clause"]])


def pools(world: World, row: Cells) -> tuple[Array, Array]:
    """Pools of materials and each material in them; the label is the material, the stage, ``all``, or the names
    joined.
    """
    table = world.table("materials", "material", "stage")
    named, stages = words(row["material"]), words(row["stage"])
    inside = np.ones(len(table), dtype=bool)
    for names, column in ((named, "material"), (stages, "stage")):
        if names:
            inside &= np.isin(table[column], world.names.of(names))
    material, stage = table["material"][inside], table["stage"][inside]
    if row["pool"] != "together":
        return material, material
    if row["stage_pool"] == "each":
        return stage_labels(world, material, stage), material
    listed = stages if stages and not named else [world.names[code] for code in material.tolist()]
    label = "all" if inside.all() else ";".join(listed)
    return np.full(len(material), world.names.code(label)), material


def stage_labels(world: World, material: Ints, stage: Ints) -> Ints:
    """The pool of each material where stages are apart: its one material, or the stage; the materials joined where a
    material, in scope or not, has the stage's name.
    """
    alone = np.bincount(stage, minlength=1)[stage] == 1
    taken = world.names.flags(world.table("materials", "material")["material"])[stage]
    label = np.where(alone, material, stage)
    for number in np.unique(stage[taken & ~alone]).tolist():
        inside = stage == number
        label[inside] = world.names.code(";".join(world.names[code] for code in material[inside].tolist()))
    return label


def markets(world: World, row: Cells, materials: Ints) -> list[tuple[int, Ints]]:
    """Markets with their sites; the label is the name, the names joined, or ``all``."""
    names, together = words(row["market"]), row["market_pool"] == "together"
    if not names:
        demand = world.table("demands", "site", "material")
        sites = np.flatnonzero(world.names.flags(demand["site"][world.names.flags(materials)[demand["material"]]]))
        if together:
            return [(world.names.code("all"), sites)]
        return [(int(site), sites[at : at + 1]) for at, site in enumerate(sites.tolist())]
    if len(names) == 1 and row["market_pool"] == "each":
        names = world.members.get(world.header.home if names[0] == "home" else names[0], names)
    if together:
        return [(world.names.code(";".join(names)), world.sites_of(names))]
    return [(world.names.code(name), world.sites_of([name])) for name in dict.fromkeys(names)]


def subjects(world: World, row: Cells) -> tuple[Array, Frame]:
    """Names of the subjects, and each ``subject`` with each ``site`` of it; one without a name for all together."""
    named, exempt, by = words(row["subject"]), words(row["except"]), row["subject_by"]
    if not by:
        return np.zeros(1, dtype=np.int64), world.sites.take(np.arange(len(world.sites)), ("site",)).plus(subject=0)
    if by == "group":
        home = {"home": world.header.home}
        out = {home.get(name, name) for name in exempt}
        kept = [name for name in dict.fromkeys(named) if home.get(name, name) not in out]
        held = [(world.names.code(name), world.sites_of([name])) for name in kept]
        return world.names.of(kept), labelled(held, "subject")
    kinds = world.sites[by]
    known = np.append(kinds, world.table("places", "place")["place"]) if by == "place" else kinds
    inside = np.flatnonzero(world.unfolded(named)) if named else kinds
    allowed = np.setdiff1d(np.intersect1d(inside, known), [0, *np.flatnonzero(world.unfolded(exempt))])
    of = np.isin(kinds, allowed)
    return allowed, Frame({"subject": kinds[of], "site": world.sites["site"][of]})


def labelled(sets: Sequence[tuple[int, Ints]], label: str) -> Frame:
    """A label beside each site of its set."""
    sizes = [len(sites) for _, sites in sets]
    labels = np.repeat(np.array([name for name, _ in sets], dtype=np.int64), sizes)
    return Frame({label: labels, "site": np.concatenate([np.zeros(0, dtype=np.int64), *(sites for _, sites in sets)])})


def windows(world: World, rules: Frame, per: Sequence[str]) -> tuple[Ints, Frame]:
    """First period of the group of each period, −1 outside the window, clause by clause; and the groups: each period,
    each calendar year, or the window.
    """
    begin, end = world.span(rules)
    t = np.arange(world.periods)
    inside: Flags = (begin[:, None] <= t) & (t <= end[:, None])
    year = np.array([world.calendar.index(name) for name in world.calendar], dtype=np.int64)
    first = np.repeat(t[None, :], len(rules), axis=0)
    yearly, whole = (np.array([each == name for each in per], dtype=bool) for name in ("year", "horizon"))
    first[yearly] = np.maximum(year, begin[yearly, None])
    first[whole] = begin[whole, None]
    first[~inside] = -1
    clause, at = np.nonzero(first == t)
    label = np.where(yearly[clause], world.year[at], world.period[at])
    for number in np.flatnonzero(whole[clause]).tolist():
        ends = (world.labels[edge[clause[number]]] for edge in (begin, end))
        label[number] = world.names.code("..".join(ends))
    return first, Frame({"clause": clause, "first": at, "period": label})


def clauses(world: World) -> Frame:
    """The rules that have a period in the horizon, as numbers."""
    names = ("rule", "from", "until", "kind", "limit", "penalty", "basis", "base", "attribute", "per")
    rules = world.table("rules", *names, "home_in_base", "recycled_in_base", "stock_in_base")
    begin, end = world.span(rules)
    rules = rules.plus(row=np.arange(len(rules))).take(begin <= end)
    made = rules["basis"] == world.names.code("made")
    base = {name: rules["base"] == world.names.code(name) for name in ("purchases", "demand", "consumption", "before")}
    of_purchases, awards = base["purchases"], rules["kind"] == world.names.code("min_award")
    counted = np.isin(rules["kind"], world.names.of(["max_suppliers", "min_suppliers"]))
    return rules.plus(
        sign=np.where(world.names.like(rules["kind"], lambda kind: kind.startswith("min_")), -1.0, 1.0),
        shares=world.names.like(rules["kind"], lambda kind: kind.endswith("_share")) | awards & (rules["base"] > 0),
        hhi=rules["kind"] == world.names.code("max_hhi"),
        suppliers=counted | awards,
        awards=awards,
        averages=world.names.like(rules["kind"], lambda kind: kind.endswith("_average")),
        spends=world.names.like(rules["kind"], lambda kind: kind.endswith("_spend")),
        made=made,
        origin=rules["basis"] == world.names.code("origin"),
        placeless=made & ~base["demand"] & ~base["consumption"],
        foreign=of_purchases & (rules["home_in_base"] == world.names.code("no")),
        primary=of_purchases & (rules["recycled_in_base"] == world.names.code("no")),
        stock=of_purchases & ~made & (rules["stock_in_base"] == world.names.code("yes")),
        **base,
    )


def book(world: World) -> Book:
    """Every row of ``rules`` that has a period in the horizon."""
    rules = clauses(world)
    texts = [world.texts("rules", row, TEXTS) for row in rules["row"].tolist()]
    parts: dict[str, list[Frame]] = {"pool": [], "market": [], "subject": [], "market name": [], "subject name": []}
    flags = zip(texts, rules["placeless"].tolist(), rules["origin"].tolist(), strict=True)
    for clause, (row, placeless, traced) in enumerate(flags):
        pool, material = pools(world, row)
        sets = [] if placeless else markets(world, row, material)
        names, subject = tracing.subjects(world, row) if traced else subjects(world, row)
        labels = np.array([0] if placeless else [name for name, _ in sets], dtype=np.int64)
        frames = (
            Frame({"pool": pool, "material": material}),
            labelled(sets, "market"),
            subject,
            Frame({"market": labels}),
            Frame({"subject": names}),
        )
        for name, frame in zip(parts, frames, strict=True):
            parts[name].append(frame.plus(clause=clause))
    first, groups = windows(world, rules, [row["per"] for row in texts])
    return Book(
        clauses=rules,
        pools=stacked(parts["pool"], ["clause", "pool", "material"]),
        markets=stacked(parts["market"], ["clause", "market", "site"]),
        subjects=stacked(parts["subject"], ["clause", "subject", "site"]),
        market_names=stacked(parts["market name"], ["clause", "market"]),
        subject_names=stacked(parts["subject name"], ["clause", "subject"]),
        groups=groups,
        first=first,
    )
