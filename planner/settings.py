"""Settings: planner.toml < PLANNER_* variables < flags."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Limits and choices of a solve."""

    model_config = SettingsConfigDict(env_prefix="PLANNER_", extra="forbid", use_attribute_docstrings=True)

    time_limit: float = Field(600.0, gt=0, allow_inf_nan=False)
    """Seconds for HiGHS."""
    gap: float = Field(1e-4, ge=0, le=1)
    """Relative gap at which a mixed-integer plan counts as optimal."""
    threads: int = Field(1, ge=1)
    """Threads of HiGHS; pinned, so that the path does not depend on the machine."""
    seed: int = Field(0, ge=0)
    """Seed of HiGHS and of the weights that break ties."""
    algorithm: Literal["auto", "simplex", "ipm"] = "auto"
    """How linear plans are solved; auto chooses by size."""
    runs: Path = Path("runs")
    """Folder that runs are written to."""
