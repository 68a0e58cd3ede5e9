"""The one place where an e-mail leaves: its row is there before, and only the row's state is written after.

A database that is away before the e-mail leaves has nothing sent, and the step begins again. Away after it, only the
write of the state waits: the step, and with it the e-mail, is not repeated for a record that could not be written.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from lib.actions.emails.letters import Rendered
from lib.actions.engine.action import Job, StepReport
from lib.actions.engine.durable.patience import DatabaseGone
from lib.actions.engine.durable.workflow import patiently
from lib.clients.errors import RemoteError
from lib.clients.mail import OutgoingMail, message_id
from lib.domain.emails import EmailKind, EmailState
from lib.store import emails
from lib.store.engine import writing

AGAIN = "The mail server took the e-mail. {} As its record could not be written, a Resume sends the same e-mail again."


def send_once(
    job: Job, kind: EmailKind, recipient: str, write: Callable[[], Rendered], *, resent_from: int | None = None
) -> StepReport:
    """Send what `write` writes, unless the mail server took it at an earlier attempt. `resent_from` is what it repeats.

    The Message-ID comes from run and step, so a repeat after a lost answer is the same e-mail to whoever gets it. From
    before it leaves until its fate is known its row says *unknown*; so does what a killed process leaves.

    Raises:
        RemoteError: the mail server did not take it; its row says so.
        DatabaseGone: its fate is known and could not be recorded; the row goes on saying *unknown*.
        DBAPIError: the database is away, and nothing was sent.
    """
    services = job.services
    own_id = message_id(job.key, services.mailer.config.domain)
    if _is_taken(job, own_id):
        return _taken_before(job, recipient)
    words = write()

    def record(state: EmailState) -> bool:
        with writing(services.engine) as connection:
            return emails.record_sent(
                connection,
                account=job.account,
                kind=kind,
                subject=words.subject,
                recipient=recipient,
                state=state,
                message_id=own_id,
                body=words.text,
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
                emails.learn_state(connection, own_id, state)

    first = record(EmailState.UNKNOWN)
    if not first and _is_taken(job, own_id):
        return _taken_before(job, recipient)
    what = f"{kind.value.replace('_', ' ')} of account {job.account}"
    mail = OutgoingMail(
        recipient=recipient, subject=words.subject, text=words.text, html=words.html, message_id=own_id, what=what
    )
    try:
        services.mailer.send(mail)
    except RemoteError as error:
        patiently(learn, EmailState.UNKNOWN if error.maybe_done else EmailState.FAILED)
        raise
    try:
        patiently(learn, EmailState.ACCEPTED)
    except DatabaseGone as gone:
        raise DatabaseGone(AGAIN.format(gone)) from gone
    return job.done(f"The mail server took the e-mail to {recipient}.", changed=True, before=None, after=recipient)


def _is_taken(job: Job, own_id: str) -> bool:
    with job.services.engine.connect() as connection:
        sent = emails.find_by_message_id(connection, own_id)
    return sent is not None and sent.state is EmailState.ACCEPTED


def _taken_before(job: Job, recipient: str) -> StepReport:
    text = f"The mail server took the e-mail to {recipient} before."
    return job.done(text, changed=False, before=None, after=recipient)
