"""What hangs on an account that is about to be deactivated: read live from the Hub, Zuora and the SBC."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from lib.actions.account.cancellable import Cancellable
from lib.actions.account.debts import Billing, read_billing
from lib.actions.account.emergency_calls import NOT_KNOWN, EmergencyCalls, read_emergency_calls
from lib.actions.account.status import look_at_rules
from lib.actions.numbers.rules import RuleSet
from lib.clients.errors import RemoteError
from lib.domain.accounts import Account, AccountStatus
from lib.services import Services
from lib.store import accounts, belongings, runs
from lib.store.belongings import HubNumber
from lib.store.runs import Run

KINDS = {
    "queues": ("queue", "queues"),
    "callflows": ("callflow", "callflows"),
    "parking": ("call-parking set-up", "call-parking set-ups"),
    "music": ("music on hold", "music on hold"),
    "phone_users": ("phone user", "phone users"),
    "pbxs": ("PBX", "PBXs"),
    "integrations": ("integration", "integrations"),
    "tracker_codes": ("web-tracker code", "web-tracker codes"),
    "portal_users": ("portal user", "portal users"),
    "subscriptions": ("Zuora subscription id", "Zuora subscription ids"),
}
"""What is removed from the Hub: the kind of `belongings.KINDS`, one of it and several."""


@dataclass(frozen=True)
class Found:
    """Everything the plan is made from."""

    account: Account
    labels: Mapping[str, Sequence[str]]
    """The names of what hangs on it, by the kinds of `KINDS`."""
    numbers: Sequence[HubNumber]
    children: Sequence[Account]
    holders: Sequence[str]
    """Accounts whose queues or callflows use something of this one."""
    open_run: Run | None
    billing: Billing
    rules: RuleSet | RemoteError
    emergency: EmergencyCalls
    today: date

    @property
    def rules_to_remove(self) -> int:
        """How many auth rules would go, as far as the SBC could be read."""
        return 0 if isinstance(self.rules, RemoteError) else len(self.rules.wrong)

    @property
    def leaving(self) -> list[HubNumber]:
        """Numbers that go to quarantine."""
        return [one for one in self.numbers if one.state != "quarantined"]

    @property
    def cancellable(self) -> Cancellable:
        """The subscriptions by what Zuora lets a cancellation do to them."""
        return Cancellable.of(self.billing.subscriptions or (), self.today)

    @property
    def active_children(self) -> list[Account]:
        """Children that are not deactivated themselves."""
        return [one for one in self.children if one.status is not AccountStatus.DEACTIVATED]


def look(services: Services, number: str) -> Found:
    """Read everything. That Zuora or the SBC could not be read is part of what is found, never raised."""
    with services.engine.connect() as connection:
        account = accounts.get_account(connection, number)
        labels = {what: belongings.list_labels(connection, number, what) for what in KINDS}
        numbers = belongings.list_numbers(connection, number)
        children = accounts.list_children(connection, number)
        holders = belongings.foreign_holders(connection, number)
        open_run = runs.open_run(connection, number)
    billing = read_billing(services, account)
    rules = look_at_rules(services, number, AccountStatus.DEACTIVATED)
    emergency = NOT_KNOWN if isinstance(rules, RemoteError) else read_emergency_calls(services)
    return Found(account, labels, numbers, children, holders, open_run, billing, rules, emergency, services.today())
