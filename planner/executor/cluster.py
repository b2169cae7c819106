"""Workers of a Dask cluster; the only module that imports Dask.

The data go to the cluster as the result of a task, not by ``scatter``: when the last worker that holds scattered data
dies, every task that reads them is cancelled, while the result of a task is made again. Dask hands a worker its copy
once, and drops all copies when this client is gone, killed or not.
"""

import pickle
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from functools import cache
from importlib.metadata import version
from itertools import count, islice
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

PATIENCE = 30.0
"""Seconds in which the scheduler and its first worker must answer."""

ABSENCE = 120.0
"""Seconds that a study waits for a worker when all are gone."""

FETCH = 10
"""Seconds in which an answer must come from the worker that has it."""


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
        self._stopping = threading.Event()

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
        threading.Thread(target=self._watch, args=(self._client, tell), daemon=True).start()

    def stop(self) -> None:
        """Cancel what is not done and leave the cluster; a worker ends the task it is at."""
        self._stopping.set()
        if self._client is not None:
            self._client.close(timeout=PATIENCE)
        if self._thread is not None:
            self._thread.join(PATIENCE)

    def _drive(self, client: Client, tasks: Sequence[tuple[str, Any]], tell: Tell) -> None:
        try:
            for finished in self._answers(client, tasks):
                tell(finished)
        except Exception as error:
            if not self._stopping.is_set():
                tell(error)
        finally:
            tell(None)

    def _watch(self, client: Client, tell: Tell) -> None:
        """End the study when the cluster has been without a worker for long: nothing would ever come."""
        seen = time.monotonic()
        while not self._stopping.wait(1.0):
            try:
                seen = time.monotonic() if client.nthreads() else seen
            except Exception:  # the connection is lost: the answers say so
                return
            if time.monotonic() - seen > ABSENCE:
                tell(PlannerError(f"the Dask cluster at {self._address} has no workers left; run again to go on"))
                return

    def _answers(self, client: Client, tasks: Sequence[tuple[str, Any]]) -> Iterator[Finished]:
        """Tasks as the cluster finishes them.

        Dask blames the death of a worker on every task that was given to it, not only on the one it was at: those that
        it gives up have the cluster to themselves at the end, one at a time.
        """
        suspects: list[tuple[str, Any]] = []
        for finished, erred in self._round(client, tasks, "task"):
            if erred:
                suspects.append((finished.key, finished.task))
            else:
                yield finished
        for number, suspect in enumerate(suspects):
            for finished, _ in self._round(client, [suspect], f"alone{number}"):
                yield finished

    def _round(self, client: Client, tasks: Sequence[tuple[str, Any]], name: str) -> Iterator[tuple[Finished, bool]]:
        """Tasks, a window of them at once, each with whether Dask gave it up.

        Dask groups keys by their leading words. The data have a group of their own: tasks that read none of their own
        group go to whoever is free, not to who holds the data.
        """
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"}):
            held = client.submit(hold, self._work, self._versions, key=f"planner-held-{name}-{self._study}")
        waiting = iter(tasks)
        numbers = count()

        def submit(key: str, task: Any) -> Any:
            return client.submit(attempt, held, pickle.dumps(task), key=f"planner-{name}-{self._study}-{next(numbers)}")

        by_future = {submit(*pair): pair for pair in islice(waiting, WINDOW)}
        completed = as_completed(by_future, loop=client.loop)
        for future in completed:
            key, task = by_future.pop(future)
            outcome = self._outcome(future)
            for pair in islice(waiting, 1) if outcome else [(key, task)]:
                later = submit(*pair)
                by_future[later] = pair
                completed.add(later)
            if outcome:
                worker, answer, erred = outcome
                yield Finished(task, key, worker=worker, **vars(answer)), erred

    def _outcome(self, future: Any) -> tuple[str, Answer, bool] | None:
        """Worker, answer and whether Dask gave the task up; nothing where the answer was lost with its worker.

        Such a task is given again under another name, so that no answer is fetched from a worker that may be gone.
        """
        if future.status == "error":
            return "", Answer({}, 0.0, told(future.exception())), True
        if future.status == "cancelled":
            raise PlannerError(f"the Dask cluster at {self._address} was lost; run again to go on")
        if future.status != "finished":
            return None
        try:
            return *future.result(timeout=FETCH), False
        except CancelledError as error:
            raise PlannerError(f"the Dask cluster at {self._address} was lost; run again to go on: {error}") from error
        except (OSError, KilledWorker):
            return None
