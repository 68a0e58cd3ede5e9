"""For the steps of other actions: send an e-mail to an address or to the bill-to contact."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lib.actions.emails.letters import CannotRender, Rendered, render
from lib.actions.emails.outbox import send_once
from lib.actions.engine.action import Job, StepReport
from lib.actions.engine.errors import StepFailed
from lib.domain.accounts import Account
from lib.domain.emails import EmailKind, EmailState, InvalidEmail, check_address
from lib.store import accounts, emails


def mail_bill_to(job: Job, kind: EmailKind, values: Mapping[str, Any]) -> StepReport:
    """E-mail the bill-to contact at the address of the plan, or after a refusal at the one Zuora has now.

    When the address was refused, correct the contact and resume the run.

    Raises:
        RemoteError: the mail server did not accept it, or Zuora could not be read again.
        StepFailed: the contact has no valid address now.
    """
    planned: str = job.facts["recipient"]
    if not job.again:
        return send_mail(job, kind, planned, values)
    with job.services.engine.connect() as connection:
        before = emails.states_of_run(connection, job.run.id, kind)
        current = accounts.get_account(connection, job.account)
    # When an earlier e-mail may have arrived, the same e-mail goes to the same address again.
    arrived = [
        who for state in (EmailState.ACCEPTED, EmailState.UNKNOWN) for who, its in before.items() if its is state
    ]
    if arrived:
        recipient = arrived[0]
    elif job.repeated and not before:
        recipient = planned
    else:
        recipient = _address_now(job, current)
    # Another address is another e-mail with its own record: the first one may have arrived, too.
    own = job if recipient == planned else replace(job, key=f"{job.key}:{recipient}")
    return send_mail(own, kind, recipient, values)


def _address_now(job: Job, current: Account) -> str:
    contact = job.services.zuora.account(current.zuora_id).bill_to if current.zuora_id else None
    try:
        return check_address(contact.work_email if contact else "")
    except InvalidEmail as problem:
        raise StepFailed(
            f"The bill-to contact has no valid e-mail address, so no e-mail was sent. {problem} "
            "Correct it on Account contacts, then resume."
        ) from problem


def send_mail(job: Job, kind: EmailKind, recipient: str, values: Mapping[str, Any]) -> StepReport:
    """E-mail the recipient, unless an earlier attempt at this step did: see `send_once`."""

    def write() -> Rendered:
        try:
            return render(kind.value, {**values, "contact": job.services.settings.mail_contact})
        except CannotRender as problem:
            raise StepFailed(f"The e-mail could not be written, so none was sent: {problem}.") from problem

    return send_once(job, kind, recipient, write)
