"""Everything that belongs to an account, read from the Hub, Zuora and the SBC before it is deactivated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from lib.actions.account.cancellable import Cancellable
from lib.actions.account.debts import Billing
from lib.actions.account.emergency_calls import EmergencyCalls
from lib.actions.numbers.rules import RuleSet
from lib.clients.errors import RemoteError
from lib.domain.accounts import Account, AccountStatus
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
    """The names of what belongs to it, by the kinds of `KINDS`."""
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
        """How many auth rules would be removed; 0 when the SBC could not be read."""
        return 0 if isinstance(self.rules, RemoteError) else len(self.rules.wrong)

    @property
    def leaving(self) -> list[HubNumber]:
        """The numbers that go to quarantine."""
        return [one for one in self.numbers if one.state != "quarantined"]

    @property
    def cancellable(self) -> Cancellable:
        """The subscriptions by what Zuora lets a cancellation do to them."""
        return Cancellable.of(self.billing.subscriptions or (), self.today)

    @property
    def active_children(self) -> list[Account]:
        """Children that are not deactivated themselves."""
        return [one for one in self.children if one.status is not AccountStatus.DEACTIVATED]
