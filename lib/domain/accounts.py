"""What an account is: its number, name, state and place in a family."""

import re
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

NUMBER = re.compile(r"^[1-9][0-9]{3,5}$")
"""Account numbers have 4 to 6 digits, are read-only and never used again."""


class AccountStatus(StrEnum):
    """The state of an account in the Hub."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    DEACTIVATED = "deactivated"


class Account(BaseModel):
    """One account as the Hub knows it. Parent and children are named by account number."""

    model_config = ConfigDict(frozen=True)

    number: str
    name: str
    status: AccountStatus
    email: str | None = None
    parent_number: str | None = None
    parent_name: str | None = None
    zuora_number: str | None = None
    zuora_id: str | None = None
    communication_profile: str | None = None
    created_at: datetime
    changed_at: datetime

    @property
    def title(self) -> str:
        """`<account number> - <name>`, the way staff speak of an account."""
        return f"{self.number} - {self.name}"
