"""From an e-mail's parts to the bytes and the envelope that go over the wire."""

import re
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.header import Header
from email.message import EmailMessage
from email.utils import format_datetime

from lib.clients.mail.addresses import Address, is_one_line, parse_address
from lib.clients.mail.outgoing import ID_LIMIT, OutgoingMail

SUBJECT_LIMIT = 255
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+>")


class CannotCompose(ValueError):
    """A part of the e-mail cannot be sent; the message names the part and the reason, not the content."""


@dataclass(frozen=True)
class Composed:
    """What the mail server is given. `needs_utf8`: only with the extension SMTPUTF8."""

    sender: str
    recipient: str
    content: bytes
    needs_utf8: bool


def compose(mail: OutgoingMail, sender: Address, at: datetime) -> Composed:
    """The message as plain text and HTML, with its envelope.

    Raises:
        CannotCompose: a part would break out of its place or cannot be written down.
    """
    recipient = _recipient(mail.recipient)
    _check(mail)
    subject = mail.subject.strip()
    # Written here: the library's own writer of headers loses spaces between words that are not ASCII.
    headers = {
        "From": f"{_name(sender.name)} <{sender.spec}>" if sender.name else sender.spec,
        "To": recipient.spec,
        "Subject": subject if subject.isascii() else _encoded(subject, "Subject"),
        "Date": format_datetime(at),
        "Message-ID": mail.message_id,
        # Holiday notices and the like must not answer (RFC 3834).
        "Auto-Submitted": "auto-generated",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return Composed(
        sender.spec,
        recipient.spec,
        head.encode() + _body(mail),
        needs_utf8=sender.needs_utf8 or recipient.needs_utf8,
    )


def _body(mail: OutgoingMail) -> bytes:
    message = EmailMessage(policy.SMTP)
    # Quoted-printable passes every server, also one without 8BITMIME.
    message.set_content(mail.text, charset="utf-8", cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", charset="utf-8", cte="quoted-printable")
    return message.as_bytes()


def _name(name: str) -> str:
    return f'"{name}"' if name.isascii() else _encoded(name, "From")


def _encoded(text: str, header: str) -> str:
    """As RFC 2047 writes what is not ASCII, in lines of at most 75 characters."""
    return Header(text, "utf-8", header_name=header).encode(linesep="\r\n")


def _recipient(text: str) -> Address:
    reason = ""
    try:
        return parse_address(text)
    except ValueError as error:
        # What to type instead is for a form.
        reason = str(error).partition(". ")[0].rstrip(".")
    raise CannotCompose(f"recipient refused: {reason}")


def _check(mail: OutgoingMail) -> None:
    if not mail.subject.strip() or len(mail.subject) > SUBJECT_LIMIT or not is_one_line(mail.subject):
        raise CannotCompose(f"subject refused: it is one line of 1 to {SUBJECT_LIMIT} characters")
    # The header would be read as what the encoded word stands for, line breaks included.
    if "=?" in mail.subject:
        raise CannotCompose("subject refused: it looks like an encoded header")
    if not _MESSAGE_ID.fullmatch(mail.message_id) or len(mail.message_id) > ID_LIMIT:
        raise CannotCompose("Message-ID refused: it is <left@right>")
    for part in (mail.text, mail.html):
        if not part.strip() or any("\ud800" <= character <= "\udfff" for character in part):
            raise CannotCompose("body refused: it is empty or holds half a character")
