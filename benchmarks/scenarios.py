"""``python -m benchmarks.scenarios [COLUMNS …]``: a thousand disruptions, bracketed, exact one by one, or with workers.

Networks by lot (``planner.generate``); a scenario loses a place or a site, in whole or by half, for one to three years.
CPU seconds of this process, wall seconds in brackets, one thread:

- **bracketed**: lower and upper bound of every scenario; what share of the base plan's cost lies between the two;
- **the worst twenty exact**: the same, and solved where that can change which they are, all lower bounds raised;
- **exact**: so many of them solved one by one; every bracket has to hold.
"""

import argparse

import numpy as np

from benchmarks.answers import line, timed
from planner.generate import network
from planner.read import from_frames
from planner.settings import Settings
from planner.solving.kept import Kept
from planner.solving.scenarios import Bracket, Disruption, Scenarios

WORST = 20


def disruptions(kept: Kept, count: int) -> list[Disruption]:
    """Places and sites lost, in whole or by half, for one to three years; no two the same."""
    rng, parts, matrix = np.random.default_rng(0), kept.assembled.parts, kept.matrix
    place = np.array([parts.scope.place_of[name] for name in parts.sites.names.tolist()])
    sold, activity = matrix.column_span("flow.sold"), matrix.column_span("processing.activity")
    where = np.concatenate([sold.index.codes[0], parts.process_site[activity.index.codes[0]]])
    when = np.concatenate([sold.index.codes[3], activity.index.codes[1]])
    columns = np.concatenate([np.arange(span.start, span.stop) for span in (sold, activity)])
    found: dict[str, Disruption] = {}
    while len(found) < count:
        begin = int(rng.integers(parts.count))
        end = begin + int(rng.integers(3))
        keeps, of_place = float(rng.choice([0.0, 0.5])), bool(rng.integers(2))
        lost = str(rng.choice(place)) if of_place else str(rng.choice(parts.sites.names))
        hit = (place if of_place else parts.sites.names)[where] == lost
        at = columns[hit & (when >= begin) & (when <= end)]
        if len(at):
            name = f"{lost} keeps {keeps:.0%} in {begin}-{min(end, parts.count - 1)}"
            found.setdefault(name, Disruption(name, at, np.zeros(len(at)), matrix.col_upper[at] * keeps))
    return [*found.values()]


def bracketed(study: Scenarios, drawn: list[Disruption]) -> dict[str, Bracket]:
    """Every scenario bracketed, then the worst solved; the brackets by name."""
    cpu, wall, (worst, brackets) = timed(lambda: study.worst(drawn, WORST))
    solved = sum(bracket.exact for bracket in brackets)
    line(f"the worst {WORST} of {len(drawn)} exact", f"{cpu:.1f} ({wall:.1f}) s", f"{solved} exact")
    open_ones = [bracket for bracket in brackets if not np.isfinite(bracket.high)]
    none = sum(bracket.has_no_plan for bracket in open_ones)
    line("without a plan, without an upper bound", f"{none}, {len(open_ones) - none}")
    base = study.base.objective * study.unit
    gaps = [(bracket.high - bracket.low) / base for bracket in brackets if np.isfinite(bracket.high)]
    line("width / base cost", f"median {np.median(gaps):.2%}", f"95th percentile {np.quantile(gaps, 0.95):.2%}")
    line("the worst", f"{worst[0].name}: {worst[0].high / base - 1:+.1%}", f"20th {worst[-1].high / base - 1:+.1%}")
    return {bracket.name: bracket for bracket in brackets}


def exactly(study: Scenarios, drawn: list[Disruption], brackets: dict[str, Bracket]) -> None:
    """Scenarios one by one.

    Raises:
        ArithmeticError: a cost lies outside of its bracket.
    """
    cpu, wall, costs = timed(lambda: [study.cost(scenario) for scenario in drawn])
    line(f"{len(drawn)} exact", f"{cpu:.1f} ({wall:.1f}) s", f"{cpu / len(drawn):.3f} s each")
    for scenario, cost in zip(drawn, costs, strict=True):
        bracket = brackets[scenario.name]
        if not bracket.low <= cost * (1 + 1e-9) or not cost <= bracket.high * (1 + 1e-9):
            raise ArithmeticError(f"{scenario.name} costs {cost}, outside of {bracket}")


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scenarios", description=__doc__)
    parser.add_argument("columns", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--scenarios", type=int, default=1_000)
    parser.add_argument("--exact", type=int, default=100, help="scenarios that are also solved one by one")
    chosen = parser.parse_args()
    for columns in chosen.columns:
        kept = Kept(from_frames(*network(columns)), Settings())
        height, width = kept.matrix.by_column.shape
        print(f"{width:,} columns, {height:,} rows, {kept.matrix.by_column.nnz:,} entries", flush=True)
        base, wall, study = timed(lambda kept=kept: Scenarios(kept))  # type: ignore[misc]
        line("base plan", f"{base:.1f} ({wall:.1f}) s")
        drawn = disruptions(kept, chosen.scenarios)
        brackets = bracketed(study, drawn)
        exactly(study, drawn[: chosen.exact], brackets)


if __name__ == "__main__":
    main()
