"""When the rows of tables hold: the periods that their cells name, as places in the horizon."""

import numpy as np

from planner.codes import Ints
from planner.instance import Instance
from planner.periods import ordinal


def steps(instance: Instance, table: str, column: str, empty: int) -> Ints:
    """Period index of each cell, 0 the first period of the horizon, before 0 or past the horizon too; ``empty`` for
    empty or malformed cells.
    """
    length, codes = instance.header.period_length, instance.codes
    first, cells = ordinal(instance.header.first_period, length) or 0, codes[table, column]
    known = np.full(len(codes), empty, dtype=np.int64)
    for name in codes.names(table, column):
        at = ordinal(name, length)
        if at is not None:
            known[codes.code(name)] = at - first
    found: Ints = known[cells]
    return found


def windows(instance: Instance, table: str) -> tuple[Ints, Ints]:
    """First and last period index (inclusive) of each row's window, clipped to the horizon."""
    most = instance.header.periods - 1
    begins, ends = steps(instance, table, "from", 0), steps(instance, table, "until", most)
    return np.maximum(begins, 0), np.minimum(ends, most)
