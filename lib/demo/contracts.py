"""Special subscriptions: a draft, a suspended one, one that ends, one without an end."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from lib.demo.model import Belongings, Subscription

LAST_DAY_COMES = date(2027, 3, 31)
"""The day on which a subscription that is cancelled already ends."""
LATER = date(2027, 2, 1)
"""The day from which another quantity is ordered."""


def contracted(has: Belongings, role: str | None, anchor: datetime, payer: str) -> Belongings:
    """What belongs to an account, with the special subscriptions of its role.

    `payer` is the number in Zuora of the account that pays, where another one does.
    """
    if role == "paid_for":
        return replace(has, subscriptions=tuple(replace(one, payer=payer) for one in has.subscriptions))
    return replace(has, subscriptions=(*has.subscriptions, *_more(role, anchor)))


def _more(role: str | None, anchor: datetime) -> tuple[Subscription, ...]:
    start = date(2026, 7, 1)
    end = date(2027, 7, 1)
    refreshed = anchor - timedelta(hours=30)

    def one(place: int, name: str, allowances: dict[str, int]) -> Subscription:
        return Subscription(
            number=f"SUB-{900 + place:08}",
            name=name,
            term_start=start,
            term_end=end,
            version=1 + place % 3,
            refreshed_at=refreshed,
            allowances=allowances,
        )

    recording = {"inbound_recording": 1, "outbound_recording": 1}
    match role:
        case "draft_and_suspended":
            return (
                replace(one(1, "Contact centre", {"queues": 2, "ivrs": 1}), status="Draft"),
                replace(one(2, "Call recording", recording), status="Suspended"),
            )
        case "ends_later":
            ending = one(3, "Cloud mobiles", {"cloud_mobiles": 2})
            return (replace(ending, status="Cancelled", term_end=LAST_DAY_COMES, ends=LAST_DAY_COMES),)
        case "evergreen":
            return (
                replace(one(4, "Month by month", {"queues": 5, "ivrs": 1}), term_end=None, later=(LATER, "queues", 3)),
            )
        case _:
            return ()
