"""Two ways to the same answer side by side: hot dual simplex, and a cold solve where that takes long."""

import threading
from collections.abc import Callable

from planner.solving.session import Session
from planner.solving.stages import Solved


class _Runner:
    """One way: a thread that works on its own HiGHS object."""

    def __init__(self, make: Callable[[], Session], work: Callable[[Session], Solved], ended: threading.Event) -> None:
        self.session: Session | None = None
        self.solved: Solved | None = None
        self.fault: BaseException | None = None
        self.cancelled = False

        def run() -> None:
            try:
                self.session = make()
                if not self.cancelled:
                    self.solved = work(self.session)
            except BaseException as fault:
                self.fault = fault
            ended.set()

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()

    def cancel(self) -> None:
        """End it, and wait until it has ended."""
        self.cancelled = True
        if self.session is not None:
            self.session.cancel()
        self.thread.join()

    @property
    def done(self) -> bool:
        """Whether it found an answer; a limit is none as long as the other way still runs."""
        return self.solved is not None and self.solved.end in ("optimal", "infeasible", "unbounded")


def race(
    hot: Session, cold: Callable[[], Session], work: Callable[[Session, bool], Solved], head_start: float
) -> tuple[Session, Solved]:
    """What the quicker way finds, and its HiGHS object, to be kept from now on.

    Ctrl-C ends both and gives what the hot one has; it can be run again.

    Args:
        hot: the kept object.
        cold: makes a fresh one of the same matrix.
        work: solves one of them; the flag says whether from the last basis.
        head_start: seconds that the hot way has alone.

    Raises:
        KeyboardInterrupt: Ctrl-C before the hot way began.
        BaseException: what broke in the way that would have answered.
    """
    ended = threading.Event()
    runners = [_Runner(lambda: hot, lambda session: work(session, True), ended)]
    try:
        if not ended.wait(head_start):
            runners.append(_Runner(cold, lambda session: work(session, False), ended))
        while not any(runner.done for runner in runners) and any(runner.thread.is_alive() for runner in runners):
            ended.wait(1.0)
            ended.clear()
        winner = next((runner for runner in runners if runner.done), runners[0])
    except KeyboardInterrupt:
        winner = runners[0]
        for runner in runners:
            runner.cancel()
    for runner in runners:
        if runner is not winner:
            runner.cancel()
    winner.thread.join()
    if winner.fault is not None:
        raise winner.fault
    if winner.session is None or winner.solved is None:  # interrupted before it began
        raise KeyboardInterrupt
    winner.session.renew()
    return winner.session, winner.solved
