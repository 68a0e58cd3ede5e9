"""A server that answers a byte at a time is cut off at the limit, in any part of the answer."""

import contextlib
import socket
import ssl
import threading

import pytest
import requests

from lib.clients.call import Call, HttpConfig
from lib.clients.deadline import Deadline
from lib.clients.errors import RemoteError, Unreachable
from lib.clients.http import HttpClient
from lib.patience import Patience
from tests.contract.conftest import auth_rule
from tests.kamailio import make_certificates

LIMIT = 0.3
LONG = 40
"""This many bytes at 0.05 s each take several times the limit, so that only a cut ends it early."""
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
# What comes at once, then what comes a byte at a time.
ANSWERS = {
    "status line": (b"", b"HTTP/1.1 200 O" + b"K" * LONG),
    "headers": (HEAD, b"X-Slow: " + b"a" * LONG),
    "many headers": (HEAD, b"A: b\r\n" * 10),
    "body": (HEAD + b"Content-Length: 1000\r\n\r\n", b" " * LONG),
    "body without a length": (HEAD + b"Connection: close\r\n\r\n{", b" " * LONG),
    "chunked body": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n" * 10),
    "chunk size": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0" * LONG),
    "continue for ever": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 3),
}


class Dripping:
    """A server on loopback that sends `at_once`, then `slowly`, and then waits for the client to leave."""

    def __init__(self, at_once: bytes = b"", slowly: bytes = b"", *, reads: bool = True, context=None) -> None:
        self._told = (at_once, slowly)
        self._reads, self._context = reads, context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.left = threading.Event()
        """The client ended the connection before the answer was over."""
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            connection, _ = self._listener.accept()
            with connection:
                if self._context is not None:
                    connection = self._context.wrap_socket(connection, server_side=True)
                with connection:
                    self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        at_once, slowly = self._told
        if self._reads:
            connection.recv(65536)
        connection.sendall(at_once)
        connection.settimeout(0.05)
        for byte in slowly:
            connection.sendall(bytes([byte]))
            try:
                if connection.recv(65536) == b"":
                    self.left.set()
                    return
            except TimeoutError:
                continue
            except OSError:
                self.left.set()
                return

    def close(self) -> None:
        with contextlib.suppress(OSError):
            # Wakes a thread that still waits for a connection.
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(15)


@pytest.fixture
def dripping():
    servers = []

    def build(*args, **given) -> Dripping:
        servers.append(Dripping(*args, **given))
        return servers[-1]

    yield build
    for server in servers:
        server.close()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    make_certificates(folder)
    return folder


def read(url, **config):
    patience = Patience(connect_seconds=LIMIT, read_seconds=LIMIT, attempts=1)
    client = HttpClient("Zuora", HttpConfig(url, patience, **config))
    try:
        return client.send(Call("POST", "/v1/x", "change something", writes=True), lambda reply, call: reply)
    finally:
        client.close()


@pytest.mark.parametrize("part", ANSWERS)
def test_a_slow_answer_is_cut_off(dripping, part):
    server = dripping(*ANSWERS[part])
    with pytest.raises(Unreachable) as caught:
        read(f"http://{server.address}")
    assert caught.value.maybe_done
    assert "ReadTimeout" in str(caught.value)
    # It left during the answer. Without a deadline it would stay to the last byte.
    assert server.left.wait(5)


@pytest.mark.parametrize("part", ["status line", "headers", "chunked body", "body without a length"])
def test_so_it_is_over_tls(dripping, certificates, part):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
    server = dripping(*ANSWERS[part], context=context)
    with pytest.raises(Unreachable) as caught:
        read(f"https://{server.address}", verify=str(certificates / "ca.pem"))
    assert caught.value.maybe_done
    assert server.left.wait(5)


def test_a_slow_handshake_is_cut_off_and_nothing_was_done(dripping, certificates):
    # The head of a TLS record that announces a long handshake message, then a byte of it at a time.
    server = dripping(b"\x16\x03\x03\x10\x00\x02\x00\x0f\xfc", b"\x03" * LONG)
    with pytest.raises(Unreachable) as caught:
        read(f"https://{server.address}", verify=str(certificates / "ca.pem"))
    assert not caught.value.maybe_done
    assert "Nothing was changed." in str(caught.value)
    assert server.left.wait(5)


def test_a_kept_connection_has_the_deadline_of_the_request_it_is_used_for(dripping):
    first = HEAD + b"Content-Length: 2\r\n\r\n{}"
    server = dripping(first, ANSWERS["headers"][0] + ANSWERS["headers"][1])
    config = HttpConfig(f"http://{server.address}", Patience(read_seconds=LIMIT, attempts=1))
    client = HttpClient("Zuora", config)
    call = Call("GET", "/v1/x", "read something")
    assert client.send(call, lambda reply, call: reply).content == b"{}"
    with pytest.raises(RemoteError):
        client.send(call, lambda reply, call: reply)
    assert server.left.wait(5)
    client.close()


def test_every_client_has_it(dripping, make_zuora, make_sbc):
    slow = {"read_seconds": LIMIT, "connect_seconds": LIMIT, "attempts": 1}
    zuora, sbc = dripping(*ANSWERS["headers"]), dripping(*ANSWERS["headers"])
    with pytest.raises(Unreachable):
        make_zuora(url=f"http://{zuora.address}", **slow).account("1")  # the sign-in
    with pytest.raises(Unreachable):
        make_sbc(f"http://{sbc.address}", **slow).put_rules([auth_rule("+61491570006")], actor="a", track="t")
    assert zuora.left.wait(5)
    assert sbc.left.wait(5)


def test_no_connection_is_made_after_the_time_is_over(dripping):
    # The time can be over before there is a socket to shut down: a name lookup cannot be interrupted.
    server = dripping()
    client = HttpClient("Zuora", HttpConfig(f"http://{server.address}", Patience(attempts=1)))
    with pytest.raises(requests.ConnectionError), Deadline(0.01) as deadline:
        while not deadline.passed:
            threading.Event().wait(0.01)
        client._session.get(f"http://{server.address}/", timeout=5)
    client.close()
