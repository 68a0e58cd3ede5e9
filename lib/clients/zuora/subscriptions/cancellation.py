"""When a cancellation takes effect, and what is known about one that was made."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from lib.clients.call import Call
from lib.clients.zuora.subscriptions.models import ZuoraSubscription


class CancelPolicy(StrEnum):
    """When a cancellation takes effect."""

    END_OF_TERM = "EndOfCurrentTerm"
    END_OF_INVOICED = "EndOfLastInvoicePeriod"
    ON_DATE = "SpecificDate"


@dataclass(frozen=True)
class Cancelled:
    """A subscription that is cancelled or will be on `effective`, None where Zuora does not say when.

    `already`: it was cancelled before, or somebody else did it. `seen` is False when Zuora accepted the cancellation
    but the subscription does not show it yet or could not be read.

    `ours` is True when Zuora says that we cancelled it, False when somebody else did, and None when we do not know:
    the answer was lost, and the cancellation may be anybody's.
    """

    number: str
    effective: date | None
    already: bool
    seen: bool
    order_number: str | None = None
    request_id: str | None = None
    track_id: str | None = None
    ours: bool | None = field(default=None, compare=False)


def policy_body(policy: CancelPolicy, on: date | None) -> dict[str, str]:
    """The part of a request that says when the cancellation takes effect."""
    body = {"cancellationPolicy": policy.value}
    if on is not None:
        body["cancellationEffectiveDate"] = on.isoformat()
    return body


def seen(subscription: ZuoraSubscription, look: Call, *, ours: bool | None) -> Cancelled:
    """The cancellation shown by a subscription that was read with the call `look`."""
    return Cancelled(
        subscription.number,
        subscription.ends_on,
        already=ours is False,
        seen=True,
        track_id=look.track_id,
        ours=ours,
    )
