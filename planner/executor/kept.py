"""Finished tasks on disk: ``results.sqlite`` in the folder of a study.

::

    studies   study, function, prepare, shared, versions (JSON), begun
    finished  key, study, task (as Python prints it), seconds, worker
    results   key, name, value     a number (NULL is NaN), a text, or an array as a .npy file

One transaction a task, so a task is there whole or not at all.
"""

import io
import json
import math
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from planner.errors import PlannerError
from planner.executor.work import Finished, Value

FILE = "results.sqlite"

_TABLES = """
    create table if not exists studies (study text primary key, function text, prepare text, shared text,
                                        versions text, begun text);
    create table if not exists finished (key text primary key, study text, task text, seconds real, worker text);
    create index if not exists by_study on finished (study);
    create table if not exists results (key text, name text, value, primary key (key, name));
"""


class Kept:
    """The finished tasks of one study, open within a ``with``; may be used from several threads."""

    def __init__(self, folder: Path, study: str, about: Mapping[str, Any]) -> None:
        """Name the file.

        Args:
            folder: made where it does not exist.
            study: key of the study.
            about: function, prepare, shared and versions of the study.
        """
        self._path = folder / FILE
        self._study = study
        self._about = about
        self._lock = threading.Lock()

    def __enter__(self) -> "Kept":
        """Open the file, or begin it.

        Raises:
            PlannerError: the file cannot be written, or is something else.
        """
        about = self._about
        with self._told():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._base = sqlite3.connect(self._path, timeout=30, check_same_thread=False)
            self._base.execute("pragma journal_mode = wal")
            self._base.execute("pragma synchronous = normal")
            self._base.executescript(_TABLES)
            values = (self._study, about["function"], about["prepare"], about["shared"], json.dumps(about["versions"]))
            with self._base:
                self._base.execute(
                    "insert or ignore into studies values (?, ?, ?, ?, ?, ?)",
                    (*values, datetime.now(UTC).isoformat(timespec="seconds")),
                )
        return self

    def __exit__(self, *raised: object) -> None:
        with self._lock:
            self._base.close()

    def keys(self) -> set[str]:
        """Keys of the tasks that are finished.

        Raises:
            PlannerError: the file cannot be read.
        """
        with self._told(), self._lock:
            return {key for (key,) in self._base.execute("select key from finished where study = ?", (self._study,))}

    def read(self, key: str, task: Any) -> Finished:
        """A finished task as it was kept.

        Raises:
            PlannerError: the file cannot be read.
        """
        with self._told(), self._lock:
            query = "select seconds, worker from finished where key = ?"
            seconds, worker = self._base.execute(query, (key,)).fetchone()
            rows = self._base.execute("select name, value from results where key = ? order by rowid", (key,))
            result = {name: _read(value) for name, value in rows}
        return Finished(task, key, result, seconds, worker, "", "")

    def keep(self, finished: Finished) -> None:
        """Write a finished task; one that is there already stays.

        Raises:
            PlannerError: the file cannot be written.
        """
        rows = [(finished.key, name, _written(value)) for name, value in finished.result.items()]
        about = (finished.key, self._study, repr(finished.task), finished.seconds, finished.worker)
        with self._told(), self._lock, self._base:
            self._base.execute("insert or ignore into finished values (?, ?, ?, ?, ?)", about)
            self._base.executemany("insert or ignore into results values (?, ?, ?)", rows)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Faults of the file in the planner's words."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise PlannerError(f"{self._path} cannot keep results: {error}") from error


def _written(value: Value) -> float | str | bytes:
    if not isinstance(value, np.ndarray):
        return value
    file = io.BytesIO()
    np.save(file, value, allow_pickle=False)
    return file.getvalue()


def _read(value: float | str | bytes | None) -> Value:
    if isinstance(value, bytes):
        array: np.ndarray = np.load(io.BytesIO(value), allow_pickle=False)
        return array
    return math.nan if value is None else value
