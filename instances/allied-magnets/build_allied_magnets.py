"""Builds the tables of ``allied-magnets`` from ``sources/``: every number with its provenance.

    python instances/allied-magnets/build_allied_magnets.py [OUT]
    python instances/allied-magnets/build_allied_magnets.py --extract DATA

The first writes the tables, ``provenance.csv`` and ``unused.csv`` to OUT (this folder if not given). The second takes
the source rows anew from the folder of open tables DATA; ``sources/assumptions.csv`` is kept by hand.

The chain, in tonnes: concentrate (rare-earth oxides in it) → mixed carbonate or chloride → separated oxides, with the
basket's La and Ce and a heavy concentrate of Dy and Tb → metals → sintered blocks → magnets, standard or with more Dy
and Tb diffused into them for hot places. China is a supplier with prices and capacities; the allied chain is planned
plant by plant.
"""

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from instances.chain import PARTICIPANTS, REST_OF_EU, Chain, Plant, command
from instances.figures import Book, Figure, Record, Sources, exact, total

HERE = Path(__file__).parent
YEARS = range(2026, 2036)
HEADER: dict[str, str | int | float] = {
    "name": "allied-magnets",
    "title": "Rare-earth permanent magnets for twelve participants, 2026 to 2035",
    "currency": "USD",
    "price_year": 2025,
    "mass_unit": "t",
    "first_period": str(YEARS[0]),
    "periods": len(YEARS),
    "period_length": "year",
    "discount_rate": 0.05,
    "home": "allies",
    "sources": "open tables, see sources/ and provenance.csv; discount rate assumed (0.03 to 0.08)",
}
PLACES = {
    **dict.fromkeys(("USA", "KOR", "JPN", "AUS", "CAN", "DEU", "IND", "FRA", "ITA", "MEX", "GBR", "EST"), "allies"),
    "EU27_OTHER": "allies",
    **dict.fromkeys(("CHN", "MYS", "VNM", "THA", "BRA", "MMR", "MDG"), "third"),
}
EU = ["DEU", "FRA", "ITA", "EST", "EU27_OTHER"]
OWNERS = {
    "Lynas": "Lynas Rare Earths",
    "Neo": "Neo Performance Materials",
    "Shin-Etsu": "Shin-Etsu Chemical",
    "LCM (USA Rare Earth)": "USA Rare Earth",
}
MATERIALS = {
    "bastnaesite": ("mine", "REO", "Bastnaesite concentrate, basket of Mountain Pass"),
    "monazite": ("mine", "REO", "Monazite concentrate, basket of Mount Weld"),
    "mineral sands": ("mine", "REO", "Monazite of mineral sands, basket of Manavalakurichi"),
    "ionic clay": ("mine", "REO", "Concentrate of ionic clays, basket of Xunwu"),
    "xenotime": ("mine", "REO", "Xenotime concentrate, basket of Longnan"),
    "mixed carbonate": ("intermediate", "REO", "Cracked and leached monazite, basket of Mount Weld"),
    "mixed chloride": ("intermediate", "REO", "Cracked and leached mineral sands, basket of Manavalakurichi"),
    "heavy concentrate": ("intermediate", "DyTb", "Dy and Tb of a basket before they are separated, as oxides"),
    "NdPr oxide": ("oxide", "NdPr", "Neodymium-praseodymium oxide"),
    "Dy oxide": ("oxide", "Dy", "Dysprosium oxide"),
    "Tb oxide": ("oxide", "Tb", "Terbium oxide"),
    "LaCe oxide": ("oxide", "LaCe", "Lanthanum and cerium of the basket: there is too much of it"),
    "NdPr metal": ("metal", "NdPr", "Neodymium-praseodymium metal"),
    "Dy metal": ("metal", "Dy", "Dysprosium metal"),
    "Tb metal": ("metal", "Tb", "Terbium metal"),
    "block": ("block", "NdPr", "Sintered NdFeB before it is finished; never shipped"),
    "standard magnet": ("magnet", "NdPr", "Sintered NdFeB with little Dy and Tb"),
    "hot magnet": ("magnet", "NdPr", "Sintered NdFeB with Dy and Tb diffused in: motors, generators, weapons"),
    "swarf": ("scrap", "NdPr", "What is ground off when magnets are made"),
    "magnet scrap": ("scrap", "NdPr", "Magnets at the end of their life, collected"),
}
RAN = {
    "Shin-Etsu Vietnam",
    "VAC Hanau",
    "Proterial Kumagaya",
    "Shin-Etsu Takefu",
    "TDK Narita",
    "Daido Nakatsugawa",
    "Star Group Daegu",
}
"""Magnet makers with customers and lines of before 2026."""
BASKETS = {
    "bastnaesite": "Mountain Pass",
    "monazite": "Mount Weld Central Lanthanide",
    "mineral sands": "Manavalakurichi",
    "ionic clay": "Xunwu",
    "xenotime": "Longnan",
    "mixed carbonate": "Mount Weld Central Lanthanide",
    "mixed chloride": "Manavalakurichi",
}
ELEMENTS = {"NdPr oxide": ("Nd", "Pr"), "LaCe oxide": ("La", "Ce"), "heavy concentrate": ("Dy", "Tb")}
FORMULAS = {"NdPr": ("neodymium", "ndpr"), "Dy": ("dysprosium", "dysprosium"), "Tb": ("terbium", "terbium")}
"""Names of each element in conversion_factors (Nd stands for NdPr) and in prices."""


def _ours(row: Record) -> bool:
    return row["material"] in {"rare_earths", "magnets", "ndpr", "dysprosium", "terbium"}


