"""A digest of a HiGHS model that no order of rows or columns changes: equal models have equal digests.

Colours are refined as in the test of Weisfeiler and Leman (1968): a column starts as its cost, bounds and integrality,
a row as its bounds; then each takes in the colours and coefficients of the other side, round by round. Numbers are
rounded to 24 bits, so that the last digits of a sum in another order do not count. A row with an upper bound alone and
its negative with a lower one alone are the same row.
"""

import hashlib
from typing import Any

import highspy
import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
ROUNDS = 4


def _mixed(value: Array) -> Array:
    """Spread 64 bits (the finaliser of splitmix64, Steele, Lea and Flood 2014)."""
    value = value + np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(value ^ (value >> np.uint64(31)))


def _number(values: Array) -> Array:
    """A colour of each number, rounded to 24 bits; both zeros are one."""
    fraction, exponent = np.frexp(np.where(np.isfinite(values), values, 0.0))
    rounded = np.ldexp(np.round(np.ldexp(fraction, 24)), exponent - 24) + 0.0
    return _mixed(np.where(np.isfinite(values), rounded, values).view(np.uint64))


def _joined(*colours: Array) -> Array:
    """One colour of several, in this order."""
    found = colours[0]
    for colour in colours[1:]:
        found = _mixed(found * np.uint64(3) + colour)
    return found


def _summed(colours: Array, owner: Array, count: int) -> Array:
    """Sum of the colours of each owner, modulo 2^64, whatever their order."""
    order = np.argsort(owner, kind="stable")
    held = np.bincount(owner, minlength=count)
    total = np.concatenate([np.zeros(1, np.uint64), np.cumsum(colours[order])])
    ends = np.cumsum(held)
    return np.asarray(total[ends] - total[ends - held])


def digest(highs: highspy.Highs, mass: float = 1.0, money: float = 1.0) -> str:
    """The digest of what HiGHS holds.

    Args:
        highs: an object with a model of continuous columns that all count mass.
        mass: tonnes that one unit of a column stands for.
        money: currency that one unit of cost stands for.
    """
    lp = highs.getLp()
    columns, rows = lp.num_col_, lp.num_row_
    start, index, value = (np.array(part) for part in (lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_))
    by_column = lp.a_matrix_.format_ == highspy.MatrixFormat.kColwise
    major = np.repeat(np.arange(columns if by_column else rows), np.diff(start))
    row, column = (index, major) if by_column else (major, index)
    low, high = np.array(lp.row_lower_) * mass, np.array(lp.row_upper_) * mass
    turned = np.isinf(high) & np.isfinite(low)
    low, high = np.where(turned, -high, low), np.where(turned, -low, high)
    entry = _number(np.where(turned[row], -value, value))
    kinds = [kind != highspy.HighsVarType.kContinuous for kind in lp.integrality_] or [False] * columns
    one = _joined(
        _number(np.array(lp.col_cost_) * (money / mass)),
        *(_number(np.array(bound) * mass) for bound in (lp.col_lower_, lp.col_upper_)),
        _mixed(np.array(kinds).astype(np.uint64)),
    )
    other = _joined(_number(low), _number(high))
    for _ in range(ROUNDS):
        other = _joined(other, _summed(_mixed(entry + one[column]), row, rows))
        one = _joined(one, _summed(_mixed(entry + other[row]), column, columns))
    sums = (np.sort(one).tobytes(), np.sort(other).tobytes(), str(len(value)).encode())
    return hashlib.blake2b(b"".join(sums), digest_size=8).hexdigest()
