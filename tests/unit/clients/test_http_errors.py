"""The HTTP client lets no exception of requests, urllib3 or the socket through."""

import http.client
import inspect
import json
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import requests
import urllib3

from lib.clients.call import Call, HttpConfig, Reply
from lib.clients.errors import (
    AuthFailed,
    Busy,
    NotFound,
    Rejected,
    RemoteError,
    UnexpectedReply,
    Unreachable,
    presentable,
)
from lib.clients.http import HttpClient
from lib.clients.translate import status_error
from lib.clients.waits import asked_wait
from lib.patience import Patience

SECRET = "Bearer-top-secret"


def classes(module, root):
    return sorted(
        (c for _, c in inspect.getmembers(module, inspect.isclass) if issubclass(c, root)),
        key=lambda c: c.__name__,
    )


def instance(kind):
    # Their constructors differ; an error handler sees only the class and its arguments.
    error = kind.__new__(kind)
    error.args = (SECRET,)
    return error


REQUESTS = {
    "ChunkedEncodingError": Unreachable,
    "ConnectTimeout": Unreachable,
    "ConnectionError": Unreachable,
    "ContentDecodingError": UnexpectedReply,
    "HTTPError": UnexpectedReply,
    "InvalidHeader": Rejected,
    "InvalidJSONError": UnexpectedReply,
    "InvalidProxyURL": Rejected,
    "InvalidSchema": Rejected,
    "InvalidURL": Rejected,
    "JSONDecodeError": UnexpectedReply,
    "MissingSchema": Rejected,
    "ProxyError": Unreachable,
    "ReadTimeout": Unreachable,
    "RequestException": Unreachable,
    "RetryError": Unreachable,
    "SSLError": Unreachable,
    "StreamConsumedError": UnexpectedReply,
    "Timeout": Unreachable,
    "TooManyRedirects": UnexpectedReply,
    "URLRequired": Rejected,
    "UnrewindableBodyError": Rejected,
}
BELOW = [
    *classes(requests.exceptions, requests.RequestException),
    *classes(urllib3.exceptions, urllib3.exceptions.HTTPError),
    *classes(http.client, http.client.HTTPException),
    OSError,
    ConnectionResetError,
    BrokenPipeError,
    TimeoutError,
    ssl.SSLError,
    UnicodeError,
    ValueError,
    json.JSONDecodeError,
]


@pytest.fixture
def client():
    http = HttpClient("Zuora", HttpConfig("http://127.0.0.1:9", Patience(attempts=1)))
    yield http
    http.close()


def raised(client, monkeypatch, error, **call):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(client._session, "request", fail)
    with pytest.raises(RemoteError) as caught:
        client.send(Call("PUT", "/x", "rename account 1", **call), lambda reply, call: reply)
    return caught.value


def test_every_requests_exception_is_in_the_table():
    assert {c.__name__ for c in classes(requests.exceptions, requests.RequestException)} == set(REQUESTS)


