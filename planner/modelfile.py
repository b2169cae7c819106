"""The model of an instance as an LP or MPS file, in names that people and every solver read.

A column is named ``flow.ship(A1,factory,oxide,0)``: family, variable, index; the last number is the period, from 0.
Letters that a solver may not read become ``_``; names that are then the same get a number. Where demand is served by
rank, the file holds unmet demand where the plan holds it, so that its optimum is the plan's.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mineral_sourcing.compile import Span
from planner.assembly.assemble import assembled
from planner.custom import load as load_rules
from planner.instance import Instance
from planner.settings import Settings
from planner.solve import compiled
from planner.solving.session import Session
from planner.solving.stages import Clock, ranks_and_cost

LONGEST = 255
"""Letters of a name that every reader of LP files takes."""


def write_model(instance: Instance, path: Path, settings: Settings | None = None) -> None:
    """Write the model that ``solve`` hands to HiGHS.

    Args:
        instance: checked input.
        path: a file that ends in .lp or .mps; replaced once the new one is whole.
        settings: rules of the user's own, and limits for the ranks of demand.

    Raises:
        InputError: a fixed charge or minimum that nothing bounds.
        SettingsError: the user's own rules fail.
        OSError: the file cannot be written.
    """
    settings = settings or Settings()
    network = assembled(instance).network
    matrix = compiled(network, load_rules(settings.rules) if settings.rules else None)
    session = Session.of(matrix, settings)
    if len(network.priority.ranks):
        ranks_and_cost(session, network, Clock(settings.time_limit), hot=False)
    part = path.with_name(f".writing-{path.name}")
    try:
        session.write(str(part), [*unique(matrix.columns)], [*unique(matrix.rows)])
        mark = "\\" if path.suffix.lower() == ".lp" else "*"
        told = f"{mark} {_plain(instance.name)}: masses in {network.unit_mass:g} t, money in {network.unit_money:g} "
        told += f"{_plain(instance.header.currency)}, periods from 0 ({instance.header.first_period})\n"
        path.write_text(told + part.read_text("utf-8"), "utf-8")
    finally:
        part.unlink(missing_ok=True)


def unique(spans: Sequence[Span]) -> Iterator[str]:
    """A name for each row or column, in their order, none twice."""
    seen: dict[str, int] = {}
    for span in spans:
        for index in span.index:
            name = _name(span.name, index)
            seen[name] = count = seen.get(name, 0) + 1
            while count > 1 and (other := f"{name[: LONGEST - 8]}.{count}") in seen:
                count += 1
            if count > 1:
                seen[other] = 1
            yield name if count == 1 else other


def _name(component: str, index: Any) -> str:
    parts = index if isinstance(index, tuple) else () if index is None else (index,)
    inside = ",".join(_plain(str(part)) for part in parts)
    return (f"{_plain(component)}({inside})" if parts else _plain(component))[: LONGEST - 8]


def _plain(text: str) -> str:
    """Letters, digits, ``_`` and ``.`` only."""
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9_.]", "_", ascii_only or "_" * bool(text))