WANTED = {
    "facilities": _ours,
    "facilities_estimates": _ours,
    "projects_pipeline": _ours,
    "reo_baskets": lambda row: row["deposit"] in {*BASKETS.values(), "Bayan Obo"},
    "production_by_country": lambda row: (
        row["material"] == "rare_earths" and row["year"] == "2025" and row["iso3"] not in {"WLD", "ROW"}
    ),
    "stage_shares": lambda row: row["material"] == "rare_earths_magnet" and row["stage"] == "magnet",
    "process_parameters_estimates": lambda row: _ours(row) or row["material"] == "all",
    "conversion_factors": lambda row: row["from_form"] in {"Nd2O3", "Dy2O3", "Tb4O7"},
    "prices": lambda row: (
        _ours(row) and row["form"] == "oxide" and row["year"] == "2025" and row["preferred"] == "True"
    ),
    "demand_estimates": lambda row: row["material"] == "magnets" or (_ours(row) and row["iso3"] in {"JPN", "KOR"}),
    "demand_outlook_world": lambda row: (
        row["material"] == "magnet_rare_earths"
        and row["sector"] in {"Total demand", "Total clean technologies"}
        and row["scenario"] in {"base", "STEPS"}
        and row["year"] in {"2024", "2030", "2035"}
    ),
    "distances": lambda row: {row["origin_iso3"], row["dest_iso3"]} <= {*PLACES, REST_OF_EU},
    "transport_costs_estimates": lambda row: row["mode"] in {"sea_container", "sea_bulk", "road", "port_handling"},
    "governance": lambda row: row["iso3"] in {*PLACES, REST_OF_EU},
    "ports": lambda row: row["iso3"] in {*PLACES, REST_OF_EU},
    "tariffs": lambda row: row["material"] == "magnets",
    "tariffs_estimates": lambda row: row["material"] == "magnets",
    "stockpile_policy": lambda row: (
        row["material"] in {"rare_earths", "rare_metals", "ndpr"} or "rare" in row["material"]
    ),
    "stockpile_policy_estimates": lambda row: row["material"] in {"magnets", "critical_minerals"},
    "export_controls": lambda row: row["material"] in {"rare_earths", "dysprosium", "terbium"},
    "export_controls_estimates": _ours,
}
"""Which rows of which open table this instance takes."""


