"""Facts of a plan that every writer shares: the answer, five figures, the rules that bind, the largest purchases."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from planner.instance import Instance
from planner.plan import Plan
from planner.sentences import sentences

RULE = ["rule", "kind", "subject", "material", "market", "unit"]
"""What tells one line of the rules apart; its periods are told together."""


@dataclass(frozen=True)
class Summary:
    """A plan in few words and tables; tonnes and the instance's currency."""

    currency: str
    sentence: str
    figures: tuple[tuple[str, str], ...]
    rules: pd.DataFrame
    """Binding rules, dearest first; see :func:`binding_rules`."""
    purchases: pd.DataFrame
    """What is bought, dearest first; see :func:`purchases`."""
    verified: str = "Verified"
    """What the verifier stands for."""


def summarise(plan: Plan) -> Summary:
    """The facts of a plan."""
    rules, bought = binding_rules(plan), purchases(plan)
    figures = _figures(plan, rules, bought)
    verified = f"Verified, but for {plan.custom}" if plan.custom else "Verified"
    return Summary(plan.instance.header.currency, _sentence(plan, rules), figures, rules, bought, verified)


def binding_rules(plan: Plan) -> pd.DataFrame:
    """Rules that cost something, one line for each rule, subject and material, whose worth is largest first.

    Columns beside :data:`RULE`: ``name`` (the subject's, as people say it), ``since`` and ``until`` (first and last
    period in which it binds), ``sentence`` (what the rule says in the last of them), ``binds`` and ``holds`` (in how
    many of its periods it binds), ``first_limit`` and ``last_limit`` (in the rule's unit), ``least_price`` and
    ``most_price`` (undiscounted saving per unit of excess allowed: a tonne, a tonne times the unit of an average, the
    currency of a spend) and ``worth``: what one percentage point of a share, 100 points (0.01) of an HHI, or one
    percent of any other limit, would save in all these periods, present value and at the margin. By the envelope
    theorem that is the shadow price times a hundredth of the base, of the limit, or of both where an average is
    limited. A number of suppliers has no price at the margin: such rules are left out.
    """
    rules = plan.rules[plan.rules["unit"] != "suppliers"]
    share = rules["unit"].isin(["share", "hhi"])
    rows = rules.assign(
        bound=rules["shadow_price"] != 0,
        price=rules["shadow_price_undiscounted"].abs(),
        worth=rules["shadow_price"].abs() * rules["base"].fillna(1.0) * rules["limit"].mask(share, 1.0) / 100,
        since=rules["period"].str.split("..", regex=False).str[0],
        until=rules["period"].str.split("..", regex=False).str[-1],
    )
    holds = rows.groupby(RULE, sort=False).size().rename("holds").reset_index()
    found = (
        rows[rows["bound"]]
        .sort_values("since", kind="stable")
        .groupby(RULE, sort=False)
        .agg(
            since=("since", "first"),
            until=("until", "last"),
            binds=("bound", "size"),
            first_limit=("limit", "first"),
            last_limit=("limit", "last"),
            last=("from", "last"),
            least_price=("price", "min"),
            most_price=("price", "max"),
            worth=("worth", "sum"),
        )
        .reset_index()
        .merge(holds, on=RULE)
    )
    found["name"] = found["subject"].replace(place_names(plan.instance))
    rules = plan.instance.tables["rules"]
    told = sentences(plan.instance, rules[rules["rule"].isin(found["rule"])])
    found["sentence"] = [told[row] for row in zip(found["rule"], found.pop("last"), strict=True)]
    return found.sort_values("worth", ascending=False, kind="stable", ignore_index=True)


def purchases(plan: Plan) -> pd.DataFrame:
    """What is bought from offers over the horizon, dearest first.

    Columns: ``site``, ``country`` (its name), ``material``, ``quantity`` [t], ``share`` (of all of the material that
    is sold or made), ``cost`` [undiscounted], ``to`` (the two countries, or sites without one, that most goes to).
    """
    site = plan.instance.tables["sites"].set_index("site")["place"].replace(place_names(plan.instance))
    flows = plan.flows.rename(columns={"origin": "site"})
    flows["to"] = flows["destination"].map(site.mask(site == "")).fillna(flows["destination"])
    gone = flows.groupby(["site", "material", "to"])["quantity"].sum().reset_index()
    gone["part"] = gone["quantity"] / gone.groupby(["site", "material"])["quantity"].transform("sum")
    gone["to"] = gone["to"].astype("str") + " " + gone["part"].map(percent).astype("str")  # of no type where none goes
    gone = gone.sort_values("part", ascending=False, kind="stable").groupby(["site", "material"]).head(2)
    to = gone.groupby(["site", "material"])["to"].agg(", ".join).astype("str").reset_index()
    bought = plan.sales.groupby(["site", "material"], sort=False)[["quantity", "cost"]].sum().reset_index()
    bought = bought[bought["quantity"] > 0].sort_values("cost", ascending=False, kind="stable", ignore_index=True)
    supply = plan.sales.groupby("material")["quantity"].sum()
    supply = supply.add(plan.made.groupby("material")["output"].sum(), fill_value=0.0)
    bought["country"] = bought["site"].map(site).fillna("")
    bought["share"] = bought["quantity"] / bought["material"].map(supply).astype("float64")
    return bought.merge(to, on=["site", "material"], how="left").fillna({"to": ""})


