"""Pin a note to an account, such as "payment plan until 12 March", or remove it. *Suspend* asks about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from lib.actions.engine.action import Action, Job, Step, StepReport, Wish
from lib.actions.engine.plan import Draft, Effect
from lib.domain.accounts import Account
from lib.domain.permissions import Permission
from lib.services import Services
from lib.store import accounts
from lib.store.engine import writing

NOTE_LIMIT = 300


def _pin(job: Job) -> StepReport:
    note, until = job.params["note"], job.params["until"]
    with writing(job.services.engine) as connection:
        before = accounts.get_account(connection, job.account)
        changed = (before.pinned_note, before.pinned_until) != (note, _day(until))
        if changed:
            accounts.pin_note(connection, job.account, note=note, until=_day(until))
    return job.done(
        "The note is pinned." if note else "The note is removed.",
        changed=changed,
        before=job.facts["before"],
        after=_shown(note, until),
    )


@dataclass(frozen=True)
class Found:
    """The account with its note."""

    account: Account
    today: date


class Pin(Action[Found]):
    """`params`: `note` (None removes it) and `until`, an ISO day or None for no end."""

    kind = "pin"
    verb = "Save the note"
    permission = Permission.ACCOUNT_PIN
    steps = (Step("pin", "Save the note in the Hub", _pin),)

    def look(self, services: Services, wish: Wish) -> Found:
        with services.engine.connect() as connection:
            return Found(accounts.get_account(connection, wish.account), services.today())

    def decide(self, found: Found, wish: Wish) -> Draft:
        """Blocks on a note that is too long, a day that has passed and an ending account."""
        account, wanted = found.account, self.normalise(wish.params)
        note, until = wanted["note"], wanted["until"]
        title = f"Pin a note to {account.title}" if note else f"Remove the note from {account.title}"
        blockers = []
        if account.is_ending:
            blockers.append(f"The account is {account.status_words}, so its pinned note cannot be changed.")
        if note and len(note) > NOTE_LIMIT:
            blockers.append(f"The note has {len(note)} characters. It can have at most {NOTE_LIMIT}.")
        try:
            day = _day(until)
        except ValueError:
            return Draft(title=title, blockers=("The last day of the note is not a date.",))
        if day is not None and day < found.today:
            blockers.append("The last day of the note has passed.")
        before = _shown(account.pinned_note, account.pinned_until.isoformat() if account.pinned_until else None)
        if before == _shown(note, until):
            blockers.append("This note is already pinned." if note else "No note is pinned.")
        return Draft(
            title=title,
            effects=(Effect(system="Hub", text="Pinned note", before=before, after=_shown(note, until)),),
            blockers=tuple(blockers),
            steps=("pin",),
            facts={"before": before},
        )

    def normalise(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Spaces and line breaks in the note become single spaces; and an empty note becomes None."""
        note = " ".join(str(params.get("note") or "").split()) or None
        return {"note": note, "until": str(params["until"]) if note and params.get("until") else None}


def _day(until: str | None) -> date | None:
    return date.fromisoformat(until) if until else None


def _shown(note: str | None, until: str | None) -> str:
    if not note:
        return "none"
    return f"{note} (until {until})" if until else note
