"""What each answer tells the browser, beyond what a running demo shows."""

import asyncio

import pytest

from lib import logs
from lib.app.address import Address
from lib.web import Doors, Headers, Hosts
from lib.web.headers import inline_scripts, script_hash

PAGE = [(b"content-type", b"text/html"), (b"cache-control", b"no-cache"), (b"set-cookie", b"_streamlit_xsrf=x")]


async def _page(_scope, _receive, send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": PAGE})
    await send({"type": "http.response.body", "body": b""})


async def _nothing():
    raise AssertionError("the body was read")


def answered(app, *, path="/", method="GET", scheme="http", headers=()) -> tuple[int, list[tuple[bytes, bytes]]]:
    sent = []

    async def send(message) -> None:
        sent.append(message)

    scope = {"type": "http", "path": path, "method": method, "scheme": scheme, "headers": list(headers)}
    asyncio.run(app(scope, _nothing, send))
    return sent[0]["status"], sent[0]["headers"]


@pytest.mark.parametrize(
    ("keep", "scheme", "forwarded", "told"),
    [
        (True, "https", None, True),
        (True, "http", b"https", True),
        (True, "http", None, False),
        (True, "http", b"http", False),
        (False, "https", b"https", False),
    ],
)
def test_outside_the_demo_a_browser_stays_with_tls(keep, scheme, forwarded, told):
    given = [(b"host", b"hub.example.com"), *([(b"x-forwarded-proto", forwarded)] if forwarded else [])]
    _, headers = answered(Headers(_page, keep_to_tls=keep), scheme=scheme, headers=given)
    assert (b"strict-transport-security" in dict(headers)) is told


@pytest.mark.parametrize("host", [b"evil.example; script-src *", b"", b"a b"])
def test_an_invalid_host_does_not_get_into_the_policy(host):
    _, headers = answered(Headers(_page), headers=[(b"host", host)])
    assert b"connect-src 'self';" in dict(headers)[b"content-security-policy"]


def test_the_scripts_of_a_page_are_named_by_their_hashes(tmp_path):
    page = tmp_path / "index.html"
    page.write_text('<script>\n  a = 1\n</script><script src="x.js"></script><script>b</script>')
    assert inline_scripts(page) == ["\n  a = 1\n", "b"]
    # From the specification of Content Security Policy: alert('Hello, world.');
    known = "sha256-qznLcsROx4GACP2dm0UCKCzCG-HiZ1guq6ZZDob_Tng=".replace("-H", "+H").replace("_", "/")
    assert script_hash("alert('Hello, world.');") == known
    _, headers = answered(Headers(_page, ["alert('Hello, world.');"]))
    assert f"script-src 'self' '{known}';".encode() in dict(headers)[b"content-security-policy"]


def test_what_streamlit_says_about_keeping_is_replaced_not_repeated():
    _, headers = answered(Headers(_page))
    names = [name for name, _ in headers]
    assert len(names) == len(set(names))
    assert dict(headers)[b"cache-control"] == b"no-store"
    assert b"set-cookie" not in names


def test_a_form_of_ours_takes_what_it_names_from_our_own_pages_alone():
    app = Hosts(Doors(_page, {"/sign-in": frozenset({"GET", "POST"})}), [Address("hub.example.com")])
    host = (b"host", b"hub.example.com")
    own, other = (b"origin", b"https://hub.example.com"), (b"origin", b"https://evil.example")
    assert answered(app, path="/sign-in", method="POST", headers=[host, own])[0] == 200
    assert answered(app, path="/sign-in", method="POST", headers=[host])[0] == 200, "no browser leaves it out"
    assert answered(app, path="/sign-in", method="POST", headers=[host, other])[0] == 403
    assert answered(app, path="/sign-in", method="POST", headers=[host, (b"origin", b"null")])[0] == 403
    assert answered(app, path="/sign-in", method="PUT", headers=[host, own])[0] == 405
    assert answered(app, path="/other", method="POST", headers=[host, own])[0] == 405


@pytest.mark.parametrize(
    ("path", "status"), [("/readyz", 200), ("/_stcore/health", 200), ("/", 400), ("/media/x", 400)]
)
def test_the_supervisor_asks_this_machine_and_nothing_else_does(path, status):
    app = Hosts(_page, [Address("hub.example.com")])
    assert answered(app, path=path, headers=[(b"host", b"127.0.0.1:8501")])[0] == status


def test_requests_from_outside_do_not_fill_the_log(capsys):
    logs.configure("INFO")
    app = Hosts(_page, [Address("hub.example.com")])
    for _ in range(50):
        assert answered(app, headers=[(b"host", b"evil.example\xff" + 500 * b"x")])[0] == 400
    (line,) = capsys.readouterr().err.splitlines()
    assert "setting='AM_ALLOWED_HOSTS'" in line
    assert "times=1" in line
    assert len(line) < 400
