"""Subscriptions: the list of an account, reading one, and cancelling one."""

from typing import Any
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response

from lib.standins.zuora.accounts import account_of
from lib.standins.zuora.bodies import checked_date, checked_flag, known_fields, put_body
from lib.standins.zuora.contacts import contact_body
from lib.standins.zuora.state import Row, ZuoraState
from lib.standins.zuora.subscriptions.body import Choose, last_segment, segment_on, subscription_body
from lib.standins.zuora.subscriptions.cancel import RESOURCE, Cancelled, cancel, effective_date
from lib.standins.zuora.subscriptions.orders import order_body
from lib.standins.zuora.wire import Refusal, Reply, Switches, at_least

PAGE_SIZE = 20
PAGE_LIMIT = 40
_DETAILS = ("last-segment", "current-segment", "all-segments", "specific-segment")
_CANCEL_FLAGS = frozenset({"runBilling", "collect", "invoice", "invoiceCollect", "applyCredit", "applyCreditBalance"})
_CANCEL_DATES = frozenset(
    {"bookingDate", "orderDate", "contractEffectiveDate", "targetDate", "invoiceTargetDate", "documentDate"}
)
_CANCEL_FIELDS = _CANCEL_FLAGS | _CANCEL_DATES | {"cancellationPolicy", "cancellationEffectiveDate"}


class Subscriptions:
    """The subscription routes over one state."""

    def __init__(self, state: ZuoraState, switches: Switches) -> None:
        self._state = state
        self._switches = switches

    async def of_account(self, request: Request) -> Response:
        """`GET /v1/subscriptions/accounts/{key}`: one page, the newest update first."""
        account = account_of(self._state, request)
        page, size = _whole(request, "page", 1), min(_whole(request, "pageSize", PAGE_SIZE), PAGE_LIMIT)
        if "page" in request.query_params and "pageSize" not in request.query_params:
            raise Refusal(50000023, "The parameter page depends on pageSize, which is missing.")
        self._state.end_cancelled(self._switches.current_date().isoformat())
        rows = self._state.subscriptions_of(account["id"], size + 1, (page - 1) * size)
        body: dict[str, Any] = {"subscriptions": [self._body(request, row, account) for row in rows[:size]]}
        if len(rows) > size:
            others = [(k, v) for k, v in request.query_params.multi_items() if k not in ("page", "pageSize")]
            query = urlencode([("page", page + 1), ("pageSize", size), *others])
            body["nextPage"] = f"/v1/subscriptions/accounts/{quote(request.path_params['key'])}?{query}"
        return Reply(body | {"success": True})

    async def read(self, request: Request) -> Response:
        """`GET /v1/subscriptions/{key}`: the latest version by its number, any version by its id."""
        self._state.end_cancelled(self._switches.current_date().isoformat())
        row = self._subscription(request)
        return Reply({"success": True} | self._body(request, row, self._account(row["account_id"])))

    async def cancel(self, request: Request) -> Response:
        """`PUT /v1/subscriptions/{key}/cancel`."""
        body = await put_body(request)
        if self._switches.invoice_settlement and not at_least(request, "211.0"):
            raise Refusal(RESOURCE * 100 + 30, "With Invoice Settlement, Zuora-Version must be 211.0 or later.")
        self._state.end_cancelled(self._switches.current_date().isoformat())
        row = self._subscription(request)
        known_fields(RESOURCE, body, _CANCEL_FIELDS)
        for field in sorted(set(body) & _CANCEL_FLAGS):
            checked_flag(RESOURCE, field, body[field])
        for field in sorted(set(body) & _CANCEL_DATES):
            checked_date(RESOURCE, field, body[field])
        day = effective_date(row, body.get("cancellationPolicy"), body.get("cancellationEffectiveDate"))
        if not self._switches.orders_answer_cancel:
            return Reply(_cancelled_body(cancel(self._state, row, day, None)))
        with self._state.transaction():
            number = f"O-{self._state.next_number('order'):08}"
            done = cancel(self._state, row, day, number)
        payer = self._account(row["invoice_owner_id"] or row["account_id"])
        owner = self._account(row["account_id"])
        return Reply(order_body(number, payer, [(done.subscription, owner)], numbers_only=False))

    def _subscription(self, request: Request) -> Row:
        key = request.path_params["key"]
        row = self._state.subscription(key)
        if row is None:
            raise Refusal(50000040, f"Cannot find entity by key: '{key}'.")
        return row

    def _account(self, account_id: str) -> Row:
        account = self._state.account(account_id)
        if account is None:
            raise Refusal(50000040, f"Cannot find entity by key: '{account_id}'.")
        return account

    def _body(self, request: Request, row: Row, account: Row) -> dict[str, Any]:
        detail = request.query_params.get("charge-detail", "last-segment")
        contacts = {
            "billToContact": contact_body(self._state.contact(account["bill_to_id"])),
            "soldToContact": contact_body(self._state.contact(account["sold_to_id"])),
        }
        for contact in contacts.values():
            # Only here does the postal code have both of its names.
            contact["postalCode"] = contact["zipCode"]
        return subscription_body(
            row,
            account,
            self._account(row["invoice_owner_id"]) if row["invoice_owner_id"] else account,
            contacts,
            self._choice(request, detail),
            every_segment=detail == "all-segments",
            without_empty_plans=request.query_params.get("exclude-rate-plans-with-no-charges") == "true",
        )

    def _choice(self, request: Request, detail: str) -> Choose:
        if detail not in _DETAILS:
            raise Refusal(50000027, f"charge-detail is one of {', '.join(_DETAILS)}.")
        if detail == "current-segment":
            return segment_on(self._switches.current_date())
        if detail == "specific-segment":
            day = checked_date(500000, "as-of-date", request.query_params.get("as-of-date"))
            return segment_on(day)
        return last_segment


def _whole(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdecimal() or len(text) > 9 or int(text) < 1:
        raise Refusal(50000027, f"The parameter {name} is not a whole number from 1.")
    return int(text)


def _cancelled_body(done: Cancelled) -> dict[str, Any]:
    return {
        "success": True,
        "subscriptionId": done.subscription["id"],
        "cancelledDate": done.day.isoformat(),
        "totalDeltaMrr": done.delta_mrr,
        "totalDeltaTcv": done.delta_tcv,
    }
