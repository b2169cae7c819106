"""``python -m benchmarks``: every way at every size, each in a process of its own; a table, and a plot of it.

Tables go to stdout. With ``--write`` they are kept in ``results.json``, way by way, and what is kept stands between
the marks in ``benchmarks/README.md``, the plot beside it. A cell that failed or took too long stays with the reason.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.ways import NAMES

HERE = Path(__file__).parent
BEGIN, END = "<!-- measured by python -m benchmarks -->", "<!-- end -->"
KNOWN = {10_000: 0.011, 100_000: 0.050, 1_000_000: 0.35}
"""CPU seconds of bare arrays when the targets were set, on a network of as many columns."""
STEPS = ("build", "hand over", "solve", "read back", "solve again")
Row = dict[str, Any]


def cell(way: str, columns: int, repetitions: int, seconds: float, *, solves: bool) -> Row:
    """One way at one size, or the reason why there are no figures."""
    command = [sys.executable, "-m", "benchmarks.measure", way, str(columns), "--repetitions", str(repetitions)]
    try:
        done = subprocess.run(
            command + ([] if solves else ["--no-solve"]), capture_output=True, text=True, check=False, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        return {"reason": f"not done in {seconds:g} s"}
    if done.returncode:
        told = done.stderr.strip().splitlines()
        return {"reason": told[-1][:100] if told else f"ended by signal {-done.returncode}"}
    found: Row = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def _seconds(pair: list[float] | None) -> str:
    """CPU seconds, wall seconds in brackets."""
    return "–" if pair is None else f"{pair[0]:.3g} ({pair[1]:.3g})"


def table(columns: int, rows: dict[str, Row]) -> str:
    """One size as a table in Markdown."""
    sound = {way: row for way, row in rows.items() if "reason" not in row}
    if not sound:
        return f"### {columns:,} columns\n\nno way gave figures\n"
    first = next(iter(sound.values()))
    digests = {row["digest"] for row in sound.values()}
    equal = (
        "the same matrix in every way" if len(digests) == 1 else f"NOT the same matrix: {', '.join(sorted(digests))}"
    )
    head = f"### {first['columns']:,} columns, {first['rows']:,} rows, {first['entries']:,} entries: {equal}\n"
    lines = [head, "| way | ready / bare | " + " | ".join(STEPS) + " | peak MB |", "|---" * (len(STEPS) + 3) + "|"]
    for way, row in rows.items():
        if "reason" in row:
            lines.append(f"| {NAMES[way]} | {row['reason']}" + " | " * (len(STEPS) + 1) + " |")
            continue
        ratio = (row["build"][0] + row["hand over"][0]) / row["bare"][0]
        steps = " | ".join(_seconds(row.get(step)) for step in STEPS)
        lines.append(f"| {NAMES[way]} | {ratio:.3g} | {steps} | {row['memory']:.0f} |")
    return "\n".join([*lines, "", *_yardstick(columns, rows)])


def _yardstick(columns: int, rows: dict[str, Row]) -> list[str]:
    """Bare arrays beside what they are known to take."""
    if columns not in KNOWN or "reason" in rows.get("bare", {"reason": ""}):
        return []
    bare, known = rows["bare"]["bare"][0], KNOWN[columns]
    verdict = "valid" if bare <= 1.5 * known else "NOT valid: the machine is busy or the yardstick is slow"
    cold = rows["bare"]["cold"][0]
    return [f"Bare arrays: {bare:.3g} CPU s warm, {cold:.3g} cold; {known:g} known; {verdict}.", ""]


def plot(found: dict[int, dict[str, Row]], path: Path) -> None:
    """CPU seconds from data to HiGHS ready, by size and way, both axes logarithmic."""
    from matplotlib.figure import Figure  # of the extra `bench`

    figure = Figure(figsize=(7.0, 4.2))
    axes = figure.subplots()
    for way, title in NAMES.items():
        sizes = [columns for columns, rows in found.items() if "reason" not in rows.get(way, {"reason": ""})]
        ready = [found[columns][way]["build"][0] + found[columns][way]["hand over"][0] for columns in sizes]
        if sizes:
            axes.loglog(sizes, ready, marker="o", label=title)
    axes.set(xlabel="columns", ylabel="CPU seconds", title="From data to HiGHS ready")
    axes.grid(which="major", alpha=0.3)
    axes.legend(fontsize="small")
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Read the command line, measure, tell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("columns", type=int, nargs="*", default=[10_000, 100_000, 500_000, 1_000_000])
    parser.add_argument("--ways", nargs="*", choices=NAMES, default=list(NAMES))
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--solve-up-to", type=int, default=100_000, help="columns up to which the plan is solved too")
    parser.add_argument("--cell-seconds", type=float, default=900.0, help="wall seconds for one way at one size")
    parser.add_argument("--write", action="store_true", help="put the table and the plot beside README.md")
    chosen = parser.parse_args()
    found: dict[int, dict[str, Row]] = {}
    for columns in chosen.columns:
        solves = columns <= chosen.solve_up_to
        found[columns] = {
            way: cell(way, columns, chosen.repetitions, chosen.cell_seconds, solves=solves) for way in chosen.ways
        }
        print(table(columns, found[columns]), flush=True)
    if chosen.write:
        write(found)


def write(found: dict[int, dict[str, Row]]) -> None:
    """Keep what was found, and show all that is kept in ``README.md`` and in a plot."""
    kept, readme = HERE / "results.json", HERE / "README.md"
    before = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    sizes = sorted({*map(int, before), *found})
    rows = {columns: before.get(str(columns), {}) | found.get(columns, {}) for columns in sizes}
    every = {columns: {way: ways[way] for way in NAMES if way in ways} for columns, ways in rows.items()}
    kept.write_text(json.dumps(every, indent=1) + "\n", "utf-8")
    head, _, rest = readme.read_text("utf-8").partition(BEGIN)
    tables = "\n".join(table(columns, rows) for columns, rows in every.items())
    readme.write_text(f"{head}{BEGIN}\n\n{tables}\n{END}{rest.partition(END)[2]}", "utf-8")
    plot(every, HERE / "ready.svg")


if __name__ == "__main__":
    main()