@pytest.mark.parametrize("kind", BELOW, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_every_exception_becomes_one_of_ours(client, monkeypatch, kind):
    error = raised(client, monkeypatch, instance(kind), writes=True)
    assert kind.__name__ in str(error)
    assert SECRET not in str(error) + repr(error)
    assert error.__cause__ is None
    assert error.__context__ is None
    if kind.__module__ == "requests.exceptions":
        assert type(error) is REQUESTS[kind.__name__]


@pytest.mark.parametrize("kind", BELOW, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_also_while_the_body_is_read(client, monkeypatch, kind):
    class Raw:
        def read1(self, *args, **kwargs):
            raise instance(kind)

        def close(self):
            pass

    response = requests.Response()
    response.raw, response.status_code = Raw(), 200
    monkeypatch.setattr(client._session, "request", lambda *args, **kwargs: response)
    with pytest.raises(RemoteError):
        client.send(Call("GET", "/x", "read account 1"), lambda reply, call: reply)


@pytest.mark.parametrize(
    ("error", "maybe_done"),
    [
        (requests.ConnectTimeout(), False),
        (requests.exceptions.InvalidURL(), False),
        (requests.ReadTimeout(), True),
        (requests.ConnectionError("reset"), True),
        (requests.exceptions.ChunkedEncodingError(), True),
        (
            requests.ConnectionError(
                urllib3.exceptions.MaxRetryError(None, "/", urllib3.exceptions.NewConnectionError(None, "refused"))
            ),
            False,
        ),
        (
            requests.exceptions.SSLError(
                urllib3.exceptions.MaxRetryError(
                    None, "/", urllib3.exceptions.SSLError(ssl.SSLCertVerificationError("self-signed"))
                )
            ),
            False,
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_request_that_was_never_sent_did_nothing(client, monkeypatch, error, maybe_done):
    ours = raised(client, monkeypatch, error, writes=True)
    assert ours.maybe_done is maybe_done
    assert ("not known whether" in str(ours)) is maybe_done
    assert not raised(client, monkeypatch, error).maybe_done
    assert not raised(client, monkeypatch, error, writes=True, harmless=True).maybe_done


@pytest.mark.parametrize(
    ("call", "sent"),
    [({}, 3), ({"writes": True, "resend": True}, 3), ({"writes": True, "harmless": True}, 3), ({"writes": True}, 1)],
)
def test_a_lost_answer_is_asked_for_again_only_where_that_is_safe(call, sent):
    client = HttpClient("Zuora", HttpConfig("http://127.0.0.1:9", Patience(attempts=3, backoff_seconds=0.001)))
    count = []

    def lose(*args, **kwargs):
        count.append(1)
        raise requests.ReadTimeout

    client._session.request = lose
    with pytest.raises(Unreachable):
        client.send(Call("POST", "/x", "cancel subscription 1", **call), lambda reply, call: reply)
    assert len(count) == sent


def test_a_bug_in_our_code_is_not_converted(client, monkeypatch):
    def fail(reply, call):
        raise ZeroDivisionError

    response = requests.Response()
    response.raw, response.status_code = urllib3.HTTPResponse(b""), 200
    monkeypatch.setattr(client._session, "request", lambda *args, **kwargs: response)
    with pytest.raises(ZeroDivisionError):
        client.send(Call("GET", "/x", "read account 1"), fail)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(301, UnexpectedReply), (400, Rejected), (401, AuthFailed), (403, AuthFailed), (404, NotFound)]
    + [(status, Busy) for status in (408, 409, 425, 429, 500, 503)]
    + [(status, Unreachable) for status in (502, 504, 520)],
)
def test_statuses(status, kind):
    assert type(status_error(Reply(status, {}, b""), "SBC", Call("GET", "/", "read rules"))) is kind


@pytest.mark.parametrize(
    ("headers", "status", "seconds"),
    [
        ({}, 429, None),
        ({"Retry-After": "7"}, 409, 7),
        ({"Retry-After": " 0 "}, 503, 0),
        ({"Retry-After": "0.5"}, 503, 0.5),
        ({"Retry-After": "-5"}, 429, None),
        ({"Retry-After": "soon"}, 429, None),
        ({"Retry-After": "nan"}, 429, None),
        ({"ratelimit-reset": "12"}, 429, 12),
        ({"ratelimit-reset": "12, 40;w=60"}, 429, 12),
        ({"ratelimit-reset": "12"}, 500, None),
        ({"Retry-After": "3", "ratelimit-reset": "12"}, 429, 3),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 429, 0),
    ],
)
def test_the_wait_a_system_asks_for(headers, status, seconds):
    assert asked_wait(headers, status) == seconds


def test_a_wait_until_a_date():
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert 88 <= asked_wait({"Retry-After": at}, 429) <= 90


@pytest.mark.parametrize(
    ("text", "hide", "shown"),
    [
        ("a\n\tb\x00c\u202ed", (), "a b c d"),
        ("ask Bo.Li@example.com, please", (), "ask …, please"),
        ("Name ACME  pty is taken", ("Acme Pty",), "Name … is taken"),
        ("x" * 400, (), "x" * 299 + "…"),
        ("a cat", ("a", ""), "a cat"),
    ],
)
def test_messages_are_cleaned_before_they_are_shown(text, hide, shown):
    assert presentable(text, hide) == shown


@pytest.mark.parametrize("kind", [Unreachable, Busy, Rejected, NotFound, AuthFailed, UnexpectedReply])
@pytest.mark.parametrize("maybe_done", [True, False])
def test_every_sentence_says_what_happened_what_was_not_done_and_what_to_do(kind, maybe_done):
    error = kind("Zuora", "rename account 1", writes=True, maybe_done=maybe_done, detail="Because.", request_id="r-1")
    text = error.sentence
    assert text.startswith("Zuora ")
    assert "rename account 1" in text
    assert ("It is not known whether" in text) is maybe_done
    assert ("Nothing was changed." in text) is not maybe_done
    assert text.endswith("For Zuora support: request r-1.")
    assert ".." not in text
    read = kind("Zuora", "read account 1")
    assert "changed" not in read.sentence


def test_ids_from_outside_have_plain_characters_only():
    assert Busy("Zuora", "x", request_id="<b>a-1</b>\n").request_id == "ba-1b"
