"""What belongs to an account: numbers, phone users, queues, subscriptions, e-mails and the rest."""

from collections import Counter
from datetime import datetime, timedelta
from random import Random
from typing import Any

from lib.demo.companies import Companies, mailbox
from lib.demo.model import Belongings, Contact, Email, Number, Pbx, PhoneUser, Subscription
from lib.demo.reserved import MOBILES, NumberPool

TRUNKS = ("syd-1", "syd-2", "mel-1")
_DEPARTMENTS = ("Sales", "Support", "Accounts", "After hours", "Service desk")
_FLOWS = (
    ("ivr", "Main menu"),
    ("time_of_day", "Opening hours"),
    ("geographic_routing", "Nearest branch"),
    ("postcode_ivr", "Postcode menu"),
    ("call_wrap_up", "Wrap-up notes"),
)
_VENDORS = (("CRM", "Salesforce"), ("Help desk", "Zendesk"), ("Chat", "Microsoft Teams"), ("Sales", "HubSpot"))
_MAILS = (
    ("portal_invitation", "You are invited to the portal"),
    ("one_time_code", "Your sign-in code"),
    ("password_reset", "Reset your password"),
    ("jet_phone_login", "Your Jet Phone login details"),
    ("pbx_login_change", "Your phone login has changed"),
)
_KIND_ALLOWANCE = {
    "local": "local_numbers",
    "mobile": "mobile_numbers",
    "1300": "numbers_1300",
    "1800": "numbers_1800",
}
_FLOW_ALLOWANCE = {
    "ivr": "ivrs",
    "postcode_ivr": "postcode_ivrs",
    "geographic_routing": "geographic_routing",
    "call_wrap_up": "call_wrap_up",
}


