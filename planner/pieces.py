r"""Straight pieces of the square of a share: where they begin and end, and their lines.

Round a centre c lie pieces of one length w, :data:`NEAR` on each side; beyond them, two on each side reach to 0 and 1,
their common end at the geometric mean of what they span, seen from the centre.
"""

import numpy as np

from mineral_sourcing.arrays import Array

NEAR = 4
"""Short pieces on each side of the centre."""

SIDE = NEAR + 2
"""Pieces on each side."""

PIECES = 2 * SIDE
"""Pieces of the square of one share."""


def ends(centre: Array, width: Array) -> Array:
    """Ends of the pieces of each share, from 0 to 1: shares by :data:`PIECES` + 1.

    Args:
        centre: 0 to 1.
        width: length of the short pieces.
    """
    found = np.empty((len(centre), PIECES + 1))
    found[:, SIDE] = centre
    for reach, sign in ((1.0 - centre, 1), (centre, -1)):
        zone = np.minimum(NEAR * width, reach)
        for step in range(1, NEAR + 1):
            found[:, SIDE + sign * step] = centre + sign * zone * step / NEAR
        found[:, SIDE + sign * (NEAR + 1)] = centre + sign * np.sqrt(zone * reach)
        found[:, SIDE + sign * SIDE] = centre + sign * reach
    return np.clip(found, 0.0, 1.0)


def lines(ends: Array, *, above: bool) -> tuple[Array, Array]:
    """Slope and height of each piece: chords, which lie above the square, or tangents at the middle, below it."""
    low, high = ends[:, :-1], ends[:, 1:]
    slope = low + high
    return slope, low * high if above else slope**2 / 4.0
