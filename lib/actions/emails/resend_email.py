"""Send an e-mail of the history again, to the same recipient or to the person who asks. It gets its own row."""

import html
from dataclasses import dataclass
from datetime import UTC

from lib.actions.emails.letters import Rendered
from lib.actions.emails.outbox import send_once
from lib.actions.engine.action import Action, Job, Step, StepReport, Wish
from lib.actions.engine.errors import StepFailed
from lib.actions.engine.plan import Draft, Effect
from lib.domain.accounts import Account
from lib.domain.emails import EmailKind, InvalidEmail, check_address
from lib.domain.permissions import Permission
from lib.services import Services
from lib.store import accounts, emails
from lib.store.emails import EmailDetail

TO_ORIGINAL, TO_ME = "original", "me"
_GONE = "This e-mail is no longer in the history of the account, so it cannot be sent again."


@dataclass(frozen=True)
class Found:
    """The e-mail, or None when it is no longer there."""

    account: Account
    email: EmailDetail | None


def why_not(kind: str, body: str | None) -> str | None:
    """Why an e-mail of this kind with this text cannot be sent again, as a sentence; None when it can."""
    known = kind_of(kind)
    if known is not None and known.holds_secret:
        return (
            f"The text of a “{known.label}” e-mail is not kept, because it can be used to sign in. It cannot be sent "
            "again. Have a new one made where it came from."
        )
    if known is None or not (body or "").strip():
        return "The text of this e-mail was not kept, so it cannot be sent again."
    return None


def kind_of(kind: str) -> EmailKind | None:
    """The kind, or None when this version does not know it."""
    return EmailKind(kind) if kind in list(EmailKind) else None


def _send(job: Job) -> StepReport:
    with job.services.engine.connect() as connection:
        original = emails.find_email(connection, job.account, job.params["email"])
    kind = None if original is None else kind_of(original.kind)
    if original is None or kind is None or original.body is None:
        raise StepFailed(_GONE)
    body = original.body
    markup = f'<div style="white-space: pre-wrap;">{html.escape(body)}</div>\n'
    same = Rendered(original.subject, body, markup)
    return send_once(job, kind, job.facts["recipient"], lambda: same, resent_from=original.id)


class ResendEmail(Action[Found]):
    """`params`: `email` (its id in the history) and `to`: `original`, or `me` for the person who asks."""

    kind = "resend_email"
    verb = "Send again"
    permission = Permission.EMAIL_RESEND
    steps = (Step("mail", "Send the e-mail again", _send),)

    def look(self, services: Services, wish: Wish) -> Found:
        with services.engine.connect() as connection:
            account = accounts.get_account(connection, wish.account)
            return Found(account, emails.find_email(connection, wish.account, int(wish.params["email"])))

    def decide(self, found: Found, wish: Wish) -> Draft:
        """Blocks on an e-mail whose text is not kept and on an address that is not valid."""
        title, email = f"Send an e-mail of {found.account.title} again", found.email
        if email is None:
            return Draft(title=title, blockers=(_GONE,))
        recipient = wish.actor.email if wish.params.get("to") == TO_ME else email.recipient
        blockers = []
        if reason := why_not(email.kind, email.body):
            blockers.append(reason)
        try:
            check_address(recipient)
        except InvalidEmail as invalid:
            blockers.append(f"It cannot be sent to {recipient}. {invalid}")
        sent = email.sent_at.astimezone(UTC)
        return Draft(
            title=title,
            effects=(Effect(system="E-mail", text=f"“{email.subject}”, word for word", after=recipient),),
            warnings=(f"It was first sent on {sent:%-d %B %Y}. Check that what it says is still true.",),
            blockers=tuple(blockers),
            untouched=("The first e-mail in the history.",),
            steps=("mail",),
            facts={"recipient": recipient, "subject": email.subject},
        )
