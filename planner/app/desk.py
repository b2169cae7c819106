"""One visitor's desk: the tables, the plan, the what-ifs, in one thread of its own.

Everything here is called by that thread (:meth:`Desk.run`), so that no HiGHS object is used from two threads and the
pages never wait; only ``stop`` and the figures of progress are touched from outside. Two desks share nothing.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import isfinite
from pathlib import Path
from threading import BoundedSemaphore, Event
from typing import TYPE_CHECKING, ParamSpec, TypeVar
from weakref import WeakSet

from planner.analysis.sliders import Control, controls
from planner.app.book import Book
from planner.app.upload import read_upload
from planner.companions import companions
from planner.errors import NoPlanError, PlannerError
from planner.read import raw
from planner.settings import Settings

if TYPE_CHECKING:
    from planner.analysis.compare import Comparison
    from planner.analysis.explain import Explanation
    from planner.analysis.study import Study
    from planner.instance import Instance
    from planner.plan import Outcome, Plan
    from planner.solving.session import Progress

P = ParamSpec("P")
T = TypeVar("T")

PLAN = "Plan"
"""Name of the plan of the tables as they are."""

CHEAPEST = "Cheapest plan, no rules"

TURNS = BoundedSemaphore(os.cpu_count() or 1)
"""As many desks solve at once as there are processors; whoever comes later waits for a turn."""

OPEN: WeakSet["Desk"] = WeakSet()
"""Every desk that somebody may work on, to be closed when the planner ends."""

WAITING = "Waiting for a turn, others are solving"


@dataclass
class Watch:
    """Where a solve stands, for those who wait for it."""

    stop: Event = field(default_factory=Event)
    doing: str = ""
    """What is being done; empty while nothing is."""
    since: float = 0.0
    at: "Progress | None" = None

    def begin(self, doing: str) -> None:
        """A new solve."""
        self.stop.clear()
        self.at, self.doing, self.since = None, doing, time.monotonic()

    def told(self, at: "Progress") -> None:
        """HiGHS says where it stands; what is known of a plan is not forgotten in the stages after it."""
        if self.at is None or isfinite(at.incumbent) or not isfinite(self.at.incumbent):
            self.at = at

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self.since if self.doing else 0.0


class Desk:
    """What one visitor works on.

    Args:
        settings: limits of every solve; rules of one's own are refused, for nothing here may run code of a file.
        source: instance that lies on the desk at first: a built-in's name, a folder or a workbook.
    """

    def __init__(self, settings: Settings, source: str = "") -> None:
        self.settings = settings.changed(rules=None)
        self.source = source
        self.watch = Watch()
        self.book: Book | None = None
        self.outcome: Outcome | None = None
        self.reference: Plan | None = None
        """The cheapest plan, that without rules; None where there is none."""
        self.plans: dict[str, Plan] = {}
        """Plans by name, to be compared."""
        self.trial: Outcome | None = None
        """The outcome of the last what-if."""
        self._study: Study | None = None
        OPEN.add(self)

    @cached_property
    def _thread(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(1, thread_name_prefix="desk")

    async def run(self, work: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        """Do some work in the desk's thread, behind what it does already."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: work(*args, **named))

    def close(self) -> None:
        """Stop what runs; nothing more is done here."""
        self.watch.stop.set()
        self._thread.shutdown(wait=False, cancel_futures=True)

    @contextmanager
    def _turn(self, doing: str) -> Iterator[None]:
        """Do something that takes a processor for itself, when it is this desk's turn.

        Raises:
            PlannerError: it was stopped before.
        """
        watch = self.watch
        watch.begin(WAITING)
        try:
            while not TURNS.acquire(timeout=0.1):
                if watch.stop.is_set():
                    raise PlannerError("stopped while it waited for its turn")
            try:
                watch.doing, watch.since = doing, time.monotonic()
                yield
            finally:
                TURNS.release()
        finally:
            watch.doing = ""

    @property
    def instance(self) -> "Instance":
        """The checked instance.

        Raises:
            PlannerError: there is none yet, or it has problems.
        """
        if self.book is None or self.book.instance is None:
            raise PlannerError("mend the problems of the tables first" if self.book else "load an instance first")
        return self.book.instance

    def open(self, source: str) -> None:
        """Lay an instance on the desk.

        Raises:
            InputError: it cannot be opened.
        """
        self._lay(Book.of(replace(raw(source), beside=companions(source))))

    def upload(self, name: str, content: bytes) -> None:
        """Lay an upload on the desk.

        Raises:
            InputError: it is too large, damaged or no instance.
        """
        self._lay(Book.of(read_upload(name, content)))

    def _lay(self, book: Book) -> None:
        self.book = book
        self.plans.clear()
        self._forget()

    def _forget(self) -> None:
        """The tables are others: no plan is of them."""
        self.outcome = self.reference = self.trial = self._study = None
        self.plans.pop(PLAN, None)
        self.plans.pop(CHEAPEST, None)

    def type(self, table: str, line: int, column: str, text: str) -> None:
        """Write another text into a cell; see :meth:`Book.with_cell`.

        Raises:
            InputError: it is refused; nothing has changed.
        """
        assert self.book is not None
        self.book = self.book.with_cell(table, line, column, text)
        self._forget()

    def add_row(self, table: str, cells: Mapping[str, str]) -> None:
        """Add a row; see :meth:`Book.with_row`.

        Raises:
            InputError: it is refused; nothing has changed.
        """
        assert self.book is not None
        self.book = self.book.with_row(table, cells)
        self._forget()

    def drop_rows(self, table: str, lines: Sequence[int]) -> None:
        """Take rows out; see :meth:`Book.without_rows`.

        Raises:
            InputError: it is refused; nothing has changed.
        """
        assert self.book is not None
        self.book = self.book.without_rows(table, lines)
        self._forget()

    def solve(self) -> "Outcome":
        """Solve the tables as they are, then the cheapest plan without rules to compare with.

        Raises:
            PlannerError: the tables have problems, or the verifier disagrees.
        """
        from planner.solve import solve

        instance, watch = self.instance, self.watch
        with self._turn("Solving"):
            self._forget()
            self.outcome = solve(instance, self.settings, watch.told, watch.stop)
            if self.outcome.found is not None:
                self.plans[PLAN] = self.outcome.found
                self._compare_with_cheapest(instance)
            return self.outcome

    def _compare_with_cheapest(self, instance: "Instance") -> None:
        """Solve without rules, unless somebody stops or does not want it."""
        from planner.solve import solve

        rules = instance.tables["rules"]
        if rules.empty or self.settings.report != "compared" or self.watch.stop.is_set():
            return
        self.watch.at, self.watch.doing = None, "Solving without rules, to compare with"
        free = solve(instance.with_tables(rules=rules.iloc[:0]), self.settings, self.watch.told, self.watch.stop)
        if free.status == "optimal":
            self.reference = self.plans[CHEAPEST] = free.plan

    def explain(self) -> "Explanation":
        """Why there is no plan, or why demand stays unmet, and the least repairs; stopped, what was found until then.

        Raises:
            PlannerError: the tables have problems, or the verifier disagrees.
        """
        from planner.analysis.explain import explain

        with self._turn("Looking for what mends it"):
            return explain(self.instance, self.settings, stop=self.watch.stop)

    @property
    def plan(self) -> "Plan":
        """The plan of the tables as they are.

        Raises:
            NoPlanError: there is none.
        """
        if self.outcome is None:
            raise NoPlanError("solve the tables first")
        return self.outcome.plan

    def levers(self) -> list[Control]:
        """What there is to pull in a what-if."""
        return controls(self.instance)

    def what_if(self, pulled: Mapping[Control, float]) -> "Outcome":
        """Solve with levers pulled, from the last basis.

        Raises:
            InputError: the changes are refused.
            PlannerError: the verifier disagrees.
        """
        from planner.analysis.study import Study

        with self._turn("Solving the what-if"):
            if self._study is None:
                self._study = Study(self.instance, self.settings, self.watch.stop)
            changes = [change for lever, value in pulled.items() for change in lever.changes(value)]
            self._study.reset()
            if changes:
                self._study.apply(*changes)
            self.trial = self._study.solve()
            return self.trial

    @property
    def changes(self) -> tuple[str, ...]:
        """What the last what-if changes, as it is written on the command line."""
        return self._study.changes if self._study else ()

    def keep(self, name: str) -> None:
        """Keep the plan of the last what-if under a name, to compare.

        Raises:
            PlannerError: there is no plan, or the name is taken or empty.
        """
        name = name.strip()
        if not name or name in self.plans:
            raise PlannerError(f"the name '{name}' is taken" if name else "give it a name")
        if self.trial is None:
            raise PlannerError("pull a lever first")
        self.plans[name] = self.trial.plan

    def compare(self, first: str, second: str) -> "Comparison":
        """Hold one plan against another.

        Raises:
            PlannerError: they are the same.
        """
        from planner.analysis.compare import compare

        if first == second:
            raise PlannerError("choose two different plans")
        return compare({first: self.plans[first], second: self.plans[second]})

    def report(self) -> bytes:
        """The plan as one HTML file, the plans of what-ifs behind its slider."""
        from planner.report.html import Record, report
        from planner.runs import write_input

        plan, outcome = self.plan, self.outcome
        assert outcome is not None
        with tempfile.TemporaryDirectory(prefix="planner-input-") as folder:
            digest = write_input(plan.instance, Path(folder) / "input")
        record = Record(digest, sum(outcome.seconds.values()), outcome.size, message=outcome.message)
        others = [(name, other) for name, other in self.plans.items() if name not in (PLAN, CHEAPEST)]
        return report(plan, self.reference, others, record).encode("utf-8")

    def workbook(self) -> bytes:
        """The plan as a workbook."""
        from planner.workbook.plan import write_plan

        return _written(lambda path: write_plan(self.plan, path))

    def tables(self) -> bytes:
        """The instance as a workbook."""
        from planner.workbook.instance import write_instance

        instance, beside = self.instance, self.book.raw.beside if self.book else {}
        return _written(lambda path: write_instance(instance, path, beside=beside))


def _written(write: Callable[[Path], None]) -> bytes:
    """The bytes of a workbook."""
    with tempfile.TemporaryDirectory(prefix="planner-download-") as folder:
        path = Path(folder) / "book.xlsx"
        write(path)
        return path.read_bytes()
