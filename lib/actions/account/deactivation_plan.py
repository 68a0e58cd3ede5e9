"""What deactivating an account would do, in words: what stops it, what is lost, what is removed and what stays."""

from collections.abc import Iterable
from datetime import date

from lib.actions.account.cancellable import day_words
from lib.actions.account.deactivation_choices import LEAVE, Choices
from lib.actions.account.deactivation_look import KINDS, Found
from lib.actions.engine.plan import Detail, Effect
from lib.clients.errors import RemoteError
from lib.domain.accounts import AccountStatus
from lib.domain.digest import digest
from lib.domain.quarantine import quarantine_until
from lib.domain.words import and_more, counted


def blockers_of(found: Found, choices: Choices) -> list[str]:
    """Why it cannot be deactivated now, each with what to do."""
    account = found.account
    if account.status is AccountStatus.DEACTIVATED:
        return ["The account is already deactivated."]
    blockers = []
    if (run := found.open_run) is not None:
        blockers.append(
            f"{run.actor_name} has an unfinished action on it ({run.plan.get('title', run.kind)}). "
            f"Wait until it has ended, or resume or abandon it. Its receipt is {run.id}."
        )
    porting = [one.label for one in found.numbers if one.state == "porting"]
    if porting:
        are = "is" if len(porting) == 1 else "are"
        blockers.append(
            f"{_named(porting)} {are} being ported out. Wait until the port has ended, or have it cancelled."
        )
    if found.active_children and not choices.keep_children:
        names = _named([child.title for child in found.active_children])
        blockers.append(
            f"It has {counted(len(found.active_children), 'active child account')}: {names}. "
            "Deactivate or move them first, or choose to leave them below this account."
        )
    if choices.zuora != LEAVE and found.billing.subscriptions is None:
        blockers.append(
            "Its subscriptions are not known, so they cannot be cancelled. " + " ".join(found.billing.problems)
        )
    if choices.cancel_on is not None and choices.cancel_on < found.today:
        blockers.append("The day to cancel the subscriptions has passed.")
    elif choices.zuora != LEAVE:
        blockers += found.cancellable.problems(choices.cancel_on)
    if isinstance(found.rules, RemoteError):
        blockers.append(f"The SBC could not be read, so the auth rules could not be removed. {found.rules}")
    return blockers


def dangers_of(found: Found) -> list[str]:
    """Unpaid money: a cancelled Zuora account accepts no payments."""
    zuora = found.billing.account
    theirs = [f"In Zuora: {debt}." for debt in found.billing.debts or () if debt.payer is not None]
    if zuora is None or not zuora.balance or zuora.balance <= 0:
        return theirs
    owed = "; ".join(map(str, found.billing.own_debts))
    return [
        f"Unpaid balance in Zuora: {zuora.balance:,.2f} {zuora.currency or ''}. ".replace(" .", ".")
        + (f"Of it {owed}. " if owed else "")
        + "Once the Zuora account is cancelled, it accepts no payments.",
        *theirs,
    ]


def warnings_of(found: Found, choices: Choices) -> list[str]:
    """What is worth knowing."""
    # When the subscriptions are not known and should be cancelled, a blocker says why.
    warnings = list(found.billing.problems) if choices.zuora == LEAVE or found.billing.subscriptions is not None else []
    if found.account.status is AccountStatus.ACTIVE and found.account.changing_to is None:
        warnings.append("The account is active. Its calls stop at once, in and out.")
    if found.active_children:
        names = _named([child.title for child in found.active_children])
        warnings.append(f"These children will have a deactivated parent: {names}.")
    if found.holders:
        warnings.append(
            f"Queues or callflows of {_named(found.holders)} use something of this account. It is removed from them."
        )
    cancelling = choices.zuora != LEAVE
    for payer in found.billing.payers:
        paid = f"{payer.name} pays for {_named(payer.subscriptions)}"
        what = (
            "The cancellation appears on its invoices. Only this account's subscriptions are cancelled."
            if cancelling
            else "It still gets their invoices."
        )
        warnings.append(f"{paid}. {what}")
    if found.billing.subscriptions is not None:
        warnings += found.cancellable.notes(cancelling=cancelling)
    if drafts := found.cancellable.drafts:
        names = _named([one.number for one in drafts])
        warnings.append(f"Drafts in Zuora are not cancelled: {names}. Delete them there.")
    # When the rules could not be read, a blocker says so, and the SBC was not asked about emergency calls.
    return warnings if isinstance(found.rules, RemoteError) else [*warnings, *found.emergency.warnings]


