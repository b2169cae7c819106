r"""Changes as people write them: one line each, on the command line or in a file.

::

    demands[site=USA market,material=hot magnet].quantity*=1.1      = sets, *= multiplies, += and -= add and take off
    offers[place=CHN].capacity@2028..2029=0                         within some periods only
    add offers[site=Kuantan,material=NdPr oxide,price=52000]        a row more
    drop offers[site=Baotou;Ganzhou]                                rows fewer; a list is joined by ;
    off third-country-mine                                          a rule switched off
    ban place=CHN, to=allies, from=2028                             nothing of a place, owner, site or group any more
    instance.discount_rate=0.08                                     the header

Rows are found by any columns of their table, and by place, owner, kind (of their site), stage and element (of their
material). A cell that holds one of ``, ; | [ ] = "`` stands in double quotes.
"""

import re
from typing import Any

from planner.analysis.changes import Add, Ban, Change, Drop, Off, Set
from planner.errors import InputError, Problem
from planner.findings import shown, suggest
from planner.tables import TABLES, columns

_CELL = r'(?:"(?:[^"]|"")*"|[^\[\],;|="]*)'
_PAIR = re.compile(rf"\s*([\w ]+?)\s*=\s*({_CELL}(?:;{_CELL})*)\s*(?:,|$)")
_SET = re.compile(
    r"\s*(?P<table>[\w ]+?)\s*(?:\[(?P<where>(?:\"(?:[^\"]|\"\")*\"|[^\]\"])*)\])?\s*\.\s*(?P<column>\w+)\s*"
    r"(?:@\s*(?P<first>[\w-]+)\s*(?:\.\.\s*(?P<last>[\w-]+))?)?\s*(?P<operator>=|\*=|\+=|-=)\s*(?P<value>.*?)\s*"
)
_ROWS = re.compile(r"\s*(?P<verb>add|drop)\s+(?P<table>[\w ]+?)\s*(?:\[(?P<cells>.*)\])?\s*")
_OFF = re.compile(rf"\s*off\s+(?P<rule>{_CELL})\s*")
_BAN = re.compile(r"\s*ban\s*(?:\[(?P<inside>.*)\]|(?P<bare>\s.*))\s*")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")

SUBJECTS = ("place", "owner", "site", "group")
BAN = (*SUBJECTS, "to", "material", "stage", "from", "until")
FORMS = (
    "write TABLE[column=cell,…].column=value (or *=, +=, -=; @2028..2029 before it for some periods), "
    "add TABLE[column=cell,…], drop TABLE[column=cell,…], off RULE, or ban place=NAME, to=NAME, from=PERIOD"
)


def read_change(text: str, instance: str = "what-if") -> Change:
    """A change from its text.

    Args:
        text: one line.
        instance: name of the instance, for the message.

    Raises:
        InputError: it is no change.
    """
    if match := _OFF.fullmatch(text):
        return Off(str(_bare(match["rule"])))
    if match := _BAN.fullmatch(text):
        return _ban(match["inside"] if match["inside"] is not None else match["bare"], text, instance)
    if match := _ROWS.fullmatch(text):
        table = match["table"]
        cells = _cells(match["cells"] or "", table, text, instance)
        return Add(table, cells) if match["verb"] == "add" else Drop(table, cells)
    if match := _SET.fullmatch(text):
        table, column = match["table"], match["column"]
        where = _cells(match["where"] or "", table, text, instance)
        during = (match["first"], match["last"] or match["first"]) if match["first"] else None
        value = _value(match["value"], table, column, text, instance)
        return Set(table, where, column, value, match["operator"], during)  # type: ignore[arg-type]
    raise _refused(text, FORMS, instance)


def _ban(inside: str, text: str, instance: str) -> Ban:
    cells = {name: _joined(value) for name, value in _pairs(inside, text, instance).items()}
    for name in cells:
        if name not in BAN:
            hint = suggest(name, BAN) or f"; it knows {', '.join(BAN)}"
            raise _refused(text, f"a ban has no '{name}'{hint}", instance)
    named = [name for name in SUBJECTS if cells.get(name)]
    if len(named) != 1:
        raise _refused(
            text, f"a ban is of one place, owner, site or group; given: {', '.join(named) or 'none'}", instance
        )
    to, material, stage, since, until = (cells.get(name, "") for name in BAN[len(SUBJECTS) :])
    return Ban(named[0], cells[named[0]], to, material, stage, since, until)  # type: ignore[arg-type]


def _pairs(inside: str, text: str, instance: str) -> dict[str, Any]:
    """Columns and cells between brackets; a list of cells where they are joined by ``;``."""
    found: dict[str, Any] = {}
    at = 0
    while at < len(inside.rstrip()):
        match = _PAIR.match(inside, at)
        if match is None:
            raise _refused(
                text, f"{shown(inside[at:].strip())} is no column=cell; quote a cell with , ; = in it", instance
            )
        if match[1] in found:
            raise _refused(text, f"'{match[1]}' stands twice; a list of cells is joined by ;", instance)
        values = [_bare(cell) for cell in re.findall(rf"(?:^|;)({_CELL})", match[2])]
        found[match[1]] = values if len(values) > 1 else values[0]
        at = match.end()
    return found


def _cells(inside: str, table: str, text: str, instance: str) -> dict[str, Any]:
    """The same, numbers where the column holds numbers."""
    found = _pairs(inside, text, instance)
    if table not in TABLES:
        return found
    known = columns(table)
    for name, value in found.items():
        if name in known and known[name].unit.startswith("names"):
            found[name] = _joined(value)
        elif name in known and known[name].numeric:
            found[name] = [*map(_numeric, value)] if isinstance(value, list) else _numeric(value)
    return found


def _value(text: str, table: str, column: str, whole: str, instance: str) -> Any:
    """What is set: a number, a text, or nothing."""
    bare = _bare(text)
    if bare == "":
        return None
    if table == "instance":
        return _numeric(bare)
    numeric = table in TABLES and column in columns(table) and columns(table)[column].numeric
    if numeric and _NUMBER.fullmatch(bare) is None:
        hint = f"; type {float(bare[:-1]) / 100:.10g}" if re.fullmatch(r"[\d.]+ ?%", bare) else ""
        raise _refused(whole, f"{shown(bare)} is no number for {column}{hint}", instance)
    return _numeric(bare) if numeric else bare


def _numeric(text: str) -> Any:
    """A number where the text is one."""
    if _NUMBER.fullmatch(text) is None:
        return text
    return int(text) if re.fullmatch(r"[+-]?\d+", text) else float(text)


def _bare(text: str) -> str:
    """A cell without its quotes."""
    text = text.strip()
    quoted = len(text) > 1 and text[0] == text[-1] == '"'
    return text[1:-1].replace('""', '"') if quoted else text


def _joined(value: Any) -> str:
    return ";".join(value) if isinstance(value, list) else value


def _refused(text: str, message: str, instance: str) -> InputError:
    return InputError(instance, [Problem("change", None, "", text, f"{shown(text.strip())}: {message}")])
