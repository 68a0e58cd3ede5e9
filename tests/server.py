"""A real server process over a copy of the demo, and raw sessions with it."""

import atexit
import contextlib
import functools
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from http.client import HTTPMessage
from pathlib import Path
from urllib.parse import urlencode

import pyarrow.ipc
import websockets.sync.client as websocket
from google.protobuf.message import Message
from sqlalchemy import Engine, update
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from lib.demo import load_sbc, seed_hub, zuora_records
from lib.demo.billing import zuora_invoices, zuora_subscriptions
from lib.settings import PROJECT
from lib.standins.sbc import SbcStandin
from lib.standins.zuora import ZuoraStandin
from lib.store import migrate
from lib.store.engine import make_engine, writing
from lib.store.schema import sign_in_session
from lib.store.sessions import begin_session, find_by_token

CLIENT_ID = "0f9b1c6e-7a52-4d0c-9a3e-5e1f2b7c8d90"
CLIENT_SECRET = "standin-secret-of-the-page-tests"
SBC_TOKEN = "token-of-the-page-tests"
COOKIE = "account_manager"
COOKIE_KEY = "cookie-key-of-the-tests-" + 8 * "01234567"
SIGN_IN_HOURS = 8
START_SECONDS = 60
EARLY = ForwardMsg.FINISHED_EARLY_FOR_RERUN


@functools.cache
def _template() -> tempfile.TemporaryDirectory[str]:
    """The demo's files, made once in this process and copied for every start."""
    folder = tempfile.TemporaryDirectory(prefix="am-demo-")
    atexit.register(folder.cleanup)
    database = f"sqlite:///{folder.name}/hub.db"
    migrate.upgrade(database)
    engine = make_engine(database)
    seed_hub(engine)
    engine.dispose()
    standin = ZuoraStandin(Path(folder.name), CLIENT_ID, CLIENT_SECRET)
    standin.state.load(zuora_records())
    standin.state.load_subscriptions(zuora_subscriptions())
    standin.state.load_invoices(zuora_invoices())
    standin.close()
    sbc = SbcStandin(Path(folder.name), SBC_TOKEN)
    load_sbc(sbc.state)
    sbc.close()
    return folder


def copy_demo(folder: Path) -> Path:
    """A folder with the demo's Hub database and its Zuora's, ready to be a data folder."""
    shutil.copytree(_template().name, folder, dirs_exist_ok=True)
    return folder


@contextlib.contextmanager
def zuora_of(folder: Path) -> Iterator[ZuoraStandin]:
    """The Zuora stand-in of a data folder, in this process, where a test can give it faults."""
    with ZuoraStandin(folder, CLIENT_ID, CLIENT_SECRET) as standin:
        yield standin


@contextlib.contextmanager
def sbc_of(folder: Path) -> Iterator[SbcStandin]:
    """The SBC stand-in of a data folder, the same way."""
    with SbcStandin(folder, SBC_TOKEN) as standin:
        yield standin


