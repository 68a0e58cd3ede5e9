"""A step that changes something in Zuora is done only when the change can be read back."""

from collections.abc import Callable
from typing import TypeVar

from lib.actions.engine.action import Job
from lib.actions.engine.errors import NotSeenYet
from lib.clients import read_back
from lib.clients.errors import RemoteError
from lib.clients.zuora import Written

T = TypeVar("T")


def write_and_read_back(
    job: Job,
    write: Callable[[], Written],
    read: Callable[[], T],
    shows: Callable[[T], bool],
    *,
    what: str,
    elsewhere: str = "",
) -> tuple[str, ...]:
    """Make a change in Zuora and read it back, for up to `AM_ZUORA_READ_BACK_SECONDS`.

    `what` names the change ("the new name"), `elsewhere` says what was not done yet. Returns the ids of the request for
    the receipt. A step reads before it writes, so Resume does that first as well.

    Raises:
        RemoteError: from `write` as it is; from `read` as one whose change may have been made.
        NotSeenYet: Zuora accepted the change but does not show it.
    """

    def look() -> T:
        try:
            return read()
        except RemoteError as error:
            error.writes = True
            raise error.unsure() from None

    patience = job.services.settings.zuora_read_back_seconds
    written, seen = read_back.write_and_read_back(write, look, shows, patience)
    ids = (written.request_id,) if written.request_id else ()
    if not seen:
        raise NotSeenYet(
            f"Zuora accepted {what} but does not show it after {patience:g} seconds. {elsewhere}".strip()
            + " Resume checks first and writes it again only if it is still missing.",
            request_ids=ids,
        )
    return ids
