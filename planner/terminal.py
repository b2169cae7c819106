"""What a person at a terminal sees; plain where it is piped."""

import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from planner.report.summary import Summary


def document(content: dict[str, Any]) -> None:
    """One JSON document on stdout."""
    json.dump(content, sys.stdout, indent=2, allow_nan=False)
    sys.stdout.write("\n")


def say(text: str) -> None:
    """A line on stdout."""
    print(text)


def complain(text: str) -> None:
    """A line on stderr."""
    print(text, file=sys.stderr)


def show_plan(summary: "Summary", run: str) -> None:
    """Sentence, figures, rules, purchases and the place of the run."""
    say(summary.sentence)
    say("")
    for name, value in summary.figures:
        say(f"  {name:<22}{value}")
    for title, frame in (("Rules that bind", summary.rules), ("Largest purchases", summary.purchases)):
        if len(frame):
            table(title, frame)
    say(f"\nVerified. The run lies in {run}")


def table(title: str, frame: "pd.DataFrame") -> None:
    """A frame as a table; nothing in a cell is taken for markup."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for name, column in frame.items():
        number = column.dtype.kind in "fi"
        grid.add_column(str(name), justify="right" if number else "left", no_wrap=not sys.stdout.isatty())
    for row in frame.itertuples(index=False):
        grid.add_row(*(Text(f"{cell:,.6g}" if isinstance(cell, float) else str(cell)) for cell in row))
    say("")
    Console(width=None if sys.stdout.isatty() else 160).print(grid)
