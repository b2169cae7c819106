"""The one table of facts that titles, figures and tables of a report are made of."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from planner.periods import label, ordinal
from planner.plan import Plan
from planner.report import look
from planner.report.chain import Chain, shipments, supply
from planner.report.concentration import largest
from planner.report.decisions import decisions
from planner.report.optional import Exposure
from planner.report.summary import Summary, mass, money, percent, place_names, span, summarise
from planner.scope import Scope

TIE = 5e-4
"""A share that differs by less is the same to the reader."""


@dataclass(frozen=True)
class Figure:
    """One of the five figures: value, unit, change against the cheapest plan (▲▼ beside the words) and a remark."""

    name: str
    value: str
    unit: str
    change: str
    better: bool | None
    """Whether the change is for the better; None where there is none."""
    remark: str


@dataclass(frozen=True)
class Facts:
    """What there is to say of a plan beside the cheapest one, the plan without rules.

    Money is the instance's currency, present value where it is called cost, undiscounted where it is called paid;
    ``reference`` None leaves out every comparison.
    """

    plan: Plan
    reference: Plan | None = None
    name: str = "This plan"
    before: str = "Cheapest plan"
    """What the reference is called."""

    def beside(self, reference: Plan | None, name: str, before: str) -> "Facts":
        """The same plan beside another; what is known of the plan alone is not computed again."""
        found = Facts(self.plan, reference, name, before)
        known = {part: self.__dict__[part] for part in ALONE if part in self.__dict__}
        found.__dict__.update(known)
        return found

    @cached_property
    def summary(self) -> Summary:
        """Sentence, figures, binding rules, purchases."""
        return summarise(self.plan)

    @cached_property
    def currency(self) -> str:
        """The instance's currency."""
        return self.plan.instance.header.currency

    @cached_property
    def periods(self) -> tuple[str, ...]:
        """Every period of the plan."""
        head = self.plan.instance.header
        first = ordinal(head.first_period, head.period_length) or 0
        return tuple(label(first + step, head.period_length) for step in range(head.periods))

    @property
    def last(self) -> str:
        """The calendar year in which concentration is told: the last, when every rule is fully in force."""
        return self.periods[-1][:4]

    @cached_property
    def when(self) -> str:
        """The horizon."""
        return span(self.periods[0], self.periods[-1])

    @cached_property
    def chain(self) -> Chain:
        """What the plan pays, followed to where it is used."""
        return Chain(self.plan)

    @cached_property
    def supply(self) -> pd.DataFrame:
        """See :func:`planner.report.chain.supply`."""
        return supply(self.chain)

    @cached_property
    def shipments(self) -> pd.DataFrame:
        """See :func:`planner.report.chain.shipments`."""
        return shipments(self.chain)

    @cached_property
    def shares(self) -> pd.DataFrame:
        """The largest outside supplier of each material in the last year; see :func:`largest`."""
        return largest(self.plan, self.reference, self.last)

    @cached_property
    def decisions(self) -> pd.DataFrame:
        """See :func:`planner.report.decisions.decisions`; empty without a reference."""
        if self.reference is None:
            return pd.DataFrame(columns=["decision", "since", "effect"])
        return decisions(self.plan, self.reference, self.summary.rules)

    @cached_property
    def colours(self) -> dict[str, str]:
        """A colour for each material: six have their own, what is used before what is on the way, dearest first."""
        used, sent = (frame.groupby("material")["money"].sum() for frame in (self.supply, self.shipments))
        order = [*used.sort_values(ascending=False, kind="stable").index]
        order += [name for name in sent.sort_values(ascending=False, kind="stable").index if name not in order]
        chosen = dict(zip(order, look.MATERIALS, strict=False))
        return {str(name): chosen.get(name, look.OTHER) for name in self.plan.instance.tables["materials"]["material"]}

    @cached_property
    def steps(self) -> pd.DataFrame:
        """From the cheapest plan's cost to this plan's, present value; the largest increase comes first.

        Columns: ``component``, ``before``, ``after``, ``change``; components that do not change are left out.
        """
        by = [p.costs.groupby("component")["present_value"].sum() for p in (self.reference or self.plan, self.plan)]
        frame = pd.DataFrame({"before": by[0], "after": by[1]}).fillna(0.0).rename_axis("component").reset_index()
        frame["change"] = frame["after"] - frame["before"]
        frame = frame[frame["change"].abs() > 1e-9 * max(abs(self.plan.objective), 1.0)]
        return frame.sort_values("change", ascending=False, kind="stable", ignore_index=True)

    @cached_property
    def extra(self) -> float:
        """What the plan costs more than the cheapest, present value."""
        return self.plan.objective - self.reference.objective if self.reference else 0.0

    @cached_property
    def hardest(self) -> "pd.Series[Any] | None":
        """The binding cap or floor that costs most at the margin; see :func:`binding_rules`."""
        return self.summary.rules.iloc[0] if len(self.summary.rules) else None

    @cached_property
    def lowest(self) -> "pd.Series[Any] | None":
        """The least cover, in days, of a stock that must cover something."""
        cover = self.plan.cover[self.plan.cover["required_days"] > 0]
        return cover.sort_values("days", kind="stable").iloc[0] if len(cover) else None

    @cached_property
    def paid(self) -> "pd.Series[float]":
        """Paid by place for what is consumed, undiscounted, most first."""
        return self.supply.groupby("paid_in")["money"].sum().sort_values(ascending=False, kind="stable")


