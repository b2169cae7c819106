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
    from planner.analysis.explain import Explanation, explain
    from planner.analysis.exposure import Exposure, exposure
    from planner.analysis.frontier import Frontier, frontier
    from planner.analysis.replay import Replay, replay
    from planner.analysis.rule_price import RulePrices, price_rules
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
    "Explanation": "analysis.explain",
    "Exposure": "analysis.exposure",
    "Frontier": "analysis.frontier",
    "InputError": "errors",
    "Instance": "instance",
    "NoPlanError": "errors",
    "Outcome": "plan",
    "Plan": "plan",
    "PlannerError": "errors",
    "Replay": "analysis.replay",
    "RulePrices": "analysis.rule_price",
    "Settings": "settings",
    "SettingsError": "errors",
    "Study": "analysis.study",
    "Together": "analysis.coalition",
    "VerificationError": "errors",
    "builtin_folder": "read",
    "compare": "analysis.compare",
    "WorstLosses": "analysis.adversary",
    "branch": "analysis.branch",
    "explain": "analysis.explain",
    "exposure": "analysis.exposure",
    "from_frames": "read",
    "frontier": "analysis.frontier",
    "load": "read",
    "price_rules": "analysis.rule_price",
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
    "Explanation",
    "Exposure",
    "Frontier",
    "InputError",
    "Instance",
    "NoPlanError",
    "Outcome",
    "Plan",
    "PlannerError",
    "Replay",
    "RulePrices",
    "Settings",
    "SettingsError",
    "Study",
    "Together",
    "VerificationError",
    "WorstLosses",
    "branch",
    "builtin_folder",
    "compare",
    "explain",
    "exposure",
    "from_frames",
    "frontier",
    "load",
    "price_rules",
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
