"""Ready rule sets: what a ministry has written, each with its source, put into an instance's own tables.

A policy is a TOML file in ``policies/``: ``group`` and ``members`` (of which those that are places of the instance are
taken), ``stages`` (what it means by extraction or processing in the words that stages go by), ``kinds`` (groups of the
sites of some kinds inside ``group``), ``rules`` (rows of ``rules``; ``from`` is a calendar year), or ``stock`` (days of
cover of a place from a year on, for every material of some stages that is consumed there), and ``notes``.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from planner.assembly.carriers import Elements, own_contents
from planner.errors import InputError, Problem
from planner.findings import suggest
from planner.instance import Instance
from planner.periods import horizon
from planner.policies import SHELF, names
from planner.scope import Scope


@dataclass(frozen=True)
class Added:
    """An instance with a policy in it."""

    instance: Instance
    told: tuple[str, ...]
    """What was added and what was not, and why; then the notes of the policy."""


def read(name: str) -> dict[str, Any]:
    """A policy as its file has it.

    Raises:
        InputError: there is none of this name.
    """
    if name not in names():
        told = f"there is no policy '{name}'{suggest(name, names())}; there are {', '.join(names())}"
        raise InputError(name, [Problem("policy", None, "", name, told)])
    return tomllib.loads((SHELF / f"{name}.toml").read_text("utf-8"))


def add(instance: Instance, name: str) -> Added:
    """Put a policy into an instance.

    Args:
        instance: any; where none of the policy's places is in it, its home group stands for them.
        name: one of :func:`planner.policies.names`.

    Raises:
        InputError: there is no such policy, it speaks of nobody in the instance, or the result has problems: a rule of
            the same name is there already.
    """
    policy = read(name)
    told: list[str] = []
    if "stock" in policy:
        tables = {"stockpiles": _stock(instance, name, policy["stock"], told)}
    else:
        tables = _rules(instance, name, policy, told)
    if sum(map(len, tables.values())) == sum(len(instance.tables[table]) for table in tables):
        problems = [Problem("policy", None, "", name, f"'{name}' adds nothing: {reason}") for reason in told]
        raise InputError(instance.name, problems)
    return Added(instance.with_tables(**tables), (*told, *policy.get("notes", ())))


def _from(instance: Instance, year: int) -> str | None:
    """The first period of a calendar year or after it; empty where that is the start, None past the horizon."""
    head = instance.header
    periods = horizon(head.first_period, head.periods, head.period_length)
    later = [name for name in periods if int(name[:4]) >= year]
    return None if not later else "" if later[0] == periods[0] else later[0]


def _stand_in(instance: Instance, name: str, place: str, told: list[str]) -> str:
    """The place or group itself, or the instance's home where it has no site there."""
    scope = Scope.of(instance)
    known = place in scope.places or place in scope.groups
    if known and scope.sites([place]):
        return place
    if not instance.header.home:
        fault = f"'{name}' speaks of {place}, which has no site in {instance.name}, and no home group stands for it"
        raise InputError(name, [Problem("policy", None, "", name, fault)])
    told.append(f"{place} has no site in {instance.name}: its home, {instance.header.home}, stands for it")
    return instance.header.home


def _buys(policy: Mapping[str, Any]) -> bool:
    """Whether the policy's own group is a market of its rules: home may stand for a buyer, never for a seller."""
    return any(rule["market"] == policy["group"] for rule in policy["rules"])


def _there(instance: Instance, name: str, group: str) -> str:
    """The group itself, which has a site."""
    scope = Scope.of(instance)
    if group in scope.groups and scope.sites([group]):
        return group
    fault = f"'{name}' speaks of {group}, which has no site in {instance.name}: there is nothing to keep out"
    raise InputError(name, [Problem("policy", None, "", name, fault)])


def _groups(instance: Instance, name: str, policy: Mapping[str, Any], told: list[str]) -> tuple[pd.DataFrame, str]:
    """The groups with those of the policy; and the group that stands for the policy's own."""
    groups, group = instance["groups"], str(policy["group"])
    here = [member for member in policy["members"] if member in set(instance.tables["places"]["place"])]
    if group not in set(groups["group"]) and here:
        groups = _with(groups, [{"group": group, "member": member} for member in here])
        told.append(f"group {group}: {', '.join(here)}")
    after = instance.with_tables(groups=groups)
    stands = _stand_in(after, name, group, told) if _buys(policy) else _there(after, name, group)
    sites = after.tables["sites"]
    inside = sites["site"].isin(Scope.of(after).sites([stands]))
    for label, kinds in policy.get("kinds", {}).items():
        found = sites.loc[inside & sites["kind"].str.casefold().isin(kinds), "site"].tolist()
        if label not in set(groups["group"]) and found:
            groups = _with(groups, [{"group": label, "member": site} for site in found])
            told.append(f"group {label}: {', '.join(found)}")
    return groups, stands


