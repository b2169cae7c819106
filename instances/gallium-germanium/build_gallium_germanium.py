"""Builds the tables of ``gallium-germanium`` from ``sources/``: every number with its provenance.

    python instances/gallium-germanium/build_gallium_germanium.py [OUT]
    python instances/gallium-germanium/build_gallium_germanium.py --extract DATA

The first writes the tables, ``provenance.csv`` and ``unused.csv`` to OUT (this folder if not given). The second takes
the source rows anew from the folder of open tables DATA; ``sources/assumptions.csv`` is kept by hand.

Nobody mines gallium or germanium. An alumina refinery makes alumina and a liquor with gallium in it, a zinc smelter
zinc and residues with germanium and gallium in them: one recipe with several outputs each, so a by-product is bound by
its host as well as by its own circuit. The money of alumina and zinc stands outside: they pay for themselves.

Gallium: liquor or residue → crude (4N) → refined (6N and better) → wafers. Germanium: residue or concentrate →
dioxide → tetrachloride (fibre) or metal → infrared optics. Tonnes are contained gallium or germanium.
"""

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from instances.chain import PARTICIPANTS, Chain, Plant, command, port_country
from instances.figures import Book, Figure, Record, Sources, exact, total

HERE = Path(__file__).parent
YEARS = range(2026, 2031)
QUARTERS = tuple(f"{year}Q{quarter}" for year in YEARS for quarter in range(1, 5))
HEADER: dict[str, str | int | float] = {
    "name": "gallium-germanium",
    "title": "Gallium and germanium, by-products of alumina and zinc, for twelve participants, 2026 to 2030",
    "currency": "USD",
    "price_year": 2025,
    "mass_unit": "t",
    "first_period": QUARTERS[0],
    "periods": len(QUARTERS),
    "period_length": "quarter",
    "discount_rate": 0.05,
    "home": "allies",
    "sources": "open tables, see sources/ and provenance.csv; discount rate assumed (0.03 to 0.08)",
}
PLACES = {**dict.fromkeys((*PARTICIPANTS, "BEL", "GRC"), "allies"), **dict.fromkeys(("CHN", "KAZ", "COD"), "third")}
MATERIALS = {
    "alumina": ("host", "Al", "Alumina whose liquor passes a gallium circuit; sold outside the model"),
    "zinc": ("host", "Zn", "Zinc whose residues pass a circuit; sold outside the model"),
    "indium": ("host", "In", "Indium won with gallium from zinc residues"),
    "Bayer liquor": ("feed", "Ga", "Gallium dissolved in the liquor of an alumina refinery"),
    "gallium residue": ("feed", "Ga", "Gallium in zinc leach residues"),
    "germanium residue": ("feed", "Ge", "Germanium in zinc leach residues"),
    "crude gallium": ("crude", "Ga", "Primary low-purity gallium, 4N"),
    "germanium concentrate": ("crude", "Ge", "Germanium in concentrate, of slag or of new scrap"),
    "refined gallium": ("refined", "Ga", "High-purity gallium, 6N and better"),
    "germanium dioxide": ("refined", "Ge", "Germanium dioxide"),
    "germanium metal": ("high purity", "Ge", "Zone-refined germanium: substrates, electronics, feed of optics"),
    "germanium tetrachloride": ("high purity", "Ge", "Fibre-grade germanium tetrachloride"),
    "gallium wafer": ("device", "Ga", "Arsenide and nitride wafers and epitaxy"),
    "infrared optics": ("device", "Ge", "Lenses and windows for thermal imaging"),
    "gallium scrap": ("scrap", "Ga", "New scrap of wafer makers, reclaimed where it arises"),
    "germanium scrap": ("scrap", "Ge", "New scrap of optics makers"),
}
BY_SEA = ("germanium concentrate", "germanium scrap")
BY_AIR = ("crude gallium", "refined", "high purity", "device")
"""What is shipped, by material or else by stage, in the order of the freight table."""
MAKERS = ("USA", "KOR", "JPN", "DEU", "FRA", "GBR", "EU27_OTHER")
"""Participants that make wafers and optics; the others buy them."""
GERMANIUM_MAKERS = ("USA", "JPN", "KOR")
"""Those of them that make germanium metal and tetrachloride besides the named plants."""
ONE = exact(1.0, "activity in tonnes of the product")
OF_CONSUMPTION = {"base": "consumption", "per": "year", "pool": "each"}
"""What every share of the rules is a share of."""
DEVICES = {"gallium": "gallium wafer", "germanium": "infrared optics"}


def _ours(row: Record) -> bool:
    return row["material"] in {"gallium", "germanium"}


