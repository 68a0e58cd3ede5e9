"""The only place that sends e-mail: its row is written before, and only the row's state after.

When the database is away before the e-mail is sent, nothing is sent and the step starts again. When it is away after
that, only the write of the state waits, so the e-mail is not sent twice.
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

AGAIN = "The mail server accepted the e-mail. {} Its record could not be written: Resume sends the same e-mail again."


def send_once(
    job: Job, kind: EmailKind, recipient: str, write: Callable[[], Rendered], *, resent_from: int | None = None
) -> StepReport:
    """Send what `write` returns, unless the mail server accepted it before. `resent_from` is the e-mail it repeats.

    The Message-ID comes from run and step, so a repeat after a lost answer is the same e-mail for the recipient. Its
    row says *unknown* until the outcome is known, also after a kill.

    Raises:
        RemoteError: the mail server did not accept it; its row says so.
        DatabaseGone: the outcome could not be recorded; the row still says *unknown*.
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
                run_id=job.run.id,
            )

    def learn(state: EmailState) -> None:
        if not first:
            # An earlier one may have arrived: its row changes only when this one got further.
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
    return job.done(f"The mail server accepted the e-mail to {recipient}.", changed=True, before=None, after=recipient)


def _is_taken(job: Job, own_id: str) -> bool:
    with job.services.engine.connect() as connection:
        sent = emails.find_by_message_id(connection, own_id)
    return sent is not None and sent.state is EmailState.ACCEPTED


def _taken_before(job: Job, recipient: str) -> StepReport:
    text = f"The mail server had already accepted the e-mail to {recipient}."
    return job.done(text, changed=False, before=None, after=recipient)