def effects_of(found: Found, choices: Choices) -> list[Effect]:
    """One line for each thing that changes."""
    effects = [Effect(system="Hub", text="Status", before=found.account.status_words, after="deactivated, for good")]
    if rules := found.rules_to_remove:
        text = f"{counted(rules, 'auth rule')} removed: {found.emergency.connects}"
        effects.append(Effect(system="SBC", text=text))
    if found.leaving:
        count = counted(len(found.leaving), "number goes", "numbers go")
        effects.append(Effect(system="Hub", text=f"{count} to quarantine until {last_day(found, choices):%-d %B %Y}"))
    for what, (one, many) in KINDS.items():
        if labels := found.labels[what]:
            effects.append(Effect(system="Hub", text=f"{counted(len(labels), one, many)} removed"))
    if choices.zuora != LEAVE and found.cancellable.active:
        when = f"on {choices.cancel_on:%-d %B %Y}" if choices.cancel_on else "at the end of the invoice period"
        count = counted(len(found.cancellable.active), "subscription")
        effects.append(Effect(system="Zuora", text=f"{count} cancelled {when}"))
    return effects


def untouched_of(found: Found, choices: Choices) -> tuple[str, ...]:
    """What is not affected."""
    kept = []
    empty = [many for what, (_, many) in KINDS.items() if not found.labels[what]]
    if empty:
        kept.append(f"The account has no {', '.join(empty)}.")
    resting = len(found.numbers) - len(found.leaving)
    if resting:
        kept.append(f"The last day in quarantine of {counted(resting, 'number')}.")
    if choices.zuora == LEAVE:
        many = len(found.cancellable.active) if found.billing.subscriptions else None
        running = "Subscriptions" if many is None else counted(many, "subscription")
        goes = "goes on and bills until billing closes it" if many == 1 else "go on and bill until billing closes them"
        kept.append(f"{running} in Zuora: {goes} by hand.")
        kept += [
            f"{one.number} is {one.status.value.lower()} in Zuora and stays so." for one in found.cancellable.stuck
        ]
    if named := found.emergency.named:
        kept.append(f"Emergency calls stay possible from phones that still reach the SBC: {named}.")
    kept += [
        "The Zuora account itself, its invoices and its contacts stay.",
        "Emergency details, sent e-mails and the history of the account are kept.",
        "No e-mail goes out.",
    ]
    return tuple(kept)


def details_of(found: Found, choices: Choices) -> tuple[Detail, ...]:
    """The names behind the counts."""
    details = []
    if found.numbers:
        until = last_day(found, choices)
        rows = tuple(
            (one.label, one.kind, one.state.replace("_", " "), f"{(one.quarantined_until or until):%-d %B %Y}")
            for one in found.numbers
        )
        details.append(Detail(title="Numbers", columns=("Number", "Kind", "Now", "Quarantine until"), rows=rows))
    if found.billing.subscriptions:
        after, cancelling = found.cancellable.after, choices.zuora != LEAVE
        rows = tuple(
            (one.number, one.status.value, day_words(one.term_ends), after(one, cancelling=cancelling))
            for one in found.billing.subscriptions
        )
        columns = ("Subscription", "Status", "Term ends", "After")
        details.append(Detail(title="Subscriptions in Zuora", columns=columns, rows=rows))
    removed = tuple((one, label) for what, (one, _) in KINDS.items() for label in found.labels[what])
    if removed:
        details.append(Detail(title="Removed from the Hub", columns=("What", "Name"), rows=removed))
    return tuple(details)


def digest_of(found: Found) -> str:
    """Equal only for the same names, numbers, subscriptions and children."""
    return digest(
        [
            found.labels,
            [[one.e164, one.state] for one in found.numbers],
            sorted(
                [one.number, one.status.value, *map(day_words, (one.term_ends, one.ends_on, one.scheduled_suspend))]
                for one in found.billing.subscriptions or ()
            ),
            [[payer.zuora_id, payer.subscriptions] for payer in found.billing.payers],
            sorted([child.number, child.status.value] for child in found.children),
            found.holders,
        ]
    )


def last_day(found: Found, choices: Choices) -> date:
    """The last day in quarantine of numbers that leave today."""
    return quarantine_until(found.today, nuisance=choices.nuisance)


def _named(names: Iterable[str]) -> str:
    return and_more(names, 5)