_ENDS = {port_country(place) for place in PLACES}
WANTED = {
    "facilities": _ours,
    "facilities_estimates": _ours,
    "projects_pipeline": _ours,
    "by_products": _ours,
    "export_controls": _ours,
    "stage_shares": lambda row: row["material"] == "germanium" and row["year"] == "2024",
    "capacity_outlook_usgs": _ours,
    "production_by_country": lambda row: (
        (row["material"] == "gallium" or (row["material"] == "alumina" and row["iso3"] in _ENDS))
        and row["year"] == "2025"
        and row["preferred"] == "True"
    ),
    "process_parameters_estimates": lambda row: (
        _ours(row) or row["parameter"] in {"ramp_up_first_year", "stockpile_holding_cost", "new_refinery_lead_time"}
    ),
    "conversion_factors": _ours,
    "prices": lambda row: (
        (_ours(row) or row["form"] == "metal_us_warehouse")
        and row["year"] in {"2024", "2025"}
        and row["preferred"] == "True"
    ),
    "demand_estimates": _ours,
    "demand_outlook_world": lambda row: (
        _ours(row) and row["scenario"] in {"base", "STEPS"} and row["year"] in {"2024", "2030"}
    ),
    "consumption_and_import_reliance": lambda row: (
        _ours(row)
        and row["preferred"] == "True"
        and (row["year"] == "2025" or (row["material"], row["year"]) == ("germanium", "2021"))
        and row["indicator"] in {"consumption", "stocks", "imports"}
    ),
    "import_sources_usa": _ours,
    "distances": lambda row: {row["origin_iso3"], row["dest_iso3"]} <= _ENDS,
    "transport_costs_estimates": lambda row: (
        row["mode"] in {"sea_container", "road", "air", "port_handling", "speed_sea", "dwell_port"}
    ),
    "governance": lambda row: row["iso3"] in _ENDS,
    "ports": lambda row: row["iso3"] in _ENDS,
    "tariffs": lambda row: row["hs_code"] == "3818.00.00",
    "tariffs_estimates": _ours,
    "stockpile_policy": lambda row: (
        row["material"] in {"germanium", "rare_metals"}
        or "rare metals" in row["material"]
        or row["material"].startswith("rare_metals")
    ),
    "stockpile_policy_estimates": lambda row: row["material"] in {"critical_minerals", "strategic_raw_materials"},
}
"""Which rows of which open table this instance takes."""
LEFT_OUT = (
    ("export_controls", "CHN-2023-GaGe", "The licence stands in the lead times from China, by assumption licence_days"),
    ("by_products", "germanium;coal", "No participant wins germanium from coal; it is inside what China sells"),
    ("by_products", "gallium, germanium", "Why every tonne is planned with a host; shares of 100 percent, no cell"),
    ("capacity_outlook_usgs", "DEU", "The circuit at Stade has stood idle for years; nobody announced a restart"),
    ("capacity_outlook_usgs", "CHN, JPN, KOR", "Planned from output and from named plants"),
    ("production_by_country", "RUS", "No participant buys there under sanctions"),
    ("consumption_and_import_reliance", "Gallium arsenide wafers", "Gross weights above all reported consumption"),
    ("consumption_and_import_reliance", "germanium imports", "Trade is what the plan decides"),
    ("stockpile_policy", "USA;germanium", "The Annual Materials Plan of 2025 names 0 t"),
    ("stockpile_policy", "KOR;release lead time", "Shorter than a quarter"),
    ("stockpile_policy_estimates", "AUS, USA, CAN, DEU", "Sums of money without tonnes"),
    ("stockpile_policy_estimates", "FRA, ITA, MEX", "No stock in force; the rows say illustrative"),
    ("stockpile_policy_estimates", "GBR", "A target for 2035"),
    ("stockpile_policy_estimates", "EU27;extraction, recycling", "Nobody mines either; recycling is the plan's choice"),
    ("tariffs_estimates", "USA;ALLIES", "Duties of zero"),
    ("demand_outlook_world", "germanium", "Falls by 2 t of 220 t to 2030: demand stands still"),
)
"""Table, key and reason of source rows that a reader would look for."""


