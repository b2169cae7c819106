"""Location and fixed-charge problems: warehouses, transport with a charge a lane, network design, lot sizing."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.published.case import Case, header


def warehouses(text: str, capacitated: bool = True, capacity: float | None = None) -> Case:
    """OR-Library ``cap``: m n; m × (capacity, fixed cost); n × (demand, m costs of serving all of it).

    ``capacity`` stands for the word ``capacity`` in the files that leave it open.
    """
    numbers = iter(text.split())
    count, customers = int(next(numbers)), int(next(numbers))
    case = Case(header("warehouses"))
    case.materials("goods")
    sites = [f"warehouse {place}" for place in range(1, count + 1)]
    case.places(*sites)
    for site in sites:
        word, fixed = next(numbers), float(next(numbers))
        room = {} if not capacitated else {"capacity": capacity if word == "capacity" else float(word)}
        case.add("offers", site=site, material="goods", price=0.0, fixed_cost=fixed, **room)
    for customer in (f"customer {place}" for place in range(1, customers + 1)):
        quantity, costs = float(next(numbers)), [float(next(numbers)) for _ in sites]
        if quantity == 0.0:
            continue
        case.places(customer)
        case.add("demands", site=customer, material="goods", quantity=quantity)
        for site, cost in zip(sites, costs, strict=True):
            case.add("lanes", origin=site, destination=customer, material="goods", freight=cost / quantity)
    return case


@dataclass
class Mps:
    """What a transport problem needs of an MPS file: rows, columns' entries, right-hand sides, bounds of flows."""

    objective: str = ""
    senses: dict[str, str] = field(default_factory=dict)
    entries: dict[str, dict[str, float]] = field(default_factory=dict)
    right: dict[str, float] = field(default_factory=dict)


def read_mps(text: str) -> Mps:
    """Read the sections ROWS, COLUMNS and RHS of a free or fixed MPS file whose names hold no blanks."""
    found, section = Mps(), ""
    for line in text.splitlines():
        if not line.strip() or line.startswith("*"):
            continue
        words = line.split()
        if not line[0].isspace():
            section = words[0]
        elif section == "ROWS":
            sense, row = words
            if sense == "N":
                found.objective = found.objective or row
            else:
                found.senses[row] = sense
        elif section in ("COLUMNS", "RHS") and "'MARKER'" not in words:
            pairs = words[1:] if len(words) % 2 else words
            for row, value in zip(pairs[::2], pairs[1::2], strict=True):
                target = found.entries.setdefault(words[0], {}) if section == "COLUMNS" else found.right
                target[row] = float(value)
    return found


def _links(model: Mps) -> Iterator[tuple[str, str, float]]:
    """(flow, switch, largest flow) of each row x − M·y ≤ 0; the row's name is not read."""
    columns: dict[str, list[str]] = {}
    for column, entries in model.entries.items():
        for row in entries:
            columns.setdefault(row, []).append(column)
    for row, sense in model.senses.items():
        if sense == "L" and len(columns[row]) == 2 and model.right.get(row, 0.0) == 0.0:
            flow, switch = sorted(columns[row], key=lambda column: -model.entries[column][row])
            yield flow, switch, -model.entries[switch][row] / model.entries[flow][row]


def fixed_charge_transport(text: str) -> Case:
    """Balanced transport with a charge on every lane, from MPS: a flow's entries name its source and its sink.

    Rows keep the file's order, and each flow's first row is a source.
    """
    model = read_mps(text)
    case = Case(header("fixed charge"))
    case.materials("goods")
    links = list(_links(model))
    supplied, demanded = {}, {}
    for flow, switch, most in links:
        ends = [row for row in model.senses if row in model.entries[flow] and row in model.right]
        source, sink = ends
        supplied[source], demanded[sink] = model.right[source], model.right[sink]
        case.add(
            "lanes",
            origin=source,
            destination=sink,
            material="goods",
            freight=model.entries[flow].get(model.objective, 0.0),
            capacity=most,
            fixed_cost=model.entries[switch].get(model.objective, 0.0),
        )
    case.places(*supplied, *demanded)
    for site, quantity in supplied.items():
        case.add("offers", site=site, material="goods", price=0.0, capacity=quantity)
    for site, quantity in demanded.items():
        case.add("demands", site=site, material="goods", quantity=quantity)
    return case


