"""Who imports whom."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

FORBIDDEN = [
    ("models/mineral_sourcing", ("planner", "pandas")),
    ("planner/report", ("pyomo", "highspy", "planner.solve")),
    ("planner/plan.py", ("pyomo", "highspy")),
    ("planner/verify", ("pyomo", "highspy", "mineral_sourcing")),
    ("planner/verify", ("planner.assembly", "planner.solving", "planner.check", "planner.checks", "planner.scope")),
    ("planner/assembly", ("planner.solving", "planner.tabulation", "planner.solve")),
    ("planner/solving", ("planner.tabulation", "planner.solve")),
    ("planner/tabulation", ("planner.solving", "planner.solve")),
    ("planner/check.py", ("pyomo", "highspy", "mineral_sourcing")),
    ("planner/read.py", ("pyomo", "highspy", "mineral_sourcing")),
]


def imported(path: Path) -> set[str]:
    """Every module and name that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return found


def files(place: str) -> list[Path]:
    """The modules of a package, or the one module."""
    path = ROOT / place
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


@pytest.mark.parametrize(("place", "names"), FORBIDDEN)
def test_layers_hold(place: str, names: tuple[str, ...]) -> None:
    """No layer reaches where it must not."""
    assert files(place)
    for path in files(place):
        for name in imported(path):
            assert not any(name == other or name.startswith(f"{other}.") for other in names), f"{path}: {name}"


def test_nothing_but_its_command_needs_the_app() -> None:
    """NiceGUI is an extra: only the app names it, and only ``planner serve`` the app."""
    own = set(files("planner/app"))
    others = {path: imported(path) for path in files("planner") if path not in own}
    assert {path.stem for path, names in others.items() if "planner.app" in names} == {"serve"}
    assert not any(name.split(".")[0] == "nicegui" for names in others.values() for name in names)


def test_only_held_and_session_name_highs() -> None:
    """HiGHS is spoken to in one place."""
    named = {path.stem for path in files("planner") if "highspy" in imported(path)}
    assert "session" in named
    assert named <= {"held", "session"}


def test_only_cli_and_terminal_print() -> None:
    """Everything else gives values."""
    for path in files("planner") + files("models"):
        calls = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
        prints = any(isinstance(call.func, ast.Name) and call.func.id == "print" for call in calls)
        assert not prints or path.stem in ("cli", "terminal"), path
