"""Why a supplier sells what it sells: at which price it would sell more or nothing, what forcing it moves, which rules.

Prices are cut on what it dispatches, whatever a tonne is sold or made at (``supply.py``); the named reasons are the
duals of the plan (``reasons.py``), the break-even price is found by solving again until it is met.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from planner.analysis.reasons import COLUMNS, reasons
from planner.analysis.supply import Point, Supply
from planner.analysis.telling import money, page, percent, tonnes
from planner.assembly.assemble import assembled
from planner.assembly.parts import TONNES
from planner.errors import InputError, Problem
from planner.findings import shown, suggest
from planner.instance import Instance
from planner.scope import Scope
from planner.settings import Settings
from planner.solving.kept import Kept

CURVE = ["cut", "price", "quantity", "cost", "exact"]
STEPS = 20
"""Solves that a volume curve may take."""
MOVES = ["origin", "destination", "material", "before", "after", "change"]


PAST = 1e-5
"""Share of the break-even cut that is cut further, to see what is sold just past it."""


@dataclass(frozen=True)
class Why:
    """Why a supplier delivers what it delivers of one material. Money in the instance's currency, masses in tonnes."""

    name: str
    currency: str
    supplier: str
    material: str
    quantity: float
    """What it dispatches over the horizon in the least-cost plan."""
    cost: float
    """Least cost, present value."""
    price: float
    """List price a tonne, the mean of its offers; ``nan`` where it offers none (it makes the material)."""
    without: float
    """Least cost when it delivers nothing; ``inf`` where demand of a rank, or a rule, then cannot be kept."""
    break_even: float
    """Price cut a tonne from which it delivers; below 0 the rise that it can afford before it leaves. ``-inf`` where
    no plan does without it; ``inf`` where no plan can use it."""
    sells: float
    """Tonnes that it delivers just past the break-even cut."""
    reasons: pd.DataFrame
    """What the reduced cost of its cheapest way is made of: ``part``, ``name``, ``amount`` a tonne."""
    curve: pd.DataFrame
    """What it delivers as its price falls: ``cut`` from which on, ``price`` (list less cut), ``quantity`` (t over the
    horizon), ``cost`` (present value at list prices), ``exact``: yes where the step is at this very cut; no where it
    was only found to sell so much there, for there are more steps than are solved for."""
    moves: pd.DataFrame
    """What changes when it is forced in, or kept out where it is in use: ``origin``, ``destination``, ``material``,
    ``before``, ``after``, ``change`` (t over the horizon), largest first."""
    forced: float
    """Tonnes that were forced for ``moves``; 0 where it was kept out."""
    extra: float
    """What that costs, present value."""

    @property
    def sentence(self) -> str:
        """The answer in one sentence."""
        return self._used() if self.quantity > 0 else self._unused()

    def _share(self, amount: float) -> str:
        told = f"{money(abs(amount))} {self.currency}/t"
        return f"{told} ({percent(abs(amount) / self.price)} of its price)" if self.price > 0 else told

    def _used(self) -> str:
        told = f"{self.supplier} sells {tonnes(self.quantity)} of {self.material}"
        if self.without == np.inf:
            return f"{told}; without it there is no plan, whatever its price."
        told += f"; without it the plan costs {money(self.without - self.cost)} {self.currency} more"
        return f"{told}, and it may become {self._share(self.break_even)} dearer before it leaves the plan."

    def _unused(self) -> str:
        told = f"{self.supplier} sells no {self.material}"
        if self.break_even == np.inf:
            return f"{told}: no plan that keeps every rule and capacity can use it."
        why = self._because()
        return f"{told}{why}; at {self._share(self.break_even)} less it would sell {tonnes(self.sells)}."

    def _because(self) -> str:
        if self.reasons.empty:
            return ""
        parts = self.reasons.groupby("part")["amount"].sum()
        worth = -float(parts.get("worth", 0.0))
        costs = [
            f"{name} {money(parts[name])}"
            for name in ("price", "toll", "input", "freight", "duty", "limit")
            if abs(parts.get(name, 0.0)) > 1e-6 * max(worth, 1.0)
        ]
        rules = self.reasons[(self.reasons["part"] == "rule") & (self.reasons["amount"].abs() > 1e-6 * max(worth, 1.0))]
        ruled = [f"rule {row['name']} {money(row['amount'])}" for row in rules.to_dict("records")]
        return f" because a tonne takes {', '.join(costs + ruled)}, and is worth {money(worth)} where it arrives"

    def __repr__(self) -> str:
        return f"{self.sentence}\n{self.curve.to_string(index=False, float_format='{:,.2f}'.format)}"

    def _repr_html_(self) -> str:
        return page(self.sentence, self.curve)


def why(
    instance: Instance,
    supplier: str,
    material: str = "",
    *,
    quantity: float | None = None,
    settings: Settings | None = None,
) -> Why:
    """Why a supplier sells what it sells of a material, or nothing.

    Args:
        instance: checked input.
        supplier: a site, owner, place or group.
        material: what it delivers; may be left out where it is one only.
        quantity: tonnes to force for what moves; what it would sell at the break-even price where not given.
        settings: of each solve.

    Raises:
        InputError: an unknown supplier, or one that delivers nothing, or not this material.
        PlannerError: there is no optimal plan.
    """
    if quantity is not None and not quantity > 0:
        raise InputError(instance.name, [Problem("why", None, "quantity", str(quantity), "give tonnes above 0")])
    sites, goods = supplied(instance, supplier)
    if not material and len(goods) > 1:
        told = f"{supplier} delivers {', '.join(goods)}: name one"
        raise InputError(instance.name, [Problem("why", None, "material", material, told)])
    material = material or goods[0]
    if material not in goods:
        told = f"{supplier} does not deliver {shown(material)}; it delivers {', '.join(goods)}"
        raise InputError(instance.name, [Problem("why", None, "material", material, told + suggest(material, goods))])
    supply = Supply(Kept(instance, settings), sites, material)
    return _answer(instance, supplier, supply, quantity)


