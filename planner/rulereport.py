"""Every rule against what the plan does: limit, actual, slack and shadow price."""

from typing import Any

import numpy as np
import pandas as pd

from planner.solution import Solution

CAP = ["rule", "from", "subject", "material", "market", "period"]


def _values(solution: Solution, variable: str) -> dict[Any, float]:
    frame = solution.values.get(variable)
    if frame is None:
        return {}
    keys = zip(*(frame[name].tolist() for name in frame.columns[:-1]), strict=True)
    return dict(zip(keys, frame.iloc[:, -1].tolist(), strict=True))


def rule_report(solution: Solution) -> pd.DataFrame:
    """One row a cap or floor; quantities in tonnes, ``t`` the first period that it holds in."""
    data, network = solution.network.concentration, solution.network
    ship, sold = _values(solution, "flow.ship"), _values(solution, "flow.sold")
    activity = _values(solution, "processing.activity")
    base, excess = _values(solution, "concentration.base"), _values(solution, "concentration.excess")
    output, kept = network.processing.output, network.flow.kept
    rows = []
    for cap in data.caps:
        quantity = (
            data.given[cap]
            + sum(kept[row[:3]] * ship.get(row, 0.0) for row in data.counted_shipments[cap])
            + sum(sold.get(row, 0.0) for row in data.counted_sales[cap])
            + sum(output[p, k] * activity.get((p, t), 0.0) for p, k, t in data.counted_runs[cap])
        )
        against = base.get((*cap[:2], *cap[3:]), data.base_given[cap])
        rows.append((*cap, quantity, against, excess.get(cap, 0.0)))
    frame = pd.DataFrame(rows, columns=[*CAP, "quantity", "base", "excess"])
    frame[["quantity", "base", "excess"]] *= solution.mass
    return _against_limits(solution, frame)


def _against_limits(solution: Solution, frame: pd.DataFrame) -> pd.DataFrame:
    parts, mass, money = solution.parts, solution.mass, solution.money
    terms = parts["rules"][["rule", "from", "kind", "limit", "penalty"]].rename(columns={"penalty": "price"})
    frame = frame.merge(terms, on=["rule", "from"], how="left")
    share = frame["kind"].str.endswith("_share")
    cap = frame["kind"].str.startswith("max_")
    frame["unit"] = np.where(share, "share", "t")
    frame["limit"] = frame["limit"].where(share, frame["limit"] * mass)
    frame["base"] = frame["base"].where(share)
    empty = share & (frame["base"] <= 1e-9 * mass)
    ratio = (frame["quantity"] / frame["base"].where(~empty)).where(~empty, 0.0)
    frame["actual"] = ratio.where(share, frame["quantity"])
    slack = (frame["limit"] - frame["actual"]).where(cap, frame["actual"] - frame["limit"])
    frame["slack"] = slack.where(~(empty & ~cap), 0.0)
    frame["penalty"] = frame["excess"] * frame["price"].fillna(0.0) * money / mass
    first = {name: t for t, name in enumerate(parts.periods)}
    frame["t"] = [
        first_period(parts.calendar, first, since, period)
        for since, period in zip(frame["from"], frame["period"], strict=True)
    ]
    prices = solution.duals.get("concentration.cap")
    if prices is None or frame.empty:
        frame["shadow_price"] = 0.0
    else:
        frame = frame.merge(prices.set_axis([*CAP, "shadow_price"], axis=1), on=CAP, how="left")
        frame["shadow_price"] = frame["shadow_price"].fillna(0.0) * money / mass
    frame["shadow_price_undiscounted"] = frame["shadow_price"] / parts.discount[frame["t"].to_numpy(dtype=np.int64)]
    return frame.assign(binding=np.where(frame["shadow_price"] != 0, "yes", "no"))


def first_period(calendar: tuple[str, ...], first: dict[str, int], since: str, period: str) -> int:
    """First period of a label: a period, a calendar year from the rule's own start on, or ``first..last``."""
    name = period.split("..", maxsplit=1)[0]
    if name in first:
        return first[name]
    return max(calendar.index(name), first.get(since, 0))
