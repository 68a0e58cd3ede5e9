"""Subscriptions: one by number, or all those of an account."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from lib.clients.call import Call, Reply
from lib.clients.errors import UnexpectedReply
from lib.clients.zuora import replies
from lib.clients.zuora.sender import Sender, again_and_again, path_of
from lib.clients.zuora.subscriptions.models import ZuoraSubscription

PER_PAGE = 40
"""The most that Zuora gives. The default is 20, and a larger number counts as 40."""
IN_FORCE, EVERY = "current-segment", "all-segments"
"""Which segments of each charge are read: the one in force today, or all of them.

By default Zuora gives the latest one. After a change ordered for next month that is the segment of next month, which
says nothing about what is granted today.
"""


class Subscriptions(Sender):
    """The methods of a tenant about subscriptions."""

    def subscription(
        self, number: str, *, quick_seconds: float | None = None, segments: str = IN_FORCE
    ) -> ZuoraSubscription:
        """The subscription with this number or id, in its latest version.

        Its charges are those in force today, by Zuora's calendar; with `segments=EVERY` each has all its segments.
        `quick_seconds` allows one attempt of that length, for a person who is waiting.
        """
        operation = f"read subscription {number}"
        call = Call(
            "GET",
            path_of("subscriptions", number, operation),
            operation,
            params=(("charge-detail", segments),),
            read_seconds=quick_seconds,
            attempts=None if quick_seconds is None else 1,
        )
        return self._send(call, partial(read_subscription, number))

    def subscriptions(self, account_key: str, *, quick_seconds: float | None = None) -> list[ZuoraSubscription]:
        """Every subscription of the account with this number or id, whatever its status.

        `quick_seconds` allows one attempt of that length for each page of the list, for a person who is waiting.
        """
        return list(self.iter_subscriptions(account_key, quick_seconds=quick_seconds))

    def iter_subscriptions(
        self, account_key: str, *, quick_seconds: float | None = None
    ) -> Iterator[ZuoraSubscription]:
        """As `subscriptions`, with at most one page in memory.

        The iteration raises `RemoteError`: `UnexpectedReply` for pages that do not end, lead to another host or
        belong to another account. What came before such an error is not a complete list.
        """
        operation = f"list the subscriptions of account {account_key}"
        path = path_of("subscriptions/accounts", account_key, operation)
        call = Call(
            "GET",
            path,
            operation,
            params=(("page", "1"), ("pageSize", str(PER_PAGE)), ("charge-detail", IN_FORCE)),
            read_seconds=quick_seconds,
            attempts=None if quick_seconds is None else 1,
        )
        seen: set[str] = set()
        owner: str | None = None
        stale = False
        for page in self._pages(call, partial(_read_page, account_key)):
            # When rows are added during the reading, some are shown twice, and the last page may have nothing new.
            fresh = [subscription for subscription in page if subscription.number not in seen]
            if stale:
                raise again_and_again(call)
            stale = not fresh
            for subscription in fresh:
                if owner is not None and (subscription.account_id or owner).casefold() != owner.casefold():
                    raise UnexpectedReply(replies.SYSTEM, operation, detail="rows that were not asked for")
                owner = owner or subscription.account_id
                seen.add(subscription.number)
                yield subscription


def read_subscription(key: str, reply: Reply, call: Call) -> ZuoraSubscription:
    """The subscription with this number or id out of a reply.

    Raises:
        RemoteError: it is a refusal, not a subscription, or another one.
    """
    body = replies.read_object(reply, call)
    found = replies.understood(lambda: ZuoraSubscription.from_wire(body), reply, call, "a subscription")
    replies.same_one(key, (found.number, found.id), reply, call)
    return found


def _read_page(account_key: str, reply: Reply, call: Call) -> tuple[list[ZuoraSubscription], str | None]:
    body = replies.read_object(reply, call)
    rows: Any = body.get("subscriptions")
    following: Any = body.get("nextPage")
    if not isinstance(rows, list):
        raise replies.unexpected(reply, call, "without its list of subscriptions")
    if following is not None and not isinstance(following, str):
        raise replies.unexpected(reply, call, "with a next page that is not a text")
    found = replies.understood(
        lambda: [ZuoraSubscription.from_wire(row) for row in rows], reply, call, "a subscription"
    )
    for one in found:
        # Zuora names the owner by number and by id. A reply with only one may have the one we did not ask by.
        if one.account_id is not None and one.account_number is not None:
            replies.same_one(account_key, (one.account_id, one.account_number), reply, call)
    return found, _in_force_too(following) if following else None


def _in_force_too(following: str) -> str:
    """The address of the next page, with the same segments as the first, which Zuora may leave out."""
    following = following.partition("#")[0]
    if "charge-detail=" in following:
        return following
    return f"{following}{'&' if '?' in following else '?'}charge-detail={IN_FORCE}"
