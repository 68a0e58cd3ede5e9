"""Orders, but only for cancelling subscriptions: all of an order is done, or nothing."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from lib.standins.server.gateway import linger
from lib.standins.zuora.bodies import checked_date, checked_flag, invalid, json_object, known_fields, required
from lib.standins.zuora.state import Row, ZuoraState
from lib.standins.zuora.subscriptions.cancel import cancel, effective_date
from lib.standins.zuora.wire import Refusal, Reply, Switches, at_least

RESOURCE = 584900
SUBSCRIPTIONS_FROM = "223.0"
"""From this minor version on, an order answers with `subscriptions` instead of `subscriptionNumbers`."""
_FIELDS = frozenset(
    {
        "orderDate", "existingAccountNumber", "existingAccountId", "subscriptions", "processingOptions",
        "description", "category", "status", "orderNumber", "reasonCode",
    }
)  # fmt: skip
_PART_FIELDS = frozenset({"subscriptionNumber", "orderActions"})
_ACTION_FIELDS = frozenset({"type", "triggerDates", "cancelSubscription", "changeReason"})
_CANCEL_FIELDS = frozenset({"cancellationPolicy", "cancellationEffectiveDate"})
# The official SDK always sends the last one.
_OPTIONS = frozenset({"runBilling", "collectPayment", "allowPaymentFailure"})
_TRIGGERS = ("ContractEffective", "ServiceActivation", "CustomerAcceptance")


class Orders:
    """The order routes over one state."""

    def __init__(self, state: ZuoraState, switches: Switches) -> None:
        self._state = state
        self._switches = switches

    async def create(self, request: Request) -> Response:
        """`POST /v1/orders` with actions of the type CancelSubscription."""
        body = json_object(await request.body())
        if not self._switches.orders_enabled:
            raise Refusal(RESOURCE * 100 + 10, "You do not have permission to use Orders in this tenant.")
        known_fields(RESOURCE, body, _FIELDS)
        required(RESOURCE, body, "orderDate", "subscriptions")
        checked_date(RESOURCE, "orderDate", body["orderDate"])
        _check_options(body.get("processingOptions", {}))
        if body.get("status", "Completed") != "Completed":
            raise Refusal(RESOURCE * 100 + 45, "Only completed orders are supported.", status=400)
        account = self._account(body)
        parts = _objects("subscriptions", body["subscriptions"])
        await linger(request.scope, self._switches.order_seconds)
        today = self._switches.current_date()
        self._state.end_cancelled(today.isoformat())
        with self._state.transaction():
            number = f"O-{self._state.next_number('order'):08}"
            done = [self._cancel(part, account, number) for part in parts]
            self._state.keep_order(_kept(number, account, parts, done, body["orderDate"]))
        return Reply(
            order_body(number, account, done, numbers_only=not at_least(request, SUBSCRIPTIONS_FROM)),
        )

    async def page(self, request: Request) -> Response:
        """`GET /v1/orders`: the latest orders first."""
        if not self._switches.orders_enabled:
            raise Refusal(RESOURCE * 100 + 10, "You do not have permission to use Orders in this tenant.")
        size = min(max(int(request.query_params.get("pageSize", "20")), 1), 40)
        return Reply({"orders": self._state.orders(size), "success": True})

    def _account(self, body: dict[str, Any]) -> Row:
        given = [name for name in ("existingAccountNumber", "existingAccountId") if name in body]
        if len(given) != 1:
            raise Refusal(RESOURCE * 100 + 22, "Exactly one of existingAccountNumber and existingAccountId is needed.")
        key = body[given[0]]
        account = self._state.account(key) if isinstance(key, str) else None
        if account is None or account["id" if given[0].endswith("Id") else "account_number"].lower() != key.lower():
            raise Refusal(RESOURCE * 100 + 40, f"Cannot find the account {key}.")
        return account

    def _cancel(self, part: dict[str, Any], payer: Row, order_number: str) -> tuple[Row, Row]:
        """The cancelled subscription and its owner. An order is for the account that gets the invoices."""
        known_fields(RESOURCE, part, _PART_FIELDS)
        required(RESOURCE, part, "subscriptionNumber", "orderActions")
        actions = _objects("orderActions", part["orderActions"])
        if len(actions) != 1 or actions[0].get("type") != "CancelSubscription":
            raise Refusal(RESOURCE * 100 + 45, "Only one CancelSubscription action is supported here.", status=400)
        known_fields(RESOURCE, actions[0], _ACTION_FIELDS)
        required(RESOURCE, actions[0], "cancelSubscription")
        wanted = actions[0]["cancelSubscription"]
        if not isinstance(wanted, dict):
            raise invalid(RESOURCE, "cancelSubscription is an object.")
        known_fields(RESOURCE, wanted, _CANCEL_FIELDS)
        _check_triggers(actions[0].get("triggerDates", []))
        number = part["subscriptionNumber"]
        row = self._state.subscription(number) if isinstance(number, str) else None
        owner = self._state.account(row["account_id"]) if row is not None else None
        paid = row is not None and (row["invoice_owner_id"] or row["account_id"]).lower() == payer["id"].lower()
        if row is None or owner is None or not paid or row["number"].lower() != number.lower():
            message = f"Cannot find the subscription {number} with the invoice owner {payer['account_number']}."
            raise Refusal(RESOURCE * 100 + 40, message)
        day = effective_date(row, wanted.get("cancellationPolicy"), wanted.get("cancellationEffectiveDate"))
        return cancel(self._state, row, day, order_number).subscription, owner


def order_body(number: str, payer: Row, done: list[tuple[Row, Row]], *, numbers_only: bool) -> dict[str, Any]:
    """The answer of a completed order for the account `payer`, with its subscriptions as numbers or as objects.

    `done` has each subscription with its owner.
    """
    body: dict[str, Any] = {
        "success": True,
        "orderNumber": number,
        "accountNumber": payer["account_number"],
        "status": "Completed",
    }
    if numbers_only:
        return body | {"subscriptionNumbers": [row["number"] for row, _ in done]}
    shown = [
        {
            "subscriptionNumber": row["number"],
            "subscriptionId": row["id"],
            "subscriptionOwnerId": owner["id"],
            "subscriptionOwnerNumber": owner["account_number"],
            "status": row["status"],
        }
        for row, owner in done
    ]
    return body | {"subscriptions": shown}


def _kept(
    number: str, payer: Row, parts: list[dict[str, Any]], done: list[tuple[Row, Row]], order_date: str
) -> dict[str, Any]:
    """The order as the list of orders shows it, which differs from the answer to its request."""
    return {
        "orderNumber": number,
        "status": "Completed",
        "orderDate": order_date,
        "existingAccountNumber": payer["account_number"],
        "currency": payer["currency"],
        "subscriptions": [
            {
                "subscriptionNumber": row["number"],
                "subscriptionOwnerAccountNumber": owner["account_number"],
                "baseVersion": row["version"] - 1,
                "newVersion": row["version"],
                "orderActions": part["orderActions"],
            }
            for part, (row, owner) in zip(parts, done, strict=True)
        ],
    }


def _check_options(options: Any) -> None:
    if not isinstance(options, dict):
        raise invalid(RESOURCE, "processingOptions is an object.")
    known_fields(RESOURCE, options, _OPTIONS)
    for field, value in options.items():
        checked_flag(RESOURCE, field, value)


def _check_triggers(triggers: Any) -> None:
    for trigger in _objects("triggerDates", triggers):
        known_fields(RESOURCE, trigger, frozenset({"name", "triggerDate"}))
        if trigger.get("name") not in _TRIGGERS:
            raise invalid(RESOURCE, f"The name of a trigger date is one of {', '.join(_TRIGGERS)}.")
        checked_date(RESOURCE, "triggerDate", trigger.get("triggerDate"))


def _objects(field: str, value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(part, dict) for part in value):
        raise invalid(RESOURCE, f"{field} is an array of objects.")
    return value
