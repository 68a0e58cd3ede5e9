"""Why a plan cannot be started: what Zuora says about the account, or that Zuora cannot be read."""

from lib.clients.errors import NotFound, RemoteError
from lib.clients.zuora import ZuoraAccount, ZuoraStatus


def refused_by_zuora(answer: ZuoraAccount | RemoteError, zuora_number: str | None) -> list[str]:
    """The blockers of a change to the account in Zuora. `zuora_number` is its number in the Hub.

    Zuora refuses any change to an account that is cancelled there.
    """
    if isinstance(answer, NotFound):
        return [f"Zuora has no account {zuora_number}. Correct the link to Zuora first."]
    if isinstance(answer, RemoteError):
        return [f"Zuora could not be read, so nothing was changed. {answer}"]
    if answer.status is ZuoraStatus.CANCELED:
        return [f"The account {zuora_number} is cancelled in Zuora, which refuses any change to it."]
    return []
