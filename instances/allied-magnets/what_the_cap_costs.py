"""Prints the figures of the README: what the third-country cap costs and changes, and how much is assumed.

Run as ``python instances/allied-magnets/what_the_cap_costs.py``; ``--write`` puts them into the README.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from instances.cap_cost import Caps, command

CAPS = Caps(
    Path(__file__).parent,
    materials=("NdPr oxide", "Dy oxide", "NdPr metal", "Dy metal", "standard magnet", "hot magnet"),
    years=("2026", "2030", "2035"),
    horizon="ten years",
    least_years=3,
)


def figures() -> list[str]:
    """Solve with the cap and without it; lines of Markdown."""
    return CAPS.figures()


if __name__ == "__main__":
    command(__doc__, CAPS.folder, figures)
