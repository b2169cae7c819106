"""Names of periods: 2027, 2027Q1 or 2027-03, and where each lies in the horizon."""

import re
from functools import cache

PER_YEAR = {"year": 1, "quarter": 4, "month": 12}
"""How many periods a year holds."""

_FORMS = {"year": r"(\d{4})()", "quarter": r"(\d{4})Q([1-4])", "month": r"(\d{4})-(0[1-9]|1[0-2])"}


def ordinal(name: str, length: str) -> int | None:
    """Number of a period on an endless line of periods; ``None`` if the name is no period of this length."""
    match = re.fullmatch(_FORMS[length], name)
    if match is None:
        return None
    return int(match[1]) * PER_YEAR[length] + (int(match[2]) - 1 if match[2] else 0)


def label(number: int, length: str) -> str:
    """Name of the period with this number: the inverse of :func:`ordinal`."""
    year, part = divmod(number, PER_YEAR[length])
    return {"year": f"{year}", "quarter": f"{year}Q{part + 1}", "month": f"{year}-{part + 1:02d}"}[length]


@cache
def horizon(first: str, periods: int, length: str) -> tuple[str, ...]:
    """Names of the periods of a horizon, in order.

    Raises:
        ValueError: ``first`` is no period of this length.
    """
    start = ordinal(first, length)
    if start is None:
        raise ValueError(f"{first!r} is no {length}")
    return tuple(label(start + step, length) for step in range(periods))
