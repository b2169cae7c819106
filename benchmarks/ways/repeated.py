"""Arrays by hand where every period has the same rows and columns: one period repeated."""

from benchmarks import bare
from benchmarks.ways.bare import Way as Bare


class Way(Bare):
    """``bare.repeated``: what these very networks would allow, and no others."""

    arrays_of = staticmethod(bare.repeated)
