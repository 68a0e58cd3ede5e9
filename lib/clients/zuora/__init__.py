"""Zuora Billing: accounts and their place in a family, read and changed through its REST API."""

from lib.clients.zuora.client import Zuora, ZuoraConfig
from lib.clients.zuora.models import Written, ZuoraAccount, ZuoraStatus

__all__ = ["Written", "Zuora", "ZuoraAccount", "ZuoraConfig", "ZuoraStatus"]
