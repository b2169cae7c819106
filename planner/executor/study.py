"""Run the tasks of a study: what is kept is read, the rest is solved and kept."""

import inspect
import os
import pickle
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from importlib.metadata import version
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Literal, Protocol

from planner.errors import PlannerError
from planner.executor.digest import digest
from planner.executor.kept import Kept
from planner.executor.local import Local, ProcessWorker, Tell, ThreadWorker
from planner.executor.work import Finished, Work, same_name, told

if TYPE_CHECKING:
    from planner.settings import Settings

VERSIONS = ("mineral-sourcing-planner", "highspy", "numpy")
"""Packages whose version is part of every key."""


class Crew(Protocol):
    """Workers of one kind."""

    drivers: int

    def start(self, tasks: Sequence[tuple[str, Any]], tell: Tell) -> None:
        """Begin; each driver tells ``None`` at its end."""

    def stop(self) -> None:
        """End, with tasks still to do or without."""


def run(
    function: Callable[[Any, Any], Mapping[str, Any]],
    shared: Any,
    tasks: Iterable[Any],
    *,
    prepare: Callable[[Any], Any] | None = None,
    folder: str | Path | None = None,
    settings: "Settings | None" = None,
    where: Literal["processes", "threads"] = "processes",
    progress: Callable[[int, int], None] | None = None,
) -> Generator[Finished, None, None]:
    """Do tasks on many workers; see :mod:`planner.executor`.

    Args:
        function: result of a task, from what the worker keeps and the task: numbers, texts and arrays by name.
        shared: data of the study, sent to each worker once and only read.
        tasks: small objects that :func:`digest` can hash; equal ones are done once.
        prepare: what a worker keeps, from ``shared``; ``shared`` itself where there is none.
        folder: where finished tasks are kept and looked for; nothing is kept without it.
        settings: ``workers``, ``dask``.
        where: workers of this machine; a Dask cluster that is set goes before.
        progress: called with how many tasks are done and how many there are, before each result is handed out.

    Returns:
        The finished tasks: first those that were kept, then the others as they come. Closing it ends the study.

    Raises:
        TypeError: a function that cannot be found by name, or data that cannot be hashed.
        SettingsError: no Dask cluster at the address, or Dask is not installed.
        PlannerError: workers cannot be started, the cluster is lost or the folder cannot be written; what is
            finished is kept.
    """
    from planner.settings import Settings  # not at the top: worker processes import this module, and need none

    about = _about(function, prepare, shared)
    study = digest(about)
    by_key = {digest((study, task)): task for task in tasks}
    work = Work(function, shared, prepare)
    chosen = settings or Settings()
    keeping = nullcontext() if folder is None else Kept(Path(folder), study, about)
    results = _results(by_key, keeping, lambda count: _crew(work, count, chosen, where))
    return _counted(results, len(by_key), progress)


def in_order(results: Iterable[Finished]) -> list[Finished]:
    """Finished tasks by key: the same order whoever was first."""
    return sorted(results, key=lambda finished: finished.key)


def _about(function: Callable[..., Any], prepare: Callable[..., Any] | None, shared: Any) -> dict[str, Any]:
    """What every result of a study depends on besides its task."""
    functions = [function] if prepare is None else [function, prepare]
    for one in functions:
        if not (inspect.isfunction(one) and same_name(one)):
            raise TypeError(f"{one!r} is no function of a module that another process can import")
    names = [f"{one.__module__}.{one.__qualname__}" for one in functions]
    return {
        "function": names[0],
        "prepare": names[1] if prepare else "",
        "source": digest([Path(inspect.getfile(one)).read_bytes() for one in functions]),
        "shared": digest(shared),
        "versions": {name: version(name) for name in VERSIONS},
    }


def _crew(work: Work, count: int, settings: "Settings", where: Literal["processes", "threads"]) -> Crew:
    """Workers for so many tasks."""
    if settings.dask:
        from planner.executor.cluster import Cluster

        return Cluster(work, settings.dask, {name: version(name) for name in VERSIONS})
    workers = range(min(settings.workers or os.cpu_count() or 1, count))
    if where == "threads":
        return Local([ThreadWorker(work, number) for number in workers])
    try:
        message = pickle.dumps(work, pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        raise PlannerError(f"the data of the study cannot be sent to a process: {told(error)}") from error
    return Local([ProcessWorker(message) for _ in workers])


def _results(
    by_key: Mapping[str, Any], keeping: AbstractContextManager[Kept | None], crew_for: Callable[[int], Crew]
) -> Generator[Finished, None, None]:
    """The kept tasks, then the others, each kept before it is given."""
    with keeping as kept:
        found = kept.keys() if kept else set()
        missing = []
        for key, task in by_key.items():
            if kept and key in found:
                yield kept.read(key, task)
            else:
                missing.append((key, task))
        if missing:
            yield from _solved(crew_for(len(missing)), missing, kept)


def _solved(crew: Crew, tasks: Sequence[tuple[str, Any]], kept: Kept | None) -> Generator[Finished, None, None]:
    """Tasks as a crew finishes them."""
    told: SimpleQueue[Finished | Exception | None] = SimpleQueue()

    def tell(event: Finished | Exception | None) -> None:
        if kept and isinstance(event, Finished) and not event.error:
            kept.keep(event)
        told.put(event)

    try:
        crew.start(tasks, tell)
        drivers = crew.drivers
        while drivers:
            event = told.get()
            if isinstance(event, Finished):
                yield event
            elif event is None:
                drivers -= 1
            else:
                raise event
    finally:
        crew.stop()


def _counted(
    results: Generator[Finished, None, None], total: int, progress: Callable[[int, int], None] | None
) -> Generator[Finished, None, None]:
    """The same, told to ``progress``."""
    with closing(results):
        for count, finished in enumerate(results, 1):
            if progress:
                progress(count, total)
            yield finished
