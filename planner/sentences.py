"""Rules as sentences: a row of ``rules`` in plain English, and such a sentence read back into the same row.

    country-cap: From 2030 on, at most 65 % of the dysprosium oxide consumed by allies together comes from any one
    third country, each year; priced at 500 USD per t too much (EU 2024/1252, Art. 5).

The sentences are the table :data:`PHRASES` and nothing else. A part of a sentence is a list of phrases, tried in
order; a phrase is its words, the parts in it (``<market>``), the cells written into it (``<limit:percent>``: column
and form) and the cells that it alone stands for. Writing and reading both walk this table, so a further kind of rule
is one more phrase.

Names stand as they are; one that holds a word or a mark of the sentence stands in double quotes, quotes in it doubled.
A sentence without the rule's name is read into a row whose ``rule`` is empty.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import pandas as pd

from planner.errors import InputError, PlannerError, Problem
from planner.findings import shown, suggest
from planner.instance import Instance
from planner.scope import split
from planner.sentence_forms import BARE_RULE, Form, NamesForm, NumberForm, PeriodForm, SourceForm, Terms, quoted
from planner.tables import columns

Cells = dict[str, Any]


@dataclass(frozen=True)
class Phrase:
    """Words with parts and cells in them, and the cells that they alone stand for."""

    text: str
    """Words; ``<part>``, ``<column:form>``, or ``<column=column:form>`` where both columns hold the same."""
    alone: str = ""
    """``column=value`` of each cell that the words alone stand for, nothing after ``=`` for an empty one."""

    @cached_property
    def pieces(self) -> tuple[str, ...]:
        """Words, parts and cells in turn; parts and cells keep their brackets."""
        return tuple(piece for piece in re.split(r"(<[^>]+>)", self.text) if piece)

    @cached_property
    def cells(self) -> dict[str, str]:
        """Value of each cell that the words alone stand for."""
        pairs = (cell.partition("=") for cell in self.alone.split())
        return {column: value for column, _, value in pairs}


P = Phrase

NOUNS = {
    "place": ("country", "countries"),
    "owner": ("owner", "owners"),
    "site": ("site", "sites"),
    "group": ("group", "groups"),
}
"""What a subject is called, one and several."""

_AVERAGE = "the average <attribute:attribute> of <scope>"
_BASE = "<home><recycled><stock>"

_AGAIN = "is bought again, <per>"


def _subjects(every: str, several: bool = False) -> tuple[Phrase, ...]:
    """Subjects of a rule after a word for all of them: any one, each, or none where they are counted."""
    found = [P(f"{every}third {NOUNS['place'][several]}", "subject_by=place subject= except=home")]
    for by, nouns in NOUNS.items():
        noun = nouns[several]
        found.append(P(f"{every}{noun}<but>", f"subject_by={by} subject="))
        if not several:
            found.append(P(f"the {noun} <subject:{'single' if by == 'group' else 'one'}><but>", f"subject_by={by}"))
        found.append(P(f"{every}{noun} among <subject:names><but>", f"subject_by={by}"))
    return tuple(found)


def _sources(subjects: str) -> tuple[Phrase, ...]:
    """Where what is averaged or paid for comes from: everything that is bought or made, or that of each subject."""
    everything = "base= subject_by= subject= except="
    return (
        P("bought<market>", f"basis=purchases {everything}"),
        P(f"bought<market> from {subjects}", "basis=purchases base="),
        P("made anywhere", f"basis=made {everything}"),
        P(f"made by {subjects}", "basis=made base="),
    )


CLAUSE: dict[str, tuple[Phrase, ...]] = {
    "rule": (
        P(f"at most <limit:percent> of <scope> <share> <any>, <per>{_BASE}<too much>", "kind=max_share"),
        P(f"at least <limit:percent> of <scope> <share> <each>, <per>{_BASE}<too little>", "kind=min_share"),
        P(f"at most <limit:percent> of <scope> <before> <any> {_AGAIN}<too much>", "kind=max_share"),
        P(f"at least <limit:percent> of <scope> <before> <each> {_AGAIN}<too little>", "kind=min_share"),
        P(f"the HHI of <scope> <held>, <across>, is at most <limit:points>, <per>{_BASE}<too much>", "kind=max_hhi"),
        P("at most <limit:mass> of <scope> <quantity> <any>, <per><too much>", "kind=max_quantity"),
        P("at least <limit:mass> of <scope> <quantity> <each>, <per><too little>", "kind=min_quantity"),
        P("at most <limit:count> <those> <suppliers>, <per><too many>", "kind=max_suppliers"),
        P("at least <limit:count> <those> <suppliers>, <per><too few>", "kind=min_suppliers"),
        P("at least <limit:mass> of <scope> <quantity> <each>, if any at all, <per><too little>", "kind=min_award"),
        P(
            f"at least <limit:percent> of <scope> <share> <each>, if any at all, <per>{_BASE}<too little>",
            "kind=min_award",
        ),
        P(f"{_AVERAGE} <of any> is at most <limit:count>, <per><unit too much>", "kind=max_average"),
        P(f"{_AVERAGE} <of each> is at least <limit:count>, <per><unit too little>", "kind=min_average"),
        P("at most <limit:fee> is spent on <scope> <of any>, <per><money too much>", "kind=max_spend"),
        P("at least <limit:fee> is spent on <scope> <of each>, <per><money too little>", "kind=min_spend"),
    ),
    "scope": (P("<materials><stages>"),),
    "materials": (
        P("the material", "material= pool="),
        P("each material", "material= pool=each"),
        P("all materials", "material= pool=together"),
        P("the <material:materials>", "pool="),
        P("each of <material:materials>", "pool=each"),
        P("the <material:materials> together", "pool=together"),
    ),
    "stages": (
        P("", "stage= stage_pool="),
        P(" of each stage", "stage= stage_pool=each"),
        P(" of all stages together", "stage= stage_pool=together"),
        P(" of stage <stage:names>", "stage_pool="),
        P(" of each stage among <stage:names>", "stage_pool=each"),
        P(" of the stages <stage:names> together", "stage_pool=together"),
    ),
    "share": (
        P("consumed<market> comes from", "basis=purchases base=consumption"),
        P("demanded<market> comes from", "basis=purchases base=demand"),
        P("bought<market> comes from", "basis=purchases base=purchases"),
        P("consumed<market> originates in", "basis=origin base=consumption"),
        P("demanded<market> originates in", "basis=origin base=demand"),
        P("bought<market> originates in", "basis=origin base=purchases"),
        P("consumed<market> is made by", "basis=made base=consumption"),
        P("demanded<market> is made by", "basis=made base=demand"),
        P("made anywhere is made by", "basis=made base=purchases"),
    ),
    "held": (
        P("bought<market>", "basis=purchases base=purchases"),
        P("bought out of what is consumed<market>", "basis=purchases base=consumption"),
        P("bought out of what is demanded<market>", "basis=purchases base=demand"),
        P("made anywhere", "basis=made base=purchases"),
        P("made out of what is consumed<market>", "basis=made base=consumption"),
        P("made out of what is demanded<market>", "basis=made base=demand"),
        P("bought<market> by origin", "basis=origin base=purchases"),
        P("consumed<market> by origin", "basis=origin base=consumption"),
        P("demanded<market> by origin", "basis=origin base=demand"),
    ),
    "before": (P("bought<market> before from", "basis=purchases base=before"),),
    "quantity": (
        P("bought<market> comes from", "basis=purchases base="),
        P("consumed<market> originates in", "basis=origin base="),
        P("is made by", "basis=made base="),
    ),
    "suppliers": (
        P("supply <scope> bought<market>", "basis=purchases base="),
        P("make <scope>", "basis=made base="),
    ),
    "of any": _sources("<any>"),
    "of each": _sources("<each>"),
    "market": (
        P("", "market= market_pool="),
        P(" by each site with demand", "market= market_pool=each"),
        P(" by all sites with demand together", "market= market_pool=together"),
        P(" by <market:names>", "market_pool="),
        P(" by each of <market:names>", "market_pool=each"),
        P(" by <market:names> together", "market_pool=together"),
    ),
    "any": _subjects("any one "),
    "each": _subjects("each "),
    "those": _subjects("", several=True),
    "across": _subjects("across ", several=True),
    "but": (P("", "except="), P(" except <except:names>")),
    "per": (P("each period", "per=period"), P("each year", "per=year"), P("over all periods together", "per=horizon")),
}
"""Parts with names in them: their words stand in quotes where a name holds one."""

BESIDE: dict[str, tuple[Phrase, ...]] = {
    "sentence": (P("<when><rule><protected><source>."),),
    "when": (
        P("", "from= until="),
        P("in <from=until:period>, "),
        P("from <from:period> to <until:period>, "),
        P("from <from:period> on, ", "until="),
        P("until <until:period>, ", "from="),
    ),
    "home": (P("", "home_in_base=yes"), P("; the total leaves out home supply", "home_in_base=no")),
    "recycled": (P("", "recycled_in_base=yes"), P("; the total leaves out recycled supply", "recycled_in_base=no")),
    "stock": (P("", "stock_in_base=no"), P("; the total counts stock released", "stock_in_base=yes")),
    "too much": (P("", "penalty="), P("; priced at <penalty:price> too much")),
    "too little": (P("", "penalty="), P("; priced at <penalty:price> too little")),
    "too many": (P("", "penalty="), P("; priced at <penalty:fee> per supplier too many")),
    "too few": (P("", "penalty="), P("; priced at <penalty:fee> per supplier too few")),
    "unit too much": (P("", "penalty="), P("; priced at <penalty:price> and unit too much")),
    "unit too little": (P("", "penalty="), P("; priced at <penalty:price> and unit too little")),
    "money too much": (P("", "penalty="), P("; priced at <penalty:rate> too much")),
    "money too little": (P("", "penalty="), P("; priced at <penalty:rate> too little")),
    "protected": (P("", "protected=no"), P("; never offered for repair", "protected=yes")),
    "source": (P("", "source="), P(" (<source:source>)")),
}
"""Parts before and after all names."""

PHRASES = CLAUSE | BESIDE
"""Every part of a sentence."""

_WORDS = {
    word
    for phrases in CLAUSE.values()
    for phrase in phrases
    for word in re.findall(r"[a-z]+", re.sub("<[^>]+>", " ", phrase.text))
} - {"the"} | {"and"}
"""Words that end a name, or could begin the wrong phrase."""

_AFTER_MATERIALS = {"of"}
"""Words that end the name of a material only."""

FORMS: dict[str, Form] = {
    "percent": NumberForm("{number} %", scale=2),
    "points": NumberForm("{number}", scale=4),
    "mass": NumberForm("{number} {terms.mass_unit}"),
    "count": NumberForm("{number}"),
    "price": NumberForm("{number} {terms.currency} per {terms.mass_unit}"),
    "fee": NumberForm("{number} {terms.currency}"),
    "rate": NumberForm("{number} {terms.currency} per {terms.currency}"),
    "attribute": NamesForm(_WORDS, most=1),
    "materials": NamesForm(_WORDS),
    "names": NamesForm(_WORDS - _AFTER_MATERIALS),
    "one": NamesForm(_WORDS - _AFTER_MATERIALS, most=1, groups=False),
    "single": NamesForm(_WORDS - _AFTER_MATERIALS, most=1),
    "period": PeriodForm(),
    "source": SourceForm(),
}
"""How a cell is written in a sentence."""

USUAL = Terms()


def sentence(row: Mapping[str, Any], terms: Terms = USUAL) -> str:
    """A rule as a sentence, which :func:`read_sentence` reads back into the same row.

    Args:
        row: a row of ``rules``; a column left out takes its default, lists are taken apart at ``;``. Without a rule's
            name the sentence has none.
        terms: currency, unit of mass and names of the groups.

    Raises:
        PlannerError: the columns do not fit together, as ``planner check`` would say: a share of nothing, a market
            that the rule does not take.
    """
    return _sentence(tuple(_normal(row).items()), terms)


@lru_cache(maxsize=4096)
def _sentence(row: tuple[tuple[str, Any], ...], terms: Terms) -> str:
    """The sentence of a row, every column of it in its normal form."""
    cells = dict(row)
    told = _write("sentence", cells, terms)
    if told is None:
        about = ", ".join(f"{column} {shown(cells[column])}" for column in ("kind", "basis", "base"))
        raise PlannerError(f"rule {shown(cells['rule'])}: no sentence says {about}")
    name = cells["rule"]
    head = f"{name if BARE_RULE.fullmatch(name) else quoted(name)}: " if name else ""
    told = f"{head}{told[0].upper()}{told[1:]}"
    again = _normal(read_sentence(told, terms))
    lost = [f"{column} {shown(cells[column])}" for column in cells if cells[column] != again[column]]
    if lost:
        raise PlannerError(f"rule {shown(name)}: a rule of its kind says nothing of {', '.join(lost)}")
    return told


def read_sentence(text: str, terms: Terms = USUAL) -> Cells:
    """A rule's sentence as a row of ``rules``: every column, those that it says nothing of at their default.

    Raises:
        InputError: it is no such sentence; the message says where it stops being one, and what would be right.
    """
    text = text.strip()
    head = re.match(r'(?:"((?:[^"]|"")+)"|([^:;"()]+)): ', text)
    start = head.end() if head else 0
    if text[start : start + 1].isascii():
        text = text[:start] + text[start : start + 1].lower() + text[start + 1 :]
    reader = _Reader(text, terms)
    for end, cells in reader.part("sentence", start, {}):
        if end == len(text):
            name = (head[1] or "").replace('""', '"') or head[2] if head else ""
            return _defaults() | {"rule": name} | cells
        reader.miss(end, "the end of the sentence")
    raise reader.error()


def sentences(instance: Instance, rows: pd.DataFrame | None = None) -> dict[tuple[str, str], str]:
    """The sentence of every row of an instance's rules, by ``rule`` and ``from``.

    Args:
        rows: those of its rules that are asked for; all of them if left out.
    """
    terms = Terms.of(instance)
    asked = instance.tables["rules"] if rows is None else rows
    told = [sentence({str(name): cell for name, cell in row.items()}, terms) for row in asked.to_dict("records")]
    return dict(zip(zip(asked["rule"], asked["from"], strict=True), told, strict=True))


def _defaults() -> Cells:
    return {name: column.default for name, column in columns("rules").items()}


def _normal(row: Mapping[str, Any]) -> Cells:
    """Every column of a row: nothing is an empty text, lists have no blanks around their names."""
    cells: Cells = {}
    for name, default in _defaults().items():
        value = row.get(name, default)
        cells[name] = "" if value is None or value != value else value
        if columns("rules")[name].unit == "names; by ;":
            cells[name] = ";".join(split(cells[name]))
    return cells


def _slot(piece: str) -> tuple[list[str], Form]:
    """Columns and form of a cell."""
    names, _, form = piece[1:-1].partition(":")
    return names.split("="), FORMS[form]


def _write(part: str, cells: Cells, terms: Terms) -> str | None:
    """The first phrase of a part that fits; None where none does."""
    for phrase in PHRASES[part]:
        if all(cells[column] == value for column, value in phrase.cells.items()):
            told = [_write_piece(piece, cells, terms) for piece in phrase.pieces]
            found = [piece for piece in told if piece is not None]
            if len(found) == len(told):
                return "".join(found)
    return None


def _write_piece(piece: str, cells: Cells, terms: Terms) -> str | None:
    if not piece.startswith("<"):
        return piece
    if ":" not in piece:
        return _write(piece[1:-1], cells, terms)
    names, form = _slot(piece)
    values = {cells[name] for name in names}
    return form.write(values.pop(), terms) if len(values) == 1 and "" not in values else None


class _Reader:
    """Walks through the phrases along a text, and knows how far it came and what it looked for there."""

    def __init__(self, text: str, terms: Terms) -> None:
        self.text = text
        self.terms = terms
        self.far = 0
        self.right: dict[str, None] = {}
        self.names: dict[int, int] = {}
        """Where names end, and where they start."""
        self.named: range = range(0)
        """The name just before the furthest place."""

    def part(self, part: str, at: int, cells: Cells) -> Iterator[tuple[int, Cells]]:
        """Every end of a part that starts here, with the cells read until then."""
        for phrase in PHRASES[part]:
            said = {column: value for column, value in phrase.cells.items() if value}
            yield from self._pieces(phrase.pieces, at, cells | said)

    def _pieces(self, pieces: tuple[str, ...], at: int, cells: Cells) -> Iterator[tuple[int, Cells]]:
        if not pieces:
            yield at, cells
            return
        for end, found in self._piece(pieces[0], at, cells):
            yield from self._pieces(pieces[1:], end, found)

    def _piece(self, piece: str, at: int, cells: Cells) -> Iterator[tuple[int, Cells]]:
        if piece.startswith("<") and ":" not in piece:
            yield from self.part(piece[1:-1], at, cells)
        elif piece.startswith("<"):
            names, form = _slot(piece)
            found = form.read(self.text, at, self.terms)
            if found is None:
                self.miss(at, form.such(self.terms))
            else:
                value, end = found
                if isinstance(form, NamesForm):
                    self.names[end] = at
                yield end, cells | dict.fromkeys(names, value)
        elif self.text.startswith(piece, at):
            yield at + len(piece), cells
        else:
            same = next(n for n, letter in enumerate(piece) if self.text[at + n : at + n + 1] != letter)
            word = same if piece[same] == " " else piece.rfind(" ", 0, same) + 1
            self.miss(at + word, f"'{piece[word:].strip()}'" if piece[word:].strip() else "a blank", of=at)

    def miss(self, at: int, right: str, *, of: int = -1) -> None:
        """Note what would have been right here, as part of words that start at ``of``; the furthest place counts."""
        if at > self.far:
            self.far, self.right, self.named = at, {}, range(0)
        if at == self.far:
            self.right[right] = None
            if of in self.names:
                self.named = range(self.names[of], of)

    def error(self) -> InputError:
        """Where the text stops being a sentence, and what would be right."""
        firsts = [known.strip("'").split(" ")[0] for known in self.right]
        at, near = self._misspelt(firsts)
        words = " ".join(self.text[at:].split()[:3])
        found = shown(words) if words else "the sentence ends"
        *others, last = self.right
        told = f"{found} where {', '.join(others)}{' or ' if others else ''}{last} would be right"
        if near:
            told = f"{shown(words.split(' ')[0])} is no word of the sentence here{near}"
        elif self.named:
            told += '; a name that holds a word of the sentence stands in double quotes: "sand and gravel"'
        return InputError("sentence", [Problem("rules", None, "", words, told, f"character {at + 1}")])

    def _misspelt(self, firsts: list[str]) -> tuple[int, str]:
        """Place of a word that is near one that would be right, at the furthest place or in the name before it."""
        start = self.far + len(self.text[self.far :]) - len(self.text[self.far :].lstrip())
        begin = self.named.start if self.named else start
        for word in re.finditer(r"[^\s,.;]+", self.text[begin:]):
            at = begin + word.start()
            if at > start:
                break
            if near := suggest(word[0], firsts):
                return at, near
        return start, ""
