"""What the server offers without a sign-in: addresses, hosts, origins, and what a socket may ask for.

Each probe goes to a fresh server, started in both ways, and again when it is warm.
"""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.exceptions import ConnectionClosed

from tests.raw import ask, connected, handshake, read, send
from tests.server import COOKIE, Server, Session, copy_demo, look, serving

STREAM = "/_stcore/stream"
NOT_THERE = [
    "/_stcore/metrics",
    "/_stcore/metrics?families=session_state_bytes",
    "/_stcore/script-health-check",
    "/_stcore/agent/openapi.json",
    "/_stcore/agent/interact",
    "/_stcore/agent/mcp",
    "/_stcore/agent/mcp/",
    "/_stcore/bidi-components/x/y",
    "/_stcore/upload_file/s/f",
    "/_stcore/%75pload_file/s/f",
    "/%5fstcore/metrics",
    "/_stcore/anything-new",
    "/account-details/_stcore/agent/mcp",
    "/component/x/index.html",
    "/component/../../etc/passwd",
    "/app/static/x",
    "/auth/login",
    "/auth/logout",
    "/oauth2callback",
]


@dataclass
class First:
    """The answers to the first requests, before anybody had visited the server."""

    closed: dict[str, int]
    foreign_host: int
    foreign_origin: int


@pytest.fixture(scope="module", params=["server.py", "Home.py"])
def _running(request, tmp_path_factory) -> Iterator[tuple[Server, First]]:
    with serving(copy_demo(tmp_path_factory.mktemp("doors")), script=request.param, wait_for=None) as running:
        origin = opened(running, [own(running)], ["http://evil.example"])
        host = opened(running, ["evil.example"], ["http://evil.example"])
        yield running, First({target: get(running, target).status for target in NOT_THERE}, host, origin)


@pytest.fixture
def server(_running) -> Server:
    return _running[0]


@pytest.fixture
def first(_running) -> First:
    return _running[1]


def own(server: Server) -> str:
    return f"127.0.0.1:{server.port}"


def opened(server: Server, hosts: list[str], origins: list[str]) -> int:
    return ask(server, STREAM, handshake(hosts, origins)).status


def get(server: Server, target: str, *, method: str = "GET", **headers: str):
    given = [("Host", own(server)), *((name.replace("_", "-"), value) for name, value in headers.items())]
    return ask(server, target, given, method=method)


def test_a_foreign_origin_costs_nothing_and_sends_nothing_out(server):
    """Each search for the public address of this machine took seconds, and everybody had to wait."""
    began = time.monotonic()
    for _ in range(20):
        assert opened(server, [own(server)], ["http://evil.example"]) == 403
    assert "external IP" not in server.log.read_text()
    # Twenty of them blocked the server for forty seconds.
    assert time.monotonic() - began < 15


def test_the_first_strangers_of_a_server_find_nothing_open(first):
    assert {target: status for target, status in first.closed.items() if status not in (400, 404)} == {}
    assert (first.foreign_host, first.foreign_origin) == (403, 403)


def test_what_the_product_does_not_need_is_not_there(server):
    look(server, token=server.cookie("lead"))
    for target in NOT_THERE:
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
            reply = get(server, target, method=method)
            assert reply.status in (400, 404), (method, target, reply)
            assert b"streamlit" not in reply.body.lower(), target


def test_what_is_open_takes_reading_alone(server):
    known = f"{COOKIE}={server.cookie('lead')}"
    for target in ("/", "/account-details", "/_stcore/health", "/_stcore/host-config", "/readyz", "/favicon.png"):
        assert get(server, target, Cookie=known).status == 200, target
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"):
            assert get(server, target, method=method).status == 405, (method, target)


