"""What deactivating an account would do: read live from the Hub, Zuora and the SBC, in counts and names."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from lib.actions.account.cancellable import Cancellable, day_words
from lib.actions.account.emergency_calls import NOT_KNOWN, EmergencyCalls
from lib.actions.account.status import Billing, read_billing
from lib.actions.engine.plan import Detail, Effect
from lib.clients.zuora import CancelPolicy
from lib.clients.zuora.subscriptions.models import ZuoraSubscription
from lib.domain.accounts import Account, AccountStatus
from lib.domain.quarantine import quarantine_until
from lib.domain.words import counted
from lib.services import Services
from lib.store import accounts, belongings, runs
from lib.store.belongings import HubNumber
from lib.store.runs import Run

LEAVE, AT_END_OF_INVOICED, ON_DATE = "leave", "invoice_period", "date"
CHOICES = {
    LEAVE: "Leave the subscriptions; billing closes them by hand",
    AT_END_OF_INVOICED: "Cancel them at the end of the invoice period",
    ON_DATE: "Cancel them on a date",
}
POLICIES = {AT_END_OF_INVOICED: CancelPolicy.END_OF_INVOICED, ON_DATE: CancelPolicy.ON_DATE}
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
class Wish:
    """What the person chose, checked."""

    zuora: str = LEAVE
    cancel_on: date | None = None
    nuisance: bool = False
    keep_children: bool = False

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> "Wish":
        """From params as they came; what is missing is the cautious choice.

        Raises:
            ValueError: a choice that does not exist, or no day where one is needed. The text is a sentence.
        """
        zuora = str(params.get("zuora") or LEAVE)
        if zuora not in CHOICES:
            raise ValueError("There is no such choice for the subscriptions.")
        day: date | None = None
        if zuora == ON_DATE:
            try:
                day = date.fromisoformat(str(params.get("cancel_on") or ""))
            except ValueError:
                raise ValueError("Choose the day on which the subscriptions are cancelled.") from None
        return cls(zuora, day, bool(params.get("nuisance")), bool(params.get("keep_children")))

    def params(self) -> dict[str, Any]:
        """In the spelling that is stored with the run."""
        day = self.cancel_on.isoformat() if self.cancel_on else None
        return {
            "zuora": self.zuora,
            "cancel_on": day,
            "nuisance": self.nuisance,
            "keep_children": self.keep_children,
        }


@dataclass(frozen=True)
class Found:
    """Everything the plan is made from."""

    account: Account
    labels: dict[str, list[str]]
    numbers: list[HubNumber]
    children: list[Account]
    holders: list[str]
    open_run: Run | None
    billing: Billing
    today: date

    @property
    def subscriptions(self) -> tuple[ZuoraSubscription, ...] | None:
        """What Zuora has; None when it could not be read."""
        return self.billing.subscriptions

    @property
    def problems(self) -> tuple[str, ...]:
        """What Zuora did not tell, in sentences."""
        return self.billing.problems

    @property
    def leaving(self) -> list[HubNumber]:
        """Numbers that go to quarantine."""
        return [one for one in self.numbers if one.state != "quarantined"]

    @property
    def cancellable(self) -> Cancellable:
        """The subscriptions by what Zuora lets a cancellation do to them."""
        return Cancellable.of(self.subscriptions or (), self.today)

    @property
    def to_cancel(self) -> list[ZuoraSubscription]:
        """Subscriptions that still run and that Zuora cancels."""
        return list(self.cancellable.active)

    @property
    def active_children(self) -> list[Account]:
        """Children that are not deactivated themselves."""
        return [one for one in self.children if one.status is not AccountStatus.DEACTIVATED]


def look(services: Services, number: str) -> Found:
    """Read everything. What Zuora does not tell is told in `problems`, never raised."""
    with services.engine.connect() as connection:
        account = accounts.get_account(connection, number)
        labels = {what: belongings.list_labels(connection, number, what) for what in KINDS}
        numbers = belongings.list_numbers(connection, number)
        children = accounts.list_children(connection, number)
        holders = belongings.foreign_holders(connection, number)
        open_run = runs.open_run(connection, number)
    billing = read_billing(services, account)
    return Found(account, labels, numbers, children, holders, open_run, billing, services.today())


def blockers_of(found: Found, wish: Wish, today: date) -> list[str]:
    """What speaks against it, each with the way out."""
    account = found.account
    if account.status is AccountStatus.DEACTIVATED:
        return ["The account is deactivated already."]
    blockers = []
    if (run := found.open_run) is not None:
        blockers.append(
            f"{run.actor_name} has an unfinished action on it ({run.plan.get('title', run.kind)}). "
            f"Wait for it, or resume or abandon it. Quote {run.id}."
        )
    porting = [one.label for one in found.numbers if one.state == "porting"]
    if porting:
        are = "is" if len(porting) == 1 else "are"
        blockers.append(f"{_named(porting)} {are} being ported out. Wait for the port to end, or have it cancelled.")
    if found.active_children and not wish.keep_children:
        names = _named([child.title for child in found.active_children])
        blockers.append(
            f"It has {counted(len(found.active_children), 'active child account')}: {names}. "
            "Deactivate or move them first, or choose to leave them as they are."
        )
    if wish.zuora != LEAVE and found.subscriptions is None:
        blockers.append("Its subscriptions are not known, so they cannot be cancelled. " + " ".join(found.problems))
    if wish.cancel_on is not None and wish.cancel_on < today:
        blockers.append("The day on which the subscriptions are cancelled has passed already.")
    elif wish.zuora != LEAVE:
        blockers += found.cancellable.problems(wish.cancel_on)
    return blockers


def dangers_of(found: Found) -> list[str]:
    """Money first: a cancelled Zuora account takes no payments."""
    zuora = found.billing.account
    theirs = [f"In Zuora: {debt}." for debt in found.billing.debts or () if debt.payer is not None]
    if zuora is None or not zuora.balance or zuora.balance <= 0:
        return theirs
    owed = "; ".join(map(str, found.billing.own_debts))
    return [
        f"Unpaid balance in Zuora: {zuora.balance:,.2f} {zuora.currency or ''}. ".replace(" .", ".")
        + (f"Of it {owed}. " if owed else "")
        + "A Zuora account that is cancelled later takes no payments.",
        *theirs,
    ]


def warnings_of(found: Found, wish: Wish) -> list[str]:
    """What is worth knowing."""
    # Where the subscriptions cannot be cancelled because they are not known, the blocker says why.
    warnings = list(found.problems) if wish.zuora == LEAVE or found.subscriptions is not None else []
    if found.account.status is AccountStatus.ACTIVE and found.account.changing_to is None:
        warnings.append("The account is active: its calls stop working at once, in and out.")
    if found.active_children:
        names = _named([child.title for child in found.active_children])
        warnings.append(f"Left below a deactivated parent: {names}.")
    if found.holders:
        warnings.append(
            f"Queues or callflows of {_named(found.holders)} use something of this account; they let go of it."
        )
    cancelling = wish.zuora != LEAVE
    for payer in found.billing.payers:
        paid = f"{payer.name} pays for {_named(payer.subscriptions)}"
        what = (
            "The cancellation appears on its invoices. Only this account's subscriptions are cancelled."
            if cancelling
            else "Their invoices go on being sent to it."
        )
        warnings.append(f"{paid}. {what}")
    if found.subscriptions is not None:
        warnings += found.cancellable.notes(cancelling=cancelling)
    if drafts := found.cancellable.drafts:
        names = _named([one.number for one in drafts])
        warnings.append(f"Drafts in Zuora are not cancelled: {names}. Delete them there.")
    return warnings


def effects_of(
    found: Found, wish: Wish, until: date, rules: int, emergency: EmergencyCalls = NOT_KNOWN
) -> list[Effect]:
    """One line for each thing that changes."""
    effects = [
        Effect(system="Hub", text="Status", before=found.account.standing, after="deactivated, for good"),
    ]
    if rules:
        effects.append(Effect(system="SBC", text=f"{counted(rules, 'auth rule')} removed: {emergency.connects}"))
    if found.leaving:
        count = counted(len(found.leaving), "number goes", "numbers go")
        effects.append(Effect(system="Hub", text=f"{count} to quarantine until {until:%-d %B %Y}"))
    for what, (one, many) in KINDS.items():
        if labels := found.labels[what]:
            effects.append(Effect(system="Hub", text=f"{counted(len(labels), one, many)} removed"))
    if wish.zuora != LEAVE and found.to_cancel:
        when = f"on {wish.cancel_on:%-d %B %Y}" if wish.cancel_on else "at the end of the invoice period"
        count = counted(len(found.to_cancel), "subscription")
        effects.append(Effect(system="Zuora", text=f"{count} cancelled {when}"))
    return effects


def untouched_of(found: Found, wish: Wish, emergency: EmergencyCalls = NOT_KNOWN) -> tuple[str, ...]:
    """What stays, so that nobody expects more than happens."""
    kept = []
    empty = [many for what, (_, many) in KINDS.items() if not found.labels[what]]
    if empty:
        kept.append(f"The account has no {', '.join(empty)}.")
    resting = len(found.numbers) - len(found.leaving)
    if resting:
        kept.append(f"{counted(resting, 'number')} already in quarantine keep their day.")
    if wish.zuora == LEAVE:
        many = len(found.to_cancel) if found.subscriptions else None
        running = "Subscriptions" if many is None else counted(many, "subscription")
        goes = "goes on and bills until billing closes it" if many == 1 else "go on and bill until billing closes them"
        kept.append(f"{running} in Zuora: {goes} by hand.")
        kept += [
            f"{one.number} is {one.status.value.lower()} in Zuora and stays so." for one in found.cancellable.stuck
        ]
    kept += [
        *(
            (f"Emergency calls stay possible from phones that still reach the SBC: {emergency.named}.",)
            if emergency.named
            else ()
        ),
        "The Zuora account itself, its invoices and its contacts stay.",
        "Emergency details, sent e-mails and the history of the account are kept.",
        "No e-mail goes out.",
    ]
    return tuple(kept)


def details_of(found: Found, wish: Wish, until: date) -> tuple[Detail, ...]:
    """The names behind the counts."""
    details = []
    if found.numbers:
        rows = tuple(
            (one.label, one.kind, one.state.replace("_", " "), f"{(one.quarantined_until or until):%-d %B %Y}")
            for one in found.numbers
        )
        details.append(Detail(title="Numbers", columns=("Number", "Kind", "Now", "Quarantine until"), rows=rows))
    if found.subscriptions:
        sorted_ = found.cancellable
        rows = tuple(
            (
                one.number,
                one.status.value,
                day_words(one.term_ends),
                sorted_.after(one, cancelling=wish.zuora != LEAVE),
            )
            for one in found.subscriptions
        )
        details.append(
            Detail(title="Subscriptions in Zuora", columns=("Subscription", "Status", "Term ends", "After"), rows=rows)
        )
    removed = tuple((one, label) for what, (one, _) in KINDS.items() for label in found.labels[what])
    if removed:
        details.append(Detail(title="Removed from the Hub", columns=("What", "Name"), rows=removed))
    return tuple(details)


def digest_of(found: Found) -> str:
    """A short text that is equal only for the same names, numbers, subscriptions and children."""
    told = [
        found.labels,
        [[one.e164, one.state] for one in found.numbers],
        sorted(
            [one.number, one.status.value, *map(day_words, (one.term_ends, one.ends_on, one.scheduled_suspend))]
            for one in found.subscriptions or ()
        ),
        [[payer.zuora_id, payer.subscriptions] for payer in found.billing.payers],
        sorted([child.number, child.status.value] for child in found.children),
        found.holders,
    ]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def last_day(wish: Wish, today: date) -> date:
    """The last day in quarantine of numbers that leave today."""
    return quarantine_until(today, nuisance=wish.nuisance)


def _named(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(listed[:5]) + (f" and {len(listed) - 5} more" if len(listed) > 5 else "")
