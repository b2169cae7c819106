"""A small complete instance: every table, every kind of column."""

from pathlib import Path

HEADER = """name = "small"
title = "Every table, every column that faults are made in"
currency = "USD"
mass_unit = "t"
first_period = "2027"
periods = 4
period_length = "year"
discount_rate = 0.05
home = "allies"
"""

TABLES = {
    "materials": """material,stage,element,basis,customs_value,disposal_cost
ore,mine,Nd,contained,,0
oxide,oxide,Nd,contained,60,-1
lanthana,oxide,La,contained,2,1
magnet,magnet,,product,,0
""",
    "contents": """material,element,content
magnet,Nd,0.3
""",
    "places": """place,name,latitude,longitude,risk
AUS,Australia,-25,134,0.1
MYS,Malaysia,3,102,0.3
CHN,China,35,103,0.6
JPN,Japan,36,138,0.1
USA,United States,39,-98,0.1
DEU,Germany,51,10,0.1
""",
    "groups": """group,member
allies,JPN
allies,americas
americas,USA
concern,CHN
""",
    "sites": """site,place,owner,kind,capacity
Weld,AUS,Lynas,mine,5000
Kuantan,MYS,Lynas,separation plant,
Baotou,CHN,Northern,separation plant,
Osaka,JPN,Shin,magnet maker,
Tokyo,JPN,Metro,market,
Dallas,USA,Metro,market,
Depot,USA,,depot,
""",
    "offers": """site,material,from,until,price,capacity,fixed_cost,min_award,capacity_use,setup_use,origin
Weld,ore,,2028,20,4000,1000,100,1,10,AUS
Weld,ore,2029,,22,4000,0,0,1,0,
Baotou,oxide,,,55,9000,0,0,1,0,CHN
Baotou,magnet,,,120,5000,0,0,1,0,
""",
    "tiers": """site,material,from_quantity,price,scheme
Baotou,magnet,1000,115,incremental
Baotou,magnet,2500,110,incremental
""",
    "processes": """process,site,capacity,cost,fixed_cost,min_load,from,until
separate,Kuantan,3000,8,500,0.2,,
press,Osaka,4000,30,0,0,2027,2030
""",
    "recipes": """process,material,input,output
separate,ore,1,
separate,oxide,,0.6
separate,lanthana,,0.3
press,oxide,0.35,
press,magnet,,1
""",
    "lanes": """origin,destination,material,freight,duty,customs_value,loss,lead_time,capacity,fixed_cost
Weld,Kuantan,ore,1,,,0.01,0,,0
Kuantan,Osaka,oxide,2,0,,0,1,2000,10
Baotou,Osaka,oxide,2,,,0,0,,0
Baotou,Dallas,magnet,3,0.1,110,0,0,,0
Osaka,Dallas,magnet,3,,,0,0,,0
Osaka,Depot,magnet,3,,,0,0,,0
Depot,Dallas,magnet,1,,,0,0,,0
""",
    "routes": """origin,destination,capacity,fixed_cost
Osaka,Dallas,6000,0
""",
    "freight": """origin,destination,stage,material,freight,lead_time,loss
JPN,JPN,magnet,,0.5,0,0
CHN,JPN,,magnet,4,0,0
""",
    "duties": """origin,destination,material,duty,from,until
CHN,allies,,0.25,,
CHN,JPN,oxide,0.1,2028,
""",
    "attributes": """site,material,attribute,value
Osaka,magnet,risk,0.2
Kuantan,,recycled,0.1
Baotou,,risk,0.7
""",
    "in_transit": """origin,destination,material,arrives,quantity,paid,final
Kuantan,Osaka,oxide,2027,50,no,
Kuantan,Osaka,oxide,2031,,,100
""",
    "demands": """site,material,period,priority,quantity
Tokyo,magnet,,defence,100
Dallas,magnet,2027,civil,200
Dallas,magnet,2028,civil,210
Dallas,magnet,2029,civil,220
Dallas,magnet,2030,civil,230
""",
    "priorities": """priority,rank,unmet_cost
defence,1,5000
civil,2,3000
""",
    "stockpiles": """site,material,from,until,initial,initial_origin,capacity,cover_days,covers,final
Depot,magnet,,2028,20,JPN,100,10,Dallas,
Depot,magnet,2029,,,,150,10,Dallas,25
Osaka,oxide,,,5,,50,5,,
""",
    "scenarios": """scenario,probability,start,description
halt,0.25,2028,Nothing leaves China
calm,0.75,,Nothing happens
""",
    "disruptions": """scenario,line,place,owner,site,group,material,stage,activity,to,\
from,until,keeps,price_factor,demand_factor
halt,1,CHN,,,,oxide,,ship,allies,2028,2029,0.5,1,1
halt,2,,,,concern,,oxide,sell,,,,,1.5,1
halt,3,,,Dallas,,magnet,,,,,,,1,1.2
""",
    "rules": """rule,from,until,kind,limit,subject_by,subject,except,material,stage,market,\
basis,base,per,pool,market_pool,penalty,attribute
cap,,2028,max_share,0.9,place,,home,magnet,,allies,purchases,consumption,year,,together,,
cap,2029,,max_share,0.8,place,,home,magnet,,allies,purchases,consumption,year,,together,50,
lynas,,,max_quantity,1500,owner,Lynas,,oxide,,,made,,year,,,,
china,,,max_share,0.95,group,concern,,,oxide,Osaka,purchases,purchases,period,together,,10,
few,,,max_suppliers,2,place,,,magnet,,Dallas,purchases,,year,,,,
risk,,,max_average,0.5,,,,magnet,,Dallas,purchases,,year,,,200,risk
budget,2028,,max_spend,500000,place,CHN,,magnet,,allies,purchases,,year,,together,,
""",
}


def files() -> dict[str, str]:
    """The sound instance, as files."""
    return {"instance.toml": HEADER, **{f"{table}.csv": text for table, text in TABLES.items()}}


def write(folder: Path, copy: dict[str, str]) -> Path:
    """Write the files of a copy into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in copy.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder
