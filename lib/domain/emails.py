"""The e-mails that the Account Manager sends: kinds, states and recipients."""

from enum import StrEnum

from lib.email_addresses import NotAnAddress, read_address


class EmailKind(StrEnum):
    """What an e-mail is for. Voicemail, callflow notices and invoices are sent by other systems."""

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
        """True when a reader of the body could sign in with it. Such a body is not stored."""
        return self in _SECRET


class EmailState(StrEnum):
    """Whether the mail server accepted an e-mail, as far as we know."""

    ACCEPTED = "accepted"
    FAILED = "failed"
    UNKNOWN = "unknown"

    @property
    def label(self) -> str:
        """The state in words. An answer may have been lost, and we never know about delivery."""
        return "Accepted by the mail server" if self is EmailState.ACCEPTED else "Not confirmed as accepted"


class InvalidEmail(ValueError):
    """The address cannot be used. The text is for the person who typed it."""


def check_address(text: str) -> str:
    """Return the one e-mail address in the text. The mailer uses the same rules: `lib.email_addresses`.

    Raises:
        InvalidEmail: no address, several, a name next to it, or an address that cannot be right.
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
