"""Faults that are put into the small instance, one by one, and how each must be named."""

from dataclasses import dataclass

from tests.small import TABLES


@dataclass(frozen=True)
class Fault:
    """One fault: what is replaced where, and how it must be named."""

    table: str
    """Table in which it is reported; ``instance`` for the header."""
    line: int | None
    """Line at which it is reported."""
    column: str
    """Column at which it is reported."""
    told: str
    """Part of the message."""
    old: str
    """Text that is replaced, empty to add ``new`` at the end."""
    new: str
    """What takes its place."""
    file: str = ""
    """File that is changed, if not that of the table."""
    batch: int = 0
    """Faults of one batch do not hide each other; -1 stands alone."""
    warning: bool = False
    """Whether it is a warning, not a problem."""


FAULTS = (
    # cells
    Fault("materials", 5, "basis", "none of contained, product; did you mean 'product'", ",product,", ",produkt,"),
    Fault(
        "materials",
        4,
        "disposal_cost",
        "not a number",
        "lanthana,oxide,La,contained,2,1",
        "lanthana,oxide,La,contained,2,one",
    ),
    Fault("contents", 2, "content", "above 1 (a fraction: 0.3 for 30 %)", "magnet,Nd,0.3", "magnet,Nd,30"),
    Fault("places", 2, "latitude", "below -90", "-25", "-250"),
    Fault("places", 4, "risk", "type 0.6", ",0.6", ",60%"),
    Fault("sites", 2, "capacity", "type 5000", "mine,5000", "mine,5_000"),
    Fault("offers", 2, "price", "type 20.5", ",20,4000", ',"20,5",4000'),
    Fault("offers", 4, "capacity", "leave the cell empty for no limit", "9000", "inf"),
    Fault("offers", 5, "price", "truth value", ",120,", ",True,"),
    Fault("offers", 3, "fixed_cost", "below 0", "4000,0,0,1,0,\n", "4000,-1,0,1,0,\n"),
    Fault("processes", 3, "cost", "is not finite", "4000,30", "4000,inf"),
    Fault("processes", 2, "min_load", "above 1 (a fraction: 0.2 for 20 %)", "500,0.2", "500,20"),
    Fault("recipes", 3, "output", "leave the cell empty", ",,0.6", ",,nan"),
    Fault("lanes", 3, "lead_time", "not a whole number", ",0,1,2000", ",0,1.5,2000"),
    Fault("lanes", 2, "loss", "is not below 1", ",0.01,", ",1,", batch=1),
    Fault("freight", 2, "freight", "is empty; give a number", ",,0.5,", ",,,"),
    Fault("duties", 3, "duty", "type 0.1", "oxide,0.1", "oxide,10%"),
    Fault("duties", 3, "from", "is no period", "2028", "28"),
    Fault("in_transit", 2, "paid", "none of yes, no", "50,no", "50,nope"),
    Fault("demands", 2, "quantity", "is empty", "defence,100", "defence,"),
    Fault("demands", 3, "quantity", "type 1200, or 1.200 if it is a decimal", "civil,200", 'civil,"1,200"'),
    Fault("priorities", 3, "rank", "below 1", "civil,2", "civil,0"),
    Fault("stockpiles", 4, "cover_days", "above 3650", "50,5,", "50,99999,"),
    Fault("rules", 4, "kind", "did you mean 'max_quantity'", "max_quantity", "max_quantiy"),
    Fault("rules", 6, "basis", "is for shares, quantities and", "Dallas,purchases,,year", "Dallas,origin,,year"),
    # header
    Fault("instance", 3, "curency", "did you mean 'currency'", "currency", "curency", "instance.toml"),
    Fault("instance", 8, "discount_rate", "(a fraction: 0.05 for 5 %)", "0.05", "5.0", "instance.toml", 1),
    Fault("instance", 6, "periods", "below 1", "periods = 4", "periods = 0", "instance.toml", 30),
    Fault("instance", 5, "first_period", "is no period", '"2027"', '"27"', "instance.toml", 31),
    Fault("instance", 7, "period_length", "did you mean 'year'", '"year"', '"years"', "instance.toml", 32),
    Fault("instance", 6, "", "is no TOML", "periods = 4", "periods = four", "instance.toml", -1),
    Fault(
        "instance",
        7,
        "periods",
        "is text; write a number",
        "periods = 4",
        'sources = "x"\nperiods = "four"',
        "instance.toml",
        33,
    ),
    Fault("instance", None, "name", "the key 'name' is missing", 'name = "small"', "", "instance.toml", 6),
    Fault("instance", 9, "home", "did you mean 'allies'", '"allies"', '"alies"', "instance.toml", 7),
    Fault("instance", 5, "first_period", "is no quarter", '"year"', '"quarter"', "instance.toml", 34),
    # columns, tables, files
    Fault("offers", 1, "capcity", "did you mean 'capacity'", "capacity,fixed", "capcity,fixed", batch=2),
    Fault("sites", None, "site", "the column 'site' is missing", "site,place", "sight,place", batch=3),
    Fault("lanes", 1, "freight", "stands twice", "duty,customs_value", "freight,customs_value", batch=3),
    Fault("ofers", None, "", "did you mean 'offers'", "", "site\n", "ofers.csv"),
    Fault("discounts", None, "", "not yet supported", "", "seller\n", "discounts.csv"),
    Fault(
        "demands",
        1,
        "",
        "separated by semicolons",
        "site,material,period,priority,quantity",
        "site;material;period",
        batch=4,
    ),
    Fault("places", 3, "", "has 6 cells where the header has 5", "102,0.3", "102,0,3", batch=1),
    Fault("places", 3, "", "has 4 cells where the header has 5", "102,0.3", "102", batch=2),
    Fault("places", 2, "", "never closed", "AUS,Australia", 'AUS,"Australia', batch=5),
    Fault("routes", None, "", "is empty", TABLES["routes"], "", batch=1),
    # names
    Fault("contents", 2, "material", "did you mean 'magnet'", "magnet,Nd", "magnets,Nd"),
    Fault("sites", 4, "place", "no place 'CHN2'", "Baotou,CHN", "Baotou,CHN2"),
    Fault("groups", 5, "member", "no place, owner, site or group", "concern,CHN", "concern,XYZ"),
    Fault("groups", 4, "member", "holds itself", "americas,USA", "americas,allies", batch=1),
    Fault("sites", 4, "owner", "'CHN' is also a place (places line 4)", "Northern", "CHN", batch=1),
    Fault("offers", 4, "site", "did you mean 'Baotou'", "Baotou,oxide,,,55", "Baotu,oxide,,,55"),
    Fault("offers", 2, "origin", "no place 'AUT'; did you mean 'AUS'", "10,AUS", "10,AUT"),
    Fault("processes", 3, "site", "did you mean 'Osaka'", "press,Osaka", "press,Osaca"),
    Fault("recipes", 5, "process", "did you mean 'press'", "press,oxide", "pres,oxide"),
    Fault("recipes", 6, "material", "no material", "press,magnet", "press,magnett"),
    Fault("lanes", 2, "origin", "no site 'MYS': it is a place", "Weld,Kuantan,ore,1", "MYS,Kuantan,ore,1"),
    Fault("lanes", 5, "destination", "did you mean 'Dallas'", "Baotou,Dallas", "Baotou,Dalas"),
    Fault("routes", 2, "origin", "no site", "Osaka,Dallas,6000", "Osakka,Dallas,6000"),
    Fault("freight", 2, "stage", "no stage 'magnets'; did you mean 'magnet'", "JPN,JPN,magnet", "JPN,JPN,magnets"),
    Fault("freight", 3, "origin", "no place", "CHN,JPN,,magnet", "CHX,JPN,,magnet"),
    Fault("duties", 2, "destination", "no place or group 'ally'", "CHN,allies", "CHN,ally"),
    Fault(
        "in_transit", 3, "destination", "did you mean 'Osaka'", "Kuantan,Osaka,oxide,2031", "Kuantan,Oska,oxide,2031"
    ),
    Fault("demands", 4, "site", "did you mean 'Dallas'", "Dallas,magnet,2028", "Dalas,magnet,2028"),
    Fault("demands", 5, "priority", "did you mean 'civil'", "2029,civil", "2029,civic"),
    Fault("stockpiles", 2, "initial_origin", "no place", "20,JPN", "20,JAP"),
    Fault("stockpiles", 3, "covers", "no site, place or group", "150,10,Dallas", "150,10,Texas"),
    Fault("rules", 3, "except", "no place or group 'hom'", "0.8,place,,home", "0.8,place,,hom"),
    Fault("rules", 4, "subject", "did you mean 'Lynas'", "owner,Lynas", "owner,Linas", batch=1),
    Fault("rules", 5, "stage", "did you mean 'oxide'", "concern,,,oxide", "concern,,,oxid", batch=1),
    Fault("rules", 5, "market", "did you mean 'Osaka'", "oxide,Osaka,", "oxide,Osakka,", batch=2),
    Fault(
        "rules",
        2,
        "material",
        "did you mean 'magnet'",
        "home,magnet,,allies,purchases,consumption,year,,together,,\n",
        "home,magnat,,allies,purchases,consumption,year,,together,,\n",
        batch=1,
    ),
    Fault(
        "demands",
        4,
        "site",
        "the same site and material and period and priority as line 3",
        "2028,civil,210",
        "2027,civil,210",
        batch=1,
    ),
    # time
    Fault("processes", 3, "until", "lies before from ('2027')", "2027,2030", "2027,2026"),
    Fault("processes", 3, "from", "is no year", "2027,2030", "2027Q1,2030", batch=1),
    Fault("offers", 3, "from", "overlaps", "ore,2029", "ore,2028"),
    Fault("stockpiles", 3, "from", "leaves a gap after line 2", "magnet,2029", "magnet,2030"),
    Fault("rules", 3, "from", "overlaps", "cap,2029", "cap,2028", batch=1),
    Fault("duties", 3, "from", "outside the horizon", "2028", "2035", batch=1, warning=True),
    Fault("demands", 6, "period", "outside the horizon", "2030,civil", "2040,civil", batch=2, warning=True),
    Fault("demands", 3, "period", "none for 2030", "Dallas,magnet,2030,civil,230\n", "", batch=3, warning=True),
    # rows
    Fault("contents", 2, "material", "is counted as contained element", "magnet,Nd", "oxide,Nd", batch=1),
    Fault("offers", 2, "min_award", "above the capacity of 4000", "1000,100,", "1000,9999,", batch=1),
    Fault("processes", 2, "min_load", "fraction of the capacity, which is empty", "Kuantan,3000", "Kuantan,", batch=2),
    Fault("processes", 3, "process", "gives nothing out", "press,magnet,,1", "press,magnet,,", "recipes.csv", 3, True),
    Fault("processes", 4, "process", "has no recipe", "", "idle,Osaka,1,1,0,0,,\n", batch=4, warning=True),
    Fault("lanes", 6, "destination", "is the origin too", "Osaka,Dallas,magnet,3", "Osaka,Osaka,magnet,3", batch=1),
    Fault("freight", 2, "material", "beside a stage", "JPN,JPN,magnet,,", "JPN,JPN,magnet,ore,", batch=1),
    Fault("freight", 2, "stage", "neither a stage nor a material", "JPN,JPN,magnet,,", "JPN,JPN,,,", batch=2),
    Fault("in_transit", 2, "final", "is for arrivals after the horizon", "2027,50,no,", "2027,50,no,7", batch=1),
    Fault("in_transit", 3, "quantity", "arrives after the horizon", "2031,,,100", "2031,5,,100", batch=1),
    Fault("in_transit", 2, "arrives", "before the horizon", "oxide,2027", "oxide,2026", batch=2),
    Fault("stockpiles", 3, "initial", "stands on a later row", "2029,,,", "2029,,7,", batch=1),
    Fault("stockpiles", 2, "final", "stands on an earlier row", "100,10,Dallas,", "100,10,Dallas,30", batch=1),
    Fault("stockpiles", 2, "initial", "above the capacity of 100", "2028,20", "2028,200", batch=2),
    Fault("stockpiles", 3, "final", "above the capacity of 150", "Dallas,25", "Dallas,250", batch=2),
    Fault(
        "stockpiles",
        3,
        "cover_days",
        "the largest counts",
        "100,10,Dallas,\nDepot,magnet,2029,,,,150,10",
        "100,10,Dallas,\nDepot,magnet,2028,,,,150,20",
        batch=3,
        warning=True,
    ),
    Fault("rules", 2, "limit", "above 1 (a fraction: 0.9 for 90 %)", "max_share,0.9,", "max_share,90,", batch=2),
    Fault(
        "rules",
        3,
        "base",
        "is empty: say what the share is a share of",
        "allies,purchases,consumption,year,,together,50",
        "allies,purchases,,year,,together,50",
        batch=2,
    ),
    Fault("rules", 6, "limit", "no whole number of suppliers; write 2 or 3", "max_suppliers,2,", "max_suppliers,2.5,"),
    Fault("rules", 6, "base", "is for shares", "Dallas,purchases,,year", "Dallas,purchases,demand,year", batch=2),
    Fault("tiers", 2, "material", "offers no ore", "Baotou,magnet,1000", "Baotou,ore,1000", batch=2),
    Fault("tiers", 3, "scheme", "stands beside 'incremental' in line 2", "110,incremental", "110,all_units", batch=3),
    Fault("tiers", 3, "site", "the same site and material and from_quantity as line 2", "2500", "1000.0", batch=4),
    Fault("tiers", 3, "from_quantity", "the tier is never reached", "2500", "25000", batch=5, warning=True),
    Fault("tiers", 2, "from_quantity", "is below 0", "1000,115", "-1000,115", batch=6),
    Fault("tiers", 2, "site", "did you mean 'Baotou'", "Baotou,magnet,1000", "Baotau,magnet,1000", batch=7),
    Fault("rules", 4, "base", "is for shares", "made,,year", "made,demand,year", batch=2),
    Fault("rules", 4, "market", "takes no market", "oxide,,,made", "oxide,,Osaka,made", batch=3),
    Fault("rules", 5, "subject", "name the groups", "group,concern", "group,", batch=3),
    Fault(
        "rules",
        1,
        "home_inbase",
        "did you mean 'home_in_base'",
        "market_pool,penalty",
        "market_pool,home_inbase",
        batch=-1,
    ),
    Fault("rules", 7, "attribute", "is empty: say what is averaged", "year,,,200,risk", "year,,,200,", batch=4),
    Fault(
        "rules",
        6,
        "attribute",
        "'risk' is for averages",
        "Dallas,purchases,,year,,,,",
        "Dallas,purchases,,year,,,,risk",
        batch=4,
    ),
    Fault(
        "rules", 6, "subject_by", "is empty; give one of place", "max_suppliers,2,place", "max_suppliers,2,", batch=7
    ),
    Fault("rules", 8, "subject", "subject_by is empty", "500000,place,CHN", "900000,,CHN", batch=4),
    Fault(
        "attributes", 2, "value", "is no fraction: the attribute 'risk'", "magnet,risk,0.2", "magnet,risk,20", batch=4
    ),
    Fault("attributes", 2, "site", "did you mean 'Osaka'", "Osaka,magnet,risk", "Osaca,magnet,risk", batch=5),
    Fault("attributes", 2, "value", "is not a number", "magnet,risk,0.2", "magnet,risk,low", batch=8),
    # network
    Fault("rules", 7, "attribute", "did you mean 'risk'", "200,risk", "200,rsik", batch=11),
    Fault("rules", 7, "attribute", "no row of attributes gives 'carbon'", "200,risk", "200,carbon", batch=12),
    Fault("rules", 7, "limit", "it can never bind", "max_average,0.5", "max_average,0.9", batch=13, warning=True),
    Fault("rules", 7, "limit", "it forbids all of it", "max_average,0.5", "max_average,0.05", batch=15, warning=True),
    Fault(
        "attributes", 3, "site", "'Kuantan' sells no such material", "Kuantan,,", "Kuantan,ore,", batch=12, warning=True
    ),
    Fault(
        "lanes", 9, "origin", "neither sells nor stores", "", "Tokyo,Osaka,oxide,1,,,0,0,,0\n", batch=11, warning=True
    ),
    Fault(
        "lanes",
        9,
        "destination",
        "neither needs nor stores",
        "",
        "Osaka,Tokyo,oxide,1,,,0,0,,0\n",
        batch=12,
        warning=True,
    ),
    Fault(
        "routes", 2, "destination", "no lane joins these sites", "Osaka,Dallas", "Osaka,Weld", batch=11, warning=True
    ),
    Fault("lanes", 6, "customs_value", "no customs value", "Dallas,magnet,3,,,0", "Dallas,magnet,3,0.1,,0", batch=12),
    Fault("duties", 3, "duty", "equally well", "CHN,JPN,oxide,0.1,2028,", "concern,JPN,,0.1,2028,", batch=11),
    Fault(
        "rules",
        2,
        "market_pool",
        "2 markets are in scope",
        "consumption,year,,together,,\n",
        "consumption,year,,,,\n",
        batch=11,
    ),
    Fault("rules", 5, "pool", "2 materials of one stage", "period,together", "period,", batch=11),
    Fault("rules", 4, "subject", "it says: lynas: At most 1,500 t", "owner,Lynas", "owner,Metro", batch=11),
    Fault("rules", 5, "subject", "touches nothing", "group,concern", "group,americas", batch=12),
    Fault(
        "rules",
        3,
        "base",
        "has no demand for",
        "0.8,place,,home,magnet,,allies,purchases,consumption",
        "0.8,place,,home,oxide,,Osaka,purchases,demand",
        batch=12,
    ),
    Fault("demands", 7, "material", "nothing supplies 'ore' to 'Tokyo' in any period", "", "Tokyo,ore,,,5\n", batch=13),
    Fault(
        "demands",
        7,
        "material",
        "nothing supplies 'ore' to 'Tokyo'",
        "",
        "Tokyo,ore,,civil,5\n",
        batch=14,
        warning=True,
    ),
    Fault(
        "priorities",
        3,
        "unmet_cost",
        "below the cost of supplying magnet to Dallas",
        "civil,2,3000",
        "civil,2,30",
        batch=14,
        warning=True,
    ),
    Fault("groups", 6, "group", "holds no site", "", "empty,DEU\n", batch=15, warning=True),
    Fault("in_transit", 3, "arrives", "cannot be reached", "oxide,2031", "oxide,2035", batch=14, warning=True),
    Fault(
        "offers",
        6,
        "price",
        "far above the usual",
        "",
        "Depot,magnet,,,9999999,1,0,0,1,0,\nOsaka,magnet,,,110,1,0,0,1,0,\n",
        batch=14,
        warning=True,
    ),
    Fault("scenarios", 3, "probability", "add up to 0.95, not 1", "calm,0.75", "calm,0.7", batch=16, warning=True),
    Fault("scenarios", 2, "start", "outside the horizon", "halt,0.25,2028", "halt,0.25,2040", batch=-1),
    Fault("disruptions", 2, "place", "no place 'CHM'; did you mean 'CHN'", "halt,1,CHN", "halt,1,CHM", batch=-1),
    Fault("disruptions", 2, "scenario", "no scenario 'hald'; did you mean 'halt'", "halt,1", "hald,1", batch=-1),
    Fault("disruptions", 2, "to", "place or group 'alies'; did you mean 'allies'", "allies", "alies", batch=-1),
    Fault("disruptions", 3, "group", "no group 'concerm'; did you mean 'concern'", "concern", "concerm", batch=-1),
    Fault("disruptions", 2, "to", "only dispatches have a destination", ",ship,", ",make,", batch=-1),
    Fault("disruptions", 2, "keeps", "above 1", "2029,0.5", "2029,50", batch=-1),
    Fault("disruptions", 3, "price_factor", "prices are those of offers", ",sell,", ",make,", batch=-1),
    Fault("disruptions", 4, "", "hits no site", "halt,3,,", "halt,3,CHN,", batch=-1, warning=True),
    Fault("disruptions", 3, "price_factor", "an offer with tiers", ",,oxide,sell", ",magnet,,sell", batch=-1),
    Fault("instance", 8, "discount_rate", "is a discount of 50%", "0.05", "0.5", "instance.toml", 14, True),
)
