"""Checks of names: keys, the one namespace, groups, and every reference from one table to another."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import numpy as np

from planner.assembly.carriers import UNKNOWN
from planner.checks.context import Network
from planner.codes import Flags, repeated
from planner.findings import Findings, suggest, written
from planner.instance import Instance
from planner.scope import split
from planner.tables import TABLES, columns

REFERENCES: tuple[tuple[str, str, str], ...] = (
    ("contents", "material", "material"),
    ("sites", "place", "place"),
    ("offers", "site", "site"),
    ("offers", "material", "material"),
    ("offers", "origin", "place"),
    ("tiers", "site", "site"),
    ("tiers", "material", "material"),
    ("processes", "site", "site"),
    ("recipes", "process", "process"),
    ("recipes", "material", "material"),
    ("lanes", "origin", "site"),
    ("lanes", "destination", "site"),
    ("lanes", "material", "material"),
    ("routes", "origin", "site"),
    ("routes", "destination", "site"),
    ("freight", "origin", "place"),
    ("freight", "destination", "place"),
    ("freight", "stage", "stage"),
    ("freight", "material", "material"),
    ("duties", "origin", "place or group"),
    ("duties", "destination", "place or group"),
    ("duties", "material", "material"),
    ("attributes", "site", "site"),
    ("attributes", "material", "material"),
    ("in_transit", "origin", "site"),
    ("in_transit", "destination", "site"),
    ("in_transit", "material", "material"),
    ("demands", "site", "site"),
    ("demands", "material", "material"),
    ("demands", "priority", "priority"),
    ("stockpiles", "site", "site"),
    ("stockpiles", "material", "material"),
    ("stockpiles", "initial_origin", "place"),
    ("stockpiles", "covers", "site, place or group"),
    ("awards_before", "site", "site"),
    ("awards_before", "material", "material"),
    ("awards_before", "market", "site, place or group"),
    ("disruptions", "scenario", "scenario"),
    ("disruptions", "place", "place"),
    ("disruptions", "owner", "owner"),
    ("disruptions", "site", "site"),
    ("disruptions", "material", "material"),
    ("disruptions", "stage", "stage"),
)
"""Table, column, and what kind of name its cells must be (empty cells are left alone)."""

RULE_LISTS = ("material", "stage", "market", "except", "subject")
"""Columns of ``rules`` that list names."""

_HOLDS = {
    "material": ("materials", "material"),
    "stage": ("materials", "stage"),
    "place": ("places", "place"),
    "site": ("sites", "site"),
    "owner": ("sites", "owner"),
    "group": ("groups", "group"),
    "process": ("processes", "process"),
    "priority": ("priorities", "priority"),
    "scenario": ("scenarios", "scenario"),
}
"""Where the names of each kind are given."""

NAMESPACE = ("place", "owner", "site", "group")
"""Kinds of names that may not be the same."""


def duplicate_keys(instance: Instance, found: Findings) -> None:
    """A key may stand on one line only; the later line is named with the earlier one."""
    for table, row in TABLES.items():
        frame = instance.tables[table]
        key = list(row.KEY)
        named = [name for name in key if not columns(table)[name].numeric]
        if not repeated(instance.codes.pick(table, named)).any():
            continue
        needed = [name for name in key if columns(table)[name].required]
        twice = frame.loc[frame.duplicated(key, keep=False)]
        twice = twice.loc[(twice[needed] != "").all(axis=1)].rename_axis(index=None)  # a key may be called line
        first = twice.groupby(key, sort=False, dropna=False)[key[0]].transform(lambda group: group.index[0])
        later = twice.loc[twice.duplicated(key)]
        told = f"the same {' and '.join(key)} as line {{}}; take one of the two lines out"
        listed = (
            (int(line), ", ".join(text for text in map(written, cells) if text), told.format(first.loc[line]))
            for line, *cells in later[key].itertuples()
        )
        found.several(table, key[0], listed, len(later))


def header_home(instance: Instance, found: Findings) -> None:
    """``home`` in the header names a group."""
    home, groups = instance.header.home, names_of(instance, "group")
    if home and home not in groups:
        found.fault("instance", None, "home", home, f"no group '{home}'{suggest(home, groups)}")


def namespace(instance: Instance, found: Findings) -> None:
    """Places, owners, sites and groups share one namespace; ``home`` and ``;`` have a meaning of their own."""
    given = [names_of(instance, kind) for kind in NAMESPACE]
    every = frozenset().union(*given)
    if len(every) == sum(map(len, given)) and "home" not in every and not any(";" in name for name in every):
        return
    seen: dict[str, tuple[str, str, int]] = {}
    for kind in NAMESPACE:
        table, column = _HOLDS[kind]
        names = instance.tables[table][column].drop_duplicates()
        for line, name in names[names != ""].items():
            if name == "home" or ";" in name:
                told = "stands for the home group" if name == "home" else "has a ';', which separates names in lists"
                found.fault(table, _line(line), column, name, f"'{name}' {told}; rename it")
            if name in seen:
                other, where, at = seen[name]
                told = f"'{name}' is also {_a(other)} ({where} line {at}); rename one of them"
                found.fault(table, _line(line), column, name, told)
            else:
                seen[name] = (kind, table, _line(line))


def _line(index: object) -> int:
    return int(str(index))


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def list_names(instance: Instance, found: Findings) -> None:
    """Materials and stages may not hold a ``;``, which separates names in lists."""
    for column in ("material", "stage"):
        wrong = instance.codes.like("materials", column, lambda name: ";" in name)
        found.rows(
            "materials",
            instance.tables["materials"],
            wrong,
            column,
            "has a ';', which separates names in lists; rename it",
        )


def group_members(instance: Instance, found: Findings) -> None:
    """A member is a place, an owner, a site or a group; no group holds itself."""
    groups = instance.tables["groups"]
    if not _unreadable(found, ("place", "site")):
        wrong = _strange(instance, "groups", "member", NAMESPACE)
        found.rows("groups", groups, wrong, "member", partial(_no_member, instance))
    direct: dict[str, list[tuple[str, int]]] = {}
    for line, group, member in zip(groups.index.tolist(), groups["group"], groups["member"], strict=True):
        direct.setdefault(group, []).append((member, line))
    for group, line in sorted(_cycles(direct), key=lambda pair: pair[1]):
        found.fault("groups", line, "member", group, f"the group '{group}' holds itself through this line; take it out")


def _no_member(instance: Instance, name: str) -> str:
    return f"no place, owner, site or group '{name}'{suggest(name, _union(instance, NAMESPACE))}"


def _cycles(direct: dict[str, list[tuple[str, int]]]) -> Iterator[tuple[str, int]]:
    """Groups that hold themselves, and the line that closes each circle."""
    done: set[str] = set()
    for start in direct:
        path: list[str] = []
        todo: list[tuple[str, int]] = [(start, 0)]
        while todo:
            name, line = todo.pop()
            if line < 0:
                done.add(path.pop())
            elif name in path:
                yield name, line
            elif name in direct and name not in done:
                path.append(name)
                todo.append((name, -1))
                todo.extend((member, at) for member, at in direct[name])


def empty_groups(whole: Network, found: Findings) -> None:
    """A group that holds no site is a warning: whatever speaks of it matches nothing."""
    instance = whole.instance
    scope = whole.scope
    for group in scope.groups:
        if not scope.sites([group]):
            rows = instance.tables["groups"]
            line = int(rows.index[rows["group"] == group][0])
            found.warn("groups", line, "group", group, f"the group '{group}' holds no site; it matches nothing")


def references(instance: Instance, found: Findings) -> None:
    """Every name is given where its kind is given."""
    for table, column, kinds in REFERENCES:
        rows = instance.tables[table]
        wanted = kinds.replace(" or ", ", ").split(", ")
        if rows.empty or _unreadable(found, wanted):
            continue
        wrong = _strange(instance, table, column, wanted)
        found.rows(table, rows, wrong, column, partial(_unknown, instance, kinds, wanted))


def rule_names(instance: Instance, found: Findings) -> None:
    """Every name that a rule lists exists and is of the kind that its column takes."""
    rules, home = instance.tables["rules"], instance.header.home
    for column in RULE_LISTS:
        lines = zip(rules.index.tolist(), rules[column], rules["subject_by"], rules["basis"], strict=True)
        for line, names, by, basis in lines:
            kinds = {"material": "material", "stage": "stage", "market": "site, place or group"}.get(column)
            kinds = kinds or ("group" if by == "group" else f"{by} or group")
            wanted = kinds.replace(" or ", ", ").split(", ")
            if (not by and column in ("subject", "except")) or _unreadable(found, wanted):
                continue
            for name in split(names):
                if name == "home" and "group" in wanted:
                    if not home:
                        told = "'home' needs a home group: name one as home in the header"
                        found.fault("rules", line, column, names, told)
                elif not any(name in names_of(instance, kind) for kind in wanted) and not _unknown_origin(
                    basis, column, name
                ):
                    also = ("home",) if "group" in wanted and home else ()
                    found.fault("rules", line, column, names, _unknown(instance, kinds, wanted, name, *also))


def _unknown_origin(basis: str, column: str, name: str) -> bool:
    """Whether a rule on origin does not count what is of unknown origin against its subjects."""
    return basis == "origin" and column == "except" and name == UNKNOWN


def _unknown(instance: Instance, kinds: str, wanted: Sequence[str], name: str, *also: str) -> str:
    """What is wrong with a name that is not of the kinds wanted, nor one of the others that may stand there."""
    others = [
        kind
        for kind in _HOLDS
        if kind not in kinds and kind not in ("process", "priority", "scenario") and name in names_of(instance, kind)
    ]
    told = f"no {kinds} '{name}'"
    near = suggest(name, _union(instance, wanted) | set(also))
    if others and not near:
        return f"{told}: it is {_a(others[0])}"
    table, _ = _HOLDS[re.split(", | or ", kinds, maxsplit=1)[0]]
    return told + (near or f"; add it to {table} or take the row out")


def names_of(instance: Instance, kind: str) -> frozenset[str]:
    """All names of one kind."""
    table, column = _HOLDS[kind]
    return instance.codes.names(table, column)


def _strange(instance: Instance, table: str, column: str, kinds: Iterable[str]) -> Flags:
    """Which rows have a name that is of none of these kinds."""
    codes = instance.codes
    given = np.concatenate([[0], *(codes[_HOLDS[kind]] for kind in kinds)])
    return ~codes.within(codes[table, column], given)


def _union(instance: Instance, kinds: Iterable[str]) -> frozenset[str]:
    return frozenset().union(*(names_of(instance, kind) for kind in kinds))


def _unreadable(found: Findings, kinds: Iterable[str]) -> bool:
    """Whether the table that gives names of a kind could not be read, so that nothing can be said of references."""
    places = [_HOLDS[kind] for kind in kinds]
    return any(table in found.lost or found.known_bad(table, None, column) for table, column in places)


def unused(instance: Instance, found: Findings) -> None:
    """Materials and priorities that nothing refers to are warnings."""
    codes = instance.codes
    apart = ("contents", "attributes")
    used = [codes[table, column] for table, column, kind in REFERENCES if kind == "material" and table not in apart]
    materials = instance.tables["materials"]
    idle = ~codes.within(codes["materials", "material"], np.concatenate(used))
    found.rows("materials", materials, idle, "material", lambda name: f"nothing refers to '{name}'", warning=True)
    idle = ~codes.within(codes["priorities", "priority"], codes["demands", "priority"])
    told = "no demand has the priority '{}'"
    found.rows("priorities", instance.tables["priorities"], idle, "priority", told.format, warning=True)