def supplied(instance: Instance, supplier: str) -> tuple[frozenset[str], list[str]]:
    """Sites of a supplier, and the materials that lanes carry from them.

    Raises:
        InputError: it is unknown, or no lane leaves its sites.
    """
    scope = Scope.of(instance)
    sites = scope.sites((supplier,))
    if not scope.kind(supplier) or not sites:
        known = sorted({*scope.place_of, *scope.owners, *scope.places, *scope.groups})
        told = f"there is no site, owner, place or group {shown(supplier)} with sites" + suggest(supplier, known)
        raise InputError(instance.name, [Problem("why", None, "supplier", supplier, told)])
    lanes = assembled(instance).network.flow.lanes
    goods = sorted(set(lanes.column(2)[np.isin(lanes.column(0), list(sites))].tolist()))
    if not goods:
        told = f"nothing can leave the sites of {supplier}: it has no lanes"
        raise InputError(instance.name, [Problem("why", None, "supplier", supplier, told)])
    return sites, goods


def _answer(instance: Instance, supplier: str, supply: Supply, quantity: float | None) -> Why:
    base, used = supply.base, supply.base.quantity > supply.nothing
    price, without = list_price(instance, supply.sites, supply.material), _without(supply)
    first = base if used else supply.force(supply.step) or supply.force(1.0)
    even = supply.break_even(without, first) if first is not None and np.isfinite(without) else None
    cut = even.cut if even else (-np.inf if used else np.inf)
    curve = _curve(supply, cut, price)
    sells = supply.price(cut + PAST * max(abs(cut), 1.0)).quantity if even else base.quantity
    forced = quantity or (0.0 if used else sells)
    other = supply.force(forced) if forced > 0 else _kept_out(supply, without)
    return Why(
        name=instance.name,
        currency=instance.header.currency,
        supplier=supplier,
        material=supply.material,
        quantity=base.quantity if used else 0.0,
        cost=base.cost,
        price=price,
        without=without,
        break_even=cut,
        sells=sells,
        reasons=pd.DataFrame(columns=COLUMNS) if used else reasons(supply, base.solved),
        curve=curve,
        moves=_moves(supply, other),
        forced=forced,
        extra=np.inf if other is None else other.cost - base.cost,
    )


def list_price(instance: Instance, sites: frozenset[str], material: str) -> float:
    """Mean price a tonne of what sites offer of a material; ``nan`` where they offer none."""
    offers = instance.tables["offers"]
    prices = offers.loc[offers["site"].isin(sites) & (offers["material"] == material), "price"]
    return float(prices.mean()) / TONNES[instance.header.mass_unit] if len(prices) else float("nan")


def _without(supply: Supply) -> float:
    """Least cost without the supplier; ``inf`` where a rank is then served worse, or there is no plan."""
    if supply.base.quantity <= supply.nothing:
        return supply.base.cost
    solved = supply.without()
    held = supply.base.solved.held
    worse = any(solved.held.get(rank, 0.0) > least + 1e-6 * max(1.0, least) for rank, least in held.items())
    return np.inf if solved.end != "optimal" or worse else solved.objective * supply.money


def _kept_out(supply: Supply, without: float) -> Point | None:
    """The plan without the supplier, where there is one."""
    return Point(0.0, without, 0.0, 0.0, supply.without()) if np.isfinite(without) else None


def _curve(supply: Supply, cut: float, price: float) -> pd.DataFrame:
    """Steps from where it leaves, or list prices, down to a price of nothing or twice the break-even cut."""
    finite = np.isfinite(cut)
    low = min(0.0, 1.05 * cut) if finite else 0.0
    high = price if price > 0 else 2.0 * abs(cut) if finite else 0.0
    high = max(high, 1.05 * cut) if finite else high
    if high <= low:
        return pd.DataFrame(columns=CURVE)
    points = supply.curve(low, high, STEPS)
    rows = [(at.cut, price - at.cut, at.quantity, at.cost, "yes" if exact else "no") for at, exact in points]
    return pd.DataFrame(rows, columns=CURVE)


def _moves(supply: Supply, other: Point | None) -> pd.DataFrame:
    if other is None:
        return pd.DataFrame(columns=MOVES)
    ships = supply.kept.assembled.network.flow.shipments
    frame = pd.DataFrame({name: ships.column(at) for at, name in enumerate(MOVES[:3])})
    frame["before"], frame["after"] = supply.dispatched(supply.base.solved), supply.dispatched(other.solved)
    frame = frame.groupby(MOVES[:3], as_index=False, sort=False)[["before", "after"]].sum()
    frame["change"] = frame["after"] - frame["before"]
    frame = frame[frame["change"].abs() > supply.nothing]
    return frame.sort_values("change", key=abs, ascending=False, ignore_index=True)[MOVES]
