"""A real SBC for one test: Kamailio, started by the launcher and with the configuration of `make sbc`."""

import contextlib
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import psycopg
import pytest
from sqlalchemy import make_url

from lib.settings import PROJECT

DEPLOYED = PROJECT / "deploy" / "sbc"
HOST = "127.0.0.1"
# Nothing listens there; enough for tests that make no call.
NOWHERE = f"{HOST}:9"
TRUNKS = "syd-1 syd-2 mel-1"
START_SECONDS = 30.0
START_TRIES = 3


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port that is free now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def free_sip_port() -> int:
    """A port that is free now, for both UDP and TCP.

    Below those that the system gives to clients: on TCP each of these stays taken for a minute after its connection.
    """
    while True:
        port = 30_000 + secrets.randbelow(2_700)
        with contextlib.suppress(OSError), contextlib.ExitStack() as held:
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                held.enter_context(socket.socket(socket.AF_INET, kind)).bind((HOST, port))
            return port


def require_kamailio() -> None:
    """Skip the test where Kamailio is not installed."""
    if shutil.which("kamailio", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin") is None:
        pytest.skip("Kamailio is not installed: `make system-parts` as root installs it")


class Kamailio:
    """The reference SBC on free ports of this machine, with its state in `folder`.

    `database` is "sqlite" or the URL of a PostgreSQL database with the schema (see `sbc_database`). The destinations
    are `host:port`. `settings` are more SBC_... variables. A restarted one has the same ports, token and rules.
    `url`, `carrier_port` and `customer_port` are known after the first start. Use `start` and `stop`, or `with`.
    """

    def __init__(
        self,
        folder: Path,
        database: str = "sqlite",
        *,
        token: str | None = None,
        pbx: str = NOWHERE,
        voicemail: str = NOWHERE,
        carrier: str = NOWHERE,
        announcement: str = NOWHERE,
        trunks: str = TRUNKS,
        tls: bool = False,
        settings: dict[str, str] | None = None,
    ) -> None:
        require_kamailio()
        self.folder = folder
        self.log = folder / "kamailio.log"
        self.token = token or secrets.token_urlsafe(24)
        self.carrier_port = self.customer_port = self.http_port = 0
        self.certificates = folder / "certificates"
        """With `tls`: ca.pem, client.pem and client.key are what a client needs."""
        self.prefix: list[str] = []
        """What comes before the launcher on its command line."""
        self._tls = tls
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0
        self._groups: list[int] = []
        self._settings = {
            "SBC_DATA": str(folder / "data"),
            "SBC_DATABASE_URL": database,
            "SBC_TOKEN": self.token,
            "SBC_PBX": pbx,
            "SBC_VOICEMAIL": voicemail,
            "SBC_CARRIER": carrier,
            "SBC_ANNOUNCEMENT": announcement,
            "SBC_TRUNKS": trunks,
            **(settings or {}),
        }

    @property
    def url(self) -> str:
        """The base address of the provisioning API, without a slash at its end."""
        return f"{'https' if self._tls else 'http'}://{HOST}:{self.http_port}"

    def start(self) -> None:
        """Start it, and return when it answers with this instance's token.

        Raises:
            AssertionError: it did not start; with its log.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._tls and not self.certificates.exists():
            make_certificates(self.certificates)
        restart = self.http_port != 0
        for tried in range(START_TRIES):
            if not restart:
                self.choose_ports()
            self._launch()
            if self._wait():
                self._groups = self.process_groups()
                return
            self.stop()
            # Another process may have taken a free port in between.
            if restart or tried == START_TRIES - 1 or "cannot listen" not in self.log.read_text():
                break
        raise AssertionError(f"the SBC did not start:\n{self.log.read_text()}")

    def choose_ports(self) -> None:
        """Take ports that are free now; `start` does it by itself."""
        self.carrier_port, self.customer_port = free_sip_port(), free_sip_port()
        self.http_port = free_port()

    def stop(self) -> None:
        """Stop it cleanly, as `systemctl stop` would."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
        self._process = None
        self._groups = []

    def kill(self) -> None:
        """Send SIGKILL to all its processes at once: none can clean up."""
        if self._process is None:
            return
        # Kamailio before its launcher, which would stop it cleanly.
        for group in {*self._groups, *self.process_groups()}:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(10)
        self._process = None
        self._groups = []

    def process_groups(self) -> list[int]:
        """The process group of Kamailio, without its launcher's; empty when the launcher has ended."""
        pid = self.launcher
        try:
            return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        except OSError:
            return []

    @property
    def launcher(self) -> int:
        """The process id of the launcher."""
        assert self._process is not None
        return self._process.pid

    def ended(self, seconds: float = 20.0) -> int:
        """Wait until the launcher has ended by itself, and return its exit code."""
        assert self._process is not None
        return self._process.wait(seconds)

    def logged(self, text: str, times: int = 1) -> list[str]:
        """The lines of the log with `text`, once there are at least `times` of them; they come a moment after the
        answer.
        """
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            lines = [line for line in self.log.read_text(errors="replace").splitlines() if text in line]
            if len(lines) >= times:
                return lines
            time.sleep(0.02)
        raise AssertionError(f"“{text}” is not {times} times in the log:\n{self.log.read_text(errors='replace')}")

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """One request to the API with the token, and the status and the JSON of its answer."""
        status, text = self.request(
            method,
            path,
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {self.token}", **headers},
        )
        return status, json.loads(text)

    def request(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, str]:
        """One request exactly as given, on a new connection."""
        connection = http.client.HTTPConnection(HOST, self.http_port, timeout=10)
        if self._tls:
            connection = http.client.HTTPSConnection(HOST, self.http_port, timeout=10, context=self.tls_context())
        with contextlib.closing(connection):
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def tls_context(self) -> ssl.SSLContext:
        """The TLS context of a client with the right certificate."""
        context = ssl.create_default_context(cafile=self.certificates / "ca.pem")
        context.load_cert_chain(self.certificates / "client.pem", self.certificates / "client.key")
        return context

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def _launch(self) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SBC_")}
        environment |= self._settings
        environment["SBC_CARRIER_PORT"] = str(self.carrier_port)
        environment["SBC_CUSTOMER_PORT"] = str(self.customer_port)
        environment["SBC_HTTP_PORT"] = str(self.http_port)
        if self._tls:
            environment["SBC_TLS_CERT"] = str(self.certificates / "server.pem")
            environment["SBC_TLS_KEY"] = str(self.certificates / "server.key")
            environment["SBC_TLS_CA"] = str(self.certificates / "ca.pem")
        with self.log.open("a") as output:
            self._log_start = output.tell()
            self._process = subprocess.Popen(
                [*self.prefix, sys.executable, str(DEPLOYED / "run.py")],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _wait(self) -> bool:
        assert self._process is not None
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
                if self.call("GET", "/v1/health")[0] == 200 and self._launcher_is_content():
                    return True
            time.sleep(0.02)
        return False

    def _launcher_is_content(self) -> bool:
        with self.log.open() as text:
            text.seek(self._log_start)
            return "The SBC is running." in text.read()


def make_certificates(folder: Path, *, client_name: str = "account-manager") -> None:
    """An authority in `folder`, with a certificate for an SBC on this machine and one for a client."""
    subprocess.run(
        ["sh", str(DEPLOYED / "certificates.sh"), str(folder), HOST],
        env={**os.environ, "CLIENT_NAME": client_name},
        check=True,
        capture_output=True,
        timeout=60,
    )


@contextlib.contextmanager
def sbc_database(postgres_url: str) -> Iterator[str]:
    """A fresh PostgreSQL database with the SBC's schema, for `Kamailio(folder, database)`; dropped afterwards.

    `postgres_url` is the fixture of that name.
    """
    server = make_url(postgres_url).set(drivername="postgresql")
    name = f"sbc_{uuid.uuid4().hex}"
    with psycopg.connect(server.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute(f"create database {name} template template0")
        try:
            made = server.set(database=name)
            with psycopg.connect(made.render_as_string(hide_password=False), autocommit=True) as new:
                new.execute((DEPLOYED / "schema-postgresql.sql").read_text())
            yield made.set(drivername="postgres").render_as_string(hide_password=False)
        finally:
            connection.execute(f"drop database {name} with (force)")
