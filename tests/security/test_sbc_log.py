"""The SBC's token and customers' numbers must not be in process lists or the log."""

import contextlib
import itertools
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kamailio import HOST, Kamailio, require_kamailio

NUMBER = "+61491570006"
RULE = {"number": NUMBER, "account": "1001", "state": "suspended", "trunk": "syd-1", "rev": 7}
ROUTES = [
    ("PUT", "/v1/rules"),
    ("POST", "/v1/rules/query"),
    ("POST", "/v1/rules/by-account"),
    ("POST", "/v1/rules/delete"),
]


@pytest.fixture(scope="module")
def sbc(tmp_path_factory) -> Iterator[Kamailio]:
    require_kamailio()
    with Kamailio(tmp_path_factory.mktemp("watched")) as running:
        yield running


def test_the_token_is_in_no_command_line_and_no_environment_but_the_launcher_s(sbc):
    token = sbc.token.encode()
    commands, holders = [], []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            commands.append((process / "cmdline").read_bytes())
            if token in (process / "environ").read_bytes():
                holders.append(int(process.name))
    assert any(str(sbc.folder).encode() in command for command in commands)
    assert not any(token in command for command in commands)
    assert holders == [sbc.launcher]


def test_neither_token_nor_numbers_get_into_the_log(sbc):
    bearer = f"Authorization: Bearer {sbc.token}\r\n"
    for text in (
        f"GET /v1/health HTTP/1.1\r\n{bearer}this is no header\r\n\r\n",
        f"GET /v1/health\r\n{bearer}\r\n",
        f"PUT /v1/rules HTTP/9.9\r\n{bearer}Content-Length: x\r\n\r\n[]",
        f"PUT /v1/rules HTTP/1.1\r\n{bearer}Content-Length: -5\r\n\r\n[]",
        f"PUT /v1/rules HTTP/1.1\r\n{bearer}Via: ,,;;\r\nCSeq: ?\r\nContent-Length: 2\r\n\r\n[]",
        f"INVITE sip:{NUMBER}@{HOST} SIP/2.0\r\n{bearer}Via: broken\r\nContent-Length: 0\r\n\r\n",
        f"\x00\x01\x02{bearer}\r\n\r\n",
    ):
        with socket.create_connection((HOST, sbc.http_port), timeout=5) as connection:
            connection.sendall(text.encode())
            connection.shutdown(socket.SHUT_WR)
            with contextlib.suppress(OSError):
                connection.recv(65536)
    headers = {"Authorization": f"Bearer {sbc.token}"}
    for method, path in ROUTES:
        for text in (
            f'["{NUMBER}',
            f'{{"account":"{NUMBER}\'"}}',
            f'{{"account":{NUMBER}}}',
            f'[{{"number":"{NUMBER}x"}}]',
        ):
            assert sbc.request(method, path, text.encode(), headers)[0] in (400, 422)
    assert sbc.call("PUT", "/v1/rules", [RULE])[0] == 200
    sbc.logged("rules written")
    log = sbc.log.read_text(errors="replace")
    assert sbc.token not in log
    assert NUMBER.lstrip("+") not in log


def test_the_log_names_the_actor_in_plain_characters_only(sbc):
    count = itertools.count(1)

    def logged(**headers: str) -> str:
        assert sbc.call("POST", "/v1/reload", None, **headers)[0] == 200
        return sbc.logged("rules reloaded", next(count))[-1].partition("rules reloaded: ")[2]

    plain = logged(**{"X-Actor": "0123456789ab", "X-Request-Id": "run:step.1"})
    assert plain == "actor=0123456789ab request=run:step.1"
    for text in ("a b", "a\tb", "ä", "a=b", "x" * 65, "$var(given)", "a\r\n b"):
        headers = {"X-Actor": text.encode().decode("latin-1"), "X-Request-Id": text.encode().decode("latin-1")}
        assert logged(**headers) == "actor=- request=-"
