"""Checks whether PostgreSQL has the rules, by a real query in a process that lives at most three seconds.

So the launcher never waits for a host that drops packets, a server that accepts connections and does not answer, or a
slow name server. The query uses libpq, which Kamailio's module for PostgreSQL needs anyway.
"""

import ctypes
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

SECONDS = 3
_NO_LIBRARY = 2
_QUERY = b"select 1 from sbc_rule, sbc_deleted_rule limit 1"
_CONNECTION_OK, _TUPLES_OK = 0, 2


class Question:
    """Asks as soon as it is made. `environment` is for libpq, besides the URL."""

    def __init__(self, url: str, environment: Mapping[str, str]) -> None:
        self._asking = subprocess.Popen(  # noqa: S603 (this very file)
            [sys.executable, "-I", str(Path(__file__).resolve())],
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert self._asking.stdin is not None
        # Not as an argument: it may contain a password.
        self._asking.stdin.write(url.encode())
        self._asking.stdin.close()

    @property
    def open(self) -> bool:
        """True while there is no answer."""
        return self._asking.poll() is None

    def answer(self) -> str:
        """Wait for the answer: why there are no rules, "" when there are, or without libpq when we cannot know."""
        assert self._asking.stderr is not None
        with self._asking.stderr as stream:
            said = " ".join(stream.read().decode(errors="replace").split())
        code = self._asking.wait()
        if code in (0, _NO_LIBRARY):
            return ""
        return said or f"no answer within {SECONDS} seconds"

    def drop(self) -> None:
        """Stop asking."""
        self._asking.kill()
        self.answer()


def _ask(url: str) -> int:
    # Ends this process, whatever it waits for.
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    signal.alarm(SECONDS)
    try:
        library = ctypes.CDLL("libpq.so.5")
    except OSError:
        return _NO_LIBRARY
    library.PQconnectdb.restype = library.PQexec.restype = ctypes.c_void_p
    library.PQerrorMessage.restype = ctypes.c_char_p
    connection = ctypes.c_void_p(library.PQconnectdb(url.encode()))
    if library.PQstatus(connection) == _CONNECTION_OK:
        result = ctypes.c_void_p(library.PQexec(connection, _QUERY))
        if library.PQresultStatus(result) == _TUPLES_OK:
            return 0
    sys.stderr.write((library.PQerrorMessage(connection) or b"").decode(errors="replace"))
    return 1


if __name__ == "__main__":
    sys.exit(_ask(sys.stdin.read()))
