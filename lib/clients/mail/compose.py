"""From the parts of an e-mail to the bytes and the envelope that are sent."""

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
    """A part of the e-mail cannot be sent. The message names the part and the reason, not the content."""


@dataclass(frozen=True)
class Composed:
    """What the mail server gets. `needs_utf8`: the server needs the extension SMTPUTF8."""

    sender: str
    recipient: str
    content: bytes
    needs_utf8: bool


def compose(mail: OutgoingMail, sender: Address, at: datetime) -> Composed:
    """The message as plain text and HTML, with its envelope.

    Raises:
        CannotCompose: a part would change another part of the message, or cannot be encoded.
    """
    recipient = _recipient(mail.recipient)
    _check(mail)
    subject = mail.subject.strip()
    # Not the library's own: it loses spaces between words that are not ASCII.
    headers = {
        "From": f"{_name(sender.name)} <{sender.spec}>" if sender.name else sender.spec,
        "To": recipient.spec,
        "Subject": subject if subject.isascii() else _encoded(subject, "Subject"),
        "Date": format_datetime(at),
        "Message-ID": mail.message_id,
        # So that out-of-office replies are not sent (RFC 3834).
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
    # Quoted-printable passes every server, even one without 8BITMIME.
    message.set_content(mail.text, charset="utf-8", cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", charset="utf-8", cte="quoted-printable")
    return message.as_bytes()


def _name(name: str) -> str:
    return f'"{name}"' if name.isascii() else _encoded(name, "From")


def _encoded(text: str, header: str) -> str:
    """Text that is not ASCII in the encoding of RFC 2047, in lines of at most 75 characters."""
    return Header(text, "utf-8", header_name=header).encode(linesep="\r\n")


def _recipient(text: str) -> Address:
    reason = ""
    try:
        return parse_address(text)
    except ValueError as error:
        # The reason without its advice on what to type, which is for a form.
        reason = str(error).partition(". ")[0].rstrip(".")
    raise CannotCompose(f"recipient refused: {reason}")


def _check(mail: OutgoingMail) -> None:
    if not mail.subject.strip() or len(mail.subject) > SUBJECT_LIMIT or not is_one_line(mail.subject):
        raise CannotCompose(f"subject refused: it must be one line of 1 to {SUBJECT_LIMIT} characters")
    # A reader would decode the encoded word, line breaks included.
    if "=?" in mail.subject:
        raise CannotCompose("subject refused: it looks like an encoded header")
    if not _MESSAGE_ID.fullmatch(mail.message_id) or len(mail.message_id) > ID_LIMIT:
        raise CannotCompose("Message-ID refused: it must be <left@right>")
    for part in (mail.text, mail.html):
        if not part.strip() or any("\ud800" <= character <= "\udfff" for character in part):
            raise CannotCompose("body refused: it is empty or contains half a character")