def test_an_upload_is_refused_before_its_body_is_sent(server):
    with Session(server) as session:
        session.ask()
        first = session.take()
        (started,) = [one.new_session for one in first.messages if one.WhichOneof("type") == "new_session"]
        target = f"/_stcore/upload_file/{started.initialize.session_id}/made-up"
        headers = [("Host", own(server)), ("Content-Length", "4900000"), ("Cookie", "_streamlit_xsrf=x")]
        with connected(server) as wire:
            send(wire, target, [*headers, ("X-Xsrftoken", "x")], method="PUT")
            # Not a byte of the body has been sent.
            reply = read(wire)
            assert reply.status == 404
            assert reply.one("connection") == "close"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "evil.example:{port}",
        "localhost.evil:{port}",
        "",
        "127.0.0.1:{port}/x",
        "a@127.0.0.1",
        "127.0.0.1:0",
        "127.0.0.1:99999",
        "[::1",
        "[::g]",
        "127.0.0.1, evil.example",
        "127.1",
        "0.0.0.0",
    ],
)
def test_a_name_that_leads_here_and_is_not_ours_gets_nothing(server, host):
    host = host.format(port=server.port)
    assert opened(server, [host], [f"http://{host}"]) in (400, 403)
    for target in ("/", "/_stcore/health", "/readyz", "/_stcore/host-config", "/static/x.js"):
        assert ask(server, target, [("Host", host)]).status == 400, target


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:{port}",
        "localhost:{port}",
        "LOCALHOST:{port}",
        "localhost.:{port}",
        "[::1]:{port}",
        "localhost",
        "[0:0:0:0:0:0:0:1]",
    ],
)
def test_each_spelling_of_our_own_name_is_ours(server, host):
    host = host.format(port=server.port)
    assert ask(server, "/_stcore/health", [("Host", host)]).status == 200
    assert opened(server, [host], [f"http://{host.lower()}"]) == 101


def test_two_hosts_or_two_origins_are_refused(server):
    mine = own(server)
    assert ask(server, "/", [("Host", mine), ("Host", "evil.example")]).status == 400
    assert ask(server, "/", [("Host", "evil.example"), ("Host", mine)]).status == 400
    assert ask(server, "/", []).status == 400
    assert opened(server, [mine], ["http://evil.example", f"http://{mine}"]) in (400, 403)
    assert opened(server, [mine], [f"http://{mine}", "http://evil.example"]) in (400, 403)


def test_a_target_with_a_host_of_its_own_does_not_pass_for_ours(server):
    assert ask(server, "http://evil.example/_stcore/metrics", [("Host", own(server))]).status in (400, 404)
    assert ask(server, "http://127.0.0.1/", [("Host", "evil.example")]).status == 400
    absolute = f"http://{own(server)}{STREAM}"
    assert ask(server, absolute, handshake([own(server)], [f"http://{own(server)}"])).status in (400, 403)


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "http://evil.example",
        "http://127.0.0.1",
        "http://127.0.0.1:1",
        "http://127.0.0.1.evil.example:{port}",
        "file://",
        "http://127.0.0.1:{port}/",
        "http://a@127.0.0.1:{port}",
        "ws://127.0.0.1:{port}",
        "",
        "http://[::1",
    ],
)
def test_a_page_of_another_origin_opens_no_socket(server, origin):
    assert opened(server, [own(server)], [origin.format(port=server.port)]) in (400, 403)


def test_a_socket_without_an_origin_is_no_browsers(server):
    assert opened(server, [own(server)], []) == 403
    assert opened(server, [own(server)], [f"http://{own(server)}"]) == 101


@pytest.mark.parametrize("path", ["/", "/x", "/_stcore/stream/x", "/account-details/_stcore/stream", "/_stcore/health"])
def test_no_other_address_is_a_socket(server, path):
    assert ask(server, path, handshake([own(server)], [f"http://{own(server)}"])).status in (403, 404)
    assert "error=" not in server.log.read_text()


def test_the_host_config_names_no_site(server):
    told = json.loads(get(server, "/_stcore/host-config").body)
    assert told["allowedOrigins"] == []
    assert told["useExternalAuthToken"] is False


