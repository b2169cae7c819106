"""A wheel of the repository works elsewhere, beside a user's own ``models.py``, with nothing of the clone in sight."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PYTHON = [sys.executable, "-I"]
"""Isolated: neither the working folder nor PYTHONPATH is looked at."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the repository by hatchling itself."""
    out = tmp_path_factory.mktemp("dist")
    subprocess.run([*PYTHON, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)], cwd=ROOT, check=True)
    (found,) = out.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A virtual environment with the wheel alone, and a user's folder.

    Dependencies come from the packages of this environment, without what it knows of the clone: its editable install
    lies in a ``.pth`` file, which a folder on a path that is merely appended is not read for.
    """
    home = tmp_path_factory.mktemp("elsewhere")
    subprocess.run([*PYTHON, "-m", "venv", "--without-pip", str(home / "venv")], check=True)
    python = home / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    target, packages = (
        Path(subprocess.run([at, "-I", "-c", code], capture_output=True, text=True, check=True).stdout.strip())
        for at in (python, sys.executable)
    )
    install = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check"]
    subprocess.run([*PYTHON, *install, "--target", str(target), str(wheel)], check=True)
    (target / "dependencies.pth").write_text(f"{packages}\n", "utf-8")
    user = home / "user"
    user.mkdir()
    (user / "models.py").write_text('raise RuntimeError("the models of the user, not those of the planner")\n')
    return python, user


def run(python: Path, user: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A process in the user's folder, which Python looks at first, as it does for scripts and notebooks."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PLANNER", "COV"))}
    return subprocess.run([python, *words], cwd=user, env=clean, capture_output=True, text=True, check=False)


def test_the_wheel_holds_the_packages_the_instances_and_the_licence(wheel: Path) -> None:
    """And neither tests nor benchmarks, and no package called models."""
    names = set(zipfile.ZipFile(wheel).namelist())
    for name in (
        "planner/cli.py",
        "mineral_sourcing/concentration.py",
        "planner/_instances/allied-magnets/offers.csv",
        "planner/_instances/tutorial/instance.toml",
    ):
        assert name in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not any(name.startswith(("tests/", "models/", "benchmarks/")) for name in names)


def test_nothing_of_the_clone_is_imported(elsewhere: tuple[Path, Path]) -> None:
    """Both packages come out of the new environment, and ``models`` is the user's."""
    python, user = elsewhere
    code = "import planner, mineral_sourcing\nprint(planner.__file__)\nprint(mineral_sourcing.__file__)\nimport models"
    done = run(python, user, "-c", code)
    assert [Path(line).is_relative_to(python.parents[1]) for line in done.stdout.splitlines()] == [True, True]
    assert "the models of the user" in done.stderr


def test_the_tutorial_is_planned_and_verified(elsewhere: tuple[Path, Path]) -> None:
    """71,500 USD, by the command that the wheel brings."""
    python, user = elsewhere
    done = run(python, user, "-m", "planner", "solve", "tutorial", "--json")
    answer = json.loads(done.stdout)
    assert (answer["status"], answer["objective"]) == ("optimal", pytest.approx(71_500.0))
    assert run(python, user, "-m", "planner", "verify", answer["run"]).returncode == 0


def test_every_built_in_instance_is_there(elsewhere: tuple[Path, Path]) -> None:
    """Each folder of ``instances`` with a header is read without a problem."""
    python, user = elsewhere
    names = sorted(path.parent.name for path in (ROOT / "instances").glob("*/instance.toml"))
    assert {"allied-magnets", "tutorial"} <= set(names)
    done = run(python, user, "-c", f"import planner\nfor name in {names!r}:\n    print(planner.load(name).name)")
    assert done.stdout.split() == names, done.stderr
