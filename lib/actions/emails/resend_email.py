"""Send an e-mail of the history again, to the same recipient or to the person who asks. It gets a row of its own."""

import html
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from lib.actions.emails.sending import send_recorded, taken_before
from lib.actions.engine.action import Action, Job, Step, StepReport
from lib.actions.engine.errors import StepFailed
from lib.actions.engine.plan import Draft, Effect
from lib.clients.mail import OutgoingMail, message_id
from lib.domain.emails import EmailKind, InvalidEmail, check_address
from lib.domain.permissions import Identity, Permission
from lib.services import Services
from lib.store import accounts, emails

TO_ORIGINAL, TO_ME = "original", "me"
_GONE = "This e-mail is not in the history of the account any more, so it cannot be sent again."


def why_not(kind: str, body: str | None) -> str | None:
    """Why an e-mail of this kind with this kept text cannot be sent again, as a sentence; None when it can."""
    known = kind_of(kind)
    if known is not None and known.holds_secret:
        return (
            f"The text of an e-mail of the kind “{known.label}” is not kept, because whoever reads it could sign in "
            "with it. It cannot be sent again; have a new one made where it came from."
        )
    if known is None or not (body or "").strip():
        return "The text of this e-mail was not kept, so it cannot be sent again."
    return None


def kind_of(kind: str) -> EmailKind | None:
    """The kind, or None when this version does not know it."""
    return EmailKind(kind) if kind in list(EmailKind) else None


def _send(job: Job) -> StepReport:
    services, recipient = job.services, job.facts["recipient"]
    own_id = message_id(job.key, services.mailer.config.domain)
    if (taken := taken_before(job, own_id, recipient)) is not None:
        return taken
    with services.engine.connect() as connection:
        original = emails.find_email(connection, job.account, job.params["email"])
    kind = None if original is None else kind_of(original.kind)
    if original is None or kind is None or original.body is None:
        raise StepFailed(_GONE)
    mail = OutgoingMail(
        recipient=recipient,
        subject=original.subject,
        text=original.body,
        html=f'<div style="white-space: pre-wrap;">{html.escape(original.body)}</div>\n',
        message_id=own_id,
        what=f"{kind.value.replace('_', ' ')} of account {job.account}",
    )
    return send_recorded(job, kind, mail, resent_from=original.id)


class ResendEmail(Action[Any]):
    """`params`: `email` (its id in the history) and `to`: `original`, or `me` for the person who asks."""

    kind = "resend_email"
    verb = "Send again"
    permission = Permission.EMAIL_RESEND
    steps = (Step("mail", "Send the e-mail again", _send),)

    def draft(self, services: Services, account: str, params: Mapping[str, Any], actor: Identity) -> Draft:
        """See `Action.draft`. Blocks on an e-mail whose text is not kept and on an address that cannot be used."""
        with services.engine.connect() as connection:
            current = accounts.get_account(connection, account)
            found = emails.find_email(connection, account, int(params["email"]))
        title = f"Send an e-mail of {current.title} again"
        if found is None:
            return Draft(title=title, blockers=(_GONE,))
        recipient = actor.email if params.get("to") == TO_ME else found.recipient
        blockers = []
        if reason := why_not(found.kind, found.body):
            blockers.append(reason)
        try:
            check_address(recipient)
        except InvalidEmail as invalid:
            blockers.append(f"It cannot be sent to {recipient}. {invalid}")
        sent = found.sent_at.astimezone(UTC)
        return Draft(
            title=title,
            effects=(Effect(system="E-mail", text=f"“{found.subject}”, word for word", after=recipient),),
            warnings=(f"What it says was true when it was first sent, on {sent:%-d %B %Y}; look whether it still is.",),
            blockers=tuple(blockers),
            untouched=("The first e-mail keeps its place in the history; this one gets its own.",),
            steps=("mail",),
            facts={"recipient": recipient, "subject": found.subject},
        )
