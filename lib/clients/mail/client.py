"""The mail client: one connection a mail, one attempt, each failure one of `lib.clients.errors`."""

import logging
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from lib.clients.errors import Rejected, RemoteError
from lib.clients.mail.addresses import parse_sender
from lib.clients.mail.compose import CannotCompose, Composed, compose
from lib.clients.mail.config import MailConfig
from lib.clients.mail.conversation import Conversation
from lib.clients.mail.outgoing import Accepted, OutgoingMail
from lib.clients.mail.refusals import BELOW, SYSTEM, Operation, translate

T = TypeVar("T")
log = logging.getLogger(__name__)
# Postfix, Exim, Sendmail: the name under which the server's own log has the e-mail.
_QUEUE_ID = re.compile(rb"(?:queued as |\bid=)([A-Za-z0-9-]{4,40})|\b([A-Za-z0-9]{8,20}) Message accepted")


class Mailer:
    """A mail server. Safe to share between threads: it keeps nothing open.

    Every method raises `RemoteError` and nothing else. Nothing is tried again here: a mail server asks for
    minutes, and whoever repeats must first look whether the mail is already on record.
    """

    def __init__(self, config: MailConfig) -> None:
        self.config = config
        self._sender = parse_sender(config.sender)

    def send(self, mail: OutgoingMail) -> Accepted:
        """Hand the e-mail over. Accepted means that the server took it, not that it was delivered.

        Raises:
            Unreachable: no connection, no TLS or no answer. With `maybe_done` the e-mail was handed over and
                only the answer is missing.
            Busy: the server puts it off (4xx), for example a recipient it does not know yet.
            Rejected: the server refuses (5xx), or a part of the e-mail cannot be sent.
            AuthFailed: the sign-in was refused, or is missing.
            UnexpectedReply: an answer that is not one of SMTP.
        """
        operation = Operation(f"send the {mail.what}", writes=True)
        composed = self._compose(mail, operation)
        answer = self._converse(operation, lambda conversation: conversation.hand_over(composed))
        return Accepted(mail.message_id, _queue_id(answer))

    def check(self) -> None:
        """Connect, go over to TLS and sign in as for an e-mail, and send none.

        Raises:
            RemoteError: as `send`.
        """
        self._converse(Operation("check the connection", writes=False), Conversation.look)

    def _compose(self, mail: OutgoingMail, operation: Operation) -> Composed:
        try:
            return compose(mail, self._sender, datetime.now(UTC))
        except CannotCompose as error:
            detail = str(error)
        except ValueError as error:
            # An encoder's own text quotes what it was given.
            detail = f"the e-mail could not be formed, {type(error).__name__}"
        raise operation.error(Rejected, detail)

    def _converse(self, operation: Operation, talk: Callable[[Conversation], T]) -> T:
        """One conversation. Our error is raised outside the handler: theirs quotes addresses and must not cling."""
        began = time.monotonic()
        conversation = Conversation(self.config, operation)
        failure: RemoteError
        try:
            with conversation:
                conversation.greet()
                result = talk(conversation)
        except BELOW as error:
            failure = translate(error, operation, handed_over=conversation.handed_over, overdue=conversation.overdue)
            cause = type(error).__name__
        else:
            log.debug("%s: %s in %.0f ms", SYSTEM, operation.phrase, _since(began))
            return result
        log.debug("%s: %s failed after %.0f ms: %s", SYSTEM, operation.phrase, _since(began), cause)
        raise failure


def _since(began: float) -> float:
    return (time.monotonic() - began) * 1000


def _queue_id(answer: bytes) -> str | None:
    found = _QUEUE_ID.search(answer)
    return (found[1] or found[2]).decode("ascii") if found else None
