"""The executor: the same numbers from every kind of worker, nothing lost and nothing done twice, whoever is killed."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from planner.errors import PlannerError, SettingsError
from planner.executor import Finished, digest, in_order, run
from planner.settings import Settings
from tests import executor_tasks as tasks
from tests.executor_study import marked

Where = Literal["processes", "threads"]
BOTH: list[Where] = ["processes", "threads"]
TWO = Settings(workers=2)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A Dask scheduler here and two workers of one thread, each in a process with a nanny."""
    with local_cluster() as started:
        yield started


@contextmanager
def local_cluster() -> Iterator[Any]:
    """Two workers; however often they are killed, the cluster starts others."""
    import dask
    from distributed import LocalCluster

    chosen = {
        "distributed.comm.timeouts.connect": "10s",
        "distributed.deploy.lost-worker-timeout": "1h",
        "distributed.scheduler.allowed-failures": 1,  # each more costs a worker of its own
    }
    with (
        dask.config.set(chosen),
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50) as started,
    ):
        yield started


def numbers(results: list[Finished]) -> list[dict[str, Any]]:
    """Results in the order of their keys, arrays as bytes: equal only when equal to the last bit."""
    assert [finished.error for finished in results if finished.error] == []
    return [
        {name: value.tobytes() if isinstance(value, np.ndarray) else value for name, value in finished.result.items()}
        for finished in in_order(results)
    ]


def serial(count: int) -> list[dict[str, Any]]:
    """The same scenarios one after the other, each on a model of its own."""
    data, scenarios = tasks.chain(), tasks.bans(count)
    keyed = {
        finished.task: finished.key
        for finished in run(tasks.solve, data, scenarios, prepare=tasks.keep, where="threads")
    }
    solved = [Finished(ban, keyed[ban], tasks.Kept(data).solve(ban), 0.0, "", "", "") for ban in scenarios]
    return numbers(solved)


@pytest.mark.parametrize("where", BOTH)
def test_same_numbers_from_every_worker_in_any_order(where: Where) -> None:
    """40 scenarios on kept models, forwards and backwards, equal the serial run bit by bit."""
    expected = serial(40)
    for scenarios in (tasks.bans(40), tasks.bans(40)[::-1]):
        found = list(run(tasks.solve, tasks.chain(), scenarios, prepare=tasks.keep, where=where, settings=TWO))
        assert numbers(found) == expected
    assert len({values["cost"] for values in expected}) > 30
    assert {values["status"] for values in expected} == {"Optimal"}


def test_two_dask_workers_give_the_numbers_of_the_serial_run(cluster: Any) -> None:
    """Bit by bit, and both workers had a part in it."""
    settings = Settings(dask=cluster.scheduler_address)
    found = list(run(tasks.solve_slowly, tasks.chain(), tasks.bans(40), prepare=tasks.keep, settings=settings))
    expected = list(run(tasks.solve_slowly, tasks.chain(), tasks.bans(40), prepare=tasks.keep, where="threads"))
    assert numbers(found) == numbers(expected)
    assert sorted(values["cost"] for values in numbers(found)) == sorted(values["cost"] for values in serial(40))
    assert len({finished.worker for finished in found}) == 2


def test_dask_survives_kill_9_of_a_worker(cluster: Any) -> None:
    """One of two is killed from outside after the tenth result; all 100 come, with the numbers of the serial run."""
    settings = Settings(dask=cluster.scheduler_address)
    pids = {str(worker.worker_address): worker.pid for worker in cluster.workers.values()}
    found = []
    for finished in run(tasks.solve_slowly, tasks.chain(), tasks.bans(100), prepare=tasks.keep, settings=settings):
        found.append(finished)
        if len(found) == 10:
            os.kill(pids[finished.worker], signal.SIGKILL)
    expected = list(run(tasks.solve_slowly, tasks.chain(), tasks.bans(100), prepare=tasks.keep, where="threads"))
    assert numbers(found) == numbers(expected)
    assert found[9].worker not in {finished.worker for finished in found[-20:]}


def test_dask_tells_a_task_that_fails_and_keeps_the_rest(cluster: Any) -> None:
    """A task that kills every worker is given up; Dask's blame of tasks that waited beside it does not count."""
    settings, fine = Settings(dask=cluster.scheduler_address), [f"fine {number}" for number in range(6)]
    found = {one.task: one for one in run(tasks.misbehave, 4.5, ["die", "raise", *fine], settings=settings)}
    assert found["die"].error.startswith("KilledWorker")
    assert found["raise"].error == "ValueError: no such lane"
    assert [found[name].result for name in fine] == [{"value": 4.5}] * 6