@dataclass
class Server:
    """A running dashboard."""

    port: int
    folder: Path
    log: Path
    process: subprocess.Popen

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextlib.contextmanager
    def hub(self) -> Iterator[Engine]:
        """The server's own database."""
        engine = make_engine(f"sqlite:///{self.folder / 'hub.db'}")
        try:
            yield engine
        finally:
            engine.dispose()

    def cookie(self, username: str, *, age: float = 0.0) -> str:
        """The cookie of somebody who signed in `age` seconds ago."""
        with self.hub() as engine:
            return sign_in_as(engine, username, age=age)

    def get(self, path: str, *, token: str | None = None) -> tuple[int, str]:
        reply = self.ask("GET", path, headers={"Cookie": f"{COOKIE}={token}"} if token else {})
        return reply.status, reply.body

    def ask(self, method: str, path: str, *, headers: dict[str, str] | None = None, body: bytes = b"") -> "Reply":
        """One request on a new connection; a redirect is not followed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            connection.request(method, path, body=body or None, headers=headers or {})
            reply = connection.getresponse()
            return Reply(reply.status, reply.read().decode("utf-8", "replace"), reply.headers)

    def sign_in(self, username: str, password: str, *, cookies: str = "", **headers: str) -> "Reply":
        """Send what the form of the sign-in page sends."""
        sent = {"Content-Type": "application/x-www-form-urlencoded", **({"Cookie": cookies} if cookies else {})}
        body = urlencode({"username": username, "password": password}).encode()
        return self.ask("POST", "/sign-in", headers={**sent, **headers}, body=body)


@dataclass
class Reply:
    """An answer over HTTP."""

    status: int
    body: str
    headers: HTTPMessage

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies it sets, with their attributes as they were sent."""
        return dict(line.split("=", 1) for line in self.headers.get_all("set-cookie") or [])

    @property
    def alert(self) -> str:
        """The message on the sign-in page."""
        found = re.search(r'role="alert">([^<]*)<', self.body)
        return unescape(found[1]) if found else ""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait(server: Server, path: str | None) -> None:
    """Wait until `path` answers 200; without a path, until the port takes connections, with no request sent."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.process.poll() is None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if path is None:
                socket.create_connection(("127.0.0.1", server.port), timeout=1).close()
                return
            if server.get(path)[0] == 200:
                return
        time.sleep(0.05)
    raise AssertionError(f"the server did not start:\n{server.log.read_text()}")


@contextlib.contextmanager
def serving(
    folder: Path,
    *,
    script: str = "server.py",
    zuora: ZuoraStandin | None = None,
    wait_for: str | None = "/readyz",
    project: Path = PROJECT,
    port: int | None = None,
    **settings: object,
) -> Iterator[Server]:
    """`streamlit run` of the product over the data in `folder`. `settings` become AM_* variables.

    Without `zuora` the server starts a stand-in of its own, as the demo does. `port` is for a restart.
    """
    port = port or _free_port()
    given = {
        "data_dir": folder,
        "cookie_key": COOKIE_KEY,
        "sign_in_hours": SIGN_IN_HOURS,
        "zuora_client_id": CLIENT_ID,
        "zuora_client_secret": CLIENT_SECRET,
        "zuora_url": zuora.url if zuora else "",
        "sbc_token": SBC_TOKEN,
        **settings,
    }
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AM_", "STREAMLIT_"))}
    environment |= {f"AM_{name.upper()}": str(value) for name, value in given.items()}
    log = folder / "server.log"
    command = [sys.executable, "-m", "streamlit", "run", script]
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, "--server.address=127.0.0.1", f"--server.port={port}"],
            cwd=project,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Its own process group, so that everything it starts ends with it.
            start_new_session=True,
        )
    server = Server(port, folder, log, process)
    try:
        _wait(server, wait_for)
        yield server
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def sign_in_as(engine: Engine, username: str, *, age: float = 0.0) -> str:
    """The cookie of somebody who signed in `age` seconds ago."""
    with writing(engine) as connection:
        token = begin_session(connection, username, address="127.0.0.1")
        if age:
            found = find_by_token(connection, token)
            connection.execute(
                update(sign_in_session)
                .where(sign_in_session.c.id == found.id)
                .values(began_at=datetime.now(UTC) - timedelta(seconds=age))
            )
    return token


@dataclass
class Seen:
    """Everything the server sent for one run of the script."""

    messages: list[ForwardMsg] = field(default_factory=list)

    @property
    def elements(self) -> list:
        return [
            message.delta.new_element
            for message in self.messages
            if message.WhichOneof("type") == "delta" and message.delta.WhichOneof("type") == "new_element"
        ]

    @property
    def kinds(self) -> list[str]:
        """The kind of each element, in order."""
        return [element.WhichOneof("type") for element in self.elements]

    @property
    def text(self) -> str:
        """All of it as text."""
        return "\n".join([*(_letters(message) for message in self.messages), self.shown])

    @property
    def shown(self) -> str:
        """What the page shows: its elements, and the cells of its tables, one per line."""
        lines = [_letters(element) for element in self.elements]
        for element in self.elements:
            shown = getattr(element, element.WhichOneof("type"))
            if element.WhichOneof("type") in ("dataframe", "table"):
                frame = pyarrow.ipc.open_stream(shown.arrow_data.data).read_all()
                lines += [str(cell) for column in frame.to_pydict().values() for cell in column]
        return "\n".join(lines)

    def button(self, label: str) -> tuple[str, str]:
        """The id of the button with this label, and of its fragment."""
        return next(
            (message.delta.new_element.button.id, message.delta.fragment_id)
            for message in reversed(self.messages)
            if message.delta.new_element.WhichOneof("type") == "button"
            and re.fullmatch(label, message.delta.new_element.button.label)
        )

    @property
    def page_hash(self) -> str:
        """The hash of the page that was drawn."""
        return next(
            message.navigation.page_script_hash
            for message in reversed(self.messages)
            if message.WhichOneof("type") == "navigation"
        )

    @property
    def session_id(self) -> str:
        """The id by which Streamlit knows this session."""
        return next(one.new_session.initialize.session_id for one in self.messages if one.HasField("new_session"))

    @property
    def left_for(self) -> str | None:
        """The address the browser was sent to, away from the app."""
        return next((one.auth_redirect.url for one in self.messages if one.HasField("auth_redirect")), None)

    @property
    def page_titles(self) -> set[str]:
        return {
            page.page_name
            for message in self.messages
            if message.WhichOneof("type") == "navigation"
            for page in message.navigation.app_pages
        }

    def holds(self, words: Iterable[str]) -> set[str]:
        """Those of the words that are in it, not as a part of a longer word or number."""
        text = self.text
        return {word for word in words if word in text and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text)}


def _letters(message: Message) -> str:
    return message.SerializeToString().decode("utf-8", "replace")


class Session:
    """One websocket with the server, used as the browser does, but without the browser's own checks."""

    def __init__(
        self,
        server: Server,
        *,
        token: str | None = None,
        origin: str | None = None,
        headers: dict[str, str] | None = None,
        session_id: str = "",
    ) -> None:
        sent = {**(headers or {}), **({} if token is None else {"Cookie": f"{COOKIE}={token}"})}
        self._connecting = websocket.connect(
            f"ws://127.0.0.1:{server.port}/_stcore/stream",
            origin=origin or server.url,
            subprotocols=["streamlit", "PLACEHOLDER_AUTH_TOKEN", *([session_id] if session_id else [])],
            additional_headers=sent,
            proxy=None,
            max_size=None,
            close_timeout=1,
        )

    def __enter__(self) -> "Session":
        self._socket = self._connecting.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._connecting.__exit__(*error)

    def ask(self, *, page_name: str = "", page_hash: str = "", query: str = "") -> None:
        """Send the message a browser sends when it opens a page."""
        message = BackMsg()
        message.rerun_script.page_name = page_name
        message.rerun_script.page_script_hash = page_hash
        message.rerun_script.query_string = query
        self._socket.send(message.SerializeToString())

    def click(self, widget: str, *, fragment: str = "", page_hash: str = "", query: str = "") -> None:
        """Send the message a browser sends when a button is clicked, with any address."""
        message = BackMsg()
        message.rerun_script.page_script_hash = page_hash
        message.rerun_script.query_string = query
        message.rerun_script.fragment_id = fragment
        message.rerun_script.widget_states.widgets.add(id=widget, trigger_value=True)
        self._socket.send(message.SerializeToString())

    def download(self, button: str, session_id: str, seconds: float = 20) -> str:
        """Press this download button (`deferred_file_id`); the link to the file or the error, as a browser gets it."""
        message = BackMsg()
        message.backend_operation_request.session_id = session_id
        message.backend_operation_request.request_id = button
        message.backend_operation_request.deferred_file.file_id = button
        self._socket.send(message.SerializeToString())
        while True:
            answer = ForwardMsg()
            answer.ParseFromString(self._socket.recv(timeout=seconds))
            if answer.HasField("backend_operation_response"):
                reply = answer.backend_operation_response
                return reply.deferred_file.url or reply.error_msg

    def take(self, seconds: float = 20) -> Seen:
        """Everything until the script has ended."""
        seen = Seen()
        end = time.monotonic() + seconds
        while True:
            message = ForwardMsg()
            message.ParseFromString(self._socket.recv(timeout=max(end - time.monotonic(), 0.01)))
            seen.messages.append(message)
            # A script that switches to another page ends early, and the next one follows by itself.
            if message.WhichOneof("type") == "script_finished" and message.script_finished != EARLY:
                return seen


def look(server: Server, *, token: str | None = None, **asked: str) -> Seen:
    """One page in a new session."""
    with Session(server, token=token) as session:
        session.ask(**asked)
        return session.take()
