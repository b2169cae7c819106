"""Small instances as somebody uploads them."""

import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl

import planner
from planner.instance import Instance
from planner.workbook.instance import write_instance
from tests.builders import Trade


def two_countries(cap: float = 0.6) -> Instance:
    """100 t; A sells at 10, B at 16; no country above the cap: with 0.6, 60 t of A and 40 t of B cost 1240."""
    trade = Trade()
    trade.site("near", "A")
    trade.site("far", "B")
    trade.seller("near", 10)
    trade.seller("far", 16)
    trade.demand(100)
    trade.rule("max_share", cap, base="purchases", rule="cap")
    return planner.from_frames(trade.header, trade.tables)


def workbook(instance: Instance, folder: Path, **cells: Any) -> bytes:
    """An instance as a workbook, some cells written over: ``offers_E3=…``."""
    path = folder / "book.xlsx"
    write_instance(instance, path)
    book = openpyxl.load_workbook(path)
    for place, value in cells.items():
        sheet, _, cell = place.rpartition("_")
        book[sheet][cell] = value
    book.save(path)
    return path.read_bytes()


def zipped(files: dict[str, str], inside: str = "") -> bytes:
    """Files as a zip, in a folder of it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{inside}{name}", text)
    return content.getvalue()
