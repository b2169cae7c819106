"""What a person at a terminal sees; plain where it is piped."""

import json
import sys
from contextlib import contextmanager
from math import isfinite, isnan
from textwrap import fill
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pandas as pd

    from planner.analysis.compare import Comparison
    from planner.report.summary import Summary
    from planner.solving.session import Progress

MOST = 8
"""Lines of each table of a plan; the run's folder has them all."""


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


def fail(code: int, told: str, content: dict[str, Any], *, as_json: bool) -> int:
    """Why there is no answer, as a document where one was asked for; gives the exit code."""
    if as_json:
        document(content)
    else:
        complain(told)
    return code


@contextmanager
def progress() -> "Iterator[Callable[[Progress], None]]":
    """One line on stderr that tells where HiGHS stands; nothing where stderr is no terminal."""
    from rich.console import Console

    console = Console(stderr=True)
    with console.status("reading the tables into the model") as status:

        def told(at: "Progress") -> None:
            found = f"bound {at.bound:,.0f}" if isfinite(at.bound) else f"{at.iterations:,} iterations"
            if isfinite(at.incumbent):
                found = f"incumbent {at.incumbent:,.0f}, {found}, gap {at.gap:.2%}"
            status.update(f"HiGHS {at.seconds:,.0f} s: {found}")

        yield told


def show_plan(summary: "Summary", run: str) -> None:
    """Sentence, figures, rules, purchases and the place of the run."""
    say(f"{summary.sentence}\n")
    for name, value in summary.figures:
        say(f"  {name:<17}{value}")
    if len(summary.rules):
        _rules(summary)
    if len(summary.purchases):
        _purchases(summary)
    say(f"\n{summary.verified}. The run lies in {run}")


def _rules(summary: "Summary") -> None:
    """Rules that bind, and the sentence of the dearest; what is worth a point is told in present value, a price in the
    money of its own period.
    """
    from planner.report.summary import money, span

    rows = []
    markets = summary.rules["market"].replace("", None).nunique() > 1
    for rule in summary.rules.head(MOST).to_dict("records"):
        material = f"{rule['material']}, {rule['market']}" if markets and rule["market"] else rule["material"]
        limits = [_limit(rule[end], rule["unit"]) for end in ("first_limit", "last_limit")]
        prices = [money(rule[end]) + _per(rule["kind"], rule["unit"]) for end in ("least_price", "most_price")]
        often = "" if rule["binds"] == rule["holds"] else f" ({rule['binds']} of {rule['holds']})"
        about = (rule["rule"], rule["name"], material, span(rule["since"], rule["until"]) + often)
        ranges = (" to ".join(dict.fromkeys(pair)) for pair in (limits, prices))
        rows.append((*about, *ranges, money(rule["worth"])))
    names = ("rule", "subject", "material", "binds in", "limit", "per t of excess", "per point")
    table(f"Rules that bind, and what loosening them saves in {summary.currency}", names, rows, right=2)
    say("  per t of excess: in the money of the period; per point: one percentage point of a share, 100 of an HHI, or")
    say(f"  one percent of another limit in all these periods, present value, at the margin{_more(len(summary.rules))}")
    say(
        fill(f"The dearest says: {summary.rules['sentence'].iloc[0]}", 110, initial_indent="  ", subsequent_indent="  ")
    )


def _limit(limit: float, unit: str) -> str:
    if unit == "hhi":
        return f"HHI {1e4 * limit:,.5g}"
    return f"{100 * limit:.4g} %" if unit == "share" else f"{limit:,.4g} {unit}"


def _per(kind: str, unit: str) -> str:
    """What a price is of, where it is not a tonne of excess alone."""
    if kind.endswith("_average"):
        return f" and {unit}"
    return f" per {unit}" if kind.endswith("_spend") else ""


def _purchases(summary: "Summary") -> None:
    """Largest purchases over the horizon."""
    from planner.report.summary import mass, money, percent

    rows = [
        (
            *(row[name] for name in ("site", "country", "material", "to")),
            *(mass(row["quantity"]), percent(row["share"]), money(row["cost"])),
        )
        for row in summary.purchases.head(MOST).to_dict("records")
    ]
    names = ("site", "country", "material", "mostly to", "t", "of supply", summary.currency)
    table("Largest purchases over the horizon", names, rows, right=3)
    if len(summary.purchases) > MOST:
        say(f"  undiscounted{_more(len(summary.purchases))}")


def _more(count: int) -> str:
    return f"; {count - MOST} more in the run" if count > MOST else ""


def show_runs(folder: str, frame: "pd.DataFrame") -> None:
    """Runs, newest first."""
    from planner.report.summary import mass, percent

    rows = []
    for row in frame.to_dict("records"):
        when = row["written"]
        told = when and f"{when[:4]}-{when[4:6]}-{when[6:8]} {when[9:11]}:{when[11:13]}"
        numbers = (("objective", "{:,.0f}".format), ("gap", percent), ("unmet", mass))
        cells = ("" if isnan(row[name]) else write(row[name]) for name, write in numbers)
        rows.append((row["run"], row["status"], told, *cells))
    table(f"Runs in {folder}", ("run", "ended", "written (UTC)", "cost", "gap", "unmet, t"), rows, right=3)


def show_comparison(found: "Comparison", most: int) -> None:
    """What lies between plans: the sentence, the figures that differ, the input, the largest changes of decisions."""
    say(found.sentence)
    figures = found.figures[[not _alike(row[2:]) for row in found.figures.itertuples(index=False)]]
    rows = [(row[0], row[1], *(_figure(value) for value in row[2:])) for row in figures.itertuples(index=False)]
    table("Figures that differ", ("figure", "unit", *found.names), rows, right=len(found.names))
    several = len(found.names) > 2
    for title, frame, right in (("Input", found.input, 2), ("Decisions", found.decisions, 3)):
        if len(frame):
            shown = frame.head(most) if several else frame.drop(columns="plan").head(most)
            cells = [[_figure(x) if isinstance(x, float) else str(x) for x in row] for row in shown.to_numpy()]
            more = f", the first {most} of {len(frame):,}" if len(frame) > most else ""
            table(f"{title} that differs{more}" if right == 2 else f"{title} that differ{more}", [*shown], cells, right)


def _alike(values: "Sequence[float]") -> bool:
    """Whether figures are the same to a millionth."""
    return max(values) - min(values) <= 1e-6 * max(1e-3, *map(abs, values)) or all(map(isnan, values))


def _figure(value: float) -> str:
    return "" if isnan(value) else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"


def show_cases(frame: "pd.DataFrame", currency: str) -> None:
    """Cases side by side."""
    rows = [
        (row["case"], row["status"], _figure(row["cost"]), _figure(row["against_base"]), _figure(row["unmet"]))
        for row in frame.to_dict("records")
    ]
    table("Cases", ("case", "ended", f"cost, {currency}", "against base", "unmet, t"), rows, right=3)
    for row in frame.to_dict("records"):
        if row["message"]:
            say(f"  {row['case']}: {row['message']}")


def table(title: str, names: "Sequence[str]", rows: "Sequence[Sequence[str]]", right: int) -> None:
    """Rows of texts, the last ``right`` columns flush right; nothing in a cell is taken for markup."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    terminal = sys.stdout.isatty()
    grid = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for at, name in enumerate(names):
        grid.add_column(
            name, justify="right" if at >= len(names) - right else "left", no_wrap=not terminal, overflow="fold"
        )
    for row in rows:
        grid.add_row(*map(Text, row))
    say("")
    Console(width=None if terminal else 200).print(grid)
