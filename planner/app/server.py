"""The app as a server: bound to loopback, or to a host by a token."""

import secrets
import socket
from functools import partial
from typing import Any

from nicegui import app, ui

from planner.app.desk import OPEN
from planner.app.guard import LOOPBACK, Guard
from planner.app.page import page
from planner.errors import SettingsError
from planner.settings import Settings

HOURS = 12.0
"""After so many hours without a visit a desk is cleared."""


def token_for(host: str) -> str:
    """The token that an address needs; empty on loopback."""
    return "" if host in LOOPBACK else secrets.token_urlsafe(32)


def address(host: str, port: int, token: str) -> str:
    """What a person opens."""
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}/" + (f"?token={token}" if token else "")


def free(host: str, port: int) -> int:
    """The port, or any that is free where it is 0.

    Raises:
        SettingsError: it cannot be listened at.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            return int(probe.getsockname()[1])
    except (OSError, OverflowError) as error:
        told = getattr(error, "strerror", None) or error
        raise SettingsError(f"{host} port {port} cannot be used: {told}; give another --port or --host") from error


def serve(settings: Settings, source: str, host: str, port: int, token: str) -> None:
    """Serve until it is interrupted.

    Args:
        settings: of every solve.
        source: instance that lies on a new desk; empty for none.
        host: address to bind.
        port: where it listens.
        token: what visitors must know; empty on loopback.
    """
    app.add_middleware(Guard, token=token)
    app.storage.max_tab_storage_age = HOURS * 3600
    app.on_shutdown(_close_all)
    ui.run(partial(page, settings, source), host=host, port=port, **RUN)


RUN: dict[str, Any] = {
    "title": "Mineral sourcing planner",
    "language": "en-US",
    "favicon": "◧",
    "show": False,
    "reload": False,
    "tailwind": False,
    "show_welcome_message": False,
    "reconnect_timeout": 20.0,
}
"""How NiceGUI runs: no browser is opened, no file watched, nothing printed."""


def _close_all() -> None:
    """Stop what still runs."""
    for desk in OPEN:
        desk.close()
