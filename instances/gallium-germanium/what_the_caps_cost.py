"""Prints the figures of the README: what the third-country caps cost and change, and how much is assumed.

Run as ``python instances/gallium-germanium/what_the_caps_cost.py``.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from instances.cap_cost import tell

if __name__ == "__main__":
    tell(
        Path(__file__).parent,
        materials=(
            "crude gallium",
            "refined gallium",
            "gallium wafer",
            "germanium concentrate",
            "germanium dioxide",
            "germanium tetrachloride",
            "germanium metal",
            "infrared optics",
        ),
        years=("2026", "2028", "2030"),
    )