def network_design(text: str) -> Case:
    """Canad ``.dow``: arcs with a shared capacity, a unit cost and a fixed cost; one commodity is one material.

    Of parallel arcs, the second and later pass through a site of their own.
    """
    numbers = iter(text.split()[1:])
    nodes, arcs, commodities = (int(next(numbers)) for _ in range(3))
    case = Case(header("network design"))
    names = [f"commodity {place}" for place in range(1, commodities + 1)]
    case.materials(*names)
    case.places(*(f"node {place}" for place in range(1, nodes + 1)))
    seen: set[tuple[str, str]] = set()
    for number in range(1, arcs + 1):
        tail, head = (f"node {next(numbers)}" for _ in range(2))
        cost, capacity, fixed = (float(next(numbers)) for _ in range(3))
        next(numbers), next(numbers)
        if (tail, head) in seen:
            through = f"arc {number}"
            case.places(through)
            for name in names:
                case.add("lanes", origin=through, destination=head, material=name)
            head = through
        seen.add((tail, head))
        case.add("routes", origin=tail, destination=head, capacity=capacity, fixed_cost=fixed)
        for name in names:
            case.add("lanes", origin=tail, destination=head, material=name, freight=cost)
    for name in names:
        origin, goal, quantity = next(numbers), next(numbers), float(next(numbers))
        case.add("offers", site=f"node {origin}", material=name, price=0.0, capacity=quantity)
        case.add("demands", site=f"node {goal}", material=name, quantity=quantity)
    return case


def lots(text: str) -> Case:
    """Trigeiro: items share a plant's capacity; an order takes set-up time and a set-up cost; periods stand as years.

    Demand has a row a period; where items do not fit one block of columns, further blocks follow.
    """
    lines = [line.split() for line in text.splitlines() if line.strip()]
    items, periods = (int(word) for word in lines[0][:2])
    capacity = float(lines[2][0])
    settings, rows = lines[3 : 3 + items], lines[3 + items :]
    blocks = -(-len([row for row in rows if row[0].replace(".", "").isdigit()]) // periods)
    demand = [[word for block in range(blocks) for word in rows[block * periods + step]] for step in range(periods)]
    case = Case(header("lots", periods))
    case.add("sites", site="plant", capacity=capacity)
    for place, (use, holding, time, cost) in enumerate(settings):
        item = f"item {place + 1}"
        case.materials(item)
        case.add(
            "offers",
            site="plant",
            material=item,
            price=0.0,
            fixed_cost=float(cost),
            capacity_use=float(use),
            setup_use=float(time),
        )
        case.add("stockpiles", site="plant", material=item, holding_cost=float(holding), final=0.0)
        for step in range(periods):
            quantity = float(demand[step][place])
            case.add("demands", site="plant", material=item, period=f"{2001 + step}", quantity=quantity)
    return case


def single_source(text: str) -> Case:
    """Holmberg: m n; m × (capacity, fixed cost); n demands; m × n costs of serving all of a demand.

    A rule lets each customer have one supplier.
    """
    numbers = [float(word) for word in text.replace("\0", " ").split()]
    count, customers = int(numbers[0]), int(numbers[1])
    demands = numbers[2 + 2 * count :][:customers]
    case = Case(header("single source"))
    case.materials("goods")
    for customer, quantity in enumerate(demands, start=1):
        case.places(f"customer {customer}")
        case.add("demands", site=f"customer {customer}", material="goods", quantity=quantity)
    for place in range(count):
        site = f"warehouse {place + 1}"
        capacity, fixed = numbers[2 + 2 * place :][:2]
        costs = numbers[2 + 2 * count + customers * (1 + place) :][:customers]
        case.places(site)
        case.add("offers", site=site, material="goods", price=0.0, capacity=capacity, fixed_cost=fixed)
        for customer, (quantity, cost) in enumerate(zip(demands, costs, strict=True), start=1):
            ends = {"origin": site, "destination": f"customer {customer}"}
            case.add("lanes", **ends, material="goods", freight=cost / quantity)
    return exclusive(case)


def exclusive(case: Case) -> Case:
    """The case with a rule that lets each customer have one supplier."""
    rule = {"kind": "max_suppliers", "limit": 1, "subject_by": "site", "basis": "purchases", "per": "period"}
    case.add("rules", rule="one supplier each", **rule, market_pool="each")
    return case
