"""The Zuora client: each method asks one thing or changes one thing, and fails with one of `lib.clients.errors`."""

from lib.clients.zuora.accounts import Accounts
from lib.clients.zuora.contacts import Contacts
from lib.clients.zuora.invoices import Invoices
from lib.clients.zuora.sender import ZuoraConfig, plain_track
from lib.clients.zuora.subscriptions.cancel import Cancelling
from lib.clients.zuora.subscriptions.reading import Subscriptions

__all__ = ["Zuora", "ZuoraConfig", "plain_track"]


class Zuora(Accounts, Contacts, Subscriptions, Cancelling, Invoices):
    """A tenant. Make one for the process: it shares connections, the token and the limit on concurrency.

    Every method raises `RemoteError` and nothing else.
    """
