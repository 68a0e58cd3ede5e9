"""The door of the provisioning API: who comes in is passed on to Kamailio, byte by byte, and nobody may fill the house.

Kamailio has one table of connections for the API and for SIP, and no limit of its own. So a connection reaches it only
when it has something to say. When an address, or the house, has as many as it may, a new one takes the place of the
one that was idle the longest: whoever comes with a request gets in.
"""

import asyncio
import contextlib
import ipaddress
import socket
import threading
import time
from dataclasses import dataclass, field

PER_ADDRESS = 64
ALTOGETHER = 256
FIRST_SECONDS = 10.0
"""For the first byte."""
ANSWER_SECONDS = 30.0
"""For a request as a whole, from its first byte to the answer."""
IDLE_SECONDS = 300.0
"""Between an answer and the next request."""
_CHUNK = 65536
_BACKLOG = 1024


@dataclass(eq=False)
class _Guest:
    """One connection. `since` is when it came, began to ask, or was answered, whichever was last."""

    address: str
    outside: asyncio.StreamWriter
    since: float = field(default_factory=time.monotonic)
    asks: bool = False
    answered: bool = False

    @property
    def patience(self) -> float:
        if self.asks:
            return ANSWER_SECONDS
        return IDLE_SECONDS if self.answered else FIRST_SECONDS

    def turn(self, *, asks: bool) -> None:
        """Note what it does from now on; the bytes after the first of a request change nothing."""
        if self.asks != asks or not asks:
            self.since = time.monotonic()
        self.asks = asks
        self.answered = self.answered or not asks


class Door:
    """Connections at `address`, a host and a port, passed on to `inside`."""

    def __init__(self, address: tuple[str, int], inside: tuple[str, int]) -> None:
        self._address = address
        self._inside = inside
        self._guests: list[_Guest] = []

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
            if self._has_room(guest):
                self._guests.append(guest)
                await self._serve(guest, reader)
        except OSError:
            pass
        finally:
            self._show_out(guest)
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _serve(self, guest: _Guest, reader: asyncio.StreamReader) -> None:
        first = await reader.read(_CHUNK)
        if not first or guest not in self._guests:
            return
        guest.turn(asks=True)
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
            guest.turn(asks=asks)
            target.write(data)
            await target.drain()

    def _has_room(self, guest: _Guest) -> bool:
        """Whether it may come in, perhaps for another one that goes."""
        same = [one for one in self._guests if one.address == guest.address]
        full = same if len(same) >= PER_ADDRESS else self._guests if len(self._guests) >= ALTOGETHER else []
        if not full:
            return True
        idle = [one for one in full if not one.asks]
        if not idle:
            return False
        # Of those that were never answered, nobody knows that they have business here.
        self._show_out(min(idle, key=lambda one: (one.answered, one.since)))
        return True

    def _show_out(self, guest: _Guest) -> None:
        if guest in self._guests:
            self._guests.remove(guest)
        if guest.outside.transport is not None:
            guest.outside.close()
