"""The planner."""

from planner.read import from_frames, load
from planner.settings import Settings
from planner.solve import solve

__all__ = ["Settings", "from_frames", "load", "solve"]
