"""The idempotency keys of one intention: the same key while the outcome is unknown, another after each refusal.

Zuora keeps an answer under its key for a day, whether the request succeeded or failed. So the key of a refusal brings
the refusal back, even when its cause is gone.
"""

import uuid
from collections.abc import Callable, Iterator

from lib.clients.errors import AuthFailed, Busy, NotFound, Rejected, RemoteError
from lib.clients.zuora.sender import further_track

_NAMESPACE = uuid.UUID("6f2b7a1e-0f5c-5d0b-9d0a-3c1f4e8b2a77")


class Keys:
    """The keys of the intention `text` for one subscription. The first `refused` of them were refused.

    `unsure`: the current key may have been sent before, and its outcome is not known. `forgotten`: that was longer ago
    than Zuora keeps answers.
    """

    def __init__(
        self,
        text: str,
        number: str,
        refused: int,
        unsure: bool,
        tell: Callable[[int], None] | None = None,
        *,
        forgotten: bool = False,
    ) -> None:
        # The number is part of it: one intention may cancel several subscriptions.
        self._text = f"{text}\n{number}"
        self._at = refused
        self._tell = tell
        self._used = refused if unsure else refused - 1
        self._answers: set[str | None] = set()
        self.began_unsure = unsure
        self.unsure = unsure
        self.forgotten = forgotten

    def next_header(self) -> dict[str, str]:
        """The header for the next request."""
        self._used = max(self._used, self._at)
        return self._header(self._at)

    def track(self, first: str | None) -> str | None:
        """The track id of the next request: one for each key, so that each answer can be matched to its key."""
        return first if self._at == 0 else further_track(first, str(self._at + 1))

    def used_headers(self) -> Iterator[dict[str, str]]:
        """The headers of all keys that may have been sent, the newest first."""
        return (self._header(at) for at in range(self._used, -1, -1))

    def learn(self, error: RemoteError) -> bool:
        """Note how a request under the current key ended. True when the answer was that of an earlier request.

        A refusal by Zuora itself uses the key up, whatever it says about the outcome. A lost answer or the page of a
        gateway does not: then only this key can show what became of the request.
        """
        if not _from_zuora(error):
            self.unsure = self.unsure or error.maybe_done
            return False
        again = error.replayed or (error.process_id in self._answers)
        self._answers.add(error.process_id)
        # The first request under this key may still be running: a lock or a limit says nothing about it.
        if again or not self.unsure or is_verdict(error) or error.maybe_done:
            self._spend()
        return again

    def give_up(self, error: RemoteError) -> None:
        """After the last request of a call: a conflict that lasted this long is an answer that Zuora kept."""
        if error.status == 409 and self.unsure:
            self._spend()
            self.unsure = True

    def _spend(self) -> None:
        self._at += 1
        self._answers.clear()
        self.unsure = False
        if self._tell is not None:
            self._tell(self._at)

    def _header(self, at: int) -> dict[str, str]:
        text = self._text if at == 0 else f"{self._text}\n{at}"
        return {"Idempotency-Key": str(uuid.uuid5(_NAMESPACE, text))}


def is_verdict(error: RemoteError) -> bool:
    """True when Zuora decided against the request, so no earlier one under the same key can have succeeded.

    False when it never got that far: a refused sign-in, a limit, a key that was used with another body.
    """
    if error.maybe_done or error.status in (401, 422, 429):
        return False
    return isinstance(error, Rejected | NotFound | AuthFailed)


def _from_zuora(error: RemoteError) -> bool:
    """True for an answer of Zuora itself, False for one of a gateway, or none."""
    if not isinstance(error, Busy | Rejected | NotFound | AuthFailed):
        return False
    return error.status != 401 and bool(error.codes or error.process_id)
