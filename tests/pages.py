"""A report read back: its tables, titles, scripts and every reference in it, by the standard library's parser."""

import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any


@dataclass
class Table:
    """A table: heads, and cells as pairs of text and number (None where there is none)."""

    heads: list[str] = field(default_factory=list)
    rows: list[list[tuple[str, float | None]]] = field(default_factory=list)

    def column(self, head: str) -> list[Any]:
        """Numbers of a column where it has any, else its texts."""
        at = self.heads.index(head)
        numbers = [row[at][1] for row in self.rows]
        return numbers if any(number is not None for number in numbers) else [row[at][0] for row in self.rows]


class Page(HTMLParser):
    """What a report holds."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.slots: dict[str, str] = {}
        self.tables: dict[str, list[Table]] = {}
        self.scripts: list[str] = []
        self.references: list[str] = []
        self.handlers: list[str] = []
        self.figures: list[tuple[str, str]] = []
        self._section = self._slot = ""
        self._cell: list[str] | None = None
        self._value: float | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what the tag begins."""
        of = {name: value or "" for name, value in attrs}
        self.references += [value for name, value in of.items() if name in ("src", "href", "srcset", "action", "data")]
        self.references += re.findall(r"url\(([^)]*)\)|@import\s+(\S+)", of.get("style", "")) and [of["style"]]
        self.handlers += [name for name in of if name.startswith("on")]
        if tag == "section":
            self._section = of["id"]
        if tag == "script":
            self.scripts.append("")
        if of.get("role") == "img":
            self.figures.append((of["data-figure"], of["aria-label"]))
        if tag == "table":
            self.tables.setdefault(self._section, []).append(Table())
        if "data-slot" in of and not of["data-slot"].endswith(".table"):
            self._slot = of["data-slot"]
            self.slots[self._slot] = ""
        if tag == "tr":
            self.tables[self._section][-1].rows.append([])
        if tag in ("td", "th"):
            self._cell, self._value = [], float(of["data-value"]) if "data-value" in of else None

    def handle_endtag(self, tag: str) -> None:
        """Close what the tag ends."""
        if tag in ("td", "th") and self._cell is not None:
            self.tables[self._section][-1].rows[-1].append(("".join(self._cell), self._value))
            self._cell = None
        if tag == "thead":
            table = self.tables[self._section][-1]
            table.heads = [text for text, _ in table.rows.pop()]
        if tag in ("h1", "h2", "p", "dl"):
            self._slot = ""

    def handle_data(self, data: str) -> None:
        """Text, where it belongs."""
        if self.scripts and self.lasttag == "script":
            self.scripts[-1] += data
            return
        if self._cell is not None:
            self._cell.append(data)
        if self._slot:
            self.slots[self._slot] += data

    @property
    def payload(self) -> dict[str, Any]:
        """What the page's script reads."""
        content: dict[str, Any] = json.loads(self.scripts[1])
        return content
