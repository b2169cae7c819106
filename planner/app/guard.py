"""What stands between the net and the app: who may ask, how much may be sent, what a page may load.

On loopback only requests to this machine by one of its own names are answered, so that no other site that a browser
has open can reach the app through a name of its own. On any other address a token is needed.
"""

import hmac
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from planner.app.upload import LARGEST

LOOPBACK = ("127.0.0.1", "localhost", "::1")
COOKIE = "planner-token"
FORM = 64 * 2**10
"""Bytes that an upload may be longer than its file."""

HEADERS = {
    "content-security-policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        "connect-src 'self'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
}
"""Sent with every answer; the first lets a page load nothing from elsewhere."""


class Guard:
    """Middleware around the app.

    Args:
        app: what is guarded.
        token: what those who ask must know; empty on loopback.
    """

    def __init__(self, app: ASGIApp, token: str = "") -> None:
        self.app = app
        self.token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        heads = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        refused = self._refused(scope, heads)
        if refused is None:
            await self.app(scope, _bounded(receive), _with_heads(send))
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await _answer(_with_heads(send), *refused)

    def _refused(self, scope: Scope, heads: dict[str, str]) -> tuple[int, str, dict[str, str]] | None:
        """Status, words and headers of the refusal; None where there is none."""
        host, origin = heads.get("host", ""), heads.get("origin", "")
        if not self.token and _name(host) not in LOOPBACK:
            return 403, "This app answers on this machine only, as http://127.0.0.1", {}
        if origin and urlsplit(origin).netloc != host:
            return 403, "Another site asked for this page; open it by its own address.", {}
        if _size(heads) > LARGEST + FORM:
            return 413, f"An upload may have {LARGEST // 2**20} MB.", {}
        return self._without_token(scope, heads) if self.token else None

    def _without_token(self, scope: Scope, heads: dict[str, str]) -> tuple[int, str, dict[str, str]] | None:
        given = parse_qs(scope["query_string"].decode("latin-1"))
        asked = given.pop("token", [""])[0]
        if asked and self._is(asked) and scope["type"] == "http":
            rest = urlencode(given, doseq=True)
            cookie = f"{COOKIE}={self.token}; HttpOnly; SameSite=Strict; Path=/"
            return 303, "", {"set-cookie": cookie, "location": scope["path"] + (f"?{rest}" if rest else "")}
        if self._is(_cookie(heads.get("cookie", ""))):
            return None
        return 401, "Open the address with the token that `planner serve` printed when it started.", {}

    def _is(self, given: str) -> bool:
        """Whether it is the token, found out in constant time."""
        return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), self.token.encode("utf-8"))


def _cookie(text: str) -> str:
    """The token in a browser's cookies."""
    try:
        found = SimpleCookie(text).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def _name(host: str) -> str:
    """A host without its port."""
    return urlsplit(f"//{host}").hostname or ""


def _size(heads: dict[str, str]) -> int:
    given = heads.get("content-length", "0")
    return int(given) if given.isdigit() else 0


def _bounded(receive: Receive) -> Receive:
    """What is received, until it is more than an upload may be, whatever its length was said to be."""
    total = 0

    async def read() -> Message:
        nonlocal total
        message = await receive()
        if message["type"] == "http.request":
            total += len(message.get("body", b""))
            if total > LARGEST + FORM:
                return {"type": "http.disconnect"}
        return message

    return read


def _with_heads(send: Send) -> Send:
    """What is sent, with the guard's headers."""

    async def write(message: Message) -> None:
        if message["type"] == "http.response.start":
            more = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            message = {**message, "headers": [*message.get("headers", ()), *more]}
        await send(message)

    return write


async def _answer(send: Send, status: int, words: str, heads: dict[str, str]) -> None:
    """A short answer in words."""
    body = words.encode("utf-8")
    plain = {"content-type": "text/plain; charset=utf-8", "content-length": str(len(body)), **heads}
    listed = [(name.encode(), value.encode()) for name, value in plain.items()]
    await send({"type": "http.response.start", "status": status, "headers": listed})
    await send({"type": "http.response.body", "body": body})
