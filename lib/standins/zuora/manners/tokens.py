"""Access tokens signed with the client secret. They are not stored, and survive a restart."""

import hashlib
import hmac
import secrets
import time

LIFE_SECONDS = 3599


class Tokens:
    """Issues and checks tokens. `revoke` makes one count as expired until the stand-in restarts."""

    def __init__(self, client_id: str, client_secret: str) -> None:
        self.client_id = client_id
        self._secret = client_secret
        self._revoked: set[str] = set()

    def knows(self, client_id: str, client_secret: str) -> bool:
        """True for the one client of this stand-in."""
        return _same(client_id, self.client_id) and self.is_secret(client_secret)

    def is_secret(self, text: str) -> bool:
        """True for the client secret, which also opens the administration of the stand-in."""
        return _same(text, self._secret)

    def issue(self) -> str:
        """A token for the next hour."""
        head = f"{int(time.time()) + LIFE_SECONDS:x}-{secrets.token_hex(8)}"
        return f"{head}-{self._sign(head)}"

    def accepts(self, token: str) -> bool:
        """True for a token of ours that is not expired or revoked."""
        head, _, signature = token.rpartition("-")
        if token in self._revoked or not _same(signature, self._sign(head)):
            return False
        return int(head.partition("-")[0], 16) > time.time()

    def revoke(self, token: str) -> None:
        """Make this token count as expired from now on."""
        self._revoked.add(token)

    def _sign(self, head: str) -> str:
        return hmac.new(self._secret.encode(), head.encode(), hashlib.sha256).hexdigest()[:40]


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())
