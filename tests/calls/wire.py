"""SIP as plain text over real sockets: hand-written requests, and servers that show what they got."""

import contextlib
import re
import socket
import threading
import uuid
from collections.abc import Iterator
from typing import Self

from tests.kamailio import HOST
from tests.sipp import Message

SILENCE_SECONDS = 0.5
WAIT_SECONDS = 8.0


def request(
    method: str,
    uri: str,
    *more: str,
    from_: str = "<sip:anonymous@example.com>;tag=caller",
    to: str = "",
    call_id: str = "",
    branch: str = "",
    via: str = "UDP",
    cseq: int = 1,
) -> str:
    """A request without a body, with more header lines. The sender fills in @PORT@ and @HOST@."""
    lines = [
        f"{method} {uri} SIP/2.0",
        f"Via: SIP/2.0/{via} @HOST@:@PORT@;branch=z9hG4bK{branch or uuid.uuid4().hex}",
        *more,
        "Max-Forwards: 70",
        *([f"From: {from_}"] if from_ else []),
        f"To: {to or '<sip:somebody@example.com>'}",
        f"Call-ID: {call_id or uuid.uuid4().hex}",
        f"CSeq: {cseq} {method}",
        "Contact: <sip:caller@@HOST@:@PORT@>",
        "Content-Length: 0",
    ]
    return "\r\n".join(lines) + "\r\n\r\n"


class Phone:
    """A socket of one caller. `protocol` is "UDP" or "TCP"."""

    def __init__(self, port: int, *, protocol: str = "UDP", host: str = HOST) -> None:
        kind = socket.SOCK_DGRAM if protocol == "UDP" else socket.SOCK_STREAM
        self.protocol = protocol
        self._host = host
        self._socket = socket.socket(socket.AF_INET, kind)
        self._socket.bind((host, 0))
        self._socket.settimeout(WAIT_SECONDS)
        self._socket.connect((HOST, port))
        self._rest = ""

    def send(self, text: str) -> None:
        """Send it with this socket's address filled in."""
        port = str(self._socket.getsockname()[1])
        self._socket.sendall(text.replace("@PORT@", port).replace("@HOST@", self._host).encode())

    def next(self, seconds: float = WAIT_SECONDS) -> Message | None:
        """The next message, None for silence."""
        self._socket.settimeout(seconds)
        with contextlib.suppress(TimeoutError):
            if self.protocol == "UDP":
                return Message(False, self._socket.recv(65535).decode().replace("\r\n", "\n"))
            while not (found := re.match(r"(?s)(.*?\r\n\r\n)(.*)", self._rest)):
                data = self._socket.recv(65535).decode()
                if not data:
                    return None
                self._rest += data
            self._rest = found[2]
            return Message(False, found[1].replace("\r\n", "\n"))
        return None

    def wait_for(self, status: int, method: str = "") -> Message:
        """Read until this status, of a request with this method where one is given."""
        while (message := self.next()) is not None:
            if message.first_line.startswith(f"SIP/2.0 {status}") and method in message.headers("CSeq")[0]:
                return message
        raise AssertionError(f"never got {status}")

    def final(self, text: str, seconds: float = WAIT_SECONDS) -> str:
        """Send a request and return the first line of the final reply, "" without one."""
        self.send(text)
        while (message := self.next(seconds)) is not None:
            if not message.first_line.startswith("SIP/2.0 1"):
                return message.first_line
        return ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._socket.close()


def ask(port: int, text: str, *, protocol: str = "UDP", host: str = HOST, seconds: float = WAIT_SECONDS) -> str:
    """The first line of the final reply to one request, "" without one."""
    with Phone(port, protocol=protocol, host=host) as phone:
        return phone.final(text, seconds)


class Peer:
    """A server at a UDP port that keeps every request and replies to each INVITE with what `says` has.

    "answer" is 200, "ring" is 180 and then 487 when it is cancelled, "early" the same with 183, "refuse" is 503,
    "hold" is 100 and nothing more, "silence" is nothing at all. `routes` are its own proxies, the last one first.
    """

    def __init__(self) -> None:
        self.says = "answer"
        self.routes: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((HOST, 0))
        self.address = f"{HOST}:{self._socket.getsockname()[1]}"
        self._got: list[Message] = []
        self._told: set[tuple[str, str]] = set()
        self._invites: dict[str, tuple[Message, tuple]] = {}
        self._came = threading.Condition()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def news(self) -> list[Message]:
        """The requests since it was last asked, without repetitions."""
        with self._came:
            got, self._got = self._got, []
        new = {(one.first_line, one.headers("Via")[0]): one for one in got}
        # On a busy machine a request may be repeated after it was returned already.
        fresh = [one for key, one in new.items() if key not in self._told]
        self._told |= new.keys()
        return fresh

    def wait_for(self, method: str) -> Message:
        """Wait for the first request with this method. It is still returned later."""
        with self._came:
            found = self._came.wait_for(
                lambda: next((one for one in self._got if one.first_line.startswith(f"{method} ")), None), WAIT_SECONDS
            )
            assert found, f"no {method} came"
            return found

    def tell(self, call_id: str, status: int) -> None:
        """Reply to the INVITE of this call now."""
        self._reply(*self._invites[call_id], status)

    def _serve(self) -> None:
        while True:
            data, sender = self._socket.recvfrom(65535)
            if data == b"stop":
                return
            message = Message(False, data.decode(errors="replace").replace("\r\n", "\n"))
            with self._came:
                self._got.append(message)
                self._came.notify_all()
            method = message.first_line.split()[0]
            call = message.headers("Call-ID")[0]
            if method == "INVITE":
                self._invites[call] = message, sender
                for status in {
                    "answer": (200,),
                    "ring": (180,),
                    "early": (183,),
                    "refuse": (503,),
                    "hold": (100,),
                    "silence": (),
                }[self.says]:
                    self._reply(message, sender, status)
            elif method == "CANCEL":
                self._reply(message, sender, 200)
                self._reply(*self._invites[call], 487)
            elif method != "ACK":
                self._reply(message, sender, 200)

    def _reply(self, message: Message, sender: tuple, status: int) -> None:
        lines = [f"SIP/2.0 {status} Said"]
        lines += [f"Record-Route: {route}" for route in self.routes]
        for name in ("Via", "Record-Route", "From", "Call-ID", "CSeq"):
            lines += [f"{name}: {value}" for value in message.headers(name)]
        [to] = message.headers("To")
        lines += [f"To: {to}" if ";tag=" in to or status == 100 else f"To: {to};tag=peer"]
        lines += [f"Contact: <sip:peer@{self.address}>", "Content-Length: 0"]
        self._socket.sendto(("\r\n".join(lines) + "\r\n\r\n").encode(), sender)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stop:
            host, _, port = self.address.partition(":")
            stop.sendto(b"stop", (host, int(port)))
        self._thread.join(WAIT_SECONDS)
        self._socket.close()


def peers(count: int) -> Iterator[list[Peer]]:
    """That many running servers."""
    with contextlib.ExitStack() as running:
        yield [running.enter_context(Peer()) for _ in range(count)]
