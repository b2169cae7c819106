"""``planner new``: something to start from."""

import argparse
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from planner import policies, terminal
from planner.commands.options import BUILT_IN, INSTANCE
from planner.errors import SettingsError

if TYPE_CHECKING:
    from planner.instance import Instance

HELP = "Write a small whole instance, empty tables or a generated network into a new folder or workbook."


def arguments(command: argparse.ArgumentParser) -> None:
    """Where to write, and what."""
    command.add_argument("name", metavar="NAME", help="folder to write; must not exist")
    content = command.add_mutually_exclusive_group()
    content.add_argument("--empty", action="store_true", help="all tables with their header row only")
    size = "a network by lot whose model has about so many columns"
    content.add_argument("--generate", metavar="COLUMNS", type=_whole, help=size)
    content.add_argument("--from", dest="source", metavar="INSTANCE", help=f"a copy: {INSTANCE}")
    rules = "put ready rules into it, or into allied-magnets where nothing else is named: " + ", ".join(
        policies.names()
    )
    command.add_argument("--policy", metavar="POLICY", action="append", default=[], help=rules)
    command.add_argument("--excel", action="store_true", help="one workbook to fill in, NAME.xlsx")
    command.add_argument("--seed", type=_whole, default=1, help="the same seed gives the same network (1)")


def _whole(text: str) -> int:
    """A whole number of at least 1, of the command line."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number of at least 1")
    return int(text)


def run(options: argparse.Namespace) -> int:
    """Write a small whole instance, empty tables or a generated network into a new folder."""
    from planner.read import builtin_folder
    from planner.tables import TABLES, columns

    folder = Path(options.name)
    if options.excel:
        return _workbook(folder if folder.suffix.lower() == ".xlsx" else Path(f"{folder}.xlsx"), options)
    if folder.exists():
        raise SettingsError(f"{folder} is there already; give a name that is free")
    if options.generate is not None:
        return _generate(folder, options.generate, options.seed)
    if options.source or options.policy:
        return _copy(folder, options.source or BUILT_IN, options.policy)
    source = None if options.empty else builtin_folder("tutorial")
    folder.mkdir(parents=True)
    rest = 'first_period = "2027"\nperiods = 1\nperiod_length = "year"\n'
    if source is None:
        for table in TABLES:
            (folder / f"{table}.csv").write_text(",".join(columns(table)) + "\n", "utf-8")
    else:
        rest = (source / "instance.toml").read_text("utf-8").partition("\n")[2]
        for path in source.glob("*.csv"):
            if path.stem in TABLES:
                shutil.copyfile(path, folder / path.name)
    name = json.dumps(folder.resolve().name, ensure_ascii=False)
    (folder / "instance.toml").write_text(f"name = {name}\n{rest}", "utf-8")
    terminal.say(f"{folder} is written; next: planner solve {folder}")
    return 0


def _workbook(path: Path, options: argparse.Namespace) -> int:
    """Write a workbook to fill in, with a sheet for every table."""
    from planner.companions import companions
    from planner.generate import network
    from planner.read import from_frames, load
    from planner.tables import Header
    from planner.workbook.instance import write_instance

    if path.exists():
        raise SettingsError(f"{path} is there already; give a name that is free")
    if options.generate is not None:
        instance = from_frames(*network(options.generate, options.seed)).with_header(name=path.stem)
    elif options.empty:
        instance = from_frames(Header(name=path.stem, first_period="2027", periods=1), {})
    elif options.source or options.policy:
        instance = _with_policies(options.source or BUILT_IN, path.stem, options.policy)
    else:
        instance = load("tutorial").with_header(name=path.stem)
    path.parent.mkdir(parents=True, exist_ok=True)
    copied = options.source or (BUILT_IN if options.policy else "")
    write_instance(instance, path, every=True, beside=companions(copied) if copied else None)
    terminal.say(f"{path} is written; fill it in, then: planner check {path}")
    return 0


def _copy(folder: Path, source: str, added: list[str]) -> int:
    """Write an instance, with policies, into a new folder."""
    from planner.companions import companions, write_companions
    from planner.runs import write_input

    beside = companions(source)
    instance = _with_policies(source, folder.resolve().name, added)
    folder.parent.mkdir(parents=True, exist_ok=True)
    write_input(instance, folder)
    write_companions(beside, folder)
    terminal.say(f"{folder} is written; next: planner solve {folder}")
    return 0


def _with_policies(source: str, called: str, added: list[str]) -> "Instance":
    """An instance under another name, with policies; tells what each adds."""
    from planner import policy
    from planner.read import load

    instance = load(source).with_header(name=called)
    for name in added:
        with_policy = policy.add(instance, name)
        instance = with_policy.instance
        terminal.say("\n  ".join([f"{name}:", *with_policy.told]))
    return instance


def _generate(folder: Path, count: int, seed: int) -> int:
    """Write a generated network into a new folder."""
    from planner.generate import network
    from planner.read import from_frames
    from planner.runs import write_input

    header, tables = network(count, seed)
    folder.parent.mkdir(parents=True, exist_ok=True)
    write_input(from_frames(header.model_copy(update={"name": folder.name}), tables), folder)
    terminal.say(f"{folder} is written; next: planner solve {folder}")
    return 0
