"""Elements and their origins, read again from the input: what holds an element, where it enters, how far it can come.

Nothing here is shared with the model: the definitions are those of ``docs/definitions.md``, origin.
"""

from dataclasses import dataclass

import numpy as np

from planner.verify.frames import Array, Flags, Floats, Frame, Ints, find, grouped, stacked, summed
from planner.verify.world import World, words

UNKNOWN, OTHER = "unknown", "other"

TEXTS = ("subject", "except", "subject_by", "kind", "basis", "home_in_base")
SPOT = ("site", "material")


def listed(world: World, codes: Array) -> set[str]:
    """The names of codes."""
    return {world.names[code] for code in np.flatnonzero(world.names.flags(codes)).tolist()}


def places_of(world: World, row: dict[str, str]) -> dict[str, set[str]]:
    """Places that count for each subject of a row of ``rules`` on origin."""
    named, exempt = words(row["subject"]), words(row["except"])
    every = listed(world, world.table("places", "place")["place"])
    if row["subject_by"] == "group":
        home = {"home": world.header.home}
        out = {home.get(name, name) for name in exempt}
        found = {name: world.unfold(name) & every for name in named if home.get(name, name) not in out}
    else:
        chosen = set().union(*map(world.unfold, named)) & every if named else every
        found = {name: {name} for name in chosen - set().union(*map(world.unfold, exempt))}
    against = row["kind"] in ("max_share", "max_quantity") and UNKNOWN not in exempt
    return {name: places | ({UNKNOWN} if against else set()) for name, places in found.items()}


def origins(world: World) -> dict[str, str]:
    """The origin that each place goes by: all places that every rule treats alike are one; ``other`` where no rule
    speaks of them.
    """
    offers, piles = world.table("offers", "origin"), world.table("stockpiles", "initial_origin")
    given = np.concatenate([offers["origin"], piles["initial_origin"], world.sites["place"]])
    traced = np.flatnonzero(world.table("rules", "basis")["basis"] == world.names.code("origin"))
    rows = [world.texts("rules", row, TEXTS) for row in traced.tolist()]
    answers = [places_of(world, row) for row in rows]
    home = listed(world, world.of_site("place", world.sites_of(["home"]))) if world.header.home else set()
    apart = any(row["home_in_base"] == "no" for row in rows)
    alike: dict[tuple[object, bool], list[str]] = {}
    for place in sorted(listed(world, given) - {""}):
        told = frozenset((at, name) for at, some in enumerate(answers) for name, held in some.items() if place in held)
        alike.setdefault((told, apart and place in home), []).append(place)
    names = {key: ";".join(places) if key[0] or key[1] else OTHER for key, places in alike.items()}
    return {place: names[key] for key, places in alike.items() for place in places} | {UNKNOWN: UNKNOWN, "": UNKNOWN}


def subjects(world: World, row: dict[str, str]) -> tuple[Ints, Frame]:
    """Names of the subjects of a rule on origin, and each beside its origins, which stand in ``site``."""
    known, answers = origins(world), places_of(world, row)
    pairs = {(name, known[place]) for name, places in answers.items() for place in places if place in known}
    subject, origin = (world.names.of([pair[side] for pair in sorted(pairs)]) for side in (0, 1))
    return world.names.of(sorted(answers)), Frame({"subject": subject, "site": origin})


@dataclass(frozen=True)
class Holdings:
    """What holds one element."""

    element: int
    held: Floats
    """Element per tonne of each material, by code; 1 where it is not said but must be held."""
    recipes: Frame
    """Lines of recipes with what is ``passed`` on per tonne taken in, and ``given`` per tonne given out."""
    sources: Flags
    """Processes, by code, that give the element out and take nothing in that holds it."""


