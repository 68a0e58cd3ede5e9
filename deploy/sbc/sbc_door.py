"""The door of the provisioning API: it passes connections on to Kamailio and limits how many there are.

Kamailio has one table of connections for the API and for SIP, without a limit. So a connection reaches it only with a
complete request. When one address, or all together, have too many, a new connection replaces the least important one:
a client with a request gets in, however many connections others have.
"""

import asyncio
import contextlib
import ipaddress
import re
import socket
import threading
import time
from dataclasses import dataclass, field

PER_ADDRESS = 64
ALTOGETHER = 256
FIRST_SECONDS = 10.0
"""Until the first byte."""
HEAD_SECONDS = 5.0
"""From the first byte to the end of the first request's head, or of the first TLS message."""
ANSWER_SECONDS = 30.0
"""For a whole request, from its first byte to the answer."""
IDLE_SECONDS = 300.0
"""Between an answer and the next request."""
_CHUNK = 65536
_BACKLOG = 1024
_HEAD_LIMIT = 16384
_HANDSHAKE = 0x16


_SIP = re.compile(rb"SIP/2\.0 |[A-Z]+ (?:sips?|tel|urn):")


@dataclass(eq=False)
class _Guest:
    """One connection. `since` is when it came, began a request, or got an answer, whichever was last."""

    address: str
    outside: asyncio.StreamWriter
    since: float = field(default_factory=time.monotonic)
    asks: bool = False
    answered: bool = False
    inside: bool = False
    """True when it was passed on to Kamailio, because it had a complete request."""

    @property
    def patience(self) -> float:
        if self.asks:
            return ANSWER_SECONDS if self.inside else HEAD_SECONDS
        return IDLE_SECONDS if self.answered else FIRST_SECONDS

    def turn(self, *, asks: bool) -> None:
        """Note whether it asks or is idle from now on. Only the first byte of a request changes that."""
        if self.asks != asks or not asks:
            self.since = time.monotonic()
        self.asks = asks
        self.answered = self.answered or not asks


class Door:
    """Passes connections at `address`, a host and a port, on to `inside`. Only from `sources`, if there are any."""

    def __init__(self, address: tuple[str, int], inside: tuple[str, int], sources: str = "") -> None:
        self._address = address
        self._inside = inside
        self._sources = [ipaddress.IPv4Network(source) for source in sources.split(",") if source]
        self._guests: list[_Guest] = []
        # Addresses that got an answer, the latest last.
        self._known: dict[str, None] = {}

    def open(self) -> None:
        """Begin to accept connections, in a thread that ends with the process.

        Raises:
            OSError: the port is taken.
        """
        listening = socket.create_server(self._address, backlog=_BACKLOG)
        threading.Thread(target=lambda: asyncio.run(self._run(listening)), name="door", daemon=True).start()

    async def _run(self, listening: socket.socket) -> None:
        server = await asyncio.start_server(self._welcome, sock=listening, backlog=_BACKLOG)
        async with server:
            while True:
                await asyncio.sleep(1)
                now = time.monotonic()
                for guest in [one for one in self._guests if now - one.since > one.patience]:
                    self._show_out(guest)

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        guest = _Guest(writer.get_extra_info("peername")[0], writer)
        try:
            if self._may_come(guest):
                self._make_room(guest)
                self._guests.append(guest)
                await self._serve(guest, reader)
        except OSError:
            pass
        finally:
            self._show_out(guest)
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _serve(self, guest: _Guest, reader: asyncio.StreamReader) -> None:
        first = b""
        while not _is_whole(first):
            more = await reader.read(_CHUNK)
            if not more or guest not in self._guests:
                return
            guest.turn(asks=True)
            first += more
        guest.inside = True
        # Kamailio must see the client's address, because without TLS it accepts only this machine.
        here = (guest.address, 0) if ipaddress.ip_address(guest.address).is_loopback else None
        inside_reader, inside_writer = await asyncio.open_connection(*self._inside, local_addr=here)
        try:
            inside_writer.write(first)
            ways = [
                asyncio.ensure_future(self._pass_on(guest, reader, inside_writer, asks=True)),
                asyncio.ensure_future(self._pass_on(guest, inside_reader, guest.outside, asks=False)),
            ]
            _, others = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in others:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        finally:
            inside_writer.close()

    async def _pass_on(
        self, guest: _Guest, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, asks: bool
    ) -> None:
        while data := await source.read(_CHUNK):
            if not asks and _SIP.match(data):
                # A late reply to a phone that had this connection's port before: Kamailio identifies both by the port.
                continue
            guest.turn(asks=asks)
            if not asks:
                self._known.pop(guest.address, None)
                self._known[guest.address] = None
                if len(self._known) > ALTOGETHER:
                    del self._known[next(iter(self._known))]
            target.write(data)
            await target.drain()

    def _may_come(self, guest: _Guest) -> bool:
        address = ipaddress.IPv4Address(guest.address)
        return not self._sources or any(address in network for network in self._sources)

    def _make_room(self, guest: _Guest) -> None:
        """When there are too many, end another one."""
        same = [one for one in self._guests if one.address == guest.address]
        full = same if len(same) >= PER_ADDRESS else self._guests if len(self._guests) >= ALTOGETHER else []
        if full:
            self._show_out(min(full, key=self._worth))

    def _worth(self, guest: _Guest) -> tuple[bool, int, float]:
        """Which one ends first: from an address without an answer so far, without a complete request, or idle longest.

        When there are no others, the oldest one with a request ends. Otherwise a stranger could keep a place.
        """
        business = 0 if not guest.inside else 2 if guest.asks else 1
        return (guest.address in self._known, business, guest.since)

    def _show_out(self, guest: _Guest) -> None:
        if guest in self._guests:
            self._guests.remove(guest)
        if guest.outside.transport is not None:
            guest.outside.close()


def _is_whole(said: bytes) -> bool:
    """True for the whole head of a request, or the first message of TLS. Kamailio judges what is too long."""
    if len(said) >= _HEAD_LIMIT:
        return True
    if said[:1] == bytes([_HANDSHAKE]):
        return len(said) >= 5 and len(said) >= 5 + int.from_bytes(said[3:5])
    return b"\r\n\r\n" in said or b"\n\n" in said