class Magnets(Chain):
    """The instance as it grows, table by table."""

    PLACES = PLACES
    EU = EU
    PERIODS = tuple(str(year) for year in YEARS)
    PERIODS_A_YEAR = 1
    OWNERS = OWNERS

    def __init__(self, sources: Sources) -> None:
        super().__init__(sources)
        self.ran: dict[str, Figure] = {}
        parameter = self.parameter
        self.crack = parameter("rare_earths", "recovery_crack_leach")
        self.separate = parameter("rare_earths", "recovery_solvent_extraction")
        self.premium = parameter("rare_earths", "processing_cost_premium_vs_china")
        self.electrolysis = parameter("ndpr", "recovery")
        self.yield_ = parameter("ndpr", "yield_first_pass")
        self.content = {
            "NdPr": parameter("ndpr", "content_in_magnet"),
            "Dy": parameter("dysprosium", "content_in_magnet"),
            "Tb": parameter("terbium", "content_in_magnet"),
        }

    def build(self) -> Book:
        """All tables."""
        self.places()
        self.materials()
        self.priorities(("defence", "clean", "civil"))
        self.mines()
        self.separation()
        self.metals()
        self.magnets()
        self.china()
        self.markets()
        self.stockpiles()
        self.freight()
        self.duties()
        self.rules()
        self.running()
        self.events()
        self.left_out()
        return self.book

    # Sources

    def price(self, element: str) -> Figure:
        """Price of an oxide in China, USD/t."""
        return self.sources.figure("prices", "price_usd_per_kg", material=FORMULAS[element][1]) * 1000.0

    def metal_price(self, element: str) -> Figure:
        """Price of a metal in China, USD/t: its oxide and the toll."""
        return self.price(element) / self.to_metal(element) + self.sources.assumption("metal_toll_china")

    def to_metal(self, element: str) -> Figure:
        """Tonnes of metal made from a tonne of oxide."""
        name = FORMULAS[element][0]
        (text,) = {row["factor"] for row in self.sources.rows("conversion_factors", material=name)}
        factor, key = float(text), f"{name},{element}"
        source = ("conversion_factors.csv", key)
        pure = Figure(factor, factor, factor, "source", f"conversion_factors[{key}].factor", (source,))
        return pure * self.electrolysis

    def share(self, deposit: str, elements: tuple[str, ...]) -> Figure:
        """Fraction of the rare-earth oxides of a deposit that these elements are."""
        figures = [
            self.sources.figure("reo_baskets", "oxide_share_pct", deposit=deposit, element=element)
            for element in elements
        ]
        return total(figures) / 100.0

    # Tables

    def materials(self) -> None:
        """Every form at every stage; magnets and scrap are weighed as products."""
        for material, (stage, element, description) in MATERIALS.items():
            product = stage in {"block", "magnet", "scrap"}
            cells = {"disposal_cost": self.sources.assumption("swarf_credit") * -1.0} if material == "swarf" else {}
            self.book.add(
                "materials",
                {"material": material},
                stage=stage,
                element=element,
                description=description,
                basis="product" if product else "contained",
                **cells,
            )
            if product:
                for part, content in self.contents(material).items():
                    self.book.add("contents", {"material": material, "element": part}, content=content)

    def contents(self, material: str) -> dict[str, Figure]:
        """Tonnes of each element in a tonne of magnet, swarf or scrap: Dy and Tb low, high where they are diffused."""
        if material in {"swarf", "magnet scrap"}:
            return self.content
        end = "high" if material == "hot magnet" else "low"
        contents = {"NdPr": self.content["NdPr"]}
        for element in ("Dy", "Tb"):
            figure = self.content[element]
            formula = figure.formula.replace(".central", f".{end}")
            contents[element] = replace(figure, value=figure.high if end == "high" else figure.low, formula=formula)
        return contents

    def asked(self, new: bool) -> Figure:
        """What a maker of NdPr oxide outside China asks for a tonne: its cost where it runs, more where it is built."""
        if new:
            return self.sources.assumption("ask_ndpr")
        return self.parameter("ndpr", "all_in_cost") * 1000.0

    def feed_price(self, feed: str, new: bool = False) -> Figure:
        """Price of a tonne of rare-earth oxides in a concentrate: the mine's part of what it yields.

        NdPr at what its makers ask; in ores that are mined for their heavies also Dy and Tb, at China's prices.
        """
        value = self.asked(new) * self.share(BASKETS[feed], ("Nd", "Pr"))
        if feed in {"ionic clay", "xenotime"}:
            value = value + total(
                self.price(element) * self.share(BASKETS[feed], (element,)) for element in ("Dy", "Tb")
            )
        return value * self.crack * self.separate * self.sources.assumption("mine_value_share")

    def mines(self) -> None:
        """Concentrates: named mines, and what other countries sell, as their output of 2025."""
        estimates = "facilities_estimates"
        weld, mountain = Plant(estimates, "Mount Weld", "ndpr"), Plant("facilities", "Mountain Pass", "rare_earths")
        serra, browns = Plant(estimates, "Serra Verde", "rare_earths"), Plant(estimates, "Browns Range", "dysprosium")
        nolans, eneabba = Plant(estimates, "Nolans", "ndpr"), Plant(estimates, "Eneabba refinery", "ndpr")
        recovered = self.crack * self.separate
        named: list[tuple[str, Plant, str, Figure, int]] = [
            ("Mountain Pass mine", mountain, "bastnaesite", self.capacity(mountain), 2026),
            (
                "Mount Weld mine",
                weld,
                "monazite",
                self.capacity(weld) / self.share(BASKETS["monazite"], ("Nd", "Pr")),
                2026,
            ),
            ("Serra Verde mine", serra, "ionic clay", self.capacity(serra), 2026),
            ("Browns Range mine", browns, "xenotime", self.capacity(browns) / self.share("Longnan", ("Dy",)), 2028),
            (
                "Nolans mine",
                nolans,
                "monazite",
                self.capacity(nolans) / (self.share(BASKETS["monazite"], ("Nd", "Pr")) * recovered),
                2032,
            ),
            (
                "Eneabba stockpile",
                eneabba,
                "mineral sands",
                self.capacity(eneabba)
                / (self.share(BASKETS["mineral sands"], ("Nd", "Pr")) * recovered)
                * self.sources.assumption("eneabba_stockpile"),
                2026,
            ),
        ]
        running = {"Mountain Pass mine", "Mount Weld mine"}
        for name, plant, feed, capacity, start in named:
            self.site(name, "", "mine", plant=plant)
            self.offer(name, feed, self.feed_price(feed, new=name not in running), capacity, start)
        for iso3, feed in {
            "IND": "mineral sands",
            "MMR": "ionic clay",
            "MDG": "mineral sands",
            "THA": "mineral sands",
            "VNM": "mineral sands",
            "MYS": "ionic clay",
        }.items():
            name = self.site("IREL mineral sands" if iso3 == "IND" else f"{iso3} mines", iso3, "mine")
            mined = self.sources.figure("production_by_country", "quantity", iso3=iso3)
            self.offer(name, feed, self.feed_price(feed), mined)

    def separation(self) -> None:
        """Cracking, separation of light and of heavy rare earths, recycling."""
        estimates = "facilities_estimates"
        plant_part = exact(1.0, "1") - self.sources.assumption("mine_value_share")
        cracked = {
            "Kalgoorlie": (Plant(estimates, "Kalgoorlie", "ndpr"), "monazite", "mixed carbonate"),
            "Gebeng": (Plant(estimates, "Lynas Malaysia", "ndpr"), "monazite", "mixed carbonate"),
            "OSCOM": (Plant(estimates, "OSCOM", "rare_earths"), "mineral sands", "mixed chloride"),
        }
        cracking_part = self.sources.assumption("cracking_part")
        for name, (plant, feed, product) in cracked.items():
            self.site(name, "", "separation plant", plant=plant)
            nameplate = self.sources.assumption("gebeng_cracking") if name == "Gebeng" else self.capacity(plant)
            ndpr = self.share(BASKETS[feed], ("Nd", "Pr"))
            capacity = nameplate / self.crack if name == "OSCOM" else nameplate / (ndpr * self.crack)
            cost = self.asked(new=False) * plant_part * cracking_part * ndpr * self.crack * self.separate
            self.process(
                f"{name} cracking",
                name,
                2026,
                capacity,
                cost,
                {feed: exact(1.0, "activity in tonnes of feed")},
                {product: self.crack},
            )
        light: list[tuple[str, Plant, str, int, bool]] = [
            ("Gebeng", Plant(estimates, "Lynas Malaysia", "ndpr"), "mixed carbonate", 2026, False),
            ("RED Aluva", Plant(estimates, "RED Aluva", "ndpr"), "mixed chloride", 2026, False),
            ("Sillamae", Plant(estimates, "Sillamae (Silmet)", "rare_earths"), "mixed carbonate", 2026, False),
            ("La Rochelle", Plant(estimates, "La Rochelle", "rare_earths"), "mixed carbonate", 2026, False),
            (
                "Mountain Pass separation",
                Plant(estimates, "Mountain Pass separation", "ndpr"),
                "bastnaesite",
                2026,
                False,
            ),
            ("White Mesa", Plant(estimates, "White Mesa Mill", "ndpr"), "mineral sands", 2026, False),
            ("Eneabba refinery", Plant(estimates, "Eneabba refinery", "ndpr"), "mineral sands", 2027, True),
            ("Nolans refinery", Plant(estimates, "Nolans", "ndpr"), "monazite", 2032, True),
            ("Caremag", Plant("facilities", "Caremag Lacq", "rare_earths"), "ionic clay", 2027, True),
            ("Browns Range plant", Plant(estimates, "Browns Range", "dysprosium"), "xenotime", 2028, True),
        ]
        for name, plant, feed, start, new in light:
            self.site(name, "", "separation plant", plant=plant)
            recovery = self.separate if feed.startswith("mixed") else self.crack * self.separate
            outputs = {
                material: self.share(BASKETS[feed], elements) * recovery
                for material, elements in ELEMENTS.items()
                if feed != "bastnaesite" or material != "heavy concentrate"
            }
            ndpr = outputs["NdPr oxide"]
            nameplate = self.capacity(plant)
            capacity = nameplate / ndpr if plant.material == "ndpr" else nameplate
            if plant.material == "dysprosium":
                capacity = nameplate / self.share("Longnan", ("Dy",))
            part = plant_part * (exact(1.0, "1") - cracking_part) if feed.startswith("mixed") else plant_part
            self.process(
                f"{name} separation" if "separation" not in name else name.replace("separation", "light separation"),
                name,
                start,
                capacity,
                self.asked(new) * part * ndpr,
                {feed: exact(1.0, "activity in tonnes of feed")},
                outputs,
                new,
            )
        self.heavy_lines()
        self.recycling()

    def heavy_lines(self) -> None:
        """Separation of Dy from Tb; the split is that of Xunwu, an ionic clay."""
        estimates = "facilities_estimates"
        split = {
            element: self.share("Xunwu", (element,)) / self.share("Xunwu", ("Dy", "Tb")) for element in ("Dy", "Tb")
        }
        toll = self.price("Dy") * (self.premium - 1.0)
        lines = {
            "Gebeng": ("Lynas Malaysia heavy circuit", 2026, False),
            "Mountain Pass separation": ("Mountain Pass heavy separation", 2026, True),
            "White Mesa": ("White Mesa Mill heavy circuit", 2026, True),
            "Eneabba refinery": ("Eneabba refinery heavy", 2027, True),
            "Saskatoon": ("Saskatoon REE facility heavy", 2027, True),
            "Caremag": ("Caremag", 2027, True),
        }
        for name, (facility, start, new) in lines.items():
            plant = Plant(estimates, facility, "dysprosium")
            self.site(name, "", "separation plant", plant=plant)
            row = self.sources.rows(estimates, facility=facility)[0]
            both = row["product"] == "Dy+Tb oxide"
            made = self.separate if both else split["Dy"] * self.separate
            self.process(
                f"{name} heavy separation".replace("separation heavy", "heavy"),
                name,
                start,
                self.capacity(plant) / made,
                toll,
                {"heavy concentrate": exact(1.0, "activity in tonnes of feed")},
                {f"{element} oxide": split[element] * self.separate for element in ("Dy", "Tb")},
                new,
            )

    def recycling(self) -> None:
        """Caremag turns swarf into oxides."""
        recovered = self.sources.assumption("recycling_yield")
        outputs = {
            f"{element} oxide": self.content[element] * recovered / self.to_metal(element) * self.electrolysis
            for element in ("NdPr", "Dy", "Tb")
        }
        toll = self.sources.assumption("ask_ndpr") * self.sources.assumption("mine_value_share") * outputs["NdPr oxide"]
        self.process(
            "Caremag recycling",
            "Caremag",
            2027,
            self.sources.assumption("caremag_scrap"),
            toll,
            {"swarf": exact(1.0, "activity in tonnes of swarf")},
            outputs,
            new=True,
        )

    def metals(self) -> None:
        """Oxide to metal: named makers, and new lines beside the magnet makers."""
        estimates = "facilities_estimates"
        alloy = self.content["NdPr"]
        saskatoon, lcm, kmp = (
            Plant(estimates, name, "ndpr") for name in ("Saskatoon REE facility", "Less Common Metals", "KMP Ochang")
        )
        self.metal_line("Saskatoon", saskatoon, self.capacity(saskatoon), 2026, until=2027)
        self.metal_line("Saskatoon", saskatoon, self.sources.assumption("saskatoon_later"), 2028, "Saskatoon later")
        self.metal_line("Less Common Metals", lcm, self.capacity(lcm) * alloy, 2026)
        self.site("LCM France", "FRA", "metal maker", "USA Rare Earth")
        self.metal_line("LCM France", None, self.sources.assumption("lcm_france") * alloy, 2028)
        self.metal_line("KMP Ochang", kmp, self.capacity(kmp) * alloy, 2026, until=2027)
        self.metal_line("KMP Ochang", kmp, self.sources.assumption("kmp_later") * alloy, 2028, "KMP Ochang later")

    def metal_line(
        self,
        site: str,
        plant: Plant | None,
        capacity: Figure,
        start: int,
        name: str = "",
        until: int | None = None,
        new: bool = False,
    ) -> None:
        """NdPr metal, and a tenth as much Dy and Tb metal."""
        self.site(site, "", "metal maker", plant=plant)
        toll = self.sources.assumption("metal_toll_china") * self.premium
        for element in ("NdPr", "Dy", "Tb"):
            share = capacity if element == "NdPr" else capacity * self.sources.assumption("heavy_metal_fraction")
            self.process(
                f"{name or site} {element} metal",
                site,
                start,
                share,
                toll,
                {f"{element} oxide": exact(1.0, "1") / self.to_metal(element)},
                {f"{element} metal": exact(1.0, "activity in tonnes of metal")},
                new,
                until,
            )

    def magnets(self) -> None:
        """Sintered magnets: named makers, what they and others may add, and makers from scrap."""
        estimates, facts = "facilities_estimates", "facilities"
        assume = self.sources.assumption
        makers: list[tuple[str, Plant, int, bool, str, int]] = [
            (
                "MP Independence",
                Plant(facts, "Independence (Fort Worth)", "magnets"),
                2026,
                False,
                "fort_worth_later",
                2027,
            ),
            ("VAC Sumter", Plant(facts, "eVAC Sumter", "magnets"), 2026, False, "", 0),
            ("Stillwater", Plant(estimates, "Stillwater Oklahoma", "magnets"), 2026, True, "stillwater_later", 2029),
            ("Narva", Plant(facts, "Narva", "magnets"), 2026, False, "narva_later", 2028),
            ("Shin-Etsu Vietnam", Plant(facts, "Shin-Etsu Vietnam", "magnets"), 2026, False, "", 0),
            ("VAC Hanau", Plant(estimates, "VAC Hanau", "magnets"), 2026, False, "", 0),
            ("Proterial Kumagaya", Plant(estimates, "Proterial Kumagaya", "magnets"), 2026, False, "", 0),
            ("Shin-Etsu Takefu", Plant(estimates, "Shin-Etsu Takefu", "magnets"), 2026, False, "", 0),
            ("TDK Narita", Plant(estimates, "TDK Narita", "magnets"), 2026, False, "", 0),
            ("Daido Nakatsugawa", Plant(estimates, "Daido Nakatsugawa", "magnets"), 2026, False, "", 0),
            ("JS Link Yesan", Plant(estimates, "JS Link Yesan", "magnets"), 2026, True, "", 0),
            ("Star Group Daegu", Plant(estimates, "Star Group Daegu", "magnets"), 2026, False, "", 0),
        ]
        made: dict[str, list[Figure]] = {}
        for name, plant, start, new, later, year in makers:
            self.site(name, "", "magnet maker", plant=plant)
            capacity = self.capacity(plant)
            self.magnet_line(name, name, capacity, start, new, until=year - 1 if later else None)
            if name in RAN:
                self.ran[name] = capacity
            if later:
                capacity = assume(later)
                self.magnet_line(f"{name} later", name, capacity, year)
            made.setdefault(self.sites[name], []).append(capacity)
        # The row of the 10X facility is the total of its owner's magnets, the first plant's included.
        ten = Plant(facts, "10X Facility", "magnets")
        self.site("MP 10X", "", "magnet maker", plant=ten)
        made["USA"].append(self.capacity(ten) - assume("fort_worth_later"))
        self.magnet_line("MP 10X", "MP 10X", made["USA"][-1], 2028, new=True)
        self.site("India REPM scheme", "IND", "magnet maker")
        made["IND"] = [self.sources.figure("stockpile_policy_estimates", "value", iso3="IND", material="magnets")]
        self.magnet_line("India REPM scheme", "India REPM scheme", made["IND"][0], 2031, new=True)
        self.parameter("all", "new_magnet_plant_lead_time")  # 2.5 years after the start: 2029
        for place in ("USA", "JPN", "KOR", "DEU", "FRA", "GBR", "EU27_OTHER"):
            name = self.site(f"{place} new magnet lines", place, "magnet maker")
            capacity = self.demand_2025(place) * assume("new_magnet_share")
            self.magnet_line(name, name, capacity, 2029, new=True)
            made.setdefault(place, []).append(capacity)
        for place in ("USA", "JPN", "KOR", "DEU", "FRA", "GBR", "EU27_OTHER", "IND"):
            name = self.site(f"{place} new metal lines", place, "metal maker")
            needed = total(made[place]) * self.content["NdPr"] / self.yield_
            self.metal_line(name, None, needed * assume("new_metal_share"), 2029, new=True)
        recyclers: list[tuple[str, Plant, str]] = [
            ("Noveon San Marcos", Plant(facts, "Noveon San Marcos", "magnets"), ""),
            ("HyProMag Pforzheim", Plant(estimates, "HyProMag Pforzheim", "magnets"), "hypromag_later"),
            ("HyProMag Tyseley", Plant(estimates, "HyProMag Tyseley", "magnets"), "hypromag_later"),
            ("MagREEsource Grenoble", Plant(estimates, "MagREEsource", "magnets"), "magreesource_later"),
        ]
        for name, plant, later in recyclers:
            self.site(name, "", "recycler", plant=plant)
            self.recycled_line(name, name, self.capacity(plant), 2026, until=2027 if later else None)
            if later:
                self.recycled_line(f"{name} later", name, assume(later), 2028)
        for place in ("USA", "DEU", "FRA", "GBR", "JPN"):
            name = self.site(f"{place} scrap collectors", place, "recycler")
            collected = self.demand_2025(place) * assume("scrap_share")
            self.offer(name, "magnet scrap", assume("scrap_price"), collected)
        for name in [row["site"] for row in self.book.tables["sites"] if row["kind"] == "magnet maker"]:
            self.finishing(name)

    def conversion(self) -> Figure:
        """Cost of making a tonne of magnet outside China, without its rare earths."""
        return (
            self.parameter("magnets", "conversion_cost")
            * 1000.0
            * self.parameter("magnets", "processing_cost_premium_vs_china")
        )

    def magnet_line(
        self, name: str, site: str, capacity: Figure, start: int, new: bool = False, until: int | None = None
    ) -> None:
        """Metals to sintered blocks; what is ground off leaves as swarf."""
        contents = self.contents("block")
        self.process(
            f"{name} sintering",
            site,
            start,
            capacity,
            self.conversion(),
            {f"{element} metal": content / self.yield_ for element, content in contents.items()},
            {
                "block": exact(1.0, "activity in tonnes of block"),
                "swarf": (exact(1.0, "1") - self.yield_) / self.yield_,
            },
            new,
            until,
        )

    def recycled_line(self, name: str, site: str, capacity: Figure, start: int, until: int | None = None) -> None:
        """Scrap to magnets without going through oxides."""
        self.process(
            f"{name} recycling",
            site,
            start,
            capacity,
            self.conversion(),
            {"magnet scrap": exact(1.0, "1") / self.sources.assumption("recycling_yield")},
            {"standard magnet": exact(1.0, "activity in tonnes of magnet")},
            until=until,
        )

    def finishing(self, site: str) -> None:
        """Blocks leave as standard magnets, or as hot magnets once Dy and Tb are diffused into them."""
        one = exact(1.0, "activity in tonnes of magnet")
        low, high = self.contents("standard magnet"), self.contents("hot magnet")
        free = exact(0.0, "finishing is part of the conversion cost")
        self.process(f"{site} finishing", site, YEARS[0], None, free, {"block": one}, {"standard magnet": one})
        self.process(
            f"{site} diffusion",
            site,
            YEARS[0],
            None,
            self.sources.assumption("diffusion_cost"),
            {"block": one, **{f"{element} metal": high[element] - low[element] for element in ("Dy", "Tb")}},
            {"hot magnet": one},
        )

    def china(self) -> None:
        """China sells oxides, metals and magnets at its prices, up to its capacities."""
        estimates = "facilities_estimates"
        northern, heavies = (
            Plant(estimates, "Northern Rare Earth Baotou", "rare_earths"),
            Plant(estimates, "China Rare Earth Group", "dysprosium"),
        )
        self.site("Northern Rare Earth Baotou", "", "separation plant", plant=northern)
        self.site("Ganzhou heavy separation", "", "separation plant", plant=heavies)
        oxides = {
            "NdPr": self.capacity(northern) * self.share("Bayan Obo", ("Nd", "Pr")),
            "Dy": self.capacity(heavies),
            "Tb": self.capacity(heavies) * self.share("Longnan", ("Tb",)) / self.share("Longnan", ("Dy",)),
        }
        self.site("China metal makers", "CHN", "metal maker")
        metal = {element: self.metal_price(element) for element in oxides}
        for element, capacity in oxides.items():
            seller = "Northern Rare Earth Baotou" if element == "NdPr" else "Ganzhou heavy separation"
            self.offer(seller, f"{element} oxide", self.price(element), capacity)
            self.offer("China metal makers", f"{element} metal", metal[element], capacity * self.to_metal(element))
        makers = {
            "JL MAG": Plant(estimates, "JL MAG Ganzhou-Baotou", "magnets"),
            "Zhongke Sanhuan": Plant(estimates, "Zhongke Sanhuan", "magnets"),
            "Shin-Etsu": Plant("facilities", "Shin-Etsu China", "magnets"),
        }
        prices = {
            material: self.parameter("magnets", "conversion_cost") * 1000.0
            + total(content * metal[element] for element, content in self.contents(material).items())
            for material in ("standard magnet", "hot magnet")
        }
        for name, plant in makers.items():
            self.site(f"{name} China plants", "", "magnet maker", plant=plant, capacity=self.capacity(plant))
            for material, price in prices.items():
                self.offer(f"{name} China plants", material, price, self.capacity(plant))
        world = total(
            self.sources.figure("demand_estimates", "quantity", material="magnets", iso3=row["iso3"])
            for row in self.sources.rows("demand_estimates", material="magnets")
        )
        made = self.sources.figure("stage_shares", "share", iso3="CHN") / 100.0 * world
        spare = made - self.demand_2025("CHN") - self.demand_2025("ROW")
        named = total(self.capacity(plant) for plant in makers.values())
        self.site("China other magnet makers", "CHN", "magnet maker", capacity=spare * self.growth(YEARS[-1]) - named)
        for year in YEARS:
            for material, price in prices.items():
                capacity = spare * self.growth(year) - named
                self.offer("China other magnet makers", material, price, capacity, year, until=year)

    def demand_2025(self, place: str) -> Figure:
        """Tonnes of magnets that a place needed in 2025."""
        return self.sources.figure("demand_estimates", "quantity", material="magnets", iso3=place)

    def outlook(self, sector: str, year: int) -> Figure:
        """World demand for magnet rare earths, stated policies, linear between the years that are given."""
        table = "demand_outlook_world"
        given = {
            at: self.sources.figure(
                table, "quantity", sector=sector, year=str(at), scenario="base" if at == 2024 else "STEPS"
            )
            for at in (2024, 2030, 2035)
        }
        start, end = (2024, 2030) if year <= 2030 else (2030, 2035)
        weight = (year - start) / (end - start)
        return given[start] * (1 - weight) + given[end] * weight

    def growth(self, year: int) -> Figure:
        """World demand of a year over that of 2025; the two move together, so the range is that of the quotient."""
        quotient = self.outlook("Total demand", year) / self.outlook("Total demand", 2025)
        return replace(quotient, low=quotient.value, high=quotient.value)

    def markets(self) -> None:
        """Demand for magnets by participant, year and priority: hot magnets for defence and clean energy."""
        defence = self.sources.assumption("defence_share")
        rest = exact(1.0, "1") - defence
        for place in PARTICIPANTS:
            name = self.site(f"{place} market", place, "market")
            for year in YEARS:
                quantity = self.demand_2025(place) * self.growth(year)
                clean = self.outlook("Total clean technologies", year) / self.outlook("Total demand", year)
                parts = {
                    "defence": ("hot magnet", quantity * defence),
                    "clean": ("hot magnet", quantity * rest * clean),
                    "civil": ("standard magnet", quantity * rest * (exact(1.0, "1") - clean)),
                }
                for priority, (material, tonnes) in parts.items():
                    key = {"site": name, "material": material, "period": str(year), "priority": priority}
                    self.book.add("demands", key, quantity=tonnes)

    def stockpiles(self) -> None:
        """What governments hold: Japan 60 and 180 days, Korea 54 and then 100, India 60, the United States tonnes."""
        days = self.sources.figure
        japan = {
            "NdPr": days(
                "stockpile_policy", "value", iso3="JPN", metric="target_days_domestic_consumption", value="60.0"
            ),
            "Dy": self.sources.assumption("japan_high_risk_days"),
            "Tb": self.sources.assumption("japan_high_risk_days"),
        }
        before, after = (
            days("stockpile_policy", "value", iso3="KOR", material="rare_metals", metric=metric)
            for metric in ("previous_days", "target_days")
        )
        self.site("JPN reserve", "JPN", "depot")
        self.site("KOR reserve", "KOR", "depot")
        for element in ("NdPr", "Dy", "Tb"):
            held = {
                place: self.sources.figure("demand_estimates", "quantity", material=FORMULAS[element][1], iso3=place)
                for place in ("JPN", "KOR")
            }
            kept = {
                place: quantity * self.to_metal(element) * target / 365.0
                for place, quantity, target in (("JPN", held["JPN"], japan[element]), ("KOR", held["KOR"], before))
            }
            self.depot("JPN reserve", element, cover_days=japan[element], initial=kept["JPN"])
            self.depot("KOR reserve", element, until="2030", cover_days=before, initial=kept["KOR"])
            self.depot("KOR reserve", element, from_="2031", cover_days=after)
        india = days("stockpile_policy_estimates", "value", iso3="IND", material="critical_minerals")
        self.site("IND reserve", "IND", "depot")
        self.depot("IND reserve", "NdPr", cover_days=india)
        bought = days("stockpile_policy", "value", iso3="USA", material="rare_earths")
        self.site("USA National Defense Stockpile", "USA", "depot")
        self.depot("USA National Defense Stockpile", "NdPr", final=bought * self.sources.assumption("nds_share_ndpr"))

    def depot(self, site: str, element: str, from_: str = "", until: str = "", **cells: Figure) -> None:
        """A stock of metal that covers what the country's magnet makers use, or a stock of oxide that covers nobody."""
        rate = self.sources.assumption("depot_rate")
        covers = "cover_days" in cells
        self.book.add(
            "stockpiles",
            {"site": site, "material": f"{element} {'metal' if covers else 'oxide'}", "from": from_},
            until=until,
            fill_rate=rate,
            release_rate=rate,
            holding_cost=(self.metal_price(element) if covers else self.price(element))
            * self.parameter("all", "stockpile_holding_cost"),
            covers=self.sites[site] if covers else "",
            **cells,
        )

    def freight(self) -> None:
        """A rate for each stage from each place that sells it to each place that needs it."""
        wanted = self.trades({material: row[0] for material, row in MATERIALS.items()})
        for name in ("mine", "intermediate", "oxide", "metal", "magnet", "scrap"):
            for origin in PLACES:
                for destination in PLACES:
                    if (name, origin, destination) in wanted:
                        key = {"origin": origin, "destination": destination, "stage": name}
                        self.book.add("freight", key, freight=self.rate(origin, destination, name))

    def rate(self, origin: str, destination: str, stage: str) -> Figure:
        """Freight of a tonne: by road inside a place, else by sea, concentrates in bulk."""
        if origin == destination:
            return self.sources.assumption("road_km_domestic") * self.transport("road")
        mode = "sea_bulk" if stage == "mine" else "sea_container"
        distance = self.distance(origin, destination, "sea_km")
        return distance * self.transport(mode) + self.transport("port_handling") * 2.0

    def duties(self) -> None:
        """Duties on magnets."""
        rates = {
            ("CHN", "USA"): self.sources.figure("tariffs", "rate_pct", importer_iso3="USA", origin_iso3="CHN"),
            ("CHN", "EU27"): self.sources.figure("tariffs_estimates", "rate_pct", importer_iso3="EU27"),
            ("CHN", "IND"): self.sources.figure("tariffs_estimates", "rate_pct", importer_iso3="IND"),
            ("CHN", "JPN"): self.sources.figure("tariffs_estimates", "rate_pct", importer_iso3="JPN"),
            ("CHN", "KOR"): self.sources.figure("tariffs_estimates", "rate_pct", importer_iso3="KOR"),
        }
        for (origin, destination), rate in rates.items():
            for material in ("standard magnet", "hot magnet"):
                key = {"origin": origin, "destination": destination, "material": material}
                self.book.add("duties", key, duty=rate / 100.0)

    def rules(self) -> None:
        """At most 65 % of what the allies consume at any stage from any one third country, phased in."""
        for stage in ("mine", "intermediate", "oxide", "metal", "magnet"):
            for start, end in (("2026", "2026"), ("2027", "2027"), ("2028", "2028"), ("2029", "2029"), ("2030", "")):
                self.book.add(
                    "rules",
                    {"rule": f"third-country-{stage}", "from": start},
                    until=end,
                    kind="max_share",
                    limit=self.sources.assumption(f"cap_{start}"),
                    subject_by="place",
                    except_="home",
                    stage=stage,
                    market="allies",
                    basis="purchases",
                    base="consumption",
                    per="year",
                    pool="together" if stage in {"mine", "intermediate"} else "each",
                    market_pool="together",
                    source="Benchmark of Regulation (EU) 2024/1252, Art. 5(1)(b), for all participants",
                )

    def running(self) -> None:
        """Magnet makers that ran before 2026 keep a part of their load: a plan that idles them loses them."""
        for name, nameplate in self.ran.items():
            self.book.add(
                "rules",
                {"rule": f"keep-{name}", "from": ""},
                kind="min_quantity",
                limit=nameplate * self.sources.assumption("least_load"),
                subject_by="site",
                subject=name,
                stage="block",
                basis="made",
                per="year",
                source="Assumption: no participant lets a running magnet maker close",
            )

    def events(self) -> None:
        """Trade restrictions that were met, each as if it came again from 2027 on; nothing is shorter than a year."""
        china = {"place": "CHN", "activity": "ship", "until": "2027"}
        heavy = ("Dy oxide", "Tb oxide", "Dy metal", "Tb metal", "hot magnet")
        self.event(
            "export_controls",
            "CHN-2025-7HREE",
            "2027",
            "As if no licence were granted for a year: no Dy, no Tb and no magnet that holds them leaves China.",
            *({**china, "material": material} for material in heavy),
        )
        self.event(
            "export_controls_estimates",
            "CHN-2010-JPN",
            "2027",
            "It held two months; as if it held a year: nothing leaves China for Japan.",
            {**china, "to": "JPN"},
        )
        self.event(
            "export_controls_estimates",
            "MYS-2024-REE",
            "2027",
            "No concentrate leaves Malaysia, to the end.",
            {"place": "MYS", "stage": "mine", "activity": "ship"},
        )
        self.event(
            "export_controls_estimates",
            "MMR-2024-conflict",
            "2027",
            "Nothing is mined in Myanmar, to the end.",
            {"place": "MMR"},
        )

    def left_out(self) -> None:
        """Facility and project rows that are not planned, each with the reason; those of a planned site as such."""
        reasons = {
            "Seadrift Texas": "Its owner said in 2025 that the plant may not proceed",
            "Neo Magnequench Korat": "Powder for bonded magnets; the instance plans sintered magnets",
            "Visakhapatnam REPM": "3 t a year of samarium-cobalt magnets, another product",
            "VAC Horna Streda": "Finishes magnets sintered elsewhere in its group: no capacity of its own",
            **dict.fromkeys(
                ("Mount Weld", "Gebeng (Lynas Malaysia)", "Kalgoorlie", "La Rochelle", "Mountain Pass separation"),
                "Planned from its row in facilities_estimates.csv, which has the capacity",
            ),
        }
        projects = {
            "Lynas — Mt Weld + Kalgoorlie": "Planned from the facility rows of Mount Weld, Kalgoorlie and Gebeng",
            "Lynas — Seadrift / Hondo": reasons["Seadrift Texas"],
            "MP Materials — Mountain Pass + Fort Worth": "Planned from the facility rows of its plants",
            "Iluka — Eneabba refinery": "Planned from its facility rows, which say 2027",
            "Arafura — Nolans": "Planned from its facility row, which names 2029; this row names 2032, which is taken",
        }
        for table in ("facilities", "facilities_estimates"):
            for row in self.sources.unused(table):
                self.book.leave_out(f"{table}.csv", f"{row['facility']};{row['material']}", reasons[row["facility"]])
        for row in self.sources.unused("projects_pipeline"):
            self.book.leave_out("projects_pipeline.csv", row["project"], projects[row["project"]])
        for table, key, reason in (
            ("stockpile_policy", "USA;ndpr;price floor", "Paid by the United States to the seller, not by the buyer"),
            ("stockpile_policy", "KOR;non_ferrous_metals", "Other metals"),
            ("stockpile_policy", "KOR;release lead time", "Shorter than the planning period of a year"),
            ("stockpile_policy_estimates", "AUS;critical_minerals", "A sum of money without tonnes"),
            (
                "export_controls",
                "CHN-2025-REEforeign",
                "Suspended before it applied; foreign-made goods are not told apart",
            ),
            ("export_controls", "CHN-2023-REEtech; CHN-2025-REEtech2; CHN-2025-REEequip", "Know-how and equipment"),
            ("export_controls_estimates", "CHN-2026-JPN-dualuse", "Military end users of Japan are not told apart"),
            ("production_by_country", "NGA", "No port and no distance in the open tables"),
            ("production_by_country", "RUS", "No participant buys there under sanctions"),
            ("production_by_country", "USA, AUS, BRA, CHN", "Planned from named mines, or sold as oxide by China"),
        ):
            self.book.leave_out(f"{table}.csv", key, reason)


if __name__ == "__main__":
    command(HERE, __doc__, Magnets, HEADER, WANTED)
