"""A stand-in for Zuora Billing, with a state of its own."""

from lib.standins.zuora.records import (
    ContactRecord,
    InvoiceRecord,
    RatePlanChargeRecord,
    RatePlanRecord,
    SubscriptionRecord,
    ZuoraRecord,
)
from lib.standins.zuora.server import ZuoraStandin
from lib.standins.zuora.state import ZuoraState
from lib.standins.zuora.wire import Switches

__all__ = [
    "ContactRecord",
    "InvoiceRecord",
    "RatePlanChargeRecord",
    "RatePlanRecord",
    "SubscriptionRecord",
    "Switches",
    "ZuoraRecord",
    "ZuoraStandin",
    "ZuoraState",
]
