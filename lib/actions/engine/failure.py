"""How an attempt at a step failed, as the audit keeps it: the sentence and what it was made from."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from lib.actions.engine.errors import NotSeenYet, StepFailed
from lib.clients.errors import RemoteError


class Failure(BaseModel):
    """The details of a `failed` event of a step. Events of earlier versions have fewer of them."""

    model_config = ConfigDict(frozen=True)

    error: str = ""
    """The sentence for the person."""
    outcome_unknown: bool = False
    """True when the work may have been done: the answer was lost, or the change does not show yet."""
    request_ids: tuple[str, ...] = ()
    """The outside system's ids of the requests that failed."""
    codes: tuple[str, ...] = ()
    """The outside system's error codes."""

    @classmethod
    def of(cls, error: StepFailed | RemoteError) -> Self:
        """What this error says, and what the outside system said that caused it."""
        remote = _remote(error)
        own = error.request_ids if isinstance(error, StepFailed) else ()
        theirs = (remote.request_id,) if remote is not None and remote.request_id else ()
        return cls(
            error=str(error),
            outcome_unknown=isinstance(error, NotSeenYet) or (isinstance(error, RemoteError) and error.maybe_done),
            request_ids=own or theirs,
            codes=remote.codes if remote is not None else (),
        )

    def details(self) -> dict[str, Any]:
        """For the audit."""
        return self.model_dump(mode="json", exclude_defaults=True)


def _remote(error: BaseException | None) -> RemoteError | None:
    """The outside system's error that this one is, or was raised from."""
    while error is not None and not isinstance(error, RemoteError):
        error = error.__cause__
    return error
