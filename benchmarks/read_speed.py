"""How long a large instance takes to be read and checked: ``python benchmarks/read_speed.py [rows]``.

Prints the seconds for a table of demands of so many rows (a million by default), from CSV and from frames, sound and
with a fault in every tenth row. Cells are made from a fixed seed; nothing is downloaded and nothing is kept.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from planner.errors import InputError
from planner.read import from_frames, load

SITES, MATERIALS, PERIODS = 500, 40, 120


def write_instance(folder: Path, rows: int) -> None:
    """An instance whose every site demands every material, offered and carried by one supplier."""
    sites = [f"market {number:04}" for number in range(SITES)]
    materials = [f"material {number:02}" for number in range(MATERIALS)]
    periods = [f"{2027 + t // 12}-{t % 12 + 1:02}" for t in range(PERIODS)]
    head = f'name = "large"\nfirst_period = "{periods[0]}"\nperiods = {PERIODS}\nperiod_length = "month"\n'
    (folder / "instance.toml").write_text(head)
    pd.DataFrame({"material": materials}).to_csv(folder / "materials.csv", index=False)
    pd.DataFrame({"site": ["mine", *sites]}).to_csv(folder / "sites.csv", index=False)
    pd.DataFrame({"site": "mine", "material": materials, "price": 10.0}).to_csv(folder / "offers.csv", index=False)
    pd.DataFrame({"priority": ["civil"], "unmet_cost": [1000.0]}).to_csv(folder / "priorities.csv", index=False)
    pairs = pd.MultiIndex.from_product([sites, materials], names=["destination", "material"]).to_frame(index=False)
    pairs.assign(origin="mine", freight=1.5).to_csv(folder / "lanes.csv", index=False)
    at = np.arange(rows)
    pd.DataFrame(
        {
            "site": np.array(sites)[at % SITES],
            "material": np.array(materials)[at // SITES % MATERIALS],
            "period": np.array(periods)[at // (SITES * MATERIALS) % PERIODS],
            "priority": "civil",
            "quantity": np.random.default_rng(1).uniform(1, 100, rows).round(3),
        }
    ).to_csv(folder / "demands.csv", index=False)


def main() -> None:
    """Print the seconds of each way."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_instance(folder, rows)
        start = time.perf_counter()
        instance = load(folder)
        print(f"{rows:,} rows from CSV, read and checked: {time.perf_counter() - start:.2f} s")
        start = time.perf_counter()
        from_frames(instance.header, dict(instance.tables))
        print(f"{rows:,} rows from frames, checked again: {time.perf_counter() - start:.2f} s")
        demands = instance["demands"].astype({"quantity": object})
        demands.loc[demands.index[::10], "quantity"] = "12,5"
        demands.loc[demands.index[5::10], "site"] = "market 9999"
        start = time.perf_counter()
        try:
            from_frames(instance.header, {**instance.tables, "demands": demands})
        except InputError as error:
            seconds = time.perf_counter() - start
            print(f"{rows // 5:,} faults in {rows:,} rows, told in {len(error.problems):,} lines: {seconds:.2f} s")


if __name__ == "__main__":
    main()
