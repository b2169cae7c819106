"""What if a part of the model were missing? Each part is taken out or bent; the optima solved by hand must notice.

``python -m tests.survivors`` alters the compiled matrix, one part at a time, and checks ``tests/families`` on it with a
verifier that accepts everything, so that only the derived numbers can notice. Parts: each constraint (all its rows),
its right-hand side, the coefficients of each variable in it; each variable's bounds, cost and integrality; the constant
cost. Printed: the parts whose change no optimum notices. There are none. With ``every``: who noticed each of them; with
names of families, such as ``hhi origin``, their parts alone.
"""

import dataclasses
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy.sparse import csc_array

import planner
from mineral_sourcing.compile import Matrix
from tests.model_hook import altered, columns_of, constraints, rows_of, variables
from tests.optima import Optimum, optima

MORE = 1.01
"""What is bent is one per cent more."""

LESS = 0.99
"""A cost is one per cent less: the plan prices what was decided, so that a model that is too cheap leaves a gap."""

Part = tuple[str, str, str]
"""(what is done, constraint, variable); a name that does not matter is empty."""

WITHOUT_EFFECT: dict[Part, str] = {
    ("lower bound dropped", "", "activation.on"): "activation.most keeps it above what is used",
    ("upper bound dropped", "", "activation.on"): "one switch lets through all that can be worth while",
    ("upper bound bent", "", "activation.on"): "one switch lets through all that can be worth while",
    ("upper bound dropped", "", "suppliers.on"): "one switch lets through all that can be worth while",
    ("upper bound bent", "", "suppliers.on"): "the whole numbers up to 1.01 are those up to 1",
    ("upper bound bent", "", "tiers.reached"): "the whole numbers up to 1.01 are those up to 1",
    ("upper bound dropped", "", "tiers.reached"): "the tier below cannot be filled, or given up, twice",
    ("lower bound dropped", "", "tiers.reached"): "a switch below 0 only takes room away",
    ("lower bound dropped", "", "suppliers.on"): "suppliers.link keeps it above what is supplied",
    ("lower bound dropped", "", "hhi.square"): "the piece that begins at a share of 0 keeps it above nothing",
    ("coefficients bent", "hhi.piece", "concentration.base"): "the pieces are laid anew round the plan",
    ("coefficients dropped", "hhi.piece", "hhi.quantity"): "the pieces are laid anew round the plan",
    ("right-hand side bent", "priority.held", ""): "the solve of a rank replaces it before it can bind",
}
"""Changes that leave every optimum as it is, and why: they are not made."""

Change = Callable[[Matrix, np.ndarray, np.ndarray], dict[str, Any]]
"""Fields of a matrix that are new, from the matrix and numbers of rows and columns."""


def _times(matrix: Matrix, rows: np.ndarray, columns: np.ndarray, factor: float) -> csc_array:
    """Entries, those of the rows and columns times a factor."""
    left = np.ones(len(matrix.row_lower), dtype=bool)
    left[rows] = False
    here = np.zeros(len(matrix.cost), dtype=bool)
    here[columns] = True
    entries = matrix.entries.tocoo()
    kept = left[entries.coords[0]] | ~here[entries.coords[1]]
    return csc_array((np.where(kept, 1.0, factor) * entries.data, entries.coords), shape=entries.shape)


def _with(values: np.ndarray, at: np.ndarray, new: Any) -> np.ndarray:
    changed = values.copy()
    changed[at] = new
    return changed


def _sides(factor: float) -> Change:
    def change(matrix: Matrix, rows: np.ndarray, _: np.ndarray) -> dict[str, Any]:
        changed = {"row_lower": matrix.row_lower.copy(), "row_upper": matrix.row_upper.copy()}
        for side in changed.values():
            side[rows[np.isfinite(side[rows])]] *= factor
        return changed

    return change


def _dropped(matrix: Matrix, rows: np.ndarray, _: np.ndarray) -> dict[str, Any]:
    return {
        "by_column": _times(matrix, rows, np.arange(len(matrix.cost)), 0.0),
        "row_lower": _with(matrix.row_lower, rows, -np.inf),
        "row_upper": _with(matrix.row_upper, rows, np.inf),
    }


def _column(field: str, new: Callable[[np.ndarray], Any]) -> Change:
    def change(matrix: Matrix, _: np.ndarray, columns: np.ndarray) -> dict[str, Any]:
        values = getattr(matrix, field)
        return {field: _with(values, columns, new(values[columns]))}

    return change


