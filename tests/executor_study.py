"""A study as a program of its own, to be killed: folder, file of marks, where, number of tasks, seconds of each."""

import sys

from planner.executor import run
from planner.settings import Settings
from tests.executor_tasks import Marked, mark


def marked(count: int, file: str, seconds: float) -> list[Marked]:
    """The tasks."""
    return [Marked(number, file, seconds) for number in range(count)]


if __name__ == "__main__":
    folder, file, where, count, seconds = sys.argv[1:]
    assert where in ("processes", "threads")
    tasks = marked(int(count), file, float(seconds))
    for finished in run(mark, 2.0, tasks, folder=folder, where=where, settings=Settings(workers=2)):  # type: ignore[arg-type]
        print(finished.key, flush=True)
