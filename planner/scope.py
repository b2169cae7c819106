"""Names resolved: which sites a place, an owner, a group or ``home`` stands for."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from planner.instance import Instance


def split(names: str) -> tuple[str, ...]:
    """Names of a cell that lists them with ``;``."""
    return tuple(name for part in names.split(";") if (name := part.strip()))


@dataclass(frozen=True)
class Scope:
    """Places, owners, sites and groups of an instance in one namespace."""

    places: frozenset[str]
    place_of: dict[str, str]
    """Place of each site, empty where it has none."""
    owner_of: dict[str, str]
    """Owner of each site, empty where it has none."""
    groups: dict[str, tuple[str, ...]]
    """Direct members of each group."""
    home: str
    """Group that ``home`` stands for, empty where there is none."""
    _known: dict[tuple[str, ...], frozenset[str]] = field(default_factory=dict, repr=False, compare=False)
    """Sites already looked up."""

    @classmethod
    def of(cls, instance: Instance) -> "Scope":
        """The names of an instance."""
        known = instance.codes
        columns = [*known.pick("sites", ["site", "place", "owner"]), *known.pick("groups", ["group", "member"])]
        inputs = (instance.header.home, known["places", "place"], *columns)
        found: Scope = instance.derived("scope", inputs, lambda: cls._of(instance))
        return found

    @classmethod
    def _of(cls, instance: Instance) -> "Scope":
        sites = instance.tables["sites"]
        groups: dict[str, list[str]] = {}
        pairs = (instance.tables["groups"][name].tolist() for name in ("group", "member"))
        for group, member in zip(*pairs, strict=True):
            groups.setdefault(group, []).append(member)
        return cls(
            places=frozenset(instance.tables["places"]["place"].tolist()),
            place_of=dict(zip(sites["site"].tolist(), sites["place"].tolist(), strict=True)),
            owner_of=dict(zip(sites["site"].tolist(), sites["owner"].tolist(), strict=True)),
            groups={group: tuple(members) for group, members in groups.items()},
            home=instance.header.home,
        )

    def kind(self, name: str) -> str:
        """What a name is: group, place, site, owner, or empty if unknown; ``home`` is a group."""
        if name in self.groups or (name == "home" and self.home):
            return "group"
        if name in self.places:
            return "place"
        if name in self.place_of:
            return "site"
        return "owner" if name in self.owners else ""

    @cached_property
    def _at(self) -> dict[str, list[str]]:
        """Sites by place and by owner."""
        found: dict[str, list[str]] = {}
        for of_site in (self.place_of, self.owner_of):
            for site, name in of_site.items():
                if name:
                    found.setdefault(name, []).append(site)
        return found

    @cached_property
    def owners(self) -> frozenset[str]:
        """Owners that occur."""
        return frozenset(owner for owner in self.owner_of.values() if owner)

    def direct(self, name: str) -> tuple[str, ...]:
        """Direct members of a group, or the name itself."""
        name = self.home if name == "home" else name
        return self.groups.get(name, (name,))

    def members(self, name: str, by: str) -> frozenset[str]:
        """Names of one kind (place, owner, site) that a name stands for, inner groups included."""
        return frozenset(leaf for leaf in self._leaves(name) if self.kind(leaf) == by)

    def _leaves(self, name: str) -> set[str]:
        """Places, owners and sites that a name stands for, through groups."""
        found, seen, open_names = set(), set(), [self.home if name == "home" else name]
        while open_names:
            current = open_names.pop()
            if current in seen:
                continue
            seen.add(current)
            if current in self.groups:
                open_names.extend(self.groups[current])
            else:
                found.add(current)
        return found

    def sites(self, names: Iterable[str]) -> frozenset[str]:
        """Sites that the names stand for: by name, by owner, by place, through groups."""
        key = tuple(names)
        if key not in self._known:
            self._known[key] = self._find_sites(key)
        return self._known[key]

    def _find_sites(self, names: tuple[str, ...]) -> frozenset[str]:
        found: set[str] = set()
        for name in names:
            found.update(*(self._at.get(member, (member,)) for member in self._leaves(name)))
        return frozenset(found & self.place_of.keys())
