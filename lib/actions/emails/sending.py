"""The one place where an e-mail leaves: its row is there before, and only the row's state is written after.

A database that is away before the e-mail leaves has nothing sent, and the step begins again. Away after it, only the
write of the state waits: the step, and with it the e-mail, is not repeated for a record that could not be written.
"""

from datetime import UTC, datetime

from lib.actions.engine.action import Job, StepReport
from lib.actions.engine.durable.patience import DatabaseGone
from lib.actions.engine.durable.workflow import patiently
from lib.clients.errors import RemoteError
from lib.clients.mail import OutgoingMail
from lib.domain.emails import EmailKind, EmailState
from lib.store import emails
from lib.store.engine import writing

AGAIN = "The mail server took the e-mail. {} As its record could not be written, a Resume sends the same e-mail again."


def taken_before(job: Job, message_id: str, recipient: str) -> StepReport | None:
    """The report of a step whose e-mail the mail server took at an earlier attempt; None when it has to be sent."""
    with job.services.engine.connect() as connection:
        sent = emails.find_by_message_id(connection, message_id)
    return _taken(job, recipient) if sent is not None and sent.state is EmailState.ACCEPTED else None


def send_recorded(job: Job, kind: EmailKind, mail: OutgoingMail, *, resent_from: int | None = None) -> StepReport:
    """Send the e-mail, unless its record says that the mail server has it. `resent_from` is the e-mail it repeats.

    From before it leaves until its fate is known its row says *unknown*; so does what a killed process leaves.

    Raises:
        RemoteError: the mail server did not take it; its row says so.
        DatabaseGone: its fate is known and could not be recorded; the row goes on saying *unknown*.
        DBAPIError: the database is away, and nothing was sent.
    """
    services = job.services

    def record(state: EmailState) -> bool:
        with writing(services.engine) as connection:
            return emails.record_sent(
                connection,
                account=job.account,
                kind=kind,
                subject=mail.subject,
                recipient=mail.recipient,
                state=state,
                message_id=mail.message_id,
                body=mail.text,
                sent_at=datetime.now(UTC),
                resent_from=resent_from,
                run_id=job.run_id,
            )

    def learn(state: EmailState) -> None:
        if not first:
            # An earlier one may have arrived: its row stands, unless this one did more than it.
            record(state)
        elif state is not EmailState.UNKNOWN:
            with writing(services.engine) as connection:
                emails.learn_state(connection, mail.message_id, state)

    first = record(EmailState.UNKNOWN)
    if not first and (taken := taken_before(job, mail.message_id, mail.recipient)):
        return taken
    try:
        services.mailer.send(mail)
    except RemoteError as error:
        patiently(learn, EmailState.UNKNOWN if error.maybe_done else EmailState.FAILED)
        raise
    try:
        patiently(learn, EmailState.ACCEPTED)
    except DatabaseGone as gone:
        raise DatabaseGone(AGAIN.format(gone)) from gone
    return job.done(
        f"The mail server took the e-mail to {mail.recipient}.", changed=True, before=None, after=mail.recipient
    )


def _taken(job: Job, recipient: str) -> StepReport:
    return job.done(
        f"The mail server took the e-mail to {recipient} before.", changed=False, before=None, after=recipient
    )
