"""Runs the reference SBC in the foreground, with the values of the SBC_... variables (see docs/sbc.md).

Needs Python 3.11 and Kamailio, nothing else. Kamailio's processes are a group of their own; whatever ends this one,
ends them all.
"""

import contextlib
import ctypes
import fcntl
import ipaddress
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from sbc_config import create_sqlite, prepare
from sbc_database import Question
from sbc_door import Door
from sbc_log import pass_on
from sbc_site import Site, SiteError, read_site

START_SECONDS = 30.0
STOP_SECONDS = 2.0
SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD}
PACKAGES = "kamailio kamailio-extra-modules kamailio-sqlite-modules kamailio-postgres-modules kamailio-tls-modules"
PR_SET_PDEATHSIG = 1
RESCUE_SECONDS = 2.0
"""So long at least it carries emergency calls alone, before it looks for the rules again. Then it waits longer."""
LONGEST_LOOK = 10.0
LONGEST_RESCUE = 60.0
"""Where the rules could be had, and the start with them failed all the same, again and again."""
AGAIN = -1
OUT, LOG = 1, 2
SHARED_MEGABYTES = "1024"
"""tcp_max_connections times tcp_rd_buf_size (kamailio.cfg) and 384 more. What is not used takes no memory."""


def main() -> int:
    """Start, stay until a signal comes or Kamailio ends, and return the exit code."""
    os.umask(0o077)
    try:
        site = read_site(os.environ)
        program = _program()
        site.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        site.data.chmod(0o700)
        lock = _lock(site.data)
        _check_ports(site)
        inside = _address_inside()
        config = prepare(site, inside)
        rescue = prepare(site, inside, rules=False) if site.emergency_calls else ""
    except SiteError as error:
        return _refuse(str(error))
    except OSError as error:
        return _refuse(f"{error.filename or 'SBC_DATA'} cannot be used: {error.strerror}.")
    # Waited for below, one at a time, so that none is lost between two looks.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    failed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    code, why = 1, _no_rules(site)
    if not why:
        code, why = _run(program, site, config, inside, lock)
        failed += 1
    if why and site.emergency_calls:
        # Where an operator's values are to blame, this does not start either, and says so.
        _tell(LOG, f"{why} Until there are rules, emergency calls alone are carried.\n")
        pause = min(LONGEST_RESCUE, RESCUE_SECONDS * 2 ** min(failed, 10))
        with contextlib.closing(_Return(site, pause)) as until:
            code, why = _run(program, site, rescue, inside, lock, until)
        if code == AGAIN:
            _tell(LOG, "The rules can be had: the SBC starts again, with them.\n")
            os.execv(sys.executable, [sys.executable, sys.argv[0], str(failed)])  # noqa: S606 (this very program)
    # Last, so that it stands below the messages it speaks of.
    return _refuse(why) if why else code


def _no_rules(site: Site) -> str:
    """Why the rules cannot be had now, in a sentence; "" when they can. Takes a few seconds at most."""
    if site.postgres is not None:
        why = Question(site.postgres, _environment()).answer()
        return f"PostgreSQL does not give the rules: {why}." if why else ""
    try:
        create_sqlite(site)
    except SiteError as error:
        return str(error)
    return ""


class _Return:
    """Looks whether the SBC can go back to its rules, without ever holding up the launcher."""

    def __init__(self, site: Site, pause: float) -> None:
        self._site = site
        self._pause = pause
        self._next = time.monotonic() + pause
        self._question: Question | None = None

    def __call__(self) -> bool:
        """Whether the rules can be had. To be called again and again."""
        if self._question is not None:
            return not self._question.open and self._learn(self._question.answer())
        if time.monotonic() < self._next:
            return False
        if self._site.postgres is None:
            return self._learn(_no_rules(self._site))
        self._question = Question(self._site.postgres, _environment())
        return False

    def _learn(self, why: str) -> bool:
        self._question = None
        self._pause = max(self._pause, min(LONGEST_LOOK, self._pause * 2))
        self._next = time.monotonic() + self._pause
        return not why

    def close(self) -> None:
        """Look no longer."""
        if self._question is not None:
            self._question.drop()


def _run(
    program: str, site: Site, config: str, inside: str, lock: int, until: _Return | None = None
) -> tuple[int, str]:
    """Kamailio from its start to its end: the exit code, and why it was no start at all.

    With `until` it carries emergency calls alone, and ends with AGAIN once that is true.
    """
    kamailio = _start(program, config, site, lock)
    assert kamailio.stderr is not None
    log = pass_on(kamailio.stderr, sys.stderr.buffer)
    try:
        return _stay(kamailio, site, inside, until)
    finally:
        _end(kamailio)
        log.join(STOP_SECONDS)


def _stay(kamailio: subprocess.Popen[bytes], site: Site, inside: str, until: _Return | None) -> tuple[int, str]:
    limit = time.monotonic() + START_SECONDS
    ready = False
    while True:
        if not ready and _answers(inside, site.http_port):
            try:
                Door((site.http_address, site.http_port), (inside, site.http_port), site.http_sources).open()
            except OSError as error:
                return 1, f"SBC_HTTP_PORT: cannot listen at {site.http_address}:{site.http_port} ({error.strerror})."
            ready = True
            if until is None:
                _say(site)
        came = signal.sigtimedwait(SIGNALS, 0.02 if not ready else 3600.0 if until is None else 0.5)
        if came is not None and came.si_signo != signal.SIGCHLD:
            return 0, ""
        if kamailio.poll() is not None:
            if ready:
                _tell(LOG, f"The SBC has ended by itself, with code {kamailio.returncode}.\n")
                return 1, ""
            return 1, "Kamailio ended at once; its messages are above."
        if until is not None and ready and until():
            return AGAIN, ""
        if not ready and time.monotonic() > limit:
            return 1, f"Kamailio was not ready within {START_SECONDS:.0f} seconds."