ALONE = ("summary", "chain", "supply", "shipments", "colours", "paid", "lowest")
"""What there is to say of a plan whatever it is held against."""


def headline(facts: Facts) -> str:
    """The answer in one sentence."""
    plan, currency = facts.plan, facts.currency
    short = plan.unmet > 1e-6 * max(float(plan.demand["demand"].sum()), 1.0)
    unmet = f" and leave {mass(plan.unmet)} t of demand unmet" if short else ""
    if facts.reference is None or not len(facts.plan.rules):
        met = f"leaves {mass(plan.unmet)} t of demand unmet" if short else "meets all demand"
        return f"The plan costs {money(plan.objective)} {currency} and {met}"
    part = facts.extra / abs(facts.reference.objective) if facts.reference.objective else 0.0
    cost = f"The rules cost {money(facts.extra)} {currency} more ({percent(part)})"
    if part < 5e-5:
        return f"The rules cost nothing: the cheapest plan keeps them{unmet}"
    row = _moved(facts)
    gain = "" if row is None else f" and bring {_of(str(row['before_subject']))} share of {row['material']}"
    if row is not None:
        same = row["subject"] == row["before_subject"]
        now = percent(float(row["share"])) + ("" if same else f", now the largest being {row['subject']}")
        gain += f" from {percent(float(str(row['before'])))} to {now}"
    return f"{cost}{',' if unmet and gain else ''}{gain}{unmet}"


def _of(name: str) -> str:
    return f"{name}’" if name.endswith("s") else f"{name}’s"


def _moved(facts: Facts) -> "pd.Series[Any] | None":
    """The material of the dearest share cap, else the one whose largest share falls most."""
    found = facts.shares.assign(fall=facts.shares["before"] - facts.shares["share"])
    found = found[found["fall"] > TIE]
    if found.empty:
        return None
    rule = facts.hardest
    same = found[found["material"] == rule["material"]] if rule is not None else found.iloc[:0]
    return same.iloc[0] if len(same) else found.sort_values("fall", ascending=False, kind="stable").iloc[0]


def hard_case(facts: Facts) -> str:
    """Two sentences: how much there is to decide and when it begins; what is hardest."""
    told = []
    if len(facts.decisions):
        first = facts.decisions["since"].min()
        soon = int((facts.decisions["since"] == first).sum())
        count = len(facts.decisions)
        told.append(
            f"{_count(count, 'decision').capitalize()} move most of the money, {_count(soon)} of them from {first} on."
        )
    rule = facts.hardest
    if rule is not None:
        cap = str(rule["kind"]).startswith("max_")
        step = "one percentage point" if rule["unit"] == "share" else "one percent"
        when = span(str(rule["since"]), str(rule["until"]))
        saved = f"{step} {'more' if cap else 'less'} in {when} would save {money(rule['worth'])} {facts.currency}"
        told.append(f"{str(rule['material']).capitalize()} is the hard case: {saved} ({rule['rule']}).")
    return " ".join(told) or facts.summary.sentence


WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def _count(number: int, noun: str = "") -> str:
    word = WORDS[number] if number < len(WORDS) else f"{number:,}"
    return f"{word} {noun}{'' if number == 1 else 's'}" if noun else word


def five(facts: Facts, exposure: Exposure | None = None) -> tuple[Figure, ...]:
    """Cost, largest share, largest payee, least cover, demand met.

    What is met after the worst loss, where it is known, stands in place of demand that is all met, else of the payee.
    """
    met = _met(facts)
    found = [_cost(facts), _share(facts), _payee(facts), *_cover(facts), met]
    if exposure is None or exposure.rows.empty:
        return tuple(found)
    if len(found) == FIVE:
        del found[-1 if met.better else 2]
    return (*found, _worst(exposure))


FIVE = 5
"""Figures above a report."""