OF_CONSTRAINTS: dict[str, Change] = {
    "rows dropped": _dropped,
    "right-hand side dropped": _sides(0.0),
    "right-hand side bent": _sides(MORE),
}
OF_COEFFICIENTS: dict[str, Change] = {
    "coefficients dropped": lambda matrix, rows, columns: {"by_column": _times(matrix, rows, columns, 0.0)},
    "coefficients bent": lambda matrix, rows, columns: {"by_column": _times(matrix, rows, columns, MORE)},
}
OF_VARIABLES: dict[str, Change] = {
    "lower bound dropped": _column("col_lower", lambda low: np.full_like(low, -np.inf)),
    "upper bound dropped": _column("col_upper", lambda high: np.full_like(high, np.inf)),
    "upper bound bent": _column("col_upper", lambda high: high * MORE),
    "cost dropped": _column("cost", np.zeros_like),
    "cost bent": _column("cost", lambda cost: cost * LESS),
    "integers dropped": _column("integer", np.zeros_like),
}
CONSTANT: dict[str, Change] = {"constant cost dropped": lambda *_: {"offset": 0.0}}
CHANGES = OF_CONSTRAINTS | OF_COEFFICIENTS | OF_VARIABLES | CONSTANT


def alter(part: Part, matrix: Matrix) -> Matrix:
    """The matrix with this part changed."""
    what, constraint, variable = part
    return dataclasses.replace(
        matrix, **CHANGES[what](matrix, rows_of(matrix, constraint), columns_of(matrix, variable))
    )


def _same(one: Matrix, other: Matrix) -> bool:
    fields = ("cost", "offset", "row_lower", "row_upper", "col_lower", "col_upper", "integer")
    alike = all(np.array_equal(getattr(one, name), getattr(other, name)) for name in fields)
    return alike and not (one.entries != other.entries).nnz


def parts_of(matrix: Matrix) -> Iterator[Part]:
    """Every part whose change makes another matrix of this one."""
    rows, columns = constraints(matrix), variables(matrix)
    every: list[Part] = [(what, row, "") for row in rows for what in OF_CONSTRAINTS]
    every += [(what, row, column) for row in rows for column in columns for what in OF_COEFFICIENTS]
    every += [(what, "", column) for column in columns for what in OF_VARIABLES]
    every += [(what, "", "") for what in CONSTANT]
    yield from (part for part in every if part not in WITHOUT_EFFECT and not _same(matrix, alter(part, matrix)))


def parts_by_optimum() -> dict[Part, list[Optimum]]:
    """Which optima have each part in their model, if any; those of the part's own family first."""
    found: defaultdict[Part, list[Optimum]] = defaultdict(list)
    named: set[str] = set()
    for optimum in optima():
        parts: set[Part] = set()

        def seen(matrix: Matrix, parts: set[Part] = parts) -> Matrix:
            parts.update(parts_of(matrix))
            named.update(constraints(matrix))
            return matrix

        with altered(seen, verified=False):
            optimum.check()
        for part in parts:
            found[part].append(optimum)
    for (_, constraint, variable), members in found.items():
        family = (constraint or variable).partition(".")[0]
        members.sort(key=lambda optimum: optimum.family != family)
    return {("rows dropped", constraint, ""): [] for constraint in named} | found


def notices(part: Part, known: list[Optimum]) -> str:
    """The first optimum that fails where this part is changed, and how; empty where none does."""
    for optimum in known:
        try:
            with altered(lambda matrix: alter(part, matrix), verified=False):
                optimum.check()
        except (AssertionError, planner.NoPlanError) as error:
            return f"{optimum.name}: {type(error).__name__}"
    return ""


def _families(part: Part) -> set[str]:
    """Families whose constraint or variable a part is."""
    return {name.partition(".")[0] for name in part[1:]}


def _told(part: Part) -> str:
    """A part in words."""
    what, *names = part
    return f"{' of '.join(name for name in reversed(names) if name) or 'objective'}: {what}"


def main(words: list[str]) -> int:
    """Print every part whose change no optimum notices; exit code 1 if there is one."""
    families = {word for word in words if word != "every"}
    every = parts_by_optimum()
    known = {part: members for part, members in every.items() if not families or families & _families(part)}
    alive = 0
    for part, members in sorted(known.items(), key=lambda item: item[0]):
        by = notices(part, members)
        alive += not by
        if not by or "every" in words:
            print(f"{_told(part)}: {by or 'NOT NOTICED'}", flush=True)
    for part, why in WITHOUT_EFFECT.items():
        print(f"{_told(part)}: not made: {why}")
    print(f"{len(known) - alive} of {len(known)} changes noticed by {len(list(optima()))} optima, {alive} survivors")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
