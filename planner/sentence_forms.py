"""How one cell of a rule is written in its sentence: numbers with their unit, names, periods, the source."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Any, Protocol

from planner.instance import Instance

BARE_RULE = re.compile(r'[^\s:;"()](?:[^:;"()]*[^\s:;"()])?')
"""A rule's name that needs no quotes before the colon."""

_MARKS = r'\s,;:"()'
_NUMBER = r"((?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][+-]?\d+)?)"
_PERIOD = re.compile(r"\d{4}(?:Q[1-4]|-(?:0[1-9]|1[0-2]))?")


@dataclass(frozen=True)
class Terms:
    """What an instance's numbers are in, and which of its names are groups."""

    currency: str = "USD"
    mass_unit: str = "t"
    groups: frozenset[str] = frozenset({"home"})
    """A single subject that is no group is told as such: the site Kuantan; of a group, its members: among allies."""

    @classmethod
    def of(cls, instance: Instance) -> "Terms":
        """The terms of an instance."""
        head = instance.header
        return cls(head.currency, head.mass_unit, frozenset({"home", *instance.tables["groups"]["group"]}))


class Form(Protocol):
    """Writes the value of a cell, and reads it."""

    def write(self, value: Any, terms: Terms) -> str | None:
        """The value in words; None where it does not fit."""

    def read(self, text: str, at: int, terms: Terms) -> tuple[Any, int] | None:
        """The value that stands here, and where it ends; None where there is none."""

    def such(self, terms: Terms) -> str:
        """What is looked for, in words."""


@dataclass(frozen=True)
class NumberForm:
    """A number with its unit, in as many digits as it has."""

    template: str
    scale: int = 0
    """Decimal places that the point moves right: 2 for percent."""

    def write(self, value: Any, terms: Terms) -> str:
        """1,320 t, 12.5 %."""
        exact = Decimal(repr(float(value))).scaleb(self.scale).normalize()
        plain = not exact or -12 < exact.adjusted() < 15
        return self.template.format(number=f"{exact:,f}" if plain else str(exact), terms=terms)

    def read(self, text: str, at: int, terms: Terms) -> tuple[float, int] | None:
        """The number, if the unit is right."""
        unit = self.template.removeprefix("{number}").format(terms=terms)
        rest = f" ?{re.escape(unit.removeprefix(' '))}" if unit else ""
        found = re.compile(rf"{_NUMBER}{rest}(?![.,]?\d)").match(text, at)
        value = float(Decimal(found[1].replace(",", "")).scaleb(-self.scale)) if found else float("nan")
        return (value, found.end()) if found and isfinite(value) else None

    def such(self, terms: Terms) -> str:
        """A number such as 65 %."""
        return f"a number, such as {self.template.format(number=65, terms=terms)}"


class NamesForm:
    """Names: A, B and C; in double quotes where they would be ambiguous."""

    def __init__(self, words: Collection[str], most: int | None = None, groups: bool = True) -> None:
        """Take the words of the sentence, at most how many names, and whether a single one may be a group."""
        self.most = most
        self.groups = groups
        word = rf"(?!(?:{'|'.join(sorted(words))})(?:[{_MARKS}]|\Z))[^{_MARKS}]+"
        self._bare = re.compile(rf"{word}(?: {word})*")
        name = rf'(?:"(?:[^";]|"")+"|{self._bare.pattern})'
        self._one = re.compile(name)
        self._list = re.compile(rf"{name}(?:(?:, {name})* and {name})?")
        self._each = re.compile(rf"({name})(?:, | and |\Z)")

    def write(self, value: Any, terms: Terms) -> str | None:
        """The names of a list."""
        names = value.split(";")
        if self.most is not None and (len(names) > self.most or (not self.groups and names[0] in terms.groups)):
            return None
        told = [name if self._bare.fullmatch(name) else quoted(name) for name in names]
        return " and ".join(part for part in (", ".join(told[:-1]), told[-1]) if part)

    def read(self, text: str, at: int, terms: Terms) -> tuple[str, int] | None:
        """The names, as a list with ``;``."""
        found = (self._one if self.most == 1 else self._list).match(text, at)
        if not found:
            return None
        listed = (name[1] for name in self._each.finditer(found[0]))
        names = [name[1:-1].replace('""', '"') if name.startswith('"') else name for name in listed]
        return (";".join(names), found.end()) if all(map(str.strip, names)) else None

    def such(self, terms: Terms) -> str:
        """A name."""
        return "a name"


class PeriodForm:
    """A period as the tables write it."""

    def write(self, value: Any, terms: Terms) -> str:
        """2027, 2027Q1, 2027-03."""
        return str(value)

    def read(self, text: str, at: int, terms: Terms) -> tuple[str, int] | None:
        """The period."""
        found = _PERIOD.match(text, at)
        return (found[0], found.end()) if found else None

    def such(self, terms: Terms) -> str:
        """A period."""
        return "a period, such as 2027, 2027Q1 or 2027-03"


class SourceForm:
    """Any text, up to the bracket and the full stop that end the sentence."""

    def write(self, value: Any, terms: Terms) -> str:
        """The text as it is."""
        return str(value)

    def read(self, text: str, at: int, terms: Terms) -> tuple[str, int] | None:
        """The text."""
        end = len(text) - 2
        return (text[at:end], end) if text.endswith(").") and at < end else None

    def such(self, terms: Terms) -> str:
        """A source."""
        return "where the rule is written, up to ')' and a full stop"


def quoted(name: str) -> str:
    """A name in double quotes, those in it doubled."""
    return '"' + name.replace('"', '""') + '"'
