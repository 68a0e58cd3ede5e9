"""A proxy between a client and Zuora that does the worst things that a network can do."""

import contextlib
import http.client
import json
import random
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

SLOW_SECONDS = 0.3
"""Longer than the clients of these tests wait."""
PAGE = b"<html><body><h1>The gateway gave up.</h1></body></html>"
KINDS = {
    "drop_before": 3,
    "drop_after": 4,
    "late": 1,  # it comes to Zuora when the client has left
    "delay": 1,  # it is done at once, the answer comes when the client has left
    "drip": 1,  # the answer comes a byte at a time
    "truncate": 3,
    "garble": 3,  # the JSON breaks off, and the length says that this is all
    "page_before": 3,  # a gateway's 502, 503, 504 or 408, nothing was done
    "page_after": 3,  # a gateway's 502 or 504, and it was done
    "limit": 3,
    "duplicate": 3,  # it comes to Zuora twice, and the second answer is the one that comes back
    "swap_before": 3,  # the answer to another request, and this one never came to Zuora
    "swap_after": 3,
    "other_record": 3,  # Zuora's answer about another record of the same kind
    "next_page": 3,  # a list that leads to itself, or for ever on
    "empty": 1,
}


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Answer:
    """One answer as it goes out."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def text(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} Answer", *(f"{name}: {value}" for name, value in self.headers)]
        lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + self.body


class HostileProxy:
    """Passes everything on until `rage` is called, and again after `calm`. Only the given chance decides."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream.removeprefix("http://")
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._chance: random.Random | None = None
        self._rate = 0.0
        self._decoys: dict[str, str] = {}
        self.before: Callable[[Asked], None] | None = None
        """Called before a request goes on to Zuora."""
        self.log: list[str] = []
        self._earlier: list[Answer] = []
        self._idle = threading.Condition()
        self._busy = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def rage(self, chance: random.Random, rate: float, decoys: dict[str, str]) -> None:
        """From now on spoil this part of the exchanges. `decoys` has a key of another record by its collection."""
        self.log.clear()
        self._earlier.clear()
        self._chance, self._rate, self._decoys = chance, rate, decoys

    def calm(self) -> None:
        """Pass everything on."""
        self._chance = None

    def settle(self) -> None:
        """Wait until no request to Zuora is left."""
        with self._idle:
            assert self._idle.wait_for(lambda: self._busy == 0, 10)

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream, contextlib.suppress(OSError):
            while (asked := _read(stream)) is not None:
                with self._idle:
                    self._busy += 1
                try:
                    goes_on = self._exchange(asked, connection)
                finally:
                    with self._idle:
                        self._busy -= 1
                        self._idle.notify_all()
                if not goes_on:
                    return

    def _exchange(self, asked: Asked, connection: socket.socket) -> bool:
        chance = self._chance
        if chance is None or chance.random() >= self._rate:
            connection.sendall(self._ask(asked).text())
            return True
        kind = chance.choices(list(KINDS), list(KINDS.values()))[0]
        self.log.append(f"{asked.method} {asked.path.partition('?')[0]} {kind}")
        return self._spoil(kind, asked, connection, chance)

    def _spoil(self, kind: str, asked: Asked, connection: socket.socket, chance: random.Random) -> bool:  # noqa: PLR0911, PLR0912
        match kind:
            case "drop_before":
                return False
            case "drop_after":
                self._ask(asked)
                return False
            case "late":
                time.sleep(SLOW_SECONDS)
                self._ask(asked)
                return False
            case "delay":
                answer = self._ask(asked)
                time.sleep(SLOW_SECONDS)
                connection.sendall(answer.text())
                return False
            case "drip":
                text = self._ask(asked).text()
                for byte in text[:60]:
                    connection.sendall(bytes([byte]))
                    time.sleep(SLOW_SECONDS / 30)
                return False
            case "truncate":
                text = self._ask(asked).text()
                connection.sendall(text[: chance.randrange(1, len(text))])
                return False
            case "page_before" | "limit":
                status = 429 if kind == "limit" else chance.choice([502, 503, 504, 408])
                connection.sendall(Answer(status, [("Content-Type", "text/html")], PAGE).text())
                return True
        # The rest are complete answers, but not the right ones.
        answer = Answer(200, [], b"") if kind == "swap_before" else self._ask(self._changed(kind, asked))
        match kind:
            case "swap_before" | "swap_after":
                answer = chance.choice(self._earlier[:-1] or [answer])
            case "garble":
                answer = Answer(answer.status, answer.headers, answer.body[: chance.randrange(len(answer.body))])
            case "page_after":
                answer = Answer(chance.choice([502, 504]), [("Content-Type", "text/html")], PAGE)
            case "duplicate":
                answer = self._ask(asked)
            case "other_record":
                # Without the ids of the request, which would give it away at once.
                headers = [(name, value) for name, value in answer.headers if "zuora" not in name.lower()]
                answer = Answer(answer.status, headers, answer.body)
            case "next_page":
                answer = _endless(asked, answer, chance)
            case "empty":
                answer = Answer(200, answer.headers, b"")
        connection.sendall(answer.text())
        return True

    def _changed(self, kind: str, asked: Asked) -> Asked:
        parts = asked.path.split("/")
        collection = parts[2] if len(parts) > 2 else ""
        if kind != "other_record" or asked.method != "GET" or collection not in self._decoys:
            return asked
        if len(parts) != 4:
            return asked
        return Asked(asked.method, f"/v1/{collection}/{self._decoys[collection]}", asked.headers, asked.body)

    def _ask(self, asked: Asked) -> Answer:
        if self.before is not None and not asked.path.startswith("/oauth"):
            self.before(asked)
        upstream = http.client.HTTPConnection(self._upstream, timeout=10)
        try:
            upstream.request(asked.method, asked.path, asked.body or None, asked.headers)
            response = upstream.getresponse()
            kept = [(name, value) for name, value in response.getheaders() if name.lower() not in _OWN]
            answer = Answer(response.status, kept, response.read())
        finally:
            upstream.close()
        self._earlier.append(answer)
        return answer


_OWN = ("content-length", "connection", "transfer-encoding")


def _read(stream) -> Asked | None:
    line = stream.readline().decode("latin-1").split()
    if len(line) != 3:
        return None
    headers = {}
    while (text := stream.readline().decode("latin-1").strip()) != "":
        name, _, value = text.partition(":")
        headers[name] = value.strip()
    body = stream.read(int(headers.get("Content-Length", 0)))
    return Asked(line[0], line[1], {n: v for n, v in headers.items() if n.lower() not in (*_OWN, "host")}, body)


def _endless(asked: Asked, answer: Answer, chance: random.Random) -> Answer:
    with contextlib.suppress(ValueError):
        body = json.loads(answer.body)
        if isinstance(body, dict) and ("data" in body or "subscriptions" in body):
            again = f"?page={chance.randrange(1, 4)}&pageSize=40" if "subscriptions" in body else "W3siaWQiOiIifV0="
            answer = Answer(answer.status, answer.headers, json.dumps({**body, "nextPage": again}).encode())
    return answer
