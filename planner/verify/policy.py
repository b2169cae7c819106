"""Rules, read again from the ``rules`` table: what counts, against what, for whom, where and when.

Each row of the table becomes *terms*: how much one tonne of a column counts towards the quantity q of a subject, or
towards the base Q, by pool of materials, market and group of periods; what is a column of the plan or a constant.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from planner.verify.columns import Quantities
from planner.verify.world import World, words

CELL = ["pool", "market", "group"]
TERM = [*CELL, "column", "value", "coefficient"]


@dataclass(frozen=True)
class Clause:
    """One row of ``rules`` resolved: labels and what they hold."""

    row: Any
    """The row of the table, as a named tuple."""
    pools: pd.DataFrame
    """``pool`` label and each ``material`` in it."""
    markets: pd.DataFrame
    """``market`` label and each ``site`` in it; no rows where the rule has none."""
    subjects: pd.DataFrame
    """``subject`` and each ``site`` of it."""
    groups: pd.DataFrame
    """``group`` label and each period ``t`` in it."""
    market_names: pd.DataFrame
    """Every ``market``, those that hold no site too."""
    subject_names: pd.DataFrame
    """Every ``subject``, those that have no site too."""

    @property
    def floor(self) -> bool:
        """Whether it is a least."""
        return str(self.row.kind).startswith("min_")

    @property
    def shares(self) -> bool:
        """Whether the limit is a share."""
        return str(self.row.kind).endswith("_share")

    @property
    def placeless(self) -> bool:
        """Whether the rule has no market: what is made, against nothing or against all that is made."""
        return self.row.basis == "made" and self.row.base in ("", "purchases")


def labelled(column: str, member: str, sets: list[tuple[str, list[str]]]) -> pd.DataFrame:
    """A frame of labels and members."""
    pairs = [(label, name) for label, names in sets for name in names]
    return pd.DataFrame(pairs, columns=[column, member]).astype(str)


def pools(world: World, row: Any) -> pd.DataFrame:
    """Pools of materials; the label is the material, the stage, ``all``, or the names joined."""
    named, stages = words(row.material), words(row.stage)
    scope = [
        material
        for material, stage in world.stage.items()
        if (not named or material in named) and (not stages or stage in stages)
    ]
    if row.pool != "together":
        return labelled("pool", "material", [(material, [material]) for material in scope])
    if row.stage_pool == "each":
        order = dict.fromkeys(world.stage[material] for material in scope)
        sets = [(stage, [material for material in scope if world.stage[material] == stage]) for stage in order]
        sets = [(held[0] if len(held) == 1 else stage, held) for stage, held in sets]
        return labelled("pool", "material", sets)
    if len(scope) == len(world.stage):
        return labelled("pool", "material", [("all", scope)])
    return labelled("pool", "material", [(";".join(stages if stages and not named else scope), scope)])


def markets(world: World, row: Any, materials: set[str]) -> list[tuple[str, list[str]]]:
    """Markets with their sites; the label is the name, the names joined, or ``all``."""
    if row.basis == "made" and row.base in ("", "purchases"):
        return [("", [])]
    names = words(row.market)
    if not names:
        demand = world.tables["demands"]
        sites = sorted(set(demand.loc[demand["material"].isin(materials), "site"]))
        return [("all", sites)] if row.market_pool == "together" else [(site, [site]) for site in sites]
    if len(names) == 1 and row.market_pool == "each":
        names = world.members.get(world.header.home if names[0] == "home" else names[0], names)
    if row.market_pool == "together":
        return [(";".join(names), sorted(world.sites_of(names)))]
    return [(name, sorted(world.sites_of([name]))) for name in names]


def subjects(world: World, row: Any) -> list[tuple[str, list[str]]]:
    """Subjects with their sites."""
    named, exempt = words(row.subject), words(getattr(row, "except"))
    if row.subject_by == "group":
        home = {"home": world.header.home}
        out = {home.get(name, name) for name in exempt}
        return [(name, sorted(world.sites_of([name]))) for name in named if home.get(name, name) not in out]
    sites = world.tables["sites"]
    kinds = sites["site"] if row.subject_by == "site" else sites[row.subject_by]
    known = set(kinds) | (set(world.tables["places"]["place"]) if row.subject_by == "place" else set())
    inside = {inner for name in named for inner in world.unfold(name)} if named else set(kinds)
    excepted = {inner for name in exempt for inner in world.unfold(name)}
    return [(name, sorted(sites.loc[kinds == name, "site"])) for name in sorted((inside & known) - excepted - {""})]


def groups(world: World, row: Any) -> pd.DataFrame:
    """Groups of periods: each period, each calendar year, or the window."""
    first, last = world.span(pd.DataFrame([{"from": getattr(row, "from"), "until": row.until}]))
    times = range(int(first.iloc[0]), int(last.iloc[0]) + 1)
    whole = f"{world.labels[times[0]]}..{world.labels[times[-1]]}" if len(times) else ""
    label = {"period": lambda t: world.labels[t], "year": lambda t: world.calendar[t], "horizon": lambda t: whole}
    return pd.DataFrame([(label[row.per](t), t) for t in times], columns=["group", "t"]).astype({"group": str})


def clauses(world: World) -> list[Clause]:
    """Every row of ``rules`` that has a period in the horizon."""
    found = []
    for row in records(world.tables["rules"]):
        of_materials, window = pools(world, row), groups(world, row)
        of_markets, of_subjects = markets(world, row, set(of_materials["material"])), subjects(world, row)
        if len(window):
            found.append(
                Clause(
                    row=row,
                    pools=of_materials,
                    markets=labelled("market", "site", of_markets),
                    subjects=labelled("subject", "site", of_subjects),
                    groups=window,
                    market_names=pd.DataFrame({"market": [name for name, _ in of_markets]}, dtype=str),
                    subject_names=pd.DataFrame({"subject": [name for name, _ in of_subjects]}, dtype=str),
                )
            )
    return found


class Record:
    """A row of a table, its cells by name (``from`` and ``except`` too)."""

    def __init__(self, cells: dict[str, Any]) -> None:
        self.__dict__.update(cells)


def records(frame: pd.DataFrame) -> list[Record]:
    """Rows of a frame."""
    return [Record({str(key): value for key, value in cells.items()}) for cells in frame.to_dict("records")]


def arrivals(world: World, q: Quantities) -> pd.DataFrame:
    """What arrives in each period from where: columns of the plan, and what was under way (column −1)."""
    ends = ["origin", "destination", "material"]
    shipped = q.flow[q.flow["arrival"] < world.periods]
    shipped = shipped[[*ends, "column", "value"]].assign(t=shipped["arrival"], coefficient=1 - shipped["loss"])
    came = q.coming[[*ends, "t"]].assign(column=-1, value=q.coming["arriving"], coefficient=1.0)
    return pd.concat([shipped, came], ignore_index=True) if len(came) else shipped.reset_index(drop=True)


def makes(world: World, q: Quantities) -> pd.DataFrame:
    """What is made in each period and where: sold by offers, and put out by processes."""
    made = q.run[["process", "t", "column", "value"]].merge(world.recipes[world.recipes["output"] > 0], on="process")
    keys = ["site", "material", "t", "column", "value", "coefficient"]
    return pd.concat(
        [q.sale.assign(coefficient=1.0)[keys], made.assign(coefficient=made["output"])[keys]], ignore_index=True
    )


def counted(clause: Clause, arriving: pd.DataFrame, made: pd.DataFrame) -> pd.DataFrame:
    """Everything that could count, whoever it comes from: terms with their ``site`` of origin."""
    if clause.row.basis == "made":
        every = made.merge(clause.pools, on="material").merge(clause.groups, on="t")
        if clause.placeless:
            return every.assign(market="")
        return every.merge(clause.market_names, how="cross")
    every = arriving[arriving["destination"].isin(clause.markets["site"])].merge(clause.pools, on="material")
    every = every.merge(clause.groups, on="t").rename(columns={"origin": "site"})
    every = every.merge(clause.markets.rename(columns={"site": "destination"}), on="destination")
    inside = clause.markets.assign(inside=True)
    every = every.merge(inside, on=["market", "site"], how="left")
    return every[every["inside"].isna()].drop(columns="inside")


def quantity(clause: Clause, every: pd.DataFrame) -> pd.DataFrame:
    """Terms of the quantity of each subject."""
    return every.merge(clause.subjects, on="site")[["subject", *TERM]]


def base(world: World, clause: Clause, every: pd.DataFrame, q: Quantities) -> pd.DataFrame:
    """Terms of the base of each pool, market and group."""
    if clause.row.base == "purchases":
        if clause.row.home_in_base == "no":
            every = every[~every["site"].isin(world.sites_of(["home"]))]
        parts = [every[TERM]]
        if clause.row.stock_in_base == "yes" and clause.row.basis == "purchases":
            parts.append(at_markets(clause, q.release[["site", "material", "t", "column", "value"]], 1.0))
        return pd.concat(parts, ignore_index=True)
    demand = q.demand.assign(column=-1, value=q.demand["amount"])
    keys = ["site", "material", "t", "column", "value"]
    parts = [at_markets(clause, demand[keys], 1.0)]
    if clause.row.base == "consumption":
        used = q.run[["process", "t", "column", "value"]].merge(world.recipes[world.recipes["input"] > 0], on="process")
        parts += [at_markets(clause, q.unmet[keys], -1.0), at_markets(clause, used[[*keys, "input"]], used["input"])]
    return pd.concat(parts, ignore_index=True)


def at_markets(clause: Clause, frame: pd.DataFrame, coefficient: pd.Series | float) -> pd.DataFrame:
    """Terms of what happens at the sites of the markets."""
    frame = frame.assign(coefficient=coefficient).merge(clause.markets, on="site")
    return frame.merge(clause.pools, on="material").merge(clause.groups, on="t")[TERM]


def wanted(clause: Clause, terms: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """The rows that the clause has: wherever a subject has a column that counts, everywhere for a floor (both
    ``asked``), and those that the plan lists within the clause's labels though no column can count there.
    """
    keys = ["subject", *CELL]
    every = clause.subject_names.merge(clause.pools[["pool"]].drop_duplicates(), how="cross")
    every = every.merge(clause.market_names, how="cross")
    listed = found[(found["rule"] == clause.row.rule) & (found["from"] == getattr(clause.row, "from"))]
    listed = listed.rename(columns={"material": "pool", "period": "group"})[keys]
    listed = listed.merge(every, on=["subject", "pool", "market"])
    listed = listed[listed["group"].isin(clause.groups["group"])]
    asked = terms[keys].drop_duplicates()
    if clause.floor:
        asked = every.merge(clause.groups[["group"]].drop_duplicates(), how="cross")[keys]
    both: pd.DataFrame = pd.concat([asked.assign(asked=True), listed.assign(asked=False)], ignore_index=True)
    return both.drop_duplicates(keys).reset_index(drop=True)


def total(terms: pd.DataFrame, keys: list[str], name: str) -> pd.DataFrame:
    """Sum of coefficient × value of terms."""
    amount = terms[keys].assign(**{name: terms["value"] * terms["coefficient"]})
    return amount.groupby(keys, sort=False)[name].sum().reset_index()


def constants(terms: pd.DataFrame) -> pd.DataFrame:
    """Terms that are no columns."""
    return terms[terms["column"] < 0]


def sums(rows: pd.DataFrame, terms: pd.DataFrame, keys: list[str], name: str) -> np.ndarray:
    """Sum of the terms at each row, 0 where there are none."""
    if terms.empty:
        return np.zeros(len(rows))
    joined = rows[keys].merge(total(terms, keys, name), on=keys, how="left")
    return joined[name].fillna(0.0).to_numpy(dtype=float)
