"""Edit the Bill To or Sold To contact in Zuora: only the changed fields, and without overwriting a colleague's."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from lib.actions.engine.action import Action, Job, Step, StepReport, Wish
from lib.actions.engine.errors import StepFailed
from lib.actions.engine.plan import Detail, Draft, Effect
from lib.actions.read_back import write_and_read_back
from lib.clients.errors import NotFound, RemoteError
from lib.clients.together import outcome
from lib.clients.zuora import ZuoraAccount, ZuoraContact
from lib.domain.accounts import Account
from lib.domain.contacts import (
    LABELS,
    ContactRole,
    Edit,
    apply_edit,
    check_changes,
    check_place,
    emptied_fields,
    is_same,
)
from lib.domain.permissions import Permission
from lib.services import Services
from lib.store import accounts
from lib.store.runs import CONTACTS, Run, recent_runs

BOTH = "Bill To and Sold To are the same contact in Zuora: a change to one changes both."


@dataclass(frozen=True)
class Found:
    """`billing` is the account in Zuora, or why it could not be read."""

    account: Account
    billing: ZuoraAccount | RemoteError | None
    """None when the account is not linked to Zuora."""


def contact_of(billing: ZuoraAccount, role: ContactRole) -> ZuoraContact | None:
    """The contact the account has in this role, or None."""
    return billing.bill_to if role is ContactRole.BILL_TO else billing.sold_to


def values_of(contact: ZuoraContact) -> dict[str, str]:
    """The fields that can be edited, with their values."""
    return {field: getattr(contact, field) for field in LABELS}


def _update(job: Job) -> StepReport:
    zuora, contact_id = job.services.zuora, job.facts["contact"]
    before, after = job.facts["before"], job.facts["after"]
    edit = apply_edit(before, after, values_of(zuora.contact(contact_id)))
    if edit.conflicts:
        names = ", ".join(LABELS[one.field] for one in edit.conflicts)
        raise StepFailed(
            f"Somebody else has changed {names} of the contact in Zuora. Nothing was overwritten. "
            "Abandon this and start again."
        )
    old, new = _shown(before), _shown(after)
    if not edit.after:
        return job.done("Zuora has these values.", changed=False, before=old, after=new)
    ids = write_and_read_back(
        job,
        lambda: zuora.update_contact(contact_id, edit.after, track=job.key),
        lambda: values_of(zuora.contact(contact_id)),
        lambda now: all(is_same(field, now[field], value, country=now["country"]) for field, value in after.items()),
        what="the change",
    )
    return job.done("Zuora has the new values, read back.", changed=True, before=old, after=new, request_ids=ids)


class EditContact(Action[Found]):
    """`params`: `role`, `contact` (its id), `changes` (field -> new value), `base` (field -> value as seen), `emptied`.

    `emptied` names the fields whose value the person confirmed to remove. No other field can be emptied.
    """

    kind = "edit_contact"
    verb = "Update"
    permission = Permission.CONTACTS_EDIT
    # A failed run may be waiting for this: its e-mail went to a wrong address.
    lane = CONTACTS
    steps = (Step("zuora", "Change the contact in Zuora", _update),)

    def look(self, services: Services, wish: Wish) -> Found:
        with services.engine.connect() as connection:
            account = accounts.get_account(connection, wish.account)
        key = account.zuora_id
        return Found(account, None if key is None else outcome(lambda: services.read_zuora(key)))

    def decide(self, found: Found, wish: Wish) -> Draft:
        """Blocks on a bad value, on a field that somebody else has changed and on a value that would be lost.

        An account that is ending is not refused: Zuora accepts the change, and final invoices go to its contacts.
        """
        role, params = ContactRole(wish.params["role"]), wish.params
        title = f"Update the {role.label} contact of {found.account.title}"
        changes, problems = check_changes(params["changes"], role)
        contact = _contact(found.billing, role, params["contact"])
        if isinstance(contact, str):
            return Draft(title=title, blockers=(*_sentences(problems), contact))
        now = values_of(contact)
        changes, misplaced = check_place(changes, now)
        edit = apply_edit(params["base"], changes, now)
        lost = set(emptied_fields(now, edit.after)) - set(params.get("emptied", ()))
        if blockers := _blockers(problems or misplaced, edit, now, lost):
            return Draft(title=title, blockers=tuple(blockers), details=_changed_meanwhile(edit))
        shared = isinstance(found.billing, ZuoraAccount) and found.billing.shared_contact
        return Draft(
            title=title,
            effects=tuple(
                Effect(system="Zuora", text=LABELS[field], before=edit.before[field] or "empty", after=value or "empty")
                for field, value in edit.after.items()
            ),
            warnings=(BOTH,) if shared else (),
            untouched=("Additional invoice addresses, numbers and saved emergency details.",),
            steps=("zuora",),
            facts={"contact": contact.id, "before": edit.before, "after": edit.after, "shared": shared},
        )

    def undo(self, services: Services, run: Run) -> dict[str, Any] | None:
        """The plan of the undo finds what was changed in Zuora itself, because it reads Zuora again."""
        facts = run.plan["facts"]
        with services.engine.connect() as connection:
            later = recent_runs(connection, run.account, limit=20)
        for other in later:
            if other.id == run.id:
                break
            if other.kind == self.kind and other.state == "done" and _overlap(other, facts):
                return None
        return {
            "role": run.params["role"],
            "contact": facts["contact"],
            "changes": facts["before"],
            "base": facts["after"],
            # The plan of the undo shows each of these as "empty".
            "emptied": emptied_fields(facts["after"], facts["before"]),
        }

    def normalise(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The values as they will be stored."""
        good, problems = check_changes(params["changes"], ContactRole(params["role"]))
        kept = {field: text for field, text in params["changes"].items() if field in problems}
        return {**params, "changes": {**good, **kept}}