def test_dask_study_can_be_left_early(cluster: Any) -> None:
    """After closing, the cluster holds nothing of the study, and takes the next."""
    settings = Settings(dask=cluster.scheduler_address)
    left = run(tasks.solve_slowly, tasks.chain(), tasks.bans(200), prepare=tasks.keep, settings=settings)
    next(left)
    left.close()
    assert next(run(tasks.misbehave, 1.0, ["fine"], settings=settings)).result == {"value": 1.0}
    deadline = time.monotonic() + 20
    while cluster.scheduler.tasks and time.monotonic() < deadline:
        time.sleep(0.1)
    assert cluster.scheduler.tasks == {}


def test_cluster_without_workers_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A study does not wait for ever when all workers go; what was finished is kept."""
    from planner.executor import cluster

    monkeypatch.setattr(cluster, "ABSENCE", 2.0)
    with local_cluster() as started:
        settings = Settings(dask=started.scheduler_address)
        study = run(
            tasks.solve_slowly, tasks.chain(), tasks.bans(400), prepare=tasks.keep, folder=tmp_path, settings=settings
        )
        found = [next(study)]
        started.scale(0)
        with pytest.raises(PlannerError, match="has no workers left; run again to go on"):
            found.extend(study)
    with closing(sqlite3.connect(tmp_path / "results.sqlite")) as base:
        assert {key for (key,) in base.execute("select key from finished")} == {finished.key for finished in found}


def test_no_dask_scheduler_at_the_address_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without waiting for ever."""
    from planner.executor import cluster

    monkeypatch.setattr(cluster, "PATIENCE", 1)
    with pytest.raises(SettingsError, match=r"setting dask is 'tcp://127\.0\.0\.1:9': no scheduler answers"):
        next(run(tasks.misbehave, 1.0, ["fine"], settings=Settings(dask="tcp://127.0.0.1:9")))


def test_killed_process_is_replaced(tmp_path: Path) -> None:
    """The worker at the first scenario of supplier 0 is killed within it: the scenario is solved by another."""
    shared = (tasks.chain(), str(tmp_path))
    found = list(run(tasks.solve_or_die_once, shared, tasks.bans(12), settings=TWO))
    assert (tmp_path / "killed").exists()
    assert sorted(values["cost"] for values in numbers(found)) == sorted(values["cost"] for values in serial(12))
    assert len({finished.worker for finished in found}) == 3


def test_killed_from_outside_is_replaced() -> None:
    """Both workers are killed in turn."""
    found = []
    for finished in run(tasks.solve_slowly, tasks.chain(), tasks.bans(60), prepare=tasks.keep, settings=TWO):
        found.append(finished)
        if len(found) in (10, 30):
            os.kill(int(finished.worker.split()[1]), signal.SIGKILL)
    expected = list(run(tasks.solve_slowly, tasks.chain(), tasks.bans(60), prepare=tasks.keep, where="threads"))
    assert numbers(found) == numbers(expected)
    assert len({finished.worker for finished in found}) == 4


def test_failed_task_is_a_named_result() -> None:
    """Whatever a task does, the others are done."""
    found = {
        one.task: one for one in run(tasks.misbehave, 4.5, ["raise", "die", "exit", "object", "fine"], settings=TWO)
    }
    assert found["raise"].error == "ValueError: no such lane"
    assert "in misbehave" in found["raise"].traceback
    assert found["die"].error == "3 worker processes died on this task, the last with exit code -9"
    assert found["exit"].error == "SystemExit: 3"
    assert found["object"].error == "TypeError: result 'value' is a object, not a number, a text or an array of them"
    assert (found["fine"].result, found["fine"].error) == ({"value": 4.5}, "")


@pytest.mark.parametrize("where", BOTH)
def test_what_a_worker_keeps_is_made_anew_after_an_error(where: Where) -> None:
    """It may be half edited; otherwise it is kept."""
    rows = ["a", "b", "raise", "c"]
    found = list(run(tasks.count_up, 1.0, rows, prepare=tasks.fresh, where=where, settings=Settings(workers=1)))
    assert [finished.result.get("count") for finished in found] == [1.0, 2.0, None, 1.0]


def test_worker_that_cannot_prepare_is_told_by_each_task() -> None:
    """And ends nothing."""
    found = list(run(tasks.misbehave, 1.0, ["a", "b"], prepare=tasks.unprepared, where="threads", settings=TWO))
    assert [finished.error for finished in found] == ["MemoryError: model too large"] * 2


