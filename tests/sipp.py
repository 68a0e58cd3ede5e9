"""Real SIP calls for tests: callers and servers of sipp, each with its scenario from tests/calls/scenarios."""

import contextlib
import itertools
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

from lib.settings import PROJECT
from tests.kamailio import HOST, free_port, free_sip_port

SCENARIOS = PROJECT / "tests" / "calls" / "scenarios"
CALL_SECONDS = 15
_numbers = itertools.count(1)


def require_sipp() -> None:
    """Skip the test where sipp is not installed."""
    if shutil.which("sipp") is None:
        pytest.skip("sipp is not installed: `make system-parts` as root installs it")


@dataclass(frozen=True)
class Message:
    """One SIP message as it was on the wire."""

    sent: bool
    text: str

    @property
    def first_line(self) -> str:
        return self.text.split("\n", 1)[0].strip()

    @property
    def body(self) -> str:
        return self.text.partition("\n\n")[2]

    def headers(self, name: str) -> list[str]:
        """The values of the header, in order."""
        head = self.text.partition("\n\n")[0]
        return re.findall(rf"^{re.escape(name)}\s*:\s*(.*?)\s*$", head, re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True)
class Call:
    """How a call went for the caller."""

    passed: bool
    """The call went as its scenario says, to the end."""
    messages: list[Message]
    output: str

    @property
    def replies(self) -> list[Message]:
        """The replies to the caller's INVITE, without "trying"."""
        return [
            message
            for message in self.messages
            if not message.sent
            and message.first_line.startswith("SIP/2.0")
            and not message.first_line.startswith("SIP/2.0 100")
            and message.headers("CSeq") == ["1 INVITE"]
        ]

    @property
    def statuses(self) -> list[int]:
        """The statuses of `replies`; one that came twice in a row counts once."""
        return [status for status, _ in itertools.groupby(int(reply.first_line.split()[1]) for reply in self.replies)]

    @property
    def last(self) -> Message:
        """The final reply."""
        assert self.replies, self.output
        return self.replies[-1]


class Caller:
    """A sipp that makes one call or `calls` at `rate` a second, in the background until `result` is asked for."""

    def __init__(
        self,
        folder: Path,
        scenario: str,
        port: int,
        *,
        called: str,
        calling: str,
        status: int = 0,
        headers: str = "",
        talk_ms: int = 0,
        transport: str = "UDP",
        calls: int = 1,
        rate: int = 10,
    ) -> None:
        require_sipp()
        self._stem = folder / f"{next(_numbers)}-{scenario}"
        text = (SCENARIOS / f"{scenario}.xml").read_text().replace("@STATUS@", str(status))
        # An empty line would end the headers.
        text = re.sub(r"\n *@HEADERS@", f"\n    {headers}" if headers else "", text)
        written = self._stem.with_suffix(".xml")
        written.write_text(text)
        keys = {"called": called, "calling": calling}
        limits = [
            "-m",
            str(calls),
            "-r",
            str(rate),
            "-d",
            str(talk_ms),
            "-timeout",
            str(CALL_SECONDS),
            "-timeout_error",
        ]
        limits += ["-t", "t1"] if transport == "TCP" else []
        own = free_sip_port() if transport == "TCP" else free_port(socket.SOCK_DGRAM)
        self._process = _sipp(self._stem, written, own, keys, [*limits, f"{HOST}:{port}"])

    def result(self) -> Call:
        """Wait for the end of the call."""
        try:
            code = self._process.wait(2 * CALL_SECONDS)
        except subprocess.TimeoutExpired:
            _kill(self._process)
            code = -1
        return Call(code == 0, _read(self._stem), self._stem.with_suffix(".out").read_text(errors="replace"))

    def wait_for(self, status: int) -> None:
        """Wait until the caller gets `status`."""
        end = time.monotonic() + CALL_SECONDS
        while time.monotonic() < end:
            if any(message.first_line.startswith(f"SIP/2.0 {status}") for message in _read(self._stem)):
                return
            time.sleep(0.02)
        raise AssertionError(f"the caller never got {status}")


class Server:
    """A sipp that takes calls until it is killed. `role` is what it calls itself in its replies."""

    def __init__(self, folder: Path, scenario: str, role: str) -> None:
        require_sipp()
        self.role = role
        self.port = free_port(socket.SOCK_DGRAM)
        self._stem = folder / f"{next(_numbers)}-{role}"
        self._scenario = SCENARIOS / f"{scenario}.xml"
        self._process: subprocess.Popen[bytes] | None = None
        self._seen = 0

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    def start(self) -> None:
        """Start; returns when its port is open."""
        self._process = _sipp(self._stem, self._scenario, self.port, {"role": self.role}, [])
        end = time.monotonic() + CALL_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            if f":{self.port:04X} " in Path("/proc/net/udp").read_text():
                return
            time.sleep(0.01)
        raise AssertionError(f"sipp did not start: {self._stem.with_suffix('.out').read_text()}")

    def kill(self) -> None:
        """Kill it; on SIGTERM sipp would wait for its calls."""
        if self._process is not None:
            _kill(self._process)
        self._process = None

    def news(self) -> list[Message]:
        """The requests it received since it was last asked."""
        requests = [message for message in _read(self._stem) if not message.sent]
        new, self._seen = requests[self._seen :], len(requests)
        return new

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()


def _sipp(stem: Path, scenario: Path, port: int, keys: dict[str, str], more: list[str]) -> subprocess.Popen[bytes]:
    command = ["sipp", "-sf", str(scenario), "-i", HOST, "-p", str(port), "-nostdin"]
    command += ["-mp", str(_media_port())]
    command += ["-trace_msg", "-message_file", str(stem.with_suffix(".messages"))]
    command += [part for key, value in keys.items() for part in ("-key", key, value)]
    with stem.with_suffix(".out").open("wb") as output:
        return subprocess.Popen(
            command + more,
            cwd=stem.parent,
            env={**os.environ, "TERM": "xterm"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _media_port() -> int:
    """A port with free ones above it: each sipp takes an audio and a video port, and by itself all take the same.

    Random without the seed of the test run: otherwise two test processes would try the same ports.
    """
    while True:
        first = 10_000 + 10 * secrets.randbelow(2_000)
        with contextlib.suppress(OSError), contextlib.ExitStack() as held:
            for port in range(first, first + 6):
                held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)).bind((HOST, port))
            return first


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)


def _read(stem: Path) -> list[Message]:
    """The messages of sipp's trace: a line of dashes, a line that says sent or received, an empty line, the message."""
    path = stem.with_suffix(".messages")
    if not path.exists():
        return []
    text = path.read_bytes().decode(errors="replace").replace("\r\n", "\n")
    parts = re.split(r"^-{20,} .*\n\w+ message (sent|received) .*\n\n", text, flags=re.MULTILINE)[1:]
    return [Message(how == "sent", message) for how, message in zip(parts[::2], parts[1::2], strict=True)]
