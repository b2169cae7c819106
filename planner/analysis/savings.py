"""What acting together saves under each scenario: alone, all together, with what the scenario takes away.

Everybody knows the scenario from the start, as in ``planner solve`` with ``scenario`` in the header.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from planner.analysis.coalition import Mode, together
from planner.analysis.telling import money, page
from planner.errors import InputError, Problem
from planner.instance import Instance
from planner.settings import Settings


@dataclass(frozen=True)
class Savings:
    """What acting together saves under each scenario, in one mode."""

    name: str
    currency: str
    mode: Mode
    scenarios: pd.DataFrame
    """``scenario`` (base first, without any), ``probability`` (``nan`` for base), ``alone`` (sum of what each pays
    alone), ``together``, ``saving`` (``nan`` where somebody has no plan), ``without`` (who has none).
    """

    @property
    def expected(self) -> float:
        """Saving weighted by the probabilities; ``nan`` where one of a scenario is not known."""
        rows = self.scenarios.iloc[1:]
        return float((rows["probability"] * rows["saving"]).sum(skipna=False))

    @property
    def sentence(self) -> str:
        """The answer in a sentence or two."""
        base, rows = self.scenarios.iloc[0], self.scenarios.iloc[1:]
        known = rows[rows["saving"].notna()].sort_values("saving", kind="stable")
        told = f"Without a scenario acting together saves {self._money(base['saving'])}"
        if len(known):
            most = known.iloc[-1]
            told += f"; most under {most['scenario']}, {self._money(most['saving'])}"
        if self.expected == self.expected:
            told += f"; expected over all scenarios {self._money(self.expected)}"
        lost = [f"{row['scenario']} ({row['without']})" for row in rows.to_dict("records") if row["without"]]
        return f"{told}." + (f" No plan under {'; '.join(lost)}: no saving is told there." if lost else "")

    def _money(self, amount: float) -> str:
        return f"{money(amount)} {self.currency}" if amount == amount else "an amount that is not known"

    def __repr__(self) -> str:
        return f"{self.sentence}\n{self.scenarios.to_string(index=False, float_format='{:,.6g}'.format)}"

    def _repr_html_(self) -> str:
        return page(self.sentence, self.scenarios)


def savings(
    instance: Instance,
    participants: Iterable[str] = (),
    *,
    mode: Mode = "closed",
    scenarios: Sequence[str] = (),
    settings: Settings | None = None,
) -> Savings:
    """What acting together saves under each scenario.

    Args:
        instance: checked input.
        participants: names; the direct members of the home group where none is given.
        mode: as in :func:`planner.together`.
        scenarios: names; all of the instance where not given.
        settings: of each solve, and of the executor.

    Raises:
        InputError: there is no such scenario, or none at all; participants that are unknown or overlap.
        PlannerError: a coalition's solve failed, with its reason.
    """
    table = instance.tables["scenarios"].set_index("scenario")["probability"]
    names = [*(scenarios or table.index)]
    if not names:
        told = f"{instance.name} has no scenarios; write them into its table scenarios"
        raise InputError(instance.name, [Problem("scenarios", None, "", "", told)])
    rows, who = [], tuple(participants)
    for name in ["", *names]:
        found = together(instance.with_header(scenario=name), who, mode=mode, coalitions=[], settings=settings)
        lost = found.coalitions.loc[found.coalitions["cost"].isna(), "members"].str.replace(";", " + ")
        rows.append(
            {
                "scenario": name or "base",
                "probability": float(table.get(name, np.nan)),
                "alone": float(found.shares["alone"].sum(skipna=False)),
                "together": found.joint,
                "saving": found.saving,
                "without": ", ".join(lost),
            }
        )
    return Savings(instance.name, instance.header.currency, mode, pd.DataFrame(rows))
