"""The world in the Equal Earth projection: outlines and places as plain x and y, so that nothing is fetched.

Source of the projection: Šavrič, Patterson and Jenny, "The Equal Earth map projection", International Journal of
Geographical Information Science 33 (2019), 454-465. Outlines: Natural Earth, 1:110 million (public domain), as the
topology ``countries-110m.json`` of world-atlas.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]

_A = (1.340264, -0.081106, 0.000893, 0.003796)
ANTARCTICA = "010"
EDGE = 2.7066299836
"""Half the width of the map: x at the equator and 180 degrees."""


def project(longitude: Any, latitude: Any) -> tuple[Array, Array]:
    """Degrees into x and y on a sphere of radius 1."""
    longitude, latitude = np.radians(longitude), np.radians(latitude)
    theta = np.arcsin(np.sqrt(3) / 2 * np.sin(latitude))
    square = theta**2
    six = square**3
    slope = _A[0] + 3 * _A[1] * square + six * (7 * _A[2] + 9 * _A[3] * square)
    x = 2 * np.sqrt(3) * longitude * np.cos(theta) / (3 * slope)
    y = theta * (_A[0] + _A[1] * square + six * (_A[2] + _A[3] * square))
    return x, y


@cache
def outlines() -> tuple[list[float | None], list[float | None]]:
    """Every country's outline, rings parted by None, three decimals; Antarctica is left out."""
    topology = json.loads(files("planner.report").joinpath("countries-110m.json").read_text("utf-8"))
    scale, shift = (np.array(topology["transform"][name]) for name in ("scale", "translate"))
    arcs = [np.cumsum(np.array(arc), axis=0) * scale + shift for arc in topology["arcs"]]
    x: list[float | None] = []
    y: list[float | None] = []
    for country in topology["objects"]["countries"]["geometries"]:
        if country.get("id") == ANTARCTICA:
            continue
        parts = country["arcs"] if country["type"] == "MultiPolygon" else [country["arcs"]]
        for ring in (ring for part in parts for ring in part):
            degrees = np.concatenate([arcs[arc] if arc >= 0 else arcs[~arc][::-1] for arc in ring])
            for longitude, latitude in _halves(*degrees.T):
                east, north = project(longitude, latitude)
                x += [*np.round(east, 3).tolist(), None]
                y += [*np.round(north, 3).tolist(), None]
    return x, y


def _halves(longitude: Array, latitude: Array) -> list[tuple[Array, Array]]:
    """A ring as it is, or, where it crosses 180 degrees, its part on either side."""
    if np.abs(np.diff(longitude)).max() <= 180:
        return [(longitude, latitude)]
    unbroken = np.unwrap(longitude, period=360)
    turns = np.arange(np.floor((unbroken.min() + 180) / 360), np.floor((unbroken.max() + 180) / 360) + 1)
    return [(np.clip(unbroken - 360 * turn, -180, 180), latitude) for turn in turns]


def curve(start: tuple[float, float], end: tuple[float, float], bend: float = 0.16) -> tuple[list[Any], list[Any]]:
    """A bent line between two points of the map; over the edge of the map where that is the shorter way."""
    if abs(end[0] - start[0]) <= EDGE:
        return _bent(start, end, bend)
    width = 2 * EDGE if end[0] < start[0] else -2 * EDGE
    first, second = _bent(start, (end[0] + width, end[1]), bend), _bent((start[0] - width, start[1]), end, bend)
    x, y = [*first[0], None, *second[0]], [*first[1], None, *second[1]]
    inside = [value is not None and abs(value) <= EDGE for value in x]
    return [v if ok else None for v, ok in zip(x, inside, strict=True)], [
        v if ok else None for v, ok in zip(y, inside, strict=True)
    ]


def _bent(start: tuple[float, float], end: tuple[float, float], bend: float) -> tuple[list[Any], list[Any]]:
    """A quadratic Bézier curve of 17 points, bent towards the nearer pole."""
    ends = np.array([start, end])
    middle, way = ends.mean(axis=0), ends[1] - ends[0]
    across = np.array([-way[1], way[0]]) * (1 if way[0] >= 0 else -1) * (1 if middle[1] >= 0 else -1)
    control = middle + bend * across
    t = np.linspace(0, 1, 17)[:, None]
    points = np.round((1 - t) ** 2 * ends[0] + 2 * t * (1 - t) * control + t**2 * ends[1], 3)
    return points[:, 0].tolist(), points[:, 1].tolist()
