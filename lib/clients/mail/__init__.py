"""The mail server, to which our e-mails are sent by SMTP."""

from lib.clients.mail.client import Mailer
from lib.clients.mail.config import MailConfig
from lib.clients.mail.outgoing import Accepted, OutgoingMail, message_id

__all__ = [
    "Accepted",
    "MailConfig",
    "Mailer",
    "OutgoingMail",
    "message_id",
]
