"""Stdout kept clean while HiGHS is made: its banner is printed by C++, past Python."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_STDOUT = threading.Lock()
"""Held while stdout is turned away: two threads at once would leave it so."""


@contextmanager
def quiet() -> Iterator[None]:
    """Turn stdout away, which belongs to ``--json``; what other threads print in the meantime is lost too."""
    with _STDOUT:
        sys.stdout.flush()
        kept = os.dup(1)
        null = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(null, 1)
            yield
        finally:
            os.dup2(kept, 1)
            os.close(kept)
            os.close(null)