def each(frame: pd.DataFrame) -> Iterator[Any]:
    """Rows of a frame, cells by the name of their column."""
    return iter(frame.itertuples(index=True))


def place_names(instance: Instance) -> dict[str, str]:
    """Names of places as people say them."""
    places = instance.tables["places"]
    return {str(code): str(name) for code, name in zip(places["place"], places["name"], strict=True) if name}


def _sentence(plan: Plan, rules: pd.DataFrame) -> str:
    currency = plan.instance.header.currency
    demand = float(plan.demand["demand"].sum())
    met = "meets all demand" if not _short(plan) else f"leaves {mass(plan.unmet)} t of {mass(demand)} t of demand unmet"
    told = f"The plan costs {money(plan.objective)} {currency} and {met}"
    if rules.empty:
        return f"{told}; no rule costs anything."
    rule = rules.iloc[0]
    cap = str(rule["kind"]).startswith("max_")
    step = {"share": "one percentage point", "hhi": "100 points of HHI"}.get(rule["unit"], "one percent")
    whom = f"{rule['name']}{' in' if cap else ''} " if rule["name"] else ""
    whom = "the HHI of " if rule["unit"] == "hhi" else whom
    about = f"{'caps' if cap else 'asks of'} {whom}{rule['material']}"
    saved = f"{step} {'more' if cap else 'less'} in {span(rule['since'], rule['until'])} would save"
    return f"{told}; its dearest rule, {rule['rule']}, {about}: {saved} {money(rule['worth'])} {currency}."


def _figures(plan: Plan, rules: pd.DataFrame, bought: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    head = plan.instance.header
    period = plan.demand["period"]
    when = f", {span(period.min(), period.max())}" if len(period) else ""
    countries = [country for country in bought["country"].unique() if country]
    by_country = bought.groupby("country")["cost"].sum()
    total = float(bought["cost"].sum())
    first = f", {percent(by_country.max() / total)} from {by_country.idxmax()}" if countries and total > 0 else ""
    where = f" in {len(countries)} countries" if len(countries) > 1 else ""
    sites = bought["site"].nunique()
    source = "1 site" if sites == 1 else f"{sites} sites"
    binding = plan.rules.loc[plan.rules["binding"] == "yes", "rule"].nunique()
    discounted = f", discounted at {percent(head.discount_rate)}" if head.discount_rate else ""
    return (
        ("cost", f"{money(plan.objective)} {head.currency}, present value{when}{discounted}"),
        ("proof", _proof(plan)),
        ("demand", _served(plan)),
        ("bought", f"for {money(total)} {head.currency}, undiscounted, from {source}{where}{first}"),
        ("rules that bind", f"{binding} of {plan.rules['rule'].nunique()}"),
    )


def _proof(plan: Plan) -> str:
    if plan.gap == float("inf"):
        return f"{plan.status}; no bound is proven"
    above = "no plan costs less" if plan.gap <= 1e-6 else f"at most {percent(plan.gap)} above the least cost"
    fixed = "; prices hold with the yes-or-no decisions as they are" if plan.is_mip else ""
    own = f"; {plan.custom}" if plan.custom else ""
    return f"{plan.status}; {above}{fixed}{own}"


def _short(plan: Plan) -> bool:
    return plan.unmet > 1e-6 * max(float(plan.demand["demand"].sum()), 1.0)


def _served(plan: Plan) -> str:
    wanted = f"{mass(float(plan.demand['demand'].sum()))} t"
    if not _short(plan):
        return f"{wanted}, all met"
    unmet = plan.demand.groupby("priority", sort=False)["unmet"].sum()
    parts = ", ".join(f"{mass(amount)} t of {name or 'the rest'}" for name, amount in unmet.items() if amount > 0)
    return f"{wanted}, of which unmet {parts}"


def span(since: str, until: str) -> str:
    """Periods as people write them: 2027, or 2027–2035."""
    return since if since == until else f"{since}–{until}"


def percent(fraction: float) -> str:
    """A fraction for people: 65 %, 0.12 %."""
    return f"{fraction * 100:.0f} %" if fraction >= 0.1 or fraction < 5e-7 else f"{fraction * 100:.2g} %"


def money(amount: float) -> str:
    """An amount for people: 1.23 bn, 45.60 m, 7,890, 12.50."""
    for size, name in ((1e9, " bn"), (1e6, " m")):
        if abs(amount) >= size:
            return f"{amount / size:,.2f}{name}"
    return f"{amount:,.0f}" if abs(amount) >= 100 else f"{amount:,.2f}"


def mass(amount: float) -> str:
    """Tonnes for people: no decimals from ten on."""
    return f"{amount:,.0f}" if abs(amount) >= 10 or abs(amount) < 1e-9 else f"{amount:,.3g}"
