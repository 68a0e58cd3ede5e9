"""The stand-in, to start and stop."""

from pathlib import Path
from types import TracebackType
from typing import Self

from lib.standins.server.web import WebServer
from lib.standins.zuora.app import zuora_app
from lib.standins.zuora.manners.tokens import Tokens
from lib.standins.zuora.state import ZuoraState
from lib.standins.zuora.wire import Switches

FILE = "zuora.db"
CLIENT_ID_LENGTH = 36
CLIENT_SECRET_LIMIT = 42


class ZuoraStandin:
    """Zuora on a port of this machine, with its state in the folder `data`.

    `switches` may be changed while it runs. Use `start` and `stop`, or `with`.
    """

    def __init__(self, data: Path, client_id: str, client_secret: str, port: int = 0) -> None:
        if len(client_id) != CLIENT_ID_LENGTH or not 1 <= len(client_secret) <= CLIENT_SECRET_LIMIT:
            raise ValueError("Zuora's client id has 36 characters and its client secret at most 42.")
        self.state = ZuoraState(data / FILE)
        self.switches = Switches()
        self._server = WebServer(zuora_app(self.state, Tokens(client_id, client_secret), self.switches), port)

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
