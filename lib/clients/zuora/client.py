"""The Zuora client: each method one question or one change, each failure one of `lib.clients.errors`."""

from lib.clients.zuora.accounts import Accounts
from lib.clients.zuora.contacts import Contacts
from lib.clients.zuora.invoices import Invoices
from lib.clients.zuora.sender import ZuoraConfig, plain_track
from lib.clients.zuora.subscriptions.cancel import Cancelling
from lib.clients.zuora.subscriptions.reading import Subscriptions

__all__ = ["Zuora", "ZuoraConfig", "plain_track"]


class Zuora(Accounts, Contacts, Subscriptions, Cancelling, Invoices):
    """A tenant. Make one for the process: it shares connections, token and the limit on concurrency.

    Every method raises `RemoteError` and nothing else.
    """
