"""``planner serve``: the planner in a browser."""

import argparse

from planner import terminal
from planner.commands.options import INSTANCE, given, settings
from planner.errors import SettingsError
from planner.settings import Settings

HELP = "Serve the planner as a web page: load, edit, solve, what if, compare."
CHOICES = ("time_limit", "gap", "threads", "seed", "algorithm", "report")


def arguments(command: argparse.ArgumentParser) -> None:
    """Where it listens, what lies on a new desk, and the settings of its solves."""
    command.add_argument("instance", metavar="INSTANCE", nargs="?", default="", help=f"{INSTANCE}, open at the start")
    told = "address to listen at (127.0.0.1: this machine alone; any other needs the token that is printed)"
    command.add_argument("--host", default="127.0.0.1", help=told)
    command.add_argument("--port", type=int, default=8080, help="port to listen at (8080; 0 takes any that is free)")
    settings(command, *CHOICES)


def run(options: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    try:
        from planner.app import server
    except ModuleNotFoundError as error:
        if error.name != "nicegui":
            raise
        told = "planner serve needs NiceGUI: pip install 'mineral-sourcing-planner[app]'"
        raise SettingsError(told) from error
    from planner.read import raw

    chosen = Settings(**given(options))
    if options.instance:
        raw(options.instance)
    port = server.free(options.host, options.port)
    token = server.token_for(options.host)
    url = server.address(options.host, port, token)
    if options.json:
        terminal.document({"url": url})
    else:
        terminal.say(f"The planner is served at {url}\nCtrl-C ends it.")
    server.serve(chosen, options.instance, options.host, port, token)
    return 0
