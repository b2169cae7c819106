"""The ready rule sets, a file each; what stands in them says ``planner.policy``."""

from pathlib import Path

SHELF = Path(__file__).parent


def names() -> tuple[str, ...]:
    """Every policy."""
    return tuple(sorted(path.stem for path in SHELF.glob("*.toml")))
