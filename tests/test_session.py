"""The HiGHS object and the race between two: stops, refusals, silence, and answers that are none."""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import highspy
import numpy as np
import pytest

import planner
from planner.generate import network
from planner.read import from_frames
from planner.settings import Settings
from planner.solving.kept import Kept
from planner.solving.session import Session
from planner.solving.stages import Clock, run_stages
from tests.random_instances import random_instance


def kept(seed: int = 3, *, integers: bool = False) -> Kept:
    """A kept model that has a plan."""
    return Kept(from_frames(*random_instance(seed, integers=integers)), Settings(gap=0.0))


def test_a_model_without_columns_costs_nothing() -> None:
    """No table that makes a column: the empty plan is the optimum, not an unknown one."""
    head = {"name": "nothing", "first_period": "2030", "periods": 1}
    outcome = planner.solve(from_frames(head, {"materials": [{"material": "ore"}], "sites": [{"site": "mine"}]}))
    assert (outcome.status, outcome.plan.objective) == ("optimal", 0.0)


def test_stdout_is_there_after_two_objects_were_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The banner of HiGHS is kept out of stdout; neither thread leaves stdout turned away."""
    matrix, before, make = kept().matrix, os.fstat(1), highspy.Highs

    def slow() -> Any:
        time.sleep(0.02)
        return make()

    monkeypatch.setattr(highspy, "Highs", slow)

    def work(delay: float) -> None:
        time.sleep(delay)
        Session(matrix, threads=1, seed=0, gap=0.0, algorithm="simplex")

    threads = [threading.Thread(target=work, args=(delay,)) for delay in (0.0, 0.01)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    after = os.fstat(1)
    assert (after.st_dev, after.st_ino) == (before.st_dev, before.st_ino)


def test_what_highs_refuses_is_raised() -> None:
    """HiGHS returns errors and goes on; a position that the matrix does not have must not pass."""
    session, one, beyond = kept().session, np.ones(1), np.array([10**6])
    changes: tuple[Callable[[], None], ...] = (
        lambda: session.column_bounds(beyond, one, one),
        lambda: session.row_bounds(beyond, one, one),
        lambda: session.add_row(beyond, one, 0.0, 1.0),
        lambda: session.add_column(beyond, one, 0.0, 0.0, 1.0),
        lambda: session.change_coefficients(beyond, beyond, one),
    )
    for change in changes:
        with pytest.raises(ValueError, match="HiGHS refuses"):
            change()


def test_a_kept_model_runs_again_after_an_interrupted_race(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in a race ends the hot solve; the next solve of the same model is not refused."""
    model, begun, run = Kept(from_frames(*network(1_000))), threading.Event(), Session.run
    fresh = model.session.basis()
    expected = model.solve()

    class Interrupted(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            begun.wait()
            raise KeyboardInterrupt

    def held_up(self: Session, seconds: float, *, hot: bool = False) -> Any:
        begun.set()
        while not self.cancelled:
            time.sleep(0.01)
        return run(self, seconds, hot=hot)

    monkeypatch.setattr("planner.solving.race.threading", SimpleNamespace(Event=Interrupted, Thread=threading.Thread))
    monkeypatch.setattr(Session, "run", held_up)
    model.session.from_basis(fresh)
    assert model.solve().end == "interrupted"
    monkeypatch.undo()
    found = model.solve()
    assert found.end == "optimal"
    assert found.objective == pytest.approx(expected.objective)


def test_zeros_for_duals_break_no_ties(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mixed-integer plan whose integers could not be fixed in time has no duals; it stays as it was found."""
    model = kept(4, integers=True)
    assert model.matrix.is_mip
    run = Session.run

    def late(self: Session, seconds: float, *, hot: bool = False) -> Any:
        found = run(self, seconds, hot=hot)
        empty = np.empty(0)
        fixed = self.matrix.is_mip and not self.is_mip and not hot
        return replace(found, end="limit", objective=np.inf, values=empty) if fixed else found

    monkeypatch.setattr(Session, "run", late)
    solved = run_stages(model.session, model.assembled.network, 0, Clock(60.0))
    cost = float(model.matrix.cost @ solved.values + model.matrix.offset)
    assert solved.end == "optimal" and not len(solved.row_duals)
    assert cost == pytest.approx(solved.objective, rel=1e-6)


def test_what_is_unbounded_from_a_basis_is_looked_at_from_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """HiGHS said so of a bounded model; the answer is that of a run that knows nothing of the last."""
    model = kept()
    expected, run, said = model.solve(), Session._run, []

    def wrong(self: Session, seconds: float, solver: str, presolve: str) -> Any:
        said.append(solver)
        return "unbounded" if len(said) == 1 else run(self, seconds, solver, presolve)

    monkeypatch.setattr(Session, "_run", wrong)
    found = model.solve()
    assert (found.end, len(said)) == ("optimal", 3)
    assert found.values == pytest.approx(expected.values, rel=1e-7, abs=1e-7)
