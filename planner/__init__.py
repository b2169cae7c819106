"""Plans for diversified sourcing of critical minerals: ``planner.solve(planner.load("tutorial")).plan``."""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from planner.analysis.adversary import WorstLosses, worst_losses
    from planner.analysis.branch import branch
    from planner.analysis.coalition import Together, together
    from planner.analysis.compare import Comparison, compare
    from planner.analysis.exposure import Exposure, exposure
    from planner.analysis.replay import Replay, replay
    from planner.analysis.study import Study, study
    from planner.errors import InputError, NoPlanError, PlannerError, SettingsError, VerificationError
    from planner.instance import Instance
    from planner.plan import Outcome, Plan
    from planner.read import builtin_folder, from_frames, load
    from planner.sentences import read_sentence, sentence
    from planner.settings import Settings
    from planner.solve import solve

_HOMES = {
    "Comparison": "analysis.compare",
    "Exposure": "analysis.exposure",
    "InputError": "errors",
    "Instance": "instance",
    "NoPlanError": "errors",
    "Outcome": "plan",
    "Plan": "plan",
    "PlannerError": "errors",
    "Replay": "analysis.replay",
    "Settings": "settings",
    "SettingsError": "errors",
    "Study": "analysis.study",
    "Together": "analysis.coalition",
    "VerificationError": "errors",
    "builtin_folder": "read",
    "compare": "analysis.compare",
    "WorstLosses": "analysis.adversary",
    "branch": "analysis.branch",
    "exposure": "analysis.exposure",
    "from_frames": "read",
    "load": "read",
    "read_sentence": "sentences",
    "replay": "analysis.replay",
    "sentence": "sentences",
    "solve": "solve",
    "study": "analysis.study",
    "together": "analysis.coalition",
    "worst_losses": "analysis.adversary",
}
"""Module of every public name; imported when the name is first used, so that ``planner --help`` is quick."""

__all__ = [
    "Comparison",
    "Exposure",
    "InputError",
    "Instance",
    "NoPlanError",
    "Outcome",
    "Plan",
    "PlannerError",
    "Replay",
    "Settings",
    "SettingsError",
    "Study",
    "Together",
    "VerificationError",
    "WorstLosses",
    "branch",
    "builtin_folder",
    "compare",
    "exposure",
    "from_frames",
    "load",
    "read_sentence",
    "replay",
    "sentence",
    "solve",
    "study",
    "together",
    "worst_losses",
]


class _Package(ModuleType):
    """Keeps ``planner.solve`` the function, whoever imports the module of the same name."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name == "solve" and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"planner has no {name!r}; its names are {', '.join(__all__)}")
    return getattr(import_module(f"planner.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
