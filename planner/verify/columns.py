"""The quantities of a plan, set against the quantities that the input allows.

Each frame holds every column that the input allows, with its upper limit (tonnes), its cost (present value per
tonne) and the value that the plan's table gives it. A row of the plan that fits none of them is a fault.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from planner.plan import PLAN_TABLES, TEXT, Plan
from planner.verify import shipping
from planner.verify.faults import Faults, describe, refuse
from planner.verify.matrix import Matrix
from planner.verify.world import World, empty, text

KEYS: dict[str, list[str]] = {
    "flows": ["origin", "destination", "material", "period"],
    "sales": ["site", "material", "from", "period"],
    "activity": ["process", "period"],
    "made": ["process", "material", "period"],
    "stock": ["site", "material", "period"],
    "demand": ["site", "material", "period", "priority"],
    "surplus": ["site", "material", "period"],
    "activations": ["kind", "site", "destination", "material", "process", "from", "period"],
    "costs": ["component", "site", "destination", "material", "process", "priority", "rule", "period"],
    "rules": ["rule", "from", "subject", "material", "market", "period"],
    "cover": ["covers", "material", "period"],
    "concentration": ["basis", "stage", "material", "by", "subject", "period"],
    "prices": [
        "constraint",
        "site",
        "destination",
        "material",
        "process",
        "rule",
        "subject",
        "market",
        "from",
        "period",
    ],
    "held": ["rank"],
}
"""What names a row of each table of a plan."""


def read(plan: Plan, faults: Faults) -> dict[str, pd.DataFrame]:
    """The plan's tables with text as text and numbers as numbers; a cell that is neither, a repeated row, a missing
    table or column is a fault.
    """
    tables = {}
    for name, columns in PLAN_TABLES.items():
        frame = plan.tables.get(name)
        if frame is None:
            faults.add(name, "", "", "no table", "a table", "the plan has no such table")
            frame = pd.DataFrame(columns=list(columns))
        for column in [column for column in columns if column not in frame]:
            faults.add(name, "", column, "no column", "a column", f"the table has no column {column}")
        if frame.empty:
            tables[name] = empty(tuple((column, column not in TEXT) for column in columns))
            continue
        cells = frame.reindex(columns=list(columns)).reset_index(drop=True)
        frame = pd.DataFrame(
            {
                column: text(cells[column])
                if column in TEXT
                else pd.to_numeric(cells[column], errors="coerce").astype(float)
                for column in columns
            }
        )
        for column in [column for column in columns if column not in TEXT]:
            refuse_text(faults, name, frame, column)
        twice = frame[frame.duplicated(KEYS[name])]
        refuse(faults, name, twice, KEYS[name], "", "the row stands in the table twice")
        tables[name] = frame.drop_duplicates(KEYS[name])
    return tables


def refuse_text(faults: Faults, table: str, frame: pd.DataFrame, column: str) -> None:
    """One fault for each cell that should be a finite number and is none; a rule of quantities has no base."""
    wrong = ~np.isfinite(frame[column])
    if (table, column) == ("rules", "base"):
        wrong &= frame["kind"].str.endswith("_share")
    for _, row in frame[wrong].iterrows():
        where = describe(row, KEYS[table])
        faults.add(table, where, column, str(row[column]), "a number", f"{column} is not a finite number")


@dataclass(frozen=True)
class Quantities:
    """Every column that the input allows, family by family, with the plan's values."""

    ways: pd.DataFrame
    """Lanes."""
    every: pd.DataFrame
    """Lanes in every period, whether dispatch is allowed or not."""
    coming: pd.DataFrame
    """What is under way at the start."""
    flow: pd.DataFrame
    sale: pd.DataFrame
    run: pd.DataFrame
    held: pd.DataFrame
    """Closing stock; ``fill`` and ``release`` have the same rows."""
    fill: pd.DataFrame
    release: pd.DataFrame
    demand: pd.DataFrame
    """Every demand; ``soft`` where it may stay unmet."""
    unmet: pd.DataFrame
    surplus: pd.DataFrame