def test_finished_tasks_are_not_repeated(tmp_path: Path) -> None:
    """A second run reads; new tasks, other data and another function are solved; what failed is tried again."""
    marks, folder = tmp_path / "marks", tmp_path / "study"
    first = list(run(tasks.mark, 2.0, marked(5, str(marks), 0.0), folder=folder, where="threads", settings=TWO))
    seen: list[tuple[int, int]] = []
    again = list(
        run(
            tasks.mark,
            2.0,
            marked(7, str(marks), 0.0),
            folder=folder,
            settings=TWO,
            progress=lambda *at: seen.append(at),
        )
    )
    assert in_order(first) == in_order([finished for finished in again if finished.task.number < 5])
    assert len(marks.read_text().splitlines()) == 7
    assert seen == [(count, 7) for count in range(1, 8)]
    list(run(tasks.mark, 3.0, marked(5, str(marks), 0.0), folder=folder, where="threads", settings=TWO))
    assert len(marks.read_text().splitlines()) == 12
    for _ in range(2):
        found = {one.task: one for one in run(tasks.misbehave, 1.0, ["raise", "fine"], folder=folder, where="threads")}
        assert (found["raise"].error, found["fine"].result) == ("ValueError: no such lane", {"value": 1.0})


def test_every_kind_of_value_comes_back_as_it_was(tmp_path: Path) -> None:
    """Solved in a process and read from disk, bit by bit, NaN and -0.0 too."""
    solved = next(run(tasks.echo, None, ["x"], folder=tmp_path, settings=TWO))
    read = next(run(tasks.echo, None, ["x"], folder=tmp_path, settings=TWO))
    expected = tasks.echo(None, "x")
    for finished in (solved, read):
        assert list(finished.result) == list(expected)
        for name, value in finished.result.items():
            if isinstance(value, np.ndarray):
                assert value.dtype == expected[name].dtype
                assert value.shape == expected[name].shape
                assert value.tobytes() == expected[name].tobytes()
            else:
                wanted = expected[name] if isinstance(expected[name], str) else float(expected[name])
                assert repr(value) == repr(wanted)
    assert (read.seconds, read.worker) == (solved.seconds, solved.worker)


def processes_of(marks: Path) -> set[int]:
    """Processes that did marked tasks."""
    return {int(line.split()[1]) for line in marks.read_text().splitlines()}


