"""Changes of an instance's tables, one sentence of a what-if each: cells set, rows added or dropped, supply banned.

A change is made on a :class:`~planner.analysis.draft.Draft`; :func:`changed` makes several at once and checks the
result as ``planner check`` does. ``str`` of a change is its text on the command line; ``overrides.py`` reads it back.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd

from planner.analysis.draft import Draft, Where
from planner.analysis.windows import cut
from planner.analysis.writing import brackets, cell
from planner.findings import shown, suggest
from planner.instance import Instance
from planner.tables import Header, columns

Operator = Literal["=", "*=", "+=", "-="]


class Change(Protocol):
    """One change of the tables."""

    def make(self, draft: Draft) -> None:
        """Make it.

        Raises:
            InputError: it cannot be made; the draft may be half changed.
        """


def changed(instance: Instance, changes: Sequence[Change]) -> Instance:
    """The instance with changes made one after the other, checked once at the end.

    Raises:
        InputError: one of them cannot be made, or the result has problems: every one, with its place.
    """
    draft = Draft.of(instance)
    for change in changes:
        change.make(draft)
    found = instance.with_tables(**{name: draft.tables[name] for name in sorted(draft.changed)})
    return found if draft.header == instance.header else found.with_header(**draft.header.model_dump())


@dataclass(frozen=True)
class Set:
    """Other numbers or texts in the rows that match: ``demands[site=Tokyo].quantity*=1.1``."""

    table: str
    where: Where
    column: str
    value: Any
    """A number or a text; ``None`` empties the cell."""
    operator: Operator = "="
    during: tuple[str, str] | None = None
    """First and last period; the rows are split where they hold for others too."""

    def __str__(self) -> str:
        window = "" if self.during is None else "@" + "..".join(dict.fromkeys(self.during))
        return f"{self.table}{brackets(self.where)}.{self.column}{window}{self.operator}{cell(self.value)}"

    def make(self, draft: Draft) -> None:
        """Set the cells.

        Raises:
            InputError: nothing matches, or what stands there cannot be multiplied or added to.
        """
        if self.table == "instance":
            _set_header(draft, self)
            return
        draft.known(self.table, [self.column])
        rows = draft.rows(self.table, self.where)
        if self.during is not None:
            rows = cut(draft, self.table, rows, self.during)
        frame = draft.tables[self.table].copy()
        cells = frame[self.column].astype(object)
        cells.iloc[rows] = [self._new(draft, old) for old in cells.iloc[rows]]
        frame[self.column] = cells
        draft.put(self.table, frame)

    def _new(self, draft: Draft, old: Any) -> Any:
        if self.operator == "=":
            return self.value
        if not columns(self.table)[self.column].numeric:
            told = f"{self.column} is a text: it can be set with =, not with {self.operator}"
            raise draft.refuse(self.table, self.column, self.value, told)
        if pd.isna(old):
            told = f"a cell of {self.column} that matches is empty: set a number with ="
            raise draft.refuse(self.table, self.column, "", told)
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            told = f"{shown(self.value)} is no number to go after {self.operator}"
            raise draft.refuse(self.table, self.column, self.value, told)
        return _moved(old, self.operator, self.value)


def _moved(old: float, operator: Operator, value: float) -> float:
    """A number multiplied or added to, in twelve digits: 196.8945, not 196.89450000000002."""
    new = old * value if operator == "*=" else old + (value if operator == "+=" else -value)
    return float(f"{new:.12g}")


def _set_header(draft: Draft, change: Set) -> None:
    """Another value in the header: ``instance.discount_rate=0.08``."""
    if change.column not in Header.model_fields:
        hint = suggest(change.column, Header.model_fields) or f"; the keys are {', '.join(Header.model_fields)}"
        told = f"there is no key '{change.column}'{hint}"
        raise draft.refuse("instance", change.column, change.value, told)
    if change.where or change.during is not None:
        raise draft.refuse(
            "instance", change.column, "", "the header has one value for each key: leave [...] and @ out"
        )
    old, value = getattr(draft.header, change.column), change.value
    if change.operator != "=":
        if not isinstance(old, int | float) or not isinstance(value, int | float):
            told = f"{change.column} is a text, or what follows {change.operator} is no number"
            raise draft.refuse("instance", change.column, value, told)
        value = _moved(old, change.operator, value)
    draft.header = draft.header.model_copy(update={change.column: value})


@dataclass(frozen=True)
class Add:
    """A row more: ``add offers[site=Kuantan,material=oxide,price=50]``."""

    table: str
    row: Mapping[str, Any]

    def __str__(self) -> str:
        return f"add {self.table}{brackets(self.row)}"

    def make(self, draft: Draft) -> None:
        """Append the row.

        Raises:
            InputError: an unknown table or column.
        """
        draft.append(self.table, [self.row])


@dataclass(frozen=True)
class Drop:
    """Rows fewer: ``drop offers[site=Baotou]``."""

    table: str
    where: Where = field(default_factory=dict)

    def __str__(self) -> str:
        return f"drop {self.table}{brackets(self.where)}"

    def make(self, draft: Draft) -> None:
        """Take the rows out.

        Raises:
            InputError: nothing matches.
        """
        frame = draft.frame(self.table)
        draft.put(self.table, frame.drop(frame.index[draft.rows(self.table, self.where)]))


@dataclass(frozen=True)
class Off:
    """A rule switched off: ``off china-cap``; its rows leave the table."""

    rule: str

    def __str__(self) -> str:
        return f"off {cell(self.rule)}"

    def make(self, draft: Draft) -> None:
        """Take the rule's rows out.

        Raises:
            InputError: there is no such rule.
        """
        Drop("rules", {"rule": self.rule}).make(draft)


@dataclass(frozen=True)
class Ban:
    """Supply that is cut off: ``ban place=CHN, to=allies, from=2028``.

    Without ``to``, nothing is sold or made by the subject; with it, nothing of the subject's arrives at the sites of
    ``to``. It is a rule of quantity with the limit 0, so its shadow price says what the next tonne would be worth.
    """

    by: Literal["place", "owner", "site", "group"]
    subject: str
    """A name, or several joined by ``;``."""
    to: str = ""
    material: str = ""
    stage: str = ""
    since: str = ""
    until: str = ""

    def __str__(self) -> str:
        cells = {"to": self.to, "material": self.material, "stage": self.stage, "from": self.since, "until": self.until}
        return f"ban{brackets({self.by: self.subject, **{name: value for name, value in cells.items() if value}})}"

    def make(self, draft: Draft) -> None:
        """Add the rule.

        Raises:
            InputError: what is under way already arrives within the ban.
        """
        self._known(draft)
        if self.to:
            self._nothing_under_way(draft)
        names = set(draft.tables["rules"]["rule"])
        name = next(text for text in self._names() if text not in names)
        row = {
            "rule": name,
            "from": self.since,
            "until": self.until,
            "kind": "max_quantity",
            "limit": 0.0,
            "subject_by": self.by,
            "subject": self.subject,
            "material": self.material,
            "stage": self.stage,
            "market": self.to,
            "basis": "purchases" if self.to else "made",
            "per": "period",
            "pool": "together",
            "stage_pool": "together",
            "market_pool": "together" if self.to else "",
            "source": "what-if",
        }
        draft.append("rules", [row])

    def _known(self, draft: Draft) -> None:
        scope = draft.scope
        among: dict[str, Iterable[str]] = {
            "place": scope.places,
            "owner": scope.owners,
            "site": scope.place_of,
            "group": scope.groups,
        }
        everywhere = {name for names in among.values() for name in names}
        for column, text, names in ((self.by, self.subject, set(among[self.by])), ("to", self.to, everywhere)):
            for name in _split(text):
                if name not in names and name != "home":
                    told = f"there is no {self.by if column != 'to' else 'site, place, owner or group'} {shown(name)}"
                    raise draft.refuse("ban", column, name, told + suggest(name, sorted(names)))

    def _names(self) -> Any:
        told = f"ban {self.subject.replace(';', ' and ')}"
        yield told
        yield from (f"{told} {number}" for number in range(2, 10_000))

    def _nothing_under_way(self, draft: Draft) -> None:
        coming = draft.tables["in_transit"]
        scope = draft.scope
        origins, ends = scope.sites(_split(self.subject)), scope.sites(_split(self.to))
        first = draft.step(self.since) if self.since else draft.step(draft.header.first_period)
        last = draft.step(self.until) if self.until else np.inf
        arrives = np.array([draft.step(name) for name in coming["arrives"]], dtype=np.float64)
        goods = _split(self.material)
        inside = coming["origin"].isin(origins) & coming["destination"].isin(ends) & (coming["quantity"] > 0)
        inside &= (arrives >= first) & (arrives <= last)
        inside &= coming["material"].isin(goods) if goods else True
        if inside.any():
            row = coming[inside].iloc[0]
            told = (
                f"{row['quantity']:g} of {row['material']} from {row['origin']} is under way and arrives in "
                f"{row['arrives']}: begin the ban later, or set that row's quantity to 0"
            )
            raise draft.refuse("in_transit", "arrives", row["arrives"], told)


def _split(names: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in names.split(";") if name.strip())
