"""Why a plan cannot be started: what Zuora says about the account, or that it says nothing."""

from lib.clients.errors import NotFound, RemoteError
from lib.clients.zuora import ZuoraAccount, ZuoraStatus


def refused_by_zuora(answer: ZuoraAccount | RemoteError, zuora_number: str | None) -> list[str]:
    """What speaks against changing the account in Zuora, as blockers; empty when nothing does.

    Zuora refuses any change to an account that is cancelled there. `zuora_number` is what the Hub calls it.
    """
    if isinstance(answer, NotFound):
        return [f"Zuora has no account {zuora_number}. Correct the link to Zuora first."]
    if isinstance(answer, RemoteError):
        return [f"Zuora could not be read, so nothing was changed. {answer}"]
    if answer.status is ZuoraStatus.CANCELED:
        return ["The account is cancelled in Zuora, which refuses any change to it."]
    return []
