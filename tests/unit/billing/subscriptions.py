"""Subscriptions as the Hub and Zuora have them. A test names only what is different."""

from datetime import date
from typing import Any

from lib.actions.billing.subscription import InZuora
from lib.clients.zuora import ZuoraSubscription
from lib.clients.zuora.subscriptions.models import ZuoraCharge, ZuoraRatePlan
from lib.domain.allowances import MapRow
from lib.store.billing import HubSubscription, SubscriptionTerms, SubscriptionUse
from tests.common.factories import TODAY

SUB, OTHER = "SUB-00000001", "SUB-00000002"
START, END = "2026-01-01", "2099-01-01"
TERM = f"{START} to {END}"
MAP = [MapRow(None, "Cloud Mobile", "cloud_mobiles"), MapRow(None, "Extension", "pbx_extensions")]
UNUSED = SubscriptionUse(pbxs=(), numbers=())
IN_USE = SubscriptionUse(pbxs=("Main",), numbers=("+61370100001", "+61370100002"))


def charge(name: str, quantity: str = "1", **changes: Any) -> ZuoraCharge:
    """A charge of the product's charge PRPC-1, valid for the whole term."""
    values = {"starts": START, "ends": END, "product_rate_plan_charge_number": "PRPC-1"}
    return ZuoraCharge(**({"id": "c", "name": name, "quantity": quantity} | values | changes))


def in_zuora(*charges: ZuoraCharge, number: str = SUB, today: date = TODAY, **changes: Any) -> InZuora:
    """An active subscription of account 1001 in version 2, without an end; its allowances come from `MAP`."""
    plan = ZuoraRatePlan(id="p", product_name="Cloud PBX", charges=charges)
    values = {"status": "Active", "account_id": "z1001", "account_number": "A1001", "version": 2}
    term = {"term_starts": START, "term_ends": END, "rate_plans": (plan,)}
    return InZuora(ZuoraSubscription(**({"id": "s", "number": number} | values | term | changes)), MAP, today)


def terms(version: int = 1, **allowances: int) -> SubscriptionTerms:
    """What the Hub keeps of an active subscription."""
    start, end = date.fromisoformat(START), date.fromisoformat(END)
    return SubscriptionTerms(status="Active", term_start=start, term_end=end, version=version, allowances=allowances)


def stored(number: str = SUB, version: int = 1, name: str | None = "Cloud PBX", **allowances: int) -> HubSubscription:
    """A subscription in the Hub."""
    return HubSubscription(number=number, name=name, refreshed_at=None, terms=terms(version, **allowances))