class ByProducts(Chain):
    """The instance as it grows, table by table."""

    PLACES = PLACES
    EU = ("DEU", "FRA", "ITA", "BEL", "GRC", "EU27_OTHER")
    PERIODS = QUARTERS
    PERIODS_A_YEAR = 4

    def __init__(self, sources: Sources) -> None:
        super().__init__(sources)
        assume = sources.assumption
        self.kept = {"gallium": assume("wafer_yield"), "germanium": assume("optics_yield")}
        one = exact(1.0, "1")
        reclaimed = assume("scrap_recovery")
        self.per_primary = {element: kept / (one - reclaimed * (one - kept)) for element, kept in self.kept.items()}
        """Tonnes in devices that a primary tonne makes once the scrap has gone round."""
        self.step = assume("germanium_step_recovery")

    def build(self) -> Book:
        """All tables."""
        self.places()
        self.groups()
        self.materials()
        self.priorities(("defence", "essential", "civil"))
        self.alumina()
        self.zinc()
        self.third_countries()
        self.gallium_refiners()
        self.germanium_refiners()
        self.devices()
        self.markets()
        self.stockpiles()
        self.freight()
        self.under_way()
        self.duties()
        self.rules()
        self.events()
        self.left_out()
        return self.book

    # Sources

    def dollars(self, name: str) -> Figure:
        """An assumption in USD/kg, as USD/t."""
        return self.sources.assumption(name) * 1000.0

    def price(self, form: str, year: int) -> Figure:
        """Price of a form in a year, USD/t of product."""
        return self.sources.figure("prices", "price_usd_per_kg", form=form, year=str(year)) * 1000.0

    def price_in_china(self, material: str) -> Figure:
        """What China asks for a tonne of contained element."""
        if material.endswith("gallium"):
            purity = "low_purity_metal_imports" if material == "crude gallium" else "high_purity_metal_imports"
            unit_value = "metal_average_unit_value_imports"
            return self.price(purity, 2024) * self.price(unit_value, 2025) / self.price(unit_value, 2024)
        if material == "germanium metal":
            return self.sources.figure(
                "prices", "price_usd_per_kg", material="germanium", form="metal", year="2025"
            ) * (1000.0)
        dioxide = self.price("dioxide", 2025) / self.factor("germanium")
        if material == "germanium dioxide":
            return dioxide
        toll = self.dollars("germanium_chlorination") / self.sources.assumption("device_premium")
        return dioxide / self.step + toll

    def device_price(self, element: str) -> Figure:
        """Price of Chinese wafers or optics: their net use of element and the conversion."""
        material = "refined gallium" if element == "gallium" else "germanium metal"
        return self.price_in_china(material) / self.per_primary[element] + self.conversion(element)

    def conversion(self, element: str) -> Figure:
        """Cost of making a tonne of element into wafers or optics, in China."""
        if element == "gallium":
            return self.dollars("wafer_conversion") / self.factor("gallium")
        return self.dollars("optics_conversion")

    def factor(self, element: str) -> Figure:
        """Tonnes of element in a tonne of its compound: Ga in GaAs, Ge in GeO2."""
        return self.sources.figure("conversion_factors", "factor", material=element)

    def demand_2025(self, element: str, place: str) -> Figure:
        """Tonnes that a place took in 2025: what USGS reports for the United States, else a share of the world."""
        if place == "USA":
            table, year = "consumption_and_import_reliance", "2025" if element == "gallium" else "2021"
            return self.sources.figure(table, "value", material=element, indicator="consumption", year=year)
        return self.sources.figure("demand_estimates", "quantity", material=element, iso3=place)

    def growth(self, quarter: str) -> Figure:
        """World demand for gallium in the middle of a quarter over that of 2025; only clean technologies grow."""
        world = self.sources.figure(
            "production_by_country", "quantity", material="gallium", measure="production", iso3="WLD"
        )
        clean = {
            year: self.sources.figure("demand_outlook_world", "quantity", material="gallium", year=str(year))
            for year in (2024, 2030)
        }
        time = int(quarter[:4]) + (int(quarter[-1]) - 0.5) / 4
        added = (clean[2030] - clean[2024]) * ((time - 2025.5) / 6)
        return added / world + 1.0

    # Tables

    def groups(self) -> None:
        """Those who are no participants, and the sites that buy for weapons."""
        for place, side in PLACES.items():
            if side == "third":
                self.book.add("groups", {"group": "third", "member": place})
        for place in PARTICIPANTS:
            self.book.add("groups", {"group": "defence buyers", "member": f"{place} defence"})

    def materials(self) -> None:
        """Every form at every stage; indium is sold, its price a credit."""
        for material, (stage, element, description) in MATERIALS.items():
            cells = {"disposal_cost": self.price("metal_us_warehouse", 2025) * -1.0} if material == "indium" else {}
            product = "product" if material == "alumina" else "contained"
            self.book.add(
                "materials",
                {"material": material},
                stage=stage,
                element=element,
                description=description,
                basis=product,
                **cells,
            )

    def alumina(self) -> None:
        """Refineries with a gallium circuit: the alumina that they make bounds the gallium in their liquor."""
        assume, new = self.sources.assumption, self.new_circuit("gallium")
        vaudreuil = Plant("facilities_estimates", "Vaudreuil", "gallium")
        wagerup = Plant("facilities", "Wagerup gallium", "gallium")
        gramercy = Plant("facilities", "Gramercy gallium", "gallium")
        agios = Plant("facilities_estimates", "Agios Nikolaos", "gallium")
        self.refinery("Vaudreuil", vaudreuil, self.refined_alumina("CAN"))
        self.refinery("Wagerup", wagerup, assume("wagerup_alumina"))
        self.refinery("Gramercy", gramercy, self.refined_alumina("USA"))
        self.refinery("Agios Nikolaos", agios, self.refined_alumina("GRC"))
        self.circuit("Vaudreuil gallium", "Vaudreuil", QUARTERS[0], self.capacity(vaudreuil), new, until="2028Q4")
        self.circuit("Vaudreuil gallium later", "Vaudreuil", "2029Q1", assume("vaudreuil_later"), new)
        self.circuit("Wagerup gallium", "Wagerup", "2027Q3", self.capacity(wagerup), new, ramps=True)
        self.circuit("Gramercy gallium", "Gramercy", "2028Q3", assume("gramercy_gallium"), new, ramps=True)
        self.circuit("Agios Nikolaos gallium", "Agios Nikolaos", "2028Q3", self.capacity(agios), new, ramps=True)

    def refinery(self, name: str, plant: Plant, alumina: Figure) -> None:
        """Alumina, and the gallium that its liquor holds."""
        liquor = self.sources.assumption("bauxite_per_alumina") * self.parameter("gallium", "recoverable_grade")
        self.site(name, "", "alumina refinery", plant=plant)
        outputs = {"alumina": ONE, "Bayer liquor": liquor}
        self.process(f"{name} alumina", name, QUARTERS[0], alumina, None, {}, outputs)

    def circuit(
        self, name: str, site: str, start: str, capacity: Figure, cost: Figure, ramps: bool = False, until: str = ""
    ) -> None:
        """Gallium out of Bayer liquor."""
        liquor = exact(1.0, "1") / self.parameter("gallium", "recovery")
        self.process(name, site, start, capacity, cost, {"Bayer liquor": liquor}, {"crude gallium": ONE}, ramps, until)

    def refined_alumina(self, place: str) -> Figure:
        """Alumina of a country with one refinery, 2025."""
        return self.sources.figure("production_by_country", "quantity", material="alumina", iso3=place)

    def new_circuit(self, element: str) -> Figure:
        """Cost of a new circuit outside China, USD/t."""
        return self.parameter(element, "production_cost") * 1000.0

    def zinc(self) -> None:
        """Smelters with a germanium or gallium circuit; the residue of a full year is what the circuits can take."""
        facts, estimates, assume = "facilities", "facilities_estimates", self.sources.assumption
        dowa = Plant(facts, "Dowa gallium (Akita)", "gallium")
        trail = Plant(estimates, "Trail germanium", "germanium")
        tennessee = Plant(estimates, "Clarksville germanium", "germanium")
        gallium = Plant(facts, "Onsan gallium circuit", "gallium")
        germanium = Plant(facts, "Onsan germanium circuit", "germanium")
        self.smelter("Akita", dowa, {"crude gallium": self.capacity(dowa)})
        self.smelter("Trail", trail, {"germanium dioxide": self.capacity(trail)})
        self.smelter(
            "Onsan",
            germanium,
            {"crude gallium": self.capacity(gallium), "germanium dioxide": self.capacity(germanium)},
        )
        self.smelter(
            "Clarksville",
            tennessee,
            {"crude gallium": assume("clarksville_gallium"), "germanium dioxide": self.capacity(tennessee)},
        )
        self.sources.rows(facts, facility="Tennessee critical minerals smelter (Clarksville)")
        self.win("Akita gallium", QUARTERS[0], self.capacity(dowa), {"crude gallium": ONE}, running=True)
        self.win("Trail germanium", QUARTERS[0], self.capacity(trail), {"germanium dioxide": ONE}, running=True)
        indium = assume("onsan_indium") / self.capacity(gallium)
        self.win("Onsan gallium", "2028Q3", self.capacity(gallium), {"crude gallium": ONE}, {"indium": indium})
        self.win("Onsan germanium", "2028Q3", self.capacity(germanium), {"germanium dioxide": ONE})
        both = {"germanium dioxide": ONE, "crude gallium": assume("clarksville_gallium") / self.capacity(tennessee)}
        self.win("Clarksville germanium and gallium", "2029Q3", self.capacity(tennessee), both)

    def residue(self, product: str) -> tuple[str, Figure]:
        """The residue that a product is won from, and how much of it is recovered."""
        if product == "crude gallium":
            return "gallium residue", self.sources.assumption("residue_gallium_recovery")
        return "germanium residue", self.parameter("germanium", "recovery")

    def smelter(self, name: str, plant: Plant, won: Mapping[str, Figure]) -> None:
        """Zinc, with the residues that the circuits' nameplates are won from."""
        zinc = self.sources.assumption(f"{name.lower()}_zinc")
        self.site(name, "", "zinc smelter", plant=plant)
        outputs = {"zinc": ONE}
        for product, tonnes in won.items():
            residue, recovery = self.residue(product)
            outputs[residue] = tonnes / recovery / zinc
        self.process(f"{name} zinc", name, QUARTERS[0], zinc, None, {}, outputs)

    def win(
        self,
        name: str,
        start: str,
        capacity: Figure,
        products: Mapping[str, Figure],
        credits: Mapping[str, Figure] | None = None,
        running: bool = False,
    ) -> None:
        """A circuit that wins products, and what comes with them, from a smelter's residues."""
        inputs, costs = {}, []
        for product, tonnes in products.items():
            residue, recovery = self.residue(product)
            inputs[residue] = tonnes / recovery
            element = "gallium" if product == "crude gallium" else "germanium"
            cost = self.dollars(f"running_{element}") if running else self.new_circuit(element)
            costs.append(cost if tonnes is ONE else tonnes * cost)
        outputs = {**products, **(credits or {})}
        self.process(name, name.split()[0], start, capacity, total(costs), inputs, outputs, new=not running)

    def third_countries(self) -> None:
        """What China, Kazakhstan and Congo sell."""
        one = exact(1.0, "1")
        lost = one / self.step
        self.china("gallium", {"crude gallium": one, "refined gallium": one})
        self.china("germanium", {"germanium dioxide": one, "germanium tetrachloride": lost, "germanium metal": lost})
        name = self.site("Kazakhstan gallium circuit", "KAZ", "alumina refinery")
        idle = self.sources.figure("capacity_outlook_usgs", "capacity", material="gallium", iso3="KAZ")
        self.offer(name, "crude gallium", self.dollars("kazakh_ask"), idle, "2027Q1")
        slag = Plant("facilities_estimates", "Big Hill", "germanium")
        self.site("Big Hill", "", "slag plant", plant=slag)
        price = self.price_in_china("germanium dioxide") * self.sources.assumption("concentrate_value_share")
        capacity = self.capacity(slag)
        self.offer("Big Hill", "germanium concentrate", price, capacity * self.ramp, until="2026Q4")
        self.offer("Big Hill", "germanium concentrate", price, capacity, "2027Q1")

    def china(self, element: str, forms: Mapping[str, Figure]) -> None:
        """What China makes beyond its own use; ``forms``: tonnes of the element used per tonne sold."""
        spare = self.spare(element)
        name = self.site(f"China {element} producers", "CHN", "producer", capacity=spare)
        for material, used in forms.items():
            self.offer(name, material, self.price_in_china(material), spare / used, capacity_use=used)
        needed = total(self.devices_needed(element, place, QUARTERS[-1]) for place in PARTICIPANTS)
        capacity = needed * self.sources.assumption("china_device_share")
        used = exact(1.0, "1") / self.per_primary[element]
        self.offer(name, DEVICES[element], self.device_price(element), capacity, capacity_use=used)

    def spare(self, element: str) -> Figure:
        """Tonnes a year that China has for the participants: its output less what it and the rest of the world use."""
        table, number = "demand_estimates", self.sources.figure
        own = total(number(table, "quantity", material=element, iso3=place) for place in ("CHN", "ROW"))
        if element == "gallium":
            made = number("production_by_country", "quantity", material=element, measure="production", iso3="CHN")
            return (made - own) * self.growth(QUARTERS[-1])
        places = [row["iso3"] for row in self.sources.rows(table, material=element)]
        world = total(number(table, "quantity", material=element, iso3=place) for place in places)
        return number("stage_shares", "share", material=element, iso3="CHN") / 100.0 * world - own

    def gallium_refiners(self) -> None:
        """Crude to high-purity gallium: those that run, and new lines once the lead time of a refinery has passed."""
        assume, estimates = self.sources.assumption, "facilities_estimates"
        canada = self.sources.figure("import_sources_usa", "share", material="gallium", origin_iso3="CAN") / 100.0
        imports = self.sources.figure(
            "consumption_and_import_reliance", "value", form="Imports for consumption: Metal", year="2025"
        )
        rome, ppm = Plant(estimates, "Rome NY", "gallium"), Plant(estimates, "Langelsheim", "germanium")
        refiners: dict[str, tuple[str, Plant | None, Figure]] = {
            "Rome NY": ("", rome, self.capacity(rome)),
            "Langelsheim": ("", ppm, assume("ppm_gallium")),
            "CAN gallium refiners": ("CAN", None, canada * imports),
            "JPN gallium refiners": ("JPN", None, assume("jpn_gallium_refining")),
            "KOR gallium refiners": ("KOR", None, assume("kor_gallium_refining")),
        }
        for name, (place, plant, capacity) in refiners.items():
            self.site(name, place, "refiner", plant=plant)
            self.refine(name, capacity, QUARTERS[0])
        self.parameter("all", "new_refinery_lead_time")  # 3.5 years after the start: the third quarter of 2029
        for place in MAKERS:
            name = self.site(f"{place} new gallium lines", place, "refiner")
            self.refine(name, self.demand_2025("gallium", place) * assume("new_refining_share"), "2029Q3", new=True)

    def refine(self, site: str, capacity: Figure, start: str, new: bool = False) -> None:
        """Crude to refined gallium; what is left behind goes round."""
        cost = self.dollars("gallium_refining")
        self.process(
            f"{site} refining", site, start, capacity, cost, {"crude gallium": ONE}, {"refined gallium": ONE}, new
        )

    def germanium_refiners(self) -> None:
        """Scrap and concentrate to dioxide, dioxide to tetrachloride and metal."""
        estimates = "facilities_estimates"
        olen, ppm = Plant(estimates, "Olen germanium", "germanium"), Plant(estimates, "Langelsheim", "germanium")
        self.site("Olen", "", "refiner", plant=olen)
        recovered = exact(1.0, "1") / self.sources.assumption("scrap_recovery")
        for name, plant in {"Olen": olen, "Langelsheim": ppm}.items():
            capacity = self.capacity(plant)
            self.process(
                f"{name} recycling",
                name,
                QUARTERS[0],
                None,
                self.dollars("germanium_recycling"),
                {"germanium scrap": recovered},
                {"germanium concentrate": ONE},
            )
            self.germanium_step(name, "germanium_refining", "germanium concentrate", "germanium dioxide", capacity)
            self.germanium_step(name, "germanium_reduction", "germanium dioxide", "germanium metal", capacity)
        capacity = self.capacity(olen)
        self.germanium_step("Olen", "germanium_chlorination", "germanium dioxide", "germanium tetrachloride", capacity)
        ratio, assume = self.sources.assumption("chlorination_share"), self.sources.assumption
        optics = assume("optics_share") * self.per_primary["germanium"] / self.kept["germanium"]
        for place in GERMANIUM_MAKERS:
            name = self.site(f"{place} germanium makers", place, "refiner")
            needed = self.demand_2025("germanium", place) * ratio
            metal, fibre = needed * (assume("metal_share") + optics), needed * assume("fibre_share")
            self.germanium_step(name, "germanium_reduction", "germanium dioxide", "germanium metal", metal)
            self.germanium_step(name, "germanium_chlorination", "germanium dioxide", "germanium tetrachloride", fibre)

    def germanium_step(self, site: str, cost: str, feed: str, product: str, capacity: Figure) -> None:
        """One step of refining."""
        name = f"{site} {product.removeprefix('germanium ')}"
        used = exact(1.0, "1") / self.step
        self.process(name, site, QUARTERS[0], capacity, self.dollars(cost), {feed: used}, {product: ONE})

    def devices(self) -> None:
        """Wafers and optics, with the new scrap that their making leaves."""
        one = exact(1.0, "1")
        premium, ratio = self.sources.assumption("device_premium"), self.sources.assumption("maker_ratio")
        for place in MAKERS:
            for element, device in DEVICES.items():
                kept, feed = self.kept[element], "refined gallium" if element == "gallium" else "germanium metal"
                name = self.site(f"{place} {device.split()[1]} makers", place, "device maker")
                self.process(
                    f"{name} making",
                    name,
                    QUARTERS[0],
                    self.devices_needed(element, place, QUARTERS[-1]) * ratio,
                    self.conversion(element) * premium,
                    {feed: one / kept},
                    {device: ONE, f"{element} scrap": (one - kept) / kept},
                )
            recovered = one / self.sources.assumption("scrap_recovery")
            self.process(
                f"{place} wafer makers reclaim",
                f"{place} wafer makers",
                QUARTERS[0],
                None,
                self.dollars("reclaim_cost"),
                {"gallium scrap": recovered},
                {"refined gallium": ONE},
            )

    def devices_needed(self, element: str, place: str, quarter: str) -> Figure:
        """Tonnes a year in wafers or optics that a place needs."""
        share = self.sources.assumption("wafer_share" if element == "gallium" else "optics_share")
        primary = self.demand_2025(element, place) * share * self.per_primary[element]
        return primary * self.growth(quarter) if element == "gallium" else primary

    def markets(self) -> None:
        """Demand by participant, priority and quarter; that for germanium stands still."""
        assume, one = self.sources.assumption, exact(1.0, "1")
        weapons = {"gallium": assume("defence_wafer_share"), "germanium": assume("defence_optics_share")}
        direct = {
            ("germanium tetrachloride", "essential"): assume("fibre_share"),
            ("germanium metal", "essential"): assume("metal_share"),
            ("germanium dioxide", "civil"): one
            - (assume("optics_share") + assume("fibre_share") + assume("metal_share")),
        }
        for place in PARTICIPANTS:
            market, defence = (self.site(f"{place} {name}", place, "market") for name in ("market", "defence"))
            for quarter in QUARTERS:
                wafers = self.devices_needed("gallium", place, quarter)
                metal = self.demand_2025("gallium", place) * self.growth(quarter) * (one - assume("wafer_share"))
                self.demand(defence, "gallium wafer", "defence", wafers * weapons["gallium"], quarter)
                self.demand(market, "gallium wafer", "essential", wafers * (one - weapons["gallium"]), quarter)
                self.demand(market, "refined gallium", "civil", metal, quarter)
            optics = self.devices_needed("germanium", place, "")
            self.demand(defence, "infrared optics", "defence", optics * weapons["germanium"])
            self.demand(market, "infrared optics", "civil", optics * (one - weapons["germanium"]))
            for (material, priority), share in direct.items():
                self.demand(market, material, priority, self.demand_2025("germanium", place) * share)

    def demand(self, site: str, material: str, priority: str, quantity: Figure, period: str = "") -> None:
        """What a market needs, a year."""
        key = {"site": site, "material": material, "period": period, "priority": priority}
        self.book.add("demands", key, quantity=quantity)

    def gross(self, element: str, place: str) -> Figure:
        """Tonnes of refined gallium or of dioxide that a place uses in 2025, scrap that goes round included."""
        share = self.sources.assumption("wafer_share" if element == "gallium" else "optics_share")
        turned = self.per_primary[element] / self.kept[element]
        return self.demand_2025(element, place) * (share * turned + (exact(1.0, "1") - share))

    def stockpiles(self) -> None:
        """Stocks of users, by the days that USGS reports for the United States, and those of governments."""
        table = "consumption_and_import_reliance"
        held = self.sources.figure(table, "value", material="gallium", indicator="stocks", year="2025")
        years = held / self.demand_2025("gallium", "USA")
        days = self.sources.assumption("user_days")
        makers = [("gallium", "wafer makers", MAKERS), ("germanium", "germanium makers", GERMANIUM_MAKERS)]
        for element, name, places in makers:
            for place in places:
                initial = self.demand_2025(element, place) * years
                self.store(f"{place} {name}", element, covers=f"{place} {name}", initial=initial, cover_days=days)
        policy = self.sources.figure
        table, metric = "stockpile_policy", "target_days_domestic_consumption"
        first, then = (policy(table, "value", iso3="JPN", metric=metric, value=value) for value in ("60.0", "180.0"))
        before, after = (
            policy(table, "value", iso3="KOR", material="rare_metals", metric=name)
            for name in ("previous_days", "target_days")
        )
        for place, start, now, later in (("JPN", "2029Q1", first, then), ("KOR", "2030Q4", before, after)):
            name = self.site(f"{place} reserve", place, "depot")
            for element in self.kept:
                initial = self.gross(element, place) * now / 365.0
                last = QUARTERS[QUARTERS.index(start) - 1]
                self.store(name, element, covers=place, until=last, cover_days=now, initial=initial)
                self.store(name, element, covers=place, from_=start, cover_days=later)
        india = policy("stockpile_policy_estimates", "value", iso3="IND", material="critical_minerals")
        self.site("IND reserve", "IND", "depot")
        self.store("IND reserve", "gallium", covers="IND", from_="2029Q1", cover_days=india)

    def store(self, site: str, element: str, covers: str, from_: str = "", until: str = "", **cells: Figure) -> None:
        """A stock of refined gallium or of dioxide, and whose use it covers."""
        material = "refined gallium" if element == "gallium" else "germanium dioxide"
        rate = self.sources.assumption("depot_rate")
        self.book.add(
            "stockpiles",
            {"site": site, "material": material, "from": from_},
            until=until,
            fill_rate=rate,
            release_rate=rate,
            holding_cost=self.price_in_china(material) * self.parameter("all", "stockpile_holding_cost"),
            covers=covers,
            **cells,
        )

    def freight(self) -> None:
        """By air, concentrate and scrap by sea; what China ships waits for its licence."""
        label = {material: material for material in (*BY_SEA, "crude gallium")}
        label |= {material: row[0] for material, row in MATERIALS.items() if row[0] in BY_AIR}
        wanted = self.trades(label)
        for name in (*BY_SEA, *BY_AIR):
            column = "material" if name in MATERIALS else "stage"
            for origin in PLACES:
                for destination in PLACES:
                    if (name, origin, destination) in wanted:
                        key = {"origin": origin, "destination": destination, column: name}
                        self.book.add("freight", key, **self.rate(origin, destination, name in BY_SEA))

    def rate(self, origin: str, destination: str, by_sea: bool) -> dict[str, Figure]:
        """Freight of a tonne, and the quarters between dispatch and arrival where they are not none."""
        if origin == destination:
            return {"freight": self.sources.assumption("road_km_domestic") * self.transport("road")}
        distance = self.distance(origin, destination, "sea_km" if by_sea else "great_circle_km")
        mode = "sea_container" if by_sea else "air"
        cells = {"freight": distance * self.transport(mode) + self.transport("port_handling") * 2.0}
        days = exact(0.0, "less than a week by air")
        if by_sea:
            days = distance / self.transport("speed_sea") + self.transport("dwell_port") * 2.0
        extra = {"CHN": "licence_days", "COD": "inland_days"}.get(origin)
        if extra:
            days = days + self.sources.assumption(extra)
        quarters = whole(days / (365.0 / 4))
        return cells | {"lead_time": quarters} if quarters.value else cells

    def under_way(self) -> None:
        """What China had dispatched before the first quarter."""
        assume, one = self.sources.assumption, exact(1.0, "1")
        part = assume("under_way") / 4.0
        wafers, direct = assume("wafer_share"), one - assume("wafer_share")
        for place in PARTICIPANTS:
            primary = self.demand_2025("gallium", place) * part
            self.shipment("gallium", f"{place} market", "refined gallium", primary * direct)
            if place in MAKERS:
                self.shipment("gallium", f"{place} wafer makers", "refined gallium", primary * wafers)
            for element, device in DEVICES.items():
                made = self.devices_needed(element, place, QUARTERS[0]) * part * assume("china_device_share")
                self.shipment(element, f"{place} market", device, made)
        for place in GERMANIUM_MAKERS:
            primary = self.demand_2025("germanium", place) * part
            self.shipment("germanium", f"{place} germanium makers", "germanium dioxide", primary)
        rest = total(self.demand_2025("germanium", place) for place in PARTICIPANTS if place not in GERMANIUM_MAKERS)
        self.shipment("germanium", "Olen", "germanium dioxide", rest * part)

    def shipment(self, element: str, destination: str, material: str, quantity: Figure) -> None:
        """A shipment from China that arrives in the first quarter."""
        key = {"origin": f"China {element} producers", "destination": destination, "material": material}
        self.book.add("in_transit", {**key, "arrives": QUARTERS[0]}, quantity=quantity, paid="no")

    def duties(self) -> None:
        """Doped wafers of any element stand in the heading that the United States put a duty on."""
        rate = self.sources.figure("tariffs", "rate_pct", importer_iso3="USA", origin_iso3="CHN")
        self.book.add("duties", {"origin": "CHN", "destination": "USA", "material": "gallium wafer"}, duty=rate / 100.0)

    def rules(self) -> None:
        """Share caps at every stage, phased in; what the EU processes; the ban; weapons without third countries."""
        for stage in ("crude", "refined", "high purity", "device"):
            for year in YEARS:
                self.book.add(
                    "rules",
                    {"rule": f"third-country-{stage.replace(' ', '-')}", "from": f"{year}Q1"},
                    until=f"{year}Q4" if year < YEARS[-1] else "",
                    kind="max_share",
                    limit=self.cap(year),
                    subject_by="place",
                    except_="home",
                    stage=stage,
                    market="allies",
                    basis="purchases",
                    **OF_CONSUMPTION,
                    market_pool="together",
                    source="Benchmark of Regulation (EU) 2024/1252, Art. 5(1)(b), for all participants",
                )
        self.floors()
        self.quantities()

    def floors(self) -> None:
        """What the EU processes by its own benchmark, and the makers that stay."""
        self.book.add(
            "rules",
            {"rule": "EU-processing", "from": f"{YEARS[-1]}Q1"},
            kind="min_share",
            limit=self.benchmark("crma_processing_share_of_consumption_2030"),
            subject_by="group",
            subject="EU27",
            stage="refined",
            market="EU27",
            market_pool="together",
            basis="made",
            **OF_CONSUMPTION,
            source="Benchmark of Regulation (EU) 2024/1252, Art. 5(1)(a)",
        )
        for place in MAKERS:
            stages = ["high purity", "device"] if place in GERMANIUM_MAKERS else ["device"]
            self.book.add(
                "rules",
                {"rule": f"industry-{place}", "from": ""},
                kind="min_share",
                limit=self.sources.assumption("industry_kept"),
                subject_by="place",
                subject=place,
                stage=";".join(stages),
                stage_pool="each",
                market=place,
                basis="made",
                **OF_CONSUMPTION,
                source="Policy choice of the instance: what a participant makes today it keeps making",
            )

    def cap(self, year: int) -> Figure:
        """Largest share of one third country: phased in, in the last year the benchmark of the EU."""
        if year == YEARS[-1]:
            return self.benchmark("crma_max_single_third_country_share_2030")
        return self.sources.assumption(f"cap_{year}")

    def benchmark(self, metric: str) -> Figure:
        """A benchmark of the EU, as a fraction."""
        return self.sources.figure("stockpile_policy_estimates", "value", iso3="EU27", metric=metric) / 100.0

    def events(self) -> None:
        """Trade restrictions that were met, each as if it came again from 2027 on."""
        self.event(
            "export_controls",
            "CHN-2024-USban",
            "2027Q1",
            "Gallium and germanium; antimony is not planned. As long as it held, four quarters, from the quarter on in "
            "which its suspension lapses: nothing leaves China for the United States.",
            {"place": "CHN", "activity": "ship", "to": "USA", "until": "2027Q4"},
        )
        self.event(
            "export_controls",
            "CHN-2023-GaGe",
            "2027Q1",
            "As if no licence were granted for a quarter: nothing leaves China.",
            {"place": "CHN", "activity": "ship", "until": "2027Q1"},
        )

    def quantities(self) -> None:
        """The ban that comes back, and weapons without third countries."""
        self.sources.rows("export_controls", kind="ban")
        (lapse,) = {row["end_or_suspension_date"] for row in self.sources.rows("export_controls", kind="suspension")}
        common = {"kind": "max_quantity", "basis": "purchases", "per": "year", "pool": "together"}
        self.book.add(
            "rules",
            {"rule": "export-ban", "from": "2027Q1"},
            **common,
            limit=self.sources.assumption("banned"),
            subject_by="place",
            subject="CHN",
            market="USA",
            stage_pool="together",
            source=f"MOFCOM Announcement No. 46 of 2024, suspended until {lapse}; a shipment takes a quarter",
        )
        self.book.add(
            "rules",
            {"rule": "weapons-from-participants", "from": ""},
            **common,
            limit=self.sources.assumption("untrusted"),
            subject_by="group",
            subject="third",
            stage="device",
            market="defence buyers",
            market_pool="together",
            source="Policy choice of the instance",
        )

    def left_out(self) -> None:
        """Source rows that a reader would look for and that are not planned, each with the reason."""
        projects = {
            "METLEN — Aluminium of Greece": "Planned from the facility row of Agios Nikolaos, which says 2028",
            "Rio Tinto / Indium Corp — Vaudreuil (Québec)": "Planned from the facility rows of Vaudreuil and Rome NY",
            "Teck — Trail Operations": "Planned from the facility row of Trail; no gallium output is known there",
            "Umicore — GePETO / Ge recycling": "Planned as recycling at Olen, from its facility row",
            "STL / Umicore — Big Hill (Lubumbashi)": "Planned from the facility row of Big Hill",
        }
        for row in self.sources.unused("projects_pipeline"):
            key = f"{row['project']};{row['material']}"
            self.book.leave_out("projects_pipeline.csv", key, projects[row["project"]])
        for table in ("facilities", "facilities_estimates"):
            for row in self.sources.unused(table):
                raise LookupError(f"{table}.csv: {row['facility']} is neither planned nor left out with a reason")
        for table, key, reason in LEFT_OUT:
            self.book.leave_out(f"{table}.csv", key, reason)


def whole(figure: Figure) -> Figure:
    """The nearest whole number, and those of its range."""
    value, low, high = (float(round(end)) for end in (figure.value, figure.low, figure.high))
    return replace(figure, value=value, low=low, high=high, formula=f"round{figure.formula}")


if __name__ == "__main__":
    command(HERE, __doc__, ByProducts, HEADER, WANTED)
