"""Turns what requests, urllib3, a socket or an HTTP status say into `lib.clients.errors`."""

import http.client
import ssl

import requests
import urllib3.exceptions

from lib.clients.call import Call, Reply
from lib.clients.errors import AuthFailed, Busy, NotFound, Rejected, RemoteError, UnexpectedReply, Unreachable

BELOW = (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError)
"""Everything that a request can raise."""


_CERTIFICATE_ALERTS = (
    "CERTIFICATE_REQUIRED",
    "HANDSHAKE_FAILURE",
    "UNKNOWN_CA",
    "BAD_CERTIFICATE",
    "UNSUPPORTED_CERTIFICATE",
    "CERTIFICATE_REVOKED",
    "CERTIFICATE_EXPIRED",
    "CERTIFICATE_UNKNOWN",
    "ACCESS_DENIED",
)


def translate(error: Exception, system: str, call: Call) -> RemoteError:
    """Our error for what requests, urllib3 or the socket raised. It names only the class of the other one."""
    if _certificate_refused(error):
        detail = "it did not accept the Account Manager's certificate"
        return AuthFailed(system, call.operation, writes=call.writes, detail=detail, track_id=call.track_id)
    match error:
        case (
            requests.exceptions.InvalidJSONError()
            | requests.exceptions.TooManyRedirects()
            | requests.exceptions.ContentDecodingError()
            | requests.exceptions.HTTPError()
            | requests.exceptions.StreamConsumedError()
            | urllib3.exceptions.DecodeError()
        ):
            kind: type[RemoteError] = UnexpectedReply
        case requests.RequestException() if isinstance(error, ValueError):
            kind = Rejected  # MissingSchema, InvalidURL, InvalidHeader ...: never left this machine
        case requests.exceptions.URLRequired() | requests.exceptions.UnrewindableBodyError():
            kind = Rejected
        case urllib3.exceptions.LocationValueError() | urllib3.exceptions.UnrewindableBodyError():
            kind = Rejected
        case requests.RequestException() | urllib3.exceptions.HTTPError() | http.client.HTTPException() | OSError():
            kind = Unreachable
        case _:
            kind = Rejected
    sent = kind is not Rejected and not _never_sent(error)
    name = type(error).__name__
    if any(isinstance(part, ssl.SSLError | urllib3.exceptions.SSLError) for part in _inside(error)):
        # When the certificate is refused, a TLS 1.3 client may only see the connection closed, without a reason.
        name = f"{name}, check the certificates"
    return kind(
        system,
        call.operation,
        writes=call.writes,
        maybe_done=sent and call.alters,
        detail=f"the request could not be built, {name}" if kind is Rejected else name,
        track_id=call.track_id,
    )


def status_error(reply: Reply, system: str, call: Call) -> RemoteError:
    """Our error for a status of 300 or more, where the body says nothing better."""
    match reply.status:
        case 401 | 403:
            kind: type[RemoteError] = AuthFailed
        case 404:
            kind = NotFound
        case 408 | 409 | 425 | 429 | 500 | 503:
            kind = Busy
        case status if status >= 500:
            kind = Unreachable  # a gateway lost the answer, not necessarily the request
        case status if status >= 400:
            kind = Rejected
        case _:
            kind = UnexpectedReply
    # A 408 says that something on the way waited too long, but not for which part.
    unknown = reply.status == 408 or (reply.status >= 500 and reply.status != 503)
    return kind(
        system,
        call.operation,
        writes=call.writes,
        maybe_done=unknown and call.alters,
        detail=f"HTTP {reply.status}",
        status=reply.status,
        track_id=call.track_id,
    )


def _never_sent(error: Exception) -> bool:
    """True when no connection was made, so that the system cannot have seen the request."""
    for part in _inside(error):
        if isinstance(part, requests.ConnectTimeout | urllib3.exceptions.ConnectTimeoutError):
            return True
        if isinstance(part, ssl.SSLCertVerificationError):
            return True
        if isinstance(part, urllib3.exceptions.SSLError):
            return any(isinstance(arg, ssl.SSLCertVerificationError) for arg in part.args)
    return False


def _certificate_refused(error: Exception) -> bool:
    """True when the system ended the handshake over our certificate, before it read any request."""
    inside = [arg for part in _inside(error) for arg in (part, *getattr(part, "args", ()))]
    reasons = [getattr(part, "reason", None) or "" for part in inside if isinstance(part, ssl.SSLError)]
    # An alert comes from the system. CERTIFICATE_VERIFY_FAILED would be our own verdict on its certificate.
    return any("_ALERT_" in reason and reason.endswith(_CERTIFICATE_ALERTS) for reason in reasons)


def _inside(error: Exception) -> list[object]:
    """The error and those it wraps."""
    seen: list[object] = [error, *error.args]
    seen += [getattr(part, "reason", None) for part in seen]
    return seen + [getattr(part, "__cause__", None) for part in seen]
