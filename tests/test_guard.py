"""Who is let in to the app, how much may be sent, where it listens."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from planner.app import upload
from planner.app.guard import COOKIE, FORM, Guard
from planner.app.server import address, free, token_for
from planner.cli import main
from planner.errors import SettingsError


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    """An app that reads what it is sent and says so."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(len(body)).encode()})


async def asked(token: str, host: str, path: str = "/", **heads: str) -> httpx.Response:
    """The answer to a request."""
    transport = httpx.ASGITransport(Guard(hello, token))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
        return await client.get(path, headers=heads)


@pytest.mark.asyncio
async def test_loopback_answers_its_own_names_only() -> None:
    """Another name that leads here, or another site that asks, is refused; nothing from elsewhere may be loaded."""
    assert (await asked("", "127.0.0.1:8080")).status_code == 200
    assert (await asked("", "localhost:8080")).status_code == 200
    assert (await asked("", "evil.example")).status_code == 403
    assert (await asked("", "127.0.0.1:8080", origin="http://evil.example")).status_code == 403
    policy = (await asked("", "127.0.0.1:8080")).headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy


@pytest.mark.asyncio
async def test_elsewhere_a_token_is_needed() -> None:
    """Without it nothing; with it a cookie; the token leaves the address at once."""
    token = token_for("0.0.0.0")
    assert len(token) >= 40
    assert token_for("127.0.0.1") == ""
    assert (await asked(token, "desk.example")).status_code == 401
    assert (await asked(token, "desk.example", "/?token=wrong")).status_code == 401
    let_in = await asked(token, "desk.example", f"/?token={token}&tab=1")
    assert let_in.status_code == 303
    assert let_in.headers["location"] == "/?tab=1"
    cookie = let_in.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert (await asked(token, "desk.example", cookie=f"{COOKIE}={token}")).status_code == 200
    assert (await asked(token, "desk.example", cookie=f"{COOKIE}={token[:-1]}")).status_code == 401


@pytest.mark.asyncio
async def test_a_request_has_a_size() -> None:
    """What says that it is larger is refused; what does not say so is broken off."""
    transport = httpx.ASGITransport(Guard(hello))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        large = b"0" * (upload.LARGEST + FORM + 1)
        assert (await client.post("/", content=large)).status_code == 413

        async def parts() -> AsyncIterator[bytes]:
            yield large

        with pytest.raises(AssertionError):  # no answer at all
            await client.post("/", content=parts())


@pytest.mark.asyncio
async def test_a_socket_of_another_site_is_closed() -> None:
    """Before the app hears of it."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    heads = [(b"host", b"127.0.0.1:8080"), (b"origin", b"http://evil.example")]
    await Guard(hello)({"type": "websocket", "headers": heads, "query_string": b"", "path": "/"}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_a_port_that_is_taken_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """With another to give; so is an instance that there is not."""
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"port {port} cannot be used"):
            free("127.0.0.1", port)
        assert main(["serve", "--port", str(port)]) == 2
    assert "give another --port" in capsys.readouterr().err
    assert main(["serve", "tutorail"]) == 3
    assert "did you mean 'tutorial'" in capsys.readouterr().err


def test_the_address_holds_the_token() -> None:
    """Printed once, to be opened."""
    assert address("127.0.0.1", 8080, "") == "http://127.0.0.1:8080/"
    assert address("0.0.0.0", 80, "abc") == "http://0.0.0.0:80/?token=abc"
