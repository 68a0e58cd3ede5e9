"""Runs the reference SBC in the foreground, with the values of the SBC_... variables (see docs/sbc.md).

It needs only Python 3.11 and Kamailio. Kamailio's processes are a group of their own, and all end when this one ends.
"""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time

from sbc_config import create_sqlite, prepare
from sbc_database import Question
from sbc_door import Door
from sbc_log import pass_on
from sbc_machine import check_ports, choose_inner_address, find_kamailio, lock_folder
from sbc_site import Site, read_site
from sbc_values import SiteError

START_SECONDS = 30.0
STOP_SECONDS = 2.0
SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD}
PR_SET_PDEATHSIG = 1
RESCUE_SECONDS = 2.0
"""How long it connects only emergency calls before it looks for the rules again. Then it waits longer."""
LONGEST_LOOK = 10.0
LONGEST_RESCUE = 60.0
"""The same when the rules were there, but the start with them failed several times."""
AGAIN = -1
OUT, LOG = 1, 2
SHARED_MEGABYTES = "1024"
"""tcp_max_connections times tcp_rd_buf_size (kamailio.cfg), and 384 more. Unused memory is not taken."""


def main() -> int:
    """Start, wait for a signal or for Kamailio to end, and return the exit code."""
    os.umask(0o077)
    try:
        site = read_site(os.environ)
        program = find_kamailio()
        site.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        site.data.chmod(0o700)
        lock = lock_folder(site.data)
        check_ports(site)
        inside = choose_inner_address()
        config = prepare(site, inside)
        rescue = prepare(site, inside, rules=False) if site.emergency_calls else ""
    except SiteError as error:
        return _refuse(str(error))
    except OSError as error:
        return _refuse(f"{error.filename or 'SBC_DATA'} cannot be used: {error.strerror}.")
    # They are waited for below, so that no signal is lost between two checks.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    failed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    code, why = 1, _no_rules(site)
    if not why:
        code, why = _run(program, site, config, inside, lock)
        failed += 1
    if why and site.emergency_calls:
        # If an operator's values are wrong, this start fails, too, and says so.
        _tell(LOG, f"{why} Until there are rules, only emergency calls are connected.\n")
        pause = min(LONGEST_RESCUE, RESCUE_SECONDS * 2 ** min(failed, 10))
        with contextlib.closing(_Return(site, pause)) as until:
            code, why = _run(program, site, rescue, inside, lock, until)
        if code == AGAIN:
            _tell(LOG, "The rules are there: the SBC starts again, with them.\n")
            os.execv(sys.executable, [sys.executable, sys.argv[0], str(failed)])  # noqa: S606 (this very program)
    # Last, so that it comes below the messages that it is about.
    return _refuse(why) if why else code


def _no_rules(site: Site) -> str:
    """Why there are no rules now, in a sentence, "" when there are. Takes at most a few seconds."""
    if site.postgres is not None:
        why = Question(site.postgres, _environment()).answer()
        return f"PostgreSQL does not give the rules: {why}." if why else ""
    try:
        create_sqlite(site)
    except SiteError as error:
        return str(error)
    return ""


class _Return:
    """Checks whether the SBC can use its rules again, without ever blocking the launcher."""

    def __init__(self, site: Site, pause: float) -> None:
        self._site = site
        self._pause = pause
        self._next = time.monotonic() + pause
        self._question: Question | None = None

    def __call__(self) -> bool:
        """True when the rules are there. Call it repeatedly."""
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
        """Stop checking."""
        if self._question is not None:
            self._question.drop()


def _run(
    program: str, site: Site, config: str, inside: str, lock: int, until: _Return | None = None
) -> tuple[int, str]:
    """Run Kamailio to its end. Returns the exit code, and why it did not start.

    With `until` it connects only emergency calls, and ends with AGAIN when that is true.
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
            return 1, "Kamailio ended at once. Its messages are above."
        if until is not None and ready and until():
            return AGAIN, ""
        if not ready and time.monotonic() > limit:
            return 1, f"Kamailio was not ready within {START_SECONDS:.0f} seconds."


def _start(program: str, config: str, site: Site, lock: int) -> subprocess.Popen[bytes]:
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def in_the_child() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        # Even a SIGKILL of this process ends Kamailio.
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    kamailio = subprocess.Popen(  # noqa: S603 (a fixed program, and values that were checked)
        # Its configuration comes through a pipe, so that it starts even when the disk is full.
        [
            *[program, "-f", "/dev/stdin", "-DD", "-E", "-m", SHARED_MEGABYTES, "-M", "16"],
            *["-Y", site.data, "-w", site.data],
        ],
        # The token is for this process. Kamailio has its hash.
        env=_environment(),
        stdin=subprocess.PIPE,
        # Its log is on standard error. Here it only repeats where it listens.
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
    # A locked table is an error before db_postgres gives up on the connection.
    limits = "-c lock_timeout=1000 -c statement_timeout=4000"
    return {**kept, "PGOPTIONS": f"{kept.get('PGOPTIONS', '')} {limits}".strip()}


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
    """Warnings about what an operator has switched off or forgotten."""
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
            "destination is a name. Set SBC_TRUNK_SOURCES to the addresses they call from.\n",
        )


def _refuse(sentence: str) -> int:
    _tell(LOG, f"Not started: {sentence}\n")
    return 1


def _tell(where: int, text: str) -> None:
    """Write to standard output or standard error. A full disk must not end a running SBC."""
    with contextlib.suppress(OSError):
        os.write(where, text.encode(errors="replace"))


if __name__ == "__main__":
    sys.exit(main())