def flows(world: World, every: pd.DataFrame) -> pd.DataFrame:
    """What may be dispatched."""
    frame = shipping.shipments(world, every)
    return frame.assign(cost=(frame["freight"] + frame["tax"]) * world.discount[frame["t"].to_numpy(dtype=int)])


def sales(world: World) -> pd.DataFrame:
    """What may be bought from offers."""
    frame = world.spread(world.tables["offers"])
    upper = frame["capacity"].fillna(np.inf) * world.years_of_period
    return frame.assign(upper=upper, cost=frame["price"] * world.discount[frame["t"].to_numpy(dtype=int)])


def runs(world: World) -> pd.DataFrame:
    """What may be processed."""
    frame = world.spread(world.tables["processes"].rename(columns={"cost": "toll"}))
    upper = frame["capacity"].fillna(np.inf) * world.years_of_period
    return frame.assign(upper=upper, cost=frame["toll"] * world.discount[frame["t"].to_numpy(dtype=int)])


def stocks(world: World) -> pd.DataFrame:
    """What may be held, with the stock at the ``start`` in the first period, and the least at the end, ``least``, in
    the last.
    """
    frame = world.spread(world.tables["stockpiles"]).sort_values(["site", "material", "t"], kind="stable")
    keep = (1 - frame["loss"]) ** world.years_of_period
    pile = frame.groupby(["site", "material"], sort=False)
    first, last = ~frame.duplicated(["site", "material"]), ~frame.duplicated(["site", "material"], keep="last")
    start = pile["initial"].transform("first")
    holding = frame["holding_cost"] * world.years_of_period
    return frame.assign(
        keep=keep,
        start=start.where(first, 0.0),
        first=first,
        least=frame["final"].fillna(start).where(last),
        holding=holding,
        covers=frame["covers"].where(frame["covers"] != "", frame["site"]),
    ).reset_index(drop=True)


def demands(world: World) -> pd.DataFrame:
    """Every demand of every period in tonnes: of the row of the period, else of the row without one; ``soft`` where it
    may stay unmet, ``weight`` what a tonne counts within its ``rank``, and whether that rank is ``guarded``: served
    before cost counts.
    """
    rows = world.tables["demands"].assign(t=lambda frame: world.index(frame["period"])).drop(columns="period")
    dated = rows[rows["t"].between(0, world.periods - 1)]
    always = rows[rows["t"].isna()].drop(columns="t")
    spread = always.loc[always.index.repeat(world.periods)].assign(t=np.tile(np.arange(world.periods), len(always)))
    both = pd.concat([dated, spread]) if len(dated) and len(spread) else (dated if len(dated) else spread)
    both = both.astype({"t": int}).drop_duplicates(["site", "material", "t", "priority"], keep="first")
    both = both[both["quantity"] > 0].merge(world.tables["priorities"], on="priority", how="left")
    ranks = sorted(both["rank"].dropna().unique())
    costless = both["unmet_cost"].isna()
    named = both["rank"].notna()
    last = both["rank"] == (ranks[-1] if ranks else 0)
    return world.dated(
        both.assign(
            amount=both["quantity"] * world.years_of_period,
            soft=named & (~costless | (len(ranks) > 1)),
            guarded=named & (~last | costless) & (len(ranks) > 1),
            weight=both["unmet_cost"].fillna(1.0),
            each=both["unmet_cost"].fillna(0.0),
        )
    )


def spare(world: World, ran: pd.DataFrame, coming: pd.DataFrame) -> pd.DataFrame:
    """Where and when surplus may leave: where the material is made by a process or arrives from before the start."""
    keys = ["site", "material", "t"]
    made = ran[["process", "t"]].merge(world.recipes[world.recipes["output"] > 0], on="process")
    came = coming.rename(columns={"destination": "site"})
    frame = world.dated(pd.concat([made[keys], came[keys]]).drop_duplicates().reset_index(drop=True))
    disposal = frame["material"].map(world.tables["materials"].set_index("material")["disposal_cost"]).astype(float)
    discounted = disposal * world.discount[frame["t"].to_numpy(dtype=int)]
    return frame.assign(disposal=disposal, cost=discounted, upper=np.inf)