def test_no_cookie_of_streamlit_is_set_or_kept(server):
    """An attacker on a neighbouring host name could set one, and the server would repeat it."""
    chosen = "_streamlit_xsrf=2|00000000|41414141414141414141414141414141|1700000000"
    for target in ("/", "/_stcore/health", "/_stcore/host-config", "/account-details"):
        reply = get(server, target, Cookie=f"{chosen}; _streamlit_session=x; _streamlit_user=y")
        assert "set-cookie" not in reply.headers, target
    origin = f"http://{own(server)}"
    for target in ("/", "/_stcore/health", "/_stcore/host-config"):
        reply = get(server, target, Origin="http://evil.example")
        assert [name for name in reply.headers if name.startswith("access-control-")] == [], target
        assert get(server, target, Origin=origin).status in (200, 303)


@pytest.mark.parametrize(
    "target", ["/", "/account-details", "/readyz", "/_stcore/health", "/no/such", "/media/x", "//x"]
)
def test_every_answer_tells_the_browser_what_it_may_do(server, target):
    reply = get(server, target)
    policy = dict(part.strip().split(" ", 1) for part in (reply.one("content-security-policy") or "").split(";"))
    assert policy["frame-ancestors"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert policy["object-src"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in policy["script-src"]
    assert "http:" not in policy["script-src"]
    assert reply.one("x-content-type-options") == "nosniff"
    assert reply.one("referrer-policy") == "same-origin"
    assert reply.one("x-frame-options") == "DENY"
    assert "camera=()" in (reply.one("permissions-policy") or "")
    assert reply.one("cache-control") == "no-store"
    assert reply.one("strict-transport-security") is None, "the demo is served without TLS"


def test_streamlits_own_files_are_kept_by_browsers(server):
    page = get(server, "/", Cookie=f"{COOKIE}={server.cookie('lead')}").body.decode()
    script = page.split('src="./static/', 1)[1].split('"')[0]
    reply = get(server, f"/static/{script}")
    assert reply.status == 200
    assert "immutable" in (reply.one("cache-control") or "")


def ask_for(**fields: object) -> bytes:
    return BackMsg(**fields).SerializeToString()


@pytest.mark.parametrize("username", [None, "admin"])
def test_a_socket_learns_nothing_about_the_code_and_changes_nothing(server, username):
    """The branch, the names of files, the caches of everybody, files beside the code, and uploads."""
    operation = BackMsg()
    operation.backend_operation_request.request_id = "r"
    operation.backend_operation_request.install_skills.SetInParent()
    uploads = BackMsg()
    uploads.file_urls_request.request_id = "r"
    uploads.file_urls_request.file_names.append("a.txt")
    # Streamlit takes the last of two requests in one message.
    both = ask_for(app_heartbeat=True) + ask_for(load_git_info=True)
    unwanted = [ask_for(load_git_info=True), ask_for(clear_cache=True), ask_for(set_run_on_save=True), both]
    unwanted += [operation.SerializeToString(), uploads.SerializeToString(), ask_for(debug_shutdown_runtime=True)]
    with Session(server, token=server.cookie(username) if username else None) as session:
        session.ask()
        session.take()
        for message in unwanted:
            session._socket.send(message)
        session.ask()
        seen = session.take()
    kinds = {one.WhichOneof("type") for one in seen.messages}
    assert kinds & {"git_info_changed", "file_urls_response", "backend_operation_response"} == set()
    assert "debug_shutdown" not in server.log.read_text()


@pytest.mark.parametrize(
    ("sent", "code"), [("text", 1003), (b"\xff\xff\xff", 1002), (b"\x5a\x7f", 1002), (bytes([(13 << 3) | 3]), 1002)]
)
def test_garbage_ends_the_socket_without_a_line_in_the_log(server, sent, code):
    before = server.log.read_text()
    with Session(server) as session:
        session._socket.send(sent)
        with pytest.raises(ConnectionClosed) as ended:
            session.take()
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == code
    assert server.log.read_text()[len(before) :].strip() == ""


def test_a_message_larger_than_any_page_sends_is_not_kept(server):
    with ExitStack() as open_:
        session = open_.enter_context(Session(server))
        with pytest.raises(ConnectionClosed) as ended:
            session._socket.send(b"\x00" * (30 * 1024 * 1024))
            session.take()
        assert ended.value.rcvd is None or ended.value.rcvd.code == 1009
