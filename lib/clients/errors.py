"""What can go wrong with an outside system, by what somebody can do next.

    RemoteError
    ├── Unreachable       no usable answer; a change may have been made: check before trying again
    ├── Busy              too many requests, a lock, a fault the system calls temporary: try again later
    ├── Rejected          the request is wrong and the system says why: change it
    ├── NotFound          the system does not know what was asked for
    ├── AuthFailed        our credentials or the permissions of our API user are not enough
    └── UnexpectedReply   an answer that we do not understand: report it

A client raises nothing else. `str(error)` is a sentence for the staff and the audit. An error never quotes what the
call sent: no secret, and none of the values in `Call.private`. Of a reply it has only the system's own message,
without e-mail addresses. That message may name a customer, so the text of an error is never logged.
"""

import re
from collections.abc import Iterable
from typing import Self

DETAIL_LIMIT = 300
_EMAIL = re.compile(r"[^\s@<>\"'(),;:]+@[^\s@<>\"'(),;:]+")
_ID = re.compile(r"[^A-Za-z0-9._-]")


def presentable(text: str, hide: Iterable[str] = ()) -> str:
    """An outside system's message as one short line, without e-mail addresses or the values in `hide`."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    for value in sorted({" ".join(v.split()) for v in hide}, key=len, reverse=True):
        # Hiding a single letter would make the message unreadable, and a letter says nothing about a person.
        if len(value) > 1:
            line = re.sub(re.escape(value), "…", line, flags=re.IGNORECASE)
    line = _EMAIL.sub("…", line)
    return line if len(line) <= DETAIL_LIMIT else line[: DETAIL_LIMIT - 1] + "…"


class RemoteError(Exception):
    """An outside system did not do what was asked. Catch it where every failure is handled alike.

    Args:
        system: its name, "Zuora".
        operation: what was asked, as an imperative phrase: "rename account 104233". Never a customer's name.
        writes: True when the operation was to change something.
        maybe_done: True when the change may have been made anyway.
        detail: the reason, already `presentable`.
        status: the HTTP status, where there was one.
        codes: the system's own error codes.
        retry_after: seconds the system asked to wait.
    """

    def __init__(
        self,
        system: str,
        operation: str,
        *,
        writes: bool = False,
        maybe_done: bool = False,
        detail: str = "",
        status: int | None = None,
        codes: tuple[str, ...] = (),
        retry_after: float | None = None,
        request_id: str | None = None,
        track_id: str | None = None,
        process_id: str | None = None,
    ) -> None:
        # Only these two are positional, so that an error can be pickled: the step engine keeps it.
        # The operation may contain an account number as somebody typed it.
        operation = presentable(operation)
        super().__init__(system, operation)
        self.system = system
        self.operation = operation
        self.writes = writes
        self.maybe_done = maybe_done
        self.detail = detail.strip().rstrip(".")
        self.status = status
        self.codes = codes
        self.retry_after = retry_after
        self.request_id = _plain_id(request_id)
        self.track_id = _plain_id(track_id)
        self.process_id = _plain_id(process_id)
        self.replayed = False
        """True when the system repeated its answer to an earlier request."""

    @property
    def sentence(self) -> str:
        """What happened, what was not done, what to do, and the id to quote to the system's support."""
        parts = (self._happened(), self._outcome(), self._advice(), self._quote())
        return " ".join(part for part in parts if part)

    def __str__(self) -> str:
        return self.sentence

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.sentence!r})"

    @classmethod
    def like(cls, other: "RemoteError") -> Self:
        """An error of this class with everything the other one knows."""
        error = cls(other.system, other.operation)
        error.__dict__.update(other.__dict__)
        return error

    def unsure(self) -> "RemoteError":
        """The same failure, of an operation whose earlier request may have made the change."""
        self.maybe_done = self.writes
        return self

    def _happened(self) -> str:
        return f"{self.system} did not {self.operation}{self._because()}."

    def _outcome(self) -> str:
        if not self.writes:
            return ""
        return "It is not known whether the change was made." if self.maybe_done else "Nothing was changed."

    def _advice(self) -> str:
        return "Check the current value before you try again." if self.maybe_done else self._next_step()

    def _next_step(self) -> str:
        return "Try again later."

    def _because(self) -> str:
        return f": {self.detail}" if self.detail else ""

    def _aside(self) -> str:
        return f" ({self.detail})" if self.detail else ""

    def _quote(self) -> str:
        ids = [
            f"{name} {value}"
            for name, value in (
                ("request", self.request_id),
                ("process", self.process_id),
                ("track", self.track_id),
                ("code", ", ".join(self.codes)),
            )
            if value
        ]
        return f"For {self.system} support: {', '.join(ids)}." if ids else ""


class Unreachable(RemoteError):
    """No usable answer came. `maybe_done` says whether the request may have had its effect."""

    def _happened(self) -> str:
        if self.writes and not self.maybe_done:
            return f"{self.system} could not be reached to {self.operation}{self._aside()}."
        return f"{self.system} did not answer the request to {self.operation}{self._aside()}."

    def _next_step(self) -> str:
        return "Try again in a minute."


class Busy(RemoteError):
    """The system works but not now. The client has already tried as often as it may."""

    def unsure(self) -> RemoteError:
        """As `Unreachable`, the class for an unknown outcome."""
        if not self.writes:
            return self
        return Unreachable.like(self).unsure()

    def _happened(self) -> str:
        return f"{self.system} was too busy to {self.operation}{self._aside()}."

    def _next_step(self) -> str:
        return "Try again in a few minutes."


class Rejected(RemoteError):
    """The system understood the request and refuses it. `detail` is its reason."""

    def _happened(self) -> str:
        return f"{self.system} refused to {self.operation}{self._because()}."

    def _next_step(self) -> str:
        return "Correct it, then try again."


class NotFound(RemoteError):
    """The system does not know the thing asked for."""

    def _happened(self) -> str:
        return f"{self.system} did not find what it needs to {self.operation}{self._because()}."

    def _next_step(self) -> str:
        return f"Check the number or id in {self.system}."


class AuthFailed(RemoteError):
    """The system does not accept our sign-in, or does not permit this operation."""

    @property
    def signed_out(self) -> bool:
        """True when the sign-in was refused, False when only the permission is missing."""
        return self.status == 401

    def _happened(self) -> str:
        if self.signed_out:
            why = self._aside()
            return f"{self.system} did not accept the Account Manager's sign-in, so it did not {self.operation}{why}."
        return f"{self.system} does not allow the Account Manager to {self.operation}{self._because()}."

    def _next_step(self) -> str:
        what = "credentials and address" if self.signed_out else "API user's permissions"
        return f"Ask the people who run the Account Manager to check its {self.system} {what}."


class UnexpectedReply(RemoteError):
    """The system answered in a way that the client does not understand."""

    def _happened(self) -> str:
        return (
            f"{self.system} answered the request to {self.operation} in a way that we do not understand{self._aside()}."
        )

    def _next_step(self) -> str:
        return "Tell the people who run the Account Manager. Trying again is unlikely to help."


def _plain_id(value: str | None) -> str | None:
    return _ID.sub("", value)[:64] or None if value else None
