"""What is done, by whom and with what result: the same on a thread, in a process and on a cluster."""

import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Value = float | str | np.ndarray
"""What a result may hold under a name; whole numbers become floats."""

_UNPREPARED = object()


@dataclass(frozen=True)
class Work:
    """What every worker gets once."""

    function: Callable[[Any, Any], Mapping[str, Any]]
    """A task's result from what the worker keeps and the task."""
    shared: Any
    """The data of the study; only read."""
    prepare: Callable[[Any], Any] | None
    """What a worker keeps, from ``shared``; ``shared`` itself where there is none."""


@dataclass(frozen=True)
class Answer:
    """How one attempt at a task ended."""

    result: dict[str, Value]
    seconds: float
    error: str = ""
    traceback: str = ""


@dataclass(frozen=True)
class Finished:
    """One task that is done with."""

    task: Any
    key: str
    """SHA-256 of the task within its study."""
    result: dict[str, Value] = field(repr=False)
    """Empty where there is an error."""
    seconds: float
    """Wall time in the worker, of ``prepare`` too where this task was the worker's first."""
    worker: str
    """Who solved it: ``thread 0``, ``process 4711``, or the address of a Dask worker."""
    error: str
    """Why there is no result, in a line; empty where there is one."""
    traceback: str = field(repr=False)
    """Where the task raised its error; empty where it raised none."""


class Seat:
    """One worker's place of work; not to be used from two threads at once."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._state: Any = _UNPREPARED

    def attempt(self, task: Any) -> Answer:
        """Do one task; an error is an answer too, and what is kept is made anew after it."""
        began = time.perf_counter()
        try:
            if self._state is _UNPREPARED:
                self._state = self._work.prepare(self._work.shared) if self._work.prepare else self._work.shared
            result = _checked(self._work.function(self._state, task))
        except BaseException as error:
            self._state = _UNPREPARED
            return failed(error, time.perf_counter() - began)
        return Answer(result, time.perf_counter() - began)


def failed(error: BaseException, seconds: float = 0.0) -> Answer:
    """The answer that an error is."""
    return Answer({}, seconds, told(error), "".join(traceback.format_exception(error)))


def told(error: BaseException) -> str:
    """An error in a line."""
    return f"{type(error).__name__}: {error}"


def same_name(function: Callable[..., Any]) -> bool:
    """Whether another process finds this function by its name."""
    found: Any = sys.modules.get(getattr(function, "__module__", ""))
    for name in getattr(function, "__qualname__", "").split("."):
        found = getattr(found, name, None)
    return found is function and function.__module__ != "__main__"


def _checked(result: Mapping[str, Any]) -> dict[str, Value]:
    """A result with values that can be kept, arrays copied.

    Raises:
        TypeError: it holds something else than numbers, texts and arrays of them.
    """
    checked: dict[str, Value] = {}
    for name, value in result.items():
        if isinstance(value, np.ndarray) and value.dtype.kind in "biufcU":
            checked[name] = value.copy()
        elif isinstance(value, str):
            checked[name] = str(value)
        elif isinstance(value, bool | int | float | np.number | np.bool):
            checked[name] = float(value)
        else:
            raise TypeError(f"result {name!r} is a {type(value).__name__}, not a number, a text or an array of them")
    return checked
