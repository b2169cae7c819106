"""Plans for diversified sourcing of critical minerals: ``planner.solve(planner.load("tutorial")).plan``."""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from planner.analysis.adversary import WorstLosses, worst_losses
    from planner.analysis.alternatives import Alternatives, alternatives
    from planner.analysis.branch import branch
    from planner.analysis.coalition import Together, together
    from planner.analysis.compare import Comparison, compare
    from planner.analysis.envelope import Envelope, envelope
    from planner.analysis.explain import Explanation, explain
    from planner.analysis.exposure import Exposure, exposure
    from planner.analysis.frontier import Frontier, frontier
    from planner.analysis.replay import Replay, replay, replays
    from planner.analysis.robust import NoRegret, Reach, Robust, how_far, no_regret, robust
    from planner.analysis.rule_price import RulePrices, price_rules
    from planner.analysis.savings import Savings, savings
    from planner.analysis.study import Study, study
    from planner.analysis.why import Why, why
    from planner.errors import InputError, NoPlanError, PlannerError, SettingsError, VerificationError
    from planner.instance import Instance
    from planner.plan import Outcome, Plan
    from planner.read import builtin_folder, from_frames, load
    from planner.sentences import read_sentence, sentence
    from planner.settings import Settings
    from planner.solve import solve

_HOMES = {
    "Alternatives": "analysis.alternatives",
    "Comparison": "analysis.compare",
    "Envelope": "analysis.envelope",
    "Explanation": "analysis.explain",
    "Exposure": "analysis.exposure",
    "Frontier": "analysis.frontier",
    "InputError": "errors",
    "Instance": "instance",
    "NoPlanError": "errors",
    "NoRegret": "analysis.robust",
    "Outcome": "plan",
    "Plan": "plan",
    "PlannerError": "errors",
    "Reach": "analysis.robust",
    "Replay": "analysis.replay",
    "Robust": "analysis.robust",
    "RulePrices": "analysis.rule_price",
    "Savings": "analysis.savings",
    "Settings": "settings",
    "SettingsError": "errors",
    "Study": "analysis.study",
    "Together": "analysis.coalition",
    "VerificationError": "errors",
    "Why": "analysis.why",
    "WorstLosses": "analysis.adversary",
    "alternatives": "analysis.alternatives",
    "branch": "analysis.branch",
    "builtin_folder": "read",
    "compare": "analysis.compare",
    "envelope": "analysis.envelope",
    "explain": "analysis.explain",
    "exposure": "analysis.exposure",
    "from_frames": "read",
    "frontier": "analysis.frontier",
    "how_far": "analysis.robust",
    "load": "read",
    "no_regret": "analysis.robust",
    "price_rules": "analysis.rule_price",
    "read_sentence": "sentences",
    "replay": "analysis.replay",
    "replays": "analysis.replay",
    "robust": "analysis.robust",
    "savings": "analysis.savings",
    "sentence": "sentences",
    "solve": "solve",
    "study": "analysis.study",
    "together": "analysis.coalition",
    "why": "analysis.why",
    "worst_losses": "analysis.adversary",
}
"""Module of every public name; imported when the name is first used, so that ``planner --help`` is quick."""

__all__ = [
    "Alternatives",
    "Comparison",
    "Envelope",
    "Explanation",
    "Exposure",
    "Frontier",
    "InputError",
    "Instance",
    "NoPlanError",
    "NoRegret",
    "Outcome",
    "Plan",
    "PlannerError",
    "Reach",
    "Replay",
    "Robust",
    "RulePrices",
    "Savings",
    "Settings",
    "SettingsError",
    "Study",
    "Together",
    "VerificationError",
    "Why",
    "WorstLosses",
    "alternatives",
    "branch",
    "builtin_folder",
    "compare",
    "envelope",
    "explain",
    "exposure",
    "from_frames",
    "frontier",
    "how_far",
    "load",
    "no_regret",
    "price_rules",
    "read_sentence",
    "replay",
    "replays",
    "robust",
    "savings",
    "sentence",
    "solve",
    "study",
    "together",
    "why",
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
