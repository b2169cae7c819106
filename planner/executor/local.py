"""Workers of this machine, each driven by a thread of its own: tasks go on while the caller looks at a result.

A process pool of the standard library is lost when one of its processes is killed, and with it every task under way.
Here each process has its own pipe, so its end is seen at once and concerns one task.
"""

import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Any, Protocol

from planner.errors import PlannerError
from planner.executor.work import Answer, Finished, Seat, Work, failed, told

Tell = Callable[[Finished | Exception | None], None]
"""Takes each finished task; the fault that ends a study; nothing when a driver has come to its end."""

DEATHS = 3
"""Worker processes that may die on one task, or at the start, before it is given up."""

_SPAWN = multiprocessing.get_context("spawn")
_STARTING = threading.Lock()
LEAVING = 5.0
"""Seconds that a process has to leave by itself."""


class Worker(Protocol):
    """One worker; ``name`` is who answered last."""

    name: str

    def attempt(self, task: Any) -> Answer:
        """Do a task."""

    def end(self) -> None:
        """End when there are no more tasks."""

    def stop(self) -> None:
        """End what can be ended; safe from another thread."""


class StoppedError(Exception):
    """The study is to end: the task under way is given up."""


class Local:
    """Threads that share one row of tasks, each with its worker."""

    def __init__(self, workers: Sequence[Worker]) -> None:
        self.drivers = len(workers)
        self._workers = workers
        self._threads: list[threading.Thread] = []
        self._stopping = False

    def start(self, tasks: Sequence[tuple[str, Any]], tell: Tell) -> None:
        """Begin with the tasks, given with their keys."""
        row = deque(tasks)
        for worker in self._workers:
            self._threads.append(threading.Thread(target=self._drive, args=(worker, row, tell), daemon=True))
            self._threads[-1].start()

    def stop(self) -> None:
        """End: processes at once, threads after the task they are at."""
        self._stopping = True
        for worker in self._workers:
            worker.stop()
        for thread in self._threads:
            while thread.is_alive():
                thread.join(0.2)

    def _drive(self, worker: Worker, row: deque[tuple[str, Any]], tell: Tell) -> None:
        try:
            while row and not self._stopping:
                try:
                    key, task = row.popleft()
                except IndexError:
                    break
                answer = worker.attempt(task)
                tell(Finished(task, key, worker=worker.name, **vars(answer)))
        except StoppedError:
            pass
        except Exception as error:
            tell(error)
        finally:
            worker.end()
            tell(None)


class ThreadWorker:
    """A worker in the thread that drives it."""

    def __init__(self, work: Work, number: int) -> None:
        self.name = f"thread {number}"
        self._seat = Seat(work)

    def attempt(self, task: Any) -> Answer:
        """Do a task."""
        return self._seat.attempt(task)

    def end(self) -> None:
        """A thread ends by itself."""

    def stop(self) -> None:
        """A thread ends by itself."""


class ProcessWorker:
    """A worker in a process, replaced when it dies. Processes are spawned: HiGHS hangs in forked ones."""

    def __init__(self, work: bytes) -> None:
        self.name = ""
        self._work = work
        self._process: Any = None
        self._pipe: Connection | None = None
        self._stopped = False

    def attempt(self, task: Any) -> Answer:
        """Do a task, in the next process where one dies on it.

        Raises:
            PlannerError: processes cannot be started.
            StoppedError: the worker is to end.
        """
        try:
            message = pickle.dumps(task)
        except Exception as error:
            return failed(error)
        code = None
        for _ in range(DEATHS):
            try:
                pipe = self._pipe or self._start()
                pipe.send_bytes(message)
                answer: Answer = pipe.recv()
                return answer
            except (EOFError, OSError):
                code = self._bury()
        return Answer({}, 0.0, f"{DEATHS} worker processes died on this task, the last with exit code {code}")

    def end(self) -> None:
        """Let the process leave by itself, so that it clears away what libraries made in it; else kill it."""
        with _STARTING:
            process, self._stopped = self._process, True
            if process is not None and self._pipe is not None:
                self._pipe.close()
        if process is not None:
            process.join(LEAVING)
        self.stop()

    def stop(self) -> None:
        """Kill the process."""
        with _STARTING:
            self._stopped = True
            if self._process is not None:
                self._process.kill()
                self._process.join()

    def _start(self) -> Connection:
        """A process that has read the work."""
        code = None
        for _ in range(DEATHS):
            pipe = self._launch()
            try:
                pipe.send_bytes(self._work)
                fault: str = pipe.recv()
            except (EOFError, OSError):
                code = self._bury()
                continue
            if fault:
                raise PlannerError(f"a worker process cannot read the study: {fault}")
            self._pipe = pipe
            return pipe
        raise PlannerError(
            f"worker processes end before they are ready (exit code {code}); a script that starts a study does so "
            'under if __name__ == "__main__":'
        )

    def _launch(self) -> Connection:
        """A new process; its end closes the pipe, for this process keeps no other end of it.

        Ctrl-C goes to every process of a terminal; it is blocked for the new one, which this one ends.
        """
        with _STARTING:
            if self._stopped:
                raise StoppedError
            here, there = _SPAWN.Pipe()
            process = _SPAWN.Process(target=_serve, args=(there,), daemon=True)
            if sys.platform != "win32":
                mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
            try:
                process.start()
            finally:
                if sys.platform != "win32":
                    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
                there.close()
            self._process, self._pipe, self.name = process, here, f"process {process.pid}"
            return here

    def _bury(self) -> int | None:
        """Clear away a process that died; gives its exit code.

        Raises:
            StoppedError: it died because the worker is to end.
        """
        with _STARTING:
            process, pipe = self._process, self._pipe
            self._process = self._pipe = None
            if pipe is not None:
                pipe.close()
            if self._stopped:
                raise StoppedError
            process.kill()
            process.join()
            code: int | None = process.exitcode
            return code


def _serve(pipe: Connection) -> None:
    """The life of a worker process: read the work, then a task after the other, until the pipe is closed."""
    os.dup2(2, 1)  # stdout belongs to the command's one document
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        seat = Seat(pickle.loads(pipe.recv_bytes()))
    except Exception as error:
        pipe.send(told(error))
        return
    pipe.send("")
    while True:
        try:
            message = pipe.recv_bytes()
        except EOFError:
            return
        pipe.send(_answer(seat, message))


def _answer(seat: Seat, message: bytes) -> Answer:
    try:
        task = pickle.loads(message)
    except Exception as error:
        return failed(error)
    return seat.attempt(task)


def _end_with_parent() -> None:
    """Leave nothing behind when the study is killed, even within a long solve."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
