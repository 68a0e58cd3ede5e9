"""What an account is: its number, name, state and place in a family."""

import re
from datetime import date, datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

NUMBER = re.compile(r"^[1-9][0-9]{3,5}$")
"""Account numbers have 4 to 6 digits. They never change and are never used again."""


class AccountStatus(StrEnum):
    """The state of an account in the Hub."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    DEACTIVATED = "deactivated"


_UNDER_WAY = {
    AccountStatus.ACTIVE: "enabling",
    AccountStatus.SUSPENDED: "suspending",
    AccountStatus.DEACTIVATED: "deactivating",
}


class Account(BaseModel):
    """One account as the Hub knows it. Parent and children are named by account number."""

    model_config = ConfigDict(frozen=True)

    number: str
    name: str
    status: AccountStatus
    changing_to: AccountStatus | None = None
    """The status that an action is changing it to. `status` follows when the change is done."""
    email: str | None = None
    parent_number: str | None = None
    parent_name: str | None = None
    zuora_number: str | None = None
    zuora_id: str | None = None
    communication_profile: str | None = None
    pinned_note: str | None = None
    pinned_until: date | None = None
    created_at: datetime
    changed_at: datetime

    @property
    def heading(self) -> AccountStatus:
        """The status it has, or is changing to."""
        return self.changing_to or self.status

    @property
    def is_ending(self) -> bool:
        """True when the account is deactivated, or a deactivation was started and is not finished or undone."""
        return AccountStatus.DEACTIVATED in (self.status, self.changing_to)

    @property
    def status_words(self) -> str:
        """The status as people say it: `active`, `suspended`, or `suspending` while it is on its way there."""
        return _UNDER_WAY[self.changing_to] if self.changing_to else self.status.value

    def pin(self, today: date) -> str | None:
        """The pinned note until its last day. `today` is the day in the product's time zone."""
        if self.pinned_note and (self.pinned_until is None or self.pinned_until >= today):
            return self.pinned_note
        return None

    @property
    def title(self) -> str:
        """`<account number> - <name>`, the way staff speak of an account."""
        return f"{self.number} - {self.name}"
