"""The optima solved by hand in ``tests/families``, one by one, for whoever wants to see them fail or bind."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType


@dataclass(frozen=True)
class Optimum:
    """One test of a family, with one set of its parameters."""

    family: str
    name: str
    check: Callable[[], None]
    """Solves, and raises where anything is not as derived."""


def optima() -> Iterator[Optimum]:
    """Every optimum, family by family."""
    for path in sorted((Path(__file__).parent / "families").glob("test_*.py")):
        if path.stem != "test_binding":
            yield from _of_module(import_module(f"tests.families.{path.stem}"))


def _of_module(module: ModuleType) -> Iterator[Optimum]:
    family = module.__name__.rpartition(".test_")[2].split("_")[0]
    for name, function in list(vars(module).items()):
        if name.startswith("test_"):
            for number, check in enumerate(_with_parameters(function)):
                yield Optimum(family, f"{module.__name__}::{name}[{number}]", check)


def _with_parameters(function: Callable[..., None]) -> Iterator[Callable[[], None]]:
    marks = [mark for mark in getattr(function, "pytestmark", []) if mark.name == "parametrize"]
    if not marks:
        yield function
        return
    (mark,) = marks
    names, rows = mark.args
    for row in rows:
        yield partial(function, **({names: row} if isinstance(names, str) else dict(zip(names, row, strict=True))))