def alive(pid: int) -> bool:
    """Whether a process runs; one that waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("where", BOTH)
def test_killed_study_is_resumed(where: Where, tmp_path: Path) -> None:
    """The whole study is killed with -9 in its middle: its workers end, what it had handed out is not done again."""
    marks, folder = tmp_path / "marks", tmp_path / "study"
    command = [sys.executable, "-m", "tests.executor_study", str(folder), str(marks), where, "40", "0.05"]
    study = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1])
    assert study.stdout is not None
    handed = {study.stdout.readline().strip() for _ in range(10)}
    study.kill()
    handed |= {line.strip() for line in study.communicate()[0].splitlines() if len(line.strip()) == 64}
    before = [line.split()[0] for line in marks.read_text().splitlines()]
    deadline = time.monotonic() + 10
    while any(map(alive, processes_of(marks))) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(alive, processes_of(marks)))

    found = list(run(tasks.mark, 2.0, marked(40, str(marks), 0.05), folder=folder, where="threads", settings=TWO))
    assert {finished.task.number: finished.result["value"] for finished in found} == {n: 2.0 * n for n in range(40)}
    after = [line.split()[0] for line in marks.read_text().splitlines()][len(before) :]
    kept = {str(finished.task.number) for finished in found if finished.key in handed}
    assert len(kept) >= 10
    assert not kept & set(after)
    assert 40 <= len(before) + len(after) <= 42  # at most what the two workers were at is done twice
    assert len(before) < 40


@pytest.mark.parametrize("where", BOTH)
def test_ctrl_c_stops_cleanly_and_keeps_what_is_done(where: Where, tmp_path: Path) -> None:
    """SIGINT to the whole group, as a terminal sends it: one KeyboardInterrupt, of the study, and no worker is left."""
    marks, folder = tmp_path / "marks", tmp_path / "study"
    command = [sys.executable, "-m", "tests.executor_study", str(folder), str(marks), where, "200", "0.05"]
    study = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
        start_new_session=True,
    )
    assert study.stdout is not None
    handed = [study.stdout.readline().strip() for _ in range(5)]
    os.killpg(study.pid, signal.SIGINT)
    out, fault = study.communicate(timeout=20)
    assert fault.count("Traceback") == 1
    assert fault.rstrip().endswith("KeyboardInterrupt")
    assert not any(map(alive, processes_of(marks)))
    with closing(sqlite3.connect(folder / "results.sqlite")) as base:
        kept = {key for (key,) in base.execute("select key from finished")}
        whole = base.execute("select count(*) from results").fetchone()[0]
    assert kept >= {*handed, *out.split()}
    assert whole == 2 * len(kept)
    assert len(kept) < 200


def test_study_that_is_left_ends_its_workers(tmp_path: Path) -> None:
    """Closing the iterator kills the processes within their tasks."""
    marks = tmp_path / "marks"
    marks.touch()
    study = run(tasks.mark, 1.0, [*marked(1, str(marks), 0.0), *marked(3, str(marks), 30.0)[1:]], settings=TWO)
    next(study)
    while len(marks.read_text().splitlines()) < 3:
        time.sleep(0.01)
    began = time.monotonic()
    study.close()
    assert time.monotonic() - began < 10
    assert not any(map(alive, processes_of(marks)))


def test_folder_that_cannot_keep_is_told(tmp_path: Path) -> None:
    """A file in the way, and a file that is something else."""
    (tmp_path / "file").write_text("")
    with pytest.raises(PlannerError, match="cannot keep results"):
        next(run(tasks.misbehave, 1.0, ["fine"], folder=tmp_path / "file", where="threads"))
    (tmp_path / "results.sqlite").write_text("no base, but long enough to be read as the head of one" * 40)
    with pytest.raises(PlannerError, match="cannot keep results: file is not a database"):
        next(run(tasks.misbehave, 1.0, ["fine"], folder=tmp_path, where="threads"))


def test_script_without_guard_is_told(tmp_path: Path) -> None:
    """Processes import the script that starts them: no endless row of dying workers."""
    script = tmp_path / "script.py"
    script.write_text(
        "from planner.executor import run\nfrom tests.executor_tasks import misbehave\n"
        "print([finished.result for finished in run(misbehave, 1.0, ['fine'])])\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 1
    assert 'does so under if __name__ == "__main__":' in done.stderr.splitlines()[-1]


def test_functions_must_be_found_by_name() -> None:
    """A lambda, an inner function and an object that is called are refused before anything starts."""

    def inner(shared: Any, task: Any) -> dict[str, Any]:
        return {}

    callables: list[Any] = [inner, lambda shared, task: {}, dict]
    for function in callables:
        with pytest.raises(TypeError, match="no function of a module that another process can import"):
            run(function, 1.0, ["a"])


def test_digest_is_of_the_content() -> None:
    """Equal content, equal hash, whatever is the same object; any difference, another."""
    name = "dysprosium"
    assert digest([name, name]) == digest([name, "".join(["dys", "prosium"])])
    assert digest({"a": 1, "b": 2.0}) == digest({"b": 2.0, "a": 1})
    assert digest({"x", "y", "z"}) == digest({"z", "y", "x"})
    frame = pd.DataFrame({"site": ["a", "b"], "price": [1.0, np.nan]})
    matrix = scipy.sparse.csr_array(np.eye(3))
    different: list[Any] = [
        1, 1.0, True, "1", b"1", None, (), [], {}, set(), (1,), [1], (1, (2, 3)), (1, 2, 3), -0.0, 0.0, Path("a"),
        Where, np.zeros(2), np.zeros((2, 1)), np.zeros(2, np.int64), np.array(["a", None], object), np.float64(1),
        frame, frame.assign(price=[1.0, 2.0]), frame.rename(columns={"site": "place"}), matrix, 2 * matrix,
        tasks.Ban(0, 0.5, 1), tasks.Ban(0, 0.5, 2), tasks.solve, tasks.keep, tasks.Ban,
        Settings(seed=1), Settings(seed=2),
    ]  # fmt: skip
    assert len({digest(value) for value in different}) == len(different)
    assert digest(frame) == digest(frame.copy())
    assert digest(matrix) == digest(scipy.sparse.csr_array(np.eye(3)))
    for value in (threading.Lock(), (number for number in [1])):
        with pytest.raises(TypeError):
            digest(value)


def test_digest_is_the_same_in_another_process() -> None:
    """Whatever the seed of hashing."""
    code = (
        "from planner.executor import digest; from tests.executor_tasks import bans, chain; "
        "print(digest([chain(), {*'abcdef'}, bans(3)]))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[1],
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert found == {digest([tasks.chain(), {*"abcdef"}, tasks.bans(3)])}


def test_help_does_not_import_dask() -> None:
    """Nor does a study on this machine."""
    code = (
        "import sys\nfrom planner.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "import planner.executor\nassert not {'dask', 'distributed'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
