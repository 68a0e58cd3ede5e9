"""HTTP without a library: the test decides each byte of a request."""

import base64
import contextlib
import os
import socket
import struct
from dataclasses import dataclass, field

from tests.server import Server

SECONDS = 20
HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Protocol": "streamlit, PLACEHOLDER_AUTH_TOKEN",
}


@dataclass
class Reply:
    """What came back: the status, each header with all its values, and the body."""

    status: int
    headers: dict[str, list[str]] = field(default_factory=dict)
    body: bytes = b""

    def one(self, name: str) -> str | None:
        """The header's value; fails for a header that came twice."""
        found = self.headers.get(name, [])
        assert len(found) < 2, (name, found)
        return found[0] if found else None


def ask(
    server: Server, target: str, headers: list[tuple[str, str]], *, method: str = "GET", body: bytes = b""
) -> Reply:
    """One request with exactly these headers, on a new connection."""
    with connected(server) as wire:
        send(wire, target, headers, method=method, body=body)
        return read(wire)


@contextlib.contextmanager
def connected(server: Server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=SECONDS) as wire:
        yield wire


def send(wire, target: str, headers: list[tuple[str, str]], *, method: str = "GET", body: bytes = b"") -> None:
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers), "", ""]
    wire.sendall("\r\n".join(lines).encode("latin-1") + body)


def read(wire) -> Reply:
    """The answer's head, and as much of its body as its length says."""
    came = b""
    while b"\r\n\r\n" not in came:
        more = wire.recv(65536)
        if not more:
            break
        came += more
    head, _, body = came.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    reply = Reply(int(lines[0].split()[1]))
    for line in lines[1:]:
        name, _, value = line.partition(":")
        reply.headers.setdefault(name.strip().lower(), []).append(value.strip())
    length = int(reply.one("content-length") or 0)
    while len(body) < length and (more := wire.recv(65536)):
        body += more
    reply.body = body
    return reply


def handshake(hosts: list[str], origins: list[str], *, cookie: str | None = None) -> list[tuple[str, str]]:
    """The headers of a websocket's handshake, with each Host and each Origin that is given."""
    return [
        *(("Host", host) for host in hosts),
        *HANDSHAKE.items(),
        ("Sec-WebSocket-Key", base64.b64encode(os.urandom(16)).decode()),
        *(("Origin", origin) for origin in origins),
        *([("Cookie", cookie)] if cookie else []),
    ]


def frame(content: bytes, *, opcode: int = 2) -> bytes:
    """One message as a browser frames it; with a mask of zeros it stays readable."""
    size = len(content)
    if size < 126:
        head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
    elif size < 65536:
        head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, size)
    return head + b"\x00\x00\x00\x00" + content
