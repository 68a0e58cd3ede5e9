"""The mail client: one connection for each e-mail, one attempt, and every failure is from `lib.clients.errors`."""

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
# Postfix, Exim, Sendmail: the id of the e-mail in the server's own log.
_QUEUE_ID = re.compile(rb"(?:queued as |\bid=)([A-Za-z0-9-]{4,40})|\b([A-Za-z0-9]{8,20}) Message accepted")


class Mailer:
    """A mail server. Threads may share it: it keeps nothing open.

    Every method raises `RemoteError` and nothing else. Nothing is tried again here: a mail server wants minutes
    between attempts, and the caller must first check whether the e-mail is already on record.
    """

    def __init__(self, config: MailConfig) -> None:
        self.config = config
        self._sender = parse_sender(config.sender)

    def send(self, mail: OutgoingMail) -> Accepted:
        """Send the e-mail. Accepted means that the server took it, not that it was delivered.

        Raises:
            Unreachable: no connection, no TLS or no answer. With `maybe_done` the whole e-mail was sent and only the
            answer is missing.
            Busy: the server says to try later (4xx), for example for a recipient it does not know yet.
            Rejected: the server refuses (5xx), or a part of the e-mail cannot be sent.
            AuthFailed: the sign-in was refused or is missing.
            UnexpectedReply: an answer that is not one of SMTP.
        """
        operation = Operation(f"send the {mail.what}", writes=True)
        composed = self._compose(mail, operation)
        answer = self._converse(operation, lambda conversation: conversation.hand_over(composed))
        return Accepted(mail.message_id, _queue_id(answer))

    def check(self) -> None:
        """Connect, start TLS and sign in as for an e-mail, and send nothing.

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
            # The text of an encoder's error quotes its input.
            detail = f"the e-mail could not be built, {type(error).__name__}"
        raise operation.error(Rejected, detail)

    def _converse(self, operation: Operation, talk: Callable[[Conversation], T]) -> T:
        """One conversation.

        Our error is raised after the except block, so that smtplib's is not chained to it: it quotes addresses.
        """
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
