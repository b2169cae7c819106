"""Flows of an instance split by the origin of an element: every set, grouping and number of the family ``origin``.

Only flows that two origins or more can reach, and from which a rule on origin counts something, are split; one that a
single origin can reach is that origin.
"""

from collections.abc import Sequence

import numpy as np

from mineral_sourcing.arrays import Array, Labels
from mineral_sourcing.network import Origin
from planner.assembly.drafts import Draft, Flows, finished
from planner.assembly.origins import ARRIVALS, DEMAND, INPUT
from planner.assembly.parts import Parts
from planner.assembly.rules import Rule
from planner.assembly.stock import Piles
from planner.assembly.tracing import Entries, Reach
from planner.codes import look_up


class Element:
    """One element's flows, split."""

    def __init__(self, parts: Parts, flows: Flows, number: int, reach: Reach, entries: Entries, origins: int) -> None:
        self.parts, self.flows, self.e, self.reach, self.entries = parts, flows, number, reach, entries
        self.count, self.width = parts.count, origins
        self.here, self.through = reach.origins(entries, origins)
        self.alone = np.where(self.here.sum(axis=1) == 1, self.here.argmax(axis=1), -1)
        """The only origin that can be at each pair, −1 where there are none or several."""
        pairs = reach.pairs
        self.serves, self.feeds = np.zeros(len(pairs), dtype=bool), np.zeros(len(pairs), dtype=bool)
        """Whether a rule counts the demand, and the process input, at each pair."""
        self.counts = np.zeros(len(parts.lanes), dtype=bool)
        """Whether a rule counts what arrives on each lane."""
        self.comes = np.zeros(len(parts.coming.t), dtype=bool)
        """Whether a rule counts what was under way."""

    def ask(self, rule: Rule, own: Array) -> None:
        """Note what a rule counts of the materials flagged."""
        lanes, coming, reach = self.parts.lanes, self.parts.coming, self.reach
        if rule.row["base"] == "purchases":
            for ends, flags in ((lanes, self.counts), (coming, self.comes)):
                at, _ = rule.purchased(ends.origin, ends.destination, ends.material)
                flags[at[own[ends.material[at]]]] = True
            return
        site, material = np.divmod(reach.pairs, max(len(self.parts.materials), 1))
        at, _ = rule.market.of(site)
        at = at[own[material[at]] & (rule.pool[material[at]] >= 0)]
        self.serves[at] = True
        if rule.row["base"] != "demand":
            self.feeds[at] = True

    def settle(self) -> None:
        """What of it all is split."""
        reach = self.reach
        users = np.zeros(len(reach.pairs), dtype=bool)
        users[reach.into[reach.into >= 0]] = True
        self.feeds &= users
        counted = np.flatnonzero(self.serves | self.feeds)
        sent = reach.start[self.counts & reach.carries]
        self.wanted, self.runs = reach.matters(np.concatenate([counted, sent]))
        self.mixed = self.wanted & (self.here.sum(axis=1) > 1)
        self.split = self.runs & (self.through.sum(axis=1) > 1)
        """Processes through which several origins pass."""

    def cross(self, rows: Array) -> tuple[Array, Array]:
        """Each pair once for every origin that can be there: position and origin."""
        at, g = np.nonzero(self.here[rows])
        return at, g

    def key(self, pair: Array, t: Array, g: Array) -> Array:
        """One number for a pair, a period and an origin; −1 where any is none."""
        known = (pair >= 0) & (t >= 0) & (t < self.count) & (g >= 0)
        return np.where(known, (pair * self.count + t) * self.width + g, -1)

    def draw(self, draft: Draft) -> None:
        """Add everything of this element."""
        self._contents(draft)
        self._shipments(draft)
        self._processes(draft)
        self._stocks(draft)
        self._counted(draft)
        self._nodes(draft)
        self._recipes(draft)
        self._meters(draft)

    def _named(self, size: int) -> Array:
        return np.full(size, self.e)

    def _contents(self, draft: Draft) -> None:
        held = np.flatnonzero(self.reach.content > 0)
        draft.put("content", self._named(len(held)), held)
        draft.value("content", self.reach.content[held])
        takes = np.flatnonzero(self.reach.passed > 0)
        draft.put("passed", self._named(len(takes)), *(codes[takes] for codes in self.flows.processing.inputs.codes))
        draft.value("passed", self.reach.passed[takes])

    def _shipments(self, draft: Draft) -> None:
        flows, reach = self.flows, self.reach
        into = np.append(self.wanted, False)[reach.end] | self.counts
        lanes = reach.carries & np.append(self.mixed, False)[reach.start] & into
        whole = np.flatnonzero(lanes[flows.lane] & (flows.arrives < self.count))
        lane = flows.lane[whole]
        at, g = self.cross(reach.start[lane])
        codes = [codes[whole] for codes in flows.flow.shipments.codes]
        self.sent = draft.put("shipments", self._named(len(at)), *(code[at] for code in codes[:3]), g, codes[3][at])
        self.sent_lane, self.sent_g = lane[at], g
        self.sent_t, self.sent_arrives = codes[3][at], flows.arrives[whole][at]
        rows = draft.put("shipped", self._named(len(whole)), *codes)
        draft.sort("of_shipment", rows[at], self.sent)

    def _processes(self, draft: Draft) -> None:
        processing, reach = self.flows.processing, self.reach
        used, made = processing.using, processing.making
        self.of_use, self.of_making = used.project((0, 1), processing.inputs), made.project((0, 1), processing.outputs)
        passes = (reach.passed > 0) & self.runs[reach.taker]
        tagged = np.append(self.mixed, False)[reach.into] & (passes | np.append(self.feeds, False)[reach.into])
        whole = np.flatnonzero(tagged[self.of_use])
        at, g = self.cross(reach.into[self.of_use[whole]])
        process, material, t = (codes[whole] for codes in used.codes)
        self.taken = draft.put("uses", self._named(len(at)), process[at], material[at], g, t[at])
        self.taken_input, self.taken_g, self.taken_t = self.of_use[whole][at], g, t[at]
        rows = draft.put("used", self._named(len(whole)), process, material, t)
        draft.sort("of_use", rows[at], self.taken)

        tagged = self.split[reach.maker] & reach.gives & np.append(self.wanted, False)[reach.out]
        whole = np.flatnonzero(tagged[self.of_making])
        process, material, t = (codes[whole] for codes in made.codes)
        at, g = np.nonzero(self.through[process])
        self.put_out = draft.put("makings", self._named(len(at)), process[at], material[at], g, t[at])
        self.put_out_output, self.put_out_g, self.put_out_t = self.of_making[whole][at], g, t[at]
        rows = draft.put("made", self._named(len(whole)), process, material, t)
        draft.sort("of_making", rows[at], self.put_out)

    def _stocks(self, draft: Draft) -> None:
        stocks, reach = self.flows.stocks, self.reach
        pair = reach.at(*stocks.nodes.codes[:2])
        whole = np.flatnonzero(np.append(self.mixed, False)[pair])
        at, g = self.cross(pair[whole])
        site, material, t = (codes[whole] for codes in stocks.nodes.codes)
        self.kept = draft.put("stocks", self._named(len(at)), site[at], material[at], g, t[at])
        self.kept_pair, self.kept_g, self.kept_t = pair[whole][at], g, t[at]
        rows = draft.put("held", self._named(len(whole)), site, material, t)
        draft.sort("of_stock", rows[at], self.kept)
        node = whole[at] * self.width + g
        before = np.full(len(stocks.nodes), -1)
        before[stocks.before.rows] = stocks.before.members
        earlier = before[whole[at]]
        found = look_up(node, np.where(earlier >= 0, earlier * self.width + g, -1))
        later = np.flatnonzero(found >= 0)
        draft.sort("before", self.kept[later], self.kept[found[later]])
        piles = Piles.of(self.parts)
        own = self.entries.stockpiles[piles.row[whole[at]]] if len(piles.row) else g
        draft.value("opening", np.where(own == g, stocks.opening.array[whole[at]], 0.0))

    def _counted(self, draft: Draft) -> None:
        """What rules count: what arrives, what serves demand, what processes take in."""
        balance, reach = self.flows.balance, self.reach
        pair, t = reach.at(*balance.nodes.codes[:2]), balance.nodes.codes[2]
        reached = np.asarray(self.here.sum(axis=1) > 0)
        nowhere = len(self.parts.sites)  # the name '' stands behind all sites
        keys = []
        for what, flags in (
            (DEMAND, np.asarray(self.serves[pair] & (balance.demand.array > 0))),
            (INPUT, np.asarray(self.feeds[pair] & np.isin(pair * self.count + t, self._fed()))),
        ):
            whole = np.flatnonzero(flags & reached[pair])
            at, g = self.cross(pair[whole])
            site, material, step = (codes[whole] for codes in balance.nodes.codes)
            kind = np.full(len(at), what)
            codes = (self._named(len(at)), np.full(len(at), nowhere), site[at], material[at], g, step[at])
            numbers = draft.put("counted", kind, *codes)
            keys.append((numbers, pair[whole][at], step[at], g))
            if what == INPUT:
                draft.put("consumed", kind, *codes)
                continue
            rows = draft.put("served", self._named(len(whole)), site, material, step)
            draft.sort("of_demand", rows[at], numbers)
            demands = self.flows.priority.demands.codes
            of_demand = look_up(
                pair[whole] * self.count + step,
                self.key(reach.at(*demands[:2]), demands[2], 0 * demands[2]) // self.width,
            )
            unmet = np.flatnonzero(of_demand >= 0)
            draft.sort("unmet", rows[of_demand[unmet]], unmet)
        self.served, self.fed = keys

    def _fed(self) -> Array:
        """Pairs and periods at which processes take something in."""
        used = self.flows.processing.using
        pair = self.reach.into[self.of_use]
        return np.unique(np.where(pair >= 0, pair * self.count + used.codes[2], -1))

    def _nodes(self, draft: Draft) -> None:
        """Balances of each origin where something that is split leaves."""
        reach, flows, parts = self.reach, self.flows, self.parts
        start, into = reach.start[self.sent_lane], reach.into[self.taken_input]
        served, pair, t, g = self.served
        served_mixed = np.append(self.mixed, False)[pair]
        out = {
            "LEAVING": (self.sent, self.key(start, self.sent_t, self.sent_g)),
            "USING": (self.taken, self.key(into, self.taken_t, self.taken_g)),
            "STOCKED": (self.kept, self.key(self.kept_pair, self.kept_t, self.kept_g)),
            "SERVING": (served[served_mixed], self.key(pair, t, g)[served_mixed]),
        }
        known = np.unique(np.concatenate([keys for _, keys in out.values()]))
        rest, g = np.divmod(known, self.width)
        pair, t = np.divmod(rest, self.count)
        site, material = np.divmod(reach.pairs[pair], max(len(parts.materials), 1))
        rows = draft.put("nodes", self._named(len(known)), site, material, g, t)
        self.known, self.rows = known, rows
        for name, (members, keys) in out.items():
            self._under(draft, name, keys, members)
        end = reach.end[self.sent_lane]
        self._under(draft, "ARRIVING", self.key(end, self.sent_arrives, self.sent_g), self.sent)
        out_pair = reach.out[self.put_out_output]
        self._under(draft, "MAKING", self.key(out_pair, self.put_out_t, self.put_out_g), self.put_out)
        single = np.append(self.alone, -1)[reach.start] * reach.carries - ~reach.carries
        arriving = self.key(reach.end[flows.lane], flows.arrives, single[flows.lane])
        self._under(draft, "ARRIVING_ALONE", arriving)
        sales = flows.flow.sales
        offer = parts.rows_of("offers", flows.flow.offers)[sales.project((0, 1, 2), flows.flow.offers)]
        self._under(draft, "SELLING", self.key(reach.at(*sales.codes[:2]), sales.codes[3], self.entries.offers[offer]))
        single = np.where(self.through.sum(axis=1) == 1, self.through.argmax(axis=1), -1)
        making = flows.processing.making
        pure = np.where(reach.gives, single[reach.maker], -1)[self.of_making]
        self._under(draft, "MAKING_ALONE", self.key(reach.out[self.of_making], making.codes[2], pure))
        coming = parts.coming
        came = self.key(reach.at(coming.destination, coming.material), coming.t, self.entries.coming)
        at = look_up(known, came)
        draft.value("under_way", np.bincount(at[at >= 0], coming.arriving[at >= 0], len(known)))

    def _under(self, draft: Draft, name: str, keys: Array, members: Array | None = None) -> None:
        """Sort members under the nodes of their keys."""
        found = look_up(self.known, keys)
        at = np.flatnonzero(found >= 0)
        draft.sort(name, self.rows[found[at]], at if members is None else members[at])

    def _recipes(self, draft: Draft) -> None:
        """Balances of each origin in each process that is split."""
        reach, using = self.reach, self.flows.processing.using
        process = reach.maker[self.put_out_output]

        def key(process: Array, t: Array, g: Array) -> Array:
            return np.where(g >= 0, (process * self.count + t) * self.width + g, -1)

        own = key(process, self.put_out_t, self.put_out_g)
        known = np.unique(own)
        rest, g = np.divmod(known, self.width)
        rows = draft.put("runs", self._named(len(known)), rest // self.count, g, rest % self.count)
        passes = reach.passed[self.taken_input] > 0
        taken = np.where(passes, key(reach.taker[self.taken_input], self.taken_t, self.taken_g), -1)
        pure = np.where(reach.takes, np.append(self.alone, -1)[reach.into], -1)[self.of_use]
        alone = key(using.codes[0], using.codes[2], pure)
        for name, keys, members in (
            ("GIVING", own, self.put_out),
            ("TAKING", taken, self.taken),
            ("TAKING_ALONE", alone, np.arange(len(alone))),
        ):
            found = look_up(known, keys)
            at = np.flatnonzero(found >= 0)
            draft.sort(name, rows[found[at]], members[at])

    def _meters(self, draft: Draft) -> None:
        """What arrives at markets, and what processes there take in."""
        reach, flows, parts = self.reach, self.flows, self.parts
        numbers, pair, t, g = self.fed
        keys, start = self.key(pair, t, g), draft.sizes["consumed"] - len(numbers)
        taken = self.key(reach.into[self.taken_input], self.taken_t, self.taken_g)
        pure = np.append(self.alone, -1)[reach.into][self.of_use]
        alone = self.key(reach.into[self.of_use], flows.processing.using.codes[2], pure)
        for name, wanted, members in (("TAKEN", taken, self.taken), ("TAKEN_ALONE", alone, np.arange(len(alone)))):
            found = look_up(keys, wanted)
            at = np.flatnonzero(found >= 0)
            draft.sort(name, start + found[at], members[at])

        lanes, coming, sites = parts.lanes, parts.coming, len(parts.sites)
        single = np.where(reach.carries & self.counts, np.append(self.alone, -1)[reach.start], -1)[flows.lane]

        def arrival(ends: tuple[Array, Array, Array], t: Array, g: Array, flags: Array) -> Array:
            origin, destination, material = ends
            road = (origin * sites + destination) * len(parts.materials) + material
            known = flags & (t < self.count) & (g >= 0)
            return np.where(known, (road * self.count + t) * self.width + g, -1)

        def of_lane(lane: Array) -> tuple[Array, Array, Array]:
            return lanes.origin[lane], lanes.destination[lane], lanes.material[lane]

        sent = arrival(of_lane(self.sent_lane), self.sent_arrives, self.sent_g, self.counts[self.sent_lane])
        pure = arrival(of_lane(flows.lane), flows.arrives, single, self.counts[flows.lane])
        ends = coming.origin, coming.destination, coming.material
        came = arrival(ends, coming.t, self.entries.coming, self.comes & (reach.content[coming.material] > 0))
        known = np.unique(np.concatenate([sent, pure, came]))
        known = known[known >= 0]
        rest, g = np.divmod(known, self.width)
        rest, t = np.divmod(rest, self.count)
        rest, material = np.divmod(rest, max(len(parts.materials), 1))
        codes = (np.full(len(known), ARRIVALS), self._named(len(known)), rest // sites, rest % sites, material, g, t)
        draft.put("counted", *codes)
        rows = draft.put("bought", *codes)
        for name, wanted, members in (("ARRIVED", sent, self.sent), ("ARRIVED_ALONE", pure, np.arange(len(pure)))):
            found = look_up(known, wanted)
            at = np.flatnonzero(found >= 0)
            draft.sort(name, rows[found[at]], members[at])
        at = look_up(known, came)
        draft.value("coming", np.bincount(at[at >= 0], coming.arriving[at >= 0], len(known)))


def origin(parts: Parts, flows: Flows, rules: Sequence[Rule]) -> tuple[Origin, tuple[Element, ...]]:
    """Everything that is split for the rules on origin, and the elements that they read."""
    if not rules:
        return finished(parts, flows, Draft(), Labels([]), Labels([])), ()
    elements, drawn = parts.elements, []
    draft, names = Draft(), parts.materials.names.tolist()
    own = [elements.element_of[name] for name in names]
    read = sorted({own[at] for rule in rules for at in np.flatnonzero(rule.pool >= 0).tolist()})
    if read:
        width = len(names)
        pairs = np.unique(flows.balance.nodes.codes[0] * width + flows.balance.nodes.codes[1])
        entries, count = Entries.of(parts, parts.origins), len(parts.origins.labels)
        for number, element in enumerate(read):
            reach = Reach(parts, flows.processing, pairs, elements.carriers(element))
            part = Element(parts, flows, number, reach, entries, count)
            for rule in rules:
                part.ask(rule, np.array([name == element for name in own], dtype=bool))
            part.settle()
            part.draw(draft)
            drawn.append(part)
    return finished(parts, flows, draft, Labels(read), parts.origins.labels), tuple(drawn)
