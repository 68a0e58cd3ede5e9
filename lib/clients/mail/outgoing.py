"""An e-mail to send, the Message-ID by which a repeat is recognised, and what the mail server answered."""

import hashlib
import re
from dataclasses import dataclass, field

ID_LIMIT = 255
_DOMAIN = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


@dataclass(frozen=True)
class OutgoingMail:
    """One e-mail to one recipient.

    `what` names it in errors: "suspension notice of account 104233". Never an address or a customer's name.
    """

    recipient: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)
    message_id: str
    what: str = "e-mail"


@dataclass(frozen=True)
class Accepted:
    """The mail server took the e-mail. `queue_id` is the server's own id for it, where it gave one."""

    message_id: str
    queue_id: str | None = None


def message_id(key: str, domain: str) -> str:
    """The Message-ID of the e-mail with this key, `run-id:step`. Each e-mail of a step needs a key of its own.

    The same key always gives the same id. The recipient cannot learn the key from it.

    Raises:
        ValueError: the key is empty, or the domain is not one that a Message-ID can carry.
    """
    if not key:
        raise ValueError("a Message-ID needs a key")
    made = f"<am.{hashlib.sha256(key.encode()).hexdigest()[:32]}@{domain}>"
    if not _DOMAIN.fullmatch(domain) or len(made) > ID_LIMIT:
        raise ValueError("this domain cannot be part of a Message-ID")
    return made
