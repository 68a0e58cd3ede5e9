"""The e-mails the Hub sends of itself: their kinds, how far they came, and whom they can go to."""

from enum import StrEnum

from lib.email_addresses import NotAnAddress, read_address


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
    """Return the one e-mail address in the text, as the mailer will take it: `lib.email_addresses` decides for both.

    Raises:
        InvalidEmail: none, several, a name beside it, or an address that cannot be right.
    """
    reason = ""
    try:
        return read_address(text).shown
    except NotAnAddress as refused:
        reason = str(refused)
    raise InvalidEmail(reason)


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
