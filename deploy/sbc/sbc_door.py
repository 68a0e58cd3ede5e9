"""The door of the provisioning API: who comes in is passed on to Kamailio, byte by byte, and nobody may fill the house.

Kamailio has one table of connections for the API and for SIP, and no limit of its own. So a connection reaches it only
when it has said something whole. When an address, or the house, has as many as it may, a new one takes the place of the
one that matters least: whoever comes with a request gets in, whatever others hold.
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
"""For the first byte."""
HEAD_SECONDS = 5.0
"""From the first byte to the end of the first request's head, or with TLS of the first message."""
ANSWER_SECONDS = 30.0
"""For a request as a whole, from its first byte to the answer."""
IDLE_SECONDS = 300.0
"""Between an answer and the next request."""
_CHUNK = 65536
_BACKLOG = 1024
_HEAD_LIMIT = 16384
_HANDSHAKE = 0x16


_SIP = re.compile(rb"SIP/2\.0 |[A-Z]+ (?:sips?|tel|urn):")


@dataclass(eq=False)
class _Guest:
    """One connection. `since` is when it came, began to ask, or was answered, whichever was last."""

    address: str
    outside: asyncio.StreamWriter
    since: float = field(default_factory=time.monotonic)
    asks: bool = False
    answered: bool = False
    inside: bool = False
    """Whether Kamailio has it, because it has said something whole."""

    @property
    def patience(self) -> float:
        if self.asks:
            return ANSWER_SECONDS if self.inside else HEAD_SECONDS
        return IDLE_SECONDS if self.answered else FIRST_SECONDS

    def turn(self, *, asks: bool) -> None:
        """Note what it does from now on; the bytes after the first of a request change nothing."""
        if self.asks != asks or not asks:
            self.since = time.monotonic()
        self.asks = asks
        self.answered = self.answered or not asks


class Door:
    """Connections at `address`, a host and a port, passed on to `inside`; from `sources` alone if there are any."""

    def __init__(self, address: tuple[str, int], inside: tuple[str, int], sources: str = "") -> None:
        self._address = address
        self._inside = inside
        self._sources = [ipaddress.IPv4Network(source) for source in sources.split(",") if source]
        self._guests: list[_Guest] = []
        # Addresses that were answered, the latest last.
        self._known: dict[str, None] = {}

    def open(self) -> None:
        """Begin to let in, on a thread of its own that ends with the process.

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
        # Kamailio is to see who comes, as it lets in this machine alone where there is no TLS.
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
                # A late reply to a phone that had the port of this connection before: Kamailio knows both by it.
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
        """Where there are as many as may be, another one goes."""
        same = [one for one in self._guests if one.address == guest.address]
        full = same if len(same) >= PER_ADDRESS else self._guests if len(self._guests) >= ALTOGETHER else []
        if full:
            self._show_out(min(full, key=self._worth))

    def _worth(self, guest: _Guest) -> tuple[bool, int, float]:
        """Who goes first: whoever comes from where nobody was answered, has said nothing whole, or is idle the longest.

        Who asks goes as well when nobody else is left, the oldest first: or a stranger could hold a place.
        """
        business = 0 if not guest.inside else 2 if guest.asks else 1
        return (guest.address in self._known, business, guest.since)

    def _show_out(self, guest: _Guest) -> None:
        if guest in self._guests:
            self._guests.remove(guest)
        if guest.outside.transport is not None:
            guest.outside.close()


def _is_whole(said: bytes) -> bool:
    """Whether it holds the head of a request, or the first message of TLS; what gets too long, Kamailio may judge."""
    if len(said) >= _HEAD_LIMIT:
        return True
    if said[:1] == bytes([_HANDSHAKE]):
        return len(said) >= 5 and len(said) >= 5 + int.from_bytes(said[3:5])
    return b"\r\n\r\n" in said or b"\n\n" in said
