"""The security headers of every answer: what a page may load, and who may embed or cache it.

Streamlit needs inline styles, images and downloads from memory, and its own fonts. It needs no script but its own
files; the two inline scripts are allowed by their hashes.
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from lib.app.address import read_host
from lib.web.asgi import App, Message, Receive, Scope, Send, is_encrypted, values
from lib.web.doors import FOREIGN_COOKIE

_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_HSTS = b"max-age=31536000"
_ALWAYS = [
    (b"x-content-type-options", b"nosniff"),
    # Not `no-referrer`: with it a browser sends our own forms with the Origin `null`.
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (
        b"permissions-policy",
        b"accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), "
        b"magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=(), xr-spatial-tracking=()",
    ),
]
_OURS = {name for name, _ in _ALWAYS} | {b"content-security-policy"}


class Headers:
    """ASGI middleware. `scripts` are the texts of the inline scripts; `keep_to_tls` turns on HSTS."""

    def __init__(self, app: App, scripts: Iterable[str] = (), *, keep_to_tls: bool = False) -> None:
        self._app = app
        self._scripts = " ".join(f"'{script_hash(one)}'" for one in scripts)
        self._keep_to_tls = keep_to_tls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add the headers to its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = self._headers(scope, message.get("headers", ()))
            await send(message)

        await self._app(scope, receive, with_headers)

    def _headers(self, scope: Scope, given: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        path: str = scope["path"]
        kept = [(name, value) for name, value in given if not _is_dropped(name.lower(), value, path)]
        host = values(scope, b"host")
        known = host[0] if len(host) == 1 and read_host(host[0]) else ""
        policy = _policy(self._scripts, known)
        kept += [(b"content-security-policy", policy.encode()), *_ALWAYS]
        if not _is_static(path):
            kept.append((b"cache-control", b"no-store"))
        if self._keep_to_tls and (is_encrypted(scope) or values(scope, b"x-forwarded-proto") == ["https"]):
            kept.append((b"strict-transport-security", _HSTS))
        return kept


def script_hash(text: str) -> str:
    """How a content security policy names an inline script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def inline_scripts(page: Path) -> list[str]:
    """The inline scripts of an HTML file."""
    return _INLINE.findall(page.read_text())


def _is_static(path: str) -> bool:
    """Streamlit's own files: the same for everybody, with a hash of their content in the name."""
    return path.startswith("/static/")


def _is_dropped(name: bytes, value: bytes, path: str) -> bool:
    if name == b"set-cookie":
        return value.startswith(FOREIGN_COOKIE)
    if name == b"cache-control":
        return not _is_static(path)
    # Without CORS headers no page of another site can read an answer.
    return name in _OURS or name.startswith(b"access-control-")


@lru_cache(maxsize=64)
def _policy(scripts: str, host: str) -> str:
    parts = {
        "default-src": "'self'",
        "script-src": f"'self' {scripts}".strip(),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        # In older browsers 'self' does not include a websocket of the same host.
        "connect-src": f"'self' ws://{host} wss://{host}" if host else "'self'",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in parts.items())
