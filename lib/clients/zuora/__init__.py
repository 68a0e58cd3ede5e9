"""Zuora Billing, read and changed through its REST API."""

from lib.clients.zuora.client import Zuora, ZuoraConfig
from lib.clients.zuora.invoices import Overdue, OverdueInvoice, overdue_sums
from lib.clients.zuora.models import Written, ZuoraAccount, ZuoraContact, ZuoraStatus
from lib.clients.zuora.subscriptions.cancellation import Cancelled, CancelPolicy
from lib.clients.zuora.subscriptions.models import SubscriptionStatus, ZuoraCharge, ZuoraRatePlan, ZuoraSubscription

__all__ = [
    "CancelPolicy",
    "Cancelled",
    "Overdue",
    "OverdueInvoice",
    "SubscriptionStatus",
    "Written",
    "Zuora",
    "ZuoraAccount",
    "ZuoraCharge",
    "ZuoraConfig",
    "ZuoraContact",
    "ZuoraRatePlan",
    "ZuoraStatus",
    "ZuoraSubscription",
    "overdue_sums",
]