def valued(faults: Faults, frame: pd.DataFrame, found: pd.DataFrame, table: str, column: str, why: str) -> pd.DataFrame:
    """The allowed columns with the values of the plan (``value``, 0 where the plan has no row); rows of the plan that
    are not allowed are faults.
    """
    keys = KEYS[table]
    if found.empty:
        return frame.assign(value=0.0)
    values = found[[*keys, column]].rename(columns={column: "value"})
    unknown = values.merge(frame[keys].drop_duplicates(), on=keys, how="left", indicator=True)
    refuse(faults, table, unknown[unknown["_merge"] == "left_only"], keys, "", why)
    merged = frame.drop(columns="value", errors="ignore").merge(values, on=keys, how="left")
    return merged.assign(value=merged["value"].fillna(0.0))


def quantities(world: World, matrix: Matrix, found: dict[str, pd.DataFrame], faults: Faults) -> Quantities:
    """Every column that the input allows, added to the matrix."""
    ways = shipping.lanes(world)
    every = shipping.dispatches(world, ways)
    coming = shipping.under_way(world, every)

    def take(frame: pd.DataFrame, table: str, column: str, why: str) -> pd.DataFrame:
        valued_frame = valued(faults, frame, found[table], table, column, why)
        return matrix.columns(table, column, KEYS[table], valued_frame)

    ran = runs(world)
    held = stocks(world)
    zero = held.assign(cost=0.0)
    no_stock = "the input has no such stockpile in that period"
    dated = held["t"].to_numpy(dtype=int)
    wanted = demands(world)
    none_unmet = set(found["held"].loc[found["held"]["held"] <= 0, "rank"])
    soft = wanted[wanted["soft"]].assign(
        cost=lambda frame: frame["each"] * world.discount[frame["t"].to_numpy(dtype=int)],
        upper=lambda frame: frame["amount"].mask(frame["guarded"] & frame["rank"].isin(none_unmet), 0.0),
    )
    return Quantities(
        ways=ways,
        every=every,
        coming=coming,
        flow=take(flows(world, every), "flows", "quantity", "no lane allows this dispatch"),
        sale=take(sales(world), "sales", "quantity", "no offer holds in that period"),
        run=take(ran, "activity", "activity", "the process does not exist or cannot run in that period"),
        held=take(
            held.assign(upper=held["capacity"].fillna(np.inf), cost=held["holding"] * world.discount[dated]),
            "stock", "closing", no_stock,
        ),
        fill=take(zero.assign(upper=rate(world, held, "fill_rate")), "stock", "fill", no_stock),
        release=take(zero.assign(upper=rate(world, held, "release_rate")), "stock", "release", no_stock),
        demand=wanted,
        unmet=matrix.columns("demand", "unmet", KEYS["demand"], met(soft, found["demand"], faults, wanted)),
        surplus=take(spare(world, ran, coming), "surplus", "quantity", "surplus may not leave there"),
    )  # fmt: skip


def rate(world: World, frame: pd.DataFrame, column: str) -> pd.Series:
    """A yearly rate as tonnes of the period; empty is without limit."""
    return frame[column].fillna(np.inf) * world.years_of_period


def met(soft: pd.DataFrame, found: pd.DataFrame, faults: Faults, wanted: pd.DataFrame) -> pd.DataFrame:
    """Unmet demand where it may be; unmet demand elsewhere is a fault."""
    keys = KEYS["demand"]
    everywhere = valued(faults, wanted, found, "demand", "unmet", "the input has no such demand")
    hard = everywhere[~everywhere["soft"] & (everywhere["value"].abs() > 1e-9 * everywhere["amount"])]
    for _, row in hard.iterrows():
        faults.add("demand", describe(row, keys), "unmet", float(row["value"]), 0.0, "demand that must be met is not")
    soft = soft.drop(columns="value", errors="ignore")
    return soft.merge(everywhere[[*keys, "value"]], on=keys, how="left")