def own_elements(world: World) -> tuple[Ints, Frame]:
    """The element of each material, by code; and every ``material`` with ``element`` and ``content``."""
    materials, contents = (
        world.table("materials", "material", "element", "basis"),
        world.table("contents", "material", "element", "content"),
    )
    number, first = grouped([contents["material"]])
    single = np.bincount(number, minlength=len(first)) == 1
    alone = world.names.map(contents["material"][first[single]], contents["element"][first[single]], 0)
    own = np.where(materials["element"] > 0, materials["element"], alone[materials["material"]])
    plain = (materials["basis"] == world.names.code("contained")) & (materials["element"] > 0)
    said = find(materials.pick(["material", "element"]), contents.pick(["material", "element"])) >= 0
    more = materials.take(plain & ~said, ("material", "element")).plus(content=1.0)
    every = stacked([contents, more], ["material", "element", "content"])
    return world.names.map(materials["material"], own, 0), every.take(every["content"] > 0)


def holdings(world: World, element: int) -> Holdings:
    """What holds an element: what is said to, and every input that has an element of a process that gives it out
    without an input that is said to hold it.
    """
    own, contents = own_elements(world)
    said = np.zeros(len(world.names))
    mine = contents["element"] == element
    said[contents["material"][mine]] = contents["content"][mine]
    recipes, held = world.recipes, said.copy()
    process, material = recipes.pick(["process", "material"])
    taken, given = recipes["input"] > 0, recipes["output"] > 0
    told = world.names.flags(process[taken & (said[material] > 0)])
    while True:
        makers = world.names.flags(process[given & (held[material] > 0)])
        fresh = material[taken & makers[process] & ~told[process] & (own[material] > 0) & (held[material] == 0)]
        if not len(fresh):
            break
        held[fresh] = 1.0
    content = np.where(taken, np.where(told[process], said[material], held[material]), 0.0)
    content = np.where(makers[process], content, 0.0)
    out = np.where(given, held[material], 0.0)
    came = summed(process, content * recipes["input"], len(world.names))
    left = summed(process, out * recipes["output"], len(world.names))
    recovery = np.divide(left, came, out=np.zeros(len(came)), where=came > 0)
    lines = recipes.plus(passed=content * recovery[process], given=out)
    return Holdings(element, held, lines, (left > 0) & (came == 0))


@dataclass(frozen=True)
class Spots:
    """Materials at sites, numbered, and the ways between them: from a spot or a process to the next."""

    spots: Frame
    lanes: Frame
    """``lane``, ``start`` and ``end``."""
    steps: Ints
    """From, to: one column each; processes are numbered behind the spots."""

    def at(self, sites: Array, materials: Array) -> Ints:
        """Number of each spot; −1 where nothing touches it."""
        return find([sites, materials], self.spots.pick(SPOT))


def spread(steps: Ints, seeds: Array) -> Array:
    """Seeds (rows) carried on along steps until nothing new is reached."""
    reached = seeds.copy()
    while True:
        size = reached.sum()
        np.logical_or.at(reached, steps[:, 1], reached[steps[:, 0]])
        if reached.sum() == size:
            return reached


def spots(hold: Holdings, touched: Frame, ways: Frame) -> Spots:
    """The spots of an element.

    Args:
        touched: every ``site`` and ``material`` that a column of the plan, a demand or an arrival touches.
        ways: every lane.
    """
    _, first = grouped(touched.pick(SPOT))
    every = Spots(touched.take(first, SPOT), Frame({}, 0), np.zeros((0, 2), dtype=np.int64))
    start, end = (every.at(ways[side], ways["material"]) for side in ("origin", "destination"))
    here = np.flatnonzero((start >= 0) & (end >= 0) & (hold.held[ways["material"]] > 0))
    lines, count = hold.recipes, len(every.spots)
    spot = every.at(lines["site"], lines["material"])
    into, out = (np.flatnonzero((spot >= 0) & (lines[name] > 0)) for name in ("passed", "given"))
    pairs = [
        (start[here], end[here]),
        (spot[into], count + lines["process"][into]),
        (count + lines["process"][out], spot[out]),
    ]
    steps = np.concatenate([np.column_stack(pair) for pair in pairs])
    return Spots(every.spots, Frame({"lane": here, "start": start[here], "end": end[here]}), steps)