def _contact(billing: ZuoraAccount | RemoteError | None, role: ContactRole, expected: str) -> ZuoraContact | str:
    """The contact of the form, or why it cannot be changed."""
    if billing is None:
        return "This account has no Zuora account, so it has no contacts."
    if isinstance(billing, NotFound):
        return "Zuora has no such account. Correct the link to Zuora first."
    if isinstance(billing, RemoteError):
        return f"Zuora could not be read, so nothing was changed. {billing}"
    contact = contact_of(billing, role)
    if contact is None:
        return f"The account has no {role.label} contact in Zuora."
    if contact.id != expected:
        return f"The account has another {role.label} contact now. Check it and start again."
    return contact


def _blockers(problems: Mapping[str, str], edit: Edit, now: Mapping[str, str], lost: Collection[str]) -> list[str]:
    """Why nothing is sent: bad values, conflicts with a colleague, and values that would be lost."""
    if problems:
        return _sentences(problems)
    if not (edit.conflicts or edit.after):
        return ["There is nothing to change: Zuora already has these values."]
    found = [
        f"{LABELS[one.field]}: you typed “{one.mine}”, but somebody else changed it to “{one.theirs}”."
        for one in edit.conflicts
    ] or [f"{LABELS[field]}: {now[field]} would be removed. Confirm it first." for field in LABELS if field in lost]
    return [*found, "Nothing was changed."] if found else []


def _sentences(problems: Mapping[str, str]) -> list[str]:
    return [f"{LABELS.get(field, field)}: {sentence}" for field, sentence in problems.items()]


def _changed_meanwhile(edit: Edit) -> tuple[Detail, ...]:
    """The fields that somebody else has changed: one table, or none."""
    rows = tuple((LABELS[one.field], one.began, one.mine, one.theirs) for one in edit.conflicts)
    columns = ("Field", "You began with", "Yours", "Theirs")
    return (Detail(title="Changed by somebody else", columns=columns, rows=rows),) if rows else ()


def _overlap(other: Run, facts: Mapping[str, Any]) -> bool:
    theirs = other.plan["facts"]
    return theirs.get("contact") == facts["contact"] and bool(set(theirs.get("after", ())) & set(facts["after"]))


def _shown(values: Mapping[str, str]) -> str:
    return "; ".join(f"{LABELS[field]}: {value or 'empty'}" for field, value in values.items())
