"""Who may solve now: as many at once as there are processors, the others in the order in which they came."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition, Event

from planner.errors import PlannerError

MOMENT = 0.2
"""Seconds after which one who waits looks whether it shall still wait."""


class Turns:
    """A queue before so many places.

    Args:
        places: how many work at once.
    """

    def __init__(self, places: int) -> None:
        self.places = places
        self._line: list[object] = []
        """Those who work, then those who wait, in the order in which they came."""
        self._moved = Condition()

    @contextmanager
    def turn(self, stop: Event, told: Callable[[int], None]) -> Iterator[None]:
        """Wait for a place, and hold it within.

        Args:
            stop: ends the wait once it is set.
            told: is called with how many must still end before this one begins.

        Raises:
            PlannerError: the wait was ended.
        """
        mine = object()
        with self._moved:
            self._line.append(mine)
            while (before := self._line.index(mine) - self.places + 1) > 0:
                told(before)
                if stop.is_set():
                    self._line.remove(mine)
                    raise PlannerError("stopped while it waited for its turn; nothing was solved")
                self._moved.wait(MOMENT)
            told(0)
        try:
            yield
        finally:
            with self._moved:
                self._line.remove(mine)
                self._moved.notify_all()


TURNS = Turns(os.cpu_count() or 1)
"""Of this server."""
