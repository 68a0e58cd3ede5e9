"""The mail server: the Hub's own e-mails, handed over by SMTP."""

from lib.clients.mail.client import Mailer
from lib.clients.mail.config import MailConfig
from lib.clients.mail.outgoing import Accepted, OutgoingMail, message_id
from lib.clients.mail.rendering import CannotRender, LoginChange, Rendered, render

__all__ = [
    "Accepted",
    "CannotRender",
    "LoginChange",
    "MailConfig",
    "Mailer",
    "OutgoingMail",
    "Rendered",
    "message_id",
    "render",
]
