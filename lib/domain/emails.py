"""The e-mails the Hub sends of itself: their kinds, how far they came, and whom they can go to."""

import re
from enum import StrEnum

ADDRESS_LIMIT = 254
_LOCAL_LIMIT = 64
_LOCAL = re.compile(r"[^\s@.<>()\[\]\\,;:\"]+(\.[^\s@.<>()\[\]\\,;:\"]+)*")
_LABEL = re.compile(r"[^\W_]([\w-]*[^\W_])?")


class EmailKind(StrEnum):
    """What an e-mail is for. Voicemail, callflow notices and invoices are not the Hub's."""

    PORTAL_INVITATION = "portal_invitation"
    ONE_TIME_CODE = "one_time_code"
    PASSWORD_RESET = "password_reset"  # noqa: S105 (a kind, not a password)
    JET_PHONE_LOGIN = "jet_phone_login"
    SUSPENSION_NOTICE = "suspension_notice"
    REENABLED_NOTICE = "reenabled_notice"
    PBX_LOGIN_CHANGE = "pbx_login_change"

    @property
    def label(self) -> str:
        """The kind in words."""
        return _LABELS[self]

    @property
    def holds_secret(self) -> bool:
        """True when whoever reads the body could sign in with it, so that the body is not kept."""
        return self in _SECRET


class EmailState(StrEnum):
    """How far an e-mail came, as far as the Hub can know."""

    ACCEPTED = "accepted"
    FAILED = "failed"
    UNKNOWN = "unknown"

    @property
    def label(self) -> str:
        """The state in words: an answer may have been lost, and nobody here knows of delivery."""
        return "Accepted by the mail server" if self is EmailState.ACCEPTED else "Not confirmed as accepted"


class InvalidEmail(ValueError):
    """The address cannot be used; the text is a sentence for the person who typed it."""


def check_address(text: str) -> str:
    """Return the one e-mail address in the text, without blanks around it.

    Raises:
        InvalidEmail: none, several, a name beside it, or an address that cannot be right.
    """
    address = text.strip(" \t\u00a0")
    if not address:
        raise InvalidEmail("The e-mail address is empty. Type one, such as name@example.com.")
    if not address.isprintable():
        raise InvalidEmail("The e-mail address holds a line break or an invisible character. Type it instead.")
    if any(sign in address for sign in ",;") or len(address.split("@")) > 2:
        raise InvalidEmail("This is more than one e-mail address. Type only one.")
    if any(sign in address for sign in '<>"'):
        raise InvalidEmail("Type the e-mail address alone, without a name, quotation marks or angle brackets.")
    if " " in address:
        raise InvalidEmail("The e-mail address holds a blank. Type it without.")
    local, at, domain = address.partition("@")
    if not at or not domain or "." not in domain:
        raise InvalidEmail("The e-mail address has no full domain after the @, such as example.com.")
    if len(address) > ADDRESS_LIMIT or len(local.encode()) > _LOCAL_LIMIT:
        raise InvalidEmail(
            f"The e-mail address is too long: at most {_LOCAL_LIMIT} characters before the @, {ADDRESS_LIMIT} in all."
        )
    if not _LOCAL.fullmatch(local) or not all(_is_label(label) for label in domain.split(".")):
        raise InvalidEmail("This is no e-mail address. Look for a missing, doubled or wrong character.")
    return address


def _is_label(label: str) -> bool:
    return len(label) <= 63 and _LABEL.fullmatch(label) is not None and "_" not in label


_SECRET = frozenset(
    {EmailKind.PORTAL_INVITATION, EmailKind.ONE_TIME_CODE, EmailKind.PASSWORD_RESET, EmailKind.JET_PHONE_LOGIN}
)
_LABELS = {
    EmailKind.PORTAL_INVITATION: "Portal invitation",
    EmailKind.ONE_TIME_CODE: "One-time code",
    EmailKind.PASSWORD_RESET: "Password reset",
    EmailKind.JET_PHONE_LOGIN: "Jet Phone login details",
    EmailKind.SUSPENSION_NOTICE: "Suspension notice",
    EmailKind.REENABLED_NOTICE: "Re-enabled notice",
    EmailKind.PBX_LOGIN_CHANGE: "PBX login change",
}