def _program() -> str:
    places = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
    found = shutil.which("kamailio", path=places)
    if found is None:
        raise SiteError(f"Kamailio is not installed. On Debian: apt-get install --no-install-recommends {PACKAGES}")
    return found


def _check_ports(site: Site) -> None:
    """Two Kamailios can listen at one UDP port and share its calls by chance, so it must be free before the start."""
    wanted = [
        ("SBC_CARRIER_PORT", socket.SOCK_DGRAM, site.address, site.carrier_port),
        ("SBC_CUSTOMER_PORT", socket.SOCK_DGRAM, site.address, site.customer_port),
        ("SBC_CARRIER_PORT", socket.SOCK_STREAM, site.address, site.carrier_port),
        ("SBC_CUSTOMER_PORT", socket.SOCK_STREAM, site.address, site.customer_port),
        ("SBC_HTTP_PORT", socket.SOCK_STREAM, site.http_address, site.http_port),
    ]
    for name, kind, address, port in wanted:
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM:
                # Connections of an earlier run that linger do not count.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError as error:
                raise SiteError(f"{name}: cannot listen at {address}:{port} ({error.strerror}).") from None


def _lock(folder: Path) -> int:
    """A lock that Kamailio's processes hold too, so that not even one left behind shares its file with a second SBC."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SiteError(f"Another SBC runs with {folder}; end it first, or choose another SBC_DATA.") from None
    return descriptor


def _start(program: str, config: str, site: Site, lock: int) -> subprocess.Popen[bytes]:
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def in_the_child() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        # Even SIGKILL of this process ends Kamailio.
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    kamailio = subprocess.Popen(  # noqa: S603 (a fixed program, and values that were checked)
        # Its configuration comes through a pipe, so that a full disk is no reason not to start.
        [
            *[program, "-f", "/dev/stdin", "-DD", "-E", "-m", SHARED_MEGABYTES, "-M", "16"],
            *["-Y", site.data, "-w", site.data],
        ],
        # The token is for this process: Kamailio knows its hash.
        env=_environment(),
        stdin=subprocess.PIPE,
        # Its log is on standard error; here it only repeats where it listens.
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=(lock,),
        process_group=0,
        preexec_fn=in_the_child,  # noqa: PLW1509 (this process has one thread yet)
    )
    assert kamailio.stdin is not None
    with contextlib.suppress(BrokenPipeError), kamailio.stdin as pipe:
        pipe.write(config.encode())
    return kamailio


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SBC_")}
    # A table that somebody else has locked is an error soon, and before db_postgres gives up on the connection.
    limits = "-c lock_timeout=1000 -c statement_timeout=4000"
    return {**kept, "PGOPTIONS": f"{kept.get('PGOPTIONS', '')} {limits}".strip()}


def _address_inside() -> str:
    """A loopback address that no other program happens to use, for the way from the door to Kamailio."""
    return str(ipaddress.IPv4Address("127.64.0.0") + secrets.randbelow(2**22))


def _answers(inside: str, port: int) -> bool:
    # Kamailio opens the port only after it has read the rules.
    with contextlib.suppress(OSError):
        socket.create_connection((inside, port), timeout=1).close()
        return True
    return False


def _end(kamailio: subprocess.Popen[bytes]) -> None:
    for how in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(kamailio.pid, how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            kamailio.wait(STOP_SECONDS)


def _say(site: Site) -> None:
    lines = [
        "The SBC is running.",
        f"  carrier side    udp and tcp {site.address}:{site.carrier_port}",
        f"  customer side   udp and tcp {site.address}:{site.customer_port}",
        f"  auth rules      {site.url}",
        f"  database        {'PostgreSQL' if site.postgres else site.data / 'rules.db'}",
        f"  token           {'from SBC_TOKEN' if site.token else 'in ' + str(site.data / 'token')}",
    ]
    if site.emergency_calls:
        then = f", then to {site.carrier}" if site.has_emergency_carrier else ""
        lines.append(f"  emergency       to {site.emergency_carrier}{then}")
    _tell(OUT, "\n".join(lines) + "\n")
    _warn(site)


def _warn(site: Site) -> None:
    """What an operator chose or forgot, and must not forget again."""
    if not site.emergency_calls:
        _tell(
            LOG,
            "WARNING: emergency calls are switched off (SBC_EMERGENCY_CALLS=off). They go by the rules like any call: "
            "a suspended number cannot call for help through this SBC.\n",
        )
    if nameless := [name for name, sources in site.trunk_sources.items() if not sources]:
        _tell(
            LOG,
            f"WARNING: numbers of {', '.join(nameless)} can call nobody but emergency services, because the "
            "destination is a name. Say in SBC_TRUNK_SOURCES from which addresses they call.\n",
        )


def _refuse(sentence: str) -> int:
    _tell(LOG, f"Not started: {sentence}\n")
    return 1


def _tell(where: int, text: str) -> None:
    """Write to standard output or standard error. A disk that is full must not end an SBC that runs."""
    with contextlib.suppress(OSError):
        os.write(where, text.encode(errors="replace"))


if __name__ == "__main__":
    sys.exit(main())