def _rules(instance: Instance, name: str, policy: Mapping[str, Any], told: list[str]) -> dict[str, pd.DataFrame]:
    """Groups and rules with those of the policy."""
    groups, stands = _groups(instance, name, policy, told)
    after = instance.with_tables(groups=groups)
    present = list(dict.fromkeys(instance.tables["materials"]["stage"]))
    for given in policy["rules"]:
        row, rule = dict(given), given["rule"]
        begins = _from(instance, row.pop("from"))
        words = policy.get("stages", {}).get(row["stage"], [])
        stages = [stage for stage in present if stage.casefold() in words]
        if begins is None:
            told.append(f"{rule}: not added, it holds from {given['from']} and the horizon ends before")
        elif row["stage"] and not stages:
            told.append(f"{rule}: not added, no stage is called {', '.join(words[:-1])} or {words[-1]}")
        elif row.get("subject") in policy.get("kinds", {}) and row["subject"] not in set(groups["group"]):
            told.append(f"{rule}: not added, {stands} has no site of kind {policy['kinds'][row['subject']][0]}")
        else:
            scope = _in_scope(instance, stages)
            row |= {"from": begins, "stage": ";".join(stages), "per": "year"}
            if row["basis"] == "origin":
                scope = _followed(instance, row, scope, told)
                if not scope:
                    continue
            row |= _pools(instance, scope)
            row["market"] = _stand_in(after, name, row["market"], told)
            row |= {column: stands for column in ("subject", "except") if row.get(column) == policy["group"]}
            row |= {"market_pool": "together"} if row["market"] in set(groups["group"]) else {}
            try:
                after = after.with_tables(rules=_with(after["rules"], [row]))
                told.append(f"rule {rule}" + (f", of stage {', '.join(stages)}" if stages else ""))
            except InputError as error:
                told.append(f"{rule}: not added, {error.problems[0].message}")
    return {"groups": groups, "rules": after["rules"]}


UNTOLD = "for nobody says which element they are bought for, or how much of it a tonne holds (materials, contents)"
"""Why a rule on origin cannot speak of some materials."""


def _in_scope(instance: Instance, stages: list[str]) -> list[str]:
    """Materials of some stages; all without one."""
    materials = instance.tables["materials"]
    return (materials[materials["stage"].isin(stages)] if stages else materials)["material"].tolist()


def _followed(instance: Instance, row: dict[str, Any], scope: list[str], told: list[str]) -> list[str]:
    """Materials in the scope of a rule on origin of which it is known what they hold; the row then names them, where
    others are left out.
    """
    contents = own_contents(Elements.of(instance), scope)
    followed = [name for name in scope if contents[name] > 0]
    left = [name for name in scope if contents[name] == 0]
    if not followed:
        told.append(f"{row['rule']}: not added, {UNTOLD}")
    elif left:
        row |= {"stage": "", "material": ";".join(followed)}
        told.append(f"{row['rule']}: {', '.join(left)} left out, {UNTOLD}")
    return followed


def _pools(instance: Instance, names: list[str]) -> dict[str, str]:
    """Each material by itself, where there are several."""
    materials = instance.tables["materials"]
    scope = materials[materials["material"].isin(names)]
    several = {"pool": "each"} if len(scope) > 1 else {}
    return several | ({"stage_pool": "each"} if scope["stage"].nunique() > 1 else {})


def _stock(instance: Instance, name: str, stock: Mapping[str, Any], told: list[str]) -> pd.DataFrame:
    """Stockpiles with the days of cover of a place, held where the material is consumed."""
    piles, begins = instance["stockpiles"], _from(instance, stock["from"])
    place = _stand_in(instance, name, stock["place"], told)
    if begins is None:
        told.append(f"not added: it holds from {stock['from']} and the horizon ends before")
        return piles
    rows: list[dict[str, Any]] = []
    covered = set(piles.loc[(piles["covers"] == place) & (piles["cover_days"] > 0), "material"])
    told += [f"{material}: stock covers {place} already; its days are left as they are" for material in sorted(covered)]
    for site, material in _consumers(instance, place, stock["stages"]):
        if material in covered:
            continue
        if ((piles["site"] == site) & (piles["material"] == material)).any():
            told.append(f"{material}: {site} holds stock of it already; its days of cover are left as they are")
            continue
        if begins:
            rows.append({"site": site, "material": material, "until": _before(instance, begins)})
        cover = {
            "site": site,
            "material": material,
            "from": begins,
            "covers": place,
            "cover_days": float(stock["days"]),
        }
        rows.append(cover)
        told.append(
            f"stockpile of {material} at {site}: {stock['days']} days for {place}, from {begins or 'the start'}"
        )
    return _with(piles, rows)


def _before(instance: Instance, period: str) -> str:
    """The period before another."""
    head = instance.header
    periods = horizon(head.first_period, head.periods, head.period_length)
    return periods[periods.index(period) - 1]


def _consumers(instance: Instance, place: str, stages: list[str]) -> list[tuple[str, str]]:
    """Sites of a place or group, and the materials of some stages that each demands or processes."""
    tables = instance.tables
    recipes = tables["recipes"].merge(tables["processes"][["process", "site"]], on="process")
    used = pd.concat(
        [tables["demands"][["site", "material"]], recipes.loc[recipes["input"] > 0, ["site", "material"]]]
    ).drop_duplicates()
    materials = tables["materials"]
    held = set(materials.loc[materials["stage"].str.casefold().isin(stages), "material"])
    inside = Scope.of(instance).sites([place])
    pairs = zip(used["site"], used["material"], strict=True)
    return sorted((site, material) for site, material in pairs if site in inside and material in held)


def _with(frame: pd.DataFrame, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """A table with more rows, empty where they say nothing."""
    return pd.concat([frame, pd.DataFrame(rows)], ignore_index=True) if rows else frame
