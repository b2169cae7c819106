"""Workers of a Dask cluster; the only module that imports Dask.

The data go to the cluster as the result of a task, not by ``scatter``: when the last worker that holds scattered data
dies, every task that reads them is cancelled, while the result of a task is made again. Dask hands a worker its copy
once, and drops all copies when this client is gone, killed or not.
"""

import pickle
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from functools import cache
from importlib.metadata import version
from itertools import islice
from typing import Any
from uuid import uuid4

from planner.errors import PlannerError, SettingsError
from planner.executor.local import Tell
from planner.executor.work import Answer, Finished, Seat, Work, told

try:
    import dask
    from distributed import Client, KilledWorker, as_completed, get_worker
except ImportError as missing:
    raise SettingsError(
        f"setting dask needs Dask, which is not installed ({missing}): pip install 'mineral-sourcing-planner[dask]'"
    ) from missing

WINDOW = 1000
"""Tasks at the cluster at once: more than its threads, few enough to be cancelled quickly."""

PATIENCE = 30
"""Seconds in which the scheduler and its first worker must answer."""


class Held:
    """The study on one Dask worker, with a seat for each of its threads. Only the work travels, seats never."""

    def __init__(self, work: Work, versions: Mapping[str, str]) -> None:
        self._work = work
        self._versions = versions
        self._seats: dict[int, Seat] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return Held, (self._work, self._versions)

    def attempt(self, task: Any) -> Answer:
        """Do a task in this thread's seat."""
        here = {name: _version(name) for name in self._versions}
        if here != self._versions:
            return Answer({}, 0.0, f"the worker has {here}, the study {dict(self._versions)}")
        thread = threading.get_ident()
        if thread not in self._seats:
            self._seats[thread] = Seat(self._work)
        return self._seats[thread].attempt(task)


_version = cache(version)


def hold(work: bytes, versions: Mapping[str, str]) -> Held:
    """The study, unpacked on a worker."""
    return Held(pickle.loads(work), versions)


def attempt(held: Held, task: bytes) -> tuple[str, Answer]:
    """A task on a worker: the worker's address and the answer."""
    return get_worker().address, held.attempt(pickle.loads(task))


class Cluster:
    """A study's side of a Dask cluster, with one thread that sends tasks and takes answers."""

    drivers = 1

    def __init__(self, work: Work, address: str, versions: Mapping[str, str]) -> None:
        self._work = pickle.dumps(work, pickle.HIGHEST_PROTOCOL)
        self._versions = versions
        self._address = address
        self._study = uuid4().hex
        self._client: Client | None = None
        self._thread: threading.Thread | None = None
        self._stopping = False

    def start(self, tasks: Sequence[tuple[str, Any]], tell: Tell) -> None:
        """Begin with the tasks, given with their keys.

        Raises:
            SettingsError: no scheduler at the address, or it has no workers.
        """
        try:
            self._client = Client(self._address, timeout=PATIENCE, set_as_default=False)
            self._client.wait_for_workers(1, timeout=PATIENCE)
        except (OSError, ValueError) as error:
            why = "it has no workers" if self._client else "no scheduler answers there"
            raise SettingsError(f"setting dask is {self._address!r}: {why} ({told(error)})") from error
        self._thread = threading.Thread(target=self._drive, args=(self._client, tasks, tell), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Cancel what is not done and leave the cluster; a worker ends the task it is at."""
        self._stopping = True
        if self._client is not None:
            self._client.close(timeout=PATIENCE)
        if self._thread is not None:
            self._thread.join(PATIENCE)

    def _drive(self, client: Client, tasks: Sequence[tuple[str, Any]], tell: Tell) -> None:
        try:
            for finished in self._answers(client, tasks):
                tell(finished)
        except Exception as error:
            if not self._stopping:
                tell(error)
        finally:
            tell(None)

    def _answers(self, client: Client, tasks: Sequence[tuple[str, Any]]) -> Iterator[Finished]:
        """Tasks as the cluster finishes them.

        Dask blames the death of a worker on every task that was given to it, not only on the one it was at: those that
        it gives up have the cluster to themselves at the end, one at a time.
        """
        suspects: list[tuple[str, Any]] = []
        for finished, killed in self._round(client, tasks, "task"):
            if killed:
                suspects.append((finished.key, finished.task))
            else:
                yield finished
        for suspect in suspects:
            for finished, _ in self._round(client, [suspect], "alone"):
                yield finished

    def _round(self, client: Client, tasks: Sequence[tuple[str, Any]], name: str) -> Iterator[tuple[Finished, bool]]:
        """Tasks, a window of them at once, each with whether Dask gave it up because workers died.

        Dask groups keys by their leading words. The data have a group of their own: tasks that read none of their own
        group go to whoever is free, not to who holds the data.
        """
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"}):
            held = client.submit(hold, self._work, self._versions, key=f"planner-held-{name}-{self._study}")
        waiting = iter(tasks)

        def submit(key: str, task: Any) -> Any:
            return client.submit(attempt, held, pickle.dumps(task), key=f"planner-{name}-{self._study}-{key}")

        by_future = {submit(*pair): pair for pair in islice(waiting, WINDOW)}
        completed = as_completed(by_future, loop=client.loop, with_results=True, raise_errors=False)
        for future, outcome in completed:
            key, task = by_future.pop(future)
            if isinstance(outcome, CancelledError):
                raise PlannerError(f"the Dask cluster at {self._address} was lost; run again to go on: {outcome}")
            erred = None if future.status == "finished" else outcome[1]
            worker, answer = ("", Answer({}, 0.0, told(erred))) if erred else outcome
            for pair in islice(waiting, 1):
                later = submit(*pair)
                by_future[later] = pair
                completed.add(later)
            yield Finished(task, key, worker=worker, **vars(answer)), isinstance(erred, KilledWorker)