def _cost(facts: Facts) -> Figure:
    value, unit = _split(facts.plan.objective, facts.currency)
    if facts.reference is None:
        return Figure("Cost of the plan", value, unit, "", None, f"present value, {facts.when}")
    before = facts.reference.objective
    part = f" ({facts.extra / abs(before):+.1%})".replace("%", " %").replace("-", "−") if before else ""
    change = f"{_arrow(facts.extra)} {money(abs(facts.extra))}{part}" if abs(facts.extra) > 5e-7 * abs(before) else "="
    return Figure(
        *("Cost of the plan", value, unit, change, facts.extra <= 0),
        f"{facts.before.lower()} {money(before)}, present value",
    )


def _share(facts: Facts) -> Figure:
    shares = facts.shares
    if shares.empty:
        return Figure("Largest share of one country", "–", "", "", None, "nothing comes from outside")
    top = shares.sort_values("share", ascending=False, kind="stable").iloc[0]
    where = f"{top['subject']}, {top['material']}, {facts.last}"
    value = f"{top['share'] * 100:.0f}"
    if facts.reference is None:
        return Figure("Largest share of one outside country", value, "%", "", None, where)
    points = (float(top["share"]) - float(shares["before"].max())) * 100
    change = f"{_arrow(points)} {abs(points):.0f} points" if abs(points) >= 0.5 else "="
    return Figure("Largest share of one outside country", value, "%", change, points <= 0, where)


def _payee(facts: Facts) -> Figure:
    home = _home(facts.plan)
    outside = facts.paid[[name for name in facts.paid.index if name not in home]]
    told = outside if len(outside) else facts.paid
    if not len(told):
        return Figure("Paid to one country", "–", "", "", None, "nothing is paid")
    value, unit = _split(float(told.iloc[0]), facts.currency)
    title = f"Paid to {told.index[0]}"
    remark = f"{percent(told.iloc[0] / facts.paid.sum())} of {money(facts.paid.sum())} paid, undiscounted"
    if facts.reference is None:
        return Figure(title, value, unit, "", None, remark)
    before = float(Facts(facts.reference).paid.get(told.index[0], 0.0))
    change = float(told.iloc[0]) - before
    text = f"{_arrow(change)} {money(abs(change))}" + (f" ({percent(abs(change) / before)})" if before else "")
    return Figure(title, value, unit, text if abs(change) > 5e-7 * max(before, 1.0) else "=", change <= 0, remark)


def _cover(facts: Facts) -> tuple[Figure, ...]:
    low = facts.lowest
    if low is None:
        return ()
    names, asked = place_names(facts.plan.instance), facts.plan.cover
    asked = asked[asked["required_days"] > 0]
    missed = int((asked["days"] < asked["required_days"] * (1 - 1e-6)).sum())
    where = f"{names.get(str(low['covers']), low['covers'])}, {low['material']}, {low['period']}"
    target = f"target {float(str(low['required_days'])):.0f}; {where}"
    told = "● every target met" if not missed else f"▼ {missed} of {len(asked)} targets missed"
    return (Figure("Lowest days of cover", f"{float(str(low['days'])):.0f}", "days", told, not missed, target),)


def _met(facts: Facts) -> Figure:
    total = float(facts.plan.demand["demand"].sum())
    part = 1 - facts.plan.unmet / total if total else 1.0
    full = part > 1 - 1e-6
    value = "100" if full else f"{math.floor(part * 1000) / 10:.1f}"
    change = "● all materials, all periods" if full else f"▼ {mass(facts.plan.unmet)} t unmet"
    return Figure("Demand met", value, "%", change, full, f"{mass(total)} t, {facts.when}")


def _worst(exposure: Exposure) -> Figure:
    row = exposure.rows.iloc[0]
    value, _, unit = percent(float(row["coverage"])).partition(" ")
    days = float(row["days"])
    lasts = "survived" if math.isinf(days) else f"survived for {days:,.0f} days" if days >= 0.5 else "bites at once"
    remark = f"{row['lost']} lost from {exposure.start} on, re-routed; {lasts}"
    return Figure("Met after the worst loss", value, unit, "", None, remark)


def _home(plan: Plan) -> set[str]:
    """Names of the places of home."""
    home, names = plan.instance.header.home, place_names(plan.instance)
    return {names.get(code, code) for code in Scope.of(plan.instance).members(home, "place")} if home else set()


def _arrow(change: float) -> str:
    return "▲" if change > 0 else "▼"


def _split(amount: float, currency: str) -> tuple[str, str]:
    """An amount as number and unit: 70.42, bn USD."""
    number, _, size = money(amount).partition(" ")
    return number, f"{size} {currency}".strip()
