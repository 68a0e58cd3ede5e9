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
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from sbc_config import CONFIG, prepare
from sbc_door import Door
from sbc_log import pass_on
from sbc_site import Site, SiteError, read_site

START_SECONDS = 30.0
STOP_SECONDS = 2.0
SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD}
PACKAGES = "kamailio kamailio-extra-modules kamailio-sqlite-modules kamailio-postgres-modules kamailio-tls-modules"
PR_SET_PDEATHSIG = 1
STARTED = "started"
"""A file that is there once the SBC has run with its rules."""
RESCUE_SECONDS = 2.0
"""So long at least it carries emergency calls alone, before it tries the database again."""
AGAIN = -1
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
        prepare(site, inside)
    except SiteError as error:
        return _refuse(str(error))
    except OSError as error:
        return _refuse(f"{error.filename or 'SBC_DATA'} cannot be used: {error.strerror}.")
    # Waited for below, one at a time, so that none is lost between two looks.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    code, why = _run(program, site, inside, lock)
    if why and site.postgres and site.emergency_calls and (site.data / STARTED).exists():
        # It has run here before, so that it is the database that fails, and not what an operator wrote.
        sys.stderr.write(f"{why} Until the database answers, emergency calls alone are carried.\n")
        prepare(site, inside, rules=False)
        code, why = _run(program, site, inside, lock, until=lambda: _database_answers(site))
        if code == AGAIN:
            sys.stderr.write("The database answers: the SBC starts again, with its rules.\n")
            sys.stderr.flush()
            os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606 (this very program)
    # Last, so that it stands below the messages it speaks of.
    return _refuse(why) if why else code


def _run(program: str, site: Site, inside: str, lock: int, until: Callable[[], bool] | None = None) -> tuple[int, str]:
    """Kamailio from its start to its end: the exit code, and why it was no start at all.

    With `until` it carries emergency calls alone, and ends with AGAIN once that is true.
    """
    kamailio = _start(program, site.data / CONFIG, site, lock)
    assert kamailio.stderr is not None
    log = pass_on(kamailio.stderr, sys.stderr.buffer)
    try:
        return _stay(kamailio, site, inside, until)
    finally:
        _end(kamailio)
        log.join(STOP_SECONDS)


def _stay(
    kamailio: subprocess.Popen[bytes], site: Site, inside: str, until: Callable[[], bool] | None
) -> tuple[int, str]:
    limit = time.monotonic() + START_SECONDS
    look_again = time.monotonic() + RESCUE_SECONDS
    ready = False
    while True:
        if not ready and _answers(inside, site.http_port):
            try:
                Door((site.http_address, site.http_port), (inside, site.http_port)).open()
            except OSError as error:
                return 1, f"SBC_HTTP_PORT: cannot listen at {site.http_address}:{site.http_port} ({error.strerror})."
            ready = True
            if until is None:
                _say(site)
                (site.data / STARTED).touch(mode=0o600)
        came = signal.sigtimedwait(SIGNALS, 0.02 if not ready else 3600.0 if until is None else 0.5)
        if came is not None and came.si_signo != signal.SIGCHLD:
            return 0, ""
        if kamailio.poll() is not None:
            if ready:
                sys.stderr.write(f"The SBC has ended by itself, with code {kamailio.returncode}.\n")
                return 1, ""
            return 1, "Kamailio ended at once; its messages are above."
        if until is not None and time.monotonic() > look_again and until():
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


def _start(program: str, config: Path, site: Site, lock: int) -> subprocess.Popen[bytes]:
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def in_the_child() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        # Even SIGKILL of this process ends Kamailio.
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return subprocess.Popen(  # noqa: S603 (a fixed program, and values that were checked)
        [program, "-f", config, "-DD", "-E", "-m", SHARED_MEGABYTES, "-M", "16", "-Y", site.data, "-w", site.data],
        # The token is for this process: Kamailio knows its hash.
        env=_environment(),
        stdin=subprocess.DEVNULL,
        # Its log is on standard error; here it only repeats where it listens.
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=(lock,),
        process_group=0,
        preexec_fn=in_the_child,  # noqa: PLW1509 (this process has one thread yet)
    )


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SBC_")}
    # A table that somebody else has locked is an error soon, and before db_postgres gives up on the connection.
    limits = "-c lock_timeout=1000 -c statement_timeout=4000"
    return {**kept, "PGOPTIONS": f"{kept.get('PGOPTIONS', '')} {limits}".strip()}


def _database_answers(site: Site) -> bool:
    """Whether something listens where the database should; more shows the next start."""
    assert site.postgres is not None
    parts = urlsplit(site.postgres)
    with contextlib.suppress(OSError):
        socket.create_connection((parts.hostname, parts.port or 5432), timeout=1).close()
        return True
    return False


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
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    _warn(site)


def _warn(site: Site) -> None:
    """What an operator chose or forgot, and must not forget again."""
    if not site.emergency_calls:
        sys.stderr.write(
            "WARNING: emergency calls are switched off (SBC_EMERGENCY_CALLS=off). They go by the rules like any call: "
            "a suspended number cannot call for help through this SBC.\n"
        )
    if nameless := [name for name, sources in site.trunk_sources.items() if not sources]:
        sys.stderr.write(
            f"WARNING: numbers of {', '.join(nameless)} can call nobody but emergency services, because the "
            "destination is a name. Say in SBC_TRUNK_SOURCES from which addresses they call.\n"
        )


def _refuse(sentence: str) -> int:
    sys.stderr.write(f"Not started: {sentence}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
