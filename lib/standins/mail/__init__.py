"""A stand-in for the mail server: real SMTP, and every message it accepted is kept."""

from lib.standins.mail.faults import FAULTS
from lib.standins.mail.inbox import ReceivedMail
from lib.standins.mail.server import Certificate, MailStandin

__all__ = ["FAULTS", "Certificate", "MailStandin", "ReceivedMail"]
