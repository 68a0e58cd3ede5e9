"""The mail server: the Hub's own e-mails, handed over by SMTP."""

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
