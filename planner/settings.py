"""Settings: planner.toml in the working folder < PLANNER_* variables < flags."""

import os
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from planner.errors import SettingsError

FILE = "planner.toml"
PREFIX = "PLANNER_"


class Settings(BaseSettings):
    """Limits and choices of a solve.

    Raises:
        SettingsError: a setting that does not exist, or a value that it cannot take.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="forbid", use_attribute_docstrings=True, toml_file=FILE, env_ignore_empty=False
    )

    time_limit: float = Field(600.0, gt=0, allow_inf_nan=False)
    """Seconds for HiGHS."""
    gap: float = Field(1e-4, ge=0, le=1)
    """Relative gap at which a mixed-integer plan counts as optimal."""
    threads: int = Field(1, ge=1)
    """Threads of HiGHS; pinned, so that the path does not depend on the machine."""
    seed: int = Field(0, ge=0, le=2**31 - 1)
    """Seed of HiGHS and of the weights that break ties."""
    algorithm: Literal["auto", "simplex", "ipm"] = "auto"
    """How linear plans are solved; auto chooses by size."""
    hhi: Literal["exact", "inner"] = "exact"
    """How caps on the HHI are met: the plan keeps them either way; exact brings cost and bound together to 1e-6, inner
    to ``gap``."""
    workers: int = Field(0, ge=0)
    """Workers of this machine for many solves at once; 0 takes one for each core."""
    dask: str = ""
    """Address of a Dask scheduler, such as tcp://host:8786, for many solves at once; empty stays on this machine."""
    report: Literal["compared", "plain", "no"] = "compared"
    """Whether a run gets report.html: compared with the plan without rules (one more solve), plain, or none."""
    runs: Path = Path("runs")
    """Folder that runs are written to."""
    rules: Path | None = None
    """Python file with rules of your own, which is run; not independently verified."""

    def __init__(self, **values: Any) -> None:
        _known_variables(type(self))
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise SettingsError("\n".join(_told(dict(fault), values) for fault in error.errors())) from error
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(f"{FILE} is no TOML: {error}") from error
        except UnicodeDecodeError as error:
            raise SettingsError(f"{FILE} is not UTF-8; save it as UTF-8") from error
        if self.rules and origins(values)["rules"] == FILE and Path("instance.toml").exists():
            told = f"setting rules ({FILE}): no code is taken from the folder of an instance; name it by --rules"
            raise SettingsError(told)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags before variables before the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    def changed(self, **values: Any) -> "Settings":
        """The same settings with some others, checked.

        Raises:
            SettingsError: a setting that does not exist, or a value that it cannot take.
        """
        return type(self)(**{**self.model_dump(), **values})


def origins(flags: dict[str, Any]) -> dict[str, str]:
    """Where the value of every setting comes from: flag, variable, planner.toml or default."""
    path = Path(FILE)
    file = tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}
    variables = {name.upper() for name in os.environ}
    found = {}
    for name in Settings.model_fields:
        variable = PREFIX + name.upper()
        in_file = FILE if name in file else "default"
        found[name] = "flag" if name in flags else variable if variable in variables else in_file
    return found


def _known_variables(settings: type[BaseSettings]) -> None:
    """Refuse a variable that names no setting."""
    known = [PREFIX + name.upper() for name in settings.model_fields]
    wrong = sorted(name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in known)
    if wrong:
        raise SettingsError("\n".join(f"variable {name} is no setting{_hint(name.upper(), known)}" for name in wrong))


_WORDS = {
    "greater_than": "must be above {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "finite_number": "must be finite",
    "float_parsing": "is no number",
    "float_type": "is no number",
    "int_parsing": "is no whole number",
    "int_type": "is no whole number",
    "int_from_float": "is no whole number",
    "literal_error": "must be {expected}",
}
"""What is wrong with a value, by the kind of fault that pydantic names."""


def _told(fault: dict[str, Any], flags: dict[str, Any]) -> str:
    """One fault of pydantic in words, with where the value stands."""
    name = ".".join(map(str, fault["loc"]))
    if fault["type"] == "extra_forbidden":
        return f"there is no setting '{name}'{_hint(name, list(Settings.model_fields))}"
    place = "" if name in flags else f" ({origins(flags)[name]})"
    context = {key: f"{x:g}" if isinstance(x, float) else x for key, x in fault.get("ctx", {}).items()}
    wrong = _WORDS.get(fault["type"], str(fault["msg"])).format(**context)
    fraction = " (a fraction: 0.05 for 5 %)" if name == "gap" and "must" in wrong else ""
    return f"setting {name} is '{fault['input']}'{place}: it {wrong}{fraction}"


def _hint(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, 1)
    return f"; did you mean '{close[0]}'?" if close else f"; they are {', '.join(known)}"
