"""The values of the made-up world."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

ANCHOR = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
"""The demo's "now". It is fixed, so that the demo is the same every time."""

COMMUNICATION_PROFILES = {
    "Default": "3f1c7e2ab9d84c0e9a5d1b6f70e4c281",
    "Reminders only": "8b04d6f19e2a47c3b5f8a0c7d2e96135",
    "Silent": "c97ae5103bd24f68917e64d0fa2b8c3e",
}
"""The profiles that decide which e-mails Zuora sends: name in the Hub and id in Zuora."""

ALLOWANCES = {
    "cloud_mobiles": "Cloud Mobile",
    "jet_phone_users": "Jet Phone User",
    "pbx_extensions": "PBX Extension",
    "local_numbers": "Local Number",
    "mobile_numbers": "Mobile Number",
    "numbers_13": "13 Number",
    "numbers_1300": "1300 Number",
    "numbers_1800": "1800 Number",
    "queues": "Call Queue",
    "ivrs": "IVR",
    "postcode_ivrs": "Postcode IVR",
    "geographic_routing": "Geographic Routing",
    "call_wrap_up": "Call Wrap-up",
    "inbound_recording": "Inbound Call Recording",
    "outbound_recording": "Outbound Call Recording",
    "outbound_recording_limit": "Outbound Recording Limit",
}
"""Every allowance and the name of the Zuora charge that grants it."""


@dataclass(frozen=True, kw_only=True)
class Contact:
    """A bill-to or sold-to contact, with the street address in the parts that emergency details need."""

    id: str
    first_name: str
    last_name: str
    email: str
    phone: str
    house_number: str
    street_name: str
    street_type: str
    locality: str
    state: str
    postcode: str


@dataclass(frozen=True, kw_only=True)
class Number:
    """A phone number of an account."""

    e164: str
    kind: str
    trunk: str
    state: str = "in_use"


@dataclass(frozen=True, kw_only=True)
class PhoneUser:
    """An extension of a PBX."""

    extension: str
    display_name: str
    email: str | None
    kind: str


@dataclass(frozen=True, kw_only=True)
class Pbx:
    """A PBX; a user's login is `<extension>@<group name>`."""

    name: str
    group_name: str
    users: tuple[PhoneUser, ...]


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """A billing subscription and what its charges grant.

    `ends` is the day on which it ends for good, `payer` the Zuora number of another account that pays for it, `later`
    a quantity that is ordered for a later day: the day, the allowance and how many. An evergreen one has no term end.
    """

    number: str
    name: str
    term_start: date
    term_end: date | None
    version: int
    refreshed_at: datetime
    allowances: dict[str, int]
    status: str = "Active"
    ends: date | None = None
    payer: str | None = None
    later: tuple[date, str, int] | None = None


@dataclass(frozen=True, kw_only=True)
class Email:
    """An e-mail that the Account Manager sent."""

    sent_at: datetime
    kind: str
    subject: str
    recipient: str
    state: str


@dataclass(frozen=True, kw_only=True)
class StatusChange:
    """Why and when an account was suspended or deactivated."""

    from_status: str
    to_status: str
    reason: str
    note: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class InZuora:
    """The account as Zuora has it: the same as in the Hub, except where a difference is planted."""

    name: str
    status: str
    parent: str | None
    balance: str
    currency: str = "AUD"


@dataclass(frozen=True, kw_only=True)
class Belongings:
    """What belongs to an account in the Hub, besides its contacts."""

    numbers: tuple[Number, ...] = ()
    pbxs: tuple[Pbx, ...] = ()
    queues: dict[str, tuple[str, ...]] = field(default_factory=dict)
    parking: tuple[str, ...] = ()
    music: tuple[str, ...] = ()
    callflows: tuple[tuple[str, str], ...] = ()
    integrations: tuple[tuple[str, str], ...] = ()
    tracker_codes: tuple[str, ...] = ()
    portal_users: tuple[tuple[str, str, bool], ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    emergency: tuple[dict[str, Any], ...] = ()
    emails: tuple[Email, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DemoAccount:
    """One account of the made-up world. Others are named by their number. `site` is its web domain."""

    number: str
    name: str
    site: str
    status: str
    parent: str | None
    zuora_id: str
    linked: bool
    profile: str
    pinned_note: str | None
    pinned_until: date | None
    created_at: datetime
    bill_to: Contact
    sold_to: Contact
    in_zuora: InZuora | None
    has: Belongings
    history: tuple[StatusChange, ...] = ()

    @property
    def zuora_number(self) -> str:
        """The account number in Zuora."""
        return zuora_number(self.number)


def zuora_number(number: str) -> str:
    """The number in Zuora of the account with this number in the Hub."""
    return f"A{number:0>8}"


@dataclass(frozen=True, kw_only=True)
class World:
    """Every account, and the special ones: role -> account number."""

    accounts: tuple[DemoAccount, ...]
    notable: dict[str, str]
