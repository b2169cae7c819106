r"""Many solves, one executor: scenarios, coalitions, frontiers and envelopes all go through :func:`run`.

::

    def prepare(network):                 # once per worker: what a worker keeps, e.g. a HiGHS model with its basis
        return Kept(network)

    def solve(kept, scenario):            # once per task: floats, texts and arrays by name
        return {"cost": kept.solve(scenario)}

    for finished in run(solve, network, scenarios, prepare=prepare, folder="studies/bans", settings=settings):
        ...                               # as they come; in_order(...) sorts by key

**Where.** Processes of this machine, or its threads where ``where="threads"`` (HiGHS releases the interpreter while it
runs, so threads scale as well for tasks that mostly solve); ``settings.workers`` of them. A Dask cluster where
``settings.dask`` holds the address of its scheduler (start its workers with one thread each; the scheduler and the
workers need the planner installed, and the workers have the same versions).

**What a task may do.** ``function`` and ``prepare`` are functions of a module, found by name on the other side. A
worker is one thread: an object of HiGHS that ``prepare`` makes is never touched by two, and runs with ``threads=1``.
A task's result must not depend on what the worker solved before: a kept HiGHS model goes back to its reference first
(``clearSolver()``, ``setBasis(reference)``), then the same numbers come from every worker, in any order, to the last
bit. ``shared`` is only read. It goes to each worker once.

**What can go wrong.** A task that raises is a :class:`Finished` with ``error``; what the worker kept is then made anew,
for it may be half edited. A worker that dies (killed, out of memory, a fault in native code) is replaced and its task
repeated; a task on which workers died three times (processes; Dask: its ``allowed-failures``, and as often again with
the cluster to itself) has that as its error. A cluster that has no worker for two minutes ends the study with an
error; what is finished is kept.
Ctrl-C ends worker processes at once; a thread first ends the task it is at, and so does a Dask worker. A script that
starts processes does so under ``if __name__ == "__main__":``, as Python asks for.

**What is kept.** With a ``folder``, each result is in ``results.sqlite`` there before it is handed out, whole or not at
all, whatever is killed. (After a power cut the newest may be missing; the file is on a disk of this machine, not on a
network.) A study that runs again reads what it finds and solves the rest; tasks that failed are tried again. The key of
a task is the SHA-256 of its content, of ``shared``, of the two functions and the source of their modules, and of the
versions in :data:`VERSIONS`: what was solved for other data or by another version is never taken for an answer. Nothing
in the file can run code.
"""

from planner.executor.digest import digest
from planner.executor.study import VERSIONS, in_order, run
from planner.executor.work import Finished, Value

__all__ = ["VERSIONS", "Finished", "Value", "digest", "in_order", "run"]
