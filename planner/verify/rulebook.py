"""The rows of the rules: q − limit × Q − excess ≤ 0 and its like, and the table that reports them."""

import numpy as np
import pandas as pd

from planner.verify import policy
from planner.verify.columns import KEYS, Quantities
from planner.verify.faults import Faults, refuse
from planner.verify.matrix import Matrix
from planner.verify.policy import CELL, TERM, Clause
from planner.verify.world import World

ROW = ["subject", *CELL]


def ruled(world: World, matrix: Matrix, q: Quantities, found: dict[str, pd.DataFrame], faults: Faults) -> pd.DataFrame:
    """Add every row of every rule; what comes back is the ``rules`` table as it should be, without shadow prices."""
    arriving, made = policy.arrivals(world, q), policy.makes(world, q)
    reports = [
        clause_rows(world, matrix, clause, q, policy.counted(clause, arriving, made), found["rules"])
        for clause in policy.clauses(world)
    ]
    keys = KEYS["rules"]
    nothing = found["rules"].iloc[:0].drop(columns=["shadow_price", "shadow_price_undiscounted"])
    report = pd.concat(reports, ignore_index=True) if reports else nothing.assign(asked=True, t=0)
    listed = found["rules"].merge(report[keys], on=keys, how="left", indicator=True)
    refuse(faults, "rules", listed[listed["_merge"] == "left_only"], keys, "", "no rule of the input has such a row")
    return report


def clause_rows(
    world: World, matrix: Matrix, clause: Clause, q: Quantities, every: pd.DataFrame, found: pd.DataFrame
) -> pd.DataFrame:
    """Rows of one clause, and their report."""
    limit, sign = float(clause.row.limit), -1.0 if clause.floor else 1.0
    counts = policy.quantity(clause, every)
    against = policy.base(world, clause, every, q) if clause.shares else pd.DataFrame(columns=TERM)
    rows = policy.wanted(clause, counts, found)
    rows = rows.assign(
        rule=clause.row.rule,
        **{"from": getattr(clause.row, "from")},
        material=rows["pool"],
        period=rows["group"],
        t=rows["group"].map(clause.groups.groupby("group")["t"].min()).astype(int),
    )
    fixed = policy.sums(rows, policy.constants(counts), ROW, "fixed")
    fixed_base = policy.sums(rows, policy.constants(against), CELL, "fixed")
    right = limit * fixed_base - fixed if clause.shares else limit - fixed
    rows = matrix.rows("concentration.cap", rows.assign(lower=-np.inf, upper=sign * right))
    entries(matrix, rows, counts, ROW, sign)
    if clause.shares:
        entries(matrix, rows, against, CELL, -sign * limit)
    rows = excesses(world, matrix, clause, rows, found)
    quantity = policy.sums(rows, counts, ROW, "quantity")
    base = policy.sums(rows, against, CELL, "base") if clause.shares else np.full(len(rows), np.nan)
    return report(clause, rows, quantity, base, sign)


def entries(matrix: Matrix, rows: pd.DataFrame, terms: pd.DataFrame, keys: list[str], factor: float) -> None:
    """Entries of the columns among the terms."""
    joined = rows[[*keys, "row"]].merge(terms[terms["column"] >= 0], on=keys)
    matrix.entries(joined, factor * joined["coefficient"].astype(float))


def excesses(world: World, matrix: Matrix, clause: Clause, rows: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Excess of a priced rule, at its price in the first period of the group; a hard rule has none."""
    keys = KEYS["rules"]
    rows = rows.merge(found[[*keys, "excess"]].rename(columns={"excess": "value"}), on=keys, how="left")
    rows = rows.assign(value=rows["value"].fillna(0.0), price=0.0)
    if np.isnan(float(clause.row.penalty)):
        return rows.assign(value=0.0)
    price = float(clause.row.penalty)
    discount = world.discount[rows["t"].to_numpy(dtype=int)]
    priced = matrix.columns("rules", "excess", keys, rows.assign(price=price, upper=np.inf, cost=price * discount))
    matrix.entries(priced, -1.0)
    return priced


def report(clause: Clause, rows: pd.DataFrame, quantity: np.ndarray, base: np.ndarray, sign: float) -> pd.DataFrame:
    """The ``rules`` table of a clause."""
    limit = float(clause.row.limit)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(base > 0, quantity / np.where(base > 0, base, 1.0), 0.0)
    actual = share if clause.shares else quantity
    return rows.assign(
        kind=clause.row.kind,
        unit="share" if clause.shares else "t",
        limit=limit,
        actual=actual,
        slack=sign * (limit - actual),
        quantity=quantity,
        base=base,
        excess=rows["value"],
        penalty=rows["value"] * rows["price"],
    )
