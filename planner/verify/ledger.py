"""Every column of every table of the plan that follows from others, computed again and compared."""

import numpy as np

from planner.verify.columns import KEYS, Quantities, Tables
from planner.verify.faults import Faults, Match, compare, compare_names
from planner.verify.frames import Floats, Frame, find, grouped, stacked, summed
from planner.verify.standing import measured
from planner.verify.terms import arrivals, makes
from planner.verify.world import World


def follow(world: World, q: Quantities, found: Tables, costs: Frame, faults: Faults) -> None:
    """Every column that follows from the quantities and the input."""
    moved(q, faults)
    converted(world, found, q, faults)
    held(q, faults)
    wanted(q, faults)
    paid(found, costs, faults)
    supplied = concentration(world, q)
    concentrated(found, supplied, faults)
    measured(world, q, found, supplied, faults)


def moved(q: Quantities, faults: Faults) -> None:
    """Flows and sales: what arrives and what it costs."""
    flow, sale, flows, sales = q.flow, q.sale, q.matches["flows"], q.matches["sales"]
    compare_names(faults, flows, {"arrives": flow["arrives"]})
    terms = {
        "arriving": (flow["value"] * (1 - flow["loss"]), "the dispatched quantity less the loss on the lane"),
        "freight": (flow["value"] * flow["freight"], "quantity × the lane's freight"),
        "duty": (flow["value"] * flow["tax"], "quantity × duty rate × customs value"),
    }
    compare(faults, flows, terms)
    average = np.divide(sale["spent"], sale["value"], out=np.zeros(len(sale)), where=sale["value"] > 0)
    price = np.where(sales.listed(), np.where(sale["tiered"], average, sale["price"]), 0.0)
    compare(faults, sales, {"price": (price, "the offer"), "cost": (sale["spent"], "quantity × price")})
    tier, tiers = q.tier, q.matches["tiers"]
    price = np.where(tiers.listed(), tier["price"], 0.0)
    compare(faults, tiers, {"price": (price, "the tier"), "cost": (tier["value"] * tier["price"], "quantity × price")})


def converted(world: World, found: Tables, q: Quantities, faults: Faults) -> None:
    """Activity and what it takes in and gives out."""
    run, made = q.run, q.made
    compare_names(faults, q.matches["activity"], {"site": run["site"]})
    compare(faults, q.matches["activity"], {"cost": (run["value"] * run["toll"], "activity × the toll")})
    match = Match.of("made", KEYS["made"], found["made"], made)
    compare_names(faults, match, {"site": made["site"]})
    terms = {
        "input": (made["value"] * made["input"], "activity × the recipe's input"),
        "output": (made["value"] * made["output"], "activity × the recipe's output"),
    }
    compare(faults, match, terms)


def held(q: Quantities, faults: Faults) -> None:
    """Stock carried over, lost and paid for."""
    closing = q.held["value"]
    opening = np.where(q.held["first"], q.held["start"], np.roll(closing, 1))
    terms = {
        "opening": (opening, "the closing stock of the period before (at the start: the initial stock)"),
        "loss": (opening * (1 - q.held["keep"]), "the opening stock × the loss of a period"),
        "holding_cost": (closing * q.held["holding"], "closing stock × holding cost × years of the period"),
    }
    compare(faults, q.matches["stock"], terms, every=True)


def wanted(q: Quantities, faults: Faults) -> None:
    """Demand, what is consumed of it and what the rest costs; surplus."""
    match, amount = q.matches["demand"], q.demand["amount"]
    unmet = match.stated("unmet")
    terms = {
        "demand": (amount, "the demands table × years of the period"),
        "consumed": (amount - unmet, "demand less what is unmet"),
        "unmet_cost": (unmet * q.demand["each"], "unmet demand × its cost"),
    }
    compare(faults, match, terms)
    cost = q.surplus["value"] * q.surplus["disposal"]
    compare(faults, q.matches["surplus"], {"cost": (cost, "quantity × the disposal cost")})


def switched(match: Match, switches: Frame, faults: Faults) -> None:
    """What is used, and its charge."""
    charge = np.where(switches["on"], switches["fixed_cost"], 0.0)
    terms = {"used": (switches["on"].astype(np.float64), "yes"), "cost": (charge, "the charge in the input")}
    compare(faults, match, terms)