class Furnisher:
    """Fills accounts one after another from the same seed."""

    def __init__(self, random: Random, companies: Companies, pool: NumberPool, anchor: datetime) -> None:
        self._random = random
        self._companies = companies
        self._pool = pool
        self._anchor = anchor
        self._mobiles_left = len(MOBILES)
        self._free_left = {"1300": 5, "1800": 5}
        self._subscriptions = 0
        self._codes = 0

    def furnish(
        self, site: str, name: str, bill_to: Contact, sold_to: Contact, *, count: int | None, suspended: bool
    ) -> Belongings:
        """Everything an account in use has. `count` fixes how many numbers it has."""
        numbers = self._numbers(sold_to.state, self._random.randrange(1, 16) if count is None else count)
        users = self._users(site, 1800 if len(numbers) > 1000 else self._random.randrange(1, 12))
        pbxs = self._pbxs(site, name, users)
        extensions = [user.extension for user in pbxs[0].users]
        departments = self._random.sample(_DEPARTMENTS, self._random.randrange(0, 3))
        queues = {f"{department} queue": tuple(extensions[:4]) for department in departments}
        callflows = tuple(self._random.sample(_FLOWS, self._random.randrange(0, 4))) if numbers else ()
        portal = self._portal_users(site, bill_to)
        return Belongings(
            numbers=numbers,
            pbxs=pbxs,
            queues=queues,
            parking=("Reception park",) if self._random.random() < 0.4 else (),
            music=("On-hold playlist",) if self._random.random() < 0.5 else (),
            callflows=callflows,
            integrations=(self._random.choice(_VENDORS),) if self._random.random() < 0.3 else (),
            tracker_codes=(self._code(),) if self._random.random() < 0.25 else (),
            portal_users=portal,
            subscriptions=self._contracts(numbers, users, len(queues), callflows),
            emergency=self._emergency(name, sold_to),
            emails=self._emails(bill_to.email, [user[0] for user in portal], suspended=suspended),
        )

    def left_over(self, sold_to: Contact) -> Belongings:
        """What a deactivated account keeps: its numbers, in quarantine."""
        numbers = (self._pool.local(sold_to.state) for _ in range(3))
        return Belongings(
            numbers=tuple(Number(e164=e164, kind="local", trunk="mel-1", state="quarantined") for e164 in numbers)
        )

    def _numbers(self, state: str, count: int) -> tuple[Number, ...]:
        found = []
        trunk = self._random.choice(TRUNKS)
        if count and self._mobiles_left and self._random.random() < 0.2:
            self._mobiles_left -= 1
            found.append(Number(e164=self._pool.mobile(), kind="mobile", trunk=trunk))
        for kind, left in self._free_left.items():
            if count and left and self._random.random() < 0.1:
                self._free_left[kind] -= 1
                found.append(Number(e164=self._pool.free_call(kind), kind=kind, trunk=trunk))
        while len(found) < count:
            porting = self._random.random() < 0.01
            e164 = self._pool.local(state)
            found.append(Number(e164=e164, kind="local", trunk=trunk, state="porting" if porting else "in_use"))
        return tuple(found[:count]) if count else ()

    def _users(self, site: str, count: int) -> list[PhoneUser]:
        found = []
        for position in range(count):
            first, last = self._companies.person()
            extension = str(1001 + position)
            kind = self._random.choices(("desk_phone", "jet_phone", "cloud_mobile"), (60, 30, 10))[0]
            # Two people may have the same name, so the mailbox has the extension.
            email = None if kind == "desk_phone" else mailbox(first, f"{last}.{extension}", site)
            user = PhoneUser(extension=extension, display_name=f"{first} {last}", email=email, kind=kind)
            found.append(user)
        return found

    def _pbxs(self, site: str, name: str, users: list[PhoneUser]) -> tuple[Pbx, ...]:
        main = f"{name[:100]} main"
        if len(users) < 9:
            return (Pbx(name=main, group_name=site, users=tuple(users)),)
        half = len(users) // 2
        return (
            Pbx(name=main, group_name=site, users=tuple(users[:half])),
            Pbx(name=f"{name[:100]} branch", group_name=f"{site}-branch", users=tuple(users[half:])),
        )

    def _portal_users(self, site: str, bill_to: Contact) -> tuple[tuple[str, str, bool], ...]:
        found = {bill_to.email: (bill_to.email, f"{bill_to.first_name} {bill_to.last_name}", True)}
        for _ in range(self._random.randrange(0, 3)):
            first, last = self._companies.person()
            email = mailbox(first, last, site)
            found.setdefault(email, (email, f"{first} {last}", False))
        return tuple(found.values())

    def _contracts(
        self,
        numbers: tuple[Number, ...],
        users: list[PhoneUser],
        queues: int,
        callflows: tuple[tuple[str, str], ...],
    ) -> tuple[Subscription, ...]:
        """One subscription, or two that share what is granted. A few grant less than is in use."""
        used = Counter(_KIND_ALLOWANCE[number.kind] for number in numbers)
        used.update(_FLOW_ALLOWANCE[kind] for kind, _ in callflows if kind in _FLOW_ALLOWANCE)
        kinds = Counter(user.kind for user in users)
        used.update(cloud_mobiles=kinds["cloud_mobile"], jet_phone_users=kinds["jet_phone"], pbx_extensions=len(users))
        used.update(queues=queues)
        granted = {kind: count + self._random.choice((0, 0, 1, 2)) for kind, count in sorted(used.items())}
        if self._random.random() < 0.07:
            granted["pbx_extensions"] = max(0, granted["pbx_extensions"] - 3)
        recording = {"inbound_recording": 1, "outbound_recording": 1, "outbound_recording_limit": 500}
        if self._random.random() < 0.3:
            return (self._contract("Cloud PBX", granted), self._contract("Call recording", recording))
        return (self._contract("Cloud PBX", granted | (recording if self._random.random() < 0.2 else {})),)

    def _contract(self, name: str, granted: dict[str, int]) -> Subscription:
        self._subscriptions += 1
        start = self._anchor - timedelta(days=self._random.randrange(5, 360))
        return Subscription(
            number=f"SUB-{self._subscriptions:08}",
            name=name,
            term_start=start.date(),
            term_end=(start + timedelta(days=365)).date(),
            version=self._random.randrange(1, 6),
            refreshed_at=self._anchor - timedelta(hours=self._random.randrange(2, 900)),
            allowances={kind: count for kind, count in granted.items() if count},
        )

    def _code(self) -> str:
        self._codes += 1
        return f"WT-{self._codes:06}"

    def _emergency(self, name: str, sold_to: Contact) -> tuple[dict[str, Any], ...]:
        """What is saved for the emergency services, often with a second version after a correction."""
        details: dict[str, Any] = {
            "usage": "business",
            "business_name": name[:160],
            "listed": self._random.random() < 0.7,
            "alternate_address": True,
            "contact_name": f"{sold_to.first_name} {sold_to.last_name}",
            "contact_number": sold_to.phone,
            "house_number": sold_to.house_number,
            "street_name": sold_to.street_name,
            "street_type": sold_to.street_type,
            "locality": sold_to.locality,
            "state": sold_to.state,
            "postcode": sold_to.postcode,
        }
        if self._random.random() < 0.3:
            return (details | {"house_number": str(self._random.randrange(1, 400))}, details)
        return (details,)

    def _emails(self, billing: str, portal: list[str], *, suspended: bool) -> tuple[Email, ...]:
        found = []
        for _ in range(self._random.randrange(1, 5)):
            kind, subject = self._random.choice(_MAILS)
            minutes = int(self._random.paretovariate(0.6) * 600) % (400 * 24 * 60)
            found.append(
                Email(
                    sent_at=self._anchor - timedelta(minutes=minutes),
                    kind=kind,
                    subject=subject,
                    recipient=self._random.choice(portal),
                    state="failed" if self._random.random() < 0.03 else "accepted",
                )
            )
        if suspended:
            notice = "Your service is suspended until your account is paid"
            at = self._anchor - timedelta(days=9, hours=2)
            found.append(
                Email(sent_at=at, kind="suspension_notice", subject=notice, recipient=billing, state="accepted")
            )
        return tuple(sorted(found, key=lambda email: email.sent_at))
