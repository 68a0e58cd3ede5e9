"""The stand-in, to start and stop."""

from pathlib import Path
from types import TracebackType
from typing import Self

from lib.standins.sbc.app import sbc_app
from lib.standins.sbc.state import SbcState
from lib.standins.server.web import WebServer

FILE = "sbc.db"


class SbcStandin:
    """The SBC's provisioning API on a port of this machine, with its state in the folder `data`.

    It connects no calls. Live copies that differ from their rows still differ after a restart, until a reload, so
    that the demo always shows the same differences. Use `start` and `stop`, or `with`.
    """

    def __init__(self, data: Path, token: str, port: int = 0) -> None:
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise ValueError("A bearer token has only printable ASCII characters and no space.")
        self.state = SbcState(data / FILE)
        self._server = WebServer(sbc_app(self.state, token), port)

    @property
    def url(self) -> str:
        """The base address for a client, once it was started."""
        return self._server.url

    def start(self) -> None:
        """Start serving. Returns when it answers."""
        self._server.start()

    def stop(self) -> None:
        """Stop serving. The state stays open for another start."""
        self._server.stop()

    def close(self) -> None:
        """Stop serving for good and close the state's file."""
        self.stop()
        self.state.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
