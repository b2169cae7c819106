"""``planner export``: an instance, its model or a plan in the form that another tool reads."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from planner import terminal
from planner.commands.options import INSTANCE
from planner.errors import SettingsError

if TYPE_CHECKING:
    from planner.companions import Companions
    from planner.instance import Instance

HELP = "Write an instance as folder, workbook or model file, or the plan of a run as workbook or folder."
MODELS = (".lp", ".mps")


def arguments(command: argparse.ArgumentParser) -> None:
    """What, and where to."""
    command.add_argument("source", metavar="SOURCE", help=f"{INSTANCE}; or folder of a run")
    where = (
        "FILE.xlsx; FOLDER (CSV tables and datapackage.json; of a run: parquet too); of an instance also FILE.lp or "
        "FILE.mps, with readable names"
    )
    command.add_argument("--to", metavar="TARGET", required=True, help=where)


def run(options: argparse.Namespace) -> int:
    """Write an instance or a plan in another form."""
    source, target = Path(options.source), Path(options.to)
    if (source / "manifest.json").is_file():
        _plan(source, target)
    else:
        from planner.companions import companions
        from planner.read import load

        _instance(load(options.source), companions(options.source), target)
    told = f"{target} is written"
    if options.json:
        terminal.document({"written": str(target)})
    else:
        terminal.say(told)
    return 0


def _plan(run: Path, target: Path) -> None:
    """The plan of a run as workbook or folder."""
    from planner import runs

    plan = runs.read(run)
    if target.suffix.lower() == ".xlsx":
        from planner.workbook.plan import write_plan

        write_plan(plan, _file(target))
    elif target.suffix:
        raise SettingsError(f"a plan is written as FILE.xlsx or FOLDER, not as {target.name}")
    else:
        from planner.datapackage import write_plan_folder

        write_plan_folder(plan, _folder(target))


def _instance(instance: "Instance", beside: "Companions", target: Path) -> None:
    """An instance as workbook, folder or model file; what stands beside its tables goes with them."""
    kind = target.suffix.lower()
    if kind == ".xlsx":
        from planner.workbook.instance import write_instance

        write_instance(instance, _file(target), beside=beside)
    elif kind in MODELS:
        from planner.modelfile import write_model

        write_model(instance, _file(target))
    elif kind:
        raise SettingsError(f"an instance is written as FILE.xlsx, FILE.lp, FILE.mps or FOLDER, not as {target.name}")
    else:
        from planner.companions import write_companions
        from planner.runs import write_input

        write_input(instance, _folder(target))
        write_companions(beside, target)


def _file(target: Path) -> Path:
    """A file that is written anew; its folder is made.

    Raises:
        SettingsError: a folder stands there.
    """
    if target.is_dir():
        raise SettingsError(f"{target} is a folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def _folder(target: Path) -> Path:
    """A folder that is not there yet; the one above it is made.

    Raises:
        SettingsError: it is there.
    """
    if target.exists():
        raise SettingsError(f"{target} is there already; give a name that is free")
    target.parent.mkdir(parents=True, exist_ok=True)
    return target
