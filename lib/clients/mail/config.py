"""How to reach the mail server, and the sender of our e-mails."""

from dataclasses import dataclass, field
from typing import Literal

from lib.clients.mail.addresses import NotAnAddress, parse_sender

Security = Literal["none", "starttls", "tls"]
_THIS_MACHINE = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True, kw_only=True)
class MailConfig:
    """One mail server.

    `sender` is an address or `Name <address>`. Without `username` there is no sign-in. `ca_file` (PEM) replaces the
    certificate authorities that this machine trusts. `read_seconds` is how long to wait for one answer; a whole
    conversation is cut off after four times as long.

    Raises:
        ValueError: a value cannot be used, the sign-in is incomplete, or the password would be sent unencrypted.
        The text names the field, not its value.
    """

    host: str
    port: int
    security: Security
    sender: str
    username: str = ""
    password: str = field(default="", repr=False)
    connect_seconds: float = 5.0
    read_seconds: float = 30.0
    ca_file: str | None = None

    def __post_init__(self) -> None:
        if not self.host or not 1 <= self.port <= 65535:
            raise ValueError("host must be a name or address, port a number from 1 to 65535")
        if self.security not in ("none", "starttls", "tls"):
            raise ValueError("security must be one of none, starttls, tls")
        if bool(self.username) != bool(self.password):
            raise ValueError("username and password belong together: set both or neither")
        if self.username and self.security == "none" and self.host not in _THIS_MACHINE:
            raise ValueError("security none would send the password unencrypted to another machine")
        try:
            parse_sender(self.sender)
        except NotAnAddress as error:
            raise ValueError(f"sender: {error}") from None

    @property
    def domain(self) -> str:
        """The sender's domain: the right half of every Message-ID of ours."""
        return parse_sender(self.sender).domain
