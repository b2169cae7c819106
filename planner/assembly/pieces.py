r"""Straight pieces of the square of a share: where they begin and end, and their lines.

On each side of a centre c the first :data:`NEAR` pieces end at w, 2w, 4w, 8w … from it: none is longer than it is
far, so that tangents nowhere lose more of the square than it grows. Beyond them, two reach to 0 or 1, their common end
at the geometric mean of what they span, seen from the centre.
"""

import numpy as np

from mineral_sourcing.arrays import Array

NEAR = 5
"""Pieces on each side of the centre that double in length."""

SIDE = NEAR + 2
"""Pieces on each side."""

PIECES = 2 * SIDE
"""Pieces of the square of one share."""


def ends(centre: Array, width: Array) -> Array:
    """Ends of the pieces of each share, from 0 to 1: shares by :data:`PIECES` + 1.

    Args:
        centre: 0 to 1.
        width: length of the innermost pieces.
    """
    found = np.empty((len(centre), PIECES + 1))
    found[:, SIDE] = centre
    for reach, sign in ((1.0 - centre, 1), (centre, -1)):
        zone = np.minimum(2.0 ** (NEAR - 1) * width, reach)
        for step in range(1, NEAR + 1):
            found[:, SIDE + sign * step] = centre + sign * zone / 2.0 ** (NEAR - step)
        found[:, SIDE + sign * (NEAR + 1)] = centre + sign * np.sqrt(zone * reach)
        found[:, SIDE + sign * SIDE] = centre + sign * reach
    return np.clip(found, 0.0, 1.0)


def lines(ends: Array, *, above: bool) -> tuple[Array, Array]:
    """Slope and height of each piece: chords, which lie above the square, or tangents at the middle, below it."""
    low, high = ends[:, :-1], ends[:, 1:]
    slope = low + high
    return slope, low * high if above else slope**2 / 4.0