def costs(world: World, q: Quantities, rules: Frame, switches: Frame) -> Frame:
    """The cost breakdown: every component, undiscounted, where and when it falls due."""
    flow, code = q.flow.plus(site=q.flow["origin"]), world.names.code
    charged = {"offer": "offer_fixed", "process": "process_fixed", "lane": "lane_fixed", "route": "route_fixed"}
    component = world.names.map(world.names.of(list(charged)), world.names.of(list(charged.values())), 0)
    used = switches.plus(component=component[switches["kind"]])
    used = world.dated(used.take(used["on"] & (used["component"] > 0)))
    table = world.table("processes", "process", "site")
    site_of = np.append(table["site"], 0)[find([used["process"]], [table["process"]])]
    used = used.plus(site=np.where(used["process"] > 0, site_of, used["site"]), amount=used["fixed_cost"])
    coming, priced = q.coming.plus(component=code("in_transit"), amount=q.coming["due"]), world.dated(rules)
    parts = [
        _part(q.sale, code("purchase"), q.sale["spent"], "site", "material"),
        _part(flow, code("freight"), flow["value"] * flow["freight"], "site", "destination", "material"),
        _part(flow, code("duty"), flow["value"] * flow["tax"], "site", "destination", "material"),
        _part(q.run, code("processing"), q.run["value"] * q.run["toll"], "site", "process"),
        _part(q.surplus, code("disposal"), q.surplus["value"] * q.surplus["disposal"], "site", "material"),
        _part(q.held, code("holding"), q.held["value"] * q.held["holding"], "site", "material"),
        _part(q.unmet, code("unmet"), q.unmet["value"] * q.unmet["each"], "site", "material", "priority"),
        _part(coming, code("in_transit"), q.coming["due"]),
        _part(priced, code("penalty"), rules["penalty"], "rule"),
        used.take(used["amount"] != 0, ("component", *SWITCHED, "period", "t", "amount")),
    ]
    every = stacked(parts, [*KEYS["costs"], "t", "amount"])
    number, first = grouped(every.pick(KEYS["costs"]))
    summary = every.take(first).plus(amount=summed(number, every["amount"], len(first)))
    discount = world.discount[summary["t"]]
    return summary.plus(discount_factor=discount, present_value=summary["amount"] * discount)


SWITCHED = ("site", "destination", "material", "process")


def _part(frame: Frame, component: int, amount: Floats, *names: str) -> Frame:
    """What a component costs, by these names and by period, where it costs anything."""
    return frame.plus(amount=amount).take(amount != 0, (*names, "period", "t", "amount")).plus(component=component)


def paid(found: Tables, expected: Frame, faults: Faults) -> None:
    """The cost table against every cost computed again."""
    match = Match.of("costs", KEYS["costs"], found["costs"], expected)
    factor = np.where(match.listed(), expected["discount_factor"], 0.0)
    terms = {
        "discount_factor": (factor, "(1 + rate)^−years"),
        "amount": (expected["amount"], "the cost computed again"),
        "present_value": (expected["present_value"], "amount × discount factor"),
    }
    compare(faults, match, terms)


def concentration(world: World, q: Quantities) -> Frame:
    """Who makes and who sells to home how much of each material, by place and owner, with shares and HHI."""
    (lanes, arriving), (pairs, made) = arrivals(world, q), makes(q)
    if world.header.home:
        home = world.names.flags(world.sites_of(["home"]))
        abroad = home[lanes["destination"]] & ~home[lanes["origin"]]
        arriving = arriving.take(abroad[arriving["of"]])
    parts = []
    for basis, columns, places in (("made", made, pairs), ("purchases", arriving, lanes.plus(site=lanes["origin"]))):
        amount = columns["value"] * columns["coefficient"]
        moved = Frame({"of": columns["of"], "t": columns["t"], "quantity": amount}).take(amount != 0)
        for by in ("place", "owner"):
            names = {"material": places["material"], "subject": world.of_site(by, places["site"])}
            told = moved.plus({name: cells[moved["of"]] for name, cells in names.items()})
            parts.append(told.plus(basis=world.names.code(basis), by=world.names.code(by)))
    cell = ("basis", "material", "by", "t")
    every = stacked(parts, [*cell, "subject", "quantity"])
    number, first = grouped(every.pick([*cell, "subject"]))
    rows = every.take(first).plus(quantity=summed(number, every["quantity"], len(first)))
    rows = world.dated(rows.take(rows["quantity"] > 0))
    number, first = grouped(rows.pick(cell))
    share = rows["quantity"] / summed(number, rows["quantity"], len(first))[number]
    hhi = summed(number, share**2, len(first))[number]
    return rows.plus(stage=world.of_material("stage", rows["material"]), share=share, hhi=hhi)


def concentrated(found: Tables, expected: Frame, faults: Faults) -> None:
    """The concentration report."""
    terms = {
        "quantity": (expected["quantity"], "the plan's tonnes added up"),
        "share": (expected["share"], "quantity over the total of all subjects"),
        "hhi": (expected["hhi"], "the sum of squared shares"),
    }
    compare(faults, Match.of("concentration", KEYS["concentration"], found["concentration"], expected), terms)


def ranked(found: Tables, q: Quantities, mixed: bool, faults: Faults) -> None:
    """What was held of each rank is what stays unmet of it; with yes-or-no decisions it may be more, as the least was
    found to a gap only.
    """
    guarded = q.unmet.take(q.unmet["guarded"])
    number, first = grouped([guarded["rank"]])
    amount = summed(number, guarded["value"] * guarded["weight"], len(first))
    worst = summed(number, guarded["amount"] * guarded["weight"], len(first))
    match = Match.of("held", KEYS["held"], found["held"], guarded.take(first, ("rank",)))
    rounding = np.where(amount > 0, 1e-6 * amount + 1e-7 * worst, 0.0)
    expected = np.clip(match.stated("held"), amount - rounding, worst if mixed else amount + rounding)
    compare(faults, match, {"held": (expected, "the rank's weighted unmet demand")}, every=True)
