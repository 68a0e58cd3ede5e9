"""Connections to the provisioning API without a request do not block others."""

import contextlib
import http.client
import importlib.util
import json
import resource
import socket
import sys
import time
from collections.abc import Iterator
from types import ModuleType

import pytest

from tests.calls.conftest import fresh_number, rule
from tests.kamailio import DEPLOYED, HOST, Kamailio, free_port, require_kamailio

IDLE = 2100


@pytest.fixture(scope="module")
def sbc(tmp_path_factory) -> Iterator[Kamailio]:
    require_kamailio()
    with Kamailio(tmp_path_factory.mktemp("door")) as made:
        yield made


@pytest.fixture
def room_for_many() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 2 * IDLE), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def silent(sbc: Kamailio, held: contextlib.ExitStack, count: int, host: str = HOST, says: bytes = b"") -> None:
    for _ in range(count):
        one = held.enter_context(socket.create_connection((HOST, sbc.http_port), 10, (host, 0)))
        with contextlib.suppress(OSError):
            one.sendall(says)


@pytest.mark.parametrize("host", [HOST, "127.0.0.9"], ids=["same address", "another address"])
@pytest.mark.usefixtures("room_for_many")
def test_idle_connections_do_not_block_others(sbc, host):
    number = fresh_number()
    kept = http.client.HTTPConnection(HOST, sbc.http_port, timeout=10)
    with contextlib.ExitStack() as held, contextlib.closing(kept):
        silent(sbc, held, IDLE, host)
        for rev in range(1, 4):
            assert sbc.call("GET", "/v1/health")[0] == 200
            assert sbc.call("PUT", "/v1/rules", [rule(number, "allowed", rev=rev)])[0] == 200
        # A connection that is used stays, while the others make room for each other.
        for _ in range(3):
            kept.request("GET", "/v1/health", headers={"Authorization": f"Bearer {sbc.token}"})
            assert kept.getresponse().read().startswith(b'{"db":true')
            silent(sbc, held, 20, host)


@pytest.mark.parametrize("says", [b"G", b"GET /v1/health HTTP/1.1\r\n", b"\x16\x03\x01\x02\x00\x01"], ids=repr)
@pytest.mark.parametrize("hosts", [[HOST], [f"127.0.0.{last}" for last in range(2, 7)]], ids=["same", "others"])
def test_an_unfinished_request_keeps_no_place(sbc, hosts, says):
    """From each address more connections than it may have, all with an unfinished request."""
    with contextlib.ExitStack() as held:
        for host in hosts:
            silent(sbc, held, 70, host, says)
        for _ in range(3):
            assert sbc.call("GET", "/v1/health")[0] == 200


def test_only_the_named_sources_get_in(tmp_path):
    with Kamailio(tmp_path, settings={"SBC_HTTP_SOURCES": "127.0.0.1 192.0.2.0/24"}) as sbc:
        text = f"GET /v1/health HTTP/1.1\r\nHost: sbc\r\nAuthorization: Bearer {sbc.token}\r\n\r\n".encode()
        with socket.create_connection((HOST, sbc.http_port), 10, ("127.0.0.9", 0)) as stranger:
            with contextlib.suppress(OSError):
                stranger.sendall(text)
            with contextlib.suppress(ConnectionResetError):
                assert stranger.recv(1) == b""
        assert sbc.call("GET", "/v1/health")[0] == 200


def test_addresses_without_an_answer_are_ended_first(sbc):
    """A client's connections stay, and those of strangers are ended."""
    mine = http.client.HTTPConnection(HOST, sbc.http_port, timeout=10)
    with contextlib.ExitStack() as held, contextlib.closing(mine):
        mine.request("GET", "/v1/health", headers={"Authorization": f"Bearer {sbc.token}"})
        mine.getresponse().read()
        before = mine.sock
        silent(sbc, held, 200)
        mine.request("GET", "/v1/health", headers={"Authorization": f"Bearer {sbc.token}"})
        assert json.loads(mine.getresponse().read())["db"] is True
        assert mine.sock is before


def test_a_request_goes_through_in_pieces_and_one_after_the_other(sbc):
    with socket.create_connection((HOST, sbc.http_port), timeout=10) as slow:
        text = f"GET /v1/health HTTP/1.1\r\nHost: sbc\r\nAuthorization: Bearer {sbc.token}\r\n\r\n".encode()
        for _ in range(2):
            for start in range(0, len(text), 20):
                slow.sendall(text[start : start + 20])
            assert slow.recv(4096).startswith(b"HTTP/1.1 200")


@pytest.fixture
def door(monkeypatch) -> ModuleType:
    """The launcher's module of the door, which is not in a package."""
    spec = importlib.util.spec_from_file_location("sbc_door", DEPLOYED / "sbc_door.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("limit", "said"),
    [("FIRST_SECONDS", b""), ("HEAD_SECONDS", b"GET / HT"), ("ANSWER_SECONDS", b"GET / HTTP/1.1\r\n\r\n")],
)
def test_a_silent_or_endless_connection_is_closed(door, monkeypatch, limit, said):
    monkeypatch.setattr(door, limit, 0.0)
    with socket.create_server((HOST, 0)) as inside:
        port = free_port()
        door.Door((HOST, port), inside.getsockname()).open()
        with socket.create_connection((HOST, port), timeout=10) as guest:
            guest.sendall(said)
            assert guest.recv(1) == b""


@pytest.mark.parametrize("late", [b"SIP/2.0 200 OK\r\n\r\n", b"BYE sip:61270100001@192.0.2.1 SIP/2.0\r\n\r\n"])
def test_a_message_for_a_phone_is_not_passed_on(door, late):
    """A connection can have the port of a phone that has hung up, by which Kamailio identifies both."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    with socket.create_server((HOST, 0)) as inside:
        port = free_port()
        door.Door((HOST, port), inside.getsockname()).open()
        with socket.create_connection((HOST, port), timeout=10) as guest:
            guest.sendall(b"GET / HTTP/1.1\r\n\r\n")
            kamailio, _ = inside.accept()
            with kamailio:
                assert kamailio.recv(100).startswith(b"GET")
                kamailio.sendall(late)
                time.sleep(0.1)  # a message of its own, as Kamailio sends it
                kamailio.sendall(answer)
                assert guest.recv(4096) == answer
