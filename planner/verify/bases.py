"""What each share of a rule is of every base, computed again; and the words of the report on rules."""

from dataclasses import replace

import numpy as np

from planner.sentences import sentences
from planner.verify import terms
from planner.verify.columns import KEYS, Quantities
from planner.verify.faults import Faults, Match, compare, compare_names
from planner.verify.frames import Flags, Floats, Frame, find, grouped, summed
from planner.verify.policy import Book
from planner.verify.world import World

BASES = ("consumption", "demand", "purchases")
CELL = ("clause", "material", "market", "period")


def shares(world: World, book: Book, q: Quantities, rules: Frame, faults: Faults) -> None:
    """What the plan's ``rules`` say a share is of every base; nothing of a rule without a market, on origin, or held
    against last year, nor of a base that is nothing.
    """
    clauses = book.clauses
    share = world.names.like(clauses["kind"], lambda kind: kind.endswith("_share"))
    told = share & ~clauses["placeless"] & ~clauses["origin"] & ~clauses["before"]
    clause = find(rules.pick(["rule", "from"]), clauses.pick(["rule", "from"]))
    rules = rules.plus(clause=clause)
    here, expected = np.append(told, False)[clause], {}
    found = terms.sources(world, book, q) if here.any() else []
    for name in BASES:
        base = _base(world, book, q, found, told, name, rules)
        tiny = base <= 1e-7 * min(1.0, max(float(base.max(initial=0.0)), 1e-9))
        some = here & (base != 0.0) & ~(tiny & np.isnan(rules[f"of_{name}"]))
        ratio = np.divide(rules["quantity"], base, out=np.full(len(rules), np.nan), where=some)
        expected[f"of_{name}"] = (ratio, f"quantity over {name} at the market")
    compare(faults, _itself(rules), expected)


def _base(
    world: World, book: Book, q: Quantities, found: list[tuple[Frame, Frame]], told: Flags, name: str, rules: Frame
) -> Floats:
    """Tonnes of one base in the cell of each row."""
    kinds = {base: told & (base == name) for base in BASES}
    stock = book.clauses["stock"] & kinds["purchases"]
    other = replace(book, clauses=book.clauses.plus(kinds | {"stock": stock, "shares": told, "hhi": False}))
    part = terms.against(world, other, q, found)
    group = find(part.pick(["clause", "first"]), book.groups.pick(["clause", "first"]))
    part = part.plus(material=part["pool"], period=np.append(book.groups["period"], 0)[group])
    cell, first = grouped(part.pick(CELL))
    base = np.append(summed(cell, part["coefficient"] * part["value"], len(first)), 0.0)
    return base[find(rules.pick(CELL), part.take(first).pick(CELL))]


def words(world: World, rules: Frame, faults: Faults) -> None:
    """The unit of each shadow price, and the sentence of each rule."""
    currency, told = world.header.currency, sentences(world.instance)
    per = {"share": "t", "t": "t", "hhi": "t", "suppliers": "supplier", currency: currency}
    sentence = {(world.names.code(rule), world.names.code(since)): text for (rule, since), text in told.items()}
    of = zip(rules["rule"].tolist(), rules["from"].tolist(), strict=True)
    units = [world.names[code] for code in rules["unit"].tolist()]
    expected = {
        "price_unit": world.names.of([f"{currency} per {per.get(unit, f't × {unit}')}" for unit in units]),
        "sentence": world.names.of([sentence.get(pair, "") for pair in of]),
    }
    compare_names(faults, _itself(rules), expected)


def _itself(rules: Frame) -> Match:
    """The plan's own rows, whose keys are held against the input elsewhere."""
    at = np.arange(len(rules))
    return Match("rules", KEYS["rules"], rules, rules, at, at[:0])
